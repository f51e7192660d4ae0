//! A block cache between a library that reads anywhere and a file that is asked for ranges: a read of a block that is not here fails and is
//! noted, and the library tries again when the block has come.

use rawzip::ReaderAt;
use std::cell::RefCell;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;

/// Files are read in blocks of so many bytes: what stands beside is mostly wanted next.
const BLOCK: u64 = 1 << 16;

pub struct Pieces {
    size: u64,
    pieces: Vec<(u64, Vec<u8>)>,
    /// The first range that was asked for and is not there.
    missing: RefCell<Option<Range<u64>>>,
}

impl Pieces {
    pub fn new(size: u64) -> Pieces {
        Pieces {
            size,
            pieces: Vec::new(),
            missing: RefCell::new(None),
        }
    }

    /// Takes the bytes of the range that was missing (none before the first).
    pub fn supply(&mut self, bytes: &[u8]) {
        if let Some(range) = self.missing.take() {
            self.pieces.push((range.start, bytes.to_vec()));
        }
    }

    /// Says that a range will be read as a whole.
    pub fn want(&self, range: Range<u64>) {
        let end = range.end.min(self.size);
        let there =
            |(start, bytes): &(u64, Vec<u8>)| *start <= range.start && end <= start.saturating_add(bytes.len() as u64);
        if range.start < end && !self.pieces.iter().any(there) {
            self.missing.borrow_mut().get_or_insert(range.start..end);
        }
    }

    /// The range to read before the library can go on.
    pub fn missing(&self) -> Option<Range<u64>> {
        self.missing.borrow().clone()
    }
}

impl ReaderAt for &Pieces {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let known = self.pieces.iter().find_map(|(start, bytes)| {
            let at = usize::try_from(offset.checked_sub(*start)?).ok()?;
            bytes.get(at..).filter(|rest| !rest.is_empty())
        });
        if let Some(rest) = known {
            let length = rest.len().min(buffer.len());
            buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            return Ok(length);
        }
        let end = offset.saturating_add(buffer.len() as u64);
        let start = offset.saturating_sub(offset % BLOCK);
        let blocks = start..end.div_ceil(BLOCK).saturating_mul(BLOCK).min(self.size);
        self.missing.borrow_mut().get_or_insert(blocks);
        Err(Error::new(ErrorKind::WouldBlock, "not read yet"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_asked_for_and_then_read() {
        let file: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        let mut pieces = Pieces::new(file.len() as u64);
        let mut buffer = [0; 1000];
        let mut asked = 0;
        let read = loop {
            match (&pieces).read_exact_at(&mut buffer, 130_800) {
                Ok(()) => break buffer,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            let range = pieces.missing().expect("a range");
            asked += 1;
            let bytes = &file[range.start as usize..range.end as usize];
            pieces.supply(bytes);
        };
        assert_eq!(read[..], file[130_800..131_800]);
        // The read crosses from one block into the next: both are asked for at once.
        assert_eq!(asked, 1);
        assert_eq!((&pieces).read_at(&mut buffer, 200_000).expect("the end"), 0);
    }
}
