//! The zip form: its directory, the pickle in it, and where each storage's bytes lie. Torch stores entries uncompressed, so a tensor is
//! a slice of the file.

use super::pickle::{self, Stop};
use super::tensors::{Named, Places, named, placed};
use super::{MAX_PICKLE, Step, invalid};
use crate::checkpoint::budget::{Budget, PICKLE, ZIP};
use crate::error::{Error, Foreign};
use rc_zip::fsm::{ArchiveFsm, FsmResult};
use rc_zip::parse::{Archive, Method};
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
    Directory(Box<ArchiveFsm>),
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
            state: State::Directory(Box::new(ArchiveFsm::new(size))),
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
            State::Directory(fsm) => self.directory(fsm, bytes),
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

    fn directory(&mut self, mut fsm: Box<ArchiveFsm>, mut bytes: &[u8]) -> Result<Step, Error> {
        self.budget.read(bytes.len());
        self.budget.spend(bytes.len().saturating_mul(ENTRY_TIMES))?;
        while !bytes.is_empty() {
            let space = fsm.space();
            let (now, later) = bytes.split_at(space.len().min(bytes.len()));
            if now.is_empty() {
                return invalid("Its zip directory cannot be read.");
            }
            space.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            fsm.fill(now.len());
            bytes = later;
        }
        loop {
            let before = fsm.wants_read();
            match fsm.process() {
                Ok(FsmResult::Done(archive)) => return self.found(&archive),
                Ok(FsmResult::Continue(next)) => fsm = Box::new(next),
                Err(error) => return invalid(format!("Its zip directory cannot be read: {error}.")),
            }
            let Some(offset) = fsm.wants_read() else { continue };
            let end = offset.saturating_add(fsm.space().len() as u64).min(self.size);
            if offset < end {
                self.state = State::Directory(fsm);
                return Ok(Step::Read(offset..end));
            }
            // At the end of the file: what is there may be enough, but a second look without news would never end.
            if before == Some(offset) {
                return invalid("Its zip directory is cut off.");
            }
        }
    }

    fn found(&mut self, archive: &Archive) -> Result<Step, Error> {
        let of = |e: &rc_zip::parse::Entry| Entry {
            header: e.header_offset,
            size: e.uncompressed_size,
        };
        let Some(pickle) = archive
            .entries()
            .find(|e| e.name == "data.pkl" || e.name.ends_with("/data.pkl"))
        else {
            return Err(Error::FileType(Foreign::Zip));
        };
        let folder = format!("{}data/", pickle.name.trim_end_matches("data.pkl"));
        let own = || archive.entries().filter(|e| e.name.starts_with(&folder));
        if let Some(packed) = own().chain([pickle]).find(|e| e.method != Method::Store) {
            return invalid(format!(
                "Its entry “{}” is compressed; torch.save never does that. Unpack and save it again.",
                packed.name
            ));
        }
        if pickle.uncompressed_size > MAX_PICKLE {
            return invalid(format!(
                "Its pickle has {} bytes; a state dict needs a hundredth of that.",
                pickle.uncompressed_size
            ));
        }
        let directory = Directory {
            pickle: of(pickle),
            storages: own()
                .map(|e| (e.name.get(folder.len()..).unwrap_or_default().to_owned(), of(e)))
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
