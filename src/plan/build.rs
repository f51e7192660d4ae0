//! Puts the plan together: problems, questions, base, fine-tunes, jobs, and what is left out.

use super::base::{self, Base, file_infos};
use super::configs::{self, ConfigFile};
use super::cost::{flops, plan_matrix};
use super::drafts::{self, Draft};
use super::files::FileEntry;
use super::fused;
use super::job::{Job, Recipe};
use super::models::{self, Paired};
use super::problems::{self, count, of_error, of_plan, warning};
use super::replication;
use super::run;
use super::selection::Selection;
use super::sets::{self, FileSet};
use super::tied;
use super::{Answers, LeftOut, Plan, PlanModel, Problem, Severity, adapter, left_out};
use crate::error::Error;
use crate::report::{FileInfo, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// The plan to show, and the jobs it stands for, in the same order as `plan.matrices`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Planned {
    pub plan: Plan,
    pub jobs: Vec<Job>,
}

/// Plans from files whose headers are read. `unopened` are paths passed over by name.
pub fn make(entries: &[FileEntry], unopened: &[String], answers: &Answers) -> Planned {
    let mut plan =
        Plan { files: entries.iter().map(|e| FileInfo { name: e.path.clone(), size: e.size, sha256: None }).collect(), ..Plan::default() };
    let (file_problems, passed_over) = problems::of_files(entries);
    plan.problems.extend(file_problems);
    let sets = sets::group(entries);
    for (file, missing) in sets::orphan_indices(entries) {
        plan.problems.push(problems::missing_shards("The index", &entries[file].path, &missing, missing.len()));
    }
    for set in &sets {
        plan.problems.extend(problems::of_set(set, entries));
    }
    let (configs, free) = configs::assign(entries, &sets);
    plan.problems.extend(free.iter().map(|c| lone_config(c, entries)));
    plan.problems.extend(configs.iter().flatten().chain(&free).flat_map(|c| config_warnings(c, entries)));

    let mut drafts = drafts::adapters(&sets, &configs, entries, &mut plan.problems);
    let hints: Vec<String> = configs.iter().flatten().filter_map(|c| c.config.base_model.clone()).map(|b| last_part(&b)).collect();
    let candidates: Vec<usize> = (0..sets.len()).filter(|s| is_plain_model(&sets[*s])).collect();
    let (chosen, question) = base::choose(&candidates, &sets, &hints, answers);
    plan.questions.extend(question);
    let mut jobs = Vec::new();
    if let Some(chosen) = chosen {
        let mut base = base::matrices(chosen, &sets, entries, Selection::of(answers));
        configs.iter().flatten().for_each(|c| replication::extend(&mut base, &c.config.layer_map));
        tied::extend(&mut base, |head| drafts.iter().any(|d| d.targets(head)));
        plan.types = base.types();
        plan.pattern = base.selection.text.clone();
        plan.pattern_fault = base.selection.fault.clone();
        plan.base = Some(base.summary(&sets, entries));
        let steps = run::steps(&sets);
        let mut recipes = Recipes::new();
        // The checkpoints of a run stand together, in the order of its steps.
        let mut tuned: Vec<usize> = candidates.into_iter().filter(|s| *s != chosen).collect();
        tuned.sort_by(|a, b| steps[*a].cmp(&steps[*b]));
        drafts.sort_by(|a, b| steps[a.set].cmp(&steps[b.set]));
        for s in tuned {
            let set = &sets[s];
            let paired = models::full(&set.label, set.first_path(entries), &set.tensors, &base, &answers.by_hand(&set.label));
            let model = PlanModel {
                label: set.label.clone(),
                kind: Kind::Full,
                method: Kind::Full.name().into(),
                formula: None,
                rank: None,
                alpha: None,
                scale: None,
                scale_text: String::new(),
                scale_source: String::new(),
                files: file_infos(&set.files, entries),
                run: steps[s].clone(),
                matching: paired.matching.clone(),
                notes: paired.notes.clone(),
            };
            accept(&mut plan, &mut recipes, model, paired);
        }
        for draft in &drafts {
            let question = drafts::alpha_question(draft, answers);
            let Some((model, paired)) = drafts::paired(draft, &sets, &base, entries, answers) else {
                plan.questions.extend(question);
                continue;
            };
            // Nothing hangs on the alpha of an adapter that pairs with nothing.
            plan.questions.extend(question.filter(|_| paired.matching.matched > 0));
            accept(&mut plan, &mut recipes, PlanModel { run: steps[draft.set].clone(), ..model }, paired);
        }
        let runs: Vec<_> = plan.models.iter().map(|m| m.run.clone()).collect();
        jobs = make_jobs(&base, recipes, &run::before(&runs));
        let used: BTreeSet<&str> = jobs.iter().map(|j| j.base.name.as_str()).collect();
        plan.left_out = left_out::of_base(&base, &sets[chosen].tensors, &used);
        let config = configs::model(entries, &sets[chosen].folder);
        let wanted = answers.0.get(fused::SPLIT).is_some_and(|a| a == "yes");
        plan.split = jobs.iter().any(|j| fused::parts(j, config).is_some()).then_some(wanted);
        if wanted {
            jobs = jobs.into_iter().flat_map(|job| fused::split(job, config)).collect();
        }
        for model in plan.models.iter().filter(|m| !m.matching.unmatched.is_empty()) {
            plan.left_out
                .push(LeftOut::new(format!("matrices of {}: no counterpart in the base", model.label), model.matching.unmatched.clone()));
        }
    } else {
        plan.questions.extend(drafts.iter().filter_map(|d| drafts::alpha_question(d, answers)));
    }
    let unread: Vec<String> = unopened.iter().cloned().chain(passed_over).chain(other_json(entries)).collect();
    if !unread.is_empty() {
        plan.left_out.push(LeftOut::new("files without weights, or the same weights in another format", unread));
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
    if let Some(base) = config.config.base_model.as_deref()
        && let Some(name) = problems::unpacked_name(base)
    {
        let cause = format!("adapter_config.json names “{base}”. Compare with its 16-bit version, “{name}”.");
        warnings.push(warning("quantized-base-name", "The adapter was trained on a quantised base".into(), path, cause));
    }
    warnings
}

/// A set that can be a base or a full fine-tune.
fn is_plain_model(set: &FileSet) -> bool {
    !set.is_adapter && problems::quantized(set).is_none() && set.tensors.iter().any(|t| t.begin < t.end)
}

/// By base matrix: the model, how it makes W, and whether the base turned out to be stored as `[in, out]`.
type Recipes = BTreeMap<usize, Vec<(u32, Recipe, bool)>>;

/// Takes a paired model into the plan, or its problem where nothing paired.
fn accept(plan: &mut Plan, recipes: &mut Recipes, model: PlanModel, paired: Paired) {
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

/// The selected matrices that a model changes, in the order of the base. `before`: of every model the checkpoint before it in its run.
fn make_jobs(base: &Base, recipes: Recipes, before: &[Option<usize>]) -> Vec<Job> {
    recipes
        .into_iter()
        .filter(|(b, _)| base.is_selected(*b) && base.matrices[*b].tensor.is_readable())
        .map(|(b, recipes)| {
            let matrix = &base.matrices[b];
            let transposed = matrix.transposed || recipes.iter().any(|r| r.2);
            let [stored_rows, stored_cols] = base::shape(&matrix.tensor).map(|d| d as u32);
            let (rows, cols) = if transposed { (stored_cols, stored_rows) } else { (stored_rows, stored_cols) };
            let place = |model: usize| recipes.iter().position(|(m, ..)| *m as usize == model);
            Job {
                base: matrix.tensor.clone(),
                layer: matrix.place.layer,
                kind: matrix.place.kind.map(str::to_owned),
                rows,
                cols,
                transposed,
                lines: None,
                follows: recipes.iter().map(|(model, ..)| before[*model as usize].and_then(place)).collect(),
                tuned: recipes.into_iter().map(|(model, recipe, _)| (model, recipe)).collect(),
            }
        })
        .collect()
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

fn last_part(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
