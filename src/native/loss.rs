//! Losses on texts, from files: the base's tokenizer, the rows that are asked for, and the passes over the weights.

use super::fault::Fault;
use super::prepare::Prepared;
use super::visit::Stores;
use super::work::Watch;
use crate::error::Error;
use crate::loss::{Cutting, Encoded, Part, Question, Row, Subject, Trial, Windows};
use crate::report::loss::Loss;
use crate::report::surgery::{Arm, Cut, LOSS_LAMBDAS};
use crate::session::ranges;
use crate::text::Tokenizer;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Tokens of a window where nobody says otherwise; a network that was made for less has fewer.
const WINDOW: usize = 512;

/// What is asked.
pub struct Asked {
    /// Names and texts.
    pub texts: Vec<(String, String)>,
    /// Tokens of a window at most.
    pub window: Option<usize>,
    /// The rule of the surgery.
    pub cut: Cut,
    /// The model whose surgery is read too.
    pub edited: Option<u32>,
    /// Whether its parts are undone too, one by one.
    pub undone: bool,
    /// Bytes that the numbers between layers may take.
    pub memory: usize,
}

/// A trial that is ready, and what it leaves out.
pub struct Ready {
    trial: Trial,
    /// Of every model that has no loss its label and the reason.
    pub refused: Vec<(String, String)>,
}

/// Reads the tokenizer and looks at the networks; no weight is read.
pub fn ready(prepared: &Prepared, asked: &Asked) -> Result<Ready, Fault> {
    let session = &prepared.visit.session;
    let whole = session.whole(&prepared.answers);
    let tokenizer = Reading::of(prepared, &whole.folder)?;
    let labels: Vec<String> = whole.models.iter().map(|model| model.label.clone()).collect();
    let subject = Subject::of(whole).map_err(Fault::Unreadable)?;
    let texts = asked.texts.iter().map(|(name, text)| tokenizer.encode(name, text));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let refused: BTreeMap<u32, String> = (0u32..labels.len() as u32)
        .filter_map(|at| Some((at, subject.refused(at)?.to_owned())))
        .collect();
    let mut rows = vec![whole_row(None)];
    rows.extend(
        (0..labels.len() as u32)
            .filter(|at| !refused.contains_key(at))
            .map(|at| whole_row(Some(at))),
    );
    if let Some(model) = asked.edited.filter(|model| !refused.contains_key(model)) {
        rows.extend(arms(model));
        rows.extend(asked.undone.then(|| undone(prepared, model)).into_iter().flatten());
    }
    let cutting = Cutting {
        cut: asked.cut.clone(),
        chosen: HashMap::new(),
    };
    let made_for = subject.made_for().unwrap_or(WINDOW).min(WINDOW);
    let window = asked.window.unwrap_or(made_for);
    let question = Question {
        texts,
        windows: Windows {
            length: window.min(subject.longest().unwrap_or(window)).max(2),
            overlap: 0,
        },
        mask: tokenizer.mask,
        rows,
        cut: asked.cut.clone(),
        cuts: asked.edited.into_iter().map(|model| (model, cutting.clone())).collect(),
    };
    let named = |(at, why): (u32, String)| (labels.get(at as usize).cloned().unwrap_or_default(), why);
    Ok(Ready {
        trial: Trial::new(Arc::new(subject), question, asked.memory).map_err(Fault::Unreadable)?,
        refused: refused.into_iter().map(named).collect(),
    })
}

impl Ready {
    /// Reads the weights step by step; `watch` is told the share that each step was.
    pub fn run(mut self, stores: &Stores, watch: &dyn Watch) -> Result<Loss, Fault> {
        let mut before = 0.0;
        while let Some(jobs) = self.trial.jobs() {
            let read = jobs.iter().map(|(_, job)| stores.bytes(&ranges(job)));
            let read = read.collect::<Result<Vec<_>, _>>().map_err(Fault::Unreadable)?;
            self.trial.take(&jobs, &read).map_err(Fault::Unreadable)?;
            let done = self.trial.done();
            watch.done(done - before, false);
            before = done;
        }
        Ok(self.trial.result())
    }
}

