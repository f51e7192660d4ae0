//! The eigenvalues and eigenvectors of a symmetric f64 matrix that is small, or whose values are tied: divide and conquer on the
//! tridiagonal form (Cuppen 1981). Weights are made anew from the values, so that vectors of near values are orthogonal too (Gu and
//! Eisenstat 1995).

mod secular;

use super::NoConvergence;
use super::product::product;
use super::reduction::Reduced;
use super::reflectors::Reflectors;
use nalgebra::DMatrix;
use rayon::prelude::*;
use secular::Secular;
use std::f64::consts::FRAC_1_SQRT_2;

/// Relative to the norm; smaller numbers change nothing.
const NOTHING: f64 = 4.0 * f64::EPSILON;
/// From so many rows on the threads share the work.
const SHARED: usize = 128;
/// From so many rows on packing for the product pays.
const PACKED: usize = 48;

/// Values descending, and the matching orthonormal columns.
pub fn eigen(g: &DMatrix<f64>) -> Result<(Vec<f64>, DMatrix<f64>), NoConvergence> {
    let n = g.nrows();
    let norm = g.iter().fold(0.0, |norm: f64, x| norm.max(x.abs()));
    if !g.iter().all(|x| x.is_finite()) {
        return Err(NoConvergence);
    }
    if norm == 0.0 {
        return Ok((vec![0.0; n], DMatrix::identity(n, n)));
    }
    let reduced = Reduced::from(g.map(|x| x / norm));
    let Halves { values, vectors, .. } = solve(&reduced.diagonal, &reduced.beside);
    // A matrix that came tridiagonal has no reflectors.
    let turned = reduced.tau.iter().any(|tau| *tau != 0.0);
    let vectors = if turned {
        Reflectors::of(&reduced).back(vectors)
    } else {
        vectors
    };
    let descending = DMatrix::from_fn(n, n, |i, j| vectors[(i, n - 1 - j)]);
    Ok((values.iter().rev().map(|x| x * norm).collect(), descending))
}

/// T = Q diag(values) Q^T of one part, or of two that are still apart.
struct Halves {
    values: Vec<f64>,
    vectors: DMatrix<f64>,
    /// Rows of the first half.
    first: usize,
    /// The halves in which a column has numbers.
    touches: Vec<[bool; 2]>,
}

/// A tridiagonal matrix by its diagonal and the numbers below it. Values ascend.
fn solve(diagonal: &[f64], beside: &[f64]) -> Halves {
    let n = diagonal.len();
    if n == 1 {
        return Halves {
            values: diagonal.to_vec(),
            vectors: DMatrix::identity(1, 1),
            first: 1,
            touches: Vec::new(),
        };
    }
    // T = diag(T_1, T_2) + |t| u u^T, where u has a one in each of the two rows that t ties.
    let half = n / 2;
    let tie = beside[half - 1];
    let mut d = diagonal.to_vec();
    d[half - 1] -= tie.abs();
    d[half] -= tie.abs();
    let first = || solve(&d[..half], &beside[..half - 1]);
    let second = || solve(&d[half..], &beside[half..]);
    let (first, second) = if n < SHARED {
        (first(), second())
    } else {
        rayon::join(first, second)
    };
    let last = first.vectors.row(half - 1);
    let top = second.vectors.row(0);
    let z = last
        .iter()
        .map(|x| x * FRAC_1_SQRT_2)
        .chain(top.iter().map(|x| x * FRAC_1_SQRT_2.copysign(tie)))
        .collect();
    Halves::beside(first, second).update(2.0 * tie.abs(), z)
}

impl Halves {
    fn beside(a: Halves, b: Halves) -> Halves {
        let (first, second) = (a.values.len(), b.values.len());
        let n = first + second;
        let mut vectors = DMatrix::zeros(n, n);
        vectors.view_mut((0, 0), (first, first)).copy_from(&a.vectors);
        vectors.view_mut((first, first), (second, second)).copy_from(&b.vectors);
        let touches = (0..n).map(|j| [j < first, j >= first]).collect();
        Halves {
            values: [a.values, b.values].concat(),
            vectors,
            first,
            touches,
        }
    }

    /// Adds rho v v^T, where z = Q^T v has length 1.
    fn update(mut self, rho: f64, mut z: Vec<f64>) -> Halves {
        let (kept, settled) = self.deflate(rho, &mut z);
        let pick = |from: &[f64]| -> Vec<f64> { kept.iter().map(|i| from[*i]).collect() };
        let secular = Secular {
            poles: pick(&self.values),
            z: pick(&z),
            rho,
        };
        let k = kept.len();
        let roots = each(k, |j| secular.root(j));
        let weights = each(k, |i| secular.weight(i, &roots));
        let mut inside = DMatrix::zeros(k, k);
        for (mut column, root) in inside.column_iter_mut().zip(&roots) {
            column
                .iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x = weights[i] / secular.distance(i, root));
            column.unscale_mut(column.norm());
        }
        let turned = self.times(&kept, &inside);

