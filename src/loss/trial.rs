//! A trial: every row on every text, in as many passes over the weights as memory asks for. Sans-IO, step by step.

use super::linear::Row;
use super::network::families::Mlp;
use super::pass::{Names, Need, Pass, Tensors};
use super::subject::{Cuts, Subject};
use super::text::{Sequence, Windows, causal, masked};
use crate::plan::job::Job;
use crate::report::loss::{Loss, LossOn, LossRow, LossText, Paired};
use crate::report::surgery::Cut;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Bytes of a table of words that are read at once: their logits stay in the cache while the loss is taken of them.
const SLICE: u64 = 4 << 20;

/// A text in tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Encoded {
    /// Its name.
    pub name: String,
    /// Added tokens among them.
    pub ids: Vec<u32>,
    /// Places of the tokens that the tokenizer added.
    pub added: Vec<u32>,
    /// Every token as it stands in the text.
    pub pieces: Vec<String>,
}

/// What is asked of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The texts.
    pub texts: Vec<Encoded>,
    /// Tokens of a window at most, and those that it repeats.
    pub windows: Windows,
    /// The token that hides another; none of a causal network.
    pub mask: Option<u32>,
    /// The base first.
    pub rows: Vec<Row>,
    /// The rule of rows with an arm.
    pub cut: Cut,
    /// The surgery of each model that a row edits.
    pub cuts: Cuts,
}

/// A trial under way.
pub struct Trial {
    subject: Arc<Subject>,
    question: Question,
    /// Of every text, its sequences.
    sequences: Vec<Vec<Sequence>>,
    slice: usize,
    /// Rows and sequences, by number, of the passes that are to come.
    waiting: VecDeque<Share>,
    /// The pass under way.
    pass: Option<(Share, Pass)>,
    passes: usize,
    /// By text, by row, by place of the token.
    losses: Vec<Vec<Vec<(usize, f64)>>>,
}

/// What one pass takes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Share {
    rows: Vec<usize>,
    /// The text, and the sequence in it.
    sequences: Vec<(usize, usize)>,
}

impl Trial {
    /// `memory`: bytes that the numbers between layers may take.
    pub fn new(subject: Arc<Subject>, question: Question, memory: usize) -> Result<Trial, String> {
        let windows = question.windows;
        let cut = |text: &Encoded| {
            let added: Vec<usize> = text.added.iter().map(|a| *a as usize).collect();
            match (subject.network.family.masked, question.mask) {
                (false, _) => Ok(causal(&text.ids, &added, windows)),
                (true, Some(mask)) => Ok(masked(&text.ids, &added, mask, windows)),
                (true, None) => Err("The tokenizer has no token that hides another (“[MASK]” or “<mask>”): this network predicts hidden tokens.".to_owned()),
            }
        };
        let sequences: Vec<Vec<Sequence>> = question.texts.iter().map(cut).collect::<Result<_, _>>()?;
        let slice = subject.slice(SLICE);
        let waiting = shares(&subject, question.rows.len(), &sequences, memory);
        let losses = vec![vec![Vec::new(); question.rows.len()]; question.texts.len()];
        let mut trial = Trial {
            subject,
            question,
            sequences,
            slice,
            passes: waiting.len(),
            waiting: waiting.into(),
            pass: None,
            losses,
        };
        trial.next();
        Ok(trial)
    }

    fn next(&mut self) {
        self.pass = self.waiting.pop_front().map(|share| {
            let rows = share.rows.iter().map(|at| self.question.rows[*at].clone()).collect();
            let sequences = share
                .sequences
                .iter()
                .map(|(text, at)| self.sequences[*text][*at].clone())
                .collect();
            let pass = Pass::new(self.subject.clone(), rows, sequences, self.slice);
            (share, pass)
        });
    }

    /// The part that is done, from 0 to 1.
    pub fn done(&self) -> f64 {
        let Some((_, pass)) = &self.pass else { return 1.0 };
        let (done, all) = pass.progress();
        let before = self.passes - self.waiting.len() - 1;
        (before as f64 + done as f64 / all.max(1) as f64) / self.passes.max(1) as f64
    }

    /// The tensors of the next step, and how each is read; none when all is done.
    pub fn jobs(&self) -> Option<Vec<(Need, Job)>> {
        self.of(self.pass.as_ref()?.1.needs()?)
    }

    /// Those of the step after it in the same pass: they can be read while it works.
    pub fn jobs_ahead(&self) -> Option<Vec<(Need, Job)>> {
        self.of(self.pass.as_ref()?.1.needs_ahead()?)
    }

    fn of(&self, needs: Vec<Need>) -> Option<Vec<(Need, Job)>> {
        let job = |need: Need| Some((need.clone(), self.subject.job(&need)?));
        Some(needs.into_iter().filter_map(job).collect())
    }

