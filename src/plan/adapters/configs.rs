//! Configurations and adapters: which adapter_config.json belongs to which.

use crate::checkpoint::Content;
use crate::methods::AdapterConfig;
use crate::plan::files::folders::Files;
use crate::plan::files::sets::FileSet;
use crate::plan::job::TensorRef;
use crate::plan::names::canonical;
use crate::plan::names::leaf::{Part, leaf};
use crate::plan::{Answers, Question, QuestionOption};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A configuration and the file it came from.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    pub file: usize,
    pub config: &'a AdapterConfig,
}

/// The assignment of configurations to sets, and where it is in doubt.
pub struct Assigned<'a> {
    /// By set.
    pub of: Vec<Option<ConfigFile<'a>>>,
    /// The configurations that belong to no set.
    pub free: Vec<ConfigFile<'a>>,
    pub questions: Vec<Question>,
}

/// The distance between a configuration and a set; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Misfit {
    /// What the names of both files add to the usual ones differs: ` (1)`, `_math`.
    name: bool,
    /// The modules it lists are not those of the set.
    targets: bool,
    rank: bool,
}

impl Misfit {
    const ALL: Misfit = Misfit {
        name: true,
        targets: true,
        rank: true,
    };
}

/// Assigns to every set the configuration of its folder.
///
/// A folder normally holds one adapter and one configuration. Files chosen without their folders all look alike (`adapter_model.safetensors`
/// three times): then names, modules and ranks decide, and then the nearest in the order of arrival. Where nothing but that order tells two
/// different configurations apart, it is asked.
pub fn assign<'a>(entries: &Files<'a>, sets: &[FileSet], answers: &Answers) -> Assigned<'a> {
    let all: Vec<ConfigFile> = entries
        .all()
        .iter()
        .enumerate()
        .filter_map(|(file, e)| match &e.content {
            Ok(Content::AdapterConfig(config)) => Some(ConfigFile { file, config }),
            _ => None,
        })
        .collect();
    let fits = Fits::of(&all, sets, entries);
    let mut pairs: Vec<(Misfit, usize, usize, usize)> = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        for c in fits.candidates(s, set) {
            let Some(config) = all.get(c) else { continue };
            let distance = set
                .files
                .iter()
                .map(|f| f.abs_diff(config.file))
                .min()
                .unwrap_or(usize::MAX);
            pairs.push((fits.misfit(s, c), distance, s, c));
        }
    }
    pairs.sort_unstable();
    let mut of: Vec<Option<usize>> = vec![None; sets.len()];
    let mut used = BTreeSet::new();
    let questions = doubts(&all, &pairs, sets, entries, answers);
    for (question, s) in &questions {
        let chosen = all.iter().position(|c| path(entries, c) == question.value);
        if let (Some(c), Some(of)) = (chosen.filter(|_| answers.0.contains_key(&question.id)), of.get_mut(*s)) {
            *of = Some(c);
            used.insert(c);
        }
    }
    // Each configuration serves once.
    for (_, _, s, c) in pairs {
        if let Some(of) = of.get_mut(s)
            && of.is_none()
            && used.insert(c)
        {
            *of = Some(c);
        }
    }
    share(&mut of, &fits, entries, sets);
    elsewhere(&mut of, &all, &mut used, &fits, entries, sets);
    let config = |c: usize| all.get(c).copied();
    let free = (0..all.len())
        .filter(|c| !used.contains(c))
        .filter_map(config)
        .collect();
    let of: Vec<Option<ConfigFile>> = of.into_iter().map(|c| c.and_then(config)).collect();
    let shown = |(question, s): (Question, usize)| {
        let own = of.get(s).and_then(Option::as_ref);
        let value = own.map_or(question.value, |c| path(entries, c).to_owned());
        Question { value, ..question }
    };
    let questions = questions.into_iter().map(shown).collect();
    Assigned { of, free, questions }
}

fn path<'a>(entries: &'a Files, config: &ConfigFile) -> &'a str {
    entries.get(config.file).map_or("", |e| &e.path)
}

