//! Components of a pipeline: an adapter for images often changes the network and its text encoders, which are models of their own.

use super::folders::{Files, above};
use super::sets::FileSet;
use crate::checkpoint::ModelConfig;
use crate::plan::{Answers, Question, QuestionOption};

/// A model within a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// The network that takes noise away: `unet`, `transformer`.
    Denoiser,
    /// The second of two such networks, for other steps (Wan 2.2): `transformer_2`.
    SecondDenoiser,
    /// `text_encoder`, `text_encoder_2`, ...
    Encoder(u8),
    Vae,
}

/// Prefixes of writers that join components by `_` (kohya, LyCORIS, OneTrainer), and what they mean.
pub const JOINED: [(&str, Option<Component>); 10] = [
    ("lora_unet_", Some(Component::Denoiser)),
    ("lora_te1_", Some(Component::Encoder(1))),
    ("lora_te2_", Some(Component::Encoder(2))),
    ("lora_te3_", Some(Component::Encoder(3))),
    ("lora_te_", Some(Component::Encoder(1))),
    ("lora_transformer_", Some(Component::Denoiser)),
    ("lora_prior_unet_", Some(Component::Denoiser)),
    ("lora_prior_te_", Some(Component::Encoder(1))),
    ("lora_image_encoder_", None),
    ("lycoris_", None),
];

/// Prefixes of names: those of adapters with dots, and those of checkpoints that hold a whole pipeline.
const STARTS: [(&str, Component); 21] = [
    ("unet.", Component::Denoiser),
    ("transformer.", Component::Denoiser),
    ("transformer_2.", Component::SecondDenoiser),
    ("prior.", Component::Denoiser),
    ("diffusion_model.", Component::Denoiser),
    ("model.diffusion_model.", Component::Denoiser),
    ("text_encoder.", Component::Encoder(1)),
    ("text_encoder_1.", Component::Encoder(1)),
    ("text_encoder_2.", Component::Encoder(2)),
    ("text_encoder_3.", Component::Encoder(3)),
    ("cond_stage_model.", Component::Encoder(1)),
    ("conditioner.embedders.0.", Component::Encoder(1)),
    ("conditioner.embedders.1.", Component::Encoder(2)),
    ("text_encoders.clip_l.", Component::Encoder(1)),
    ("text_encoders.clip_g.", Component::Encoder(2)),
    ("text_encoders.t5xxl.", Component::Encoder(3)),
    ("clip_l.", Component::Encoder(1)),
    ("clip_g.", Component::Encoder(2)),
    ("t5xxl.", Component::Encoder(3)),
    ("first_stage_model.", Component::Vae),
    ("vae.", Component::Vae),
];

/// Classes of config.json and what they are in a pipeline.
const CLASSES: [(&str, Component); 8] = [
    ("CLIPTextModelWithProjection", Component::Encoder(2)),
    ("CLIPTextModel", Component::Encoder(1)),
    ("AutoencoderKL", Component::Vae),
    ("VQModel", Component::Vae),
    ("AutoencoderTiny", Component::Vae),
    ("UNet2DConditionModel", Component::Denoiser),
    ("Transformer2DModel", Component::Denoiser),
    ("Transformer3DModel", Component::Denoiser),
];

impl Component {
    /// The name that diffusers uses; of a text encoder with its number.
    pub fn name(self) -> String {
        match self {
            Component::Denoiser => "unet or transformer".into(),
            Component::SecondDenoiser => "transformer_2".into(),
            Component::Encoder(0 | 1) => "text_encoder".into(),
            Component::Encoder(n) => format!("text_encoder_{n}"),
            Component::Vae => "vae".into(),
        }
    }

    /// The prefixes of its settings in diffusers' metadata.
    pub fn prefixes(self) -> Vec<String> {
        match self {
            Component::Denoiser => ["unet", "transformer", "prior", "diffusion_model"]
                .map(String::from)
                .to_vec(),
            other => vec![other.name()],
        }
    }
}

/// The component that the start of a canonical name says.
pub fn of_name(name: &str) -> Option<Component> {
    STARTS
        .iter()
        .find(|(start, _)| name.starts_with(start))
        .map(|(_, c)| *c)
}

/// The component of a folder, by the usual names of a pipeline's folders.
pub fn of_folder(folder: &str) -> Option<Component> {
    match folder.rsplit('/').next()? {
        "unet" | "transformer" | "prior" => Some(Component::Denoiser),
        "transformer_2" => Some(Component::SecondDenoiser),
        "text_encoder" => Some(Component::Encoder(1)),
        "vae" | "vqvae" | "movq" => Some(Component::Vae),
        other => other
            .strip_prefix("text_encoder_")
            .and_then(|n| n.parse().ok())
            .map(Component::Encoder),
    }
}

/// The component of a whole set: by its folder, else by its configuration.
pub fn of_set(set: &FileSet, config: Option<&ModelConfig>) -> Option<Component> {
    let class = config.and_then(|c| c.class.as_deref()).unwrap_or_default();
    of_folder(&set.folder).or_else(|| {
        CLASSES
            .iter()
            .find(|(end, _)| class.ends_with(end) || class.starts_with(end))
            .map(|(_, c)| *c)
    })
}

/// Whether the folders of two sets say that they are different models of a pipeline: then neither is a fine-tune of the other.
pub fn are_different(one: &FileSet, other: &FileSet) -> bool {
    match (of_folder(&one.folder), of_folder(&other.folder)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}

/// The question which model of a pipeline the base is, where an adapter has modules of several that fit it equally well; and the place of the
/// one in force. The first is what most people have: the first text encoder is in every pipeline.
pub fn ask(label: &str, fitting: &[Option<Component>], answers: &Answers) -> (Question, usize) {
    let id = format!("component:{label}");
    let name = |c: &Option<Component>| c.map_or_else(|| "another model".to_owned(), Component::name);
    let chosen = fitting
        .iter()
        .position(|c| answers.0.get(&id).is_some_and(|a| *a == name(c)))
        .unwrap_or(0);
    let option = |(i, c): (usize, &Option<Component>)| QuestionOption {
        value: name(c),
        label: name(c),
        note: if i == 0 { "default".into() } else { String::new() },
    };
    let question = Question {
        title: format!("Which model of the pipeline is the base, for “{label}”?"),
        detail: "Its modules for each of them fit this base equally well, and the base’s name does not say which it is. With its folder \
                 (text_encoder/, text_encoder_2/) or its config.json it is not asked."
            .into(),
        options: fitting.iter().enumerate().map(option).collect(),
        value: fitting.get(chosen).map(name).unwrap_or_default(),
        number: false,
        id,
    };
    (question, chosen)
}

/// The folder of the pipeline that a set is a part of: other models of it lie beside, or its `model_index.json` above.
pub fn pipeline<'a>(set: &'a FileSet, entries: &Files) -> Option<&'a str> {
    let above = above(&set.folder);
    if set.folder.is_empty() {
        return None;
    }
    let listed = entries.named(above, "model_index.json").next().is_some();
    (listed || entries.components_below(above) > 1).then_some(above)
}
