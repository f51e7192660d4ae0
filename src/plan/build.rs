//! Puts the plan together: problems, questions, base, fine-tunes, jobs, and what is left out.

use super::adapter::{self, Adapter, Alpha};
use super::base::{self, Base, file_infos};
use super::configs::{self, ConfigFile};
use super::files::FileEntry;
use super::job::{Job, Recipe};
use super::models::{self, Paired};
use super::problems::{self, count, of_error, of_plan, warning};
use super::sets::{self, FileSet};
use super::{Answers, LeftOut, Plan, PlanMatrix, PlanModel, Problem, Question, QuestionOption, Severity, left_out};
use crate::error::Error;
use crate::report::{EXACT_UP_TO, FileInfo, Kind};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The plan to show, and the jobs it stands for, in the same order as `plan.matrices`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Planned {
    pub plan: Plan,
    pub jobs: Vec<Job>,
}

/// Plans from files whose headers are read. `unopened` are paths passed over by name.
pub fn make(entries: &[FileEntry], unopened: &[String], answers: &Answers) -> Planned {
    let mut plan = Plan { files: entries.iter().map(|e| FileInfo { name: e.path.clone(), size: e.size }).collect(), ..Plan::default() };
    let (file_problems, passed_over) = problems::of_files(entries);
    plan.problems.extend(file_problems);
    let mut sets = sets::group(entries);
    for (file, missing) in sets::orphan_indices(entries) {
        plan.problems.push(problems::missing_shards("The index", &entries[file].path, &missing, missing.len()));
    }
    for set in &sets {
        plan.problems.extend(problems::of_set(set, entries));
    }
    let (configs, free) = configs::assign(entries, &sets);
    plan.problems.extend(free.iter().map(|c| lone_config(c, entries)));
    plan.problems.extend(configs.iter().flatten().chain(&free).flat_map(|c| config_warnings(c, entries)));

    let drafts = adapters(&mut sets, &configs, entries, &mut plan.problems);
    let hints: Vec<String> = configs.iter().flatten().filter_map(|c| c.config.base_model.clone()).map(|b| last_part(&b)).collect();
    let candidates: Vec<usize> = (0..sets.len()).filter(|s| is_plain_model(&sets[*s])).collect();
    let (chosen, question) = base::choose(&candidates, &sets, &hints, answers);
    plan.questions.extend(question);
    let mut jobs = Vec::new();
    if let Some(chosen) = chosen {
        let base = base::matrices(chosen, &sets, entries);
        plan.base = Some(base.summary(&sets, entries));
        let mut recipes: BTreeMap<usize, Vec<(u32, Recipe, bool)>> = BTreeMap::new();
        for s in candidates.iter().filter(|s| **s != chosen) {
            let set = &sets[*s];
            let paired = models::full(&set.label, first_path(set, entries), &set.tensors, &base);
            let model = PlanModel {
                label: set.label.clone(),
                kind: Kind::Full,
                rank: None,
                alpha: None,
                scale: None,
                scale_text: String::new(),
                scale_source: String::new(),
                files: file_infos(&set.files, entries),
                matching: paired.matching.clone(),
                notes: paired.notes.clone(),
            };
            accept(&mut plan, &mut recipes, model, paired);
        }
        for draft in &drafts {
            add_adapter(&mut plan, &mut recipes, draft, &sets, &base, entries, answers);
        }
        jobs = make_jobs(&base, recipes);
        let used: BTreeSet<&str> = jobs.iter().map(|j| j.base.name.as_str()).collect();
        plan.left_out = left_out::of_base(&base, &sets[chosen].tensors, &used);
        for model in plan.models.iter().filter(|m| !m.matching.unmatched.is_empty()) {
            plan.left_out.push(LeftOut {
                count: model.matching.unmatched.len() as u32,
                what: format!("matrices of {}: no counterpart in the base", model.label),
                names: model.matching.unmatched.clone(),
            });
        }
    } else {
        plan.questions.extend(drafts.iter().filter_map(|d| alpha_question(d, answers)));
    }
    let unread: Vec<String> = unopened.iter().cloned().chain(passed_over).chain(other_json(entries)).collect();
    if !unread.is_empty() {
        plan.left_out.push(LeftOut {
            count: unread.len() as u32,
            what: "files without weights, or the same weights in another format".into(),
            names: unread,
        });
    }
    plan.matrices = jobs.iter().map(plan_matrix).collect();
    plan.memory = plan.matrices.iter().map(|m| m.memory).fold(0.0, f64::max);
    plan.flops = jobs.iter().map(flops).sum();
    if let Some(problem) = nothing_to_do(&plan, &drafts, &jobs, &hints) {
        plan.problems.push(problem);
    }
    plan.problems.sort_by_key(|p| p.severity);
    Planned { plan, jobs }
}

