"""PEFT's own detector on every adapter: `reduce_intruder_dimension`, as a user calls it. It decomposes base and sum of every module, and writes a new
adapter; nothing of it can be left out. The models are made before the time, which is generous to this side."""
import json, pathlib, re, time

import torch
from answer import serve
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.intruders import reduce_intruder_dimension
from safetensors.torch import load_file


class Module(torch.nn.Module):
    """The linear layers of a base, under their own names."""

    def __init__(self, weights):
        super().__init__()
        self.config = {"model_type": "custom"}
        for name, weight in weights.items():
            at, *path = [self], *name.removesuffix(".weight").split(".")
            for part in path[:-1]:
                if part not in at[0]._modules:
                    at[0].add_module(part, torch.nn.Module())
                at[0] = at[0]._modules[part]
            linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
            linear.weight = torch.nn.Parameter(weight.float(), requires_grad=False)
            at[0].add_module(path[-1], linear)

    def forward(self, *_):
        raise NotImplementedError


def adapters(request):
    base = load_file(pathlib.Path(request["base"]) / "model.safetensors")
    for folder in map(pathlib.Path, request["tuned"]):
        if not (folder / "adapter_config.json").exists():
            continue
        config = json.loads((folder / "adapter_config.json").read_text())
        given = load_file(folder / "adapter_model.safetensors")
        names = {re.sub(r"^base_model\.model\.(.*)\.lora_A\.weight$", r"\1", key) for key in given if ".lora_A." in key}
        own = {f"{name}.weight": base[next(k for k in base if k.endswith(f"{name}.weight"))] for name in names}
        model = get_peft_model(
            Module(own), LoraConfig(r=config["r"], lora_alpha=config["lora_alpha"], target_modules=sorted(names))
        )
        state = {re.sub(r"lora_([AB])\.weight", r"lora_\1.default.weight", key): value for key, value in given.items()}
        model.load_state_dict(state, strict=False)
        yield folder.name, model


def detect(request, base, tunes):
    torch.set_num_threads(request["threads"])
    models = list(adapters(request))
    start = time.perf_counter()
    for _, model in models:
        reduce_intruder_dimension(model, top_k=10, threshold_epsilon=0.5, logging_sink=None)
    return {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    serve({"count": detect})
