//! From the command line to a plan: files opened, answers given, the base where the command line says it is.

use super::args::ModelArgs;
use super::end::Fault;
use super::source::{Source, folders};
use super::visit::Visit;
use lorascope::plan::{Answers, Plan, Severity, layers};

/// A plan and what it was made from.
pub struct Prepared {
    pub visit: Visit,
    pub plan: Plan,
    /// The models as they were given of which nothing is analysed.
    pub nothing: Vec<String>,
}

impl Prepared {
    /// Everything that was named is read, as far as a plan can say.
    pub fn is_whole(&self) -> bool {
        let error = |p: &lorascope::plan::Problem| p.severity == Severity::Error;
        self.nothing.is_empty() && !self.plan.problems.iter().any(error)
    }
}

/// `everywhere`: every tuned matrix, whatever its type.
pub fn prepare(args: &ModelArgs, everywhere: bool) -> Result<Prepared, Fault> {
    let base = Source::of(&args.base)?;
    let models = args
        .models
        .iter()
        .map(|m| Source::of(m))
        .collect::<Result<Vec<_>, _>>()?;
    let (base_folder, model_folders) = folders(&base, &models)?;
    let mut visit = Visit::default();
    visit.open(0, &base, &base_folder);
    for (number, (model, folder)) in (1..).zip(models.iter().zip(&model_folders)) {
        visit.open(number, model, folder);
    }
    let mut answers = given(args)?;
    let mut plan = with_base(&mut visit, &mut answers, args)?;
    if everywhere && args.types.is_empty() {
        let all: Vec<&str> = plan.types.iter().filter(|t| t.count > 0).map(|t| &*t.kind).collect();
        answers.0.insert("types".into(), all.join(","));
        plan = visit.session.plan(&answers).clone();
    }
    understood(&plan, args)?;
    let is_there = |number: usize| plan.models.iter().any(|m| visit.any_of(number, &m.files));
    let nothing = (1..)
        .zip(&models)
        .filter(|(n, _)| !is_there(*n))
        .map(|(_, s)| s.given.clone());
    Ok(Prepared {
        nothing: nothing.collect(),
        plan,
        visit,
    })
}

/// The flags as answers.
fn given(args: &ModelArgs) -> Result<Answers, Fault> {
    let mut answers = Answers::default();
    let mut put = |id: &str, value: String| answers.0.insert(id.into(), value);
    if !args.types.is_empty() {
        put("types", args.types.join(","));
    }
    if let Some(list) = &args.layers {
        layers(list).ok_or_else(|| {
            Fault::Usage(format!(
                "--layers {list} is not a list of blocks. Write numbers and ranges: 0-3,7."
            ))
        })?;
        put("layers", list.clone());
    }
    if let Some(pattern) = &args.pattern {
        put("pattern", pattern.clone());
    }
    if args.split {
        put("split", "yes".into());
    }
    for answer in &args.answer {
        // An id may hold a model's name, and that a sign of equality; a value has none.
        let (id, value) = answer.rsplit_once('=').ok_or_else(|| {
            Fault::Usage(format!(
                "--answer {answer}: write the question's id, =, and the answer."
            ))
        })?;
        put(id, value.into());
    }
    Ok(answers)
}

/// Plans, and where another model was taken for the base answers that question.
fn with_base(visit: &mut Visit, answers: &mut Answers, args: &ModelArgs) -> Result<Plan, Fault> {
    let mut plan = visit.session.plan(answers).clone();
    let is_right = |visit: &Visit, plan: &Plan| plan.base.as_ref().is_some_and(|b| visit.are_of(0, &b.files));
    let question = plan.questions.iter().find(|q| q.id == "base");
    let choices: Vec<String> = question
        .iter()
        .flat_map(|q| &q.options)
        .map(|o| o.value.clone())
        .collect();
    let asked = answers.0.contains_key("base");
    for choice in choices {
        if asked || is_right(visit, &plan) {
            break;
        }
        answers.0.insert("base".into(), choice);
        plan = visit.session.plan(answers).clone();
    }
    if is_right(visit, &plan) {
        return Ok(plan);
    }
    let own = |p: &&lorascope::plan::Problem| p.severity == Severity::Error;
    let why: String = plan
        .problems
        .iter()
        .filter(own)
        .map(|p| format!("\n{}", super::told::problem(p)))
        .collect();
    Err(Fault::Unreadable(format!(
        "{} holds no model that can be the base: the whole weights of the pre-trained model are needed, as .safetensors or torch.save files.{why}",
        args.base
    )))
}

/// What the flags say is there, or they are wrong: nothing is passed over in silence.
fn understood(plan: &Plan, args: &ModelArgs) -> Result<(), Fault> {
    if let Some(fault) = &plan.pattern_fault {
        return Err(Fault::Usage(format!("--pattern: {fault}")));
    }
    let known: Vec<&str> = plan.types.iter().map(|t| &*t.kind).collect();
    if let Some(kind) = args.types.iter().find(|kind| !known.contains(&kind.as_str())) {
        return Err(Fault::Usage(format!(
            "--types {kind}: the base has no such type. It has {}.",
            known.join(", ")
        )));
    }
    for (id, value) in args.answer.iter().filter_map(|answer| answer.rsplit_once('=')) {
        let question = plan.questions.iter().find(|q| q.id == id);
        match question {
            Some(q) if q.value != value => {
                let options: Vec<&str> = q.options.iter().map(|o| &*o.value).collect();
                let number = if q.number { ", or a positive number" } else { "" };
                let list = options.join(", ");
                return Err(Fault::Usage(format!(
                    "--answer {id}={value}: the answers are {list}{number}."
                )));
            }
            None if !id.starts_with("pair:") => {
                let ids: Vec<&str> = plan.questions.iter().map(|q| &*q.id).collect();
                let list = if ids.is_empty() { "none".into() } else { ids.join(", ") };
                return Err(Fault::Usage(format!(
                    "--answer {id}: the plan has no such question. Its questions: {list}."
                )));
            }
            _ => {}
        }
    }
    Ok(())
}
