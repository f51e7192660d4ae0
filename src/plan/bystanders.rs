//! Files that lie beside models: of no use here, or the same as another file. They are passed over and said in one line, never an error; a
//! file whose name says that it holds weights is an error where it cannot be read.

use super::companions;
use super::files::FileEntry;
use super::sets::copy_mark;
use crate::checkpoint::Content;
use crate::error::{Error, Foreign};
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Ends of names under which weights are saved, packed or left behind by a download that broke off.
const WEIGHTS: [&str; 29] = [
    "safetensors",
    "sft",
    "bin",
    "pt",
    "pth",
    "ckpt",
    "th",
    "gguf",
    "ggml",
    "h5",
    "hdf5",
    "keras",
    "npz",
    "npy",
    "zip",
    "tar",
    "gz",
    "tgz",
    "bz2",
    "xz",
    "7z",
    "rar",
    "zst",
    "nemo",
    "incomplete",
    "part",
    "partial",
    "crdownload",
    "download",
];
/// Words in the names of JSON files that are read.
const READ: [&str; 5] = ["config", "index", "adapter", "lora", "params"];
/// How `torch.save` files are called that hold a model.
const MODELS: [&str; 6] = ["model", "adapter", "lora", "consolidated", "unet", "weights"];

/// What Megatron-Core keeps beside the pieces of a checkpoint.
const COMMON: &str = "common.pt";

/// A file of the Hub's cache, by the hash of what it holds.
static BLOB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?:(.*)/)?blobs/[0-9a-f]{40,64}$").expect("a constant"));

/// The files with those set aside that are passed over.
pub fn set_aside(entries: &[FileEntry]) -> Cow<'_, [FileEntry]> {
    let aside: Vec<usize> = (0..entries.len()).filter(|i| is_aside(&entries[*i], entries)).collect();
    if aside.is_empty() {
        return Cow::Borrowed(entries);
    }
    let mut all = entries.to_vec();
    aside.into_iter().for_each(|i| all[i].content = Ok(Content::PassedOver));
    Cow::Owned(all)
}

fn is_aside(entry: &FileEntry, entries: &[FileEntry]) -> bool {
    let is_useless = match &entry.content {
        Err(Error::Unreadable { .. }) => false,
        Err(error) => !is_missed(entry, error, entries),
        Ok(Content::Tensors(header)) => header.is_torch && header.tensors.is_empty() && is_state(entry, entries),
        Ok(_) => false,
    };
    is_useless || is_in_cache_twice(entry, entries) || is_second_download(entry, entries)
}

/// Whether somebody would miss a file that cannot be read.
fn is_missed(entry: &FileEntry, error: &Error, entries: &[FileEntry]) -> bool {
    if companions::exported(&entry.path).is_some() || entry.name() == COMMON {
        return false;
    }
    let name = entry.name().to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((_, "json")) => {
            let is_other = matches!(error, Error::HeaderTooLarge { .. } | Error::FileType(Foreign::Json));
            !is_other && READ.iter().any(|w| name.contains(w))
        }
        // OpenVINO keeps the network in an .xml file and its weights in a .bin file without a header.
        Some((stem, "bin")) => {
            let network = format!("{stem}.xml");
            let is_openvino = |e: &FileEntry| e.folder() == entry.folder() && e.name().eq_ignore_ascii_case(&network);
            !stem.starts_with("openvino") && !entries.iter().any(is_openvino)
        }
        Some((_, end)) => WEIGHTS.contains(&end),
        None => BLOB.is_match(&entry.path),
    }
}

/// A `torch.save` file without a tensor: where training stood. Without any weights beside it, or under a model's name, something is wrong.
fn is_state(entry: &FileEntry, entries: &[FileEntry]) -> bool {
    let name = entry.name().to_ascii_lowercase();
    let is_named = name.rsplit_once('.').is_some_and(|(_, end)| WEIGHTS.contains(&end));
    let has_weights = |e: &FileEntry| e.folder() == entry.folder() && e.header().is_some_and(|h| !h.tensors.is_empty());
    !is_named || entry.name() == COMMON || !MODELS.iter().any(|w| name.contains(w)) && entries.iter().any(has_weights)
}

/// The Hub's cache dropped whole: links in `snapshots` are read as the files in `blobs` that they point to.
fn is_in_cache_twice(entry: &FileEntry, entries: &[FileEntry]) -> bool {
    let Some(cache) = BLOB.captures(&entry.path) else {
        return false;
    };
    let snapshots = cache
        .get(1)
        .map_or("snapshots/".to_owned(), |m| format!("{}/snapshots/", m.as_str()));
    let is_same = |e: &FileEntry| e.size == entry.size && e.content == entry.content;
    entries.iter().any(|e| e.path.starts_with(&snapshots) && is_same(e))
}

/// A file that the browser saved again as `name (1)`, and of which the first is here. Whole models of several files may be marked so, and any
/// file of one file may be another model's: only a shard without the others of its mark is a copy.
fn is_second_download(entry: &FileEntry, entries: &[FileEntry]) -> bool {
    let Some((first, mark, of)) = copy_mark(entry.name()) else {
        return false;
    };
    let beside = || entries.iter().filter(|e| e.folder() == entry.folder());
    let marked = beside().filter(|e| copy_mark(e.name()).is_some_and(|(_, m, n)| m == mark && n == of));
    let is_same = |e: &FileEntry| {
        let names = |e: &FileEntry| e.header().map(|h| h.tensors.clone());
        e.name() == first && e.size == entry.size && names(e) == names(entry)
    };
    marked.count() < of && beside().any(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_misses_is_set_aside() {
        let broken = |path: &str| FileEntry {
            path: path.into(),
            size: 9,
            content: Err(Error::HeaderTooLarge { bytes: 1 << 40 }),
        };
        let check = |path: &str, aside: bool| assert_eq!(is_aside(&broken(path), &[broken(path)]), aside, "{path}");
        for path in [
            "a/clip.gif",
            "a/NOTICE",
            "rust_model.ot",
            "a/x.onnx_data",
            "modules.json",
            "openvino/openvino_model.bin",
            "refs/main",
        ] {
            check(path, true);
        }
        for path in [
            "model.safetensors",
            "a/x.bin",
            "x.PT",
            "model.safetensors.incomplete",
            &format!("blobs/{}", "a".repeat(64)),
        ] {
            check(path, false);
        }
        let network = [broken("a/net.bin"), broken("a/net.xml")];
        assert!(is_aside(&network[0], &network));
        let json = |path: &str| FileEntry {
            content: Err(Error::HeaderNotJson { detail: String::new() }),
            ..broken(path)
        };
        assert!(!is_aside(&json("a/adapter_config.json"), &[]) && is_aside(&json("a/rows.json"), &[]));
    }
}
