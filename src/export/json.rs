//! The numbers of a figure as JSON: `lorascope-figure/1`, columns and rows as the figure's table has them.

use super::provenance::{Provenance, provenance};
use crate::figures::{FigureId, Request, Table, table};
use crate::report::{Report, Settings};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FigureData<'a> {
    schema: &'static str,
    figure: FigureId,
    settings: &'a Settings,
    #[serde(flatten)]
    table: Table,
    provenance: Provenance,
}

pub fn json(report: &Report, request: &Request) -> String {
    let data = FigureData {
        schema: "lorascope-figure/1",
        figure: request.figure,
        settings: &request.settings,
        table: table(report, request),
        provenance: provenance(report, &request.settings),
    };
    serde_json::to_string_pretty(&data).unwrap_or_default()
}
