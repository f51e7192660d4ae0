//! `lorascope figure`: one figure of a report as a file.

use super::args::{FigureArgs, Look};
use super::end::{End, Fault};
use super::{picture, stored, write};
use clap::builder::PossibleValuesParser;
use lorascope::figures::{About, FigureId, FigureKind, Needs, Request, Theme};
use lorascope::report::{Report, Settings};
use lorascope::summary::summary;
use lorascope::{export, series};
use std::path::Path;

/// The figures that a report of files may have.
pub fn ids() -> PossibleValuesParser {
    let kinds = FigureId::all().filter(|kind| kind.about != About::Panel);
    kinds.map(|kind| kind.id).collect::<Vec<_>>().into()
}

pub fn run(args: &FigureArgs) -> Result<End, Fault> {
    let report = stored::report(&args.report)?;
    let settings = args.rule.over(&report.settings)?;
    let mut request = request(&report, &args.figure, settings, &args.look)?;
    request.model = args.model.as_deref().map(|m| model(&report, m)).transpose()?;
    request.matrix = args.matrix.clone().map(|name| matrix(&report, name)).transpose()?;
    request.vector = args.vector.map(|n| n - 1);
    request.top = args.top.unwrap_or(request.top);
    request.until = args.until;
    request.times = args.times;
    (request.fraction, request.adapters_only) = (args.fraction, args.adapters_only);
    let drawn = || {
        if args.bare {
            export::drawing(&report, &request)
        } else {
            export::svg(&report, &request)
        }
    };
    let bytes = match ending(&args.output) {
        "svg" => drawn().into_bytes(),
        "png" => picture::png(&drawn(), args.look.scale)?,
        "csv" => export::csv(&report, &request).into_bytes(),
        "json" => export::json(&report, &request).into_bytes(),
        _ => {
            let path = args.output.display();
            return Err(Fault::Usage(format!(
                "-o {path}: the ending says what is written: .svg, .png, .csv or .json."
            )));
        }
    };
    write::file(&args.output, &bytes)?;
    Ok(End::Fine)
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|end| end.to_str()).unwrap_or_default()
}

/// A figure that the report has something for.
pub fn request(report: &Report, id: &str, settings: Settings, look: &Look) -> Result<Request, Fault> {
    let figure = FigureId::named(id).ok_or_else(|| Fault::Usage(format!("There is no figure “{id}”.")))?;
    if let Some(lacks) = lacks(report, figure.kind()) {
        return Err(Fault::Usage(format!("{id}: the report has no {lacks}.")));
    }
    let finding = summary(report, &settings).findings.remove(id);
    let theme = if look.dark { Theme::Dark } else { Theme::Light };
    Ok(Request {
        settings,
        finding,
        ..Request::of(figure, theme, look.width.into())
    })
}

/// What a report would need for a figure and does not have.
fn lacks(report: &Report, kind: &FigureKind) -> Option<&'static str> {
    let any = |has: bool, what| (!has).then_some(what);
    match kind.needs {
        Needs::Nothing => any(report.models.iter().any(|m| !m.matrices.is_empty()), "matrix"),
        Needs::Runs => any(
            report.models.iter().any(|m| m.run.is_some()),
            "checkpoints of a training run",
        ),
        Needs::Surgery => any(report.models.iter().any(|m| m.surgery.is_some()), "surgery"),
        Needs::Loss => any(report.loss.is_some(), "losses"),
    }
}

/// By its label, by the short name of tables, or by its number from 1.
fn model(report: &Report, wanted: &str) -> Result<u32, Fault> {
    let short = series::labels(&report.models);
    let by_name = report.models.iter().position(|m| m.label == wanted);
    let found = by_name
        .or_else(|| short.iter().position(|name| name == wanted))
        .or_else(|| {
            wanted
                .parse::<usize>()
                .ok()?
                .checked_sub(1)
                .filter(|n| *n < report.models.len())
        });
    found.map(|n| n as u32).ok_or_else(|| {
        let labels: Vec<&str> = report.models.iter().map(|m| &*m.label).collect();
        Fault::Usage(format!(
            "--model {wanted}: the models of the report are {}.",
            labels.join(", ")
        ))
    })
}

fn matrix(report: &Report, wanted: String) -> Result<String, Fault> {
    let mut names = report.models.iter().flat_map(|m| &m.matrices).map(|m| &m.name);
    if names.any(|name| *name == wanted) {
        return Ok(wanted);
    }
    let near = |name: &&&str| name.contains(&wanted);
    let mut all: Vec<&str> = report
        .models
        .iter()
        .flat_map(|m| &m.matrices)
        .map(|m| &*m.name)
        .collect();
    all.sort_unstable();
    all.dedup();
    let close: Vec<&str> = all.iter().filter(near).take(5).copied().collect();
    let list = if close.is_empty() {
        all.into_iter().take(5).collect()
    } else {
        close
    };
    Err(Fault::Usage(format!(
        "--matrix {wanted}: the report has no such matrix. It has {}, …",
        list.join(", ")
    )))
}
