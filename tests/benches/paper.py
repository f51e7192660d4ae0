"""The paper's algorithm as its authors run it, in NumPy: two float32 SVDs with vectors and one product a matrix.

Reads one request a line ({"base": folder, "tuned": [folders]}) and answers with the seconds it took from files to
counts, and the intruders at k = 10, epsilon = 0.5. Generous to this side: a base matrix is decomposed once for all its
fine-tunes, and nothing but the counts is computed.
"""
import json, pathlib, re, sys, time
import numpy as np

K, EPSILON = 10, 0.5
TYPES = {"F32": np.float32, "F16": np.float16}


def read(folder):
    out = {}
    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        raw = path.read_bytes()
        n = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + n])
        header.pop("__metadata__", None)
        for name, t in header.items():
            a, b = t["data_offsets"]
            values = np.frombuffer(raw, TYPES[t["dtype"]], (b - a) // np.dtype(TYPES[t["dtype"]]).itemsize, 8 + n + a)
            out[name] = values.reshape(t["shape"]).astype(np.float32)
    return out


def merged(folder, base):
    """Yields (name, W) of every matrix the fine-tune has."""
    tensors, config = read(folder), pathlib.Path(folder, "adapter_config.json")
    if not config.exists():
        yield from ((name, w) for name, w in tensors.items() if name in base and w.ndim == 2)
        return
    config = json.loads(config.read_text())
    scale = np.float32(config["lora_alpha"] / config["r"])
    for key, a in tensors.items():
        if not key.endswith(".lora_A.weight"):
            continue
        name = re.sub(r"^base_model\.model\.", "", key).replace(".lora_A.", ".")
        yield name, base[name] + scale * (tensors[key.replace("lora_A", "lora_B")] @ a)


def intruders(u0, w):
    u = np.linalg.svd(w, full_matrices=False)[0]
    return int((np.abs(u.T @ u0).max(axis=1)[:K] < EPSILON).sum())


def run(request):
    start = time.perf_counter()
    base, vectors, counts = read(request["base"]), {}, {}
    for folder in request["tuned"]:
        for name, w in merged(folder, base):
            if name not in vectors:
                vectors[name] = np.linalg.svd(base[name], full_matrices=False)[0]
            counts[pathlib.Path(folder).name + ":" + name] = intruders(vectors[name], w)
    return {"seconds": time.perf_counter() - start, "counts": counts}


def blas():
    try:
        return np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    except Exception:
        return "unknown"


print(json.dumps({"numpy": np.__version__, "blas": blas()}), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
