//! The inputs and the two tasks, made by random teachers.

use super::dials::Task;
use super::stream::{Purpose, normals};
use super::{INPUTS, OUTPUTS};
use crate::linalg::{Matrix, product};

const TEACHER: usize = 64;
const CALIBRATION: usize = 4096;
/// Examples of a task to fine-tune on, and held out. Also of task 1.
pub const TRAINING: usize = 2048;
pub const HELD_OUT: usize = 1024;

/// Examples down the columns: `[32, count]`.
pub struct Examples {
    pub inputs: Matrix,
    /// The class of each.
    pub classes: Vec<usize>,
}

impl Task {
    pub fn classes(self) -> usize {
        match self {
            Task::Eight => 8,
            Task::Two => 2,
        }
    }

    /// Held-out loss at which the fine-tunes are compared, and the steps after which one gives up.
    pub fn target(self) -> (f64, u32) {
        match self {
            Task::Eight => (1.0, 800),
            Task::Two => (0.45, 1500),
        }
    }

    /// The learning rate of full fine-tuning.
    pub fn full_rate(self) -> f64 {
        match self {
            Task::Eight => 3e-5,
            Task::Two => 6e-5,
        }
    }

    fn hidden(self) -> usize {
        match self {
            Task::Eight => 16,
            Task::Two => 4,
        }
    }

    fn act(self, x: f32) -> f32 {
        match self {
            Task::Eight => x.max(0.0),
            Task::Two => x.abs(),
        }
    }

    /// The training and the held-out examples of task number `at` of a sequence: the class is the largest of the teacher's outputs, each
    /// less its mean over the training examples.
    pub fn examples(self, seed: u32, at: usize) -> [Examples; 2] {
        let hidden = normals(seed, Purpose::TaskHidden(at), (self.hidden(), INPUTS), 0, |_, _| 1.0);
        let out = normals(
            seed,
            Purpose::TaskOut(at),
            (self.classes(), self.hidden()),
            0,
            |_, _| 1.0,
        );
        let answer = |x: &Matrix| -> Matrix { product(&out, &product::<f32>(&hidden, x).map(|v| self.act(v))) };
        let (x, held) = (
            inputs(seed, Purpose::TaskTraining(at), TRAINING, 0),
            inputs(seed, Purpose::TaskHeldOut(at), HELD_OUT, 0),
        );
        let (y, held_y) = (answer(&x), answer(&held));
        let mean = y.column_mean();
        let class = |y: &Matrix| -> Vec<usize> {
            y.column_iter()
                .map(|c| {
                    (c - &mean)
                        .iter()
                        .enumerate()
                        .fold((0, f32::MIN), |b, (n, v)| if *v > b.1 { (n, *v) } else { b })
                        .0
                })
                .collect()
        };
        [
            Examples {
                classes: class(&y),
                inputs: x,
            },
            Examples {
                classes: class(&held_y),
                inputs: held,
            },
        ]
    }
}

/// Inputs whose variances fall as 1/i and sum to 1, `[32, count]`. `skip`: examples of the stream to leave out.
pub fn inputs(seed: u32, purpose: Purpose, count: usize, skip: usize) -> Matrix {
    let total: f64 = (1..=INPUTS).map(|i| 1.0 / i as f64).sum();
    normals(seed, purpose, (count, INPUTS), skip * INPUTS, |_, j| {
        1.0 / ((j + 1) as f64 * total).sqrt()
    })
    .transpose()
}

/// Task 1: a regression on R relu(S x), its targets of mean 0 and total variance 1.
pub struct Regression {
    hidden: Matrix,
    out: Matrix,
    mean: Matrix,
    norm: f32,
    /// Held-out examples.
    pub inputs: Matrix,
    pub targets: Matrix,
}

impl Regression {
    pub fn new(seed: u32) -> Regression {
        let hidden = normals(seed, Purpose::TeacherHidden, (TEACHER, INPUTS), 0, |_, _| 1.0);
        let out = normals(seed, Purpose::TeacherOut, (OUTPUTS, TEACHER), 0, |i, _| {
            1.0 / ((i + 1) as f64).sqrt()
        });
        let mut own = Regression {
            hidden,
            out,
            mean: Matrix::zeros(OUTPUTS, 1),
            norm: 1.0,
            inputs: Matrix::zeros(0, 0),
            targets: Matrix::zeros(0, 0),
        };
        let y = own.answer(&inputs(seed, Purpose::Calibration, CALIBRATION, 0));
        let mean = y.column_mean();
        let squares: f64 = y.column_iter().map(|c| f64::from((c - &mean).norm_squared())).sum();
        own.mean = Matrix::from_column_slice(OUTPUTS, 1, mean.as_slice());
        own.norm = (squares / CALIBRATION as f64).sqrt() as f32;
        own.inputs = inputs(seed, Purpose::HeldOut, HELD_OUT, 0);
        own.targets = own.target(&own.inputs);
        own
    }

    fn answer(&self, x: &Matrix) -> Matrix {
        product(&self.out, &product::<f32>(&self.hidden, x).map(|v| v.max(0.0)))
    }

    /// `[32, count]`.
    pub fn target(&self, x: &Matrix) -> Matrix {
        let mut y = self.answer(x);
        y.column_iter_mut().for_each(|mut c| c -= self.mean.column(0));
        y / self.norm
    }
}
