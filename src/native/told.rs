//! Problems and models in words.

use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::plan::{Problem, Severity};
use crate::print::{count, fixed};
use crate::report::{Report, Settings, presets};
use crate::summary::summary;
use std::fmt::Write;

/// A problem, with the step that helps.
pub fn problem(p: &Problem) -> String {
    let kind = match p.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place: Vec<&str> = [&p.file, &p.tensor].into_iter().flatten().map(String::as_str).collect();
    let place = if place.is_empty() {
        String::new()
    } else {
        format!("{}: ", place.join(", "))
    };
    let mut out = format!("{kind}: {place}{} [{}]", p.title, p.code);
    let sentences = [Some(&p.cause), p.fix.as_ref(), p.command.as_ref(), Some(&p.blocks)];
    for line in sentences.into_iter().flatten().filter(|line| !line.is_empty()) {
        let _ = write!(out, "\n  {}", line.replace('\n', "\n  "));
    }
    out
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
