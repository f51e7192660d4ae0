//! `lorascope figure`: one figure of a report as a file.

use super::args::{FigureArgs, Look};
use super::end::End;
use super::{stored, write};
use clap::builder::PossibleValuesParser;
use lorascope::native::Fault;
use lorascope::native::drawing::{self, Wanted};
use std::path::Path;

/// The figures that a report of files may have.
pub fn ids() -> PossibleValuesParser {
    drawing::ids().into()
}

pub fn run(args: &FigureArgs) -> Result<End, Fault> {
    let report = stored::report(&args.report)?;
    let settings = args.rule.rule().over(&report.settings)?;
    let wanted = Wanted {
        model: args.model.clone(),
        matrix: args.matrix.clone(),
        vector: args.vector,
        top: args.top,
        until: args.until,
        times: args.times,
        fraction: args.fraction,
        adapters_only: args.adapters_only,
        bare: args.bare,
        ..args.look.wanted()
    };
    let request = drawing::request(&report, &args.figure, &settings, &wanted)?;
    let bytes = drawing::written(&report, &request, &wanted, ending(&args.output))?;
    write::file(&args.output, &bytes)?;
    Ok(End::Fine)
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|end| end.to_str()).unwrap_or_default()
}

impl Look {
    pub fn wanted(&self) -> Wanted {
        Wanted {
            width: self.width,
            dark: self.dark,
            scale: self.scale,
            ..Wanted::default()
        }
    }
}
