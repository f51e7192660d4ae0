//! A training, a slice of work at a time: pre-training, then full fine-tuning and LoRA side by side, with a look every ten steps.

use super::MATRICES;
use super::dials::TrainDials;
use super::side::Side;
use super::task::Examples;
use super::tune::{Method, Tune};
use super::world::{STEPS, World};
use crate::analyze::Known;

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
    /// Accuracy on the first task, with its own head, after each task: full, LoRA.
    pub first_task: Vec<[f64; 2]>,
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
            tasks: vec![],
            first_task: vec![],
            looking: None,
            ended: false,
        }
    }

    /// From the beginning with other dials. The pre-trained network is the seed's: where that is the same it stays.
    pub fn restart(&mut self, dials: &TrainDials) {
        let dials = dials.sane();
        if dials.seed != self.dials.seed {
            *self = Training::new(&dials);
            return;
        }
        self.dials = dials;
        self.sides.clear();
        self.tasks.clear();
        self.first_task.clear();
        (self.looking, self.ended) = (None, false);
    }

    /// The share of the work that is done, as far as it can be foreseen.
    pub fn done(&self) -> f64 {
        if self.ended {
            return 1.0;
        }
        let warm = self.world.step as f64 / STEPS as f64;
        let most = f64::from(self.dials.task.target().1);
        let own = self.sides.iter().map(|s| if s.reached.is_some() { 1.0 } else { f64::from(s.tune.step) / most }).fold(1.0, f64::min);
        let tasks = if self.sides.is_empty() { 0.0 } else { (self.tasks.len() as f64 - 1.0 + own) / f64::from(self.dials.tasks) };
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
            let known = |(n, w)| Known::new(NAMES[n], Some(n as u32 / 2), Some(if n % 2 == 0 { "up" } else { "down" }), w);
            self.known = self.world.weights.iter().enumerate().map(known).collect();
            self.before = self.world.forgetting(&self.world.weights);
        }
        self.tasks.push(self.dials.task.examples(self.dials.seed, 0));
        let weights = self.world.weights.clone();
        self.sides = self.methods().map(|method| Side::new(self.tune(method, &weights, 0))).collect();
        self.looking = Some(0);
    }

    fn methods(&self) -> impl Iterator<Item = Method> + use<> {
        [Method::full(&self.dials), Method::lora(&self.dials)].into_iter()
    }

    fn tune(&self, method: Method, base: &[crate::linalg::Matrix], task: usize) -> Tune {
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
        let (side, (target, most)) = (&mut self.sides[at], self.dials.task.target());
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
        self.first_task.push([0, 1].map(|n| self.first_task_accuracy(n)));
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

    /// With the head that the first task left.
    fn first_task_accuracy(&self, n: usize) -> f64 {
        let (side, Some([_, held_out])) = (&self.sides[n], self.tasks.first()) else { return f64::NAN };
        let head = side.heads.first().unwrap_or(&side.tune.head);
        super::tune::accuracy(&self.world.embedding, &side.tune.weights, head, held_out)
    }
}
