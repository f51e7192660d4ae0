//! Arrow plot: a unit vector and the vectors of an orthonormal basis, in the plane or in space.

use crate::figures::drawing::pen::{Align, Drawn, Pen, Point, Type};
use crate::figures::drawing::scale::fixed;
use crate::figures::drawing::variable::set;
use crate::figures::kind::drawing;
use crate::figures::{Focus, Readout, Request, Table, Value, sane_width};
use crate::report::panel::Arrows;
use crate::series::Dash;
use plotters::style::RGBColor;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

const MOST: f64 = 150.0;
const MARGIN: f64 = 34.0;
/// The point of view in space: turned about the upright axis and tipped, in radians.
const TURN: f64 = 0.6;
const TIP: f64 = 0.42;
/// A step of the arrow keys, in radians.
const STEP: f64 = PI / 180.0;

pub(crate) struct Layout<'a> {
    data: &'a Arrows,
    space: bool,
    center: Point,
    radius: f64,
    width: f64,
}

drawing!(Layout);

impl<'a> Layout<'a> {
    /// None where the vectors are neither of the plane nor of space.
    pub fn new(data: &'a Arrows, request: &'a Request) -> Option<Self> {
        let n = data.vector.len();
        let whole = |v: &Vec<f64>| v.len() == n && v.iter().all(|x| x.is_finite() && x.abs() <= 2.0);
        let fits = (2..=3).contains(&n) && data.basis.len() == n && data.basis.iter().all(whole) && whole(&data.vector);
        let width = sane_width(request);
        let radius = (0.5 * width - MARGIN).clamp(20.0, MOST);
        fits.then_some(Layout {
            data,
            space: n == 3,
            center: (0.5 * width, radius + MARGIN),
            radius,
            width,
        })
    }

    pub fn height(&self) -> f64 {
        2.0 * (self.radius + MARGIN)
    }

    /// The tip of a vector.
    fn tip(&self, v: &[f64]) -> Point {
        let (x, y) = if self.space {
            let [right, up, _] = camera();
            (dot(v, &right), dot(v, &up))
        } else {
            (v[0], v[1])
        };
        (self.center.0 + self.radius * x, self.center.1 - self.radius * y)
    }

    fn cosine(&self, n: usize) -> f64 {
        dot(&self.data.basis[n], &self.data.vector)
    }

    pub fn draw(&self, pen: &Pen) -> Drawn {
        let palette = pen.palette;
        self.outline(pen)?;
        let best = self.data.best as usize;
        for (n, basis) in self.data.basis.iter().enumerate() {
            let color = if n == best { palette.ink_2 } else { palette.base };
            self.arrow(pen, basis, &format!("u{}", SUBSCRIPTS[n]), color, 1.5)?;
            // Where the vector stands over this one: its length is the cosine.
            let foot: Vec<f64> = basis.iter().map(|x| x * self.cosine(n)).collect();
            pen.path(&[self.center, self.tip(&foot)], 4.0, color, Dash::Solid)?;
            pen.path(
                &[self.tip(&self.data.vector), self.tip(&foot)],
                1.0,
                palette.rule_strong,
                Dash::Dashed,
            )?;
        }
        self.arrow(pen, &self.data.vector, "v", palette.lora[0], 2.5)
    }

    /// All unit vectors: a circle, or the outline and the equator of a sphere.
    fn outline(&self, pen: &Pen) -> Drawn {
        const SIDES: u32 = 96;
        let around = |f: &dyn Fn(f64) -> Point| {
            (0..=SIDES)
                .map(|n| f(TAU * f64::from(n) / f64::from(SIDES)))
                .collect::<Vec<_>>()
        };
        let (x, y) = self.center;
        let circle = around(&|t: f64| (x + self.radius * t.cos(), y + self.radius * t.sin()));
        pen.path(&circle, 1.0, pen.palette.rule_strong, Dash::Solid)?;
        if self.space {
            pen.path(
                &around(&|t: f64| self.tip(&[t.cos(), t.sin(), 0.0])),
                1.0,
                pen.palette.grid,
                Dash::Solid,
            )?;
        }
        Ok(())
    }

