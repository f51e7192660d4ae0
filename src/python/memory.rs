//! Files that lie on no disk: tensors of this process as one .safetensors file, bytes, and what a Python object reads.

use lorascope::native::store::{Store, cut_off};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::{Map, json};
use std::borrow::Cow;
use std::io;
use std::ops::Range;

/// The numbers of a tensor where they are: contiguous, in rows, as its library holds them.
pub struct Piece {
    pub name: String,
    /// As .safetensors calls it.
    pub dtype: String,
    pub shape: Vec<u64>,
    pub address: usize,
    pub bytes: usize,
    /// What keeps the memory; never asked anything.
    pub _owner: Py<PyAny>,
}

/// Tensors as one .safetensors file, of which only the header is made: their numbers are lent.
pub struct Tensors {
    header: Vec<u8>,
    /// Ascending, without gaps, each with where it begins in the file.
    pieces: Vec<(u64, Piece)>,
    size: u64,
}

impl Tensors {
    pub fn new(pieces: Vec<Piece>) -> Tensors {
        let mut entries = Map::new();
        let mut end = 0u64;
        for piece in &pieces {
            let begin = end;
            end += piece.bytes as u64;
            entries.insert(
                piece.name.clone(),
                json!({ "dtype": piece.dtype, "shape": piece.shape, "data_offsets": [begin, end] }),
            );
        }
        let mut text = serde_json::Value::from(entries).to_string().into_bytes();
        text.resize(text.len().next_multiple_of(8), b' ');
        let header = [&(text.len() as u64).to_le_bytes()[..], &text].concat();
        let mut at = header.len() as u64;
        let placed = pieces.into_iter().map(|piece| {
            let begin = at;
            at += piece.bytes as u64;
            (begin, piece)
        });
        Tensors {
            pieces: placed.collect(),
            size: header.len() as u64 + end,
            header,
        }
    }

    /// What a range holds of the header and of each piece, in order.
    fn parts(&self, range: Range<u64>) -> impl Iterator<Item = &[u8]> {
        let header = (0, &self.header[..]);
        let all = std::iter::once(header).chain(self.pieces.iter().map(|(begin, piece)| (*begin, piece.lent())));
        all.filter_map(move |(begin, bytes)| {
            let inside = |at: u64| at.saturating_sub(begin).min(bytes.len() as u64) as usize;
            let part = bytes.get(inside(range.start)..inside(range.end))?;
            (!part.is_empty()).then_some(part)
        })
    }
}

impl Piece {
    fn lent(&self) -> &[u8] {
        if self.bytes == 0 {
            return &[];
        }
        // SAFETY: the package gives the address of a contiguous tensor of so many bytes together with the tensor, which `_owner` keeps alive. Whoever
        // trains on while an analysis reads gives it numbers of two moments.
        unsafe { std::slice::from_raw_parts(self.address as *const u8, self.bytes) }
    }
}

impl Store for Tensors {
    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }

    fn read(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        if range.end > self.size {
            return Err(cut_off());
        }
        let mut parts = self.parts(range);
        let first = parts.next().unwrap_or_default();
        Ok(match parts.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let rest = std::iter::once(second).chain(parts);
                Cow::Owned(std::iter::once(first).chain(rest).flatten().copied().collect())
            }
        })
    }

    fn place(&self) -> String {
        "tensors in memory".into()
    }
}

/// Bytes that are here, such as a configuration.
pub struct Held(pub Vec<u8>);

impl Store for Held {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        let at = |x: u64| usize::try_from(x).unwrap_or(usize::MAX);
        let part = self.0.get(at(range.start)..at(range.end));
        part.map(Cow::Borrowed).ok_or_else(cut_off)
    }

    fn place(&self) -> String {
        "bytes in memory".into()
    }
}

/// A file of storage that Python knows: an object with `read(start, end) -> bytes`.
pub struct Remote {
    pub place: String,
    pub size: u64,
    pub reader: Py<PyAny>,
}

impl Store for Remote {
    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }

    fn read(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        Python::attach(|py| {
            let why = |why: PyErr| io::Error::other(why.to_string());
            let read = self.reader.bind(py).call_method1("read", (range.start, range.end));
            let read = read.map_err(why)?;
            let bytes = read
                .cast::<PyBytes>()
                .map_err(|_| io::Error::other("it reads no bytes"))?;
            match bytes.as_bytes().len() as u64 == range.end - range.start {
                true => Ok(Cow::Owned(bytes.as_bytes().to_vec())),
                false => Err(cut_off()),
            }
        })
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}
