//! Files -> sets: which files together are one model. By content and folder; names only decide among shards.

use super::files::{FileEntry, Tensors};
use super::foreign::{self, Foreign};
use super::job::TensorRef;
use super::leaf::{Part, is_adapter_tensor, leaf};
use super::names::{canonical, place};
use super::{configs, packing, run};
use crate::checkpoint::{Content, Header, Index};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The files of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSet {
    /// Unique among the sets.
    pub label: String,
    /// What the names of its files share.
    pub stem: String,
    pub folder: String,
    /// Indices of files with tensors, in order of shards.
    pub files: Vec<usize>,
    pub tensors: Tensors,
    pub is_adapter: bool,
    /// Pairs of low rank under names of a library that is not read.
    pub foreign: Option<Foreign>,
    /// Tensors of adapters inside a whole model, which are not merged (Phi-4-multimodal).
    pub inside: Vec<String>,
    /// Names of shards that are promised and not here.
    pub missing: Vec<String>,
    /// How many shards there should be.
    pub shards: usize,
    /// Tensors that stand in two shards.
    pub twice: Vec<String>,
    /// Shards of another model have the same names, and nothing tells whose these are.
    pub mixed: bool,
}

impl FileSet {
    /// The path of its first file, which stands for the set in messages.
    pub fn first_path<'a>(&self, entries: &'a [FileEntry]) -> &'a str {
        self.files.first().map_or("", |f| &entries[*f].path)
    }
}

static SHARD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(.*?[_-])(\d{5,6})-of-(\d{5,6})(\.[a-z]+)$").expect("a constant"));
/// Files of a download cache carry a hash for a name.
static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[0-9a-f]{40,64}$").expect("a constant"));

/// A set before its tensors are gathered.
struct Draft {
    folder: String,
    /// What the files of one set share, for the label.
    stem: String,
    /// Shard number -> file.
    files: BTreeMap<usize, usize>,
    missing: Vec<String>,
    shards: usize,
}

/// Groups all files that hold tensors.
pub fn group(entries: &[FileEntry]) -> Vec<FileSet> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (i, entry) in entries
        .iter()
        .enumerate()
        .filter(|(_, e)| e.header().is_some_and(|h| !has_same(entries, e, h)) && !is_second_layout(entries, e))
    {
        let shard = shard_of(entries, entry);
        let open = drafts.iter_mut().find(|d| {
            shard.as_ref().is_some_and(|s| {
                d.folder == entry.folder() && d.stem == s.stem && d.shards == s.of && !d.files.contains_key(&s.number)
            })
        });
        match (open, shard) {
            (Some(draft), Some(shard)) => {
                draft.files.insert(shard.number, i);
            }
            (_, Some(shard)) => drafts.push(Draft {
                folder: entry.folder().to_owned(),
                files: BTreeMap::from([(shard.number, i)]),
                missing: shard.names,
                stem: shard.stem,
                shards: shard.of,
            }),
            (_, None) => drafts.push(Draft {
                folder: entry.folder().to_owned(),
                stem: stem(entry.name()).to_owned(),
                files: BTreeMap::from([(1, i)]),
                missing: Vec::new(),
                shards: 1,
            }),
        }
    }
    let mixed: Vec<bool> = drafts.iter().map(|d| is_mixed(d, &drafts)).collect();
    let mut sets: Vec<FileSet> = drafts.into_iter().map(|d| finish(d, entries)).collect();
    sets.iter_mut().zip(mixed).for_each(|(set, mixed)| set.mixed = mixed);
    label(&mut sets);
    sets
}

/// Whether a set may hold shards of several models: others of the same names are here, and they did not come one whole model after the other,
/// each in the order of its shards.
fn is_mixed(draft: &Draft, drafts: &[Draft]) -> bool {
    let group: Vec<&Draft> = drafts
        .iter()
        .filter(|d| d.folder == draft.folder && d.stem == draft.stem && d.shards == draft.shards && d.shards > 1)
        .collect();
    let arrived: Vec<usize> = group.iter().flat_map(|d| d.files.values().copied()).collect();
    group.len() > 1 && !arrived.is_sorted()
}

/// The name without the end that says the format.
fn stem(name: &str) -> &str {
    [".safetensors", ".bin", ".pth", ".pt", ".ckpt"]
        .into_iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name)
}

struct Shard {
    stem: String,
    /// From 1.
    number: usize,
    of: usize,
    /// The names of all shards; those present are struck off later.
    names: Vec<String>,
}

