//! More kinds of what people drop: other depths, parts of checkpoints, copies, and files beside models.

use crate::field_kinds::{Dropped, PEFT, Tensors, close, config, lora, matrix, no_errors, random, tensors};
use lorascope::plan::{Plan, Question};
use lorascope::report::Status;

/// Blocks under a prefix, as many as sources are given: each with the numbers of the source block of that number.
fn blocks(stack: &str, sources: &[usize], modules: &[(&str, [usize; 2])]) -> Tensors {
    let one = |(to, from): (usize, &usize)| {
        let own = modules.iter().map(move |(module, shape)| {
            let values = random(&format!("{stack}.{from}.{module}"), shape[0] * shape[1]);
            (format!("{stack}.{to}.{module}.weight"), (shape.to_vec(), values))
        });
        own.collect::<Tensors>()
    };
    sources.iter().enumerate().flat_map(one).collect()
}

fn joined(parts: impl IntoIterator<Item = Tensors>) -> Tensors {
    parts.into_iter().flatten().collect()
}

const DECODER: [(&str, [usize; 2]); 2] = [("self_attn.q_proj", [16, 16]), ("mlp.up_proj", [24, 16])];

fn embedding() -> Tensors {
    tensors(&[("model.embed_tokens.weight", &[9, 16])])
}

/// Weights that were trained a little further.
fn trained(mut weights: Tensors) -> Tensors {
    for (name, (_, values)) in &mut weights {
        let change = random(&format!("change of {name}"), values.len());
        values.iter_mut().zip(change).for_each(|(w, d)| *w += 0.05 * d);
    }
    weights
}

fn two(name: &str, base: &Tensors, tuned: &Tensors) -> Dropped {
    Dropped::new(name)
        .weights("base/model.safetensors", base)
        .weights("tuned/model.safetensors", tuned)
}

fn question<'a>(plan: &'a Plan, id: &str) -> &'a Question {
    let ids: Vec<&str> = plan.questions.iter().map(|q| q.id.as_str()).collect();
    plan.questions
        .iter()
        .find(|q| q.id == id)
        .unwrap_or_else(|| panic!("{id} is not asked, but {ids:?}"))
}

#[track_caller]
fn depth_is_said(plan: &Plan, words: &[&str]) {
    let said = plan.problems.iter().find(|p| p.code == "depth-differs");
    let said = said.unwrap_or_else(|| panic!("{:#?}", plan.problems));
    assert!(words.iter().all(|w| said.title.contains(w)), "{said:?}");
}

#[track_caller]
fn all_unchanged(drop: &Dropped, answers: &[(&str, &str)], count: usize) {
    let report = drop.visit().run_with(answers);
    let found: Vec<_> = report.models[0].matrices.iter().map(|m| (&m.name, m.status)).collect();
    assert!(
        found.len() == count && found.iter().all(|(_, status)| *status == Status::Unchanged),
        "{found:#?}"
    );
}

/// Two stacks of one last word, of which one lost blocks (Distil-Whisper; a T5 with half its decoder; a vision tower cut short).
#[test]
fn each_stack_has_its_own_depth() {
    let modules = [("self_attn.q_proj", [16, 16]), ("fc1", [24, 16])];
    let all = [0, 1, 2, 3];
    for (encoder, decoder, kept) in [
        ("model.encoder.layers", "model.decoder.layers", vec![0, 3]),
        ("encoder.block", "decoder.block", vec![0, 1]),
        (
            "model.language_model.layers",
            "model.vision_tower.layers",
            vec![0, 1, 3],
        ),
        ("model.encoder.layers", "model.decoder.layers", vec![2, 3]),
    ] {
        let model = |decoder_blocks: &[usize]| {
            joined([
                blocks(encoder, &all, &modules),
                blocks(decoder, decoder_blocks, &modules),
                embedding(),
            ])
        };
        let drop = two("stacks", &model(&all), &model(&kept));
        let plan = drop.plan();
        depth_is_said(&plan, &[&format!("{} layers", kept.len()), decoder, "the base 4"]);
        assert_eq!(
            plan.questions.iter().filter(|q| q.id.starts_with("layers:")).count(),
            1,
            "{:?}",
            plan.questions
        );
        question(&plan, &format!("layers:tuned:{decoder}"));
        all_unchanged(&drop, &[], 8 + 2 * kept.len());
    }
}

