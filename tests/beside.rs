//! Independence of sets: an analysis never changes because another set is dropped beside it. Every case of the field and of the zoo beside every
//! other.
//!
//! All ordered pairs, as they lie and with the files shuffled by a hash of the pair, are held against the case alone as far as the plan goes: orientation, scale and
//! where it comes from, the names of the factors and where their bytes lie, what pairs with what, what is left out, and what is said of the
//! set. That needs no decomposition. A fixed sample of the pairs ([`SAMPLE`]) is computed and must agree number for number.
//! `LORASCOPE_BREADTH=full` shuffles every pair in 24 ways.

use crate::common::{Visit, fixtures, reference};
use lorascope::checkpoint::Reader;
use lorascope::plan::files::sets;
use lorascope::plan::files::{FileEntry, is_junk};
use lorascope::plan::job::{Job, Recipe};
use lorascope::plan::{Answers, Plan, PlanModel, Planned, make};
use lorascope::report::FileInfo;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Every case is computed beside the cases so many places further on, with steps that no family of cases has.
const SAMPLE: [usize; 2] = [11, 37];

/// A file set on disk, its headers read.
struct Case {
    name: String,
    root: PathBuf,
    files: Vec<String>,
    /// The files that are opened; the others are passed over by their names.
    entries: Vec<FileEntry>,
    junk: Vec<String>,
}

