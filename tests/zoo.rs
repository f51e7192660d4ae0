//! Files written by the real libraries: the library's own merge, dropped as a full fine-tune beside the adapter, must give the
//! same spectra and scores.

use crate::common::{Visit, fixtures, reference};
use lorascope::plan::Plan;
use lorascope::report::{Kind, Matrix, Model, Settings};

#[track_caller]
fn check(case: &str, tolerance: f32) {
    let root = fixtures().join("zoo").join(case);
    let description = reference::read(&root.join("case.json"));
    let list = |key: &str| {
        description[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let files = [list("base"), list("tuned"), vec!["oracle.safetensors"]].concat();
    let mut visit = Visit::open(&root, &files);
    // Everything the oracle holds, kernels and heads too.
    let mut types: Vec<String> = visit.plan(&[]).types.into_iter().map(|t| t.kind).collect();
    // Its head is a view with gaps between the rows, which is left out by name.
    types.retain(|kind| case != "legacy_pt" || kind != "outside");
    let all = [("types", types.join(","))];
    let all: Vec<(&str, &str)> = all.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let plan = visit.plan(&all);
    assert_eq!(
        plan.questions.iter().filter(|q| q.id != "base").count(),
        0,
        "{case}: {:?}",
        plan.questions
    );
    merges(case, &visit, &plan, tolerance);
    let report = visit.run_with(&all);
    assert!(
        ["base", "unet"].contains(&report.base.label.as_str()),
        "{case}: {}",
        report.base.label
    );
    let (oracle, tuned): (Vec<&Model>, Vec<&Model>) = report.models.iter().partition(|m| m.label == "oracle");
    let ([oracle], [tuned]) = (&oracle[..], &tuned[..]) else {
        panic!("{case}: {:?}", plan.problems)
    };
    assert_eq!(tuned.matching.unmatched, Vec::<String>::new(), "{case}");
    for m in &tuned.matrices {
        // The oracle holds the changed matrices only.
        let Some(o) = oracle.matrices.iter().find(|o| o.name == m.name) else {
            continue;
        };
        for (x, y) in m.sigma_tuned.iter().zip(&o.sigma_tuned) {
            assert!(
                (x - y).abs() <= tolerance * o.sigma_tuned[0],
                "{case} {}: {x} and {y}",
                m.name
            );
        }
        let (m_delta, o_delta) = (m.delta.as_ref().unwrap(), o.delta.as_ref().unwrap());
        assert!(
            (m_delta.frobenius - o_delta.frobenius).abs() < f64::from(tolerance * o.sigma_tuned[0]),
            "{case} {}",
            m.name
        );
        let low = m.layer.is_some() && matches!(tuned.kind, Kind::Lora | Kind::Adalora);
        assert!(
            !low || m_delta.effective_rank <= f64::from(tuned.rank.unwrap()) + 1e-3,
            "{case} {}",
            m.name
        );
        // The leading left vector pins the orientation down: it would be the right one of the transpose.
        let best = |x: &Matrix| x.left.as_ref().unwrap().max_cos[0];
        assert!(
            (best(m) - best(o)).abs() < 1e-3,
            "{case} {}: {} and {}",
            m.name,
            best(m),
            best(o)
        );
    }
}

/// Every matrix of the oracle is merged, number for number, to `tolerance` of its largest.
#[track_caller]
fn merges(case: &str, visit: &Visit, plan: &Plan, tolerance: f32) {
    let model = |wanted: bool| {
        plan.models
            .iter()
            .position(|m| (m.label == "oracle") == wanted)
            .unwrap_or_else(|| panic!("{case}: {:?}", plan.problems))
    };
    let (oracle, tuned) = (model(true) as u32, model(false) as u32);
    let mut compared = 0usize;
    for (i, job) in visit.session.jobs().iter().enumerate() {
        let merged = visit.merged(i);
        let of = |model: u32| {
            job.tuned
                .iter()
                .position(|(m, _)| *m == model)
                .map(|at| merged[at].as_deref())
        };
        let Some(wanted) = of(oracle) else { continue };
        let (Some(wanted), Some(Some(found))) = (wanted, of(tuned)) else {
            panic!("{case} {}: {:?}", job.base.name, job.tuned)
        };
        let largest = wanted.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let off = wanted.iter().zip(found).fold(0.0f32, |m, (x, y)| m.max((x - y).abs()));
        assert!(
            wanted.len() == found.len() && off <= tolerance * largest,
            "{case} {}: off by {off} of {largest}",
            job.base.name
        );
        compared += 1;
    }
    let expected = plan.matrices.iter().filter(|m| m.models.contains(&oracle)).count();
    assert!(
        compared > 0 && compared == expected,
        "{case}: {compared} of {expected} matrices of the oracle"
    );
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
        assert!(
            m.kind.as_deref() == Some("o") || m.kind.as_deref() == Some("down") || m.rows > m.cols,
            "{} {}x{}",
            m.name,
            m.rows,
            m.cols
        );
    }
}

#[test]
fn methods_that_are_no_plain_low_rank() {
    for case in [
        "llama_dora",
        "llama_pissa",
        "llama_olora",
        "roberta_adalora",
        "roberta_loha",
        "roberta_lokr",
        "roberta_ia3",
    ] {
        check(case, 1e-5);
    }
    for case in [
        "llama_vera",
        "llama_hira",
        "llama_hra",
        "llama_hra_gs",
        "roberta_oft",
        "roberta_oft_exact",
    ] {
        check(case, 1e-5);
    }
}

#[test]
fn encoder_and_decoder() {
    check("t5_lora", 1e-5);
    check("whisper_lora", 1e-5);
}

#[test]
fn adapters_of_image_models() {
    check("sd_diffusers", 1e-5);
    check("sd_kohya", 1e-5);
    check("sd_kohya_mixed", 1e-5);
}

#[test]
fn adapters_of_lycoris() {
    for case in ["locon", "loha", "lokr", "dora_in", "dora_out", "doha", "dokr", "full"] {
        check(&format!("lycoris_{case}"), 1e-5);
    }
}

#[test]
fn adapters_of_mlx() {
    check("mlx_lora", 1e-5);
    check("mlx_dora", 1e-5);
}

#[test]
fn torch_files() {
    check("full_pytorch_bin", 1e-6);
    check("authors_pt_adapter", 1e-5);
    check("legacy_pt", 1e-6);
    check("trainer_pt", 1e-6);
}

/// The authors' file as they save it: a pickle, the task in the names, rank and alpha in the file's name.
#[test]
fn the_authors_file_alone_says_the_same() {
    let root = fixtures().join("zoo/authors_pt_adapter");
    let run = |end: &str| {
        let file = format!("tuned/roberta-tiny-mnli-lora-r=8-alpha=16-all_linear.{end}");
        let mut visit = Visit::open(&root, &["base/model.safetensors", &file]);
        let plan = visit.plan(&[]);
        assert_eq!(
            (plan.models[0].scale, plan.models[0].scale_source.as_str()),
            (Some(2.0), "the file’s name")
        );
        assert!(plan.questions.is_empty());
        visit.run().models.remove(0).matrices
    };
    let (pickled, plain) = (run("pt"), run("safetensors"));
    assert_eq!(pickled.len(), 12);
    assert_eq!(pickled, plain);
}

#[test]
fn packed_bases() {
    for case in ["nf4_base", "nf4_double", "fp8_block", "fp8_block_ragged", "fp8_scalar"] {
        check(case, 1e-5);
    }
}

/// QLoRA as it lies on a disk: a base of 4 bits, the adapter, and a merged copy of 16 or 32. Only the base is what an adapter was trained on.
#[test]
fn a_packed_base_stays_the_base_beside_its_merged_copy() {
    let root = fixtures().join("zoo/nf4_base");
    for (base, merged) in [
        ("base", "merged"),
        ("Llama-3-8B-bnb-4bit", "medqa-final"),
        ("nf4_base/base", "nf4_base"),
    ] {
        let mut visit = Visit::open_folders(&root, &["adapter"]);
        for file in ["config.json", "generation_config.json", "model.safetensors"] {
            visit.add_as(&root.join("base").join(file), &format!("{base}/{file}"));
        }
        visit.add_as(&root.join("oracle.safetensors"), &format!("{merged}/model.safetensors"));
        let plan = visit.plan(&[]);
        assert!(
            plan.base.as_ref().is_some_and(|b| b.dtype.contains("NF4")),
            "{base}, {merged}: {:?}",
            plan.base
        );
        assert_eq!(plan.questions[0].id, "base", "and it is asked all the same");
        let copy = plan.models.iter().find(|m| m.kind == Kind::Full).unwrap();
        assert!(
            copy.notes.iter().any(|note| note.contains("packed in 4 bits")),
            "{:?}",
            copy.notes
        );
        // Merged into these very weights: the same change as the adapter's.
        let report = visit.compute(&(&Settings::default()).into());
        let norms = |m: usize| {
            report.models[m]
                .matrices
                .iter()
                .map(|x| x.delta.as_ref().unwrap().frobenius)
                .collect::<Vec<_>>()
        };
        let (a, b) = (norms(0), norms(1));
        assert!(
            a.len() == 6 && a.iter().zip(&b).all(|(x, y)| (x / y - 1.0).abs() < 1e-4),
            "{a:?} {b:?}"
        );
    }
    // The model that the base was packed from is the base, as its name says.
    let mut visit = Visit::open_folders(&root, &["adapter"]);
    visit.add_as(
        &root.join("base/model.safetensors"),
        "Llama-3-8B-bnb-4bit/model.safetensors",
    );
    visit.add_as(&root.join("oracle.safetensors"), "Llama-3-8B/model.safetensors");
    assert_eq!(visit.plan(&[]).base.unwrap().label, "Llama-3-8B");
}

#[test]
fn experts_by_target_parameters() {
    check("moe_target_parameters", 1e-5);
}

/// The tuned model has more layers than the base; each is compared with the layer it is a copy of.
#[test]
fn replicated_layers() {
    let root = fixtures().join("zoo/llama_replication");
    let mut visit = Visit::open_folders(&root, &["base", "adapter"]);
    let plan = visit.plan(&[]);
    assert_eq!(
        (
            plan.models[0].matching.unmatched.len(),
            plan.models[0].scale_source.as_str()
        ),
        (0, "adapter_config.json")
    );
    let bytes = std::fs::read(root.join("oracle.safetensors")).unwrap();
    let oracle = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut copies = 0;
    for (i, job) in visit.session.jobs().iter().enumerate() {
        let name = job.base.name.split(" (").next().unwrap();
        let Ok(wanted) = oracle.tensor(name) else { continue };
        let found = visit.merged(i).remove(0).unwrap();
        for (x, y) in wanted
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .zip(found)
        {
            assert!((x - y).abs() < 1e-5, "{}", job.base.name);
        }
        copies += usize::from(job.base.name.ends_with("(a copy of layer 1)"));
    }
    assert!(
        copies > 1 && plan.matrices.len() == oracle.names().len(),
        "{copies} copies, {} matrices",
        plan.matrices.len()
    );
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
    let problem = plan
        .problems
        .iter()
        .find(|p| p.code == "missing-shard")
        .expect("a problem");
    assert!(
        problem.cause.contains("model-00001-of-00002.safetensors"),
        "{}",
        problem.cause
    );
    assert!(!plan.matrices.is_empty() && plan.models[0].matching.matched < plan.models[0].matching.total);
}