    /// Takes the bytes of [`Trial::jobs`], by job in the order of [`Job::tensors`], and goes one step on.
    pub fn take(&mut self, jobs: &[(Need, Job)], bytes: &[Vec<impl AsRef<[u8]> + Sync>]) -> Result<(), String> {
        let Some((share, pass)) = &mut self.pass else {
            return Ok(());
        };
        let mut tensors = HashMap::new();
        for ((need, job), bytes) in jobs.iter().zip(bytes) {
            let given = self.subject.given(job, bytes, pass.rows(), &self.question.cuts)?;
            tensors.insert(need.name.clone(), given);
        }
        pass.take(&Tensors(tensors))?;
        if pass.needs().is_some() {
            return Ok(());
        }
        for (row, losses) in share.rows.iter().zip(pass.losses()) {
            let mut losses = losses.into_iter();
            for (text, at) in &share.sequences {
                let targets = &self.sequences[*text][*at].targets;
                let own = targets.iter().map(|t| t.place).zip(losses.by_ref());
                self.losses[*text][*row].extend(own);
            }
        }
        self.next();
        Ok(())
    }

    /// All losses; what was not computed is not in it.
    pub fn result(&self) -> Loss {
        let question = &self.question;
        let mut texts = Vec::new();
        let mut rows: Vec<LossRow> = question.rows.iter().map(row).collect();
        for (text, by_row) in question.texts.iter().zip(&self.losses) {
            let ordered = |losses: &Vec<(usize, f64)>| {
                let mut all = losses.clone();
                all.sort_by_key(|(place, _)| *place);
                all
            };
            let base = by_row.first().map(ordered).unwrap_or_default();
            let values = |all: &[(usize, f64)]| all.iter().map(|(_, loss)| *loss).collect::<Vec<f64>>();
            texts.push(LossText {
                name: text.name.clone(),
                tokens: base.len() as u32,
                window: question.windows.length.min(text.ids.len()) as u32,
                overlap: question.windows.overlap as u32,
                pieces: text.pieces.clone(),
                places: base.iter().map(|(place, _)| *place as u32).collect(),
            });
            let base = values(&base);
            let own: Vec<Vec<f64>> = by_row.iter().map(|losses| values(&ordered(losses))).collect();
            // Of an edit the model as trained, where that is a row too.
            let trained = |row: &LossRow| {
                let same = |at: &usize| !row.is_whole() && rows[*at].is_whole() && rows[*at].model == row.model;
                (0..rows.len()).find(same)
            };
            let trained: Vec<Option<usize>> = rows.iter().map(trained).collect();
            for ((row, losses), trained) in rows.iter_mut().zip(&own).zip(trained) {
                let mut on = LossOn::of(losses, &base, row.is_whole());
                on.than_trained = trained.map(|at| Paired::of(losses, &own[at]));
                row.on.push(on);
            }
        }
        Loss {
            network: self.subject.network.family.model_type.to_owned(),
            masked: self.subject.network.family.masked,
            k: question.cut.k,
            epsilon: question.cut.epsilon,
            side: question.cut.side,
            seed: question.cut.seed,
            texts,
            rows,
        }
    }
}

fn row(row: &Row) -> LossRow {
    let without = row.without.as_ref();
    LossRow {
        model: row.model,
        arm: row.edit.map(|(arm, _)| arm),
        lambda: row.edit.map(|(_, lambda)| lambda),
        without_layer: without.and_then(|part| part.layer),
        without_type: without.and_then(|part| part.kind.clone()),
        on: Vec::new(),
    }
}

/// As many sequences as fit with every row; where one alone does not fit with all of them, rows are shared out too.
fn shares(subject: &Subject, rows: usize, sequences: &[Vec<Sequence>], memory: usize) -> Vec<Share> {
    let each = column(subject).max(1);
    let most = (memory / each).max(1);
    let longest = sequences
        .iter()
        .flatten()
        .map(|s| s.ids.len())
        .max()
        .unwrap_or(1)
        .max(1);
    let together = (most / longest).clamp(1, rows.max(1));
    let mut all = Vec::new();
    let numbers: Vec<usize> = (0..rows).collect();
    for rows in numbers.chunks(together) {
        let room = (most / rows.len()).max(longest);
        let mut share: Vec<(usize, usize)> = Vec::new();
        let mut tokens = 0;
        for (text, own) in sequences.iter().enumerate() {
            for (at, sequence) in own.iter().enumerate() {
                if tokens + sequence.ids.len() > room && !share.is_empty() {
                    all.push(Share {
                        rows: rows.to_vec(),
                        sequences: std::mem::take(&mut share),
                    });
                    tokens = 0;
                }
                tokens += sequence.ids.len();
                share.push((text, at));
            }
        }
        if !share.is_empty() {
            all.push(Share {
                rows: rows.to_vec(),
                sequences: share,
            });
        }
    }
    all
}

/// Bytes that one token of one row takes at most, while a block works: its input, a copy and an answer, queries, keys and values, and the inner
/// numbers of the MLP.
fn column(subject: &Subject) -> usize {
    let network = &subject.network;
    let inner = |module: &str| {
        let name = format!("{}.weight", network.in_block(0, module));
        subject.shape(&name).and_then(|s| s.first().copied()).unwrap_or(0) as usize
    };
    let inner = match network.family.mlp {
        Mlp::Plain { up, .. } => inner(up),
        Mlp::Gated { up, .. } => 2 * inner(up),
        Mlp::GatedJoint { both, .. } => 2 * inner(both),
    };
    let attention: usize = 3 * network.parts().iter().sum::<usize>();
    4 * (4 * network.width + attention.max(inner))
}