/// Sets for which two different configurations fit equally well, while another set competes for them.
fn doubts(
    all: &[ConfigFile],
    pairs: &[(Misfit, usize, usize, usize)],
    sets: &[FileSet],
    entries: &Files,
    answers: &Answers,
) -> Vec<(Question, usize)> {
    let mut by_set: HashMap<usize, Vec<(Misfit, usize)>> = HashMap::new();
    let mut by_config: HashMap<usize, Vec<(Misfit, usize)>> = HashMap::new();
    for (misfit, _, s, c) in pairs {
        by_set.entry(*s).or_default().push((*misfit, *c));
        by_config.entry(*c).or_default().push((*misfit, *s));
    }
    let config = |c: &usize| all.get(*c).map(|c| c.config);
    let mut questions = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        let own = by_set.get(&s).map_or(&[][..], Vec::as_slice);
        let Some(best) = own.iter().map(|p| p.0).min() else {
            continue;
        };
        let mut fitting: Vec<usize> = own.iter().filter(|p| p.0 == best).map(|p| p.1).collect();
        fitting.sort_unstable();
        let differ = fitting
            .windows(2)
            .any(|w| w.first().map(config) != w.last().map(config));
        // Another set that two of them fit as well.
        let mut seen = HashSet::new();
        let mut others = fitting.iter().filter_map(|c| by_config.get(c)).flatten();
        let competes = |(misfit, other): &(Misfit, usize)| *misfit == best && *other != s && !seen.insert(*other);
        if !differ || !others.any(competes) {
            continue;
        }
        let id = format!("config:{}", set.label);
        let option = |c: &usize| {
            let file = all.get(*c)?;
            let path = path(entries, file);
            Some(QuestionOption {
                value: path.to_owned(),
                label: path.to_owned(),
                note: format!("r = {}, α = {}", file.config.r, file.config.alpha),
            })
        };
        let mut options: Vec<QuestionOption> = fitting.iter().filter_map(option).collect();
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

/// The facts of a set that its configuration must agree with.
struct Own {
    ranks: BTreeSet<u64>,
    /// The last components of its modules.
    modules: BTreeSet<String>,
    /// The addition of its file's name to the usual one.
    mark: String,
}

impl Own {
    fn of(set: &FileSet, entries: &Files) -> Own {
        let leaves: Vec<(&TensorRef, crate::plan::names::leaf::Leaf)> =
            set.tensors.iter().filter_map(|t| Some((t, leaf(&t.name)?))).collect();
        let of_a = |(t, l): &(&TensorRef, crate::plan::names::leaf::Leaf)| {
            (l.part == Part::Of("lora_A"))
                .then(|| t.shape.first().copied())
                .flatten()
        };
        let of_mlx = |(t, l): &(&TensorRef, crate::plan::names::leaf::Leaf)| {
            (l.part == Part::Of("lora_a"))
                .then(|| t.shape.last().copied())
                .flatten()
        };
        Own {
            ranks: leaves.iter().filter_map(|l| of_a(l).or_else(|| of_mlx(l))).collect(),
            modules: leaves
                .iter()
                .filter(|(_, l)| matches!(l.part, Part::Of(_)))
                .map(|(_, l)| canonical(&l.module).name.into_owned())
                .collect(),
            mark: mark(set.first_path(entries)),
        }
    }
}

/// The most configurations of a folder that are looked at for one set: the nearest in the order of arrival, and the nearest of its own mark.
/// Folders have one; of files chosen without their folders there may be hundreds.
const NEAREST: usize = 64;

/// The distances between sets and configurations, each judged once.
struct Fits<'a> {
    all: &'a [ConfigFile<'a>],
    /// By set; adapters only.
    own: HashMap<usize, Own>,
    /// By configuration: its mark, its modules, and the number of its list of modules among all that differ.
    marks: Vec<String>,
    targets: Vec<(HashSet<&'a str>, usize)>,
    /// By set: the number of its modules among all that differ.
    modules: HashMap<usize, usize>,
    /// Folder, and folder and mark -> configurations in the order of arrival.
    by_folder: HashMap<String, Vec<usize>>,
    by_mark: HashMap<(String, String), Vec<usize>>,
    /// Whether modules and list of those numbers are of different networks.
    known: RefCell<HashMap<(usize, usize), bool>>,
}

