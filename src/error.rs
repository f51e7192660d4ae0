//! Everything that can be wrong with a file, with a stable code, the facts and the way out.

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
}

/// What a file that is no checkpoint turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    Gguf,
    Zip,
    LfsPointer,
    Html,
    Json,
    HubError,
    Hdf5,
    Npy,
    /// Also NeMo's `.nemo`.
    Tar,
    /// By the name of the packer.
    Packed(&'static str),
    /// A network made ready for one runtime, by its name and an article.
    Exported(&'static str),
}

/// How a writer's adapters become a merged model: each library merges its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    Peft,
    MlxLm,
    /// kohya, LyCORIS and the tools around ComfyUI.
    LyCoris,
    Diffusers,
}

impl Merge {
    fn fix(self) -> &'static str {
        match self {
            Merge::Peft => {
                "Merge the adapter into its base (merge_and_unload) and drop the merged model as a full fine-tune."
            }
            Merge::MlxLm => "Merge it with mlx-lm and drop the fused model as a full fine-tune:",
            Merge::LyCoris => {
                "Merge it with LyCORIS (or in ComfyUI: Load LoRA, then Save Checkpoint) and drop the merged model as a full fine-tune:"
            }
            Merge::Diffusers => {
                "Merge it in diffusers (load_lora_weights, fuse_lora, save_pretrained) and drop the component that it changes."
            }
        }
    }

    fn command(self) -> Option<&'static str> {
        match self {
            Merge::MlxLm => Some("mlx_lm.fuse --model BASE --adapter-path ADAPTER --save-path fused"),
            Merge::LyCoris => Some("python tools/merge.py base.safetensors lycoris.safetensors merged.safetensors"),
            Merge::Peft | Merge::Diffusers => None,
        }
    }
}

/// A training library's own form of a checkpoint, and how it becomes one that others read.
#[derive(Debug, PartialEq, Eq)]
pub struct Pieces {
    pub what: &'static str,
    /// Why it is not read.
    pub why: &'static str,
    pub fix: &'static str,
    pub command: &'static str,
}

const IN_PIECES: &str = "Every process saved its own piece of the weights; no piece holds a whole matrix.";

pub static ZERO: Pieces = Pieces {
    what: "a DeepSpeed (ZeRO) checkpoint",
    why: IN_PIECES,
    fix: "Put the pieces together with the script that DeepSpeed left in the folder, in the folder itself, and drop what it writes (scripts of \
          before 2024 want a file: python zero_to_fp32.py . pytorch_model.bin):",
    command: "python zero_to_fp32.py . merged --safe_serialization",
};

pub static DISTRIBUTED: Pieces = Pieces {
    what: "a distributed checkpoint (FSDP sharded state dict)",
    why: IN_PIECES,
    fix: "Put the pieces together with Accelerate (or, without it, python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER \
          model.pt) and drop the result:",
    command: "accelerate merge-weights pytorch_model_fsdp_0 merged",
};

pub static VERL: Pieces = Pieces {
    what: "a sharded checkpoint of verl",
    why: IN_PIECES,
    fix: "Put the pieces together with verl’s model merger and drop the folder that it writes:",
    command: "python -m verl.model_merger merge --backend fsdp --local_dir actor --target_dir merged",
};

pub static MEGATRON: Pieces = Pieces {
    what: "a Megatron checkpoint",
    why: IN_PIECES,
    fix: "Export it to Hugging Face form (Megatron-Bridge: AutoBridge.export_ckpt; Megatron-LM: tools/checkpoint/convert.py) and drop the \
          .safetensors files:",
    command: "python -c \"from megatron.bridge import AutoBridge; AutoBridge.from_hf_pretrained('MODEL').export_ckpt('CHECKPOINT', 'hf')\"",
};

