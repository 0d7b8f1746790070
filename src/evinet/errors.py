"""What evinet says when its input is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 200
"""Characters of a value that a message shows."""

MOST = 10
"""Lines that say the same of cells of one column; the others are counted."""


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
        super().__init__("\n".join(_lines(self.problems)))


def _lines(problems: Sequence[Problem]) -> list[str]:
    said: Counter[tuple[str, str, str]] = Counter()
    lines = []
    for problem in problems:
        kind = (problem.file, problem.field, problem.message)
        said[kind] += 1
        if said[kind] <= MOST:
            lines.append(str(problem))
    return lines + [
        f"{file}: {field}: and {count - MOST} more: {message}"
        for (file, field, message), count in said.items() if count > MOST
    ]  # fmt: skip


class OutputError(InputError):
    """A file that cannot be written: no room, no permission, no such folder."""
