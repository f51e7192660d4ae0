//! Variables in labels: set as Unicode's mathematical italic letters, drawn as ordinary letters of an italic face.
//!
//! A letter is set where a label is written, by [`set`] on the figures' own words; the names of models and matrices come from files and are
//! joined to them as they are. A set letter is one letter, so that widths and cuts count it as any other.

/// CSS font family of a variable: the page's face for mathematics.
pub(crate) const FAMILY: &str = "Charter, Cambria, Georgia, serif";

/// Mathematical italic A, a and alpha, and the ordinary letters that they stand for.
const SETS: [(char, char, u32); 3] = [('𝐴', 'A', 26), ('𝑎', 'a', 26), ('𝛼', 'α', 25)];
/// Unicode had this one before the others.
const PLANCK: char = 'ℎ';

/// Words of our own with their variables set: small Greek letters, and Latin letters that stand alone, but for the words "a" and "I" and what an
/// apostrophe cuts off. Operators, digits, names of functions and the capital Δ stay upright.
pub fn set(words: &str) -> String {
    let mut before = ' ';
    let mut letters = words.chars().peekable();
    let mut out = String::with_capacity(words.len());
    while let Some(c) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        let alone = c.is_ascii_alphabetic() && !matches!(c, 'a' | 'I');
        let joined = before.is_ascii_alphabetic() || matches!(before, '’' | '\'') || after.is_ascii_alphanumeric();
        let variable = ('α'..='ω').contains(&c) || alone && !joined;
        out.push(if variable { italic(c) } else { c });
        before = c;
    }
    out
}

/// The letter that a set one is drawn as; None for what is not set.
pub fn letter(c: char) -> Option<char> {
    if c == PLANCK {
        return Some('h');
    }
    let place = |first: char, count: u32| (c as u32).checked_sub(first as u32).filter(|n| *n < count);
    SETS.iter()
        .find_map(|(first, own, count)| char::from_u32(*own as u32 + place(*first, *count)?))
}

fn italic(c: char) -> char {
    let place = |own: char, count: u32| (c as u32).checked_sub(own as u32).filter(|n| *n < count);
    let found = SETS
        .iter()
        .find_map(|(first, own, count)| char::from_u32(*first as u32 + place(*own, *count)?));
    if c == 'h' { PLANCK } else { found.unwrap_or(c) }
}

/// A label in pieces of one face each, from left to right: whether it is italic, and its ordinary letters.
pub fn pieces(label: &str) -> Vec<(bool, String)> {
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for c in label.chars() {
        let own = letter(c);
        match pieces.last_mut() {
            Some((italic, text)) if *italic == own.is_some() => text.push(own.unwrap_or(c)),
            _ => pieces.push((own.is_some(), own.unwrap_or(c).to_string())),
        }
    }
    pieces
}

/// The text of an SVG with its set letters as italic spans.
pub fn spans(svg: &str) -> String {
    let span = |(italic, text): (bool, String)| match italic {
        true => format!(r#"<tspan font-family="{FAMILY}" font-style="italic">{text}</tspan>"#),
        false => text,
    };
    pieces(svg).into_iter().map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The letters of a label that are drawn in italics.
    fn italics(label: &str) -> String {
        let drawn = pieces(label).into_iter().filter(|piece| piece.0);
        drawn.map(|piece| piece.1).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn variables_are_set_and_words_are_not() {
        for (words, variables) in [
            ("Intruders in all 24 matrices, k = 10, ε = 0.50", "k ε"),
            ("size of the change, σ₁(ΔW) / σ₁(W₀)", "σ W σ W"),
            ("margin to the threshold, σ₁(ΔW) / θ*", "σ W θ"),
            ("as strong as W₀’s strongest", "W"),
            ("threshold ε: a vector whose best match is below it counts", "ε"),
            ("window k, as a share of each matrix’s n vectors", "k n"),
            ("left vectors, |cos|, thin SVD", ""),
            ("k = 2.6 % of n", "k n"),
            ("LoRA, α = 2r", "α r"),
            ("strength λ, in σ₁", "λ σ"),
            ("u₁", "u"),
            ("1/√n", "n"),
            ("I measure a height h", "h"),
        ] {
            assert_eq!(italics(&set(words)), variables, "{words}");
        }
    }

    #[test]
    fn a_set_letter_is_one_letter_and_is_drawn_as_itself() {
        for c in ('A'..='Z').chain('a'..='z').chain('α'..='ω') {
            assert_eq!(letter(italic(c)), Some(c));
            assert_eq!(letter(c), None, "a name keeps its letters");
        }
        assert_eq!(pieces("ε, k"), [(false, "ε, k".to_owned())]);
        assert_eq!(
            pieces(&set("at k = 10")),
            [(false, "at ".into()), (true, "k".into()), (false, " = 10".into())]
        );
    }

    #[test]
    fn an_svg_has_ordinary_letters_in_italic_spans() {
        let svg = spans(&format!("<text>\n{} of query_k\n</text>", set("k = 1")));
        assert!(
            svg.starts_with("<text>\n<tspan ") && svg.ends_with(">k</tspan> = 1 of query_k\n</text>"),
            "{svg}"
        );
    }
}
