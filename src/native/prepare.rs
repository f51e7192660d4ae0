//! From names to a plan: files opened, answers given, the base the one that was named as base.

use super::fault::Fault;
use super::source::{Source, folders};
use super::visit::Visit;
use crate::plan::{Answers, Plan, Problem, Severity, layers};

/// Which matrices are analysed, and the answers that are known.
#[derive(Debug, Default)]
pub struct Choice {
    /// Types of matrices; none are the linear layers inside numbered blocks.
    pub types: Vec<String>,
    /// Blocks from 0, as `0-3,7`.
    pub layers: Option<String>,
    /// A regular expression for names; with ! before it, names must not fit.
    pub pattern: Option<String>,
    /// Whether fused matrices are taken apart.
    pub split: bool,
    /// Answers to questions of the plan, by their ids.
    pub answers: Vec<(String, String)>,
    /// Every tuned matrix, whatever its type, where no types are named.
    pub everywhere: bool,
}

/// A plan and what it was made from.
pub struct Prepared {
    pub visit: Visit,
    pub plan: Plan,
    /// The answers that it was made with.
    pub answers: Answers,
    /// The models as they were given of which nothing is analysed.
    pub nothing: Vec<String>,
}

impl Prepared {
    /// Everything that was named is read, as far as a plan can say.
    pub fn is_whole(&self) -> bool {
        let error = |p: &Problem| p.severity == Severity::Error;
        self.nothing.is_empty() && !self.plan.problems.iter().any(error)
    }
}

pub fn prepare(base: &Source, models: &[&Source], choice: &Choice) -> Result<Prepared, Fault> {
    let (base_folder, model_folders) = folders(base, models)?;
    let mut visit = Visit::default();
    visit.open(0, base, &base_folder);
    for (number, (model, folder)) in (1..).zip(models.iter().zip(&model_folders)) {
        visit.open(number, model, folder);
    }
    let mut answers = given(choice)?;
    let mut plan = with_base(&mut visit, &mut answers, &base.given)?;
    if choice.everywhere && choice.types.is_empty() {
        let all: Vec<&str> = plan.types.iter().filter(|t| t.count > 0).map(|t| &*t.kind).collect();
        answers.0.insert("types".into(), all.join(","));
        plan = visit.session.plan(&answers).clone();
    }
    understood(&plan, choice)?;
    let is_there = |number: usize| plan.models.iter().any(|m| visit.any_of(number, &m.files));
    let nothing = (1..)
        .zip(models)
        .filter(|(n, _)| !is_there(*n))
        .map(|(_, s)| s.given.clone());
    Ok(Prepared {
        nothing: nothing.collect(),
        plan,
        answers,
        visit,
    })
}

/// The choices as answers.
fn given(choice: &Choice) -> Result<Answers, Fault> {
    let mut answers = Answers::default();
    let mut put = |id: &str, value: String| answers.0.insert(id.into(), value);
    if !choice.types.is_empty() {
        put("types", choice.types.join(","));
    }
    if let Some(list) = &choice.layers {
        layers(list).ok_or_else(|| {
            Fault::Usage(format!(
                "layers {list} is not a list of blocks. Write numbers and ranges: 0-3,7."
            ))
        })?;
        put("layers", list.clone());
    }
    if let Some(pattern) = &choice.pattern {
        put("pattern", pattern.clone());
    }
    if choice.split {
        put("split", "yes".into());
    }
    for (id, value) in &choice.answers {
        put(id, value.clone());
    }
    Ok(answers)
}

/// Plans, and where another model was taken for the base answers that question.
fn with_base(visit: &mut Visit, answers: &mut Answers, base: &str) -> Result<Plan, Fault> {
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
    let why = plan.problems.into_iter().filter(|p| p.severity == Severity::Error);
    Err(Fault::Files(
        format!(
            "{base} holds no model that can be the base: the whole weights of the pre-trained model are needed, as .safetensors or torch.save files."
        ),
        why.collect(),
    ))
}

/// What the choices name is there, or they are wrong: nothing is passed over in silence.
fn understood(plan: &Plan, choice: &Choice) -> Result<(), Fault> {
    if let Some(fault) = &plan.pattern_fault {
        return Err(Fault::Usage(format!("pattern: {fault}")));
    }
    let known: Vec<&str> = plan.types.iter().map(|t| &*t.kind).collect();
    if let Some(kind) = choice.types.iter().find(|kind| !known.contains(&kind.as_str())) {
        return Err(Fault::Usage(format!(
            "types {kind}: the base has no such type. It has {}.",
            known.join(", ")
        )));
    }
    for (id, value) in &choice.answers {
        let question = plan.questions.iter().find(|q| q.id == *id);
        match question {
            Some(q) if q.value != *value => {
                let options: Vec<&str> = q.options.iter().map(|o| &*o.value).collect();
                let number = if q.number { ", or a positive number" } else { "" };
                let list = options.join(", ");
                return Err(Fault::Usage(format!(
                    "answer {id}={value}: the answers are {list}{number}."
                )));
            }
            None if !id.starts_with("pair:") => {
                let ids: Vec<&str> = plan.questions.iter().map(|q| &*q.id).collect();
                let list = if ids.is_empty() { "none".into() } else { ids.join(", ") };
                return Err(Fault::Usage(format!(
                    "answer {id}: the plan has no such question. Its questions: {list}."
                )));
            }
            _ => {}
        }
    }
    Ok(())
}
