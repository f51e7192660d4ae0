//! All cosines of a matrix in the report: of one matrix at a time, because of their size.

use crate::report::{Match, Report, Similarity};

/// Puts |u0_i . u_j| of both sides (row-major, n x n) into one matrix, and leaves every other with its corners. False where there is no
/// such matrix, or the numbers are not as many as its vectors.
pub fn set_vectors(report: &mut Report, model: usize, name: &str, left: Vec<f32>, right: Vec<f32>) -> bool {
    let own = |m: usize, matrix: &str| m == model && matrix == name;
    for (m, other) in report
        .models
        .iter_mut()
        .enumerate()
        .flat_map(|(m, model)| model.matrices.iter_mut().map(move |other| (m, other)))
    {
        if !own(m, &other.name) {
            // The left side's corner is the matrix's own `similarity`.
            other.left.iter_mut().for_each(|side| side.vectors = None);
            other.right.iter_mut().for_each(cut);
        }
    }
    let Some(matrix) = report
        .models
        .get_mut(model)
        .and_then(|model| model.matrices.iter_mut().find(|matrix| matrix.name == name))
    else {
        return false;
    };
    let n = matrix.rows.min(matrix.cols);
    let fits = |values: &[f32]| values.len() as u64 == u64::from(n).pow(2);
    if !fits(&left) || !fits(&right) {
        return false;
    }
    // A certified result may hold one side only: the other has no best matches to stand beside.
    for (side, values) in [(&mut matrix.left, left), (&mut matrix.right, right)] {
        if let Some(side) = side {
            side.vectors = Some(Similarity {
                rows: n,
                cols: n,
                values,
            });
        }
    }
    true
}

/// Leaves the corner that every matrix has.
fn cut(side: &mut Match) {
    if let Some(all) = &side.vectors {
        side.vectors = Some(Similarity::corner(all.rows as usize, all.cols as usize, |i, j| {
            all.at(i, j)
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::tests::{matrix, report};

    #[test]
    fn one_matrix_has_all_its_vectors_and_the_others_their_corners() {
        let sides = |name: &str| matrix(name, 40, Match::default(), Match::default());
        let mut report = report(vec![sides("a"), sides("b")]);
        let values = |from: f32| (0..1600).map(|i| (from + i as f32) / 3200.0).collect::<Vec<f32>>();
        let shape = |s: &Option<Similarity>| s.as_ref().map(|s| (s.rows, s.cols));
        assert!(set_vectors(&mut report, 0, "a", values(0.0), values(1.0)));
        let [a, b] = &report.models[0].matrices[..] else {
            panic!()
        };
        assert_eq!(
            [a, b].map(|m| shape(&m.right.as_ref().unwrap().vectors)),
            [Some((40, 40)), None]
        );
        assert_eq!(
            a.left.as_ref().unwrap().vectors.as_ref().unwrap().at(2, 5),
            85.0 / 3200.0
        );

        assert!(set_vectors(&mut report, 0, "b", values(0.0), values(1.0)));
        let a = &report.models[0].matrices[0];
        let (left, right) = (&a.left.as_ref().unwrap().vectors, &a.right.as_ref().unwrap().vectors);
        assert_eq!((shape(left), shape(right)), (None, Some((32, 32))));
        assert_eq!(right.as_ref().unwrap().at(2, 5), 86.0 / 3200.0);
    }

    #[test]
    fn a_certified_result_takes_the_side_it_has() {
        let mut report = report(vec![matrix("a", 3, Match::default(), Match::default())]);
        report.models[0].matrices[0].right = None;
        assert!(set_vectors(&mut report, 0, "a", vec![0.5; 9], vec![0.5; 9]));
        let a = &report.models[0].matrices[0];
        assert!(a.left.as_ref().unwrap().vectors.is_some() && a.right.is_none());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut report = report(vec![matrix("a", 3, Match::default(), Match::default())]);
        assert!(!set_vectors(&mut report, 1, "a", vec![0.0; 9], vec![0.0; 9]));
        assert!(!set_vectors(&mut report, 0, "b", vec![0.0; 9], vec![0.0; 9]));
        assert!(!set_vectors(&mut report, 0, "a", vec![0.0; 9], vec![0.0; 8]));
        assert!(set_vectors(&mut report, 0, "a", vec![0.0; 9], vec![0.0; 9]));
    }
}
