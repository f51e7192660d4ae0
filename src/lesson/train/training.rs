//! A training, a slice of work at a time: pre-training, then full fine-tuning and LoRA side by side, with a look every ten steps.

use super::MATRICES;
use super::dials::TrainDials;
use super::side::Side;
use super::task::Examples;
use super::tune::{Method, Tune, probe, score};
use super::world::{STEPS, World};
use crate::analyze::Known;
use crate::linalg::Matrix;

/// Steps between looks.
pub const EVERY: u32 = 10;
/// Steps of a slice; a divisor of [`EVERY`].
pub const SLICE: u32 = 5;
/// Steps between looks whose weights are kept to be saved.
const SAVED: u32 = 50;
/// Steps of pre-training in a slice.
pub const WARM: usize = 10;
/// The part of the work that pre-training is said to be.
const SHARE: f64 = 0.3;

/// The names of the four matrices, as a checkpoint has them.
pub const NAMES: [&str; MATRICES] = [
    "model.layers.0.mlp.up_proj.weight",
    "model.layers.0.mlp.down_proj.weight",
    "model.layers.1.mlp.up_proj.weight",
    "model.layers.1.mlp.down_proj.weight",
];

/// A fine-tune's accuracy on the first task when it has learnt one more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learnt {
    /// Accuracy with the head that the first task left.
    pub own: f64,
    /// Accuracy with a head that is fitted now, as the paper tests a task again; not measured where there is one task.
    pub fresh: f64,
    /// The last look of the task.
    pub look: usize,
}

/// The pre-trained matrices, to hold others against.
pub fn known(world: &World) -> Vec<Known> {
    let known = |(n, w)| {
        Known::new(
            NAMES[n],
            Some(n as u32 / 2),
            Some(if n % 2 == 0 { "up" } else { "down" }),
            w,
        )
    };
    world.weights.iter().enumerate().map(known).collect()
}

pub struct Training {
    pub dials: TrainDials,
    pub world: World,
    /// The pre-trained matrices, once they are.
    known: Vec<Known>,
    /// Full, LoRA.
    pub sides: Vec<Side>,
    /// Task-1 loss after pre-training.
    pub before: f64,
    /// Training and held-out examples of the tasks so far; the last is in hand.
    pub tasks: Vec<[Examples; 2]>,
    /// Held-out accuracy that a head fitted to the pre-trained network has on the first task, where there are several.
    pub probed: f64,
    /// After each task: full, LoRA.
    pub learnt: Vec<[Learnt; 2]>,
    /// The side that is to be looked at next.
    looking: Option<usize>,
    pub ended: bool,
}

impl Training {
    pub fn new(dials: &TrainDials) -> Training {
        let dials = dials.sane();
        Training {
            world: World::new(dials.seed),
            dials,
            known: vec![],
            sides: vec![],
            before: f64::NAN,
            probed: f64::NAN,
            tasks: vec![],
            learnt: vec![],
            looking: None,
            ended: false,
        }
    }

    /// Starts again with other dials. The pre-trained network is the seed's: where that is the same it stays.
    pub fn restart(&mut self, dials: &TrainDials) {
        let dials = dials.sane();
        if dials.seed != self.dials.seed {
            *self = Training::new(&dials);
            return;
        }
        self.dials = dials;
        self.sides.clear();
        self.tasks.clear();
        self.learnt.clear();
        (self.looking, self.ended) = (None, false);
    }

    /// The share of the work that is done, as far as it can be foreseen.
    pub fn done(&self) -> f64 {
        if self.ended {
            return 1.0;
        }
        let warm = self.world.step as f64 / STEPS as f64;
        let most = f64::from(self.dials.target().1);
        let own = self
            .sides
            .iter()
            .map(|s| {
                if s.reached.is_some() {
                    1.0
                } else {
                    f64::from(s.tune.step) / most
                }
            })
            .fold(1.0, f64::min);
        let tasks = if self.sides.is_empty() {
            0.0
        } else {
            (self.tasks.len() as f64 - 1.0 + own) / f64::from(self.dials.tasks)
        };
        (SHARE * warm + (1.0 - SHARE) * tasks).min(0.999)
    }

