"""What evinet says when its input is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 200
"""Characters of a value that a message shows."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input, and what to do about it."""

    file: str
    field: str
    value: object
    message: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        value = repr(self.value)
        shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
        return f"{place}: {self.field} = {shown}: {self.message}. {self.remedy}."


class InputError(Exception):
    """Bad input: all the problems that were found, never only the first."""

    def __init__(self, problems: Problem | Sequence[Problem]):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutputError(InputError):
    """A file that cannot be written: no room, no permission, no such folder."""
