//! The lesson "Making an intruder": W0 + lambda u v^T with random u and v (arXiv 2410.21228, section 5), and how to fake one: turning nearly
//! tied singular vectors of W0 among themselves, which changes W by next to nothing.
//!
//! The dial moves many times a second, so everything happens in W0's singular basis, where W0 is diagonal and nothing of it is decomposed.
//! A random direction is as random there as anywhere.

mod change;
mod panel;
mod sweep;

use super::dial::within;
use super::{Fact, Scene, Spectrum, held};
use crate::analyze::{Known, Look, Tuning};
use crate::metrics::frobenius::frobenius;
use crate::metrics::intruder::{Intervals, Rule};
use crate::metrics::intruder_energy::intruder_energy;
use crate::metrics::random_match::random_match;
use crate::report::{self, CORNER, Cosine, Kind, Match, Settings, Side};
use change::Change;
use serde::{Deserialize, Serialize};
use sweep::Sweep;

/// W0 is N x N.
pub const N: usize = 256;

/// The two ways to change W0 in this lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Making {
    /// lambda u v^T is added.
    #[default]
    Planted,
    /// Nearly tied singular vectors are turned among themselves.
    Turned,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MakingDials {
    pub seed: u32,
    pub spectrum: Spectrum,
    pub making: Making,
    /// The strength of the change, in units of sigma_1(W0), 0 to 2.
    pub lambda: f64,
    /// The number of nearly tied vectors: 2, 4 or 8.
    pub tied: u32,
    /// The angle by which they are turned, in degrees, 0 to 90.
    pub angle: f64,
    pub k: u32,
    pub epsilon: f64,
}

impl Default for MakingDials {
    fn default() -> Self {
        MakingDials {
            seed: 1,
            spectrum: Spectrum::Power,
            making: Making::Planted,
            // Nothing is changed yet: the reader pulls.
            lambda: 0.0,
            tied: 8,
            angle: 45.0,
            k: 10,
            epsilon: 0.5,
        }
    }
}

impl MakingDials {
    /// Every dial within its ends.
    pub fn sane(&self) -> MakingDials {
        let plain = MakingDials::default();
        MakingDials {
            lambda: within(self.lambda, 0.0..=Making::Planted.most(), plain.lambda),
            tied: 1 << self.tied.clamp(2, 8).ilog2(),
            angle: within(self.angle, 0.0..=Making::Turned.most(), plain.angle),
            k: self.k.clamp(1, CORNER as u32),
            epsilon: within(self.epsilon, 0.0..=1.0, plain.epsilon),
            ..self.clone()
        }
    }

    /// The dial that moves.
    fn at(&self) -> f64 {
        match self.making {
            Making::Planted => self.lambda,
            Making::Turned => self.angle,
        }
    }
}

impl Making {
    /// The end of the dial that moves.
    fn most(self) -> f64 {
        match self {
            Making::Planted => 2.0,
            Making::Turned => 90.0,
        }
    }
}

/// Everything that stays while the dial moves.
pub struct Bench {
    /// Of [`Bench::fits`].
    made: (u32, Spectrum, Making, u32),
    sigma: Vec<f32>,
    known: Known,
    change: Change,
    sweep: Sweep,
}

/// The numbers that the lesson needs of one tuned matrix.
struct Seen {
    matrix: report::Matrix,
    /// |u . u_j|, of the planted u with the leading left vectors.
    planted: Vec<f32>,
}

impl Bench {
    pub fn new(dials: &MakingDials) -> Bench {
        let dials = dials.sane();
        let MakingDials {
            seed,
            spectrum,
            making,
            tied,
            ..
        } = dials;
        let mut sigma = spectrum.values(N);
        let change = match making {
            Making::Planted => Change::planted(N, seed),
            Making::Turned => Change::turned(&mut sigma, tied as usize),
        };
        let known = Known::along_axes("W", Some(0), None, &sigma);
        Bench {
            made: (seed, spectrum, making, tied),
            sigma,
            known,
            change,
            sweep: Sweep::new(making.most()),
        }
    }

    /// Only the dials moved that a bench can follow.
    pub fn fits(&self, dials: &MakingDials) -> bool {
        let dials = dials.sane();
        self.made == (dials.seed, dials.spectrum, dials.making, dials.tied)
    }

