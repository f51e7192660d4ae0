//! Finished matrices, kept in a folder by a hash of everything that their numbers depend on. Any number of processes may share it: a file is whole
//! or not there, and under one name lies one content.

use super::whole::whole;
use crate::plan::job::Job;
use crate::report::{Matrix, Mode, Status, Task};
use crate::session::keys;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;

/// A folder of results.
#[derive(Debug)]
pub struct Kept(pub PathBuf);

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Kept {
    /// The results of all models of a matrix, else none: those for this very task, else exact ones, which answer every task.
    pub fn recall(&self, job: &Job, task: &Task, digests: &[String]) -> Option<Vec<(u32, Matrix)>> {
        let modes = [task.mode, Mode::Exact];
        modes.into_iter().find_map(|mode| {
            let keys = keys(job, &Task { mode, ..*task });
            let one = |(model, tensors, recipe): &(u32, Vec<u32>, String)| {
                let text = fs::read_to_string(self.path(recipe, tensors, digests)?).ok()?;
                let found: Matrix = serde_json::from_str(&text).ok()?;
                // The files may have been named otherwise.
                let named = Matrix {
                    name: job.base.name.clone(),
                    layer: job.layer,
                    kind: job.kind.clone(),
                    ..found
                };
                Some((*model, named))
            };
            let found: Option<Vec<_>> = keys.iter().map(one).collect();
            found.filter(|found| !found.is_empty())
        })
    }

    /// Keeps results; a failed one is not: another time it may succeed. The error is the first file that cannot be written.
    pub fn keep(&self, job: &Job, task: &Task, digests: &[String], found: &[(u32, Matrix)]) -> Result<(), String> {
        for (model, tensors, recipe) in keys(job, task) {
            let own = found.iter().find(|(of, m)| *of == model && m.status != Status::Failed);
            let (Some((_, matrix)), Some(path)) = (own, self.path(&recipe, &tensors, digests)) else {
                continue;
            };
            let json = serde_json::to_vec(matrix).map_err(|why| why.to_string())?;
            whole(&path, &json).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Ok(())
    }

    /// Addressed as the page addresses its own: the recipe in words, then the hash of every tensor.
    fn path(&self, recipe: &str, tensors: &[u32], digests: &[String]) -> Option<PathBuf> {
        let hashes = tensors.iter().map(|at| digests.get(*at as usize).map(String::as_str));
        let parts: Option<Vec<&str>> = std::iter::once(Some(recipe)).chain(hashes).collect();
        let address = sha256(&serde_json::to_vec(&parts?).ok()?);
        let (first, rest) = address.split_at(2);
        Some(self.0.join(first).join(format!("{rest}.json")))
    }
}