    fn arrow(&self, pen: &Pen, v: &[f64], name: &str, color: RGBColor, width: f64) -> Drawn {
        let (from, to) = (self.center, self.tip(v));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let long = dx.hypot(dy);
        pen.path(&[from, to], width, color, Dash::Solid)?;
        if long < 1.0 {
            // It points at the reader.
            return pen.dot(to, 4.0, color, 1.0);
        }
        let (dx, dy) = (dx / long, dy / long);
        let barb = |side: f64| (to.0 - 9.0 * dx + side * 4.5 * dy, to.1 - 9.0 * dy - side * 4.5 * dx);
        pen.path(&[barb(1.0), to, barb(-1.0)], width, color, Dash::Solid)?;
        let face = Type::strong(color);
        let at = (to.0 + 14.0 * dx, to.1 + 14.0 * dy + 4.0);
        pen.halo(at, &set(name), face, Align::Middle)
    }

    /// The direction pointed at: the vector that a drag sets.
    pub fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        let (dx, dy) = ((x - self.center.0) / self.radius, (self.center.1 - y) / self.radius);
        let far = dx.hypot(dy);
        if !(0.02..=1.25).contains(&far) {
            return None;
        }
        if !self.space {
            return Some(self.read(Some((dy.atan2(dx), None))));
        }
        // The near side of the sphere.
        let shrink = far.max(1.0);
        let (a, b) = (dx / shrink, dy / shrink);
        let toward = (1.0 - a * a - b * b).max(0.0).sqrt();
        let [right, up, near] = camera();
        let v: Vec<f64> = (0..3).map(|i| a * right[i] + b * up[i] + toward * near[i]).collect();
        Some(self.read(Some((v[1].atan2(v[0]), Some(v[2].clamp(-1.0, 1.0).asin())))))
    }

    /// dx turns the vector, dy lifts it, by a degree.
    pub fn step(&self, dx: i32, dy: i32) -> Option<Readout> {
        let v = &self.data.vector;
        let turned = v[1].atan2(v[0]) + f64::from(dx) * STEP;
        let lifted = v
            .get(2)
            .map(|z| (z.clamp(-1.0, 1.0).asin() - f64::from(dy) * STEP).clamp(-FRAC_PI_2, FRAC_PI_2));
        Some(self.read((dx != 0 || dy != 0).then_some((turned, lifted))))
    }

    /// The cosines as drawn; `toward`: where a drag would turn the vector to.
    fn read(&self, toward: Option<(f64, Option<f64>)>) -> Readout {
        let lines = (0..self.data.basis.len())
            .map(|n| (format!("cosine with u{}", SUBSCRIPTS[n]), fixed(self.cosine(n), 3)))
            .collect();
        let (x, y) = self.tip(&self.data.vector);
        let focus = Focus {
            at: toward.map(|t| t.0),
            up: toward.and_then(|t| t.1),
            ..Focus::default()
        };
        Readout {
            title: "v".into(),
            lines,
            colors: vec![],
            focus,
            x,
            y,
            plot_right: self.width - 150.0,
        }
    }

    pub fn table(&self) -> Table {
        let rows = (0..self.data.basis.len()).map(|n| {
            vec![
                Value::from(n + 1),
                Value::from(self.cosine(n)),
                Value::from(self.cosine(n).abs()),
            ]
        });
        Table {
            title: String::new(),
            columns: vec!["basis vector".into(), "cosine with v".into(), "|cosine|".into()],
            rows: rows.collect(),
        }
    }
}

const SUBSCRIPTS: [&str; 3] = ["₁", "₂", "₃"];

/// Right, up and toward the reader.
fn camera() -> [[f64; 3]; 3] {
    let (s, c) = TURN.sin_cos();
    let (st, ct) = TIP.sin_cos();
    [[-s, c, 0.0], [-c * st, -s * st, ct], [c * ct, s * ct, st]]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
