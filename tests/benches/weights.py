"""Reads what everyone in the benchmark reads: folders of safetensors, LoRA adapters in PEFT's form."""
import json, pathlib, re
import numpy as np


def read(folder):
    """Name -> float32 array."""
    out = {}
    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        raw = np.fromfile(path, np.uint8)
        start = 8 + int.from_bytes(raw[:8].tobytes(), "little")
        header = json.loads(raw[8:start].tobytes())
        header.pop("__metadata__", None)
        for name, t in header.items():
            begin, end = t["data_offsets"]
            out[name] = float32(raw[start + begin : start + end], t["dtype"]).reshape(t["shape"])
    return out


def float32(raw, dtype):
    if dtype == "BF16":
        return (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return raw.view({"F32": np.float32, "F16": np.float16}[dtype]).astype(np.float32, copy=False)


def changes(folder, base):
    """Yields (name, change) of every matrix the fine-tune has: `Full` or `LowRank`."""
    tensors, config = read(folder), pathlib.Path(folder, "adapter_config.json")
    if not config.exists():
        yield from ((name, Full(w)) for name, w in tensors.items() if name in base and w.ndim == 2)
        return
    config = json.loads(config.read_text())
    scale = np.float32(config["lora_alpha"] / config["r"])
    for key, a in tensors.items():
        if key.endswith(".lora_A.weight"):
            name = re.sub(r"^base_model\.model\.", "", key).replace(".lora_A.", ".")
            yield name, LowRank(scale * tensors[key.replace("lora_A", "lora_B")], a)


class Full:
    """A matrix of its own."""

    def __init__(self, w):
        self.w = w

    def tuned(self, w0):
        return self.w

    def delta(self, w0):
        return self.w - w0


class LowRank:
    """The base plus b a; the scale is in b."""

    def __init__(self, b, a):
        self.b, self.a = b, a

    def tuned(self, w0):
        return w0 + self.b @ self.a

    def delta(self, w0):
        return self.b @ self.a
