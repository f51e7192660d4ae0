//! Problems of single files and of sets of files, in words.

use super::FileEntry;
use super::folders::Files;
use super::schemes;
use super::sets::{FileSet, has_same, is_second_layout};
use crate::checkpoint::Content;
use crate::error::{Error, Foreign, REWRITE, bytes};
use crate::plan::job::{Scheme, TensorRef};
use crate::plan::names::{canonical, place};
use crate::plan::{Problem, Severity};

/// An error of a file as a problem of the plan.
pub fn of_error(error: &Error, file: &str, blocks: &str) -> Problem {
    let told = error.told();
    Problem {
        code: told.code.into(),
        title: told.title,
        file: Some(file.into()),
        tensor: told.tensor.map(str::to_owned),
        cause: told.cause,
        fix: Some(told.fix.into()),
        command: told.command.map(str::to_owned),
        blocks: blocks.into(),
        severity: Severity::Error,
    }
}

/// A remark about a file: the numbers stand. `fix`: what to do, if anything is to be done.
pub fn warning(code: &str, title: String, file: &str, cause: String, fix: &str) -> Problem {
    Problem {
        code: code.into(),
        title,
        file: Some(file.into()),
        tensor: None,
        cause,
        fix: Some(fix.into()),
        command: None,
        blocks: String::new(),
        severity: Severity::Warning,
    }
}

/// A problem of the whole plan.
pub fn of_plan(code: &str, title: &str, cause: String, fix: &str) -> Problem {
    Problem {
        code: code.into(),
        title: title.into(),
        file: None,
        tensor: None,
        cause,
        fix: Some(fix.into()),
        command: None,
        blocks: "Blocks the analysis".into(),
        severity: Severity::Error,
    }
}

/// Problems of single files. Returns the paths passed over without a problem as the second part: the same weights in
/// another format, beside a safetensors file of the same folder.
pub fn of_files(entries: &Files) -> (Vec<Problem>, Vec<String>) {
    let mut problems = Vec::new();
    let mut passed_over = Vec::new();
    for entry in entries.iter() {
        match &entry.content {
            Err(Error::FileType(Foreign::Hdf5 | Foreign::Gguf)) if has_safetensors(entries, entry) => {
                passed_over.push(entry.path.clone())
            }
            Ok(Content::Tensors(_)) if is_second_layout(entries, entry) => passed_over.push(entry.path.clone()),
            Ok(Content::Tensors(header)) if header.is_torch && has_same(entries, entry, header) => {
                passed_over.push(entry.path.clone())
            }
            Err(error) => problems.push(of_error(error, &entry.path, "Blocks 1 file")),
            Ok(Content::Tensors(header)) => {
                if header.metadata_ignored {
                    let cause =
                        "Its values must be text and are not. Nothing here depends on it; it was passed over.".into();
                    problems.push(warning(
                        "metadata-not-strings",
                        "The metadata cannot be read".into(),
                        &entry.path,
                        cause,
                        "Nothing is to be done for the numbers; a tool that wants them can save the file again.",
                    ));
                }
                if header.trailing > 0 {
                    let cause = format!(
                        "{} follow after the last tensor. All tensors that the header lists are there and are read; what follows belongs to none.",
                        bytes(header.trailing)
                    );
                    let title = "The file holds more than its header says".into();
                    let fix = "Strict loaders refuse such a file. To have it without them, write it again:";
                    let problem = warning("trailing-bytes", title, &entry.path, cause, fix);
                    problems.push(Problem {
                        command: Some(REWRITE.into()),
                        ..problem
                    });
                }
                if header.tensors.is_empty() {
                    let adapter = entry.name().starts_with("adapter");
                    let error = if adapter {
                        Error::AdapterWithoutLora
                    } else {
                        Error::NoTensors
                    };
                    problems.push(of_error(&error, &entry.path, "Blocks 1 file"));
                }
                let unknown: Vec<_> = header
                    .tensors
                    .iter()
                    .filter(|t| matches!(t.dtype, crate::checkpoint::Dtype::Unknown(_)))
                    .collect();
                if let Some(first) = unknown.first() {
                    let cause = format!(
                        "“{}” is stored as “{}”, which is no type of the format. It is left out; the others are not affected.",
                        first.name,
                        first.dtype.name()
                    );
                    let title = format!("{} of unknown type", count(unknown.len(), "tensor is", "tensors are"));
                    problems.push(Problem {
                        tensor: Some(first.name.clone()),
                        ..warning(
                            "unknown-dtype",
                            title,
                            &entry.path,
                            cause,
                            "Save these tensors as F32, F16 or BF16 to have them looked at.",
                        )
                    });
                }
            }
            Ok(_) => {}
        }
    }
    (problems, passed_over)
}

