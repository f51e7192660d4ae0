//! What is read, what is merged, what is refused, as a table: gathered from the places that decide it, for the documentation.

use crate::checkpoint::adapter_config::{REFUSED, REFUSED_FIELDS, WITHOUT_WEIGHTS};
use crate::methods::METHODS;

/// One line: what people have, what is done with it, and the fixture (or test) that proves it.
pub struct Row {
    pub what: String,
    pub answer: String,
    pub proof: String,
}

/// Files and layouts that are read as they are.
const READ: [(&str, &str, &str); 14] = [
    ("safetensors, any size, in shards, F32 F16 BF16 F64", "read", "llama_sharded_bf16"),
    ("`torch.save`, zip (1.6 and later)", "read", "full_pytorch_bin"),
    ("`torch.save`, legacy", "read", "legacy_pt"),
    (
        "bitsandbytes NF4 and FP4, with and without double quantisation",
        "read as the numbers they stand for, and said",
        "nf4_base, nf4_double",
    ),
    ("FP8 with scales by block, row or tensor", "read as the numbers they stand for, and said", "fp8_block, fp8_scalar"),
    ("training checkpoint with `model_state_dict`", "read", "trainer_pt"),
    ("the authors' files: task in the names, rank and alpha in the file's name", "read", "authors_pt_adapter"),
    ("names wrapped by DataParallel, FSDP, torch.compile", "read", "full_module_prefix, full_orig_mod_prefix"),
    ("model without or with its head's prefix", "read", "full_missing_prefix"),
    ("Conv1D (GPT-2), stored `[in, out]`", "read", "gpt2_lora"),
    ("experts in one tensor, `target_parameters`", "merged", "moe_target_parameters"),
    ("`layer_replication`", "merged", "llama_replication"),
    ("rsLoRA, rank and alpha patterns, `modules_to_save`", "merged", "roberta_rslora, roberta_patterns, roberta_modules_to_save"),
    ("kohya, diffusers: alpha stored or α = r, linear and convolutions", "merged", "sd_kohya, sd_kohya_mixed, sd_diffusers, lycoris_locon"),
];

/// Files that are known and not read.
const FOREIGN: [(&str, &str, &str); 6] = [
    ("GGUF", "refused: quantised for inference; use the safetensors it was made from", "not_gguf"),
    ("GPTQ, AWQ, compressed-tensors, MXFP4, MLX quantised", "refused by name: use the 16-bit model", "tests/quantized.rs"),
    ("bitsandbytes 8 bit, FP8 without its scales", "refused by name: use the 16-bit model", "tests/quantized.rs"),
    ("git-lfs pointer, web page, error of the Hub", "refused with the command that helps", "not_lfs_pointer, not_html"),
    ("HDF5 (Keras), NumPy, other zips", "refused by name", "not_hdf5, not_npz"),
    ("OFT of LyCORIS or of before PEFT 0.15, BOFT, HRA", "refused by name, with the reason", "src/plan/leaf.rs"),
];

/// The whole table, in the order in which it is shown.
pub fn rows() -> Vec<Row> {
    let row = |what: &str, answer: &str, proof: &str| Row { what: what.into(), answer: answer.into(), proof: proof.into() };
    let read = READ.iter().map(|(what, answer, proof)| row(what, answer, proof));
    let methods = METHODS.iter().map(|m| row(m.kind.name(), &format!("merged: {}", m.formula), m.proof));
    let foreign = FOREIGN.iter().map(|(what, answer, proof)| row(what, answer, proof));
    let types = REFUSED.iter().map(|(_, name, why)| row(name, &format!("refused: {why}"), "tests/registry.rs"));
    let fields = REFUSED_FIELDS.iter().map(|(_, name, why)| row(name, &format!("refused: {why}"), "tests/registry.rs"));
    let without =
        WITHOUT_WEIGHTS.iter().map(|(_, name)| row(name, "refused: it leaves the weight matrices unchanged", "tests/registry.rs"));
    read.chain(methods).chain(foreign).chain(types).chain(fields).chain(without).collect()
}

/// As Markdown.
pub fn table() -> String {
    let mut text = "| format or method | what is done | proof |\n| --- | --- | --- |\n".to_owned();
    for Row { what, answer, proof } in rows() {
        text += &format!("| {what} | {answer} | {proof} |\n");
    }
    text
}
