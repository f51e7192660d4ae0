//! The files of a session as the plan sees them.

pub(super) mod bystanders;
pub(super) mod companions;
pub(super) mod components;
pub(super) mod copies;
pub(super) mod folders;
pub(super) mod foreign;
pub(super) mod packing;
pub(super) mod problems;
pub(super) mod ranks;
pub(super) mod run;
pub(super) mod samples;
pub(super) mod schemes;
pub mod sets;

use crate::checkpoint::{Content, Header};
use crate::error::Error;
use crate::plan::job::TensorRef;
use crate::plan::names::experts::{self, slices};

/// Limits on the matrices that the tensors of experts of one file may stand for: so many whatever its size, one more per so many bytes, and
/// so many at most. The largest mixtures have 70,000 experts of megabytes each.
const FREE_EXPERTS: u64 = 1 << 16;
const BYTES_OF_EXPERT: u64 = 256;
const MOST_EXPERTS: u64 = 500_000;

/// A file whose tensors stand for more than its size allows is not used.
pub fn within_limits(content: Content, size: u64) -> Result<Content, Error> {
    if let Content::Tensors(header) = &content {
        let allowed = (size / BYTES_OF_EXPERT).saturating_add(FREE_EXPERTS).min(MOST_EXPERTS);
        let mut all = 0u64;
        for t in &header.tensors {
            all = all.saturating_add(experts::at_most(&t.name, &t.shape));
            if all > allowed {
                return Err(Error::TooManyExperts {
                    tensor: t.name.clone(),
                    allowed,
                });
            }
        }
    }
    Ok(content)
}

/// All tensors of one model, from all its files.
pub type Tensors = Vec<TensorRef>;

/// One file and what it turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEntry {
    /// The path as dropped: `lora_r8/adapter_model.safetensors`, or the bare name.
    pub path: String,
    pub size: u64,
    pub content: Result<Content, Error>,
}

impl FileEntry {
    /// The folder, without a trailing slash; empty for a bare file.
    pub fn folder(&self) -> &str {
        #[cfg(test)]
        crate::steps::step();
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub fn name(&self) -> &str {
        #[cfg(test)]
        crate::steps::step();
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn header(&self) -> Option<&Header> {
        #[cfg(test)]
        crate::steps::step();
        match &self.content {
            Ok(Content::Tensors(header)) => Some(header.as_ref()),
            _ => None,
        }
    }

    /// The tensors with the file's index, experts one by one.
    pub fn tensors(&self, file: usize) -> Tensors {
        let tensors = self.header().map(|h| h.tensors.as_slice()).unwrap_or_default();
        tensors
            .iter()
            .flat_map(|t| {
                slices(TensorRef {
                    file: file as u32,
                    name: t.name.clone(),
                    dtype: t.dtype.clone(),
                    shape: t.shape.clone(),
                    begin: t.begin,
                    end: t.end,
                    by_columns: t.by_columns,
                    columns: None,
                    rows: None,
                    packing: None,
                })
            })
            .collect()
    }
}

/// Below a folder that programs keep for themselves: `.git`, `.cache`. The Hub's cache as a whole is dropped from above.
fn is_hidden(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1).collect::<Vec<_>>();
    if folders.last() == Some(&".cache") {
        folders.pop();
    }
    folders.iter().any(|f| f.starts_with('.') && ![".", ".."].contains(f))
}

/// Names of files that lie beside checkpoints and hold no weights of the model; they are not opened.
pub fn is_junk(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    // Pieces that are of use to the library only that saved them.
    if is_hidden(path) || name == "latest" || crate::plan::files::companions::pieces_of(path).is_some() {
        return true;
    }
    let starts = [
        "optimizer.",
        "scheduler.",
        "scaler.",
        "rng_state",
        "random_states",
        "training_args",
        "tokenizer",
        "vocab",
        "merges",
        "special_tokens",
        "events.out",
        "readme",
        "license",
        ".",
    ];
    let ends = [
        ".md",
        ".txt",
        ".py",
        ".ipynb",
        ".png",
        ".jpg",
        ".jpeg",
        ".svg",
        ".csv",
        ".yaml",
        ".yml",
        ".jsonl",
        ".log",
        ".onnx",
        ".msgpack",
        ".model",
        ".tiktoken",
        ".jinja",
        ".parquet",
        ".lock",
        ".toml",
    ];
    starts.iter().any(|s| name.starts_with(s)) || ends.iter().any(|e| name.ends_with(e))
}
