//! A base or model as it was named: the files it stands for, and the paths under which the session knows them.

use super::fault::Fault;
use super::hub;
use super::store::Store;
use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What was given, and where it lies.
pub struct Source {
    /// As it was written.
    pub given: String,
    place: Place,
    /// The parts of its path that names are made of, the last one its own.
    parts: Vec<String>,
    /// Nothing of its path is needed: it was given a name.
    labelled: bool,
    is_file: bool,
}

enum Place {
    /// A folder or a file.
    Path(PathBuf),
    /// Files that lie on no disk, with their paths below the source's own name.
    Held(Vec<(String, Arc<dyn Store>)>),
}

/// A file of a source.
pub struct Found {
    pub store: Arc<dyn Store>,
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
    /// A folder, a file or `hf:ORG/NAME[@REVISION]`; `LABEL=PATH` names it.
    pub fn of(given: &str) -> Result<Source, Fault> {
        match given.split_once('=') {
            Some((label, place)) if !exists(given) && !label.contains('/') && !label.is_empty() => {
                Source::at(given, place, Some(label))
            }
            _ => Source::at(given, given, None),
        }
    }

    /// A place, called by its own name or another.
    pub fn at(given: &str, place: &str, label: Option<&str>) -> Result<Source, Fault> {
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
            place: Place::Path(path),
            labelled: label.is_some(),
            parts: label.map_or(parts, |label| vec![label.to_owned()]),
            is_file: about.is_file(),
        })
    }

    /// Files that lie on no disk, under a name.
    pub fn held(label: &str, files: Vec<(String, Arc<dyn Store>)>) -> Source {
        Source {
            given: label.to_owned(),
            place: Place::Held(files),
            labelled: true,
            parts: vec![label.to_owned()],
            is_file: false,
        }
    }

    /// Every file, in the order of names; links are followed, since the Hub's cache is made of them.
    pub fn files(&self) -> Vec<Found> {
        let path = match &self.place {
            Place::Path(path) => path,
            Place::Held(files) => {
                let found = |(below, store): &(String, Arc<dyn Store>)| Found {
                    store: store.clone(),
                    below: below.clone(),
                };
                return files.iter().map(found).collect();
            }
        };
        if self.is_file {
            let beside = BESIDE.map(|name| path.with_file_name(name));
            let beside = beside.into_iter().filter(|path| self.is_standard() && path.is_file());
            let all = std::iter::once(path.clone()).chain(beside);
            return all.map(|path| Found::on_disk(name_of(&path), path)).collect();
        }
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        walk(path, "", DEEPEST, &mut seen, &mut all);
        all
    }

    fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Path(path) => Some(path),
            Place::Held(_) => None,
        }
    }

    /// Its file has the name that every model's has.
    fn is_standard(&self) -> bool {
        let name = self.path().map(name_of).unwrap_or_default();
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
            true => format!(
                "{}/{}",
                self.folder(count),
                self.path().map(name_of).unwrap_or_default()
            ),
            false => self.folder(count),
        }
    }
}

fn exists(path: &str) -> bool {
    Path::new(path).exists()
}

impl Found {
    fn on_disk(below: String, path: PathBuf) -> Found {
        let store = Arc::new(path);
        Found { store, below }
    }
}

/// The folder of the base and of each model: short, each its own, and of one folder where they are on disk, so that checkpoints of a run stay together
/// and those of two runs apart.
pub fn folders(base: &Source, models: &[&Source]) -> Result<(String, Vec<String>), Fault> {
    refuse_nested(base, models)?;
    let longest = models
        .iter()
        .copied()
        .chain([base])
        .map(|s| s.parts.len())
        .max()
        .unwrap_or(1);
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
fn refuse_nested(base: &Source, models: &[&Source]) -> Result<(), Fault> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let all: Vec<(&Source, PathBuf)> = std::iter::once(base)
        .chain(models.iter().copied())
        .filter_map(|s| Some((s, real(s.path()?))))
        .collect();
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
            _ => all.push(Found::on_disk(name, path)),
        }
    }
}
