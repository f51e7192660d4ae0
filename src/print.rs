//! Numbers and words as print has them: thousands apart, a true minus, as many decimals as say something.

/// 13824 -> "13,824".
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

/// Fixed decimals, a true minus (U+2212), a dash for what is no number.
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

/// Without trailing zeros: 0.25, 0.5, 384.
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

/// A text inside HTML, SVG or one of their attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
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
}
