//! Best matches of leading tuned vectors among all base vectors, as intervals that hold the truth.
//!
//! Let y be a tuned vector that is known and u the true one, at most an angle psi apart ([`isolate`]). The base's eigenvalues above an edge
//! lie in groups G whose spaces are known, span X_G, turned from the true eigenspace by at most phi_G. With alpha the angle between y and
//! span X_G, the angle between u and the true space lies in [alpha - phi_G - psi, alpha + phi_G + psi]. So no base vector of the group can
//! have a larger cosine with u than cos(alpha - phi_G - psi), and where the group has g members one of them has at least
//! cos(alpha + phi_G + psi) / sqrt(g). The base's other eigenvalues lie in [low, edge], and a [certificate](super::certificate) bounds
//! their vectors' cosines with y. The best match lies between the largest lower end and the largest upper one.

use super::certificate::{Certificate, Known};
use super::cholesky::is_positive_definite;
use super::edge::Edge;
use super::invariant::{Invariant, Side};
use super::isolate::{Group, Isolated, isolate};
use super::kernel::Scalar;
use super::lanczos::{Lanczos, Run};
use super::leading::{Leading, ROUNDING, rounding_size};
use super::operator::Operator;
use super::product::{error_of_sums, gram, product};
use super::second::refuted;
use super::view::View;
use super::{Matrix, NoConvergence};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::f64::consts::FRAC_PI_2;

/// Bounds are brought below the threshold asked for, and below this where that is cheap: the slider of the threshold has some room.
const COMFORT: f64 = 0.29;
/// Steps of Lanczos at most, for comfort, and before the first look.
const STEPS: usize = 160;
const CHEAP_STEPS: usize = 20;
const SHARPENING_STEPS: usize = 12;
const FIRST_LOOK: usize = 6;
/// Steps between looks, and looks in which a bound must lose a part, or it is as low as it gets.
const LOOK: usize = 3;
const STALLED: usize = 5;
const PROGRESS: f64 = 0.03;
/// An upper end is sharp where it is this close to what it could be at best.
const SHARP: f64 = 1e-3;
/// Steps towards the edge of the spectrum beside known vectors, at most.
const EDGE_STEPS: usize = 160;
/// Runs are made in f32 where the edge is above this part of the largest eigenvalue.
const SINGLE: f64 = 3e-3;
/// A guess of a step's error, in roundings of norm sigma_1, while it is not measured yet.
const GUESS: f64 = 10.0;
/// Base vectors that are taken as known at first.
const KNOWN: usize = 48;
/// Steps more for the least eigenvalue.
const LEAST_STEPS: usize = 40;
/// An angle that is small enough: more steps towards the edge would not show.
const TURN: f64 = 1e-3;
/// Seeds of starts that nothing else begins with.
const BASE_SEED: u64 = 101;
const TUNED_SEED: u64 = 102;
const PROBE_SEED: u64 = 103;
/// Numbers of the report have 24 bits: ends are rounded outwards.
const OUTWARDS: f64 = 1e-7;

/// The question that the intervals must settle.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub k: usize,
    pub epsilon: f64,
    pub left: bool,
    pub right: bool,
}

/// One side: the largest cosine of every leading tuned vector lies in `[cos, upper]`.
#[derive(Debug, Clone)]
pub struct SideMatch {
    pub cos: Vec<f32>,
    pub upper: Vec<f32>,
    pub argmax: Vec<u32>,
    /// |U0^T U| of the leading base vectors (rows) and tuned vectors (columns).
    pub cosines: Matrix,
    /// The angle between each of these tuned vectors and the true one, at most.
    pub turn: Vec<f32>,
    /// The angle between the span of the first i + 1 of these base vectors and the true one, at most; as many as are isolated.
    pub base_turn: Vec<f32>,
}

/// Both sides, as far as asked for.
pub struct Sides {
    pub short: Option<SideMatch>,
    pub long: Option<SideMatch>,
}

impl Sides {
    fn all(&self) -> impl Iterator<Item = &SideMatch> {
        self.short.iter().chain(&self.long)
    }

