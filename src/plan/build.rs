//! The assembly of the plan: problems, questions, base, fine-tunes, jobs, and what is left out.

use crate::checkpoint::Content;
use crate::error::{Error, Foreign, PARALLEL};
use crate::plan::adapters::alpha;
use crate::plan::adapters::configs::{self, Assigned, ConfigFile};
use crate::plan::adapters::drafts::{self, Draft};
use crate::plan::base::{self, Base, file_infos};
use crate::plan::cost::{flops, plan_matrix};
use crate::plan::files::FileEntry;
use crate::plan::files::bystanders;
use crate::plan::files::companions::{self, Around};
use crate::plan::files::folders::Files;
use crate::plan::files::problems::{self, count, of_error, of_plan, warning};
use crate::plan::files::ranks::Ranks;
use crate::plan::files::run;
use crate::plan::files::schemes;
use crate::plan::files::sets::{self, FileSet};
use crate::plan::job::{Job, Recipe};
use crate::plan::models::{self, Paired};
use crate::plan::names::canonical;
use crate::plan::names::fused;
use crate::plan::names::kinds;
use crate::plan::names::layouts;
use crate::plan::names::orientation::Orientation;
use crate::plan::pairing::depth::Shift;
use crate::plan::pairing::mismatch::Side;
use crate::plan::pairing::tied;
use crate::plan::selection::Selection;
use crate::plan::whole::{Whole, WholeModel};
use crate::plan::{Answers, LeftOut, Plan, PlanModel, Problem, Severity, left_out};
use crate::report::{FileInfo, Kind, Mode};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Adapters are tried on so many models at most, taken together: nobody drops more to choose from.
const MOST_TRIED: usize = 256;

/// The plan to show, and the jobs it stands for, in the same order as `plan.matrices`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Planned {
    pub plan: Plan,
    pub jobs: Vec<Job>,
}

/// Plans from files whose headers are read. `unopened` are paths passed over by name.
pub fn make(entries: &[FileEntry], unopened: &[String], answers: &Answers) -> Planned {
    assembled(entries, unopened, answers, Selection::of(answers)).0
}

/// The whole models of the same plan, with every tensor that they have.
pub fn whole(entries: &[FileEntry], answers: &Answers) -> Whole {
    assembled(entries, &[], answers, Selection::everything()).1
}

