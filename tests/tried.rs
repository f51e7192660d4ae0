//! Every attack that was tried on version 0.1.0, case by case: what is said of it, what it may cost, and that good files beside it keep their
//! numbers. The cases are in tests/fixtures/attacks, packed; `LORASCOPE_WRITE=1` renews the answers.

use crate::common::memory::{Took, measured};
use lorascope::plan::{Answers, Plan};
use lorascope::report::{Mode, Report, Settings, Status, Task};
use lorascope::session::Session;
use lorascope::{analyze, export, summary};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Case {
    name: String,
    /// In words.
    what: String,
    /// Paths and lengths.
    files: Vec<(String, usize)>,
}

type Files = Vec<(String, Vec<u8>)>;

fn folder() -> PathBuf {
    crate::common::fixtures().join("attacks")
}

/// All cases are one text in which what was there before is named by how far back it begins and how long it is.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut rest = packed;
    let number = |rest: &mut &[u8]| {
        let (mut n, mut shift) = (0usize, 0);
        loop {
            let (first, others) = rest.split_first().unwrap();
            *rest = others;
            n |= usize::from(first & 127) << shift;
            shift += 7;
            if *first < 128 {
                return n;
            }
        }
    };
    let mut all = Vec::new();
    while !rest.is_empty() {
        let new = number(&mut rest);
        all.extend(&rest[..new]);
        rest = &rest[new..];
        let (back, length) = (number(&mut rest), number(&mut rest));
        // The copy may run into itself.
        (0..length).for_each(|_| all.push(all[all.len() - back]));
    }
    all
}

fn cases() -> Vec<(Case, Files)> {
    let list: Vec<Case> = serde_json::from_slice(&std::fs::read(folder().join("cases.json")).unwrap()).unwrap();
    let all = unpacked(&std::fs::read(folder().join("packed.bin")).unwrap());
    let mut at = 0;
    let of = |case: Case| {
        let files = case.files.iter().map(|(path, length)| {
            at += length;
            (path.clone(), all[at - length..at].to_vec())
        });
        let files = files.collect();
        (case, files)
    };
    list.into_iter().map(of).collect()
}

struct Dropped {
    session: Session,
    files: Files,
}

impl Dropped {
    fn of(files: Files) -> Dropped {
        let mut session = Session::default();
        for (path, bytes) in &files {
            let number = session.add_file(path, bytes.len() as u64);
            while let Some(range) = session.wants(number) {
                session.supply(number, &bytes[range.start as usize..range.end as usize]);
            }
        }
        Dropped { session, files }
    }

    fn plan(&mut self, answers: &[(&str, &str)]) -> Plan {
        let answers = answers.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        self.session.plan(&Answers(answers)).clone()
    }

    /// Computes what the plan in force says.
    fn report(&self) -> Report {
        let task = Task {
            mode: Mode::Exact,
            ..(&Settings::default()).into()
        };
        let mut report = self.session.head("test", 1);
        for (at, job) in self.session.jobs().iter().enumerate() {
            let ranges = self.session.ranges(at as u32);
            let bytes: Vec<Vec<u8>> = ranges
                .iter()
                .map(|r| self.files[r.file as usize].1[r.range.start as usize..r.range.end as usize].to_vec())
                .collect();
            for (model, matrix) in analyze::analyze(job, &bytes, &task, || 0.0) {
                report.models[model as usize].take(matrix);
            }
        }
        summary::apply(&mut report, &Settings::default());
        report
    }
}

fn within(files: &Files, prefix: &str) -> Files {
    let path = |path: &str| format!("{prefix}{path}");
    files.iter().map(|(p, bytes)| (path(p), bytes.clone())).collect()
}

/// The memory that a case may take: what docs/limits.md allows the readers, at any size and per byte, and as much for the plan.
fn allowed(files: &Files) -> usize {
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    (32 << 20) + 64 * bytes
}

fn is_done(status: Status) -> bool {
    matches!(status, Status::Analyzed | Status::Unchanged)
}

/// Codes of problems, and how the matrices ended.
fn answer(plan: &Plan, report: &Report) -> String {
    let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
    plan.problems
        .iter()
        .for_each(|p| *codes.entry(&p.code).or_default() += 1);
    let mut text = String::new();
    for (code, n) in codes {
        let _ = write!(text, "{code}{} ", if n > 1 { format!(" x{n}") } else { String::new() });
    }
    let matrices = || report.models.iter().flat_map(|m| &m.matrices);
    let done = matrices().filter(|m| is_done(m.status)).count();
    let _ = write!(
        text,
        "| {} models, {} computed, {} not",
        plan.models.len(),
        done,
        matrices().count() - done
    );
    if !plan.questions.is_empty() {
        let _ = write!(text, ", {} asked", plan.questions.len());
    }
    text
}

#[test]
fn every_case_has_its_answer() {
    let mut answers = String::new();
    for (case, files) in cases() {
        let allowed = allowed(&files);
        let ((drop, plan), Took { most, .. }) = measured(|| {
            let mut drop = Dropped::of(files);
            let plan = drop.plan(&[]);
            (drop, plan)
        });
        assert!(most <= allowed, "{}: {most} bytes, allowed are {allowed}", case.name);
        for p in &plan.problems {
            let named = p.file.is_some()
                || p.blocks.starts_with("Blocks the analysis")
                || p.severity == lorascope::plan::Severity::Warning;
            assert!(named && p.fix.is_some() && !p.cause.is_empty(), "{}: {p:?}", case.name);
        }
        let report = drop.report();
        let stored = export::report(&report, &Settings::default());
        assert_eq!(export::read(&stored).map(|_| ()), Ok(()), "{}", case.name);
        for m in report
            .models
            .iter()
            .flat_map(|m| &m.matrices)
            .filter(|m| !is_done(m.status))
        {
            assert!(
                m.reason.as_ref().is_some_and(|r| !r.is_empty()),
                "{}: {}",
                case.name,
                m.name
            );
        }
        let _ = writeln!(answers, "{}: {} -> {}", case.name, case.what, answer(&plan, &report));
    }
    let path = folder().join("answers.txt");
    if std::env::var_os("LORASCOPE_WRITE").is_some() {
        std::fs::write(&path, &answers).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    for (now, then) in answers.lines().zip(stored.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(answers.lines().count(), stored.lines().count());
}

#[test]
fn good_files_beside_any_case_keep_their_numbers() {
    let all = cases();
    let good = all
        .iter()
        .find(|(case, _)| case.name == "good")
        .map(|(_, files)| within(files, "good-"))
        .unwrap();
    let base = [("base", "good-base")];
    let numbers = |drop: &mut Dropped| {
        let plan = drop.plan(&base);
        let mut report = drop.report();
        report
            .models
            .retain(|m| m.label == "good-tuned" || m.label == "good-lora");
        report.models.iter_mut().for_each(|m| m.matching = Default::default());
        (plan, report.models)
    };
    let (_, alone) = numbers(&mut Dropped::of(good.clone()));
    assert_eq!(alone.len(), 2);
    assert_eq!(alone.iter().map(|m| m.matrices.len()).sum::<usize>(), 12);
    for (case, files) in &all {
        let files = [good.clone(), within(files, "case/")].concat();
        let (plan, beside) = numbers(&mut Dropped::of(files));
        assert_eq!(beside, alone, "{}: {}", case.name, case.what);
        let of_good = |file: &String| file.starts_with("good-");
        let blamed = plan.problems.iter().find(|p| p.file.as_ref().is_some_and(of_good));
        assert!(blamed.is_none(), "{}: {blamed:?}", case.name);
    }
}
