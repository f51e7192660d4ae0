//! Orientation: which weights are stored as `[in, out]`. It swaps U and V, so it changes the intruder test.
//!
//! It belongs to the file that holds the weights: their own shapes decide, then their own configuration. Nothing that is dropped beside them
//! has a say.

use super::canonical;
use super::families::{FAMILIES, Family, of_type};
use crate::plan::files::Tensors;
use std::borrow::Cow;
use std::collections::HashMap;

/// By canonical name.
type Shapes<'a> = HashMap<Cow<'a, str>, &'a [u64]>;

/// The verdict on one set of weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Orientation {
    conv1d: Option<bool>,
    experts: Option<bool>,
    family: Option<&'static Family>,
}

impl Orientation {
    pub fn of(tensors: &Tensors, model_type: Option<&str>) -> Orientation {
        let family = of_type(model_type);
        let shapes: Shapes = tensors
            .iter()
            .map(|t| (canonical(&t.name).name, t.shape.as_slice()))
            .collect();
        Orientation {
            conv1d: conv1d(&shapes),
            experts: experts(&shapes),
            family,
        }
    }

    /// Whether a weight is stored as `[in, out]`; none where neither its own file nor its configuration says so.
    pub fn is_in_out(&self, canonical_name: &str) -> Option<bool> {
        let module = module(canonical_name);
        let ends = |ends: &[&str]| {
            ends.iter().any(|e| {
                module
                    .strip_suffix(e)
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
            })
        };
        let by_family = self.family.map(|f| ends(f.in_out));
        if ends(FAMILIES[0].in_out) {
            return self.conv1d.or(by_family);
        }
        if FAMILIES[1..].iter().any(|f| ends(f.in_out)) || is_expert(module) {
            return self.experts.or(by_family);
        }
        Some(false)
    }

    /// The family of the configuration.
    pub fn family(&self) -> Option<&'static Family> {
        self.family
    }
}

/// The module of a weight, or of one expert's slice of it.
fn module(canonical_name: &str) -> &str {
    let whole = canonical_name.split('[').next().unwrap_or(canonical_name);
    whole.strip_suffix(".weight").unwrap_or(whole)
}

fn is_expert(module: &str) -> bool {
    module.rsplit('.').nth(1) == Some("experts")
}

/// Whether Conv1D weights are `[in, out]`: by the bias of a `c_attn` or `c_fc` that is not square, which has one entry per output; without
/// one, by the width of the network: both take that as their input. The verdict holds for the whole file, because `c_proj` may be square.
fn conv1d(shapes: &Shapes) -> Option<bool> {
    let mut names: Vec<&Cow<str>> = shapes
        .keys()
        .filter(|name| name.ends_with("c_attn.weight") || name.ends_with("c_fc.weight"))
        .collect();
    names.sort_unstable();
    names.into_iter().find_map(|name| {
        let [rows, cols] = shapes.get(name)?[..] else {
            return None;
        };
        let module = name.strip_suffix(".weight")?;
        match shapes.get(format!("{module}.bias").as_str()).copied() {
            Some([outputs]) => outputs_of([rows, cols], *outputs),
            _ => inputs_of([rows, cols], width(shapes, module)?),
        }
    })
}

/// Whether experts are `[in, out]`: by the width of the network. Gate and up take it as their input, down gives it as its output. A square
/// matrix says nothing, so the verdict of one holds for all of the file.
fn experts(shapes: &Shapes) -> Option<bool> {
    let mut names: Vec<&Cow<str>> = shapes.keys().filter(|name| name.ends_with("[0]")).collect();
    names.sort_unstable();
    names.into_iter().find_map(|name| {
        let [rows, cols] = shapes.get(name)?[..] else {
            return None;
        };
        let module = module(name);
        let last = module.rsplit('.').next()?;
        if let Some([_, outputs]) = shapes.get(format!("{module}_bias").as_str()).copied()
            && let Some(verdict) = outputs_of([rows, cols], *outputs)
        {
            return Some(verdict);
        }
        let width = width(shapes, module)?;
        match last {
            "down_proj" | "fc2" | "w2" | "output_linear" => outputs_of([rows, cols], width),
            _ => inputs_of([rows, cols], width),
        }
    })
}

