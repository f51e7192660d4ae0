//! The rows of a report's losses as figures draw them: the model that is meant, and a line per arm of its surgery.

use super::looks::of_arm;
use crate::figures::data::table::Table;
use crate::figures::drawing::pen::Point;
use crate::figures::request::{Focus, Readout};
use crate::print::fixed;
use crate::report::loss::{Loss, LossRow, LossText};
use crate::report::surgery::{ARMS, Arm};
use crate::series::{Dash, Series};

/// Texts that are drawn; a table has all.
pub const MOST_TEXTS: usize = 4;

/// The rows of one arm, by lambda; of what has no lambda one alone.
pub struct Line<'a> {
    /// None: the base.
    pub arm: Option<Arm>,
    pub name: &'static str,
    pub look: Series,
    pub rows: Vec<(Option<f64>, &'a LossRow)>,
}

/// The model that is asked for, where it has such rows; else the first that has.
pub fn subject(loss: &Loss, asked: Option<u32>, is_wanted: impl Fn(&LossRow) -> bool) -> Option<u32> {
    let of = |row: &LossRow| row.model.filter(|_| is_wanted(row));
    let mut all = loss.rows.iter().filter_map(of);
    let first = all.clone().next();
    all.find(|model| Some(*model) == asked).or(first)
}

/// The row of a model as trained, or of the base.
pub fn whole(loss: &Loss, model: Option<u32>) -> Option<&LossRow> {
    loss.rows.iter().find(|row| row.model == model && row.is_whole())
}

/// The base, the model as trained, and its arms in the order of tables.
pub fn lines(loss: &Loss, model: u32) -> Vec<Line<'_>> {
    let base = Series {
        token: "base".into(),
        dash: Dash::Solid,
        width: 1.75,
        shade: 1.0,
    };
    let trained = whole(loss, Some(model));
    let mut all: Vec<Line> = whole(loss, None)
        .map(|row| Line {
            arm: None,
            name: "base",
            look: base,
            rows: vec![(None, row)],
        })
        .into_iter()
        .collect();
    for words in &ARMS {
        let of_arm = |row: &&LossRow| row.model == Some(model) && row.arm == Some(words.arm);
        let own = loss.rows.iter().filter(of_arm);
        let mut rows: Vec<(Option<f64>, &LossRow)> = match words.arm {
            Arm::Trained => trained.map(|row| (None, row)).into_iter().collect(),
            Arm::Projected => own.map(|row| (None, row)).take(1).collect(),
            _ => own.map(|row| (Some(row.lambda.unwrap_or(1.0)), row)).collect(),
        };
        // At 1 every arm is the model as trained.
        if rows.iter().any(|(l, _)| l.is_some()) && rows.iter().all(|(l, _)| *l != Some(1.0)) {
            rows.extend(trained.map(|row| (Some(1.0), row)));
        }
        rows.sort_by(|a, b| a.0.unwrap_or(1.0).total_cmp(&b.0.unwrap_or(1.0)));
        if !rows.is_empty() {
            all.push(Line {
                arm: Some(words.arm),
                name: words.name,
                look: self::of_arm(words.arm),
                rows,
            });
        }
    }
    all
}

/// The line and the place in it that a focus means: by arm and lambda.
pub fn focused(lines: &[Line], arm: Option<Arm>, at: f64) -> Option<(usize, usize)> {
    let line = lines.iter().position(|l| l.arm == arm)?;
    let near = |(lambda, _): &(Option<f64>, &LossRow)| lambda.is_none_or(|l| (l - at).abs() < 1e-6);
    Some((line, lines.get(line)?.rows.iter().position(near)?))
}

/// The line and the place in it that arrow keys lead to: `dx` over lambda, `dy` over the lines.
pub fn step(lines: &[Line], from: Option<(usize, usize)>, dx: i32, dy: i32) -> Option<(usize, usize)> {
    let Some((line, place)) = from else {
        return Some((lines.iter().position(|l| l.rows.len() > 1).unwrap_or(0), 0));
    };
    let moved = |n: usize, by: i32, len: usize| n.saturating_add_signed(by as isize).min(len.saturating_sub(1));
    let line = moved(line, dy, lines.len());
    Some((line, moved(place, dx, lines.get(line)?.rows.len())))
}

/// A row as it is read at its point, on texts of these numbers.
pub fn readout(
    own: &Line,
    place: usize,
    texts: &[(usize, &LossText)],
    (x, y): Point,
    plot_right: f64,
) -> Option<Readout> {
    let (lambda, row) = own.rows.get(place)?;
    let mut lines = Vec::new();
    for (n, text) in texts {
        let on = row.on.get(*n)?;
        lines.push((text.name.clone(), format!("{} nats", fixed(on.mean, 4))));
        if own.arm.is_some() {
            lines.push(("more than the base".to_owned(), more_words(on.more, on.error)));
        }
    }
    Some(Readout {
        title: lambda.map_or(own.name.to_owned(), |l| format!("{}, λ = {}", own.name, fixed(l, 2))),
        lines,
        colors: Vec::new(),
        focus: Focus {
            arm: own.arm,
            at: Some(lambda.unwrap_or(1.0)),
            ..Focus::default()
        },
        x,
        y,
        plot_right,
    })
}

/// All rows of the lines, on texts of these numbers.
pub fn table(lines: &[Line], texts: &[(usize, &LossText)]) -> Table {
    let mut columns: Vec<String> = ["row", "lambda"].map(String::from).into();
    for (_, LossText { name, .. }) in texts {
        columns.extend([
            format!("{name}: mean loss, nats"),
            format!("{name}: more than the base"),
            format!("{name}: standard error"),
        ]);
    }
    let mut rows = Vec::new();
    for own in lines {
        for (lambda, found) in &own.rows {
            let mut row = vec![own.name.into(), (*lambda).into()];
            for (n, _) in texts {
                let on = found.on.get(*n);
                row.extend([on.map(|o| o.mean), on.map(|o| o.more), on.map(|o| o.error)].map(Into::into));
            }
            rows.push(row);
        }
    }
    Table {
        title: String::new(),
        columns,
        rows,
    }
}

/// "+0.1234 ± 0.0021".
pub fn more_words(more: f64, error: f64) -> String {
    format!("{} ± {}", signed(more, 4), fixed(error, 4))
}

/// With its sign: "+0.12", "−0.12", "0.00".
pub fn signed(x: f64, decimals: usize) -> String {
    let words = fixed(x, decimals);
    let is_zero = words.bytes().all(|b| b == b'0' || b == b'.');
    if x > 0.0 && !is_zero {
        format!("+{words}")
    } else {
        words
    }
}