fn assembled(entries: &[FileEntry], unopened: &[String], answers: &Answers, selection: Selection) -> (Planned, Whole) {
    let mut whole = Whole::default();
    let mut plan = Plan {
        files: entries
            .iter()
            .map(|e| FileInfo {
                name: e.path.clone(),
                size: e.size,
                sha256: None,
            })
            .collect(),
        ..Plan::default()
    };
    let entries = bystanders::set_aside(entries);
    let entries = &Files::new(&entries);
    let ranks = Ranks::of(entries);
    let (file_problems, passed_over) = problems::of_files(entries);
    plan.problems.extend(file_problems);
    let sets = sets::grouped(entries, &ranks);
    for (file, missing, in_all) in sets::orphan_indices(entries) {
        plan.problems.push(problems::missing_shards(
            "The index",
            path(entries, file),
            &missing,
            in_all,
            in_all,
        ));
    }
    for set in &sets {
        plan.problems.extend(problems::of_set(set, entries));
    }
    let Assigned {
        of: configs,
        free,
        questions,
    } = configs::assign(entries, &sets, answers);
    plan.questions.extend(questions);
    plan.problems.extend(
        companions::in_pieces(unopened, entries, &sets)
            .into_iter()
            .map(|(pieces, folder)| {
                let problem = of_error(&Error::InPieces(pieces), folder, "Blocks 1 checkpoint");
                // Nothing else of that folder can be read; without it nothing is lost of the others.
                Problem {
                    file: Some(if folder.is_empty() {
                        pieces.what.to_owned()
                    } else {
                        folder.to_owned()
                    }),
                    ..problem
                }
            }),
    );
    plan.problems
        .extend(ranks.in_parallel(entries).into_iter().map(|first| {
            let error = Error::InPieces(&PARALLEL);
            of_error(&error, path(entries, first), "Blocks 1 checkpoint")
        }));
    plan.problems
        .extend(sets.iter().zip(&configs).filter_map(|(set, config)| {
            // What its configuration refuses is said by that.
            let is_refused = config.is_some_and(|c| c.config.refusal.is_some());
            foreign_problem(set, entries).filter(|_| !is_refused)
        }));
    plan.problems.extend(free.iter().map(|c| lone_config(c, entries)));
    plan.problems.extend(
        configs
            .iter()
            .zip(&sets)
            .filter_map(|(c, set)| Some((c.as_ref()?, set.letters())))
            .chain(free.iter().map(|c| (c, 0)))
            .flat_map(|(c, letters)| config_warnings(c, entries, letters)),
    );

    let mut drafts = drafts::adapters(&sets, &configs, entries, &mut plan.problems);
    let hints: Vec<String> = configs
        .iter()
        .flatten()
        .filter_map(|c| c.config.base_model.clone())
        .map(|b| last_part(&b))
        .collect();
    let models = sets.iter().enumerate().filter(|(_, set)| is_plain_model(set));
    let models: Vec<usize> = models.map(|(s, _)| s).collect();
    let around = Around::of(&sets, entries);
    let mut companions: Vec<(usize, &str)> = models
        .iter()
        .filter_map(|s| Some((*s, companions::why(*s, &sets, &around, entries)?)))
        .collect();
    if companions.len() == models.len() {
        // Nothing but companions: one of them is what is meant.
        companions.clear();
    }
    let mut candidates = models;
    candidates.retain(|s| companions.binary_search_by_key(s, |c| c.0).is_err());
    let tries = candidates.len().saturating_mul(drafts.len());
    if candidates.len() > 1 && (1..=MOST_TRIED).contains(&tries) {
        for (s, set) in candidates.iter().filter_map(|s| Some((s, sets.get(*s)?))) {
            let base = base::matrices(*s, set, entries, selection.clone());
            drafts.iter_mut().for_each(|d| d.try_on(&base));
        }
    }
    let of_other_kinds = kinds::companions(&candidates, &sets, &drafts, answers);
    let aside: HashSet<usize> = of_other_kinds.iter().map(|c| c.0).collect();
    candidates.retain(|s| !aside.contains(s));
    companions.extend(of_other_kinds);
    for (set, copy) in sets
        .iter()
        .flat_map(|set| set.copies.iter().map(move |copy| (set, copy)))
    {
        let what = format!(
            "tensors of {}: a second copy of its weights (“{}”), not compared",
            set.label, copy.lead
        );
        plan.left_out.push(LeftOut::new(what, copy.names.clone()));
    }
    for (set, why) in companions.into_iter().filter_map(|(s, why)| Some((sets.get(s)?, why))) {
        plan.left_out.push(LeftOut::new(
            format!("{}: {why}, not compared", set.label),
            paths(set, entries),
        ));
    }
    let adapters_of = |s: usize| drafts.iter().filter(|d| d.fits.contains(&s)).count();
    // A packed model may be the base all the same; then nothing is compared with another in its place.
    let packed: Vec<usize> = sets
        .iter()
        .enumerate()
        .filter(|(_, set)| is_packed_model(set))
        .map(|(s, _)| s)
        .collect();
    let (chosen, question) = base::choose(&candidates, &packed, &sets, adapters_of, &hints, answers);
    plan.questions.extend(question);
    let mut jobs = Vec::new();
    if let Some((chosen, base_set)) = chosen
        .filter(|c| !packed.contains(c))
        .and_then(|c| Some((c, sets.get(c)?)))
    {
        let mut base = base::matrices(chosen, base_set, entries, selection);
        if base.selection.is_of_everything() {
            // A tied head that only a fine-tune has in its file is a change of its own.
            let fulls = || candidates.iter().filter_map(|s| sets.get(*s));
            let named: HashSet<String> = fulls()
                .flat_map(|set| &set.tensors)
                .map(|t| canonical(&t.name).name.into_owned())
                .collect();
            tied::extend(&mut base, |head| named.contains(head));
        }
        // With the copies of its matrices that single models ask for: each model sees its own only.
        let mut all = base.clone();
        plan.pattern = base.selection.text.clone();
        plan.pattern_fault = base.selection.fault.clone();
        plan.base = Some(base.summary(&sets, entries));
        let steps = run::steps(&sets);
        let step = |s: usize| steps.get(s).and_then(Option::as_ref);
        let mut recipes = Recipes::new();
        let of_images = base_set.stem.starts_with("diffusion_pytorch_model")
            || layouts::of(base.named.iter().map(|n| n.name.as_str())).is_some_and(|l| l.image);
        drafts.iter_mut().for_each(|d| d.on(&base, of_images));
        let inside = &base_set.inside;
        if !inside.is_empty() {
            let what = "tensors of adapters inside the base: not merged, and not compared";
            plan.left_out.push(LeftOut::new(what, inside.clone()));
        }
        // The checkpoints of a run stand together, in the order of its steps.
        let mut tuned: Vec<usize> = candidates.into_iter().filter(|s| *s != chosen).collect();
        tuned.sort_by(|a, b| step(*a).cmp(&step(*b)));
        drafts.sort_by(|a, b| step(a.set).cmp(&step(b.set)));
        for (s, set) in tuned.into_iter().filter_map(|s| Some((s, sets.get(s)?))) {
            if let Some(why) = companions::other_model(set, base_set, entries) {
                plan.left_out.push(LeftOut::new(
                    format!("{}: {why}, not compared", set.label),
                    paths(set, entries),
                ));
                continue;
            }
            let config = entries.config(&set.folder);
            let own = Orientation::of(&set.tensors, config.and_then(|c| c.model_type.as_deref()));
            let side = Side {
                label: &set.label,
                file: set.first_path(entries),
                what: "model",
                config,
                named: None,
                here: None,
            };
            let shift = Shift::of(&base, base_set, set, entries, answers);
            let mut seen = Cow::Borrowed(&base);
            if !shift.is_empty() {
                shift.extend(seen.to_mut());
            }
            let mut paired = models::full(&side, &set.tensors, &own, &seen, &shift, answers);
            all.adopt(&seen, base.matrices.len(), &mut paired.recipes);
            let is_named = || hints.iter().any(|name| drafts::is_called(name, set));
            let own = || drafts.iter().find(|d| d.fits.contains(&s) && !d.fits.contains(&chosen));
            let unpaired = || {
                companions::unpaired(set, base_set, &base, entries)
                    .or_else(|| own().map(|d| format!("the base of “{}”", d.label)))
                    .or_else(|| is_named().then(|| "the base of an adapter here, another network".to_owned()))
            };
            if paired.matching.matched == 0
                && let Some(why) = unpaired()
            {
                plan.left_out.push(LeftOut::new(
                    format!("{}: {why}, not compared", set.label),
                    paths(set, entries),
                ));
                continue;
            }
            if paired.matching.matched > 0 {
                paired.problems.extend(shift.problems(set.first_path(entries)));
                plan.questions.extend(shift.questions());
            }
            paired.notes.extend(
                set.copies
                    .iter()
                    .map(|copy| format!("It holds two copies of the weights; “{}” is not used.", copy.lead)),
            );
            if base::is_four_bit(base_set) && !base::is_four_bit(set) {
                paired.notes.push(
                    "The base is packed in 4 bits and this model is not: unless it was merged into these very weights, its change holds their rounding too."
                        .into(),
                );
            }
            if !set.inside.is_empty() {
                paired.notes.push(format!(
                    "{} of adapters inside it are not looked at.",
                    count(set.inside.len(), "tensor", "tensors")
                ));
            }
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
                run: step(s).cloned(),
                matching: paired.matching.clone(),
                notes: paired.notes.clone(),
            };
            accept(&mut plan, &mut recipes, &mut whole, model, paired);
        }
        for draft in &drafts {
            let elsewhere = draft.fits.first().filter(|_| !draft.fits.contains(&chosen));
            if let Some(other) = elsewhere.and_then(|other| sets.get(*other)) {
                let other = &other.label;
                plan.left_out.push(LeftOut::new(
                    format!(
                        "{}: it pairs with “{other}”; to see it, choose that as the base",
                        draft.label
                    ),
                    sets.get(draft.set).map(|set| paths(set, entries)).unwrap_or_default(),
                ));
                continue;
            }
            let question = draft.question(answers);
            let seen = draft.seen(&base);
            let Some((model, mut paired)) = drafts::paired(draft, &sets, &seen, entries, answers) else {
                plan.questions.extend(question);
                continue;
            };
            all.adopt(&seen, base.matrices.len(), &mut paired.recipes);
            // Nothing depends on the alpha of an adapter that pairs with nothing.
            plan.questions.extend(question.filter(|_| paired.matching.matched > 0));
            accept(
                &mut plan,
                &mut recipes,
                &mut whole,
                PlanModel {
                    run: step(draft.set).cloned(),
                    ..model
                },
                paired,
            );
        }
        let runs: Vec<_> = plan.models.iter().map(|m| m.run.clone()).collect();
        plan.types = all.types();
        if all.selection.is_of_everything() {
            let config = entries.config(&base_set.folder);
            whole.folder.clone_from(&base_set.folder);
            whole.fill(&all, recipes, &Selection::of(answers), config.map(|c| c.whole.clone()));
            return (Planned { plan, jobs }, whole);
        }
        jobs = make_jobs(&all, recipes, &run::before(&runs));
        let used: BTreeSet<&str> = jobs.iter().map(|j| j.base.name.as_str()).collect();
        plan.left_out
            .splice(0..0, left_out::of_base(&all, &base_set.tensors, &used));
        let config = entries.config(&base_set.folder);
        let wanted = answers.0.get(fused::SPLIT).is_some_and(|a| a == "yes");
        plan.split = jobs.iter().any(|j| fused::parts(j, config).is_some()).then_some(wanted);
        if wanted {
            jobs = jobs.into_iter().flat_map(|job| fused::split(job, config)).collect();
        }
        for model in plan.models.iter().filter(|m| !m.matching.unmatched.is_empty()) {
            plan.left_out.push(LeftOut::new(
                format!("matrices of {}: no counterpart in the base", model.label),
                model.matching.unmatched.clone(),
            ));
        }
    } else {
        plan.questions.extend(drafts.iter().filter_map(|d| d.question(answers)));
    }
    let unread: Vec<String> = unopened
        .iter()
        .cloned()
        .chain(passed_over)
        .chain(of_no_use(entries))
        .collect();
    if plan.models.is_empty() {
        let one = |(path, what)| of_error(&Error::FileType(Foreign::Exported(what)), path, "Blocks 1 file");
        plan.problems.extend(
            companions::exports(unread.iter().map(String::as_str), &sets)
                .into_iter()
                .map(one),
        );
    }
    if !unread.is_empty() {
        plan.left_out.push(LeftOut::new(
            "files without weights, or the same weights in another format",
            unread,
        ));
    }
    plan.matrices = jobs.iter().map(plan_matrix).collect();
    plan.memory = plan.matrices.iter().map(|m| m.memory).fold(0.0, f64::max);
    plan.flops = jobs.iter().map(|job| flops(job, Mode::Auto)).sum();
    if let Some(problem) = nothing_to_do(&plan, &drafts, &jobs, &hints) {
        plan.problems.push(problem);
    }
    plan.problems.iter_mut().for_each(Problem::clip);
    plan.problems.sort_by_key(|p| p.severity);
    (Planned { plan, jobs }, whole)
}