fn whole_row(model: Option<u32>) -> Row {
    Row {
        model,
        edit: None,
        without: None,
    }
}

/// Every arm of the surgery at every strength; what is projected out has none.
fn arms(model: u32) -> impl Iterator<Item = Row> {
    let scaled = [Arm::Scaled, Arm::Shrunk, Arm::Restored, Arm::Random];
    let all = scaled
        .into_iter()
        .flat_map(|arm| LOSS_LAMBDAS.map(|lambda| (arm, lambda)));
    all.chain([(Arm::Projected, 1.0)]).map(move |edit| Row {
        edit: Some(edit),
        ..whole_row(Some(model))
    })
}

/// Every type of matrices in every layer that a model changes, then whole layers and whole types.
fn undone(prepared: &Prepared, model: u32) -> Vec<Row> {
    let jobs = prepared.visit.session.jobs().iter();
    let changed = jobs.filter(|job| job.tuned.iter().any(|(of, _)| *of == model));
    let cells: BTreeSet<(u32, String)> = changed
        .filter_map(|job| Some((job.layer?, job.kind.clone()?)))
        .collect();
    let layers: BTreeSet<u32> = cells.iter().map(|(layer, _)| *layer).collect();
    let kinds: BTreeSet<&String> = cells.iter().map(|(_, kind)| kind).collect();
    let both = cells.iter().map(|(layer, kind)| (Some(*layer), Some(kind.clone())));
    let parts = both
        .chain(layers.iter().map(|layer| (Some(*layer), None)))
        .chain(kinds.iter().map(|kind| (None, Some((*kind).clone()))));
    let row = |(layer, kind)| Row {
        without: Part::of(layer, kind),
        ..whole_row(Some(model))
    };
    parts.map(row).collect()
}

/// What is wrong with a text or its tokenizer, with the step that helps.
fn told(about: &str, error: &Error) -> Fault {
    let told = error.told();
    Fault::Unreadable(format!("{about}: {} {} {}", told.title, told.cause, told.fix))
}

/// The base's tokenizer.
struct Reading {
    tokenizer: Tokenizer,
    /// The token that hides another.
    mask: Option<u32>,
}

impl Reading {
    fn of(prepared: &Prepared, folder: &str) -> Result<Reading, Fault> {
        let file = |name: &str| {
            let path = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            prepared.visit.whole_file(&path)
        };
        let json = file("tokenizer.json").ok_or_else(|| {
            Fault::Unreadable(
                "There is no tokenizer.json beside the base: a text cannot be read without it. Put it there, from where its weights come from.".into(),
            )
        })?;
        let read = |name| file(name).transpose().map_err(Fault::Unreadable);
        let (config, map) = (read("tokenizer_config.json")?, read("special_tokens_map.json")?);
        let tokenizer =
            Tokenizer::read(&json.map_err(Fault::Unreadable)?).map_err(|e| told("The base’s tokenizer", &e))?;
        let mask = tokenizer.mask(config.as_deref(), map.as_deref());
        let mask = mask.map_err(|e| told("The base’s tokenizer", &e))?;
        Ok(Reading { tokenizer, mask })
    }

    fn encode(&self, name: &str, text: &str) -> Result<Encoded, Fault> {
        let tokens = self.tokenizer.encode(text).map_err(|e| told(name, &e))?;
        let pieces = tokens
            .spans
            .iter()
            .map(|span| text.get(span.clone()).unwrap_or_default().to_owned());
        Ok(Encoded {
            name: name.to_owned(),
            pieces: pieces.collect(),
            ids: tokens.ids,
            added: tokens.added.iter().map(|at| *at as u32).collect(),
        })
    }
}
