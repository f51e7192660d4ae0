//! One matrix of one model, opened: what every arm at every lambda is computed from.

use super::edit::Edit;
use super::{large, sketch, small};
use crate::analyze::Stop;
use crate::analyze::change::Change;
use crate::analyze::weights::Weights;
use crate::linalg::{Frame, Matrix, Precise, Settled, Triples, View, product, product_singular_values, triples};
use crate::metrics::effective_rank::effective_rank;
use crate::report::Side;
use crate::report::surgery::{ARMS, After, Arm, Cut, Operated};

use std::sync::Mutex;

/// Directions of D weaker than this part of its strongest are rounding.
const NOTHING: f64 = 1e-6;

/// A matrix that waits for its cut.
pub struct Patient {
    name: String,
    /// The longest window that it was opened for.
    k: usize,
    pub(super) change: Body,
    pub(super) base: Base,
    /// Leading triples of W, `k` at most.
    w: Triples,
    /// D = P diag(theta) Q^T; of a large change stored whole its strongest directions alone.
    own: Triples,
    /// |D|.
    norm: f64,
    /// The arms without lambda, by the rule that they were counted by.
    fixed: Mutex<Option<(Rule, [After; 2])>>,
}

/// k, the bits of epsilon, the side.
type Rule = (u32, u64, Side);

/// D = W - W0.
pub enum Body {
    /// left right^T.
    Factors {
        left: Precise,
        right: Precise,
    },
    Dense {
        w0: Matrix,
        w: Matrix,
    },
}

/// What is known of W0.
pub enum Base {
    Whole(Frame),
    /// Its leading vectors: the matrix is too large for all of them.
    Leading {
        w0: Weights<'static>,
        known: Settled,
    },
}

/// One arm of a matrix as a change that can be saved.
pub struct Edited {
    pub chosen: Vec<u32>,
    pub change: EditedChange,
}

/// The edited D.
pub enum EditedChange {
    /// left right^T, `[out, q]` and `[in, q]`.
    Factors { left: Precise, right: Precise },
    /// W itself, `[out, in]`.
    Dense(Precise),
}

impl Body {
    fn of(w0: &Weights, change: &Change) -> Result<Body, Stop> {
        match change {
            Change::Unchanged(_) => Err(Stop::failed(
                "The matrix is the base’s own: there is nothing to edit.".into(),
            )),
            Change::LowRank { b, a, scale } => Ok(Body::Factors {
                left: b.map(|x| f64::from(x) * scale),
                right: a.transpose().map(f64::from),
            }),
            Change::Dense(w) => Ok(Body::Dense {
                w0: w0.matrix(),
                w: w.matrix(),
            }),
            Change::Made { w, .. } => Ok(Body::Dense {
                w0: w0.matrix(),
                w: w.clone(),
            }),
        }
    }

    /// D x.
    pub(super) fn image(&self, x: &Precise) -> Precise {
        match self {
            Body::Factors { left, right } => left * right.tr_mul(x),
            Body::Dense { w0, w } => product::<f64>(w, x) - product::<f64>(w0, x),
        }
    }

    /// D^T x.
    pub(super) fn back(&self, x: &Precise) -> Precise {
        match self {
            Body::Factors { left, right } => right * left.tr_mul(x),
            Body::Dense { w0, w } => product::<f64>(View::from(w).t(), x) - product::<f64>(View::from(w0).t(), x),
        }
    }

    /// |D|.
    pub(super) fn norm(&self) -> f64 {
        match self {
            Body::Factors { left, right } => left.tr_mul(left).dot(&right.tr_mul(right)).max(0.0).sqrt(),
            Body::Dense { w0, w } => {
                let squares = w.iter().zip(w0).map(|(w, w0)| (f64::from(*w) - f64::from(*w0)).powi(2));
                squares.sum::<f64>().sqrt()
            }
        }
    }

