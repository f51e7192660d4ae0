//! Every adapter method, damaged: each part missing, of a wrong shape, not a number. The answer names module or tensor; nothing panics,
//! and no module is quietly taken for another method's.

use crate::common::{Visit, fixtures, reference};
use lorascope::methods::{METHODS, Method};
use lorascope::report::Status;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Shape and bytes of every tensor, with the type.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn load(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .map(|(n, t)| (n, (t.dtype(), t.shape().to_vec(), t.data().to_vec())))
        .collect()
}

/// The fixture of a method in a folder of its own, with other tensors in the adapter.
struct Damaged {
    root: PathBuf,
    files: Vec<String>,
    adapter: String,
    good: Tensors,
}

impl Damaged {
    fn new(method: &Method, name: &str) -> Damaged {
        let from = fixtures().join("zoo").join(method.proof);
        let root = std::env::temp_dir().join(format!("lorascope-{name}-{}-{}", method.proof, std::process::id()));
        let case = reference::read(&from.join("case.json"));
        let list = |key: &str| {
            case[key]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let files = [list("base"), list("tuned")].concat();
        let adapter = list("tuned").into_iter().find(|f| f.ends_with(".safetensors")).unwrap();
        for file in &files {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::copy(from.join(file), root.join(file)).unwrap();
        }
        Damaged {
            good: load(&from.join(&adapter)),
            root,
            files,
            adapter,
        }
    }

    /// Plans and computes with these tensors: every problem's code, and every entry's status and reason.
    fn answer(&self, tensors: &Tensors) -> (Vec<String>, Vec<(Status, String)>) {
        let views = tensors
            .iter()
            .map(|(n, (dtype, shape, data))| (n.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
        std::fs::write(
            self.root.join(&self.adapter),
            safetensors::serialize(views, None).unwrap(),
        )
        .unwrap();
        let files: Vec<&str> = self.files.iter().map(String::as_str).collect();
        let mut visit = Visit::open(&self.root, &files);
        let plan = visit.plan(&[]);
        let report = visit.run();
        let entries = report
            .models
            .iter()
            .flat_map(|m| &m.matrices)
            .map(|m| (m.status, m.reason.clone().unwrap_or_default()));
        (
            plan.problems
                .iter()
                .map(|p| format!("{}: {} {}", p.code, p.title, p.cause))
                .collect(),
            entries.collect(),
        )
    }

    /// The tensors of the first module, by part.
    fn module(&self, method: &Method) -> Vec<(&'static str, String)> {
        let is = |name: &str, part: &str| {
            let spelled = [
                part,
                &part.replace("lora_A", "lora_down"),
                &part.replace("lora_B", "lora_up"),
            ]
            .map(|p| p.to_owned());
            name.split('.').any(|c| spelled.iter().any(|s| s == c))
        };
        let parts: Vec<&'static str> = method.parts().collect();
        parts
            .iter()
            .filter_map(|part| self.good.keys().find(|n| is(n, part)).map(|n| (*part, n.clone())))
            .collect()
    }
}

impl Drop for Damaged {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

#[test]
fn a_missing_part_is_said() {
    for &method in METHODS {
        let damaged = Damaged::new(method, "missing");
        let (before, entries) = damaged.answer(&damaged.good);
        assert!(before.is_empty() && !entries.is_empty(), "{method:?}: {before:?}");
        for (part, name) in damaged.module(method) {
            // The only part of a module: without it there is no module, and the adapter is one matrix smaller.
            let alone = method.parts().count() == 1;
            let mut tensors = damaged.good.clone();
            tensors.remove(&name);
            let (problems, now) = damaged.answer(&tensors);
            let said = problems
                .iter()
                .any(|p| p.starts_with("adapter-half") || p.starts_with("method-unsupported"));
            assert!(
                said || alone && now.len() < entries.len(),
                "{method:?} without {part} ({name}): {problems:?}"
            );
        }
    }
}

#[test]
fn a_part_of_a_wrong_shape_is_said() {
    for &method in METHODS {
        let damaged = Damaged::new(method, "shape");
        for (part, name) in damaged.module(method) {
            let mut tensors = damaged.good.clone();
            let (dtype, shape, data) = tensors[&name].clone();
            // One line more than the others know of.
            let line = data.len() / shape[0];
            let longer = [&data[..], &data[..line]].concat();
            tensors.insert(name.clone(), (dtype, [&[shape[0] + 1], &shape[1..]].concat(), longer));
            let (problems, entries) = damaged.answer(&tensors);
            let failed = entries
                .iter()
                .any(|(s, reason)| *s == Status::Failed && !reason.is_empty());
            // A longer shared matrix of VeRA serves as well as before.
            let harmless = ["vera_A", "vera_B"].contains(&part) && !problems.is_empty() || part == "vera_B";
            assert!(
                !problems.is_empty() || failed || harmless,
                "{method:?} with a longer {part} ({name})"
            );
        }
    }
}

#[test]
fn a_part_that_is_no_number_is_said() {
    for &method in METHODS {
        let damaged = Damaged::new(method, "nan");
        for (part, name) in damaged.module(method) {
            let mut tensors = damaged.good.clone();
            let tensor = tensors.get_mut(&name).unwrap();
            match tensor.0 {
                Dtype::F32 => tensor.2[..4].copy_from_slice(&f32::NAN.to_le_bytes()),
                Dtype::F16 => tensor.2[..2].copy_from_slice(&[0, 0x7e]),
                other => panic!("{name} is {other:?}"),
            }
            let (_, entries) = damaged.answer(&tensors);
            let said = entries
                .iter()
                .any(|(s, reason)| *s == Status::Failed && reason.contains(&name) && reason.contains("NaN"));
            assert!(said, "{method:?} with NaN in {part} ({name}): {entries:?}");
        }
    }
}
