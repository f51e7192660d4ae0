//! The surface that a pen draws on: a type-erased plotters backend, so that every figure is compiled once and not once per backend.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::{DrawingArea, DrawingBackend, ShapeStyle};
use plotters::style::{RGBColor, TextStyle};

/// The backend refused to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawError(String);

impl std::fmt::Display for DrawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the figure could not be drawn: {}", self.0)
    }
}

impl std::error::Error for DrawError {}

pub(crate) type Drawn = Result<(), DrawError>;

/// A place in device pixels.
pub(crate) type Pixel = (i32, i32);

pub(crate) trait Surface {
    fn fill(&self, color: RGBColor) -> Drawn;
    fn present(&self) -> Drawn;
    fn rect(&self, corners: [Pixel; 2], style: ShapeStyle) -> Drawn;
    fn circle(&self, center: Pixel, radius: i32, style: ShapeStyle) -> Drawn;
    fn polygon(&self, corners: Vec<Pixel>, style: ShapeStyle) -> Drawn;
    fn path(&self, points: Vec<Pixel>, style: ShapeStyle) -> Drawn;
    fn text(&self, text: &str, style: &TextStyle, at: Pixel) -> Drawn;
}

impl<DB: DrawingBackend> Surface for DrawingArea<DB, Shift> {
    fn fill(&self, color: RGBColor) -> Drawn {
        said(DrawingArea::fill(self, &color))
    }

    fn present(&self) -> Drawn {
        said(DrawingArea::present(self))
    }

    fn rect(&self, corners: [Pixel; 2], style: ShapeStyle) -> Drawn {
        said(self.draw(&Rectangle::new(corners, style)))
    }

    fn circle(&self, center: Pixel, radius: i32, style: ShapeStyle) -> Drawn {
        said(self.draw(&Circle::new(center, radius, style)))
    }

    fn polygon(&self, corners: Vec<Pixel>, style: ShapeStyle) -> Drawn {
        said(self.draw(&Polygon::new(corners, style)))
    }

    fn path(&self, points: Vec<Pixel>, style: ShapeStyle) -> Drawn {
        said(self.draw(&PathElement::new(points, style)))
    }

    fn text(&self, text: &str, style: &TextStyle, at: Pixel) -> Drawn {
        said(self.draw_text(text, style, at))
    }
}

fn said<T, E: std::error::Error>(result: Result<T, E>) -> Result<T, DrawError> {
    result.map_err(|error| DrawError(error.to_string()))
}
