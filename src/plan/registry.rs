//! The table of formats: what is read, merged and refused, gathered from the places that decide it, for the documentation.

use crate::error::PIECES;
use crate::methods::METHODS;
use crate::methods::refused::REFUSED;
use crate::plan::adapters::alpha::CONVENTIONS;
use crate::plan::files::foreign::{FORMS, SPELLINGS};
use crate::plan::files::schemes::SCHEMES;
use crate::plan::names::families::{FAMILIES, FUSED, GateUp};
use crate::plan::names::layouts::LAYOUTS;
use crate::plan::names::renames::RENAMES;

/// One line: what people have, what is done with it, and the fixture (or test) that proves it.
pub struct Row {
    pub what: String,
    pub answer: String,
    pub proof: String,
}

/// Files and layouts that are read as they are.
const READ: [(&str, &str, &str); 23] = [
    (
        "safetensors, any size, in shards, F32 F16 BF16 F64",
        "read",
        "llama_sharded_bf16",
    ),
    ("`torch.save`, zip (1.6 and later)", "read", "full_pytorch_bin"),
    ("`torch.save`, legacy", "read", "legacy_pt"),
    (
        "bitsandbytes NF4 and FP4, with and without double quantisation",
        "read as the numbers they stand for, and said",
        "nf4_base, nf4_double",
    ),
    (
        "FP8 with scales by block, row or tensor",
        "read as the numbers they stand for, and said",
        "fp8_block, fp8_scalar",
    ),
    (
        "FP8 without any scales (a plain cast)",
        "read as it stands, and said; refused where the values show a scale",
        "tests/field_kinds.rs",
    ),
    ("training checkpoint with `model_state_dict`", "read", "trainer_pt"),
    (
        "the authors' files: task in the names, rank and alpha in the file's name",
        "read",
        "authors_pt_adapter",
    ),
    (
        "names wrapped by DataParallel, FSDP, torch.compile",
        "read",
        "full_module_prefix, full_orig_mod_prefix",
    ),
    ("model without or with its head's prefix", "read", "full_missing_prefix"),
    ("Conv1D (GPT-2), stored `[in, out]`", "read", "gpt2_lora"),
    (
        "experts in one tensor, `target_parameters`",
        "merged",
        "moe_target_parameters",
    ),
    ("`layer_replication`", "merged", "llama_replication"),
    (
        "rsLoRA, rank and alpha patterns, `modules_to_save`",
        "merged",
        "roberta_rslora, roberta_patterns, roberta_modules_to_save",
    ),
    (
        "adapter of experts in one tensor on a base with experts one by one, and the reverse",
        "merged",
        "05-qwen3moe-fused-adapter-hub-base, 03-unsloth-gptoss-expert-lists",
    ),
    (
        "adapter of q, k, v and gate, up on a fused base, and the reverse",
        "merged",
        "29-split-adapter-fused-base",
    ),
    (
        "adapter of `torch.nn.MultiheadAttention`",
        "merged",
        "08-openclip-multihead-attention",
    ),
    (
        "LoRA and model of Stable Diffusion (1, 2, XL), Wan, Z-Image, Lumina 2 under diffusers' names on the makers' file, and the reverse",
        "merged",
        "tests/field_meet.rs",
    ),
    ("one factor for all experts (Tinker)", "merged", "tests/field_meet.rs"),
    (
        "alpha in the file's own metadata, by component",
        "read",
        "39-alpha-in-file-metadata, 40-metadata-alpha-by-component",
    ),
    (
        "models with adapters inside",
        "read as models; the adapters inside are said",
        "22-phi4-multimodal-base",
    ),
    (
        "another depth (block expansion, depth up-scaling, pruning)",
        "said, and the pairing of blocks is asked",
        "50-block-expansion-llama-pro",
    ),
    (
        "kohya, diffusers: alpha stored or α = r, linear and convolutions",
        "merged",
        "sd_kohya, sd_kohya_mixed, sd_diffusers, lycoris_locon",
    ),
];

/// Files that are known and not read.
const FOREIGN: [(&str, &str, &str); 7] = [
    (
        "GGUF",
        "refused: quantised for inference; use the safetensors it was made from",
        "not_gguf",
    ),
    (
        "GPTQ, AWQ, AutoRound, compressed-tensors, NVFP4, MXFP4, quanto, HQQ, EXL2, EXL3, torchao, AQLM, MLX quantised",
        "refused by name: use the 16-bit model",
        "tests/quantized.rs, src/plan/files/schemes.rs",
    ),
    (
        "exports for one runtime (ONNX, TensorFlow Lite, OpenVINO, Core ML, TensorRT)",
        "named: use the model that they were made from",
        "tests/field_words.rs",
    ),
    (
        "LoRA of embeddings only, trainable tokens",
        "refused by name: no matrix inside the blocks changes",
        "tests/field_words.rs",
    ),
    (
        "bitsandbytes 8 bit, FP8 of which some or expected scales are missing",
        "refused by name: use the 16-bit model",
        "tests/quantized.rs",
    ),
    (
        "git-lfs pointer, web page, error of the Hub",
        "refused with the command that helps",
        "not_lfs_pointer, not_html",
    ),
    (
        "HDF5 (Keras), NumPy, other zips",
        "refused by name",
        "not_hdf5, not_npz",
    ),
];

