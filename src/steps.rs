//! Step counter, in tests only: counts where files, names, shapes and methods are looked at.

use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

pub fn step() {
    TAKEN.set(TAKEN.get().saturating_add(1));
}

/// The steps of some work.
fn counted(work: impl FnOnce()) -> u64 {
    let before = TAKEN.get();
    work();
    TAKEN.get().saturating_sub(before)
}

#[cfg(test)]
mod tests {
    use super::counted;
    use crate::checkpoint::{Content, Dtype, Header, Index, Tensor};
    use crate::methods::AdapterConfig;
    use crate::plan::files::FileEntry;
    use crate::plan::{Answers, make};

    fn weights(path: &str, tensors: impl Iterator<Item = (String, [u64; 2])>) -> FileEntry {
        let mut end = 0;
        let one = |(name, shape): (String, [u64; 2])| {
            let begin = end;
            end += 4 * shape[0] * shape[1];
            Tensor {
                name,
                dtype: Dtype::F32,
                shape: shape.to_vec(),
                begin,
                end,
                by_columns: false,
            }
        };
        let tensors = tensors.map(one).collect();
        let header = Header {
            tensors,
            is_torch: !path.ends_with(".safetensors"),
            ..Header::default()
        };
        of(path, Content::Tensors(header.into()))
    }

    fn of(path: &str, content: Content) -> FileEntry {
        FileEntry {
            path: path.into(),
            size: 1 << 30,
            content: Ok(content),
        }
    }

    fn config(path: &str, targets: Vec<String>) -> FileEntry {
        let config = AdapterConfig {
            r: 2,
            alpha: 4.0,
            targets,
            ..AdapterConfig::default()
        };
        of(path, Content::AdapterConfig(Box::new(config)))
    }

    fn module(i: usize) -> String {
        format!("model.layers.{i}.self_attn.q_proj")
    }

    fn model(path: &str, n: usize) -> FileEntry {
        weights(path, (0..n).map(|i| (module(i) + ".weight", [4, 4])))
    }

    fn adapter(path: &str, n: usize) -> FileEntry {
        let factor = |i: usize| {
            let name = |part: &str| format!("base_model.model.{}.lora_{part}.weight", module(i));
            [(name("A"), [2, 4]), (name("B"), [4, 2])]
        };
        weights(path, (0..n).flat_map(factor))
    }

    /// Twice the size takes about twice the steps, whatever grows.
    #[track_caller]
    fn check(what: &str, n: usize, entries: impl Fn(usize) -> Vec<FileEntry>) {
        let steps = |n: usize| {
            let (entries, mut problems) = (entries(n), 0);
            let taken = counted(|| problems = make(&entries, &[], &Answers::default()).plan.problems.len());
            (taken, problems)
        };
        let ((once, _), (twice, problems)) = (steps(n), steps(2 * n));
        println!("{what}: {once} steps for {n}, {twice} for twice as many, {problems} problems");
        assert!(once > n as u64, "{what}: nothing was counted");
        assert!(
            twice * 10 <= once * 23,
            "{what}: {once} steps for {n}, {twice} for twice as many"
        );
    }

    #[test]
    fn a_plan_takes_n_log_n_steps_in_tensors() {
        check("tensors of a pair", 1000, |n| {
            vec![model("base/model.safetensors", n), model("tuned/model.safetensors", n)]
        });
        check("tensors that do not pair", 1000, |n| {
            let named = |path: &str, letter: char| {
                weights(path, (0..n).map(move |i| (format!("{letter}{i}.0.weight"), [4, 4])))
            };
            vec![
                named("base/model.safetensors", 'x'),
                named("tuned/model.safetensors", 'y'),
            ]
        });
        check("Conv1D without a bias", 1000, |n| {
            let one = |path: &str| weights(path, (0..n).map(|i| (format!("h.{i}.attn.c_attn.weight"), [1, 2])));
            vec![one("base/model.safetensors"), one("tuned/model.safetensors")]
        });
        check("experts", 1000, |n| {
            let one = |path: &str| {
                let name = |i: usize| format!("model.layers.{}.mlp.experts.{}.up_proj.weight", i / 50, i % 50);
                weights(path, (0..n).map(|i| (name(i), [4, 4])))
            };
            vec![one("base/model.safetensors"), one("tuned/model.safetensors")]
        });
        check("another depth", 1000, |n| {
            vec![
                model("base/model.safetensors", n),
                model("tuned/model.safetensors", n - 1),
            ]
        });
    }

