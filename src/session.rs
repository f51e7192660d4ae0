//! The files of one visit: headers read, the plan in force, and the work it asks for. Sans-IO; the worker and the native tests
//! drive it alike.

use crate::analyze;
use crate::checkpoint::Reader;
use crate::error::Error;
use crate::metrics::{Of, measures};
use crate::plan::files::{FileEntry, is_junk, within_limits};
use crate::plan::job::{Job, Recipe, Scale, TensorRef};
use crate::plan::{self, Answers, Plan, Planned, Whole, make};
use crate::report::{
    Base, ENGINE, Generator, Matrix, Mode, Model, Report, SCHEMA, Settings, Source, Task, TensorSource, Totals,
};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// `begin..end` of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRange {
    pub file: u32,
    pub range: Range<u64>,
}

struct File {
    path: String,
    size: u64,
    reader: Reader,
    /// Passed over by name, or replaced by a later file of the same path.
    unopened: bool,
}

/// The files of one visit and the plan in force.
#[derive(Default)]
pub struct Session {
    files: Vec<File>,
    /// The last file of each path.
    places: HashMap<String, usize>,
    planned: Planned,
}

impl Session {
    /// Adds a file; its number is the answer. A file of the same folder and name takes the place of the earlier one.
    pub fn add_file(&mut self, path: &str, size: u64) -> u32 {
        let path = path.trim_start_matches('/');
        if path.contains('/') {
            let earlier = self.places.insert(path.to_owned(), self.files.len());
            if let Some(earlier) = earlier.and_then(|at| self.files.get_mut(at)) {
                earlier.unopened = true;
            }
        }
        self.files.push(File {
            path: path.to_owned(),
            size,
            reader: Reader::new(size),
            unopened: is_junk(path),
        });
        self.files.len() as u32 - 1
    }

    /// The range of a file that must be read next to know its header.
    pub fn wants(&self, file: u32) -> Option<Range<u64>> {
        self.files
            .get(file as usize)
            .filter(|f| !f.unopened)
            .and_then(|f| f.reader.wants())
    }

    pub fn supply(&mut self, file: u32, bytes: &[u8]) {
        if let Some(f) = self.files.get_mut(file as usize) {
            f.reader.supply(bytes);
        }
    }

    /// The file could not be read.
    pub fn unreadable(&mut self, file: u32, detail: &str) {
        if let Some(f) = self.files.get_mut(file as usize) {
            f.reader.fail(Error::Unreadable {
                detail: detail.to_owned(),
            });
        }
    }

    /// The engine stopped over the file in an earlier life: it is not read again.
    pub fn stopped(&mut self, file: u32) {
        if let Some(f) = self.files.get_mut(file as usize) {
            f.reader.fail(Error::StoppedEngine);
        }
    }

    /// Plans with the answers given so far; reads nothing.
    pub fn plan(&mut self, answers: &Answers) -> &Plan {
        let junk = self.files.iter().filter(|f| f.unopened && is_junk(&f.path));
        let junk: Vec<String> = junk.map(|f| f.path.clone()).collect();
        self.planned = make(&self.entries(), &junk, answers);
        let numbers = self.numbers();
        for job in &mut self.planned.jobs {
            job.renumber(|file| numbers.get(file as usize).copied().unwrap_or(u32::MAX));
        }
        &self.planned.plan
    }

    /// The whole models of the plan in force, made with these answers, whatever is switched off in it.
    pub fn whole(&self, answers: &Answers) -> Whole {
        let labels: Vec<&str> = self.planned.plan.models.iter().map(|m| m.label.as_str()).collect();
        let mut whole = plan::whole(&self.entries(), answers).arranged(&labels);
        let numbers = self.numbers();
        for job in whole.jobs.values_mut() {
            job.renumber(|file| numbers.get(file as usize).copied().unwrap_or(u32::MAX));
        }
        whole
    }

    /// The open files, as a plan takes them.
    fn entries(&self) -> Vec<FileEntry> {
        let open = self.files.iter().filter(|f| !f.unopened);
        open.map(|f| FileEntry {
            path: f.path.clone(),
            size: f.size,
            content: f.reader.content().and_then(|c| within_limits(c, f.size)),
        })
        .collect()
    }

    /// The number in the session of each file of the plan, which counts open files only; jobs name files by it.
    pub fn numbers(&self) -> Vec<u32> {
        let open = (0u32..).zip(&self.files).filter(|(_, f)| !f.unopened);
        open.map(|(i, _)| i).collect()
    }

