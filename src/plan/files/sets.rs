//! Files -> sets: which files together are one model. By content and folder; names only decide among shards.

use super::copies::{self, Copy};
use super::folders::{Files, above, table};
use super::foreign::{self, Foreign};
use super::ranks::{self, Ranks};
use super::{FileEntry, Tensors};
use super::{packing, run};
use crate::checkpoint::{Content, Header, Index};
use crate::plan::job::TensorRef;
use crate::plan::names::leaf::{Part, is_adapter_tensor, leaf};
use crate::plan::names::{canonical, place};
use regex::Regex;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

/// The files of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSet {
    /// Unique among the sets.
    pub label: String,
    /// The common part of its files' names.
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
    /// Names of shards that are promised and not here: the first of them, and how many there are.
    pub missing: Vec<String>,
    pub missing_in_all: usize,
    /// The number of shards that there should be.
    pub shards: usize,
    /// Tensors that stand in two shards.
    pub twice: Vec<String>,
    /// Shards of another model have the same names, and nothing tells whose these are.
    pub mixed: bool,
}

impl FileSet {
    /// The length of its tensors' names, together.
    pub fn letters(&self) -> usize {
        self.tensors.iter().map(|t| t.name.len()).sum()
    }

    /// The path of its first file, which stands for the set in messages.
    pub fn first_path<'a>(&self, entries: &'a [FileEntry]) -> &'a str {
        self.files.first().and_then(|f| entries.get(*f)).map_or("", |e| &e.path)
    }
}

static SHARD: LazyLock<Regex> = LazyLock::new(|| {
    // Between number and type what browsers and file managers add to the name of a second download.
    let mark = r"(?: ?\(\d{1,3}\)| - Copy(?: \(\d{1,3}\))?| copy(?: \d{1,3})?| \d{1,2})?";
    Regex::new(&format!(r"^(.*?[_-])(\d{{5,6}})-of-(\d{{5,6}})({mark})(\.[a-z]+)$")).expect("a constant")
});
/// Files of a download cache carry a hash for a name.
static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[0-9a-f]{40,64}$").expect("a constant"));

/// A set before its tensors are gathered.
struct Draft {
    folder: String,
    /// The common part of the files' names, for the label.
    stem: String,
    /// Shard number -> file.
    files: BTreeMap<usize, usize>,
    promised: Promised,
    shards: usize,
    /// The mark of a second download in its files' names: ` (1)`.
    mark: String,
}

/// The key of one set's shards: folder, stem, mark, number of shards, and the index that lists them.
type Family = (String, String, String, usize, Option<usize>);

/// Groups all files that hold tensors.
pub fn group(entries: &[FileEntry]) -> Vec<FileSet> {
    let files = Files::new(entries);
    grouped(&files, &Ranks::of(&files))
}

pub(crate) fn grouped(entries: &Files, ranks: &Ranks) -> Vec<FileSet> {
    let mut drafts: Vec<Draft> = Vec::new();
    let beside = Beside::of(entries);
    // Of one family the drafts in order, and how often each number was there: a shard's second copy is of the second draft.
    let mut families: HashMap<Family, (Vec<usize>, HashMap<usize, usize>)> = HashMap::new();
    for (i, entry) in entries
        .iter()
        .enumerate()
        .filter(|(_, e)| e.header().is_some_and(|h| !has_same(entries, e, h)) && !is_second_layout(entries, e))
        .filter(|(i, _)| !ranks.is_parallel(*i))
    {
        let Some(shard) = shard_of(&beside, ranks, i, entry) else {
            drafts.push(Draft {
                folder: entry.folder().to_owned(),
                stem: stem(entry.name()).to_owned(),
                files: BTreeMap::from([(1, i)]),
                promised: Promised::Nothing,
                shards: 1,
                mark: String::new(),
            });
            continue;
        };
        let family = (
            entry.folder().to_owned(),
            shard.stem.clone(),
            shard.mark.clone(),
            shard.of,
            shard.promised.index(),
        );
        let (own, seen) = families.entry(family).or_default();
        let before = seen.entry(shard.number).or_default();
        match own.get(*before).and_then(|at| drafts.get_mut(*at)) {
            Some(draft) => {
                draft.files.insert(shard.number, i);
            }
            None => {
                own.push(drafts.len());
                drafts.push(Draft {
                    folder: entry.folder().to_owned(),
                    files: BTreeMap::from([(shard.number, i)]),
                    promised: shard.promised,
                    stem: shard.stem,
                    shards: shard.of,
                    mark: shard.mark,
                });
            }
        }
        *before = before.saturating_add(1);
    }
    let drafts = filled(drafts);
    let mixed = mixed(&drafts);
    let mut sets: Vec<FileSet> = drafts.into_iter().map(|d| finish(d, entries)).collect();
    sets.iter_mut().zip(mixed).for_each(|(set, mixed)| set.mixed = mixed);
    label(&mut sets);
    sets
}