/// An adapter whose tensors could be sorted, before it is paired.
struct Draft<'a> {
    set: usize,
    label: String,
    adapter: Adapter,
    config: Option<ConfigFile<'a>>,
    /// alpha read from the file's name: the authors' files carry it there.
    named_alpha: Option<f64>,
}

static NAMED_ALPHA: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"alpha=(\d+(?:\.\d+)?)").expect("a constant"));

fn adapters<'a>(
    sets: &mut [FileSet],
    configs: &[Option<ConfigFile<'a>>],
    entries: &[FileEntry],
    problems: &mut Vec<Problem>,
) -> Vec<Draft<'a>> {
    let mut drafts = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        let file = first_path(set, entries);
        let config = configs[s];
        if let Some(error) = config.and_then(|c| c.config.refusal.as_ref()) {
            problems.push(of_error(error, file, "Blocks 1 model"));
            continue;
        }
        let sorted = match adapter::sort(&set.tensors) {
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
            drafts.push(Draft { set: s, label, adapter, config, named_alpha });
        }
    }
    label_bare_adapters(&mut drafts);
    drafts
}

/// Adapters dropped without folders are all called `adapter_model`: rank and alpha tell them apart better.
fn label_bare_adapters(drafts: &mut [Draft]) {
    let mut used = BTreeSet::new();
    for draft in drafts {
        if draft.label.starts_with("adapter_model") {
            let rank = draft.adapter.modules.iter().map(|m| m.rank).max().unwrap_or(0);
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
    let other = adapter.modules.iter().find(|m| m.rank != expected(&m.name))?;
    let cause = format!(
        "adapter_config.json says r = {} for “{}”; the file holds r = {}. The file’s rank is used.",
        expected(&other.name),
        other.name,
        other.rank
    );
    Some(Problem {
        tensor: Some(other.name.clone()),
        ..warning("rank-differs", "File and configuration disagree on the rank".into(), file, cause)
    })
}

fn lone_config(config: &ConfigFile, entries: &[FileEntry]) -> Problem {
    let error = config.config.refusal.clone().unwrap_or(Error::ConfigWithoutWeights);
    of_error(&error, &entries[config.file].path, "Blocks 1 model")
}

fn config_warnings(config: &ConfigFile, entries: &[FileEntry]) -> Vec<Problem> {
    let path = &entries[config.file].path;
    let mut warnings = Vec::new();
    if !config.config.defaults.is_empty() {
        let cause = format!("{} not given; PEFT’s default 8 is used.", config.config.defaults.join(" and "));
        warnings.push(warning("config-defaults", "The adapter’s configuration is incomplete".into(), path, cause));
    }
    for key in adapter::plain_keys(config.config) {
        let cause = format!("“{key}” is no regular expression that can be read here; it is compared as plain text.");
        warnings.push(warning("pattern-not-regex", "A pattern cannot be read".into(), path, cause));
    }
    if let Some(base) = config.config.base_model.as_deref().filter(|b| ["-bnb-4bit", "-GPTQ", "-AWQ"].iter().any(|q| b.contains(q))) {
        let cause = format!("adapter_config.json names “{base}”. Compare with its 16-bit version.");
        warnings.push(warning("quantized-base-name", "The adapter was trained on a quantised base".into(), path, cause));
    }
    warnings
}

/// A set that can be a base or a full fine-tune.
fn is_plain_model(set: &FileSet) -> bool {
    !set.is_adapter && problems::quantized(set).is_none() && set.tensors.iter().any(|t| t.begin < t.end)
}

fn add_adapter(
    plan: &mut Plan,
    recipes: &mut BTreeMap<usize, Vec<(u32, Recipe, bool)>>,
    draft: &Draft,
    sets: &[FileSet],
    base: &Base,
    entries: &[FileEntry],
    answers: &Answers,
) {
    let set = &sets[draft.set];
    let question = alpha_question(draft, answers);
    let (alpha, source) = match (draft.config, draft.named_alpha, question.as_ref().map(|q| q.value.as_str())) {
        (Some(c), ..) => (Alpha::Config(c.config), "adapter_config.json"),
        (None, Some(alpha), _) => (Alpha::Given(alpha), "the file’s name"),
        (_, _, Some(LEAVE_OUT)) => {
            plan.questions.extend(question);
            return;
        }
        (_, _, Some("r")) => (Alpha::Times(1.0), "your answer above"),
        (_, _, Some("2r")) | (_, _, None) => (Alpha::Times(2.0), "your answer above"),
        (_, _, Some(number)) => (Alpha::Given(number.parse().unwrap_or(8.0)), "your answer above"),
    };
    let fan_in_fan_out = draft.config.is_some_and(|c| c.config.fan_in_fan_out);
    let paired = models::adapter(&draft.label, first_path(set, entries), &draft.adapter, &alpha, fan_in_fan_out, base);
    let scales: Vec<(f64, f64)> = draft.adapter.modules.iter().map(|m| alpha.scale(m)).collect();
    let ranks: BTreeSet<u64> = draft.adapter.modules.iter().map(|m| m.rank).collect();
    let one = |values: Vec<f64>| values.windows(2).all(|w| w[0] == w[1]).then(|| values[0]);
    let scale = one(scales.iter().map(|s| s.1).collect());
    let root = draft.config.is_some_and(|c| c.config.use_rslora);
    let mut files = file_infos(&set.files, entries);
    files.extend(draft.config.map(|c| FileInfo { name: entries[c.file].path.clone(), size: entries[c.file].size }));
    let model = PlanModel {
        label: draft.label.clone(),
        kind: Kind::Lora,
        rank: ranks.last().and_then(|r| u32::try_from(*r).ok()),
        alpha: one(scales.iter().map(|s| s.0).collect()),
        scale,
        scale_text: match scale {
            Some(s) => format!("{} = {}", if root { "α/√r" } else { "α/r" }, short(s)),
            None => {
                let (low, high) = scales.iter().fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(s.1), h.max(s.1)));
                format!("{} to {}, by module", short(low), short(high))
            }
        },
        scale_source: source.into(),
        files,
        matching: paired.matching.clone(),
        notes: paired.notes.clone(),
    };
    // Nothing hangs on the alpha of an adapter that pairs with nothing.
    plan.questions.extend(question.filter(|_| paired.matching.matched > 0));
    accept(plan, recipes, model, paired);
}

