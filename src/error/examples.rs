//! One error of each kind, for the documentation and the tests.

use super::{Error, Foreign, Merge, PIECES};

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
        Error::TokenizerTooLarge {
            bytes: 300_000_000,
            allowed: 64 << 20,
        },
        Error::TokenizerInvalid {
            file: "tokenizer.json",
            detail: "Its “model” has no “vocab”.".into(),
        },
        Error::TokenizerUnsupported {
            part: "pre_tokenizer",
            why: "A step of it is “Lattice”.".into(),
        },
        Error::TokenizerPattern {
            pattern: r"(?:a|aa)+$(?=b)".into(),
        },
        Error::TextTooLong {
            bytes: 1_400_000,
            allowed: 1 << 18,
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
