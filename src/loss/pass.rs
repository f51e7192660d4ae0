//! One pass of sequences through a network, step by step: it says which tensors it needs next, takes them, and keeps only the numbers between
//! layers. Sans-IO.

use super::block::{Work, affine, modules};
use super::head::{Tally, take};
use super::linear::{Given, Row, lanes, misfit};
use super::network::families::{Family, Offset};
use super::network::{Network, Rope};
use super::norm::norm;
use super::subject::Subject;
use super::text::Sequence;
use super::vectors::in_pieces;
use crate::linalg::Matrix;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// Logits that are held at once.
const LOGITS: usize = 16 << 20;

/// A tensor that a step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its name in the base's file.
    pub name: String,
    /// These rows are enough.
    pub rows: Option<Range<usize>>,
}

/// The tensors of a step.
#[derive(Default)]
pub struct Tensors<'a>(pub HashMap<String, Given<'a>>);

impl<'a> Tensors<'a> {
    pub fn find(&self, name: &str) -> Option<&Given<'a>> {
        self.0.get(name)
    }

    pub fn get(&self, name: &str) -> Result<&Given<'a>, String> {
        self.find(name).ok_or_else(|| missing(name))
    }

    /// A norm's module applied to all columns.
    pub fn norm(&self, network: &Network, module: &str, rows: &[Row], mut x: Matrix) -> Result<Matrix, String> {
        let weights = self.get(&format!("{module}.weight"))?.vectors();
        let biases = self.find(&format!("{module}.bias")).map(|b| b.vectors());
        let height = x.nrows();
        for (row, range) in lanes(rows.len(), x.ncols()).into_iter().enumerate() {
            let Some(weight) = weights.get(row).filter(|w| w.len() == height) else {
                return Err(format!("“{module}” is not of the network’s width {height}."));
            };
            let bias = biases.as_ref().and_then(|b| b.get(row)).map(Vec::as_slice);
            let own = &mut x.as_mut_slice()[range.start * height..range.end * height];
            norm(network.norm(), network.epsilon, own, weight, bias);
        }
        Ok(x)
    }
}

/// The error of a tensor that is not there.
pub fn missing(name: &str) -> String {
    format!("The base has no tensor “{name}”, which its config.json asks for. Drop all files of the model.")
}

/// Where a pass stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Words from this row of the table on.
    Words(usize),
    /// Positions, types, the norm of what the first block reads.
    Begin,
    Block(usize),
    /// The norm and the transform after the last block.
    End,
    /// Logits of the words from this one on.
    Head(usize),
    Done,
}

/// Sequences on their way.
pub struct Pass {
    subject: Arc<Subject>,
    rows: Vec<Row>,
    sequences: Vec<Sequence>,
    step: Step,
    /// Numbers between layers, `[width, rows x tokens]`; after the last block `[width, rows x targets]`.
    x: Matrix,
    turns: Turns,
    tallies: Vec<Tally>,
    /// Words that are read at once.
    slice: usize,
}

/// Cosines and sines by the length of a sequence, of each of the network's ropes: some turn otherwise in longer texts.
pub type Turns = Vec<HashMap<usize, Vec<(f32, f32)>>>;

fn turns(network: &Network, sequences: &[Sequence]) -> Turns {
    let lengths: BTreeSet<usize> = sequences.iter().map(|s| s.ids.len()).collect();
    let of = |rope: &Rope| lengths.iter().map(|tokens| (*tokens, rope.turns(*tokens))).collect();
    network.ropes.iter().map(of).collect()
}

/// What is known of a file's tensors by name.
pub trait Names {
    /// None where it has no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<u64>>;
}