/// The whole table, in the order in which it is shown.
pub fn rows() -> Vec<Row> {
    let row = |what: &str, answer: &str, proof: &str| Row {
        what: what.into(),
        answer: answer.into(),
        proof: proof.into(),
    };
    let read = READ.iter().map(|(what, answer, proof)| row(what, answer, proof));
    let methods = METHODS
        .iter()
        .map(|m| row(m.kind.name(), &format!("merged: {}", m.formula), m.proof));
    let foreign = FOREIGN.iter().map(|(what, answer, proof)| row(what, answer, proof));
    let refused = REFUSED.iter().map(|r| {
        let why = if r.without_weights {
            "it leaves the weight matrices unchanged"
        } else {
            r.why
        };
        row(r.name, &format!("refused: {why}"), "tests/registry.rs")
    });
    read.chain(methods).chain(foreign).chain(refused).collect()
}

/// Writers and what is read of theirs, from the tables that decide it.
pub fn writers() -> String {
    let mut text =
        "# Writers, and the fixture that proves each\n\nGenerated from the tables of the code; a test keeps it true \
                    (`LORASCOPE_WRITE=1 cargo test --test all field::`).\n"
            .to_owned();
    let mut table = |title: &str, about: &str, head: [&str; 3], rows: Vec<[String; 3]>| {
        text += &format!(
            "\n## {title}\n\n{about}\n\n| {} |\n| --- | --- | --- |\n",
            head.join(" | ")
        );
        for row in rows {
            text += &format!("| {} |\n", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    };
    let families = FAMILIES.iter().map(|f| {
        let gate_up = if f.gate_up == GateUp::Alternating {
            "; gate and up row by row"
        } else {
            ""
        };
        [
            f.name.to_owned(),
            format!(
                "`[in, out]`: {}{gate_up} (model_type {})",
                f.in_out.join(", "),
                f.types.join(", ")
            ),
            f.proof.to_owned(),
        ]
    });
    let about = "What of a family is stored otherwise than `[out, in]`. The file’s own shapes decide first, then its configuration.";
    table("Families", about, ["family", "stored", "proof"], families.collect());
    let mut seen = Vec::new();
    let first = |l: &&crate::plan::names::layouts::Layout| {
        let new = !seen.contains(&l.name);
        seen.push(l.name);
        new
    };
    let layouts = LAYOUTS.iter().filter(first).map(|l| {
        [
            l.name.to_owned(),
            format!("Its base: {}. {}", l.file, l.way).trim().to_owned(),
            l.proof.to_owned(),
        ]
    });
    let about = "Whose names a file has, by its blocks. Files of one layout pair with each other; where two do not meet, the message names both.";
    table(
        "Layouts",
        about,
        ["layout", "what is read, and the way to another layout", "proof"],
        layouts.collect(),
    );
    let about = "An alpha that is stored with the modules, in a configuration, in the file’s metadata or its name is taken first, in this order.";
    let conventions = CONVENTIONS.iter().map(|row| row.map(str::to_owned)).collect();
    let head = ["whose adapter", "what is taken", "whose word that is"];
    table("Alpha without a configuration", about, head, conventions);
    let fused = FUSED.iter().map(|(name, parts, _)| {
        [
            (*name).to_owned(),
            parts.join(", "),
            "29-split-adapter-fused-base".to_owned(),
        ]
    });
    let about = format!(
        "Fused layers that meet their parts, in either direction; {} names of other versions and libraries stand for one another too.",
        RENAMES.len()
    );
    table("Fused layers", &about, ["fused", "parts", "proof"], fused.collect());
    let spellings = SPELLINGS.iter().map(|s| (s.name, s.way));
    let forms = FORMS.iter().map(|f| (f.name, f.way));
    let spellings = spellings.chain(forms).map(|(name, way)| {
        [
            name.to_owned(),
            format!("named, not merged. {way}"),
            "src/plan/files/foreign.rs".to_owned(),
        ]
    });
    let about = "Low-rank files in names or a form that is not read: known by their shapes, never taken for a model.";
    table(
        "Adapters of other libraries",
        about,
        ["writer", "what is done, and the way out", "proof"],
        spellings.collect(),
    );
    let schemes = SCHEMES.iter().map(|s| {
        [
            s.name.to_owned(),
            format!("named, not read. Use the 16-bit model. {}", s.way)
                .trim()
                .to_owned(),
            "src/plan/files/schemes.rs".to_owned(),
        ]
    });
    let about = "Models whose weights are packed in a way that is not read: known by their tensors.";
    table(
        "Packed weights",
        about,
        ["stored as", "what is done, and the way out", "proof"],
        schemes.collect(),
    );
    let pieces = PIECES.iter().map(|p| {
        [
            p.what.to_owned(),
            format!("named. {} `{}`", p.fix, p.command),
            "tests/field_kinds.rs".to_owned(),
        ]
    });
    let about = "Checkpoints in pieces, which only their own library puts together.";
    table(
        "Pieces of training libraries",
        about,
        ["what", "what is done, and the way out", "proof"],
        pieces.collect(),
    );
    text
}

/// The table as Markdown.
pub fn table() -> String {
    let mut text = "| format or method | what is done | proof |\n| --- | --- | --- |\n".to_owned();
    for Row { what, answer, proof } in rows() {
        text += &format!("| {what} | {answer} | {proof} |\n");
    }
    text
}
