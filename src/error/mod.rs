//! The errors of files, each with a stable code, the facts and the way out.

mod examples;
mod foreign;
mod merge;
mod pieces;

pub use examples::one_of_each;
pub use foreign::Foreign;
pub use merge::Merge;
pub use pieces::{DISTRIBUTED, FLAX, MEGATRON, NEMO, PARALLEL, PIECES, Pieces, VERL, ZERO};

use std::fmt;

/// A file that cannot be used, or a part of it. The codes are a contract: the page, the tests and scripts read them.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    EmptyFile,
    /// Bytes promised and bytes present.
    Truncated {
        should_be: u64,
        is: u64,
    },
    TrailingBytes {
        extra: u64,
    },
    HeaderTooLarge {
        bytes: u64,
    },
    HeaderNotUtf8,
    HeaderNotJson {
        detail: String,
    },
    /// A JSON file beside a checkpoint; the detail says the line and the column.
    JsonInvalid {
        detail: String,
    },
    /// A tensor entry lacks a field, or the field has the wrong form.
    HeaderField {
        tensor: String,
        field: &'static str,
    },
    DuplicateKey {
        name: String,
    },
    BadOffsets {
        tensor: String,
    },
    Overlap {
        a: String,
        b: String,
    },
    Hole {
        at: u64,
        before: String,
    },
    SizeMismatch {
        tensor: String,
        expected_bits: u64,
        stored: u64,
    },
    ShapeOverflow {
        tensor: String,
    },
    /// The engine stopped while it read the file, and was started again without it.
    StoppedEngine,
    /// A file of another kind.
    FileType(Foreign),
    /// It asks for more to be built than the bytes read allow.
    OverLimit {
        what: &'static str,
        read: u64,
        allowed: u64,
    },
    /// Tensors of experts that stand for too many matrices.
    TooManyExperts {
        tensor: String,
        allowed: u64,
    },
    /// More tensors than any network has.
    TooManyTensors {
        tensor: String,
        tensors: usize,
        allowed: usize,
    },
    /// A `torch.save` file that is damaged, or holds no state dict.
    TorchInvalid {
        detail: String,
    },
    /// The browser refused to read it.
    Unreadable {
        detail: String,
    },
    NoTensors,
    IndexInvalid {
        detail: String,
    },
    IndexPath {
        path: String,
    },
    AdapterConfigInvalid {
        detail: String,
    },
    /// A method this version cannot merge exactly, and the merge of its own library.
    MethodUnsupported {
        method: String,
        why: String,
        merge: Merge,
    },
    /// Weights in pieces that only their own library puts together.
    InPieces(&'static Pieces),
    /// A method that leaves the weight matrices alone.
    MethodWithoutWeights {
        method: String,
    },
    AdapterWithoutLora,
    /// A method or a choice of modules that reaches embeddings only; said in a sentence.
    EmbeddingsOnly {
        why: String,
    },
    /// ZeRO-3 saved the shards' placeholders.
    AdapterEmptyTensors {
        tensor: String,
    },
    /// The same of a whole model.
    EmptyTensors {
        tensor: String,
    },
    AdapterHalf {
        module: String,
        present: &'static str,
        missing: &'static str,
    },
    AdapterRank {
        module: String,
        a: u64,
        b: u64,
    },
    ConfigWithoutWeights,
    Quantized {
        scheme: &'static str,
        tensor: String,
    },
    TokenizerTooLarge {
        bytes: u64,
        allowed: u64,
    },
    /// A tokenizer.json, or a file beside it, that says what cannot be.
    TokenizerInvalid {
        file: &'static str,
        detail: String,
    },
    /// A part of a tokenizer.json that this version does not know.
    TokenizerUnsupported {
        part: &'static str,
        why: String,
    },
    /// A pattern that takes too many steps over a text.
    TokenizerPattern {
        pattern: String,
    },
    TextTooLong {
        bytes: u64,
        allowed: u64,
    },
}

const CONVERT: &str = "python -c \"import torch, sys; from safetensors.torch import save_file; \
                       save_file({k: v.contiguous() for k, v in torch.load(sys.argv[1], map_location='cpu', weights_only=True).items()}, sys.argv[2])\" \
                       model.bin model.safetensors";

/// Writes a file again with its tensors alone.
pub const REWRITE: &str = "python -c \"import sys, json, struct; b = open(sys.argv[1], 'rb').read(); n = 8 + struct.unpack('<Q', b[:8])[0]; \
                       h = json.loads(b[8:n]); end = max(t['data_offsets'][1] for k, t in h.items() if k != '__metadata__'); \
                       open(sys.argv[2], 'wb').write(b[:n + end])\" model.safetensors rewritten.safetensors";

