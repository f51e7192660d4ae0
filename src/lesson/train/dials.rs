//! The dials of a training: what can be set before it begins.

use crate::lesson::dial::within;
use serde::{Deserialize, Serialize};

/// Two tasks to fine-tune on. Both keep task 1, a regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Task {
    /// Eight classes; a new head alone would reach the target, given time.
    #[default]
    Eight,
    /// Two classes; the head alone cannot: the matrices have to change.
    Two,
}

/// The initialization of A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Init {
    /// Independent normal numbers of variance 1 / (3 n), as PEFT's default has it.
    #[default]
    Usual,
    /// Independent normal numbers of variance 1 / r.
    Wide,
    /// Orthonormal rows.
    Orthonormal,
    /// A and B are the leading r singular triplets of W0, and only what they become is the change: PiSSA (Meng et al. 2024).
    Principal,
}

/// The rule for alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Alpha {
    /// 2 r.
    #[default]
    Twice,
    /// 8, whatever the rank.
    Eight,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainDials {
    pub task: Task,
    pub seed: u32,
    /// 1 to 128, the width of the network.
    pub rank: u32,
    pub alpha: Alpha,
    pub init: Init,
    /// Only B is trained.
    pub freeze: bool,
    /// The learning rate of full fine-tuning, as a multiple of its own.
    pub full_rate: f64,
    /// The learning rate of LoRA.
    pub lora_rate: f64,
    /// The number of tasks learnt one after the other, the adapters merged after each; 1 to 5.
    pub tasks: u32,
    /// Every rank in turn, instead of one beside full fine-tuning.
    pub sweep: bool,
    /// The number of seeds of a sweep, from `seed` on; 1 to 10.
    pub seeds: u32,
    /// The held-out loss at which a fine-tune ends, as a multiple of the task's own.
    pub target: f64,
    /// Both go on for the same number of steps, instead of to the same loss.
    pub same_steps: bool,
    /// The one of the four matrices that is looked at, from 0.
    pub matrix: u32,
    /// The factor for the singular values of the adapter's intruders, after training.
    pub shrink: f64,
    pub k: u32,
    pub epsilon: f64,
}

impl Default for TrainDials {
    fn default() -> Self {
        TrainDials {
            task: Task::Eight,
            seed: 0,
            rank: 1,
            alpha: Alpha::Twice,
            init: Init::Usual,
            freeze: false,
            full_rate: 1.0,
            lora_rate: 1.0,
            tasks: 1,
            sweep: false,
            seeds: 1,
            target: 1.0,
            same_steps: false,
            matrix: 2,
            shrink: 1.0,
            k: 10,
            epsilon: 0.5,
        }
    }
}

impl TrainDials {
    /// Every dial within its ends.
    pub fn sane(&self) -> TrainDials {
        TrainDials {
            rank: self.rank.clamp(1, super::WIDTH as u32),
            full_rate: within(self.full_rate, 0.01..=100.0, 1.0),
            lora_rate: within(self.lora_rate, 0.01..=100.0, 1.0),
            tasks: self.tasks.clamp(1, 5),
            seeds: self.seeds.clamp(1, 10),
            target: within(self.target, 0.1..=10.0, 1.0),
            matrix: self.matrix.min(3),
            shrink: within(self.shrink, 0.0..=1.0, 1.0),
            k: self.k.clamp(1, 32),
            epsilon: within(self.epsilon, 0.0..=1.0, 0.5),
            ..self.clone()
        }
    }

    /// Held-out loss at which a fine-tune ends, and the steps after which it gives up.
    pub fn target(&self) -> (f64, u32) {
        let (target, most) = self.task.target();
        (self.target * target, most)
    }

    /// Whether both give the same training: other dials only change how it is looked at.
    pub fn trains_like(&self, other: &TrainDials) -> bool {
        let seeds = |d: &TrainDials| if d.sweep { d.seeds } else { 1 };
        let plain = |d: &TrainDials| TrainDials {
            matrix: 0,
            shrink: 1.0,
            k: 10,
            epsilon: 0.5,
            seeds: seeds(d),
            ..d.clone()
        };
        plain(self) == plain(other)
    }
}
