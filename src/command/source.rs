//! A BASE or MODEL of the command line: the files it stands for, and the paths under which the session knows them.

use super::end::Fault;
use super::hub;
use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What was given, and where it lies.
#[derive(Debug)]
pub struct Source {
    /// As it was written.
    pub given: String,
    path: PathBuf,
    /// The parts of its path that names are made of, the last one its own.
    parts: Vec<String>,
    /// Nothing of its path is needed: it was given a name.
    labelled: bool,
    is_file: bool,
}

/// A file of a source.
#[derive(Debug)]
pub struct Found {
    pub path: PathBuf,
    /// Below the source's own name; empty for a file that was given itself.
    below: String,
}

/// Folders that other tools keep for themselves, as on the page: no checkpoint lies there.
const TOOLS: [&str; 10] = [
    ".git",
    ".svn",
    ".hg",
    ".idea",
    ".vscode",
    ".venv",
    ".ipynb_checkpoints",
    "__MACOSX",
    "__pycache__",
    "node_modules",
];

/// Names that libraries give to every model: the folder says which one it is, and holds its configuration.
const STANDARD: [&str; 5] = [
    "model",
    "adapter_model",
    "pytorch_model",
    "adapters",
    "diffusion_pytorch_model",
];
/// Files that are read with a file of a standard name.
const BESIDE: [&str; 2] = ["adapter_config.json", "config.json"];
/// Folders within folders, at most.
const DEEPEST: usize = 16;

impl Source {
    pub fn of(given: &str) -> Result<Source, Fault> {
        let exists = |path: &str| Path::new(path).exists();
        let (label, place) = match given.split_once('=') {
            Some((label, place)) if !exists(given) && !label.contains('/') && !label.is_empty() => {
                (Some(label.to_owned()), place)
            }
            _ => (None, given),
        };
        let (path, parts) = match place.strip_prefix("hf:") {
            Some(address) if !exists(place) => {
                let found = hub::find(address).map_err(Fault::Unreadable)?;
                (found.folder, found.parts)
            }
            _ => (PathBuf::from(place), parts(Path::new(place))),
        };
        let about = fs::metadata(&path)
            .map_err(|why| Fault::Unreadable(format!("{place}: {why}. Give a folder, a file, or hf:ORG/NAME.")))?;
        if about.is_file() == about.is_dir() {
            return Err(Fault::Usage(format!("{place} is neither a file nor a folder.")));
        }
        Ok(Source {
            given: given.to_owned(),
            path,
            labelled: label.is_some(),
            parts: label.map_or(parts, |label| vec![label]),
            is_file: about.is_file(),
        })
    }

    /// Every file, in the order of names; links are followed, since the Hub's cache is made of them.
    pub fn files(&self) -> Vec<Found> {
        if self.is_file {
            let found = |path: PathBuf| Found {
                below: name_of(&path),
                path,
            };
            let beside = BESIDE.map(|name| self.path.with_file_name(name));
            let beside = beside.into_iter().filter(|path| self.is_standard() && path.is_file());
            return std::iter::once(self.path.clone()).chain(beside).map(found).collect();
        }
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        walk(&self.path, "", DEEPEST, &mut seen, &mut all);
        all
    }

    /// Its file has the name that every model's has.
    fn is_standard(&self) -> bool {
        let name = name_of(&self.path);
        let stem = name.split('.').next().unwrap_or_default();
        let stem = stem.split("-0").next().unwrap_or_default();
        self.is_file && STANDARD.contains(&stem)
    }

    /// The folder that its files lie in, as the session knows it, from the last `count` parts of its path.
    fn folder(&self, count: usize) -> String {
        let parts = match (self.is_file && !self.labelled, self.is_standard()) {
            // The folder of the file; or, where the file has a name of its own, nothing until another file has the same.
            (true, true) => last(parents(&self.parts), count),
            (true, false) => last(parents(&self.parts), count.saturating_sub(1)),
            (false, _) => last(&self.parts, count),
        };
        parts.join("/")
    }

    /// The path of a file in a session.
    pub fn name(&self, folder: &str, file: &Found) -> String {
        match folder.is_empty() {
            true => file.below.clone(),
            false => format!("{folder}/{}", file.below),
        }
    }

    /// What tells it from the others, with so many parts.
    fn identity(&self, count: usize) -> String {
        match self.is_file && !self.is_standard() {
            true => format!("{}/{}", self.folder(count), name_of(&self.path)),
            false => self.folder(count),
        }
    }
}

