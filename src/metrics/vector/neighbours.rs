//! The neighbours of a tuned vector in sigma: how near the next one is, and how far rounding may turn the vector towards it.

use super::{Vector, VectorMeasure};
use crate::metrics::Unit;
use crate::metrics::rounding::turn;
use crate::report::Status;

pub static NEIGHBOUR: VectorMeasure = VectorMeasure {
    name: "gap to next sigma",
    short: "next σ away by",
    about: "The distance of σⱼ to the nearer of its neighbours in W, as a part of it: near-tied vectors turn easily, and can look like intruders",
    source: "Davis and Kahan 1970",
    unit: Unit::Percent,
    bounded: false,
    tells: |_| true,
    of: |vector| gap(vector).into(),
    random: |_| None,
    place: |_| None,
};

pub static ROUNDING_TURN: VectorMeasure = VectorMeasure {
    name: "turn by bf16 rounding, degrees",
    short: "bf16 may turn it by",
    about: "The largest angle by which rounding W to bf16 may turn the vector: sin ≤ √2 ‖E‖ / (gap − ‖E‖); 90° where its neighbours are too near",
    source: "Davis and Kahan 1970; Wedin 1972",
    unit: Unit::Degrees,
    bounded: false,
    tells: |_| true,
    of: |vector| rounding_turn(vector).into(),
    random: |_| None,
    place: |_| None,
};

/// None where a neighbour is not known, of a zero value, and where there is one value.
fn gap(vector: &Vector) -> Option<f64> {
    let (sigma, j, n) = (&vector.matrix.sigma_tuned, vector.j, vector.count());
    let value = |j: usize| sigma.get(j).map(|s| f64::from(*s));
    let own = value(j).filter(|s| *s > 0.0)?;
    let before = j.checked_sub(1).and_then(value).map(|s| (s - own).abs());
    let after = match value(j.checked_add(1)?) {
        None if j + 1 < n => return None,
        next => next.map(|s| (own - s).abs()),
    };
    let nearest = before.into_iter().chain(after).reduce(f64::min)?;
    Some(nearest / own).filter(|gap| gap.is_finite())
}

fn rounding_turn(vector: &Vector) -> Option<f64> {
    let matrix = vector.matrix;
    let error = f64::from(matrix.rounding.filter(|_| matrix.status == Status::Analyzed)?);
    // A vector past those that a report holds.
    matrix.sigma_tuned.get(vector.j)?;
    let square = matrix.rows == matrix.cols;
    Some(turn(&matrix.sigma_tuned, vector.j, vector.count(), square, error).to_degrees())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{exact, read};
    use crate::report::Matrix;

    #[test]
    fn the_nearer_neighbour_counts_and_an_unknown_one_is_not_guessed() {
        let mut m = exact(
            (3, 3),
            &[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]],
            &[1.0; 3],
        );
        m.sigma_tuned = vec![4.0, 2.0, 1.0];
        let gap = |m: &Matrix, j| read(m, 1, j, "gap to next sigma").value();
        assert_eq!([gap(&m, 0), gap(&m, 1), gap(&m, 2)], [Some(0.5), Some(0.5), Some(1.0)]);
        m.sigma_tuned.truncate(2);
        assert_eq!([gap(&m, 0), gap(&m, 1), gap(&m, 2)], [Some(0.5), None, None]);
        let turned = |m: &Matrix| read(m, 1, 0, "turn by bf16 rounding, degrees").value();
        assert_eq!(turned(&m), None, "it was not kept");
        m.rounding = Some(0.1);
        assert!((turned(&m).unwrap() - (2f64.sqrt() * 0.1 / 1.9).asin().to_degrees()).abs() < 1e-5);
        m.rounding = Some(1.5);
        assert!((turned(&m).unwrap() - 90.0).abs() < 1e-9);
    }
}
