//! One unit of work: a base matrix, where its bytes lie, and how each fine-tune makes its W from it.

use crate::checkpoint::Dtype;
use crate::methods::Method;

/// Where a tensor's bytes lie.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorRef {
    pub file: u32,
    pub name: String,
    pub dtype: Dtype,
    pub shape: Vec<u64>,
    pub begin: u64,
    pub end: u64,
    /// The bytes lie column by column.
    pub by_columns: bool,
    /// Only these columns of the stored matrix are meant; `shape` is what they make.
    pub columns: Option<Columns>,
}

/// Every `step`-th column from `first` on, of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub first: u64,
    pub step: u64,
    pub of: u64,
}

/// How the tuned matrix is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    /// The tensor is the tuned matrix, stored as the base is.
    Replace(TensorRef),
    /// W0 and the change that a module's tensors stand for.
    Adapted { method: &'static Method, parts: Vec<(&'static str, TensorRef)>, scale: Scale },
    /// It cannot be computed, and why.
    Skip(String),
}

impl Recipe {
    /// The tensors to read, in the order the analysis takes them.
    pub fn tensors(&self) -> Vec<&TensorRef> {
        match self {
            Recipe::Replace(t) => vec![t],
            Recipe::Adapted { parts, .. } => parts.iter().map(|(_, t)| t).collect(),
            Recipe::Skip(_) => vec![],
        }
    }
}

/// What a change is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    Known(f64),
    /// alpha / rank, with alpha in a tensor of the module (its part `alpha`); 1 where it is 0.
    Stored {
        rank: f64,
    },
}

/// A base matrix with everything that is compared with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub base: TensorRef,
    pub layer: Option<u32>,
    pub kind: Option<String>,
    /// Outputs.
    pub rows: u32,
    /// Inputs.
    pub cols: u32,
    /// Stored as `[in, out]` (Conv1D).
    pub transposed: bool,
    /// By model index, ascending.
    pub tuned: Vec<(u32, Recipe)>,
}

impl Job {
    /// The same tensors, to be renumbered.
    pub fn tensors_mut(&mut self) -> Vec<&mut TensorRef> {
        let tuned = self.tuned.iter_mut().flat_map(|(_, r)| match r {
            Recipe::Replace(t) => vec![t],
            Recipe::Adapted { parts, .. } => parts.iter_mut().map(|(_, t)| t).collect(),
            Recipe::Skip(_) => vec![],
        });
        std::iter::once(&mut self.base).chain(tuned).collect()
    }

    /// Every tensor to read: the base first, then each recipe's.
    pub fn tensors(&self) -> Vec<&TensorRef> {
        std::iter::once(&self.base).chain(self.tuned.iter().flat_map(|(_, r)| r.tensors())).collect()
    }
}
