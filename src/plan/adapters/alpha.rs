//! The scale of a module's change: the one place that finds alpha, computes the scale and says where it comes from.
//!
//! In this order, module by module: the alpha stored with it; the configuration that belongs to this file; what the file's own metadata says of
//! its component; the file's name; the convention of its family; and where nobody says it, a question.

use super::adapter::{Adapter, Module};
use super::patterns::Patterns;
use crate::checkpoint::json;
use crate::methods::AdapterConfig;
use crate::methods::config::Scaling;
use crate::plan::files::components::Component;
use crate::plan::job::Scale;
use crate::plan::names::whole;
use crate::plan::{Answers, Question, QuestionOption};
use crate::report::Kind;
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The sources of alpha for one adapter.
#[derive(Debug, Clone, Default)]
pub struct Sources<'a> {
    /// Its configuration, and the name of that file.
    pub config: Option<Configured<'a>>,
    pub metadata: Metadata,
    /// Read from the file's name: the authors' files carry it there.
    pub named: Option<f64>,
    pub convention: Convention,
}

/// A configuration with its patterns compiled, and where it comes from.
#[derive(Debug, Clone)]
pub struct Configured<'a> {
    pub config: Cow<'a, AdapterConfig>,
    source: &'a str,
    rank: Patterns<u64>,
    alpha: Patterns<f64>,
}

impl<'a> Configured<'a> {
    /// `letters`: of all names that the patterns are matched with.
    pub fn new(config: Cow<'a, AdapterConfig>, source: &'a str, letters: usize) -> Configured<'a> {
        Configured {
            rank: Patterns::new(&config.rank_pattern, letters),
            alpha: Patterns::new(&config.alpha_pattern, letters),
            config,
            source,
        }
    }

    /// The rank that it gives a module.
    pub fn rank(&self, module: &str) -> u64 {
        // PEFT names the parameter of all experts.
        self.rank.pick(whole(module)).unwrap_or(self.config.r)
    }

    fn alpha(&self, module: &str) -> f64 {
        self.alpha.pick(whole(module)).unwrap_or(self.config.alpha)
    }

    /// The keys of both patterns that are compared as plain text.
    pub fn plain_keys(&self) -> Vec<&str> {
        let rank = self.config.rank_pattern.iter().map(|(k, _)| k).enumerate();
        let alpha = self.config.alpha_pattern.iter().map(|(k, _)| k).enumerate();
        rank.filter(|(at, _)| self.rank.plain().contains(at))
            .chain(alpha.filter(|(at, _)| self.alpha.plain().contains(at)))
            .map(|(_, key)| key.as_str())
            .collect()
    }
}

/// The alpha that a family assumes where nobody says it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Convention {
    /// Networks for images: every loader takes alpha = r.
    Image,
    /// As before, but the file has PEFT's names, whose writer keeps alpha in a configuration that is not here.
    ImageOfPeft,
    /// mlx-lm's own default of its scale, which is not divided by the rank.
    Mlx,
    /// torchtune's and most recipes' alpha = 2 r, which the paper uses too.
    #[default]
    Language,
}

impl Convention {
    /// The two likeliest answers, the default first: the answer's value, alpha by the rank, and whose it is.
    fn ways(self) -> [(&'static str, u64, &'static str); 2] {
        match self {
            Convention::Image | Convention::ImageOfPeft => [
                ("r", 1, "default: the convention of image models"),
                ("2r", 2, "the paper’s choice for language models"),
            ],
            Convention::Mlx => [
                ("20r", 20, "default: mlx-lm’s own, a scale of 20"),
                ("2r", 2, "the paper’s choice"),
            ],
            Convention::Language => [
                ("2r", 2, "default: the paper’s choice"),
                ("r", 1, "the convention of image models"),
            ],
        }
    }
}

/// The conventions for alpha where nobody says it, and whose word each is; for the documentation.
pub const CONVENTIONS: [[&str; 3]; 5] = [
    [
        "networks for images, video and sound: kohya, LyCORIS, diffusers, ai-toolkit, ComfyUI",
        "α = r, without a question",
        "kohya’s and LyCORIS’ modules take alpha = dim where none is given; diffusers’ get_peft_kwargs sets lora_alpha = r without network alphas; \
         ComfyUI multiplies with 1 without an alpha tensor",
    ],
    [
        "the same under PEFT’s names (`base_model.model.`)",
        "asked; default α = r",
        "PEFT keeps α in the adapter_config.json that is not here; the loaders of these networks take r",
    ],
    [
        "mlx-lm",
        "asked; default α = 20 r, which is its scale of 20",
        "`scale` of lora_parameters among the defaults of mlx_lm/lora.py (10 in its first versions)",
    ],
    [
        "torchtune",
        "asked; default α = 2 r",
        "its recipes: lora_rank 8 and lora_alpha 16 (recipes/configs/llama3/8B_lora.yaml and its kin)",
    ],
    [
        "every other adapter of a language model",
        "asked; default α = 2 r",
        "the paper’s choice; LLaMA-Factory’s default is lora_rank * 2. PEFT’s default 8 is offered too",
    ],
];

