//! Which 2-D weights are stored as `[in, out]`. Orientation swaps U and V, so it changes the intruder test.

use super::files::Tensors;
use super::names::canonical;

/// Model types whose linear layers are `transformers.Conv1D`.
const CONV1D_TYPES: [&str; 5] = ["gpt2", "openai-gpt", "imagegpt", "decision_transformer", "clvp"];
/// Module names that Conv1D families use; nn.Linear families (StarCoder, Qwen-1) use them too.
const CONV1D_MODULES: [&str; 4] = ["c_attn", "c_fc", "c_proj", "q_attn"];

/// The canonical names of the weights of `tensors` that are stored as `[in, out]`.
///
/// Decided from data: the bias of a non-square `c_attn` or `c_fc` has one entry an output. The verdict holds for the whole
/// family in the file, because `c_proj` may be square. Without such a bias the configuration's model type decides.
pub fn is_conv1d(tensors: &Tensors, model_type: Option<&str>) -> bool {
    let verdict = tensors.iter().find_map(|t| {
        let name = canonical(&t.name).name;
        let module = name.strip_suffix(".weight")?;
        let [rows, cols] = t.shape[..] else { return None };
        if !module.ends_with("c_attn") && !module.ends_with("c_fc") || rows == cols {
            return None;
        }
        let bias = tensors.iter().find(|b| canonical(&b.name).name.strip_suffix(".bias") == Some(module))?;
        match bias.shape[..] {
            [n] if n == cols => Some(true),
            [n] if n == rows => Some(false),
            _ => None,
        }
    });
    verdict.unwrap_or_else(|| model_type.is_some_and(|t| CONV1D_TYPES.contains(&t)))
}

/// True for a module that Conv1D families store as `[in, out]`.
pub fn is_conv1d_module(canonical_name: &str) -> bool {
    let module = canonical_name.strip_suffix(".weight").unwrap_or(canonical_name);
    module.rsplit('.').next().is_some_and(|last| CONV1D_MODULES.contains(&last))
}
