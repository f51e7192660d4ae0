//! Which adapter_config.json belongs to which adapter.

use super::files::FileEntry;
use super::job::TensorRef;
use super::leaf::{Part, leaf};
use super::names::canonical;
use super::sets::FileSet;
use super::{Answers, Question, QuestionOption};
use crate::checkpoint::{AdapterConfig, Content, ModelConfig};
use std::collections::BTreeSet;

/// A configuration and the file it came from.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    pub file: usize,
    pub config: &'a AdapterConfig,
}

/// Which configuration belongs to which set, and where that is in doubt.
pub struct Assigned<'a> {
    /// By set.
    pub of: Vec<Option<ConfigFile<'a>>>,
    /// Those that belong to none.
    pub free: Vec<ConfigFile<'a>>,
    pub questions: Vec<Question>,
}

/// How well a configuration fits a set; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Misfit {
    /// What the names of both files add to the usual ones differs: ` (1)`, `_math`.
    name: bool,
    /// The modules it lists are not those of the set.
    targets: bool,
    rank: bool,
}

/// For every set the configuration of its folder.
///
/// A folder normally holds one adapter and one configuration. Files chosen without their folders all look alike (`adapter_model.safetensors`
/// three times): then names, modules and ranks decide, and then the nearest in the order of arrival. Where nothing but that order tells two
/// different configurations apart, it is asked.
pub fn assign<'a>(entries: &'a [FileEntry], sets: &[FileSet], answers: &Answers) -> Assigned<'a> {
    let all: Vec<ConfigFile> = entries
        .iter()
        .enumerate()
        .filter_map(|(file, e)| match &e.content {
            Ok(Content::AdapterConfig(config)) => Some(ConfigFile { file, config }),
            _ => None,
        })
        .collect();
    let mut pairs: Vec<(Misfit, usize, usize, usize)> = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        let own = Own::of(set, entries);
        for (c, config) in all
            .iter()
            .enumerate()
            .filter(|(_, c)| entries[c.file].folder() == set.folder)
        {
            let distance = set
                .files
                .iter()
                .map(|f| f.abs_diff(config.file))
                .min()
                .unwrap_or(usize::MAX);
            pairs.push((own.misfit(config, entries), distance, s, c));
        }
    }
    pairs.sort_unstable();
    let mut of: Vec<Option<usize>> = vec![None; sets.len()];
    let mut used = BTreeSet::new();
    let questions = doubts(&all, &pairs, sets, entries, answers);
    for (question, s) in &questions {
        if let Some(c) = all
            .iter()
            .position(|c| entries[c.file].path == question.value)
            .filter(|_| answers.0.contains_key(&question.id))
        {
            of[*s] = Some(c);
            used.insert(c);
        }
    }
    // Each configuration serves once.
    for (_, _, s, c) in pairs {
        if of[s].is_none() && used.insert(c) {
            of[s] = Some(c);
        }
    }
    let mut of: Vec<Option<ConfigFile>> = of.into_iter().map(|c| c.map(|c| all[c])).collect();
    share(&mut of, entries, sets);
    elsewhere(&mut of, &all, &mut used, entries, sets);
    let free = all
        .iter()
        .enumerate()
        .filter(|(c, _)| !used.contains(c))
        .map(|(_, c)| *c)
        .collect();
    let shown = |(question, s): (Question, usize)| {
        let value = of[s].map_or(question.value, |c| entries[c.file].path.clone());
        Question { value, ..question }
    };
    let questions = questions.into_iter().map(shown).collect();
    Assigned { of, free, questions }
}

/// Sets for which two different configurations fit equally well, while another set competes for them.
fn doubts(
    all: &[ConfigFile],
    pairs: &[(Misfit, usize, usize, usize)],
    sets: &[FileSet],
    entries: &[FileEntry],
    answers: &Answers,
) -> Vec<(Question, usize)> {
    let misfit = |s: usize, c: usize| pairs.iter().find(|p| p.2 == s && p.3 == c).map(|p| p.0);
    let mut questions = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        let Some(best) = pairs.iter().filter(|p| p.2 == s).map(|p| p.0).min() else {
            continue;
        };
        let fitting: Vec<usize> = (0..all.len()).filter(|c| misfit(s, *c) == Some(best)).collect();
        let competes =
            |other: usize| other != s && fitting.iter().filter(|c| misfit(other, **c) == Some(best)).count() > 1;
        let differ = fitting.windows(2).any(|w| all[w[0]].config != all[w[1]].config);
        if !differ || !(0..sets.len()).any(competes) {
            continue;
        }
        let id = format!("config:{}", set.label);
        let option = |c: &usize| {
            let (config, path) = (all[*c].config, &entries[all[*c].file].path);
            QuestionOption {
                value: path.clone(),
                label: path.clone(),
                note: format!("r = {}, α = {}", config.r, config.alpha),
            }
        };
        let mut options: Vec<QuestionOption> = fitting.iter().map(option).collect();
        // Files without folders may have one name: then the order of arrival is all there is.
        options.dedup_by(|a, b| a.value == b.value);
        if options.len() < 2 {
            continue;
        }
        let value = answers
            .0
            .get(&id)
            .filter(|a| options.iter().any(|o| o.value == **a))
            .cloned()
            .unwrap_or_default();
        let title = format!("Which configuration belongs to “{}”?", set.label);
        let detail = "More than one fits its modules and its rank, and they differ.".into();
        questions.push((
            Question {
                id,
                title,
                detail,
                options,
                value,
                number: false,
            },
            s,
        ));
    }
    questions
}

/// What a set says about its configuration.
struct Own {
    ranks: BTreeSet<u64>,
    /// The last components of its modules.
    modules: BTreeSet<String>,
    /// What its file's name adds to the usual one.
    mark: String,
}

