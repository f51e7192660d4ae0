//! An adapter paired with the base: module by module, in the region that is its own.

use crate::plan::adapters::adapter::{Adapter, Module};
use crate::plan::adapters::alpha::{Decided, Sources};
use crate::plan::base::{Base, shape};
use crate::plan::files::components::{self, Component};
use crate::plan::files::problems::count;
use crate::plan::job::{Recipe, TensorRef};
use crate::plan::names::experts;
use crate::plan::names::{canonical, is_slice};
use crate::plan::pairing::matching::{ByHand, Named, Shapes, pair};
use crate::plan::pairing::meet;
use crate::plan::pairing::mismatch::{self, Side};
use crate::plan::pairing::replication;
use crate::plan::{Answers, LeftOut};
use std::collections::{BTreeSet, HashSet};

use super::joined::{found_joined, joined_names};
use super::{Paired, matching, met, met_or_asked};

/// Pairs an adapter; its modules make `[out, in]`, which the base may store in either orientation.
pub fn adapter(
    model: &Side,
    adapter: &Adapter,
    sources: &Sources,
    answer: Option<&str>,
    base: &Base,
    answers: &Answers,
) -> Paired {
    let mut paired = Paired::default();
    let modules = own_component(model, adapter, base, answers, &mut paired);
    // A file with a whole pipeline in it: each part of the adapter finds its own region.
    let region = |m: &Module| m.component.filter(|c| base.regions.contains(c));
    let regions: BTreeSet<Option<Component>> = modules.iter().map(region).collect();
    for c in regions {
        let own: Vec<Module> = modules.iter().filter(|m| region(m) == c).cloned().collect();
        let masked = c.map(|c| base.only(c));
        paired.add(of_modules(
            model,
            own,
            sources,
            answer,
            masked.as_ref().unwrap_or(base),
            answers,
        ));
    }
    replaced(adapter, base, &mut paired);
    paired.unread.extend(adapter.unread());
    paired.unread.extend(paired.matching.unmatched.iter().cloned());
    if !adapter.pruned.is_empty() {
        paired.notes.push(format!(
            "{} of rank 0 (pruned): unchanged.",
            count(adapter.pruned.len(), "module is", "modules are")
        ));
    }
    // Of a file with a whole pipeline in it, one region may pair where another does not.
    if paired.matching.matched > 0 {
        let left = paired.matching.unmatched.len();
        for problem in paired.problems.iter_mut().filter(|p| p.blocks == "Blocks 1 model") {
            problem.blocks = format!("Leaves out {}", count(left, "matrix", "matrices"));
        }
    }
    if !adapter.passed_over.is_empty() {
        let what = "embeddings, norms, biases and single rows";
        paired.notes.push(format!(
            "{} not looked at: {what}.",
            count(adapter.passed_over.len(), "tensor", "tensors")
        ));
    }
    paired
}

