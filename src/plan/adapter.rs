//! An adapter's tensors sorted into modules, and what each module's change is multiplied with.

use super::job::{Scale, TensorRef};
use super::leaf::{Part, leaf};
use super::names::canonical;
use crate::checkpoint::AdapterConfig;
use crate::checkpoint::adapter_config::Scaling;
use crate::error::Error;
use crate::methods::{Fault, Method, Outline, Shapes, method_of};
use crate::report::Kind;
use regex::RegexBuilder;
use std::collections::BTreeMap;

/// One module of an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Canonical, without `.weight`.
    pub name: String,
    /// The prefixes stripped from the file's name.
    pub stripped: String,
    /// Its components are joined by `_`: kohya, LyCORIS.
    pub joined: bool,
    pub method: &'static Method,
    pub parts: Vec<(&'static str, TensorRef)>,
    pub outline: Outline,
}

/// The part that holds alpha itself.
const ALPHA: &str = "alpha";

impl Module {
    pub fn rank(&self) -> Option<u64> {
        self.outline.rank
    }

    fn stores_alpha(&self) -> bool {
        self.parts.iter().any(|(part, _)| *part == ALPHA)
    }

    /// Whether somebody must say what alpha is.
    pub fn asks_alpha(&self) -> bool {
        self.method.scaled && !self.stores_alpha()
    }
}

/// An adapter's tensors sorted out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Adapter {
    pub modules: Vec<Module>,
    /// Tensors that replace those of the base (`modules_to_save`).
    pub replaced: Vec<TensorRef>,
    /// Embedding pairs, 1-D biases: not looked at, with their names.
    pub passed_over: Vec<String>,
    /// Modules that cannot be used.
    pub errors: Vec<Error>,
    /// Written for an image model: alpha = r unless it is stored.
    pub image: bool,
}

