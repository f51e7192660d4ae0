//! The rule by which vectors are counted, from flags.

use super::end::Fault;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use lorascope::report::presets::{Preset, presets};
use lorascope::report::{self, Settings};

/// The singular vectors that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    Left,
    Right,
    Both,
}

impl From<Side> for report::Side {
    fn from(side: Side) -> report::Side {
        match side {
            Side::Left => report::Side::Left,
            Side::Right => report::Side::Right,
            Side::Both => report::Side::Both,
        }
    }
}

#[derive(Args)]
pub struct RuleArgs {
    /// The window: how many of the strongest fine-tuned vectors are looked at.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    k: Option<u32>,
    /// The threshold: a vector whose best match is below it is an intruder.
    #[arg(long)]
    epsilon: Option<f64>,
    /// The singular vectors that are compared.
    #[arg(long, value_enum)]
    side: Option<Side>,
    /// A rule with a name; --k, --epsilon and --side change it.
    #[arg(long, value_parser = names())]
    preset: Option<String>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(presets().into_iter().map(|p| PossibleValue::new(p.id)))
}

impl RuleArgs {
    /// The named rule.
    pub fn preset(&self) -> Option<Preset> {
        presets().into_iter().find(|p| Some(&p.id) == self.preset.as_ref())
    }

    /// The rule in force: the flags over the preset over `before`.
    pub fn over(&self, before: &Settings) -> Result<Settings, Fault> {
        let mut settings = before.clone();
        if let Some(preset) = self.preset() {
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
        settings.side = self.side.map_or(settings.side, Into::into);
        match settings.epsilon {
            x if x > 0.0 && x <= 1.0 => Ok(settings),
            x => Err(Fault::Usage(format!(
                "--epsilon {x}: a threshold lies above 0 and up to 1, as 0.5."
            ))),
        }
    }
}
