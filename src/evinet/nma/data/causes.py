"""Competing events: patients whose event is of one of several causes."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import frames, vocabulary

NOT_SEEN = {
    "0", "censored", "censor", "censoring", "cens", "none", "no event", "event free", "alive",
    "zensiert",
}  # fmt: skip
"""Labels of patients without an event, in lower case; hyphens are blanks."""
ABSENT = {"", "na", "nan", "n/a", ".", "-"}


def known(frame: pd.DataFrame) -> tuple[str, ...]:
    """The causes in a table of patients: what stands in the column event, but for 0 or censored.

    Examples
    --------
    >>> known(pd.DataFrame({"event": ["death", "0", "progression", "death", "censored"]}))
    ('death', 'progression')
    >>> known(pd.DataFrame({"event": [0, 2, 1.0]}))
    ('1', '2')
    """
    found = vocabulary.written(frame)
    labels = set(map(_label, found["event"])) if "event" in found else set()
    return tuple(sorted(labels - {"", "0"}))


def alone(frame: pd.DataFrame, cause: str) -> pd.DataFrame:
    """The table with event 1 where it is of a cause, and 0 where it is of another, or not seen.

    A patient is censored at an event of another cause, so that hazards are cause-specific
    (Kalbfleisch & Prentice 2002, The Statistical Analysis of Failure Time Data, section 8.2).

    Raises
    ------
    InputError
        There is no such cause, an event is empty or no number of a cause, or events happened
        between two times.
    """
    found = vocabulary.written(frame)
    file, causes = str(found.attrs.get("file", frames.FRAME)), known(frame)
    found.attrs["file"] = file
    if cause not in causes:
        raise InputError(
            Problem(file, "event", cause, "is the cause of no event",
                    f"Name one of {', '.join(causes) or 'those in a column event'}")
        )  # fmt: skip
    if {"lower", "upper"} <= set(found) or "time" not in found or "time2" in found:
        raise InputError(
            Problem(file, "event", cause, "has competing causes, of which events between two times "
                    "are not modelled", "Give the columns time and event")
        )  # fmt: skip
    labels = [_label(cell) for cell in found["event"]]
    frames.stop([
        frames.problem(found, row, "event", message, "Write the cause, or 0 if none was seen")
        for message, wrong in (("is empty", lambda label: not label),
                               ("is no number of a cause", _no_cause))
        for row, label in enumerate(labels) if wrong(label)
    ])  # fmt: skip
    made = found.assign(event=[int(label == cause) for label in labels])
    made.attrs = found.attrs
    return made


def one_spelling(causes: Iterable[str], file: str) -> None:
    """Refuse causes that differ by case, blanks or hyphens alone: one would censor the other.

    Raises
    ------
    InputError
        There are such causes.
    """
    words = [each for each in causes if not math.isfinite(usertable.number(each))]
    frames.stop(frames.two_spellings(words, file, "event", "causes", "cause"))


def _no_cause(label: str) -> bool:
    number = usertable.number(label)
    return math.isfinite(number) and not (number > 0 and number == int(number)) and label != "0"


def _label(cell: object) -> str:
    """A cause as it is written, 0 for none; whole numbers without their point."""
    text = "" if pd.isna(cell) else usertable.composed(str(cell)).strip()  # type: ignore[call-overload]
    known = text.casefold().replace("-", " ") if len(text) > 1 else text
    if known in NOT_SEEN:
        return "0"
    if text.casefold() in ABSENT:
        return ""
    number = usertable.number(text)
    return str(int(number)) if math.isfinite(number) and number == int(number) else text
