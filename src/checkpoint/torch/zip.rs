//! The zip form: its directory, the pickle in it, and where each storage's bytes lie. Torch stores entries uncompressed, so a tensor is
//! a slice of the file.

use super::pickle::{self, Stop};
use super::pieces::Pieces;
use super::tensors::{Named, Places, named, placed};
use super::{MAX_PICKLE, Step, invalid};
use crate::checkpoint::budget::{Budget, PICKLE, ZIP};
use crate::error::{Error, Foreign};
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipLocator};
use std::collections::BTreeMap;
use std::ops::Range;

/// An entry of the directory takes 46 bytes and a name; read, some five times that.
const ENTRY_TIMES: usize = 8;

/// A local header before its name; the directory does not say how long its extra field is.
const LOCAL: u64 = 30;

pub struct Zip {
    size: u64,
    state: State,
    /// Of the directory: it may be as long as the file, and every entry of it is kept.
    budget: Budget,
}

enum State {
    Directory(Pieces),
    /// Locates the pickle.
    PickleHeader(Directory),
    Pickle(Directory),
    Storages {
        left: Vec<(String, Entry)>,
        places: Places,
        tensors: Named,
    },
    Over,
}

/// The stored entries by name, below the folder that holds `data.pkl`.
struct Directory {
    pickle: Entry,
    storages: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    header: u64,
    size: u64,
}

impl Zip {
    pub fn new(size: u64) -> Zip {
        Zip {
            size,
            state: State::Directory(Pieces::new(size)),
            budget: Budget::new("zip directory", ZIP),
        }
    }

    /// Takes the bytes of the range last asked for (none at first) and says what to do next.
    pub fn supply(&mut self, bytes: &[u8]) -> Step {
        match self.advance(bytes) {
            Ok(step) => step,
            Err(error) => Step::Done(Err(error)),
        }
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Directory(pieces) => self.directory(pieces, bytes),
            State::PickleHeader(directory) => {
                let start = data_start(directory.pickle, bytes)?;
                let range = self.within(start, directory.pickle.size)?;
                self.state = State::Pickle(directory);
                Ok(Step::Read(range))
            }
            State::Pickle(directory) => self.pickle(&directory, bytes),
            State::Storages {
                mut left,
                mut places,
                tensors,
            } => {
                if let Some((key, entry)) = left.pop() {
                    let start = data_start(entry, bytes)?;
                    self.within(start, entry.size)?;
                    places.insert(key, (start, entry.size));
                }
                self.storages(left, places, tensors)
            }
            State::Over => invalid("It was read to its end."),
        }
    }

    /// Reads the directory, as far as it is there; from its beginning again when more of it came.
    fn directory(&mut self, mut pieces: Pieces, bytes: &[u8]) -> Result<Step, Error> {
        pieces.supply(bytes);
        let read = listed(&pieces, self.size);
        // Whatever was made of a part: what is missing decides.
        if let Some(range) = pieces.missing() {
            let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
            self.budget.read(length);
            self.budget.spend(length.saturating_mul(ENTRY_TIMES))?;
            self.state = State::Directory(pieces);
            return Ok(Step::Read(range));
        }
        match read {
            Ok(listed) => self.found(listed),
            Err(error) => invalid(format!("Its zip directory cannot be read: {error}.")),
        }
    }

    fn found(&mut self, listed: Vec<Listed>) -> Result<Step, Error> {
        let is_pickle = |e: &&Listed| e.name == "data.pkl" || e.name.ends_with("/data.pkl");
        let Some(pickle) = listed.iter().find(is_pickle) else {
            return Err(Error::FileType(Foreign::Zip));
        };
        let folder = format!("{}data/", pickle.name.trim_end_matches("data.pkl"));
        let own = || listed.iter().filter(|e| e.name.starts_with(&folder));
        if let Some(packed) = own().chain([pickle]).find(|e| !e.stored) {
            return invalid(format!(
                "Its entry “{}” is compressed; torch.save never does that. Unpack and save it again.",
                packed.name
            ));
        }
        if pickle.entry.size > MAX_PICKLE {
            return invalid(format!(
                "Its pickle has {} bytes; a state dict needs a hundredth of that.",
                pickle.entry.size
            ));
        }
        let directory = Directory {
            pickle: pickle.entry,
            storages: own()
                .map(|e| (e.name.get(folder.len()..).unwrap_or_default().to_owned(), e.entry))
                .collect(),
        };
        let range = self.within(directory.pickle.header, LOCAL)?;
        self.state = State::PickleHeader(directory);
        Ok(Step::Read(range))
    }

    fn pickle(&mut self, directory: &Directory, bytes: &[u8]) -> Result<Step, Error> {
        let mut budget = Budget::new("pickle", PICKLE);
        let (arena, root, _) = pickle::load(bytes, &mut budget).map_err(|stop| match stop {
            Stop::End => Error::TorchInvalid {
                detail: "Its pickle is cut off.".into(),
            },
            Stop::Bad(error) => error,
        })?;
        let tensors = named(&arena, root, &mut budget)?;
        let mut left: BTreeMap<String, Entry> = BTreeMap::new();
        for (_, tensor) in &tensors {
            if let Some(entry) = directory.storages.get(&tensor.storage.key) {
                left.insert(tensor.storage.key.clone(), *entry);
            }
        }
        self.storages(left.into_iter().collect(), Places::new(), tensors)
    }

    fn storages(&mut self, left: Vec<(String, Entry)>, places: Places, tensors: Named) -> Result<Step, Error> {
        let Some((_, next)) = left.last() else {
            return Ok(Step::Done(placed(tensors, &places)));
        };
        let range = self.within(next.header, LOCAL)?;
        self.state = State::Storages { left, places, tensors };
        Ok(Step::Read(range))
    }

    fn within(&self, start: u64, length: u64) -> Result<Range<u64>, Error> {
        match start.checked_add(length) {
            Some(end) if end <= self.size => Ok(start..end),
            end => Err(Error::Truncated {
                should_be: end.unwrap_or(u64::MAX),
                is: self.size,
            }),
        }
    }
}

/// An entry as the directory lists it.
struct Listed {
    name: String,
    stored: bool,
    entry: Entry,
}

fn listed(pieces: &Pieces, size: u64) -> Result<Vec<Listed>, rawzip::Error> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipLocator::new()
        .locate_in_reader(pieces, &mut buffer, size)
        .map_err(|(_, error)| error)?;
    if pieces.missing().is_none() {
        pieces.want(archive.directory_offset()..archive.eocd_offset());
    }
    let mut listed = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry()? {
        listed.push(Listed {
            name: String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned(),
            stored: entry.compression_method() == CompressionMethod::STORE,
            entry: Entry {
                header: entry.local_header_offset(),
                size: entry.uncompressed_size_hint(),
            },
        });
    }
    Ok(listed)
}

/// The first byte after a local header: its own name and extra field stand between (torch pads them to 64 bytes).
fn data_start(entry: Entry, header: &[u8]) -> Result<u64, Error> {
    let length = |at: usize| {
        let bytes = header.get(at..)?.first_chunk::<2>()?;
        Some(u64::from(u16::from_le_bytes(*bytes)))
    };
    match (header.starts_with(b"PK\x03\x04"), length(26), length(28)) {
        (true, Some(name), Some(extra)) => {
            let own = LOCAL.saturating_add(name).saturating_add(extra);
            Ok(entry.header.saturating_add(own))
        }
        _ => invalid("An entry’s header is not where the zip directory says."),
    }
}
