"""Trains the experiment: a small Llama on presidents' addresses, then a full fine-tune and LoRA of three ranks on Moby-Dick.

    python3 tools/experiment/train.py --out www/public/experiment

Made with Python 3.11, torch 2.15.0, transformers 5.24.0, peft 0.21.2, tokenizers 0.23.3, safetensors 0.8.0, numpy 2; npm fetches the texts.
One thread, fixed seeds: the same files again on the same machine and versions; elsewhere sums are added in another order, and a training
carries that on. docs/experiment.md says what came out.
"""

import argparse
import json
import os
import pathlib
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import corpus

CONTEXT = 256
BATCH = 8
SHAPE = dict(
    vocab_size=2048,
    hidden_size=160,
    intermediate_size=480,
    num_hidden_layers=5,
    num_attention_heads=5,
    num_key_value_heads=5,
    head_dim=32,
    max_position_embeddings=CONTEXT,
    tie_word_embeddings=True,
    bos_token_id=None,
    eos_token_id=None,
    pad_token_id=None,
)
BASE = "llama-2m"
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PRETRAIN = dict(steps=2000, rate=3e-3)
# Every fine-tune ends at the first check at which it knows the held-out chapters as well as this, or after STEPS: they compare then.
TARGET = 4.25
STEPS = 400
CHECK = 10
# The learning rate of each: docs/experiment.md says which were tried.
FULL = dict(rate=1e-4)
LORA = {1: dict(rate=1e-2), 8: dict(rate=1.5e-3), 64: dict(rate=3e-4)}

NOTE = (
    "A language model of 2 million weights that has read presidents’ addresses, then Moby-Dick: as a full fine-tune, and by LoRA "
    "at r = 1, 8 and 64. What each of them learned and forgot is measured on pages that none has read."
)
TEXTS = {"general": "Lincoln’s address of 1862", "task": "Moby-Dick, chapter 42"}


def encoder(texts):
    """Byte-level BPE of the training texts of pre-training: nothing is unknown to it, and nothing is added to a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SHAPE["vocab_size"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def ids(tokenizer, texts):
    return torch.tensor(np.concatenate([e.ids for e in tokenizer.encode_batch(texts)]))


def windows(tokens):
    whole = len(tokens) // CONTEXT
    return tokens[: whole * CONTEXT].view(whole, CONTEXT)


@torch.no_grad()
def loss_on(model, rows):
    """Mean loss of a token over windows, each of which begins anew."""
    model.eval()
    total = sum(model(input_ids=part, labels=part).loss.item() * len(part) for part in rows.split(16))
    model.train()
    return total / len(rows)


def run(model, tokens, steps, rate, seed, decay, check=None, warm=50):
    """AdamW on random windows. With `check`, a rate that stays after its warm-up; without, one that falls to a tenth along a cosine."""
    draw = torch.Generator().manual_seed(seed)
    own = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(own, lr=rate, betas=(0.9, 0.95), weight_decay=decay)
    begun = time.time()
    for step in range(1, steps + 1):
        falling = 1.0 if check else 0.55 + 0.45 * np.cos(np.pi * step / steps)
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, step / warm) * falling
        at = torch.randint(len(tokens) - CONTEXT, (BATCH,), generator=draw)
        rows = torch.stack([tokens[i : i + CONTEXT] for i in at])
        loss = model(input_ids=rows, labels=rows).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(own, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 100 == 0:
            print(f"  step {step}: {loss.item():.3f}, {time.time() - begun:.0f} s", flush=True)
        if check and step % CHECK == 0 and check(step):
            return step
    return steps


def write(folder, tensors, config):
    """In float16, and as safetensors with the metadata that transformers looks for."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: t.detach().half().contiguous() for name, t in tensors.items()}
    name = "adapter" if "r" in config else ""
    path = folder / f"{name}_model.safetensors".lstrip("_")
    save_file(half, path, metadata={"format": "pt"})
    # The library writes it for its owner alone.
    path.chmod(0o644)
    (folder / (f"{name}_config.json".lstrip("_"))).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def config_of(model):
    config = model.config.to_diff_dict() | {"architectures": ["LlamaForCausalLM"], "dtype": "float16"}
    return config


def weights(model):
    """Without the head: it is the table of words."""
    return {name: t for name, t in model.state_dict().items() if name != "lm_head.weight"}


