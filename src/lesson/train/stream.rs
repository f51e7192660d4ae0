//! Random numbers as the reference has them: one stream for each purpose of a seed.

use crate::linalg::{Matrix, SplitMix};

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The purpose of a stream. A task's own streams are numbered from 0 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    TeacherHidden,
    TeacherOut,
    Embedding,
    Head,
    /// Of the four matrices of the blocks.
    Weight(usize),
    Calibration,
    PreTraining,
    HeldOut,
    TaskHidden(usize),
    TaskOut(usize),
    TaskTraining(usize),
    TaskHeldOut(usize),
    /// A of one matrix, in one task.
    Adapter(usize, usize),
}

impl Purpose {
    fn tag(self) -> u64 {
        let of_task = |task: usize, what: usize| 1000 * (task as u64 + 1) + what as u64;
        match self {
            Purpose::TeacherHidden => 1,
            Purpose::TeacherOut => 2,
            Purpose::Embedding => 3,
            Purpose::Head => 4,
            Purpose::Weight(n) => 10 + n as u64,
            Purpose::Calibration => 20,
            Purpose::PreTraining => 21,
            Purpose::HeldOut => 22,
            Purpose::TaskHidden(task) => of_task(task, 1),
            Purpose::TaskOut(task) => of_task(task, 2),
            Purpose::TaskTraining(task) => of_task(task, 3),
            Purpose::TaskHeldOut(task) => of_task(task, 4),
            Purpose::Adapter(task, n) => of_task(task, 10 + n),
        }
    }
}

/// Standard normal numbers, `[rows, cols]`, drawn along the rows, each row times its factor. `skip`: numbers of the stream to leave out, even.
pub fn normals(
    seed: u32,
    purpose: Purpose,
    (rows, cols): (usize, usize),
    skip: usize,
    factor: impl Fn(usize, usize) -> f64,
) -> Matrix {
    let state = 1_000_003 * u64::from(seed) + purpose.tag();
    let mut stream = SplitMix(state.wrapping_add(GAMMA.wrapping_mul(skip as u64)));
    let mut out = Matrix::zeros(rows, cols);
    let mut kept = None;
    for i in 0..rows {
        for j in 0..cols {
            let value = kept.take().unwrap_or_else(|| {
                let [first, second] = stream.normals();
                kept = Some(second);
                first
            });
            out[(i, j)] = (value * factor(i, j)) as f32;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_the_reference() {
        let x = normals(0, Purpose::TeacherHidden, (2, 2), 0, |_, _| 1.0);
        let wanted = [
            -0.0342673217918511,
            -1.29260853323732,
            -2.50006749336987,
            0.911466586409297,
        ];
        assert!(
            [x[(0, 0)], x[(0, 1)], x[(1, 0)], x[(1, 1)]]
                .iter()
                .zip(wanted)
                .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6)
        );
        let rest = normals(0, Purpose::TeacherHidden, (1, 2), 2, |_, _| 1.0);
        assert_eq!((rest[(0, 0)], rest[(0, 1)]), (x[(1, 0)], x[(1, 1)]));
    }
}
