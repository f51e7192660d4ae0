//! Our header reader against the safetensors crate: what the crate accepts we read alike; damaged files never panic.

use lorascope::checkpoint::{Content, Dtype, Reader};
use proptest::prelude::*;
use safetensors::tensor::{Dtype as Theirs, TensorView};
use safetensors::{SafeTensors, serialize};

/// Reads a file held in memory as the worker does: one asked range after another.
fn read(file: &[u8]) -> Result<Content, lorascope::error::Error> {
    let mut reader = Reader::new(file.len() as u64);
    let (mut steps, mut samples) = (0, 0);
    while let Some(range) = reader.wants() {
        // What follows the header are samples of its blocks.
        let length = file.first_chunk().map_or(0, |n| u64::from_le_bytes(*n));
        if range.start > length.saturating_add(7) {
            samples += 1;
            assert!(
                samples <= 512 && range.end - range.start <= 1 << 16,
                "samples are few and small"
            );
        } else {
            steps += 1;
            assert!(steps <= 2, "a header takes two reads at most");
        }
        reader.supply(&file[range.start as usize..range.end as usize]);
    }
    reader.content()
}

fn dtype() -> impl Strategy<Value = (Theirs, usize)> {
    prop_oneof![
        Just((Theirs::F64, 8)),
        Just((Theirs::F32, 4)),
        Just((Theirs::F16, 2)),
        Just((Theirs::BF16, 2)),
        Just((Theirs::I64, 8)),
        Just((Theirs::U8, 1)),
        Just((Theirs::BOOL, 1)),
    ]
}

fn checkpoint() -> impl Strategy<Value = Vec<u8>> {
    let tensor = (
        "[a-zA-Z0-9_.é\"\\\\<>]{1,40}",
        dtype(),
        prop::collection::vec(0usize..5, 0..4),
    );
    prop::collection::vec(tensor, 0..20).prop_map(|tensors| {
        let data: Vec<_> = tensors
            .into_iter()
            .map(|(name, (dtype, width), shape)| {
                let bytes = vec![7u8; shape.iter().product::<usize>() * width];
                (name, dtype, shape, bytes)
            })
            .collect();
        let views: std::collections::BTreeMap<_, _> = data
            .iter()
            .map(|(n, d, s, b)| (n.clone(), TensorView::new(*d, s.clone(), b).unwrap()))
            .collect();
        serialize(views, None).unwrap()
    })
}

proptest! {
    #[test]
    fn every_file_the_crate_writes_is_read_alike(file in checkpoint()) {
        let theirs = SafeTensors::deserialize(&file).unwrap();
        let Content::Tensors(ours) = read(&file).unwrap() else { panic!("not taken for a checkpoint") };
        prop_assert_eq!(ours.tensors.len(), theirs.len());
        for t in &ours.tensors {
            let view = theirs.tensor(&t.name).unwrap();
            prop_assert_eq!(&file[t.begin as usize..t.end as usize], view.data());
            prop_assert_eq!(t.shape.iter().map(|d| *d as usize).collect::<Vec<_>>(), view.shape());
            prop_assert_eq!(t.dtype.name(), format!("{:?}", view.dtype()));
        }
    }

    #[test]
    fn a_damaged_file_is_read_or_refused_and_never_panics(
        file in checkpoint(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = file;
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let kept = cut.index(file.len()) + 1;
        let ours = read(&file);
        // What the crate takes is never refused for its layout; doubled names are refused on purpose.
        if let (Ok(_), Err(error)) = (SafeTensors::deserialize(&file), &ours) {
            prop_assert!(["duplicate-key", "file-type"].contains(&error.told().code), "{}", error);
        }
        let _ = read(&file[..kept]);
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }
}

/// A file of 5 GB that is never in memory: only the header's bytes exist.
#[test]
fn offsets_past_4_gib_and_tensors_past_512_mib() {
    let (first, second) = (4_500_000_000u64, 600_000_000u64);
    let header = format!(
        r#"{{"a":{{"dtype":"BF16","shape":[{},1],"data_offsets":[0,{first}]}},"b":{{"dtype":"BF16","shape":[300000000],"data_offsets":[{first},{}]}}}}"#,
        first / 2,
        first + second
    );
    let size = 8 + header.len() as u64 + first + second;
    let mut reader = Reader::new(size);
    let mut head = (header.len() as u64).to_le_bytes().to_vec();
    head.extend(header.as_bytes());
    let asked = reader.wants().unwrap();
    head.resize((asked.end - asked.start) as usize, 0);
    reader.supply(&head);
    let Ok(Content::Tensors(header)) = reader.content() else {
        panic!("refused")
    };
    assert_eq!(header.tensors[1].end, size);
    assert_eq!(
        (header.tensors[1].dtype.clone(), header.tensors[1].shape.clone()),
        (Dtype::BF16, vec![300_000_000])
    );
}

/// A header longer than the first read is asked for in a second one.
#[test]
fn a_long_header_takes_two_reads() {
    let names: Vec<String> = (0..3000)
        .map(|i| format!("model.layers.{i}.self_attn.q_proj.weight"))
        .collect();
    let views: Vec<_> = names
        .iter()
        .map(|n| (n.clone(), TensorView::new(Theirs::F32, vec![1, 1], &[0; 4]).unwrap()))
        .collect();
    let file = serialize(views, None).unwrap();
    assert!(file.len() > 200_000);
    let Ok(Content::Tensors(header)) = read(&file) else {
        panic!("refused")
    };
    assert_eq!(header.tensors.len(), 3000);
}
