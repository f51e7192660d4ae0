//! Fine-tuning of one network by one method: full, LoRA, or LoRA whose A stays.

use super::adam::Adam;
use super::dials::{Alpha, Init, TrainDials};
use super::network::{cross_entropy, forward};
use super::stream::{Purpose, normals};
use super::task::{Examples, TRAINING};
use super::{MATRICES, WIDTH};
use crate::analyze::Tuning;
use crate::linalg::{Matrix, View, product, ridge, thin_svd};

const BATCH: usize = 32;
const HEAD_RATE: f64 = 1e-3;
/// Alpha times the learning rate of LoRA: 240 times the rate of full fine-tuning on eight classes, as in the paper.
const ALPHA_RATE: f64 = 7.2e-3;

/// The strength of the ridge that holds a fitted head, as a part of the mean square of its features.
const HELD: f64 = 1e-3;

/// The method by which the four matrices change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    Full {
        rate: f64,
    },
    Lora {
        rank: usize,
        alpha: f64,
        rate: f64,
        init: Init,
        freeze: bool,
    },
}

impl Method {
    pub fn full(dials: &TrainDials) -> Method {
        Method::Full {
            rate: dials.full_rate * dials.task.full_rate(),
        }
    }

    pub fn lora(dials: &TrainDials) -> Method {
        let rank = dials.rank as usize;
        let alpha = match dials.alpha {
            Alpha::Twice => 2.0 * rank as f64,
            Alpha::Eight => 8.0,
        };
        // As the paper trains B alone: on orthonormal rows.
        let init = if dials.freeze { Init::Orthonormal } else { dials.init };
        Method::Lora {
            rank,
            alpha,
            rate: dials.lora_rate * ALPHA_RATE / alpha,
            init,
            freeze: dials.freeze,
        }
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
    /// A and B as they began.
    first: (Matrix, Matrix),
    adam_a: Adam,
    adam_b: Adam,
}

pub struct Tune {
    pub method: Method,
    /// The matrices that B A is added to: those it began with, less the factors' first product where that is not zero.
    base: Vec<Matrix>,
    pub weights: Vec<Matrix>,
    adapters: Vec<Adapter>,
    adams: Vec<Adam>,
    /// The head of the task, `[classes, 128]`, from zero.
    pub head: Matrix,
    adam_head: Adam,
    pub step: u32,
    /// The loss of every batch.
    pub losses: Vec<f64>,
}

impl Tune {
    /// `task`: the number of the task in its sequence.
    pub fn new(method: Method, base: &[Matrix], seed: u32, task: usize, classes: usize) -> Tune {
        let scale = method.scale();
        let (adapters, adams): (Vec<Adapter>, _) = match method {
            Method::Full { .. } => (vec![], base.iter().map(|w| Adam::new(w.shape())).collect()),
            Method::Lora {
                rank,
                init: Init::Principal,
                ..
            } => (
                base.iter().map(|w| Adapter::principal(w, rank, scale)).collect(),
                vec![],
            ),
            Method::Lora { rank, init, .. } => (
                (0..MATRICES)
                    .map(|n| Adapter::new(seed, (task, n), rank, init))
                    .collect(),
                vec![],
            ),
        };
        let mut rest = base.to_vec();
        for (rest, own) in rest
            .iter_mut()
            .zip(&adapters)
            .filter(|(_, own)| own.first.1.amax() > 0.0)
        {
            *rest -= product::<f32>(&own.b, &own.a) * scale as f32;
        }
        Tune {
            method,
            base: rest,
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
        let (loss, gradients, head) = gradients(
            embedding,
            &self.weights,
            &self.head,
            &x,
            &examples.classes[from..from + BATCH],
        );
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

    /// Matrix n as a change of the one it began with. Factors that began as a part of it change it by s (B A − B0 A0): twice the rank.
    pub fn tuning(&self, n: usize) -> Tuning {
        let Some(own) = self.adapters.get(n).filter(|_| self.step > 0) else {
            return Tuning::Dense(self.weights[n].clone());
        };
        let scale = self.method.scale();
        if own.first.1.amax() == 0.0 {
            return Tuning::LowRank {
                b: own.b.clone(),
                a: own.a.clone(),
                scale,
            };
        }
        let rank = own.a.nrows();
        let (mut b, mut a) = (Matrix::zeros(WIDTH, 2 * rank), Matrix::zeros(2 * rank, WIDTH));
        b.columns_mut(0, rank).copy_from(&own.b);
        b.columns_mut(rank, rank).copy_from(&-&own.first.1);
        a.rows_mut(0, rank).copy_from(&own.a);
        a.rows_mut(rank, rank).copy_from(&own.first.0);
        Tuning::LowRank { b, a, scale }
    }

    /// The mean over the matrices of |A - A0| / |A0|; none for full fine-tuning.
    pub fn turned(&self) -> Option<f64> {
        let share = |own: &Adapter| f64::from((&own.a - &own.first.0).norm() / own.first.0.norm());
        (!self.adapters.is_empty()).then(|| self.adapters.iter().map(share).sum::<f64>() / self.adapters.len() as f64)
    }
}

impl Adapter {
    fn new(seed: u32, (task, n): (usize, usize), rank: usize, init: Init) -> Adapter {
        let deviation = match init {
            Init::Wide => 1.0 / (rank as f64).sqrt(),
            Init::Usual | Init::Orthonormal | Init::Principal => 1.0 / (3.0 * WIDTH as f64).sqrt(),
        };
        let mut a = normals(seed, Purpose::Adapter(task, n), (rank, WIDTH), 0, |_, _| deviation);
        if init == Init::Orthonormal {
            orthonormal_rows(&mut a);
        }
        Adapter::of(a, Matrix::zeros(WIDTH, rank))
    }

    /// scale B A is the leading part of W0, its singular values shared out evenly.
    fn principal(w0: &Matrix, rank: usize, scale: f64) -> Adapter {
        let none = || [Matrix::zeros(WIDTH, WIDTH), Matrix::zeros(WIDTH, WIDTH)];
        // A matrix of training that does not converge has left the range of numbers: nothing can be taken out of it.
        let svd = thin_svd(w0.into()).ok();
        let [left, right] = svd.as_ref().and_then(|svd| svd.sides().ok()).unwrap_or_else(none);
        let sigma = svd.map_or(vec![0.0; WIDTH], |svd| svd.values());
        let share = |vectors: Matrix| {
            let mut part = vectors.columns(0, rank).into_owned();
            part.column_iter_mut()
                .zip(&sigma)
                .for_each(|(mut column, sigma)| column *= (f64::from(*sigma) / scale).sqrt() as f32);
            part
        };
        Adapter::of(share(right).transpose(), share(left))
    }

    fn of(a: Matrix, b: Matrix) -> Adapter {
        Adapter {
            adam_a: Adam::new(a.shape()),
            adam_b: Adam::new(b.shape()),
            first: (a.clone(), b.clone()),
            a,
            b,
        }
    }

    /// dL/dA from dL/dW, with W = W0 + scale B A.
    fn gradient_a(&self, gradient: &Matrix, scale: f32) -> Matrix {
        product::<f32>(View::from(&self.b).t(), gradient) * scale
    }

    /// dL/dB from dL/dW.
    fn gradient_b(&self, gradient: &Matrix, scale: f32) -> Matrix {
        product::<f32>(gradient, View::from(&self.a).t()) * scale
    }

    /// `gradient`: dL/dW. Both factors take theirs from the same A and B.
    fn step(&mut self, gradient: &Matrix, scale: f32, rate: f64, freeze: bool) {
        let b = self.gradient_b(gradient, scale);
        if !freeze {
            let a = self.gradient_a(gradient, scale);
            self.adam_a.step(&mut self.a, &a, rate);
        }
        self.adam_b.step(&mut self.b, &b, rate);
    }
}

/// Row by row (Gram and Schmidt, twice), in f64.
fn orthonormal_rows(a: &mut Matrix) {
    let mut rows: Vec<Vec<f64>> = a
        .row_iter()
        .map(|r| r.iter().map(|x| f64::from(*x)).collect())
        .collect();
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
pub fn gradients(
    embedding: &Matrix,
    weights: &[Matrix],
    head: &Matrix,
    x: &Matrix,
    classes: &[usize],
) -> (f64, Vec<Matrix>, Matrix) {
    let pass = forward(embedding, weights, x);
    let (loss, _, d) = cross_entropy(&product(head, &pass.h), classes);
    let (gradients, _) = pass.backward(weights, product(View::from(head).t(), &d));
    (loss, gradients, product(&d, View::from(&pass.h).t()))
}

/// Loss and accuracy of weights and a head on examples.
pub fn score(embedding: &Matrix, weights: &[Matrix], head: &Matrix, examples: &Examples) -> (f64, f64) {
    let pass = forward(embedding, weights, &examples.inputs);
    let (loss, accuracy, _) = cross_entropy(&product(head, &pass.h), &examples.classes);
    (loss, accuracy)
}

/// The held-out accuracy of a linear head that is fitted to the network as it is: ridge regression on the indicators of the classes.
pub fn probe(embedding: &Matrix, weights: &[Matrix], [examples, held_out]: &[Examples; 2], classes: usize) -> f64 {
    let features = forward(embedding, weights, &examples.inputs).h;
    let share = 1.0 / classes as f32;
    let target = |class: usize, n: usize| {
        if examples.classes[n] == class {
            1.0 - share
        } else {
            -share
        }
    };
    let targets = Matrix::from_fn(classes, examples.classes.len(), target);
    // A network that left the range of numbers has no features, and a head of zeros says the first class.
    let head = ridge(&features, &targets, HELD).unwrap_or_else(|| Matrix::zeros(classes, WIDTH));
    score(embedding, weights, &head, held_out).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::train::{INPUTS, Task};
    use crate::linalg::random;

    /// The loss in f64, written without the code that is tested, with one of the matrices (the head is the last) moved along a direction.
    fn loss(
        embedding: &Matrix,
        matrices: &[Matrix],
        x: &Matrix,
        classes: &[usize],
        (which, along, by): (usize, &Matrix, f64),
    ) -> f64 {
        let wide = |m: &Matrix| m.map(f64::from);
        let moved = |n: usize| {
            if n == which {
                wide(&matrices[n]) + wide(along) * by
            } else {
                wide(&matrices[n])
            }
        };
        let mut h = wide(embedding) * wide(x);
        for up in [0, 2] {
            h = &h + moved(up + 1) * (moved(up) * &h).map(|v| v.max(0.0));
        }
        let logits = moved(4) * h;
        let one = |(n, class): (usize, &usize)| {
            logits.column(n).iter().map(|v| v.exp()).sum::<f64>().ln() - logits[(*class, n)]
        };
        classes.iter().enumerate().map(one).sum::<f64>() / classes.len() as f64
    }

    #[test]
    fn gradients_are_slopes_of_the_loss() {
        let embedding = random(WIDTH, INPUTS, 1);
        let mut matrices: Vec<Matrix> = (0..4).map(|n| random(WIDTH, WIDTH, 10 + n) * 0.03).collect();
        let (head, x, classes) = (
            random(8, WIDTH, 3) * 0.1,
            random(INPUTS, 6, 4) * 0.2,
            [0, 3, 7, 1, 1, 5],
        );
        let (own, mut slopes, to_head) = gradients(&embedding, &matrices, &head, &x, &classes);
        matrices.push(head);
        slopes.push(to_head);
        let at = |moved: (usize, &Matrix, f64)| loss(&embedding, &matrices, &x, &classes, moved);
        assert!((own - at((0, &matrices[0], 0.0))).abs() < 1e-5);
        // Some entries of a parameter; `along`: how the matrix moves with one.
        assert!(
            matrices
                .iter()
                .zip(&slopes)
                .all(|(m, slope)| m.shape() == slope.shape())
        );
        let check = |which: usize, gradient: &Matrix, along: &dyn Fn(usize, usize) -> Matrix| {
            for (i, j) in (0..12).map(|n| (n * 37 % gradient.nrows(), n * 29 % gradient.ncols())) {
                let along = along(i, j);
                let slope = (at((which, &along, 1e-6)) - at((which, &along, -1e-6))) / 2e-6;
                let own = f64::from(gradient[(i, j)]);
                assert!(
                    (slope - own).abs() < 1e-4 * f64::from(gradient.amax()),
                    "matrix {which}, {i} {j}: {slope}, not {own}"
                );
            }
        };
        let unit = |rows: usize, cols: usize, i: usize, j: usize| {
            Matrix::from_fn(rows, cols, |r, c| if (r, c) == (i, j) { 1.0 } else { 0.0 })
        };
        for (which, slope) in slopes.iter().enumerate() {
            check(which, slope, &|i, j| unit(slope.nrows(), slope.ncols(), i, j));
        }
        // W0 + scale B A, at which the matrices stand.
        let (scale, adapter) = (2.0, Adapter::of(random(3, WIDTH, 20) * 0.1, random(WIDTH, 3, 21) * 0.1));
        for (which, slope) in slopes.iter().enumerate().take(MATRICES) {
            check(which, &adapter.gradient_a(slope, scale), &|i, j| {
                &adapter.b * unit(3, WIDTH, i, j) * scale
            });
            check(which, &adapter.gradient_b(slope, scale), &|i, j| {
                unit(WIDTH, 3, i, j) * &adapter.a * scale
            });
        }
    }

    #[test]
    fn factors_that_begin_as_a_part_of_the_base_change_nothing_at_first() {
        let base: Vec<Matrix> = (0..4).map(|n| random(WIDTH, WIDTH, n) * 0.03).collect();
        let method = Method::Lora {
            rank: 5,
            alpha: 10.0,
            rate: 1e-3,
            init: Init::Principal,
            freeze: false,
        };
        let mut tune = Tune::new(method, &base, 0, 0, 8);
        assert_eq!(tune.weights, base);
        for ((rest, own), w) in tune.base.iter().zip(&tune.adapters).zip(&base) {
            assert!((rest + &own.b * &own.a * 2.0 - w).amax() < 1e-6);
            // Its five leading values are gone.
            assert!(rest.norm() < 0.98 * w.norm());
        }
        let [examples, _] = Task::Eight.examples(0, 0);
        for _ in 0..3 {
            tune.train(&random(WIDTH, INPUTS, 1), &examples);
        }
        let Tuning::LowRank { b, a, scale } = tune.tuning(1) else {
            panic!("factors")
        };
        assert_eq!((b.ncols(), a.nrows()), (10, 10));
        assert!((&base[1] + b * a * scale as f32 - &tune.weights[1]).amax() < 1e-5);
    }

    #[test]
    fn a_fitted_head_says_what_can_be_read_off() {
        let [examples, held_out] = Task::Eight.examples(0, 0);
        let weights = vec![Matrix::zeros(WIDTH, WIDTH); 4];
        let right = probe(&random(WIDTH, INPUTS, 1), &weights, &[examples, held_out], 8);
        assert!(
            right > 0.4 && right < 0.7,
            "a line through the inputs themselves: {right}"
        );
        let [examples, held_out] = Task::Eight.examples(0, 0);
        let nothing = probe(
            &Matrix::from_element(WIDTH, INPUTS, f32::NAN),
            &weights,
            &[examples, held_out],
            8,
        );
        assert!(nothing < 0.4);
    }
}
