//! Checkpoints of one training run: the same folder, and a step in the name (`checkpoint-500`, `step_2000`, `0000100_adapters`).

use super::sets::FileSet;
use crate::report::RunStep;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static STEP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:checkpoint|step|steps|global_step|epoch|iter|ckpt)[-_]?(\d{1,12})|(\d{4,12})_adapters)$").expect("a constant")
});

/// What one set's path says: the run's folder and the step.
pub fn step(set: &FileSet) -> Option<RunStep> {
    let (above, last) = set.folder.rsplit_once('/').unwrap_or(("", &set.folder));
    let read = |name: &str| STEP.captures(name).and_then(|c| c.get(1).or(c.get(2))?.as_str().parse().ok());
    if let Some(step) = read(&set.stem) {
        return Some(RunStep { run: set.folder.clone(), step });
    }
    read(last).map(|step| RunStep { run: above.to_owned(), step })
}

/// The steps of all sets that belong to a run of at least two.
pub fn steps(sets: &[FileSet]) -> Vec<Option<RunStep>> {
    let own: Vec<Option<RunStep>> = sets.iter().map(step).collect();
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for s in own.iter().flatten() {
        *members.entry(&s.run).or_default() += 1;
    }
    own.iter().map(|s| s.clone().filter(|s| members[s.run.as_str()] > 1)).collect()
}