/// The scale of one module.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Alpha, where it is one number.
    pub alpha: Option<f64>,
    pub scale: Scale,
    /// Whether alpha is divided by the root of r.
    pub root: bool,
    /// The source of the scale, in words; empty where nothing is scaled.
    pub source: String,
}

static NAMED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"alpha=(\d+(?:\.\d+)?)").expect("a constant"));

/// alpha from a file's name.
pub fn named(path: &str) -> Option<f64> {
    NAMED.captures(path).and_then(|c| c[1].parse().ok())
}

impl Sources<'_> {
    /// The first of the sources that says it; none where somebody must be asked.
    fn found(&self, module: &Module) -> Option<Decided> {
        let rank = module.rank().map(|r| r as f64);
        let of = |alpha: f64, source: &str| Decided {
            alpha: Some(alpha),
            scale: Scale::Known(rank.map_or(1.0, |r| alpha / r)),
            root: false,
            source: source.to_owned(),
        };
        if !module.method.scaled {
            return Some(Decided {
                alpha: None,
                scale: Scale::Known(1.0),
                root: false,
                source: String::new(),
            });
        }
        if module.stores_alpha() {
            // Two whole factors have neither a rank nor a scale.
            let scale = rank.map_or(Scale::Known(1.0), |rank| Scale::Stored { rank });
            return Some(Decided {
                alpha: None,
                scale,
                root: false,
                source: STORED.into(),
            });
        }
        if let Some(config) = &self.config {
            return Some(by_config(config, module));
        }
        if let Some(config) = self.metadata.config(module.component) {
            return Some(by_config(config, module));
        }
        if let Some(alpha) = self.metadata.alpha {
            return Some(of(alpha, METADATA));
        }
        if let Some(alpha) = self.named {
            return Some(of(alpha, "the file’s name"));
        }
        let convention = Decided {
            source: "α = r, the convention of image models".into(),
            ..times(rank, 1.0)
        };
        (self.convention == Convention::Image).then_some(convention)
    }

    /// The scale of a module, with the answer to the question where one was needed.
    pub fn decide(&self, module: &Module, answer: Option<&str>) -> Decided {
        if let (true, Some(rank)) = (self.is_disputed(module), self.metadata.rank) {
            let whole = answer == Some(WHOLE);
            let source = if whole {
                "LyCORIS’ rule for whole factors"
            } else {
                "α stored with each module, r from the file’s metadata"
            };
            let scale = if whole {
                Scale::Known(1.0)
            } else {
                Scale::Stored { rank }
            };
            return Decided {
                alpha: None,
                scale,
                root: false,
                source: source.into(),
            };
        }
        if let Some(found) = self.found(module) {
            return found;
        }
        let rank = module.rank().map(|r| r as f64);
        let decided = match answer {
            Some("r") => times(rank, 1.0),
            Some("20r") => times(rank, 20.0),
            Some(number) if number != "2r" => {
                let alpha: f64 = number.parse().unwrap_or(8.0);
                Decided {
                    alpha: Some(alpha),
                    ..times(None, rank.map_or(1.0, |r| alpha / r))
                }
            }
            _ => times(rank, 2.0),
        };
        Decided {
            source: "your answer above".into(),
            ..decided
        }
    }

    /// The base's layer of each tuned layer.
    pub fn layer_map(&self) -> &[u32] {
        self.config.as_ref().map_or(&[], |c| &c.config.layer_map)
    }

    /// Both factors of LoKr are whole and alpha is stored, while the metadata names a rank: LyCORIS takes no scale then (and stores
    /// alpha = r), other trainers divide by the rank.
    fn is_disputed(&self, module: &Module) -> bool {
        module.method.kind == Kind::Lokr && module.rank().is_none() && module.stores_alpha() && self.disputes()
    }

    fn disputes(&self) -> bool {
        matches!((self.metadata.alpha, self.metadata.rank), (Some(alpha), Some(rank)) if alpha != rank && alpha != 0.0)
    }

    /// The question about alpha where nobody says it, or two sources disagree; with the default that is right for most.
    pub fn question(&self, label: &str, adapter: &Adapter, answers: &Answers) -> Option<Question> {
        if let Some(disputed) = adapter.modules.iter().find(|m| self.is_disputed(m)) {
            return Some(self.dispute(label, disputed, answers));
        }
        let asked: Vec<&Module> = adapter.modules.iter().filter(|m| self.found(m).is_none()).collect();
        if asked.is_empty() {
            return None;
        }
        let id = format!("alpha:{label}");
        let ranks: BTreeSet<u64> = asked.iter().filter_map(|m| m.rank()).collect();
        let of_rank = |factor: u64, formula: &str| match (ranks.len(), ranks.first()) {
            (1, Some(r)) => format!("{}, that is {formula}", r.saturating_mul(factor)),
            _ => formula.to_owned(),
        };
        let [first, second] = self.convention.ways();
        let option = |(value, factor, note): (&str, u64, &str)| choice(value, of_rank(factor, value), note);
        let is_answer = |a: &&String| {
            ["20r", "2r", "r", "8", LEAVE_OUT].contains(&a.as_str())
                || a.parse::<f64>().is_ok_and(|x| x.is_finite() && x > 0.0)
        };
        Some(Question {
            title: format!("What is α for “{label}”?"),
            detail:
                "It came without adapter_config.json. α sets the size of the change, so every number depends on it."
                    .into(),
            options: vec![
                option(first),
                option(second),
                choice("8", "8".into(), "PEFT’s default"),
                choice(LEAVE_OUT, "Leave this model out".into(), ""),
            ],
            value: answers
                .0
                .get(&id)
                .filter(is_answer)
                .cloned()
                .unwrap_or_else(|| first.0.into()),
            number: true,
            id,
        })
    }

    fn dispute(&self, label: &str, module: &Module, answers: &Answers) -> Question {
        let id = format!("alpha:{label}");
        let (alpha, rank) = (self.metadata.alpha.unwrap_or(1.0), self.metadata.rank.unwrap_or(1.0));
        let value = answers
            .0
            .get(&id)
            .filter(|a| [RANK, WHOLE, LEAVE_OUT].contains(&a.as_str()))
            .cloned();
        Question {
            title: format!("What is “{label}” multiplied with?"),
            detail: format!(
                "Both factors of “{}” are whole, so the file does not show its rank. Its metadata says α = {} and r = {}: LyCORIS would have \
                 stored α = r then, and multiplied with 1.",
                module.name,
                short(alpha),
                short(rank)
            ),
            options: vec![
                choice(
                    RANK,
                    format!("α/r = {}/{}", short(alpha), short(rank)),
                    "default: as the file’s metadata says it was trained",
                ),
                choice(WHOLE, "1".into(), "LyCORIS’ and ComfyUI’s rule for whole factors"),
                choice(LEAVE_OUT, "Leave this model out".into(), ""),
            ],
            value: value.unwrap_or_else(|| RANK.into()),
            number: false,
            id,
        }
    }
}

