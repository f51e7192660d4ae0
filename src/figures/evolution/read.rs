//! The evolution read at one vector of one checkpoint: for the pointer, the arrow keys and screen readers.

use super::history::{History, Spot};
use super::{LEFT, Layout, PLOTS, Plot, RIGHT};
use crate::figures::drawing::scale::{count, fixed};
use crate::figures::{Focus, Readout};
use crate::metrics::tracks::Track;

impl Layout<'_> {
    fn drawn(&self) -> Option<&History<'_>> {
        self.history.as_ref().filter(|h| h.points.len() > 1)
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let history = self.drawn()?;
        let plot = PLOTS
            .into_iter()
            .find(|p| y >= self.top(*p) - 12.0 && y <= self.base(*p) + 12.0)?;
        if x < LEFT - 8.0 || x > self.width - RIGHT + 8.0 {
            return None;
        }
        let mut nearest: Option<(f64, usize, Spot)> = None;
        for track in history.tracks(self.end) {
            for (t, rank) in (track.first..).zip(&track.ranks) {
                let Some((spot, at)) = history
                    .spot(t, *rank)
                    .and_then(|s| Some((s, self.place(plot, history.step(t), &s)?)))
                else {
                    continue;
                };
                let distance = (at.0 - x).hypot(at.1 - y);
                if nearest.is_none_or(|(least, ..)| distance < least) {
                    nearest = Some((distance, t, spot));
                }
            }
        }
        let (_, t, spot) = nearest?;
        self.read(history, plot, t, &spot)
    }

    /// dx moves over the checkpoints along a vector's line, dy over the vectors of a checkpoint.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let history = self.drawn()?;
        let tracks = history.tracks(self.end);
        let moved =
            |from: usize, by: i32, lo: usize, hi: usize| from.saturating_add_signed(by as isize).clamp(lo, hi.max(lo));
        let Some((t, rank)) = self.focused(history) else {
            let first = tracks.iter().filter_map(|track| track.at(self.end));
            let rank = first
                .clone()
                .find(|r| history.is_intruder(self.end, *r, &self.request.settings))
                .or_else(|| first.clone().next())?;
            return self.read(history, Plot::Match, self.end, &history.spot(self.end, rank)?);
        };
        let own: Option<&Track> = tracks.iter().find(|track| track.at(t) == Some(rank));
        let (t, rank) = match own.filter(|_| history.traced) {
            Some(track) => {
                let t = moved(t, dx, track.first, track.first + track.ranks.len() - 1);
                (t, track.at(t)?)
            }
            None => (moved(t, dx, 1, self.end), rank),
        };
        let mut here: Vec<usize> = tracks.iter().filter_map(|track| track.at(t)).collect();
        here.sort_unstable();
        let at = here.partition_point(|r| *r < rank).min(here.len().saturating_sub(1));
        let rank = *here.get(moved(at, dy, 0, here.len().saturating_sub(1)))?;
        self.read(history, Plot::Match, t, &history.spot(t, rank)?)
    }

    /// Time and rank of the crosshair, where it is on a vector that is drawn. The base's vector is known by its i, and by no model.
    pub(super) fn focused(&self, history: &History) -> Option<(usize, usize)> {
        let focus = self
            .request
            .focus
            .as_ref()
            .filter(|f| f.matrix.as_deref().is_none_or(|m| m == history.name))?;
        let (t, rank) = match focus.model {
            Some(model) => (
                history.points.iter().position(|p| p.model == model as usize)? + 1,
                focus.j?,
            ),
            None => (0, focus.i.filter(|_| focus.j.is_none() && focus.matrix.is_some())?),
        };
        let drawn = || {
            history
                .tracks(self.end)
                .iter()
                .any(|track| track.at(t) == Some(rank as usize))
        };
        (t <= self.end && drawn()).then_some((t, rank as usize))
    }

    fn read(&self, history: &History, plot: Plot, t: usize, spot: &Spot) -> Option<Readout> {
        let at = self
            .place(plot, history.step(t), spot)
            .or_else(|| self.place(Plot::Rank, history.step(t), spot))?;
        let step = count(history.step(t));
        let rank = spot.rank + 1;
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
        if let Some(sigma) = spot.sigma {
            line("singular value", fixed(sigma, 2));
        }
        line("rank", rank.to_string());
        let mut focus = Focus {
            matrix: Some(history.name.to_owned()),
            ..Focus::default()
        };
        let title = match t.checked_sub(1).and_then(|n| history.points.get(n)) {
            None => {
                focus.i = Some(spot.rank as u32);
                format!("step {step}, pre-trained, i = {rank}")
            }
            Some(point) => {
                (focus.model, focus.j, focus.i) = (
                    Some(point.model as u32),
                    Some(spot.rank as u32),
                    spot.best.and_then(|b| b.i),
                );
                format!("step {step}, j = {rank}")
            }
        };
        if let Some(best) = spot.best.filter(|_| t > 0) {
            let epsilon = self.request.settings.epsilon;
            match (best.spread(), best.i) {
                (Some(upper), _) => line("best match c", format!("{} to {}", fixed(best.cos, 2), fixed(upper, 2))),
                (None, Some(i)) => line(
                    "best match c",
                    format!("{} at i = {}", fixed(best.cos, 2), u64::from(i) + 1),
                ),
                (None, None) => line("best match c", fixed(best.cos, 2)),
            }
            line(
                "below ε",
                best.verdict(epsilon, spot.rank < self.request.settings.k as usize)
                    .into(),
            );
        }
        Some(Readout {
            title,
            lines,
            colors: Vec::new(),
            focus,
            x: at.0,
            y: at.1,
            plot_right: self.width - RIGHT,
        })
    }

    pub fn alt(&self) -> String {
        let Some(history) = self.drawn() else {
            return "Singular values, ranks and best matches over training: no series of checkpoints.".into();
        };
        let settings = &self.request.settings;
        let starts = |rank: usize, first: usize| {
            let since = if first == 0 {
                "there from the start".to_owned()
            } else {
                format!("from step {}", count(history.step(first)))
            };
            format!("j = {} {since}", rank + 1)
        };
        let tracks = history.tracks(self.end);
        let found: Vec<String> = tracks
            .iter()
            .filter_map(|track| Some((track.at(self.end)?, track.first)))
            .filter(|(rank, _)| history.is_intruder(self.end, *rank, settings))
            .map(|(rank, first)| {
                if history.traced {
                    starts(rank, first)
                } else {
                    format!("j = {}", rank + 1)
                }
            })
            .collect();
        let found = if found.is_empty() {
            "none".into()
        } else {
            found.join(", ")
        };
        let step = count(history.step(self.end));
        format!(
            "Singular values, ranks and best matches of the top {} vectors of {} over training; intruders at step {step}: {found}.",
            settings.k, history.name
        )
    }
}
