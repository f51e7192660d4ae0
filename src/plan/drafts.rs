//! Adapters on their way into the plan: their tensors sorted, their configuration found, alpha asked for where nobody says it.

use super::adapter::{self, Adapter, Alpha, Module};
use super::base::{Base, file_infos};
use super::configs::ConfigFile;
use super::files::FileEntry;
use super::models::{self, Paired};
use super::problems::{count, of_error, warning};
use super::scaled::Scaled;
use super::sets::FileSet;
use super::{Answers, PlanModel, Problem, Question, QuestionOption};
use crate::checkpoint::AdapterConfig;
use crate::checkpoint::adapter_config::Scaling;
use crate::error::Error;
use crate::methods::{METHODS, Method};
use crate::report::{FileInfo, Kind};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// An adapter whose tensors could be sorted, before it is paired.
pub struct Draft<'a> {
    pub set: usize,
    label: String,
    pub adapter: Adapter,
    config: Option<ConfigFile<'a>>,
    /// alpha read from the file's name: the authors' files carry it there.
    named_alpha: Option<f64>,
    /// What diffusers says in the file's own metadata.
    stored: Option<AdapterConfig>,
}

impl Draft<'_> {
    /// Whether it changes the weight of that name.
    pub fn targets(&self, weight: &str) -> bool {
        let module = weight.trim_end_matches(".weight");
        self.adapter.modules.iter().any(|m| m.name == module)
    }
}

static NAMED_ALPHA: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"alpha=(\d+(?:\.\d+)?)").expect("a constant"));

pub fn adapters<'a>(
    sets: &[FileSet],
    configs: &[Option<ConfigFile<'a>>],
    entries: &[FileEntry],
    problems: &mut Vec<Problem>,
) -> Vec<Draft<'a>> {
    let mut drafts = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        let file = set.first_path(entries);
        let config = configs[s];
        if let Some(error) = config.and_then(|c| c.config.refusal.as_ref()) {
            problems.push(of_error(error, file, "Blocks 1 model"));
            continue;
        }
        let sorted = match adapter::sort(&set.tensors, config.map(|c| c.config)) {
            Ok(sorted) => sorted,
            Err(error) => {
                problems.push(of_error(&error, file, "Blocks 1 model"));
                continue;
            }
        };
        let several = sorted.len() > 1;
        for (name, adapter) in sorted {
            problems.extend(module_problems(&adapter, file));
            if adapter.modules.is_empty() {
                continue;
            }
            let label = if several { format!("{} ({name})", set.label) } else { set.label.clone() };
            let named_alpha = NAMED_ALPHA.captures(file).and_then(|c| c[1].parse().ok());
            problems.extend(rank_warning(&adapter, config, file));
            let stored = stored_config(set, &adapter, entries);
            drafts.push(Draft { set: s, label, adapter, config, named_alpha, stored });
        }
    }
    label_bare_adapters(&mut drafts);
    drafts
}

fn stored_config(set: &FileSet, adapter: &Adapter, entries: &[FileEntry]) -> Option<AdapterConfig> {
    let component = adapter.modules.first()?.name.split('.').next()?;
    let json = set.files.iter().find_map(|f| entries[*f].header()?.adapter_metadata.as_deref())?;
    AdapterConfig::parse_diffusers(json, component).filter(|c| c.refusal.is_none())
}

/// Adapters dropped without folders are all called `adapter_model`: rank and alpha tell them apart better.
fn label_bare_adapters(drafts: &mut [Draft]) {
    let mut used = BTreeSet::new();
    for draft in drafts {
        if draft.label.starts_with("adapter_model") {
            let rank = draft.adapter.modules.iter().filter_map(Module::rank).max().unwrap_or(0);
            let alpha = draft.config.map(|c| format!(" α={}", c.config.alpha)).unwrap_or_default();
            draft.label = format!("lora r={rank}{alpha}");
        }
        let plain = draft.label.clone();
        let mut n = 2;
        while !used.insert(draft.label.clone()) {
            draft.label = format!("{plain} ({n})");
            n += 1;
        }
    }
}

/// One problem a kind of damage: a thousand modules are damaged in the same way.
fn module_problems(adapter: &Adapter, file: &str) -> Vec<Problem> {
    let mut by_code: BTreeMap<&str, (usize, &Error)> = BTreeMap::new();
    for error in &adapter.errors {
        by_code.entry(error.code()).or_insert((0, error)).0 += 1;
    }
    let all = adapter.modules.is_empty();
    by_code
        .into_values()
        .map(|(n, error)| {
            let blocks = if all { "Blocks 1 model".into() } else { format!("Leaves out {}", count(n, "matrix", "matrices")) };
            of_error(error, file, &blocks)
        })
        .collect()
}

