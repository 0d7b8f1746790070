"""Competing events: patients whose event is of one of several causes."""

from __future__ import annotations

import math

import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import frames, vocabulary

NOT_SEEN = {"0", "censored", "cens"}


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
    return tuple(sorted(labels - {""} - NOT_SEEN))


def alone(frame: pd.DataFrame, cause: str) -> pd.DataFrame:
    """The table with event 1 where it is of a cause, and 0 where it is of another, or not seen.

    A patient is censored at an event of another cause, so that hazards are cause-specific
    (Kalbfleisch & Prentice 2002, The Statistical Analysis of Failure Time Data, section 8.2).

    Raises
    ------
    InputError
        There is no such cause, an event is empty, or events happened between two times.
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
        frames.problem(found, row, "event", "is empty", "Write the cause, or 0 if none was seen")
        for row, label in enumerate(labels) if not label
    ])  # fmt: skip
    made = found.assign(event=[int(label == cause) for label in labels])
    made.attrs = found.attrs
    return made


def _label(cell: object) -> str:
    """A cause as it is written; numbers without what is after their point if it is 0."""
    text = "" if pd.isna(cell) else usertable.composed(str(cell)).strip()  # type: ignore[call-overload]
    number = usertable.number(text)
    if math.isfinite(number) and number == int(number):
        return str(int(number))
    return text.casefold() if text.casefold() in NOT_SEEN else text