fn shard_of(entries: &[FileEntry], entry: &FileEntry) -> Option<Shard> {
    if let Some(c) = SHARD.captures(entry.name()) {
        let (number, of): (usize, usize) = (c[2].parse().ok()?, c[3].parse().ok()?);
        let width = c[2].len();
        // A file name may promise a million shards; a set is never larger than what can be listed.
        let names = (1..=of.min(10_000))
            .map(|n| format!("{}{n:0width$}-of-{}{}", &c[1], &c[3], &c[4]))
            .collect();
        return Some(Shard {
            stem: c[1].trim_end_matches(['-', '_']).to_owned(),
            number,
            of,
            names,
        });
    }
    if let Some(index) = indices(entries, entry.folder()).find(|i| i.shards.contains_key(entry.name())) {
        let names: Vec<String> = index.shards.keys().cloned().collect();
        let number = names.iter().position(|n| n == entry.name())? + 1;
        return Some(Shard {
            stem: names.join(" "),
            number,
            of: names.len(),
            names,
        });
    }
    if HASH.is_match(entry.name()) {
        let same: Vec<&str> = entries
            .iter()
            .filter(|e| e.folder() == entry.folder() && HASH.is_match(e.name()) && e.header().is_some())
            .map(FileEntry::name)
            .collect();
        let number = same.iter().position(|n| *n == entry.name())? + 1;
        return Some(Shard {
            stem: "blobs".into(),
            number,
            of: same.len(),
            names: Vec::new(),
        });
    }
    None
}

fn indices<'a>(entries: &'a [FileEntry], folder: &'a str) -> impl Iterator<Item = &'a Index> {
    entries
        .iter()
        .filter(move |e| e.folder() == folder)
        .filter_map(|e| match &e.content {
            Ok(Content::Index(index)) => Some(index),
            _ => None,
        })
}

fn finish(draft: Draft, entries: &[FileEntry]) -> FileSet {
    let files: Vec<usize> = draft.files.into_values().collect();
    let tensors: Tensors = files.iter().flat_map(|f| entries[*f].tensors(*f)).collect();
    let states = files
        .iter()
        .filter_map(|f| entries[*f].header())
        .flat_map(|h| h.states.clone())
        .collect();
    let missing: Vec<String> = draft
        .missing
        .into_iter()
        .filter(|name| !files.iter().any(|f| entries[*f].name() == name))
        .collect();
    // Scales may stand in a shard that is not here.
    let scaled = !missing.is_empty() || configs::model(entries, &draft.folder).is_some_and(|c| c.quantized);
    let tensors = packing::combine(tensors, &states, scaled);
    let mut seen = BTreeSet::new();
    let twice = tensors
        .iter()
        .filter(|t| !seen.insert(&t.name))
        .map(|t| t.name.clone())
        .collect();
    let is_adapter = tensors.iter().any(|t| is_adapter_tensor(&t.name)) && !is_whole_model(&tensors);
    let is_inside = |t: &TensorRef| !is_adapter && is_adapter_tensor(&t.name);
    let inside: Vec<String> = tensors
        .iter()
        .filter(|t| is_inside(t))
        .map(|t| t.name.clone())
        .collect();
    let tensors: Tensors = tensors.into_iter().filter(|t| !is_inside(t)).collect();
    let foreign = if is_adapter { None } else { foreign::of(&tensors) };
    FileSet {
        label: draft.stem.clone(),
        stem: draft.stem,
        folder: draft.folder,
        files,
        tensors,
        is_adapter,
        foreign,
        inside,
        missing,
        shards: draft.shards,
        twice,
        mixed: false,
    }
}

/// A model with adapters inside is a model: its own weights stand beside them, and no wrapper says that PEFT saved it.
fn is_whole_model(tensors: &Tensors) -> bool {
    if tensors.iter().any(|t| t.name.contains("base_model.model.")) {
        return false;
    }
    let modules: BTreeSet<String> = tensors
        .iter()
        .filter(|t| is_adapter_tensor(&t.name))
        .filter_map(|t| leaf(&t.name))
        .filter(|l| matches!(l.part, Part::Of(_) | Part::Refused(..)))
        .map(|l| canonical(&l.module).name)
        .collect();
    let is_own = |t: &&TensorRef| {
        let name = canonical(&t.name).name;
        t.shape.len() == 2 && name.ends_with(".weight") && leaf(&t.name).is_none() && place(&name).layer.is_some()
    };
    let own: BTreeSet<String> = tensors.iter().filter(is_own).map(|t| canonical(&t.name).name).collect();
    // modules_to_save are few, and other modules than those that are adapted.
    let adapted = own
        .iter()
        .filter(|name| modules.contains(name.trim_end_matches(".weight")))
        .count();
    own.len() > modules.len() || !modules.is_empty() && 2 * adapted > modules.len()
}

