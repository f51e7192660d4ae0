//! The lesson "The first step": of full fine-tuning and of LoRA, from the same gradient (arXiv 2410.21228, appendix D).
//!
//! Full: dW = -eta G. LoRA begins at B = 0, so that the gradient of A, s B^T G, is 0 and that of B is s G A^T. A step of gradient descent
//! makes B = -eta s G A^T and dW = s B A = -eta s^2 G A^T A: the gradient seen through r random directions. Adam's first step is eta times
//! the sign of a gradient, whatever its size.

use super::dial::within;
use super::drawn::gaussian;
use super::spectra::{self, Spectral, rank};
use super::{Fact, Scene, held};
use crate::figures::drawing::scale::nice_step;
use crate::linalg::{Matrix, View, low_rank_singular_values, product, singular_values};
use crate::metrics::effective_rank::effective_rank;
use crate::metrics::frobenius::frobenius;
use crate::print::{fixed, short};
use crate::report::panel::{Body, Map, Maps, Panel};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Optimizer {
    /// Gradient descent.
    #[default]
    Sgd,
    Adam,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FirstStepDials {
    pub seed: u32,
    /// W is n x n, 16 to 128.
    pub n: u32,
    pub rank: u32,
    /// s = alpha / rank.
    pub alpha: f64,
    /// eta, of both.
    pub learning_rate: f64,
    pub optimizer: Optimizer,
    /// The examples that the gradient is the mean of, 1 to 256.
    pub batch: u32,
}

impl Default for FirstStepDials {
    fn default() -> Self {
        FirstStepDials {
            seed: 1,
            n: 64,
            rank: 8,
            alpha: 16.0,
            learning_rate: 0.01,
            optimizer: Optimizer::Sgd,
            batch: 64,
        }
    }
}

impl FirstStepDials {
    /// Every dial within its ends.
    pub fn sane(&self) -> FirstStepDials {
        let plain = FirstStepDials::default();
        let n = self.n.clamp(16, 128);
        FirstStepDials {
            n,
            rank: self.rank.clamp(1, n),
            alpha: within(self.alpha, 0.125..=1024.0, plain.alpha),
            learning_rate: within(self.learning_rate, 1e-6..=1.0, plain.learning_rate),
            batch: self.batch.clamp(1, 256),
            ..self.clone()
        }
    }

    /// s.
    pub fn scale(&self) -> f64 {
        self.alpha / f64::from(self.rank)
    }
}

/// The gradient and LoRA's A at the start, both seeded.
pub struct Start {
    /// `[n, n]`: the mean over the batch of e x^T, with the error e at the outputs and the input x.
    pub gradient: Matrix,
    /// `[rank, n]`, of variance 1/(3n): PEFT's Kaiming initialisation, uniform there, has the same.
    pub a: Matrix,
}

impl Start {
    /// The start for sane dials. Inputs and errors have coordinates of variance 1/i, i = 1 ... n: a few directions carry most.
    pub fn new(dials: &FirstStepDials) -> Start {
        let (n, rank, batch) = (dials.n as usize, dials.rank as usize, dials.batch as usize);
        let drawn = |purpose| {
            let mut x = gaussian(n, batch, dials.seed, purpose);
            x.row_iter_mut()
                .enumerate()
                .for_each(|(i, mut row)| row /= (i as f32 + 1.0).sqrt());
            x
        };
        let gradient: Matrix = product(&drawn(0), View::from(&drawn(1)).t());
        Start {
            gradient: gradient / batch as f32,
            a: gaussian(rank, n, dials.seed, 2) / (3.0 * n as f32).sqrt(),
        }
    }

    /// -eta G, or -eta sign(G).
    pub fn full(&self, dials: &FirstStepDials) -> Matrix {
        step(self.gradient.clone(), dials)
    }

    /// B after the step, `[n, rank]`: -eta s G A^T, or -eta sign(s G A^T).
    pub fn b(&self, dials: &FirstStepDials) -> Matrix {
        let through: Matrix = product(&self.gradient, View::from(&self.a).t());
        step(through * dials.scale() as f32, dials)
    }
}

fn step(mut gradient: Matrix, dials: &FirstStepDials) -> Matrix {
    if dials.optimizer == Optimizer::Adam {
        gradient.apply(|g| *g = if *g == 0.0 { 0.0 } else { g.signum() });
    }
    gradient * -dials.learning_rate as f32
}

/// An update and its singular values.
struct Update {
    change: Matrix,
    sigma: Vec<f32>,
}

pub fn scene(dials: &FirstStepDials) -> Scene {
    let dials = dials.sane();
    let start = Start::new(&dials);
    let change = start.full(&dials);
    let full = Update {
        sigma: singular_values(View::from(&change)).unwrap_or_default(),
        change,
    };
    let b = start.b(&dials);
    let change = product::<f32>(&b, &start.a) * dials.scale() as f32;
    let lora = Update {
        sigma: low_rank_singular_values(dials.scale(), &b, &start.a).unwrap_or_default(),
        change,
    };
    let cosine = cosine(&full.change, &lora.change);
    let panels = vec![
        updates(&dials, &full, &lora, cosine),
        spectrum_panel(&dials, &full, &lora),
    ];
    Scene {
        report: held::panels(panels),
        facts: facts(&dials, &full, &lora, cosine),
    }
}

/// The cosine between two matrices as vectors of their entries; 0 where one is zero.
fn cosine(a: &Matrix, b: &Matrix) -> f64 {
    let both = |a: &Matrix, b: &Matrix| {
        a.iter()
            .zip(b.iter())
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>()
    };
    let norms = (both(a, a) * both(b, b)).sqrt();
    if norms > 0.0 { both(a, b) / norms } else { 0.0 }
}

fn facts(dials: &FirstStepDials, full: &Update, lora: &Update, cosine: f64) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("n", f64::from(dials.n)),
        Fact::new("rank", f64::from(dials.rank)),
        Fact::new("scale", dials.scale()),
        Fact::new("learningRate", dials.learning_rate),
        Fact::new("batch", f64::from(dials.batch)),
        Fact::new("cosine", cosine),
    ];
    for (name, update) in [("Full", full), ("Lora", lora)] {
        facts.push(Fact::new(
            &format!("effectiveRank{name}"),
            effective_rank(&update.sigma),
        ));
        facts.push(Fact::new(&format!("rank{name}"), rank(&update.sigma) as f64));
        facts.push(Fact::new(&format!("norm{name}"), frobenius(&update.sigma)));
        facts.push(Fact::new(
            &format!("strongest{name}"),
            update.sigma.first().map_or(0.0, |s| f64::from(*s)),
        ));
    }
    let ratio = |lora: f64, full: f64| if full > 0.0 { lora / full } else { 0.0 };
    facts.push(Fact::new(
        "normRatio",
        ratio(frobenius(&lora.sigma), frobenius(&full.sigma)),
    ));
    facts.push(Fact::new(
        "effectiveRankRatio",
        ratio(effective_rank(&lora.sigma), effective_rank(&full.sigma)),
    ));
    facts
}