/// The folder of the base and of each model: short, each its own, and of one folder where they are on disk, so that checkpoints of a run stay together
/// and those of two runs apart.
pub fn folders(base: &Source, models: &[Source]) -> Result<(String, Vec<String>), Fault> {
    refuse_nested(base, models)?;
    let longest = models.iter().chain([base]).map(|s| s.parts.len()).max().unwrap_or(1);
    let fits = |count: &usize| {
        let names: HashSet<String> = models.iter().map(|s| s.identity(*count)).collect();
        let folders = || {
            models
                .iter()
                .filter(|s| !s.is_file && !s.labelled)
                .map(|s| parents(&s.parts))
        };
        let above: HashSet<&[String]> = folders().collect();
        let shown: HashSet<&[String]> = folders().map(|above| last(above, count - 1)).collect();
        names.len() == models.len() && shown.len() == above.len()
    };
    let count = (1..=longest).find(fits).unwrap_or(longest);
    let all: Vec<String> = models.iter().map(|s| s.folder(count)).collect();
    let identities: HashSet<String> = models.iter().map(|s| s.identity(count)).collect();
    if identities.len() < models.len() {
        return Err(Fault::Usage(
            "Two models have the same name. Name them: LABEL=PATH, each with another label.".into(),
        ));
    }
    let apart = |n: &usize| {
        let own = base.folder(*n);
        let nested = |other: &String| is_within(other, &own) || is_within(&own, other);
        !identities.contains(&base.identity(*n)) && (own.is_empty() || !all.iter().any(nested))
    };
    let count = (1..=longest).find(apart).ok_or_else(|| {
        Fault::Usage(format!(
            "The base “{}” has the name of a model. Name it: base={}",
            base.folder(1),
            base.given
        ))
    })?;
    Ok((base.folder(count), all))
}

/// A folder in another is read with it: its files would count twice.
fn refuse_nested(base: &Source, models: &[Source]) -> Result<(), Fault> {
    let real = |s: &Source| fs::canonicalize(&s.path).unwrap_or_else(|_| s.path.clone());
    let all: Vec<(&Source, PathBuf)> = std::iter::once(base).chain(models).map(|s| (s, real(s))).collect();
    for (at, (one, path)) in all.iter().enumerate() {
        for (_, (other, around)) in all.iter().enumerate().filter(|(other, _)| *other != at) {
            if path.starts_with(around) {
                return Err(Fault::Usage(match path == around {
                    true => format!("{} is given twice.", one.given),
                    false => format!("{} lies inside {}: give one of them.", one.given, other.given),
                }));
            }
        }
    }
    Ok(())
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn parents(parts: &[String]) -> &[String] {
    parts.split_last().map_or(&[], |(_, above)| above)
}

fn last(parts: &[String], count: usize) -> &[String] {
    &parts[parts.len() - count.min(parts.len())..]
}

/// The parts of a path from the root on. Of a folder in the Hub's cache its repository: a hash says nothing.
fn parts(path: &Path) -> Vec<String> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut parts: Vec<String> = Vec::new();
    for part in whole.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => drop(parts.pop()),
            _ => {}
        }
    }
    let cached = parts.iter().position(|p| p.starts_with("models--"));
    match cached.map(|at| (at, parts.get(at + 1).map(String::as_str))) {
        Some((at, Some("snapshots"))) => {
            let repository = parts[at].split("--").skip(1).map(str::to_owned);
            repository.chain(parts.iter().skip(at + 3).cloned()).collect()
        }
        _ => parts,
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn walk(folder: &Path, below: &str, deep: usize, seen: &mut HashSet<PathBuf>, all: &mut Vec<Found>) {
    // A link may lead back up.
    let fresh = fs::canonicalize(folder).is_ok_and(|real| seen.insert(real));
    let (true, Ok(entries)) = (fresh && deep > 0, fs::read_dir(folder)) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = format!("{below}{}", name_of(&path));
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => {
                if !TOOLS.contains(&name_of(&path).as_str()) {
                    walk(&path, &format!("{name}/"), deep - 1, seen, all);
                }
            }
            // What is neither (a pipe, a socket) would wait for ever.
            Ok(about) if !about.is_file() => {}
            // A link to nothing stays in the list: that it cannot be read is said.
            _ => all.push(Found { path, below: name }),
        }
    }
}
