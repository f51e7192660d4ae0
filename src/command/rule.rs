//! The rule by which vectors are counted, from flags.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use lorascope::native::rule::Rule;
use lorascope::report;
use lorascope::report::presets::presets;

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
    pub fn rule(&self) -> Rule {
        Rule {
            k: self.k,
            epsilon: self.epsilon,
            side: self.side.map(Into::into),
            preset: self.preset.clone(),
        }
    }
}