    #[test]
    fn a_plan_takes_n_log_n_steps_in_modules() {
        check("modules", 1000, |n| {
            vec![
                model("base/model.safetensors", n),
                adapter("lora/adapter_model.safetensors", n),
            ]
        });
        check("modules with a list of them", 1000, |n| {
            vec![
                model("base/model.safetensors", n),
                adapter("lora/adapter_model.safetensors", n),
                config("lora/adapter_config.json", (0..n).map(module).collect()),
            ]
        });
        check("modules in other shapes", 1000, |n| {
            let base = weights(
                "base/model.safetensors",
                (0..n).map(|i| (module(i) + ".weight", [6, 6])),
            );
            vec![base, adapter("lora/adapter_model.safetensors", n)]
        });
    }

    #[test]
    fn a_plan_takes_n_log_n_steps_in_files() {
        check("shards", 300, |n| {
            let shard = |i: usize| {
                let name = format!("base/model-{:05}-of-{n:05}.safetensors", i + 1);
                weights(&name, std::iter::once((module(i) + ".weight", [4, 4])))
            };
            (0..n).map(shard).chain([model("tuned/model.safetensors", n)]).collect()
        });
        check("shards of an index", 300, |n| {
            let name = |i: usize| format!("part{i}.safetensors");
            let shards = (0..n).map(|i| (name(i), vec![module(i) + ".weight"])).collect();
            let index = of("base/model.safetensors.index.json", Content::Index(Index { shards }));
            let part = |i: usize| {
                weights(
                    &format!("base/{}", name(i)),
                    std::iter::once((module(i) + ".weight", [4, 4])),
                )
            };
            (0..n)
                .map(part)
                .chain([index, model("tuned/model.safetensors", n)])
                .collect()
        });
        check("shards twice", 300, |n| {
            let shard = |i: usize| {
                let name = format!("model-{:05}-of-{:05}.safetensors", i % (n / 2) + 1, n / 2);
                weights(&name, std::iter::once((module(i) + ".weight", [4, 4])))
            };
            (0..n).map(shard).collect()
        });
        check("parts by processor", 300, |n| {
            let part = |i: usize| {
                let name = format!("base/pytorch_model_tp_rank_{:03}.bin", i % 1000);
                weights(&name, std::iter::once((module(i) + ".weight", [4, 4])))
            };
            (0..n).map(part).collect()
        });
        check("the same in both formats", 300, |n| {
            let one = |i: usize, end: &str| {
                weights(
                    &format!("all/m{i}.{end}"),
                    std::iter::once((module(i) + ".weight", [4, 4])),
                )
            };
            (0..n).flat_map(|i| [one(i, "bin"), one(i, "safetensors")]).collect()
        });
        check("files under hashes", 300, |n| {
            let one = |i: usize| model(&format!("blobs/{i:064x}"), 2);
            (0..n).map(one).collect()
        });
    }

    #[test]
    fn a_plan_takes_n_log_n_steps_in_models() {
        let base = || model("base/model.safetensors", 4);
        check("full fine-tunes", 300, |n| {
            let one = |i: usize| model(&format!("t{i}/model.safetensors"), 4);
            (0..n).map(one).chain([base()]).collect()
        });
        check("full fine-tunes without folders", 300, |n| {
            (0..n).map(|_| model("model.safetensors", 4)).chain([base()]).collect()
        });
        check("adapters", 300, |n| {
            let one = |i: usize| {
                let config = config(&format!("l{i}/adapter_config.json"), vec!["q_proj".into()]);
                [adapter(&format!("l{i}/adapter_model.safetensors"), 4), config]
            };
            (0..n).flat_map(one).chain([base()]).collect()
        });
        check("adapters without folders", 300, |n| {
            let one = |_| {
                let config = config("adapter_config.json", vec!["q_proj".into()]);
                [adapter("adapter_model.safetensors", 4), config]
            };
            (0..n).flat_map(one).chain([base()]).collect()
        });
        check("checkpoints of a run", 300, |n| {
            let one = |i: usize| model(&format!("run/checkpoint-{i}/model.safetensors"), 4);
            (0..n).map(one).chain([base()]).collect()
        });
        check("models of a pipeline", 300, |n| {
            let one = |i: usize| model(&format!("p{i}/text_encoder/model.safetensors"), 4);
            (0..n).map(one).chain([base()]).collect()
        });
    }
}
