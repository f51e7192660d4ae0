//! Presets: the rules by which different sources count, each under a name that says whose it is. Every export prints the one in force.

use crate::report::{Cosine, Settings, Side};
use serde::{Deserialize, Serialize};

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    /// Its id, as `Settings::preset` holds it.
    pub id: String,
    /// Its name for readers.
    pub name: String,
    /// The rule in words, with what to know about it.
    pub note: String,
    /// As in `Settings`.
    pub k: u32,
    /// As in `Settings`.
    pub epsilon: f64,
    /// As in `Settings`.
    pub side: Side,
    /// As in `Settings`.
    pub cosine: Cosine,
    /// It looks at every tuned matrix, not only at the linear layers inside numbered blocks.
    pub everywhere: bool,
}

/// All presets, the default first.
pub fn presets() -> Vec<Preset> {
    let preset = |id: &str, name: &str, note: &str, side, cosine, everywhere| Preset {
        id: id.into(),
        name: name.into(),
        note: note.into(),
        k: 10,
        epsilon: 0.5,
        side,
        cosine,
        everywhere,
    };
    vec![
        preset(
            "official",
            "official code",
            "Left vectors, |cos|: what the authors' published code counts.",
            Side::Left,
            Cosine::Absolute,
            false,
        ),
        preset(
            "letter",
            "paper, exactly as in Fig. 4",
            "The cosine with its sign, as the paper's algorithm is printed. A singular vector has no sign: this counts vectors at random.",
            Side::Left,
            Cosine::Signed,
            false,
        ),
        preset(
            "peft",
            "PEFT",
            "The detector of PEFT's reduce_intruder_dimension: every tuned matrix.",
            Side::Left,
            Cosine::Absolute,
            true,
        ),
        preset(
            "both",
            "both sides",
            "A vector counts when it is new on the left and on the right.",
            Side::Both,
            Cosine::Absolute,
            false,
        ),
    ]
}

/// The preset in force and what was changed since, in words: `“official code”, changed: k = 20`.
pub fn rule_name(settings: &Settings) -> String {
    let Some(preset) = presets().into_iter().find(|p| p.id == settings.preset) else {
        return format!("“{}”", settings.preset);
    };
    let mut changed = Vec::new();
    if settings.k != preset.k {
        changed.push(format!("k = {}", settings.k));
    }
    if (settings.epsilon - preset.epsilon).abs() > 1e-9 {
        changed.push(format!("ε = {:.2}", settings.epsilon));
    }
    if settings.side != preset.side {
        changed.push(side_name(settings.side).to_owned());
    }
    if settings.cosine != preset.cosine {
        changed.push(cosine_name(settings.cosine).to_owned());
    }
    let changed = if changed.is_empty() {
        String::new()
    } else {
        format!(", changed: {}", changed.join(", "))
    };
    format!("“{}”{changed}", preset.name)
}

/// The whole rule in words: `left vectors, |cos|, thin SVD, k = 10, ε = 0.50`.
pub fn rule(settings: &Settings) -> String {
    let (side, cosine) = (side_name(settings.side), cosine_name(settings.cosine));
    format!(
        "{side}, {cosine}, thin SVD, k = {}, ε = {:.2}",
        settings.k, settings.epsilon
    )
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "left vectors",
        Side::Right => "right vectors",
        Side::Both => "both sides",
    }
}

fn cosine_name(cosine: Cosine) -> &'static str {
    match cosine {
        Cosine::Absolute => "|cos|",
        Cosine::Signed => "signed cos",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_whose_it_is_and_what_was_changed() {
        let plain = Settings::default();
        assert_eq!(rule_name(&plain), "“official code”");
        assert_eq!(
            rule_name(&Settings {
                k: 20,
                epsilon: 0.3,
                ..plain.clone()
            }),
            "“official code”, changed: k = 20, ε = 0.30"
        );
        assert_eq!(
            rule_name(&Settings {
                side: Side::Both,
                preset: "both".into(),
                ..plain.clone()
            }),
            "“both sides”"
        );
        assert_eq!(
            rule_name(&Settings {
                preset: "mine".into(),
                ..plain.clone()
            }),
            "“mine”"
        );
        assert_eq!(rule(&plain), "left vectors, |cos|, thin SVD, k = 10, ε = 0.50");
    }

    #[test]
    fn the_default_settings_are_the_first_preset() {
        let (first, settings) = (&presets()[0], Settings::default());
        assert_eq!(
            (first.id.as_str(), first.k, first.epsilon),
            (settings.preset.as_str(), settings.k, settings.epsilon)
        );
        assert_eq!((first.side, first.cosine), (settings.side, settings.cosine));
    }
}
