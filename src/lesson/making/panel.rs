//! The panel of this lesson: the best match of the strongest vectors, and the count, against the dial.

use super::sweep::{Found, Sweep};
use super::{Making, MakingDials, space};
use crate::metrics::intruder;
use crate::print::fixed;
use crate::report::Matrix;
use crate::report::panel::{Body, Curves, Level, Line, Panel, Range, Strip};

/// The looks of the vectors that have a line, from strong to weak: colour, and whether it is dashed. The colours of ranks would say ranks.
const LOOKS: [(&str, bool); 3] = [("ink", false), ("base", false), ("base", true)];

pub fn best_match(sweep: &Sweep, dials: &MakingDials, now: &Matrix) -> Panel {
    let course = |of: fn(&Found) -> &[f32], j: usize| -> Vec<[f64; 2]> {
        sweep
            .known()
            .filter_map(|(at, found)| Some([at, f64::from(*of(found).get(j)?)]))
            .collect()
    };
    let line = |label: String, token: &str, dashed: bool, points| Line {
        label,
        token: token.into(),
        dashed,
        dots: false,
        points,
        deviation: vec![],
    };
    let own = |(j, (token, dashed)): (usize, &(&str, bool))| {
        line(format!("j = {}", j + 1), token, *dashed, course(|found| &found.best, j))
    };
    let mut lines: Vec<Line> = LOOKS.iter().enumerate().map(own).collect();
    let (title, label) = match dials.making {
        Making::Planted => ("Best match against strength", "strength λ, in σ₁"),
        Making::Turned => ("Best match against angle", "angle, in degrees"),
    };
    if dials.making == Making::Turned {
        lines.push(line(
            "with the tied space, j = 2".into(),
            "ink",
            true,
            course(|found| &found.space, 1),
        ));
    }
    let counts = sweep
        .known()
        .map(|(at, found)| [at, f64::from(found.count(dials))])
        .collect();
    Panel {
        name: "best-match".into(),
        title: title.into(),
        alt: alt(dials, now),
        body: Body::Curves(Curves {
            x: Range::new(label, 0.0, dials.making.most()),
            y: Range::new("best match |cos|", 0.0, 1.0),
            lines,
            levels: vec![Level {
                label: format!("ε = {:.2}", dials.epsilon),
                at: dials.epsilon,
            }],
            cursor: Some(dials.at()),
            strips: vec![Strip {
                label: "intruders".into(),
                counts,
            }],
        }),
    }
}

fn alt(dials: &MakingDials, now: &Matrix) -> String {
    let Some(left) = &now.left else {
        return "The matrix could not be compared.".into();
    };
    let best = |j: usize| fixed(left.max_cos.get(j).map_or(f64::NAN, |c| f64::from(*c)), 2);
    let at = match dials.making {
        Making::Planted => format!("λ = {} σ₁", fixed(dials.lambda, 2)),
        Making::Turned => format!("{}°", fixed(dials.angle, 0)),
    };
    let tied = match dials.making {
        Making::Planted => String::new(),
        Making::Turned => {
            format!(
                ", and vector 2 lies in the tied space with {}",
                fixed(space(left).get(1).map_or(f64::NAN, |c| f64::from(*c)), 2)
            )
        }
    };
    format!(
        "At {at} the three strongest vectors have best matches of {}, {} and {}{tied}; {} of the top {} are below {:.2}.",
        best(0),
        best(1),
        best(2),
        intruder::count(left.max_cos.iter().copied(), dials.k, dials.epsilon),
        dials.k,
        dials.epsilon
    )
}