impl Pass {
    /// `slice`: rows of the tables of words that are read at once.
    pub fn new(subject: Arc<Subject>, rows: Vec<Row>, sequences: Vec<Sequence>, slice: usize) -> Pass {
        let network = &subject.network;
        let targets: usize = sequences.iter().map(|s| s.targets.len()).sum();
        let tokens: usize = sequences.iter().map(|s| s.ids.len()).sum();
        let words = subject.shape(&network.words());
        let width = words.and_then(|shape| shape.get(1).copied()).unwrap_or(0) as usize;
        Pass {
            step: Step::Words(0),
            x: Matrix::zeros(width, rows.len() * tokens),
            turns: turns(network, &sequences),
            tallies: vec![Tally::default(); rows.len() * targets],
            slice: slice.max(1),
            subject,
            rows,
            sequences,
        }
    }

    /// The rows that go through it.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Steps that are done, and all.
    pub fn progress(&self) -> (usize, usize) {
        let slices = |name: String| self.count(&name).div_ceil(self.slice);
        let (words, head) = (slices(self.words()), slices(self.decoder()));
        let blocks = self.subject.network.blocks.len();
        let done = match self.step {
            Step::Words(row) => row / self.slice,
            Step::Begin => words,
            Step::Block(i) => words + 1 + i,
            Step::End => words + 1 + blocks,
            Step::Head(row) => words + 2 + blocks + row / self.slice,
            Step::Done => words + 2 + blocks + head,
        };
        (done, words + 2 + blocks + head)
    }

    fn words(&self) -> String {
        self.subject.network.words()
    }

    fn decoder(&self) -> String {
        decoder(&self.subject.network, &*self.subject)
    }

    fn count(&self, name: &str) -> usize {
        self.subject.shape(name).and_then(|s| s.first().copied()).unwrap_or(0) as usize
    }

    /// Ids of all tokens, of one row.
    fn ids(&self) -> impl Iterator<Item = u32> {
        self.sequences.iter().flat_map(|s| s.ids.iter().copied())
    }

    /// The tensors of the next step; none when all is done.
    pub fn needs(&self) -> Option<Vec<Need>> {
        self.needs_of(self.step)
    }

    /// The tensors of the step after it, to be read while it works.
    pub fn needs_ahead(&self) -> Option<Vec<Need>> {
        self.needs_of(self.after(self.step))
    }

    fn after(&self, step: Step) -> Step {
        match step {
            // Of a large table most slices hold no word of a short text.
            Step::Words(row) => {
                let next = row + self.slice;
                let count = self.count(&self.words());
                let word = self
                    .ids()
                    .map(|id| id as usize)
                    .filter(|id| (next..count).contains(id))
                    .min();
                word.map_or(Step::Begin, |word| Step::Words(word / self.slice * self.slice))
            }
            Step::Begin => Step::Block(0),
            Step::Block(at) if at + 1 < self.subject.network.blocks.len() => Step::Block(at + 1),
            Step::Block(_) => Step::End,
            Step::End => Step::Head(0),
            Step::Head(row) if row + self.slice < self.count(&self.decoder()) => Step::Head(row + self.slice),
            Step::Head(_) | Step::Done => Step::Done,
        }
    }

    fn needs_of(&self, step: Step) -> Option<Vec<Need>> {
        let network = &self.subject.network;
        let family = network.family;
        let mut all = Vec::new();
        match step {
            Step::Words(row) => all.push(slice(
                self.words(),
                row..(row + self.slice).min(self.count(&self.words())),
            )),
            Step::Begin => {
                all.extend(begin(network).iter().flat_map(|m| self.module(m)));
                all.extend(
                    projections(network, &*self.subject)
                        .iter()
                        .flat_map(|[m, _]| self.module(m)),
                );
            }
            Step::Block(i) => {
                for name in modules(family, network.blocks[i].is_mixture, network.experts, i == 0) {
                    all.extend(self.module(&network.in_block(i, &name)));
                }
            }
            Step::End => {
                all.extend(end(network).iter().flat_map(|m| self.module(m)));
                all.extend(
                    projections(network, &*self.subject)
                        .iter()
                        .flat_map(|[_, m]| self.module(m)),
                );
            }
            Step::Head(row) => {
                let range = row..(row + self.slice).min(self.count(&self.decoder()));
                if let Some(bias) = bias(network, &*self.subject) {
                    all.push(Need {
                        ..slice(bias, range.clone())
                    });
                }
                all.push(slice(self.decoder(), range));
            }
            Step::Done => return None,
        }
        Some(all)
    }

