//! Adam (Kingma and Ba 2015) with its usual constants and no decay.

use crate::linalg::Matrix;

const FIRST: f32 = 0.9;
const SECOND: f32 = 0.999;
const TINY: f32 = 1e-8;

/// One matrix's moments.
pub struct Adam {
    m: Matrix,
    v: Matrix,
    steps: i32,
}

impl Adam {
    pub fn new((rows, cols): (usize, usize)) -> Adam {
        Adam {
            m: Matrix::zeros(rows, cols),
            v: Matrix::zeros(rows, cols),
            steps: 0,
        }
    }

    pub fn step(&mut self, parameter: &mut Matrix, gradient: &Matrix, rate: f64) {
        self.steps += 1;
        let (c1, c2) = (1.0 - f64::from(FIRST).powi(self.steps), 1.0 - 0.999f64.powi(self.steps));
        let (rate, scale) = ((rate / c1) as f32, (1.0 / c2) as f32);
        let moments = self.m.as_mut_slice().iter_mut().zip(self.v.as_mut_slice());
        for ((p, g), (m, v)) in parameter
            .as_mut_slice()
            .iter_mut()
            .zip(gradient.as_slice())
            .zip(moments)
        {
            *m = FIRST * *m + 0.1 * g;
            *v = SECOND * *v + 0.001 * g * g;
            // 0 / (0 + tiny) is 0: a gradient that was always zero moves nothing.
            *p -= rate * *m / ((*v * scale).sqrt() + TINY);
        }
    }
}