/// Parts of one module before they are looked at.
#[derive(Default)]
struct Draft {
    stripped: String,
    joined: bool,
    parts: Vec<(&'static str, TensorRef)>,
}

/// Sorts an adapter's tensors by adapter name: raw state dicts keep it in the keys (`lora_A.mnli.weight`) and may hold several. `config`
/// tells methods apart that store the same tensors.
pub fn sort(tensors: &[TensorRef], config: Option<&AdapterConfig>) -> Result<BTreeMap<String, Adapter>, Error> {
    // Two parameters of one module are told apart by how often `base_layer` stands before the part (PEFT's target_parameters).
    let mut drafts: BTreeMap<(String, String, usize), Draft> = BTreeMap::new();
    let mut shared: Vec<(&'static str, TensorRef)> = Vec::new();
    let mut rest = Adapter::default();
    for t in tensors {
        let Some(leaf) = leaf(&t.name) else {
            let canonical = canonical(&t.name).name;
            if canonical.ends_with(".weight") && t.shape.len() == 2 && !canonical.contains("original_module.") {
                rest.replaced.push(t.clone());
            } else {
                rest.passed_over.push(t.name.clone());
            }
            continue;
        };
        rest.image |= leaf.image;
        let part = match leaf.part {
            Part::Of(part @ ("vera_A" | "vera_B")) => {
                shared.push((part, t.clone()));
                continue;
            }
            Part::Of(part) => part,
            Part::Alpha => ALPHA,
            Part::Ignored => {
                rest.passed_over.push(t.name.clone());
                continue;
            }
            Part::Refused(method, why) => return Err(Error::MethodUnsupported { method: method.to_owned(), why: why.to_owned() }),
        };
        let module = canonical(&leaf.module);
        let depth = leaf.module.split('.').rev().take_while(|c| *c == "base_layer").count();
        let draft = drafts.entry((leaf.adapter, module.name, depth)).or_default();
        draft.stripped = format!("{}{}", leaf.joined.unwrap_or_default(), module.stripped);
        draft.joined = leaf.joined.is_some();
        draft.parts.push((part, t.clone()));
    }
    let mut adapters: BTreeMap<String, Adapter> = BTreeMap::new();
    for ((adapter, name, _), mut draft) in drafts {
        if draft.parts.iter().any(|(part, _)| part.starts_with("vera_")) {
            draft.parts.extend(shared.iter().cloned());
        }
        let adapter = adapters.entry(adapter).or_default();
        match module(name, draft, config) {
            Ok(module) => adapter.modules.push(module),
            Err(error) => adapter.errors.push(error),
        }
    }
    adapters.values_mut().for_each(|a| a.image = rest.image);
    if let Some(first) = adapters.values_mut().next() {
        first.replaced = rest.replaced;
        first.passed_over = rest.passed_over;
    }
    if adapters.is_empty() { Err(Error::AdapterWithoutLora) } else { Ok(adapters) }
}

fn module(name: String, draft: Draft, config: Option<&AdapterConfig>) -> Result<Module, Error> {
    if let Some((_, empty)) = draft.parts.iter().find(|(_, t)| t.begin == t.end) {
        return Err(Error::AdapterEmptyTensors { tensor: empty.name.clone() });
    }
    let shapes = Shapes(draft.parts.iter().map(|(part, t)| (*part, t.shape.clone())).collect());
    if let Some(missing) = config.and_then(|c| c.needs).filter(|part| (shapes.has("lora_A") || shapes.has("lora_a")) && !shapes.has(part)) {
        return Err(Error::AdapterHalf { module: name, present: draft.parts[0].0, missing });
    }
    let Some(method) = method_of(&shapes, config.and_then(|c| c.init)) else {
        return Err(Error::AdapterHalf { module: name, present: ALPHA, missing: "lora_A" });
    };
    let outline = (method.outline)(&shapes).map_err(|fault| match fault {
        Fault::Missing("vera_A" | "vera_B") => Error::MethodUnsupported {
            method: "VeRA without its projection".into(),
            why: "Its two shared matrices come from a random generator; they are in the file only when save_projection is on.".into(),
        },
        Fault::Missing(missing) => Error::AdapterHalf { module: name.clone(), present: draft.parts[0].0, missing },
        Fault::Ranks(a, b) => Error::AdapterRank { module: name.clone(), a, b },
        Fault::Form(why) => Error::MethodUnsupported { method: format!("The module “{name}”"), why },
    })?;
    Ok(Module { name, stripped: draft.stripped, joined: draft.joined, method, parts: draft.parts, outline })
}

/// Where alpha comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Alpha<'a> {
    Config(&'a AdapterConfig),
    /// One number for all modules.
    Given(f64),
    /// A multiple of each module's rank.
    Times(f64),
}

impl Alpha<'_> {
    /// alpha, where it is one, and s of one module. The rank is the file's.
    pub fn scale(&self, module: &Module) -> (Option<f64>, Scale) {
        if !module.method.scaled {
            return (None, Scale::Known(1.0));
        }
        if module.stores_alpha() {
            // LyCORIS: two whole factors have no rank, and then no scale.
            return (None, module.rank().map_or(Scale::Known(1.0), |r| Scale::Stored { rank: r as f64 }));
        }
        let rank = module.rank().map(|r| r as f64);
        match self {
            Alpha::Config(config) => {
                let alpha = pick(&config.alpha_pattern, &module.name).unwrap_or(config.alpha);
                let named = || pick(&config.rank_pattern, &module.name).unwrap_or(config.r) as f64;
                // A factor of LoKr may be whole: PEFT divides by the configuration's rank.
                let r = rank.filter(|_| module.method.kind != Kind::Lokr).unwrap_or_else(named);
                match config.scaling {
                    Scaling::Rank => (Some(alpha), Scale::Known(alpha / r)),
                    Scaling::Root => (Some(alpha), Scale::Known(alpha / r.sqrt())),
                    Scaling::Initial(initial) => (Some(alpha), Scale::Known(alpha / (initial + 1e-5))),
                    Scaling::Given(scale) => (None, Scale::Known(scale)),
                }
            }
            Alpha::Given(alpha) => (Some(*alpha), Scale::Known(rank.map_or(1.0, |r| alpha / r))),
            Alpha::Times(factor) => (rank.map(|r| factor * r), Scale::Known(*factor)),
        }
    }
}

/// The value of the first key that fits the module: PEFT's rule `(.*\.)?(key)$`, with the key as a regular expression.
pub fn pick<T: Copy>(pattern: &[(String, T)], module: &str) -> Option<T> {
    pattern.iter().find(|(key, _)| fits(key, module)).map(|(_, value)| *value)
}

fn fits(key: &str, module: &str) -> bool {
    let plain = module == key || module.strip_suffix(key).is_some_and(|before| before.ends_with('.'));
    plain || compile(key).is_some_and(|r| r.is_match(module))
}

/// The key as PEFT reads it; none where it is not a regular expression that can be read here (look-around, damage).
fn compile(key: &str) -> Option<regex::Regex> {
    RegexBuilder::new(&format!(r"^(?:.*\.)?(?:{key})$")).size_limit(1 << 20).build().ok()
}

/// The keys of both patterns that are compared as plain text because they are no valid regular expression.
pub fn plain_keys(config: &AdapterConfig) -> Vec<&str> {
    let keys = config.rank_pattern.iter().map(|(k, _)| k).chain(config.alpha_pattern.iter().map(|(k, _)| k));
    keys.map(String::as_str).filter(|k| compile(k).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_key_fits_at_the_end_at_a_dot_and_the_first_wins() {
        let pattern = [("q_proj".to_owned(), 4.0), (r"layers\.0\..*".to_owned(), 2.0), ("[".to_owned(), 1.0)];
        assert_eq!(pick(&pattern, "model.layers.3.self_attn.q_proj"), Some(4.0));
        assert_eq!(pick(&pattern, "model.layers.3.self_attn.my_q_proj"), None);
        assert_eq!(pick(&pattern, "model.layers.0.self_attn.q_proj"), Some(4.0));
        assert_eq!(pick(&pattern, "model.layers.0.mlp.up_proj"), Some(2.0));
        assert_eq!(pick(&pattern, "a.["), Some(1.0));
    }
}
