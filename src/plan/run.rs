//! Checkpoints of one training run: the same folder, and a step in the name (`checkpoint-500`, `step_2000`, `0000100_adapters`).

use super::sets::FileSet;
use crate::report::RunStep;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static STEP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:checkpoint|step|steps|global_step|epoch|iter|ckpt)[-_]?(\d{1,12})|(\d{4,12})_adapters)$")
        .expect("a constant")
});

/// What one set's path says: the run's folder and the step.
pub fn step(set: &FileSet) -> Option<RunStep> {
    let (above, last) = set.folder.rsplit_once('/').unwrap_or(("", &set.folder));
    let read = |name: &str| {
        STEP.captures(name)
            .and_then(|c| c.get(1).or(c.get(2))?.as_str().parse().ok())
    };
    if let Some(step) = read(&set.stem) {
        return Some(RunStep {
            run: set.folder.clone(),
            step,
        });
    }
    read(last).map(|step| RunStep {
        run: above.to_owned(),
        step,
    })
}

/// The steps of all sets that belong to a run of at least two.
pub fn steps(sets: &[FileSet]) -> Vec<Option<RunStep>> {
    let own: Vec<Option<RunStep>> = sets.iter().map(step).collect();
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for s in own.iter().flatten() {
        *members.entry(&s.run).or_default() += 1;
    }
    own.iter()
        .map(|s| s.clone().filter(|s| members[s.run.as_str()] > 1))
        .collect()
}

/// For every model the one before it in its run; models come with what their paths say.
pub fn before(steps: &[Option<RunStep>]) -> Vec<Option<usize>> {
    let one = |own: &Option<RunStep>| {
        let own = own.as_ref()?;
        let earlier = |s: &RunStep| s.run == own.run && s.step < own.step;
        (0..steps.len())
            .filter(|i| steps[*i].as_ref().is_some_and(earlier))
            .max_by_key(|i| steps[*i].as_ref().map(|s| s.step))
    };
    steps.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_follows_the_one_before_it_in_its_own_run() {
        let at = |run: &str, step| Some(RunStep { run: run.into(), step });
        let steps = [
            None,
            at("a", 10),
            at("a", 20),
            at("b", 15),
            at("a", 5),
            at("b", 30),
            None,
        ];
        assert_eq!(before(&steps), [None, Some(4), Some(1), None, None, Some(3), None]);
    }
}
