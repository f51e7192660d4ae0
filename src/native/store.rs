//! Where the bytes of a file are: on a disk, in this process's memory, or behind whoever can read a range.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file that can be read in ranges, from many threads.
pub trait Store: Send + Sync {
    fn size(&self) -> io::Result<u64>;

    /// The bytes of a range; memory lends them, a disk copies.
    fn read(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>>;

    /// What errors call it.
    fn place(&self) -> String;

    /// Where it lies on a disk.
    fn path(&self) -> Option<&Path> {
        None
    }
}

/// A file on a disk. It is open for one read only: a model may have more files than a process may hold.
impl Store for PathBuf {
    fn size(&self) -> io::Result<u64> {
        fs::metadata(self).map(|about| about.len())
    }

    fn read(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        let length = range.end.saturating_sub(range.start);
        let mut file = File::open(self)?;
        // What was cut off since it was opened must not be asked memory for.
        if file.metadata()?.len() < range.end {
            return Err(cut_off());
        }
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    fn place(&self) -> String {
        self.display().to_string()
    }

    fn path(&self) -> Option<&Path> {
        Some(self)
    }
}

/// Why a range ends behind its file.
pub fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than it was")
}
