//! The legacy format, from before torch 1.6: magic number, protocol, system, the object, the keys of its storages, then each storage with its length.

use super::pickle::{self, Arena, Id, Stop};
use super::tensors::{Named, Places, dtype, named, placed};
use super::{MAX_PICKLE, Step, invalid};
use crate::checkpoint::budget::{Budget, PICKLE};
use crate::error::Error;
use std::collections::BTreeMap;

/// Bytes that are read at first, hoping that the pickles end there.
const FIRST: u64 = 1 << 20;

pub struct Legacy {
    size: u64,
    asked: u64,
}

impl Legacy {
    pub fn new(size: u64) -> Legacy {
        Legacy { size, asked: 0 }
    }

    /// Takes the beginning of the file as far as asked (nothing at first) and says what to do next.
    pub fn supply(&mut self, bytes: &[u8]) -> Step {
        if self.asked == 0 {
            return self.ask(FIRST);
        }
        match read(bytes, self.size) {
            Ok(header) => Step::Done(header),
            Err(Stop::Bad(error)) => Step::Done(Err(error)),
            // Nobody knows where the pickles end before they are read.
            Err(Stop::End) if self.asked < self.size && self.asked < MAX_PICKLE => {
                self.ask(self.asked.saturating_mul(4))
            }
            Err(Stop::End) => Step::Done(invalid("Its pickles are cut off.")),
        }
    }

    fn ask(&mut self, bytes: u64) -> Step {
        self.asked = bytes.min(self.size);
        Step::Read(0..self.asked)
    }
}

fn read(bytes: &[u8], size: u64) -> Result<Result<super::Header, Error>, Stop> {
    let mut at = 0;
    let mut budget = Budget::new("pickle", PICKLE);
    let mut next = |budget: &mut Budget| -> Result<(Arena, Id), Stop> {
        let (arena, root, length) = pickle::load(bytes.get(at..).ok_or(Stop::End)?, budget)?;
        at = at.saturating_add(length);
        Ok((arena, root))
    };
    // The magic number, the protocol's version, and the system that wrote it.
    for _ in 0..3 {
        next(&mut budget)?;
    }
    let (arena, root) = next(&mut budget)?;
    let tensors = named(&arena, root, &mut budget)?;
    let (keys_arena, keys) = next(&mut budget)?;
    // One key may stand there a million times: none is copied.
    let keys: Vec<&str> = keys_arena
        .list(keys)
        .unwrap_or_default()
        .iter()
        .filter_map(|k| keys_arena.str(*k))
        .collect();
    Ok(places(&tensors, &keys, at as u64, size).and_then(|places| placed(tensors, &places)))
}

/// Each storage is its number of elements (8 bytes) and then its bytes, in the order of the keys.
fn places(tensors: &Named, keys: &[&str], mut at: u64, size: u64) -> Result<Places, Error> {
    let mut lengths: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, tensor) in tensors {
        let width = dtype(tensor).1;
        let bytes = tensor
            .storage
            .size
            .checked_mul(width)
            .ok_or_else(|| Error::ShapeOverflow { tensor: name.clone() })?;
        lengths.insert(&tensor.storage.key, bytes);
    }
    let mut places = Places::new();
    for key in keys {
        let Some(length) = lengths.get(key) else {
            return invalid(format!(
                "Storage {key} is of no tensor here, so what follows it cannot be found."
            ));
        };
        let end = at
            .checked_add(8)
            .and_then(|start| start.checked_add(*length))
            .unwrap_or(u64::MAX);
        if end > size {
            return Err(Error::Truncated {
                should_be: end,
                is: size,
            });
        }
        if !places.contains_key(*key) {
            places.insert((*key).to_owned(), (at.saturating_add(8), *length));
        }
        at = end;
    }
    Ok(places)
}