/// Writes the files of a tokenizer again.
const SAVE_TOKENIZER: &str = "python -c \"import sys; from transformers import AutoTokenizer; \
                              AutoTokenizer.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])\" model-folder new-folder";

/// The message of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// A stable word for tests, scripts and links.
    pub code: &'static str,
    /// One short sentence, without its stop: what is wrong.
    pub title: String,
    /// The facts, with numbers.
    pub cause: String,
    /// The step that helps.
    pub fix: &'static str,
    pub command: Option<&'static str>,
    /// The tensor (or module) it is about.
    pub tensor: Option<&'a str>,
}

fn told<'a>(code: &'static str, title: impl Into<String>, cause: impl Into<String>, fix: &'static str) -> Told<'a> {
    Told {
        code,
        title: title.into(),
        cause: cause.into(),
        fix,
        command: None,
        tensor: None,
    }
}

impl<'a> Told<'a> {
    fn of(self, tensor: &'a str) -> Told<'a> {
        Told {
            tensor: Some(tensor),
            ..self
        }
    }

    fn by(self, command: impl Into<Option<&'static str>>) -> Told<'a> {
        Told {
            command: command.into(),
            ..self
        }
    }
}

const DAMAGED: &str = "The file is damaged or was written by a faulty program. Download or save it again.";
const INCOMPLETE: &str = "The download is incomplete. Download the file again.";
const TAKE_OUT: &str = "Take it out; the other files are not affected. Get it again from its makers, or save the state dict alone as safetensors \
                        (docs/limits.md).";
const GATHER: &str =
    "Save it again from gathered weights (DeepSpeed: stage3_gather_16bit_weights_on_model_save; or zero_to_fp32.py).";
const SAVE_ADAPTER: &str = "Save the adapter again with the library that trained it (PEFT: model.save_pretrained(folder)); the other modules are \
                            analysed all the same.";
const SHARDS: &str = "The index is not needed: drop the shards themselves.";

impl Error {
    /// The message, one arm per kind of error.
    pub fn told(&self) -> Told<'_> {
        match self {
            Error::EmptyFile => told("empty-file", "The file is empty", "It has 0 bytes.", INCOMPLETE),
            Error::Truncated { should_be, is } => told(
                "truncated",
                "The file is cut off",
                format!("The header promises {}; the file holds {}.", bytes(*should_be), bytes(*is)),
                INCOMPLETE,
            ),
            Error::TrailingBytes { extra } => told(
                "trailing-bytes",
                "The file holds more than its header says",
                format!("{} follow after the last tensor. A well-formed file ends there.", bytes(*extra)),
                "Write it again without them:",
            )
            .by(REWRITE),
            Error::HeaderTooLarge { bytes: n } => told(
                "header-too-large",
                "This is not a safetensors file",
                format!(
                    "Its first 8 bytes, read as the length of a header, give {}; the format allows 100 MB.",
                    bytes(*n)
                ),
                "Check what the file is. Checkpoints in safetensors form are read.",
            ),
            Error::HeaderNotUtf8 => told(
                "header-not-utf8",
                "The header cannot be read",
                "The header is not valid UTF-8.",
                DAMAGED,
            ),
            Error::HeaderNotJson { detail } => told(
                "header-not-json",
                "The header cannot be read",
                format!("The header is not a JSON object: {detail}."),
                DAMAGED,
            ),
            Error::JsonInvalid { detail } => told(
                "json-invalid",
                "The JSON file cannot be read",
                format!("It is not valid JSON: {detail}."),
                "Correct it at that place in a text editor, or download it again. Without it the weights are read all the same, and what only it \
                 says is asked.",
            ),
            Error::HeaderField { tensor, field } => told(
                "header-field",
                "A tensor’s entry is incomplete",
                format!("The entry of “{tensor}” has no valid “{field}”."),
                DAMAGED,
            )
            .of(tensor),
            Error::DuplicateKey { name } => told(
                "duplicate-key",
                "A tensor name appears twice in the header",
                format!("“{name}” is given twice; which one counts cannot be known."),
                DAMAGED,
            )
            .of(name),
            Error::BadOffsets { tensor } => told(
                "bad-offsets",
                "A tensor ends before it begins",
                format!("The end of “{tensor}” lies before its begin."),
                DAMAGED,
            )
            .of(tensor),
            Error::Overlap { a, b } => told(
                "overlap",
                "Two tensors share bytes",
                format!("“{b}” begins inside “{a}”."),
                DAMAGED,
            )
            .of(b),
            Error::Hole { at, before } => told(
                "hole",
                "Bytes of the file belong to no tensor",
                format!("There is a gap at byte {at} of the data, before “{before}”."),
                DAMAGED,
            )
            .of(before),
            Error::SizeMismatch {
                tensor,
                expected_bits,
                stored,
            } => told(
                "size-mismatch",
                "A tensor’s bytes do not fit its shape",
                if expected_bits % 8 != 0 {
                    format!(
                        "“{tensor}” would take {expected_bits} bits, no whole number of bytes; {stored} bytes are stored."
                    )
                } else {
                    format!(
                        "Shape and type of “{tensor}” need {} bytes; {stored} bytes are stored.",
                        expected_bits / 8
                    )
                },
                DAMAGED,
            )
            .of(tensor),
            Error::ShapeOverflow { tensor } => told(
                "shape-overflow",
                "A tensor’s shape is impossibly large",
                format!("The product of the shape of “{tensor}” is beyond 2^64."),
                DAMAGED,
            )
            .of(tensor),
            Error::FileType(file) => told(
                "file-type",
                format!("This is {}", file.what()),
                format!("Its content says so, whatever its name. It is {}.", file.what()),
                file.fix(),
            )
            .by(file.command()),
            Error::OverLimit { what, read, allowed } => told(
                "over-limit",
                "The file could not be read within its limits",
                format!(
                    "Its {what} asks for more than {} of memory from the {} read so far, more than any checkpoint of that size takes. Parts that \
                     are used again count each time.",
                    bytes(*allowed),
                    bytes(*read)
                ),
                TAKE_OUT,
            ),
            Error::TooManyExperts { tensor, allowed } => told(
                "too-many-matrices",
                "The file stands for more matrices than its size allows",
                format!(
                    "With “{tensor}” its tensors of experts make more than {allowed} matrices; a file of this size holds fewer. Each expert would \
                     be a matrix of a few bytes."
                ),
                TAKE_OUT,
            )
            .of(tensor),
            Error::TooManyTensors {
                tensor,
                tensors,
                allowed,
            } => told(
                "too-many-tensors",
                "The file lists more tensors than are read",
                format!(
                    "It lists at least {tensors} tensors; {allowed} are read of one file, several times what the largest networks have in all \
                     their files."
                ),
                TAKE_OUT,
            )
            .of(tensor),
            Error::TorchInvalid { detail } => told(
                "torch-invalid",
                "The PyTorch file cannot be read",
                detail,
                "Convert it once, then drop the new file:",
            )
            .by(CONVERT),
            Error::Unreadable { detail } => told(
                "not-readable",
                "The browser cannot read the file",
                format!(
                    "The file changed or was moved since it was chosen, or the browser lost access to it ({detail})."
                ),
                "Choose the file again.",
            ),
            Error::StoppedEngine => told(
                "stopped-engine",
                "The file could not be read within its limits",
                "It took more memory or time than a file may, and the engine stopped over it. The engine was started again without it.",
                "Take it out; the other files are not affected. If it is a checkpoint, save its weights alone as safetensors.",
            ),
            Error::NoTensors => told(
                "no-tensors",
                "The file holds no tensors",
                "It is well-formed and lists no tensor.",
                "Save the model again and drop the new file.",
            ),
            Error::IndexInvalid { detail } => {
                told("index-invalid", "The shard index cannot be used", detail, SHARDS)
            }
            Error::IndexPath { path } => told(
                "index-path",
                "The shard index names a path",
                format!("A shard must be a plain file name; the index says “{path}”. Nothing was opened."),
                SHARDS,
            ),
            Error::AdapterConfigInvalid { detail } => told(
                "adapter-config-invalid",
                "The adapter’s configuration cannot be used",
                detail,
                "Correct adapter_config.json, or drop the weights without it and answer the question for α.",
            ),
            Error::MethodUnsupported { method, why, merge } => told(
                "method-unsupported",
                format!("{method} is not merged by this version"),
                why,
                merge.fix(),
            )
            .by(merge.command()),
            Error::InPieces(pieces) => {
                told("in-pieces", format!("This is {}", pieces.what), pieces.why, pieces.fix).by(pieces.command)
            }
            Error::MethodWithoutWeights { method } => told(
                "method-without-weights",
                format!("{method} leaves the weight matrices unchanged"),
                format!(
                    "{method} adds inputs or vectors beside the weights, so there is no change of a matrix to look at."
                ),
                "Nothing can be done: there is nothing to compare.",
            ),
            Error::AdapterWithoutLora => told(
                "adapter-no-lora",
                "The adapter holds no LoRA tensors",
                "No tensor of the file is a lora_A or lora_B. Some trainers save such an empty file.",
                "Save the adapter again: model.save_pretrained(folder) of a current PEFT.",
            ),
            Error::EmbeddingsOnly { why } => told(
                "embeddings-only",
                "The adapter changes embeddings only",
                format!("{why} No matrix inside the numbered blocks changes."),
                "To look at the embedding, merge the adapter (merge_and_unload), drop the merged model as a full fine-tune and switch on \
                 “embeddings” under “Matrices”.",
            ),
            Error::AdapterEmptyTensors { tensor } => told(
                "adapter-empty-tensors",
                "The adapter’s tensors are empty",
                without_elements(tensor),
                GATHER,
            )
            .of(tensor),
            Error::EmptyTensors { tensor } => told(
                "empty-tensors",
                "The model’s tensors are empty",
                without_elements(tensor),
                GATHER,
            )
            .of(tensor),
            Error::AdapterHalf {
                module,
                present,
                missing,
            } => told(
                "adapter-half",
                "Half of an adapter pair is missing",
                format!("“{module}” has {present} but no {missing}."),
                SAVE_ADAPTER,
            )
            .of(module),
            Error::AdapterRank { module, a, b } => told(
                "adapter-rank",
                "The two factors of an adapter have different ranks",
                format!("In “{module}” lora_A has {a} rows and lora_B has {b} columns; both must be the rank."),
                SAVE_ADAPTER,
            )
            .of(module),
            Error::ConfigWithoutWeights => told(
                "config-without-weights",
                "An adapter’s configuration came without its weights",
                "adapter_config.json is here; adapter_model.safetensors is not.",
                "Drop adapter_model.safetensors too.",
            ),
            Error::Quantized { scheme, tensor } => told(
                "quantized",
                format!("The weights are stored as {scheme}"),
                format!(
                    "“{tensor}” belongs to {scheme}. A difference from such weights would show the rounding, not the training."
                ),
                "Use the 16-bit version of the model.",
            )
            .of(tensor),
            Error::TokenizerTooLarge { bytes: n, allowed } => told(
                "tokenizer-too-large",
                "The tokenizer is larger than any real one",
                format!("tokenizer.json has {}; {} are read.", bytes(*n), bytes(*allowed)),
                "Check what the file is, and get tokenizer.json again from where the model is from.",
            ),
            Error::TokenizerInvalid { file, detail } => told(
                "tokenizer-invalid",
                format!("{file} cannot be used"),
                detail,
                "Get it again from where the model is from, or write it again:",
            )
            .by(SAVE_TOKENIZER),
            Error::TokenizerUnsupported { part, why } => told(
                "tokenizer-unsupported",
                format!("The tokenizer’s “{part}” is not known to this version"),
                why,
                "Write tokenizer.json again with a current version of its library:",
            )
            .by(SAVE_TOKENIZER),
            Error::TokenizerPattern { pattern } => told(
                "tokenizer-pattern",
                "A pattern of the tokenizer takes too long over this text",
                format!("“{pattern}” of tokenizer.json tries more ways to match than any real one. No token was guessed."),
                "Check where the file is from, or take another text.",
            ),
            Error::TextTooLong { bytes: n, allowed } => told(
                "text-too-long",
                "The text is too long",
                format!("It has {}; {} are read.", bytes(*n), bytes(*allowed)),
                "Take a part of it: a few pages are enough to measure a loss.",
            ),
        }
    }
}

fn without_elements(tensor: &str) -> String {
    format!("“{tensor}” has no elements. DeepSpeed ZeRO-3 and FSDP save this when the weights are not gathered first.")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { title, cause, .. } = self.told();
        write!(f, "{title}. {cause}")
    }
}

impl std::error::Error for Error {}

/// Bytes for people: `82 bytes`, `1.3 MB`, `4.92 GB` (powers of ten, as download pages count).
pub fn bytes(n: u64) -> String {
    match n {
        1 => "1 byte".into(),
        n if n < 1000 => format!("{n} bytes"),
        n if n < 1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        n if n < 1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        n => format!("{:.2} GB", n as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_way_out() {
        let all = one_of_each();
        let codes: std::collections::BTreeSet<&str> = all.iter().map(|e| e.told().code).collect();
        let source = include_str!("mod.rs").split("#[cfg(test)]").next().unwrap();
        let known = source.matches("            Error::").count();
        assert_eq!(codes.len(), known, "{codes:?}");
        for error in &all {
            let Told { code, fix, command, .. } = error.told();
            // Words that lead to a command end in a colon, and only those.
            let end = if command.is_some() {
                fix.ends_with([':', '.'])
            } else {
                fix.ends_with('.')
            };
            assert!(end && fix.split_whitespace().count() >= 3, "{code}: {fix}");
            assert!(!fix.ends_with(':') || command.is_some(), "{code}: {fix}");
        }
    }
}
