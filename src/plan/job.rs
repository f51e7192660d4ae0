//! The job, one unit of work: a base matrix, where its bytes lie, and how each fine-tune makes its W from it.

use crate::checkpoint::Dtype;
use crate::methods::Method;

/// A tensor in a file: where its bytes lie.
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
    /// Only these rows are meant, of what `shape` says: the outputs of one part of a fused layer.
    pub rows: Option<Lines>,
    /// Its numbers are codes, to be read with other tensors.
    pub packing: Option<Box<Packing>>,
}

/// Everything else that is needed to read a packed weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Packing {
    pub scheme: Scheme,
    pub with: Vec<TensorRef>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scheme {
    /// Two codes per byte, of a map of 16 values; with the map, the scales of `block` weights each, and where the scales are codes too, their
    /// map and scales (and the block and offset of those).
    FourBit { block: u64, nested: Option<(u64, f32)> },
    /// 8-bit floats; with a scale for every block of rows and columns.
    EightBit { block: [u64; 2] },
    /// 8-bit floats as they stand.
    Cast,
}

impl TensorRef {
    /// A tensor of a test: what tells it, and no place in a file.
    #[cfg(test)]
    pub fn of(name: &str, dtype: Dtype, shape: &[u64]) -> TensorRef {
        TensorRef {
            file: 0,
            name: name.to_owned(),
            dtype,
            shape: shape.to_vec(),
            begin: 0,
            end: 64,
            by_columns: false,
            columns: None,
            rows: None,
            packing: None,
        }
    }

    /// The same numbers as the transposed matrix: what is stored as `[in, out]`, said as `[out, in]`. Of a matrix only.
    pub fn turned(self) -> TensorRef {
        let shape = self.shape.iter().rev().copied().collect();
        TensorRef {
            shape,
            by_columns: !self.by_columns,
            ..self
        }
    }

    /// Some rows of a plain matrix or vector, whose bytes lie one after the other.
    fn line(&self, first: u64, end: u64) -> Option<TensorRef> {
        let is_plain = self.packing.is_none() && self.columns.is_none() && self.rows.is_none() && !self.by_columns;
        let all = *self.shape.first()?;
        if !is_plain || !self.dtype.is_readable() || end > all || first > end {
            return None;
        }
        let row = self.bytes().checked_div(all)?;
        let mut shape = self.shape.clone();
        *shape.first_mut()? = end.saturating_sub(first);
        Some(TensorRef {
            begin: self.begin.checked_add(first.checked_mul(row)?)?,
            end: self.begin.checked_add(end.checked_mul(row)?)?,
            shape,
            ..self.clone()
        })
    }

    /// True when it stands for plain floating-point weights.
    pub fn is_readable(&self) -> bool {
        self.packing.is_some() || self.dtype.is_readable()
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.end.saturating_sub(self.begin)
    }

    /// Itself, and the tensors it is read with.
    pub fn all(&self) -> impl Iterator<Item = &TensorRef> {
        std::iter::once(self).chain(self.packing.iter().flat_map(|p| &p.with))
    }
}

/// `count` times `block` rows, `stride` apart, from `first` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    pub first: u64,
    pub block: u64,
    pub stride: u64,
    pub count: u64,
}

impl Lines {
    /// `count` rows from `first` on.
    pub fn run(first: u64, count: u64) -> Lines {
        Lines {
            first,
            block: count,
            stride: count,
            count: 1,
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub fn len(self) -> u64 {
        self.block.saturating_mul(self.count)
    }

    pub fn rows(self) -> impl Iterator<Item = u64> {
        (0..self.count).flat_map(move |i| {
            let first = self.first.saturating_add(i.saturating_mul(self.stride));
            first..first.saturating_add(self.block)
        })
    }
}

/// Every `step`-th column from `first` on, of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub first: u64,
    pub step: u64,
    pub of: u64,
}

/// The recipe for a tuned matrix.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    /// The tensor is the tuned matrix, stored as the base is.
    Replace(TensorRef),
    /// W0 and the change that a module's tensors stand for. `turned`: they make it `[in, out]`.
    Adapted {
        method: &'static Method,
        parts: Vec<(&'static str, TensorRef)>,
        scale: Scale,
        /// The alpha that the scale is made from, where it is known without reading the tensors.
        alpha: Option<f64>,
        turned: bool,
    },
    /// Part by part: which outputs, and how these are made from the same outputs of W0. The others stay.
    Joined(Vec<(Lines, Recipe)>),
    /// It cannot be computed, and why.
    Skip(String),
}

impl Recipe {
    /// The tensors to read, in the order the analysis takes them.
    pub fn tensors(&self) -> Vec<&TensorRef> {
        match self {
            Recipe::Replace(t) => t.all().collect(),
            Recipe::Adapted { parts, .. } => parts.iter().map(|(_, t)| t).collect(),
            Recipe::Joined(parts) => parts.iter().flat_map(|(_, recipe)| recipe.tensors()).collect(),
            Recipe::Skip(_) => vec![],
        }
    }