fn of_modules(
    model: &Side,
    mut modules: Vec<Module>,
    sources: &Sources,
    answer: Option<&str>,
    base: &Base,
    answers: &Answers,
) -> Paired {
    let config = sources.config.as_ref().map(|c| &*c.config);
    let mut paired = Paired::default();
    if experts::any(&modules) {
        let targets = meet::targets(base, &[], base.config.as_ref());
        let names: Vec<&Named> = targets.iter().map(|t| &t.named).collect();
        let exchanged = config
            .and_then(|c| c.peft_version.as_deref())
            .is_some_and(|v| v.starts_with("0.17") || v.starts_with("0.18"));
        let listed = config.map_or(&[][..], |c| &c.parameters);
        modules = experts::modules(&modules, &names, exchanged && base.stores_experts_out_in(), listed);
    }
    let by_joined = joined_names(&modules, base);
    let name = |m: &Module| match found_joined(&by_joined, m) {
        Some(name) => name,
        None if is_slice(&m.name) => m.name.clone(),
        None => replication::name(&format!("{}.weight", m.name), sources.layer_map()),
    };
    let named = named(&modules, name);
    let met = met_or_asked(
        model,
        base,
        &named,
        Shapes::Either,
        answers,
        base.config.as_ref(),
        &mut paired,
    );
    let stripped: Vec<&str> = modules.iter().map(|m| m.stripped.as_str()).collect();
    paired.matching = matching(&met, &named, &stripped, base, &|_| true);
    let fan_in_fan_out = config.is_some_and(|c| c.fan_in_fan_out);
    let decided: Vec<Decided> = modules.iter().map(|m| sources.decide(m, answer)).collect();
    // Experts are exchanged all or none.
    let fits = |t: usize, shape: [u64; 2]| modules.get(t).is_some_and(|m| Shapes::Same.fit(m.outline.shape, shape));
    let pairs = || {
        met.pairing
            .pairs
            .iter()
            .filter_map(|(t, b)| Some((*t, base.named.get(*b)?.shape)))
            .chain(met.targets.iter().map(|(t, target)| (*t, target.named.shape)))
    };
    let expert = |t: usize| modules.get(t).is_some_and(|m| m.name.contains("experts"));
    let exchanged = pairs().any(|(t, shape)| expert(t) && !fits(t, shape));
    let is_square = |[rows, cols]: [u64; 2]| rows == cols;
    let mut turned_by_shape = Vec::new();
    let mut turned = |t: usize, shape: [u64; 2], transposed: bool| {
        if expert(t) && exchanged {
            return true;
        }
        // PEFT sets fan_in_fan_out for layers stored as `[in, out]`; where the base itself does not say so, its word is taken.
        let turned = !fits(t, shape) || is_square(shape) && fan_in_fan_out && !transposed;
        if turned && !expert(t) {
            turned_by_shape.push(t);
        }
        turned
    };
    for (t, b) in &met.pairing.pairs {
        let (Some(named), Some(matrix)) = (base.named.get(*b), base.matrices.get(*b)) else {
            continue;
        };
        if let (Some(module), Some(decided)) = (modules.get(*t), decided.get(*t)) {
            let turned = turned(*t, named.shape, matrix.transposed);
            paired.recipes.push((*b, recipe(module, decided, turned)));
        }
    }
    let mut parts = Vec::new();
    for (t, target) in &met.targets {
        let (Some(module), Some(decided)) = (modules.get(*t), decided.get(*t)) else {
            continue;
        };
        let matrices = target.pieces.iter().map(|p| base.matrices.get(p.matrix));
        let transposed = matrices.flatten().all(|m| m.transposed);
        let whole = recipe(module, decided, turned(*t, target.named.shape, transposed));
        match meet::recipes(target, &whole) {
            Some(own) => parts.extend(own),
            None => {
                let reason = format!(
                    "{} of a fused layer is not taken apart for the parts of it that the base has.",
                    module.method.kind.name()
                );
                parts.extend(
                    target
                        .pieces
                        .iter()
                        .map(|p| (p.matrix, None, Recipe::Skip(reason.clone()))),
                );
            }
        }
    }
    paired.recipes.extend(meet::gathered(parts));
    if exchanged {
        paired.notes.push(
            "Its experts have inputs and outputs exchanged (PEFT 0.17 and 0.18 did so); they are turned back.".into(),
        );
    }
    if let Some(first) = turned_by_shape.first().and_then(|first| named.get(*first)) {
        paired
            .problems
            .push(mismatch::turned(model, &first.name, turned_by_shape.len()));
    }
    paired.problems.extend(mismatch::problem(
        model,
        &paired.matching,
        &|t| met.has(t),
        &named,
        base,
        Shapes::Either,
    ));
    let met = modules.iter().zip(decided).enumerate().filter(|(t, _)| met.has(*t));
    for (_, (module, decided)) in met {
        paired.rank = paired.rank.max(module.rank());
        paired.decided.push(decided);
    }
    paired
}

/// Modules under names that pair with the base's.
fn named(modules: &[Module], name: impl Fn(&Module) -> String) -> Vec<Named> {
    let of = |m: &Module| Named {
        name: name(m),
        shape: m.outline.shape,
    };
    modules.iter().map(of).collect()
}

