//! `lorascope card`: a section for a model's page, and the drawing beside it.

use super::args::CardArgs;
use super::end::End;
use super::{stored, write};
use lorascope::export;
use lorascope::native::{Fault, drawing};

pub fn run(args: &CardArgs) -> Result<End, Fault> {
    let report = stored::report(&args.report)?;
    let settings = args.rule.rule().over(&report.settings)?;
    let request = drawing::request(&report, &args.figure, &settings, &args.look.wanted())?;
    let drawing = args.output.with_extension("svg");
    let name = drawing.file_name().unwrap_or_default().to_string_lossy();
    write::file(&drawing, export::svg(&report, &request).as_bytes())?;
    write::file(&args.output, export::model_card(&report, &request, &name).as_bytes())?;
    Ok(End::Fine)
}
