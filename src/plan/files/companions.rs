//! Companions of a model: dropped beside it, not a fine-tune of it, said in one line and never an error.

use super::components::{self, Component};
use super::folders::Files;
use super::sets::FileSet;
use crate::error::{DISTRIBUTED, FLAX, MEGATRON, NEMO, Pieces, VERL, ZERO};
use crate::plan::base::Base;
use crate::plan::names::{canonical, is_weight, place};
use std::collections::BTreeSet;

/// The pipelines that the sets of a plan belong to.
pub struct Around<'a> {
    own: Vec<Option<Component>>,
    pipelines: Vec<Option<&'a str>>,
    /// The pipelines that have the network which takes noise away.
    denoised: BTreeSet<&'a str>,
    has_others_than_vae: bool,
}

impl<'a> Around<'a> {
    pub fn of(sets: &'a [FileSet], entries: &Files) -> Around<'a> {
        let own: Vec<Option<Component>> = sets.iter().map(|s| of(s, entries)).collect();
        let pipelines: Vec<Option<&str>> = sets.iter().map(|s| components::pipeline(s, entries)).collect();
        let denoised = own
            .iter()
            .zip(&pipelines)
            .filter(|(own, _)| **own == Some(Component::Denoiser));
        Around {
            denoised: denoised.filter_map(|(_, pipeline)| *pipeline).collect(),
            has_others_than_vae: own.iter().any(|own| *own != Some(Component::Vae)),
            own,
            pipelines,
        }
    }
}

/// The reason why a set is neither a base nor a fine-tune; none where it may be one.
pub fn why(at: usize, sets: &[FileSet], around: &Around, entries: &Files) -> Option<&'static str> {
    let set = sets.get(at)?;
    let beside_denoiser = || {
        let own = around.pipelines.get(at).copied().flatten();
        own.is_some_and(|own| around.denoised.contains(own))
    };
    let named = |words: &[&str]| {
        words
            .iter()
            .any(|w| set.stem.contains(w) || set.folder.rsplit('/').next().is_some_and(|f| f.contains(w)))
    };
    match around.own.get(at).copied().flatten() {
        Some(Component::Vae) if around.has_others_than_vae => return Some("the VAE"),
        Some(Component::Encoder(_)) if beside_denoiser() => {
            return Some("a text encoder of the pipeline");
        }
        // A safety checker, an image encoder.
        None if beside_denoiser() => return Some("another model of the pipeline"),
        _ => {}
    }
    let class = entries
        .config(&set.folder)
        .and_then(|c| c.class.as_deref())
        .unwrap_or_default();
    if ["ControlNet", "T2IAdapter", "MotionAdapter", "IPAdapter"]
        .iter()
        .any(|c| class.contains(c))
        || steers(set)
    {
        return Some("a network that steers another (ControlNet and its kin)");
    }
    if !has_blocks(set) {
        return Some(match () {
            () if named(&["non_lora_trainables", "mm_projector", "projector", "connector"]) => {
                "weights of a projector, not of the base"
            }
            () if named(&["value_head", "v_head", "reward", "score"]) => "a head for values or rewards",
            () if named(&["learned_embeds", "embeddings", "textual_inversion", "new_embeddings"]) => "embeddings",
            () if named(&["optimizer", "optim", "scheduler"]) => "the optimizer’s state",
            () => "no matrix inside numbered blocks",
        });
    }
    if named(&["optimizer", "optim_states"]) {
        return Some("the optimizer’s state");
    }
    None
}

/// Components of names that only networks have which steer another: of lllyasviel's ControlNet, diffusers', those of Flux and SD3, and IP-Adapter.
const STEERING: [&str; 7] = [
    "control_model",
    "input_hint_block",
    "zero_convs",
    "controlnet_cond_embedding",
    "controlnet_blocks",
    "controlnet_x_embedder",
    "ip_adapter",
];

/// Known by its names, where no configuration is beside it. A file that holds the steered network too is that network.
fn steers(set: &FileSet) -> bool {
    let mut steers = false;
    for component in set.tensors.iter().flat_map(|t| t.name.split('.')) {
        if component == "diffusion_model" {
            return false;
        }
        steers |= STEERING.contains(&component);
    }
    steers
}

