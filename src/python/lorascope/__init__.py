"""What fine-tuning did to a model's weights: singular-value spectra, intruder dimensions and effective rank of every matrix.

    import lorascope

    report = lorascope.analyze("base", {"r1": "runs/r1"})
    report.intruders                      # {"r1": 4}
    report.figure("epsilon-curve")        # drawn in a notebook
    report.save("report.json")            # opens on the page of Lorascope

It implements "LoRA vs Full Fine-tuning: An Illusion of Equivalence" (arXiv 2410.21228). The core is that of the page and of the command, so the
numbers are the same. Nothing is fetched from a network that is not asked for by an address.
"""

from ._core import VERSION as __version__
from ._core import figures
from .analysis import analyze, plan
from .errors import FileError, LorascopeError, LorascopeWarning, Problem, UsageError
from .report import Figure, Report, merge_reports
from .training import TrainerCallback


def __getattr__(name: str):
    """``lorascope.ray``, which is loaded when it is asked for."""
    if name == "ray":
        from importlib import import_module

        return import_module(".ray", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Figure",
    "FileError",
    "LorascopeError",
    "LorascopeWarning",
    "Problem",
    "Report",
    "TrainerCallback",
    "UsageError",
    "__version__",
    "analyze",
    "figures",
    "merge_reports",
    "plan",
]