pub static NEMO: Pieces = Pieces {
    what: "a NeMo checkpoint",
    why: IN_PIECES,
    fix: "Export it with NeMo to Hugging Face form and drop the .safetensors files:",
    command: "python -c \"from nemo.collections import llm; llm.export_ckpt(path='CHECKPOINT', target='hf', output_path='hf')\"",
};

pub static PARALLEL: Pieces = Pieces {
    what: "one part of a model that was cut for several GPUs (tensor parallel)",
    why: IN_PIECES,
    fix: "Every part holds a slice of every matrix. Put them together with the library that cut them (fairseq: consolidate_fsdp_shards; vLLM: save \
          without sharded_state) and drop the result; Meta’s consolidated.NN files with transformers:",
    command: "python -m transformers.models.llama.convert_llama_weights_to_hf --input_dir FOLDER --output_dir converted",
};

pub static FLAX: Pieces = Pieces {
    what: "a checkpoint of Flax (JAX)",
    why: "Its arrays are in a form of JAX, under names of its own; only its library reads them.",
    fix: "Save it as PyTorch weights once (transformers 4, with flax installed) and drop the result; of Orbax: restore it in the library that \
          saved it and export it from there:",
    command: "python -c \"from transformers import AutoModel; AutoModel.from_pretrained('FOLDER', from_flax=True).save_pretrained('converted')\"",
};

pub static PIECES: [&Pieces; 7] = [&ZERO, &DISTRIBUTED, &VERL, &MEGATRON, &NEMO, &PARALLEL, &FLAX];

const CONVERT: &str = "python -c \"import torch, sys; from safetensors.torch import save_file; \
                       save_file({k: v.contiguous() for k, v in torch.load(sys.argv[1], map_location='cpu', weights_only=True).items()}, sys.argv[2])\" \
                       model.bin model.safetensors";

impl Foreign {
    fn what(self) -> &'static str {
        match self {
            Foreign::Gguf => "a GGUF file (llama.cpp)",
            Foreign::Zip => "a zip archive without PyTorch weights",
            Foreign::LfsPointer => "a git-lfs pointer, not the file itself",
            Foreign::Html => "a web page, not a checkpoint",
            Foreign::Json => "a JSON file",
            Foreign::HubError => "an error message of the download server",
            Foreign::Hdf5 => "an HDF5 file (Keras, TensorFlow)",
            Foreign::Npy => "a NumPy array",
            Foreign::Tar => "a tar archive (a .nemo file is one)",
            Foreign::Packed("gzip") => "a gzip archive",
            Foreign::Packed("7-Zip") => "a 7-Zip archive",
            Foreign::Packed("RAR") => "a RAR archive",
            Foreign::Packed(_) => "a compressed archive",
            Foreign::Exported(what) => what,
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Foreign::Gguf => {
                "GGUF weights are quantised for inference. Use the safetensors files that it was converted from."
            }
            Foreign::Zip => "Unpack it and drop the .safetensors files inside.",
            Foreign::LfsPointer => "Fetch the real file in the folder of the repository:",
            Foreign::Html => {
                "The download gave a login or error page. Sign in, accept the licence of the model if it has one, and download again."
            }
            Foreign::HubError => "Download it again; check the name, the revision and the access rights.",
            Foreign::Json | Foreign::Hdf5 | Foreign::Npy => "Use the weights in safetensors form.",
            Foreign::Tar => {
                "NeMo: convert it to Hugging Face form (scripts/checkpoint_converters/convert_*_nemo_to_hf.py of NeMo) and drop the \
                 .safetensors files. Any other: unpack it and drop the weights inside."
            }
            Foreign::Packed(_) => "Unpack it and drop the weights inside.",
            Foreign::Exported(_) => {
                "It is made for one runtime; its weights are fused, renamed or rounded for that. Drop the model that it was exported from (its \
                 .safetensors files)."
            }
        }
    }

    fn command(self) -> Option<&'static str> {
        match self {
            Foreign::LfsPointer => Some("git lfs pull"),
            Foreign::Tar => Some("tar -xf model.nemo"),
            _ => None,
        }
    }
}

