//! The marks of the figure grammar in CSS pixels, on any plotters backend.
//!
//! plotters takes whole device pixels, and its canvas knows no devicePixelRatio: every length is multiplied here and nowhere else.
//! Hairlines are filled rectangles: they stay sharp on both backends, and plotters' SVG rectangles have no stroke width.

use super::raster::{Blit, Raster};
use super::style::{FAMILY, LABEL, Palette, TICK, TITLE, device};
pub(crate) use super::surface::Drawn;
use super::surface::Surface;
use crate::series::{Dash, Series};
use plotters::prelude::{Color, RGBAColor, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, TextStyle};

pub(crate) type Point = (f64, f64);

/// The family of backends that draws: they read font sizes and vertical anchors differently.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Medium {
    Canvas,
    Svg,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// Size in CSS pixels, weight, colour: see its constructors for the sizes that figures have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    pub size: f64,
    pub bold: bool,
    pub color: RGBColor,
}

impl Type {
    /// The numbers of an axis.
    pub fn tick(color: RGBColor) -> Type {
        Type::plain(TICK, color)
    }

    /// Names of axes, lines and marks.
    pub fn label(color: RGBColor) -> Type {
        Type::plain(LABEL, color)
    }

    /// What a reader looks for first.
    pub fn strong(color: RGBColor) -> Type {
        Type::plain(LABEL, color).bold()
    }

    /// The name of a panel.
    pub fn title(color: RGBColor) -> Type {
        Type::plain(TITLE, color).bold()
    }

    pub fn plain(size: f64, color: RGBColor) -> Type {
        Type {
            size,
            bold: false,
            color,
        }
    }

    pub fn bold(self) -> Type {
        Type { bold: true, ..self }
    }
}

/// From the baseline up to a canvas's "middle", in parts of the size.
pub(crate) const CANVAS_RISE: f64 = 0.27;

/// Dash and gap of the threshold lines.
pub(crate) const DASH: (f64, f64) = (5.0, 3.0);
/// Dot and gap of lines that are for comparison only.
const DOTS: (f64, f64) = (1.0, 3.0);
/// Strokes and gaps of a line, in turns.
fn strokes(dash: Dash) -> &'static [f64] {
    match dash {
        Dash::Solid => &[],
        Dash::Dashed => &[6.0, 4.0],
        Dash::Dotted => &[1.5, 3.0],
        Dash::DashDot => &[8.0, 3.0, 1.5, 3.0],
    }
}

/// The width of the piece of a hairline before its name, in CSS pixels.
const SWATCH: f64 = 1.75;

/// Pixels of a bitmap per CSS pixel in an SVG: enough for a print.
pub(crate) const SVG_DENSITY: f64 = 2.0;

pub(crate) struct Pen<'a> {
    pub area: &'a dyn Surface,
    /// The upper left corner of the drawing on the area, in CSS pixels.
    pub corner: Point,
    /// Device pixels per CSS pixel.
    pub unit: f64,
    pub medium: Medium,
    pub palette: Palette,
    /// The fast way to put bitmaps on the area; without one they are drawn in rectangles.
    pub blit: Option<Blit<'a>>,
}

