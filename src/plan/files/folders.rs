//! The files of a plan by their folders: what lies beside a file is found without a look at all the others.

use super::FileEntry;
use super::components::{Component, of_folder};
use super::sets::{OWN, plain_stem};
use crate::checkpoint::{Content, Header, ModelConfig};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Deref;

/// All files, in the order of arrival.
pub struct Files<'a> {
    all: &'a [FileEntry],
    folders: HashMap<&'a str, Folder<'a>>,
    /// By the folder above: what the folders with weights are in a pipeline.
    pipelines: HashMap<&'a str, BTreeSet<Component>>,
}

/// The files of one folder, by kind; numbers are places in the order of arrival.
#[derive(Default)]
pub struct Folder<'a> {
    by_name: HashMap<&'a str, Vec<usize>>,
    weights: Vec<usize>,
    /// The number of adapters' configurations.
    pub adapter_configs: usize,
    model_configs: Vec<usize>,
    /// Whether a file here holds a tensor.
    pub has_weights: bool,
    /// Whether weights lie here that are not in the makers' own files.
    pub has_converted: bool,
    /// The one of them that stands for all.
    config: OnceCell<Option<usize>>,
    names: OnceCell<HashSet<&'a str>>,
    tables: OnceCell<HashMap<String, Vec<Table<'a>>>>,
}

/// The tensors of one file with their shapes, in order.
pub type Table<'a> = Vec<(&'a str, &'a [u64])>;

pub fn table(header: &Header) -> Table<'_> {
    let mut all: Table = header
        .tensors
        .iter()
        .map(|t| (t.name.as_str(), t.shape.as_slice()))
        .collect();
    all.sort_unstable();
    all
}

impl Deref for Files<'_> {
    type Target = [FileEntry];

    fn deref(&self) -> &[FileEntry] {
        self.all
    }
}

impl<'a> Files<'a> {
    pub fn new(all: &'a [FileEntry]) -> Files<'a> {
        let mut folders: HashMap<&str, Folder> = HashMap::new();
        let mut pipelines: HashMap<&str, BTreeSet<Component>> = HashMap::new();
        for (at, entry) in all.iter().enumerate() {
            let folder = folders.entry(entry.folder()).or_default();
            folder.by_name.entry(entry.name()).or_default().push(at);
            match &entry.content {
                Ok(Content::Tensors(header)) => {
                    folder.has_weights |= !header.tensors.is_empty();
                    folder.weights.push(at);
                    folder.has_converted |= !entry.name().starts_with(OWN);
                }
                Ok(Content::AdapterConfig(_)) => folder.adapter_configs = folder.adapter_configs.saturating_add(1),
                Ok(Content::ModelConfig(_)) => folder.model_configs.push(at),
                _ => {}
            }
            if let Some(component) = of_folder(entry.folder()).filter(|_| entry.header().is_some()) {
                pipelines.entry(above(entry.folder())).or_default().insert(component);
            }
        }
        Files {
            all,
            folders,
            pipelines,
        }
    }

    /// All files, borrowed for as long as the entries themselves.
    pub fn all(&self) -> &'a [FileEntry] {
        self.all
    }

    pub fn folder(&self, folder: &str) -> Option<&Folder<'a>> {
        self.folders.get(folder)
    }

    /// The files of that name in a folder.
    pub fn named(&self, folder: &str, name: &str) -> impl Iterator<Item = &'a FileEntry> {
        let places = self.folders.get(folder).and_then(|f| f.by_name.get(name));
        places.into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// The `config.json` in a folder; where there are several, they have to agree.
    pub fn config(&self, folder: &str) -> Option<&'a ModelConfig> {
        let of = |at: &usize| match self.all.get(*at).map(|e| &e.content) {
            Some(Ok(Content::ModelConfig(config))) => Some(config),
            _ => None,
        };
        let own = self.folders.get(folder)?;
        let agreed = own.config.get_or_init(|| {
            let first = own.model_configs.first().copied()?;
            let config = of(&first)?;
            let mut all = own.model_configs.iter().filter_map(of);
            all.all(|c| c == config).then_some(first)
        });
        agreed.as_ref().and_then(of)
    }

    /// The names of all tensors in a folder.
    pub fn tensor_names(&self, folder: &str) -> Option<&HashSet<&'a str>> {
        let own = self.folders.get(folder)?;
        Some(own.names.get_or_init(|| {
            let headers = own.weights.iter().filter_map(|at| self.all.get(*at)?.header());
            headers.flat_map(|h| &h.tensors).map(|t| t.name.as_str()).collect()
        }))
    }

    /// The tensors of the safetensors files in a folder that have a plain stem.
    pub fn tables(&self, folder: &str, stem: &str) -> &[Table<'a>] {
        let Some(own) = self.folders.get(folder) else {
            return &[];
        };
        let all = own.tables.get_or_init(|| {
            let mut all: HashMap<String, Vec<Table>> = HashMap::new();
            for entry in own.weights.iter().filter_map(|at| self.all.get(*at)) {
                if let Some(header) = entry.header().filter(|h| !h.is_torch) {
                    all.entry(plain_stem(entry.name())).or_default().push(table(header));
                }
            }
            all
        });
        all.get(stem).map_or(&[], Vec::as_slice)
    }

    /// The number of a pipeline's models in the folders below one.
    pub fn components_below(&self, folder: &str) -> usize {
        self.pipelines.get(folder).map_or(0, BTreeSet::len)
    }
}

/// The folder that holds a folder.
pub fn above(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(above, _)| above)
}
