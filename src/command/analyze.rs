//! `lorascope analyze`: from checkpoints to a report.

use super::args::AnalyzeArgs;
use super::end::{End, Fault};
use super::kept::{Kept, hex};
use super::prepare::{Prepared, prepare};
use super::progress::Progress;
use super::work::Work;
use super::{dry, told, write};
use lorascope::export;
use lorascope::plan::share::{Share, shares};
use lorascope::report::{Report, Settings, Status, Task};
use lorascope::summary;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file that are hashed at once.
const PIECE: usize = 1 << 20;

pub fn run(args: &AnalyzeArgs) -> Result<End, Fault> {
    let settings = Settings {
        mode: args.mode.into(),
        ..args.rule.over(&Settings::default())?
    };
    let everywhere = args.rule.preset().is_some_and(|preset| preset.everywhere);
    let prepared = prepare(&args.models, everywhere)?;
    write::err(&told::assumed(&prepared));
    if args.dry_run {
        write::out(&dry::told(args, &prepared, settings.mode))?;
        return Ok(ending(&prepared, None, args));
    }
    if prepared.plan.matrices.is_empty() {
        return Err(Fault::Unreadable(
            "Nothing can be analysed: no matrix of the base has a partner in a fine-tune. `lorascope plan` says what the files are.".into(),
        ));
    }
    let output = args.output.as_deref().unwrap_or(Path::new("report.json"));
    let report = computed(args, &prepared, &settings, output)?;
    write::file(output, export::report(&report, &settings).as_bytes())?;
    if let Some(html) = &args.html {
        write::file(html, export::sheet(&report, &settings).as_bytes())?;
    }
    write::err(&super::table::models(&report, &settings));
    Ok(ending(&prepared, Some(&report), args))
}

/// Computes the share that was asked for.
fn computed(args: &AnalyzeArgs, prepared: &Prepared, settings: &Settings, output: &Path) -> Result<Report, Fault> {
    let session = &prepared.visit.session;
    let share = match args.part {
        Some(part) => shares(session.jobs(), settings.mode, part.of)
            .into_iter()
            .nth(part.own as usize - 1),
        None => shares(session.jobs(), settings.mode, 1).pop(),
    };
    let share = share.unwrap_or_default();
    let alone = |at: &u32| Some(Share::of(*at, session.jobs().get(*at as usize)?, settings.mode));
    let costs = share.matrices.iter().filter_map(alone);
    let costs: Vec<(f64, f64)> = costs.map(|own| (own.flops, own.memory)).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.map_or(0, usize::from))
        .stack_size(8 << 20)
        .build()
        .map_err(|why| Fault::Unreadable(format!("Threads cannot be started: {why}.")))?;
    let beside = || output.with_file_name("lorascope-results");
    let kept: Option<Kept> = args.keep.clone().or_else(|| args.part.map(|_| beside())).map(Kept);
    let progress = Progress::new(share.matrices.len(), share.flops);
    let work = Work {
        disk: &prepared.visit.disk,
        jobs: session.jobs(),
        task: Task::from(settings),
        matrices: &share.matrices,
        costs: &costs,
        pool: &pool,
        memory: args.memory.map_or_else(|| 0.6 * free_memory(), |gb| gb * 1e9),
        kept: kept.as_ref(),
        progress: &progress,
    };
    let found = work.run();
    progress.end();
    let mut report = session.head("native", pool.current_num_threads() as u32);
    for (model, matrix) in found {
        if let Some(model) = report.models.get_mut(model as usize) {
            model.take(matrix);
        }
    }
    if args.hashes {
        hash_files(prepared, &mut report);
    }
    summary::apply(&mut report, settings);
    Ok(report)
}

/// Bytes that are free, where the system says it; else what every machine of today has.
fn free_memory() -> f64 {
    const ASSUMED: f64 = 8e9;
    let told = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kilobytes.map_or(ASSUMED, |kb| kb * 1024.0)
}

fn hash_files(prepared: &Prepared, report: &mut Report) {
    let all = report
        .base
        .files
        .iter()
        .chain(report.models.iter().flat_map(|m| &m.files));
    let names: std::collections::BTreeSet<String> = all.map(|f| f.name.clone()).collect();
    for name in names {
        let Some(path) = prepared.visit.place(&name) else {
            continue;
        };
        match file_hash(path) {
            Ok(hash) => report.set_hash(&name, &hash),
            Err(why) => write::err(&format!(
                "warning: {}: {why}: it has no hash in the report.",
                path.display()
            )),
        }
    }
}

fn file_hash(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(hash)),
            n => hash.update(&piece[..n]),
        }
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