/// Answers.
pub const LEAVE_OUT: &str = "leave-out";
const RANK: &str = "rank";
const WHOLE: &str = "whole";
const STORED: &str = "α is stored with each module";
const METADATA: &str = "the file’s metadata";

fn choice(value: &str, label: String, note: &str) -> QuestionOption {
    QuestionOption {
        value: value.into(),
        label,
        note: note.into(),
    }
}

/// alpha a multiple of the rank.
fn times(rank: Option<f64>, factor: f64) -> Decided {
    Decided {
        alpha: rank.map(|r| factor * r),
        scale: Scale::Known(factor),
        root: false,
        source: String::new(),
    }
}

fn by_config(configured: &Configured, module: &Module) -> Decided {
    let config = &configured.config;
    let alpha = configured.alpha(&module.name);
    let named = || configured.rank(&module.name) as f64;
    // A factor of LoKr may be whole: PEFT divides by the configuration's rank.
    let r = module
        .rank()
        .map(|r| r as f64)
        .filter(|_| module.method.kind != Kind::Lokr)
        .unwrap_or_else(named);
    let (alpha, scale) = match config.scaling {
        Scaling::Rank => (Some(alpha), alpha / r),
        Scaling::Root => (Some(alpha), alpha / r.sqrt()),
        Scaling::Initial(initial) => (Some(alpha), alpha / (initial + 1e-5)),
        Scaling::Given(scale) => (None, scale),
    };
    Decided {
        alpha,
        scale: Scale::Known(scale),
        root: config.scaling == Scaling::Root,
        source: configured.source.to_owned(),
    }
}