    /// Some verdict that was asked for is left open.
    pub fn is_open(&self, question: Question) -> bool {
        let open = |side: &SideMatch| {
            let ends = side.cos.iter().zip(&side.upper).take(question.k);
            ends.into_iter()
                .any(|(low, high)| f64::from(*low) < question.epsilon && f64::from(*high) >= question.epsilon)
        };
        self.all().any(open)
    }

    /// Both hold the truth, and so does what they have in common.
    pub fn narrow(&mut self, again: Sides) {
        for (side, again) in [(&mut self.short, again.short), (&mut self.long, again.long)] {
            let (Some(side), Some(again)) = (side, again) else {
                continue;
            };
            for j in 0..side.cos.len() {
                if again.cos[j] > side.cos[j] {
                    (side.cos[j], side.argmax[j]) = (again.cos[j], again.argmax[j]);
                }
                side.upper[j] = side.upper[j].min(again.upper[j]).max(side.cos[j]);
            }
            // The later ones are of more base vectors, to which argmax may point.
            (side.cosines, side.turn, side.base_turn) = (again.cosines, again.turn, again.base_turn);
        }
    }
}

/// Leading vectors of W, with how far each may be from the true one.
pub struct Tuned {
    found: Invariant,
    /// Angles on the short and the long side, one per vector; a right angle where nothing is known.
    turn: [Vec<f64>; 2],
}

impl Tuned {
    pub fn new(w: Operator, leading: &Leading, question: Question) -> Result<Tuned, NoConvergence> {
        let norm = w.norm();
        let rounding = w.rounding::<f64>(norm);
        let found = Invariant::of(w, &leading.short, rounding, question.right)?;
        let mut edge = Edge::new(w, &found.short.x, TUNED_SEED, rounding);
        let asked = question.k.min(found.len());
        let mut turn = [0, 1].map(|_| vec![FRAC_PI_2; found.len()]);
        let wanted = found.theta.get(asked.saturating_sub(1)).copied().unwrap_or(0.0);
        approach(&mut edge, wanted, |above| {
            let isolated = isolate(&found.theta, &found.short, above)?;
            for group in isolated.groups.iter().filter(|g| g.members.len() == 1) {
                let j = group.members.start;
                for (turn, side) in turn.iter_mut().zip([Some(&found.short), found.long.as_ref()]) {
                    turn[j] = side.map_or(turn[j], |side| turn[j].min(group.angle(&side.residual)));
                }
            }
            Ok(turn[0][..asked].iter().all(|t| *t <= TURN))
        })?;
        Ok(Tuned { found, turn })
    }

    /// max_j ||W W^T u_j - s_j^2 u_j|| / (s_j s_1) over the first k vectors.
    pub fn residual(&self, k: usize) -> f64 {
        let theta = &self.found.theta;
        let of = |j: usize| self.found.short.residual[j] / (theta[j] * theta[0]).sqrt();
        (0..k.min(theta.len())).map(of).fold(0.0, f64::max)
    }

    fn turn(&self, short: bool) -> &[f64] {
        &self.turn[usize::from(!short)]
    }

    fn side(&self, short: bool) -> Option<&Side> {
        if short {
            Some(&self.found.short)
        } else {
            self.found.long.as_ref()
        }
    }
}

/// Goes on until a look at the edge says that it is near enough, or until it is clear that it will not come below `wanted`: its distance
/// to the largest Ritz value falls with the square of the steps.
fn approach(
    edge: &mut Edge,
    wanted: f64,
    mut look: impl FnMut(f64) -> Result<bool, NoConvergence>,
) -> Result<(), NoConvergence> {
    let closes = edge.room() <= EDGE_STEPS;
    for step in 1..=EDGE_STEPS {
        edge.step();
        let last = step == EDGE_STEPS || edge.is_closed();
        if (step >= FIRST_LOOK && step % 2 == 0) || last {
            let (largest, above) = edge.above()?;
            let far = (above - largest) / (wanted - largest).max(f64::MIN_POSITIVE);
            let hopeless = !closes && step >= 2 * FIRST_LOOK && step as f64 * far.sqrt() > EDGE_STEPS as f64;
            if look(above)? || last || hopeless {
                break;
            }
        }
    }
    Ok(())
}