/// A network with one stack of a model of several has no other depth; neither has one without the block for a token more.
#[test]
fn no_depth_differs_where_other_stacks_are_deeper() {
    let language = blocks("model.layers", &[0, 1], &DECODER);
    let vision = blocks(
        "vision_tower.vision_model.encoder.layers",
        &[0, 1, 2, 3],
        &[("self_attn.q_proj", [12, 12])],
    );
    let inside: Tensors = joined([language.clone(), embedding()])
        .into_iter()
        .map(|(name, t)| (format!("language_model.{name}"), t))
        .collect();
    let text = trained(joined([language.clone(), embedding()]));
    let next = |joint: &str| {
        let name = format!("model.layers.2.{joint}.weight");
        joined([
            blocks("model.layers", &[0, 1, 7], &DECODER),
            tensors(&[(&name, &[16, 32])]),
            embedding(),
        ])
    };
    for (base, tuned) in [
        (joined([inside.clone(), vision.clone()]), text.clone()),
        (next("eh_proj"), text.clone()),
        (joined([language.clone(), embedding()]), trained(next("eh_proj"))),
    ] {
        let drop = two("shallow", &base, &tuned);
        let plan = drop.plan();
        assert!(
            plan.problems.iter().all(|p| p.code != "depth-differs")
                && plan.questions.iter().all(|q| !q.id.starts_with("layers")),
            "{:?} {:?}",
            plan.problems,
            plan.questions
        );
        let found = drop.merged(&[]);
        for name in text.keys().filter(|name| name.contains("proj")) {
            let in_base = if base.contains_key(name) {
                name.clone()
            } else {
                format!("language_model.{name}")
            };
            close(&found, &in_base, &matrix(&tuned, name));
        }
    }
}

/// SOLAR, ShortGPT, a merge of layers from mergekit, every second layer (DistilBERT): what the weights agree with is the default, also after
/// more training.
#[test]
fn the_weights_say_how_blocks_pair() {
    for (sources, of, way) in [
        (vec![0, 1, 2, 1, 2, 3], 4, "stacked"),
        (vec![0, 1, 2, 3, 6, 7], 8, "4"),
        (vec![2, 3, 4, 5], 6, "0"),
        (vec![0, 1, 2, 5], 6, "pruned"),
        (vec![0, 1, 2], 6, "numbers"),
        (vec![0, 1, 2, 1, 2, 3, 4, 5], 6, "weights"),
        (vec![0, 2, 4], 6, "weights"),
    ] {
        let all: Vec<usize> = (0..of).collect();
        let base = joined([blocks("model.layers", &all, &DECODER), embedding()]);
        let tuned = joined([blocks("model.layers", &sources, &DECODER), embedding()]);
        let drop = two("ways", &base, &tuned);
        let plan = drop.plan();
        let asked = question(&plan, "layers:tuned");
        assert_eq!(asked.value, way, "{sources:?} of {of}: {:?}", asked.options);
        depth_is_said(
            &plan,
            &[&format!("{} layers", sources.len()), &format!("the base {of}")],
        );
        all_unchanged(&drop, &[], 2 * sources.len());
        let further = two("further", &base, &trained(tuned)).plan();
        assert_eq!(
            question(&further, "layers:tuned").value,
            way,
            "{sources:?} of {of}, trained"
        );
        // It stays a question.
        let answered = drop.visit().plan(&[("layers:tuned", "numbers")]);
        assert_eq!(question(&answered, "layers:tuned").value, "numbers");
    }
}

