//! One share of several: `3/64`.

use std::str::FromStr;

/// The `own`-th of `of`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub own: u32,
    pub of: u32,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Part, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(own, of)| Some((own.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((own, of)) if (1..=of).contains(&own) && of <= 1_000_000 => Ok(Part { own, of }),
            _ => Err("write I/N with I from 1 to N, as 3/64".into()),
        }
    }
}
