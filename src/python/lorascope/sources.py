"""What a caller names as a base or a model, as files for the core.

A path, ``hf:ORG/NAME[@REVISION]`` (the local cache), an address that fsspec knows (``s3://``, ``memory://``), a PEFT model (its adapter), a torch module,
or a state dict of torch or numpy tensors. Tensors in the memory of the processor that are contiguous are read where they are; others are copied.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ._core import Source
from .errors import UsageError

#: Names of dtypes in .safetensors, by the names of torch and numpy.
DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}


def models(given: Any) -> list[Source]:
    """One model, several, or several by their labels."""
    if isinstance(given, Mapping) and not _is_state(given):
        return [source(model, label) for label, model in given.items()]
    if isinstance(given, (list, tuple)):
        return [source(model, None, f"model {n}") for n, model in enumerate(given, 1)]
    return [source(given, None, "model")]


def source(given: Any, label: str | None, otherwise: str = "model") -> Source:
    """``otherwise`` names what has no name of its own."""
    if isinstance(given, (str, os.PathLike)):
        place = os.fspath(given)
        return _remote(place, label) if "://" in place else Source.at(place, label)
    name = label or otherwise
    if hasattr(given, "peft_config"):
        return _adapter(given, name)
    if hasattr(given, "state_dict"):
        config = getattr(given, "config", None)
        text = json.dumps(config.to_dict(), default=str) if hasattr(config, "to_dict") else None
        return _tensors(given.state_dict(), name, "model.safetensors", text and ("config.json", text))
    if isinstance(given, Mapping):
        return _tensors(given, name, "model.safetensors", None)
    raise UsageError(
        f"{type(given).__name__} is no model: give a path, hf:ORG/NAME, an address for fsspec, a PEFT model, a torch module or a state dict."
    )


def base_of(model: Any) -> Any:
    """The state dict of the base below a PEFT model: what the adapters do not own."""
    if not hasattr(model, "get_base_model"):
        raise UsageError("base=None takes the base below one PEFT model: give that model, or name the base.")
    state = model.get_base_model().state_dict()
    mark = ".base_layer."
    wrapped = {name.split(mark)[0] for name in state if mark in name}
    kept = {}
    for name, tensor in state.items():
        if mark in name:
            kept[name.replace(mark, ".")] = tensor
        elif ".original_module." in name:
            kept[name.replace(".original_module.", ".")] = tensor
        elif ".modules_to_save." not in name and not any(name.startswith(f"{module}.") for module in wrapped):
            kept[name] = tensor
    return kept


def _is_state(given: Mapping) -> bool:
    """A state dict has tensors; a dict of models has labels."""
    return bool(given) and all(hasattr(value, "dtype") and hasattr(value, "shape") for value in given.values())


def _adapter(model: Any, label: str) -> Source:
    from peft import get_peft_model_state_dict

    active = model.active_adapter
    name = active if isinstance(active, str) else active[0]
    # Whether embeddings were resized PEFT would ask the Hub.
    state = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    config = {key: _plain(value) for key, value in model.peft_config[name].to_dict().items()}
    return _tensors(state, label, "adapter_model.safetensors", ("adapter_config.json", json.dumps(config)))


def _plain(value: Any) -> Any:
    """As PEFT writes its configuration."""
    if isinstance(value, (set, tuple)):
        return sorted(value) if isinstance(value, set) else list(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, int, float, bool, list, type(None))) else str(value)


def _tensors(state: Mapping, label: str, file: str, config: tuple[str, str] | None) -> Source:
    return Source.of_tensors(label, file, [_tensor(name, value) for name, value in state.items()], config)


def _tensor(name: str, value: Any) -> tuple[str, str, list[int], int, int, Any]:
    # Of numpy the name says nothing of the order of bytes.
    kind = getattr(value.dtype, "name", None) or str(value.dtype).replace("torch.", "")
    if kind not in DTYPES:
        raise UsageError(f"{name}: numbers of type {kind} are not read. Those that are: {', '.join(DTYPES)}.")
    if hasattr(value, "data_ptr"):
        value = value.detach()
        value = value.full_tensor() if hasattr(value, "full_tensor") else value
        if value.is_meta:
            raise UsageError(f"{name} has no numbers (it is on the device meta). Load the model's weights first.")
        value = value.cpu().contiguous()
        return name, DTYPES[kind], list(value.shape), value.data_ptr(), value.numel() * value.element_size(), value
    import numpy

    array = value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))
    # A scalar would become a vector.
    array = numpy.ascontiguousarray(array).reshape(value.shape)
    return name, DTYPES[kind], list(array.shape), array.ctypes.data, array.nbytes, array


class _Reader:
    """A file of fsspec, read in ranges."""

    def __init__(self, system: Any, path: str) -> None:
        self.system, self.path = system, path

    def read(self, start: int, end: int) -> bytes:
        return bytes(self.system.cat_file(self.path, start=start, end=end)) if end > start else b""


def _remote(address: str, label: str | None) -> Source:
    try:
        import fsspec
    except ImportError as why:
        raise UsageError(f"{address} is read by fsspec, which is not here: pip install fsspec") from why
    system, path = fsspec.core.url_to_fs(address)
    path = path.rstrip("/")
    folder = path if not system.isfile(path) else path.rpartition("/")[0]
    found = system.find(folder, detail=True)
    if path != folder:
        beside = ("config.json", "adapter_config.json")
        found = {name: about for name, about in found.items() if name == path or name[len(folder) :].lstrip("/") in beside}
    if not found:
        raise UsageError(f"{address}: there is no file.")
    files = [
        (name[len(folder) :].lstrip("/"), f"{address} {name}", int(about["size"]), _Reader(system, name))
        for name, about in sorted(found.items())
    ]
    return Source.of_files(label or folder.rpartition("/")[2] or "model", files)
