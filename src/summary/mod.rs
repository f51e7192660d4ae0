//! Report -> the numbers and sentences of the page's tables, for any settings, without computing spectra again.

mod apart;
mod apply;
mod budget;
mod comparison;
mod differences;
mod findings;
mod joined;
mod margins;
mod matrices;
mod places;
mod reading;
mod remark;
mod seen;
mod sort;
mod tables;
mod vectors;

pub use apply::apply;
pub use budget::{AlphaPattern, alpha_pattern, crossing};
pub use comparison::comparison;
pub use differences::{Differences, Verdict, differences};
pub use findings::{Findings, Summary, summary};
pub use joined::{Joined, joined};
pub use matrices::{Asked, Matrices, MatrixCell, MatrixRow, Told, matrices, matrix, readings};
pub use reading::{Action, Next, Reading, gist, reading};
pub use remark::remark;
pub use sort::Sort;
pub use tables::ModelSummary;
pub use vectors::set_vectors;

#[cfg(test)]
pub(crate) mod tests {
    use crate::report::{Match, Matrix, Report};
    use serde_json::json;

    /// A square matrix of n vectors with these matches.
    pub fn matrix(name: &str, n: u32, left: Match, right: Match) -> Matrix {
        serde_json::from_value(json!({
            "name": name, "layer": null, "type": null, "rows": n, "cols": n, "status": "analyzed", "reason": null,
            "sigmaBase": [], "sigmaTuned": [], "left": left, "right": right, "intruders": null, "delta": null, "similarity": null,
            "residual": null, "certified": true, "seconds": 0.0
        }))
        .unwrap()
    }

    /// A report of one model.
    pub fn report(matrices: Vec<Matrix>) -> Report {
        let model = json!({
            "label": "ft", "kind": "full", "formula": null, "rank": null, "alpha": null, "scale": null, "files": [], "run": null,
            "matching": crate::report::Matching::default(), "matrices": matrices, "totals": crate::report::Totals::default()
        });
        serde_json::from_value(json!({
            "schema": crate::report::SCHEMA, "generator": { "name": "", "version": "", "build": "", "threads": 1 },
            "settings": crate::report::Settings::default(), "base": { "label": "", "files": [] }, "models": [model]
        }))
        .unwrap()
    }
}
