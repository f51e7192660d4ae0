//! A base with its fine-tunes as networks: built from the base's configuration, held against every tensor that is there, and read step by step.

use super::linear::{Edited, Form, Given, Row};
use super::network::families::Offset;
use super::network::{Config, Network};
use super::pass::{Names, Need, all, decoder, missing};
use crate::analyze::surgery::edits;
use crate::analyze::{self, Change};
use crate::linalg::{Matrix, Precise};
use crate::plan::job::{Job, Recipe};
use crate::plan::{Whole, WholeModel};
use crate::report::surgery::{Arm, Cut};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The surgery of models: by number in the plan.
pub type Cuts = BTreeMap<u32, Cutting>;

/// The surgery of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutting {
    /// The rule; its `chosen` holds for every matrix that has none of its own.
    pub cut: Cut,
    /// By matrix.
    pub chosen: HashMap<String, Vec<u32>>,
}

impl Cutting {
    fn of(&self, matrix: &str) -> Cut {
        let mut cut = self.cut.clone();
        if let Some(own) = self.chosen.get(matrix) {
            cut.chosen = Some(own.clone());
        }
        cut
    }
}

/// What a loss can be computed of.
pub struct Subject {
    pub network: Network,
    whole: Whole,
    /// Of every model: the reason why its loss cannot be known.
    refused: Vec<Option<String>>,
}

impl Names for Subject {
    fn shape(&self, name: &str) -> Option<Vec<u64>> {
        shape(&self.whole, name)
    }
}

fn shape(whole: &Whole, name: &str) -> Option<Vec<u64>> {
    let job = whole.jobs.get(name)?;
    let own = &job.base.shape;
    Some(if own.len() == 2 {
        vec![job.rows.into(), job.cols.into()]
    } else {
        own.clone()
    })
}

impl Names for Whole {
    fn shape(&self, name: &str) -> Option<Vec<u64>> {
        shape(self, name)
    }
}

impl Subject {
    /// An error is a sentence: what is missing or not proven.
    pub fn of(mut whole: Whole) -> Result<Subject, String> {
        let config = whole
            .config
            .clone()
            .ok_or("The base’s config.json is not here: it says how the network is built. Drop it with the weights.")?;
        let network = Network::of(Config(&config), |name| whole.jobs.contains_key(name))?;
        let mixtures = network.blocks.iter().filter(|b| b.is_mixture).count();
        let least = network.blocks.len().max(mixtures.saturating_mul(network.experts));
        if least > whole.jobs.len() {
            return Err(format!(
                "The base has {} tensors, fewer than its config.json asks for. Drop all files of the model.",
                whole.jobs.len()
            ));
        }
        let needed: HashSet<String> = all(&network, &whole).into_iter().collect();
        if let Some(name) = needed.iter().filter(|name| !whole.jobs.contains_key(*name)).min() {
            return Err(missing(name));
        }
        let mut others: Vec<&String> = whole.jobs.keys().collect();
        others.retain(|name| !needed.contains(*name) && !network.is_unused(name));
        if let Some(name) = others.iter().min() {
            return Err(format!(
                "The base has “{name}”, which has no place in the network of “{}” as it is built here: its loss would be another.",
                network.family.model_type
            ));
        }
        inherit(&network, &mut whole);
        let refused = (0u32..)
            .zip(&whole.models)
            .map(|(at, model)| refusal(&network, &whole, &needed, at, model));
        Ok(Subject {
            refused: refused.collect(),
            network,
            whole,
        })
    }

    /// The reason why the loss of a model cannot be known; none where it can.
    pub fn refused(&self, model: u32) -> Option<&str> {
        self.refused.get(model as usize)?.as_deref()
    }

    /// Its models, in the order of the plan.
    pub fn models(&self) -> &[WholeModel] {
        &self.whole.models
    }