/// Writes a file again with its tensors alone.
pub const REWRITE: &str = "python -c \"import sys, json, struct; b = open(sys.argv[1], 'rb').read(); n = 8 + struct.unpack('<Q', b[:8])[0]; \
                       h = json.loads(b[8:n]); end = max(t['data_offsets'][1] for k, t in h.items() if k != '__metadata__'); \
                       open(sys.argv[2], 'wb').write(b[:n + end])\" model.safetensors rewritten.safetensors";

impl Error {
    /// A stable word for tests, scripts and links.
    pub fn code(&self) -> &'static str {
        match self {
            Error::EmptyFile => "empty-file",
            Error::Truncated { .. } => "truncated",
            Error::TrailingBytes { .. } => "trailing-bytes",
            Error::HeaderTooLarge { .. } => "header-too-large",
            Error::HeaderNotUtf8 => "header-not-utf8",
            Error::HeaderNotJson { .. } => "header-not-json",
            Error::JsonInvalid { .. } => "json-invalid",
            Error::HeaderField { .. } => "header-field",
            Error::DuplicateKey { .. } => "duplicate-key",
            Error::BadOffsets { .. } => "bad-offsets",
            Error::Overlap { .. } => "overlap",
            Error::Hole { .. } => "hole",
            Error::SizeMismatch { .. } => "size-mismatch",
            Error::ShapeOverflow { .. } => "shape-overflow",
            Error::FileType(_) => "file-type",
            Error::OverLimit { .. } => "over-limit",
            Error::TooManyExperts { .. } => "too-many-matrices",
            Error::TooManyTensors { .. } => "too-many-tensors",
            Error::TorchInvalid { .. } => "torch-invalid",
            Error::Unreadable { .. } => "not-readable",
            Error::StoppedEngine => "stopped-engine",
            Error::NoTensors => "no-tensors",
            Error::IndexInvalid { .. } => "index-invalid",
            Error::IndexPath { .. } => "index-path",
            Error::AdapterConfigInvalid { .. } => "adapter-config-invalid",
            Error::MethodUnsupported { .. } => "method-unsupported",
            Error::InPieces(_) => "in-pieces",
            Error::MethodWithoutWeights { .. } => "method-without-weights",
            Error::AdapterWithoutLora => "adapter-no-lora",
            Error::EmbeddingsOnly { .. } => "embeddings-only",
            Error::AdapterEmptyTensors { .. } => "adapter-empty-tensors",
            Error::EmptyTensors { .. } => "empty-tensors",
            Error::AdapterHalf { .. } => "adapter-half",
            Error::AdapterRank { .. } => "adapter-rank",
            Error::ConfigWithoutWeights => "config-without-weights",
            Error::Quantized { .. } => "quantized",
        }
    }

    /// One short sentence: what is wrong.
    pub fn title(&self) -> String {
        match self {
            Error::EmptyFile => "The file is empty".into(),
            Error::Truncated { .. } => "The file is cut off".into(),
            Error::TrailingBytes { .. } => "The file holds more than its header says".into(),
            Error::HeaderTooLarge { .. } => "This is not a safetensors file".into(),
            Error::HeaderNotUtf8 | Error::HeaderNotJson { .. } => "The header cannot be read".into(),
            Error::JsonInvalid { .. } => "The JSON file cannot be read".into(),
            Error::HeaderField { .. } => "A tensor’s entry is incomplete".into(),
            Error::DuplicateKey { .. } => "A name stands twice in the header".into(),
            Error::BadOffsets { .. } => "A tensor ends before it begins".into(),
            Error::Overlap { .. } => "Two tensors share bytes".into(),
            Error::Hole { .. } => "Bytes of the file belong to no tensor".into(),
            Error::SizeMismatch { .. } => "A tensor’s bytes do not fit its shape".into(),
            Error::ShapeOverflow { .. } => "A tensor’s shape is impossibly large".into(),
            Error::FileType(f) => format!("This is {}", f.what()),
            Error::OverLimit { .. } => "The file could not be read within its limits".into(),
            Error::TooManyExperts { .. } => "The file stands for more matrices than its size allows".into(),
            Error::TooManyTensors { .. } => "The file lists more tensors than are read".into(),
            Error::TorchInvalid { .. } => "The PyTorch file cannot be read".into(),
            Error::Unreadable { .. } => "The browser cannot read the file".into(),
            Error::StoppedEngine => "The file could not be read within its limits".into(),
            Error::NoTensors => "The file holds no tensors".into(),
            Error::IndexInvalid { .. } => "The shard index cannot be used".into(),
            Error::IndexPath { .. } => "The shard index names a path".into(),
            Error::AdapterConfigInvalid { .. } => "The adapter’s configuration cannot be used".into(),
            Error::MethodUnsupported { method, .. } => format!("{method} is not merged by this version"),
            Error::InPieces(pieces) => format!("This is {}", pieces.what),
            Error::MethodWithoutWeights { method } => format!("{method} leaves the weight matrices unchanged"),
            Error::AdapterWithoutLora => "The adapter holds no LoRA tensors".into(),
            Error::EmbeddingsOnly { .. } => "The adapter changes embeddings only".into(),
            Error::AdapterEmptyTensors { .. } => "The adapter’s tensors are empty".into(),
            Error::EmptyTensors { .. } => "The model’s tensors are empty".into(),
            Error::AdapterHalf { .. } => "Half of an adapter pair is missing".into(),
            Error::AdapterRank { .. } => "The two factors of an adapter have different ranks".into(),
            Error::ConfigWithoutWeights => "An adapter’s configuration came without its weights".into(),
            Error::Quantized { scheme, .. } => format!("The weights are stored as {scheme}"),
        }
    }

    /// The facts, with numbers.
    pub fn cause(&self) -> String {
        match self {
            Error::EmptyFile => "It has 0 bytes.".into(),
            Error::Truncated { should_be, is } => {
                format!(
                    "The header promises {}; the file holds {}.",
                    bytes(*should_be),
                    bytes(*is)
                )
            }
            Error::TrailingBytes { extra } => format!(
                "{} follow after the last tensor. A well-formed file ends there.",
                bytes(*extra)
            ),
            Error::HeaderTooLarge { bytes: n } => {
                format!(
                    "Its first 8 bytes, read as the length of a header, give {}; the format allows 100 MB.",
                    bytes(*n)
                )
            }
            Error::HeaderNotUtf8 => "The header is not valid UTF-8.".into(),
            Error::HeaderNotJson { detail } => format!("The header is not a JSON object: {detail}."),
            Error::JsonInvalid { detail } => format!("It is no valid JSON: {detail}."),
            Error::HeaderField { tensor, field } => format!("The entry of “{tensor}” has no valid “{field}”."),
            Error::DuplicateKey { name } => format!("“{name}” is given twice; which one counts cannot be known."),
            Error::BadOffsets { tensor } => format!("The end of “{tensor}” lies before its begin."),
            Error::Overlap { a, b } => format!("“{b}” begins inside “{a}”."),
            Error::Hole { at, before } => format!("There is a gap at byte {at} of the data, before “{before}”."),
            Error::SizeMismatch {
                tensor,
                expected_bits,
                stored,
            } if expected_bits % 8 != 0 => {
                format!(
                    "“{tensor}” would take {expected_bits} bits, no whole number of bytes; {stored} bytes are stored."
                )
            }
            Error::SizeMismatch {
                tensor,
                expected_bits,
                stored,
            } => {
                format!(
                    "Shape and type of “{tensor}” need {} bytes; {stored} bytes are stored.",
                    expected_bits / 8
                )
            }
            Error::ShapeOverflow { tensor } => format!("The product of the shape of “{tensor}” is beyond 2^64."),
            Error::FileType(f) => format!("Its content says so, whatever its name. It is {}.", f.what()),
            Error::Unreadable { detail } => {
                format!(
                    "The file changed or was moved since it was chosen, or the browser lost access to it ({detail})."
                )
            }
            Error::OverLimit { what, read, allowed } => format!(
                "Its {what} asks for more than {} of memory from the {} read so far, more than any checkpoint of that size takes. Parts that are used \
                 again count each time.",
                bytes(*allowed),
                bytes(*read)
            ),
            Error::TooManyExperts { tensor, allowed } => format!(
                "With “{tensor}” its tensors of experts make more than {allowed} matrices; a file of this size holds fewer. Each expert would be a matrix \
                 of a few bytes."
            ),
            Error::TooManyTensors { tensors, allowed, .. } => format!(
                "It lists at least {tensors} tensors; {allowed} are read of one file, several times what the largest networks have in all their files."
            ),
            Error::TorchInvalid { detail } => detail.clone(),
            Error::StoppedEngine => "It took more memory or time than a file may, and the engine stopped over it. The engine was started again without it.".into(),
            Error::NoTensors => "It is well-formed and lists no tensor.".into(),
            Error::IndexInvalid { detail } => detail.clone(),
            Error::IndexPath { path } => {
                format!("A shard must be a plain file name; the index says “{path}”. Nothing was opened.")
            }
            Error::AdapterConfigInvalid { detail } => detail.clone(),
            Error::MethodUnsupported { why, .. } => why.clone(),
            Error::InPieces(pieces) => pieces.why.into(),
            Error::MethodWithoutWeights { method } => {
                format!(
                    "{method} adds inputs or vectors beside the weights, so there is no change of a matrix to look at."
                )
            }
            Error::AdapterWithoutLora => {
                "No tensor of the file is a lora_A or lora_B. Some trainers save such an empty file.".into()
            }
            Error::EmbeddingsOnly { why } => format!("{why} No matrix inside the numbered blocks changes."),
            Error::AdapterEmptyTensors { tensor } | Error::EmptyTensors { tensor } => {
                format!(
                    "“{tensor}” has no elements. DeepSpeed ZeRO-3 and FSDP save this when the weights are not gathered first."
                )
            }
            Error::AdapterHalf {
                module,
                present,
                missing,
            } => {
                format!("“{module}” has {present} but no {missing}.")
            }
            Error::AdapterRank { module, a, b } => {
                format!("In “{module}” lora_A has {a} rows and lora_B has {b} columns; both must be the rank.")
            }
            Error::ConfigWithoutWeights => "adapter_config.json is here; adapter_model.safetensors is not.".into(),
            Error::Quantized { scheme, tensor } => {
                format!(
                    "“{tensor}” belongs to {scheme}. A difference from such weights would show the rounding, not the training."
                )
            }
        }
    }

    /// What to do.
    pub fn fix(&self) -> String {
        match self {
            Error::EmptyFile | Error::Truncated { .. } => "The download is incomplete. Download the file again.".into(),
            Error::FileType(f) => f.fix().into(),
            Error::HeaderTooLarge { .. } => "Check what the file is. Checkpoints in safetensors form are read.".into(),
            Error::OverLimit { .. } | Error::TooManyExperts { .. } | Error::TooManyTensors { .. } => {
                "Take it out; the other files are not affected. Get it again from its makers, or save the state dict alone as safetensors (docs/limits.md)."
                    .into()
            }
            Error::TorchInvalid { .. } => "Convert it once, then drop the new file:".into(),
            Error::StoppedEngine => "Take it out; the other files are not affected. If it is a checkpoint, save its weights alone as safetensors.".into(),
            Error::Unreadable { .. } => "Choose the file again.".into(),
            Error::TrailingBytes { .. } => "Write it again without them:".into(),
            Error::JsonInvalid { .. } => {
                "Correct it at that place in a text editor, or download it again. Without it the weights are read all the same, and what only it says is asked.".into()
            }
            Error::NoTensors => "Save the model again and drop the new file.".into(),
            Error::IndexInvalid { .. } | Error::IndexPath { .. } => "The index is not needed: drop the shards themselves.".into(),
            Error::AdapterConfigInvalid { .. } => {
                "Correct adapter_config.json, or drop the weights without it and answer the question for α.".into()
            }
            Error::MethodUnsupported { merge, .. } => merge.fix().into(),
            Error::InPieces(pieces) => pieces.fix.into(),
            Error::MethodWithoutWeights { .. } => "Nothing can be done: there is nothing to compare.".into(),
            Error::EmbeddingsOnly { .. } => {
                "To look at the embedding, merge the adapter (merge_and_unload), drop the merged model as a full fine-tune and switch on “embeddings” \
                 under “Matrices”."
                    .into()
            }
            Error::AdapterWithoutLora => "Save the adapter again: model.save_pretrained(folder) of a current PEFT.".into(),
            Error::AdapterEmptyTensors { .. } | Error::EmptyTensors { .. } => {
                "Save it again from gathered weights (DeepSpeed: stage3_gather_16bit_weights_on_model_save; or zero_to_fp32.py).".into()
            }
            Error::AdapterHalf { .. } | Error::AdapterRank { .. } => {
                "Save the adapter again with the library that trained it (PEFT: model.save_pretrained(folder)); the other modules are analysed all the same.".into()
            }
            Error::ConfigWithoutWeights => "Drop adapter_model.safetensors too.".into(),
            Error::Quantized { .. } => "Use the 16-bit version of the model.".into(),
            _ => "The file is damaged or was written by a faulty program. Download or save it again.".into(),
        }
    }

    pub fn command(&self) -> Option<&'static str> {
        match self {
            Error::FileType(f) => f.command(),
            Error::TorchInvalid { .. } => Some(CONVERT),
            Error::MethodUnsupported { merge, .. } => merge.command(),
            Error::InPieces(pieces) => Some(pieces.command),
            Error::TrailingBytes { .. } => Some(REWRITE),
            _ => None,
        }
    }

    /// The tensor (or module) it is about.
    pub fn tensor(&self) -> Option<&str> {
        match self {
            Error::HeaderField { tensor, .. }
            | Error::BadOffsets { tensor }
            | Error::SizeMismatch { tensor, .. }
            | Error::ShapeOverflow { tensor }
            | Error::AdapterEmptyTensors { tensor }
            | Error::EmptyTensors { tensor }
            | Error::TooManyExperts { tensor, .. }
            | Error::TooManyTensors { tensor, .. }
            | Error::Quantized { tensor, .. } => Some(tensor),
            Error::DuplicateKey { name } => Some(name),
            Error::Overlap { b, .. } => Some(b),
            Error::Hole { before, .. } => Some(before),
            Error::AdapterHalf { module, .. } | Error::AdapterRank { module, .. } => Some(module),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.title(), self.cause())
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

/// One of each, for the documentation and the tests.
pub fn one_of_each() -> Vec<Error> {
    let name = || "model.layers.0.mlp.up_proj.weight".to_owned();
    let other = || "model.layers.1.mlp.up_proj.weight".to_owned();
    let module = || "model.layers.0.mlp.up_proj".to_owned();
    let merge = |merge| Error::MethodUnsupported {
        method: "BOFT".into(),
        why: "It turns the base by a product of block rotations, which this version does not compute.".into(),
        merge,
    };
    let foreign = [
        Foreign::Gguf,
        Foreign::Zip,
        Foreign::LfsPointer,
        Foreign::Html,
        Foreign::Json,
        Foreign::HubError,
        Foreign::Hdf5,
        Foreign::Npy,
        Foreign::Tar,
        Foreign::Packed("gzip"),
        Foreign::Exported("an ONNX export"),
    ];
    let mut all = vec![
        Error::EmptyFile,
        Error::Truncated {
            should_be: 4_920_000_000,
            is: 1_300_000_000,
        },
        Error::TrailingBytes { extra: 24 },
        Error::HeaderTooLarge { bytes: 6_875_982_213 },
        Error::StoppedEngine,
        Error::OverLimit {
            what: "header",
            read: 20_000,
            allowed: 40_000_000,
        },
        Error::TooManyExperts {
            tensor: "model.layers.0.mlp.experts.down_proj".into(),
            allowed: 65_536,
        },
        Error::TooManyTensors {
            tensor: name(),
            tensors: 2_000_000,
            allowed: 500_000,
        },
        Error::HeaderNotUtf8,
        Error::HeaderNotJson {
            detail: "expected value at line 1 column 1".into(),
        },
        Error::JsonInvalid {
            detail: "expected `,` or `}` at line 3 column 5".into(),
        },
        Error::HeaderField {
            tensor: name(),
            field: "shape",
        },
        Error::DuplicateKey { name: name() },
        Error::BadOffsets { tensor: name() },
        Error::Overlap { a: name(), b: other() },
        Error::Hole {
            at: 4096,
            before: name(),
        },
        Error::SizeMismatch {
            tensor: name(),
            expected_bits: 8192,
            stored: 2048,
        },
        Error::ShapeOverflow { tensor: name() },
        Error::TorchInvalid {
            detail: "Its list of tensors ends in the middle.".into(),
        },
        Error::Unreadable {
            detail: "NotReadableError".into(),
        },
        Error::NoTensors,
        Error::IndexInvalid {
            detail: "Its “weight_map” is not an object.".into(),
        },
        Error::IndexPath {
            path: "../model.safetensors".into(),
        },
        Error::AdapterConfigInvalid {
            detail: "“r” is 0; a rank is a whole number of at least 1.".into(),
        },
        Error::MethodWithoutWeights {
            method: "Prefix tuning".into(),
        },
        Error::AdapterWithoutLora,
        Error::EmbeddingsOnly {
            why: "Its method, trainable tokens, trains rows of an embedding.".into(),
        },
        Error::AdapterEmptyTensors { tensor: name() },
        Error::EmptyTensors { tensor: name() },
        Error::AdapterHalf {
            module: module(),
            present: "lora_A",
            missing: "lora_B",
        },
        Error::AdapterRank {
            module: module(),
            a: 8,
            b: 4,
        },
        Error::ConfigWithoutWeights,
        Error::Quantized {
            scheme: "GPTQ or AWQ weights",
            tensor: "model.layers.0.mlp.up_proj.qweight".into(),
        },
    ];
    all.extend(foreign.map(Error::FileType));
    all.extend([Merge::Peft, Merge::MlxLm, Merge::LyCoris, Merge::Diffusers].map(merge));
    all.extend(PIECES.map(Error::InPieces));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_way_out() {
        let all = one_of_each();
        let codes: std::collections::BTreeSet<&str> = all.iter().map(Error::code).collect();
        let source = include_str!("error.rs");
        let known = source
            .split("pub fn code")
            .nth(1)
            .and_then(|s| s.split("\n    }\n").next());
        let known = known.map_or(0, |arms| arms.matches("=> \"").count());
        assert_eq!(codes.len(), known, "{codes:?}");
        for error in all {
            let fix = error.fix();
            // Words that lead to a command end in a colon, and only those.
            let end = if error.command().is_some() {
                fix.ends_with([':', '.'])
            } else {
                fix.ends_with('.')
            };
            assert!(end && fix.split_whitespace().count() >= 3, "{}: {fix}", error.code());
            assert!(
                !fix.ends_with(':') || error.command().is_some(),
                "{}: {fix}",
                error.code()
            );
        }
    }
}
