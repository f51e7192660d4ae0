"""Reports: numbers, tables and figures of a run, under a rule that may be changed."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _core
from .errors import LorascopeWarning, Problem, UsageError, problems

if TYPE_CHECKING:
    import pandas


class Report:
    """The numbers of a run, as the page stores them (``lorascope-report/1``)."""

    def __init__(self, core: _core.Report) -> None:
        self._core = core

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Report:
        """A report that the page, the command or :meth:`save` wrote."""
        return cls(_core.Report.read(Path(path).read_text(encoding="utf-8")))

    @classmethod
    def read(cls, text: str) -> Report:
        """The text of a report."""
        return cls(_core.Report.read(text))

    @property
    def intruders(self) -> dict[str, int]:
        """The number of intruder dimensions of each model, certain ones only: ``undecided`` of :attr:`models` may be more."""
        return {model["name"]: model["intruders"] for model in self.models}

    @property
    def models(self) -> list[dict[str, Any]]:
        """A row per model: ``name``, ``intruders``, ``undecided``, ``possible`` (the sum of min(k, n) over matrices), ``mean_effective_rank`` ..."""
        rows = json.loads(self._core.models())
        return [{"name": name, **{_snake(key): row[key] for key in row}} for name, row in zip(self._core.labels(), rows)]

    @property
    def settings(self) -> dict[str, Any]:
        """The rule in force."""
        return json.loads(self._core.settings())

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the files; a report that was stored has none."""
        return problems(self._core.problems())

    @property
    def notes(self) -> list[str]:
        """Matrices that were left out, each with the reason."""
        return self._core.said()

    def rows(self) -> list[dict[str, Any]]:
        """A row per matrix and model with every measure, in the order of the network."""
        table = json.loads(self._core.matrices("json"))
        return [dict(zip(table["columns"], row)) for row in table["rows"]]

    def to_pandas(self) -> pandas.DataFrame:
        """:meth:`rows` as a data frame."""
        import pandas

        table = json.loads(self._core.matrices("json"))
        return pandas.DataFrame(table["rows"], columns=table["columns"])

    def to_csv(self) -> str:
        """:meth:`rows` as CSV, below lines of provenance that begin with #."""
        return self._core.matrices("csv")

    def under(
        self,
        *,
        k: int | None = None,
        epsilon: float | None = None,
        side: str | None = None,
        preset: str | None = None,
    ) -> Report:
        """The same numbers, counted by another rule."""
        return Report(self._core.under(json.dumps({"k": k, "epsilon": epsilon, "side": side, "preset": preset})))

    def only(self, labels: Any) -> Report:
        """The report of some of its models, by their names."""
        labels = [labels] if isinstance(labels, str) else list(labels)
        return Report(self._core.only(labels))

    def figure(self, figure: str, **wanted: Any) -> Figure:
        """A figure by its id (:func:`lorascope.figures` lists them).

        ``model`` (a label, or a number from 1), ``matrix`` (a tensor of the base), ``vector`` (from 1), ``top``, ``until`` (a step), ``times``,
        ``fraction``, ``adapters_only``; ``width`` in CSS pixels, ``dark``, ``bare`` (without title and caption), ``scale`` (pixels of a PNG per CSS pixel).
        """
        if "model" in wanted:
            wanted["model"] = str(wanted["model"])
        return Figure(self, figure, wanted)

    def json(self) -> str:
        """The report as text."""
        return self._core.text()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes ``.json``, which every figure, the command and the page open again; or ``.html``, one page without scripts."""
        text = self._core.sheet() if Path(path).suffix == ".html" else self._core.text()
        Path(path).write_text(text, encoding="utf-8")

    def card(self, path: str | os.PathLike[str], figure: str = "epsilon-curve", **wanted: Any) -> None:
        """Writes a section for a model's page, Markdown, and its drawing beside it as ``.svg``."""
        drawing = Path(path).with_suffix(".svg")
        self.figure(figure, **wanted).save(drawing)
        Path(path).write_text(self._core.card(figure, json.dumps(wanted), drawing.name), encoding="utf-8")

    def __repr__(self) -> str:
        return self._core.table()

    def _repr_html_(self) -> str:
        """The table of models for a notebook."""
        from html import escape

        heads = {"name": "model", "intruders": "intruders", "undecided": "undecided", "possible": "of", "mean_effective_rank": "effective rank"}
        head = "".join(f"<th>{escape(words)}</th>" for words in heads.values())
        body = "".join("<tr>" + "".join(f"<td>{escape(_cell(row[key]))}</td>" for key in heads) + "</tr>" for row in self.models)
        rule = self._core.table().splitlines()[0]
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(rule)}</p>"


class Figure:
    """One figure of a report. A notebook shows it: live where anywidget is installed, else as a drawing."""

    def __init__(self, report: Report, figure: str, wanted: dict[str, Any]) -> None:
        self.report, self.id, self.wanted = report, figure, wanted
        # A wrong id or option is said here, not where a notebook would swallow it.
        report._core.check(figure, json.dumps(wanted))

    def _written(self, ending: str) -> bytes:
        return bytes(self.report._core.figure(self.id, json.dumps(self.wanted), ending))

    @property
    def svg(self) -> str:
        """The drawing."""
        return self._written("svg").decode()

    @property
    def data(self) -> dict[str, Any]:
        """The numbers that are drawn: ``columns`` and ``rows``."""
        return json.loads(self._written("json"))

    @property
    def part(self) -> str:
        """The part of the report that is drawn, as JSON: what ``<lorascope-figure>`` takes on a web page."""
        return self.report._core.part(self.id, json.dumps(self.wanted))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes ``.svg``, ``.png`` (with a font of the system), ``.csv`` or ``.json``."""
        Path(path).write_bytes(self._written(Path(path).suffix.lstrip(".")))

    def widget(self) -> Any:
        """The live figure, for which anywidget is needed."""
        from .widget import FigureWidget

        return FigureWidget(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        drawn = {"image/svg+xml": self.svg, "text/plain": repr(self)}
        try:
            live = self.widget()._repr_mimebundle_()
        except (ImportError, FileNotFoundError):
            return drawn
        data, about = live if isinstance(live, tuple) else (live or {}, {})
        return {**drawn, **data}, about

    def __repr__(self) -> str:
        return f"<Lorascope figure {self.id}>"


def merge_reports(reports: Any, *, missing: str = "warn") -> Report:
    """Parts of one run put together, or reports of several models of one base.

    ``reports`` are reports or paths. Matrices that no report has are a :class:`LorascopeWarning`, or with ``missing="raise"`` a :class:`UsageError`.
    """
    if missing not in ("warn", "raise"):
        raise UsageError(f"missing={missing!r}: write “warn” or “raise”.")
    if isinstance(reports, (str, os.PathLike, Report)):
        reports = [reports]
    named = [
        (f"report {n}", given._core) if isinstance(given, Report) else (os.fspath(given), Report.open(given)._core)
        for n, given in enumerate(reports, 1)
    ]
    core, lacking = _core.merge(named)
    for label, names in lacking:
        more = ", …" if len(names) > 10 else ""
        told = f"{label}: {len(names)} matrices are missing: {', '.join(names[:10])}{more}"
        if missing == "raise":
            raise UsageError(told)
        warnings.warn(told, LorascopeWarning, stacklevel=2)
    return Report(core)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
