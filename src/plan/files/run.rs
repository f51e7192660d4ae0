//! Checkpoints of one training run: the same folder, and a step in the name (`checkpoint-500`, `step_2000`, `mylora-000002`, `epoch=0-step=50`).

use super::sets::FileSet;
use crate::report::RunStep;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Each with the step, and where several runs may lie in one folder, with what their names begin with.
static STEPS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        r"^(?:checkpoint|step|steps|global_step|epoch|iter|ckpt)[-_]?(?<step>\d{1,12})$",
        r"^(?<step>\d{4,12})_adapters$",
        // kohya's epochs and steps, ai-toolkit's steps: numbers filled up with zeros, so that a date is not one.
        r"^(?<lead>.+)-(?:step)?(?<step>0\d{5}|0\d{7})$",
        r"^(?<lead>.+)_(?<step>0\d{8})$",
        // Lightning: the step where it is said, else the epoch.
        r"^(?:(?<lead>.*?)[-_]?)?epoch=(?<epoch>\d{1,9})(?:-step=(?<step>\d{1,12}))?(?:-.*)?$",
    ]
    .map(|r| Regex::new(r).expect("a constant"))
});

/// The prefix of a name, and the step in it.
fn read(name: &str) -> Option<(String, u64)> {
    STEPS.iter().find_map(|regex| {
        let c = regex.captures(name)?;
        let step = c.name("step").or(c.name("epoch"))?.as_str().parse().ok()?;
        let lead = c.name("lead").map_or("", |m| m.as_str().trim_end_matches(['-', '_']));
        Some((lead.to_owned(), step))
    })
}

/// The run of a set by its path, folder and prefix of names, and the step.
pub fn step(set: &FileSet) -> Option<RunStep> {
    let (above, last) = set.folder.rsplit_once('/').unwrap_or(("", &set.folder));
    let of = |folder: &str, (lead, step): (String, u64)| {
        let parts = [folder, &lead].map(str::to_owned).into_iter().filter(|p| !p.is_empty());
        let run = parts.collect::<Vec<_>>().join("/");
        RunStep { run, step }
    };
    read(&set.stem)
        .map(|found| of(&set.folder, found))
        .or_else(|| read(last).map(|found| of(above, found)))
}

/// The steps of all sets that belong to a run of at least two.
pub fn steps(sets: &[FileSet]) -> Vec<Option<RunStep>> {
    let own: Vec<Option<RunStep>> = sets.iter().map(step).collect();
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for s in own.iter().flatten() {
        let n = members.entry(&s.run).or_default();
        *n = n.saturating_add(1);
    }
    own.iter()
        .map(|s| {
            s.clone()
                .filter(|s| members.get(s.run.as_str()).is_some_and(|n| *n > 1))
        })
        .collect()
}

/// The index of the checkpoint before each model in its run; models come with what their paths say.
pub fn before(steps: &[Option<RunStep>]) -> Vec<Option<usize>> {
    let mut runs: BTreeMap<&str, BTreeMap<u64, usize>> = BTreeMap::new();
    for (place, own) in steps.iter().enumerate() {
        if let Some(own) = own {
            // Of one step the last.
            runs.entry(&own.run).or_default().insert(own.step, place);
        }
    }
    let one = |own: &Option<RunStep>| {
        let own = own.as_ref()?;
        let (_, place) = runs.get(own.run.as_str())?.range(..own.step).next_back()?;
        Some(*place)
    };
    steps.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_step() {
        let check = |name: &str, wanted: Option<(&str, u64)>| {
            assert_eq!(read(name), wanted.map(|(lead, step)| (lead.to_owned(), step)), "{name}");
        };
        check("checkpoint-500", Some(("", 500)));
        check("0000100_adapters", Some(("", 100)));
        check("mylora-000002", Some(("mylora", 2)));
        check("mylora-step00000500", Some(("mylora", 500)));
        check("flux_face_000001250", Some(("flux_face", 1250)));
        check("epoch=0-step=50", Some(("", 50)));
        check("bert-epoch=3-val_loss=0.12", Some(("bert", 3)));
        check("style_20250101", None);
        check("lora-128", None);
        check("model", None);
    }

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
