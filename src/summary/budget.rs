//! The budget of alpha: which matrices another strength of the change would carry over the threshold, and PEFT's `alpha_pattern` that keeps every
//! module of a LoRA below a margin.
//!
//! A change of LoRA is proportional to alpha, with alpha / r as with alpha / sqrt(r), and so is its margin: alpha min(1, m / margin) stands at m at
//! most. Of DoRA and what else is not proportional to alpha nothing is said.

use super::margins;
use crate::metrics::Measured;
use crate::metrics::threshold_margin::THRESHOLD_MARGIN;
use crate::print::count;
use crate::report::{Kind, Matrix, Model, Report, Settings, Source, Status};
use crate::series::{labels, place};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, HashSet};

/// The most matrices that a sentence names.
const NAMED: usize = 4;

/// "At α × 2, 5 of the 36 matrices would cross: layer 0, query; ...; and 1 more.", or which would go back below. Empty where the strength is as trained,
/// or no margin is known.
pub fn crossing(report: &Report, settings: &Settings, times: f64) -> String {
    if times == 1.0 {
        return String::new();
    }
    let names = labels(&report.models);
    let (mut moved, mut all, many) = (Vec::new(), 0u64, report.models.len() > 1);
    for (model, name) in report.models.iter().zip(&names) {
        for matrix in &model.matrices {
            let Some(margin) = margins::known(matrix, settings) else {
                continue;
            };
            all += 1;
            if (margin >= 1.0) != (margin * times >= 1.0) {
                let own = if many { format!("{name}, ") } else { String::new() };
                moved.push((margin, format!("{own}{}", place(matrix))));
            }
        }
    }
    if all == 0 {
        return String::new();
    }
    // Those next to the threshold cross first.
    moved.sort_by(|a, b| a.0.ln().abs().total_cmp(&b.0.ln().abs()));
    let way = if times > 1.0 {
        "would cross"
    } else {
        "would go back below"
    };
    if moved.is_empty() {
        return format!("At α × {times} no matrix {way}.");
    }
    let first: Vec<&str> = moved.iter().take(NAMED).map(|(_, name)| name.as_str()).collect();
    let rest = match moved.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!("; and {} more", count(n as u64)),
    };
    format!(
        "At α × {times}, {} of the {} matrices {way}: {}{rest}.",
        count(moved.len() as u64),
        count(all),
        first.join("; ")
    )
}

/// An `alpha_pattern` for `adapter_config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct AlphaPattern {
    /// JSON: what it is, the `alpha_pattern`, and what is left out.
    pub text: String,
    /// Modules in it.
    pub modules: u32,
    /// Those of them whose alpha is lowered.
    pub lowered: u32,
    /// Names of what is left out, and why.
    pub left_out: Vec<(String, String)>,
}

/// Modules of a model with their alphas and the largest margin of the matrices that each changes.
#[derive(Default)]
struct Modules {
    by_name: BTreeMap<String, (f64, f64)>,
    left_out: Vec<(String, String)>,
}

/// The pattern that keeps every LoRA module of a model at a margin of `most` or below. None where there is no such model.
pub fn alpha_pattern(report: &Report, settings: &Settings, model: usize, most: f64) -> Option<AlphaPattern> {
    let most = Some(most).filter(|m| m.is_finite() && *m > 0.0).unwrap_or(1.0);
    let own = report.models.get(model)?;
    let Modules { by_name, left_out } = modules(own, settings);
    // What stands behind a dot of some name.
    let ends: HashSet<&str> = by_name
        .keys()
        .flat_map(|name| name.match_indices('.').filter_map(|(at, _)| name.get(at + 1..)))
        .collect();
    let mut lowered = 0;
    let mut pattern = Map::new();
    for (name, (alpha, margin)) in &by_name {
        let alpha = if *margin > most {
            lowered += 1;
            below(alpha * most / margin)
        } else {
            *alpha
        };
        // PEFT takes the first key that ends a module's name: one that ends another's too is tied to the beginning.
        let key = if ends.contains(name.as_str()) {
            format!("^{name}")
        } else {
            name.clone()
        };
        pattern.insert(key, Number::from_f64(alpha).map_or(Value::Null, Value::Number));
    }
    let modules = by_name.len() as u32;
    let about = format!(
        "Keeps σ₁(ΔW) of every module listed at {} θ*ₖ or below, k = {}, where θ*ₖ is the strength from which on a generic new direction enters the k strongest \
         singular vectors of the pre-trained matrix (Benaych-Georges and Nadakuditi 2012). A yardstick, necessary and not sufficient: below 1 a generic direction \
         makes no intruder. It says nothing of the task. Use: adapter_config.json, `alpha_pattern`, in place of its own; then load the adapter.",
        most, settings.k
    );
    let mut all = Map::new();
    all.insert("about".into(), about.into());
    all.insert("alpha_pattern".into(), pattern.into());
    let out: Map<String, Value> = left_out
        .iter()
        .map(|(n, why)| (n.clone(), why.as_str().into()))
        .collect();
    all.insert("left_out".into(), out.into());
    Some(AlphaPattern {
        text: serde_json::to_string_pretty(&all).unwrap_or_default(),
        modules,
        lowered,
        left_out,
    })
}

