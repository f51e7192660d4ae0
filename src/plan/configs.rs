//! Which adapter_config.json belongs to which adapter.

use super::files::FileEntry;
use super::job::TensorRef;
use super::leaf::{Part, leaf};
use super::sets::FileSet;
use crate::checkpoint::{AdapterConfig, Content, ModelConfig};
use std::collections::BTreeSet;

/// A configuration and the file it came from.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    pub file: usize,
    pub config: &'a AdapterConfig,
}

/// For every set the configuration of its folder, and the configurations that belong to none.
///
/// A folder normally holds one adapter and one configuration. Files chosen without their folders all look alike
/// (`adapter_model.safetensors` three times): then the nearest in the order of arrival whose rank agrees is taken.
pub fn assign<'a>(entries: &'a [FileEntry], sets: &[FileSet]) -> (Vec<Option<ConfigFile<'a>>>, Vec<ConfigFile<'a>>) {
    let mut free: Vec<ConfigFile> = entries
        .iter()
        .enumerate()
        .filter_map(|(file, e)| match &e.content {
            Ok(Content::AdapterConfig(config)) => Some(ConfigFile { file, config }),
            _ => None,
        })
        .collect();
    let mut assigned: Vec<Option<ConfigFile>> = vec![None; sets.len()];
    // Pairs that agree in rank come first, then the nearest; each configuration serves once.
    let mut pairs: Vec<(bool, usize, usize, usize)> = Vec::new();
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter) {
        let ranks = ranks(set);
        for c in free.iter().filter(|c| entries[c.file].folder() == set.folder) {
            let agrees = c.config.refusal.is_some() || ranks.is_empty() || ranks.contains(&c.config.r) || !c.config.rank_pattern.is_empty();
            let distance = set.files.iter().map(|f| f.abs_diff(c.file)).min().unwrap_or(usize::MAX);
            pairs.push((!agrees, distance, s, c.file));
        }
    }
    pairs.sort_unstable();
    for (_, _, s, file) in pairs {
        if assigned[s].is_none()
            && let Some(at) = free.iter().position(|c| c.file == file)
        {
            assigned[s] = Some(free.remove(at));
        }
    }
    share(&mut assigned, entries, sets);
    (assigned, free)
}

/// One configuration serves all adapters of its folder, where it is the only one there: mlx-lm numbers its checkpoints beside it.
fn share<'a>(assigned: &mut [Option<ConfigFile<'a>>], entries: &'a [FileEntry], sets: &[FileSet]) {
    for (s, set) in sets.iter().enumerate().filter(|(_, set)| set.is_adapter && !set.folder.is_empty()) {
        let own = |e: &FileEntry| e.folder() == set.folder && matches!(e.content, Ok(Content::AdapterConfig(_)));
        if assigned[s].is_none() && entries.iter().filter(|e| own(e)).count() == 1 {
            assigned[s] = (0..sets.len()).filter(|o| sets[*o].folder == set.folder).find_map(|o| assigned[o]);
        }
    }
}

fn ranks(set: &FileSet) -> BTreeSet<u64> {
    let of_a = |t: &TensorRef| leaf(&t.name).filter(|l| l.part == Part::Of("lora_A")).and(t.shape.first().copied());
    set.tensors.iter().filter_map(of_a).collect()
}

/// The `config.json` in a folder; for files without a folder, the only one there is.
pub fn model<'a>(entries: &'a [FileEntry], folder: &str) -> Option<&'a ModelConfig> {
    let mut configs = entries.iter().filter(|e| e.folder() == folder).filter_map(|e| match &e.content {
        Ok(Content::ModelConfig(config)) => Some(config),
        _ => None,
    });
    let first = configs.next()?;
    configs.all(|c| c == first).then_some(first)
}
