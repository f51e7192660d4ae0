//! The rule by which vectors are counted, as it is asked for.

use super::fault::Fault;
use crate::report::presets::{Preset, presets};
use crate::report::{Settings, Side};
use serde::Deserialize;

/// What is asked for stands over its preset, that over the rule before.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// The window: how many of the strongest fine-tuned vectors are looked at.
    pub k: Option<u32>,
    /// The threshold: a vector whose best match is below it is an intruder.
    pub epsilon: Option<f64>,
    /// The singular vectors that are compared.
    pub side: Option<Side>,
    /// A rule with a name.
    pub preset: Option<String>,
}

impl Rule {
    /// The named rule.
    pub fn preset(&self) -> Result<Option<Preset>, Fault> {
        let Some(wanted) = &self.preset else { return Ok(None) };
        let all = presets();
        let ids: Vec<&str> = all.iter().map(|p| p.id.as_str()).collect();
        let unknown = || {
            Fault::Usage(format!(
                "preset {wanted}: the rules with a name are {}.",
                ids.join(", ")
            ))
        };
        all.iter()
            .find(|p| p.id == *wanted)
            .cloned()
            .map(Some)
            .ok_or_else(unknown)
    }

    pub fn over(&self, before: &Settings) -> Result<Settings, Fault> {
        let mut settings = before.clone();
        if let Some(preset) = self.preset()? {
            settings = Settings {
                k: preset.k,
                epsilon: preset.epsilon,
                side: preset.side,
                cosine: preset.cosine,
                preset: preset.id,
                ..settings
            };
        }
        settings.k = self.k.unwrap_or(settings.k);
        settings.epsilon = self.epsilon.unwrap_or(settings.epsilon);
        settings.side = self.side.unwrap_or(settings.side);
        if settings.k == 0 {
            return Err(Fault::Usage("k 0: a window has at least one vector, as 10.".into()));
        }
        match settings.epsilon {
            x if x > 0.0 && x <= 1.0 => Ok(settings),
            x => Err(Fault::Usage(format!(
                "epsilon {x}: a threshold lies above 0 and up to 1, as 0.5."
            ))),
        }
    }
}
