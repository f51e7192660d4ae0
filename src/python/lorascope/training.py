"""What every saved checkpoint did to the weights, while a transformers Trainer goes on."""

from __future__ import annotations

import json
import math
import os
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

from .analysis import analyze
from .errors import LorascopeWarning
from .report import Report, merge_reports

#: What is written into the Trainer's output folder.
REPORT = "lorascope-report.json"
LINES = "lorascope.jsonl"

#: Scalars, each from a column of the table of matrices and how its numbers become one.
SCALARS = {
    "energy_share": ("energy of intruders", fmean),
    "margin_min": ("σ1 of ΔW / θ*", min),
    "effective_rank": ("effective rank", fmean),
}


class TrainerCallback:
    """Analyses each checkpoint when it is saved, in a thread, from the files.

        trainer.add_callback(lorascope.TrainerCallback("base", trainer=trainer))

    Writes, in the Trainer's output folder, a line per checkpoint to ``lorascope.jsonl`` and the whole run to ``lorascope-report.json``, which opens on the
    page. With ``trainer`` the scalars ``lorascope/intruders``, ``lorascope/energy_share`` (mean share of the change's energy that intruders hold),
    ``lorascope/margin_min`` (the smallest σ₁(ΔW) / θ*) and ``lorascope/effective_rank`` (mean) go to whatever the Trainer reports to, with the checkpoint's own
    step as ``lorascope/step``. A callback cannot reach the reporters by itself: without ``trainer`` the scalars stand in the Trainer's own history alone.

    It needs no class of transformers. A checkpoint that cannot be analysed is a warning and a line in the file: training goes on.

    Parameters
    ----------
    base
        As in :func:`lorascope.analyze`; None takes the name that the model or its adapter has of its base, in the local cache.
    trainer
        Who logs.
    threads
        Processors for the analysis; by default half of them.
    options
        Further arguments of :func:`lorascope.analyze`.
    """

    def __init__(self, base: Any = None, *, trainer: Any = None, threads: int | None = None, **options: Any) -> None:
        self.base, self.trainer = base, trainer
        self.options = {"threads": threads or max(1, (os.cpu_count() or 2) // 2), **options}
        # One at a time, in the order of the steps.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lorascope")
        self._waiting: list[Future[dict[str, float]]] = []

    def __getattr__(self, name: str) -> Any:
        """Every other event of a Trainer."""
        if name.startswith("on_"):
            return lambda *args, **kwargs: None
        raise AttributeError(name)

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        if int(state.global_step) == 0:
            # What a run before this one left in the folder is of other weights.
            for name in (REPORT, LINES):
                Path(args.output_dir, name).unlink(missing_ok=True)

    def on_save(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:
        if not getattr(state, "is_world_process_zero", True):
            return
        base = self.base if self.base is not None else _base_of(model)
        folder, step = Path(args.output_dir), int(state.global_step)
        self._waiting.append(self._pool.submit(self._look, base, folder, step))

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self._log(state, wait=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self._log(state, wait=True)

    def _log(self, state: Any, wait: bool) -> None:
        """On the Trainer's own thread, since reporters expect it."""
        while self._waiting and (wait or self._waiting[0].done()):
            scalars = self._waiting.pop(0).result()
            if not scalars:
                continue
            if self.trainer is not None:
                self.trainer.log(scalars)
            elif hasattr(state, "log_history"):
                state.log_history.append({**scalars, "step": int(state.global_step)})

    def _look(self, base: Any, folder: Path, step: int) -> dict[str, float]:
        """Never raises: it is not worth a training run."""
        try:
            scalars = self._analyzed(base, folder, step)
            line = {"step": step, **scalars}
        except Exception as why:
            warnings.warn(f"checkpoint-{step} is not analysed: {why}", LorascopeWarning, stacklevel=2)
            scalars, line = {}, {"step": step, "error": str(why)}
        with (folder / LINES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return scalars

    def _analyzed(self, base: Any, folder: Path, step: int) -> dict[str, float]:
        """With the checkpoint before it, from which its vectors are traced."""
        before = max((n for n in _steps_in(folder) if n < step), default=None)
        names = {n: f"{folder.name}/checkpoint-{n}" for n in (before, step) if n is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LorascopeWarning)
            report = analyze(base, {name: folder / f"checkpoint-{n}" for n, name in names.items()}, **self.options)
            whole = _joined(folder / REPORT, report, step)
        draft = folder / f".{REPORT}"
        whole.save(draft)
        os.replace(draft, folder / REPORT)
        return scalars_of(report.only([names[step]]), step)


def _steps_in(folder: Path) -> list[int]:
    names = (entry.name.removeprefix("checkpoint-") for entry in folder.glob("checkpoint-*"))
    return [int(name) for name in names if name.isdigit()]


def _joined(stored: Path, report: Report, step: int) -> Report:
    """The run of before and its newest step. Checkpoints of before may be deleted by now; those of later steps are of a run that was begun again."""
    if not stored.exists():
        return report
    before = Report.open(stored)
    runs = {model["label"]: model.get("run") for model in json.loads(before.json())["models"]}
    kept = [label for label, run in runs.items() if run and run["step"] < step]
    return merge_reports([before.only(kept), report]) if kept else report


def scalars_of(report: Report, step: int) -> dict[str, float]:
    """The scalars of a report of one checkpoint; what no matrix has is left out."""
    rows = report.rows()
    found: dict[str, float] = {"lorascope/step": step, "lorascope/intruders": sum(report.intruders.values())}
    for name, (column, into) in SCALARS.items():
        numbers = [row[column] for row in rows if isinstance(row.get(column), (int, float)) and math.isfinite(row[column])]
        if numbers:
            found[f"lorascope/{name}"] = into(numbers)
    return found


def _base_of(model: Any) -> str:
    configs = list(getattr(model, "peft_config", {}).values())
    names = [getattr(config, "base_model_name_or_path", None) for config in configs]
    names.append(getattr(getattr(model, "config", None), "_name_or_path", None))
    name = next((name for name in names if name), None)
    if name is None:
        raise ValueError("The model does not say what its base is: give it, TrainerCallback(base).")
    return name if os.path.exists(name) else f"hf:{name}"