/// Expert pruning and upcycling renumber: the experts are left out and said, all else is compared (REAP; one tensor an expert, or all in one).
#[test]
fn experts_of_another_number_are_not_compared_by_it() {
    let rest = || {
        joined([
            blocks("model.layers", &[0, 1], &[("self_attn.q_proj", [16, 16])]),
            embedding(),
        ])
    };
    let single = |count: usize| {
        let one = |e: usize| {
            let modules = format!("mlp.experts.{e}.up_proj");
            blocks("model.layers", &[0, 1], &[(&modules, [12, 16])])
        };
        joined([rest(), joined((0..count).map(one))])
    };
    let fused = |count: usize| {
        let name = |i: usize| format!("model.layers.{i}.mlp.experts.gate_up_proj");
        joined([
            rest(),
            tensors(&[(&name(0), &[count, 16, 24]), (&name(1), &[count, 16, 24])]),
        ])
    };
    for (base, tuned, [b, t]) in [
        (single(4), single(3), [4, 3]),
        (single(2), single(4), [2, 4]),
        (fused(4), fused(3), [4, 3]),
    ] {
        let drop = two("experts", &base, &trained(tuned.clone()));
        let plan = drop.plan();
        depth_is_said(&plan, &[&format!("{t} experts"), &format!("the base {b}")]);
        assert_eq!(question(&plan, "experts:tuned").value, "out");
        let left = plan
            .left_out
            .iter()
            .find(|l| l.what.contains("tuned") && l.what.contains("experts"));
        assert_eq!(left.map(|l| l.count as usize), Some(2 * t), "{:?}", plan.left_out);
        let found = drop.merged(&[]);
        let names: Vec<&String> = found.keys().collect();
        assert_eq!(
            names,
            [
                "model.embed_tokens.weight",
                "model.layers.0.self_attn.q_proj.weight",
                "model.layers.1.self_attn.q_proj.weight"
            ]
        );
        let by_number = drop.merged(&[("experts:tuned", "numbers")]);
        assert_eq!(by_number.len(), 3 + 2 * b.min(t), "{:?}", by_number.keys());
    }
    // Trainers that save the experts they changed keep their numbers.
    let some: Tensors = single(4)
        .into_iter()
        .filter(|(n, _)| !n.contains("experts.0."))
        .collect();
    let plan = two("some", &single(4), &trained(some)).plan();
    assert!(plan.questions.iter().all(|q| !q.id.starts_with("experts")));
}

#[track_caller]
fn problem<'a>(plan: &'a Plan, code: &str) -> &'a lorascope::plan::Problem {
    let found = plan.problems.iter().find(|p| p.code == code);
    found.unwrap_or_else(|| panic!("no {code} in {:#?}", plan.problems))
}

fn adapter(module: &str) -> Tensors {
    tensors(&[
        (&format!("base_model.model.{module}.lora_A.weight"), &[2, 16]),
        (&format!("base_model.model.{module}.lora_B.weight"), &[16, 2]),
    ])
}

const Q: &str = "model.layers.0.self_attn.q_proj";

fn small() -> Tensors {
    joined([blocks("model.layers", &[0, 1], &DECODER), embedding()])
}

/// The change by the adapter of `Q` of `small`, at scale 2, is right.
#[track_caller]
fn is_right(drop: &Dropped) {
    let name = format!("{Q}.weight");
    let wanted = lora(
        &small(),
        &name,
        &adapter(Q),
        &format!("base_model.model.{Q}"),
        PEFT,
        2.0,
    );
    close(&drop.merged(&[]), &name, &wanted);
}

fn with_adapter(drop: Dropped) -> Dropped {
    drop.weights("ad/adapter_model.safetensors", &adapter(Q))
        .put("ad/adapter_config.json", &config(2, 4, ""))
}

/// Slices for several GPUs are neither a base nor a fine-tune: said, with the way out (Meta, fairseq, vLLM). Parts with whole matrices are shards.
#[test]
fn slices_of_a_model_are_no_models() {
    let half = trained(small());
    for names in [
        ["consolidated.00.safetensors", "consolidated.01.safetensors"],
        ["reshard-model_part-0.safetensors", "reshard-model_part-1.safetensors"],
        ["model-rank-0-part-0.safetensors", "model-rank-1-part-0.safetensors"],
    ] {
        let drop = with_adapter(
            Dropped::new("slices")
                .weights(&format!("Llama/{}", names[0]), &small())
                .weights(&format!("Llama/{}", names[1]), &half),
        );
        let plan = drop.plan();
        let said = problem(&plan, "in-pieces");
        assert!(
            said.title.contains("tensor parallel")
                && said.command.as_deref().is_some_and(|c| c.contains("convert_llama")),
            "{said:?}"
        );
        assert!(plan.base.is_none() && plan.matrices.is_empty(), "{:?}", plan.base);
    }
    let (first, second): (Tensors, Tensors) = small().into_iter().partition(|(n, _)| n.contains("layers.0"));
    let drop = with_adapter(
        Dropped::new("stages")
            .weights("base/consolidated.00.safetensors", &first)
            .weights("base/consolidated.01.safetensors", &second),
    );
    no_errors(&drop.plan());
    is_right(&drop);
    // Adapters of several ranks are adapters.
    let drop = Dropped::new("ranks")
        .weights("base/model.safetensors", &small())
        .weights("loras/x_rank_0.safetensors", &adapter(Q))
        .weights("loras/x_rank_1.safetensors", &adapter(Q));
    assert_eq!(drop.plan().models.len(), 2);
}