/// The base, and what is proved of its spectrum.
pub struct Against<'a> {
    w0: View<'a>,
    leading: &'a Leading,
    found: Invariant,
    isolated: Isolated,
    rounding: f64,
    norm: f64,
    /// An estimate of the smallest eigenvalue of W0 W0^T: no proof.
    least: f64,
}

impl<'a> Against<'a> {
    /// `most` base vectors are taken as known, and some where that is fewer.
    pub fn new(
        w0: View<'a>,
        leading: &'a Leading,
        tuned: &[Tuned],
        question: Question,
        most: usize,
    ) -> Result<Against<'a>, NoConvergence> {
        let operator = Operator::from(w0);
        let norm = operator.norm();
        let rounding = operator.rounding::<f64>(norm);
        let count = worth_knowing(leading).min(most.max(KNOWN));
        let found = Invariant::of(
            operator,
            &leading.short.columns(0, count).into_owned(),
            rounding,
            question.right,
        )?;
        let mut edge = Edge::new(operator, &found.short.x, BASE_SEED, rounding);
        let mut isolated = Isolated {
            groups: Vec::new(),
            edge: norm * norm,
        };
        let needed = needed(&found, tuned, question);
        let wanted = found.theta.get(needed - 1).copied().unwrap_or(0.0);
        approach(&mut edge, wanted, |above| {
            let now = isolate(&found.theta, &found.short, above)?;
            if (now.known(), -now.edge) > (isolated.known(), -isolated.edge) {
                isolated = now;
            }
            Ok(isolated.known() >= needed)
        })?;
        if question.right && w0.rows() != w0.cols() {
            // The long side asks for the other end of the spectrum too.
            (0..LEAST_STEPS).for_each(|_| edge.step());
        }
        let least = found
            .theta
            .last()
            .map_or(0.0, |last| edge.least().map(|least| least.min(*last)).unwrap_or(0.0));
        Ok(Against {
            w0,
            leading,
            found,
            isolated,
            rounding,
            norm,
            least,
        })
    }

    /// The largest eigenvalue; zero of a base that is zero.
    fn largest(&self) -> f64 {
        self.found.theta.first().copied().unwrap_or(0.0)
    }

    /// The intervals of every tune.
    pub fn sides(&self, tuned: &[Tuned], leading: &[Leading], question: Question) -> Result<Vec<Sides>, NoConvergence> {
        let side = |short: bool| -> Result<Vec<Option<SideMatch>>, NoConvergence> {
            let asked = if short { question.left } else { question.right };
            if asked {
                Ok(self
                    .side(tuned, leading, short, question)?
                    .into_iter()
                    .map(Some)
                    .collect())
            } else {
                Ok(tuned.iter().map(|_| None).collect())
            }
        };
        Ok(side(true)?
            .into_iter()
            .zip(side(false)?)
            .map(|(short, long)| Sides { short, long })
            .collect())
    }

    fn side(
        &self,
        tuned: &[Tuned],
        leading: &[Leading],
        short: bool,
        question: Question,
    ) -> Result<Vec<SideMatch>, NoConvergence> {
        let base = if short {
            Some(&self.found.short)
        } else {
            self.found.long.as_ref()
        }
        .ok_or(NoConvergence)?;
        let mut vectors: Vec<Vector> = Vec::new();
        for (at, one) in tuned.iter().enumerate() {
            let y = &one.side(short).ok_or(NoConvergence)?.x;
            let c: DMatrix<f64> = product(View::from(&base.x).t(), y);
            vectors.extend((0..y.ncols()).map(|j| {
                self.vector(
                    at,
                    j,
                    c.column(j).iter().copied().collect(),
                    one.turn(short)[j],
                    &base.residual,
                )
            }));
        }
        self.bound_the_rest(tuned, &mut vectors, base, short, question)?;
        let base_turn = self.spans(&base.residual);
        let mut sides = Vec::new();
        for (at, found) in leading.iter().enumerate() {
            let (own, known) = if short {
                (&found.short, &self.leading.short)
            } else {
                (&found.long, &self.leading.long)
            };
            let mut cosines: Matrix = product(View::from(known).t(), own);
            // Of vectors of which something is proved those of the proof.
            let count = cosines.ncols();
            for vector in vectors.iter().filter(|v| v.tune == at && v.place < count) {
                let mut column = cosines.column_mut(vector.place);
                column.iter_mut().zip(&vector.c).for_each(|(cell, c)| *cell = *c as f32);
            }
            let mut side = SideMatch {
                cos: vec![],
                upper: vec![],
                argmax: vec![],
                cosines: cosines.map(|c| c.abs().min(1.0)),
                turn: vec![],
                base_turn: base_turn.clone(),
            };
            for j in 0..own.ncols() {
                let one = vectors.iter().find(|v| v.tune == at && v.place == j);
                let (mut low, mut high, best) = one.map_or((0.0, 1.0, 0), |v| (v.low, v.high(), v.best));
                let mut turn = one.map_or(FRAC_PI_2, |v| v.turn);
                if refuted(side.cosines.column(j).as_slice(), self.leading, turn, high) {
                    (low, high, turn) = (0.0, 1.0, FRAC_PI_2);
                }
                side.turn.push(outwards(turn));
                side.cos.push((low - OUTWARDS).max(0.0) as f32);
                side.upper.push((high + OUTWARDS).min(1.0) as f32);
                side.argmax.push(best as u32);
            }
            sides.push(side);
        }
        Ok(sides)
    }

    /// How far the spans of the first base vectors may be turned: those that end with a group, by all residuals against the gap below it; others
    /// by anything.
    fn spans(&self, residual: &[f64]) -> Vec<f32> {
        let mut turn = vec![outwards(FRAC_PI_2); self.isolated.known()];
        for group in &self.isolated.groups {
            let first = Group {
                members: 0..group.members.end,
                gap: group.gap,
            };
            if let Some(turn) = turn.get_mut(group.members.end - 1) {
                *turn = outwards(first.angle(residual));
            }
        }
        turn
    }

    /// The interval of one vector by the known groups.
    fn vector(&self, tune: usize, place: usize, c: Vec<f64>, turn: f64, residual: &[f64]) -> Vector {
        let (mut low, mut high, mut best) = (0.0, 0.0f64, 0);
        for group in &self.isolated.groups {
            let own = &c[group.members.clone()];
            let alpha = own.iter().map(|c| c * c).sum::<f64>().sqrt().min(1.0).acos();
            let angle = group.angle(residual);
            let away = angle + turn;
            let most = (alpha + away).min(FRAC_PI_2).cos() / (own.len() as f64).sqrt();
            high = high.max((alpha - angle).max(0.0).cos());
            if most > low {
                low = most;
                best = (group.members.clone())
                    .max_by(|a, b| c[*a].abs().total_cmp(&c[*b].abs()))
                    .unwrap_or(0);
            }
        }
        if low == 0.0 {
            best = (0..c.len())
                .max_by(|a, b| c[*a].abs().total_cmp(&c[*b].abs()))
                .unwrap_or(0);
        }
        Vector {
            tune,
            place,
            c,
            turn,
            low,
            known: high,
            rest: 1.0,
            best,
            before: 1.0,
            stalled: 0,
        }
    }

    /// Bounds the cosines with base vectors below the edge, until they settle what was asked.
    fn bound_the_rest(
        &self,
        tuned: &[Tuned],
        vectors: &mut [Vector],
        base: &Side,
        short: bool,
        question: Question,
    ) -> Result<(), NoConvergence> {
        let operator = if short {
            Operator::from(self.w0)
        } else {
            Operator::from(self.w0).t()
        };
        // On the long side of a matrix that is not square lies a null space, which holds no base vector.
        let outside = !short && self.w0.rows() != self.w0.cols();
        let low = if outside { self.least / 16.0 } else { 0.0 };
        let mut starts = DMatrix::zeros(operator.rows(), vectors.len());
        for (at, vector) in vectors.iter().enumerate() {
            let side = tuned[vector.tune].side(short).ok_or(NoConvergence)?;
            starts.set_column(at, &side.x.column(vector.place));
        }
        for _ in 0..2 {
            let inside: DMatrix<f64> = product(View::from(&base.x).t(), &starts);
            starts -= product::<f64>(&base.x, &inside);
        }
        // In f32 where its rounding is small beside what is looked at; how large it is gets measured.
        if self.isolated.edge > SINGLE * self.largest() {
            self.run::<f32>(operator, &starts, vectors, base, low, question)
        } else {
            self.run::<f64>(operator, &starts, vectors, base, low, question)
        }
    }

    fn run<T: Scalar>(
        &self,
        operator: Operator,
        starts: &DMatrix<f64>,
        vectors: &mut [Vector],
        base: &Side,
        low: f64,
        question: Question,
    ) -> Result<(), NoConvergence> {
        let known = Known {
            theta: &self.found.theta,
            residual: &base.residual,
        };
        let mut lanczos: Lanczos<T> = Lanczos::new(operator, starts, &base.x);
        let edge = self.isolated.edge;
        let bound = |vector: &mut Vector, run: &Run, low: f64, rounding: f64| -> Result<(), NoConvergence> {
            vector.take(Certificate::new(known, vector.c.clone(), run, rounding)?.largest(low, edge, vector.known));
            Ok(())
        };
        // What the products are off by: a guess while the runs go on, measured before they end.
        let mut rounding = GUESS * T::ROUNDING * self.norm * self.largest().sqrt();
        let mut step = 0;
        loop {
            let goal = if step < CHEAP_STEPS {
                question.epsilon.min(COMFORT)
            } else {
                question.epsilon
            };
            if step == 0 || (step >= FIRST_LOOK && (step - FIRST_LOOK).is_multiple_of(LOOK)) {
                let asked = vectors
                    .par_iter_mut()
                    .zip(&lanczos.runs)
                    .filter(|(vector, _)| step == 0 || vector.is_vague(goal));
                asked
                    .map(|(vector, run)| bound(vector, run, low, rounding))
                    .collect::<Result<(), _>>()?;
            }
            if step == STEPS
                || !vectors
                    .iter()
                    .any(|v| v.place < question.k && v.goes_on(goal, question.epsilon, step))
            {
                rounding = lanczos.measured_rounding(PROBE_SEED, self.rounding);
                let again = |(vector, run): (&mut Vector, &Run)| {
                    vector.rest = 1.0;
                    bound(vector, run, low, rounding)
                };
                vectors
                    .par_iter_mut()
                    .zip(&lanczos.runs)
                    .map(again)
                    .collect::<Result<(), _>>()?;
                if step == STEPS
                    || !vectors
                        .iter()
                        .any(|v| v.place < question.k && v.goes_on(goal, question.epsilon, step))
                {
                    break;
                }
            }
            // The others come along while it costs little.
            lanczos.step_some(|at| {
                if step < CHEAP_STEPS {
                    vectors[at].is_vague(goal)
                } else {
                    vectors[at].is_open(goal, question.epsilon)
                }
            });
            step += 1;
        }
        if low > 0.0 && !self.is_above(low) {
            // What lies in the null space counts as if it were a base vector's.
            let again = |(vector, run): (&mut Vector, &Run)| {
                vector.rest = 1.0;
                bound(vector, run, 0.0, rounding)
            };
            vectors
                .par_iter_mut()
                .zip(&lanczos.runs)
                .map(again)
                .collect::<Result<(), _>>()?;
        }
        Ok(())
    }

    /// Proves that every squared singular value is above `low`: W0 W0^T - low is positive definite.
    ///
    /// Where Cholesky's factorization goes through in f64, the least eigenvalue is above -(n + 1) u trace, about (Higham 2002, theorem 10.7):
    /// as much is added to `low`, sixteen times over for the blocks, and what the Gram matrix itself can be off by.
    fn is_above(&self, low: f64) -> bool {
        let mut g: DMatrix<f64> = gram(self.w0);
        let sums = error_of_sums::<f64>(self.w0.cols()) + 16.0 * (g.nrows() + 1) as f64 * f64::EPSILON;
        let margin = sums * self.norm * self.norm;
        for i in 0..g.nrows() {
            g[(i, i)] -= low + margin;
        }
        is_positive_definite(g)
    }
}

