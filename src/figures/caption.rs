//! The caption of a figure that stands alone: its heading above, the rule and the source below.

use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::style::{LABEL, TICK, TITLE, wrap};
use crate::figures::{Request, sane_width};
use crate::report::Report;
use crate::series::{labels, type_label};

const HEAD: f64 = 30.0;
const LINE: f64 = 15.0;

/// "Similarity: layer 2, query, LoRA r = 8"; for a figure of the run its title.
pub fn heading(report: &Report, request: &Request) -> String {
    #[cfg(feature = "page")]
    if let Some(panel) = crate::figures::panel::chosen(report, request) {
        return panel.title.clone();
    }
    let title = request.figure.kind().title;
    if !request.figure.is_of_one_matrix() {
        return title.to_owned();
    }
    let Some((at, _, Some(matrix))) = crate::figures::data::best::one_matrix(report, request) else {
        return title.to_owned();
    };
    let place = match matrix.layer {
        Some(layer) => format!("layer {layer}, {}", type_label(matrix.kind.as_deref())),
        None => matrix.name.clone(),
    };
    let model = labels(&report.models).into_iter().nth(at).unwrap_or_default();
    format!("{title}: {place}, {model}")
}

/// The space above and below a drawing.
pub(super) fn margins(request: &Request) -> (f64, f64) {
    match &request.caption {
        Some(caption) => (HEAD, 8.0 + LINE * lines(caption, request).len() as f64),
        None => (0.0, 0.0),
    }
}

fn lines(caption: &str, request: &Request) -> Vec<String> {
    wrap(caption, TICK, sane_width(request) - 4.0)
}

/// Draws the caption on a pen of the whole area.
pub(super) fn draw(pen: &Pen, report: &Report, request: &Request, body: f64) -> Drawn {
    let Some(caption) = &request.caption else { return Ok(()) };
    let head = Type {
        size: TITLE,
        bold: true,
        color: pen.palette.ink,
    };
    let title = crate::figures::drawing::style::truncate(&heading(report, request), LABEL, sane_width(request));
    pen.text((0.0, 14.0), &title, head, Align::Start)?;
    let face = Type {
        size: TICK,
        bold: false,
        color: pen.palette.ink_3,
    };
    for (n, line) in lines(caption, request).iter().enumerate() {
        pen.text(
            (0.0, HEAD + body + 8.0 + 11.0 + LINE * n as f64),
            line,
            face,
            Align::Start,
        )?;
    }
    Ok(())
}
