//! The pre-trained network, made from a seed a few steps at a time.

use super::adam::Adam;
use super::network::{forward, squares};
use super::stream::{Purpose, normals};
use super::task::{Regression, inputs};
use super::{INPUTS, MATRICES, OUTPUTS, WIDTH};
use crate::linalg::{Matrix, View, product};

pub const STEPS: usize = 500;
const BATCH: usize = 64;
const RATE: f64 = 2e-3;
const WARM_UP: usize = 50;
/// Standard deviation of a fresh weight, times sqrt(width).
const GAIN: f64 = 0.25;

pub struct World {
    pub seed: u32,
    pub regression: Regression,
    /// `[128, 32]`.
    pub embedding: Matrix,
    /// Up and down of both blocks, `[128, 128]`.
    pub weights: Vec<Matrix>,
    /// The head of task 1, `[32, 128]`.
    pub head: Matrix,
    adams: Vec<Adam>,
    pub step: usize,
    /// The loss of every batch.
    pub losses: Vec<f64>,
}

impl World {
    pub fn new(seed: u32) -> World {
        let wide = 1.0 / (WIDTH as f64).sqrt();
        let embedding = normals(seed, Purpose::Embedding, (WIDTH, INPUTS), 0, |_, _| 1.0);
        let weights: Vec<Matrix> = (0..MATRICES)
            .map(|n| normals(seed, Purpose::Weight(n), (WIDTH, WIDTH), 0, |_, _| GAIN * wide))
            .collect();
        let head = normals(seed, Purpose::Head, (OUTPUTS, WIDTH), 0, |_, _| 0.1 * wide);
        let adams = [embedding.shape()]
            .into_iter()
            .chain(weights.iter().map(Matrix::shape))
            .chain([head.shape()])
            .map(Adam::new)
            .collect();
        World {
            seed,
            regression: Regression::new(seed),
            embedding,
            weights,
            head,
            adams,
            step: 0,
            losses: vec![],
        }
    }

    /// Some steps more; true while some are left. When the last is done the moments are let go.
    pub fn advance(&mut self, steps: usize) -> bool {
        for _ in 0..steps.min(STEPS - self.step) {
            self.train();
        }
        if self.step == STEPS {
            self.adams.clear();
        }
        self.step < STEPS
    }

    fn train(&mut self) {
        let x = inputs(self.seed, Purpose::PreTraining, BATCH, self.step * BATCH);
        let pass = forward(&self.embedding, &self.weights, &x);
        let (loss, de) = squares(&product(&self.head, &pass.h), &self.regression.target(&x));
        self.losses.push(loss);
        let (gradients, dh) = pass.backward(&self.weights, product(View::from(&self.head).t(), &de));
        let embedding: Matrix = product(&dh, View::from(&x).t());
        let head: Matrix = product(&de, View::from(&pass.h).t());
        // Warm-up, then a linear fall to 0 over the second half.
        let (at, all) = (self.step as f64, STEPS as f64);
        let rate = RATE * ((at + 1.0) / WARM_UP as f64).min(1.0) * ((all - at) / (0.5 * all)).min(1.0);
        let parameters = [&mut self.embedding]
            .into_iter()
            .chain(&mut self.weights)
            .chain([&mut self.head]);
        let gradients = [&embedding].into_iter().chain(&gradients).chain([&head]);
        for ((parameter, gradient), adam) in parameters.zip(gradients).zip(&mut self.adams) {
            adam.step(parameter, gradient, rate);
        }
        self.step += 1;
    }

    /// The share of task 1's variance that weights leave unexplained; 1 for a network that always says the mean.
    pub fn forgetting(&self, weights: &[Matrix]) -> f64 {
        let pass = forward(&self.embedding, weights, &self.regression.inputs);
        squares(&product(&self.head, &pass.h), &self.regression.targets).0
    }
}
