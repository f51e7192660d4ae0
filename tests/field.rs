//! Cases of the field: file sets rebuilt from public reports of what people really drop, each with the right answer. See
//! `fixtures/field/README.md`.

use crate::common::{Visit, fixtures, reference};
use lorascope::plan::{Plan, PlanModel, Severity};
use lorascope::report::{Model, Report, Status};
use nalgebra::DMatrix;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root(case: &str) -> PathBuf {
    fixtures().join("field").join(case)
}

fn files(case: &str) -> Vec<String> {
    let description = reference::read(&root(case).join("case.json"));
    let list = |key: &str| {
        description[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    [list("base"), list("tuned")].concat()
}

fn open(case: &str) -> Visit {
    let files = files(case);
    let present: Vec<&str> = files
        .iter()
        .map(String::as_str)
        .filter(|f| root(case).join(f).exists())
        .collect();
    Visit::open(&root(case), &present)
}

/// With the types that hide what changes switched on.
fn all_types(visit: &mut Visit) -> String {
    visit
        .plan(&[])
        .types
        .into_iter()
        .map(|t| t.kind)
        .filter(|kind| kind != "embedding" && kind != "outside")
        .collect::<Vec<_>>()
        .join(",")
}

fn run(case: &str, answers: &[(&str, &str)]) -> (Plan, Report) {
    let mut visit = open(case);
    let types = all_types(&mut visit);
    let answers = [answers, &[("types", &types)]].concat();
    let plan = visit.plan(&answers);
    (plan, visit.run_with(&answers))
}

/// The tensors of a file as numbers, in its order of rows.
fn numbers(path: &Path) -> BTreeMap<String, DMatrix<f64>> {
    let bytes = std::fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let one = |(name, view): (String, safetensors::tensor::TensorView)| {
        let [rows, cols] = view.shape() else { return None };
        let width = view.data().len() / (rows * cols).max(1);
        let number = |i: usize| {
            let at = &view.data()[i * width..(i + 1) * width];
            match view.dtype() {
                safetensors::Dtype::F32 => f64::from(f32::from_le_bytes(at.try_into().unwrap())),
                safetensors::Dtype::F16 => f64::from(half::f16::from_le_bytes(at.try_into().unwrap())),
                other => panic!("{name}: {other:?}"),
            }
        };
        Some((
            name.clone(),
            DMatrix::from_fn(*rows, *cols, |i, j| number(i * cols + j)),
        ))
    };
    file.tensors().into_iter().filter_map(one).collect()
}

struct Truth {
    sigma: Vec<f64>,
    cosines: Vec<f64>,
    rank: f64,
}

/// The truth by a full decomposition in double precision, `[out, in]`.
fn truth(w0: &DMatrix<f64>, w: &DMatrix<f64>) -> Truth {
    let sorted = |m: &DMatrix<f64>| {
        let svd = m.clone().svd(true, false);
        let mut order: Vec<usize> = (0..svd.singular_values.len()).collect();
        order.sort_by(|a, b| svd.singular_values[*b].total_cmp(&svd.singular_values[*a]));
        let u = svd.u.unwrap();
        (
            order.iter().map(|i| svd.singular_values[*i]).collect::<Vec<f64>>(),
            order.iter().map(|i| u.column(*i).into_owned()).collect::<Vec<_>>(),
        )
    };
    let ((_, before), (sigma, after)) = (sorted(w0), sorted(w));
    let best = |u: &nalgebra::DVector<f64>| before.iter().map(|b| b.dot(u).abs()).fold(0.0, f64::max);
    let change = (w - w0).svd(false, false).singular_values;
    let sum: f64 = change.iter().sum();
    let entropy: f64 = change
        .iter()
        .map(|s| s / sum)
        .filter(|p| *p > 1e-12)
        .map(|p| -p * p.ln())
        .sum();
    Truth {
        cosines: after.iter().take(10).map(best).collect(),
        sigma,
        rank: entropy.exp(),
    }
}

/// Every matrix of the oracle against the model's numbers; returns how many.
#[track_caller]
fn compare(case: &str, oracle: &str, model: &Model, rename: impl Fn(&str) -> String) -> usize {
    let description = reference::read(&root(case).join("case.json"));
    let in_out: BTreeSet<String> = description["in_out"]
        .as_array()
        .map(|l| l.iter().map(|v| v.as_str().unwrap().to_owned()).collect())
        .unwrap_or_default();
    let list = |key: &str| {
        description[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut before = BTreeMap::new();
    let truth_file = root(case).join("base_truth.safetensors");
    let base_files: Vec<PathBuf> = match truth_file.exists() {
        true => vec![truth_file],
        false => [list("base"), list("tuned")]
            .concat()
            .iter()
            .filter(|f| f.ends_with(".safetensors") && !f.contains("adapter") && !f.contains("tuned/"))
            .map(|f| root(case).join(f))
            .collect(),
    };
    for path in base_files
        .iter()
        .filter(|p| case != "58-trailing-bytes" || p.ends_with("base_truth.safetensors"))
    {
        for (name, m) in numbers(path) {
            before.entry(name).or_insert(m);
        }
    }
    if case == "58-trailing-bytes" {
        let mut bytes = std::fs::read(root(case).join("base/model.safetensors")).unwrap();
        bytes.truncate(bytes.len() - 24);
        let path = std::env::temp_dir().join(format!("lorascope-field-{}.safetensors", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        before.extend(numbers(&path));
        std::fs::remove_file(path).unwrap();
    }
    let mut compared = 0;
    for (name, w) in numbers(&root(case).join(oracle)) {
        let Some(w0) = before.get(&name) else {
            panic!("{case}: the base has no {name}")
        };
        let (w0, w) = if in_out.contains(&name) {
            (w0.transpose(), w.transpose())
        } else {
            (w0.clone(), w)
        };
        if w0 == w {
            continue;
        }
        let Some(m) = model.matrices.iter().find(|m| m.name == rename(&name)) else {
            let names: Vec<&str> = model.matrices.iter().map(|m| m.name.as_str()).collect();
            panic!("{case}: {name} was not analysed; there are {names:?}");
        };
        assert_eq!(m.status, Status::Analyzed, "{case} {name}: {:?}", m.reason);
        assert_eq!((m.rows as usize, m.cols as usize), w.shape(), "{case} {name}");
        let truth = truth(&w0, &w);
        for (ours, exact) in m.sigma_tuned.iter().zip(&truth.sigma) {
            assert!(
                (f64::from(*ours) - exact).abs() < 2e-4 * truth.sigma[0],
                "{case} {name}: σ {ours}, not {exact}"
            );
        }
        let left = m.left.as_ref().unwrap();
        for (j, (ours, exact)) in left.max_cos.iter().zip(&truth.cosines).enumerate() {
            assert!(
                (f64::from(*ours) - exact).abs() < 5e-3,
                "{case} {name}: |cos| {j} is {ours}, not {exact}"
            );
        }
        let count = truth.cosines.iter().filter(|c| **c < 0.5).count() as u32;
        assert_eq!(m.intruders, Some(count), "{case} {name}");
        let rank = m.delta.as_ref().unwrap().effective_rank;
        assert!(
            (rank - truth.rank).abs() < 0.02 * truth.rank,
            "{case} {name}: effective rank {rank}, not {}",
            truth.rank
        );
        compared += 1;
    }
    compared
}

/// One model, all of the oracle right, and no error.
#[track_caller]
fn right(case: &str, matrices: usize) -> (Plan, PlanModel) {
    let (plan, report) = run(case, &[]);
    let errors: Vec<_> = plan.problems.iter().filter(|p| p.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{case}: {errors:#?}");
    assert_eq!(
        plan.models.len(),
        1,
        "{case}: {:?}",
        plan.models.iter().map(|m| &m.label).collect::<Vec<_>>()
    );
    assert_eq!(
        compare(case, "oracle.safetensors", &report.models[0], str::to_owned),
        matrices,
        "{case}"
    );
    let model = plan.models[0].clone();
    (plan, model)
}

#[track_caller]
fn problem<'a>(plan: &'a Plan, code: &str) -> &'a lorascope::plan::Problem {
    let found = plan.problems.iter().find(|p| p.code == code);
    found.unwrap_or_else(|| panic!("no {code}: {:#?}", plan.problems))
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.problems.iter().map(|p| p.code.as_str()).collect()
}

#[test]
fn trainable_tokens_do_not_sink_the_adapter() {
    let (plan, model) = right("01-lora-with-trainable-tokens", 6);
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    assert!(
        model.notes.iter().any(|n| n.contains("1 tensor not looked at")),
        "{:?}",
        model.notes
    );
}

#[test]
fn experts_of_gpt_oss_are_in_out_though_they_are_square() {
    let (plan, model) = right("02-gptoss-experts-square", 7);
    assert_eq!((model.rank, model.scale), (Some(2), Some(2.0)));
    assert!(!codes(&plan).contains(&"rank-differs"), "{:?}", plan.problems);
}

#[test]
fn lists_of_experts_meet_the_fused_tensor() {
    let (_, model) = right("03-unsloth-gptoss-expert-lists", 16);
    assert_eq!((model.matching.matched, model.matching.total), (16, 16));
}

#[test]
fn a_fused_adapter_meets_experts_one_by_one() {
    let (plan, model) = right("05-qwen3moe-fused-adapter-hub-base", 10);
    assert_eq!((model.rank, model.matching.unmatched.len()), (Some(2), 0));
    assert!(!codes(&plan).contains(&"rank-differs"));
}

#[test]
fn a_projector_beside_the_adapter_is_no_fine_tune() {
    let (plan, _) = right("06-llava-non-lora-trainables", 4);
    assert!(plan.questions.is_empty(), "{:?}", plan.questions);
    assert!(
        plan.left_out.iter().any(|l| l.what.contains("projector")),
        "{:?}",
        plan.left_out
    );
}

#[test]
fn multihead_attention_is_whole() {
    let (_, model) = right("08-openclip-multihead-attention", 8);
    assert_eq!((model.matching.matched, model.matching.total), (8, 8));
}

#[test]
fn folders_named_global_step_are_a_run() {
    let (plan, report) = run("09-verl-global-step", &[]);
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    let steps: Vec<_> = plan.models.iter().map(|m| m.run.as_ref().map(|r| r.step)).collect();
    assert_eq!(steps, [Some(50), Some(100)]);
    let last = report.models.iter().find(|m| m.label.contains("100")).unwrap();
    assert_eq!(
        compare("09-verl-global-step", "oracle.safetensors", last, str::to_owned),
        14
    );
}

#[test]
fn pieces_of_training_libraries_are_named_with_their_own_way_out() {
    let (plan, _) = run("10-deepspeed-zero3-folder", &[]);
    let zero = problem(&plan, "in-pieces");
    assert!(
        zero.title.contains("DeepSpeed") && zero.command.as_ref().unwrap().contains("zero_to_fp32.py"),
        "{zero:?}"
    );
    assert_eq!(zero.file.as_deref(), Some("checkpoint-500"));
    let (plan, _) = run("26-fsdp-sharded-state-dict", &[]);
    let fsdp = problem(&plan, "in-pieces");
    assert!(
        fsdp.title.contains("FSDP") && fsdp.command.as_ref().unwrap().contains("accelerate merge-weights"),
        "{fsdp:?}"
    );
}

#[test]
fn torchtune_is_not_mlx() {
    let case = "12-torchtune-native-adapter";
    let mut visit = open(case);
    let plan = visit.plan(&[]);
    assert_eq!(
        plan.questions.iter().map(|q| q.id.as_str()).collect::<Vec<_>>(),
        ["alpha:adapter"]
    );
    let codes = codes(&plan);
    assert!(codes.is_empty(), "{codes:?}");
    // Whatever scale the oracle has, one of 1 and 2 is right.
    let fits = ["r", "2r"].into_iter().filter(|answer| {
        let (_, report) = run(case, &[("alpha:adapter", answer)]);
        std::panic::catch_unwind(|| compare(case, "oracle.safetensors", &report.models[0], str::to_owned))
            .is_ok_and(|n| n == 10)
    });
    assert_eq!(fits.count(), 1);
}

#[test]
fn a_full_fine_tune_of_mlx_is_one() {
    let (plan, model) = right("13-mlx-full-fine-tune", 7);
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    assert_eq!(model.method, "full");
}

#[test]
fn adapters_of_other_libraries_are_named() {
    let (plan, _) = run("15-megatron-bridge-adapter", &[]);
    let named = problem(&plan, "foreign-adapter");
    assert!(
        named.title.contains("Megatron") && named.fix.as_ref().unwrap().contains("export_adapter_ckpt"),
        "{named:?}"
    );
    assert!(
        plan.questions.is_empty() && !codes(&plan).contains(&"no-match"),
        "{:?}",
        plan.problems
    );
}

#[test]
fn a_model_that_equals_its_base_is_said_to() {
    let (_, report) = run("17-merged-but-identical", &[]);
    assert!(report.models[0].matrices.iter().all(|m| m.status == Status::Unchanged));
}

#[test]
fn values_that_are_no_numbers_are_said_and_the_rest_stands() {
    let (_, report) = run("18-nan-adapter", &[]);
    let failed = report.models[0]
        .matrices
        .iter()
        .filter(|m| m.status == Status::Failed)
        .count();
    assert_eq!(failed, 2);
    assert_eq!(
        compare("18-nan-adapter", "oracle.safetensors", &report.models[0], str::to_owned),
        2
    );
}

#[test]
fn an_older_prefix_is_found_and_what_is_missing_is_said() {
    let (plan, model) = right("21-colqwen-model-prefix", 14);
    assert_eq!((model.matching.matched, model.matching.total), (14, 15));
    assert!(problem(&plan, "some-unmatched").cause.contains("custom_text_proj"));
}

#[test]
fn a_base_with_adapters_inside_is_a_base() {
    let (plan, model) = right("22-phi4-multimodal-base", 8);
    assert_eq!((model.method.as_str(), model.matching.matched), ("full", 8));
    assert!(
        plan.left_out
            .iter()
            .any(|l| l.what.contains("adapters inside the base"))
    );
}

/// By folder or without, in whatever order they come.
#[test]
fn numbered_downloads_keep_their_own_configuration() {
    let case = "24-two-downloads-numbered";
    let names = [
        "adapter_config (1).json",
        "adapter_config.json",
        "adapter_model (1).safetensors",
        "adapter_model.safetensors",
    ];
    for order in permutations(4) {
        for (folder, prefix) in [(root(case), "dl/"), (root(case).join("dl"), "")] {
            let mut visit = Visit::open(&root(case), &["base/model.safetensors"]);
            order
                .iter()
                .for_each(|i| visit.add(&folder, &format!("{prefix}{}", names[*i])));
            let plan = visit.plan(&[]);
            let report = visit.run();
            assert!(
                plan.questions.is_empty() && plan.problems.is_empty(),
                "{order:?} {:?} {:?}",
                plan.questions,
                plan.problems
            );
            for (model, planned) in report.models.iter().zip(&plan.models) {
                let numbered = planned.files.iter().any(|f| f.name.contains("(1)"));
                let (oracle, scale) = if numbered {
                    ("oracle_2.safetensors", 4.0)
                } else {
                    ("oracle_1.safetensors", 0.5)
                };
                assert_eq!(planned.scale, Some(scale), "{order:?} {:?}", planned.files);
                assert_eq!(
                    planned.scale_source,
                    if numbered {
                        "adapter_config (1).json"
                    } else {
                        "adapter_config.json"
                    }
                );
                assert_eq!(compare(case, oracle, model, str::to_owned), 4);
            }
        }
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(n - 1);
    shorter
        .iter()
        .flat_map(|p| (0..n).map(move |at| [&p[..at], &[n - 1], &p[at..]].concat()))
        .collect()
}

#[test]
fn a_lightning_checkpoint_is_read() {
    let (_, model) = right("28-lightning-ckpt-custom-objects", 7);
    assert_eq!(model.matching.matched, 7);
}

#[test]
fn a_split_adapter_meets_a_fused_base() {
    let (_, model) = right("29-split-adapter-fused-base", 8);
    assert_eq!((model.matching.matched, model.matching.total), (14, 14));
}

#[test]
fn exchanged_experts_are_turned_back() {
    let case = "30-peft018-fused-experts-in-out-swapped";
    let (_, model) = right(case, 6);
    assert!(model.notes.iter().any(|n| n.contains("exchanged")), "{:?}", model.notes);
    let plan = open(case).plan(&[]);
    let off = problem(&plan, "all-switched-off");
    assert!(
        off.cause.contains("expert") && off.severity == Severity::Warning,
        "{off:?}"
    );
}

#[test]
fn adapters_of_image_models_take_alpha_for_the_rank() {
    let (plan, model) = right("31-flux-lora-no-alpha", 13);
    assert!(plan.questions.is_empty(), "{:?}", plan.questions);
    assert_eq!(
        (model.scale, model.scale_source.as_str()),
        (Some(1.0), "α = r, the convention of image models")
    );
}

#[test]
fn the_two_text_encoders_are_kept_apart() {
    let (plan, model) = right("32-sdxl-kohya-two-text-encoders", 6);
    assert_eq!((model.matching.matched, model.matching.total), (6, 6));
    assert!(
        plan.left_out.iter().any(|l| l.what.contains("of text_encoder,")),
        "{:?}",
        plan.left_out
    );
}

#[test]
fn changes_of_vectors_are_passed_over() {
    let (plan, _) = right("33-wan-lora-with-diffs", 20);
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
}

#[test]
fn layouts_that_do_not_meet_are_both_named() {
    let (plan, _) = run("35-kohya-flux-diffusers-base", &[]);
    let differ = problem(&plan, "layouts-differ");
    assert!(
        differ.title.contains("Black Forest Labs") && differ.title.contains("diffusers"),
        "{differ:?}"
    );
    assert!(differ.fix.as_ref().unwrap().contains("flux1-dev.safetensors"));
}

#[test]
fn a_disputed_scale_is_asked() {
    let case = "37-lokr-whole-factors-alpha";
    let (plan, _) = right(case, 4);
    assert_eq!(plan.questions.len(), 1);
    let (_, whole) = run(case, &[("alpha:adapter", "whole")]);
    let frobenius = |r: &Report| r.models[0].matrices[0].delta.as_ref().unwrap().frobenius;
    let ratio = frobenius(&whole) / frobenius(&run(case, &[]).1);
    assert!((ratio - 32.0).abs() < 1e-3, "{ratio}");
}

#[test]
fn alpha_is_read_from_the_files_own_metadata() {
    let (_, model) = right("39-alpha-in-file-metadata", 4);
    assert_eq!(
        (model.scale, model.scale_source.as_str()),
        (Some(0.25), "the file’s metadata")
    );
    let (_, model) = right("40-metadata-alpha-by-component", 3);
    assert_eq!(
        (model.scale, model.scale_source.as_str()),
        (Some(2.0), "the file’s metadata")
    );
}

#[test]
fn scaled_fp8_of_comfyui_is_read() {
    let (plan, _) = right("42-comfy-fp8-scaled-base", 4);
    assert_eq!(codes(&plan), ["quantized-weights"]);
}

#[test]
fn an_older_text_encoder_meets_a_newer_one() {
    let (_, model) = right("44-kohya-te-on-new-clip", 6);
    assert_eq!(model.matching.matched, 6);
}

#[test]
fn json_may_have_a_byte_order_mark() {
    let (plan, model) = right("48-config-with-bom", 4);
    assert!(
        plan.questions.is_empty() && plan.problems.is_empty(),
        "{:?}",
        plan.problems
    );
    assert_eq!(model.alpha, Some(2.0));
}

#[test]
fn another_depth_is_said_and_equal_blocks_are_paired() {
    let (plan, report) = run("50-block-expansion-llama-pro", &[]);
    let depth = problem(&plan, "depth-differs");
    assert!(
        depth.title.contains("6 layers") && depth.title.contains("the base 4"),
        "{depth:?}"
    );
    assert_eq!(
        plan.questions.iter().map(|q| q.id.as_str()).collect::<Vec<_>>(),
        ["base", "layers:tuned"]
    );
    let found: Vec<_> = report.models[0]
        .matrices
        .iter()
        .map(|m| (&m.name, m.status, &m.reason))
        .collect();
    assert!(
        found.len() == 28 && found.iter().all(|(_, status, _)| *status == Status::Unchanged),
        "{found:#?}"
    );
    let (_, report) = run("50-block-expansion-llama-pro", &[("layers:tuned", "numbers")]);
    assert!(report.models[0].matrices.iter().any(|m| m.status == Status::Analyzed));
}

#[test]
fn the_floor_of_four_bits_is_recognised() {
    let case = "51-qlora-merged-into-4bit-rounding";
    right(case, 3);
    let (_, report) = run(case, &[]);
    for m in &report.models[0].matrices {
        let delta = m.delta.as_ref().unwrap();
        let floor = delta
            .floor
            .as_ref()
            .unwrap_or_else(|| panic!("{}: no floor under {:?}", m.name, delta.sigma));
        assert!(
            floor.above <= 6 && floor.effective_rank <= 6.0 && delta.effective_rank > 10.0,
            "{}: {floor:?}",
            m.name
        );
    }
}

#[test]
fn anchored_patterns_are_pefts() {
    right("53-anchored-pattern-keys", 6);
}

#[test]
fn bytes_behind_the_last_tensor_are_said_and_the_file_is_read() {
    let (plan, _) = right("58-trailing-bytes", 2);
    let trailing = problem(&plan, "trailing-bytes");
    assert!(
        trailing.severity == Severity::Warning && trailing.cause.contains("24 bytes") && trailing.command.is_some()
    );
}

#[test]
fn a_whole_pipeline_has_no_false_errors() {
    let (plan, model) = right("60-whole-diffusers-pipeline", 4);
    assert!(
        plan.problems.is_empty() && plan.questions.is_empty(),
        "{:?} {:?}",
        plan.problems,
        plan.questions
    );
    assert_eq!(
        (
            plan.base.as_ref().unwrap().label.as_str(),
            model.matching.matched,
            model.matching.total
        ),
        ("unet", 4, 4)
    );
    assert!(
        plan.left_out.iter().any(|l| l.what.contains("VAE")),
        "{:?}",
        plan.left_out
    );
}

#[test]
fn archives_are_named() {
    let (plan, _) = run("64-nemo-archive", &[]);
    let tar = problem(&plan, "file-type");
    assert!(
        tar.title.contains("tar") && tar.fix.as_ref().unwrap().contains("NeMo"),
        "{tar:?}"
    );
}

#[test]
fn another_base_than_the_one_named_is_a_remark() {
    let (plan, report) = run("66-adapter-names-another-base", &[]);
    let other = problem(&plan, "other-base");
    assert!(
        other.cause.contains("kestrel-7b-sft-merged-v3") && other.cause.contains("Kestrel-7B-Instruct"),
        "{other:?}"
    );
    assert!(
        other.severity == Severity::Warning && report.models[0].matrices.iter().all(|m| m.status == Status::Analyzed)
    );
}

/// `LORASCOPE_WRITE=1 cargo test --test field` writes it.
#[test]
fn the_table_of_writers_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/writers.md");
    let wanted = lorascope::plan::registry::writers();
    if std::env::var_os("LORASCOPE_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
    } else {
        assert!(
            std::fs::read_to_string(path).is_ok_and(|shown| shown == wanted),
            "run LORASCOPE_WRITE=1 cargo test --test field"
        );
    }
}
