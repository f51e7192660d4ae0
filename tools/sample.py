"""Cuts the sample and the test fixture out of the MiniLM experiment (numpy only).

    python3 tools/sample.py EXPERIMENT sample   # -> www/public/sample: attention matrices of all layers, float16
    python3 tools/sample.py EXPERIMENT layer0   # -> tests/fixtures/minilm-layer0: all matrices of layer 0, float32, as trained

EXPERIMENT is a folder with base/, full/ and lora_*/ as train.py of the experiment writes them.
"""
import json, pathlib, re, shutil, struct, sys
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = {"base": "all-MiniLM-L6-v2", "full": "full", "lora_r1": "lora-r1", "lora_r8_a8": "lora-r8-alpha8", "lora_r64": "lora-r64"}
ALL = {m: m for m in ["base", "full", "lora_r1", "lora_r8", "lora_r64", "lora_r8_hot", "lora_r8_a8"]}
CUTS = {
    "sample": (ROOT / "www/public/sample", MODELS, r"layer\.\d+\.attention\..*(?:weight|lora_[AB]\.weight)$", np.float16),
    "layer0": (ROOT / "tests/fixtures/minilm-layer0", ALL, r"layer\.0\..*weight$", np.float32),
}


def read(path):
    raw = path.read_bytes()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + n])
    header.pop("__metadata__", None)
    for name, t in header.items():
        a, b = t["data_offsets"]
        yield name, np.frombuffer(raw[8 + n + a : 8 + n + b], "<f4").reshape(t["shape"])


def write(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, array in sorted(tensors.items()):
        raw = array.tobytes()
        dtype = {"float16": "F16", "float32": "F32"}[array.dtype.name]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    experiment, cut = pathlib.Path(sys.argv[1]), sys.argv[2]
    out, models, keep, dtype = CUTS[cut]
    files = []
    for source, label in models.items():
        folder = out / label
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted((experiment / source).iterdir()):
            target = folder / path.name
            if path.suffix == ".safetensors":
                write(target, {k: v.astype(dtype) for k, v in read(path) if re.search(keep, k)})
            else:
                shutil.copyfile(path, target)
                target.chmod(0o644)
            files.append({"path": f"{label}/{path.name}", "size": target.stat().st_size})
    if cut == "sample":
        note = (
            "The attention matrices of all-MiniLM-L6-v2 in float16, a full fine-tune at a learning rate of 2e-5, "
            "and LoRA at r = 1 and 8 (1.2e-3) and r = 64 (1.9e-5). MLP matrices are left out."
        )
        manifest = {"title": "MiniLM", "note": note, "files": files}
        (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    print(sum(f["size"] for f in files) / 1e6, "MB")


main()
