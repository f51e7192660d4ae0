//! The marks of the evolution, back to front.

use super::history::History;
use super::{GAP, LEFT, Layout, PLOTS, Plot, RIGHT, TOP, WORDS};
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::{count, count_ticks, fixed, short};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, text_width, truncate, wrap};
use crate::figures::drawing::variable::set;
use crate::metrics::tracks::Track;
use crate::series::Dash;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let face = Type::label(pen.palette.ink_2);
        let history = match &self.history {
            Some(h) if h.points.len() > 1 => h,
            other => {
                let text = self.too_short(other.as_ref());
                return wrap(text, LABEL, self.width)
                    .iter()
                    .enumerate()
                    .try_for_each(|(n, line)| pen.text((0.0, 18.0 + WORDS * n as f64), line, face, Align::Start));
            }
        };
        for plot in PLOTS {
            self.axes(pen, history, plot)?;
        }
        self.play_head(pen)?;
        let tracks = history.tracks(self.end);
        let (coloured, grey): (Vec<&Track>, Vec<&Track>) = tracks.iter().partition(|t| self.coloured(history, t));
        for plot in PLOTS {
            for track in &grey {
                self.grey(pen, history, plot, track)?;
            }
            if plot == Plot::Match {
                self.threshold(pen, history, &coloured)?;
            }
            for track in &coloured {
                self.coloured_line(pen, history, plot, track)?;
            }
            self.ends(pen, history, plot, &coloured)?;
        }
        self.crosshair(pen, history)?;
        let words = Type {
            color: pen.palette.ink_3,
            ..face
        };
        let y = self.base(Plot::Match) + 42.0 + WORDS;
        self.words()
            .iter()
            .enumerate()
            .try_for_each(|(n, line)| pen.text((0.0, y + WORDS * n as f64), line, words, Align::Start))
    }

    fn too_short(&self, history: Option<&History>) -> &'static str {
        match history.map(|h| h.points.len()) {
            Some(1) => "One checkpoint only: a series shows how intruders form.",
            Some(0) => "This matrix was not analyzed in any checkpoint of the run.",
            _ => "No series of checkpoints: a folder of them shows how intruders form.",
        }
    }

    /// An intruder of the last checkpoint drawn; without tracing, of its own checkpoint.
    fn coloured(&self, history: &History, track: &Track) -> bool {
        let last = track.ranks.len() - 1;
        history.is_intruder(track.first + last, track.ranks[last], &self.request.settings)
    }

    /// The figure's text, in lines of its width.
    pub(super) fn words(&self) -> Vec<String> {
        let Some(history) = &self.history else {
            return Vec::new();
        };
        let k = self.request.settings.k;
        let text = if !history.traced {
            "Vectors are not traced: the overlaps between checkpoints are not in this report.".into()
        } else if self.end == 0 {
            "No checkpoint up to this step.".into()
        } else {
            let step = count(history.step(self.end));
            let none = !(0..history.top).any(|j| history.is_intruder(self.end, j, &self.request.settings));
            if none {
                format!("Step {step} has no intruder in its top {k}, which are traced back in grey.")
            } else {
                format!(
                    "Intruders of step {step} traced back; a line starts where its overlap with the next checkpoint falls below 0.5. \
                     Grey: the rest of the top {k}."
                )
            }
        };
        wrap(&text, LABEL, self.width)
    }

    fn axes(&self, pen: &Pen, history: &History, plot: Plot) -> Drawn {
        let (palette, right, base, y) = (pen.palette, self.width - RIGHT, self.base(plot), self.axis(plot));
        let name = Type::label(palette.ink_2);
        let title = match plot {
            Plot::Sigma => "Singular value σ",
            Plot::Rank => "Rank j",
            Plot::Match => "Best match c",
        };
        let own = format!(
            "{}{}",
            set(title),
            if plot == Plot::Sigma && !self.label.is_empty() {
                format!(", {}", self.label)
            } else {
                String::new()
            }
        );
        pen.text(
            (0.0, self.top(plot) - 14.0),
            &truncate(&own, LABEL, self.width - 90.0),
            name,
            Align::Start,
        )?;
        let ticks = match plot {
            Plot::Sigma => self.sigma_ticks.clone(),
            Plot::Rank => rank_ticks(self.deepest),
            Plot::Match => vec![0.0, 0.5, 1.0],
        };
        let frame = Frame {
            left: LEFT,
            right,
            base,
            width: self.width,
        };
        frame.upwards(pen, &y, &ticks, short)?;
        pen.hline(LEFT, right, base, 1.0, palette.rule_strong)?;
        // Checkpoints need not be evenly spaced: each has its mark.
        for point in &history.points {
            pen.vline(
                self.x.at(point.step as f64).round(),
                base - 3.0,
                base,
                1.0,
                palette.rule_strong,
            )?;
        }
        if plot != Plot::Match {
            return Ok(());
        }
        let steps: Vec<f64> = count_ticks(history.last_step.max(1))
            .into_iter()
            .map(|s| s as f64)
            .collect();
        frame.along(pen, &self.x, &steps, |step| count(step as u64))?;
        pen.text((LEFT, base + 36.0), "training step", name, Align::Start)
    }

    fn points(&self, history: &History, plot: Plot, track: &Track) -> Vec<Point> {
        let times = track.first..track.first + track.ranks.len();
        times
            .zip(&track.ranks)
            .filter_map(|(t, rank)| self.place(plot, history.step(t), &history.spot(t, *rank)?))
            .collect()
    }

    fn grey(&self, pen: &Pen, history: &History, plot: Plot, track: &Track) -> Drawn {
        let (points, color) = (self.points(history, plot, track), pen.palette.rule_strong);
        match points[..] {
            [only] => pen.dot(only, 1.5, color, 1.0),
            _ => pen.path(&points, 1.0, color, Dash::Solid),
        }
    }

    fn coloured_line(&self, pen: &Pen, history: &History, plot: Plot, track: &Track) -> Drawn {
        let (points, color) = (self.points(history, plot, track), pen.palette.token(&self.series.token));
        pen.path(&points, self.series.width, color, Dash::Solid)?;
        // A vector that was there before training has no beginning to mark.
        match points.first() {
            Some(first) if track.first > 0 && points.len() > 1 => {
                pen.dot(*first, 3.5, color, 1.0)?;
                pen.dot(*first, 2.0, pen.palette.paper, 1.0)
            }
            Some(only) if points.len() == 1 && !history.traced => pen.dot(*only, 2.5, color, 1.0),
            _ => Ok(()),
        }
    }

    /// The intruders of the last checkpoint drawn: ringed, with their names.
    fn ends(&self, pen: &Pen, history: &History, plot: Plot, tracks: &[&Track]) -> Drawn {
        let ends: Vec<(usize, Point)> = tracks
            .iter()
            .filter_map(|t| t.at(self.end).map(|rank| (rank, history.spot(self.end, rank))))
            .filter_map(|(rank, spot)| Some((rank, self.place(plot, history.step(self.end), &spot?)?)))
            .collect();
        let (ink, color) = (pen.palette.ink, pen.palette.token(&self.series.token));
        for (_, at) in &ends {
            pen.dot(*at, 3.0, color, 1.0)?;
            pen.ring(*at, 5.5, ink)?;
        }
        let wanted: Vec<f64> = ends.iter().map(|e| e.1.1).collect();
        let face = Type::strong(ink);
        for ((rank, (x, _)), y) in ends.iter().zip(spread(
            &wanted,
            LABEL_GAP,
            (self.top(plot) + 2.0, self.base(plot) - 2.0),
        )) {
            pen.halo(
                (x + 11.0, y + 4.0),
                &set(&format!("j = {}", rank + 1)),
                face,
                Align::Start,
            )?;
        }
        Ok(())
    }

    fn threshold(&self, pen: &Pen, history: &History, tracks: &[&Track]) -> Drawn {
        let (epsilon, right) = (self.request.settings.epsilon, self.width - RIGHT);
        let y = self.axis(Plot::Match).at(epsilon);
        pen.dashed_hline(LEFT, right, y, pen.palette.ink)?;
        let (label, face) = (
            set(&format!("ε = {}", fixed(epsilon, 2))),
            Type::strong(pen.palette.ink),
        );
        let width = text_width(&label, LABEL);
        let lines: Vec<Vec<Point>> = tracks.iter().map(|t| self.points(history, Plot::Match, t)).collect();
        // Under or above the line, from the left: where it covers least of the tracks.
        let places = (0..6)
            .flat_map(|n| [y + 14.0, y - 5.0].map(|y| (LEFT + 4.0 + (right - LEFT - width) * f64::from(n) / 6.0, y)));
        let inside = places.filter(|p| p.1 < self.base(Plot::Match) - 2.0 && p.1 > self.top(Plot::Match) + 8.0);
        let covered = |p: &Point| {
            let samples = lines.iter().flat_map(|l| l.windows(2)).flat_map(|pair| {
                let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
                (0..=20)
                    .map(move |n| f64::from(n) / 20.0)
                    .map(move |t| (x0 + t * (x1 - x0), y0 + t * (y1 - y0)))
            });
            samples
                .filter(|(x, y)| *x > p.0 - 12.0 && *x < p.0 + width + 12.0 && *y > p.1 - 13.0 && *y < p.1 + 5.0)
                .count()
        };
        let at = inside.min_by_key(covered).unwrap_or((LEFT + 4.0, y - 5.0));
        pen.halo(at, &label, face, Align::Start)
    }

    fn play_head(&self, pen: &Pen) -> Drawn {
        let Some(until) = self.request.until else { return Ok(()) };
        let (x, ink) = (self.x.at(until.min(1 << 53) as f64).round(), pen.palette.ink);
        for plot in PLOTS {
            pen.vline(x, self.top(plot) - 4.0, self.base(plot), 1.0, ink)?;
        }
        let label = format!("step {}", count(until));
        let half = 0.5 * text_width(&label, LABEL);
        let x = x.clamp(half, (self.width - half).max(half));
        pen.halo((x, TOP - GAP + 8.0), &label, Type::strong(ink), Align::Middle)
    }

    fn crosshair(&self, pen: &Pen, history: &History) -> Drawn {
        let Some((t, rank)) = self.focused(history) else {
            return Ok(());
        };
        let Some(spot) = history.spot(t, rank) else {
            return Ok(());
        };
        for plot in PLOTS {
            if let Some(at) = self.place(plot, history.step(t), &spot) {
                pen.vline(at.0.round(), self.top(plot), self.base(plot), 1.0, pen.palette.ink)?;
                pen.dot(at, 4.0, pen.palette.token(&self.series.token), 1.0)?;
            }
        }
        Ok(())
    }
}

/// Ranks with a grid line: the first, round ones, the deepest.
fn rank_ticks(deepest: usize) -> Vec<f64> {
    let step = [1, 2, 4, 5, 8, 10, 16, 20]
        .into_iter()
        .find(|s| deepest <= 4 * s)
        .unwrap_or(32);
    let round = (1..deepest).filter(|rank| rank.is_multiple_of(step) && *rank > 1);
    let mut ticks: Vec<f64> = std::iter::once(1)
        .chain(round)
        .chain([deepest])
        .map(|rank| rank as f64)
        .collect();
    ticks.dedup();
    ticks
}
