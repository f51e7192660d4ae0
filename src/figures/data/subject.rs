//! The subject of figures that look at single vectors: one matrix of one model, and the lines of their cards.

use super::best::{Best, BestOne, one_matrix};
use crate::figures::drawing::scale::{fixed, measure};
use crate::figures::request::{Focus, Request};
use crate::metrics::Measured;
use crate::metrics::random_match::{NullBand, null_band};
use crate::metrics::vector::{OF_VECTORS, SPREAD, Vector, VectorMeasure};
use crate::report::{Cosine, Matrix, Model, Report, Settings, Status};
use crate::series::{Series, labels, series};

pub(crate) struct Subject<'a> {
    pub settings: &'a Settings,
    focus: Option<&'a Focus>,
    model_at: usize,
    pub model: Option<&'a Model>,
    pub matrix: Option<&'a Matrix>,
    pub best: Option<Best<'a>>,
    pub series: Series,
    pub label: String,
    pub null: Option<NullBand>,
}

impl<'a> Subject<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let found = one_matrix(report, request);
        let (model_at, model) = found.map_or((0, None), |(n, m, _)| (n, Some(m)));
        let matrix = found.and_then(|(_, _, matrix)| matrix);
        let rule = (&request.settings).into();
        Subject {
            settings: &request.settings,
            focus: request.focus.as_ref(),
            model_at,
            model,
            matrix,
            best: matrix.and_then(|m| Best::of(m, rule)),
            series: series(&report.models)
                .into_iter()
                .nth(model_at)
                .unwrap_or_else(Series::none),
            label: labels(&report.models).into_iter().nth(model_at).unwrap_or_default(),
            null: matrix.and_then(|m| null_band(m, rule)),
        }
    }

    pub fn best_of(&self, j: usize) -> Option<BestOne> {
        self.best.and_then(|b| b.at(j))
    }

    /// Among the k that are looked at.
    pub fn inside(&self, j: usize) -> bool {
        j < self.settings.k as usize
    }

    pub fn is_intruder(&self, j: usize) -> bool {
        self.inside(j) && self.best_of(j).is_some_and(|b| b.below(self.settings.epsilon))
    }

    /// The intruders of the window, by j from 0.
    pub fn intruders(&self) -> Vec<usize> {
        let s = self.settings;
        self.best
            .map(|b| b.intruders(s.k, s.epsilon).collect())
            .unwrap_or_default()
    }

    /// The focused vectors i and j, where the focus is on this matrix of this model: another model's j is another vector.
    pub fn focused(&self) -> Option<(Option<usize>, usize)> {
        let (focus, matrix) = (self.focus?, self.matrix?);
        let same = focus.matrix.as_ref().is_none_or(|m| *m == matrix.name)
            && focus.model.is_none_or(|m| m as usize == self.model_at);
        let j = focus.j.filter(|_| same)?;
        Some((focus.i.map(|i| i as usize), j as usize))
    }

    pub fn focus_on(&self, i: Option<usize>, j: usize) -> Focus {
        Focus {
            matrix: self.matrix.map(|m| m.name.clone()),
            model: Some(self.model_at as u32),
            i: i.map(|i| i as u32).or(self.best_of(j).and_then(|b| b.i)),
            j: Some(j as u32),
            ..Focus::default()
        }
    }

    /// The end of a range of cosines that is not 1.
    pub fn least_cos(&self) -> f64 {
        if self.settings.cosine == Cosine::Signed {
            -1.0
        } else {
            0.0
        }
    }

    /// The reason why nothing can be drawn of the matrix; `otherwise` where it is analyzed and only this figure's numbers are missing.
    pub fn why_empty(&self, otherwise: &'a str) -> &'a str {
        let reason = self.matrix.and_then(|m| m.reason.as_deref());
        match self.matrix.map(|m| m.status) {
            None => "Not computed.",
            Some(Status::Failed) => reason.unwrap_or("This matrix could not be analyzed."),
            Some(Status::Skipped) => reason.unwrap_or("This matrix was left out."),
            Some(Status::Unchanged) => "Equal to the base, bit for bit: nothing was computed.",
            Some(Status::Analyzed) => otherwise,
        }
    }

    // ---------------------------------------------------------------- the card

    pub fn card_title(&self, j: usize) -> String {
        format!("j = {}, {}", j as u64 + 1, self.label)
    }

    pub fn sigma_line(&self, name: &str, sigma: &[f32], j: usize) -> Option<(String, String)> {
        sigma.get(j).map(|s| (name.to_string(), measure(f64::from(*s))))
    }

    pub fn match_line(&self, j: usize) -> Option<(String, String)> {
        self.best_of(j)
            .map(|b| ("best match c".to_string(), match_words(&b, " to ")))
    }

    /// What stands beside its best match: over how many it is spread, where it lies, how near its neighbours are.
    pub fn beside_lines(&self, j: usize) -> Vec<(String, String)> {
        let Some(vector) = self.matrix.and_then(|m| Vector::of(m, self.settings, j)) else {
            return Vec::new();
        };
        let line = |m: &&VectorMeasure| {
            let reading = (m.of)(&vector);
            if reading == Measured::Nothing || !(m.tells)(&vector) {
                return None;
            }
            let random = (m.random)(&vector).map(|x| format!(", random {}", m.unit.print(Measured::Exactly(x))));
            let place = (m.place)(&vector).map(|at| format!(", i = {} to {}", at.start + 1, at.end));
            let words = [Some(m.unit.print(reading)), random, place];
            Some((m.short.to_owned(), words.into_iter().flatten().collect()))
        };
        OF_VECTORS.iter().filter_map(line).collect()
    }

    /// The spread of vector j alone, where it is known.
    pub fn spread_words(&self, j: usize) -> Option<String> {
        let vector = Vector::of(self.matrix?, self.settings, j)?;
        let reading = (SPREAD.of)(&vector);
        (reading != Measured::Nothing).then(|| SPREAD.unit.print(reading))
    }

    pub fn verdict_line(&self, j: usize) -> Option<(String, String)> {
        let verdict = self.best_of(j)?.verdict(self.settings.epsilon, self.inside(j));
        Some(("below ε".into(), verdict.into()))
    }
}

/// "0.30 at i = 6", or both ends of what is known.
pub(crate) fn match_words(b: &BestOne, to: &str) -> String {
    match (b.spread(), b.i) {
        (Some(upper), _) => format!("{}{to}{}", fixed(b.cos, 2), fixed(upper, 2)),
        (None, Some(i)) => format!("{} at i = {}", fixed(b.cos, 2), u64::from(i) + 1),
        (None, None) => fixed(b.cos, 2),
    }
}
