//! The colormaps of |cos| and of values with a sign: nine stops from the paper to its opposite, interpolated in OKLab. Zero is the paper
//! itself, so a blank column stays blank.

use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// The paper a figure stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// White paper.
    Light,
    /// Dark paper.
    Dark,
}

pub(crate) const fn hex(rgb: u32) -> RGBColor {
    RGBColor((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const STOPS_LIGHT: [u32; 9] = [
    0xffffff, 0xdbe5d7, 0xadc8af, 0x7baa8e, 0x489076, 0x2d7465, 0x0f5650, 0x053737, 0x031a1c,
];
const STOPS_DARK: [u32; 9] = [
    0x111314, 0x1a2b2b, 0x234945, 0x34685e, 0x458572, 0x5fa180, 0x8fbf94, 0xc6dfb1, 0xf3fadf,
];

/// The other branch of the signed scale, from zero to -1.
const BELOW_LIGHT: [u32; 9] = [
    0xffffff, 0xeaddcb, 0xd7b897, 0xc79366, 0xb87038, 0x9b5424, 0x763613, 0x4c1e0d, 0x290c06,
];
const BELOW_DARK: [u32; 9] = [
    0x111314, 0x2e211c, 0x56382a, 0x7e5237, 0xa46a41, 0xc5854b, 0xdeac72, 0xf3d5a6, 0xfff5e0,
];

/// Steps of the lookup table: finer than eight-bit colour can show between two stops.
const STEPS: usize = 256;
type Table = [RGBColor; STEPS + 1];

/// The colour of a cosine in [0, 1]; outside values are clamped and NaN is the paper.
pub fn cos_color(theme: Theme, cos: f64) -> RGBColor {
    let index = (cos.clamp(0.0, 1.0) * STEPS as f64).round() as usize;
    table(theme)[index.min(STEPS)]
}

/// The colour of a signed value in [-1, 1]: zero is the paper, and both branches are equally far from it.
pub fn signed_color(theme: Theme, value: f64) -> RGBColor {
    static LIGHT: OnceLock<Table> = OnceLock::new();
    static DARK: OnceLock<Table> = OnceLock::new();
    if value.is_nan() || value >= 0.0 {
        return cos_color(theme, value);
    }
    let below = match theme {
        Theme::Light => LIGHT.get_or_init(|| build(&BELOW_LIGHT)),
        Theme::Dark => DARK.get_or_init(|| build(&BELOW_DARK)),
    };
    below[((-value).min(1.0) * STEPS as f64).round() as usize]
}

fn table(theme: Theme) -> &'static Table {
    static LIGHT: OnceLock<Table> = OnceLock::new();
    static DARK: OnceLock<Table> = OnceLock::new();
    match theme {
        Theme::Light => LIGHT.get_or_init(|| build(&STOPS_LIGHT)),
        Theme::Dark => DARK.get_or_init(|| build(&STOPS_DARK)),
    }
}

fn build(stops: &[u32; 9]) -> Table {
    let lab = stops.map(|s| to_oklab(hex(s)));
    std::array::from_fn(|n| {
        let at = n as f64 / STEPS as f64 * 8.0;
        let left = (at.floor() as usize).min(7);
        let t = at - left as f64;
        from_oklab(std::array::from_fn(|c| lab[left][c] * (1.0 - t) + lab[left + 1][c] * t))
    })
}

/// Björn Ottosson's OKLab, <https://bottosson.github.io/posts/oklab/>.
fn to_oklab(RGBColor(r, g, b): RGBColor) -> [f64; 3] {
    let [r, g, b] = [r, g, b].map(|c| linear(f64::from(c) / 255.0));
    let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
    let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
    let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
    [
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    ]
}

fn from_oklab([l, a, b]: [f64; 3]) -> RGBColor {
    let [l, m, s] = [
        l + 0.3963377774 * a + 0.2158037573 * b,
        l - 0.1055613458 * a - 0.0638541728 * b,
        l - 0.0894841775 * a - 1.2914855480 * b,
    ]
    .map(|x| x * x * x);
    let [r, g, b] = [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
    .map(|x| (gamma(x.clamp(0.0, 1.0)) * 255.0).round() as u8);
    RGBColor(r, g, b)
}

fn linear(c: f64) -> f64 {
    if c <= 0.04045 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

fn gamma(c: f64) -> f64 {
    if c <= 0.0031308 {
        c * 12.92
    } else {
        1.055 * c.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_are_met_exactly() {
        for (theme, stops) in [(Theme::Light, STOPS_LIGHT), (Theme::Dark, STOPS_DARK)] {
            for (n, stop) in stops.into_iter().enumerate() {
                assert_eq!(cos_color(theme, n as f64 / 8.0), hex(stop), "{theme:?} stop {n}");
            }
        }
    }

    #[test]
    fn odd_values_stay_inside() {
        assert_eq!(cos_color(Theme::Light, f64::NAN), hex(0xffffff));
        assert_eq!(cos_color(Theme::Light, -1.0), hex(0xffffff));
        assert_eq!(cos_color(Theme::Light, 7.0), hex(0x031a1c));
    }
}
