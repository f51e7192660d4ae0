//! A report's own panels: plain numbers as curves, bars, vectors or small maps.

mod arrows;
mod axes;
mod bars;
mod curves;
mod curves_draw;
mod maps;
mod ticks;

use super::empty::say;
use super::pen::{Drawn, Pen};
use super::{Readout, Request, Table, sane_width};
use crate::panel::{Body, Panel};
use crate::report::Report;

/// The height of a panel that is not there.
const NOTHING: f64 = 60.0;

/// The panel asked for; None for a figure of the paper.
pub fn chosen<'a>(report: &'a Report, request: &Request) -> Option<&'a Panel> {
    if request.figure != super::FigureId::Panel {
        return None;
    }
    match &request.panel {
        Some(name) => report.panels.iter().find(|p| p.name == *name),
        None => report.panels.first(),
    }
}

/// The layout, in CSS pixels.
pub(crate) struct Figure<'a> {
    alt: &'a str,
    laid: Laid<'a>,
    width: f64,
}

enum Laid<'a> {
    Curves(curves::Figure<'a>),
    Bars(bars::Figure<'a>),
    Arrows(arrows::Figure<'a>),
    Maps(maps::Figure<'a>),
    Nothing,
}

impl<'a> Figure<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let panel = chosen(report, request);
        let laid = match panel.map(|p| &p.body) {
            Some(Body::Curves(data)) => Laid::Curves(curves::Figure::new(data, request)),
            Some(Body::Bars(data)) => Laid::Bars(bars::Figure::new(data, request)),
            Some(Body::Arrows(data)) => arrows::Figure::new(data, request).map_or(Laid::Nothing, Laid::Arrows),
            Some(Body::Maps(data)) => Laid::Maps(maps::Figure::new(data, request)),
            None => Laid::Nothing,
        };
        Figure {
            alt: panel.map_or("Not computed.", |p| &p.alt),
            laid,
            width: sane_width(request),
        }
    }

    pub fn height(&self) -> f64 {
        match &self.laid {
            Laid::Curves(f) => f.height(),
            Laid::Bars(f) => f.height(),
            Laid::Arrows(f) => f.height(),
            Laid::Maps(f) => f.height(),
            Laid::Nothing => NOTHING,
        }
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        match &self.laid {
            Laid::Curves(f) => f.draw(pen),
            Laid::Bars(f) => f.draw(pen),
            Laid::Arrows(f) => f.draw(pen),
            Laid::Maps(f) => f.draw(pen),
            Laid::Nothing => say(
                pen,
                (0.5 * self.width, 0.5 * NOTHING),
                self.width,
                "Not computed.",
                false,
            ),
        }
    }

    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        match &self.laid {
            Laid::Curves(f) => f.hover(x, y),
            Laid::Bars(f) => f.hover(x, y),
            Laid::Arrows(f) => f.hover(x, y),
            Laid::Maps(f) => f.hover(x, y),
            Laid::Nothing => None,
        }
    }

    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        match &self.laid {
            Laid::Curves(f) => f.step(dx),
            Laid::Bars(f) => f.step(dx),
            Laid::Arrows(f) => f.step(dx, dy),
            Laid::Maps(f) => f.step(dx, dy),
            Laid::Nothing => None,
        }
    }

    pub fn table(&self) -> Table {
        match &self.laid {
            Laid::Curves(f) => f.table(),
            Laid::Bars(f) => f.table(),
            Laid::Arrows(f) => f.table(),
            Laid::Maps(f) => f.table(),
            Laid::Nothing => Table {
                title: String::new(),
                columns: vec![],
                rows: vec![],
            },
        }
    }

    pub fn alt(&self) -> String {
        self.alt.to_owned()
    }
}