fn entry(path: &str, bytes: &[u8]) -> FileEntry {
    let mut reader = Reader::new(bytes.len() as u64);
    while let Some(range) = reader.wants() {
        reader.supply(&bytes[range.start as usize..range.end as usize]);
    }
    FileEntry {
        path: path.to_owned(),
        size: bytes.len() as u64,
        content: reader.content(),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for collection in ["field", "zoo"] {
        let mut names: Vec<String> = std::fs::read_dir(fixtures().join(collection))
            .unwrap()
            .filter_map(|e| e.unwrap().file_name().into_string().ok())
            .filter(|name| fixtures().join(collection).join(name).join("case.json").exists())
            .collect();
        names.sort();
        for name in names {
            let root = fixtures().join(collection).join(&name);
            let description = reference::read(&root.join("case.json"));
            let list = |key: &str| {
                let list = description[key].as_array().unwrap().iter();
                list.map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            let mut files = [list("base"), list("tuned")].concat();
            files.retain(|f| root.join(f).exists());
            let (junk, open): (Vec<String>, Vec<String>) = files.iter().cloned().partition(|f| is_junk(f));
            let entries = open
                .iter()
                .map(|f| entry(f, &std::fs::read(root.join(f)).unwrap()))
                .collect();
            cases.push(Case {
                name,
                root,
                files,
                entries,
                junk,
            });
        }
    }
    cases
}

/// The same order for the same seed.
fn shuffled<T>(mut list: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for i in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        list.swap(i, (state % (i as u64 + 1)) as usize);
    }
    list
}

fn first(files: &[FileInfo]) -> &str {
    files.first().map_or("", |f| f.name.as_str())
}

/// A plan as one case sees it: the base is its own, and everything is by the paths of its own files.
#[derive(Debug, PartialEq)]
struct Seen {
    /// The base: its storage and its types.
    base: String,
    /// By first file: what is said of a model, and how each matrix is made.
    models: BTreeMap<String, (PlanModel, Vec<(Job, Recipe)>)>,
    /// Problems, questions and what is left out, in words.
    said: BTreeSet<String>,
}

/// With the base question answered by the set that begins with that file; and the labels of all sets and models by their first files.
fn planned(entries: &[FileEntry], junk: &[String], base: &str, types: &str) -> (Planned, Vec<(String, String)>) {
    let sets = sets::group(entries)
        .into_iter()
        .map(|s| (s.first_path(entries).to_owned(), s.label));
    let mut labels: Vec<(String, String)> = sets.collect();
    let label = labels
        .iter()
        .find(|(file, _)| file == base)
        .map(|(_, label)| label.clone());
    let answers = [("base", label.unwrap_or_default()), ("types", types.to_owned())];
    let planned = make(entries, junk, &Answers(answers.map(|(k, v)| (k.to_owned(), v)).into()));
    labels.extend(
        planned
            .plan
            .models
            .iter()
            .map(|m| (first(&m.files).to_owned(), m.label.clone())),
    );
    (planned, labels)
}

/// `labels`: the labels of this plan, and those of the case alone.
fn seen(case: &Case, entries: &[FileEntry], mut planned: Planned, labels: &[(String, String)]) -> Seen {
    let own: BTreeSet<&str> = case.files.iter().map(String::as_str).collect();
    let is_own = |path: &str| own.contains(path) || own.iter().any(|f| f.starts_with(&format!("{path}/")));
    let mut renamed: Vec<&(String, String)> = labels.iter().filter(|(here, alone)| here != alone).collect();
    renamed.sort_by_key(|(here, _)| std::cmp::Reverse(here.len()));
    let rename = |text: &str| {
        renamed
            .iter()
            .fold(text.to_owned(), |text, (here, alone)| text.replace(here, alone))
    };
    let place = |file: u32| {
        entries
            .get(file as usize)
            .and_then(|e| case.entries.iter().position(|o| o.path == e.path))
    };
    for job in &mut planned.jobs {
        job.renumber(|file| place(file).map_or(u32::MAX, |at| at as u32));
    }
    let Plan {
        models,
        problems,
        questions,
        left_out,
        base,
        ..
    } = planned.plan;
    let base = base.map(|b| (b.dtype, b.layers, b.types, b.matrices));
    let mut by_model = BTreeMap::new();
    for (index, mut model) in models.into_iter().enumerate().filter(|(_, m)| is_own(first(&m.files))) {
        let file = first(&model.files).to_owned();
        let recipes = planned.jobs.iter().filter_map(|job| {
            let at = job.tuned.iter().position(|(m, _)| *m as usize == index)?;
            let alone = Job {
                tuned: vec![],
                follows: vec![],
                ..job.clone()
            };
            Some((alone, job.tuned[at].1.clone()))
        });
        model.label = rename(&model.label);
        let mut recipes: Vec<_> = recipes.collect();
        recipes.sort_by(|a, b| a.0.base.name.cmp(&b.0.base.name));
        by_model.insert(format!("{file} {}", model.label), (model, recipes));
    }
    let mut said = BTreeSet::new();
    for p in problems.iter().filter(|p| p.file.as_deref().is_some_and(is_own)) {
        said.insert(rename(&format!("{p:?}")));
    }
    let own_labels: Vec<&str> = labels.iter().map(|(here, _)| here.as_str()).collect();
    for q in &questions {
        if q.id
            .split_once(':')
            .is_some_and(|(_, label)| own_labels.contains(&label))
        {
            said.insert(rename(&format!("{q:?}")));
        }
    }
    for l in &left_out {
        let of = |start: &str| {
            own_labels
                .iter()
                .any(|label| l.what.starts_with(&format!("{start}{label}:")))
        };
        if of("matrices of ") || of("modules of ") || of("") {
            let names: BTreeSet<&String> = l.names.iter().collect();
            said.insert(rename(&format!("{} {names:?}", l.what)));
        }
    }
    Seen {
        base: format!("{base:?}"),
        models: by_model,
        said,
    }
}

/// A case by itself: its base, the types of it that are switched on, and what is seen.
struct Alone {
    base: String,
    types: String,
    labels: Vec<(String, String)>,
    seen: Seen,
}

fn alone(case: &Case) -> Option<Alone> {
    let plan = make(&case.entries, &case.junk, &Answers::default()).plan;
    let base = first(&plan.base.as_ref()?.files).to_owned();
    let kinds = plan
        .types
        .iter()
        .map(|t| t.kind.as_str())
        .filter(|k| !["embedding", "outside"].contains(k));
    let types = kinds.collect::<Vec<_>>().join(",");
    let (planned, labels) = planned(&case.entries, &case.junk, &base, &types);
    let same: Vec<_> = labels.iter().map(|(_, l)| (l.clone(), l.clone())).collect();
    let seen = seen(case, &case.entries, planned, &same);
    Some(Alone {
        base,
        types,
        labels,
        seen,
    })
}

/// Two cases dropped together, the second in a folder of its own: the entries in the order of arrival.
fn together(case: &Case, other: &Case, seed: u64) -> (Vec<FileEntry>, Vec<String>) {
    let moved = |e: &FileEntry| FileEntry {
        path: format!("other/{}", e.path),
        ..e.clone()
    };
    let others = other.entries.iter().map(moved);
    let own = case.entries.iter().cloned();
    let entries: Vec<FileEntry> = match seed {
        0 => own.chain(others).collect(),
        seed if seed.is_multiple_of(2) => shuffled(others.collect(), seed)
            .into_iter()
            .chain(shuffled(own.collect(), seed))
            .collect(),
        seed => shuffled(own.chain(others).collect(), seed),
    };
    let junk = other.junk.iter().map(|j| format!("other/{j}"));
    (entries, case.junk.iter().cloned().chain(junk).collect())
}

#[track_caller]
fn unchanged(case: &Case, alone: &Alone, other: &Case, seed: u64, faults: &mut Vec<String>) {
    let (entries, junk) = together(case, other, seed);
    let (planned, here) = planned(&entries, &junk, &alone.base, &alone.types);
    // Of one file there may be several models: they come in the same order.
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (file, label) in &alone.labels {
        let at = alone
            .labels
            .iter()
            .filter(|(f, _)| f == file)
            .position(|(_, l)| l == label)
            .unwrap_or(0);
        if let Some((_, here)) = here.iter().filter(|(f, _)| f == file).nth(at) {
            pairs.push((here.clone(), label.clone()));
        }
    }
    let found = seen(case, &entries, planned, &pairs);
    if found != alone.seen {
        let where_ = format!("{} beside {} ({seed})", case.name, other.name);
        faults.push(format!("{where_}: {}", difference(&alone.seen, &found)));
    }
}

/// Where two texts part.
fn apart(found: &str, wanted: &str) -> String {
    let at = found.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
    let shown = |text: &str| text.chars().skip(at.saturating_sub(120)).take(320).collect::<String>();
    format!("{}\n   not {}", shown(found), shown(wanted))
}

/// The first thing that differs, in words.
fn difference(alone: &Seen, beside: &Seen) -> String {
    if alone.base != beside.base {
        return format!("base {}\n   not {}", beside.base, alone.base);
    }
    for (file, wanted) in &alone.models {
        let Some(found) = beside.models.get(file) else {
            return format!("no model {file} in {:?}", beside.models.keys());
        };
        if wanted.0 != found.0 {
            return apart(&format!("{:?}", found.0), &format!("{:?}", wanted.0));
        }
        if let Some((w, f)) = wanted.1.iter().zip(&found.1).find(|(w, f)| w != f) {
            return apart(&format!("{f:?}"), &format!("{w:?}"));
        }
        if wanted.1.len() != found.1.len() {
            return format!("{file}: {} matrices, not {}", found.1.len(), wanted.1.len());
        }
    }
    let more: Vec<_> = beside.said.difference(&alone.said).collect();
    let less: Vec<_> = alone.said.difference(&beside.said).collect();
    format!(
        "also said {more:#?}\n   not said {less:#?} models {:?}",
        beside.models.keys()
    )
}

#[test]
fn a_plan_is_the_same_whatever_lies_beside_it() {
    let cases = cases();
    let alone: Vec<Option<Alone>> = cases.iter().map(alone).collect();
    assert!(cases.len() > 75 && alone.iter().flatten().count() > 70);
    let full = std::env::var("LORASCOPE_BREADTH").is_ok_and(|b| b == "full");
    let jobs: Vec<(usize, usize)> = (0..cases.len())
        .flat_map(|i| (0..cases.len()).map(move |j| (i, j)))
        .filter(|(i, j)| i != j)
        .collect();
    let run = |(i, j): &(usize, usize)| {
        let mut faults = Vec::new();
        if let Some(alone) = &alone[*i] {
            let own = (i * cases.len() + j) as u64;
            // As they lie, before the other; and shuffled together, each pair otherwise: mostly behind it or between its files.
            let seeds = [0]
                .into_iter()
                .chain((0..if full { 24 } else { 1 }).map(|n| 1 + own + 7919 * n));
            seeds.for_each(|seed| unchanged(&cases[*i], alone, &cases[*j], seed, &mut faults));
        }
        faults
    };
    let halves = jobs.split_at(jobs.len() / 2);
    let faults: Vec<String> = std::thread::scope(|scope| {
        let other = scope.spawn(|| halves.1.iter().flat_map(run).collect::<Vec<_>>());
        let own: Vec<String> = halves.0.iter().flat_map(run).collect();
        [own, other.join().unwrap()].concat()
    });
    assert!(
        faults.is_empty(),
        "{} of {} pairs:\n{}",
        faults.len(),
        jobs.len(),
        faults[..faults.len().min(40)].join("\n")
    );
}

#[test]
fn numbers_are_the_same_whatever_lies_beside_it() {
    let cases = cases();
    let mut compared = 0;
    for (i, case) in cases.iter().enumerate() {
        let Some(alone) = alone(case) else { continue };
        let report = |other: Option<&Case>| {
            let mut visit = Visit::open(&case.root, &[]);
            if let Some(other) = other {
                other
                    .files
                    .iter()
                    .for_each(|f| visit.add_as(&other.root.join(f), &format!("other/{f}")));
            }
            case.files.iter().for_each(|f| visit.add(&case.root, f));
            let plan = visit.plan(&[]);
            let label = plan
                .questions
                .iter()
                .filter(|q| q.id == "base")
                .flat_map(|q| &q.options)
                .find(|o| {
                    visit
                        .plan(&[("base", &o.value)])
                        .base
                        .is_some_and(|b| first(&b.files) == alone.base)
                });
            let label = label.map(|o| o.value.clone()).unwrap_or_default();
            let report = visit.run_with(&[("base", &label), ("types", &alone.types)]);
            let own = |m: &lorascope::report::Model| case.files.iter().any(|f| f == first(&m.files));
            let models = report.models.into_iter().filter(own);
            let sorted = |mut m: lorascope::report::Model| {
                m.matrices.sort_by(|a, b| a.name.cmp(&b.name));
                (first(&m.files).to_owned(), m.matrices)
            };
            models.map(sorted).collect::<BTreeMap<_, _>>()
        };
        let wanted = report(None);
        for step in SAMPLE {
            let other = &cases[(i + step) % cases.len()];
            assert!(report(Some(other)) == wanted, "{} beside {}", case.name, other.name);
            compared += wanted.values().map(Vec::len).sum::<usize>();
        }
    }
    assert!(compared > 1000, "{compared}");
}