    /// Tokens of the longest text: rows of a table of positions. None where only memory sets a limit.
    pub fn longest(&self) -> Option<usize> {
        let learned = self.network.family.positions?;
        let table = self.shape(&format!("{}.weight", self.network.name(learned.table)))?;
        let first = match learned.offset {
            Offset::Fixed(first) => first,
            Offset::Padding => self.network.padding.unwrap_or(1) as usize + 1,
        };
        (*table.first()? as usize).checked_sub(first)
    }

    /// Tokens of the longest text that it was made for, as its configuration says: beyond them rotary positions go on, but were never trained.
    pub fn made_for(&self) -> Option<usize> {
        let config = self.whole.config.as_ref()?;
        Config(config).count(&["max_position_embeddings"])
    }

    /// Multiplications and additions of one token of one model: two for every number of a matrix, of a mixture those of the chosen experts. What
    /// attention does between tokens is not in it.
    pub fn flops(&self) -> f64 {
        let network = &self.network;
        let chosen = match network.experts {
            0 => 1.0,
            experts => network.chosen as f64 / experts as f64,
        };
        let expert = network.family.experts.map(|e| e.expert);
        let head = decoder(network, self);
        let inside = format!("{}{}", network.prefix, network.family.block);
        let counts = self.whole.jobs.iter().filter(|(name, job)| {
            job.cols > 1 && !network.is_unused(name) && (name.starts_with(&inside) || **name == head)
        });
        let size = |(name, job): (&String, &Job)| {
            let part = if expert.is_some_and(|e| name.contains(e)) {
                chosen
            } else {
                1.0
            };
            2.0 * part * f64::from(job.rows) * f64::from(job.cols)
        };
        counts.map(size).sum()
    }

    /// Rows of the tables of words to read at once, `bytes` of the base at most, or all where they do not lie apart.
    pub fn slice(&self, bytes: u64) -> usize {
        let words = self.network.words();
        let tables = [words, decoder(&self.network, self)];
        let one = |name: &String| {
            let job = self.whole.jobs.get(name)?;
            let all = u64::from(job.rows);
            let row = job.base.bytes().checked_div(all)?.max(1);
            Some(if job.is_in_lines() {
                (bytes / row).clamp(1, all)
            } else {
                all
            })
        };
        tables.iter().filter_map(one).min().unwrap_or(1) as usize
    }

    /// The work of reading what a step needs: its tensors and those of the models that make their own of it.
    pub fn job(&self, need: &Need) -> Option<Job> {
        let job = self.whole.jobs.get(&need.name)?;
        Some(match &need.rows {
            Some(rows) => job.lines(rows.start as u64, rows.end as u64),
            None => job.clone(),
        })
    }

    /// The tensors of a job under every row, from its bytes in the order of [`Job::tensors`]. `cuts`: the surgery of each model that a row edits.
    pub fn given<'a>(
        &self,
        job: &Job,
        bytes: &'a [impl AsRef<[u8]> + Sync],
        rows: &[Row],
        cuts: &Cuts,
    ) -> Result<Given<'a>, String> {
        let (base, changes) = analyze::read(job, bytes);
        let base = base.map_err(|stop| stop.reason().to_owned())?;
        let mut found = HashMap::new();
        for ((model, _), change) in job.tuned.iter().zip(changes) {
            // What is refused is asked for by nobody.
            if self.refused(*model).is_none() {
                found.insert(*model, change.map_err(|stop| stop.reason().to_owned())?);
            }
        }
        let form = |row: &Row| {
            let is_undone = row
                .without
                .as_ref()
                .is_some_and(|part| part.holds(job.layer, job.kind.as_deref()));
            row.model.filter(|_| !is_undone).map_or(Form::Base, Form::Tuned)
        };
        let mut forms: Vec<Form> = rows.iter().map(form).collect();
        for (model, cut) in cuts {
            let edited: Vec<(&mut Form, (Arm, f64))> = forms
                .iter_mut()
                .zip(rows)
                .filter(|(form, _)| **form == Form::Tuned(*model))
                .filter_map(|(form, row)| Some((form, row.edit?)))
                .collect();
            let change = found.get(model).filter(|c| !matches!(c, Change::Unchanged(_)));
            let is_edited = !edited.is_empty() && self.whole.analyzed.contains(&job.base.name);
            if let Some(change) = change.filter(|_| is_edited) {
                let arms: Vec<(Arm, f64)> = edited.iter().map(|(_, edit)| *edit).collect();
                let edits = edits(job, &base, change, &cut.of(&job.base.name), &arms)?;
                let narrow = |m: &Precise| -> Matrix { m.map(|x| x as f32) };
                for ((form, _), edit) in edited.into_iter().zip(edits) {
                    *form = Form::Edited(Edited {
                        model: *model,
                        share: edit.share as f32,
                        left: narrow(&edit.left),
                        right: narrow(&edit.right),
                    });
                }
            }
        }
        Ok(Given {
            name: job.base.name.clone(),
            base,
            changes: found,
            forms,
        })
    }
}

