//! `lorascope loss`: what base, fine-tunes and edits say of a text.

use super::args::LossArgs;
use super::end::End;
use super::progress::Progress;
use super::{stored, surgery, told, write};
use lorascope::export;
use lorascope::native::{Fault, drawing, loss};
use lorascope::print::fixed;
use lorascope::report::Report;
use lorascope::report::loss::{Loss, LossRow};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Texts that come with the program: their word, their name, and what they are.
const TEXTS: [(&str, &str, &str); 3] = [
    (
        "general",
        "A story in English",
        include_str!("../../www/public/texts/general.txt"),
    ),
    (
        "code",
        "A program in Python",
        include_str!("../../www/public/texts/code.txt"),
    ),
    (
        "german",
        "A story in German",
        include_str!("../../www/public/texts/german.txt"),
    ),
];

pub fn run(args: &LossArgs) -> Result<End, Fault> {
    let prepared = args.models.prepare(false)?;
    write::err(&told::assumed(&prepared));
    let before = args.report.as_deref().map(stored::report).transpose()?;
    let mut report = match before {
        Some(report) => of_these(
            report,
            &prepared.plan.models.iter().map(|m| &*m.label).collect::<Vec<_>>(),
        )?,
        None => prepared.visit.session.head("native", rayon_threads()),
    };
    let settings = args.rule.rule().over(&report.settings)?;
    let edited = args
        .edit
        .as_deref()
        .map(|name| drawing::model(&report, name))
        .transpose()?;
    let asked = loss::Asked {
        texts: args.text.iter().map(|given| text(given)).collect::<Result<_, _>>()?,
        window: args.window.map(|n| n as usize),
        cut: surgery::cut(&settings, Vec::new()),
        edited,
        undone: args.undo,
        memory: (args.memory * 1e9) as usize,
    };
    let ready = loss::ready(&prepared, &asked)?;
    for (label, why) in &ready.refused {
        write::err(&format!("left out: {label}: {why}"));
    }
    let is_whole = prepared.is_whole() && ready.refused.is_empty();
    let progress = Progress::of_shares();
    let found = ready.run(&prepared.visit.stores, &progress);
    progress.end();
    let found = found?;
    write::out(&table(&report, &found))?;
    if let Some(output) = &args.output {
        report.loss = Some(found);
        write::file(output, export::report(&report, &settings).as_bytes())?;
    }
    Ok(if is_whole { End::Fine } else { End::Incomplete })
}

fn rayon_threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u32)
}

/// A report that losses may enter: they name models by their places.
fn of_these(report: Report, labels: &[&str]) -> Result<Report, Fault> {
    let own: Vec<&str> = report.models.iter().map(|m| &*m.label).collect();
    match own == labels {
        true => Ok(report),
        false => Err(Fault::Usage(format!(
            "--report: its models are {}, and these are {}. Give the same base and models in the same order.",
            own.join(", "),
            labels.join(", ")
        ))),
    }
}

fn text(given: &str) -> Result<(String, String), Fault> {
    let known = TEXTS
        .iter()
        .find(|(word, ..)| *word == given && !Path::new(given).exists());
    if let Some((_, name, text)) = known {
        return Ok(((*name).into(), (*text).into()));
    }
    let words: Vec<&str> = TEXTS.iter().map(|(word, ..)| *word).collect();
    let read = fs::read_to_string(given).map_err(|why| {
        Fault::Unreadable(format!(
            "--text {given}: {why}. Give a file in UTF-8, or {}.",
            words.join(", ")
        ))
    })?;
    let name = Path::new(given).file_name().unwrap_or_default().to_string_lossy();
    Ok((name.into_owned(), read))
}

/// A line per row, two columns per text.
fn table(report: &Report, loss: &Loss) -> String {
    let names: Vec<String> = loss.rows.iter().map(|row| name(report, row)).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let mut out = String::new();
    for text in &loss.texts {
        let _ = writeln!(
            out,
            "{}: {} tokens, windows of {}.",
            text.name, text.tokens, text.window
        );
    }
    let _ = writeln!(
        out,
        "{:wide$}{}",
        "",
        "      loss  than the base ±".repeat(loss.texts.len())
    );
    for (row, name) in loss.rows.iter().zip(&names) {
        let _ = write!(out, "{name:wide$}");
        for on in &row.on {
            let more = format!("{} ± {}", fixed(on.more, 4), fixed(on.error, 4));
            let _ = write!(out, "  {:>8}  {more:>15}", fixed(on.mean, 4));
        }
        out.push('\n');
    }
    out.push_str("Means over the tokens in nats; ± is one standard error, about these tokens of these texts alone.\n");
    out
}

fn name(report: &Report, row: &LossRow) -> String {
    let model = row.model.and_then(|at| report.models.get(at as usize));
    let mut name = model.map_or_else(|| report.base.label.clone(), |m| m.label.clone());
    if let Some(arm) = row.arm {
        let _ = write!(name, ", {}", arm.words().name);
    }
    if let Some(lambda) = row.lambda {
        let _ = write!(name, " λ = {lambda}");
    }
    if row.without_layer.is_some() || row.without_type.is_some() {
        let layer = row.without_layer.map(|n| format!(" block {n}")).unwrap_or_default();
        let kind = row.without_type.as_ref().map(|t| format!(" {t}")).unwrap_or_default();
        let _ = write!(name, " without{layer}{kind}");
    }
    name
}
