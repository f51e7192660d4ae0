//! The fine-tunes: how each one's tensors pair with the base, and the recipe for every matrix.

use crate::checkpoint::ModelConfig;
use crate::plan::adapters::adapter::{Adapter, Module};
use crate::plan::adapters::alpha::{Decided, Sources};
use crate::plan::base::{Base, HIDDEN, is_matrix, shape};
use crate::plan::files::Tensors;
use crate::plan::files::components::{self, Component};
use crate::plan::files::problems::count;
use crate::plan::job::{Recipe, TensorRef};
use crate::plan::names::leaf::joined;
use crate::plan::names::orientation::Orientation;
use crate::plan::names::{canonical, is_slice, is_weight, place};
use crate::plan::names::{experts, renames};
use crate::plan::pairing::depth::Shift;
use crate::plan::pairing::matching::{ByHand, HAND, Named, Pairing, Shapes, pair};
use crate::plan::pairing::meet::{self, Target};
use crate::plan::pairing::mismatch::{self, Side};
use crate::plan::pairing::replication;
use crate::plan::{Answers, LeftOut, Problem, Question};
use crate::report::Matching;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The paired part of one fine-tune.
#[derive(Debug, Clone, Default)]
pub struct Paired {
    /// Base matrix -> how the tuned one is made.
    pub recipes: Vec<(usize, Recipe)>,
    pub matching: Matching,
    pub notes: Vec<String>,
    pub problems: Vec<Problem>,
    pub questions: Vec<Question>,
    /// Tensors that belong to another model, or cannot be looked at.
    pub left_out: Vec<LeftOut>,
    /// The scales of what paired.
    pub decided: Vec<Decided>,
    /// The largest rank of what paired.
    pub rank: Option<u64>,
}

/// Pairs of names: their own, and those that both sides are known by.
struct Met {
    pairing: Pairing,
    /// Tuned index -> what it pairs with under its neutral name.
    targets: BTreeMap<usize, Target>,
    /// The rules of the second kind, in words.
    words: Vec<String>,
    /// Two parts of the base that its names fit equally well.
    doubt: Option<[String; 2]>,
}

impl Met {
    fn has(&self, tuned: usize) -> bool {
        self.pairing.pairs.contains_key(&tuned) || self.targets.contains_key(&tuned)
    }

    fn matrices(&self) -> BTreeSet<usize> {
        let second = self.targets.values().flat_map(|t| t.pieces.iter().map(|p| p.matrix));
        self.pairing.pairs.values().copied().chain(second).collect()
    }
}

/// Pairs names with the base: as they are, then under the names that every library's become.
fn met(base: &Base, named: &[Named], shapes: Shapes, by_hand: &ByHand, config: Option<&ModelConfig>) -> Met {
    let mut pairing = pair(&base.named, named, shapes);
    pairing.by_hand(&base.named, named, shapes, by_hand);
    let left: Vec<usize> = (0..named.len()).filter(|t| !pairing.pairs.contains_key(t)).collect();
    let mut met = Met {
        doubt: pairing.doubt.clone(),
        pairing,
        targets: BTreeMap::new(),
        words: Vec::new(),
    };
    if left.is_empty() {
        return met;
    }
    let used: BTreeSet<usize> = met.pairing.pairs.values().copied().collect();
    let own: Vec<Named> = left
        .iter()
        .filter_map(|t| named.get(*t))
        .map(|n| Named {
            name: renames::neutral(&n.name),
            shape: n.shape,
        })
        .collect();
    let mut targets = meet::targets(base, &own, config);
    targets.retain(|t| !t.pieces.iter().any(|p| used.contains(&p.matrix)));
    let names: Vec<Named> = targets.iter().map(|t| t.named.clone()).collect();
    let second = pair(&names, &own, shapes);
    met.doubt = met.doubt.or(second.doubt);
    for (o, t) in second.pairs {
        let (Some(target), Some(tuned)) = (targets.get(t).cloned(), left.get(o).copied()) else {
            continue;
        };
        let word = match target.pieces[..] {
            [piece] if piece.lines.is_some() => "parts of a fused layer",
            [_] => "names of another version or library",
            _ => "a fused layer over its parts",
        };
        if !met.words.iter().any(|w| w == word) {
            met.words.push(word.to_owned());
        }
        met.targets.insert(tuned, target);
    }
    met
}

