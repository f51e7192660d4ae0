//! The local cache of the Hugging Face Hub: `org/name@revision` to the folder of its files. Nothing is fetched.
//!
//! The layout is public: `models--org--name/refs/REVISION` holds the hash of a commit, `snapshots/HASH/` its files, as links into `blobs/`
//! (<https://huggingface.co/docs/hub/local-cache>).

use std::env::var_os;
use std::fs;
use std::path::{Path, PathBuf};

/// A repository in the cache.
#[derive(Debug, PartialEq)]
pub struct Cached {
    /// Owner and name; old models have a name alone.
    pub parts: Vec<String>,
    pub folder: PathBuf,
}

/// The folder of `org/name[@revision]`; the error says what to do.
pub fn find(address: &str) -> Result<Cached, String> {
    let cache = cache().ok_or("hf: the cache has no place: set HF_HUB_CACHE to its folder.")?;
    find_in(&cache, address)
}

fn find_in(cache: &Path, address: &str) -> Result<Cached, String> {
    let (name, revision) = address.split_once('@').unwrap_or((address, "main"));
    let parts: Vec<String> = name.split('/').map(str::to_owned).collect();
    if !(1..=2).contains(&parts.len()) || !parts.iter().all(|p| is_plain(p)) || !revision.split('/').all(is_plain) {
        return Err(format!(
            "hf:{address} is not the address of a model. Write hf:ORG/NAME or hf:ORG/NAME@REVISION."
        ));
    }
    let repository = cache.join(format!("models--{}", parts.join("--")));
    let named = fs::read_to_string(repository.join("refs").join(revision)).ok();
    let commit = named.as_deref().map_or(revision, str::trim);
    let folder = repository.join("snapshots").join(commit);
    if is_plain(commit) && folder.is_dir() {
        return Ok(Cached { parts, folder });
    }
    Err(format!(
        "hf:{address} is not in the local cache ({}), and nothing is fetched from the network. Fetch it once:\n  hf download {name} --revision {revision}",
        cache.display()
    ))
}

/// One part of a path that leads nowhere else.
fn is_plain(part: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !part.is_empty() && !part.starts_with('.') && part.chars().all(known)
}

/// As huggingface_hub looks for it.
fn cache() -> Option<PathBuf> {
    let folder = |name: &str| var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || folder("HOME").or_else(|| folder("USERPROFILE"));
    let user = || folder("XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")));
    folder("HF_HUB_CACHE")
        .or_else(|| folder("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(folder("HF_HOME")?.join("hub")))
        .or_else(|| Some(user()?.join("huggingface/hub")))
}
