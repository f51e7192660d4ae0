//! The parts of a run, before anything is computed.

use super::args::AnalyzeArgs;
use lorascope::native::prepare::Prepared;
use lorascope::plan::share::{Share, shares};
use lorascope::report::Mode;
use serde::Serialize;
use std::fmt::Write;

/// The parts that a run has: all of them, or the one that was asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dry {
    part: u32,
    /// Names in the base.
    matrices: Vec<String>,
    /// Floating-point operations, estimated.
    flops: f64,
    /// Bytes to read.
    bytes: u64,
    /// Bytes of memory for the largest matrix, estimated.
    memory: f64,
}

pub fn told(args: &AnalyzeArgs, prepared: &Prepared, mode: Mode) -> String {
    let count = args.part.map_or(1, |part| part.of);
    let all = shares(prepared.visit.session.jobs(), mode, count);
    let named = |(part, share): (u32, Share)| Dry {
        part,
        matrices: share
            .matrices
            .iter()
            .filter_map(|at| Some(prepared.plan.matrices.get(*at as usize)?.name.clone()))
            .collect(),
        flops: share.flops,
        bytes: share.bytes,
        memory: share.memory,
    };
    let all: Vec<Dry> = (1u32..).zip(all).map(named).collect();
    if args.json {
        return serde_json::to_string_pretty(&all).unwrap_or_default() + "\n";
    }
    let mut out = String::from("part   matrices  operations  bytes read  memory of the largest\n");
    for one in &all {
        let _ = writeln!(
            out,
            "{:>4}/{count:<4} {:>5}  {:>10.2e}  {:>7.2} GB  {:>7.2} GB",
            one.part,
            one.matrices.len(),
            one.flops,
            one.bytes as f64 / 1e9,
            one.memory / 1e9
        );
    }
    let most = all.iter().map(|one| one.flops).fold(0.0, f64::max);
    let mean = all.iter().map(|one| one.flops).sum::<f64>() / all.len().max(1) as f64;
    if count > 1 && mean > 0.0 {
        let _ = writeln!(out, "The longest part has {:.2} times the mean.", most / mean);
    }
    if let Some(own) = args.part.and_then(|part| all.get(part.own as usize - 1)) {
        let _ = writeln!(out, "\nPart {}:", own.part);
        out.extend(own.matrices.iter().map(|name| format!("  {name}\n")));
    }
    out
}
