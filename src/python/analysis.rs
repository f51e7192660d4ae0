//! Plans and runs. The interpreter is free while they work; whoever interrupts it ends a run after the matrices under way.

use super::fault::{options, raise};
use super::report::Report;
use super::source::Source;
use lorascope::native::kept::Kept;
use lorascope::native::prepare::{Choice, Prepared, prepare};
use lorascope::native::rule::Rule;
use lorascope::native::run::{Means, hash_files, run};
use lorascope::native::source::Source as Named;
use lorascope::native::work::Watch;
use lorascope::native::{Fault, share::Part};
use lorascope::report::{Mode, Settings};
use pyo3::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What may be asked of an analysis.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    mode: Mode,
    rule: Rule,
    types: Vec<String>,
    layers: Option<String>,
    pattern: Option<String>,
    split: bool,
    answers: BTreeMap<String, String>,
    threads: Option<NonZero<u16>>,
    /// GB.
    memory: Option<f64>,
    /// `I/N`.
    part: Option<String>,
    keep: Option<PathBuf>,
    hashes: bool,
}

impl Options {
    fn settings(&self) -> Result<Settings, Fault> {
        Ok(Settings {
            mode: self.mode,
            ..self.rule.over(&Settings::default())?
        })
    }

    fn choice(&self) -> Result<Choice, Fault> {
        Ok(Choice {
            types: self.types.clone(),
            layers: self.layers.clone(),
            pattern: self.pattern.clone(),
            split: self.split,
            answers: self.answers.clone().into_iter().collect(),
            everywhere: self.rule.preset()?.is_some_and(|preset| preset.everywhere),
        })
    }

    fn means(&self) -> Result<Means, Fault> {
        let part = |text: &String| {
            text.parse::<Part>()
                .map_err(|why| Fault::Usage(format!("part {text}: {why}.")))
        };
        Ok(Means {
            part: self.part.as_ref().map(part).transpose()?,
            threads: self.threads,
            memory: self.memory.map(|gb| gb * 1e9),
            kept: self.keep.clone().map(Kept),
        })
    }

    fn prepare(&self, base: &Named, models: &[Arc<Named>]) -> Result<Prepared, Fault> {
        let models: Vec<&Named> = models.iter().map(Arc::as_ref).collect();
        prepare(base, &models, &self.choice()?)
    }
}

/// What would be analysed, as JSON; only headers are read.
#[pyfunction]
pub fn plan(py: Python<'_>, base: &Source, models: Vec<PyRef<'_, Source>>, asked: &str) -> PyResult<String> {
    let asked: Options = options(py, asked)?;
    let (base, models) = (base.0.clone(), shared(&models));
    let json = py.detach(|| {
        let prepared = asked.prepare(&base, &models)?;
        Ok(serde_json::to_string(&prepared.plan).unwrap_or_default())
    });
    json.map_err(|fault: Fault| raise(py, &fault))
}

/// The report of a run. `progress(done, of, share)` is called after every matrix, with the share of the work that is behind.
#[pyfunction]
#[pyo3(signature = (base, models, asked, progress=None))]
pub fn analyze(
    py: Python<'_>,
    base: &Source,
    models: Vec<PyRef<'_, Source>>,
    asked: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let asked: Options = options(py, asked)?;
    let (base, models) = (base.0.clone(), shared(&models));
    let mut watched = Watched::of(progress);
    let made = py.detach(|| {
        let prepared = asked.prepare(&base, &models)?;
        let (settings, means) = (asked.settings()?, asked.means()?);
        let share = means.share(&prepared, settings.mode);
        (watched.of, watched.flops) = (share.matrices.len(), share.flops);
        let mut report = run(&prepared, &settings, &means, &share, &watched)?;
        if asked.hashes {
            hash_files(&prepared, &mut report, &watched);
        }
        let nothing = prepared.nothing.iter();
        Ok(Report {
            report: Arc::new(report),
            settings,
            said: nothing
                .map(|given| format!("{given}: nothing of it is analysed."))
                .collect(),
            problems: prepared.plan.problems,
        })
    });
    let state = watched.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(why) = state.interrupted {
        return Err(why);
    }
    let mut report = made.map_err(|fault: Fault| raise(py, &fault))?;
    report.said.extend(state.said);
    Ok(report)
}

fn shared(models: &[PyRef<'_, Source>]) -> Vec<Arc<Named>> {
    models.iter().map(|model| model.0.clone()).collect()
}

/// Python as who watches a run.
struct Watched {
    progress: Option<Py<PyAny>>,
    of: usize,
    flops: f64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    done: usize,
    behind: f64,
    said: Vec<String>,
    /// Ctrl-C, or what `progress` raised.
    interrupted: Option<PyErr>,
}

impl Watched {
    fn of(progress: Option<Py<PyAny>>) -> Watched {
        Watched {
            progress,
            of: 0,
            flops: 0.0,
            state: Mutex::default(),
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interrupt(&self, why: PyErr) {
        self.locked().interrupted.get_or_insert(why);
    }
}

impl Watch for Watched {
    fn done(&self, flops: f64, _earlier: bool) {
        let mut state = self.locked();
        state.done += 1;
        state.behind += flops;
        let (done, share) = (state.done, state.behind / self.flops.max(1.0));
        drop(state);
        if let Some(progress) = &self.progress {
            let told = Python::attach(|py| progress.call1(py, (done, self.of, share)).map(drop));
            told.unwrap_or_else(|why| self.interrupt(why));
        }
    }

    fn say(&self, line: &str) {
        self.locked().said.push(line.to_owned());
    }

    fn stopped(&self) -> bool {
        Python::attach(|py| py.check_signals()).unwrap_or_else(|why| self.interrupt(why));
        self.locked().interrupted.is_some()
    }
}
