//! The lesson "How alone can a vector be?". A unit vector in R^n has a cosine of at least 1/sqrt(n) with some vector of any orthonormal
//! basis, since the squares of all n cosines sum to 1; (1, ..., 1)/sqrt(n) in that basis has no more (arXiv 2410.21228, appendix C).

use super::dial::within;
use super::drawn::{turned, unit};
use super::{Fact, Scene, held};
use crate::linalg::Matrix;
use crate::metrics::random_match::{NullBand, random_match};
use crate::print::{count, fixed};
use crate::report::Cosine;
use crate::report::panel::{Arrows, Bars, Body, Level, Panel, Range};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AloneDials {
    /// Dimensions n, 2 to 4096.
    pub n: u32,
    /// In the plane: where the vector points, in degrees from the first axis.
    pub angle: f64,
    /// In space: in degrees from the first axis around the third, and above the plane of the first two.
    pub azimuth: f64,
    pub elevation: f64,
    /// In more dimensions: from a random unit vector (0) to the one that is least like any axis (1).
    pub alone: f64,
    pub seed: u32,
    /// In the plane and in space the basis is turned at random; otherwise it is that of the axes.
    pub turned: bool,
    /// By cos, as the paper's text has it, not by |cos|.
    pub signed: bool,
    /// The vector points the other way: as a singular vector it is the same.
    pub flip: bool,
}

impl Default for AloneDials {
    fn default() -> Self {
        AloneDials {
            n: 3,
            angle: 20.0,
            // Seen from here it lies over no axis.
            azimuth: 65.0,
            elevation: 30.0,
            alone: 0.0,
            seed: 1,
            turned: false,
            signed: false,
            flip: false,
        }
    }
}

const DIMENSIONS: std::ops::RangeInclusive<u32> = 2..=4096;

impl AloneDials {
    /// Every dial within its ends.
    pub fn sane(&self) -> AloneDials {
        let plain = AloneDials::default();
        AloneDials {
            n: self.n.clamp(*DIMENSIONS.start(), *DIMENSIONS.end()),
            angle: within(self.angle, -360.0..=360.0, plain.angle),
            azimuth: within(self.azimuth, -360.0..=360.0, plain.azimuth),
            elevation: within(self.elevation, -90.0..=90.0, plain.elevation),
            alone: within(self.alone, 0.0..=1.0, plain.alone),
            ..self.clone()
        }
    }

    fn cosine(&self) -> Cosine {
        if self.signed { Cosine::Signed } else { Cosine::Absolute }
    }
}

/// A unit vector and an orthonormal basis, its vectors in columns: all of it in the plane and in space, the axes elsewhere.
struct Placed {
    vector: Vec<f64>,
    basis: Option<Matrix>,
    /// The cosines with every basis vector.
    cosines: Vec<f64>,
}