    /// A slice of work; false when nothing is left. Whatever the slices, the numbers are the same.
    pub fn advance(&mut self) -> bool {
        if self.ended {
            return false;
        }
        if self.world.step < STEPS {
            self.world.advance(WARM);
        } else if self.sides.is_empty() {
            self.begin();
        } else if let Some(at) = self.looking {
            self.look(at);
        } else {
            self.train();
        }
        !self.ended
    }

    fn begin(&mut self) {
        if self.known.is_empty() {
            self.known = known(&self.world);
            self.before = self.world.forgetting(&self.world.weights);
        }
        self.tasks.push(self.dials.task.examples(self.dials.seed, 0));
        let weights = self.world.weights.clone();
        self.probed = self.fresh(&weights);
        self.sides = self
            .methods()
            .map(|method| Side::new(self.tune(method, &weights, 0)))
            .collect();
        self.looking = Some(0);
    }

    fn methods(&self) -> impl Iterator<Item = Method> + use<> {
        [Method::full(&self.dials), Method::lora(&self.dials)].into_iter()
    }

    fn tune(&self, method: Method, base: &[Matrix], task: usize) -> Tune {
        Tune::new(method, base, self.dials.seed, task, self.dials.task.classes())
    }

    fn train(&mut self) {
        let Some([examples, _]) = self.tasks.last() else { return };
        for side in self.sides.iter_mut().filter(|s| s.reached.is_none()) {
            for _ in 0..SLICE {
                side.tune.train(&self.world.embedding, examples);
            }
        }
        let due = |s: &Side| s.reached.is_none() && s.tune.step.is_multiple_of(EVERY);
        self.looking = self.sides.iter().position(due);
    }

    /// Looks at one side, then at the next; after the last it is known who has arrived.
    fn look(&mut self, at: usize) {
        let Some([_, held_out]) = self.tasks.last() else { return };
        let (side, (target, most)) = (&mut self.sides[at], self.dials.target());
        let saved = side.tune.step.is_multiple_of(SAVED);
        side.look(&self.world, held_out, &self.known, saved);
        self.looking = (at + 1..self.sides.len()).find(|n| self.sides[*n].reached.is_none());
        if self.looking.is_some() {
            return;
        }
        let reached = |s: &Side| s.looks.last().is_some_and(|l| l.loss < target);
        let ever = |s: &Side| s.reached.is_some() || reached(s);
        let all = self.sides.iter().all(ever);
        for side in self.sides.iter_mut().filter(|s| s.reached.is_none()) {
            let there = reached(side);
            let late = side.tune.step >= most;
            if late || (there && (all || !self.dials.same_steps)) {
                side.reached = Some(there);
            }
        }
        if self.sides.iter().all(|s| s.reached.is_some()) {
            self.task_ended();
        }
    }

    fn task_ended(&mut self) {
        self.learnt.push([0, 1].map(|n| self.learnt_by(n)));
        let next = self.tasks.len();
        if next >= self.dials.tasks as usize {
            self.ended = true;
            return;
        }
        self.tasks.push(self.dials.task.examples(self.dials.seed, next));
        for (n, method) in self.methods().enumerate() {
            let weights = self.sides[n].tune.weights.clone();
            let tune = self.tune(method, &weights, next);
            self.sides[n].next(tune);
        }
        self.looking = Some(0);
    }

    fn learnt_by(&self, n: usize) -> Learnt {
        let side = &self.sides[n];
        let head = side.heads.first().unwrap_or(&side.tune.head);
        let own = self.tasks.first().map_or(f64::NAN, |[_, held_out]| {
            score(&self.world.embedding, &side.tune.weights, head, held_out).1
        });
        Learnt {
            own,
            fresh: self.fresh(&side.tune.weights),
            look: side.looks.len().saturating_sub(1),
        }
    }

    /// The accuracy on the first task with a head fitted to these weights.
    fn fresh(&self, weights: &[Matrix]) -> f64 {
        match self.tasks.first().filter(|_| self.dials.tasks > 1) {
            Some(first) => probe(&self.world.embedding, weights, first, self.dials.task.classes()),
            None => f64::NAN,
        }
    }
}
