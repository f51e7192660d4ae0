//! Where directions as strong as those of the change would land among the base's singular values, if they were generic ones.

use super::Layout;
use crate::figures::Table;
use crate::figures::drawing::scale::{fixed, measure};
use crate::metrics::bulk::{Bulk, Landing};

/// A direction of dW: its strength, and its landing; none for one that stays behind the window.
type Direction = (f64, Option<Landing>);

impl Layout<'_> {
    /// The directions of dW whose strengths the report has, from this rank on, as many as there are ranks. None where the base's bulk is not known.
    fn directions(&self, from: usize) -> impl Iterator<Item = Direction> {
        let known = self.subject.matrix.and_then(|m| {
            let bulk = Bulk::of(m, self.subject.settings.k)?;
            Some((bulk, m.delta.as_ref()?.sigma.iter().take(self.shown).skip(from)))
        });
        known.into_iter().flat_map(|(bulk, sigma)| {
            let strengths = sigma.map(|s| f64::from(*s)).take_while(|theta| *theta > 0.0);
            strengths.map(move |theta| (theta, bulk.landing(theta)))
        })
    }

    /// Beside the vector of the same rank, which need not be that direction.
    pub fn with_landings(&self, mut table: Table) -> Table {
        let all: Vec<Direction> = self.directions(0).collect();
        if all.is_empty() {
            return table;
        }
        let mut put = |name: &str, of: &dyn Fn(&Direction) -> Option<f64>| {
            table.columns.push(name.to_owned());
            for (j, row) in table.rows.iter_mut().enumerate() {
                row.push(all.get(j).and_then(of).into());
            }
        };
        put("sigma of dW", &|(theta, _)| Some(*theta));
        put("a generic one lands at sigma", &|(_, to)| Some(to.as_ref()?.sigma));
        put("and keeps of itself, left", &|(_, to)| Some(to.as_ref()?.left));
        put("right", &|(_, to)| Some(to.as_ref()?.right));
        table
    }

    /// "σ 4.2 → 7.1, cos 0.93".
    pub fn landing_line(&self, j: usize) -> Option<(String, String)> {
        let (theta, to) = self.directions(j).next()?;
        let said = match to {
            Some(Landing { sigma, left, right }) => format!("→ {}, cos {}", measure(sigma), fixed(left.min(right), 2)),
            None => "stays behind the window".to_owned(),
        };
        Some((
            format!("generic ΔW direction {}", j + 1),
            format!("σ {} {said}", measure(theta)),
        ))
    }
}