/// A shard under the name of a second download is the shard, in every browser's and file manager's spelling.
#[test]
fn shards_that_were_downloaded_again() {
    let (first, second): (Tensors, Tensors) = small().into_iter().partition(|(n, _)| n.contains("layers.0"));
    for mark in [" (1)", "(2)", " - Copy", " copy", " 2"] {
        let drop = with_adapter(
            Dropped::new("again")
                .weights("base/model-00001-of-00002.safetensors", &first)
                .weights(&format!("base/model-00002-of-00002{mark}.safetensors"), &second),
        );
        let plan = drop.plan();
        assert!(
            plan.problems.is_empty() && plan.questions.is_empty(),
            "{mark}: {:?} {:?}",
            plan.problems,
            plan.questions
        );
        assert_eq!(plan.base.as_ref().unwrap().files.len(), 2);
        is_right(&drop);
    }
    // The same shard twice; and two whole models, told apart by their marks in whatever order.
    let both = |name: &str| {
        Dropped::new(name)
            .weights("base/model-00001-of-00002.safetensors", &first)
            .weights("base/model-00002-of-00002 (1).safetensors", &trained(second.clone()))
            .weights("base/model-00002-of-00002.safetensors", &second)
    };
    let drop = with_adapter(both("twice"));
    let plan = drop.plan();
    assert!(
        plan.problems.is_empty() && plan.questions.is_empty(),
        "{:?} {:?}",
        plan.problems,
        plan.questions
    );
    is_right(&drop);
    let drop = both("models").weights("base/model-00001-of-00002 (1).safetensors", &trained(first.clone()));
    let plan = drop.plan();
    no_errors(&plan);
    assert_eq!((plan.models.len(), plan.base.unwrap().files.len()), (1, 2));
    close(
        &drop.merged(&[]),
        &format!("{Q}.weight"),
        &matrix(&trained(small()), &format!("{Q}.weight")),
    );
}

/// Companions in a repository are passed over in one line; broken weights stay an error by their name.
#[test]
fn files_beside_models_are_no_errors() {
    let noise: Vec<u8> = (0..64u8).map(|i| i.wrapping_mul(37) | 0x80).collect();
    let paths = [
        "base/clip.gif",
        "base/NOTICE",
        "base/Dockerfile",
        "base/desktop.ini",
        "base/run-x.wandb",
        "base/.cache/huggingface/CACHEDIR.TAG",
        "base/.cache/model.safetensors",
        "base/refs/main",
        "base/openvino/openvino_model.bin",
        "base/openvino/openvino_model.xml",
        "base/onnx/model.onnx_data",
        "base/net.bin",
        "base/net.xml",
        "base/sample.webp",
        "base/out.mp4",
    ];
    let mut drop = Dropped::new("noise").weights("base/model.safetensors", &small());
    for path in paths {
        drop = drop.put(path, &noise);
    }
    let texts: [(&str, &[u8]); 5] = [
        ("base/modules.json", b"[\n {\"idx\": 0}]"),
        ("base/rows.json", b"{\"a\": 1}\n{\"a\": 2}"),
        ("base/index.html", b"<!doctype html><p>"),
        ("base/rust_model.ot", b"PK\x03\x04 and so on, more than a header"),
        ("base/.no_exist/adapter_config.json", b""),
    ];
    for (path, bytes) in texts {
        drop = drop.put(path, bytes);
    }
    let drop = with_adapter(drop);
    let plan = drop.plan();
    assert!(
        plan.problems.is_empty() && plan.questions.is_empty(),
        "{:#?} {:?}",
        plan.problems,
        plan.questions
    );
    let line = plan
        .left_out
        .iter()
        .find(|l| l.what.starts_with("files without weights"))
        .unwrap();
    for path in paths.iter().chain(texts.iter().map(|(path, _)| path)) {
        assert!(
            line.names.iter().any(|n| n == path),
            "{path} is not said: {:?}",
            line.names
        );
    }
    is_right(&drop);
    for path in [
        "x/model.safetensors",
        "x/pytorch_model.bin",
        "x/lora.pt",
        "x/model.safetensors.incomplete",
        "x/adapter_config.json",
    ] {
        let bytes: &[u8] = if path.ends_with(".json") { b"{\"r\": " } else { &noise };
        let plan = Dropped::new("broken")
            .weights("base/model.safetensors", &small())
            .put(path, bytes)
            .plan();
        assert!(
            plan.problems.iter().any(|p| p.file.as_deref() == Some(path)),
            "{path}: {:?}",
            plan.problems
        );
    }
}

