//! Placement of the lines' names: beside their own line, where the lines part, over no other line and no other name.

use super::{Layout, Line, TOP};
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, text_width};

/// Beside more lines than this there is no room for names, and a place is weighed against all of them.
const NAMED: usize = 40;
/// Above this a name would lie across lines and say less than nothing.
const DEAREST: f64 = 20.0;

/// Upper left and lower right corner, in CSS pixels.
#[derive(Clone, Copy)]
struct Area(Point, Point);

impl Area {
    fn meets(&self, other: &Area, gap: f64) -> bool {
        let apart = |a0: f64, a1: f64, b0: f64, b1: f64| a1 + gap <= b0 || b1 + gap <= a0;
        !(apart(self.0.0, self.1.0, other.0.0, other.1.0) || apart(self.0.1, self.1.1, other.0.1, other.1.1))
    }

    /// The text box of a name centred at x, with its baseline at y.
    fn of((x, y): Point, width: f64) -> Area {
        Area((x - 0.5 * width, y - 10.0), (x + 0.5 * width, y + 3.0))
    }
}

impl Layout<'_> {
    /// Middle and baseline of each name that found a place; the readings name the others.
    pub(super) fn label_places(&self) -> Vec<(&Line, Point)> {
        if self.lines.len() > NAMED {
            return Vec::new();
        }
        let columns = (self.right - self.left).max(1.0) as usize;
        let heights: Vec<Vec<f64>> = self.lines.iter().map(|l| self.heights(l, columns)).collect();
        let y_at = |line: usize, x: f64| heights[line][((x - self.left).max(0.0) as usize).min(columns)];
        let (corner, size) = self.readings_box();
        let at = self.x.at(self.request.settings.epsilon);
        let mut taken = vec![
            Area(corner, (corner.0 + size.0, corner.1 + size.1)),
            // The threshold's line is not a place for a name.
            Area((at - 2.0, TOP), (at + 2.0, self.height)),
        ];
        let mut placed: Vec<(&Line, Point)> = Vec::new();
        for (n, line) in self.lines.iter().enumerate() {
            let width = text_width(&line.label, LABEL);
            let mut best: Option<(f64, Point)> = None;
            for place in self.candidates(|x| y_at(n, x), width) {
                let area = Area::of(place, width);
                let inside = area.0.0 >= self.left + 4.0
                    && area.1.0 <= self.right
                    && area.0.1 >= TOP - 4.0
                    && area.1.1 < self.y.at(0.0) - 1.0;
                // 13 px of box and this gap keep baselines LABEL_GAP apart.
                if !inside || taken.iter().any(|t| area.meets(t, LABEL_GAP - 13.0)) {
                    continue;
                }
                if let Some(cost) = self.cost(n, &area, &y_at).filter(|cost| *cost < DEAREST)
                    && best.is_none_or(|(least, _)| cost < least)
                {
                    best = Some((cost, place));
                }
            }
            if let Some((_, place)) = best {
                taken.push(Area::of(place, width));
                placed.push((line, place));
            }
        }
        placed
    }

    /// y of a line at every CSS pixel column.
    fn heights(&self, line: &Line, columns: usize) -> Vec<f64> {
        let mut n = 0;
        (0..=columns)
            .map(|c| {
                let epsilon = c as f64 / columns as f64;
                while n < line.cosines.len() && line.cosines[n] < epsilon {
                    n += 1;
                }
                self.y.at(n as f64)
            })
            .collect()
    }

    /// Above, below, left and right of the line, from 5 % to 95 % of the axis.
    fn candidates(&self, y_at: impl Fn(f64) -> f64, width: f64) -> Vec<Point> {
        (2..=38)
            .flat_map(|n| {
                let x = self.x.at(f64::from(n) / 40.0);
                let (y, side) = (y_at(x), 0.5 * width + 8.0);
                [(x, y - 8.0), (x, y + 16.0), (x - side, y - 4.0), (x + side, y + 12.0)]
            })
            .collect()
    }

    /// Lines that run through the box are bad, lines near it are doubtful, and a place near three quarters of the axis is as in the paper.
    /// None as soon as it is too dear: among hundreds of lines most places are.
    fn cost(&self, own: usize, area: &Area, y_at: &impl Fn(usize, f64) -> f64) -> Option<f64> {
        let Area((x0, y0), (x1, y1)) = *area;
        let middle = 0.5 * (y0 + y1);
        let mut cost = 4.0 * ((x0 + x1) * 0.5 - self.x.at(0.75)).abs() / (self.right - self.left);
        let (mut near_own, mut near_other) = (f64::INFINITY, f64::INFINITY);
        for sample in 0..=6 {
            let x = x0 + (x1 - x0) * f64::from(sample) / 6.0;
            for line in 0..self.lines.len() {
                let y = y_at(line, x);
                let inside = y > y0 - 2.0 && y < y1 + 2.0;
                if inside {
                    cost += if line == own { 4.0 } else { 10.0 };
                }
                if cost >= DEAREST {
                    return None;
                }
                let distance = (y - middle).abs();
                if line == own {
                    near_own = near_own.min(distance)
                } else {
                    near_other = near_other.min(distance)
                }
            }
        }
        // A name belongs to the line it is nearest to, by a margin one can see; forty pixels of air are as good as more.
        let doubtful = near_other < near_own + 3.0;
        Some(cost + if doubtful { DEAREST } else { 0.0 } + 4.0 * (1.0 - (near_other / 40.0).min(1.0)))
    }
}
