//! A report as Python holds it: numbers, tables and figures under one rule.

use super::fault::{options, raise};
use lorascope::export;
use lorascope::figures::Request;
use lorascope::native::drawing::{self, Wanted};
use lorascope::native::rule::Rule;
use lorascope::native::{Fault, told};
use lorascope::plan::Problem;
use lorascope::report::{self, Settings, Status};
use lorascope::summary::{self, summary};
use pyo3::prelude::*;
use std::sync::Arc;

/// The numbers of a run.
#[pyclass(frozen, module = "lorascope._core")]
#[derive(Clone)]
pub struct Report {
    pub report: Arc<report::Report>,
    pub settings: Settings,
    /// Of the plan; a stored report has none.
    pub problems: Vec<Problem>,
    /// What was said while it was computed.
    pub said: Vec<String>,
}

impl Report {
    fn plain(report: report::Report) -> Report {
        Report {
            settings: report.settings.clone(),
            report: Arc::new(report),
            problems: Vec::new(),
            said: Vec::new(),
        }
    }

    fn request(&self, py: Python<'_>, id: &str, wanted: &Wanted) -> PyResult<Request> {
        drawing::request(&self.report, id, &self.settings, wanted).map_err(|fault| raise(py, &fault))
    }
}

#[pymethods]
impl Report {
    /// Reads the text of a report.
    #[staticmethod]
    fn read(py: Python<'_>, text: &str) -> PyResult<Report> {
        let report = export::read(text).map_err(|why| raise(py, &Fault::Unreadable(why)))?;
        Ok(Report::plain(report))
    }

    /// The report as JSON, `lorascope-report/1`.
    fn text(&self, py: Python<'_>) -> String {
        py.detach(|| export::report(&self.report, &self.settings))
    }

    /// The same numbers under another rule.
    fn under(&self, py: Python<'_>, rule: &str) -> PyResult<Report> {
        let rule: Rule = options(py, rule)?;
        let settings = rule.over(&self.settings).map_err(|fault| raise(py, &fault))?;
        let mut report = (*self.report).clone();
        summary::apply(&mut report, &settings);
        Ok(Report {
            report: Arc::new(report),
            settings,
            ..self.clone()
        })
    }

    /// The same run with some of its models.
    fn only(&self, py: Python<'_>, labels: Vec<String>) -> PyResult<Report> {
        for label in &labels {
            drawing::model(&self.report, label).map_err(|fault| raise(py, &fault))?;
        }
        let mut report = (*self.report).clone();
        report.models.retain(|model| labels.contains(&model.label));
        // Losses name models by their places.
        report.loss = None;
        Ok(Report {
            report: Arc::new(report),
            ..self.clone()
        })
    }

    /// The rule in force, as JSON.
    fn settings(&self) -> String {
        serde_json::to_string(&self.settings).unwrap_or_default()
    }

    /// The label of every model.
    fn labels(&self) -> Vec<String> {
        self.report.models.iter().map(|model| model.label.clone()).collect()
    }

    /// A line per model, as JSON.
    fn models(&self) -> String {
        serde_json::to_string(&summary(&self.report, &self.settings).models).unwrap_or_default()
    }

    /// A line per matrix and model with every measure: `csv`, or `json` with columns and rows.
    fn matrices(&self, ending: &str) -> String {
        match ending {
            "csv" => export::matrices_csv(&self.report, &self.settings, None),
            _ => export::matrices_json(&self.report, &self.settings, None),
        }
    }

    /// Models and rule as text for a terminal.
    fn table(&self) -> String {
        told::models(&self.report, &self.settings)
    }

    /// Problems of the plan, as JSON.
    fn problems(&self) -> String {
        serde_json::to_string(&self.problems).unwrap_or_default()
    }

    /// What the reader must know besides: matrices that failed, what was not kept.
    fn said(&self) -> Vec<String> {
        let failed = self.report.models.iter().flat_map(|model| {
            let failed = model.matrices.iter().filter(|m| m.status == Status::Failed);
            failed.map(move |m| {
                let why = m.reason.as_deref().unwrap_or_default();
                format!("left out: {}, {}: {why}", model.label, m.name)
            })
        });
        self.said.iter().cloned().chain(failed).collect()
    }

    /// Raises where there is no such figure of this report.
    fn check(&self, py: Python<'_>, id: &str, wanted: &str) -> PyResult<()> {
        self.request(py, id, &options(py, wanted)?).map(drop)
    }

    /// A figure by the ending of its files: svg, png, csv or json.
    fn figure(&self, py: Python<'_>, id: &str, wanted: &str, ending: &str) -> PyResult<Vec<u8>> {
        let wanted: Wanted = options(py, wanted)?;
        let request = self.request(py, id, &wanted)?;
        let written = py.detach(|| drawing::written(&self.report, &request, &wanted, ending));
        written.map_err(|fault| raise(py, &fault))
    }

    /// The part of the report that one figure draws, as JSON.
    fn part(&self, py: Python<'_>, id: &str, wanted: &str) -> PyResult<String> {
        let request = self.request(py, id, &options(py, wanted)?)?;
        Ok(py.detach(|| export::report(&export::slim(&self.report, &request), &self.settings)))
    }

    /// A section for a model's page, whose drawing is called `drawing`.
    fn card(&self, py: Python<'_>, id: &str, wanted: &str, drawing: &str) -> PyResult<String> {
        let request = self.request(py, id, &options(py, wanted)?)?;
        Ok(export::model_card(&self.report, &request, drawing))
    }

    /// One page without scripts.
    fn sheet(&self, py: Python<'_>) -> String {
        py.detach(|| export::sheet(&self.report, &self.settings))
    }
}

/// The ids of all figures.
#[pyfunction]
pub fn figures() -> Vec<&'static str> {
    drawing::ids()
}

/// Labels of models, and the matrices that are missing of each.
type Missing = Vec<(String, Vec<String>)>;

/// Reports put together, each with a name for errors; and of every model that is not whole its label and the matrices that are missing.
#[pyfunction]
pub fn merge(py: Python<'_>, reports: Vec<(String, PyRef<'_, Report>)>) -> PyResult<(Report, Missing)> {
    let said: Vec<String> = reports.iter().flat_map(|(_, r)| r.said.clone()).collect();
    let all: Vec<(String, report::Report)> = reports
        .iter()
        .map(|(name, r)| (name.clone(), (*r.report).clone()))
        .collect();
    let joined = py.detach(|| summary::joined(all));
    let joined = joined.map_err(|why| raise(py, &Fault::Usage(why)))?;
    let joined = joined.ok_or_else(|| raise(py, &Fault::Usage("There is no report to merge.".into())))?;
    let label = |at: usize| {
        joined
            .report
            .models
            .get(at)
            .map_or_else(String::new, |m| m.label.clone())
    };
    let missing = joined
        .missing
        .iter()
        .map(|(at, names)| (label(*at), names.clone()))
        .collect();
    let report = Report {
        said,
        ..Report::plain(joined.report)
    };
    Ok((report, missing))
}
