//! Surgery over lambda: the number of intruders after the edit, and the norm of the edited change, a line per arm.

mod draw;
mod read;
mod table;

use crate::figures::data::looks::of_arm;
use crate::figures::drawing::pen::Point;
use crate::figures::drawing::scale::{Axis, count_ticks, fixed, round_axis};
use crate::figures::drawing::variable::set;
use crate::figures::kind::{About, FigureKind, Keeps, Matches, Needs, figure};
use crate::figures::{Request, sane_width};
use crate::metrics::intruder::INTRUDERS;
use crate::report::surgery::{ArmCurve, Surgery};
use crate::report::{Report, surgery::Arm};
use crate::series::{Series, labels};

pub static ARMS: FigureKind = FigureKind {
    id: "surgery",
    title: "Surgery, with its controls",
    about: About::Run,
    needs: Needs::Surgery,
    dials: &[],
    follows_rule: false,
    choices: &[],
    paper: "",
    note: "λ = 1 is the model as trained, λ = 0 takes the chosen vectors away. The controls have the norm of the scaled change (shrunk, random) or of \
           the whole (restored): what they lower too is not the intruders’ doing.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps {
        matches: Matches::None,
        ..Keeps::COUNTS
    },
    make: |report, request| Box::new(Layout::new(report, request)),
};

/// Below this width the lines carry no names of their own.
const NARROW: f64 = 460.0;
const LEFT: f64 = 48.0;
const TOP: f64 = 34.0;
const COUNTS: f64 = 150.0;
const GAP: f64 = 46.0;
const NORMS: f64 = 110.0;
const BOTTOM: f64 = 46.0;
/// Of the names below a narrow figure.
const LEGEND: f64 = 46.0;

/// One arm.
struct Line {
    arm: Arm,
    look: Series,
    /// A dot per lambda: in the plot of counts, and in that of norms. An arm without lambda has two of each, at the ends.
    counts: Vec<Point>,
    norms: Vec<Point>,
}

/// The layout, in CSS pixels.
pub(crate) struct Layout<'a> {
    request: &'a Request,
    /// The model and its surgery; none where no model has any.
    shown: Option<(String, &'a Surgery)>,
    curves: Vec<&'a ArmCurve>,
    lines: Vec<Line>,
    x: Axis,
    counts: Axis,
    norms: Axis,
    count_ticks: Vec<f64>,
    norm_ticks: Vec<f64>,
    left: f64,
    right: f64,
    narrow: bool,
    width: f64,
}

figure!(Layout);

impl<'a> Layout<'a> {
    pub fn new(report: &'a Report, request: &'a Request) -> Self {
        let width = sane_width(request);
        let narrow = width < NARROW;
        let asked = request.model.map(|m| m as usize);
        let own = |at: usize| Some((at, report.models.get(at)?.surgery.as_ref()?));
        let found = asked.and_then(own).or_else(|| (0..report.models.len()).find_map(own));
        let shown = found.map(|(at, surgery)| (labels(&report.models).swap_remove(at), surgery));
        // A list that is shorter than its lambdas is not drawn past its end.
        let curves: Vec<&ArmCurve> = found.map(|(_, s)| s.arms.iter().collect()).unwrap_or_default();
        let most = curves
            .iter()
            .flat_map(|c| &c.intruders)
            .copied()
            .max()
            .unwrap_or(0)
            .max(1);
        let longest = curves.iter().flat_map(|c| &c.frobenius).copied().fold(0.0, f64::max);
        let lambdas = found.map(|(_, s)| s.lambdas.as_slice()).unwrap_or_default();
        let last = lambdas.iter().copied().fold(1.0, f64::max);
        let first = lambdas.iter().copied().fold(1.0, f64::min);
        let (left, right) = (LEFT, width - if narrow { 14.0 } else { 96.0 });
        let x = Axis::linear((first.min(0.0), last), (left, right));
        let counts = Axis::linear((0.0, f64::from(most)), (TOP + COUNTS, TOP));
        let (norm_ticks, end) = round_axis(if longest > 0.0 { longest } else { 1.0 });
        let norms = Axis::linear((0.0, end), (TOP + COUNTS + GAP + NORMS, TOP + COUNTS + GAP));
        let line = |curve: &&ArmCurve| {
            // Without lambda: a line over the whole plot.
            let (ends, places) = ([first.min(0.0), last], curve.intruders.len().min(curve.frobenius.len()));
            let fixed = matches!(curve.arm, Arm::Trained | Arm::Projected);
            let at = |i: usize| if fixed { (ends[i], 0) } else { (lambdas[i], i) };
            let dots = if fixed {
                2 * places.min(1)
            } else {
                places.min(lambdas.len())
            };
            let place = |axis: &Axis, value: &dyn Fn(usize) -> f64| -> Vec<Point> {
                (0..dots).map(|i| (x.at(at(i).0), axis.at(value(at(i).1)))).collect()
            };
            Line {
                arm: curve.arm,
                look: of_arm(curve.arm),
                counts: place(&counts, &|i| f64::from(curve.intruders[i])),
                norms: place(&norms, &|i| curve.frobenius[i]),
            }
        };
        Layout {
            lines: curves.iter().map(line).collect(),
            request,
            shown,
            curves,
            count_ticks: count_ticks(u64::from(most)).into_iter().map(|v| v as f64).collect(),
            norm_ticks,
            x,
            counts,
            norms,
            left,
            right,
            narrow,
            width,
        }
    }

    pub fn height(&self) -> f64 {
        TOP + COUNTS + GAP + NORMS + BOTTOM + if self.narrow { LEGEND } else { 0.0 }
    }

    fn title(&self) -> String {
        let Some((name, surgery)) = &self.shown else {
            return "Intruders after the edit".into();
        };
        let epsilon = fixed(surgery.epsilon, 2);
        let rule = set(&format!("k = {}, ε = {epsilon}", surgery.k));
        format!("Intruders of {name} after the edit, {rule}")
    }

    /// The arm and the dot in focus.
    fn focused(&self) -> Option<(usize, usize)> {
        let focus = self.request.focus.as_ref()?;
        let (arm, at) = (focus.arm?, focus.at?);
        let line = self.lines.iter().position(|l| l.arm == arm)?;
        let x = self.x.at(at);
        let dot = self.lines[line].counts.iter().position(|p| (p.0 - x).abs() < 0.5)?;
        Some((line, dot))
    }

    /// The lambda of a dot; none of an arm without.
    fn lambda(&self, line: usize, dot: usize) -> Option<f64> {
        let fixed = matches!(self.lines[line].arm, Arm::Trained | Arm::Projected);
        (!fixed)
            .then(|| self.shown.as_ref()?.1.lambdas.get(dot).copied())
            .flatten()
    }
}
