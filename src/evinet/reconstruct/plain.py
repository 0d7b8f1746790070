"""One trial, from plain CSV files and options of the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evinet.errors import InputError, Problem
from evinet.reconstruct.inputs import ArmInput, Contrast, Floats, Interval, Landmark, TrialInput

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "curve": ("arm", "time", "survival"),
    "at_risk": ("arm", "time", "n"),
    "marks": ("arm", "time"),
    "landmarks": ("arm", "time", "survival"),
}
LIMITS = ("lower", "upper")  # optional columns of landmarks


@dataclass(frozen=True)
class Options:
    """What the command was given; file names and text as typed, None where not given."""

    curve: Path | None = None
    at_risk: Path | None = None
    marks: Path | None = None
    landmarks: Path | None = None
    patients: str | None = None
    events: str | None = None
    median: str | None = None
    hr: str | None = None
    p: str | None = None
    stratified: bool | None = None
    axis_error: str | None = None


def read(options: Options) -> TrialInput:
    """The trial that the options describe.

    Raises
    ------
    InputError
        A file or an option that cannot be read, with file, line, field and value.
    """
    problems: list[Problem] = []
    files = {
        name: _table(path, columns, problems)
        for name, columns in COLUMNS.items()
        if (path := getattr(options, name)) is not None
    }
    patients = _arms(options.patients, "--patients", 1, problems)
    events = _arms(options.events, "--events", 1, problems)
    medians = _arms(options.median, "--median", 3, problems)
    contrasts = _contrasts(options, problems)
    axis_error = _pixels(options.axis_error, problems)
    if problems:
        raise InputError(problems)
    names = [str(name) for frame in files.values() for name in frame["arm"]]
    names += [*patients, *events, *medians]
    arms = tuple(_arm(name, files, patients, events, medians) for name in dict.fromkeys(names))
    if not arms:
        raise InputError(
            Problem("(options)", "--curve", None, "nothing to reconstruct from",
                    "Give --curve, or --at-risk with --events")
        )  # fmt: skip
    return TrialInput(arms, contrasts, axis_error)


def _table(path: Path, columns: tuple[str, ...], problems: list[Problem]) -> pd.DataFrame:
    """Read a CSV; an empty cell is not known, a cell that is no number is a problem."""
    import pandas as pd

    empty = pd.DataFrame({name: [] for name in columns})
    try:
        frame = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=["", "NA"])
    except (OSError, ValueError) as error:
        problems.append(Problem(str(path), "(file)", None, f"cannot be read: {error}", "See docs"))
        return empty
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    missing = [name for name in columns if name not in frame]
    problems += [
        Problem(str(path), name, None, "the column is missing", f"Columns: {', '.join(columns)}")
        for name in missing
    ]
    if missing:
        return empty
    if columns[-1] == "survival":
        frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *LIMITS])))
    for name in [name for name in (*columns, *LIMITS) if name != "arm" and name in frame]:
        numbers = pd.to_numeric(frame[name], errors="coerce").astype(np.float64)
        wrong = frame[name].notna() & ~np.isfinite(numbers)
        problems += [
            Problem(str(path), name, frame[name][row], "is not a number",
                    "Write a number or leave it empty", line=int(row) + 2)
            for row in frame.index[wrong]
        ]  # fmt: skip
        frame[name] = numbers
    frame["arm"] = frame["arm"].fillna("").str.strip()
    return frame


def _arms(
    text: str | None, option: str, most: int, problems: list[Problem]
) -> dict[str, list[float | None]]:
    """`a=1:2:3,b=4` as numbers by arm, each arm with `most` of them (an empty one is None)."""
    found: dict[str, list[float | None]] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, _, values = part.partition("=")
        numbers = _numbers(values, most)
        if numbers is None or not name.strip():
            form = ":".join(["ESTIMATE", "LOWER", "UPPER"][:most]) if most > 1 else "NUMBER"
            problems.append(
                Problem("(options)", option, part, "cannot be read", f"Write arm={form}, by commas")
            )
        else:
            found[name.strip()] = numbers
    return found


def _numbers(text: str, most: int) -> list[float | None] | None:
    """Numbers between colons; an empty one, or one not estimable, is None."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) > most or not parts[0] + "".join(parts[1:]):
        return None
    try:
        numbers = [
            None if part.upper() in ("", "NE", "NR", "NA") else float(part) for part in parts
        ]
    except ValueError:
        return None
    if any(number is not None and not np.isfinite(number) for number in numbers):
        return None
    return numbers + [None] * (most - len(numbers))


def _pixels(text: str | None, problems: list[Problem]) -> float:
    """The error of the time axis; 0 where it was not given."""
    if text is None:
        return 0.0
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < np.inf:
        problems.append(
            Problem("(options)", "--axis-error", text, "is no number of pixels", "Write 0.5, say")
        )
    return found


def _contrasts(options: Options, problems: list[Problem]) -> tuple[Contrast, ...]:
    ratios = _arms(options.hr, "--hr", 3, problems)
    p_values = _arms(options.p, "--p", 1, problems)
    contrasts = []
    for name in {**ratios, **p_values}:
        arm, slash, comparator = name.partition("/")
        if not slash:
            problems.append(
                Problem("(options)", "--hr", name, "names no two arms", "Write arm/comparator=HR")
            )
            continue
        hr, lower, upper = ratios.get(name, [None] * 3)
        p = p_values.get(name, [None])[0]
        contrasts.append(
            Contrast(arm.strip(), comparator.strip(), hr, lower, upper, 0.95, p, options.stratified)
        )
    return tuple(contrasts)


def _arm(
    name: str, files: Mapping[str, pd.DataFrame], patients: Mapping[str, list[float | None]],
    events: Mapping[str, list[float | None]], medians: Mapping[str, list[float | None]],
) -> ArmInput:  # fmt: skip
    def rows(file: str) -> pd.DataFrame | None:
        frame = files.get(file)
        chosen = None if frame is None else frame[frame["arm"] == name]
        return None if chosen is None or chosen.empty else chosen

    curve, counts, marks, posted = (rows(file) for file in COLUMNS)
    return ArmInput(
        name,
        n=_whole(patients.get(name)),
        curve=None if curve is None else (_column(curve, "time"), _column(curve, "survival")),
        # counts may be missing or broken: tidied with the rest of the input
        at_risk=None if counts is None else (_column(counts, "time"), _column(counts, "n")),  # type: ignore[arg-type]
        events=_whole(events.get(name)),
        marks=None if marks is None else _column(marks, "time"),
        median=None if name not in medians else _interval(medians[name]),
        landmarks=() if posted is None else _landmarks(posted),
    )


def _landmarks(rows: pd.DataFrame) -> tuple[Landmark, ...]:
    known = rows[rows["time"].notna() & rows["survival"].notna()]
    return tuple(
        Landmark(time, survival, *(None if np.isnan(limit) else limit for limit in limits))
        for time, survival, *limits in known[["time", "survival", *LIMITS]].to_numpy(np.float64)
    )


def _interval(values: list[float | None]) -> Interval:
    estimate, lower, upper = values
    return Interval(estimate, lower, upper)


def _column(rows: pd.DataFrame, name: str) -> Floats:
    return rows[name].to_numpy(np.float64)


def _whole(values: list[float | None] | None) -> int | None:
    return None if values is None or values[0] is None else round(values[0])
