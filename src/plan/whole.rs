//! The whole models of a plan: every tensor of the base, and what each model makes of it. For who runs the network, where the plan is for who
//! looks at its matrices.

use super::base::{Base, BaseMatrix, is_matrix};
use super::build::Recipes;
use super::job::Job;
use super::names::is_weight;
use super::pairing::matching::Named;
use super::selection::Selection;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A base with its fine-tunes, tensor by tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Whole {
    /// The folder of the base.
    pub folder: String,
    /// The base's `config.json`; none where it was not dropped.
    pub config: Option<Arc<Map<String, Value>>>,
    /// By canonical name.
    pub jobs: HashMap<String, Job>,
    /// Names of the matrices that the plan analyses, as the file has them.
    pub analyzed: HashSet<String>,
    /// In the order of the plan.
    pub models: Vec<WholeModel>,
}

/// One fine-tune.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WholeModel {
    /// Its name in the plan.
    pub label: String,
    /// Its file holds whole tensors; an adapter leaves out what it does not change.
    pub is_full: bool,
    /// The `config.json` beside a full fine-tune.
    pub config: Option<Arc<Map<String, Value>>>,
    /// What it changes and is not read here, by name or in words.
    pub unread: Vec<String>,
}

impl Whole {
    /// `selection`: the plan's own.
    pub(super) fn fill(
        &mut self,
        base: &Base,
        mut recipes: Recipes,
        selection: &Selection,
        config: Option<Arc<Map<String, Value>>>,
    ) {
        let both = || base.matrices.iter().zip(&base.named);
        let is_analyzed = |(m, named): &(&BaseMatrix, &Named)| {
            is_matrix(&m.tensor) && is_weight(&named.name) && selection.includes(&named.name, &m.place)
        };
        self.analyzed = both().filter(is_analyzed).map(|(m, _)| m.tensor.name.clone()).collect();
        let all = both().enumerate();
        self.jobs = all
            .map(|(at, (matrix, named))| (named.name.clone(), matrix.job(recipes.remove(&at).unwrap_or_default())))
            .collect();
        self.config = config;
    }

    /// The models of a plan alone, in its order. With every tensor looked at a model may pair that the plan leaves out, never the other way round.
    pub fn arranged(mut self, labels: &[&str]) -> Whole {
        let place = |model: &WholeModel| labels.iter().position(|label| *label == model.label);
        let places: Vec<Option<u32>> = self.models.iter().map(|m| place(m).map(|p| p as u32)).collect();
        for job in self.jobs.values_mut() {
            let tuned = std::mem::take(&mut job.tuned).into_iter();
            let renumbered =
                tuned.filter_map(|(model, recipe)| Some((places.get(model as usize).copied().flatten()?, recipe)));
            job.tuned = renumbered.collect();
            job.tuned.sort_by_key(|(model, _)| *model);
            job.follows = vec![None; job.tuned.len()];
        }
        let own = |label: &&str| {
            let found = self.models.iter().find(|model| model.label == **label);
            found.cloned().unwrap_or_else(|| WholeModel {
                label: label.to_string(),
                unread: vec![label.to_string()],
                ..WholeModel::default()
            })
        };
        self.models = labels.iter().map(own).collect();
        self
    }
}
