//! Surgery: a change edited, with the controls that belong to it, in numbers. W0 is the base, D = W - W0 the change,
//! W = sum sigma_j u_j v_j^T, J the chosen vectors of W, |.| the Frobenius norm.

use super::Side;
use serde::{Deserialize, Serialize};

/// What stands beside each other: the model as trained, its edit, and the controls of the edit. Each is W0 plus a change of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Arm {
    /// The model as it is.
    Trained,
    /// The chosen vectors scaled by lambda (Shuttleworth et al., arXiv 2410.21228v3).
    Scaled,
    /// The whole change shrunk to the norm of the edited one: what any shrinking does.
    Shrunk,
    /// The edited change brought back to the norm of the whole: what the edit does at equal norm.
    Restored,
    /// As much norm taken from random directions of the change: what taking any directions does.
    Random,
    /// The part of the change beside the strongest vectors of the base (OPLoRA, arXiv 2510.13003); it has no lambda.
    Projected,
}

/// The words for an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ArmWords {
    /// The arm.
    pub arm: Arm,
    /// The name in tables and legends.
    pub name: &'static str,
    /// The definition of its W.
    pub formula: &'static str,
    /// What it shows, in a sentence without its full stop.
    pub about: &'static str,
}

/// The strengths at which losses are known beside those of the model as trained, which is every arm at 1.
pub const LOSS_LAMBDAS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.25];

/// All arms, in the order of tables.
pub const ARMS: [ArmWords; 6] = [
    ArmWords {
        arm: Arm::Trained,
        name: "as trained",
        formula: "W",
        about: "the model as it is",
    },
    ArmWords {
        arm: Arm::Scaled,
        name: "scaled",
        formula: "W + (λ − 1) Σ σⱼ uⱼ vⱼᵀ over the chosen j",
        about: "the chosen vectors of W at λ of their strength",
    },
    ArmWords {
        arm: Arm::Shrunk,
        name: "shrunk",
        formula: "W₀ + c ΔW with c = ‖scaled change‖ / ‖ΔW‖",
        about: "the whole change at the norm of the scaled one: what any shrinking does",
    },
    ArmWords {
        arm: Arm::Restored,
        name: "restored",
        formula: "W₀ + (scaled change) · ‖ΔW‖ / ‖scaled change‖",
        about: "the scaled change back at its old norm: what is left of the edit at equal norm",
    },
    ArmWords {
        arm: Arm::Random,
        name: "random",
        formula: "W − t A (Aᵀ ΔW B) Bᵀ with t for the norm of the scaled change",
        about: "as much norm taken from seeded random directions A, B of ΔW’s own columns and rows",
    },
    ArmWords {
        arm: Arm::Projected,
        name: "projected",
        formula: "W₀ + (I − UₖUₖᵀ) ΔW (I − VₖVₖᵀ)",
        about: "the change without what touches the k strongest vectors of the base; no λ",
    },
];

impl Arm {
    /// Its words.
    pub fn words(self) -> ArmWords {
        ARMS.into_iter().find(|words| words.arm == self).unwrap_or(ARMS[0])
    }
}

/// What is asked of the surgery of one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// The window: vectors that count before and after, and that may be chosen.
    pub k: u32,
    /// Best matches strictly below it count, by |cos|.
    pub epsilon: f64,
    /// The side whose best matches decide.
    pub side: Side,
    /// The strengths of the chosen vectors to compute, each in [0, 2]; 1 changes nothing.
    pub lambdas: Vec<f64>,
    /// The chosen vectors, from 0; null for all intruders.
    pub chosen: Option<Vec<u32>>,
    /// Of the random arm.
    pub seed: u32,
}

/// One matrix of one model after surgery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Operated {
    /// The tensor's name in the base.
    pub name: String,
    /// The vectors whose strength was changed, from 0.
    pub chosen: Vec<u32>,
    /// As trained.
    pub trained: After,
    /// Every arm at every lambda; [`Arm::Projected`] once.
    pub arms: Vec<After>,
}

/// One matrix under one arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct After {
    /// The arm.
    pub arm: Arm,
    /// The strength; 1 where the arm has none.
    pub lambda: f64,
    /// Intruders among the k strongest vectors *after* the edit: surgery can make new ones.
    pub intruders: u32,
    /// Vectors whose bounds leave it open.
    pub undecided: u32,
    /// Their share of the energy of W; null where not all singular values are known.
    pub energy: Option<f64>,
    /// |D| of this arm.
    pub frobenius: f64,
    /// The effective rank of D; null where it was not computed.
    pub effective_rank: Option<f64>,
    /// Leading singular values of W, `k` at most.
    pub sigma: Vec<f32>,
    /// Their best matches in the base: the upper ends where only bounds are known, as they count.
    pub best: Vec<f32>,
    /// The base vectors that they are, from 0.
    pub places: Vec<u32>,
}

