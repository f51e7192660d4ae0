//! The design tokens of all figures: colours, sizes and type, for light and dark paper.

use plotters::style::RGBColor;

use super::color::{Theme, hex};
pub use super::color::{cos_color, signed_color};
use crate::print::middle;
use crate::series::Series;

/// CSS font family of every text in a figure.
pub const FAMILY: &str = "system-ui, sans-serif";
/// Type sizes in CSS pixels.
pub const TICK: f64 = 11.0;
pub const LABEL: f64 = 12.0;
pub const TITLE: f64 = 13.0;
/// The least distance between the baselines of two direct labels, in CSS pixels.
pub const LABEL_GAP: f64 = 15.0;

/// The named colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    pub paper: RGBColor,
    pub sunk: RGBColor,
    pub grid: RGBColor,
    pub rule: RGBColor,
    pub rule_strong: RGBColor,
    pub ink: RGBColor,
    pub ink_2: RGBColor,
    pub ink_3: RGBColor,
    pub base: RGBColor,
    pub full: RGBColor,
    /// LoRA by rank, steps 1 to 7: more rank stands further from the paper.
    pub lora: [RGBColor; 7],
}

const LIGHT: Palette = Palette {
    paper: hex(0xffffff),
    sunk: hex(0xf5f6f6),
    grid: hex(0xeceeee),
    rule: hex(0xe2e5e6),
    rule_strong: hex(0x868d91),
    ink: hex(0x15181a),
    ink_2: hex(0x454b4f),
    ink_3: hex(0x666d71),
    base: hex(0x7d8488),
    full: hex(0x00679e),
    lora: [
        hex(0xb65e04),
        hex(0xae4d16),
        hex(0xa14128),
        hex(0x923632),
        hex(0x7e2b39),
        hex(0x67213c),
        hex(0x4b1739),
    ],
};

const DARK: Palette = Palette {
    paper: hex(0x111314),
    sunk: hex(0x191c1d),
    grid: hex(0x222627),
    rule: hex(0x2a2e30),
    rule_strong: hex(0x6d7478),
    ink: hex(0xeceeee),
    ink_2: hex(0xb7bdc0),
    ink_3: hex(0x8f9699),
    base: hex(0x7f868a),
    full: hex(0x57b4ea),
    lora: [
        hex(0xd66535),
        hex(0xdd7a3e),
        hex(0xe48f4b),
        hex(0xeaa55e),
        hex(0xf0bb74),
        hex(0xf6d28e),
        hex(0xfde9ac),
    ],
};

impl Palette {
    pub const fn of(theme: Theme) -> Palette {
        match theme {
            Theme::Light => LIGHT,
            Theme::Dark => DARK,
        }
    }

    /// The colour of a model's marks: paler for earlier checkpoints.
    pub fn of_series(&self, look: &Series) -> RGBColor {
        mixed(self.token(&look.token), self.paper, look.shade)
    }

    /// The colour of a model's words, readable on the paper.
    pub fn words(&self, look: &Series) -> RGBColor {
        let share = if look.stands_back() { 0.5 } else { 1.0 };
        mixed(self.token(&look.token), self.paper, share)
    }

    /// The colour of a token: `full`, `lora-1` ... `lora-7`; anything else is `base`.
    pub fn token(&self, token: &str) -> RGBColor {
        if token == "full" {
            return self.full;
        }
        let step = token.strip_prefix("lora-").and_then(|s| s.parse::<usize>().ok());
        step.and_then(|s| self.lora.get(s.wrapping_sub(1)))
            .copied()
            .unwrap_or(self.base)
    }
}

/// A share of a colour on a ground.
fn mixed(color: RGBColor, ground: RGBColor, share: f64) -> RGBColor {
    let part = |a: u8, b: u8| (f64::from(a) * share + f64::from(b) * (1.0 - share)).round() as u8;
    RGBColor(
        part(color.0, ground.0),
        part(color.1, ground.1),
        part(color.2, ground.2),
    )
}

/// CSS pixels to device pixels, rounded; out-of-range lengths saturate.
pub fn device(css: f64, scale: f64) -> i32 {
    (css * scale).round() as i32
}

/// A rough width of a sans text in CSS pixels, wide enough for the fallback fonts. Never used where a measured width would change the layout.
pub fn text_width(text: &str, size: f64) -> f64 {
    0.56 * size * text.chars().count() as f64
}

/// The number of letters that fit into a width, two at least.
fn letters(size: f64, width: f64) -> usize {
    (width / text_width("0", size)).floor().max(2.0) as usize
}

/// Cuts a text to a width, with an ellipsis.
pub fn truncate(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    text.chars().take(letters(size, width) - 1).chain(['…']).collect()
}

/// A model's name cut to a width in its middle: names that begin alike differ in their ends. Checkpoints of a run differ in their ends: where only that fits, it is "step 1,000".
pub fn cut_name(name: &str, size: f64, width: f64) -> String {
    match name.rsplit_once(", ") {
        Some((_, end)) if text_width(name, size) > width && text_width(end, size) <= width => end.to_owned(),
        _ => middle(name, letters(size, width)),
    }
}

/// Lines of at most a width, broken at spaces.
pub fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = truncate(word, size, width);
        match lines.last_mut() {
            Some(line) if text_width(line, size) + text_width(&word, size) + 4.0 <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_keeps_its_step_where_its_name_is_cut() {
        let name = "LoRA r = 8, step 1,000";
        assert_eq!(cut_name(name, LABEL, 200.0), name);
        assert_eq!(cut_name(name, LABEL, 90.0), "step 1,000");
        assert_eq!(cut_name("chat-finetune-of-march", LABEL, 60.0), "chat…rch");
    }
}