/// Shards that were downloaded again fill the holes of the set that they belong to.
fn filled(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut all: Vec<Draft> = Vec::new();
    let mut places: HashMap<(String, String, usize), Vec<usize>> = HashMap::new();
    for draft in drafts {
        let family = places
            .entry((draft.folder.clone(), draft.stem.clone(), draft.shards))
            .or_default();
        let is_home =
            |d: &Draft| d.mark != draft.mark && d.shards > 1 && !draft.files.keys().any(|n| d.files.contains_key(n));
        let home = family.iter().copied().find(|at| all.get(*at).is_some_and(is_home));
        match home.and_then(|at| all.get_mut(at)) {
            Some(home) => home.files.extend(draft.files),
            None => {
                family.push(all.len());
                all.push(draft);
            }
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

/// Whether each set may hold shards of several models: others of the same names are here, and they did not come one whole model after the other,
/// each in the order of its shards.
fn mixed(drafts: &[Draft]) -> Vec<bool> {
    let family = |d: &Draft| (d.folder.clone(), d.stem.clone(), d.mark.clone(), d.shards);
    let mut families: HashMap<_, (usize, Vec<usize>)> = HashMap::new();
    for draft in drafts.iter().filter(|d| d.shards > 1) {
        let (sets, arrived) = families.entry(family(draft)).or_default();
        *sets = sets.saturating_add(1);
        arrived.extend(draft.files.values());
    }
    let is_mixed = |(sets, arrived): &(usize, Vec<usize>)| *sets > 1 && !arrived.is_sorted();
    let mixed: HashSet<_> = families
        .iter()
        .filter(|(_, f)| is_mixed(f))
        .map(|(name, _)| name)
        .collect();
    drafts
        .iter()
        .map(|d| d.shards > 1 && mixed.contains(&family(d)))
        .collect()
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
    promised: Promised,
    mark: String,
}

/// The names of all shards, as far as something says them.
enum Promised {
    Nothing,
    /// By the names themselves: `model-` and `00007` of `model-00001-of-00007.safetensors`, and the end.
    Numbered {
        lead: String,
        width: usize,
        of: String,
        end: String,
    },
    /// By an index, the file of that place.
    Listed(usize),
}

impl Promised {
    fn index(&self) -> Option<usize> {
        match self {
            Promised::Listed(index) => Some(*index),
            _ => None,
        }
    }

    /// The first of the names that are not among `own`, and how many there are in all. `files`: by the numbers of their shards.
    fn missing(&self, files: &BTreeMap<usize, usize>, own: &HashSet<String>, entries: &Files) -> (Vec<String>, usize) {
        match self {
            Promised::Nothing => (Vec::new(), 0),
            Promised::Numbered { lead, width, of, end } => {
                // A file name may promise a million shards; a set is never larger than what can be listed.
                let count = of.parse().unwrap_or(0usize).min(MOST_SHARDS);
                let here = files.range(1..=count.max(1)).count();
                let missing = (1..=count).filter(|n| !files.contains_key(n));
                let name = |n: usize| format!("{lead}{n:0width$}-of-{of}{end}");
                (missing.take(MOST_NAMED).map(name).collect(), count.saturating_sub(here))
            }
            Promised::Listed(index) => {
                let Some(Ok(Content::Index(index))) = entries.get(*index).map(|e| &e.content) else {
                    return (Vec::new(), 0);
                };
                let missing = || index.shards.keys().filter(|name| !own.contains(*name));
                (missing().take(MOST_NAMED).cloned().collect(), missing().count())
            }
        }
    }
}

const MOST_SHARDS: usize = 10_000;
/// The most names of missing tensors that are kept; fewer are shown.
const MOST_NAMED: usize = 64;

/// The other files of a folder that say which shard a file is.
struct Beside<'a> {
    /// Folder and name of a shard -> the first index that lists it, its number from 1, of how many.
    listed: HashMap<(&'a str, &'a str), (usize, usize, usize)>,
    /// Prefixes of the names in an index.
    stems: HashMap<usize, String>,
    /// Files under the hash of what they hold: their number in the folder from 1, and of how many.
    hashes: HashMap<usize, (usize, usize)>,
}

impl<'a> Beside<'a> {
    fn of(entries: &Files<'a>) -> Beside<'a> {
        let mut beside = Beside {
            listed: HashMap::new(),
            stems: HashMap::new(),
            hashes: HashMap::new(),
        };
        let mut folders: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, entry) in entries.all().iter().enumerate() {
            match &entry.content {
                Ok(Content::Index(index)) => {
                    for (number, name) in (1..).zip(index.shards.keys()) {
                        let place = (at, number, index.shards.len());
                        beside.listed.entry((entry.folder(), name)).or_insert(place);
                    }
                    let names: Vec<&str> = index.shards.keys().take(4).map(String::as_str).collect();
                    beside.stems.insert(at, names.join(" "));
                }
                Ok(Content::Tensors(_)) if HASH.is_match(entry.name()) => {
                    folders.entry(entry.folder()).or_default().push(at);
                }
                _ => {}
            }
        }
        for files in folders.values() {
            let own = (1..).zip(files).map(|(number, at)| (*at, (number, files.len())));
            beside.hashes.extend(own);
        }
        beside
    }
}

fn shard_of(beside: &Beside, ranks: &Ranks, at: usize, entry: &FileEntry) -> Option<Shard> {
    if let Some(c) = SHARD.captures(entry.name()) {
        return Some(Shard {
            stem: c[1].trim_end_matches(['-', '_']).to_owned(),
            number: c[2].parse().ok()?,
            of: c[3].parse().ok()?,
            promised: Promised::Numbered {
                lead: c[1].to_owned(),
                width: c[2].len(),
                of: c[3].to_owned(),
                end: c[5].to_owned(),
            },
            mark: c[4].to_owned(),
        });
    }
    let numbered = |stem: String, number: usize, of: usize, promised: Promised| Shard {
        stem,
        number,
        of,
        promised,
        mark: String::new(),
    };
    if let Some((index, number, of)) = beside.listed.get(&(entry.folder(), entry.name())) {
        let stem = beside.stems.get(index).cloned().unwrap_or_default();
        return Some(numbered(stem, *number, *of, Promised::Listed(*index)));
    }
    if let Some((place, of)) = ranks.place(at) {
        let stem = ranks::stem(entry.name());
        return Some(numbered(stem, place.saturating_add(1), of, Promised::Nothing));
    }
    let (number, of) = beside.hashes.get(&at)?;
    Some(numbered("blobs".into(), *number, *of, Promised::Nothing))
}

fn finish(draft: Draft, entries: &Files) -> FileSet {
    let files: Vec<usize> = draft.files.values().copied().collect();
    let own = || files.iter().filter_map(|f| Some((*f, entries.get(*f)?)));
    let tensors: Tensors = own().flat_map(|(f, entry)| entry.tensors(f)).collect();
    let states = own()
        .filter_map(|(_, entry)| entry.header())
        .flat_map(|h| h.states.clone())
        .collect();
    let names: HashSet<String> = own()
        .flat_map(|(_, entry)| {
            [
                Some(entry.name().to_owned()),
                copy_mark(entry.name()).map(|(first, ..)| first),
            ]
        })
        .flatten()
        .collect();
    let (missing, missing_in_all) = draft.promised.missing(&draft.files, &names, entries);
    // Scales may stand in a shard that is not here.
    let scaled = !missing.is_empty() || entries.config(&draft.folder).is_some_and(|c| c.quantized);
    let tensors = packing::combine(tensors, &states, scaled);
    let mut seen = HashSet::new();
    let twice = tensors
        .iter()
        .filter(|t| !seen.insert(&t.name))
        .map(|t| t.name.clone())
        .collect();
    let has_parts = tensors.iter().any(|t| is_adapter_tensor(&t.name));
    let is_adapter = has_parts && !is_whole_model(&tensors);
    let has_inside = has_parts && !is_adapter;
    let (inside, tensors): (Tensors, Tensors) = tensors
        .into_iter()
        .partition(|t| has_inside && is_adapter_tensor(&t.name));
    let inside: Vec<String> = inside.into_iter().map(|t| t.name).collect();
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
        missing_in_all,
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
        .map(|l| canonical(&l.module).name.into_owned())
        .collect();
    let is_own = |t: &&TensorRef| {
        let name = canonical(&t.name).name;
        t.shape.len() == 2 && name.ends_with(".weight") && leaf(&t.name).is_none() && place(&name).layer.is_some()
    };
    let own: BTreeSet<Cow<str>> = tensors.iter().filter(is_own).map(|t| canonical(&t.name).name).collect();
    // modules_to_save are few, and other modules than those that are adapted.
    let adapted = own
        .iter()
        .filter(|name| modules.contains(name.trim_end_matches(".weight")))
        .count();
    own.len() > modules.len() || !modules.is_empty() && adapted.saturating_mul(2) > modules.len()
}

/// True where safetensors files of the same folder hold the same tensors under the same file name: a download of both formats.
pub fn has_same(entries: &Files, entry: &FileEntry, header: &Header) -> bool {
    if !header.is_torch || header.tensors.is_empty() {
        return false;
    }
    let tables = entries.tables(entry.folder(), &plain_stem(entry.name()));
    let own = table(header);
    !tables.is_empty()
        && own
            .iter()
            .all(|t| tables.iter().any(|other| other.binary_search(t).is_ok()))
}

/// The stem of a model's files in whatever format and number of shards: `model` for `pytorch_model-00001-of-00002.bin`.
pub fn plain_stem(name: &str) -> String {
    let shard = SHARD.captures(name).and_then(|c| c.get(1));
    let shard = shard.map(|m| m.as_str().trim_end_matches(['-', '_']).to_owned());
    shard.unwrap_or_else(|| stem(name).to_owned()).replace("pytorch_", "")
}

/// The makers' own layout of the weights, beside the converted one: `consolidated.00.pth` in the folder or in `original/` (Llama, Mistral); or
/// the same file in another precision (`model.fp16.safetensors`) or before its weights were averaged (`.non_ema`).
pub fn is_second_layout(entries: &Files, entry: &FileEntry) -> bool {
    let plain = [".fp16", ".bf16", ".fp32", ".non_ema"].iter().find_map(|variant| {
        entry
            .name()
            .contains(variant)
            .then(|| entry.name().replacen(variant, "", 1))
    });
    if plain.is_some_and(|plain| entries.named(entry.folder(), &plain).any(|e| e.header().is_some())) {
        return true;
    }
    let folder = entry.folder();
    let above = (folder.rsplit('/').next() == Some("original")).then(|| above(folder));
    // Whatever it is called: in `original/`, with other names than those above it.
    if let Some(converted) = above.filter(|f| !f.is_empty()).and_then(|f| entries.tensor_names(f))
        && !converted.is_empty()
    {
        let mut own = entry.header().into_iter().flat_map(|h| &h.tensors);
        if own.all(|t| !converted.contains(t.name.as_str())) {
            return true;
        }
    }
    let has_plain = |folder: &str| entries.folder(folder).is_some_and(|f| f.has_converted);
    entry.name().starts_with(OWN) && (has_plain(folder) || above.is_some_and(has_plain))
}

/// The prefix of the makers' own files.
pub const OWN: &str = "consolidated";

/// Names that say nothing about the model.
const GENERIC: [&str; 5] = ["model", "adapter_model", "pytorch_model", "blobs", "adapters"];

/// The folder's name, else the file's; a number is added until all differ.
fn label(sets: &mut [FileSet]) {
    let mut per_folder: HashMap<&str, usize> = HashMap::new();
    for set in sets.iter() {
        let n = per_folder.entry(&set.folder).or_default();
        *n = n.saturating_add(1);
    }
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
            match (
                folder.is_empty(),
                generic || per_folder.get(set.folder.as_str()) == Some(&1),
            ) {
                (true, _) => set.label.clone(),
                (false, true) => folder,
                (false, false) => format!("{folder}/{}", set.label),
            }
        })
        .collect();
    let names = told_apart(sets, names);
    let mut used = Labels::default();
    for (set, name) in sets.iter_mut().zip(names) {
        set.label = used.fresh(name);
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

/// The most folders that a label names besides its own.
const MOST_FOLDERS: usize = 3;

/// Equal names with the folders above before them, as far as these differ: `sd15/unet` and `dreambooth/unet`.
fn told_apart(sets: &[FileSet], mut names: Vec<String>) -> Vec<String> {
    for _ in 0..MOST_FOLDERS {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for name in &names {
            let n = count.entry(name).or_default();
            *n = n.saturating_add(1);
        }
        let above = |set: &FileSet, name: &str| {
            let folders: Vec<&str> = set.folder.split('/').collect();
            let first = name.split('/').next()?;
            let own = folders.iter().rposition(|f| *f == first)?;
            folders
                .get(own.checked_sub(1)?)
                .filter(|f| !f.is_empty())
                .map(|f| (*f).to_owned())
        };
        let longer = |(set, name): (&FileSet, &String)| match above(set, name)
            .filter(|_| count.get(name.as_str()).is_some_and(|n| *n > 1))
        {
            Some(folder) => format!("{folder}/{name}"),
            None => name.clone(),
        };
        names = sets.iter().zip(&names).map(longer).collect();
    }
    names
}

/// Labels that are taken. A name comes back with a number where it is.
#[derive(Default)]
pub struct Labels {
    used: HashSet<String>,
    /// The last number of each name.
    last: HashMap<String, u32>,
}

impl Labels {
    pub fn fresh(&mut self, name: String) -> String {
        let mut label = name.clone();
        while !self.used.insert(label.clone()) {
            let n = self.last.entry(name.clone()).or_insert(1);
            *n = n.saturating_add(1);
            label = format!("{name} ({n})");
        }
        label
    }
}

/// Shards that an index names though none of them is here, nor what they hold: the index, the first of the shards' names, and how many there are.
pub fn orphan_indices(entries: &Files) -> Vec<(usize, Vec<String>, usize)> {
    // One that is here and cannot be read says so itself.
    let is_here = |folder: &str, name: &str| {
        let mut named = entries.named(folder, name);
        named.any(|e| matches!(e.content, Ok(Content::Tensors(_)) | Err(_)))
    };
    let orphan = |(i, e): (usize, &FileEntry)| match &e.content {
        Ok(Content::Index(index)) => {
            let is_orphan =
                !index.shards.keys().any(|name| is_here(e.folder(), name)) && !holds(entries, e.folder(), index);
            let first = || index.shards.keys().take(MOST_NAMED).cloned().collect();
            is_orphan.then(|| (i, first(), index.shards.len()))
        }
        _ => None,
    };
    entries.iter().enumerate().filter_map(orphan).collect()
}

/// Whether the files of a folder hold what an index lists: the same weights in another format, or merged into one file. Of ten tensors one may
/// be absent: formats differ in what they save of tied weights and buffers.
fn holds(entries: &Files, folder: &str, index: &Index) -> bool {
    let Some(here) = entries.tensor_names(folder).filter(|here| !here.is_empty()) else {
        return false;
    };
    let listed = || index.shards.values().flatten();
    let absent = listed().filter(|name| !here.contains(name.as_str())).count();
    absent.saturating_mul(10) <= listed().count()
}