    /// A module's weight, and its bias where the file has one.
    fn module(&self, module: &str) -> Vec<Need> {
        of_module(&*self.subject, module)
    }

    /// Takes the tensors of [`Pass::needs`] and goes one step on. An error is a sentence with its reason.
    pub fn take(&mut self, tensors: &Tensors) -> Result<(), String> {
        let subject = self.subject.clone();
        let network = &subject.network;
        match self.step {
            Step::Words(row) => self.take_words(row, tensors.get(&self.words())?)?,
            Step::Begin => self.begin(tensors)?,
            Step::Block(at) => {
                let work = Work {
                    network,
                    at,
                    tensors,
                    rows: &self.rows,
                    sequences: &ranges(self.rows.len(), &self.sequences),
                    turns: &self.turns,
                };
                work.apply(&mut self.x)?;
            }
            Step::End => self.end(tensors)?,
            Step::Head(row) => self.take_logits(row, tensors)?,
            Step::Done => {}
        }
        self.step = self.after(self.step);
        Ok(())
    }

    /// The logits of a slice of the vocabulary, of some targets at a time: a large vocabulary has many.
    fn take_logits(&mut self, first: usize, tensors: &Tensors) -> Result<(), String> {
        let network = &self.subject.network;
        let bias = bias(network, &*self.subject).and_then(|name| tensors.find(&name));
        let table = tensors.get(&self.decoder())?;
        let own: Vec<u32> = self
            .sequences
            .iter()
            .flat_map(|s| s.targets.iter().map(|t| t.id))
            .collect();
        let ids: Vec<u32> = self.rows.iter().flat_map(|_| own.iter().copied()).collect();
        let all = lanes(self.rows.len(), self.x.ncols());
        let some = (LOGITS / table.shape().0.max(1)).max(1);
        for begin in (0..self.x.ncols()).step_by(some) {
            let end = (begin + some).min(self.x.ncols());
            let inside = |at: usize| at.clamp(begin, end) - begin;
            let lanes: Vec<Range<usize>> = all.iter().map(|lane| inside(lane.start)..inside(lane.end)).collect();
            let x = self.x.columns(begin, end - begin).into_owned();
            let mut logits = affine(table, bias, &lanes, &x)?;
            take(
                &mut self.tallies[begin..end],
                &mut logits,
                first,
                &ids[begin..end],
                network.cap_logits,
            );
        }
        Ok(())
    }

    fn take_words(&mut self, first: usize, words: &Given) -> Result<(), String> {
        let (count, width) = words.shape();
        let all = self.count(&self.words());
        if let Some(id) = self.ids().find(|id| *id as usize >= all) {
            return Err(format!(
                "The text has the token {id}; the base knows {all} of them. Drop the tokenizer.json of this very model."
            ));
        }
        let scale = if self.subject.network.family.scaled_words {
            (width as f64).sqrt() as f32
        } else {
            1.0
        };
        let own: Vec<(usize, usize)> = self
            .ids()
            .enumerate()
            .filter_map(|(column, id)| Some((column, (id as usize).checked_sub(first).filter(|i| *i < count)?)))
            .collect();
        let each = self.x.ncols() / self.rows.len().max(1);
        let wanted: Vec<usize> = own.iter().map(|(_, i)| *i).collect();
        for (at, table) in words.lines(&wanted).iter().enumerate() {
            for ((column, _), line) in own.iter().zip(table.row_iter()) {
                let mut to = self.x.column_mut(at * each + column);
                to.iter_mut().zip(line.iter()).for_each(|(to, x)| *to = x * scale);
            }
        }
        Ok(())
    }