/// Six digits, towards zero: rounded up it would be above.
fn below(alpha: f64) -> f64 {
    let unit = 10f64.powf(alpha.abs().log10().floor() - 5.0);
    let cut = (alpha / unit).trunc() * unit;
    // The shortest decimal of it.
    format!("{cut:.5e}").parse().unwrap_or(cut)
}

fn modules(model: &Model, settings: &Settings) -> Modules {
    let mut found = Modules::default();
    let matrices: BTreeMap<&str, &Matrix> = model.matrices.iter().map(|m| (m.name.as_str(), m)).collect();
    if model.sources.is_empty() {
        let all = model.matrices.iter().map(|m| m.name.clone());
        found.left_out = all
            .map(|name| (name, "the report does not say which module it is".into()))
            .collect();
    }
    for source in &model.sources {
        let name = source.base.tensor.as_str();
        match module(model, source)
            .and_then(|(module, alpha)| Ok((module, alpha, margin(matrices.get(name), settings)?)))
        {
            Ok((module, alpha, margin)) => {
                let (_, largest) = found.by_name.entry(module).or_insert((alpha, margin));
                *largest = largest.max(margin);
            }
            Err(why) => found.left_out.push((name.to_owned(), why.to_owned())),
        }
    }
    found
}

/// The name of a LoRA module as PEFT knows it, and its alpha.
fn module(model: &Model, source: &Source) -> Result<(String, f64), &'static str> {
    let is_plain = model.kind == Kind::Lora
        && source
            .parts
            .iter()
            .all(|p| ["lora_A", "lora_B"].contains(&p.part.as_str()));
    if source.parts.iter().any(|p| p.part == "alpha") {
        return Err("its alpha is a tensor of its own, which no alpha_pattern changes");
    }
    if source.parts.iter().any(|p| p.part == "part") {
        return Err("several modules make it");
    }
    if !is_plain {
        return Err("its change is not proportional to alpha, or it has none");
    }
    let tensor = source.parts.first().map_or("", |p| p.tensor.as_str());
    let name = tensor.strip_prefix("base_model.model.").and_then(|rest| {
        let end = [".lora_A.", ".lora_B."].into_iter().find_map(|at| rest.find(at))?;
        rest.get(..end)
    });
    let name = name.ok_or("its tensors do not have PEFT’s names")?;
    let alpha = source
        .alpha
        .or(model.alpha)
        .filter(|a| *a > 0.0)
        .ok_or("its alpha is not known")?;
    Ok((name.to_owned(), alpha))
}

/// The margin that a matrix has at most, with two standard errors where it is an estimate.
fn margin(matrix: Option<&&Matrix>, settings: &Settings) -> Result<f64, &'static str> {
    let matrix = matrix.ok_or("it was not analyzed")?;
    if matrix.status == Status::Unchanged {
        return Ok(0.0);
    }
    let margin = match THRESHOLD_MARGIN.read(matrix, settings) {
        Measured::About(margin, error) => margin * (1.0 + 2.0 * error),
        Measured::NeedsExact => return Err("its margin is not known: exact mode has it"),
        reading => reading.value().ok_or("its margin is not known")?,
    };
    Some(margin).filter(|m| m.is_finite()).ok_or("its margin is not known")
}
