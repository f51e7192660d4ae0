//! The caption of a figure that stands alone: what it shows as its title, its heading under it, the rule and the source below.

use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::style::{LABEL, TICK, TITLE, truncate, wrap};
use crate::figures::drawing::variable::set;
use crate::figures::{Request, sane_width};
use crate::report::Report;
use crate::report::presets;
use crate::series::{labels, type_label};

/// Room at the sides and at the ends of a drawing that stands alone, in CSS pixels.
const MARGIN: f64 = 16.0;
/// The lines of the title, and of the words below.
const TITLE_LINE: f64 = 18.0;
const LINE: f64 = 15.0;
/// From the title to the drawing, and from the drawing to the words.
const AIR: f64 = 16.0;
const GAP: f64 = 8.0;

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

/// The words of a drawing that stands alone, in lines of its width.
pub(super) struct Caption {
    title: Vec<String>,
    /// The heading, where the title says what the figure shows.
    under: Option<String>,
    below: Vec<String>,
}

impl Caption {
    /// None for a drawing among the words of a page.
    pub fn of(report: &Report, request: &Request) -> Option<Caption> {
        let words = request.caption.as_ref()?;
        let width = inside(request);
        let heading = heading(report, request);
        let (title, under) = match request.finding.as_deref().filter(|finding| !finding.is_empty()) {
            // Bold letters are wider.
            Some(finding) => (
                wrap(finding, TITLE, 0.95 * width),
                Some(truncate(&heading, LABEL, width)),
            ),
            None => (vec![truncate(&heading, TITLE, 0.95 * width)], None),
        };
        // The rule is our own words, among names that are not.
        let (name, rule) = (presets::rule_name(&request.settings), presets::rule(&request.settings));
        let words = words.replace(&name, &set(&name)).replace(&rule, &set(&rule));
        let below = wrap(&words, TICK, width);
        Some(Caption { title, under, below })
    }

    /// The heights above and below the drawing.
    fn heights(&self) -> (f64, f64) {
        let under = if self.under.is_some() { TITLE_LINE } else { 0.0 };
        let above = MARGIN + TITLE_LINE * self.title.len() as f64 + under + AIR;
        (above, GAP + LINE * self.below.len() as f64 + MARGIN)
    }

    /// Where the drawing begins: from the left and from the top.
    pub fn corner(&self) -> (f64, f64) {
        (MARGIN, self.heights().0)
    }

    /// The height of the whole, of a drawing so tall.
    pub fn whole(&self, drawing: f64) -> f64 {
        let (above, below) = self.heights();
        above + drawing + below
    }

    /// Draws the words on a pen of the whole area.
    pub fn draw(&self, pen: &Pen, drawing: f64) -> Drawn {
        let mut y = MARGIN + 12.0;
        for line in &self.title {
            pen.text((MARGIN, y), line, Type::title(pen.palette.ink), Align::Start)?;
            y += TITLE_LINE;
        }
        if let Some(under) = &self.under {
            pen.text((MARGIN, y), under, Type::label(pen.palette.ink_2), Align::Start)?;
        }
        let from = self.heights().0 + drawing + GAP + 11.0;
        for (n, line) in self.below.iter().enumerate() {
            let at = (MARGIN, from + LINE * n as f64);
            pen.text(at, line, Type::tick(pen.palette.ink_3), Align::Start)?;
        }
        Ok(())
    }
}

/// The width of the drawing itself, in CSS pixels.
pub(super) fn inside(request: &Request) -> f64 {
    let whole = sane_width(request);
    if request.caption.is_some() {
        whole - 2.0 * MARGIN
    } else {
        whole
    }
}
