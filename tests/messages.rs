//! No message without its way out: every problem that any fixture brings about says what to do, and every code of the source is told apart.

use crate::common::{Visit, fixtures};
use lorascope::plan::Problem;
use std::collections::BTreeMap;
use std::path::Path;

fn files_below(root: &Path, folder: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            files_below(root, &path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}

#[track_caller]
fn is_whole(problem: &Problem) {
    let sentence = |text: &str| text.ends_with(['.', '”', ')', '?']);
    assert!(!problem.title.is_empty() && sentence(&problem.cause), "{problem:#?}");
    let fix = problem.fix.as_deref().unwrap_or_default();
    // Words that lead to a command end in a colon.
    let leads = fix.ends_with(':') && problem.command.is_some();
    assert!(
        fix.split_whitespace().count() >= 3 && (sentence(fix) || leads),
        "{problem:#?}"
    );
    assert!(!(fix.ends_with(':') && problem.command.is_none()), "{problem:#?}");
}

/// `LORASCOPE_SHOW=1` prints one example of each.
#[test]
fn every_problem_says_what_to_do() {
    let mut seen: BTreeMap<String, Problem> = BTreeMap::new();
    let mut take = |problems: Vec<Problem>| {
        for problem in problems {
            is_whole(&problem);
            seen.entry(problem.code.clone()).or_insert(problem);
        }
    };
    let hostile = fixtures().join("hostile");
    let mut files = Vec::new();
    files_below(&hostile, "", &mut files);
    files
        .iter()
        .for_each(|f| take(Visit::open(&hostile, &[f]).plan(&[]).problems));
    for collection in ["field", "zoo"] {
        for case in std::fs::read_dir(fixtures().join(collection)).unwrap() {
            let root = case.unwrap().path();
            if root.join("case.json").exists() {
                let mut files = Vec::new();
                files_below(&root, "", &mut files);
                files.retain(|f| f != "case.json" && !f.starts_with("oracle") && !f.starts_with("base_truth"));
                take(
                    Visit::open(&root, &files.iter().map(String::as_str).collect::<Vec<_>>())
                        .plan(&[])
                        .problems,
                );
            }
        }
    }
    if std::env::var_os("LORASCOPE_SHOW").is_some() {
        for (code, p) in &seen {
            eprintln!(
                "| `{code}` | {}. {} | {} {} |",
                p.title,
                p.cause,
                p.fix.as_deref().unwrap_or_default(),
                p.command.as_deref().unwrap_or_default()
            );
        }
    }
    assert!(seen.len() >= 35, "{} codes: {:?}", seen.len(), seen.keys());
}
