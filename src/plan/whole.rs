//! The whole models of a plan: every tensor of the base, and what each model makes of it. For who runs the network, where the plan is for who
//! looks at its matrices.

use super::base::Base;
use super::build::Recipes;
use super::job::Job;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A base with its fine-tunes, tensor by tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Whole {
    /// The base's `config.json`; none where it was not dropped.
    pub config: Option<Arc<Map<String, Value>>>,
    /// By canonical name.
    pub jobs: HashMap<String, Job>,
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
    pub(super) fn fill(&mut self, base: &Base, mut recipes: Recipes, config: Option<Arc<Map<String, Value>>>) {
        let all = base.matrices.iter().zip(&base.named).enumerate();
        self.jobs = all
            .map(|(at, (matrix, named))| (named.name.clone(), matrix.job(recipes.remove(&at).unwrap_or_default())))
            .collect();
        self.config = config;
    }
}