    /// Computes some more places of the sweep; the answer is the part that is done.
    pub fn advance(&mut self, count: usize) -> f64 {
        let found = self.sweep.find(count, |at| {
            let seen = self.see(at);
            sweep::Found::of(&seen.matrix, &seen.planted)
        });
        self.sweep.take(found)
    }

    fn see(&self, at: f64) -> Seen {
        let [b, a] = self.change.factors(at, &self.sigma);
        let mut looks = self.known.looks(vec![(Tuning::LowRank { b, a, scale: 1.0 }, None)]);
        let Some(Look { entry, vectors }) = looks.pop() else {
            unreachable!("one look for one tuning")
        };
        let planted = match (&self.change, vectors) {
            (Change::Planted { u, .. }, Some(vectors)) => (vectors.transpose() * u).iter().map(|c| c.abs()).collect(),
            _ => vec![],
        };
        Seen { matrix: entry, planted }
    }

    /// The lesson at one place of the dial, with as much of the sweep as there is.
    pub fn frame(&self, dials: &MakingDials) -> Scene {
        let dials = dials.sane();
        let Seen { matrix, planted } = self.see(dials.at());
        let settings = Settings {
            k: dials.k,
            epsilon: dials.epsilon,
            ..Settings::default()
        };
        let mut facts = self.facts(&dials, &matrix, &planted);
        facts.extend(self.sweep.facts(&dials));
        let panels = vec![panel::best_match(&self.sweep, &dials, &matrix)];
        let (label, rank) = match dials.making {
            Making::Planted => ("with the new direction", 1),
            Making::Turned => ("turned", dials.tied),
        };
        let model = held::model(label, Kind::Diff, Some(rank), held::leading(matrix));
        Scene {
            report: held::report(
                format!("{N} × {N}, seed {}", dials.seed),
                &settings,
                vec![model],
                panels,
            ),
            facts,
        }
    }

    fn facts(&self, dials: &MakingDials, matrix: &report::Matrix, planted: &[f32]) -> Vec<Fact> {
        let sigma_1 = f64::from(self.sigma[0]);
        let change = matrix.delta.as_ref().map_or(0.0, |d| d.frobenius);
        let cosines: Vec<f32> = Intervals::of(matrix, Rule::absolute(Side::Left))
            .into_iter()
            .flat_map(Intervals::scores)
            .collect();
        let below = |(j, c): (usize, &f32)| (f64::from(*c) < dials.epsilon).then_some(j);
        let places: Vec<usize> = cosines
            .iter()
            .take(dials.k as usize)
            .enumerate()
            .filter_map(below)
            .collect();
        let mut facts = vec![
            Fact::new("count", places.len() as f64),
            Fact::new("k", f64::from(dials.k)),
            Fact::new("epsilon", dials.epsilon),
            Fact::new("sigma1", sigma_1),
            Fact::new("tunedSigma1", matrix.sigma_tuned.first().map_or(0.0, |s| f64::from(*s))),
            Fact::new("normChange", change),
            Fact::new("relativeChange", change / frobenius(&self.sigma)),
            Fact::new(
                "energyShare",
                intruder_energy(&matrix.sigma_tuned, &places).unwrap_or(0.0),
            ),
            Fact::new(
                "expected",
                random_match(N as u32, &[N as u32], Cosine::Absolute).map_or(0.0, |band| band.middle),
            ),
        ];
        for (name, cos) in ["bestMatch1", "bestMatch2", "bestMatch3"].iter().zip(&cosines) {
            facts.push(Fact::new(name, f64::from(*cos)));
        }
        match &self.change {
            Change::Planted { .. } => {
                let best = planted.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
                facts.push(Fact::new("lambda", dials.lambda));
                if let Some((j, cos)) = best {
                    facts.extend([
                        Fact::new("plantedPlace", j as f64 + 1.0),
                        Fact::new("plantedMatch", f64::from(*cos)),
                    ]);
                }
            }
            Change::Turned { group } => {
                facts.extend([
                    Fact::new("angle", dials.angle),
                    Fact::new("tied", f64::from(dials.tied)),
                ]);
                if let Some(left) = &matrix.left {
                    let turned = |of: &[f32]| {
                        of.get(group.clone())
                            .unwrap_or_default()
                            .iter()
                            .copied()
                            .fold(1.0, f32::min)
                    };
                    facts.push(Fact::new("turnedMatch", f64::from(turned(&left.max_cos))));
                    facts.push(Fact::new("tiedMatch", f64::from(turned(space(left)))));
                }
            }
        }
        facts
    }
}