    fn begin(&mut self, tensors: &Tensors) -> Result<(), String> {
        let subject = self.subject.clone();
        let network = &subject.network;
        let family = network.family;
        let lanes = lanes(self.rows.len(), self.x.ncols());
        if let Some(project) = projections(network, &*subject) {
            let name = format!("{}.weight", project[0]);
            self.x = tensors.get(&name)?.apply(&lanes, &self.x)?;
        }
        if self.x.nrows() != network.width {
            return Err(misfit(&self.words(), "columns", self.x.nrows(), network.width));
        }
        let add_lines = |name: String, places: Vec<usize>, x: &mut Matrix| -> Result<(), String> {
            let table = tensors.get(&name)?;
            let (count, width) = table.shape();
            if width != network.width {
                return Err(misfit(&name, "columns", width, network.width));
            }
            if let Some(longest) = places.iter().max().filter(|p| **p >= count) {
                return Err(format!(
                    "The text needs position {longest}; “{name}” has {count}. Take a shorter window."
                ));
            }
            let each = x.ncols() / self.rows.len().max(1);
            for (at, table) in table.lines(&places).iter().enumerate() {
                for (column, line) in table.row_iter().enumerate() {
                    let mut to = x.column_mut(at * each + column);
                    to.iter_mut().zip(line.iter()).for_each(|(to, x)| *to += x);
                }
            }
            Ok(())
        };
        let mut x = std::mem::replace(&mut self.x, Matrix::zeros(0, 0));
        if let Some(types) = family.types {
            let tokens = x.ncols() / self.rows.len().max(1);
            add_lines(format!("{}.weight", network.name(types)), vec![0; tokens], &mut x)?;
        }
        if let Some(learned) = family.positions {
            let places = self
                .sequences
                .iter()
                .flat_map(|s| places(&s.ids, learned.offset, network.padding))
                .collect();
            add_lines(format!("{}.weight", network.name(learned.table)), places, &mut x)?;
        }
        if let Some(module) = family.embedding_norm {
            x = tensors.norm(network, &network.name(module), &self.rows, x)?;
        }
        self.x = x;
        Ok(())
    }

    fn end(&mut self, tensors: &Tensors) -> Result<(), String> {
        let subject = self.subject.clone();
        let network = &subject.network;
        // Only what predicts something goes on.
        let tokens: usize = self.sequences.iter().map(|s| s.ids.len()).sum();
        let mut first = 0;
        let mut own = Vec::new();
        for sequence in &self.sequences {
            own.extend(sequence.targets.iter().map(|t| first + t.column));
            first += sequence.ids.len();
        }
        let columns: Vec<usize> = (0..self.rows.len())
            .flat_map(|row| own.iter().map(move |c| row * tokens + c))
            .collect();
        let mut x = self.x.select_columns(&columns);
        if let Some(last) = network.family.last_norm.filter(|_| network.has_last_norm) {
            x = tensors.norm(network, &network.name(last), &self.rows, x)?;
        }
        let lanes = lanes(self.rows.len(), x.ncols());
        if let Some([dense, after]) = network.family.head.transform {
            let name = network.name(dense);
            let weight = tensors.get(&format!("{name}.weight"))?;
            x = affine(weight, tensors.find(&format!("{name}.bias")), &lanes, &x)?;
            in_pieces(x.as_mut_slice(), |part| network.head_activation.apply(part));
            x = tensors.norm(network, &network.name(after), &self.rows, x)?;
        }
        if let Some(project) = projections(network, &*subject) {
            x = tensors.get(&format!("{}.weight", project[1]))?.apply(&lanes, &x)?;
        }
        self.x = x;
        Ok(())
    }

    /// The loss of every target in nats, row after row, in the order of sequences.
    pub fn losses(&self) -> Vec<Vec<f64>> {
        let each = self.tallies.len() / self.rows.len().max(1);
        self.tallies
            .chunks(each.max(1))
            .map(|row| row.iter().map(Tally::loss).collect())
            .collect()
    }
}