impl Pen<'_> {
    fn px(&self, css: f64) -> i32 {
        device(css, self.unit)
    }

    fn at(&self, (x, y): Point) -> (i32, i32) {
        (self.px(x + self.corner.0), self.px(y + self.corner.1))
    }

    /// A stroke is never thinner than a device pixel.
    fn stroke(&self, color: RGBAColor, css: f64) -> ShapeStyle {
        ShapeStyle {
            color,
            filled: false,
            stroke_width: self.px(css).max(1) as u32,
        }
    }

    /// A filled rectangle. `alpha` in [0, 1].
    pub fn rect(&self, (x, y): Point, (w, h): Point, color: RGBColor, alpha: f64) -> Drawn {
        let style = ShapeStyle {
            color: color.mix(alpha),
            filled: true,
            stroke_width: 0,
        };
        self.area.rect([self.at((x, y)), self.at((x + w, y + h))], style)
    }

    /// A sharp horizontal line of `thick` CSS pixels whose upper edge is at `y`.
    pub fn hline(&self, x0: f64, x1: f64, y: f64, thick: f64, color: RGBColor) -> Drawn {
        let (top, thick) = (self.snap(y), f64::from(self.px(thick).max(1)) / self.unit);
        self.rect((x0, top), (x1 - x0, thick), color, 1.0)
    }

    /// A sharp vertical line whose left edge is at `x`.
    pub fn vline(&self, x: f64, y0: f64, y1: f64, thick: f64, color: RGBColor) -> Drawn {
        let (left, thick) = (self.snap(x), f64::from(self.px(thick).max(1)) / self.unit);
        self.rect((left, y0), (thick, y1 - y0), color, 1.0)
    }

    /// SVG is shown at many scales: there a hairline keeps to whole CSS pixels.
    fn snap(&self, css: f64) -> f64 {
        if self.medium == Medium::Svg { css.round() } else { css }
    }

    pub fn dotted_hline(&self, x0: f64, x1: f64, y: f64, color: RGBColor) -> Drawn {
        dashes(x1 - x0, DOTS).try_for_each(|(a, b)| self.hline(x0 + a, x0 + b, y, 1.0, color))
    }

    pub fn dashed_hline(&self, x0: f64, x1: f64, y: f64, color: RGBColor) -> Drawn {
        dashes(x1 - x0, DASH).try_for_each(|(a, b)| self.hline(x0 + a, x0 + b, y, 1.0, color))
    }

    pub fn dashed_vline(&self, x: f64, y0: f64, y1: f64, color: RGBColor) -> Drawn {
        dashes(y1 - y0, DASH).try_for_each(|(a, b)| self.vline(x, y0 + a, y0 + b, 1.0, color))
    }

    /// A box whose line stands outside the rectangle, so that it covers no cell.
    pub fn frame(&self, (x, y): Point, (w, h): Point, thick: f64, color: RGBColor) -> Drawn {
        let t = f64::from(self.px(thick).max(1)) / self.unit;
        self.rect((x - t, y - t), (w + 2.0 * t, t), color, 1.0)?;
        self.rect((x - t, y + h), (w + 2.0 * t, t), color, 1.0)?;
        self.rect((x - t, y), (t, h), color, 1.0)?;
        self.rect((x + w, y), (t, h), color, 1.0)
    }

    pub fn dot(&self, center: Point, radius: f64, color: RGBColor, alpha: f64) -> Drawn {
        let style = ShapeStyle {
            color: color.mix(alpha),
            filled: true,
            stroke_width: 0,
        };
        self.area.circle(self.at(center), self.px(radius).max(1), style)
    }

    /// The mark of one among many.
    pub fn open_dot(&self, center: Point, radius: f64, color: RGBColor, alpha: f64) -> Drawn {
        self.area.circle(
            self.at(center),
            self.px(radius).max(1),
            self.stroke(color.mix(alpha), 1.0),
        )
    }

    /// The mark of an interval, where only bounds are known: an open dot at the lower one, a stem, a cap at the upper one.
    pub fn interval(&self, (x, low): Point, high: f64, color: RGBColor, alpha: f64) -> Drawn {
        self.vline(x - 0.5, high, low, 1.0, color)?;
        self.hline(x - 3.0, x + 3.0, high, 1.0, color)?;
        self.dot((x, low), 3.0, color, alpha)?;
        self.dot((x, low), 1.5, self.palette.paper, 1.0)
    }

    /// The mark of an intruder at a point.
    pub fn ring(&self, center: Point, radius: f64, color: RGBColor) -> Drawn {
        self.area.circle(
            self.at(center),
            self.px(radius).max(2),
            self.stroke(color.to_rgba(), 1.5),
        )
    }

    /// The mark of an intruder above a column: a solid triangle whose tip is at `tip`.
    pub fn triangle(&self, (x, y): Point, half: f64, color: RGBColor) -> Drawn {
        let corners = [(x - half, y - 1.35 * half), (x + half, y - 1.35 * half), (x, y)].map(|p| self.at(p));
        self.area.polygon(corners.to_vec(), color.filled())
    }

    /// The mark of what failed.
    pub fn cross(&self, (x, y): Point, half: f64, color: RGBColor) -> Drawn {
        self.path(&[(x - half, y - half), (x + half, y + half)], 1.5, color, Dash::Solid)?;
        self.path(&[(x - half, y + half), (x + half, y - half)], 1.5, color, Dash::Solid)
    }

    /// A model's line.
    pub fn line(&self, points: &[Point], look: &Series) -> Drawn {
        self.path(points, look.width, self.palette.of_series(look), look.dash)
    }

    /// A short piece of a model's line before its name, whose baseline begins there.
    pub fn swatch(&self, (x, y): Point, look: &Series) -> Drawn {
        let piece = [(x, y - 4.0), (x + 14.0, y - 4.0)];
        // As wide as its colour needs, also where the line is a hair.
        let width = if look.width < 1.0 { SWATCH } else { look.width };
        self.path(&piece, width, self.palette.of_series(look), look.dash)
    }

    pub fn path(&self, points: &[Point], width: f64, color: RGBColor, dash: Dash) -> Drawn {
        let style = self.stroke(color.to_rgba(), width);
        let draw = |points: &[Point]| -> Drawn {
            let points = turns(points.iter().map(|p| self.at(*p)));
            if points.len() < 2 {
                Ok(())
            } else {
                self.area.path(points, style)
            }
        };
        match strokes(dash) {
            [] => draw(points),
            strokes => dash_path(points, strokes).iter().try_for_each(|p| draw(p)),
        }
    }

    /// Pixels of a bitmap per CSS pixel.
    fn density(&self) -> f64 {
        if self.medium == Medium::Svg {
            SVG_DENSITY
        } else {
            self.unit
        }
    }

    /// A bitmap over a rectangle. `paint` gives the colours of so many pixels across and down, row by row.
    pub fn bitmap(&self, (x, y): Point, (w, h): Point, paint: impl FnOnce(usize, usize) -> Vec<RGBColor>) -> Drawn {
        let pixels = |css: f64| device(css, self.density()).max(0) as u32;
        let (width, height) = (pixels(w).max(1), pixels(h).max(1));
        let colors = paint(width as usize, height as usize);
        if let Some(blit) = self.blit {
            let mut rgba = Vec::with_capacity(4 * colors.len());
            colors
                .iter()
                .for_each(|c| rgba.extend_from_slice(&[c.0, c.1, c.2, 255]));
            blit(&Raster {
                x: pixels(x + self.corner.0),
                y: pixels(y + self.corner.1),
                width,
                height,
                rgba,
            });
            return Ok(());
        }
        let side = 1.0 / self.density();
        for (row, line) in colors.chunks_exact(width as usize).enumerate() {
            let mut start = 0.0;
            for run in line.chunk_by(|a, b| a == b) {
                let long = run.len() as f64 * side;
                if run[0] != self.palette.paper {
                    self.rect((x + start, y + row as f64 * side), (long, side), run[0], 1.0)?;
                }
                start += long;
            }
        }
        Ok(())
    }

    /// Text whose baseline is at `y`, so that sizes and weights line up.
    pub fn text(&self, (x, y): Point, text: &str, face: Type, align: Align) -> Drawn {
        self.put((x, y - self.rise(face)), text, face, align, FontTransform::None)
    }

    /// Text that reads upwards, its baseline at `x`, starting at `y`.
    pub fn text_up(&self, (x, y): Point, text: &str, face: Type) -> Drawn {
        self.put(
            (x - self.rise(face), y),
            text,
            face,
            Align::Start,
            FontTransform::Rotate270,
        )
    }

    /// Text on a halo of paper, for labels that stand on lines.
    pub fn halo(&self, (x, y): Point, text: &str, face: Type, align: Align) -> Drawn {
        let paper = Type {
            color: self.palette.paper,
            ..face
        };
        for (dx, dy) in [
            (-2.0, 0.0),
            (2.0, 0.0),
            (0.0, -2.0),
            (0.0, 2.0),
            (-1.5, -1.5),
            (1.5, -1.5),
            (-1.5, 1.5),
            (1.5, 1.5),
        ] {
            self.text((x + dx, y + dy), text, paper, align)?;
        }
        self.text((x, y), text, face, align)
    }

    /// From the baseline up to the backend's "middle": half an x-height in SVG, the middle of the font's own ascent and descent on a canvas.
    fn rise(&self, face: Type) -> f64 {
        face.size * if self.medium == Medium::Svg { 0.26 } else { CANVAS_RISE }
    }

    fn put(&self, at: Point, text: &str, face: Type, align: Align, turn: FontTransform) -> Drawn {
        let h = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let weight = if face.bold { FontStyle::Bold } else { FontStyle::Normal };
        // plotters' SVG backend divides every font size by 1.24; its canvas does not.
        let size = face.size * self.unit * if self.medium == Medium::Svg { 1.24 } else { 1.0 };
        let font = FontDesc::new(FontFamily::Name(FAMILY), size, weight).transform(turn);
        let style = TextStyle::from(font).color(&face.color).pos(Pos::new(h, VPos::Center));
        self.area.text(text, &style, self.at(at))
    }
}