fn paths(set: &FileSet, entries: &[FileEntry]) -> Vec<String> {
    set.files.iter().map(|f| path(entries, *f).to_owned()).collect()
}

fn path(entries: &[FileEntry], file: usize) -> &str {
    entries.get(file).map_or("", |e| &e.path)
}

/// A low-rank file under names that are not read.
fn foreign_problem(set: &FileSet, entries: &[FileEntry]) -> Option<Problem> {
    let foreign = set.foreign.as_ref()?;
    let writer = foreign.writer.map_or("of a library that is not read here", |w| w.name);
    let title = match foreign.writer {
        Some(_) => format!("This is an adapter of {writer}"),
        None => format!("This is an adapter {writer}"),
    };
    let [one, other] = &foreign.example;
    let cause = format!(
        "It holds {} of low rank (r = {}), such as “{one}” and “{other}”: factors of an adapter, not weights of a model.",
        count(foreign.pairs, "pair", "pairs"),
        foreign.rank,
    );
    let names: Vec<&str> = set.tensors.iter().map(|t| t.name.as_str()).collect();
    let problem = warning(
        "foreign-adapter",
        title,
        set.first_path(entries),
        cause,
        &foreign.way(&names),
    );
    let tensor = Some(one.clone());
    Some(Problem {
        tensor,
        blocks: "Blocks 1 model".into(),
        severity: Severity::Error,
        ..problem
    })
}

