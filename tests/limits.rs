//! Any folder planned and computed alone: what the peaks of memory in docs/limits.md are measured with.

use crate::common::Visit;
use std::path::{Path, PathBuf};

fn below(folder: &Path, root: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            below(&entry, root, found);
        } else {
            found.push(entry.strip_prefix(root).unwrap().to_string_lossy().into_owned());
        }
    }
}

/// `LORASCOPE_FOLDER=folder cargo test --test all measure -- --ignored --nocapture`
#[test]
#[ignore = "needs a folder"]
fn measure() {
    let root = PathBuf::from(std::env::var_os("LORASCOPE_FOLDER").expect("LORASCOPE_FOLDER is not set"));
    let mut files = Vec::new();
    below(&root, &root, &mut files);
    let start = std::time::Instant::now();
    let mut visit = Visit::open(&root, &files.iter().map(String::as_str).collect::<Vec<_>>());
    let read = start.elapsed();
    let plan = visit.plan(&[]);
    let planned = start.elapsed();
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap_or("VmHWM: ?")
        .to_owned();
    let codes: Vec<String> = plan
        .problems
        .iter()
        .map(|p| {
            format!("{} {}", p.code, p.file.as_deref().unwrap_or(""))
                .chars()
                .take(60)
                .collect()
        })
        .take(6)
        .collect();
    println!(
        "{}: read {read:.2?}, planned {planned:.2?}, {peak}, {} matrices of {} models; {codes:?}",
        root.file_name().unwrap().to_string_lossy(),
        plan.matrices.len(),
        plan.models.len()
    );
}