/// Pairs names with the base, and asks where two parts of it fit them equally well.
fn met_or_asked(
    model: &Side,
    base: &Base,
    named: &[Named],
    shapes: Shapes,
    answers: &Answers,
    config: Option<&ModelConfig>,
    paired: &mut Paired,
) -> Met {
    let by_hand = &answers.by_hand(model.label);
    let first = met(base, named, shapes, by_hand, config);
    let Some(parts) = &first.doubt else { return first };
    let (question, is_second) = mismatch::ask_part(model.label, parts, answers);
    let [first_part, second_part] = parts;
    let (taken, other) = match is_second {
        true => (second_part, first_part),
        false => (first_part, second_part),
    };
    paired
        .notes
        .push(format!("Paired with “{taken}”; “{other}” would fit as well."));
    paired.questions.push(question);
    if !is_second {
        return first;
    }
    let is_of_first = |name: &str| {
        name.strip_prefix(first_part.as_str())
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let own = first
        .pairing
        .pairs
        .values()
        .filter(|b| base.named.get(**b).is_some_and(|n| is_of_first(&n.name)))
        .copied();
    let renamed = first.targets.values().filter(|t| is_of_first(&t.named.name));
    let taken: Vec<usize> = own
        .chain(renamed.flat_map(|t| t.pieces.iter().map(|p| p.matrix)))
        .collect();
    met(&base.without(&taken), named, shapes, by_hand, config)
}

/// Pairs a full fine-tune. `shift`: its blocks or experts have other numbers than the base's.
pub fn full(
    model: &Side,
    tensors: &Tensors,
    own: &Orientation,
    base: &Base,
    shift: &Shift,
    answers: &Answers,
) -> Paired {
    let candidates: Vec<&TensorRef> = tensors
        .iter()
        .filter(|t| is_matrix(t) && is_weight(&canonical(&t.name).name))
        .collect();
    let in_out = |name: &str| {
        own.is_in_out(name)
            .or(base.orientation.is_in_out(name))
            .unwrap_or(false)
    };
    // What the base has not: under a name that nothing pairs with.
    let shifted = |i: usize, name: String| shift.name(&name).unwrap_or_else(|| format!("{NEW_BLOCK}{i}"));
    let one = |(i, t): (usize, &&TensorRef)| {
        let name = canonical(&t.name).name;
        let [rows, cols] = shape(t);
        let shape = if t.shape.len() == 2 && in_out(&name) {
            [cols, rows]
        } else {
            [rows, cols]
        };
        Named {
            name: shifted(i, name),
            shape,
        }
    };
    let named: Vec<Named> = candidates.iter().enumerate().map(one).collect();
    let mut paired = Paired::default();
    let met = met_or_asked(model, base, &named, Shapes::Same, answers, model.config, &mut paired);
    let new_block = |t: &usize| named.get(*t).is_some_and(|n| n.name.starts_with(NEW_BLOCK));
    let looked_at = |t: &usize| match met.targets.get(t) {
        // Under another name it is of the base's type, not of its own.
        Some(target) => target.pieces.iter().any(|p| base.is_selected(p.matrix)),
        None => {
            let own = named.get(*t).zip(candidates.get(*t));
            let is_included = |(n, tensor): (&Named, &&TensorRef)| {
                base.selection.includes(&n.name, &place(&n.name).of(&tensor.shape))
            };
            !new_block(t) && own.is_some_and(is_included)
        }
    };
    let stripped: Vec<String> = candidates.iter().map(|t| canonical(&t.name).stripped).collect();
    paired.matching = matching(&met, &named, &stripped, base, &looked_at);
    let recipe = |tensor: TensorRef| match tensor.is_readable() {
        true => Recipe::Replace(tensor),
        false => Recipe::Skip(format!(
            "“{}” is stored as {}, which is not read as weights.",
            tensor.name,
            tensor.dtype.name()
        )),
    };
    let transposed = |matrix: usize| base.matrices.get(matrix).is_some_and(|m| m.transposed);
    for (t, b) in &met.pairing.pairs {
        let Some(tensor) = candidates.get(*t).map(|t| (*t).clone()) else {
            continue;
        };
        let turned = tensor.shape.len() == 2 && in_out(&canonical(&tensor.name).name) != transposed(*b);
        paired
            .recipes
            .push((*b, recipe(if turned { tensor.turned() } else { tensor })));
    }
    let mut parts = Vec::new();
    for (t, target) in &met.targets {
        let Some(tensor) = candidates.get(*t).map(|t| (*t).clone()) else {
            continue;
        };
        let own = tensor.shape.len() == 2 && in_out(&canonical(&tensor.name).name);
        // A part is read as `[out, in]`, a whole matrix as its base is stored.
        let as_base = matches!(target.pieces[..], [piece] if piece.lines.is_none() && transposed(piece.matrix));
        let tensor = if own != as_base { tensor.turned() } else { tensor };
        parts.extend(meet::recipes(target, &recipe(tensor)).into_iter().flatten());
    }
    paired.recipes.extend(meet::gathered(parts));
    let of_experts = |t: &usize| {
        let tensor = candidates.get(*t);
        tensor.is_some_and(|t| shift.is_expert_out(&canonical(&t.name).name))
    };
    for (are_experts, why) in [
        (false, "in blocks that the base does not have"),
        (true, "experts, of which the base has another number: not compared"),
    ] {
        let new = (0..named.len()).filter(|t| new_block(t) && of_experts(t) == are_experts);
        let new: Vec<String> = new.filter_map(|t| Some(candidates.get(t)?.name.clone())).collect();
        if !new.is_empty() {
            let what = format!("matrices of {}: {why}", model.label);
            paired.left_out.push(LeftOut::new(what, new));
        }
    }
    let heads = (0..named.len())
        .filter(|t| !met.has(*t) && !looked_at(t) && !new_block(t))
        .count();
    if heads > 0 {
        paired.notes.push(format!(
            "{} outside the blocks, not in the base in this shape: a new head or embedding.",
            count(heads, "tensor", "tensors")
        ));
        // A vocabulary that grew: both sizes, so that nobody has to look them up.
        let resized = mismatch::differing(&|t| met.has(t), &named, base, Shapes::Same);
        paired.notes.extend(
            resized
                .into_iter()
                .filter(|d| !looked_at(&d.tuned))
                .take(2)
                .map(|d| d.words),
        );
    }
    let dtype = |t: &&TensorRef| t.dtype.name().to_owned();
    let base_dtype = base.matrices.first().map(|m| m.tensor.dtype.name().to_owned());
    if let (Some(b), Some(t)) = (base_dtype, candidates.iter().map(dtype).next())
        && b != t
    {
        paired
            .notes
            .push(format!("Stored as {t}, the base as {b}: rounding looks like a change."));
    }
    paired.problems.extend(mismatch::problem(
        model,
        &paired.matching,
        &|t| met.has(t),
        &named,
        base,
        Shapes::Same,
    ));
    paired
}

/// Begins the name of a tensor whose block is not in the base; nothing pairs with it.
const NEW_BLOCK: &str = HIDDEN;

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

impl Paired {
    /// Takes in what another region of the base has.
    fn add(&mut self, other: Paired) {
        let (mine, theirs) = (&mut self.matching, other.matching);
        let first = mine.total == 0;
        mine.only_in_base = match first {
            true => theirs.only_in_base,
            false => {
                let theirs: HashSet<String> = theirs.only_in_base.into_iter().collect();
                let mine = std::mem::take(&mut mine.only_in_base);
                mine.into_iter().filter(|n| theirs.contains(n)).collect()
            }
        };
        mine.matched = mine.matched.saturating_add(theirs.matched);
        mine.total = mine.total.saturating_add(theirs.total);
        mine.unmatched.extend(theirs.unmatched);
        theirs.rules.into_iter().for_each(|rule| {
            if !mine.rules.contains(&rule) {
                mine.rules.push(rule)
            }
        });
        self.recipes.extend(other.recipes);
        other.notes.into_iter().for_each(|note| {
            if !self.notes.contains(&note) {
                self.notes.push(note)
            }
        });
        self.problems.extend(other.problems);
        for question in other.questions {
            if !self.questions.iter().any(|q| q.id == question.id) {
                self.questions.push(question);
            }
        }
        self.decided.extend(other.decided);
        self.rank = self.rank.max(other.rank);
    }
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
    let named: Vec<Named> = modules
        .iter()
        .map(|m| Named {
            name: name(m),
            shape: m.outline.shape,
        })
        .collect();
    let met = met_or_asked(
        model,
        base,
        &named,
        Shapes::Either,
        answers,
        base.config.as_ref(),
        &mut paired,
    );
    let stripped: Vec<String> = modules.iter().map(|m| m.stripped.clone()).collect();
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
            let named: Vec<Named> = modules
                .iter()
                .map(|m| Named {
                    name: name(m),
                    shape: m.outline.shape,
                })
                .collect();
            met(base, &named, Shapes::Either, &ByHand::new(), base.config.as_ref())
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

/// Base names by what a writer that joins components makes of them. That cannot be undone (`to_out_0` may be `to.out_0`), so the base's
/// names are joined instead, under every name they are known by, with and without what stands before the blocks (`model.diffusion_model.`,
/// `conditioner.embedders.0.transformer.`).
fn joined_names(modules: &[Module], base: &Base) -> HashMap<String, String> {
    if !modules.iter().any(|m| m.joined) {
        return HashMap::new();
    }
    let mut entries: Vec<(String, &str)> = Vec::new();
    let mut enter = |name: &str, whole| {
        let module = name.strip_suffix(".weight").unwrap_or(name);
        let starts = std::iter::once(0)
            .chain(module.match_indices('.').map(|(i, _)| i.saturating_add(1)))
            .take(5);
        let ends = starts.filter_map(|start| module.get(start..));
        entries.extend(ends.map(|end| (joined(end), whole)));
    };
    for n in &base.named {
        enter(&n.name, n.name.as_str());
        // torch.nn.MultiheadAttention: writers name the attention, or `in_proj`.
        if let Some(attention) = n.name.strip_suffix(".in_proj_weight") {
            enter(attention, &n.name);
            enter(&format!("{attention}.in_proj"), &n.name);
        }
    }
    let targets = meet::targets(base, &[], base.config.as_ref());
    targets.iter().for_each(|t| enter(&t.named.name, &t.named.name));
    // Another library's or version's name of a joined module can be brought to the base's only joined.
    let neutral: Vec<(String, &str)> = entries
        .iter()
        .map(|(name, whole)| (renames::neutral_joined(name), *whole))
        .collect();
    let mut names = HashMap::new();
    for (name, whole) in entries.into_iter().chain(neutral) {
        names.entry(name).or_insert_with(|| whole.to_owned());
    }
    names
}

/// The prefix of older names of a text encoder.
const TEXT_MODEL: &str = "text_model_";

fn found_joined(names: &HashMap<String, String>, module: &Module) -> Option<String> {
    let name = module.name.as_str();
    let tries = [name, name.strip_prefix(TEXT_MODEL).unwrap_or(name)];
    let found = |name: &str| names.get(name).or_else(|| names.get(&renames::neutral_joined(name)));
    tries
        .into_iter()
        .filter(|_| module.joined)
        .find_map(|name| found(name).cloned())
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
            name,
            shape: if in_out { [cols, rows] } else { [rows, cols] },
        }
    };
    let named: Vec<Named> = adapter.replaced.iter().map(one).collect();
    if named.is_empty() {
        return;
    }
    let mut made: HashSet<usize> = paired.recipes.iter().map(|(b, _)| *b).collect();
    for (t, b) in pair(&base.named, &named, Shapes::Same).pairs {
        if let Some(tensor) = adapter.replaced.get(t).filter(|_| made.insert(b)) {
            paired.recipes.push((b, Recipe::Replace(tensor.clone())));
        }
    }
    if !adapter.replaced.is_empty() {
        paired.notes.push(format!(
            "{} whole (modules_to_save).",
            count(adapter.replaced.len(), "tensor is saved", "tensors are saved")
        ));
    }
}