        let mut found: Vec<(f64, Column)> = settled.into_iter().map(|i| (self.values[i], Column::Old(i))).collect();
        found.extend(
            roots
                .iter()
                .enumerate()
                .map(|(j, root)| (secular.poles[root.pole] + root.beyond, Column::New(j))),
        );
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut vectors = DMatrix::zeros(z.len(), z.len());
        for (mut into, (_, column)) in vectors.column_iter_mut().zip(&found) {
            match column {
                Column::Old(i) => into.copy_from(&self.vectors.column(*i)),
                Column::New(j) => into.copy_from(&turned.column(*j)),
            }
        }
        Halves {
            values: found.into_iter().map(|(value, _)| value).collect(),
            vectors,
            first: z.len(),
            touches: Vec::new(),
        }
    }

    /// Columns that the update turns, their values ascending and apart, and those that it leaves as they are: where z is nothing, and,
    /// once the two columns of near values are turned so that z is nothing for one of them, that one.
    fn deflate(&mut self, rho: f64, z: &mut [f64]) -> (Vec<usize>, Vec<usize>) {
        let d = &mut self.values;
        let nothing = NOTHING * d.iter().fold(rho, |norm, x| norm.max(x.abs()));
        let mut order: Vec<usize> = (0..d.len()).collect();
        order.sort_by(|a, b| d[*a].total_cmp(&d[*b]));
        let (mut kept, mut settled): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for i in order {
            if rho * z[i].abs() <= nothing {
                settled.push(i);
                continue;
            }
            if let Some(&last) = kept.last() {
                let r = z[i].hypot(z[last]);
                let (c, s) = (z[i] / r, z[last] / r);
                if ((d[i] - d[last]) * c * s).abs() <= nothing {
                    for row in 0..self.vectors.nrows() {
                        let (x, y) = (self.vectors[(row, last)], self.vectors[(row, i)]);
                        self.vectors[(row, last)] = c * x - s * y;
                        self.vectors[(row, i)] = c * y + s * x;
                    }
                    let both = [0, 1].map(|half| self.touches[i][half] || self.touches[last][half]);
                    (self.touches[i], self.touches[last]) = (both, both);
                    (d[last], d[i]) = (d[last] * c * c + d[i] * s * s, d[last] * s * s + d[i] * c * c);
                    z[i] = r;
                    kept.pop();
                    settled.push(last);
                }
            }
            kept.push(i);
        }
        (kept, settled)
    }

    /// The product of some columns with a matrix, each half by the columns that have numbers there.
    fn times(&self, columns: &[usize], by: &DMatrix<f64>) -> DMatrix<f64> {
        let mut out = DMatrix::zeros(self.vectors.nrows(), by.ncols());
        for (half, rows) in [0..self.first, self.first..self.vectors.nrows()]
            .into_iter()
            .enumerate()
        {
            let own: Vec<usize> = (0..columns.len())
                .filter(|at| self.touches[columns[*at]][half])
                .collect();
            let left = DMatrix::from_fn(rows.len(), own.len(), |i, j| {
                self.vectors[(rows.start + i, columns[own[j]])]
            });
            let right = by.select_rows(&own);
            out.rows_range_mut(rows).copy_from(&if own.len() < PACKED {
                left * right
            } else {
                product(&left, &right)
            });
        }
        out
    }
}

fn each<T: Send>(count: usize, f: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    if count < SHARED {
        (0..count).map(f).collect()
    } else {
        (0..count).into_par_iter().map(f).collect()
    }
}

