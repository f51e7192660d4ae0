//! The lesson "Why a product?". The singular values of B A differ more than those of B and of A: its update has few strong directions where
//! a full one of the same norm has many weak ones. With A frozen orthonormal, B A has the singular values of B (arXiv 2410.21228, section 5
//! and Fig. 10).
//!
//! At equal norm freezing A makes fewer intruders only where the product would have spread the singular values: at a rank of half of n or
//! more. At low ranks B A is nearly as even as B, and both make as many.

use super::dial::within;
use super::drawn::{gaussian, turned};
use super::spectra::{self, Spectral, of_norm_one};
use super::{Fact, Scene, Spectrum, held};
use crate::analyze::{Known, Tuning};
use crate::linalg::{Matrix, View, product, singular_values};
use crate::metrics::change_ratio::change_ratio;
use crate::metrics::effective_rank::effective_rank;
use crate::metrics::frobenius::frobenius;
use crate::metrics::stable_rank::stable_rank;
use crate::print::fixed;
use crate::report::panel::Panel;
use crate::report::{self, Kind, Model, Settings};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductDials {
    pub seed: u32,
    /// W0 and all changes are n x n, 32 to 256: wider ones take longer than a dial should.
    pub n: u32,
    /// B is n x rank, A rank x n.
    pub rank: u32,
    /// B and A are Gaussian with their i-th direction times i^-decay, 0 to 2; the directions of one are not those of the other.
    pub decay: f64,
    /// The spectra are those of B A with the rows of A orthonormal.
    pub frozen: bool,
    /// The Frobenius norm of every change, in units of W0's, 0 to 1.
    pub strength: f64,
    pub k: u32,
    pub epsilon: f64,
}

impl Default for ProductDials {
    fn default() -> Self {
        ProductDials {
            // A draw as most are: some intruders in the product, fewer with a frozen A.
            seed: 4,
            n: 128,
            rank: 64,
            decay: 0.5,
            frozen: false,
            strength: 0.4,
            k: 10,
            epsilon: 0.5,
        }
    }
}

impl ProductDials {
    /// Every dial within its ends.
    pub fn sane(&self) -> ProductDials {
        let plain = ProductDials::default();
        let n = self.n.clamp(32, 256);
        ProductDials {
            n,
            rank: self.rank.clamp(1, n),
            decay: within(self.decay, 0.0..=2.0, plain.decay),
            strength: within(self.strength, 0.0..=1.0, plain.strength),
            k: self.k.clamp(1, n),
            epsilon: within(self.epsilon, 0.0..=1.0, plain.epsilon),
            ..self.clone()
        }
    }
}

/// The factors, as they are drawn.
struct Factors {
    /// `[n, rank]`.
    b: Matrix,
    /// `[rank, n]`.
    a: Matrix,
    /// Orthonormal rows, `[rank, n]`.
    frozen: Matrix,
}

fn factors(dials: &ProductDials) -> Factors {
    let (n, rank) = (dials.n as usize, dials.rank as usize);
    let weight = |i: usize| (i as f64 + 1.0).powf(-dials.decay) as f32;
    let mut b = gaussian(n, rank, dials.seed, 0);
    b.column_iter_mut()
        .enumerate()
        .for_each(|(i, mut column)| column *= weight(i));
    let mut a = gaussian(rank, n, dials.seed, 1);
    a.row_iter_mut().enumerate().for_each(|(i, mut row)| row *= weight(i));
    // The strong directions of B would meet those of A one by one: two factors that know nothing of each other are turned apart.
    let b = product(&b, &turned(rank, rank, dials.seed, 2));
    Factors {
        b,
        a,
        frozen: turned(n, rank, dials.seed, 3).transpose(),
    }
}

