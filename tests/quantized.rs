//! Packed weights that are not read: each scheme by its name, with the way out, and never taken for weights.

use crate::common::Visit;

/// A file that holds these tensors, zeros all.
fn file(tensors: &[(&str, &str, &[u64], u64)]) -> Vec<u8> {
    let mut at = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            at += bytes;
            format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{},{at}]}}"#,
                at - bytes
            )
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    [
        &(header.len() as u64).to_le_bytes()[..],
        header.as_bytes(),
        &vec![0; at as usize],
    ]
    .concat()
}

#[track_caller]
fn refused(scheme: &str, tensors: &[(&str, &str, &[u64], u64)]) {
    let root = std::env::temp_dir().join(format!(
        "lorascope-quantized-{}-{}",
        scheme.split(' ').next().unwrap(),
        std::process::id()
    ));
    std::fs::create_dir_all(root.join("base")).unwrap();
    std::fs::write(root.join("base/model.safetensors"), file(tensors)).unwrap();
    let plan = Visit::open_folders(&root, &["base"]).plan(&[]);
    std::fs::remove_dir_all(&root).unwrap();
    let problem = plan
        .problems
        .iter()
        .find(|p| p.code == "quantized")
        .unwrap_or_else(|| panic!("{scheme}: {:?}", plan.problems));
    assert!(problem.title.contains(scheme), "{scheme}: {}", problem.title);
    assert!(problem.fix.as_ref().unwrap().contains("16-bit") && plan.base.is_none() && plan.matrices.is_empty());
}

#[test]
fn schemes_that_are_not_read_are_named() {
    let q = "model.layers.0.self_attn.q_proj";
    let name = |end: &str| format!("{q}{end}");
    refused(
        "GPTQ or AWQ",
        &[
            (&name(".qweight"), "I32", &[2, 8], 64),
            (&name(".scales"), "F16", &[1, 8], 16),
            (&name(".qzeros"), "I32", &[1, 1], 4),
        ],
    );
    refused(
        "compressed-tensors",
        &[
            (&name(".weight_packed"), "I32", &[8, 2], 64),
            (&name(".weight_scale"), "BF16", &[8, 1], 16),
        ],
    );
    refused(
        "8-bit bitsandbytes",
        &[(&name(".weight"), "I8", &[8, 8], 64), (&name(".SCB"), "F32", &[8], 32)],
    );
    refused(
        "MXFP4",
        &[
            ("model.layers.0.mlp.experts.gate_up_proj_blocks", "U8", &[2, 4, 4], 32),
            ("model.layers.0.mlp.experts.gate_up_proj_scales", "U8", &[2, 4], 8),
        ],
    );
    refused(
        "quantised MLX",
        &[
            (&name(".weight"), "U32", &[8, 1], 32),
            (&name(".scales"), "F16", &[8, 1], 16),
            (&name(".biases"), "F16", &[8, 1], 16),
        ],
    );
    // A scale of the inputs says that the weight has one too; without any it is a plain cast (`field_kinds`).
    refused(
        "8-bit floating-point",
        &[
            (&name(".weight"), "F8_E4M3", &[8, 8], 64),
            (&name(".input_scale"), "F32", &[], 4),
        ],
    );
    // A state that cannot be read leaves the weight packed.
    let state = name(".weight.quant_state.bitsandbytes__nf4");
    refused(
        "4-bit bitsandbytes",
        &[
            (&name(".weight"), "U8", &[32, 1], 32),
            (&name(".weight.absmax"), "F32", &[1], 4),
            (&state, "U8", &[4], 4),
        ],
    );
}
