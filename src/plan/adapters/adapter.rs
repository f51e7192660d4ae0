//! An adapter's tensors sorted into modules.

use crate::error::{Error, Merge};
use crate::methods::{AdapterConfig, Fault, Method, Outline, Shapes, method_of};
use crate::plan::files::components::Component;
use crate::plan::job::TensorRef;
use crate::plan::names::canonical;
use crate::plan::names::experts;
use crate::plan::names::layouts;
use crate::plan::names::leaf::{Part, leaf};
use std::collections::{BTreeMap, BTreeSet};

/// One module of an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Canonical, without `.weight`.
    pub name: String,
    /// The prefixes stripped from the file's name.
    pub stripped: String,
    /// Its components are joined by `_`: kohya, LyCORIS.
    pub joined: bool,
    /// The model of a pipeline that it belongs to.
    pub component: Option<Component>,
    /// The number of `base_layer` before its parts: two parameters of one module are nested (PEFT's target_parameters).
    pub depth: usize,
    pub method: &'static Method,
    pub parts: Vec<(&'static str, TensorRef)>,
    pub outline: Outline,
}

/// The part that holds alpha itself.
const ALPHA: &str = "alpha";
/// The part that holds the lengths of a decomposed change.
const MAGNITUDE: &str = "dora_scale";

impl Module {
    pub fn rank(&self) -> Option<u64> {
        self.outline.rank
    }

    pub fn stores_alpha(&self) -> bool {
        self.parts.iter().any(|(part, _)| *part == ALPHA)
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
    /// Those of them that replace the base's whole: biases and norms.
    pub vectors: Vec<TensorRef>,
    /// Modules of rank 0, which are the base's own: AdaLoRA prunes to that. With a tensor of each.
    pub pruned: Vec<String>,
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
    image: bool,
    parts: Vec<(&'static str, TensorRef)>,
}

impl Adapter {
    /// What it changes and nobody can read here, a name or a reason each.
    pub fn unread(&self) -> impl Iterator<Item = String> {
        let is_vector = |name: &String| self.vectors.iter().any(|t| t.name == *name);
        let is_old = |name: &String| name.contains("original_module.");
        let names = self
            .passed_over
            .iter()
            .filter(move |name| !is_vector(name) && !is_old(name));
        names.cloned().chain(self.errors.iter().map(|e| e.told().cause))
    }
}

impl Draft {
    fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|(own, _)| *own == part)
    }

    /// Whether it is of a method that only LyCORIS and its kin save with lengths.
    fn is_of_lycoris(&self) -> bool {
        self.parts
            .iter()
            .any(|(part, _)| part.starts_with("hada_") || part.starts_with("lokr_"))
    }
}

/// The key of a module: the adapter's name, the component, the module, and how deep it is nested.
type Key = (String, Option<Component>, String, usize);