/// A tied head that some files have and others not: a full fine-tune without one has its words there.
fn inherit(network: &Network, whole: &mut Whole) {
    let words = network.words();
    let head = decoder(network, whole);
    if !network.tied || head == words {
        return;
    }
    let Some(own) = whole.jobs.get(&words).map(|job| job.tuned.clone()) else {
        return;
    };
    let models = &whole.models;
    if let Some(job) = whole.jobs.get_mut(&head) {
        for (model, recipe) in own {
            let is_full = models.get(model as usize).is_some_and(|m| m.is_full);
            if is_full && !job.tuned.iter().any(|(m, _)| *m == model) {
                job.tuned.push((model, recipe));
            }
        }
        job.tuned.sort_by_key(|(model, _)| *model);
        job.follows = vec![None; job.tuned.len()];
    }
}

fn refusal(network: &Network, whole: &Whole, needed: &HashSet<String>, at: u32, model: &WholeModel) -> Option<String> {
    let recipe = |name: &String| {
        whole
            .jobs
            .get(name)?
            .tuned
            .iter()
            .find(|(m, _)| *m == at)
            .map(|(_, recipe)| recipe)
    };
    let mut names: Vec<&String> = needed.iter().collect();
    names.sort();
    if let Some(Recipe::Skip(why)) = names
        .iter()
        .filter_map(|name| recipe(name))
        .find(|r| matches!(r, Recipe::Skip(_)))
    {
        return Some(format!("Its loss is not known: {why}"));
    }
    if !model.is_full {
        // One tensor with two names: merging changes both, an adapter beside the model one.
        let words = network.words();
        let head = decoder(network, whole);
        let place = |name: &String| whole.jobs.get(name).map(|job| (job.base.file, job.base.begin));
        let is_shared = head == words || place(&head) == place(&words);
        if is_shared && (recipe(&words).is_some() || recipe(&head).is_some()) {
            return Some(
                "It changes the table of words or the head, which are one tensor here: merged, both change, and beside the model only one does. \
                 Merge it and drop the whole model."
                    .into(),
            );
        }
        let unread = model.unread.first()?;
        return Some(format!(
            "It changes “{unread}”, which is not read here: its loss would be another. Merge it and drop the whole model."
        ));
    }
    if let Some(config) = &model.config {
        match Network::of(Config(config), |name| whole.jobs.contains_key(name)) {
            Ok(own) if own.is_same(network) => {}
            Ok(_) => return Some("Its config.json builds another network than the base’s.".into()),
            Err(why) => return Some(why),
        }
    }
    if let Some(name) = names.iter().find(|name| recipe(name).is_none()) {
        return Some(format!(
            "Its file has no “{name}” of the base’s shape: its loss is not known."
        ));
    }
    let inside = |name: &&String| name.starts_with(&format!("{}{}", network.prefix, network.family.block));
    let more = model
        .unread
        .iter()
        .find(inside)
        .filter(|name| !network.is_unused(name))?;
    Some(format!(
        "Its file has “{more}”, which the base has not: its loss would be another."
    ))
}