fn matching(
    met: &Met,
    named: &[Named],
    stripped: &[String],
    base: &Base,
    counts: &impl Fn(&usize) -> bool,
) -> Matching {
    let left = named.iter().enumerate().filter(|(t, _)| counts(t) && !met.has(*t));
    let unmatched: Vec<String> = left.map(|(_, n)| n.name.clone()).collect();
    let matched = (0..named.len()).filter(|t| counts(t) && met.has(*t)).count();
    let used = met.matrices();
    let others = base.matrices.iter().enumerate();
    let only_in_base = others
        .filter(|(b, _)| base.is_selected(*b) && !used.contains(b))
        .map(|(_, m)| m.tensor.name.clone())
        .collect();
    Matching {
        rules: [rules(&met.pairing, stripped, counts), met.words.clone()].concat(),
        matched: matched as u32,
        total: matched.saturating_add(unmatched.len()) as u32,
        unmatched,
        only_in_base,
    }
}

/// The rules in words, those of wrappers included.
fn rules(pairing: &Pairing, stripped: &[String], counts: &impl Fn(&usize) -> bool) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (t, rule) in pairing.by_rule.iter().filter(|(t, _)| counts(t)) {
        let (Some(rule), Some(lead)) = (pairing.rules.get(*rule), stripped.get(*t)) else {
            continue;
        };
        let strip = match (lead.as_str(), rule.strip.as_str()) {
            (lead, "") => lead.to_owned(),
            (lead, strip) => format!("{lead}{strip}."),
        };
        let text = match (strip.as_str(), rule.add.as_str()) {
            _ if rule.strip == HAND => "by hand".to_owned(),
            ("", "") => "same names".to_owned(),
            (strip, "") => format!("strip '{strip}'"),
            ("", add) => format!("add '{add}.'"),
            (strip, add) => format!("strip '{strip}', add '{add}.'"),
        };
        if !words.contains(&text) {
            words.push(text);
        }
    }
    words
}

/// The regions of a file with a whole pipeline in it, by its names.
pub fn regions<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<Component> {
    names.filter_map(components::of_name).collect()
}