    /// The report of the plan in force, without matrices.
    pub fn head(&self, build: &str, threads: u32) -> Report {
        let plan = &self.planned.plan;
        Report {
            schema: SCHEMA.into(),
            generator: Generator::new(build, threads),
            settings: Settings::default(),
            base: plan.base.as_ref().map_or(
                Base {
                    label: String::new(),
                    files: vec![],
                },
                |b| Base {
                    label: b.label.clone(),
                    files: b.files.clone(),
                },
            ),
            models: plan
                .models
                .iter()
                .zip(self.sources())
                .map(|(m, sources)| Model {
                    label: m.label.clone(),
                    kind: m.kind,
                    formula: m.formula.clone(),
                    rank: m.rank,
                    alpha: m.alpha,
                    scale: m.scale,
                    files: m.files.clone(),
                    run: m.run.clone(),
                    matching: m.matching.clone(),
                    sources,
                    matrices: Vec::new(),
                    totals: Totals::default(),
                    surgery: None,
                })
                .collect(),
            loss: None,
            panels: Vec::new(),
        }
    }

    /// The tensors of every matrix, by model.
    fn sources(&self) -> Vec<Vec<Source>> {
        let mut all = vec![Vec::new(); self.planned.plan.models.len()];
        let tensor = |part: &str, t: &TensorRef| TensorSource {
            part: part.to_owned(),
            file: self
                .files
                .get(t.file as usize)
                .map(|f| f.path.clone())
                .unwrap_or_default(),
            tensor: t.name.clone(),
        };
        for job in &self.planned.jobs {
            for (model, recipe) in &job.tuned {
                let (parts, scale, alpha): (Vec<(&str, &TensorRef)>, _, _) = match recipe {
                    Recipe::Replace(t) => (vec![("W", t)], None, None),
                    Recipe::Adapted {
                        parts, scale, alpha, ..
                    } => {
                        let known = if let Scale::Known(scale) = scale {
                            Some(*scale)
                        } else {
                            None
                        };
                        (parts.iter().map(|(part, t)| (*part, t)).collect(), known, *alpha)
                    }
                    Recipe::Joined(_) => {
                        let parts = recipe.tensors().into_iter().map(|t| ("part", t));
                        (parts.collect(), None, None)
                    }
                    Recipe::Skip(_) => continue,
                };
                let plain =
                    |t: &TensorRef| t.packing.is_none() && t.columns.is_none() && t.rows.is_none() && !t.by_columns;
                let direct = matches!(recipe, Recipe::Replace(_) | Recipe::Adapted { turned: false, .. });
                let intricate =
                    !direct || job.lines.is_some() || !plain(&job.base) || !parts.iter().all(|(_, t)| plain(t));
                let base = tensor("W0", &job.base);
                let parts = parts.into_iter().map(|(part, t)| tensor(part, t)).collect();
                if let Some(sources) = all.get_mut(*model as usize) {
                    sources.push(Source {
                        base,
                        parts,
                        scale,
                        alpha,
                        transposed: job.transposed,
                        intricate,
                    });
                }
            }
        }
        all
    }

    /// The plan in force.
    pub fn planned(&self) -> &Plan {
        &self.planned.plan
    }

    /// The jobs of the plan, in the order of `plan.matrices`.
    pub fn jobs(&self) -> &[Job] {
        &self.planned.jobs
    }

    /// The bytes that one matrix needs, in the order that [`analyze::analyze`] takes them.
    pub fn ranges(&self, matrix: u32) -> Vec<FileRange> {
        self.planned
            .jobs
            .get(matrix as usize)
            .into_iter()
            .flat_map(ranges)
            .collect()
    }

    /// One matrix of the plan, to be computed elsewhere.
    pub fn job(&self, matrix: u32) -> Option<Arc<Job>> {
        self.planned.jobs.get(matrix as usize).cloned().map(Arc::new)
    }

    /// One matrix of one model, to be asked for all its vectors elsewhere.
    pub fn job_of(&self, matrix: u32, model: u32) -> Option<Job> {
        self.planned.jobs.get(matrix as usize)?.only(model)
    }

