//! A full fine-tune paired with the base: tensor by tensor, and layer by layer where the two are named apart.

use super::{Paired, matching, met_or_asked};
use crate::plan::base::{Base, HIDDEN, shape};
use crate::plan::files::Tensors;
use crate::plan::files::problems::count;
use crate::plan::job::{Recipe, TensorRef};
use crate::plan::names::orientation::Orientation;
use crate::plan::names::{canonical, place};
use crate::plan::pairing::depth::Shift;
use crate::plan::pairing::matching::{Named, Shapes};
use crate::plan::pairing::meet;
use crate::plan::pairing::mismatch::{self, Side};
use crate::plan::{Answers, LeftOut};

/// Begins the name of a tensor whose block is not in the base; nothing pairs with it.
const NEW_BLOCK: &str = HIDDEN;

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
        .filter(|t| base.selection.takes(t, &canonical(&t.name).name))
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
            name: shifted(i, name.into_owned()),
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
    let stripped: Vec<&str> = candidates.iter().map(|t| canonical(&t.name).stripped).collect();
    paired.matching = matching(&met, &named, &stripped, base, &looked_at);
    paired.unread.clone_from(&paired.matching.unmatched);
    paired.config = model.config.map(|c| c.whole.clone());
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
