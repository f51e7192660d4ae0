"""What transformers, PEFT and NumPy say of the experiment's files, in double precision: the losses of both texts, and the intruders.

    python3 tools/experiment/expected.py          writes tests/fixtures/experiment-expected/losses.json

Every window begins anew, and its first token, which nothing stands before, has no loss. Intruders: left vectors, k = 10, epsilon = 0.5.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from peft import PeftModel
from tokenizers import Tokenizer
from torch.overrides import TorchFunctionMode
from transformers import LlamaForCausalLM

from train import BASE, CONTEXT, LINEAR

TEXTS = ["general", "task"]


class Double(TorchFunctionMode):
    """Answers in double precision where the library asks for single: norms, rotary angles, softmax."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        wide = [torch.float64 if a is torch.float32 else a for a in args]
        named = {k: torch.float64 if v is torch.float32 else v for k, v in (kwargs or {}).items()}
        return func(*wide, **named)


def models(root):
    def base():
        return LlamaForCausalLM.from_pretrained(root / BASE, dtype=torch.float64, attn_implementation="eager").eval()

    yield "base", base()
    yield "full", LlamaForCausalLM.from_pretrained(root / "full", dtype=torch.float64, attn_implementation="eager").eval()
    for folder in sorted(root.glob("lora-r*"), key=lambda path: int(path.name[6:])):
        adapted = PeftModel.from_pretrained(base(), folder, autocast_adapter_dtype=False)
        yield folder.name, adapted.double().merge_and_unload()


@torch.no_grad()
def losses(model, ids):
    found = []
    for begin in range(0, len(ids), CONTEXT):
        window = torch.tensor(ids[begin : begin + CONTEXT])
        with Double():
            logits = model(input_ids=window[None]).logits[0]
        assert logits.dtype == torch.float64
        found += torch.nn.functional.cross_entropy(logits[:-1], window[1:], reduction="none").tolist()
    return found


def analysed(model):
    return {n: p.detach().numpy() for n, p in model.named_parameters() if n.endswith(".weight") and n.split(".")[-2] in LINEAR}


def intruders(before, after, k=10, epsilon=0.5):
    u0, u = (np.linalg.svd(w, full_matrices=False)[0] for w in (before, after))
    return int((np.abs(u0.T @ u[:, :k]).max(axis=0) < epsilon).sum())


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("www/public/experiment"))
    a.add_argument("--write", type=pathlib.Path, default=pathlib.Path("tests/fixtures/experiment-expected/losses.json"))
    o = a.parse_args()
    tokenizer = Tokenizer.from_file(str(o.folder / BASE / "tokenizer.json"))
    ids = {text: tokenizer.encode((o.folder / f"{text}.txt").read_text(encoding="utf-8")).ids for text in TEXTS}
    out = {"window": CONTEXT, "ids": ids, "models": {}}
    before = None
    for name, model in models(o.folder):
        weights = analysed(model)
        before = before or weights
        own = {text: losses(model, ids[text]) for text in TEXTS}
        out["models"][name] = {
            "intruders": sum(intruders(before[n], w) for n, w in weights.items()),
            "losses": {t: {"mean": float(np.mean(x)), "perToken": [float(f"{v:.9g}") for v in x]} for t, x in own.items()},
        }
        means = ", ".join(f"{t} {np.mean(x):.4f} ({len(x)} tokens)" for t, x in own.items())
        print(f"{name}: {means}, {out['models'][name]['intruders']} intruders", flush=True)
    o.write.parent.mkdir(parents=True, exist_ok=True)
    o.write.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
