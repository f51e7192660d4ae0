//! Text fitting: widths letter by letter, lines that break names where a reader would, and sizes that shrink before anything is cut.

use crate::figures::drawing::variable;
use crate::print::middle;

/// More letters than any line has room for.
const MOST: usize = 400;

/// An upper bound on the width of a text in CSS pixels, in any of the usual sans faces.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let letters: f64 = text.chars().map(|c| letter(variable::letter(c).unwrap_or(c))).sum();
    size * letters * if bold { 1.13 } else { 1.0 }
}

/// The width of a letter in the widest of them (DejaVu Sans, whose letters are those of Verdana), in parts of the size.
fn letter(c: char) -> f64 {
    match c {
        ' ' | '\u{a0}' | 'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '’' | '|' | '!' | '·' | '/' | '\\' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '₀' | '₁' | '²' | '‖' => 0.42,
        'm' | 'M' | 'W' | '@' | '%' | '…' | '—' => 1.0,
        'w' | '=' | '+' | '<' | '>' | '±' | '≤' | '≥' | '−' | '~' | '#' => 0.84,
        'A'..='Z' | '&' => 0.79,
        'α'..='ω' => 0.68,
        ' '..='~' => 0.64,
        // Scripts whose letters are as wide as high, and pictures.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{fe0f}' | '\u{ff00}'..='\u{ffff}' | '\u{1f000}'.. => 1.3,
        '\u{0080}'..='\u{07ff}' | '\u{2000}'..='\u{2bff}' => 0.8,
        _ => 1.1,
    }
}

/// Lines of at most a width: broken at spaces, in a name after `-`, `_`, `/` and `.`, and where nothing else helps between two letters.
pub(super) fn lines(text: &str, size: f64, bold: bool, most: f64) -> Vec<String> {
    let fits = |line: &str| width(line.trim_end(), size, bold) <= most;
    let mut lines = vec![String::new()];
    // "r = 8" stays together.
    let text = text.replace(" = ", "\u{a0}=\u{a0}");
    for word in text.split_inclusive(' ') {
        let pieces: Vec<&str> = if fits(word) {
            vec![word]
        } else {
            word.split_inclusive(['-', '_', '/', '.']).collect()
        };
        for piece in pieces {
            for part in if fits(piece) {
                vec![piece.to_owned()]
            } else {
                piece.chars().map(String::from).collect()
            } {
                let Some(line) = lines.last_mut() else { continue };
                let longer = format!("{line}{part}");
                if line.is_empty() || fits(&longer) {
                    *line = longer;
                } else {
                    lines.push(part);
                }
            }
        }
    }
    lines
        .iter()
        .map(|line| line.trim_end().replace('\u{a0}', " "))
        .filter(|line| !line.is_empty())
        .collect()
}

/// A name on one line, shortened in the middle.
pub(super) fn one_line(name: &str, size: f64, bold: bool, most: f64) -> String {
    (1..=name.chars().count().min(MOST))
        .rev()
        .map(|n| middle(name, n))
        .find(|short| width(short, size, bold) <= most)
        .unwrap_or_default()
}

/// The first size at which a name takes no more than so many lines; at the last it is shortened in the middle.
pub(super) fn name(name: &str, sizes: &[(f64, usize)], bold: bool, most: f64) -> (f64, Vec<String>) {
    let name = &middle(name, MOST);
    let tried = sizes
        .iter()
        .map(|(size, rows)| (*size, *rows, lines(name, *size, bold, most)));
    if let Some((size, _, lines)) = tried.clone().find(|(_, rows, lines)| lines.len() <= *rows) {
        return (size, lines);
    }
    let (size, rows) = sizes.last().copied().unwrap_or((12.0, 1));
    let short = (1..=name.chars().count())
        .rev()
        .map(|n| lines(&middle(name, n), size, bold, most));
    (
        size,
        short.clone().find(|lines| lines.len() <= rows).unwrap_or_default(),
    )
}

/// Columns of text under one another's heads: the largest size at which all fit into a height. Where even the smallest is too large, whole
/// sentences at the end of the longest give way, and their number is said.
pub(super) fn columns<const N: usize>(texts: [&str; N], widths: [f64; N], height: f64) -> (f64, [Vec<String>; N]) {
    const SIZES: [f64; 6] = [18.0, 17.0, 16.0, 15.0, 14.0, 13.0];
    let set = |texts: &[String; N], size: f64| -> [Vec<String>; N] {
        std::array::from_fn(|n| lines(&texts[n], size, false, widths[n]))
    };
    let own = texts.map(str::to_owned);
    for size in SIZES {
        let all = set(&own, size);
        if all.iter().all(|lines| rows(height, size) >= lines.len()) {
            return (size, all);
        }
    }
    let size = SIZES[SIZES.len() - 1];
    let short: [String; N] = std::array::from_fn(|n| {
        let sentences: Vec<&str> = texts[n].split_inclusive(". ").collect();
        let kept = (0..=sentences.len()).rev().map(|keep| {
            let left = sentences.len() - keep;
            let more = if left == 0 {
                String::new()
            } else {
                format!("And {left} more in the report.")
            };
            sentences[..keep].concat() + &more
        });
        let fits = |text: &String| lines(text, size, false, widths[n]).len() <= rows(height, size);
        kept.clone().find(fits).unwrap_or_default()
    });
    (size, set(&short, size))
}

pub(super) fn leading(size: f64) -> f64 {
    (1.34 * size).round()
}

fn rows(height: f64, size: f64) -> usize {
    (height / leading(size)).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_it_may_be_and_no_letter_is_lost() {
        let long = "w".repeat(120);
        let names = [
            "a b",
            "acme-legal_contracts/v2.final",
            &long,
            "模型模型模型模型模型",
            "",
            "é".repeat(200).as_str(),
        ]
        .map(String::from);
        for text in &names {
            for most in [60.0, 200.0, 1000.0] {
                let lines = lines(text, 16.0, true, most);
                assert!(
                    lines.iter().all(|line| width(line, 16.0, true) <= most),
                    "{text} in {most}"
                );
                assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
            }
            let (size, lines) = name(text, &[(40.0, 1), (28.0, 2)], true, 1072.0);
            assert!(lines.len() <= 2 && lines.iter().all(|line| width(line, size, true) <= 1072.0));
        }
        assert_eq!(
            lines("acme-legal-contracts", 16.0, false, 110.0),
            ["acme-legal-", "contracts"]
        );
    }

    #[test]
    fn columns_shrink_before_sentences_give_way() {
        let word = "A sentence of a middling length. ";
        let (large, _) = columns([word, word], [300.0, 300.0], 160.0);
        let many = word.repeat(8);
        let (small, _) = columns([&many, word], [300.0, 300.0], 160.0);
        let far = word.repeat(60);
        let (least, [cut, whole]) = columns([&far, word], [300.0, 300.0], 160.0);
        assert!(large > small && small >= least, "{large} {small} {least}");
        let text = cut.join(" ");
        assert!(text.contains("more in the report."), "{text}");
        assert_eq!(whole.join(" "), word.trim());
        assert!(cut.len() as f64 * leading(least) <= 160.0);
    }
}