fn has_safetensors(entries: &Files, entry: &FileEntry) -> bool {
    !entry.folder().is_empty() && entries.folder(entry.folder()).is_some_and(|f| f.has_weights)
}

/// Problems of a set of files as a model.
pub fn of_set(set: &FileSet, entries: &Files) -> Vec<Problem> {
    let file = set.first_path(entries);
    let mut problems = Vec::new();
    // A shard that is here and cannot be read says so itself.
    let is_broken = |name: &&String| entries.named(&set.folder, name).any(|e| e.content.is_err());
    let missing: Vec<String> = set.missing.iter().filter(|n| !is_broken(n)).cloned().collect();
    if !missing.is_empty() {
        let broken = set.missing.len().saturating_sub(missing.len());
        let in_all = set.missing_in_all.saturating_sub(broken);
        problems.push(missing_shards(&set.label, file, &missing, in_all, set.shards));
    }
    if let Some(name) = set.twice.first() {
        let cause = format!(
            "“{name}” stands in two shards of {}; the first is used. {} in all.",
            set.label,
            count(set.twice.len(), "tensor", "tensors")
        );
        let title = "A tensor stands in two shards".into();
        problems.push(Problem {
            tensor: Some(name.clone()),
            ..warning(
                "tensor-twice",
                title,
                file,
                cause,
                "Drop the shards of one checkpoint only, in a folder of their own.",
            )
        });
    }
    let in_block = |t: &&TensorRef| place(&canonical(&t.name).name).layer.is_some();
    let empty = !set.is_adapter && set.tensors.iter().all(|t| t.begin == t.end);
    if let Some(empty) = set.tensors.iter().find(in_block).filter(|_| empty) {
        problems.push(of_error(
            &Error::EmptyTensors {
                tensor: empty.name.clone(),
            },
            file,
            "Blocks 1 model",
        ));
    }
    if set.mixed {
        let cause = format!(
            "Shards of several models called {} came without their folders, and nothing tells which belong together.",
            set.stem
        );
        problems.push(Problem {
            blocks: "Blocks 1 model".into(),
            severity: Severity::Error,
            ..warning(
                "shards-mixed",
                "Shards of several models have the same names".into(),
                file,
                cause,
                "Drop each model’s folder instead of its files, or one whole model after the other.",
            )
        });
    }
    if let Some((scheme, tensor)) = schemes::of(set) {
        problems.push(match schemes::is_mostly_plain(set) {
            true => partly_packed(scheme, tensor, file),
            false => packed(scheme, tensor, set, file),
        });
    }
    if let Some(packed) = set.tensors.iter().find(|t| t.packing.is_some()) {
        let is_cast = packed.packing.as_ref().is_some_and(|p| p.scheme == Scheme::Cast);
        let (how, read) = match packed.dtype.name() {
            "NF4" => ("4 bits (bitsandbytes)", "as the numbers they stand for"),
            _ if is_cast => (
                "8-bit floats without scales",
                "as they stand, since nothing in the file says that a scale belongs to them",
            ),
            _ => ("8-bit floats", "as the numbers they stand for"),
        };
        let (cause, fix) = match set.is_adapter {
            true => (
                format!("They are read {read}. The rounding of the factors is part of what is shown."),
                "Drop the adapter in 16 bits instead, where it was saved so too.",
            ),
            false => (
                format!(
                    "They are read {read}. Against 16-bit weights the difference would mostly be rounding; the 16-bit model is {}.",
                    sibling(&set.label)
                ),
                "Compare packed weights with packed ones, or drop the 16-bit models of both.",
            ),
        };
        problems.push(warning(
            "quantized-weights",
            format!("The weights of {} are stored as {how}", set.label),
            file,
            cause,
            fix,
        ));
    }
    problems
}