/// The dashes of a straight line of a length.
fn dashes(length: f64, (on, off): (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let period = on + off;
    let n = if length.is_finite() {
        (length / period).ceil().clamp(0.0, 4000.0) as u32
    } else {
        0
    };
    (0..n).map(move |i| (f64::from(i) * period, (f64::from(i) * period + on).min(length)))
}

/// Cuts a path into the pieces that are drawn: every other one of the strokes.
fn dash_path(points: &[Point], strokes: &[f64]) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut at, mut left) = (0, strokes[0]);
    for pair in points.windows(2) {
        let ((mut x, mut y), (x1, y1)) = (pair[0], pair[1]);
        let mut rest = (x1 - x).hypot(y1 - y);
        while rest.is_finite() && rest > left {
            (x, y) = (x + (x1 - x) * left / rest, y + (y1 - y) * left / rest);
            rest -= left;
            if at % 2 == 0 {
                piece.push((x, y));
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![(x, y)];
            }
            at += 1;
            left = strokes[at % strokes.len()];
        }
        left -= rest;
        if at % 2 == 0 {
            piece.push((x1, y1));
        }
    }
    pieces.push(piece);
    pieces
}

/// The points at which a path turns. Whole pixels put many points of a fine curve on one place, or on one straight line.
fn turns(path: impl Iterator<Item = (i32, i32)>) -> Vec<(i32, i32)> {
    let way = |a: (i32, i32), b: (i32, i32)| (b.0 - a.0, b.1 - a.1);
    let along = |(x, y): (i32, i32)| (x == 0 || y == 0).then_some((x.signum(), y.signum()));
    let mut kept: Vec<(i32, i32)> = Vec::new();
    for point in path {
        match kept[..] {
            [.., last] if last == point => continue,
            [.., before, last] if along(way(before, last)).is_some_and(|d| along(way(last, point)) == Some(d)) => {
                kept.pop();
            }
            _ => {}
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_turns_and_its_ends() {
        let of = |path: &[(i32, i32)]| turns(path.iter().copied());
        assert_eq!(
            of(&[(0, 0), (1, 0), (1, 0), (4, 0), (4, 3), (4, 2), (5, 3)]),
            [(0, 0), (4, 0), (4, 3), (4, 2), (5, 3)]
        );
        assert_eq!(of(&[(2, 2), (2, 2), (2, 2)]), [(2, 2)]);
        assert_eq!(
            of(&[(0, 0), (1, 1), (2, 2)]).len(),
            3,
            "a slanted line of whole pixels may bend between them"
        );
    }
}
