//! The report as Markdown, for an issue, a pull request, a lab's notebook.

use super::provenance::{Provenance, file_line, provenance};
use crate::figures::{FigureId, Request, Value, table};
use crate::metrics::change_ratio::CHANGE_RATIO;
use crate::report::{Report, Settings};
use crate::series::{labels, last_of_runs};
use crate::summary::{Findings, Summary, comparison, reading, summary};
use std::fmt::Write;

pub fn markdown(report: &Report, request: &Request) -> String {
    let settings = &request.settings;
    let about = provenance(report, settings);
    let mut out = format!("# {} against its fine-tunes\n\n", cell(&about.base));
    let findings = models(&mut out, report, settings, &about);
    let said = [
        "epsilon-curve",
        "size-of-change",
        "threshold",
        "effective-rank",
        "matrices",
    ]
    .map(|id| findings.get(id));
    for sentence in said.into_iter().flatten() {
        let _ = write!(out, "\n{sentence}\n");
    }
    readings(&mut out, report, request);
    out.push_str("\n## Intruders by layer and type\n\n");
    if let Some(figure) = FigureId::named("overview") {
        rows(
            &mut out,
            report,
            &Request {
                figure,
                ..request.clone()
            },
        );
    }
    files(&mut out, &about);
    out.push_str("\nA count says that a direction is new, not that it does harm.\n\n## Cite\n\n");
    let _ = writeln!(out, "{}\n\n```bibtex\n{}\n```", about.paper, about.bibtex);
    out
}

/// A section for the page of a model on a hub, with a drawing beside it: what was counted, by which rule, in which files.
pub fn model_card(report: &Report, request: &Request, drawing: &str) -> String {
    let about = provenance(report, &request.settings);
    let mut out = String::from("## What fine-tuning changed in the weights\n\n");
    let alt = cell(&crate::figures::alt(report, request));
    let _ = writeln!(out, "![{alt}]({})\n", address(drawing));
    models(&mut out, report, &request.settings, &about);
    out.push_str(
        "\nCounts are not quality labels: an intruder dimension is a direction that is new, not one that does harm, and a model without any is not \
         better for it. A longer change has more of them: read the count beside the size of the change.\n",
    );
    files(&mut out, &about);
    let _ = writeln!(out, "\nAfter {}.", about.paper);
    out
}

/// The address of a file beside the text.
fn address(name: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let one = |byte: u8| {
        if plain(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    name.bytes().map(one).collect()
}

/// The rule, and a row for every model; the sentences that go with it.
fn models(out: &mut String, report: &Report, settings: &Settings, about: &Provenance) -> Findings {
    let _ = writeln!(
        out,
        "Preset {}: {}. {} ({}).\n",
        about.preset, about.rule, about.program, about.build
    );
    out.push_str(
        "| model | intruders | of | size of the change, mean σ₁(ΔW)/σ₁(W₀) | matrices with any | weakest match | effective rank of ΔW, mean | reading |\n",
    );
    out.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n");
    let number = |x: Option<f64>, digits: usize| x.map_or("–".into(), |x| format!("{x:.digits$}"));
    let Summary { models, findings } = summary(report, settings);
    for m in models {
        let size = CHANGE_RATIO.print(m.mean_change_ratio.into());
        let (weakest, rank) = (number(m.weakest_match, 2), number(m.mean_effective_rank, 1));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {size} | {} | {weakest} | {rank} | {} |",
            cell(&m.label),
            m.intruders,
            m.possible,
            m.matrices_with_any,
            cell(&m.reading)
        );
    }
    findings
}

fn files(out: &mut String, about: &Provenance) {
    out.push_str("\n## Files\n\n");
    for file in &about.files {
        let _ = writeln!(out, "- `{}`", file_line(file).replace('`', "'"));
    }
}

/// The reading of each model; of a run that of its last checkpoint.
fn readings(out: &mut String, report: &Report, request: &Request) {
    out.push_str("\n## Readings\n");
    if let Some(comparison) = comparison(report, &request.settings) {
        let _ = write!(out, "\n{}\n", cell(&comparison));
    }
    let names = labels(&report.models);
    for at in last_of_runs(&report.models) {
        let Some(told) = reading(report, &request.settings, at, request.planned) else {
            continue;
        };
        let _ = write!(out, "\n### {}\n\n", cell(names.get(at).map_or("", String::as_str)));
        for (part, text) in [
            ("What", &told.what),
            ("How sure", &told.how_sure),
            ("What follows", &told.what_follows),
        ] {
            let _ = writeln!(out, "- **{part}.** {}", cell(text));
        }
        if let Some(action) = told.action {
            let _ = write!(out, "\n```python\n{}\n```\n\n{}\n", action.code, cell(&action.note));
        }
    }
}

fn rows(out: &mut String, report: &Report, request: &Request) {
    let table = table(report, request);
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push_str(&line(table.columns.iter().map(|c| cell(c)).collect()));
    out.push_str(&line(table.columns.iter().map(|_| "---".into()).collect()));
    for row in &table.rows {
        let text = |value: &Value| match value {
            Value::None => String::new(),
            Value::Number(x) => x.to_string(),
            Value::Text(text) => cell(text),
        };
        out.push_str(&line(row.iter().map(text).collect()));
    }
}

/// A name from a file must not break out of its cell, nor become a link or a tag.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' | '\n' => out.push(' '),
            '|' | '<' | '>' | '[' | ']' | '`' | '*' | '_' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