fn lone_config(config: &ConfigFile, entries: &[FileEntry]) -> Problem {
    let error = config.config.refusal.clone().unwrap_or(Error::ConfigWithoutWeights);
    of_error(&error, path(entries, config.file), "Blocks 1 model")
}

fn config_warnings(config: &ConfigFile, entries: &[FileEntry], letters: usize) -> Vec<Problem> {
    let path = path(entries, config.file);
    let mut warnings = Vec::new();
    if !config.config.defaults.is_empty() {
        let cause = format!(
            "{} not given; PEFT’s default 8 is used.",
            config.config.defaults.join(" and ")
        );
        let fix = "Complete adapter_config.json where the training used other values: the scale depends on them.";
        warnings.push(warning(
            "config-defaults",
            "The adapter’s configuration is incomplete".into(),
            path,
            cause,
            fix,
        ));
    }
    for key in alpha::Configured::new(Cow::Borrowed(config.config), path, letters).plain_keys() {
        let cause = format!(
            "“{key}” is not a regular expression that can be read here, or it is too large; it is compared as plain text."
        );
        let fix = "Give the pattern’s module names in full in adapter_config.json.";
        warnings.push(warning(
            "pattern-not-regex",
            "A pattern cannot be read".into(),
            path,
            cause,
            fix,
        ));
    }
    if let Some(base) = config.config.base_model.as_deref()
        && let Some(name) = problems::unpacked_name(base)
    {
        let cause = format!("adapter_config.json names “{base}”. Compare with its 16-bit version, “{name}”.");
        let fix = format!("Drop “{name}” as the base.");
        warnings.push(warning(
            "quantized-base-name",
            "The adapter was trained on a quantised base".into(),
            path,
            cause,
            &fix,
        ));
    }
    warnings
}

