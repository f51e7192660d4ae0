//! Files -> sets: which files together are one model. By content and folder; names only decide among shards.

use super::copies::{self, Copy};
use super::files::{FileEntry, Tensors};
use super::foreign::{self, Foreign};
use super::job::TensorRef;
use super::leaf::{Part, is_adapter_tensor, leaf};
use super::names::{canonical, place};
use super::{configs, packing, run};
use crate::checkpoint::{Content, Header, Index};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet, HashSet};
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
    /// Second copies of the weights in the same file, which are not looked at.
    pub copies: Vec<Copy>,
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
    /// How long the names of its tensors are, together.
    pub fn letters(&self) -> usize {
        self.tensors.iter().map(|t| t.name.len()).sum()
    }

    /// The path of its first file, which stands for the set in messages.
    pub fn first_path<'a>(&self, entries: &'a [FileEntry]) -> &'a str {
        self.files.first().map_or("", |f| &entries[*f].path)
    }
}

static SHARD: LazyLock<Regex> = LazyLock::new(|| {
    // Between number and type what browsers and file managers add to the name of a second download.
    let mark = r"(?: ?\(\d{1,3}\)| - Copy(?: \(\d{1,3}\))?| copy(?: \d{1,3})?| \d{1,2})?";
    Regex::new(&format!(r"^(.*?[_-])(\d{{5,6}})-of-(\d{{5,6}})({mark})(\.[a-z]+)$")).expect("a constant")
});
/// One of several files into which a library cut a model, by the number of the processor that held it.
static RANK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(.*?(?:consolidated[.-]|model_part-|[mtp]p_rank_|rank[-_]?))(\d{1,3})(|[-.].*)$").expect("a constant")
});
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
    /// What the names of its files have of a second download: ` (1)`.
    mark: String,
}

/// Groups all files that hold tensors.
pub fn group(entries: &[FileEntry]) -> Vec<FileSet> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (i, entry) in entries
        .iter()
        .enumerate()
        .filter(|(_, e)| e.header().is_some_and(|h| !has_same(entries, e, h)) && !is_second_layout(entries, e))
        .filter(|(_, e)| !is_parallel(entries, e))
    {
        let shard = shard_of(entries, entry);
        let open = drafts.iter_mut().find(|d| {
            shard.as_ref().is_some_and(|s| {
                d.folder == entry.folder()
                    && (&d.stem, &d.mark, d.shards) == (&s.stem, &s.mark, s.of)
                    && !d.files.contains_key(&s.number)
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
                mark: shard.mark,
            }),
            (_, None) => drafts.push(Draft {
                folder: entry.folder().to_owned(),
                stem: stem(entry.name()).to_owned(),
                files: BTreeMap::from([(1, i)]),
                missing: Vec::new(),
                shards: 1,
                mark: String::new(),
            }),
        }
    }
    let drafts = filled(drafts);
    let mixed: Vec<bool> = drafts.iter().map(|d| is_mixed(d, &drafts)).collect();
    let mut sets: Vec<FileSet> = drafts.into_iter().map(|d| finish(d, entries)).collect();
    sets.iter_mut().zip(mixed).for_each(|(set, mixed)| set.mixed = mixed);
    label(&mut sets);
    sets
}

/// Shards that were downloaded again fill the holes of the set that they belong to.
fn filled(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut all: Vec<Draft> = Vec::new();
    for draft in drafts {
        let is_home = |d: &&mut Draft| {
            (&d.folder, &d.stem, d.shards) == (&draft.folder, &draft.stem, draft.shards)
                && d.mark != draft.mark
                && d.shards > 1
                && !draft.files.keys().any(|n| d.files.contains_key(n))
        };
        match all.iter_mut().find(is_home) {
            Some(home) => home.files.extend(draft.files),
            None => all.push(draft),
        }
    }
    all
}

/// The name of a shard without what a second download adds to it, that addition, and the number of shards; none where nothing was added.
pub fn copy_mark(name: &str) -> Option<(String, String, usize)> {
    let c = SHARD.captures(name).filter(|c| !c[4].is_empty())?;
    let first = format!("{}{}-of-{}{}", &c[1], &c[2], &c[3], &c[5]);
    Some((first, c[4].to_owned(), c[3].parse().ok()?))
}

/// Whether a set may hold shards of several models: others of the same names are here, and they did not come one whole model after the other,
/// each in the order of its shards.
fn is_mixed(draft: &Draft, drafts: &[Draft]) -> bool {
    let group: Vec<&Draft> = drafts
        .iter()
        .filter(|d| {
            d.folder == draft.folder
                && d.stem == draft.stem
                && d.mark == draft.mark
                && d.shards == draft.shards
                && d.shards > 1
        })
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
    mark: String,
}

