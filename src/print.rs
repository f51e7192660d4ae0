//! Numbers and words as print has them: thousands apart, a true minus, as many decimals as say something.

/// A count with its thousands apart: 13824 -> "13,824".
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Fixed decimals, a true minus (U+2212), a dash for what is not a number.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let text = format!("{:.decimals$}", value.abs());
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !zero {
        format!("\u{2212}{text}")
    } else {
        text
    }
}

/// A number without trailing zeros: 0.25, 0.5, 384.
pub fn short(value: f64) -> String {
    if value >= 1000.0 && value.fract() == 0.0 {
        return count(value as u64);
    }
    let text = fixed(value, 2);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}

/// A number of directions: one decimal below 100, none above, so that columns stay narrow.
pub fn rank(value: f64) -> String {
    fixed(value, if value >= 100.0 { 0 } else { 1 })
}

/// A number and its relative standard error, with so many decimals where it is small: `≈ 812 ± 5`, `≈ 0.91 ± 0.01`.
pub fn estimate(value: f64, relative_error: f64, decimals: usize) -> String {
    let error = value * relative_error;
    let error = if error >= 10.0 || value >= 100.0 {
        fixed(error.round().max(1.0), 0)
    } else {
        fixed(error.max(10f64.powi(-(decimals as i32))), decimals)
    };
    format!(
        "≈ {} ± {error}",
        fixed(value, if value >= 100.0 { 0 } else { decimals })
    )
}

/// A share of something else's size: two digits that say something.
pub fn ratio(x: f64) -> String {
    match x.abs() {
        x if x >= 1e4 || x < 5e-4 && x > 0.0 => format!("{x:.1e}"),
        x => fixed(x, if x < 0.1 { 3 } else { 2 }),
    }
}

/// Two digits, rounded down: what is said of the number holds of the printed one.
pub fn rounded_down(x: f64) -> String {
    let power = x.max(1e-12).log10().floor() as i32;
    let step = 10f64.powi(power - 1);
    fixed((x / step).floor() * step, (1 - power).max(0) as usize)
}

/// A value known within bounds as they are printed: `0.27`, `0.06–0.27`, or `≤ 0.27` where the lower bound says nothing.
pub fn interval(low: String, high: String, positive: bool) -> String {
    let says_nothing = !positive || low.bytes().all(|b| b == b'0' || b == b'.');
    match low == high {
        true => high,
        false if says_nothing => format!("≤ {high}"),
        false => format!("{low}–{high}"),
    }
}

/// A text inside HTML, SVG or one of their attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A name cut in the middle to at most so many letters: its beginning and its end stay, since versions and dates stand there.
pub fn middle(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    let Some(cut) = letters.len().checked_sub(most).filter(|cut| *cut > 0) else {
        return name.to_owned();
    };
    let head = most / 2;
    let tail = (head + cut + 1).min(letters.len());
    letters[..head.min(letters.len())]
        .iter()
        .chain(&['…'])
        .chain(&letters[tail..])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_print() {
        assert_eq!(count(13824), "13,824");
        assert_eq!(fixed(-0.5, 2), "\u{2212}0.50");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(short(0.5), "0.5");
        assert_eq!(short(100.0), "100");
    }

    #[test]
    fn a_name_keeps_its_beginning_and_its_end() {
        assert_eq!(middle("seed-17-final", 13), "seed-17-final");
        assert_eq!(middle("seed-17-final", 9), "seed…inal");
        assert_eq!(middle("abc", 1), "…");
        assert_eq!((middle("abc", 0), middle("", 0)), ("…".into(), String::new()));
    }
}