/// A set that can be a base or a full fine-tune.
fn is_plain_model(set: &FileSet) -> bool {
    !set.is_adapter
        && set.foreign.is_none()
        && !set.mixed
        && (schemes::of(set).is_none() || schemes::is_mostly_plain(set))
        && set.tensors.iter().any(|t| t.begin < t.end)
}

/// A model whose weights are packed in a way that is not read.
fn is_packed_model(set: &FileSet) -> bool {
    !set.is_adapter && set.foreign.is_none() && schemes::of(set).is_some() && !schemes::is_mostly_plain(set)
}

/// The recipes of a base matrix: the model, and how it makes W.
pub type Recipes = BTreeMap<usize, Vec<(u32, Recipe)>>;

/// Takes a paired model into the plan, or its problem where nothing paired.
fn accept(plan: &mut Plan, recipes: &mut Recipes, whole: &mut Whole, model: PlanModel, paired: Paired) {
    plan.problems.extend(paired.problems);
    // What pairs may be of types that are off, which the matching does not count.
    let is_off = paired.matching.total == 0 && !paired.recipes.is_empty();
    if paired.matching.matched == 0 && !is_off {
        return;
    }
    let index = plan.models.len() as u32;
    whole.models.push(WholeModel {
        label: model.label.clone(),
        is_full: model.kind == Kind::Full,
        config: paired.config,
        unread: paired.unread,
    });
    plan.models.push(model);
    plan.questions.extend(paired.questions);
    plan.left_out.extend(paired.left_out);
    for (matrix, recipe) in paired.recipes {
        let of = recipes.entry(matrix).or_default();
        // One model makes a matrix in one way.
        if of.last().is_none_or(|(model, _)| *model != index) {
            of.push((index, recipe));
        }
    }
}

