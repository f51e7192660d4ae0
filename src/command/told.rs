//! A plan in words: for the terminal, and what was left out for the error output.

use lorascope::native::prepare::Prepared;
use lorascope::native::told::problem;
use lorascope::plan::{LeftOut, Plan, PlanModel, Question};
use lorascope::print::count;
use std::fmt::Write;

/// The whole plan.
pub fn plan(prepared: &Prepared) -> String {
    let plan = &prepared.plan;
    let mut out = String::new();
    if let Some(base) = &plan.base {
        let _ = writeln!(
            out,
            "Base   {}: {}, {} blocks, {} matrices ({})",
            base.label,
            base.dtype,
            base.layers,
            count(base.matrices.into()),
            base.types.join(", ")
        );
    }
    plan.models.iter().for_each(|m| model(&mut out, m));
    let gb = plan.memory / 1e9;
    let _ = writeln!(
        out,
        "\nAnalysed: {} matrices, about {:.2e} operations; the largest takes {gb:.1} GB of memory.",
        count(plan.matrices.len() as u64),
        plan.flops
    );
    let off: Vec<String> = plan
        .types
        .iter()
        .filter(|t| !t.on)
        .map(|t| format!("{} ({} × {})", t.kind, t.count, t.label))
        .collect();
    if !off.is_empty() {
        let on: Vec<&str> = plan.types.iter().filter(|t| t.on).map(|t| &*t.kind).collect();
        let _ = writeln!(
            out,
            "Types switched off: {}. All of them: --types {}",
            off.join(", "),
            all_types(&on, plan)
        );
    }
    if !plan.left_out.is_empty() {
        out.push_str("\nLeft out:\n");
        plan.left_out.iter().for_each(|l| left_out(&mut out, l));
    }
    let doubts: Vec<&Question> = doubts(plan).collect();
    if !doubts.is_empty() {
        out.push_str("\nIn doubt; the first answer is in force unless another is given:\n");
        doubts.into_iter().for_each(|q| question(&mut out, q));
    }
    let troubles = troubles(prepared);
    if !troubles.is_empty() {
        let _ = write!(out, "\n{troubles}");
    }
    out
}

fn all_types(on: &[&str], plan: &Plan) -> String {
    let rest = plan.types.iter().filter(|t| !t.on && t.count > 0).map(|t| &*t.kind);
    on.iter().copied().chain(rest).collect::<Vec<_>>().join(",")
}

fn model(out: &mut String, m: &PlanModel) {
    let rank = m.rank.map(|r| format!(", r = {r}")).unwrap_or_default();
    let scale = match (m.scale_text.is_empty(), m.scale_source.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(", {}", m.scale_text),
        (false, false) => format!(", {} ({})", m.scale_text, m.scale_source),
    };
    let run = m
        .run
        .as_ref()
        .map(|r| format!(", step {} of a run", r.step))
        .unwrap_or_default();
    let (matched, total) = (count(m.matching.matched.into()), count(m.matching.total.into()));
    let _ = writeln!(
        out,
        "Model  {}: {}{rank}{scale}{run}; {matched} of {total} modules have a partner in the base",
        m.label, m.method
    );
    if !m.matching.rules.is_empty() {
        let _ = writeln!(out, "       names: {}", m.matching.rules.join(", "));
    }
    out.extend(m.notes.iter().map(|note| format!("       {note}\n")));
}

fn left_out(out: &mut String, l: &LeftOut) {
    let more = if l.names.len() > 2 { ", …" } else { "" };
    let names: Vec<&str> = l.names.iter().take(2).map(String::as_str).collect();
    let _ = writeln!(
        out,
        "  {} × {}: {}{more}",
        count(l.count.into()),
        l.what,
        names.join(", ")
    );
}

/// What nobody has said yet; the command line says which one is the base.
fn doubts(plan: &Plan) -> impl Iterator<Item = &Question> {
    plan.questions.iter().filter(|q| q.id != "base")
}

fn question(out: &mut String, q: &Question) {
    let _ = writeln!(out, "  {} {}", q.title, q.detail);
    let own = q.options.iter().filter(|o| o.value == q.value);
    let others = q.options.iter().filter(|o| o.value != q.value);
    for option in own.chain(others) {
        let note = if option.note.is_empty() {
            String::new()
        } else {
            format!(" ({})", option.note)
        };
        let _ = writeln!(out, "    --answer '{}={}'   {}{note}", q.id, option.value, option.label);
    }
    if q.number {
        let _ = writeln!(
            out,
            "    --answer '{}=NUMBER'   a positive number of your own; now {}",
            q.id, q.value
        );
    }
}

/// What must be known of a plan before its numbers are trusted; empty where there is nothing.
pub fn troubles(prepared: &Prepared) -> String {
    let mut out = String::new();
    for p in &prepared.plan.problems {
        let _ = writeln!(out, "{}", problem(p));
    }
    for given in &prepared.nothing {
        let _ = writeln!(out, "left out: {given}: nothing of it is analysed.");
    }
    out
}

/// The same with what was assumed: a run does not wait for answers.
pub fn assumed(prepared: &Prepared) -> String {
    let mut out = troubles(prepared);
    for q in doubts(&prepared.plan) {
        let _ = writeln!(
            out,
            "assumed: {} {}. Another answer: --answer '{}=VALUE' (`lorascope plan` lists them)",
            q.title, q.value, q.id
        );
    }
    out
}
