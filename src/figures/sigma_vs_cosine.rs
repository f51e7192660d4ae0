//! To be drawn.

use super::pen::{Drawn, Pen};
use super::{Readout, Request};
use crate::report::Report;
use plotters::prelude::DrawingBackend;

pub(crate) struct Figure<'a> {
    _request: &'a Request,
}

impl<'a> Figure<'a> {
    pub fn new(_report: &'a Report, request: &'a Request) -> Self {
        Figure { _request: request }
    }

    pub fn height(&self) -> f64 {
        100.0
    }

    pub fn draw<DB: DrawingBackend>(&self, _pen: &Pen<DB>) -> Drawn {
        Ok(())
    }

    pub fn hover(&self, _x: f64, _y: f64) -> Option<Readout> {
        None
    }

    pub fn step(&self, _dx: i32, _dy: i32) -> Option<Readout> {
        None
    }

    pub fn table(&self) -> super::Table {
        super::Table { title: String::new(), columns: vec![], rows: vec![] }
    }

    pub fn alt(&self) -> String {
        "Not drawn.".into()
    }
}
