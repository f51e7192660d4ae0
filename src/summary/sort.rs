//! The order of the table of matrices. Rows without a number come last in both directions.

use super::matrices::{OfModels, one};
use super::tables::weakest;
use crate::metrics::intruder::{Intervals, intruders};
use crate::report::{Matrix, Settings};
use crate::series::type_label;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What a click on a column head of the table sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Sort {
    pub column: Column,
    /// For the columns of one model.
    pub model: u32,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Column {
    Layer,
    Name,
    Shape,
    Intruders,
    EffectiveRank,
    Best,
}

#[derive(PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
}

impl Sort {
    /// Equal rows keep the order they have.
    pub(super) fn apply(self, all: &mut Vec<OfModels>, settings: &Settings) {
        let mut keyed: Vec<(Option<Key>, OfModels)> = std::mem::take(all)
            .into_iter()
            .map(|of| (self.key(&of, settings), of))
            .collect();
        keyed.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => {
                let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if self.descending { order.reverse() } else { order }
            }
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        all.extend(keyed.into_iter().map(|(_, of)| of));
    }

    fn key(self, of: &OfModels, settings: &Settings) -> Option<Key> {
        let (any, own) = (one(of)?, of.get(self.model as usize).copied().flatten());
        match self.column {
            Column::Layer => any.layer.map(f64::from).map(Key::Number),
            // As a dictionary has them: capitals do not come first.
            Column::Name => Some(Key::Text(type_label(any.kind.as_deref()).to_lowercase())),
            Column::Shape => Some(Key::Number(f64::from(any.rows) * f64::from(any.cols))),
            Column::Intruders => intruders(own?, settings).map(f64::from).map(Key::Number),
            Column::EffectiveRank => own?.delta.as_ref().map(|d| Key::Number(d.effective_rank)),
            Column::Best => best(own?, settings).map(Key::Number),
        }
    }
}

/// The weakest of the matches looked at.
fn best(m: &Matrix, settings: &Settings) -> Option<f64> {
    weakest(Intervals::of(m, settings.into())?.scores().take(settings.k as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Match;
    use crate::summary::matrices;
    use crate::summary::tests::{matrix, report};

    #[test]
    fn rows_without_a_number_come_last_in_both_directions_and_equal_rows_keep_their_order() {
        let row = |name: &str, layer, kind: &str, cosines: Option<&[f32]>| {
            let left = Match {
                max_cos: cosines.unwrap_or_default().to_vec(),
                argmax: vec![0; 3],
                ..Match::default()
            };
            let mut m = matrix(name, 3, left, Match::default());
            (m.layer, m.kind) = (layer, Some(kind.into()));
            if cosines.is_none() {
                m.left = None;
            }
            m
        };
        let report = report(vec![
            row("a", Some(0), "q", Some(&[0.1, 0.9, 0.9])),
            row("b", Some(0), "gate", None),
            row("c", None, "up", Some(&[0.1, 0.2, 0.3])),
            row("d", Some(1), "k", Some(&[0.2, 0.9, 0.9])),
        ]);
        let by = |sort: Option<Sort>| {
            let found = matrices(&report, &Settings::default(), sort.as_ref(), 9);
            found.rows.into_iter().map(|r| r.name).collect::<String>()
        };
        let sorted = |column| {
            [true, false].map(|descending| {
                by(Some(Sort {
                    column,
                    model: 0,
                    descending,
                }))
            })
        };
        assert_eq!(by(None), "cabd");
        assert_eq!(sorted(Column::Intruders), ["cadb", "adcb"]);
        assert_eq!(sorted(Column::Layer), ["dabc", "abdc"]);
        assert_eq!(sorted(Column::Best), ["dcab", "cadb"]);
        // query, MLP gate, MLP up, key
        assert_eq!(sorted(Column::Name), ["acbd", "dbca"]);
        let first = matrices(&report, &Settings::default(), None, 2);
        assert_eq!((first.total, first.rows.len()), (4, 2));
    }
}