fn updates(dials: &FirstStepDials, full: &Update, lora: &Update, cosine: f64) -> Panel {
    let map = |title: String, update: &Update| Map {
        title,
        note: format!(
            "effective rank {}, norm {}",
            fixed(effective_rank(&update.sigma), 1),
            small(frobenius(&update.sigma))
        ),
        rows: dials.n,
        cols: dials.n,
        values: update.change.transpose().as_slice().to_vec(),
    };
    let limit = f64::from(full.change.amax().max(lora.change.amax()));
    Panel {
        name: "updates".into(),
        title: "The first change of W".into(),
        alt: format!(
            "The first change of W, {n} × {n}, by full fine-tuning with effective rank {} and by LoRA of rank {} with {}; the cosine between them is {}.",
            fixed(effective_rank(&full.sigma), 1),
            dials.rank,
            fixed(effective_rank(&lora.sigma), 1),
            fixed(cosine, 2),
            n = dials.n
        ),
        body: Body::Maps(Maps {
            maps: vec![map("full".into(), full), map(format!("LoRA r = {}", dials.rank), lora)],
            signed: true,
            // A round number above; both are zero where the gradient is.
            limit: if limit > 0.0 { nice_step(limit) } else { 1.0 },
            scale: "change of a weight".into(),
        }),
    }
}

fn spectrum_panel(dials: &FirstStepDials, full: &Update, lora: &Update) -> Panel {
    let label = format!("LoRA r = {}", dials.rank);
    let of = |label, token, update: &Update| Spectral {
        label,
        token,
        dashed: false,
        sigma: update.sigma.clone(),
    };
    let alt = format!(
        "Singular values of both changes: {} of full fine-tuning, the largest {}; {} of LoRA, the largest {}.",
        rank(&full.sigma),
        small(full.sigma.first().map_or(0.0, |s| f64::from(*s))),
        rank(&lora.sigma),
        small(lora.sigma.first().map_or(0.0, |s| f64::from(*s)))
    );
    spectra::panel(
        "Singular values of the change",
        alt,
        "singular value",
        &[of("full", "full", full), of(&label, "lora-4", lora)],
    )
}

/// Two figures of a positive number, however small.
fn small(value: f64) -> String {
    if value >= 0.1 || value <= 0.0 {
        short(value)
    } else {
        fixed(value, (1.0 - value.log10().floor()).min(9.0) as usize)
    }
}
