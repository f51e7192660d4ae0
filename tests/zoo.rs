//! Files written by the real libraries: the library's own merge, dropped as a full fine-tune beside the adapter, must give the
//! same spectra and scores.

mod common;
use common::{Visit, fixtures, reference};
use lorascope::report::{Kind, Matrix, Model};

#[track_caller]
fn check(case: &str, tolerance: f32) {
    let root = fixtures().join("zoo").join(case);
    let description = reference::read(&root.join("case.json"));
    let list = |key: &str| description[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect::<Vec<_>>();
    let files = [list("base"), list("tuned"), vec!["oracle.safetensors"]].concat();
    let mut visit = Visit::open(&root, &files);
    let plan = visit.plan(&[]);
    assert_eq!(plan.questions.iter().filter(|q| q.id != "base").count(), 0, "{case}: {:?}", plan.questions);
    let report = visit.run();
    assert_eq!(report.base.label, "base", "{case}");
    let (oracle, tuned): (Vec<&Model>, Vec<&Model>) = report.models.iter().partition(|m| m.label == "oracle");
    let ([oracle], [tuned]) = (&oracle[..], &tuned[..]) else { panic!("{case}: {:?}", plan.problems) };
    assert_eq!(tuned.matching.unmatched, Vec::<String>::new(), "{case}");
    assert!(!tuned.matrices.is_empty(), "{case}");
    for m in &tuned.matrices {
        let o = oracle.matrices.iter().find(|o| o.name == m.name);
        // The oracle holds the changed matrices only.
        let Some(o) = o else { continue };
        assert_eq!((m.rows, m.cols), (o.rows, o.cols));
        close(case, &m.sigma_tuned, &o.sigma_tuned, tolerance, m);
        let (m_delta, o_delta) = (m.delta.as_ref().unwrap(), o.delta.as_ref().unwrap());
        let largest = o.sigma_tuned[0];
        assert!((m_delta.frobenius - o_delta.frobenius).abs() < f64::from(tolerance * largest), "{case} {}", m.name);
        let rank = tuned.kind == Kind::Lora;
        assert!(!rank || m_delta.effective_rank <= f64::from(tuned.rank.unwrap()) + 1e-3, "{case} {}", m.name);
        // The leading left vector pins the orientation down: it would be the right one of the transpose.
        let best = |x: &Matrix| x.left.as_ref().unwrap().max_cos[0];
        assert!((best(m) - best(o)).abs() < 1e-3, "{case} {}: {} and {}", m.name, best(m), best(o));
    }
}

fn close(case: &str, a: &[f32], b: &[f32], tolerance: f32, m: &Matrix) {
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * b[0], "{case} {}: {x} and {y}", m.name);
    }
}

#[test]
fn plain_lora() {
    check("roberta_lora", 1e-5);
    check("llama_lora", 1e-5);
    check("qwen2_fp16", 1e-5);
}

#[test]
fn rslora_scales_by_the_root() {
    check("roberta_rslora", 1e-5);
}

#[test]
fn patterns_give_modules_their_own_rank_and_alpha() {
    check("roberta_patterns", 1e-5);
}

#[test]
fn saved_modules_replace() {
    check("roberta_modules_to_save", 1e-5);
}

#[test]
fn conv1d_is_analysed_as_out_in() {
    check("gpt2_lora", 1e-5);
    let root = fixtures().join("zoo/gpt2_lora");
    let report = Visit::open_folders(&root, &["base", "adapter"]).run();
    for m in &report.models[0].matrices {
        // GPT-2 stores c_attn as [n, 3n] and c_fc as [n, 4n]: outputs are the larger side.
        assert!(m.kind.as_deref() == Some("o") || m.kind.as_deref() == Some("down") || m.rows > m.cols, "{} {}x{}", m.name, m.rows, m.cols);
    }
}

#[test]
fn shards_in_bf16() {
    check("llama_sharded_bf16", 1e-5);
}

#[test]
fn wrapped_names_of_full_fine_tunes() {
    check("full_missing_prefix", 1e-6);
    check("full_module_prefix", 1e-6);
    check("full_orig_mod_prefix", 1e-2);
}

#[test]
fn a_missing_shard_is_said_and_the_rest_is_analysed() {
    let root = fixtures().join("zoo/llama_sharded_bf16");
    let files = [
        "base/model-00002-of-00002.safetensors",
        "base/model.safetensors.index.json",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
    ];
    let plan = Visit::open(&root, &files).plan(&[]);
    let problem = plan.problems.iter().find(|p| p.code == "missing-shard").expect("a problem");
    assert!(problem.cause.contains("model-00001-of-00002.safetensors"), "{}", problem.cause);
    assert!(!plan.matrices.is_empty() && plan.models[0].matching.matched < plan.models[0].matching.total);
}
