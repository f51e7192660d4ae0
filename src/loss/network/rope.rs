//! Rotary positions: how fast each pair of numbers of a head turns (Su et al. 2021), and the ways of stretching it over longer texts. Source:
//! `modeling_rope_utils.py` of transformers 5.24.

use super::config::Config;
use serde_json::Value;
use std::f64::consts::PI;

/// The angles of one kind of layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Rope {
    /// Angle per position of each pair, in radians.
    pub frequencies: Vec<f64>,
    /// The longer frequencies, and the number of tokens beyond which they hold.
    longer: Option<(Vec<f64>, usize)>,
    /// The base is raised for texts of more tokens: the factor, and that length.
    stretched: Option<(f64, usize)>,
    theta: f64,
    /// Cosine and sine are multiplied by it.
    pub factor: f64,
}

impl Rope {
    /// `said`: `rope_parameters` or `rope_scaling`; `width`: numbers of a head that are turned.
    pub fn of(said: Option<&Value>, theta: f64, width: usize, config: &Config) -> Result<Rope, String> {
        let number = |key: &str| said.and_then(|s| s.get(key)).and_then(Value::as_f64);
        let needed = |key: &str| number(key).ok_or_else(|| format!("Its rotary positions lack “{key}”."));
        let text = |key: &str| said.and_then(|s| s.get(key)).and_then(Value::as_str);
        let kind = text("rope_type").or_else(|| text("type")).unwrap_or("default");
        let theta = number("rope_theta").unwrap_or(theta);
        if !(theta.is_finite() && theta > 1.0) {
            return Err(format!("The base of its rotary positions is {theta}."));
        }
        let longest = || config.number("max_position_embeddings").filter(|n| *n > 0.0);
        let trained = || {
            let outer = config.number("original_max_position_embeddings");
            outer.or(number("original_max_position_embeddings")).or_else(longest)
        };
        let lacking = || "Its configuration does not say for how many tokens it was trained.".to_owned();
        let plain = frequencies(theta, width);
        let mut rope = Rope {
            frequencies: plain.clone(),
            longer: None,
            stretched: None,
            theta,
            factor: 1.0,
        };
        match kind {
            "default" => {}
            "linear" => {
                let factor = needed("factor")?;
                rope.frequencies.iter_mut().for_each(|f| *f /= factor);
            }
            "dynamic" => {
                let longest = longest().ok_or_else(lacking)?;
                rope.stretched = Some((needed("factor")?, longest as usize));
            }
            "llama3" => {
                let (factor, low, high) = (
                    needed("factor")?,
                    needed("low_freq_factor")?,
                    needed("high_freq_factor")?,
                );
                let trained = number("original_max_position_embeddings")
                    .or_else(longest)
                    .ok_or_else(lacking)?;
                for f in &mut rope.frequencies {
                    let turns = trained * *f / (2.0 * PI);
                    let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                    *f = (1.0 - kept) * *f / factor + kept * *f;
                }
            }
            "yarn" => {
                let trained = number("original_max_position_embeddings")
                    .or_else(longest)
                    .ok_or_else(lacking)?;
                let factor = match number("factor") {
                    Some(factor) => factor,
                    None => longest().ok_or_else(lacking)? / trained,
                };
                let (fast, slow) = (number("beta_fast").unwrap_or(32.0), number("beta_slow").unwrap_or(1.0));
                let at = |turns: f64| width as f64 * (trained / (turns * 2.0 * PI)).ln() / (2.0 * theta.ln());
                let whole = said
                    .and_then(|s| s.get("truncate"))
                    .and_then(Value::as_bool)
                    .unwrap_or(true);
                let (low, high) = match whole {
                    true => (at(fast).floor(), at(slow).ceil()),
                    false => (at(fast), at(slow)),
                };
                let (low, mut high) = (low.max(0.0), high.min(width as f64 - 1.0));
                if low == high {
                    high += 0.001;
                }
                for (i, f) in rope.frequencies.iter_mut().enumerate() {
                    let stretched = ((i as f64 - low) / (high - low)).clamp(0.0, 1.0);
                    *f = *f / factor * stretched + *f * (1.0 - stretched);
                }
                let scale = |m: f64| {
                    if factor <= 1.0 {
                        1.0
                    } else {
                        0.1 * m * factor.ln() + 1.0
                    }
                };
                let both = number("mscale")
                    .zip(number("mscale_all_dim"))
                    .filter(|(a, b)| *a != 0.0 && *b != 0.0);
                rope.factor = number("attention_factor").unwrap_or_else(|| match both {
                    Some((one, all)) => scale(one) / scale(all),
                    None => scale(1.0),
                });
            }
            // Phi-3 files of before 2024-07 call it so.
            "longrope" | "su" => {
                let trained = trained().ok_or_else(lacking)?;
                let list = |key: &str| -> Result<Vec<f64>, String> {
                    let all = said.and_then(|s| s.get(key)).and_then(Value::as_array);
                    let all: Option<Vec<f64>> = all.and_then(|all| all.iter().map(Value::as_f64).collect());
                    all.filter(|all| all.len() == plain.len())
                        .ok_or_else(|| format!("Its rotary positions lack “{key}” of {} numbers.", plain.len()))
                };
                let by = |factors: Vec<f64>| plain.iter().zip(factors).map(|(f, by)| f / by).collect();
                rope.frequencies = by(list("short_factor")?);
                rope.longer = Some((by(list("long_factor")?), trained as usize));
                let factor = match number("factor") {
                    Some(factor) => factor,
                    None => longest().ok_or_else(lacking)? / trained,
                };
                rope.factor = number("attention_factor").unwrap_or_else(|| match factor > 1.0 {
                    true => (1.0 + factor.ln() / trained.ln()).sqrt(),
                    false => 1.0,
                });
            }
            other => {
                return Err(format!(
                    "Its rotary positions are of type “{other}”, which is not proven against the library here."
                ));
            }
        }
        let sound = rope.frequencies.iter().all(|f| f.is_finite()) && rope.factor.is_finite();
        sound
            .then_some(rope)
            .ok_or_else(|| "Its rotary positions are not finite numbers.".to_owned())
    }

    /// Cosines and sines of every pair at every position: `[position][pair]`.
    pub fn turns(&self, tokens: usize) -> Vec<(f32, f32)> {
        let stretched;
        let frequencies = match (&self.longer, self.stretched) {
            (Some((longer, beyond)), _) if tokens > *beyond => longer,
            (_, Some((factor, beyond))) if tokens > beyond => {
                let width = 2 * self.frequencies.len();
                let power = width as f64 / (width as f64 - 2.0);
                let by = factor * tokens as f64 / beyond as f64 - (factor - 1.0);
                stretched = self::frequencies(self.theta * by.powf(power), width);
                &stretched
            }
            _ => &self.frequencies,
        };
        let angle = |t: usize, f: f64| (t as f64 * f).sin_cos();
        (0..tokens)
            .flat_map(|t| frequencies.iter().map(move |f| angle(t, *f)))
            .map(|(sin, cos)| ((cos * self.factor) as f32, (sin * self.factor) as f32))
            .collect()
    }
}

fn frequencies(theta: f64, width: usize) -> Vec<f64> {
    (0..width / 2)
        .map(|i| theta.powf(-2.0 * i as f64 / width as f64))
        .collect()
}