/// Sorts an adapter's tensors by adapter name: raw state dicts keep it in the keys (`lora_A.mnli.weight`) and may hold several. `config`
/// tells methods apart that store the same tensors.
pub fn sort(tensors: &[TensorRef], config: Option<&AdapterConfig>) -> Result<BTreeMap<String, Adapter>, Error> {
    let mut drafts: BTreeMap<Key, Draft> = BTreeMap::new();
    // One refused part never sinks a file: its module is left out and said.
    let mut refused: BTreeMap<Key, Error> = BTreeMap::new();
    let mut shared: Vec<(&'static str, TensorRef)> = Vec::new();
    let mut rest = Adapter::default();
    for t in tensors {
        let Some(leaf) = leaf(&t.name) else {
            let canonical = canonical(&t.name).name;
            if canonical.ends_with(".weight") && t.shape.len() == 2 && !canonical.contains("original_module.") {
                rest.replaced.push(t.clone());
            } else {
                if !canonical.contains("original_module.") {
                    rest.vectors.push(t.clone());
                }
                rest.passed_over.push(t.name.clone());
            }
            continue;
        };
        let module = canonical(&leaf.module);
        let depth = leaf.module.split('.').rev().take_while(|c| *c == "base_layer").count();
        let key: Key = (leaf.adapter, leaf.component, module.name.into_owned(), depth);
        let part = match leaf.part {
            // The first of each: every module has them.
            Part::Of(part @ ("vera_A" | "vera_B")) => {
                if !shared.iter().any(|(own, _)| *own == part) {
                    shared.push((part, t.clone()));
                }
                continue;
            }
            Part::Of(part) => part,
            Part::Alpha => ALPHA,
            Part::Ignored => {
                rest.passed_over.push(t.name.clone());
                continue;
            }
            Part::Refused(by) => {
                refused.insert(
                    key,
                    Error::MethodUnsupported {
                        method: by.name.to_owned(),
                        why: by.why.to_owned(),
                        merge: by.merge,
                    },
                );
                continue;
            }
        };
        // A vector's change: of a norm or a bias.
        if part == "diff" && t.shape.iter().filter(|d| **d > 1).count() < 2 {
            rest.passed_over.push(t.name.clone());
            continue;
        }
        let draft = drafts.entry(key).or_default();
        draft.image |= leaf.image;
        draft.stripped = format!("{}{}", leaf.joined.unwrap_or_default(), module.stripped);
        draft.joined = leaf.joined.is_some();
        draft.parts.push((part, t.clone()));
    }
    let mut adapters: BTreeMap<String, Adapter> = BTreeMap::new();
    drafts.retain(|key, _| !refused.contains_key(key));
    // LyCORIS decomposes all modules of a network or none.
    let decomposed = drafts.values().filter(|d| d.has(MAGNITUDE)).count();
    let is_decomposed = decomposed.saturating_mul(2) > drafts.len();
    for ((adapter, component, name, depth), mut draft) in drafts {
        if draft.parts.iter().any(|(part, _)| part.starts_with("vera_")) {
            draft.parts.extend(shared.iter().cloned());
        }
        let adapter = adapters.entry(adapter).or_default();
        adapter.image |= draft.image;
        if let Some(tensor) = of_rank_zero(&draft.parts) {
            adapter.pruned.push(tensor);
            continue;
        }
        let place = Place { name, component, depth };
        if is_decomposed && !draft.has(MAGNITUDE) && draft.is_of_lycoris() {
            let present = draft.parts.first().map_or("its factors", |(part, _)| *part);
            adapter.errors.push(Error::AdapterHalf {
                module: place.name,
                present,
                missing: MAGNITUDE,
            });
            continue;
        }
        match module(place, draft, config) {
            Ok(modules) => adapter.modules.extend(modules),
            Err(error) => adapter.errors.push(error),
        }
    }
    adapters.values_mut().for_each(Adapter::settle_pipeline);
    // Where every module is empty, they were not pruned but never saved.
    for adapter in adapters.values_mut().filter(|a| a.modules.is_empty()) {
        let empty = |tensor| Error::AdapterEmptyTensors { tensor };
        adapter.errors.extend(adapter.pruned.drain(..).map(empty));
    }
    match (adapters.values_mut().next(), refused.is_empty()) {
        (Some(first), _) => {
            first.replaced = rest.replaced;
            first.passed_over = rest.passed_over;
            first.vectors = rest.vectors;
            first.errors.extend(refused.into_values());
            Ok(adapters)
        }
        (None, false) => Err(refused.into_values().next().unwrap_or(Error::AdapterWithoutLora)),
        (None, true) => Err(without_modules(&rest.passed_over)),
    }
}

/// The error of a file without a module: an adapter of embeddings, or an empty one.
fn without_modules(passed_over: &[String]) -> Error {
    let is_of_embedding = |name: &&String| {
        ["lora_embedding_", "token_adapter"]
            .iter()
            .any(|part| name.contains(part))
    };
    match passed_over.iter().find(is_of_embedding) {
        Some(name) => Error::EmbeddingsOnly {
            why: format!("Its factors are of embeddings, such as “{name}”."),
        },
        None => Error::AdapterWithoutLora,
    }
}

/// A tensor of factors `[0, in]` and `[out, 0]`: a change of rank 0. What a sharded save leaves empty has lost its shape.
fn of_rank_zero(parts: &[(&'static str, TensorRef)]) -> Option<String> {
    let shape = |part: &str| parts.iter().find(|(p, _)| *p == part).map(|(_, t)| t.shape.as_slice());
    match (shape("lora_A")?, shape("lora_B")?) {
        ([0, inputs], [out, 0]) if *inputs > 0 && *out > 0 => parts.first().map(|(_, t)| t.name.clone()),
        _ => None,
    }
}

struct Place {
    name: String,
    component: Option<Component>,
    depth: usize,
}

/// The modules that these parts make: one, or one per expert.
fn module(place: Place, draft: Draft, config: Option<&AdapterConfig>) -> Result<Vec<Module>, Error> {
    let Place { name, component, depth } = place;
    if let Some((_, empty)) = draft.parts.iter().find(|(_, t)| t.begin == t.end) {
        return Err(Error::AdapterEmptyTensors {
            tensor: empty.name.clone(),
        });
    }
    let merge = match () {
        () if draft.joined => Merge::LyCoris,
        () if draft.parts.iter().any(|(part, _)| ["lora_a", "lora_b"].contains(part)) => Merge::MlxLm,
        () if draft.image => Merge::Diffusers,
        () => Merge::Peft,
    };
    if let Some(experts) = experts::stacked(&draft.parts) {
        let one = |(e, parts): (usize, Vec<(&'static str, TensorRef)>)| {
            let (method, outline) = experts::of_stacked(&parts)?;
            let (name, stripped) = (format!("{name}[{e}]"), draft.stripped.clone());
            Some(Module {
                name,
                stripped,
                joined: draft.joined,
                component,
                depth,
                method,
                parts,
                outline,
            })
        };
        if let Some(modules) = experts.into_iter().enumerate().map(one).collect() {
            return Ok(modules);
        }
    }
    let shapes = Shapes(draft.parts.iter().map(|(part, t)| (*part, t.shape.clone())).collect());
    let first = draft.parts.first().map_or(ALPHA, |(part, _)| part);
    let needed = |part: &&str| (shapes.has("lora_A") || shapes.has("lora_a")) && !shapes.has(part);
    if let Some(missing) = config.and_then(|c| c.needs).filter(needed) {
        return Err(Error::AdapterHalf {
            module: name,
            present: first,
            missing,
        });
    }
    let Some(method) = method_of(&shapes, config.and_then(|c| c.says)) else {
        return Err(Error::AdapterHalf {
            module: name,
            present: ALPHA,
            missing: "lora_A",
        });
    };
    let outline = (method.outline)(&shapes).map_err(|fault| match fault {
        Fault::Missing("vera_A" | "vera_B") => Error::MethodUnsupported {
            method: "VeRA without its projection".into(),
            why: "Its two shared matrices come from a random generator; they are in the file only when save_projection is on.".into(),
            merge,
        },
        Fault::Missing(missing) => Error::AdapterHalf { module: name.clone(), present: first, missing },
        Fault::Ranks(a, b) => Error::AdapterRank { module: name.clone(), a, b },
        Fault::Form(why) => Error::MethodUnsupported { method: format!("The module “{name}”"), why, merge },
    })?;
    let Draft {
        stripped,
        joined,
        parts,
        ..
    } = draft;
    Ok(vec![Module {
        name,
        stripped,
        joined,
        component,
        depth,
        method,
        parts,
        outline,
    }])
}

impl Adapter {
    /// The names of its modules.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|m| m.name.as_str())
    }

    /// Whether it is of a pipeline for images, of all its names: language models have a `transformer.` and a `text_encoder.` too. In other files
    /// such a word names no model of a pipeline, unless every name begins with one.
    fn settle_pipeline(&mut self) {
        let whole = self.modules.iter().all(|m| m.component.is_some());
        let encodes = |m: &Module| matches!(m.component, Some(Component::Encoder(_)));
        self.image |= layouts::of(self.names()).is_some_and(|l| l.image) || whole && self.modules.iter().any(encodes);
        if !self.image && !whole {
            self.modules.iter_mut().for_each(|m| m.component = None);
        }
    }

    /// The models of a pipeline that it changes.
    pub fn components(&self) -> BTreeSet<Option<Component>> {
        self.modules.iter().map(|m| m.component).collect()
    }
}
