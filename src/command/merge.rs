//! `lorascope merge-reports`: parts put together.

use super::args::MergeArgs;
use super::end::End;
use super::{stored, write};
use lorascope::export;
use lorascope::native::Fault;
use lorascope::print::count;
use lorascope::summary::joined;

/// Names of missing matrices that are said of each model.
const NAMED: usize = 10;

pub fn run(args: &MergeArgs) -> Result<End, Fault> {
    let mut reports = Vec::new();
    let mut unread = false;
    for path in &args.reports {
        match stored::report(path) {
            Ok(report) => reports.push((path.display().to_string(), report)),
            Err(why) => {
                unread = true;
                write::err(&format!("left out: {why}"));
            }
        }
    }
    let joined = joined(reports).map_err(Fault::Usage)?;
    let joined = joined.ok_or_else(|| Fault::Unreadable("None of the reports can be read.".into()))?;
    let settings = joined.report.settings.clone();
    write::file(&args.output, export::report(&joined.report, &settings).as_bytes())?;
    for (model, names) in &joined.missing {
        let label = joined.report.models.get(*model).map_or("", |m| m.label.as_str());
        let more = if names.len() > NAMED { ", …" } else { "" };
        let list: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        write::err(&format!(
            "missing: {label}: {} matrices: {}{more}",
            count(names.len() as u64),
            list.join(", ")
        ));
    }
    if joined.contested > 0 {
        let n = count(joined.contested.into());
        write::err(&format!(
            "warning: {n} results stand in several reports with different numbers; an exact one was taken, else the first."
        ));
    }
    if !joined.missing.is_empty() {
        write::err("Run the parts that are not there again, then merge again: what was finished is kept.");
    }
    let is_whole = joined.missing.is_empty() && !unread;
    Ok(if is_whole { End::Fine } else { End::Incomplete })
}
