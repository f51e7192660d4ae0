//! A report's own panels: plain numbers as curves, bars, vectors or small maps.

mod arrows;
mod axes;
mod bars;
mod curves;
mod curves_draw;
mod maps;
mod ticks;

use crate::figures::drawing::empty::say;
use crate::figures::drawing::pen::{Drawn, Pen};
use crate::figures::kind::{About, Drawing, FigureKind, Keeps, Needs, figure};
use crate::figures::{Readout, Request, Table, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::Report;
use crate::report::panel::{Body, Panel};

pub static PANEL: FigureKind = FigureKind {
    id: "panel",
    title: "Panel",
    about: About::Panel,
    needs: Needs::Nothing,
    dials: &[],
    follows_rule: false,
    choices: &[],
    paper: "",
    note: "",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps::COUNTS,
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// The height of a panel that is not there.
const NOTHING: f64 = 60.0;

/// The panel asked for; None for a figure of the paper.
pub fn chosen<'a>(report: &'a Report, request: &Request) -> Option<&'a Panel> {
    if request.figure.about != About::Panel {
        return None;
    }
    match &request.panel {
        Some(name) => report.panels.iter().find(|p| p.name == *name),
        None => report.panels.first(),
    }
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    alt: &'a str,
    /// None where there is no such panel.
    drawing: Option<Box<dyn Drawing + 'a>>,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let panel = chosen(report, request);
        let drawing: Option<Box<dyn Drawing>> = panel.and_then(|panel| match &panel.body {
            Body::Curves(data) => Some(Box::new(curves::Layout::new(data, request)) as Box<dyn Drawing>),
            Body::Bars(data) => Some(Box::new(bars::Layout::new(data, request))),
            Body::Arrows(data) => Some(Box::new(arrows::Layout::new(data, request)?)),
            Body::Maps(data) => Some(Box::new(maps::Layout::new(data, request))),
        });
        Layout {
            alt: panel.map_or("Not computed.", |p| &p.alt),
            drawing,
            width: sane_width(request),
        }
    }

    pub fn height(&self) -> f64 {
        self.drawing.as_ref().map_or(NOTHING, |d| d.height())
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        match &self.drawing {
            Some(drawing) => drawing.draw(pen),
            None => say(
                pen,
                (0.5 * self.width, 0.5 * NOTHING),
                self.width,
                "Not computed.",
                false,
            ),
        }
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        self.drawing.as_ref()?.hover(x, y)
    }

    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        self.drawing.as_ref()?.step(dx, dy)
    }

    pub fn table(&self) -> Table {
        let nothing = || Table {
            title: String::new(),
            columns: vec![],
            rows: vec![],
        };
        self.drawing.as_ref().map_or_else(nothing, |d| d.table())
    }

    pub fn alt(&self) -> String {
        self.alt.to_owned()
    }
}
