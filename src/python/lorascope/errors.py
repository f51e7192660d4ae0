"""What goes wrong, in the words of the page: a code, the facts, and the step that helps."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file or a tensor."""

    #: A stable word, such as ``truncated``.
    code: str
    #: One sentence: what is wrong.
    title: str
    #: The facts, with numbers.
    cause: str
    #: The step that helps; None where nothing can be done.
    fix: str | None
    #: A command or snippet that does it.
    command: str | None
    #: The path of the file, and the name of the tensor.
    file: str | None
    tensor: str | None
    #: What it blocks, in words; empty where it blocks nothing.
    blocks: str
    #: ``error`` where something cannot be analysed, else ``warning``.
    severity: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.tensor) if part)
        rest = [part for part in (self.cause, self.fix, self.command, self.blocks) if part]
        return " ".join([f"{place}: {self.title}" if place else self.title, *rest])


def problems(text: str) -> list[Problem]:
    """The problems of the core's JSON."""
    return [Problem(**{name: of.get(name) for name in Problem.__dataclass_fields__}) for of in json.loads(text)]


class LorascopeError(Exception):
    """Nothing was computed. ``problems`` has what is wrong with each file, where files are the reason."""

    def __init__(self, message: str, found: str = "[]") -> None:
        super().__init__(message)
        self.problems = problems(found)

    @property
    def code(self) -> str | None:
        """Of the first problem."""
        return self.problems[0].code if self.problems else None

    @property
    def cause(self) -> str | None:
        """Of the first problem."""
        return self.problems[0].cause if self.problems else None

    @property
    def fix(self) -> str | None:
        """Of the first problem."""
        return self.problems[0].fix if self.problems else None


class UsageError(LorascopeError, ValueError):
    """What was asked makes no sense; the message says what to write instead."""


class FileError(LorascopeError, OSError):
    """What is needed cannot be read."""


class LorascopeWarning(UserWarning):
    """Something was left out; everything else was done."""