pub fn scene(dials: &ProductDials) -> Scene {
    let dials = dials.sane();
    let Factors { b, a, frozen } = factors(&dials);
    let n = dials.n as usize;
    let sigma_0 = Spectrum::Power.values(n);
    let norm = dials.strength * frobenius(&sigma_0);
    let to_norm = |norm_now: f32| {
        if norm_now > 0.0 {
            norm / f64::from(norm_now)
        } else {
            0.0
        }
    };
    let low = |b: &Matrix, a: &Matrix| {
        let scale = to_norm(product::<f32>(b, a).norm());
        Tuning::LowRank {
            b: b.clone(),
            a: a.clone(),
            scale,
        }
    };
    let full = gaussian(n, n, dials.seed, 4);
    // In W0's singular basis; what is Gaussian there is so anywhere.
    let mut w = &full * to_norm(full.norm()) as f32;
    w.iter_mut()
        .step_by(n + 1)
        .zip(&sigma_0)
        .for_each(|(entry, sigma)| *entry += sigma);
    let known = Known::along_axes("W", Some(0), None, &sigma_0);
    let looks = known.looks(vec![
        (Tuning::Dense(w), None),
        (low(&b, &a), None),
        (low(&b, &frozen), None),
    ]);
    let rank = Some(dials.rank);
    let names = [
        ("Full".to_owned(), Kind::Full, None),
        (format!("BA, r = {}", dials.rank), Kind::Lora, rank),
        (format!("B alone, A frozen, r = {}", dials.rank), Kind::Lora, rank),
    ];
    let models: Vec<Model> = names
        .iter()
        .zip(looks)
        .map(|((label, kind, rank), look)| held::model(label, *kind, *rank, look.entry))
        .collect();
    let settings = Settings {
        k: dials.k,
        epsilon: dials.epsilon,
        ..Settings::default()
    };
    let spectrum = |x: &Matrix| of_norm_one(&singular_values(View::from(x)).unwrap_or_default());
    let changes: Vec<Vec<f32>> = models.iter().map(|m| of_norm_one(change(m))).collect();
    let all = Spectra {
        b: spectrum(&b),
        a: spectrum(if dials.frozen { &frozen } else { &a }),
        changes,
    };
    let report = held::report(
        format!("{n} × {n}, seed {}", dials.seed),
        &settings,
        models,
        vec![all.panel(&dials)],
    );
    let facts = all.facts(&dials, &report.models, &sigma_0);
    Scene { report, facts }
}

fn change(model: &Model) -> &[f32] {
    model
        .matrices
        .first()
        .and_then(|m| m.delta.as_ref())
        .map_or(&[], |d| &d.sigma)
}

/// The spectra at a Frobenius norm of 1.
struct Spectra {
    b: Vec<f32>,
    a: Vec<f32>,
    /// Full, B A, B A with A frozen.
    changes: Vec<Vec<f32>>,
}

impl Spectra {
    fn panel(&self, dials: &ProductDials) -> Panel {
        let of = |label, token, dashed, sigma: &[f32]| Spectral {
            label,
            token,
            dashed,
            sigma: sigma.to_vec(),
        };
        let [full, ba, frozen] = [0, 1, 2].map(|i| &self.changes[i][..]);
        let made = if dials.frozen { frozen } else { ba };
        let lines = [
            of("full", "full", false, full),
            of("B", "base", false, &self.b),
            of(if dials.frozen { "A, frozen" } else { "A" }, "base", true, &self.a),
            of("BA", "lora-4", dials.frozen, made),
        ];
        let alt = format!(
            "Singular values at equal norm: the effective rank of B is {}, of A {}, of BA {}, and of a full update {}.",
            fixed(effective_rank(&self.b), 1),
            fixed(effective_rank(&self.a), 1),
            fixed(effective_rank(made), 1),
            fixed(effective_rank(full), 1)
        );
        spectra::panel("Singular values at equal norm", alt, "singular value, ‖·‖ = 1", &lines)
    }

    fn facts(&self, dials: &ProductDials, models: &[Model], sigma_0: &[f32]) -> Vec<Fact> {
        let mut facts = vec![
            Fact::new("n", f64::from(dials.n)),
            Fact::new("rank", f64::from(dials.rank)),
            Fact::new("strength", dials.strength),
            Fact::new("k", f64::from(dials.k)),
            Fact::new("epsilon", dials.epsilon),
            Fact::new("effectiveRankB", effective_rank(&self.b)),
            Fact::new("effectiveRankA", effective_rank(&self.a)),
            Fact::new("spreadB", spread(&self.b)),
            Fact::new("spreadA", spread(&self.a)),
        ];
        for ((name, sigma), model) in ["Full", "Product", "Frozen"].iter().zip(&self.changes).zip(models) {
            facts.push(Fact::new(&format!("effectiveRank{name}"), effective_rank(sigma)));
            facts.push(Fact::new(&format!("stableRank{name}"), stable_rank(sigma)));
            facts.push(Fact::new(&format!("spread{name}"), spread(sigma)));
            facts.push(Fact::new(&format!("count{name}"), f64::from(model.totals.intruders)));
            let delta = model.matrices.first().and_then(|m: &report::Matrix| m.delta.as_ref());
            let ratio = delta.and_then(|d| change_ratio(d, sigma_0)).unwrap_or(0.0);
            facts.push(Fact::new(&format!("strongest{name}"), ratio));
        }
        facts
    }
}

/// The largest singular value over the median one: how unequal they are. The smallest alone is chance.
fn spread(sigma: &[f32]) -> f64 {
    let middle = sigma.get(sigma.len() / 2).copied().unwrap_or(0.0);
    if middle > 0.0 {
        f64::from(sigma[0]) / f64::from(middle)
    } else {
        0.0
    }
}