/// The fields of a file's `__metadata__` that writers use for alpha.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// Whole configurations, by the component they are of (diffusers: `unet.lora_alpha`); by nothing where they are of all.
    configs: BTreeMap<String, Configured<'static>>,
    alpha: Option<f64>,
    rank: Option<f64>,
}

/// Keys under which trainers keep one alpha and one rank for the file.
const ALPHAS: [&str; 5] = [
    "ss_network_alpha",
    "lora_alpha",
    "network_alpha",
    "networkAlpha",
    "alpha",
];
const RANKS: [&str; 7] = [
    "ss_network_dim",
    "lora_rank",
    "network_dim",
    "networkDim",
    "rank",
    "r",
    "dim",
];

impl Metadata {
    /// `letters`: of all names that patterns are matched with.
    pub fn read(metadata: &BTreeMap<String, String>, letters: usize) -> Metadata {
        let number = |keys: &[&str]| {
            keys.iter().find_map(|k| {
                metadata
                    .get(*k)?
                    .trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|x| x.is_finite() && *x > 0.0)
            })
        };
        let configs = metadata
            .values()
            .filter(|text| text.contains("lora_alpha"))
            .filter_map(|text| match json::value(text) {
                Ok(Value::Object(all)) => Some(AdapterConfig::parse_by_component(all)),
                _ => None,
            })
            .flatten();
        Metadata {
            configs: configs
                .filter(|(_, c)| c.refusal.is_none())
                .map(|(component, c)| (component, Configured::new(Cow::Owned(c), METADATA, letters)))
                .collect(),
            alpha: number(&ALPHAS),
            rank: number(&RANKS),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.configs.is_empty() && self.alpha.is_none() && self.rank.is_none()
    }

    /// The configuration of a component; of a module that belongs to none, the only one there is.
    fn config(&self, component: Option<Component>) -> Option<&Configured<'static>> {
        let own = component
            .into_iter()
            .flat_map(Component::prefixes)
            .find_map(|prefix| self.configs.get(&prefix));
        let only = || {
            self.configs
                .values()
                .next()
                .filter(|_| self.configs.len() == 1 && component.is_none())
        };
        own.or_else(|| self.configs.get("")).or_else(only)
    }
}

/// The scales of an adapter's modules in numbers and words.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scaled {
    /// None where modules differ.
    pub alpha: Option<f64>,
    pub scale: Option<f64>,
    pub text: String,
    pub source: String,
}

impl Scaled {
    pub fn of(decided: &[Decided]) -> Scaled {
        let of: Vec<&Decided> = decided.iter().filter(|d| !d.source.is_empty()).collect();
        let known: Vec<f64> = of
            .iter()
            .filter_map(|d| if let Scale::Known(s) = d.scale { Some(s) } else { None })
            .collect();
        let one = |values: Vec<Option<f64>>| {
            values
                .first()
                .copied()
                .flatten()
                .filter(|_| values.windows(2).all(|w| w.first() == w.last()))
        };
        let mut sources: Vec<&str> = Vec::new();
        of.iter().map(|d| d.source.as_str()).for_each(|s| {
            if !sources.contains(&s) {
                sources.push(s)
            }
        });
        let source = sources.join("; ");
        match (of.is_empty(), known.len() == of.len()) {
            (true, _) => Scaled::default(),
            (_, false) => Scaled {
                text: "α/r, by module".into(),
                source,
                ..Scaled::default()
            },
            _ => {
                let scale = one(known.iter().map(|s| Some(*s)).collect());
                let alpha = one(of.iter().map(|d| d.alpha).collect());
                let formula = match () {
                    () if alpha.is_none() && scale.is_some() => "s",
                    () if of.iter().all(|d| d.root) => "α/√r",
                    () => "α/r",
                };
                let (low, high) = known
                    .iter()
                    .fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(*s), h.max(*s)));
                let text = match scale {
                    Some(s) => format!("{formula} = {}", short(s)),
                    None => format!("{} to {}, by module", short(low), short(high)),
                };
                Scaled {
                    alpha,
                    scale,
                    text,
                    source,
                }
            }
        }
    }
}

/// Four significant digits, without trailing zeros.
fn short(x: f64) -> String {
    let digits = 3i32.saturating_sub(x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
