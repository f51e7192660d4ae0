//! A session over files that can be read in ranges: headers first, then the bytes of one matrix at a time.

use super::source::{Found, Source};
use super::store::Store;
use crate::report::FileInfo;
use crate::session::{FileRange, Session};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

#[derive(Default)]
pub struct Visit {
    pub session: Session,
    pub stores: Stores,
    known: HashMap<String, Known>,
}

/// A path of the session.
struct Known {
    /// 0 is the base.
    source: usize,
    /// Its file's number.
    file: usize,
}

/// The files of a session, by their number.
#[derive(Default)]
pub struct Stores(Vec<Arc<dyn Store>>);

impl Visit {
    /// Opens every file of a source under a folder of the session.
    pub fn open(&mut self, number: usize, source: &Source, folder: &str) {
        for found in source.files() {
            let name = source.name(folder, &found);
            let file = self.stores.0.len();
            self.add(found, &name);
            self.known.insert(name, Known { source: number, file });
        }
    }

    fn add(&mut self, found: Found, name: &str) {
        let size = found.store.size();
        let file = self.session.add_file(name, *size.as_ref().unwrap_or(&0));
        let store = found.store.clone();
        self.stores.0.push(found.store);
        if let Err(why) = size {
            return self.session.unreadable(file, &why.to_string());
        }
        while let Some(range) = self.session.wants(file) {
            match store.read(range) {
                Ok(bytes) => self.session.supply(file, &bytes),
                Err(why) => return self.session.unreadable(file, &why.to_string()),
            }
        }
    }

    /// All bytes of a file by its path in the session; none where there is no such file.
    pub fn whole_file(&self, path: &str) -> Option<Result<Vec<u8>, String>> {
        let store = self.store(path)?;
        let read = store.size().and_then(|size| store.read(0..size));
        Some(
            read.map(Cow::into_owned)
                .map_err(|why| format!("{}: {why}", store.place())),
        )
    }

    /// A file by its path in the session, as reports name it.
    pub fn store(&self, path: &str) -> Option<&Arc<dyn Store>> {
        self.stores.0.get(self.known.get(path)?.file)
    }

    fn is_of(&self, number: usize, path: &str) -> bool {
        self.known.get(path).is_some_and(|known| known.source == number)
    }

    /// Whether files are all of one source.
    pub fn are_of(&self, number: usize, files: &[FileInfo]) -> bool {
        !files.is_empty() && files.iter().all(|f| self.is_of(number, &f.name))
    }

    /// Whether any file is of a source.
    pub fn any_of(&self, number: usize, files: &[FileInfo]) -> bool {
        files.iter().any(|f| self.is_of(number, &f.name))
    }
}

impl Stores {
    /// The bytes of some ranges, in their order; the error names the file.
    pub fn bytes(&self, ranges: &[FileRange]) -> Result<Vec<Cow<'_, [u8]>>, String> {
        let one = |range: &FileRange| {
            let store = self.0.get(range.file as usize).ok_or("there is no such file")?;
            let why = |why: io::Error| format!("{}: {why}", store.place());
            store.read(range.range.clone()).map_err(why)
        };
        ranges.iter().map(one).collect()
    }
}