/// The cosines with the space of tied base vectors; where nothing is tied, with the best match.
fn space(left: &Match) -> &[f32] {
    left.tied_cos.as_ref().unwrap_or(&left.max_cos)
}

/// The lesson while somebody moves its dials.
pub struct Moving {
    dials: MakingDials,
    bench: Bench,
    done: f64,
}

/// Places of the sweep that are computed at once: a thread each, and no more than a few hundredths of a second.
const AT_ONCE: usize = 2;

impl Moving {
    pub fn new(dials: &MakingDials) -> Moving {
        Moving {
            dials: dials.clone(),
            bench: Bench::new(dials),
            done: 0.0,
        }
    }
}

impl super::Lesson for Moving {
    fn turn(&mut self, dials: &str) {
        self.dials = super::read(dials);
        if !self.bench.fits(&self.dials) {
            *self = Moving::new(&self.dials);
        }
    }

    fn advance(&mut self) -> bool {
        self.done = self.bench.advance(AT_ONCE);
        self.done < 1.0
    }

    fn done(&self) -> f64 {
        self.done
    }

    fn scene(&self) -> Scene {
        self.bench.frame(&self.dials)
    }
}

/// The lesson at one place of its dials, with the whole sweep.
pub fn scene(dials: &MakingDials) -> Scene {
    let mut bench = Bench::new(dials);
    bench.advance(usize::MAX);
    bench.frame(dials)
}

#[cfg(test)]
mod tests {
    use super::super::drawn::turned;
    use super::*;
    use crate::linalg::Matrix;

    /// W0 = U0 diag(sigma) V0^T and W = W0 + U0 b a V0^T, decomposed as any other matrices.
    #[test]
    fn a_frame_in_the_singular_basis_is_that_of_the_matrices_themselves() {
        let planted = |spectrum, lambda| MakingDials {
            spectrum,
            lambda,
            ..MakingDials::default()
        };
        let tied = MakingDials {
            making: Making::Turned,
            angle: 20.0,
            ..MakingDials::default()
        };
        for dials in [
            planted(Spectrum::Power, 0.3),
            planted(Spectrum::Measured, 1.0),
            planted(Spectrum::Flat, 1.6),
            tied,
        ] {
            let bench = Bench::new(&dials);
            let own = bench.see(dials.at()).matrix;
            let (u, v) = (turned(N, N, 7, 1), turned(N, N, 7, 2));
            let mut scaled = u.clone();
            scaled
                .column_iter_mut()
                .zip(&bench.sigma)
                .for_each(|(mut column, sigma)| column *= *sigma);
            let w0: Matrix = scaled * v.transpose();
            let [b, a] = bench.change.factors(dials.at(), &bench.sigma);
            let tuning = Tuning::LowRank {
                b: &u * b,
                a: a * v.transpose(),
                scale: 1.0,
            };
            let wanted = Known::new("W", Some(0), None, &w0)
                .looks(vec![(tuning, None)])
                .remove(0)
                .entry;
            // Tied vectors of the base itself are any of their space, for either way: there the space is what can be compared.
            let near = |own: &[f32], wanted: &[f32], tolerance: f32| {
                assert_eq!(own.len(), wanted.len());
                let worst = own.iter().zip(wanted).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
                assert!(worst < tolerance, "{dials:?}: {worst}");
            };
            near(&own.sigma_tuned, &wanted.sigma_tuned, 1e-4);
            near(&own.sigma_base, &wanted.sigma_base, 1e-4);
            let (own_left, own_right) = (own.left.unwrap(), own.right.unwrap());
            let (left, right) = (wanted.left.unwrap(), wanted.right.unwrap());
            let tolerance = if dials.making == Making::Turned { 3e-3 } else { 1e-4 };
            near(space(&own_left), space(&left), tolerance);
            near(&own_left.max_cos, &left.max_cos, tolerance);
            near(&own_right.max_cos, &right.max_cos, tolerance);
            near(
                &own.similarity.unwrap().values,
                &wanted.similarity.unwrap().values,
                tolerance,
            );
            near(&own.delta.unwrap().sigma, &wanted.delta.unwrap().sigma, 1e-4);
        }
    }
}
