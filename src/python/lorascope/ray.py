"""The same analysis on a Ray cluster: tasks of some matrices each, that read their own byte ranges from storage that every worker sees."""

from __future__ import annotations

import os
import sys
from typing import Any

from .analysis import analyze as local
from .analysis import plan
from .errors import UsageError
from .report import Report, merge_reports

#: A task that died with its worker is run again so often.
RETRIES = 3


def analyze(base: str, models: Any, *, tasks: int | None = None, cpus: int = 1, progress: bool = True, **options: Any) -> Report:
    """:func:`lorascope.analyze` in ``tasks`` parts on the cluster that Ray is connected to (``ray.init`` comes first, or a local one is started).

    ``base`` and ``models`` are paths of a shared disk or addresses for fsspec (``s3://bucket/base``); each worker reads the headers and the ranges of its
    own matrices. All models of a matrix are in one task, and tasks cost about the same. By default there are four tasks per processor of the cluster, and
    no more than matrices. A worker that dies loses only its own task, which Ray begins again elsewhere.

    ``cpus`` is what a task takes. Other options are those of :func:`lorascope.analyze`; with ``keep`` on shared storage an interrupted run goes on.
    """
    import ray

    _check(base, models)
    if not ray.is_initialized():
        ray.init()
    chosen = {name: options[name] for name in ("types", "layers", "pattern", "split", "answers") if name in options}
    matrices = len(plan(base, models, **chosen)["matrices"])
    processors = int(ray.cluster_resources().get("CPU", 1))
    count = max(1, min(tasks or 4 * processors // cpus, matrices))
    work = ray.remote(num_cpus=cpus, max_retries=RETRIES, retry_exceptions=[OSError])(_part)
    asked = {**options, "threads": cpus}
    left = [work.remote(base, models, f"{n}/{count}", asked) for n in range(1, count + 1)]
    reports = []
    while left:
        done, left = ray.wait(left)
        reports += ray.get(done)
        if progress:
            end = "" if left else "\n"
            print(f"\r{len(reports)} of {count} parts of {matrices} matrices ", end=end, file=sys.stderr, flush=True)
    return merge_reports([Report.read(text) for text in reports], missing="raise")


def _part(base: str, models: Any, part: str, options: dict[str, Any]) -> str:
    return local(base, models, part=part, **options).json()


def _check(base: Any, models: Any) -> None:
    given = list(models.values()) if isinstance(models, dict) else list(models) if isinstance(models, (list, tuple)) else [models]
    if not all(isinstance(place, (str, os.PathLike)) for place in [base, *given]):
        raise UsageError("Workers open files themselves: give paths of a shared disk or addresses for fsspec, not tensors.")
