//! A session over files on disk: headers first, then the bytes of one matrix at a time.

use super::source::Source;
use lorascope::report::FileInfo;
use lorascope::session::{FileRange, Session};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

#[derive(Default)]
pub struct Visit {
    pub session: Session,
    pub disk: Disk,
    /// The source of each path of the session; 0 is the base.
    of: HashMap<String, usize>,
}

/// Where the files of a session lie.
#[derive(Default)]
pub struct Disk(Vec<PathBuf>);

impl Visit {
    /// Opens every file of a source under a folder of the session.
    pub fn open(&mut self, number: usize, source: &Source, folder: &str) {
        for found in source.files() {
            let name = source.name(folder, &found);
            self.add(&found.path, &name);
            self.of.insert(name, number);
        }
    }

    fn add(&mut self, path: &Path, name: &str) {
        let size = fs::metadata(path).map(|about| about.len());
        let file = self.session.add_file(name, *size.as_ref().unwrap_or(&0));
        self.disk.0.push(path.to_owned());
        if let Err(why) = size {
            return self.session.unreadable(file, &why.to_string());
        }
        while let Some(range) = self.session.wants(file) {
            match self.disk.read(&FileRange { file, range }) {
                Ok(bytes) => self.session.supply(file, &bytes),
                Err(why) => return self.session.unreadable(file, &why.to_string()),
            }
        }
    }

    /// Where a file of a report lies.
    pub fn place(&self, name: &str) -> Option<&Path> {
        let at = self.session.planned().files.iter().position(|f| f.name == name)?;
        let open = self.session.numbers();
        Some(self.disk.path(*open.get(at)?))
    }

    /// Whether files are all of one source.
    pub fn are_of(&self, number: usize, files: &[FileInfo]) -> bool {
        !files.is_empty() && files.iter().all(|f| self.of.get(&f.name) == Some(&number))
    }

    /// Whether any file is of a source.
    pub fn any_of(&self, number: usize, files: &[FileInfo]) -> bool {
        files.iter().any(|f| self.of.get(&f.name) == Some(&number))
    }
}

impl Disk {
    /// The bytes of some ranges, in their order; the error names the file.
    pub fn bytes(&self, ranges: &[FileRange]) -> Result<Vec<Vec<u8>>, String> {
        let one = |range: &FileRange| {
            let why = |why: io::Error| format!("{}: {why}", self.path(range.file).display());
            self.read(range).map_err(why)
        };
        ranges.iter().map(one).collect()
    }

    /// A file is open for one read only: a model may have more files than a process may hold.
    fn read(&self, range: &FileRange) -> io::Result<Vec<u8>> {
        let length = range.range.end.saturating_sub(range.range.start);
        let mut file = File::open(self.path(range.file))?;
        // What was cut off since it was opened must not be asked memory for.
        if file.metadata()?.len() < range.range.end {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it is shorter than it was",
            ));
        }
        file.seek(SeekFrom::Start(range.range.start))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn path(&self, file: u32) -> &Path {
        self.0.get(file as usize).map_or(Path::new(""), PathBuf::as_path)
    }
}