/// A model of which some matrices are packed, as gpt-oss packs its experts.
fn partly_packed(scheme: &schemes::Scheme, tensor: &str, file: &str) -> Problem {
    let cause = format!(
        "Some of its tensors are {}, such as “{tensor}”. They are left out; the others are read.",
        scheme.name
    );
    let fix = format!(
        "To have them too, drop the model as it was before it was packed. {}",
        scheme.way
    );
    let title = "Part of the model is packed".into();
    Problem {
        tensor: Some(tensor.to_owned()),
        blocks: "Leaves out what is packed".into(),
        ..warning("partly-quantized", title, file, cause, fix.trim())
    }
}

/// A model whose weights are packed in a way that is not read.
fn packed(scheme: &schemes::Scheme, tensor: &str, set: &FileSet, file: &str) -> Problem {
    let error = Error::Quantized {
        scheme: scheme.name,
        tensor: tensor.to_owned(),
    };
    let fix = format!("{} It is {}. {}", error.told().fix, sibling(&set.label), scheme.way);
    Problem {
        fix: Some(fix.trim().to_owned()),
        ..of_error(&error, file, "Blocks 1 model")
    }
}

/// Suffixes that makers add to the name of a model when they pack it, in small letters.
const PACKED: [&str; 21] = [
    "-unsloth-bnb-4bit",
    "-bnb-4bit",
    "-bnb-8bit",
    "-4bit",
    "-8bit",
    "-nf4",
    "-nvfp4",
    "-mxfp4",
    "-fp4",
    "-fp8",
    "-gptq",
    "-awq",
    "-autoround",
    "-exl2",
    "-exl3",
    "-hqq",
    "-quanto",
    "-torchao",
    "-int8",
    "-int4",
    "-quantized.w",
];

/// The model's name before it was packed; none where it does not say that it is.
pub fn unpacked_name(name: &str) -> Option<&str> {
    let small = name.to_ascii_lowercase();
    PACKED
        .iter()
        .filter_map(|end| small.find(end))
        .min()
        .and_then(|at| name.get(..at))
}

fn sibling(label: &str) -> String {
    unpacked_name(label).map_or_else(
        || "the one that this was packed from, which its model card names".into(),
        |name| format!("“{name}”"),
    )
}

/// `missing`: the first names of `in_all`.
pub fn missing_shards(label: &str, file: &str, missing: &[String], in_all: usize, of: usize) -> Problem {
    let shown: Vec<&str> = missing.iter().take(8).map(String::as_str).collect();
    let more = if in_all > shown.len() {
        format!(" and {} more", in_all.saturating_sub(shown.len()))
    } else {
        String::new()
    };
    Problem {
        code: "missing-shard".into(),
        title: format!("{} missing", count(in_all, "shard is", "shards are")),
        file: Some(file.into()),
        tensor: None,
        cause: format!(
            "{label} has {of} shards. Not here: {}{more}. Matrices in them are left out.",
            shown.join(", ")
        ),
        fix: Some("Add the missing files; the plan picks up where it stands.".into()),
        command: None,
        blocks: "Leaves out the matrices in it".into(),
        severity: Severity::Error,
    }
}

/// "1 matrix", "3 matrices".
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
