//! The tensors of a step under every row: a row is the base, a fine-tune, or a fine-tune with its change edited.

use crate::analyze::{Change, Weights};
use crate::linalg::{Matrix, View, accumulate, product};
use crate::report::surgery::Arm;
use std::collections::HashMap;
use std::ops::Range;

/// A model whose loss is wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The fine-tune; none for the base.
    pub model: Option<u32>,
    /// The arm of the surgery, and lambda.
    pub edit: Option<(Arm, f64)>,
    /// The part of the change that is undone.
    pub without: Option<Part>,
}

/// A part of a network: a block with all that is in it, all matrices of a type, or what is both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// None: every block.
    pub layer: Option<u32>,
    /// None: every type.
    pub kind: Option<String>,
}

impl Part {
    /// None where neither is given: nothing is undone.
    pub fn of(layer: Option<u32>, kind: Option<String>) -> Option<Part> {
        (layer.is_some() || kind.is_some()).then_some(Part { layer, kind })
    }

    /// Whether a tensor lies in it.
    pub fn holds(&self, layer: Option<u32>, kind: Option<&str>) -> bool {
        (self.layer.is_none() || self.layer == layer) && (self.kind.is_none() || self.kind.as_deref() == kind)
    }
}

/// How a row makes a tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    Base,
    /// As a model has it.
    Tuned(u32),
    Edited(Edited),
}

/// W0 + share D + left right^T, with D the change of a model; `[out, q]` and `[in, q]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    pub model: u32,
    pub share: f32,
    pub left: Matrix,
    pub right: Matrix,
}

/// One tensor: the base's, and what models make of it.
pub struct Given<'a> {
    /// Its name in the base.
    pub name: String,
    pub base: Weights<'a>,
    pub changes: HashMap<u32, Change<'a>>,
    /// By row.
    pub forms: Vec<Form>,
}

/// The columns of each row in a matrix of activations, row after row.
pub type Lanes = [Range<usize>];

/// As many columns for each row.
pub fn lanes(rows: usize, all: usize) -> Vec<Range<usize>> {
    let each = all / rows.max(1);
    (0..rows).map(|row| row * each..(row + 1) * each).collect()
}

impl Given<'_> {
    fn change(&self, model: u32) -> Option<&Change<'_>> {
        self.changes.get(&model).filter(|c| !matches!(c, Change::Unchanged(_)))
    }

    /// A norm's weight or a bias, under every row.
    pub fn vectors(&self) -> Vec<Vec<f32>> {
        let whole = |view: View| {
            let mut all = Vec::with_capacity(view.rows() * view.cols());
            view.each(|x| all.push(x));
            all
        };
        let one = |form: &Form| match form {
            Form::Base => whole(self.base.view()),
            Form::Tuned(model) | Form::Edited(Edited { model, .. }) => {
                match self.change(*model).and_then(|c| c.tuned(&self.base)) {
                    Some(tuned) => whole(tuned.view()),
                    None => whole(self.base.view()),
                }
            }
        };
        self.forms.iter().map(one).collect()
    }

    /// W x, with every row's own W for its columns of x; `[out, columns]`.
    pub fn apply(&self, own: &Lanes, x: &Matrix) -> Result<Matrix, String> {
        let base = self.base.view();
        if base.cols() != x.nrows() {
            return Err(self.misfit("inputs", base.cols(), x.nrows()));
        }
        let forms = &self.forms;
        // Rows beside each other that start from one matrix share a product.
        let is_dense = |model: u32| self.change(model).is_some_and(|c| c.dense().is_some());
        let start = |form: &Form| match form {
            Form::Tuned(model) => Some(*model).filter(|m| is_dense(*m)),
            Form::Edited(edited) => Some(edited.model).filter(|m| edited.share == 1.0 && is_dense(*m)),
            Form::Base => None,
        };
        let mut y = Matrix::zeros(base.rows(), x.ncols());
        let mut first = 0;
        while let Some(from) = forms.get(first).map(start) {
            let count = forms[first..].iter().take_while(|form| start(form) == from).count();
            let range = own[first].start..own[first + count - 1].end;
            let w = from.and_then(|model| self.change(model)?.dense()).unwrap_or(base);
            if !range.is_empty() {
                accumulate(&mut y, range.start, w, View::columns(x, range), 1.0);
            }
            first += count;
        }
        for (form, range) in forms.iter().zip(own).filter(|(_, range)| !range.is_empty()) {
            let own = || View::columns(x, range.clone());
            // by B A x.
            let add = |y: &mut Matrix, b: View, a: View, by: f32| {
                accumulate(y, range.start, b, &product::<f32>(a, own()), by);
            };
            match form {
                Form::Base => {}
                Form::Tuned(model) => {
                    if let Some((b, a, scale)) = self.change(*model).and_then(Change::factors) {
                        add(&mut y, b.into(), a.into(), scale as f32);
                    }
                }
                Form::Edited(Edited {
                    model,
                    share,
                    left,
                    right,
                }) => {
                    if let Some(change) = self.change(*model) {
                        if let Some((b, a, scale)) = change.factors() {
                            add(&mut y, b.into(), a.into(), *share * scale as f32);
                        } else if let Some(w) = change.dense().filter(|_| *share != 1.0) {
                            accumulate(&mut y, range.start, w, own(), *share);
                            accumulate(&mut y, range.start, base, own(), -share);
                        }
                    }
                    if left.ncols() > 0 {
                        add(&mut y, left.into(), View::from(right).t(), 1.0);
                    }
                }
            }
        }
        Ok(y)
    }

    /// Some lines of a table, under every row: `[lines, width]` each.
    pub fn lines(&self, wanted: &[usize]) -> Vec<Matrix> {
        let base = self.base.select(wanted).matrix();
        let one = |form: &Form| {
            let mut lines = base.clone();
            let (model, share) = match form {
                Form::Base => return lines,
                Form::Tuned(model) => (*model, 1.0),
                Form::Edited(edited) => (edited.model, edited.share),
            };
            if let Some(change) = self.change(model) {
                if let Some((b, a, scale)) = change.factors() {
                    lines += product::<f32>(&b.select_rows(wanted), a) * (share * scale as f32);
                } else if let Some(tuned) = change.lines(wanted) {
                    lines = if share == 1.0 {
                        tuned
                    } else {
                        (tuned - &base) * share + &base
                    };
                }
            }
            if let Form::Edited(Edited { left, right, .. }) = form {
                lines += product::<f32>(&left.select_rows(wanted), View::from(right).t());
            }
            lines
        };
        self.forms.iter().map(one).collect()
    }

    /// The error of a tensor that its network has no place for.
    pub fn misfit(&self, what: &str, is: usize, wanted: usize) -> String {
        misfit(&self.name, what, is, wanted)
    }

    /// Outputs and inputs.
    pub fn shape(&self) -> (usize, usize) {
        let view = self.base.view();
        (view.rows(), view.cols())
    }
}

/// The error of a tensor whose shape its configuration does not make.
pub fn misfit(name: &str, what: &str, is: usize, wanted: usize) -> String {
    format!("“{name}” has {is} {what}; its config.json makes it {wanted}. Drop the config.json of these very weights.")
}
