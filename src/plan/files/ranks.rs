//! Checkpoints that a library cut among processors: files that differ in the number of the processor only.

use super::FileEntry;
use super::folders::Files;
use super::sets::is_second_layout;
use crate::plan::names::leaf::is_adapter_tensor;
use regex::Regex;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// One of several files into which a library cut a model, by the number of the processor that held it.
static RANK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(.*?(?:consolidated[.-]|model_part-|[mtp]p_rank_|rank[-_]?))(\d{1,3})(|[-.].*)$").expect("a constant")
});

/// The parts of every such checkpoint.
#[derive(Default)]
pub struct Ranks {
    /// Parts in the order of their numbers, which count from 0.
    groups: Vec<Group>,
    /// File -> its group, and its place in it.
    of: HashMap<usize, (usize, usize)>,
}

/// The name that all parts share: the folder, and the text before and after the number.
type Name<'a> = (&'a str, String, String);

struct Group {
    parts: Vec<usize>,
    /// Each part holds a slice of every matrix (tensor parallelism): it is neither a model nor a shard of one.
    is_parallel: bool,
}

impl Ranks {
    pub fn of(entries: &Files) -> Ranks {
        let mut by_name: HashMap<Name, Vec<(usize, usize)>> = HashMap::new();
        for (at, entry) in entries.all().iter().enumerate().filter(|(_, e)| e.header().is_some()) {
            if let Some((before, after, number)) = name(entry) {
                by_name
                    .entry((entry.folder(), before, after))
                    .or_default()
                    .push((number, at));
            }
        }
        let mut ranks = Ranks::default();
        for mut parts in by_name.into_values() {
            parts.sort_by_key(|(number, _)| *number);
            let counts_up = parts.len() > 1 && parts.iter().map(|(n, _)| *n).eq(0..parts.len());
            let mut tensors = parts
                .iter()
                .filter_map(|(_, at)| entries.get(*at)?.header())
                .flat_map(|h| &h.tensors);
            if !counts_up || tensors.any(|t| is_adapter_tensor(&t.name)) {
                continue;
            }
            let parts: Vec<usize> = parts.into_iter().map(|(_, at)| at).collect();
            let places = parts
                .iter()
                .enumerate()
                .map(|(place, at)| (*at, (ranks.groups.len(), place)));
            ranks.of.extend(places);
            let is_parallel = is_parallel(&parts, entries);
            ranks.groups.push(Group { parts, is_parallel });
        }
        ranks
    }

    fn group(&self, file: usize) -> Option<(&Group, usize)> {
        let (group, place) = self.of.get(&file)?;
        Some((self.groups.get(*group)?, *place))
    }

    /// True for a part that holds a slice of every matrix.
    pub fn is_parallel(&self, file: usize) -> bool {
        self.group(file).is_some_and(|(group, _)| group.is_parallel)
    }

    /// The place of a file among parts that hold whole matrices each, and their number.
    pub fn place(&self, file: usize) -> Option<(usize, usize)> {
        self.group(file).map(|(group, place)| (place, group.parts.len()))
    }

    /// The first file of every model that is cut into slices of its matrices.
    pub fn in_parallel(&self, entries: &Files) -> Vec<usize> {
        let sliced = self.groups.iter().filter(|g| g.is_parallel);
        let mut first: Vec<usize> = sliced
            .filter_map(|g| g.parts.first().copied())
            .filter(|at| entries.get(*at).is_some_and(|e| !is_second_layout(entries, e)))
            .collect();
        first.sort_unstable();
        first
    }
}

/// The text before and after the number, and the number.
fn name(entry: &FileEntry) -> Option<(String, String, usize)> {
    let c = RANK.captures(entry.name())?;
    Some((c[1].to_owned(), c[3].to_owned(), c[2].parse().ok()?))
}

/// The prefix of the parts' names.
pub fn stem(name: &str) -> String {
    RANK.replace(name, "$1").trim_end_matches(['.', '-', '_']).to_owned()
}

fn is_parallel(parts: &[usize], entries: &Files) -> bool {
    let [first, second, ..] = parts else {
        return false;
    };
    let names = |at: &usize| entries.get(*at).map(matrix_names).unwrap_or_default();
    let (a, b) = (names(first), names(second));
    a.intersection(&b).count().saturating_mul(2) > a.len().min(b.len())
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