impl Own {
    fn of(set: &FileSet, entries: &[FileEntry]) -> Own {
        let leaves: Vec<(&TensorRef, super::leaf::Leaf)> =
            set.tensors.iter().filter_map(|t| Some((t, leaf(&t.name)?))).collect();
        let of_a = |(t, l): &(&TensorRef, super::leaf::Leaf)| {
            (l.part == Part::Of("lora_A"))
                .then(|| t.shape.first().copied())
                .flatten()
        };
        let of_mlx = |(t, l): &(&TensorRef, super::leaf::Leaf)| {
            (l.part == Part::Of("lora_a"))
                .then(|| t.shape.last().copied())
                .flatten()
        };
        Own {
            ranks: leaves.iter().filter_map(|l| of_a(l).or_else(|| of_mlx(l))).collect(),
            modules: leaves
                .iter()
                .filter(|(_, l)| matches!(l.part, Part::Of(_)))
                .map(|(_, l)| canonical(&l.module).name)
                .collect(),
            mark: mark(set.first_path(entries)),
        }
    }

    fn misfit(&self, config: &ConfigFile, entries: &[FileEntry]) -> Misfit {
        let c = config.config;
        let fits = |module: &String| {
            c.targets.iter().any(|t| {
                module
                    .strip_suffix(t.as_str())
                    .is_some_and(|b| b.is_empty() || b.ends_with('.'))
            })
        };
        let fitting = self.modules.iter().filter(|m| fits(m)).count();
        // Some modules may be of `target_parameters`, and some of the list may not be in the network.
        let targets = !c.targets.is_empty() && 2 * fitting < self.modules.len();
        let rank =
            c.refusal.is_none() && !self.ranks.is_empty() && !self.ranks.contains(&c.r) && c.rank_pattern.is_empty();
        Misfit {
            name: mark(&entries[config.file].path) != self.mark,
            targets,
            rank,
        }
    }
}

/// What a file's name says besides what it is: `adapter_model (1).safetensors` and `adapter_config (1).json` both ` (1)`.
fn mark(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words = [
        "adapter_model",
        "adapter_config",
        "adapters",
        "pytorch_lora_weights",
        "adapter",
        "config",
    ];
    let rest = words
        .iter()
        .fold(stem.to_owned(), |rest, word| rest.replacen(word, "", 1));
    rest.trim_matches(['-', '_', ' ', '.']).to_owned()
}

/// One configuration serves all adapters of its folder, where it is the only one there: mlx-lm numbers its checkpoints beside it.
fn share<'a>(assigned: &mut [Option<ConfigFile<'a>>], entries: &'a [FileEntry], sets: &[FileSet]) {
    for (s, set) in sets
        .iter()
        .enumerate()
        .filter(|(_, set)| set.is_adapter && !set.folder.is_empty())
    {
        let own = |e: &FileEntry| e.folder() == set.folder && matches!(e.content, Ok(Content::AdapterConfig(_)));
        if assigned[s].is_none() && entries.iter().filter(|e| own(e)).count() == 1 {
            let shared = (0..sets.len())
                .filter(|o| sets[*o].folder == set.folder)
                .find_map(|o| assigned[o]);
            // One of another rank is another adapter's.
            assigned[s] = shared.filter(|c| !Own::of(set, entries).misfit(c, entries).rank);
        }
    }
}

/// A configuration that lies in another folder than the weights: above the only adapters that lack one (a run keeps it once for all its
/// checkpoints), or anywhere where one of each is left. It has to fit.
fn elsewhere<'a>(
    assigned: &mut [Option<ConfigFile<'a>>],
    all: &[ConfigFile<'a>],
    used: &mut BTreeSet<usize>,
    entries: &[FileEntry],
    sets: &[FileSet],
) {
    let fits = |s: usize, c: usize| {
        let misfit = Own::of(&sets[s], entries).misfit(&all[c], entries);
        all[c].config.refusal.is_none() && !misfit.rank && !misfit.targets
    };
    let lacking = |assigned: &[Option<ConfigFile>]| -> Vec<usize> {
        (0..sets.len())
            .filter(|s| sets[*s].is_adapter && assigned[*s].is_none())
            .collect()
    };
    let free: Vec<usize> = (0..all.len()).filter(|c| !used.contains(c)).collect();
    for c in &free {
        let folder = entries[all[*c].file].folder();
        let alone = free
            .iter()
            .filter(|o| entries[all[**o].file].folder() == folder)
            .count()
            == 1;
        let is_above = |s: &usize| !folder.is_empty() && sets[*s].folder.starts_with(&format!("{folder}/"));
        for s in lacking(assigned).into_iter().filter(is_above).filter(|_| alone) {
            if fits(s, *c) {
                assigned[s] = Some(all[*c]);
                used.insert(*c);
            }
        }
    }
    let free: Vec<usize> = free.into_iter().filter(|c| !used.contains(c)).collect();
    if let ([s], [c]) = (&lacking(assigned)[..], &free[..])
        && fits(*s, *c)
    {
        assigned[*s] = Some(all[*c]);
        used.insert(*c);
    }
}

/// The `config.json` in a folder; for files without a folder, the only one there is.
pub fn model<'a>(entries: &'a [FileEntry], folder: &str) -> Option<&'a ModelConfig> {
    let mut configs = entries
        .iter()
        .filter(|e| e.folder() == folder)
        .filter_map(|e| match &e.content {
            Ok(Content::ModelConfig(config)) => Some(config),
            _ => None,
        });
    let first = configs.next()?;
    configs.all(|c| c == first).then_some(first)
}
