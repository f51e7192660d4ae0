//! The network: h = E x, then two residual blocks h += W_down relu(W_up h). No biases, no norms. Examples stand in columns.

use crate::linalg::{Matrix, View, product};

/// The activations of a block that the backward pass needs.
struct Block {
    /// The hidden state before it.
    h: Matrix,
    /// relu(W_up h).
    z: Matrix,
}

/// A forward pass.
pub struct Forward {
    /// The hidden state after the last block, `[width, count]`.
    pub h: Matrix,
    blocks: Vec<Block>,
}

/// `weights`: up and down of every block, in order, `[width, width]` each.
pub fn forward(embedding: &Matrix, weights: &[Matrix], x: &Matrix) -> Forward {
    let mut h: Matrix = product(embedding, x);
    let mut blocks = Vec::new();
    for pair in weights.chunks_exact(2) {
        let mut z: Matrix = product(&pair[0], &h);
        z.apply(|v| *v = v.max(0.0));
        let next = &h + product::<f32>(&pair[1], &z);
        blocks.push(Block { h, z });
        h = next;
    }
    Forward { h, blocks }
}

impl Forward {
    /// dL/dW of every weight, and dL/dh before the first block, from dL/dh after the last.
    pub fn backward(&self, weights: &[Matrix], mut dh: Matrix) -> (Vec<Matrix>, Matrix) {
        let mut gradients = Vec::with_capacity(weights.len());
        for (block, pair) in self.blocks.iter().zip(weights.chunks_exact(2)).rev() {
            let down: Matrix = product(&dh, View::from(&block.z).t());
            let mut dz: Matrix = product(View::from(&pair[1]).t(), &dh);
            dz.zip_apply(&block.z, |d, z| *d = if z > 0.0 { *d } else { 0.0 });
            let up: Matrix = product(&dz, View::from(&block.h).t());
            dh += product::<f32>(View::from(&pair[0]).t(), &dz);
            gradients.extend([down, up]);
        }
        gradients.reverse();
        (gradients, dh)
    }
}

/// The mean cross entropy, the share of examples whose class is the largest, and dL/dlogits. `logits` `[classes, count]`.
pub fn cross_entropy(logits: &Matrix, classes: &[usize]) -> (f64, f64, Matrix) {
    let mut p = logits.clone();
    let (mut loss, mut right) = (0.0, 0);
    let count = classes.len().max(1) as f32;
    for (mut column, class) in p.column_iter_mut().zip(classes) {
        let most = column.max();
        right += usize::from(column.iter().position(|v| *v == most) == Some(*class));
        column.apply(|v| *v = (*v - most).exp());
        let sum = column.sum();
        column /= sum;
        loss -= f64::from(column[*class].max(1e-30).ln());
        column[*class] -= 1.0;
        column /= count;
    }
    (loss / f64::from(count), right as f64 / f64::from(count), p)
}

/// The mean over examples of |y - target|², and dL/dy.
pub fn squares(y: &Matrix, target: &Matrix) -> (f64, Matrix) {
    let e = y - target;
    let count = e.ncols().max(1) as f64;
    let loss = e.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / count;
    (loss, e * (2.0 / count) as f32)
}
