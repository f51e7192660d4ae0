//! A measure: one number of a matrix, with all that tables, exports and figures say of it.

use crate::print;
use crate::report::{Delta, Matrix, Mode, Settings};
use serde::Serialize;

/// A new one is a static in a file of its own and a line in [`MEASURES`](super::MEASURES).
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Measure {
    /// Its id in reports, sort keys, figures and links.
    pub id: &'static str,
    /// Its name for readers.
    pub name: &'static str,
    /// Its name where a column is narrow, and in the heads of files.
    pub short: &'static str,
    /// Its definition, in a sentence that begins with the formula or the idea.
    pub about: &'static str,
    /// The source of its definition.
    pub source: &'static str,
    pub unit: Unit,
    /// It has a column for every model in the table of matrices.
    pub in_table: bool,
    /// The small values are those to look at: a table sorted by it begins with them.
    pub rising: bool,
    #[serde(skip)]
    pub bound: Bound,
    #[serde(skip)]
    pub of: Of,
    /// The same in Python, from W0 and W as double tensors: a function that is called as the id, with `_` for `-`, and gives None where there
    /// is nothing to measure. `{k}`, `{epsilon}`, `{best}` and `{cosines}` stand for the rule, the best matches by it, and their cosines.
    #[serde(skip)]
    pub python: &'static str,
}

/// An upper limit of a measure's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    None,
    /// min(rows, cols), and of an adapter's change its rank.
    Rank,
}

/// The unit of a measure, and how many decimals say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// Whole things.
    Count,
    /// A plain number with so many decimals.
    Decimals(usize),
    /// A share in [0, 1].
    Percent,
    Degrees,
}

impl Unit {
    /// The decimals of an estimate.
    fn decimals(self) -> usize {
        if let Unit::Decimals(digits) = self { digits } else { 1 }
    }
}

/// The data that a measure is computed from.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// The singular values of dW = W - W0: computed once, with the spectra, and kept in the report.
    Change(fn(&Spectrum) -> Measured),
    /// The report's entry of the matrix, under the rule in force: read anew for every rule.
    Matrix(fn(&Matrix, &Settings) -> Measured),
}

/// The singular values of a change, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub enum Spectrum<'a> {
    /// All of them, descending; none where nothing changed.
    Whole(&'a [f32]),
    /// A large change in certified mode, without its spectrum.
    Estimated {
        /// And its relative standard error.
        effective_rank: (f64, f64),
        /// The sum of all sigma^2, exactly.
        squares: f64,
        largest: f64,
    },
}

impl<'a> Spectrum<'a> {
    /// A measure of all singular values: exact mode alone has them.
    pub fn of_all(&self, measure: impl Fn(&'a [f32]) -> f64) -> Measured {
        match self {
            Spectrum::Whole(sigma) => Measured::Exactly(measure(sigma)),
            Spectrum::Estimated { .. } => Measured::NeedsExact,
        }
    }
}

/// The value of a measure in one matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// Not computed, or there is nothing to measure.
    Nothing,
    /// Exact mode alone can tell.
    NeedsExact,
    Exactly(f64),
    /// An estimate and its relative standard error.
    About(f64, f64),
    /// Bounds.
    Between(f64, f64),
    /// A certain count, and the number of vectors whose verdict is open.
    Counted(u32, u32),
}

impl Measured {
    /// The number that decides and sorts: of bounds the upper one, of a count what is certain.
    pub fn value(self) -> Option<f64> {
        match self {
            Measured::Nothing | Measured::NeedsExact => None,
            Measured::Exactly(x) | Measured::About(x, _) | Measured::Between(_, x) => Some(x),
            Measured::Counted(n, _) => Some(f64::from(n)),
        }
        .filter(|x| x.is_finite())
    }
}

impl From<Option<f64>> for Measured {
    fn from(value: Option<f64>) -> Measured {
        value.map_or(Measured::Nothing, Measured::Exactly)
    }
}

impl Unit {
    /// A value in print.
    pub fn print(self, reading: Measured) -> String {
        let number = |x: f64| match self {
            Unit::Count => print::count(x.max(0.0) as u64),
            Unit::Decimals(digits) => print::fixed(x, digits),
            Unit::Percent => format!("{} %", print::fixed(100.0 * x, if x < 0.0995 { 1 } else { 0 })),
            Unit::Degrees => format!("{}°", print::fixed(x, 0)),
        };
        match reading {
            Measured::Nothing => "–".into(),
            Measured::NeedsExact => "exact mode only".into(),
            Measured::Exactly(x) => number(x),
            Measured::About(x, error) => print::estimate(x, error, self.decimals()),
            Measured::Between(low, high) if high == f64::INFINITY => format!("≥ {}", number(low)),
            Measured::Between(low, high) => print::interval(number(low), number(high), low > 0.0),
            Measured::Counted(n, 0) => print::count(n.into()),
            Measured::Counted(n, open) => {
                format!("{} + {} undecided", print::count(n.into()), print::count(open.into()))
            }
        }
    }
}