fn of(set: &FileSet, entries: &Files) -> Option<Component> {
    components::of_set(set, entries.config(&set.folder))
}

fn has_blocks(set: &FileSet) -> bool {
    set.tensors.iter().any(|t| {
        let name = canonical(&t.name).name;
        let place = place(&name);
        t.shape.len() >= 2 && is_weight(&name) && place.layer.is_some() && place.excluded.is_none()
    })
}

/// The name of a set that, by its folder, is another model of the base's pipeline: its numbers would fit where both have the same shapes.
pub fn other_model(set: &FileSet, base: &FileSet, entries: &Files) -> Option<String> {
    components::are_different(set, base).then(|| {
        let name = of(set, entries).map(Component::name).unwrap_or_default();
        format!("another model of the pipeline ({name})")
    })
}

/// The reason why a set that pairs with nothing of the base is not a fine-tune of it; none where that is an error to be told.
pub fn unpaired(set: &FileSet, base_set: &FileSet, base: &Base, entries: &Files) -> Option<String> {
    // A repository often has the network in its makers' own file too, above the pipeline's folders.
    let is_above = |one: &FileSet, other: &FileSet| components::pipeline(other, entries) == Some(one.folder.as_str());
    match (of(set, entries), base.component) {
        (Some(own), Some(other)) if own != other => Some(format!("another model of the pipeline ({})", own.name())),
        _ if is_above(set, base_set) || is_above(base_set, set) => {
            Some("of the same pipeline, in another layout".to_owned())
        }
        _ => None,
    }
}

/// A training library's pieces among paths that were not opened: the library, and a folder.
pub fn in_pieces<'a>(unopened: &'a [String], entries: &Files, sets: &[FileSet]) -> Vec<(&'static Pieces, &'a str)> {
    let mut found: Vec<(&'static Pieces, &str)> = Vec::new();
    let mut seen = BTreeSet::new();
    let paths: BTreeSet<&str> = entries
        .iter()
        .map(|e| e.path.as_str())
        .chain(unopened.iter().map(String::as_str))
        .collect();
    let has = |start: String| {
        paths
            .range(start.as_str()..)
            .next()
            .is_some_and(|path| path.starts_with(&start))
    };
    // Readable weights of the same checkpoint: the pieces are of no interest then.
    let readable: BTreeSet<&str> = sets.iter().flat_map(|s| folders_of(&s.folder)).collect();
    for path in unopened {
        let (pieces, folder) = match pieces_of(path) {
            // PyTorch's pieces, and what tells whose: NeMo's `context`, and Megatron-Core's file of what is common to them.
            Some((pieces, folder)) if *pieces == DISTRIBUTED => match folder.strip_suffix("/weights") {
                Some(above) if has(format!("{above}/context/")) => (&NEMO, above),
                _ if has(format!("{folder}/common.pt")) => (&MEGATRON, folder),
                _ => (pieces, folder),
            },
            Some(found) => found,
            None => continue,
        };
        if !readable.contains(folder) && seen.insert(folder) {
            found.push((pieces, folder));
        }
    }
    // A piece in a folder of its own belongs to the checkpoint above.
    let above: BTreeSet<(&str, &str)> = found.iter().map(|(pieces, folder)| (pieces.what, *folder)).collect();
    found.retain(|(pieces, folder)| {
        let mut outer = folders_of(folder).skip(1);
        !outer.any(|outer| !outer.is_empty() && above.contains(&(pieces.what, outer)))
    });
    found
}

/// A folder and those that it is in.
fn folders_of(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |own| own.rsplit_once('/').map(|(above, _)| above))
}