/// Training state without tensors is not a broken model; a model without tensors is one.
#[test]
fn torch_files_without_tensors_are_where_training_stood() {
    let empty = std::fs::read(crate::common::fixtures().join("hostile/not_pytorch_zip.bin")).unwrap();
    let mut drop = with_adapter(Dropped::new("state").weights("base/model.safetensors", &small()));
    for name in [
        "sampler.bin",
        "dl_state_dict.bin",
        "custom_checkpoint_0.pkl",
        "train_state.pt",
        "data.pt",
    ] {
        drop = drop.put(&format!("ad/{name}"), &empty);
    }
    let plan = drop.plan();
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    let line = plan
        .left_out
        .iter()
        .find(|l| l.what.starts_with("files without weights"))
        .unwrap();
    assert_eq!(line.count, 5, "{:?}", line.names);
    is_right(&drop);
    for path in ["ad/adapter_model.bin", "y/pytorch_model.bin", "y/step.pt"] {
        let plan = with_adapter(Dropped::new("nothing").weights("base/model.safetensors", &small()))
            .put(path, &empty)
            .plan();
        assert!(
            plan.problems.iter().any(|p| p.file.as_deref() == Some(path)),
            "{path}: {:?}",
            plan.problems
        );
    }
}

/// Flax and Orbax alone are named with their way out; beside readable weights they are of no interest.
#[test]
fn flax_alone_is_said() {
    for path in [
        "tuned/flax_model.msgpack",
        "tuned/flax_model-00001-of-00002.msgpack",
        "tuned/manifest.ocdbt",
    ] {
        let drop = Dropped::new("flax")
            .weights("base/model.safetensors", &small())
            .put(path, &[0x81, 0xa5]);
        let plan = drop.plan();
        let said = problem(&plan, "in-pieces");
        assert!(
            said.title.contains("Flax") && said.command.as_deref().is_some_and(|c| c.contains("from_flax=True")),
            "{said:?}"
        );
        let readable = drop.weights("tuned/model.safetensors", &trained(small()));
        no_errors(&readable.plan());
    }
}

/// A checkpoint of ZeRO with its pieces in a folder below is one checkpoint (Lightning).
#[test]
fn one_checkpoint_in_pieces_is_said_once() {
    let folder = "run/epoch=1-step=10.ckpt";
    let pieces = [
        "checkpoint/mp_rank_00_model_states.pt",
        "zero_to_fp32.py",
        "latest",
        "checkpoint/zero_pp_rank_0_mp_rank_00_optim_states.pt",
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
        let mut drop = Dropped::new("lightning").weights("base/model.safetensors", &small());
        for i in order {
            drop = drop.put(&format!("{folder}/{}", pieces[i]), b"x");
        }
        let plan = drop.plan();
        let said: Vec<_> = plan.problems.iter().filter(|p| p.code == "in-pieces").collect();
        assert!(said.len() == 1 && said[0].file.as_deref() == Some(folder), "{said:#?}");
    }
}

/// Blocks whatever their stack is called: all are looked at (HiDream, AuraFlow, Kandinsky 5, the refiner of HunyuanVideo).
#[test]
fn any_numbered_blocks_or_layers_are_a_stack() {
    for stack in [
        "double_stream_blocks",
        "joint_transformer_blocks",
        "visual_transformer_blocks",
        "context_embedder.token_refiner.refiner_blocks",
        "mtp_layers",
        "vace_blocks",
        "time_mix_layers",
    ] {
        let base = blocks(stack, &[0, 1], &[("attn.to_q", [16, 16]), ("ff.net.2", [16, 16])]);
        let drop = two("stack", &base, &trained(base.clone()));
        let plan = drop.plan();
        assert_eq!((plan.matrices.len(), plan.base.unwrap().layers), (4, 2), "{stack}");
        assert!(
            plan.matrices.iter().all(|m| m.layer.is_some() && m.kind.is_some()),
            "{stack}: {:?}",
            plan.matrices
        );
    }
}

