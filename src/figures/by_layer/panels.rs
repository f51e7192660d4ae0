//! Matrices sorted into panels, one per matrix type.

use super::{Mark, Shown};
use crate::report::{Matrix, Report};
use crate::series::{type_label, type_order};

/// One matrix type over the layers.
pub(super) struct Panel<'a> {
    pub title: String,
    /// By layer, then by model.
    pub marks: Vec<Mark<'a>>,
}

/// All panels: known types in their order, then others by name, then matrices of no known type.
/// `drawn`: which models have a part in them.
pub(super) fn in_panels<'a>(
    report: &'a Report,
    drawn: &[bool],
    shown: impl Fn(&Matrix) -> Option<Shown>,
) -> Vec<Panel<'a>> {
    let mut panels: Vec<(usize, Option<&str>, Panel)> = Vec::new();
    for (model, m) in report.models.iter().enumerate().filter(|(n, _)| drawn[*n]) {
        for (n, matrix) in m.matrices.iter().enumerate() {
            let Some(shown) = shown(matrix) else { continue };
            let kind = matrix.kind.as_deref();
            let place = match panels.iter().position(|(_, k, _)| *k == kind) {
                Some(place) => place,
                None => {
                    panels.push((
                        type_order(kind),
                        kind,
                        Panel {
                            title: type_label(kind).to_owned(),
                            marks: Vec::new(),
                        },
                    ));
                    panels.len() - 1
                }
            };
            let layer = matrix.layer.unwrap_or(n as u32);
            panels[place].2.marks.push(Mark {
                model,
                matrix,
                layer,
                shown,
            });
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

/// The name of a type in words; the type itself where no rule knows it.
pub(super) fn type_name(matrix: &Matrix) -> &str {
    matrix
        .kind
        .as_deref()
        .map_or(matrix.name.as_str(), |kind| type_label(Some(kind)))
}

/// No matrix has a rank above min(rows, cols).
pub(super) fn thin_of(matrix: &Matrix) -> f64 {
    f64::from(matrix.rows.min(matrix.cols)).max(1.0)
}