fn place(dials: &AloneDials) -> Placed {
    let n = dials.n as usize;
    let (sin, cos) = dials.angle.to_radians().sin_cos();
    let ((sin_a, cos_a), (sin_e, cos_e)) = (
        dials.azimuth.to_radians().sin_cos(),
        dials.elevation.to_radians().sin_cos(),
    );
    let mut vector = match n {
        2 => vec![cos, sin],
        3 => vec![cos_e * cos_a, cos_e * sin_a, sin_e],
        _ => blend(n, dials.seed, dials.alone),
    };
    if dials.flip {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
    let basis = (n <= 3).then(|| {
        if dials.turned {
            turned(n, n, dials.seed, 1)
        } else {
            Matrix::identity(n, n)
        }
    });
    let cosines = match &basis {
        Some(basis) => basis
            .column_iter()
            .map(|axis| axis.iter().zip(&vector).map(|(a, v)| f64::from(*a) * v).sum())
            .collect(),
        None => vector.clone(),
    };
    Placed { vector, basis, cosines }
}

/// A random unit vector at 0, (1, ..., 1)/sqrt(n) at 1, in between the direction of their weighted sum.
fn blend(n: usize, seed: u32, alone: f64) -> Vec<f64> {
    let level = (n as f64).sqrt().recip();
    let sum: Vec<f64> = unit(n, seed, 0)
        .iter()
        .map(|x| (1.0 - alone) * f64::from(*x) + alone * level)
        .collect();
    let norm = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
    // Where the random vector points exactly the other way the sum has no direction.
    sum.into_iter()
        .map(|x| if norm > 1e-6 { x / norm } else { level })
        .collect()
}

/// The best match and its place, by |cos| or by cos.
fn best(cosines: &[f64], signed: bool) -> (usize, f64) {
    let score = |c: &f64| if signed { *c } else { c.abs() };
    let best = cosines
        .iter()
        .map(score)
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    best.unwrap_or((0, 0.0))
}

pub fn scene(dials: &AloneDials) -> Scene {
    let dials = dials.sane();
    let placed = place(&dials);
    let (at, score) = best(&placed.cosines, dials.signed);
    let band = random_match(dials.n, &[dials.n], dials.cosine()).unwrap_or(NullBand {
        low: 0.0,
        middle: 0.0,
        high: 0.0,
    });
    let floor = f64::from(dials.n).sqrt().recip();
    let mut panels: Vec<Panel> = arrows(&dials, &placed, at, score).into_iter().collect();
    panels.push(bars(&dials, &placed.cosines, score, floor, &band));
    let squares: f64 = placed.cosines.iter().map(|c| c * c).sum();
    let facts = vec![
        Fact::new("n", f64::from(dials.n)),
        Fact::new("best", best(&placed.cosines, false).1),
        Fact::new("signedBest", best(&placed.cosines, true).1),
        Fact::new("bestPlace", at as f64 + 1.0),
        Fact::new("floor", floor),
        Fact::new("expected", band.middle),
        Fact::new("low", band.low),
        Fact::new("high", band.high),
        Fact::new("sumOfSquares", squares),
        // The width of a common language model, for the lesson's question.
        Fact::new(
            "expectedAt768",
            random_match(768, &[768], Cosine::Absolute).map_or(0.0, |band| band.middle),
        ),
    ];
    Scene {
        report: held::panels(panels),
        facts,
    }
}

fn name(signed: bool) -> &'static str {
    if signed { "cos" } else { "|cos|" }
}

fn arrows(dials: &AloneDials, placed: &Placed, at: usize, score: f64) -> Option<Panel> {
    let basis = placed.basis.as_ref()?;
    let columns = basis
        .column_iter()
        .map(|axis| axis.iter().map(|x| f64::from(*x)).collect())
        .collect();
    Some(Panel {
        name: "arrows".into(),
        title: if dials.n == 2 {
            "In the plane".into()
        } else {
            "In space".into()
        },
        alt: format!(
            "A unit vector among the {} vectors of an orthonormal basis; it resembles vector {} most, with {} {}.",
            dials.n,
            at + 1,
            name(dials.signed),
            fixed(score, 2)
        ),
        body: Body::Arrows(Arrows {
            basis: columns,
            vector: placed.vector.clone(),
            best: at as u32,
        }),
    })
}

fn bars(dials: &AloneDials, cosines: &[f64], score: f64, floor: f64, band: &NullBand) -> Panel {
    let name = name(dials.signed);
    // The axis depends on n alone, so that it stays while the vector moves; a rare draw is taller.
    let usual = 1.7 * (2.0 * f64::from(dials.n).ln() / f64::from(dials.n)).sqrt();
    let tallest = cosines.iter().fold(0.0f64, |most, c| most.max(c.abs()));
    let top = usual.max(1.05 * tallest).min(1.0);
    Panel {
        name: "bars".into(),
        title: "With every basis vector".into(),
        alt: format!(
            "{name} with each of {} basis vectors; the largest is {}, no unit vector has less than {} by |cos|, and a random one has about {}.",
            count(u64::from(dials.n)),
            fixed(score, 3),
            fixed(floor, 3),
            fixed(band.middle, 3)
        ),
        body: Body::Bars(Bars {
            x: "basis vector i".into(),
            y: Range::new(name, if dials.signed { -top } else { 0.0 }, top),
            values: cosines
                .iter()
                .map(|c| if dials.signed { *c } else { c.abs() })
                .collect(),
            levels: vec![
                Level {
                    label: "1/√n".into(),
                    at: floor,
                },
                Level {
                    label: "random vector".into(),
                    at: band.middle,
                },
            ],
        }),
    }
}
