//! A short walk through every fuzz target: the corpus, what a guided search reached from it (`found-*`), and mutants of the corpus from a seed. `npm run fuzz` does it in earnest, guided by what is reached;
//! without a build for it, `LORASCOPE_MUTANTS=N LORASCOPE_TARGET=report` takes a longer walk, of mutants of mutants, and says how long it was.

#[path = "fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Mutants of each file of the corpus; fewer where nearly each is drawn.
fn mutants(target: &str) -> u64 {
    if target == "report" { 200 } else { 1000 }
}

/// splitmix64 (Steele, Lea, Flood 2014)
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn mutant(seed: &[u8], state: &mut u64) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=next(state) % 4 {
        let at = next(state) as usize % bytes.len().max(1);
        match next(state) % 5 {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << (next(state) % 8),
            1 if !bytes.is_empty() => bytes[at] = next(state) as u8,
            2 => bytes.truncate(at),
            3 => bytes.splice(at..at, [0xff; 3]).for_each(drop),
            _ => {
                let to = (at + 8).min(bytes.len());
                bytes[at.min(to)..to].fill(0xff);
            }
        }
    }
    bytes
}

/// For a target by name: mutants of mutants, so many.
#[test]
fn a_longer_walk() {
    let asked = |name: &str| std::env::var(name).ok();
    let (Some(count), Some(name)) = (asked("LORASCOPE_MUTANTS"), asked("LORASCOPE_TARGET")) else {
        return;
    };
    let (count, start): (u64, _) = (count.parse().unwrap(), std::time::Instant::now());
    let (_, target) = targets::TARGETS.iter().find(|(n, _)| *n == name).unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(&name);
    let seeds = std::fs::read_dir(corpus)
        .unwrap()
        .map(|f| std::fs::read(f.unwrap().path()).unwrap());
    let seeds: Vec<Vec<u8>> = seeds.collect();
    let mut state: u64 = asked("LORASCOPE_FROM").map_or(1, |n| n.parse().unwrap());
    for at in 0..count {
        let mut bytes = seeds[next(&mut state) as usize % seeds.len()].clone();
        for _ in 0..=next(&mut state) % 6 {
            bytes = mutant(&bytes, &mut state);
        }
        // What is asked for is kept, for whoever finds the walk ended there.
        if let Some(path) = asked("LORASCOPE_LAST") {
            std::fs::write(path, &bytes).unwrap();
        }
        target(&bytes);
        if (at + 1) % 100_000 == 0 {
            println!("{name}: {} mutants, {:.0?}", at + 1, start.elapsed());
        }
    }
    println!("{name}: {count} mutants, {:.0?}", start.elapsed());
}

#[test]
fn no_target_fails_on_the_corpus_or_its_mutants() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut files: Vec<_> = std::fs::read_dir(corpus.join(name))
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no corpus");
        let mut state = 1;
        for file in files {
            let seed = std::fs::read(&file).unwrap();
            target(&seed);
            // What was found is a mutant itself, and there is much of it.
            if file
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("found-"))
            {
                continue;
            }
            (0..mutants(name)).for_each(|_| target(&mutant(&seed, &mut state)));
        }
    }
}

/// The fuzzer is a crate of its own, which no test builds: it must know every crate that the targets name.
#[test]
fn the_fuzzer_has_the_crates_that_its_targets_name() {
    let tests = include_str!("../Cargo.toml");
    let (own, targets) = (include_str!("fuzz/Cargo.toml"), include_str!("fuzz/targets.rs"));
    let crates: Vec<&str> = tests
        .lines()
        .filter_map(|line| line.split_once(" = "))
        // A list is a feature.
        .filter(|(_, is)| !is.starts_with('['))
        .map(|(name, _)| name)
        .filter(|name| targets.contains(&format!("{}::", name.replace('-', "_"))))
        .collect();
    assert!(crates.contains(&"serde_json"), "{crates:?}");
    for name in crates {
        assert!(
            own.contains(&format!("\n{name} = ")),
            "tests/fuzz/Cargo.toml lacks {name}"
        );
    }
}
