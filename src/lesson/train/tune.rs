//! Fine-tuning of one network by one method: full, LoRA, or LoRA whose A stays.

use super::adam::Adam;
use super::dials::{Alpha, Init, TrainDials};
use super::network::{cross_entropy, forward};
use super::stream::{Purpose, normals};
use super::task::{Examples, TRAINING};
use super::{MATRICES, WIDTH};
use crate::analyze::Tuning;
use crate::linalg::{Matrix, View, product};

const BATCH: usize = 32;
const HEAD_RATE: f64 = 1e-3;
/// Alpha times the learning rate of LoRA: 240 times the rate of full fine-tuning on eight classes, as in the paper.
const ALPHA_RATE: f64 = 7.2e-3;

/// How the four matrices change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    Full { rate: f64 },
    Lora { rank: usize, alpha: f64, rate: f64, init: Init, freeze: bool },
}

impl Method {
    pub fn full(dials: &TrainDials) -> Method {
        Method::Full { rate: dials.full_rate * dials.task.full_rate() }
    }

    pub fn lora(dials: &TrainDials) -> Method {
        let rank = dials.rank as usize;
        let alpha = match dials.alpha {
            Alpha::Twice => 2.0 * rank as f64,
            Alpha::Eight => 8.0,
        };
        // As the paper trains B alone: on orthonormal rows.
        let init = if dials.freeze { Init::Orthonormal } else { dials.init };
        Method::Lora { rank, alpha, rate: dials.lora_rate * ALPHA_RATE / alpha, init, freeze: dials.freeze }
    }

    /// alpha / r.
    pub fn scale(self) -> f64 {
        match self {
            Method::Full { .. } => 1.0,
            Method::Lora { rank, alpha, .. } => alpha / rank as f64,
        }
    }
}

/// W0 + scale B A, with its moments.
struct Adapter {
    a: Matrix,
    b: Matrix,
    /// A as it began.
    first: Matrix,
    adam_a: Adam,
    adam_b: Adam,
}

pub struct Tune {
    pub method: Method,
    /// What it began with.
    base: Vec<Matrix>,
    pub weights: Vec<Matrix>,
    adapters: Vec<Adapter>,
    adams: Vec<Adam>,
    /// Of the task, `[classes, 128]`, from zero.
    pub head: Matrix,
    adam_head: Adam,
    pub step: u32,
    /// The loss of every batch.
    pub losses: Vec<f64>,
}

impl Tune {
    /// `task`: the number of the task in its sequence.
    pub fn new(method: Method, base: &[Matrix], seed: u32, task: usize, classes: usize) -> Tune {
        let (adapters, adams) = match method {
            Method::Full { .. } => (vec![], base.iter().map(|w| Adam::new(w.shape())).collect()),
            Method::Lora { rank, init, .. } => ((0..MATRICES).map(|n| Adapter::new(seed, (task, n), rank, init)).collect(), vec![]),
        };
        Tune {
            method,
            base: base.to_vec(),
            weights: base.to_vec(),
            adapters,
            adams,
            head: Matrix::zeros(classes, WIDTH),
            adam_head: Adam::new((classes, WIDTH)),
            step: 0,
            losses: vec![],
        }
    }

    /// One step of Adam on the next batch: the examples in their order, round and round.
    pub fn train(&mut self, embedding: &Matrix, examples: &Examples) {
        let from = self.step as usize * BATCH % TRAINING;
        let x = examples.inputs.columns(from, BATCH).into_owned();
        let (loss, gradients, head) = gradients(embedding, &self.weights, &self.head, &x, &examples.classes[from..from + BATCH]);
        self.losses.push(loss);
        match self.method {
            Method::Full { rate } => {
                for ((w, g), adam) in self.weights.iter_mut().zip(&gradients).zip(&mut self.adams) {
                    adam.step(w, g, rate);
                }
            }
            Method::Lora { rate, freeze, .. } => {
                let scale = self.method.scale() as f32;
                let bases = self.weights.iter_mut().zip(&self.base);
                for (((w, base), g), own) in bases.zip(&gradients).zip(&mut self.adapters) {
                    own.step(g, scale, rate, freeze);
                    *w = base + product::<f32>(&own.b, &own.a) * scale;
                }
            }
        }
        self.adam_head.step(&mut self.head, &head, HEAD_RATE);
        self.step += 1;
    }