    /// D in full.
    pub(super) fn dense(&self) -> Precise {
        match self {
            Body::Factors { left, right } => product(left, View::from(right).t()),
            Body::Dense { w0, w } => w.zip_map(w0, |w, w0| f64::from(w) - f64::from(w0)),
        }
    }

    /// All of D = P diag(theta) Q^T.
    pub(super) fn own(&self) -> Result<Triples, crate::linalg::NoConvergence> {
        match self {
            Body::Dense { .. } => triples(&self.dense(), usize::MAX),
            Body::Factors { left, right } => {
                // right = Q R turns D into (left R^T) Q^T: as few columns as the factors have.
                let (q, r) = right.clone().qr().unpack();
                let narrow = triples(&(left * r.transpose()), usize::MAX)?;
                Ok(Triples {
                    right: q * narrow.right,
                    ..narrow
                })
            }
        }
    }
}

impl Patient {
    pub(super) fn open(name: &str, w0: &Weights, change: &Change, k: usize, exact: bool) -> Result<Patient, Stop> {
        let failed = |_| Stop::failed("The decomposition did not converge.".into());
        let body = Body::of(w0, change)?;
        let own = match &body {
            Body::Dense { w, .. } if !exact => sketch::strongest(&body, w.shape()),
            _ => body.own(),
        };
        let own = own.map_err(failed)?;
        let norm = body.norm();
        let (base, w) = if exact {
            let frame = Frame::of(w0.view(), k).map_err(failed)?;
            let w = w0.matrix().map(f64::from) + body.dense();
            (Base::Whole(frame), triples(&w, k).map_err(failed)?)
        } else {
            large::open(w0, &body, k)?
        };
        Ok(Patient {
            name: name.to_owned(),
            k,
            change: body,
            base,
            w,
            own,
            norm,
            fixed: Mutex::new(None),
        })
    }

    /// The longest window that a cut may ask for.
    pub fn window(&self) -> u32 {
        self.k as u32
    }

    /// Bytes that it holds, roughly.
    pub fn size(&self) -> usize {
        let of = |t: &Triples| 8 * (t.left.len() + t.right.len() + t.sigma.len());
        let body = match &self.change {
            Body::Factors { left, right } => 8 * (left.len() + right.len()),
            Body::Dense { w0, w } => 4 * (w0.len() + w.len()),
        };
        let base = match &self.base {
            Base::Whole(frame) => 4 * (frame.left.len() + frame.right.len()),
            Base::Leading { w0, .. } => w0.size(),
        };
        of(&self.w) + of(&self.own) + body + base
    }

    pub(super) fn shape(&self) -> (usize, usize) {
        (self.own.left.nrows(), self.own.right.nrows())
    }

    pub(super) fn norm(&self) -> f64 {
        self.norm
    }

    pub(super) fn tuned(&self) -> &Triples {
        &self.w
    }

    pub(super) fn own(&self) -> &Triples {
        &self.own
    }

    /// The number of D's directions that are more than rounding.
    pub(super) fn rank(&self) -> usize {
        let floor = NOTHING * self.own.sigma.first().copied().unwrap_or(0.0);
        let known = self.own.sigma.iter().take(self.own.left.ncols());
        known.take_while(|s| **s > floor).count()
    }

    /// The k strongest vectors of W0.
    pub(super) fn base(&self, k: usize) -> (Precise, Precise) {
        match &self.base {
            Base::Whole(frame) => {
                let Triples { left, right, .. } = &frame.leading;
                let first = |side: &Precise| side.columns(0, k.min(side.ncols())).into_owned();
                (first(left), first(right))
            }
            Base::Leading { known, .. } => known.vectors(k),
        }
    }

    pub(super) fn image(&self, x: &Precise) -> Precise {
        self.change.image(x)
    }

    pub(super) fn back(&self, x: &Precise) -> Precise {
        self.change.back(x)
    }

