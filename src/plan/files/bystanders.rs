//! Files that lie beside models: of no use here, or the same as another file. They are passed over and said in one line, never an error; a
//! file whose name says that it holds weights is an error where it cannot be read.

use super::FileEntry;
use super::companions;
use super::folders::Files;
use super::sets::copy_mark;
use crate::checkpoint::Content;
use crate::error::{Error, Foreign};
use regex::Regex;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
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
/// Words in the names of `torch.save` files that hold a model.
const MODELS: [&str; 6] = ["model", "adapter", "lora", "consolidated", "unet", "weights"];

/// The file that Megatron-Core keeps beside the pieces of a checkpoint.
const COMMON: &str = "common.pt";

/// A file of the Hub's cache, by the hash of what it holds.
static BLOB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?:(.*)/)?blobs/[0-9a-f]{40,64}$").expect("a constant"));

/// The files with those set aside that are passed over.
pub fn set_aside(entries: &[FileEntry]) -> Cow<'_, [FileEntry]> {
    let around = Around::of(entries);
    let aside: Vec<usize> = entries
        .iter()
        .enumerate()
        .filter(|(_, e)| around.is_aside(e))
        .map(|(at, _)| at)
        .collect();
    if aside.is_empty() {
        return Cow::Borrowed(entries);
    }
    let mut all = entries.to_vec();
    for at in aside {
        if let Some(entry) = all.get_mut(at) {
            entry.content = Ok(Content::PassedOver);
        }
    }
    Cow::Owned(all)
}

/// The neighbours of a file.
struct Around<'a> {
    files: Files<'a>,
    /// Files under `snapshots` of the Hub's cache, by their size.
    snapshots: HashMap<u64, Vec<&'a FileEntry>>,
    /// The number of files in a folder with the mark of a second download, of a model of so many shards.
    marked: HashMap<(&'a str, String, usize), usize>,
    /// Folders and the names of networks in them that OpenVINO keeps, in small letters.
    networks: HashSet<(&'a str, String)>,
}

impl<'a> Around<'a> {
    fn of(entries: &'a [FileEntry]) -> Around<'a> {
        let mut around = Around {
            files: Files::new(entries),
            snapshots: HashMap::new(),
            marked: HashMap::new(),
            networks: HashSet::new(),
        };
        for entry in entries {
            if entry.path.contains("snapshots/") {
                around.snapshots.entry(entry.size).or_default().push(entry);
            }
            if let Some((_, mark, of)) = copy_mark(entry.name()) {
                let n = around.marked.entry((entry.folder(), mark, of)).or_default();
                *n = n.saturating_add(1);
            }
            let name = entry.name().to_ascii_lowercase();
            if name.ends_with(".xml") {
                around.networks.insert((entry.folder(), name));
            }
        }
        around
    }

    fn is_aside(&self, entry: &FileEntry) -> bool {
        let is_useless = match &entry.content {
            Err(Error::Unreadable { .. }) => false,
            Err(error) => !self.is_missed(entry, error),
            Ok(Content::Tensors(header)) => header.is_torch && header.tensors.is_empty() && self.is_state(entry),
            Ok(_) => false,
        };
        is_useless || self.is_in_cache_twice(entry) || self.is_second_download(entry)
    }

    /// Whether somebody would miss a file that cannot be read.
    fn is_missed(&self, entry: &FileEntry, error: &Error) -> bool {
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
                let network = (entry.folder(), format!("{stem}.xml"));
                !stem.starts_with("openvino") && !self.networks.contains(&network)
            }
            Some((_, end)) => WEIGHTS.contains(&end),
            None => BLOB.is_match(&entry.path),
        }
    }

    /// A `torch.save` file without a tensor: where training stood. Without any weights beside it, or under a model's name, something is wrong.
    fn is_state(&self, entry: &FileEntry) -> bool {
        let name = entry.name().to_ascii_lowercase();
        let is_named = name.rsplit_once('.').is_some_and(|(_, end)| WEIGHTS.contains(&end));
        let is_model = MODELS.iter().any(|w| name.contains(w));
        !is_named
            || entry.name() == COMMON
            || !is_model && self.files.folder(entry.folder()).is_some_and(|f| f.has_weights)
    }

    /// The Hub's cache dropped whole: links in `snapshots` are read as the files in `blobs` that they point to.
    fn is_in_cache_twice(&self, entry: &FileEntry) -> bool {
        let Some(cache) = BLOB.captures(&entry.path) else {
            return false;
        };
        let snapshots = cache
            .get(1)
            .map_or("snapshots/".to_owned(), |m| format!("{}/snapshots/", m.as_str()));
        let mut of_size = self.snapshots.get(&entry.size).into_iter().flatten();
        of_size.any(|e| e.path.starts_with(&snapshots) && e.content == entry.content)
    }

    /// A file that the browser saved again as `name (1)`, and of which the first is here. Whole models of several files may be marked so, and
    /// any file of one file may be another model's: only a shard without the others of its mark is a copy.
    fn is_second_download(&self, entry: &FileEntry) -> bool {
        let Some((first, mark, of)) = copy_mark(entry.name()) else {
            return false;
        };
        let is_same = |e: &FileEntry| {
            e.size == entry.size && e.header().map(|h| &h.tensors) == entry.header().map(|h| &h.tensors)
        };
        let marked = self.marked.get(&(entry.folder(), mark, of)).copied().unwrap_or(0);
        marked < of && self.files.named(entry.folder(), &first).any(is_same)
    }
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
        let is_aside = |entry: &FileEntry, all: &[FileEntry]| Around::of(all).is_aside(entry);
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
