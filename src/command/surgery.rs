//! `lorascope surgery`: the change of one model under one arm, as files: an adapter for an adapter, whole matrices for a full fine-tune.

use super::args::SurgeryArgs;
use super::end::End;
use super::progress::Progress;
use super::{told, write};
use clap::ValueEnum;
use lorascope::analyze::surgery::{Precision, SavedFile, Saver, Wanted, open};
use lorascope::native::Fault;
use lorascope::native::kept::sha256;
use lorascope::native::work::Watch;
use lorascope::plan::share::shares;
use lorascope::report::surgery::{Cut, Operated, Surgery};
use lorascope::report::{Mode, Settings, surgery};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The seed of the page, so that its random arm and ours take the same directions.
const SEED: u32 = 0;

/// What is made of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arm {
    /// The intruders at lambda of their strength.
    Scaled,
    /// The whole change shrunk to the norm of the scaled one.
    Shrunk,
    /// The scaled change brought back to its old norm.
    Restored,
    /// As much norm taken from random directions of the change.
    Random,
    /// The change without what touches the strongest vectors of the base; it has no lambda.
    Projected,
}

impl From<Arm> for surgery::Arm {
    fn from(arm: Arm) -> surgery::Arm {
        match arm {
            Arm::Scaled => surgery::Arm::Scaled,
            Arm::Shrunk => surgery::Arm::Shrunk,
            Arm::Restored => surgery::Arm::Restored,
            Arm::Random => surgery::Arm::Random,
            Arm::Projected => surgery::Arm::Projected,
        }
    }
}

pub fn run(args: &SurgeryArgs) -> Result<End, Fault> {
    if !(0.0..=2.0).contains(&args.lambda) {
        return Err(Fault::Usage(format!(
            "--lambda {}: a strength lies from 0 to 2.",
            args.lambda
        )));
    }
    let settings = args.rule.rule().over(&Settings::default())?;
    let prepared = args.models.prepare(false)?;
    write::err(&told::assumed(&prepared));
    let [model] = &prepared.plan.models[..] else {
        let labels: Vec<&str> = prepared.plan.models.iter().map(|m| &*m.label).collect();
        return Err(Fault::Usage(format!(
            "Surgery is done on one model; here are {}: {}.",
            labels.len(),
            labels.join(", ")
        )));
    };
    let cut = cut(&settings, vec![args.lambda]);
    let wanted = Wanted {
        cut: cut.clone(),
        arm: args.arm.into(),
        lambda: args.lambda,
        precision: if args.bf16 { Precision::Bf16 } else { Precision::F32 },
        own_rank: args.own_rank,
        chosen: BTreeMap::new(),
    };
    let base = prepared.plan.base.as_ref().map_or("", |b| b.label.as_str());
    let mut saver = Saver::new(wanted, &model.label, base);
    let mut hashes = Vec::new();
    let mut put = |file: SavedFile| {
        hashes.push((file.name.clone(), sha256(&file.bytes)));
        write::file(&args.output.join(&file.name), &file.bytes)
    };
    let session = &prepared.visit.session;
    let progress = Progress::new(session.jobs().len(), prepared.plan.flops);
    let mut operated: Vec<Operated> = Vec::new();
    let mut is_whole = prepared.is_whole();
    for (at, job) in (0u32..).zip(session.jobs()) {
        // A change that cannot be edited is named in the README too.
        let read = prepared.visit.stores.bytes(&session.ranges_of(at, 0));
        let patient = read.and_then(|bytes| {
            let own = session
                .job_of(at, 0)
                .ok_or_else(|| "the model does not change it".to_owned())?;
            let patient = open(&own, &bytes, 0, cut.k)?;
            operated.push(patient.operate(&cut)?);
            Ok((own, patient))
        });
        let added = patient.and_then(|(own, patient)| saver.add(&own, 0, &patient));
        match added {
            Ok(file) => file.map_or(Ok(()), &mut put)?,
            Err(why) => {
                is_whole = false;
                progress.say(&format!("left out: {}: {why}", job.base.name));
                saver.leave_out(&job.base.name, &why);
            }
        }
        let flops = shares(std::slice::from_ref(job), Mode::Auto, 1)
            .pop()
            .map_or(0.0, |share| share.flops);
        progress.done(flops, false);
    }
    progress.end();
    saver.finish().into_iter().try_for_each(&mut put)?;
    write::file(&args.output.join("README.md"), saver.readme(&hashes).as_bytes())?;
    write::out(&arms(&Surgery::of(&cut, &operated), args.lambda, &args.output))?;
    Ok(if is_whole { End::Fine } else { End::Incomplete })
}

/// The intruders of every matrix under a rule.
pub fn cut(settings: &Settings, lambdas: Vec<f64>) -> Cut {
    Cut {
        k: settings.k,
        epsilon: settings.epsilon,
        side: settings.side,
        lambdas,
        chosen: None,
        seed: SEED,
    }
}

/// Every arm beside the others: an edit says nothing without its controls.
fn arms(found: &Surgery, lambda: f64, output: &Path) -> String {
    let mut out = format!(
        "{} of {} matrices have intruders, {} vectors in all; λ = {lambda}.\n{:<12} {:>9} {:>9} {:>12}\n",
        found.edited, found.matrices, found.chosen, "arm", "intruders", "undecided", "norm of ΔW"
    );
    for curve in &found.arms {
        let first = |list: &[u32]| list.first().copied().unwrap_or_default();
        let norm = curve.frobenius.first().copied().unwrap_or_default();
        let (intruders, undecided) = (first(&curve.intruders), first(&curve.undecided));
        let _ = writeln!(
            out,
            "{:<12} {intruders:>9} {undecided:>9} {norm:>12.4}",
            curve.arm.words().name
        );
    }
    let _ = writeln!(out, "Saved in {}; its README.md says what was done.", output.display());
    out
}