/// The modules of the models that the base is. An adapter of a pipeline has others, which are set aside and said.
fn own_component(model: &Side, adapter: &Adapter, base: &Base, answers: &Answers, paired: &mut Paired) -> Vec<Module> {
    let components = adapter.components();
    if components.len() < 2 {
        return adapter.modules.clone();
    }
    let of = |c: Option<Component>| adapter.modules.iter().filter(move |m| m.component == c);
    let here = |c: Option<Component>| match (c, base.component) {
        (None, _) => true,
        (Some(c), Some(own)) => c == own,
        (Some(c), None) => base.regions.is_empty() || base.regions.contains(&c),
    };
    let mut kept: Vec<Option<Component>> = components.iter().copied().filter(|c| here(*c)).collect();
    if base.component.is_none() && !components.iter().flatten().any(|c| base.regions.contains(c)) {
        // Nothing says which model of the pipeline the base is: the one whose modules fit it best.
        let fit = |c: &Option<Component>| {
            let modules: Vec<Module> = of(*c).cloned().collect();
            let by_joined = joined_names(&modules, base);
            let name = |m: &Module| found_joined(&by_joined, m).unwrap_or_else(|| format!("{}.weight", m.name));
            met(
                base,
                &named(&modules, name),
                Shapes::Either,
                &ByHand::new(),
                base.config.as_ref(),
            )
            .matrices()
            .len()
        };
        let fits: Vec<(usize, Option<Component>)> = components.iter().map(|c| (fit(c), *c)).collect();
        let best = fits.iter().map(|f| f.0).max().unwrap_or(0);
        let fitting: Vec<Option<Component>> = fits.iter().filter(|f| f.0 == best && best > 0).map(|f| f.1).collect();
        let question = (fitting.len() > 1).then(|| components::ask(model.label, &fitting, answers));
        let chosen = question.as_ref().map_or(0, |(_, at)| *at);
        kept = fitting.get(chosen).copied().into_iter().collect();
        paired.questions.extend(question.map(|(question, _)| question));
    }
    if kept.is_empty() {
        return adapter.modules.clone();
    }
    for c in components.iter().filter(|c| !kept.contains(c)).copied() {
        let names: Vec<String> = of(c).map(|m| format!("{}{}", m.stripped, m.name)).collect();
        let what = c.map_or_else(|| "another model".to_owned(), Component::name);
        paired.left_out.push(LeftOut::new(
            format!(
                "modules of {}: of {what}, which is not the base; to see them, drop {what} without the others as the base",
                model.label
            ),
            names,
        ));
    }
    kept.iter().flat_map(|c| of(*c)).cloned().collect()
}

fn recipe(module: &Module, decided: &Decided, turned: bool) -> Recipe {
    let is_read = |(part, t): &&(&'static str, TensorRef)| t.is_readable() || *part == "alpha" && t.dtype.is_integer();
    match module.parts.iter().find(|p| !is_read(p)) {
        Some((_, t)) => Recipe::Skip(format!(
            "“{}” is stored as {}, which is not read as weights.",
            t.name,
            t.dtype.name()
        )),
        None => Recipe::Adapted {
            method: module.method,
            parts: module.parts.clone(),
            scale: decided.scale,
            alpha: decided.alpha,
            turned,
        },
    }
}

/// `modules_to_save`: whole tensors that take the place of the base's.
fn replaced(adapter: &Adapter, base: &Base, paired: &mut Paired) {
    let one = |t: &TensorRef| {
        let name = canonical(&t.name).name;
        let [rows, cols] = shape(t);
        let in_out = base.orientation.is_in_out(&name).unwrap_or(false);
        Named {
            name: name.into_owned(),
            shape: if in_out { [cols, rows] } else { [rows, cols] },
        }
    };
    // Vectors pair where vectors are looked at.
    let vectors = adapter.vectors.iter().filter(|t| base.selection.takes(t, &t.name));
    let all: Vec<&TensorRef> = adapter.replaced.iter().chain(vectors).collect();
    let named: Vec<Named> = all.iter().map(|t| one(t)).collect();
    if named.is_empty() {
        return;
    }
    let mut made: HashSet<usize> = paired.recipes.iter().map(|(b, _)| *b).collect();
    let pairs = pair(&base.named, &named, Shapes::Same).pairs;
    let unpaired = all.iter().enumerate().filter(|(t, _)| !pairs.contains_key(t));
    paired.unread.extend(unpaired.map(|(_, tensor)| tensor.name.clone()));
    for (t, b) in pairs {
        if let Some(tensor) = all.get(t).filter(|_| made.insert(b)) {
            paired.recipes.push((b, Recipe::Replace((*tensor).clone())));
        }
    }
    if !adapter.replaced.is_empty() {
        paired.notes.push(format!(
            "{} whole (modules_to_save).",
            count(adapter.replaced.len(), "tensor is saved", "tensors are saved")
        ));
    }
}