    /// The least |D_lambda|^2 of the scaled arm over lambda in [0, 1].
    pub(super) fn least(&self, chosen: &[u32]) -> f64 {
        let image = self.image(&self.w.right);
        let (mut along, mut own) = (0.0, 0.0);
        for j in chosen.iter().map(|j| *j as usize) {
            along += self.w.sigma[j] * self.w.left.column(j).dot(&image.column(j));
            own += self.w.sigma[j].powi(2);
        }
        let taken = if own > 0.0 { (along / own).clamp(0.0, 1.0) } else { 0.0 };
        self.norm.powi(2) - 2.0 * taken * along + taken * taken * own
    }

    /// |share D + L R^T|, from |D|^2, <D, L R^T> = <L, D R>, and |L R^T|^2 = <L^T L, R^T R>: to the precision of f64, whatever the vectors'.
    pub(super) fn norm_of(&self, edit: &Edit) -> f64 {
        let (l, r) = (&edit.left, &edit.right);
        let cross = if l.ncols() > 0 { l.dot(&self.image(r)) } else { 0.0 };
        let beside = l.tr_mul(l).dot(&r.tr_mul(r));
        (edit.share.powi(2) * self.norm.powi(2) + 2.0 * edit.share * cross + beside)
            .max(0.0)
            .sqrt()
    }

    /// All of D's directions are known, not its strongest alone.
    fn is_known_whole(&self) -> bool {
        matches!(
            (&self.change, &self.base),
            (Body::Factors { .. }, _) | (_, Base::Whole(_))
        )
    }

    /// The singular values of an edit of a change that is known whole.
    fn spectrum_of(&self, edit: &Edit) -> Result<Vec<f64>, Stop> {
        let failed = |_| Stop::failed("The singular values of the edited change did not converge.".into());
        if edit.left.ncols() == 0 {
            return Ok(self.own.sigma.iter().map(|s| s * edit.share).collect());
        }
        // Through D's own vectors: as many columns as its rank and the edit have.
        let mut left = self.own.left.clone();
        left.column_iter_mut()
            .zip(&self.own.sigma)
            .for_each(|(mut column, s)| column *= s * edit.share);
        product_singular_values(
            small::side_by_side(&left, &edit.left),
            small::side_by_side(&self.own.right, &edit.right),
        )
        .map_err(failed)
    }

