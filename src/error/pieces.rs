//! Checkpoints in pieces, which only their own library puts together: what each is, and the command that does.

/// A training library's own form of a checkpoint, and how it becomes one that others read.
#[derive(Debug, PartialEq, Eq)]
pub struct Pieces {
    pub what: &'static str,
    /// The reason why it is not read.
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
