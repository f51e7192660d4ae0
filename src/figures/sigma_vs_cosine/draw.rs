//! The marks of the scatter, back to front.

use super::{BOTTOM, HEIGHT, Layout, Mark, TOP};
use crate::figures::data::best::thin;
use crate::figures::data::cosines::cos_ticks;
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::labels::around;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, fixed, short, tick_label_among};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, text_width};
use crate::figures::drawing::variable::set;
use crate::report::{Cosine, Side, Status};
use std::collections::HashSet;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        self.axes(pen)?;
        self.thresholds(pen)?;
        if self.marks.is_empty() {
            // Off the threshold, where it stands by default.
            let middle = (0.5 * (self.left + self.right), 0.33 * HEIGHT);
            let failed = self.subject.matrix.is_some_and(|m| m.status == Status::Failed);
            let text = self.subject.why_empty("No best matches for this matrix.");
            return say(pen, middle, self.right - self.left - 16.0, text, failed);
        }
        if let Some(mark) = self.focused() {
            pen.vline(mark.at.0 - 0.5, TOP, HEIGHT - BOTTOM, 1.0, pen.palette.ink)?;
        }
        self.rest(pen)?;
        self.strongest(pen)?;
        self.words(pen)?;
        self.key(pen)
    }

    fn axes(&self, pen: &Pen) -> Drawn {
        let frame = Frame {
            left: self.left,
            right: self.right,
            base: HEIGHT - BOTTOM,
            width: self.width,
        };
        let side = match self.subject.settings.side {
            Side::Left => "left",
            Side::Right => "right",
            Side::Both => "left or right",
        };
        let n = self.subject.matrix.map_or(0, |m| thin(m) as u64);
        let title = format!("Best match c among all {} pre-trained {side} vectors", count(n));
        let title = if n > 0 && text_width(&title, LABEL) <= self.width {
            title
        } else {
            format!("Best match c, {side} vectors")
        };
        frame.title(pen, &set(&title))?;
        frame.upwards(pen, &self.y, &cos_ticks(self.subject.settings.cosine), short)?;
        frame.along(pen, &self.x, &self.ticks, |v| tick_label_among(&self.ticks, v))?;
        frame.name(pen, &set("singular value σ"))
    }

    fn thresholds(&self, pen: &Pen) -> Drawn {
        if let Some(null) = self.subject.null {
            let (top, bottom) = (self.y.at(null.high), self.y.at(null.low));
            pen.rect(
                (self.left, top),
                (self.right - self.left, (bottom - top).max(1.0)),
                pen.palette.ink,
                0.07,
            )?;
        }
        if let Some(floor) = self.floor() {
            pen.dotted_hline(self.left, self.right, self.y.at(floor), pen.palette.ink_3)?;
        }
        pen.dashed_hline(
            self.left,
            self.right,
            self.y.at(self.subject.settings.epsilon),
            pen.palette.ink,
        )
    }

    /// 1/√n, below which no best match lies where the n base vectors span the whole space (Appendix C of the paper).
    fn floor(&self) -> Option<f64> {
        let m = self
            .subject
            .matrix
            .filter(|_| self.subject.settings.cosine == Cosine::Absolute)?;
        let spanned = match self.subject.settings.side {
            Side::Left => m.rows <= m.cols,
            Side::Right => m.cols <= m.rows,
            // The larger of the two decides, and one side is always spanned.
            Side::Both => true,
        };
        (spanned && thin(m) > 0).then(|| 1.0 / (thin(m) as f64).sqrt())
    }

    /// The vectors outside the window. Of marks on one spot one is drawn: thousands crowd near zero.
    fn rest(&self, pen: &Pen) -> Drawn {
        let color = pen.palette.token(&self.subject.series.token);
        let mut seen = HashSet::new();
        for mark in self.marks.iter().filter(|m| !self.subject.inside(m.j)) {
            if seen.insert(((2.0 * mark.at.0) as i32, (2.0 * mark.at.1) as i32)) {
                pen.open_dot(mark.at, 2.0, color, 0.55)?;
            }
        }
        Ok(())
    }

    fn strongest(&self, pen: &Pen) -> Drawn {
        let (color, ink) = (pen.palette.token(&self.subject.series.token), pen.palette.ink);
        let inside: Vec<&Mark> = self.marks.iter().filter(|m| self.subject.inside(m.j)).collect();
        for mark in &inside {
            match mark.upper {
                Some(upper) => pen.interval(mark.at, upper, color, 1.0)?,
                None => pen.dot(mark.at, 3.0, color, 1.0)?,
            }
        }
        let ringed = |m: &&&Mark| self.subject.is_intruder(m.j);
        let points: Vec<(Point, String)> = inside
            .iter()
            .filter(ringed)
            .map(|m| (m.at, set(&format!("j = {}", m.j + 1))))
            .collect();
        points.iter().try_for_each(|(at, _)| pen.ring(*at, 6.0, ink))?;
        // Names keep off the other strong vectors, off the threshold and off the crosshair; the cloud lies under their halo.
        let mut taken: Vec<Point> = inside.iter().filter(|m| !ringed(m)).map(|m| m.at).collect();
        let line = self.y.at(self.subject.settings.epsilon);
        taken.extend(
            (0..)
                .map(|n| (self.left + 8.0 * f64::from(n), line))
                .take_while(|p| p.0 < self.right),
        );
        if self.narrow {
            let words = [
                Some(line - 9.0),
                self.subject.null.map(|null| self.y.at(0.5 * (null.low + null.high))),
            ];
            taken.extend(
                words
                    .into_iter()
                    .flatten()
                    .flat_map(|y| (0..8).map(move |n| (self.right - 8.0 * f64::from(n), y))),
            );
        }
        let cross = self.focused().map(|m| m.at.0);
        taken.extend(
            cross
                .into_iter()
                .flat_map(|x| (0..40).map(move |n| (x, TOP + 8.0 * f64::from(n)))),
        );
        let bounds = ((self.left, TOP - 6.0), (self.right, HEIGHT - BOTTOM));
        for ((_, name), at) in points.iter().zip(around(&points, &taken, bounds)) {
            if let Some(at) = at {
                pen.halo(at, name, Type::strong(ink), Align::Start)?;
            }
        }
        Ok(())
    }

    fn words(&self, pen: &Pen) -> Drawn {
        let epsilon = set(&format!("ε = {}", fixed(self.subject.settings.epsilon, 2)));
        let least = set("least: 1/√n");
        let strong = Type::strong(pen.palette.ink);
        let quiet = Type::label(pen.palette.ink_3);
        let line = self.y.at(self.subject.settings.epsilon);
        let mut words = vec![(epsilon.as_str(), strong, if self.narrow { line - 9.0 } else { line })];
        words.extend(
            self.subject
                .null
                .map(|null| ("random", quiet, self.y.at(0.5 * (null.low + null.high)))),
        );
        if !self.narrow {
            words.extend(self.floor().map(|floor| (least.as_str(), quiet, self.y.at(floor))));
        }
        let wanted: Vec<f64> = words.iter().map(|w| w.2).collect();
        let bounds = (TOP, HEIGHT - BOTTOM - 4.0);
        for ((text, face, _), y) in words.iter().zip(spread(&wanted, LABEL_GAP, bounds)) {
            // No halo: it would cut a hole into the band.
            let (x, align) = if self.narrow {
                (self.right - 2.0, Align::End)
            } else {
                (self.right + 8.0, Align::Start)
            };
            pen.text((x, y + 4.0), text, *face, align)?;
        }
        Ok(())
    }

    fn key(&self, pen: &Pen) -> Drawn {
        let color = pen.palette.token(&self.subject.series.token);
        let face = Type::label(pen.palette.ink_2);
        let (first, y) = (format!("top {}", self.subject.settings.k), HEIGHT - 5.0);
        let rest = self.right - text_width("the rest", LABEL);
        pen.text((self.right, y), "the rest", face, Align::End)?;
        pen.open_dot((rest - 8.0, y - 4.0), 2.0, color, 0.55)?;
        let top = rest - 24.0 - text_width(&first, LABEL);
        // The axis name comes first.
        if top < self.left + text_width("singular value σ", LABEL) + 16.0 {
            return Ok(());
        }
        pen.text((top, y), &first, face, Align::Start)?;
        pen.dot((top - 8.0, y - 4.0), 3.0, color, 1.0)
    }
}