    fn tensors_mut(&mut self) -> Vec<&mut TensorRef> {
        match self {
            Recipe::Replace(t) => vec![t],
            Recipe::Adapted { parts, .. } => parts.iter_mut().map(|(_, t)| t).collect(),
            Recipe::Joined(parts) => parts.iter_mut().flat_map(|(_, recipe)| recipe.tensors_mut()).collect(),
            Recipe::Skip(_) => vec![],
        }
    }

    /// True where the change is of low rank and needs no subtraction.
    pub fn is_adapted(&self) -> bool {
        match self {
            Recipe::Adapted { .. } => true,
            Recipe::Joined(parts) => parts.iter().all(|(_, recipe)| recipe.is_adapted()),
            _ => false,
        }
    }
}

/// The scale of a change.
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
    /// Only these outputs of base and tuned are compared; `rows` counts them.
    pub lines: Option<Lines>,
    /// The recipes by model index, ascending.
    pub tuned: Vec<(u32, Recipe)>,
    /// For every entry of `tuned` the place in it of the checkpoint before, of the same training run; none for a first or only one.
    pub follows: Vec<Option<usize>>,
}

impl Job {
    /// Gives the file of every tensor another number.
    pub fn renumber(&mut self, number: impl Fn(u32) -> u32) {
        let tuned = self.tuned.iter_mut().flat_map(|(_, r)| r.tensors_mut());
        for tensor in std::iter::once(&mut self.base).chain(tuned) {
            tensor.file = number(tensor.file);
            tensor
                .packing
                .iter_mut()
                .flat_map(|p| &mut p.with)
                .for_each(|t| t.file = number(t.file));
        }
    }

    /// The place in `tuned` of the checkpoint before.
    pub fn before(&self, place: usize) -> Option<usize> {
        self.follows.get(place).copied().flatten()
    }

    /// Whether an entry of `tuned` follows another or is followed by one.
    pub fn is_in_run(&self, place: usize) -> bool {
        self.before(place).is_some() || self.follows.contains(&Some(place))
    }

    /// The job of one model alone: its own recipe, and that of the checkpoint before it. None where the model is not here.
    pub fn only(&self, model: u32) -> Option<Job> {
        let own = self.tuned.iter().position(|(m, _)| *m == model)?;
        let before = self.before(own);
        let tuned = before
            .into_iter()
            .chain([own])
            .filter_map(|place| self.tuned.get(place).cloned())
            .collect();
        let follows = before.map(|_| None).into_iter().chain([before.map(|_| 0)]).collect();
        Some(Job {
            tuned,
            follows,
            ..self.clone()
        })
    }

    /// The same for some of its outputs alone, `first..end`. Nothing else is read of the files where whole rows lie one after the other.
    pub fn lines(&self, first: u64, end: u64) -> Job {
        let count = end.saturating_sub(first);
        let rows = u32::try_from(count).unwrap_or(u32::MAX);
        let narrowed = || {
            let base = self
                .base
                .line(first, end)
                .filter(|_| !self.transposed && self.lines.is_none())?;
            let one = |(model, recipe): &(u32, Recipe)| match recipe {
                Recipe::Replace(t) => Some((*model, Recipe::Replace(t.line(first, end)?))),
                _ => None,
            };
            let tuned = self.tuned.iter().map(one).collect::<Option<Vec<_>>>()?;
            Some(Job {
                base,
                rows,
                tuned,
                ..self.clone()
            })
        };
        narrowed().unwrap_or_else(|| Job {
            rows,
            lines: Some(Lines::run(first, count)),
            ..self.clone()
        })
    }

    /// Whether [`Job::lines`] reads no more than it is asked for.
    pub fn is_in_lines(&self) -> bool {
        self.lines(0, 1).lines.is_none()
    }

    /// Every tensor to read: the base first, then each recipe's.
    pub fn tensors(&self) -> Vec<&TensorRef> {
        self.base
            .all()
            .chain(self.tuned.iter().flat_map(|(_, r)| r.tensors()))
            .collect()
    }
}
