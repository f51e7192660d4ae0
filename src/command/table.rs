//! `lorascope table`: the models of a report, or its matrices.

use super::args::TableArgs;
use super::end::{End, Fault};
use super::{stored, write};
use lorascope::export;
use lorascope::figures::{FigureId, Request, Theme};
use lorascope::metrics::change_ratio::CHANGE_RATIO;
use lorascope::print::{count, fixed};
use lorascope::report::{Report, Settings, presets};
use lorascope::summary::{Sort, summary};
use std::fmt::Write;

pub fn run(args: &TableArgs) -> Result<End, Fault> {
    let report = stored::report(&args.report)?;
    let settings = args.rule.over(&report.settings)?;
    let sort = args.sort.clone().map(|column| Sort {
        descending: column != "layer" && column != "name",
        column,
        model: 0,
    });
    let text = match (args.csv, args.json, args.markdown) {
        (true, ..) => export::matrices_csv(&report, &settings, sort.as_ref()),
        (_, true, _) => export::matrices_json(&report, &settings, sort.as_ref()) + "\n",
        (.., true) => markdown(&report, settings)?,
        _ => models(&report, &settings),
    };
    match &args.output {
        Some(path) => write::file(path, text.as_bytes())?,
        None => write::out(&text)?,
    }
    Ok(End::Fine)
}

fn markdown(report: &Report, settings: Settings) -> Result<String, Fault> {
    let figure = FigureId::named("overview").ok_or_else(|| Fault::Usage("There is no overview.".into()))?;
    let request = Request {
        settings,
        ..Request::of(figure, Theme::Light, 632.0)
    };
    Ok(export::markdown(report, &request))
}

/// One line per model, for a terminal.
pub fn models(report: &Report, settings: &Settings) -> String {
    let rows = summary(report, settings).models;
    let mut out = format!(
        "Preset {}: {}.\n",
        presets::rule_name(settings),
        presets::rule(settings)
    );
    let wide = rows.iter().map(|m| m.label.chars().count()).max().unwrap_or(0).max(5);
    let heads = [
        "intruders",
        "undecided",
        "of",
        "matrices",
        "with any",
        "σ₁(ΔW)/σ₁(W₀)",
        "effective rank",
    ];
    let _ = writeln!(out, "{:wide$}  {}", "model", heads.join("  "));
    for m in &rows {
        let cells = [
            count(m.intruders.into()),
            count(m.undecided.into()),
            count(m.possible.into()),
            count(m.done.into()),
            count(m.matrices_with_any.into()),
            CHANGE_RATIO.print(m.mean_change_ratio.into()),
            m.mean_effective_rank.map_or("–".into(), |rank| fixed(rank, 1)),
        ];
        let cells: Vec<String> = cells
            .iter()
            .zip(heads)
            .map(|(cell, head)| format!("{cell:>width$}", width = head.chars().count()))
            .collect();
        let _ = writeln!(out, "{:wide$}  {}", m.label, cells.join("  "));
    }
    out
}