fn outputs_of([rows, cols]: [u64; 2], outputs: u64) -> Option<bool> {
    (rows != cols && (rows == outputs || cols == outputs)).then_some(cols == outputs)
}

fn inputs_of([rows, cols]: [u64; 2], inputs: u64) -> Option<bool> {
    (rows != cols && (rows == inputs || cols == inputs)).then_some(rows == inputs)
}

/// The input width of a module's block: its norms are that long.
fn width(shapes: &Shapes, module: &str) -> Option<u64> {
    let cut = module.match_indices('.').map(|(at, _)| at).find(|at| {
        let before = module.get(..*at).and_then(|m| m.rsplit('.').next()).unwrap_or_default();
        !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit())
    })?;
    let block = module.get(..=cut)?;
    const NORMS: [&str; 9] = [
        "input_layernorm",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "attention_norm",
        "ffn_norm",
        "ln_1",
        "ln_2",
        "norm1",
        "norm2",
    ];
    NORMS.iter().find_map(
        |norm| match shapes.get(format!("{block}{norm}.weight").as_str()).copied() {
            Some([width]) => Some(*width),
            _ => None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Dtype;
    use crate::plan::job::TensorRef;

    fn tensors(shapes: &[(&str, &[u64])]) -> Tensors {
        let one = |(name, shape): &(&str, &[u64])| TensorRef::of(name, Dtype::F32, shape);
        shapes.iter().map(one).collect()
    }

    #[track_caller]
    fn check(shapes: &[(&str, &[u64])], model_type: Option<&str>, name: &str, expected: Option<bool>) {
        assert_eq!(
            Orientation::of(&tensors(shapes), model_type).is_in_out(name),
            expected,
            "{name}"
        );
    }

    #[test]
    fn the_files_own_shapes_decide_then_its_configuration() {
        let gate_up = "model.layers.0.mlp.experts.gate_up_proj[0]";
        let down = "model.layers.0.mlp.experts.down_proj[0]";
        let norm: (&str, &[u64]) = ("model.layers.0.input_layernorm.weight", &[8]);
        check(&[norm, (gate_up, &[8, 24]), (down, &[12, 8])], None, down, Some(true));
        check(&[norm, (gate_up, &[24, 8]), (down, &[8, 12])], None, down, Some(false));
        // The real gpt-oss: down is square, gate and up tell.
        check(&[norm, (gate_up, &[8, 16]), (down, &[8, 8])], None, down, Some(true));
        // Newer files of a family may be turned: what is there is believed.
        check(&[norm, (gate_up, &[24, 8])], Some("qwen3_vl_moe"), gate_up, Some(false));
        for model_type in ["llama4", "qwen3_vl_moe"] {
            check(&[(gate_up, &[8, 8])], Some(model_type), gate_up, Some(true));
        }
        let aria = "language_model.model.layers.0.mlp.experts.fc1.weight[0]";
        check(&[(aria, &[8, 8])], Some("aria"), aria, Some(true));
        check(&[(gate_up, &[8, 8])], Some("qwen3_moe"), gate_up, None);
        check(
            &[norm, ("model.layers.0.mlp.experts.up_proj[0]", &[8, 8])],
            Some("nemotron_h"),
            down,
            None,
        );
        check(
            &[],
            Some("gpt_oss"),
            "model.layers.0.self_attn.q_proj.weight",
            Some(false),
        );
    }

    #[test]
    fn conv1d_by_its_bias_its_width_or_its_configuration() {
        let attn = "h.0.attn.c_attn.weight";
        let proj = "h.0.mlp.c_proj.weight";
        check(
            &[(attn, &[8, 24]), ("h.0.attn.c_attn.bias", &[24])],
            None,
            proj,
            Some(true),
        );
        check(
            &[(attn, &[24, 8]), ("h.0.attn.c_attn.bias", &[24])],
            Some("gpt2"),
            proj,
            Some(false),
        );
        check(&[(attn, &[8, 24]), ("h.0.ln_1.weight", &[8])], None, proj, Some(true));
        check(&[(attn, &[8, 24])], Some("gpt2"), proj, Some(true));
        check(&[(attn, &[8, 24])], None, proj, None);
    }
}