/// True where a safetensors file of the same folder holds the same tensors.
pub fn has_same(entries: &[FileEntry], entry: &FileEntry, header: &Header) -> bool {
    let names = |h: &Header| {
        h.tensors
            .iter()
            .map(|t| (t.name.clone(), t.shape.clone()))
            .collect::<BTreeSet<_>>()
    };
    let others = entries
        .iter()
        .filter(|e| e.folder() == entry.folder())
        .filter_map(FileEntry::header);
    header.is_torch
        && !header.tensors.is_empty()
        && others
            .filter(|h| !h.is_torch)
            .any(|h| names(header).is_subset(&names(h)))
}

/// The makers' own layout of the weights, beside the converted one: `consolidated.00.pth` in the folder or in `original/` (Llama, Mistral); or
/// the same file in another precision (`model.fp16.safetensors`).
pub fn is_second_layout(entries: &[FileEntry], entry: &FileEntry) -> bool {
    let plain = [".fp16", ".bf16", ".fp32"].iter().find_map(|variant| {
        entry
            .name()
            .contains(variant)
            .then(|| entry.name().replacen(variant, "", 1))
    });
    if plain.is_some_and(|plain| {
        entries
            .iter()
            .any(|e| e.folder() == entry.folder() && e.name() == plain && e.header().is_some())
    }) {
        return true;
    }
    let own = |e: &FileEntry| e.name().starts_with("consolidated");
    let folder = entry.folder();
    let above = folder.strip_suffix("original").map(|f| f.trim_end_matches('/'));
    // Whatever it is called: in `original/`, with other names than those above it.
    let names = |e: &FileEntry| -> BTreeSet<String> {
        let tensors = e.header().map(|h| h.tensors.as_slice()).unwrap_or_default();
        tensors.iter().map(|t| t.name.clone()).collect()
    };
    let mut converted = entries
        .iter()
        .filter(|e| Some(e.folder()) == above && e.header().is_some())
        .peekable();
    if above.is_some_and(|f| !f.is_empty()) && converted.peek().is_some() {
        let own = names(entry);
        if converted.all(|e| names(e).is_disjoint(&own)) {
            return true;
        }
    }
    own(entry)
        && entries
            .iter()
            .any(|e| !own(e) && e.header().is_some() && (e.folder() == folder || Some(e.folder()) == above))
}

/// Names that say nothing about the model.
const GENERIC: [&str; 5] = ["model", "adapter_model", "pytorch_model", "blobs", "adapters"];

/// The folder's name, else the file's; a number is added until all differ.
fn label(sets: &mut [FileSet]) {
    let per_folder = |sets: &[FileSet], folder: &str| sets.iter().filter(|s| s.folder == folder).count();
    let names: Vec<String> = sets
        .iter()
        .map(|set| {
            let folder = set
                .folder
                .rsplit('/')
                .find(|part| !part.is_empty() && *part != "blobs")
                .unwrap_or("");
            let generic = GENERIC.contains(&set.label.as_str());
            // `checkpoint-500` says little without its run.
            let folder = match run::step(set).filter(|s| !s.run.is_empty() && s.run != set.folder) {
                Some(step) => format!("{}/{folder}", step.run.rsplit('/').next().unwrap_or_default()),
                None => folder.to_owned(),
            };
            match (folder.is_empty(), generic || per_folder(sets, &set.folder) == 1) {
                (true, _) => set.label.clone(),
                (false, true) => folder,
                (false, false) => format!("{folder}/{}", set.label),
            }
        })
        .collect();
    let mut used = BTreeSet::new();
    for (set, name) in sets.iter_mut().zip(names) {
        let mut candidate = name.clone();
        let mut n = 2;
        while !used.insert(candidate.clone()) {
            candidate = format!("{name} ({n})");
            n += 1;
        }
        set.label = candidate;
    }
}

/// Shards that an index names though none of its shards is here.
pub fn orphan_indices(entries: &[FileEntry]) -> Vec<(usize, Vec<String>)> {
    let is_here = |folder: &str, name: &String| {
        entries
            .iter()
            .any(|e| e.folder() == folder && e.name() == name && e.header().is_some())
    };
    entries
        .iter()
        .enumerate()
        .filter_map(|(i, e)| match &e.content {
            Ok(Content::Index(index)) if !index.shards.keys().any(|name| is_here(e.folder(), name)) => {
                Some((i, index.shards.keys().cloned().collect()))
            }
            _ => None,
        })
        .collect()
}
