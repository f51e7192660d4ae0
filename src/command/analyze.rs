//! `lorascope analyze`: from checkpoints to a report.

use super::args::AnalyzeArgs;
use super::end::End;
use super::progress::Progress;
use super::{dry, told, write};
use lorascope::export;
use lorascope::native::Fault;
use lorascope::native::kept::Kept;
use lorascope::native::prepare::Prepared;
use lorascope::native::run::{Means, hash_files, run as compute};
use lorascope::native::told::models;
use lorascope::report::{Report, Settings, Status};
use std::path::Path;

pub fn run(args: &AnalyzeArgs) -> Result<End, Fault> {
    let rule = args.rule.rule();
    let settings = Settings {
        mode: args.mode.into(),
        ..rule.over(&Settings::default())?
    };
    let everywhere = rule.preset()?.is_some_and(|preset| preset.everywhere);
    let prepared = args.models.prepare(everywhere)?;
    write::err(&told::assumed(&prepared));
    if args.dry_run {
        write::out(&dry::told(args, &prepared, settings.mode))?;
        return Ok(ending(&prepared, None, args));
    }
    let means = means(args);
    let share = means.share(&prepared, settings.mode);
    let progress = Progress::new(share.matrices.len(), share.flops);
    let report = compute(&prepared, &settings, &means, &share, &progress);
    progress.end();
    let mut report = report?;
    if args.hashes {
        hash_files(&prepared, &mut report, &progress);
    }
    let output = args.output.as_deref().unwrap_or(Path::new("report.json"));
    write::file(output, export::report(&report, &settings).as_bytes())?;
    if let Some(html) = &args.html {
        write::file(html, export::sheet(&report, &settings).as_bytes())?;
    }
    write::err(&models(&report, &settings));
    Ok(ending(&prepared, Some(&report), args))
}

/// The flags as means.
fn means(args: &AnalyzeArgs) -> Means {
    let beside = || {
        let output = args.output.as_deref().unwrap_or(Path::new(""));
        output.with_file_name("lorascope-results")
    };
    Means {
        part: args.part,
        threads: args.threads,
        memory: args.memory.map(|gb| gb * 1e9),
        kept: args.keep.clone().or_else(|| args.part.map(|_| beside())).map(Kept),
    }
}

/// What could not be read stands before what was found: a count of half the files proves nothing.
fn ending(prepared: &Prepared, report: Option<&Report>, args: &AnalyzeArgs) -> End {
    let models = || report.iter().flat_map(|r| &r.models);
    let mut failed = false;
    for (model, matrix) in models().flat_map(|m| m.matrices.iter().map(move |matrix| (m, matrix))) {
        if matrix.status == Status::Failed {
            failed = true;
            let reason = matrix.reason.as_deref().unwrap_or_default();
            write::err(&format!("left out: {}, {}: {reason}", model.label, matrix.name));
        }
    }
    let most = args.fail_on.unwrap_or(u32::MAX);
    let above: Vec<_> = models().filter(|m| m.totals.intruders > most).collect();
    for model in &above {
        write::err(&format!(
            "finding: {} has {} intruders, more than {most}.",
            model.label, model.totals.intruders
        ));
    }
    match (failed || !prepared.is_whole(), above.is_empty()) {
        (true, _) => End::Incomplete,
        (_, false) => End::Findings,
        _ => End::Fine,
    }
}
