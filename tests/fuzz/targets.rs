//! What is fuzzed: every reader of bytes that come from a file. Each takes any bytes and must return.

use lorascope::checkpoint::{Content, Reader};
use lorascope::error::Error;
use lorascope::plan::Answers;
use lorascope::plan::leaf::leaf;
use lorascope::plan::names::{canonical, place};
use lorascope::session::Session;

type Target = fn(&[u8]);

/// By name; `npm run fuzz -- NAME` runs one.
pub const TARGETS: [(&str, Target); 7] = [
    ("file", file),
    ("header", header),
    ("json", json),
    ("zip", file),
    ("pickle", pickle),
    ("names", names),
    ("plan", plan),
];

/// Any file: sniffed, then read as what it seems to be.
fn file(data: &[u8]) {
    let _ = read(data);
}

/// The JSON of a safetensors header, with some bytes of data behind it.
fn header(data: &[u8]) {
    let file = [&(data.len() as u64).to_le_bytes()[..], data, &[0; 64]].concat();
    if let Ok(Content::Tensors(header)) = read(&file) {
        assert!(
            header
                .tensors
                .iter()
                .all(|t| t.begin <= t.end && t.end <= file.len() as u64)
        );
    }
}

/// Indices and configurations.
fn json(data: &[u8]) {
    let _ = read(&[b"{\"", data].concat());
}

/// A state dict behind the three pickles with which a torch file of before 1.6 begins.
fn pickle(data: &[u8]) {
    let start = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00.";
    let _ = read(&[&start[..], data].concat());
}

/// Every line a tensor's name: freed of wrappers, placed in the network, taken apart as an adapter's.
fn names(data: &[u8]) {
    for line in String::from_utf8_lossy(data).lines().take(4) {
        let canonical = canonical(line);
        assert_eq!(
            canonical
                .name
                .matches('.')
                .count()
                .saturating_sub(line.matches('.').count()),
            0
        );
        let _ = place(&canonical.name);
        let _ = leaf(line);
    }
}

/// Every line a tensor's name, in a base and in a fine-tune of it; the first is also a pattern.
fn plan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.lines().take(6).collect();
    let mut session = Session::default();
    for (path, lines) in [
        ("base/model.safetensors", &lines[..]),
        ("tuned/model.safetensors", &lines[lines.len() / 2..]),
    ] {
        let mut entries = entries_of(lines);
        entries.push('}');
        let file = [
            &(entries.len() as u64).to_le_bytes()[..],
            entries.as_bytes(),
            &vec![0; 16 * lines.len()],
        ]
        .concat();
        let number = session.add_file(path, file.len() as u64);
        while let Some(range) = session.wants(number) {
            session.supply(number, &file[range.start as usize..range.end as usize]);
        }
    }
    let pattern = lines.first().copied().unwrap_or_default().to_owned();
    session.plan(&Answers([("pattern".to_owned(), pattern)].into()));
}

/// `{"name":{...},...` with every tensor a 2 x 2 of F32.
fn entries_of(names: &[&str]) -> String {
    let mut text = String::from("{");
    for (i, name) in names.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        // Rust's form of a string is JSON's for all that matters here; what is not is refused by the reader.
        text += &format!(
            "{comma}{name:?}:{{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[{},{}]}}",
            16 * i,
            16 * i + 16
        );
    }
    text
}

/// Reads as the page does. A reader may ask for no range beyond the file, and must come to an end.
fn read(data: &[u8]) -> Result<Content, Error> {
    let mut reader = Reader::new(data.len() as u64);
    let mut asked = 0;
    while let Some(range) = reader.wants() {
        asked += 1;
        assert!(
            range.start <= range.end && range.end <= data.len() as u64,
            "asks for {range:?} of {}",
            data.len()
        );
        assert!(asked <= 1000 + data.len(), "never ends");
        reader.supply(&data[range.start as usize..range.end as usize]);
    }
    reader.content()
}