    /// Loss and accuracy on examples.
    pub fn score(&self, embedding: &Matrix, examples: &Examples) -> (f64, f64) {
        let pass = forward(embedding, &self.weights, &examples.inputs);
        let (loss, accuracy, _) = cross_entropy(&product(&self.head, &pass.h), &examples.classes);
        (loss, accuracy)
    }

    /// How matrix n differs from the one it began with; none before the first step.
    pub fn tuning(&self, n: usize) -> Tuning {
        match self.adapters.get(n) {
            Some(own) => Tuning::LowRank { b: own.b.clone(), a: own.a.clone(), scale: self.method.scale() },
            None => Tuning::Dense(self.weights[n].clone()),
        }
    }

    /// A and B of matrix n.
    pub fn factors(&self, n: usize) -> Option<(&Matrix, &Matrix)> {
        self.adapters.get(n).map(|own| (&own.a, &own.b))
    }

    /// The mean over the matrices of |A - A0| / |A0|; none for full fine-tuning.
    pub fn turned(&self) -> Option<f64> {
        let share = |own: &Adapter| f64::from((&own.a - &own.first).norm() / own.first.norm());
        (!self.adapters.is_empty()).then(|| self.adapters.iter().map(share).sum::<f64>() / self.adapters.len() as f64)
    }
}

impl Adapter {
    fn new(seed: u32, (task, n): (usize, usize), rank: usize, init: Init) -> Adapter {
        let deviation = match init {
            Init::Wide => 1.0 / (rank as f64).sqrt(),
            Init::Usual | Init::Orthonormal => 1.0 / (3.0 * WIDTH as f64).sqrt(),
        };
        let mut a = normals(seed, Purpose::Adapter(task, n), (rank, WIDTH), 0, |_, _| deviation);
        if init == Init::Orthonormal {
            orthonormal_rows(&mut a);
        }
        Adapter::of(a, Matrix::zeros(WIDTH, rank))
    }

    fn of(a: Matrix, b: Matrix) -> Adapter {
        Adapter { adam_a: Adam::new(a.shape()), adam_b: Adam::new(b.shape()), first: a.clone(), a, b }
    }

    /// dL/dA from dL/dW.
    fn gradient_a(&self, gradient: &Matrix, scale: f32) -> Matrix {
        product::<f32>(View::from(&self.b).t(), gradient) * scale
    }

    /// dL/dB from dL/dW.
    fn gradient_b(&self, gradient: &Matrix, scale: f32) -> Matrix {
        product::<f32>(gradient, View::from(&self.a).t()) * scale
    }

    /// `gradient`: dL/dW. Both factors take theirs from the same A and B.
    fn step(&mut self, gradient: &Matrix, scale: f32, rate: f64, freeze: bool) {
        let (a, b) = (self.gradient_a(gradient, scale), self.gradient_b(gradient, scale));
        if !freeze {
            self.adam_a.step(&mut self.a, &a, rate);
        }
        self.adam_b.step(&mut self.b, &b, rate);
    }
}

/// Row by row (Gram and Schmidt, twice), in f64.
fn orthonormal_rows(a: &mut Matrix) {
    let mut rows: Vec<Vec<f64>> = a.row_iter().map(|r| r.iter().map(|x| f64::from(*x)).collect()).collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    for n in 0..rows.len() {
        let (done, rest) = rows.split_at_mut(n);
        let row = &mut rest[0];
        for _ in 0..2 {
            for other in done.iter() {
                let share = dot(other, row);
                row.iter_mut().zip(other).for_each(|(x, o)| *x -= share * o);
            }
        }
        let length = dot(row, row).sqrt();
        row.iter_mut().for_each(|x| *x /= length);
    }
    for (i, row) in rows.iter().enumerate() {
        row.iter().enumerate().for_each(|(j, x)| a[(i, j)] = *x as f32);
    }
}

