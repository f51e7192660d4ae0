//! The numbers of a figure as JSON: `lorascope-figure/1`, columns and rows as the figure's table has them.

use super::provenance::{Provenance, provenance};
use crate::figures::{Request, Table, table};
use crate::report::{Report, Settings};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FigureData<'a> {
    schema: &'static str,
    figure: &'a str,
    settings: &'a Settings,
    #[serde(flatten)]
    table: Table,
    provenance: Provenance,
}

pub fn json(report: &Report, request: &Request) -> String {
    of_table(
        report,
        &request.settings,
        request.figure.kind().id,
        table(report, request),
    )
}

/// Any table of a report.
pub fn of_table(report: &Report, settings: &Settings, figure: &str, table: Table) -> String {
    let data = FigureData {
        schema: "lorascope-figure/1",
        figure,
        settings,
        table,
        provenance: provenance(report, settings),
    };
    serde_json::to_string_pretty(&data).unwrap_or_default()
}
