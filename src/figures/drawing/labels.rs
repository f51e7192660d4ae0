//! Label placement beside ringed points: over no other name and no other ring.

use super::pen::Point;
use super::style::{LABEL, text_width};

/// Upper left and lower right corner, in CSS pixels.
type Area = (Point, Point);

/// More names than this say less than none.
const MOST: usize = 24;
/// From a point to its name: past the ring.
const REACH: f64 = 9.0;

/// Left end and baseline of each point's bold name inside `bounds`; None where no place is free. Earlier points choose first, and a name
/// keeps off the lines and marks in `taken`.
pub(crate) fn around(points: &[(Point, String)], taken: &[Point], bounds: Area) -> Vec<Option<Point>> {
    let rings: Vec<Area> = points.iter().map(|(p, _)| about(*p, 7.0)).collect();
    let mut placed: Vec<Area> = Vec::new();
    let place = |n: usize, placed: &mut Vec<Area>| {
        let ((x, y), name) = &points[n];
        let others = rings.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, ring)| ring);
        let w = 1.06 * text_width(name, LABEL);
        let free = |at: Point| {
            let area = ((at.0, at.1 - 10.0), (at.0 + w, at.1 + 3.0));
            let inside =
                area.0.0 >= bounds.0.0 && area.1.0 <= bounds.1.0 && area.0.1 >= bounds.0.1 && area.1.1 <= bounds.1.1;
            let apart = others.clone().chain(placed.iter()).all(|t| !meets(area, *t));
            (inside && apart && !taken.iter().any(|p| meets(area, about(*p, 1.5)))).then_some((at, area))
        };
        let found = candidates((*x, *y), w).find_map(free)?;
        placed.push(found.1);
        Some(found.0)
    };
    (0..points.len())
        .map(|n| if n < MOST { place(n, &mut placed) } else { None })
        .collect()
}

/// Right of the point, then above and below to the right, then to the left, then farther off.
fn candidates((x, y): Point, w: f64) -> impl Iterator<Item = Point> {
    let (right, left, middle) = (x + REACH, x - REACH - w, x - 0.5 * w);
    let near = [
        (right, y + 4.0),
        (right - 1.0, y - 7.0),
        (right - 1.0, y + 16.0),
        (left, y + 4.0),
        (left + 1.0, y - 7.0),
        (left + 1.0, y + 16.0),
    ];
    let far = [
        (middle, y - 12.0),
        (middle, y + 21.0),
        (right, y - 20.0),
        (right, y + 28.0),
        (left, y - 20.0),
        (left, y + 28.0),
    ];
    near.into_iter().chain(far)
}

fn about((x, y): Point, r: f64) -> Area {
    ((x - r, y - r), (x + r, y + r))
}

fn meets(a: Area, b: Area) -> bool {
    a.0.0 < b.1.0 && b.0.0 < a.1.0 && a.0.1 < b.1.1 && b.0.1 < a.1.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart_and_a_crowd_loses_some() {
        let bounds = ((0.0, 0.0), (400.0, 200.0));
        let at = |points: &[Point]| {
            around(
                &points.iter().map(|p| (*p, "j = 1".to_string())).collect::<Vec<_>>(),
                &[],
                bounds,
            )
        };
        let got: Vec<Point> = at(&[(100.0, 100.0), (112.0, 100.0), (118.0, 104.0)])
            .into_iter()
            .flatten()
            .collect();
        assert!(got.len() >= 2);
        for (n, a) in got.iter().enumerate() {
            assert!(
                got[n + 1..]
                    .iter()
                    .all(|b| (a.1 - b.1).abs() >= 13.0 || (a.0 - b.0).abs() >= 30.0),
                "{got:?}"
            );
        }
        assert!(at(&[(100.0, 100.0); 60]).iter().filter(|p| p.is_some()).count() < 60);
        assert_eq!(
            at(&[(395.0, 100.0)])[0].map(|p| p.0 < 395.0),
            Some(true),
            "inside the bounds"
        );
    }
}