/// An angle in the 24 bits of the report, not below itself.
fn outwards(angle: f64) -> f32 {
    if angle.is_nan() {
        return std::f32::consts::FRAC_PI_2;
    }
    ((angle + OUTWARDS).min(FRAC_PI_2)) as f32
}

/// The number of base vectors that are worth isolating: those that can be told from the rest. Nothing rests on the choice.
fn worth_knowing(base: &Leading) -> usize {
    let total = base.residual.len();
    let good = |count: usize| {
        let next = base.theta.get(count).copied().unwrap_or(0.0);
        (0..count).all(|i| {
            base.residual[i] <= 0.02 * (base.theta[i] - next).max(0.0)
                || base.residual[i] <= ROUNDING * rounding_size(&base.theta, i)
        })
    };
    (0..=total).rev().find(|c| good(*c)).unwrap_or(0).max(1).min(total)
}

/// The number of the base's leading vectors that must be isolated: those that are some tuned vector's best match, and above the threshold.
fn needed(base: &Invariant, tuned: &[Tuned], question: Question) -> usize {
    let mut needed = 1;
    for one in tuned {
        let count = question.k.min(one.found.len());
        let c: DMatrix<f64> = product(
            View::from(&base.short.x).t(),
            &one.found.short.x.columns(0, count).into_owned(),
        );
        for column in c.column_iter() {
            let best = (0..column.len())
                .max_by(|a, b| column[*a].abs().total_cmp(&column[*b].abs()))
                .unwrap_or(0);
            if column.get(best).is_some_and(|c| c.abs() >= question.epsilon) {
                needed = needed.max(best + 1);
            }
        }
    }
    needed
}