const LEAVE_OUT: &str = "leave-out";

fn alpha_question(draft: &Draft, answers: &Answers) -> Option<Question> {
    if draft.config.is_some() || draft.named_alpha.is_some() {
        return None;
    }
    let id = format!("alpha:{}", draft.label);
    let ranks: BTreeSet<u64> = draft.adapter.modules.iter().map(|m| m.rank).collect();
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

/// Takes a paired model into the plan, or its problem where nothing paired.
fn accept(plan: &mut Plan, recipes: &mut BTreeMap<usize, Vec<(u32, Recipe, bool)>>, model: PlanModel, paired: Paired) {
    plan.problems.extend(paired.problem);
    if paired.matching.matched == 0 {
        return;
    }
    let index = plan.models.len() as u32;
    plan.models.push(model);
    for (matrix, recipe, transposed) in paired.recipes {
        recipes.entry(matrix).or_default().push((index, recipe, transposed));
    }
}

/// The selected matrices that a model changes, in the order of the base.
fn make_jobs(base: &Base, recipes: BTreeMap<usize, Vec<(u32, Recipe, bool)>>) -> Vec<Job> {
    recipes
        .into_iter()
        .filter(|(b, _)| base.matrices[*b].place.is_selected() && base.matrices[*b].tensor.dtype.is_readable())
        .map(|(b, recipes)| {
            let matrix = &base.matrices[b];
            let transposed = matrix.transposed || recipes.iter().any(|r| r.2);
            let [stored_rows, stored_cols] = base::shape(&matrix.tensor).map(|d| d as u32);
            let (rows, cols) = if transposed { (stored_cols, stored_rows) } else { (stored_rows, stored_cols) };
            Job {
                base: matrix.tensor.clone(),
                layer: matrix.place.layer,
                kind: matrix.place.kind.map(str::to_owned),
                rows,
                cols,
                transposed,
                tuned: recipes.into_iter().map(|(model, recipe, _)| (model, recipe)).collect(),
            }
        })
        .collect()
}

fn plan_matrix(job: &Job) -> PlanMatrix {
    let (m, n) = (f64::from(job.rows), f64::from(job.cols));
    let short = m.min(n);
    let models = job.tuned.len() as f64;
    let stored: f64 = job.tensors().iter().map(|t| (t.end - t.begin) as f64).sum();
    let memory = if short <= f64::from(EXACT_UP_TO) {
        // The Gram matrix, its vectors and workspace in f64; W and both blocks of vectors in f32; the base and every model at once.
        stored + (1.0 + models) * (8.0 * 4.0 * short * short + 4.0 * (2.0 * m * n + (m + n) * short))
    } else {
        // A basis of some hundred columns on both sides, one change at a time.
        stored + 4.0 * (m * n + 3.0 * 640.0 * (m + n))
    };
    PlanMatrix {
        name: job.base.name.clone(),
        layer: job.layer,
        kind: job.kind.clone(),
        type_label: crate::series::type_label(job.kind.as_deref()).to_owned(),
        rows: job.rows,
        cols: job.cols,
        models: job.tuned.iter().map(|t| t.0).collect(),
        memory,
        flops: flops(job),
    }
}

/// Operations of the default mode: Gram matrices, their spectra and products of vectors, or a Krylov basis and the bound.
fn flops(job: &Job) -> f64 {
    let (long, short) = (f64::from(job.rows.max(job.cols)), f64::from(job.rows.min(job.cols)));
    let each = |dense: f64, low: f64| job.tuned.iter().map(|(_, r)| if matches!(r, Recipe::Replace(_)) { dense } else { low }).sum::<f64>();
    if short <= f64::from(EXACT_UP_TO) {
        let svd = 3.0 * long * short * short + 6.0 * short.powi(3);
        let pair = svd + 2.0 * short * short * (long + short);
        return svd + each(pair + long * short * short + 2.0 * short.powi(3), pair);
    }
    let krylov = 4.0 * long * short * 512.0 + 4.0 * (long + short) * 512.0 * 512.0;
    let bound = 4.0 * long * short * 16.0 * 24.0;
    krylov + each(krylov + bound + 4.0 * long * short * 640.0, bound)
}

/// Why there is nothing to analyse, where nothing else says so.
fn nothing_to_do(plan: &Plan, drafts: &[Draft], jobs: &[Job], hints: &[String]) -> Option<Problem> {
    if !jobs.is_empty() || plan.files.is_empty() {
        return None;
    }
    if plan.base.is_none() && !drafts.is_empty() {
        let named = hints.first().map(|b| format!(" The adapter names “{b}”.")).unwrap_or_default();
        let cause = format!("{} here, and nothing to compare with.{named}", count(drafts.len(), "adapter is", "adapters are"));
        return Some(of_plan("no-base", "The base model is missing", cause, "Add the base model’s .safetensors files."));
    }
    let no_error = plan.problems.iter().all(|p| p.severity != Severity::Error);
    let has_base = plan.base.as_ref().is_some_and(|b| b.matrices > 0);
    if has_base && plan.models.is_empty() && no_error {
        let cause = "One model is here; an analysis compares it with its fine-tunes.".into();
        let problem = of_plan("no-fine-tune", "A fine-tune is missing", cause, "Add full fine-tunes or adapters of it.");
        // Nothing is wrong yet: people drop the base first.
        return Some(Problem { severity: Severity::Warning, ..problem });
    }
    let cause = || "No two-dimensional weight inside a numbered block was found in both a base and a fine-tune.".to_owned();
    no_error.then(|| of_plan("nothing-to-analyze", "There is no matrix to analyze", cause(), "Add a base model and its fine-tunes."))
}

fn other_json(entries: &[FileEntry]) -> impl Iterator<Item = String> {
    entries.iter().filter(|e| matches!(e.content, Ok(crate::checkpoint::Content::OtherJson))).map(|e| e.path.clone())
}

fn first_path<'a>(set: &FileSet, entries: &'a [FileEntry]) -> &'a str {
    set.files.first().map_or("", |f| &entries[*f].path)
}

fn last_part(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

/// Four significant digits, without trailing zeros.
fn short(x: f64) -> String {
    let digits = (3 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