fn shard_of(entries: &[FileEntry], entry: &FileEntry) -> Option<Shard> {
    if let Some(c) = SHARD.captures(entry.name()) {
        let (number, of): (usize, usize) = (c[2].parse().ok()?, c[3].parse().ok()?);
        let width = c[2].len();
        // A file name may promise a million shards; a set is never larger than what can be listed.
        let names = (1..=of.min(10_000))
            .map(|n| format!("{}{n:0width$}-of-{}{}", &c[1], &c[3], &c[5]))
            .collect();
        return Some(Shard {
            stem: c[1].trim_end_matches(['-', '_']).to_owned(),
            number,
            of,
            names,
            mark: c[4].to_owned(),
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
            mark: String::new(),
        });
    }
    if let Some((place, of)) = rank_of(entries, entry) {
        return Some(Shard {
            stem: RANK
                .replace(entry.name(), "$1")
                .trim_end_matches(['.', '-', '_'])
                .to_owned(),
            number: place + 1,
            of,
            names: Vec::new(),
            mark: String::new(),
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
            mark: String::new(),
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
        .filter(|name| {
            !files.iter().any(|f| {
                let own = entries[*f].name();
                own == name || copy_mark(own).is_some_and(|(first, ..)| first == *name)
            })
        })
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
    let (tensors, copies) = copies::apart(tensors);
    let foreign = match is_adapter {
        true => foreign::of_adapter(&tensors),
        false => foreign::of(&tensors),
    };
    FileSet {
        label: draft.stem.clone(),
        stem: draft.stem,
        folder: draft.folder,
        files,
        tensors,
        is_adapter,
        foreign,
        inside,
        copies,
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

/// True where safetensors files of the same folder hold the same tensors under the same file name: a download of both formats.
pub fn has_same(entries: &[FileEntry], entry: &FileEntry, header: &Header) -> bool {
    if !header.is_torch || header.tensors.is_empty() {
        return false;
    }
    let own = plain_stem(entry.name());
    let others: HashSet<(&str, &[u64])> = entries
        .iter()
        .filter(|e| e.folder() == entry.folder() && plain_stem(e.name()) == own)
        .filter_map(FileEntry::header)
        .filter(|h| !h.is_torch)
        .flat_map(|h| h.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice())))
        .collect();
    let mut tensors = header.tensors.iter();
    !others.is_empty() && tensors.all(|t| others.contains(&(t.name.as_str(), t.shape.as_slice())))
}

/// What a file of a model is called in whatever format and in however many shards: `model` for `pytorch_model-00001-of-00002.bin`.
fn plain_stem(name: &str) -> String {
    let shard = SHARD
        .captures(name)
        .map(|c| c[1].trim_end_matches(['-', '_']).to_owned());
    shard.unwrap_or_else(|| stem(name).to_owned()).replace("pytorch_", "")
}

/// The makers' own layout of the weights, beside the converted one: `consolidated.00.pth` in the folder or in `original/` (Llama, Mistral); or
/// the same file in another precision (`model.fp16.safetensors`) or before its weights were averaged (`.non_ema`).
pub fn is_second_layout(entries: &[FileEntry], entry: &FileEntry) -> bool {
    let plain = [".fp16", ".bf16", ".fp32", ".non_ema"].iter().find_map(|variant| {
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

/// The files of a folder that differ from one in the number of the processor only, itself included; the numbers count from 0.
fn ranks<'a>(entries: &'a [FileEntry], entry: &FileEntry) -> Vec<&'a FileEntry> {
    let parts = |e: &FileEntry| {
        let c = RANK.captures(e.name())?;
        Some((c[1].to_owned(), c[3].to_owned(), c[2].parse::<usize>().ok()?))
    };
    let Some((before, after, _)) = parts(entry) else {
        return Vec::new();
    };
    let mut all: Vec<(usize, &FileEntry)> = entries
        .iter()
        .filter(|e| e.folder() == entry.folder() && e.header().is_some())
        .filter_map(|e| parts(e).filter(|p| p.0 == before && p.1 == after).map(|p| (p.2, e)))
        .collect();
    all.sort_by_key(|(number, _)| *number);
    let counts_up = all.len() > 1 && all.iter().map(|(n, _)| *n).eq(0..all.len());
    let adapters = all
        .iter()
        .filter_map(|(_, e)| e.header())
        .flat_map(|h| &h.tensors)
        .any(|t| is_adapter_tensor(&t.name));
    let all = all.into_iter().map(|(_, e)| e).collect();
    if counts_up && !adapters { all } else { Vec::new() }
}

/// The names of a file's matrices: norms are in every part.
fn matrix_names(entry: &FileEntry) -> BTreeSet<&str> {
    let tensors = entry.header().map(|h| h.tensors.as_slice()).unwrap_or_default();
    tensors
        .iter()
        .filter(|t| t.shape.len() > 1)
        .map(|t| t.name.as_str())
        .collect()
}

/// True for a part that holds a slice of every matrix (tensor parallelism): neither a model nor a shard of one.
fn is_parallel(entries: &[FileEntry], entry: &FileEntry) -> bool {
    let ranks = ranks(entries, entry);
    let [first, second, ..] = ranks[..] else {
        return false;
    };
    let (a, b) = (matrix_names(first), matrix_names(second));
    2 * a.intersection(&b).count() > a.len().min(b.len())
}

/// The place of a file among parts that hold whole matrices each, and their number.
fn rank_of(entries: &[FileEntry], entry: &FileEntry) -> Option<(usize, usize)> {
    let ranks = ranks(entries, entry);
    let place = ranks.iter().position(|e| e.path == entry.path)?;
    Some((place, ranks.len()))
}

/// The first file of every model that is cut into slices of its matrices.
pub fn in_parallel(entries: &[FileEntry]) -> Vec<usize> {
    let is_first = |e: &FileEntry| ranks(entries, e).first().is_some_and(|first| first.path == e.path);
    let parts = entries.iter().enumerate().filter(|(_, e)| e.header().is_some());
    parts
        .filter(|(_, e)| is_first(e) && !is_second_layout(entries, e) && is_parallel(entries, e))
        .map(|(i, _)| i)
        .collect()
}

/// Names that say nothing about the model.
const GENERIC: [&str; 5] = ["model", "adapter_model", "pytorch_model", "blobs", "adapters"];

/// The folder's name, else the file's; a number is added until all differ.
fn label(sets: &mut [FileSet]) {
    let per_folder = |sets: &[FileSet], folder: &str| sets.iter().filter(|s| s.folder == folder).count();
    let names: Vec<String> = sets
        .iter()
        .map(|set| {
            let folder = own_folder(&set.folder);
            let generic = GENERIC.contains(&set.label.as_str());
            // `checkpoint-500` says little without its run.
            let folder = match run::step(set).filter(|s| {
                set.folder
                    .strip_prefix(&s.run)
                    .is_some_and(|rest| rest.starts_with('/'))
            }) {
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
    let names = told_apart(sets, names);
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

/// The folder that says most of a set: in the Hub's cache the repository, for a hash says nothing.
fn own_folder(path: &str) -> &str {
    let cached = path.split('/').find_map(|part| part.strip_prefix("models--"));
    let last = || path.rsplit('/').find(|part| !part.is_empty() && *part != "blobs");
    match cached {
        Some(repository) if path.ends_with("/blobs") || HASH.is_match(last().unwrap_or_default()) => {
            repository.rsplit("--").next().unwrap_or(repository)
        }
        _ => last().unwrap_or_default(),
    }
}

/// How many folders a label names at most besides its own.
const MOST_FOLDERS: usize = 3;

/// Equal names with the folders above before them, as far as these differ: `sd15/unet` and `dreambooth/unet`.
fn told_apart(sets: &[FileSet], mut names: Vec<String>) -> Vec<String> {
    for _ in 0..MOST_FOLDERS {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        names.iter().for_each(|name| *count.entry(name).or_default() += 1);
        let above = |set: &FileSet, name: &str| {
            let folders: Vec<&str> = set.folder.split('/').collect();
            let first = name.split('/').next()?;
            let own = folders.iter().rposition(|f| *f == first)?;
            folders
                .get(own.checked_sub(1)?)
                .filter(|f| !f.is_empty())
                .map(|f| (*f).to_owned())
        };
        let longer = |(set, name): (&FileSet, &String)| match above(set, name).filter(|_| count[name.as_str()] > 1) {
            Some(folder) => format!("{folder}/{name}"),
            None => name.clone(),
        };
        names = sets.iter().zip(&names).map(longer).collect();
    }
    names
}

/// Shards that an index names though none of its shards is here, nor what they hold.
pub fn orphan_indices(entries: &[FileEntry]) -> Vec<(usize, Vec<String>)> {
    let of = |folder: &str| entries.iter().filter(move |e| e.folder() == folder).collect::<Vec<_>>();
    // One that is here and cannot be read says so itself.
    let names_any = |index: &Index, beside: &[&FileEntry]| {
        let is_shard =
            |e: &&FileEntry| !matches!(e.content, Ok(Content::PassedOver)) && index.shards.contains_key(e.name());
        beside.iter().any(is_shard)
    };
    entries
        .iter()
        .enumerate()
        .filter_map(|(i, e)| match &e.content {
            Ok(Content::Index(index)) => Some((i, index, of(e.folder()))),
            _ => None,
        })
        .filter(|(_, index, beside)| !names_any(index, beside) && !holds(beside, index))
        .map(|(i, index, _)| (i, index.shards.keys().cloned().collect()))
        .collect()
}

/// Whether the files of a folder hold what an index lists: the same weights in another format, or merged into one file. Of ten tensors one may
/// be absent: formats differ in what they save of tied weights and buffers.
fn holds(beside: &[&FileEntry], index: &Index) -> bool {
    let here: HashSet<&str> = beside
        .iter()
        .filter_map(|e| e.header())
        .flat_map(|h| h.tensors.iter().map(|t| t.name.as_str()))
        .collect();
    let listed = || index.shards.values().flatten();
    let absent = listed().filter(|name| !here.contains(name.as_str())).count();
    10 * absent <= listed().count() && !here.is_empty()
}
