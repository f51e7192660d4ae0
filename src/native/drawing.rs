//! One figure of a report, as it is asked for: found, and written in a format.

use super::fault::Fault;
use super::picture;
use crate::figures::{About, FigureId, FigureKind, Needs, Request, Theme};
use crate::report::{Report, Settings};
use crate::summary::summary;
use crate::{export, series};
use serde::Deserialize;

/// What is asked for of a figure.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// The model, by its name or its number from 1.
    pub model: Option<String>,
    /// The matrix, by the name of its tensor in the base.
    pub matrix: Option<String>,
    /// The fine-tuned vector that is studied alone, from 1.
    pub vector: Option<u32>,
    /// Rows and columns of a similarity map, or how many singular values are drawn.
    pub top: Option<u32>,
    /// The training step up to which an evolution is drawn.
    pub until: Option<u64>,
    /// The factor of every change in the threshold figure.
    pub times: Option<f64>,
    /// The k curve as a share of all vectors.
    pub fraction: bool,
    /// Effective rank of the adapters alone.
    pub adapters_only: bool,
    /// Width in CSS pixels.
    pub width: u16,
    /// On dark paper.
    pub dark: bool,
    /// Pixels of a .png per CSS pixel.
    pub scale: u16,
    /// Without title and caption, for a document that has its own.
    pub bare: bool,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted {
            model: None,
            matrix: None,
            vector: None,
            top: None,
            until: None,
            times: None,
            fraction: false,
            adapters_only: false,
            width: 760,
            dark: false,
            scale: 2,
            bare: false,
        }
    }
}

/// The figures that a report of files may have, by their ids.
pub fn ids() -> Vec<&'static str> {
    let kinds = FigureId::all().filter(|kind| kind.about != About::Panel);
    kinds.map(|kind| kind.id).collect()
}

/// A figure that the report has something for.
pub fn request(report: &Report, id: &str, settings: &Settings, wanted: &Wanted) -> Result<Request, Fault> {
    let known = FigureId::named(id).filter(|_| ids().contains(&id));
    let figure = known.ok_or_else(|| {
        Fault::Usage(format!(
            "There is no figure “{id}”. The figures are {}.",
            ids().join(", ")
        ))
    })?;
    if let Some(lacks) = lacks(report, figure.kind()) {
        return Err(Fault::Usage(format!("{id}: the report has no {lacks}.")));
    }
    if !(120..=4000).contains(&wanted.width) {
        return Err(Fault::Usage(format!(
            "width {}: a figure is 120 to 4000 CSS pixels wide.",
            wanted.width
        )));
    }
    let theme = if wanted.dark { Theme::Dark } else { Theme::Light };
    let mut request = Request {
        settings: settings.clone(),
        finding: summary(report, settings).findings.remove(id),
        model: wanted.model.as_deref().map(|m| model(report, m)).transpose()?,
        matrix: wanted.matrix.as_deref().map(|name| matrix(report, name)).transpose()?,
        until: wanted.until,
        times: wanted.times,
        fraction: wanted.fraction,
        adapters_only: wanted.adapters_only,
        ..Request::of(figure, theme, wanted.width.into())
    };
    request.top = wanted.top.unwrap_or(request.top);
    request.vector = match wanted.vector {
        Some(0) => return Err(Fault::Usage("vector 0: vectors are counted from 1.".into())),
        from_1 => from_1.map(|n| n - 1),
    };
    Ok(request)
}

/// The figure in a format, by the ending of its files: svg, png, csv or json.
pub fn written(report: &Report, request: &Request, wanted: &Wanted, ending: &str) -> Result<Vec<u8>, Fault> {
    let drawn = || match wanted.bare {
        true => export::drawing(report, request),
        false => export::svg(report, request),
    };
    Ok(match ending {
        "svg" => drawn().into_bytes(),
        "png" => picture::png(&drawn(), wanted.scale)?,
        "csv" => export::csv(report, request).into_bytes(),
        "json" => export::json(report, request).into_bytes(),
        _ => {
            return Err(Fault::Usage(format!(
                "“{ending}”: the ending says what is written: .svg, .png, .csv or .json."
            )));
        }
    })
}

/// What a report would need for a figure and does not have.
fn lacks(report: &Report, kind: &FigureKind) -> Option<&'static str> {
    let any = |has: bool, what| (!has).then_some(what);
    match kind.needs {
        Needs::Nothing => any(report.models.iter().any(|m| !m.matrices.is_empty()), "matrix"),
        Needs::Runs => any(
            report.models.iter().any(|m| m.run.is_some()),
            "checkpoints of a training run",
        ),
        Needs::Surgery => any(report.models.iter().any(|m| m.surgery.is_some()), "surgery"),
        Needs::Loss => any(report.loss.is_some(), "losses"),
    }
}

/// By its label, by the short name of tables, or by its number from 1.
pub fn model(report: &Report, wanted: &str) -> Result<u32, Fault> {
    let short = series::labels(&report.models);
    let by_name = report.models.iter().position(|m| m.label == wanted);
    let found = by_name
        .or_else(|| short.iter().position(|name| name == wanted))
        .or_else(|| {
            wanted
                .parse::<usize>()
                .ok()?
                .checked_sub(1)
                .filter(|n| *n < report.models.len())
        });
    found.map(|n| n as u32).ok_or_else(|| {
        let labels: Vec<&str> = report.models.iter().map(|m| &*m.label).collect();
        Fault::Usage(format!(
            "model {wanted}: the models of the report are {}.",
            labels.join(", ")
        ))
    })
}

fn matrix(report: &Report, wanted: &str) -> Result<String, Fault> {
    let names = report.models.iter().flat_map(|m| &m.matrices);
    let mut all: Vec<&str> = names.map(|m| &*m.name).collect();
    if all.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    all.sort_unstable();
    all.dedup();
    let near = |name: &&&str| name.contains(wanted);
    let close: Vec<&str> = all.iter().filter(near).take(5).copied().collect();
    let list = if close.is_empty() {
        all.into_iter().take(5).collect()
    } else {
        close
    };
    Err(Fault::Usage(format!(
        "matrix {wanted}: the report has no such matrix. It has {}, …",
        list.join(", ")
    )))
}