/// The surgery of a whole model: sums over its matrices, a curve per arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Surgery {
    /// The window.
    pub k: u32,
    /// The threshold.
    pub epsilon: f64,
    /// The side.
    pub side: Side,
    /// The seed of the random arm.
    pub seed: u32,
    /// Ascending.
    pub lambdas: Vec<f64>,
    /// Matrices that were operated on, those without chosen vectors among them.
    pub matrices: u32,
    /// Matrices with chosen vectors.
    pub edited: u32,
    /// Chosen vectors.
    pub chosen: u32,
    /// Matrices whose edited change is longer than the original at the least lambda: a chosen vector holds a part of W0.
    pub longer: u32,
    /// A curve per arm.
    pub arms: Vec<ArmCurve>,
}

/// One arm over lambda; an entry per lambda, or one where the arm has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ArmCurve {
    /// The arm.
    pub arm: Arm,
    /// Intruders over all matrices.
    pub intruders: Vec<u32>,
    /// Vectors that bounds leave open.
    pub undecided: Vec<u32>,
    /// |D| over all matrices: the root of the sum of their squares.
    pub frobenius: Vec<f64>,
    /// The mean over the matrices of the intruders' share of the energy; null where one is not known.
    pub energy: Vec<Option<f64>>,
    /// The mean effective rank of D over the matrices that changed; null where one is not known.
    pub effective_rank: Vec<Option<f64>>,
    /// The largest singular value of any matrix.
    pub sigma: Vec<f32>,
    /// The weakest best match of any matrix; null where no vector was compared.
    #[serde(default)]
    pub weakest: Vec<Option<f32>>,
}

impl Surgery {
    /// The sums over the matrices of one model, all of the same cut.
    pub fn of(cut: &Cut, operated: &[Operated]) -> Surgery {
        let mut lambdas = cut.lambdas.clone();
        lambdas.sort_by(f64::total_cmp);
        lambdas.dedup();
        let curve = |words: &ArmWords| {
            let fixed = matches!(words.arm, Arm::Trained | Arm::Projected);
            let at: &[f64] = if fixed { &[1.0] } else { &lambdas };
            let mut curve = ArmCurve {
                arm: words.arm,
                intruders: Vec::new(),
                undecided: Vec::new(),
                frobenius: Vec::new(),
                energy: Vec::new(),
                effective_rank: Vec::new(),
                sigma: Vec::new(),
                weakest: Vec::new(),
            };
            at.iter()
                .for_each(|lambda| curve.push(&each(operated, words.arm, *lambda)));
            curve
        };
        let least = lambdas.first().copied().unwrap_or(1.0);
        Surgery {
            k: cut.k,
            epsilon: cut.epsilon,
            side: cut.side,
            seed: cut.seed,
            matrices: operated.len() as u32,
            edited: operated.iter().filter(|o| !o.chosen.is_empty()).count() as u32,
            chosen: operated.iter().map(|o| o.chosen.len() as u32).sum(),
            longer: operated.iter().filter(|o| o.is_longer(least)).count() as u32,
            arms: ARMS.iter().map(curve).collect(),
            lambdas,
        }
    }
}

/// One arm of every matrix.
fn each(operated: &[Operated], arm: Arm, lambda: f64) -> Vec<&After> {
    operated.iter().filter_map(|o| o.at(arm, lambda)).collect()
}

impl ArmCurve {
    fn push(&mut self, all: &[&After]) {
        let mean = |of: fn(&After) -> Option<f64>, among: &[&After]| {
            let sum = among.iter().map(|a| of(a)).sum::<Option<f64>>()?;
            (!among.is_empty()).then(|| sum / among.len() as f64)
        };
        let changed: Vec<&After> = all.iter().filter(|a| a.frobenius > 0.0).copied().collect();
        self.intruders.push(all.iter().map(|a| a.intruders).sum());
        self.undecided.push(all.iter().map(|a| a.undecided).sum());
        self.frobenius
            .push(all.iter().map(|a| a.frobenius.powi(2)).sum::<f64>().sqrt());
        self.energy.push(mean(|a| a.energy, all));
        self.effective_rank.push(mean(|a| a.effective_rank, &changed));
        self.sigma
            .push(all.iter().filter_map(|a| a.sigma.first()).copied().fold(0.0, f32::max));
        self.weakest
            .push(all.iter().flat_map(|a| &a.best).copied().min_by(f32::total_cmp));
    }
}

impl Operated {
    /// One arm at one lambda.
    pub fn at(&self, arm: Arm, lambda: f64) -> Option<&After> {
        match arm {
            Arm::Trained => Some(&self.trained),
            Arm::Projected => self.arms.iter().find(|a| a.arm == arm),
            _ => self.arms.iter().find(|a| a.arm == arm && a.lambda == lambda),
        }
    }

    /// The edited change is longer than the original: what was taken away held a part of W0.
    pub fn is_longer(&self, lambda: f64) -> bool {
        self.at(Arm::Scaled, lambda)
            .is_some_and(|a| lambda <= 1.0 && a.frobenius > self.trained.frobenius * (1.0 + 1e-9))
    }
}
