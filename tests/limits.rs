//! The measurement of memory peaks for docs/limits.md: any folder, planned and computed alone.

use crate::common::Visit;
use crate::common::memory::measured;
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
    let bytes: u64 = files.iter().map(|f| root.join(f).metadata().unwrap().len()).sum();
    let start = std::time::Instant::now();
    let (mut visit, reading) = measured(|| Visit::open(&root, &files.iter().map(String::as_str).collect::<Vec<_>>()));
    let read = start.elapsed();
    let (plan, planning) = measured(|| visit.plan(&[]));
    let planned = start.elapsed();
    let mb = |bytes: usize| bytes as f64 / 1e6;
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
        "{}: {:.2} MB in {} files; read {read:.2?}, {:.1} MB, {} allocations; planned {planned:.2?}, {:.1} MB more, {} allocations; {} matrices of {} \
         models; {codes:?}",
        root.file_name().unwrap().to_string_lossy(),
        mb(bytes as usize),
        files.len(),
        mb(reading.most),
        reading.allocations,
        mb(planning.most),
        planning.allocations,
        plan.matrices.len(),
        plan.models.len()
    );
}
