//! The comparison of a drawing with its golden.

use lorascope::figures::{Request, svg};
use lorascope::report::Report;
use std::path::PathBuf;

/// A drawing without the spans of its variables: its words in one piece.
pub fn in_one_face(svg: &str) -> String {
    let mut pieces = svg.split("<tspan ");
    let first = pieces.next().unwrap_or("").to_owned();
    let rest: String = pieces
        .map(|piece| {
            piece
                .split_once('>')
                .map_or("", |(_, words)| words)
                .replacen("</tspan>", "", 1)
        })
        .collect();
    first + &rest
}

/// Splits into numbers and what stands between them.
fn tokens(text: &str) -> Vec<(&str, Option<f64>)> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let numeric = |c: char| c.is_ascii_digit() || c == '.';
        let split = if rest.starts_with(numeric) {
            rest.find(|c| !numeric(c))
        } else {
            rest.find(numeric)
        };
        let (head, tail) = rest.split_at(split.unwrap_or(rest.len()));
        out.push((head, head.parse().ok()));
        rest = tail;
    }
    out
}

/// Equal but for the last tenth of a CSS pixel (the drawings' unit), where libraries of mathematics may round differently.
fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (tokens(a), tokens(b));
    a.len() == b.len()
        && a.iter().zip(&b).all(|(x, y)| match (x.1, y.1) {
            (Some(p), Some(q)) => (p - q).abs() <= 1.0,
            _ => x.0 == y.0,
        })
}

#[track_caller]
pub fn check(name: &str, report: &Report, request: &Request) {
    check_drawing(name, &svg(report, request));
}

#[track_caller]
pub fn check_drawing(name: &str, drawn: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(format!("{name}.svg"));
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, drawn).expect("the goldens' folder can be written");
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}; UPDATE_GOLDENS=1 writes it"));
    let different = stored
        .lines()
        .zip(drawn.lines())
        .enumerate()
        .find(|(_, (a, b))| !alike(a, b));
    if let Some((n, (a, b))) = different {
        panic!(
            "{name}.svg differs at line {}:\n  stored {a}\n  drawn  {b}\nIf the new drawing is right: UPDATE_GOLDENS=1",
            n + 1
        );
    }
    let (a, b) = (stored.lines().count(), drawn.lines().count());
    assert_eq!(
        a, b,
        "{name}.svg: {a} lines stored, {b} drawn. If the new drawing is right: UPDATE_GOLDENS=1"
    );
}
