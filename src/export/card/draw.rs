//! The drawing of a card: name, three numbers, marks, three columns of sentences, and the rule.

use super::text::{columns, leading, name, one_line, width};
use super::{Card, WIDTH};
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::variable::set;
use crate::print::{count, fixed};

const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH as f64 - LEFT;
const GAP: f64 = 36.0;

/// Baselines and edges, from above.
const HEAD: f64 = 54.0;
const FIRST_RULE: f64 = 72.0;
const NUMBERS: f64 = 262.0;
const MARKS: f64 = 196.0;
const SECOND_RULE: f64 = 366.0;
const COLUMN_HEADS: f64 = 394.0;
const COLUMNS: f64 = 402.0;
const LAST_RULE: f64 = 582.0;
const FOOT: f64 = 607.0;

/// The left edge of the marks.
const MARKS_LEFT: f64 = 664.0;

/// The caution in every export of a count.
const CAUTION: &str = "A count says that a direction is new, not that it does harm.";

pub(super) fn draw(pen: &Pen, card: &Card) -> Drawn {
    pen.area.fill(pen.palette.paper)?;
    head(pen, card)?;
    title(pen, card)?;
    numbers(pen, card)?;
    let tall = SECOND_RULE - 10.0 - MARKS;
    card.marks.draw(pen, (MARKS_LEFT, MARKS), (RIGHT - MARKS_LEFT, tall))?;
    sentences(pen, card)?;
    foot(pen)?;
    pen.area.present()
}

fn plain(pen: &Pen, size: f64) -> Type {
    Type {
        size,
        bold: false,
        color: pen.palette.ink_2,
    }
}

fn head(pen: &Pen, card: &Card) -> Drawn {
    let face = Type::plain(20.0, pen.palette.ink).bold();
    pen.text((LEFT, HEAD), "Lorascope", face, Align::Start)?;
    let rule = one_line(&set(&card.rule), 17.0, false, RIGHT - LEFT - 160.0);
    pen.text((RIGHT, HEAD), &rule, plain(pen, 17.0), Align::End)?;
    pen.hline(LEFT, RIGHT, FIRST_RULE, 1.0, pen.palette.rule)
}

/// Sizes of the name, and how many lines it may take at each.
const NAME: [(f64, usize); 4] = [(42.0, 1), (34.0, 1), (27.0, 2), (24.0, 2)];

fn title(pen: &Pen, card: &Card) -> Drawn {
    let (size, lines) = name(&card.name, &NAME, true, RIGHT - LEFT);
    let face = Type {
        size,
        bold: true,
        color: pen.palette.ink,
    };
    // One line stands where two would have their middle.
    let first = if lines.len() > 1 { 108.0 } else { 126.0 };
    for (n, line) in lines.iter().enumerate() {
        pen.text((LEFT, first + 32.0 * n as f64), line, face, Align::Start)?;
    }
    let below = if lines.len() > 1 { 170.0 } else { 164.0 };
    pen.rect((LEFT, below - 9.0), (28.0, 5.0), pen.palette.token(&card.color), 1.0)?;
    let about = one_line(&card.about, 19.0, false, RIGHT - LEFT - 40.0);
    pen.text((LEFT + 40.0, below), &about, plain(pen, 19.0), Align::Start)
}

/// Intruders, the size of the change, the weakest match.
fn numbers(pen: &Pen, card: &Card) -> Drawn {
    let row = &card.row;
    let known = row.done > 0;
    let of = if row.undecided > 0 {
        format!(
            "of {}, + {} undecided",
            count(row.possible.into()),
            count(row.undecided.into())
        )
    } else {
        format!("of {} vectors", count(row.possible.into()))
    };
    let counted = if row.intruders == 1 { "intruder" } else { "intruders" };
    let number = |x: Option<f64>, digits: usize| match x.filter(|x| x.is_finite()) {
        Some(x) if x.abs() >= 1e4 => format!("{x:.0e}"),
        Some(x) => fixed(x, digits),
        None => "–".into(),
    };
    let size = row.mean_change_ratio;
    let all = [
        (
            if known {
                count(row.intruders.into())
            } else {
                "–".into()
            },
            counted.to_owned(),
            if known { of } else { "nothing is computed".into() },
        ),
        (
            number(size, if size.is_some_and(|x| x < 0.1) { 3 } else { 2 }),
            "size of the change".to_owned(),
            set("σ₁(ΔW)/σ₁(W₀), mean"),
        ),
        (
            number(row.weakest_match, 2),
            "weakest match".to_owned(),
            "1 is an old direction".to_owned(),
        ),
    ];
    let wide = (MARKS_LEFT - 20.0 - LEFT) / all.len() as f64;
    for (n, (figure, what, more)) in all.iter().enumerate() {
        let (x, room) = (LEFT + wide * n as f64, wide - 16.0);
        let large = [64.0, 52.0, 40.0, 30.0, 22.0]
            .into_iter()
            .find(|size| width(figure, *size, true) <= room)
            .unwrap_or(16.0);
        let bold = Type::plain(large, pen.palette.ink).bold();
        pen.text((x, NUMBERS), figure, bold, Align::Start)?;
        let words = Type {
            color: pen.palette.ink,
            ..plain(pen, 17.0)
        };
        pen.text(
            (x, NUMBERS + 32.0),
            &one_line(what, 17.0, false, room),
            words,
            Align::Start,
        )?;
        let note = Type {
            color: pen.palette.ink_3,
            ..plain(pen, 15.0)
        };
        pen.text(
            (x, NUMBERS + 55.0),
            &one_line(more, 15.0, false, room),
            note,
            Align::Start,
        )?;
    }
    Ok(())
}

fn sentences(pen: &Pen, card: &Card) -> Drawn {
    pen.hline(LEFT, RIGHT, SECOND_RULE, 1.0, pen.palette.rule)?;
    let reading = &card.reading;
    let heads = ["What", "How sure", "What follows"];
    let texts = [&*reading.what, &*reading.how_sure, &*reading.what_follows];
    let whole = RIGHT - LEFT - 2.0 * GAP;
    // What follows has its sources to name.
    let widths = [0.30 * whole, 0.33 * whole, 0.37 * whole];
    let (size, set) = columns(texts, widths, LAST_RULE - 6.0 - COLUMNS);
    let mut x = LEFT;
    for ((head, lines), wide) in heads.iter().zip(&set).zip(widths) {
        let face = Type::plain(15.0, pen.palette.ink_3).bold();
        pen.text((x, COLUMN_HEADS), head, face, Align::Start)?;
        let body = Type {
            color: pen.palette.ink,
            ..plain(pen, size)
        };
        for (n, line) in lines.iter().enumerate() {
            let y = COLUMNS + leading(size) * (n as f64 + 1.0) - 0.3 * size;
            pen.text((x, y), line, body, Align::Start)?;
        }
        x += wide + GAP;
    }
    Ok(())
}

fn foot(pen: &Pen) -> Drawn {
    pen.hline(LEFT, RIGHT, LAST_RULE, 1.0, pen.palette.rule)?;
    let face = Type {
        color: pen.palette.ink_3,
        ..plain(pen, 15.0)
    };
    pen.text((LEFT, FOOT), CAUTION, face, Align::Start)?;
    pen.text((RIGHT, FOOT), "after arXiv:2410.21228", face, Align::End)
}