/// One tuned vector on one side.
struct Vector {
    tune: usize,
    place: usize,
    /// X^T y.
    c: Vec<f64>,
    turn: f64,
    /// Some base vector has this cosine with the true vector.
    low: f64,
    /// No base vector above the edge has a larger cosine with y, and none below it.
    known: f64,
    rest: f64,
    best: usize,
    /// The bound when it last made progress, and the looks since.
    before: f64,
    stalled: usize,
}

impl Vector {
    fn take(&mut self, bound: f64) {
        self.rest = self.rest.min(bound);
        if self.rest < (1.0 - PROGRESS) * self.before {
            (self.before, self.stalled) = (self.rest, 0);
        } else {
            self.stalled += 1;
        }
    }

    fn high(&self) -> f64 {
        let most = self.known.max(self.rest).min(1.0);
        (most.acos() - self.turn).max(0.0).cos()
    }

    /// The upper end if nothing were left below the edge.
    fn at_best(&self) -> f64 {
        (self.known.min(1.0).acos() - self.turn).max(0.0).cos()
    }

    /// A lower bound would say more, and more steps may still lower it.
    fn is_vague(&self, goal: f64) -> bool {
        self.high() >= goal && self.high() > self.at_best() + SHARP && self.stalled < STALLED
    }

    /// Whether another step is worth it: a verdict depends on the bound, or it costs little still and other thresholds may be asked for.
    fn goes_on(&self, goal: f64, epsilon: f64, step: usize) -> bool {
        self.is_open(goal, epsilon) || (step < SHARPENING_STEPS && self.is_vague(goal))
    }

    /// Whether this vector's bound still decides the question.
    fn is_open(&self, goal: f64, epsilon: f64) -> bool {
        self.is_vague(goal) && self.low < epsilon && self.at_best() < epsilon
    }
}