fn rank_warning(adapter: &Adapter, config: Option<ConfigFile>, file: &str) -> Option<Problem> {
    let config = config?.config;
    let expected = |name: &str| adapter::pick(&config.rank_pattern, name).unwrap_or(config.r);
    let (other, rank) = adapter
        .modules
        .iter()
        .filter(|m| matches!(m.method.kind, Kind::Lora | Kind::Dora | Kind::Pissa | Kind::Olora))
        .find_map(|m| m.rank().filter(|r| *r != expected(&m.name)).map(|r| (m, r)))?;
    let cause = format!(
        "adapter_config.json says r = {} for “{}”; the file holds r = {}. The file’s rank is used.",
        expected(&other.name),
        other.name,
        rank
    );
    Some(Problem {
        tensor: Some(other.name.clone()),
        ..warning("rank-differs", "File and configuration disagree on the rank".into(), file, cause)
    })
}

/// The model that a draft becomes, and how it pairs with the base; none where the reader leaves it out.
pub fn paired(draft: &Draft, sets: &[FileSet], base: &Base, entries: &[FileEntry], answers: &Answers) -> Option<(PlanModel, Paired)> {
    let set = &sets[draft.set];
    let question = alpha_question(draft, answers);
    let asked = question.as_ref().map(|q| q.value.as_str());
    if asked == Some(LEAVE_OUT) {
        return None;
    }
    let adapter = &draft.adapter;
    let (alpha, source) = match (draft.config, draft.named_alpha, asked) {
        _ if draft.config.is_none() && draft.stored.is_some() => (Alpha::Config(draft.stored.as_ref()?), "the file’s metadata"),
        (Some(c), ..) => (Alpha::Config(c.config), "adapter_config.json"),
        (None, Some(alpha), _) => (Alpha::Given(alpha), "the file’s name"),
        (.., None) => (Alpha::Times(1.0), "α = r, the convention of image models"),
        (.., Some("r")) => (Alpha::Times(1.0), "your answer above"),
        (.., Some("2r")) => (Alpha::Times(2.0), "your answer above"),
        (.., Some(number)) => (Alpha::Given(number.parse().unwrap_or(8.0)), "your answer above"),
    };
    let fan_in_fan_out = draft.config.is_some_and(|c| c.config.fan_in_fan_out);
    let paired =
        models::adapter(&draft.label, set.first_path(entries), adapter, &alpha, fan_in_fan_out, base, &answers.by_hand(&draft.label));
    let root = matches!(&alpha, Alpha::Config(c) if c.scaling == Scaling::Root);
    let scaled = Scaled::of(adapter, &alpha, root, source);
    // One method a file, as a rule; where a magnitude is missing here and there, the most common names the model.
    let method = common(adapter);
    let mut files = file_infos(&set.files, entries);
    files.extend(draft.config.map(|c| FileInfo { name: entries[c.file].path.clone(), size: entries[c.file].size, sha256: None }));
    let model = PlanModel {
        label: draft.label.clone(),
        kind: method.kind,
        method: method.kind.name().into(),
        formula: Some(method.formula.into()),
        rank: adapter.modules.iter().filter_map(Module::rank).max().and_then(|r| u32::try_from(r).ok()),
        alpha: scaled.alpha,
        scale: scaled.scale,
        scale_text: scaled.text,
        scale_source: scaled.source,
        files,
        run: None,
        matching: paired.matching.clone(),
        notes: paired.notes.clone(),
    };
    Some((model, paired))
}

/// The method of most modules.
fn common(adapter: &Adapter) -> &'static Method {
    let of = |m: &&Module| adapter.modules.iter().filter(|o| o.method == m.method).count();
    adapter.modules.iter().max_by_key(of).map_or(METHODS[0], |m| m.method)
}

const LEAVE_OUT: &str = "leave-out";

pub fn alpha_question(draft: &Draft, answers: &Answers) -> Option<Question> {
    let told = draft.config.is_some() || draft.stored.is_some() || draft.named_alpha.is_some() || draft.adapter.image;
    if told || !draft.adapter.modules.iter().any(Module::asks_alpha) {
        return None;
    }
    let id = format!("alpha:{}", draft.label);
    let ranks: BTreeSet<u64> = draft.adapter.modules.iter().filter_map(Module::rank).collect();
    let of_rank = |factor: u64, formula: &str| match (ranks.len(), ranks.first()) {
        (1, Some(r)) => format!("{}, that is {formula}", r.saturating_mul(factor)),
        _ => formula.to_owned(),
    };
    let option = |value: &str, label: String, note: &str| QuestionOption { value: value.into(), label, note: note.into() };
    let answer = answers
        .0
        .get(&id)
        .filter(|a| ["2r", "r", "8", LEAVE_OUT].contains(&a.as_str()) || a.parse::<f64>().is_ok_and(|x| x.is_finite() && x > 0.0));
    Some(Question {
        title: format!("What is α for “{}”?", draft.label),
        detail: "It came without adapter_config.json. α sets the size of the change, so every number depends on it.".into(),
        options: vec![
            option("2r", of_rank(2, "2r"), "default: the paper’s choice"),
            option("r", of_rank(1, "r"), "the convention of image models"),
            option("8", "8".into(), "PEFT’s default"),
            option(LEAVE_OUT, "Leave this model out".into(), ""),
        ],
        value: answer.cloned().unwrap_or_else(|| "2r".into()),
        number: true,
        id,
    })
}
