//! The table of the arms: a row per arm and lambda.

use super::Layout;
use crate::figures::Table;
use crate::metrics::frobenius::FROBENIUS;
use crate::metrics::intruder::INTRUDERS;

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let columns = [
            "arm",
            "formula",
            "lambda",
            INTRUDERS.short,
            "undecided",
            FROBENIUS.short,
            "mean energy share",
            "mean effective rank",
            "largest sigma",
            "weakest best match",
        ];
        let rows = self.curves.iter().enumerate().flat_map(|(line, curve)| {
            let words = curve.arm.words();
            (0..curve.intruders.len()).map(move |at| {
                vec![
                    words.name.into(),
                    words.formula.into(),
                    self.lambda(line, at).into(),
                    curve.intruders[at].into(),
                    curve.undecided.get(at).copied().unwrap_or(0).into(),
                    curve.frobenius.get(at).copied().into(),
                    curve.energy.get(at).copied().flatten().into(),
                    curve.effective_rank.get(at).copied().flatten().into(),
                    curve.sigma.get(at).map(|s| f64::from(*s)).into(),
                    curve.weakest.get(at).copied().flatten().map(f64::from).into(),
                ]
            })
        });
        Table {
            title: String::new(),
            columns: columns.into_iter().map(String::from).collect(),
            rows: rows.collect(),
        }
    }
}
