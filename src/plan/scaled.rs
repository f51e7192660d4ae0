//! What the changes of an adapter are multiplied with, in numbers and words.

use super::adapter::{Adapter, Alpha};
use super::job::Scale;

/// See the module.
pub struct Scaled {
    /// None where modules differ.
    pub alpha: Option<f64>,
    pub scale: Option<f64>,
    pub text: String,
    pub source: String,
}

impl Scaled {
    pub fn of(adapter: &Adapter, alpha: &Alpha, root: bool, source: &str) -> Scaled {
        let of: Vec<(Option<f64>, Scale)> = adapter.modules.iter().filter(|m| m.method.scaled).map(|m| alpha.scale(m)).collect();
        let known: Vec<f64> = of.iter().filter_map(|(_, s)| if let Scale::Known(s) = s { Some(*s) } else { None }).collect();
        let one = |values: Vec<Option<f64>>| values.first().copied().flatten().filter(|_| values.windows(2).all(|w| w[0] == w[1]));
        let none = Scaled { alpha: None, scale: None, text: String::new(), source: String::new() };
        match (of.is_empty(), known.len() == of.len()) {
            (true, _) => none,
            (_, false) => Scaled { text: "α/r, by module".into(), source: "α is stored with each module".into(), ..none },
            _ => {
                let scale = one(known.iter().map(|s| Some(*s)).collect());
                let alpha = one(of.iter().map(|(a, _)| *a).collect());
                let formula = if alpha.is_none() && scale.is_some() {
                    "s"
                } else if root {
                    "α/√r"
                } else {
                    "α/r"
                };
                let (low, high) = known.iter().fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(*s), h.max(*s)));
                let text = match scale {
                    Some(s) => format!("{formula} = {}", short(s)),
                    None => format!("{} to {}, by module", short(low), short(high)),
                };
                Scaled { alpha, scale, text, source: source.into() }
            }
        }
    }
}

/// Four significant digits, without trailing zeros.
fn short(x: f64) -> String {
    let digits = (3 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
