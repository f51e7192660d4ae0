//! A run over a plan: the share that was asked for, computed on all processors, as a report.

use super::fault::Fault;
use super::kept::{Kept, hex};
use super::prepare::Prepared;
use super::share::Part;
use super::store::Store;
use super::work::{Watch, Work};
use crate::plan::share::{Share, shares};
use crate::report::{Mode, Report, Settings, Task};
use crate::summary;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io;
use std::num::NonZero;

/// How a run is done; by default all of it, on every processor, with most of the free memory.
#[derive(Debug, Default)]
pub struct Means {
    pub part: Option<Part>,
    pub threads: Option<NonZero<u16>>,
    /// Bytes for matrices under way.
    pub memory: Option<f64>,
    /// Where finished matrices are kept.
    pub kept: Option<Kept>,
}

impl Means {
    /// The matrices to compute, by their places in the plan.
    pub fn share(&self, prepared: &Prepared, mode: Mode) -> Share {
        let part = self.part.unwrap_or(Part { own: 1, of: 1 });
        let all = shares(prepared.visit.session.jobs(), mode, part.of);
        all.into_iter().nth(part.own as usize - 1).unwrap_or_default()
    }
}

/// Computes a share; what cannot be computed is in the report, with its reason.
pub fn run(
    prepared: &Prepared,
    settings: &Settings,
    means: &Means,
    share: &Share,
    watch: &dyn Watch,
) -> Result<Report, Fault> {
    if prepared.plan.matrices.is_empty() {
        return Err(Fault::Files(
            "Nothing can be analysed: no matrix of the base has a partner in a fine-tune. The plan says what the files are.".into(),
            prepared.plan.problems.clone(),
        ));
    }
    let session = &prepared.visit.session;
    let alone = |at: &u32| Some(Share::of(*at, session.jobs().get(*at as usize)?, settings.mode));
    let costs = share.matrices.iter().filter_map(alone);
    let costs: Vec<(f64, f64)> = costs.map(|own| (own.flops, own.memory)).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(means.threads.map_or(0, |n| n.get().into()))
        .stack_size(8 << 20)
        .build()
        .map_err(|why| Fault::Unreadable(format!("Threads cannot be started: {why}.")))?;
    let work = Work {
        stores: &prepared.visit.stores,
        jobs: session.jobs(),
        task: Task::from(settings),
        matrices: &share.matrices,
        costs: &costs,
        pool: &pool,
        memory: means.memory.unwrap_or_else(|| 0.6 * free_memory()),
        kept: means.kept.as_ref(),
        watch,
    };
    let found = work.run();
    let mut report = session.head("native", pool.current_num_threads() as u32);
    for (model, matrix) in found {
        if let Some(model) = report.models.get_mut(model as usize) {
            model.take(matrix);
        }
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

/// Writes the SHA-256 of every file into a report; reads them all.
pub fn hash_files(prepared: &Prepared, report: &mut Report, watch: &dyn Watch) {
    let all = report
        .base
        .files
        .iter()
        .chain(report.models.iter().flat_map(|m| &m.files));
    let names: BTreeSet<String> = all.map(|f| f.name.clone()).collect();
    for name in names {
        let Some(store) = prepared.visit.store(&name) else {
            continue;
        };
        match file_hash(store.as_ref()) {
            Ok(hash) => report.set_hash(&name, &hash),
            Err(why) => watch.say(&format!(
                "warning: {}: {why}: it has no hash in the report.",
                store.place()
            )),
        }
    }
}

fn file_hash(store: &dyn Store) -> io::Result<String> {
    /// Bytes that are hashed at once.
    const PIECE: usize = 1 << 20;
    let (size, mut hash) = (store.size()?, Sha256::new());
    for begin in (0..size).step_by(PIECE) {
        hash.update(store.read(begin..(begin + PIECE as u64).min(size))?);
    }
    Ok(hex(hash))
}