/// The loss of a batch, dL/dW of the four matrices, and dL/dhead.
pub fn gradients(embedding: &Matrix, weights: &[Matrix], head: &Matrix, x: &Matrix, classes: &[usize]) -> (f64, Vec<Matrix>, Matrix) {
    let pass = forward(embedding, weights, x);
    let (loss, _, d) = cross_entropy(&product(head, &pass.h), classes);
    let (gradients, _) = pass.backward(weights, product(View::from(head).t(), &d));
    (loss, gradients, product(&d, View::from(&pass.h).t()))
}

/// The share of examples that weights and a head get right.
pub fn accuracy(embedding: &Matrix, weights: &[Matrix], head: &Matrix, examples: &Examples) -> f64 {
    let pass = forward(embedding, weights, &examples.inputs);
    cross_entropy(&product(head, &pass.h), &examples.classes).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::train::INPUTS;
    use crate::linalg::random;

    /// The loss in f64, written without the code that is tested. Examples down the columns.
    fn loss(embedding: &Matrix, weights: &[Matrix], head: &Matrix, x: &Matrix, classes: &[usize]) -> f64 {
        let wide = |m: &Matrix| m.map(f64::from);
        let mut h = wide(embedding) * wide(x);
        for pair in weights.chunks(2) {
            h = &h + wide(&pair[1]) * (wide(&pair[0]) * &h).map(|v| v.max(0.0));
        }
        let logits = wide(head) * h;
        let one = |(n, class): (usize, &usize)| logits.column(n).iter().map(|v| v.exp()).sum::<f64>().ln() - logits[(*class, n)];
        classes.iter().enumerate().map(one).sum::<f64>() / classes.len() as f64
    }

    /// Some entries of a gradient against differences of the loss, both ways.
    #[track_caller]
    fn check(parameter: &Matrix, gradient: &Matrix, loss: impl Fn(&Matrix) -> f64) {
        assert_eq!(parameter.shape(), gradient.shape());
        for at in (0..parameter.len()).step_by(parameter.len() / 12 + 1) {
            // As far as f32 really goes.
            let moved = |by: f32| {
                let mut p = parameter.clone();
                p[at] += by;
                (loss(&p), f64::from(p[at]))
            };
            let ((up, high), (down, low)) = (moved(5e-4), moved(-5e-4));
            let slope = (up - down) / (high - low);
            assert!((slope - f64::from(gradient[at])).abs() < 1e-2 * f64::from(gradient.amax()), "{at}: {slope}, not {}", gradient[at]);
        }
    }

    #[test]
    fn gradients_are_slopes_of_the_loss() {
        let embedding = random(WIDTH, INPUTS, 1);
        let weights: Vec<Matrix> = (0..4).map(|n| random(WIDTH, WIDTH, 10 + n) * 0.03).collect();
        let (head, x, classes) = (random(8, WIDTH, 3) * 0.1, random(INPUTS, 6, 4) * 0.2, [0, 3, 7, 1, 1, 5]);
        let (own, slopes, to_head) = gradients(&embedding, &weights, &head, &x, &classes);
        assert!((own - loss(&embedding, &weights, &head, &x, &classes)).abs() < 1e-5);
        check(&head, &to_head, |head| loss(&embedding, &weights, head, &x, &classes));
        let with = |n: usize, w: Matrix| {
            let mut all = weights.clone();
            all[n] = w;
            loss(&embedding, &all, &head, &x, &classes)
        };
        for (n, (w, slope)) in weights.iter().zip(&slopes).enumerate() {
            check(w, slope, |w| with(n, w.clone()));
            // W = rest + scale B A is the same network.
            let (scale, adapter) = (2.0, Adapter::of(random(3, WIDTH, 20) * 0.1, random(WIDTH, 3, 21) * 0.1));
            let rest = w - &adapter.b * &adapter.a * scale;
            check(&adapter.a, &adapter.gradient_a(slope, scale), |a| with(n, &rest + &adapter.b * a * scale));
            check(&adapter.b, &adapter.gradient_b(slope, scale), |b| with(n, &rest + b * &adapter.a * scale));
        }
    }
}