impl Measure {
    /// Its value in one matrix under a rule.
    pub fn read(&self, matrix: &Matrix, settings: &Settings) -> Measured {
        match self.of {
            Of::Matrix(read) => read(matrix, settings),
            Of::Change(_) => match (matrix.delta.as_ref(), matrix.mode) {
                (None, _) => Measured::Nothing,
                // A report of before this measure was there lacks it in exact mode too.
                (Some(delta), mode) => match (delta.measure(self.id), mode) {
                    (None, Some(Mode::Certified)) => Measured::NeedsExact,
                    (None, _) => Measured::Nothing,
                    (Some((value, None)), _) => Measured::Exactly(value),
                    (Some((value, Some(error))), _) => Measured::About(value, error),
                },
            },
        }
    }

    /// A value in print.
    pub fn print(&self, reading: Measured) -> String {
        self.unit.print(reading)
    }

    /// A value in a narrow column: no errors and no decimals that nobody compares.
    pub fn print_narrow(&self, reading: Measured) -> String {
        match (reading, self.unit) {
            (Measured::NeedsExact, _) => "–".into(),
            (Measured::Exactly(x), Unit::Decimals(1)) => print::rank(x),
            (Measured::About(x, _), Unit::Decimals(1)) => format!("≈ {}", print::rank(x)),
            (Measured::About(x, _), _) => format!("≈ {}", self.print(Measured::Exactly(x))),
            _ => self.print(reading),
        }
    }
}

/// The numbers of a change as the report keeps them, by all measures of changes.
pub fn of_change(spectrum: &Spectrum) -> Delta {
    let mut delta = Delta::default();
    for measure in super::measures() {
        let Of::Change(read) = measure.of else { continue };
        match read(spectrum) {
            Measured::Exactly(value) => delta.set_measure(measure.id, value, None),
            Measured::About(value, error) => delta.set_measure(measure.id, value, Some(error)),
            _ => {}
        }
    }
    delta
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::effective_rank::EFFECTIVE_RANK;
    use crate::metrics::intruder::INTRUDERS;
    use crate::metrics::intruder_energy::INTRUDER_ENERGY;
    use crate::metrics::weakest_match::WEAKEST_MATCH;

    #[test]
    fn what_is_not_known_exactly_says_so() {
        let rank = |reading| (EFFECTIVE_RANK.print(reading), EFFECTIVE_RANK.print_narrow(reading));
        assert_eq!(rank(Measured::Exactly(171.98)), ("172.0".into(), "172".into()));
        assert_eq!(
            rank(Measured::About(812.0, 0.006)),
            ("≈ 812 ± 5".into(), "≈ 812".into())
        );
        assert_eq!(rank(Measured::NeedsExact), ("exact mode only".into(), "–".into()));
        let between = |low, high| WEAKEST_MATCH.print(Measured::Between(low, high));
        assert_eq!([between(0.268, 0.272), between(0.06, 0.27)], ["0.27", "0.06–0.27"]);
        assert_eq!(between(0.001, 0.27), "≤ 0.27");
        assert_eq!(INTRUDERS.print(Measured::Counted(1200, 2)), "1,200 + 2 undecided");
        let share = |x| INTRUDER_ENERGY.print(Measured::Exactly(x));
        assert_eq!([share(0.1234), share(0.0512)], ["12 %", "5.1 %"]);
    }

    #[test]
    fn every_script_defines_what_it_is_called() {
        for m in crate::metrics::measures() {
            let head = format!("def {}(W0, W", m.id.replace('-', "_"));
            assert!(
                m.python.starts_with(&head) && m.python.ends_with('\n'),
                "{}: {}",
                m.id,
                m.python
            );
        }
    }

    #[test]
    fn ids_are_words_of_an_address_and_differ() {
        let mut ids: Vec<&str> = crate::metrics::measures().map(|m| m.id).collect();
        assert!(ids.iter().all(|id| {
            id.bytes()
                .all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
        }));
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
