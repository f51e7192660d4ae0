//! Matrices sorted into panels, one a matrix type.

use super::{Mark, shown};
use crate::report::{Matrix, Report};

/// The types in the order of the block's computation, with their names in words.
const TYPES: [(&str, &str); 9] = [
    ("q", "query"),
    ("k", "key"),
    ("v", "value"),
    ("o", "attention output"),
    ("qkv", "query, key, value"),
    ("gate", "MLP gate"),
    ("up", "MLP up"),
    ("gate_up", "MLP gate and up"),
    ("down", "MLP down"),
];

/// One matrix type over the layers.
pub(super) struct Panel<'a> {
    pub title: String,
    /// By layer, then by model.
    pub marks: Vec<Mark<'a>>,
}

/// All panels: known types in their order, then others by name, then matrices of no known type.
pub(super) fn in_panels(report: &Report) -> Vec<Panel<'_>> {
    let mut panels: Vec<(usize, &str, Panel)> = Vec::new();
    for (model, m) in report.models.iter().enumerate() {
        for (n, matrix) in m.matrices.iter().enumerate() {
            let Some(shown) = shown(matrix) else { continue };
            let kind = matrix.kind.as_deref().unwrap_or("");
            let place = match panels.iter().position(|(_, k, _)| *k == kind) {
                Some(place) => place,
                None => {
                    let (rank, title) = described(kind);
                    panels.push((rank, kind, Panel { title: title.to_string(), marks: Vec::new() }));
                    panels.len() - 1
                }
            };
            let layer = matrix.layer.unwrap_or(n as u32);
            panels[place].2.marks.push(Mark { model, matrix, layer, shown });
        }
    }
    panels.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    panels
        .into_iter()
        .map(|(_, _, mut panel)| {
            panel.marks.sort_by_key(|m| (m.layer, m.model));
            panel
        })
        .collect()
}

fn described(kind: &str) -> (usize, &str) {
    match TYPES.iter().position(|(k, _)| *k == kind) {
        Some(n) => (n, TYPES[n].1),
        None if kind.is_empty() => (TYPES.len() + 1, "other"),
        None => (TYPES.len(), kind),
    }
}

/// The name of a type in words; the type itself where no rule knows it.
pub(super) fn type_name(matrix: &Matrix) -> &str {
    matrix.kind.as_deref().map_or(matrix.name.as_str(), |k| described(k).1)
}

/// No matrix has a rank above min(rows, cols).
pub(super) fn thin_of(matrix: &Matrix) -> f64 {
    f64::from(matrix.rows.min(matrix.cols)).max(1.0)
}