    /// The bytes that [`Session::job_of`] needs, in the order that [`analyze::vectors`] takes them.
    pub fn ranges_of(&self, matrix: u32, model: u32) -> Vec<FileRange> {
        self.job_of(matrix, model).iter().flat_map(ranges).collect()
    }

    /// [`keys`] of one matrix.
    pub fn keys(&self, matrix: u32, task: &Task) -> Vec<(u32, Vec<u32>, String)> {
        let job = self.planned.jobs.get(matrix as usize);
        job.map(|job| keys(job, task)).unwrap_or_default()
    }

    /// The entries of a matrix whose bytes could not be read.
    pub fn failed(&self, matrix: u32, reason: &str) -> Vec<(u32, Matrix)> {
        self.planned
            .jobs
            .get(matrix as usize)
            .map(|job| analyze::failed(job, reason))
            .unwrap_or_default()
    }
}

/// The numbers that an entry holds of a change: one of before a measure was there is computed again.
pub(crate) fn measured() -> String {
    let of_change = measures().filter(|m| matches!(m.of, Of::Change(_)));
    of_change.map(|m| m.id).collect::<Vec<_>>().join(" ")
}

/// The bytes of a job, in the order that the analysis takes them.
pub fn ranges(job: &Job) -> Vec<FileRange> {
    job.tensors()
        .into_iter()
        .map(|t| FileRange {
            file: t.file,
            range: t.begin..t.end,
        })
        .collect()
}

/// The keys under which finished results are found again, one per model: its number, the tensors it needs (indices into
/// [`ranges`]), and in words everything else that the numbers depend on. A checkpoint that follows another depends on that one too.
pub fn keys(job: &Job, task: &Task) -> Vec<(u32, Vec<u32>, String)> {
    let shape = format!(
        "{} x {} {} {:?}",
        job.rows,
        job.cols,
        if job.transposed { "turned" } else { "" },
        job.lines
    );
    let way = match analyze::way(task, job.rows, job.cols) {
        Mode::Exact => "exact".to_owned(),
        way => format!(
            "{way:?} with bulk for {:?} k {} epsilon {} {:?}",
            task.mode, task.k, task.epsilon, task.side
        ),
    };
    let base = job.base.all().count() as u32;
    let mut next = base;
    let own: Vec<(Range<u32>, String)> = job
        .tuned
        .iter()
        .map(|(_, recipe)| {
            let first = next;
            next += recipe.tensors().len() as u32;
            (first..next, words(recipe))
        })
        .collect();
    let start = format!("engine {ENGINE}; {}; {shape}; {way}; {}", measured(), stored(&job.base));
    let key = |(place, (model, _)): (usize, &(u32, Recipe))| {
        let (tensors, how) = &own[place];
        let before = job.before(place).map(|before| &own[before]);
        let all = (0..base)
            .chain(tensors.clone())
            .chain(before.into_iter().flat_map(|(tensors, _)| tensors.clone()))
            .collect();
        let after = before.map(|(_, how)| format!("; after {how}")).unwrap_or_default();
        (*model, all, format!("{start}; {how}{after}"))
    };
    job.tuned.iter().enumerate().map(key).collect()
}

/// A recipe with all that its numbers depend on besides bytes.
fn words(recipe: &Recipe) -> String {
    let how = match recipe {
        Recipe::Replace(_) => "replace".to_owned(),
        Recipe::Adapted {
            method,
            parts,
            scale,
            turned,
            ..
        } => {
            let parts: Vec<&str> = parts.iter().map(|(part, _)| *part).collect();
            format!(
                "{method:?}{} by {scale:?} from {}",
                if *turned { " turned" } else { "" },
                parts.join(" ")
            )
        }
        Recipe::Joined(parts) => parts
            .iter()
            .map(|(lines, recipe)| format!("{lines:?}: {}", words(recipe)))
            .collect::<Vec<_>>()
            .join("; "),
        Recipe::Skip(reason) => format!("skip: {reason}"),
    };
    let tensors: Vec<String> = recipe.tensors().into_iter().map(stored).collect();
    format!("{how} {tensors:?}")
}

/// The storage of a tensor's bytes, in words.
fn stored(t: &TensorRef) -> String {
    let order = if t.by_columns { " by columns" } else { "" };
    format!(
        "{} {:?}{order} {:?} {:?} {:?}",
        t.dtype.name(),
        t.shape,
        t.columns,
        t.rows,
        t.packing.as_ref().map(|p| p.scheme)
    )
}
