"""From checkpoints or tensors to a report."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _core
from .errors import LorascopeWarning
from .report import Report
from .sources import base_of, models as sources, source


def analyze(
    base: Any,
    models: Any,
    *,
    k: int | None = None,
    epsilon: float | None = None,
    side: str | None = None,
    preset: str | None = None,
    mode: str = "auto",
    types: Sequence[str] = (),
    layers: str | None = None,
    pattern: str | None = None,
    split: bool = False,
    answers: Mapping[str, str] | None = None,
    threads: int | None = None,
    memory: float | None = None,
    part: str | None = None,
    keep: str | None = None,
    hashes: bool = False,
    progress: bool | Callable[[int, int, float], object] | None = None,
) -> Report:
    """Computes every matrix of every model, and counts intruders by the paper's rule (arXiv 2410.21228, section 3, algorithm 1).

    A fine-tuned singular vector is an *intruder* when its largest |cosine| with all singular vectors of the base is below ``epsilon``. Looked at are
    the ``k`` strongest of each matrix ``W`` of shape ``[out, in]``.

    Parameters
    ----------
    base
        The pre-trained model: a path (folder or file), ``hf:ORG/NAME[@REVISION]`` in the local cache, an address for fsspec, a torch module, or a
        state dict of torch or numpy tensors. ``None`` takes the base below the one PEFT model that is given.
    models
        A fine-tune or adapter, a list, or ``{label: model}``. Of a PEFT model its active adapter. A folder of ``checkpoint-N`` folders is a run.
    k, epsilon, side, preset
        The rule: window, threshold in (0, 1], ``left``, ``right`` or ``both``; a preset by its name. :meth:`Report.under` changes it afterwards.
    mode
        ``exact`` (full spectra), ``certified`` (leading vectors with proved bounds), or ``auto``: what costs less.
    types, layers, pattern, split
        Which matrices: ``["q", "v"]``; ``"0-3,7"``; a regular expression, with ! before it to leave out; fused matrices taken apart.
    answers
        Answers to questions of :func:`plan`, by their ids.
    threads, memory
        Processors, and GB for matrices under way; by default all, and 60 % of what is free.
    part
        ``"3/64"``: one share of the work. :func:`merge_reports` puts shares together.
    keep
        A folder where finished matrices are kept, and found again by the hash of their tensors.
    hashes
        Whether the SHA-256 of every file goes into the report.
    progress
        ``True``: a line on the error output; a function is called with matrices done, matrices of all, and the share of the work in 0..1.

    Raises
    ------
    UsageError
        What was asked makes no sense.
    FileError
        Nothing can be analysed; ``problems`` has the reasons. What is only left out is a :class:`LorascopeWarning`.
    """
    asked = {
        "mode": mode,
        "rule": {"k": k, "epsilon": epsilon, "side": side, "preset": preset},
        "threads": threads,
        "memory": memory,
        "part": part,
        "keep": None if keep is None else str(keep),
        "hashes": hashes,
        **_choice(types, layers, pattern, split, answers),
    }
    told = _Line() if progress is True else progress or None
    core = _core.analyze(*_named(base, models), json.dumps(asked), told)
    report = Report(core)
    for problem in report.problems:
        warnings.warn(str(problem), LorascopeWarning, stacklevel=2)
    for line in report.notes:
        warnings.warn(line, LorascopeWarning, stacklevel=2)
    return report


def plan(
    base: Any,
    models: Any,
    *,
    types: Sequence[str] = (),
    layers: str | None = None,
    pattern: str | None = None,
    split: bool = False,
    answers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What would be analysed, what is left out and why, and what is in doubt. Reads headers only.

    ``models``, ``matrices``, ``questions`` (each with the answers it takes), ``problems``, ``leftOut``, and the cost in ``flops`` and ``memory`` (bytes).
    """
    return json.loads(_core.plan(*_named(base, models), json.dumps(_choice(types, layers, pattern, split, answers))))


def _choice(types: Any, layers: Any, pattern: Any, split: Any, answers: Any) -> dict[str, Any]:
    return {
        "types": [types] if isinstance(types, str) else list(types),
        "layers": layers,
        "pattern": pattern,
        "split": split,
        "answers": {str(question): str(answer) for question, answer in (answers or {}).items()},
    }


def _named(base: Any, models: Any) -> tuple[_core.Source, list[_core.Source]]:
    if base is None:
        one = next(iter(models.values())) if isinstance(models, Mapping) and len(models) == 1 else models
        base = base_of(one)
    return source(base, None, "base"), sources(models)


class _Line:
    """Progress on the error output: one line that is written over, at most ten times a second."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.said = 0.0

    def __call__(self, done: int, of: int, share: float) -> None:
        now = time.monotonic()
        if done < of and now - self.said < 0.1:
            return
        self.said = now
        left = (now - self.begun) / share * (1 - share) if share > 0 else 0
        end = "\n" if done == of else ""
        print(f"\r{done} of {of} matrices, {100 * share:.0f} % of the work, {left:.0f} s left ", end=end, file=sys.stderr, flush=True)