/// Checkpoints of kohya, ai-toolkit and Lightning are runs; two runs of one folder are two.
#[test]
fn steps_in_names_make_runs() {
    let of = |names: &[&str]| {
        let mut drop = Dropped::new("run").weights("base/model.safetensors", &small());
        for name in names {
            drop = drop.weights(&format!("out/{name}.safetensors"), &adapter(Q));
        }
        let models = drop.visit().plan(&[]).models;
        models
            .into_iter()
            .map(|m| m.run.map(|r| (r.run, r.step)))
            .collect::<Vec<_>>()
    };
    let run = |name: &str, step| Some((format!("out{name}"), step));
    assert_eq!(
        of(&["epoch=1-step=100", "epoch=0-step=50"]),
        [run("", 50), run("", 100)]
    );
    assert_eq!(
        of(&["cat-000004", "dog-000004", "cat-000002", "dog-000002", "cat"]),
        [None, run("/cat", 2), run("/cat", 4), run("/dog", 2), run("/dog", 4)]
    );
    assert_eq!(
        of(&["face_000000500", "face_000000250"]),
        [run("/face", 250), run("/face", 500)]
    );
    assert_eq!(of(&["style_20250101", "style_20250301"]), [None, None]);
}

/// The Hub's cache dropped whole holds each file twice; weights before averaging lie beside the model. Each is used once, and said.
#[test]
fn the_same_tensors_twice_are_one_model() {
    let commit = "models--org--Base/snapshots/0123456789012345678901234567890123456789";
    let index = br#"{"metadata":{},"weight_map":{"a":"model-00001-of-00001.safetensors"}}"#;
    let blob = |c: char| format!("models--org--Base/blobs/{}", c.to_string().repeat(64));
    for (first, second) in [
        (blob('a'), format!("{commit}/model.safetensors")),
        (format!("{commit}/model.safetensors"), blob('a')),
    ] {
        let drop = Dropped::new("cache")
            .weights(&first, &small())
            .weights(&second, &small());
        let drop = with_adapter(
            drop.put(&blob('b'), &config(2, 8, ""))
                .put(&format!("{commit}/adapter_config.json"), &config(2, 8, ""))
                .put(&blob('c'), index),
        );
        let plan = drop.plan();
        assert!(
            plan.questions.is_empty() && plan.models.len() == 1,
            "{:?} {:?}",
            plan.questions,
            plan.models
        );
        assert_eq!(plan.base.unwrap().files[0].name, format!("{commit}/model.safetensors"));
        let is_said = |path: &String| plan.left_out.iter().any(|l| l.names.contains(path));
        assert!(is_said(&blob('a')) && is_said(&blob('b')), "{:?}", plan.left_out);
        is_right(&drop);
    }
    let drop = with_adapter(
        Dropped::new("ema")
            .weights("unet/diffusion_pytorch_model.non_ema.safetensors", &trained(small()))
            .weights("unet/diffusion_pytorch_model.safetensors", &small()),
    );
    let plan = drop.plan();
    assert!(
        plan.questions.is_empty() && plan.problems.is_empty() && plan.models.len() == 1,
        "{plan:?}"
    );
    is_right(&drop);
}

/// The head of a model of text and images is its embedding, under the names of every version.
#[test]
fn tied_heads_of_models_with_a_language_model_inside() {
    for (embedding, head) in [
        ("language_model.model.embed_tokens", "language_model.lm_head"),
        ("model.language_model.embed_tokens", "lm_head"),
        ("model.text_model.embed_tokens", "lm_head"),
        ("thinker.model.embed_tokens", "thinker.lm_head"),
    ] {
        let name = format!("{embedding}.weight");
        let layers = format!("{}.layers", embedding.trim_end_matches(".embed_tokens"));
        let base = joined([tensors(&[(&name, &[16, 16])]), blocks(&layers, &[0], &DECODER)]);
        let tuned = adapter(head);
        let drop = Dropped::new("tied")
            .weights("base/model.safetensors", &base)
            .weights("ad/adapter_model.safetensors", &tuned)
            .put("ad/adapter_config.json", &config(2, 4, ""));
        assert!(
            drop.plan().models.iter().all(|m| m.matching.unmatched.is_empty()),
            "{embedding}: {:?}",
            drop.plan().models
        );
        let module = format!("base_model.model.{head}");
        close(
            &drop.merged(&[]),
            &format!("{head}.weight"),
            &lora(&base, &name, &tuned, &module, PEFT, 2.0),
        );
    }
}
