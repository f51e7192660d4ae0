//! The looks of lines: of a run's models in one figure, where those that the pointed one leaves behind stand back, and of the arms of surgery.

use crate::figures::data::readings::CROWD;
use crate::figures::request::Request;
use crate::report::Report;
use crate::report::surgery::Arm;
use crate::series::{Dash, Series, series};

/// The shade of what stands back.
const BACK: f64 = 0.22;
/// The width of a line among a crowd, in CSS pixels: one pixel of most screens, which they draw in an eighth of the time of two.
const HAIR: f64 = 0.5;

/// One look per model; where one is pointed at, the lines of the others are pale.
pub fn looks(report: &Report, request: &Request) -> Vec<Series> {
    let mut all = series(&report.models);
    let alone = request.focus.as_ref().and_then(|f| f.alone).map(|n| n as usize);
    if all.len() > CROWD {
        for (_, look) in all.iter_mut().enumerate().filter(|(n, _)| Some(*n) != alone) {
            look.width = HAIR;
        }
    }
    if let Some(alone) = alone.filter(|n| *n < all.len()) {
        for (_, look) in all.iter_mut().enumerate().filter(|(n, _)| *n != alone) {
            look.shade = BACK;
        }
    }
    all
}

/// Lines in the order in which they are drawn: the pale first, then the heavy, which hide nothing.
pub fn back_to_front<T>(lines: &[T], look: impl Fn(&T) -> &Series) -> Vec<&T> {
    let mut order: Vec<&T> = lines.iter().collect();
    order.sort_by(|a, b| {
        let (a, b) = (look(a), look(b));
        a.shade.total_cmp(&b.shade).then(b.width.total_cmp(&a.width))
    });
    order
}

/// From the pointer to the line that it points at, in CSS pixels.
const REACH: f64 = 8.0;

/// The line nearest to a place, by its own distance there; None where all are farther than a pointer reaches.
pub fn pointed(distances: impl Iterator<Item = Option<f64>>) -> Option<u32> {
    let near = distances
        .enumerate()
        .filter_map(|(n, d)| Some((n, d.filter(|d| *d <= REACH)?)));
    near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(n, _)| n as u32)
}

/// The line that is `by` steps after the pointed one in an order; before the first and after the last no line is pointed at.
pub fn over(order: &[u32], from: Option<u32>, by: i32) -> Option<u32> {
    // Place 0 stands for no line.
    let at = from
        .and_then(|line| order.iter().position(|n| *n == line))
        .map_or(0, |n| n + 1);
    let to = (at as i64 + i64::from(by)).rem_euclid(order.len() as i64 + 1) as usize;
    to.checked_sub(1).map(|n| order[n])
}

/// The edit in the strongest colour; its controls differ in colour and stroke; arms without lambda in grey.
pub fn of_arm(arm: Arm) -> Series {
    let (token, dash, width) = match arm {
        Arm::Trained => ("base", Dash::Dotted, 1.75),
        Arm::Scaled => ("full", Dash::Solid, 2.5),
        Arm::Shrunk => ("lora-2", Dash::Dashed, 1.75),
        Arm::Restored => ("lora-5", Dash::DashDot, 1.75),
        Arm::Random => ("lora-7", Dash::Dotted, 1.75),
        Arm::Projected => ("base", Dash::DashDot, 1.75),
    };
    Series {
        token: token.into(),
        dash,
        width,
        shade: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_go_over_all_lines_and_back_to_none() {
        let order = [4, 2, 7];
        let mut at = None;
        let seen: Vec<_> = (0..5)
            .map(|_| {
                at = over(&order, at, 1);
                at
            })
            .collect();
        assert_eq!(seen, [Some(4), Some(2), Some(7), None, Some(4)]);
        assert_eq!(over(&order, None, -1), Some(7));
        assert_eq!(over(&order, Some(2), 0), Some(2));
        assert_eq!(over(&order, Some(99), 0), None);
        assert_eq!(over(&[], None, 1), None);
    }

    #[test]
    fn a_line_is_pointed_at_from_near_by_alone() {
        let of = |distances: &[f64]| pointed(distances.iter().map(|d| Some(*d)));
        assert_eq!(of(&[20.0, 3.0, 5.0]), Some(1));
        assert_eq!(of(&[20.0, 9.0]), None);
    }
}