def loaded(folder):
    model = LlamaForCausalLM(LlamaConfig(**SHAPE))
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    model.tie_weights()
    return model.float().train()


def tokenizer_of(folder):
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def pretrain(out, texts, steps, rate):
    train, _ = corpus.split(texts, "general")
    tokenizer = encoder(train)
    (out / BASE).mkdir(parents=True, exist_ok=True)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=CONTEXT).save_pretrained(out / BASE)
    tokens = ids(tokenizer, train)
    frequency = torch.bincount(tokens, minlength=SHAPE["vocab_size"]).double()
    frequency = frequency[frequency > 0] / frequency.sum()
    print(f"general: {len(tokens)} tokens, {-(frequency * frequency.log()).sum():.3f} nats by their frequency alone")
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE))
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    run(model, tokens, steps, rate, seed=1, decay=0.1)
    write(out / BASE, weights(model), config_of(model))


def finetune(out, texts, rank, rate, steps, target):
    """One fine-tune; rank None: of everything. It begins with the base as it is stored."""
    tokenizer = tokenizer_of(out / BASE)
    train, checked = corpus.split(texts, "task")
    # A part of what is held out, evenly: a check costs as much as two steps.
    tokens, rows = ids(tokenizer, train), windows(ids(tokenizer, checked))[::2]
    general = windows(ids(tokenizer, corpus.split(texts, "general")[1]))[::8]
    model = loaded(out / BASE)
    torch.manual_seed(2)
    if rank:
        settings = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=LINEAR, task_type="CAUSAL_LM")
        model = get_peft_model(model, settings)
    before = f"task {loss_on(model, rows):.4f}, general {loss_on(model, general):.4f}"
    print(f"rank {rank or 'full'} at {rate:g}: {before} before", flush=True)

    def check(step):
        now = loss_on(model, rows)
        if step % 50 == 0 or now <= target:
            print(f"  step {step}: task {now:.4f}, general {loss_on(model, general):.4f}", flush=True)
        return now <= target

    run(model, tokens, steps, rate, seed=3, decay=0.0, check=check, warm=20)
    if not rank:
        return write(out / "full", weights(model), config_of(model))
    config = {key: value for key, value in settings.to_dict().items() if value is not None}
    config |= {"peft_type": "LORA", "target_modules": LINEAR, "base_model_name_or_path": BASE}
    adapter = {n.replace(".default", ""): t for n, t in model.state_dict().items() if "lora_" in n}
    write(out / f"lora-r{rank}", adapter, config)


def manifest(out):
    """What the page knows of the folder."""
    folders = [BASE, "full", *(f"lora-r{rank}" for rank in LORA)]
    files = [path for folder in folders for path in sorted((out / folder).glob("*"))]
    known = {
        "title": "A small language model",
        "note": NOTE,
        "files": [{"path": path.relative_to(out).as_posix(), "size": path.stat().st_size} for path in files],
        "texts": [{"path": f"{which}.txt", "name": name} for which, name in TEXTS.items()],
    }
    (out / "manifest.json").write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", type=pathlib.Path, default=pathlib.Path("www/public/experiment"))
    a.add_argument("--data", type=pathlib.Path, default=pathlib.Path(".cache/experiment"), help="where npm's packages are kept")
    a.add_argument("--only", choices=["base", "full", "lora"], help="one part; fine-tunes begin with the base that is there")
    a.add_argument("--rank", type=int, help="with --only lora: this rank alone")
    a.add_argument("--rate", type=float, help="another learning rate, to try it")
    a.add_argument("--steps", type=int, help="other steps, to try them")
    a.add_argument("--target", type=float, default=TARGET)
    o = a.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    texts = corpus.fetched(o.data)
    if o.only in (None, "base"):
        pretrain(o.out, texts, o.steps or PRETRAIN["steps"], o.rate or PRETRAIN["rate"])
    if o.only in (None, "full"):
        finetune(o.out, texts, None, o.rate or FULL["rate"], o.steps or STEPS, o.target)
    if o.only in (None, "lora"):
        for rank, own in LORA.items():
            if o.rank in (None, rank):
                finetune(o.out, texts, rank, o.rate or own["rate"], o.steps or STEPS, o.target)
    for which in corpus.PACKAGES:
        (o.out / f"{which}.txt").write_text(corpus.shipped(texts, which), encoding="utf-8")
    manifest(o.out)


if __name__ == "__main__":
    main()
