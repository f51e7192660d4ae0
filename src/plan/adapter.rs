//! PEFT LoRA: from tensor names to modules, and what B A is multiplied with.

use super::job::TensorRef;
use super::names::canonical;
use crate::checkpoint::AdapterConfig;
use crate::error::Error;
use regex::RegexBuilder;
use std::collections::BTreeMap;

/// The parts of a low-rank pair.
const LORA: [&str; 2] = ["lora_A", "lora_B"];
/// Parts of adapters that this version reads as an adapter and refuses or leaves out by name.
const OTHERS: [(&str, &str); 26] = [
    ("lora_magnitude_vector", "DoRA"),
    ("lora_embedding_A", ""),
    ("lora_embedding_B", ""),
    ("lora_E", "AdaLoRA"),
    ("ranknum", "AdaLoRA"),
    ("lora_diag", "KaSA"),
    ("hada_w1_a", "LoHa"),
    ("hada_w1_b", "LoHa"),
    ("hada_w2_a", "LoHa"),
    ("hada_w2_b", "LoHa"),
    ("lokr_w1", "LoKr"),
    ("lokr_w1_a", "LoKr"),
    ("lokr_w1_b", "LoKr"),
    ("lokr_w2", "LoKr"),
    ("lokr_w2_a", "LoKr"),
    ("lokr_w2_b", "LoKr"),
    ("lokr_t2", "LoKr"),
    ("vera_lambda_b", "VeRA"),
    ("vera_lambda_d", "VeRA"),
    ("ia3_l", "IA3"),
    ("oft_R", "OFT"),
    ("oft_r", "OFT"),
    ("boft_R", "BOFT"),
    ("hra_u", "HRA"),
    ("lora_down", "A kohya or diffusers LoRA"),
    ("lora_a", "An MLX LoRA"),
];

/// True for a tensor that only adapters have.
pub fn is_adapter_tensor(name: &str) -> bool {
    name.split('.').any(|c| LORA.contains(&c) || OTHERS.iter().any(|(o, _)| *o == c))
}

/// One module of an adapter: A `[r, in]` and B `[out, r]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Canonical, without `.weight`.
    pub name: String,
    /// The prefixes stripped from the file's name.
    pub stripped: String,
    pub a: TensorRef,
    pub b: TensorRef,
    pub rank: u64,
}

impl Module {
    /// Shape of the change, `[out, in]`.
    pub fn shape(&self) -> [u64; 2] {
        [self.b.shape[0], self.a.shape[1]]
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
}

/// Splits an adapter's tensors by adapter name: raw state dicts keep it in the keys (`lora_A.mnli.weight`) and may hold several.
pub fn sort(tensors: &[TensorRef]) -> Result<BTreeMap<String, Adapter>, Error> {
    let mut halves: BTreeMap<(String, String), [Option<TensorRef>; 2]> = BTreeMap::new();
    let mut stripped = BTreeMap::new();
    let mut rest = Adapter::default();
    for t in tensors {
        let parts: Vec<&str> = t.name.split('.').collect();
        let part = parts.iter().rposition(|c| LORA.contains(c) || OTHERS.iter().any(|(o, _)| o == c));
        let Some(at) = part else {
            let canonical = canonical(&t.name).name;
            if canonical.ends_with(".weight") && t.shape.len() == 2 && !canonical.contains("original_module.") {
                rest.replaced.push(t.clone());
            } else {
                rest.passed_over.push(t.name.clone());
            }
            continue;
        };
        if let Some((part, method)) = OTHERS.iter().find(|(o, _)| *o == parts[at]) {
            if method.is_empty() {
                rest.passed_over.push(t.name.clone());
                continue;
            }
            let why = format!("Its tensors are named “{part}”; their change is not of the form s B A.");
            return Err(Error::MethodUnsupported { method: (*method).to_owned(), why });
        }
        let suffix: Vec<&str> = parts[at + 1..].iter().copied().filter(|c| *c != "weight").collect();
        if suffix.last() == Some(&"bias") {
            rest.passed_over.push(t.name.clone());
            continue;
        }
        let module = canonical(&parts[..at].join("."));
        stripped.insert(module.name.clone(), module.stripped);
        let half = usize::from(parts[at] == "lora_B");
        halves.entry((suffix.join("."), module.name)).or_default()[half] = Some(t.clone());
    }
    let mut adapters: BTreeMap<String, Adapter> = BTreeMap::new();
    for ((adapter, name), [a, b]) in halves {
        let stripped = stripped.get(&name).cloned().unwrap_or_default();
        let adapter = adapters.entry(adapter).or_default();
        match module(name, stripped, a, b) {
            Ok(module) => adapter.modules.push(module),
            Err(error) => adapter.errors.push(error),
        }
    }
    if let Some(first) = adapters.values_mut().next() {
        first.replaced = rest.replaced;
        first.passed_over = rest.passed_over;
    }
    if adapters.is_empty() { Err(Error::AdapterWithoutLora) } else { Ok(adapters) }
}

fn module(name: String, stripped: String, a: Option<TensorRef>, b: Option<TensorRef>) -> Result<Module, Error> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (Some(_), None) => return Err(Error::AdapterHalf { module: name, present: "lora_A", missing: "lora_B" }),
        _ => return Err(Error::AdapterHalf { module: name, present: "lora_B", missing: "lora_A" }),
    };
    if let Some(empty) = [&a, &b].into_iter().find(|t| t.begin == t.end) {
        return Err(Error::AdapterEmptyTensors { tensor: empty.name.clone() });
    }
    let ([ra, _], [_, rb]) = (&a.shape[..], &b.shape[..]) else {
        let why =
            format!("lora_A has {} dimensions, lora_B {}; pairs of two-dimensional factors are merged.", a.shape.len(), b.shape.len());
        return Err(Error::MethodUnsupported { method: format!("The pair of “{name}”"), why });
    };
    let rank = *ra;
    if ra != rb {
        return Err(Error::AdapterRank { module: name, a: *ra, b: *rb });
    }
    Ok(Module { name, stripped, a, b, rank })
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
    /// alpha and s of one module: alpha/r, or alpha/sqrt(r) with rsLoRA. The rank is the file's.
    pub fn scale(&self, module: &Module) -> (f64, f64) {
        let r = module.rank as f64;
        match self {
            Alpha::Config(config) => {
                let alpha = pick(&config.alpha_pattern, &module.name).unwrap_or(config.alpha);
                (alpha, alpha / if config.use_rslora { r.sqrt() } else { r })
            }
            Alpha::Given(alpha) => (*alpha, alpha / r),
            Alpha::Times(factor) => (factor * r, *factor),
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
