//! Files that are not checkpoints: what each is, and the way to one.

/// The kinds of files that are not checkpoints.
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

impl Foreign {
    pub(super) fn what(self) -> &'static str {
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

    pub(super) fn fix(self) -> &'static str {
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

    pub(super) fn command(self) -> Option<&'static str> {
        match self {
            Foreign::LfsPointer => Some("git lfs pull"),
            Foreign::Tar => Some("tar -xf model.nemo"),
            _ => None,
        }
    }
}