impl<'a> Fits<'a> {
    fn of(all: &'a [ConfigFile<'a>], sets: &[FileSet], entries: &'a Files) -> Fits<'a> {
        let mut fits = Fits {
            all,
            own: HashMap::new(),
            marks: all.iter().map(|c| mark(path(entries, c))).collect(),
            targets: Vec::new(),
            modules: HashMap::new(),
            by_folder: HashMap::new(),
            by_mark: HashMap::new(),
            known: RefCell::default(),
        };
        let mut lists: HashMap<&[String], usize> = HashMap::new();
        let marks = fits.marks.clone();
        for (c, (config, mark)) in all.iter().zip(marks).enumerate() {
            let targets = &config.config.targets;
            let next = lists.len();
            let number = *lists.entry(targets).or_insert(next);
            fits.targets
                .push((targets.iter().map(String::as_str).collect(), number));
            let folder = entries.get(config.file).map_or("", |e| e.folder()).to_owned();
            fits.by_mark.entry((folder.clone(), mark)).or_default().push(c);
            fits.by_folder.entry(folder).or_default().push(c);
        }
        if all.is_empty() {
            return fits;
        }
        let mut networks: HashMap<BTreeSet<String>, usize> = HashMap::new();
        for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
            let own = Own::of(set, entries);
            let next = networks.len();
            fits.modules
                .insert(s, *networks.entry(own.modules.clone()).or_insert(next));
            fits.own.insert(s, own);
        }
        fits
    }

    /// The configurations that are looked at for a set.
    fn candidates(&self, s: usize, set: &FileSet) -> BTreeSet<usize> {
        let mark = self.own.get(&s).map_or("", |own| &own.mark).to_owned();
        let own = self.by_mark.get(&(set.folder.clone(), mark));
        let at = set.files.first().copied().unwrap_or(0);
        let file = |c: &usize| self.all.get(*c).map_or(0, |c| c.file);
        let mut found = BTreeSet::new();
        for list in [self.by_folder.get(set.folder.as_str()), own].into_iter().flatten() {
            let place = list.partition_point(|c| file(c) < at);
            let (first, last) = (place.saturating_sub(NEAREST), place.saturating_add(NEAREST));
            found.extend(list.get(first..last.min(list.len())).unwrap_or_default());
        }
        found
    }

    fn misfit(&self, s: usize, c: usize) -> Misfit {
        let (Some(own), Some(config), Some((targets, list))) = (self.own.get(&s), self.all.get(c), self.targets.get(c))
        else {
            return Misfit::ALL;
        };
        let config = config.config;
        let ends = |module: &str, end: &dyn Fn(&str) -> bool| {
            let after = module
                .match_indices('.')
                .filter_map(|(at, _)| module.get(at.saturating_add(1)..));
            std::iter::once(module).chain(after).any(end)
        };
        let judge = || {
            let fits = |module: &&String| ends(module, &|end| targets.contains(end));
            let fitting = own.modules.iter().filter(fits).count();
            // Some modules may be of `target_parameters`, and some of the list may not be in the network.
            !targets.is_empty() && fitting.saturating_mul(2) < own.modules.len()
        };
        let network = self.modules.get(&s).copied().unwrap_or(usize::MAX);
        let targets = *self.known.borrow_mut().entry((network, *list)).or_insert_with(judge);
        let rank = config.refusal.is_none()
            && !own.ranks.is_empty()
            && !own.ranks.contains(&config.r)
            && config.rank_pattern.is_empty();
        Misfit {
            name: self.marks.get(c) != Some(&own.mark),
            targets,
            rank,
        }
    }
}

/// The addition of a file's name to the usual one: `adapter_model (1).safetensors` and `adapter_config (1).json` both ` (1)`.
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
fn share(assigned: &mut [Option<usize>], fits: &Fits, entries: &Files, sets: &[FileSet]) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (set, c) in sets.iter().zip(assigned.iter()) {
        if let Some(c) = c {
            first.entry(&set.folder).or_insert(*c);
        }
    }
    for (s, (set, own)) in sets.iter().zip(assigned.iter_mut()).enumerate() {
        let alone = || entries.folder(&set.folder).is_some_and(|f| f.adapter_configs == 1);
        if own.is_none() && set.is_adapter && !set.folder.is_empty() && alone() {
            // One of another rank is another adapter's.
            let shared = first.get(set.folder.as_str()).copied();
            *own = shared.filter(|c| !fits.misfit(s, *c).rank);
        }
    }
}

/// A configuration that lies in another folder than the weights: above the only adapters that lack one (a run keeps it once for all its
/// checkpoints), or anywhere where one of each is left. It has to fit.
fn elsewhere(
    assigned: &mut [Option<usize>],
    all: &[ConfigFile],
    used: &mut BTreeSet<usize>,
    fits: &Fits,
    entries: &Files,
    sets: &[FileSet],
) {
    let is_fit = |s: usize, c: usize| {
        let misfit = fits.misfit(s, c);
        all.get(c).is_some_and(|c| c.config.refusal.is_none()) && !misfit.rank && !misfit.targets
    };
    let folder = |c: usize| {
        let entry = all.get(c).and_then(|c| entries.get(c.file));
        entry.map_or("", |e| e.folder())
    };
    let mut free: HashMap<&str, Vec<usize>> = HashMap::new();
    for c in (0..all.len()).filter(|c| !used.contains(c)) {
        free.entry(folder(c)).or_default().push(c);
    }
    let lacking = |assigned: &[Option<usize>]| -> Vec<usize> {
        let own = sets.iter().zip(assigned).enumerate();
        own.filter(|(_, (set, c))| set.is_adapter && c.is_none())
            .map(|(s, _)| s)
            .collect()
    };
    for s in lacking(assigned) {
        let Some(set) = sets.get(s) else { continue };
        let above = std::iter::successors(set.folder.rsplit_once('/'), |(above, _)| above.rsplit_once('/'));
        // Alone in its folder; of several above, the first that came.
        let alone = above.filter_map(|(above, _)| match free.get(above)?[..] {
            [one] => Some(one),
            _ => None,
        });
        let mut alone: Vec<usize> = alone.collect();
        alone.sort_unstable();
        if let (Some(c), Some(own)) = (alone.into_iter().find(|c| is_fit(s, *c)), assigned.get_mut(s)) {
            *own = Some(c);
            used.insert(c);
        }
    }
    let free: Vec<usize> = (0..all.len()).filter(|c| !used.contains(c)).collect();
    if let ([s], [c]) = (&lacking(assigned)[..], &free[..])
        && is_fit(*s, *c)
        && let Some(own) = assigned.get_mut(*s)
    {
        *own = Some(*c);
        used.insert(*c);
    }
}