/// The writer of a checkpoint in pieces, by the path of one, and the folder of the whole checkpoint.
pub fn pieces_of(path: &str) -> Option<(&'static Pieces, &str)> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let above = || folder.rsplit_once('/').map_or("", |(above, _)| above);
    let last = folder.rsplit('/').next().unwrap_or_default();
    let in_step = last.starts_with("global_step");
    if name.ends_with("_model_states.pt") || name.ends_with("_optim_states.pt") || name == "zero_to_fp32.py" {
        return Some((&ZERO, if in_step { above() } else { folder }));
    }
    if name.ends_with(".distcp") {
        let fsdp = last.starts_with("pytorch_model_fsdp") || last.starts_with("optimizer_");
        return Some(match fsdp {
            true => (&DISTRIBUTED, above()),
            false if folder.contains("iter_") => (&MEGATRON, folder),
            false => (&DISTRIBUTED, folder),
        });
    }
    if name.starts_with("model_world_size_") || name.starts_with("optim_world_size_") {
        return Some((&VERL, folder));
    }
    if name.ends_with(".msgpack") || ["manifest.ocdbt", "_CHECKPOINT_METADATA"].contains(&name) {
        return Some((&FLAX, folder));
    }
    // Megatron-Core's older form has a folder of arrays for every tensor.
    if name == "model_optim_rng.pt" || name == ".zarray" {
        return Some((&MEGATRON, above()));
    }
    None
}

/// Formats of runtimes, by the ends of their files' names.
const EXPORTS: [(&str, &str); 14] = [
    (".onnx", "an ONNX export"),
    (".onnx_data", "an ONNX export"),
    (".onnx.data", "an ONNX export"),
    (".ort", "an ONNX Runtime export"),
    (".tflite", "a TensorFlow Lite export"),
    ("openvino_model.bin", "an OpenVINO export"),
    ("openvino_model.xml", "an OpenVINO export"),
    (".mlmodel", "a Core ML export"),
    (".engine", "a TensorRT engine"),
    (".plan", "a TensorRT engine"),
    (".trt", "a TensorRT engine"),
    (".pte", "an ExecuTorch export"),
    (".mnn", "an MNN export"),
    (".ot", "an export for rust-bert (tch)"),
];

/// The kind of a file that was made for one runtime, by its name.
pub fn exported(path: &str) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    if path.split('/').any(|part| part.ends_with(".mlpackage")) {
        return Some("a Core ML export");
    }
    EXPORTS
        .iter()
        .find(|(end, _)| path.ends_with(end))
        .map(|(_, what)| *what)
}

/// Files of a runtime's format without the model beside them, one per folder: said where nothing else is compared.
pub fn exports<'a>(paths: impl Iterator<Item = &'a str>, sets: &[FileSet]) -> Vec<(&'a str, &'static str)> {
    let mut seen = BTreeSet::new();
    let folder = |path: &'a str| path.rsplit_once('/').map_or("", |(folder, _)| folder);
    // The model itself lies beside its export, or above it (`onnx/`).
    let is_beside = |folder: &str| {
        let of_it =
            |s: &FileSet| s.folder == folder || !s.folder.is_empty() && folder.starts_with(&format!("{}/", s.folder));
        !folder.is_empty() && sets.iter().any(of_it)
    };
    paths
        .filter_map(|path| Some((path, exported(path)?)))
        .filter(|(path, what)| !is_beside(folder(path)) && seen.insert((folder(path), *what)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_known_by_their_paths() {
        let check = |path: &str, what: &str, folder: &str| {
            let (pieces, found) = pieces_of(path).unwrap_or_else(|| panic!("{path}"));
            assert!(
                pieces.what.contains(what) && found == folder,
                "{path}: {} in {found}",
                pieces.what
            );
        };
        check(
            "run/checkpoint-5/global_step5/zero_pp_rank_0_mp_rank_00_model_states.pt",
            "DeepSpeed",
            "run/checkpoint-5",
        );
        check("checkpoint-5/pytorch_model_fsdp_0/__0_0.distcp", "FSDP", "checkpoint-5");
        check("actor/model_world_size_8_rank_0.pt", "verl", "actor");
        check("iter_0000100/mp_rank_00/model_optim_rng.pt", "Megatron", "iter_0000100");
        check("iter_0000100/__0_0.distcp", "Megatron", "iter_0000100");
        check("old/model.decoder.weight/.zarray", "Megatron", "old");
        assert!(pieces_of("actor/global_step_100/model-00001-of-00002.safetensors").is_none());
    }
}
