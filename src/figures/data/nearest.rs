//! Hit testing: the mark under the pointer, where marks are dots in a plot.

use crate::figures::drawing::pen::Point;

/// The mark nearest to a place in CSS pixels, where that is in the plot (`left..=right`, `top..=bottom`) or just beside it.
pub fn nearest<M>(
    marks: &[M],
    at: impl Fn(&M) -> Point,
    (x, y): Point,
    (left, right): Point,
    (top, bottom): Point,
) -> Option<&M> {
    let inside = (left - 4.0..=right + 8.0).contains(&x) && (top - 8.0..=bottom + 8.0).contains(&y);
    let distance = |mark: &&M| {
        let own = at(mark);
        (own.0 - x).powi(2) + (own.1 - y).powi(2)
    };
    let marks = marks.iter().filter(|_| inside);
    marks.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}
