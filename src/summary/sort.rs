//! The order of the table of matrices. Rows without a number come last in both directions.

use super::matrices::{OfModels, one};
use crate::metrics;
use crate::report::Settings;
use crate::series::type_label;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The order that a click on a column head of the table asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Sort {
    /// `layer`, `name`, `shape`, or the id of a measure. Any other leaves the order of the network.
    pub column: String,
    /// For the columns of one model.
    pub model: u32,
    pub descending: bool,
}

#[derive(PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
}

impl Sort {
    /// Equal rows keep the order they have.
    pub(super) fn apply(&self, all: &mut Vec<OfModels>, settings: &Settings) {
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

    fn key(&self, of: &OfModels, settings: &Settings) -> Option<Key> {
        let (any, own) = (one(of)?, of.get(self.model as usize).copied().flatten());
        match self.column.as_str() {
            "layer" => any.layer.map(f64::from).map(Key::Number),
            // As a dictionary has them: capitals do not come first.
            "name" => Some(Key::Text(type_label(any.kind.as_deref()).to_lowercase())),
            "shape" => Some(Key::Number(f64::from(any.rows) * f64::from(any.cols))),
            id => metrics::measure(id)?.read(own?, settings).value().map(Key::Number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Match;
    use crate::summary::tests::{matrix, report};
    use crate::summary::{Asked, matrices};

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
        let all = |first: u32| Asked {
            first,
            model: 0,
            models: 9,
        };
        let by = |sort: Option<Sort>| {
            let found = matrices(&report, &Settings::default(), sort.as_ref(), all(9));
            found.rows.into_iter().map(|r| r.name).collect::<String>()
        };
        let sorted = |column: &str| {
            [true, false].map(|descending| {
                by(Some(Sort {
                    column: column.into(),
                    model: 0,
                    descending,
                }))
            })
        };
        assert_eq!(by(None), "cabd");
        assert_eq!(sorted("intruders"), ["cadb", "adcb"]);
        assert_eq!(sorted("layer"), ["dabc", "abdc"]);
        assert_eq!(sorted("weakest-match"), ["dcab", "cadb"]);
        // query, MLP gate, MLP up, key
        assert_eq!(sorted("name"), ["acbd", "dbca"]);
        assert_eq!(sorted("no-such-column"), ["cabd", "cabd"]);
        let first = matrices(&report, &Settings::default(), None, all(2));
        assert_eq!((first.total, first.rows.len()), (4, 2));
    }
}