    /// The vectors that a cut takes: those asked for, or all intruders.
    fn chosen(&self, cut: &Cut, trained: &After) -> Vec<u32> {
        let known = self.w.left.ncols() as u32;
        let mut chosen = match &cut.chosen {
            Some(own) => own.iter().copied().filter(|j| *j < known).collect(),
            None => small::below(trained, cut),
        };
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// Every arm at every lambda of a cut.
    pub fn operate(&self, cut: &Cut) -> Result<Operated, String> {
        self.arms(cut).map_err(|stop| stop.reason)
    }

    /// As trained, and projected: no lambda moves them, so a dial asks for them once.
    fn fixed(&self, cut: &Cut) -> Result<[After; 2], Stop> {
        // Never held while it computes: the pool may take up another question of the same matrix meanwhile.
        let known = || self.fixed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let rule = (cut.k, cut.epsilon.to_bits(), cut.side);
        if let Some((_, found)) = known().as_ref().filter(|(of, _)| *of == rule) {
            return Ok(found.clone());
        }
        let edits = [Arm::Trained, Arm::Projected].map(|arm| (arm, 1.0, Edit::of(self, arm, 1.0, &[], cut)));
        let found = <[After; 2]>::try_from(self.after(&edits, cut)?)
            .map_err(|_| Stop::failed("Nothing was computed.".into()))?;
        *known() = Some((rule, found.clone()));
        Ok(found)
    }

    fn arms(&self, cut: &Cut) -> Result<Operated, Stop> {
        let [trained, projected] = self.fixed(cut)?;
        let chosen = self.chosen(cut, &trained);
        let mut edits = Vec::new();
        let mut same = Vec::new();
        for words in ARMS.iter().filter(|w| !matches!(w.arm, Arm::Trained | Arm::Projected)) {
            for lambda in &cut.lambdas {
                if chosen.is_empty() || *lambda == 1.0 {
                    same.push(After {
                        arm: words.arm,
                        lambda: *lambda,
                        ..trained.clone()
                    });
                } else {
                    edits.push((words.arm, *lambda, Edit::of(self, words.arm, *lambda, &chosen, cut)));
                }
            }
        }
        let mut arms = vec![projected];
        if !edits.is_empty() {
            arms.extend(self.after(&edits, cut)?);
        }
        arms.extend(same);
        Ok(Operated {
            name: self.name.clone(),
            chosen,
            trained,
            arms,
        })
    }

    fn after(&self, edits: &[(Arm, f64, Edit)], cut: &Cut) -> Result<Vec<After>, Stop> {
        let mut all = match &self.base {
            Base::Whole(frame) => small::after(self, frame, edits, cut)?,
            Base::Leading { w0, known } => large::after(self, w0, known, edits, cut)?,
        };
        for (after, (_, _, edit)) in all.iter_mut().zip(edits) {
            after.frobenius = self.norm_of(edit);
            if self.is_known_whole() {
                let spectrum: Vec<f32> = self.spectrum_of(edit)?.into_iter().map(|s| s as f32).collect();
                after.effective_rank = Some(effective_rank(&spectrum));
            }
        }
        Ok(all)
    }

    /// Arms at their lambdas, as changes.
    pub fn edits(&self, cut: &Cut, arms: &[(Arm, f64)]) -> Result<Vec<Edit>, String> {
        let [trained, _] = self.fixed(cut).map_err(|stop| stop.reason)?;
        let chosen = self.chosen(cut, &trained);
        Ok(arms
            .iter()
            .map(|(arm, lambda)| Edit::of(self, *arm, *lambda, &chosen, cut))
            .collect())
    }

    /// One arm at one lambda, to be saved.
    pub fn edited(&self, cut: &Cut, arm: Arm, lambda: f64) -> Result<Edited, String> {
        let own = || {
            let [trained, _] = self.fixed(cut)?;
            let chosen = self.chosen(cut, &trained);
            let edit = Edit::of(self, arm, lambda, &chosen, cut);
            let change = match &self.change {
                Body::Factors { left, right } => EditedChange::Factors {
                    left: small::side_by_side(&(left * edit.share), &edit.left),
                    right: small::side_by_side(right, &edit.right),
                },
                Body::Dense { w0, .. } => EditedChange::Dense(w0.map(f64::from) + self.dense(&edit)),
            };
            Ok(Edited { chosen, change })
        };
        own().map_err(|stop: Stop| stop.reason)
    }

    /// The edited W of a change stored whole, as single precision holds it.
    pub(super) fn merged(&self, w0: &Matrix, w: &Matrix, edit: &Edit) -> Matrix {
        let mut x: Matrix = product(
            &edit.left.map(|x| x as f32),
            View::from(&edit.right.map(|x| x as f32)).t(),
        );
        let share = edit.share;
        x.iter_mut().zip(w0.iter().zip(w)).for_each(|(x, (w0, w))| {
            let (w0, w) = (f64::from(*w0), f64::from(*w));
            *x = (w0 + share * (w - w0) + f64::from(*x)) as f32;
        });
        x
    }

    /// The edited D in full.
    pub(super) fn dense(&self, edit: &Edit) -> Precise {
        let mut x = self.change.dense() * edit.share;
        if edit.left.ncols() > 0 {
            x += product::<f64>(&edit.left, View::from(&edit.right).t());
        }
        x
    }
}

/// The side that a cut counts on, of both.
pub fn decides<T: Copy>(side: Side, left: T, right: T, larger: impl Fn(T, T) -> T) -> T {
    match side {
        Side::Left => left,
        Side::Right => right,
        Side::Both => larger(left, right),
    }
}