/// The columns of each sequence, of every row.
fn ranges(rows: usize, sequences: &[Sequence]) -> Vec<Range<usize>> {
    let mut first = 0;
    let mut all = Vec::new();
    for sequence in (0..rows).flat_map(|_| sequences) {
        all.push(first..first + sequence.ids.len());
        first += sequence.ids.len();
    }
    all
}

fn places(ids: &[u32], offset: Offset, padding: Option<u32>) -> Vec<usize> {
    match offset {
        Offset::Fixed(first) => (first..first + ids.len()).collect(),
        Offset::Padding => {
            let padding = padding.unwrap_or(1);
            let mut next = padding as usize;
            ids.iter()
                .map(|id| {
                    if *id == padding {
                        return padding as usize;
                    }
                    next += 1;
                    next
                })
                .collect()
        }
    }
}

fn slice(name: String, rows: Range<usize>) -> Need {
    Need { name, rows: Some(rows) }
}

fn of_module(names: &dyn Names, module: &str) -> Vec<Need> {
    let weight = format!("{module}.weight");
    let bias = Some(format!("{module}.bias")).filter(|name| names.shape(name).is_some());
    let need = |name| Need { name, rows: None };
    [Some(need(weight)), bias.map(need)].into_iter().flatten().collect()
}

/// The projections of a family that has them, where the file has.
fn projections(network: &Network, names: &dyn Names) -> Option<[String; 2]> {
    let both = network.family.project?.map(|module| network.name(module));
    names.shape(&format!("{}.weight", both[0])).is_some().then_some(both)
}

/// Modules before the first block.
fn begin(network: &Network) -> Vec<String> {
    let Family {
        types,
        positions,
        embedding_norm,
        ..
    } = network.family;
    let tables = [*types, positions.map(|p| p.table), *embedding_norm];
    tables
        .into_iter()
        .flatten()
        .map(|module| network.name(module))
        .collect()
}

/// Modules between the last block and the logits.
fn end(network: &Network) -> Vec<String> {
    let last = network.family.last_norm.filter(|_| network.has_last_norm);
    let transform = network.family.head.transform.into_iter().flatten();
    last.into_iter()
        .chain(transform)
        .map(|module| network.name(module))
        .collect()
}

/// The name of the table whose rows are the words' logits. Of a tied network it is the table of words, unless the file has one of its own: the
/// library unties it then.
pub fn decoder(network: &Network, names: &dyn Names) -> String {
    let [own, words] =
        [network.family.head.decoder, network.family.words].map(|m| format!("{}.weight", network.name(m)));
    if network.tied && names.shape(&own).is_none() {
        words
    } else {
        own
    }
}

fn bias(network: &Network, names: &dyn Names) -> Option<String> {
    let all = network.family.head.bias.iter().map(|name| network.name(name));
    all.into_iter().find(|name| names.shape(name).is_some())
}

/// Every tensor that a pass reads. What else a file holds and does not leave out by its family has no place in the network that is built here.
pub fn all(network: &Network, names: &dyn Names) -> Vec<String> {
    let mut found: Vec<Need> = vec![slice(network.words(), 0..0)];
    let projections = projections(network, names);
    let begin = begin(network).into_iter().chain(projections.into_iter().flatten());
    found.extend(begin.chain(end(network)).flat_map(|m| of_module(names, &m)));
    for (i, block) in network.blocks.iter().enumerate() {
        for name in modules(network.family, block.is_mixture, network.experts, i == 0) {
            found.extend(of_module(names, &network.in_block(i, &name)));
        }
    }
    found.push(slice(decoder(network, names), 0..0));
    // A second name of the same bias is a copy.
    let biases = network.family.head.bias.iter().map(|name| network.name(name));
    found.extend(
        biases
            .filter(|name| names.shape(name).is_some())
            .map(|name| slice(name, 0..0)),
    );
    found.into_iter().map(|need| need.name).collect()
}