/// The selected matrices that a model changes, in the order of the base. `before`: of every model the checkpoint before it in its run.
fn make_jobs(base: &Base, recipes: Recipes, before: &[Option<usize>]) -> Vec<Job> {
    recipes
        .into_iter()
        .filter(|(b, _)| base.is_selected(*b))
        .filter_map(|(b, recipes)| Some((base.matrices.get(b)?, recipes)))
        .filter(|(matrix, _)| matrix.tensor.is_readable())
        .map(|(matrix, recipes)| {
            // Ascending: models were taken in one after the other.
            let place = |model: usize| recipes.binary_search_by_key(&model, |(m, _)| *m as usize).ok();
            let follows = recipes
                .iter()
                .map(|(model, _)| before.get(*model as usize).copied().flatten().and_then(place))
                .collect();
            Job {
                follows,
                ..matrix.job(recipes)
            }
        })
        .collect()
}

/// Codes of problems that a base may have for which it is not used.
const REFUSED_BASE: [&str; 10] = [
    "quantized",
    "file-type",
    "in-pieces",
    "truncated",
    "empty-file",
    "empty-tensors",
    "missing-shard",
    "shards-mixed",
    "torch-invalid",
    "trailing-bytes",
];

/// The reason why there is nothing to analyse, where nothing else says so.
fn nothing_to_do(plan: &Plan, drafts: &[Draft], jobs: &[Job], hints: &[String]) -> Option<Problem> {
    if !jobs.is_empty() || plan.files.is_empty() {
        return None;
    }
    // A base that is here and cannot be read says so itself.
    let is_refused = || {
        plan.problems
            .iter()
            .any(|p| p.severity == Severity::Error && REFUSED_BASE.contains(&p.code.as_str()))
    };
    if plan.base.is_none() && !drafts.is_empty() && !is_refused() {
        let named = hints
            .first()
            .map(|b| format!(" The adapter names “{b}”."))
            .unwrap_or_default();
        let cause = format!(
            "{} here, and nothing to compare with.{named}",
            count(drafts.len(), "adapter is", "adapters are")
        );
        return Some(of_plan(
            "no-base",
            "The base model is missing",
            cause,
            "Add the base model’s .safetensors files.",
        ));
    }
    let no_error = plan.problems.iter().all(|p| p.severity != Severity::Error);
    let has_base = plan.base.as_ref().is_some_and(|b| b.matrices > 0);
    if has_base && plan.models.is_empty() && no_error {
        let cause = "One model is here; an analysis compares it with its fine-tunes.".into();
        let problem = of_plan(
            "no-fine-tune",
            "A fine-tune is missing",
            cause,
            "Add full fine-tunes or adapters of it.",
        );
        // Nothing is wrong yet: people drop the base first.
        return Some(Problem {
            severity: Severity::Warning,
            ..problem
        });
    }
    // Everything that pairs may be of types that are off: then nothing is missing.
    let off: Vec<&str> = plan
        .types
        .iter()
        .filter(|t| !t.on && t.count > 0)
        .map(|t| t.label.as_str())
        .collect();
    if no_error && !plan.models.is_empty() && !off.is_empty() {
        let cause = format!("What changes is of types that are switched off: {}.", off.join(", "));
        let problem = of_plan(
            "all-switched-off",
            "All that changes is switched off",
            cause,
            "Switch it on: under “Matrices” on the page, by --types in the command, by types= in Python.",
        );
        return Some(Problem {
            severity: Severity::Warning,
            ..problem
        });
    }
    let cause =
        || "No two-dimensional weight inside a numbered block was found in both a base and a fine-tune.".to_owned();
    no_error.then(|| {
        of_plan(
            "nothing-to-analyze",
            "There is no matrix to analyze",
            cause(),
            "Add a base model and its fine-tunes.",
        )
    })
}

fn of_no_use(entries: &[FileEntry]) -> impl Iterator<Item = String> {
    entries
        .iter()
        .filter(|e| matches!(e.content, Ok(Content::OtherJson | Content::PassedOver)))
        .map(|e| e.path.clone())
}

fn last_part(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
