//! Merging elsewhere: what each library does with an adapter that is not merged here.

/// The way from a writer's adapters to a merged model: each library merges its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    Peft,
    MlxLm,
    /// kohya, LyCORIS and the tools around ComfyUI.
    LyCoris,
    Diffusers,
}

impl Merge {
    pub(super) fn fix(self) -> &'static str {
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

    pub(super) fn command(self) -> Option<&'static str> {
        match self {
            Merge::MlxLm => Some("mlx_lm.fuse --model BASE --adapter-path ADAPTER --save-path fused"),
            Merge::LyCoris => Some("python tools/merge.py base.safetensors lycoris.safetensors merged.safetensors"),
            Merge::Peft | Merge::Diffusers => None,
        }
    }
}
