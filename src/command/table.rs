//! `lorascope table`: the models of a report, or its matrices.

use super::args::TableArgs;
use super::end::End;
use super::{stored, write};
use lorascope::export;
use lorascope::figures::{FigureId, Request, Theme};
use lorascope::native::{Fault, told};
use lorascope::report::{Report, Settings};
use lorascope::summary::Sort;

pub fn run(args: &TableArgs) -> Result<End, Fault> {
    let report = stored::report(&args.report)?;
    let settings = args.rule.rule().over(&report.settings)?;
    let sort = args.sort.clone().map(|column| Sort {
        descending: column != "layer" && column != "name",
        column,
        model: 0,
    });
    let text = match (args.csv, args.json, args.markdown) {
        (true, ..) => export::matrices_csv(&report, &settings, sort.as_ref()),
        (_, true, _) => export::matrices_json(&report, &settings, sort.as_ref()) + "\n",
        (.., true) => markdown(&report, settings)?,
        _ => told::models(&report, &settings),
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
