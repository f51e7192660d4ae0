//! The driver of the core over real files: as in the worker, header ranges first, then the bytes of one matrix at a time.

pub mod adversary;
pub mod memory;
pub mod reference;
pub mod synthetic;

use lorascope::plan::{Answers, Plan};
use lorascope::report::{Matrix, Report, Settings, Task};
use lorascope::session::{FileRange, Session};
use lorascope::{analyze, summary};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www/public/sample")
}

/// A session with the files it was given.
pub struct Visit {
    pub session: Session,
    paths: Vec<PathBuf>,
}

impl Visit {
    /// Opens files; each is dropped under its path relative to `root`.
    pub fn open(root: &Path, files: &[&str]) -> Visit {
        let mut visit = Visit {
            session: Session::default(),
            paths: Vec::new(),
        };
        for file in files {
            visit.add(root, file);
        }
        visit
    }

    /// Opens everything below folders of `root`.
    pub fn open_folders(root: &Path, folders: &[&str]) -> Visit {
        let mut visit = Visit::open(root, &[]);
        folders.iter().for_each(|folder| visit.add_folder(root, folder));
        visit
    }

    pub fn add_folder(&mut self, root: &Path, folder: &str) {
        let mut files: Vec<_> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        for file in files {
            self.add(root, &format!("{folder}/{file}"));
        }
    }

    pub fn add(&mut self, root: &Path, file: &str) {
        self.add_as(&root.join(file), file);
    }

    /// Adds a file under another path than its own.
    pub fn add_as(&mut self, path: &Path, file: &str) {
        let path = path.to_owned();
        let size = path
            .metadata()
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
            .len();
        let number = self.session.add_file(file, size);
        self.paths.push(path);
        while let Some(range) = self.session.wants(number) {
            let bytes = self.read(&FileRange { file: number, range });
            self.session.supply(number, &bytes);
        }
    }

    pub fn read(&self, r: &FileRange) -> Vec<u8> {
        let mut file = File::open(&self.paths[r.file as usize]).unwrap();
        file.seek(SeekFrom::Start(r.range.start)).unwrap();
        let mut bytes = vec![0; (r.range.end - r.range.start) as usize];
        file.read_exact(&mut bytes).unwrap();
        bytes
    }

    pub fn bytes(&self, ranges: &[FileRange]) -> Vec<Vec<u8>> {
        ranges.iter().map(|r| self.read(r)).collect()
    }

    pub fn plan(&mut self, answers: &[(&str, &str)]) -> Plan {
        let answers = Answers(answers.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect());
        self.session.plan(&answers).clone()
    }

    /// Plans with the defaults and computes every matrix.
    pub fn run(&mut self) -> Report {
        self.run_with(&[])
    }

    pub fn run_with(&mut self, answers: &[(&str, &str)]) -> Report {
        self.plan(answers);
        self.compute(&(&Settings::default()).into())
    }

    /// The tuned matrices of one job of the plan in force.
    pub fn merged(&self, matrix: usize) -> Vec<Option<Vec<f32>>> {
        let bytes = self.bytes(&self.session.ranges(matrix as u32));
        analyze::merged(&self.session.jobs()[matrix], &bytes)
    }

    /// Computes every matrix of the plan in force.
    pub fn compute(&self, task: &Task) -> Report {
        let mut report = self.session.head("native", 2);
        for (i, job) in self.session.jobs().iter().enumerate() {
            let bytes = self.bytes(&self.session.ranges(i as u32));
            for (model, matrix) in analyze::analyze(job, &bytes, task, || 0.0) {
                report.models[model as usize].take(matrix);
            }
        }
        summary::apply(&mut report, &Settings::default());
        report
    }
}

/// The only matrix of a model, by the end of its name.
pub fn matrix<'a>(report: &'a Report, model: &str, name: &str) -> &'a Matrix {
    let model = report
        .models
        .iter()
        .find(|m| m.label == model)
        .unwrap_or_else(|| panic!("no model {model}"));
    model
        .matrices
        .iter()
        .find(|m| m.name == name)
        .unwrap_or_else(|| panic!("no matrix {name}"))
}
