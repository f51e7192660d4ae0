//! The sheet: a whole report as one page without scripts, its table, sentences and drawings, light and dark. It opens from a disk.

use super::html::frame;
use super::provenance::{file_line, provenance};
use crate::figures::{About, FigureId, Needs, Request, Theme, heading, svg};
use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::print::{count, escape, fixed};
use crate::report::{Report, Settings};
use crate::series::{labels, last_of_runs};
use crate::summary::{ModelSummary, Summary, comparison, reading, summary};
use std::fmt::Write;

/// The width of a drawing in CSS pixels.
const WIDTH: f64 = 760.0;

/// What the pages of single figures have no use for.
const STYLE: &str = ".lorascope-page h2{font:600 14px/20px system-ui,sans-serif;margin:24px 0 4px}\
.lorascope-page table{border-collapse:collapse}.lorascope-page td,.lorascope-page th{padding:2px 12px 2px 0;text-align:right;font-weight:400}\
.lorascope-page td:first-child,.lorascope-page th:first-child{text-align:left}.lorascope-page th{color:#666d71}";

pub fn sheet(report: &Report, settings: &Settings) -> String {
    let about = provenance(report, settings);
    let title = format!("{} against its fine-tunes", about.base);
    let Summary { models, findings } = summary(report, settings);
    let mut body = format!(
        "<style>{STYLE}</style>\n<h1>{}</h1>\n<p>{}</p>\n",
        escape(&title),
        escape(&about.caption())
    );
    table(&mut body, &models);
    body.push_str("<p>A count says that a direction is new, not that it does harm.</p>\n");
    readings(&mut body, report, settings);
    for figure in FigureId::all().filter(|figure| is_shown(report, *figure)) {
        let request = |theme| Request {
            settings: settings.clone(),
            ..Request::of(figure, theme, WIDTH)
        };
        let light = request(Theme::Light);
        let _ = writeln!(body, "<h2>{}</h2>", escape(&heading(report, &light)));
        if let Some(finding) = findings.get(figure.id) {
            let _ = writeln!(body, "<p>{}</p>", escape(finding));
        }
        let dark = svg(report, &request(Theme::Dark));
        let _ = writeln!(
            body,
            "<div class=\"lorascope-light\">{}</div><div class=\"lorascope-dark\">{dark}</div>",
            svg(report, &light)
        );
        let _ = writeln!(body, "<p class=\"about\">{}</p>", escape(figure.note));
    }
    let files: String = about
        .files
        .iter()
        .map(|f| format!("\n{}", escape(&file_line(f))))
        .collect();
    let _ = write!(
        body,
        "<details class=\"about\"><summary>Files and citation</summary><pre>{files}\n\n{}</pre></details>",
        escape(about.bibtex)
    );
    frame(&title, &about.program, &body, None)
}

/// Figures of the run; of the measures by layer only the paper's own.
fn is_shown(report: &Report, figure: FigureId) -> bool {
    let has = match figure.needs {
        Needs::Nothing => true,
        Needs::Runs => report.models.iter().any(|m| m.run.is_some()),
        Needs::Surgery => report.models.iter().any(|m| m.surgery.is_some()),
        Needs::Loss => report.loss.is_some(),
    };
    has && figure.about == About::Run && (!figure.by_layer || !figure.paper.is_empty())
}

fn table(out: &mut String, models: &[ModelSummary]) {
    let heads = [
        "model",
        "intruders",
        "undecided",
        "of",
        "matrices with any",
        "weakest match",
        "size of the change, mean σ₁(ΔW)/σ₁(W₀)",
        "effective rank of ΔW, mean",
    ];
    let row = |tag: &str, cells: &[String]| {
        let cells: String = cells
            .iter()
            .map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)))
            .collect();
        format!("<tr>{cells}</tr>\n")
    };
    let number = |x: Option<f64>, digits| x.map_or("–".to_owned(), |x| fixed(x, digits));
    out.push_str("<table>\n");
    out.push_str(&row("th", &heads.map(str::to_owned)));
    for m in models {
        let cells = [
            m.label.clone(),
            count(m.intruders.into()),
            count(m.undecided.into()),
            count(m.possible.into()),
            count(m.matrices_with_any.into()),
            number(m.weakest_match, 2),
            CHANGE_RATIO.print(m.mean_change_ratio.into()),
            number(m.mean_effective_rank, 1),
        ];
        out.push_str(&row("td", &cells));
    }
    out.push_str("</table>\n");
}

/// The reading of each model; of a run that of its last checkpoint.
fn readings(out: &mut String, report: &Report, settings: &Settings) {
    if let Some(comparison) = comparison(report, settings) {
        let _ = writeln!(out, "<p>{}</p>", escape(&comparison));
    }
    let names = labels(&report.models);
    for at in last_of_runs(&report.models) {
        let (Some(told), Some(name)) = (reading(report, settings, at, 0), names.get(at)) else {
            continue;
        };
        let _ = writeln!(out, "<h2>{}</h2>", escape(name));
        for part in [told.what, told.how_sure, told.what_follows] {
            let _ = writeln!(out, "<p>{}</p>", escape(&part));
        }
    }
}