enum Column {
    Old(usize),
    New(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::orthonormal::random;
    use crate::linalg::product::gram;

    /// Orthonormal to 1e-12, G's own to 1e-13 of the norm, and the sum of the values to 1e-14 per value.
    fn check(g: &DMatrix<f64>) -> Vec<f64> {
        let n = g.nrows();
        let norm = g.amax().max(f64::MIN_POSITIVE);
        let (values, u) = eigen(g).unwrap();
        assert!(
            (u.tr_mul(&u) - DMatrix::identity(n, n)).amax() < 1e-12,
            "orthonormal, n = {n}"
        );
        let off =
            g / norm * &u - &u * DMatrix::from_diagonal(&nalgebra::DVector::from_vec(values.clone()).unscale(norm));
        let size = values.iter().fold(1.0, |size: f64, x| size.max((x / norm).abs()));
        assert!(off.amax() < 1e-13 * size, "n = {n}: off by {}", off.amax() / size);
        assert!(values.is_sorted_by(|a, b| a >= b));
        values
    }

    /// What the values must be, to 1e-14 of the norm.
    fn planted(values: &[f64], seed: u64) {
        let n = values.len();
        let q = random(n, n, seed).map(f64::from).qr().q();
        let g = &q * DMatrix::from_diagonal(&nalgebra::DVector::from_row_slice(values)) * q.transpose();
        let g = (&g + g.transpose()) * 0.5;
        let mut wanted = values.to_vec();
        wanted.sort_by(|a, b| b.total_cmp(a));
        let norm = wanted[0].abs().max(wanted[n - 1].abs());
        for (found, wanted) in check(&g).iter().zip(&wanted) {
            assert!((found - wanted).abs() <= 1e-14 * norm, "n = {n}: {found} for {wanted}");
        }
    }

    /// Roots that steps only creep towards are rare: one of some hundred matrices has one.
    #[test]
    fn no_root_is_left_on_the_way() {
        for seed in 0..600 {
            let n = 2 + (seed as usize * 7) % 130;
            let k = [n, n + 20, n / 2 + 1, 3][seed as usize % 4];
            let mut x = random(n, k, seed);
            if seed % 3 == 0 {
                x.row_iter_mut()
                    .enumerate()
                    .for_each(|(i, mut row)| row *= 0.9f32.powi(i as i32));
            }
            if seed % 5 == 0 {
                x.apply(|x| *x = if x.abs() < 1.5 { 0.0 } else { *x });
            }
            check(&gram(&x));
        }
    }

    #[test]
    fn values_and_vectors_of_any_size() {
        for n in [0, 1, 2, 3, 4, 5, 17, 40, 64, 130, 301] {
            check(&gram(&random(n, n + 5, n as u64)));
            check(&gram(&random(n, n / 3 + 1, n as u64)));
        }
    }

    #[test]
    fn exact_ties_clusters_and_gradings_keep_their_vectors_apart() {
        for n in [6, 50, 200] {
            planted(&vec![1.0; n], 1);
            planted(&(0..n).map(|i| (i / 3) as f64 - 4.0).collect::<Vec<_>>(), 2);
            planted(
                &(0..n).map(|i| if i < n / 2 { 1.0 } else { 0.0 }).collect::<Vec<_>>(),
                3,
            );
            for gap in [1e-16, 1e-13, 1e-10, 1e-7] {
                planted(&(0..n).map(|i| 1.0 + gap * i as f64).collect::<Vec<_>>(), 4);
                planted(&(0..n).map(|i| (i / 5) as f64 + gap * i as f64).collect::<Vec<_>>(), 5);
            }
            planted(
                &(0..n)
                    .map(|i| 10f64.powf(-30.0 * i as f64 / n as f64))
                    .collect::<Vec<_>>(),
                6,
            );
        }
    }

    #[test]
    fn matrices_that_fall_apart() {
        check(&DMatrix::identity(100, 100));
        check(&DMatrix::zeros(7, 7));
        check(&DMatrix::from_diagonal(&nalgebra::DVector::from_fn(90, |i, _| {
            (i / 2) as f64 - 20.0
        })));
        let half: DMatrix<f64> = gram(&random(70, 80, 4));
        let mut twice = DMatrix::zeros(140, 140);
        twice.view_mut((0, 0), (70, 70)).copy_from(&half);
        twice.view_mut((70, 70), (70, 70)).copy_from(&half);
        check(&twice);
    }

    /// Wilkinson's W21+: pairs of values that agree to fifteen digits, of a tridiagonal matrix with nothing small in it. And its
    /// relatives made by gluing.
    #[test]
    fn pathologically_close_values() {
        for blocks in [1, 5] {
            let size = 21 * blocks;
            check(&DMatrix::from_fn(size, size, |i, j| match i.abs_diff(j) {
                0 => ((i % 21) as f64 - 10.0).abs(),
                1 if i.max(j) % 21 == 0 => 1e-9,
                1 => 1.0,
                _ => 0.0,
            }));
        }
    }

    #[test]
    fn the_scale_does_not_matter_and_what_is_no_number_is_said() {
        let g: DMatrix<f64> = gram(&random(30, 40, 9));
        let plain = check(&g);
        for scale in [1e-290, 1e290] {
            let scaled = check(&(&g * scale));
            assert!(
                scaled
                    .iter()
                    .zip(&plain)
                    .all(|(a, b)| (a / scale - b).abs() < 1e-13 * plain[0])
            );
        }
        for wrong in [f64::NAN, f64::INFINITY] {
            let mut g = g.clone();
            g[(3, 3)] = wrong;
            assert_eq!(eigen(&g).err(), Some(NoConvergence));
        }
    }
}
