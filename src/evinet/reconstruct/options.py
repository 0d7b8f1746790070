"""One trial, from a user's files and the options of the command."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.patients.data import Interval
from evinet.reconstruct import layouts
from evinet.reconstruct.inputs import (
    MOST_PATIENTS,
    ArmInput,
    Contrast,
    Flag,
    Landmark,
    TrialInput,
    per_cent,
    tidy,
)
from evinet.reconstruct.layouts import Row

UNITS = {"days": 12 / 365.25, "weeks": 84 / 365.25, "months": 1.0, "years": 12.0}
"""Months in each unit of time."""
TIMED = ("curve", "at-risk", "marks", "landmarks", "median")
APART = 4.0  # ends of two time axes are in different units where one is so many times the other ...
CROSSED = 0.1  # of survival below the share at risk: not an error of reading
ALIKE = 2.0  # ... and, brought to the same unit, within this factor
LEAST_POINTS = 2
LATEST = 1e6  # time in any unit
OPTIONS = "(options)"
MOST_SHIFT = 0.05  # of survival: no figure is read so badly
PIXELS = "is not a number of pixels", "Write a number, such as 0.5"
SHIFT = (
    "is not a small part of survival",
    "Write half a pixel over the length of the survival axis: 0.0013 where it has 375 pixels",
)


@dataclass(frozen=True)
class Options:
    """What the command was given: file names and text as typed, empty or None where not given."""

    curve: Sequence[str] = ()
    at_risk: Sequence[str] = ()
    marks: Sequence[str] = ()
    landmarks: Sequence[str] = ()
    patients: Sequence[str] = ()
    events: Sequence[str] = ()
    median: Sequence[str] = ()
    hr: Sequence[str] = ()
    p: Sequence[str] = ()
    stratified: bool | None = None
    comparison: str | None = None
    axis_error: str | None = None
    survival_shift: str | None = None
    time_unit: str | None = None
    incidence: bool = False


@dataclass
class _Given:
    """What was given of each arm, by the name written, and where the name was written."""

    curve: dict[str, list[Row]] = field(default_factory=dict)
    at_risk: dict[str, list[Row]] = field(default_factory=dict)
    marks: dict[str, list[float]] = field(default_factory=dict)
    landmarks: dict[str, list[Landmark]] = field(default_factory=dict)
    patients: dict[str, list[float | None]] = field(default_factory=dict)
    events: dict[str, list[float | None]] = field(default_factory=dict)
    median: dict[str, list[float | None]] = field(default_factory=dict)

    def tables(self) -> dict[str, dict[str, Any]]:
        """Each input by its option."""
        return {
            "--curve": self.curve, "--at-risk": self.at_risk, "--marks": self.marks,
            "--landmarks": self.landmarks, "--n": self.patients, "--events": self.events,
            "--median": self.median,
        }  # fmt: skip


def read(options: Options) -> tuple[TrialInput, tuple[Flag, ...]]:
    """The trial that the options describe, and what was understood on the way.

    Raises
    ------
    InputError
        A file or an option that cannot be read, with file, line, field and value; arms that are
        named differently; time axes in different units; a curve that rises.
    """
    problems: list[Problem] = []
    given = _Given()
    for source in options.curve:
        _gather(given.curve, source, "survival", problems)
    for source in options.at_risk:
        _gather(given.at_risk, source, "n", problems)
    _read_marks(given, options.marks, problems)
    _read_landmarks(given, options.landmarks, problems)
    given.patients = _arms(options.patients, "--n", 1, problems)
    given.events = _arms(options.events, "--events", 1, problems)
    given.median = _arms(options.median, "--median", 3, problems)
    axis_error = _up_to(options.axis_error, "--axis-error", np.inf, PIXELS, problems)
    shift = _up_to(options.survival_shift, "--survival-shift", MOST_SHIFT, SHIFT, problems)
    units = _units(options.time_unit, problems)
    if problems:
        raise InputError(problems)
    _only_arm(given, options, problems)
    flags = _joined(given, problems)
    _unmatched(given, problems)
    names = list(dict.fromkeys(name for each in given.tables().values() for name in each))
    contrasts = _contrasts(options, names, problems)
    if problems:
        raise InputError(problems)
    if not names:
        raise InputError(
            Problem(OPTIONS, "--curve", None, "nothing to reconstruct from",
                    "Give --curve, or --at-risk with --events")
        )  # fmt: skip
    _check_values(given, options, problems)
    if not units and not problems:
        _check_units(given, problems)
    if problems:
        raise InputError(problems)
    arms = tuple(_arm(name, given, units, options.incidence) for name in names)
    problems += [
        Problem(given.at_risk[flag.arm][0].file, f"at risk, {flag.arm}", None,
                f"there is no number at time 0, and at least {flag.size:g} patients started",
                f'Give --n "{flag.arm}=NUMBER" as published, or add it to the table')
        for flag in tidy(TrialInput(arms))[1] if flag.code == "n-unknown"
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    if units:
        said = ", ".join(f"{name} in {unit}" for name, unit in _units_named(options.time_unit))
        flags.append(Flag("time-converted", "", f"times were converted to months: {said}"))
    compared = _compared(options, names)
    return TrialInput(arms, contrasts, axis_error, shift, compared), tuple(flags)


def _named(source: str) -> tuple[str | None, Path]:
    """`NAME=FILE` as the name of the file's only arm and the file; the name may be left out."""
    if not Path(source).exists() and "=" in source:
        name, _, path = source.partition("=")
        return name.strip(), Path(path)
    return None, Path(source)


def _gather(found: dict[str, list[Row]], source: str, what: str, problems: list[Problem]) -> None:
    """Add the rows of a file by arm; a file of one arm is named by its option or as the file."""
    name, path = _named(source)
    try:
        rows = layouts.read(path, what)
    except InputError as error:
        problems += error.problems
        return
    arms = dict.fromkeys(row.arm for row in rows)
    if name is not None and len(arms) > 1:
        problems.append(
            Problem(str(path), "arm", ", ".join(arms), "has several arms, the option names one",
                    "Leave out the name before the file")
        )  # fmt: skip
        return
    if "" in arms and len(arms) > 1:
        line = next(row.line for row in rows if row.arm == "")
        problems.append(Problem(str(path), "arm", "", "the cell is empty", "Fill it in", line=line))
        return
    for row in rows:
        own = name or row.arm or path.stem
        found.setdefault(own, []).append(row)


def _read_marks(given: _Given, sources: Iterable[str], problems: list[Problem]) -> None:
    for source in sources:
        name, path = _named(source)
        try:
            frame = usertable.read(path, ["time"] if name else ["arm", "time"])
        except InputError as error:
            problems += error.problems
            continue
        times = usertable.numbers(frame, "time", problems)
        arms = [name] * len(frame) if name else list(frame["arm"])
        for arm, time in zip(arms, times, strict=True):
            given.marks.setdefault(str(arm), []).append(float(time))


def _read_landmarks(given: _Given, sources: Iterable[str], problems: list[Problem]) -> None:
    for source in sources:
        name, path = _named(source)
        wanted = ["time", "survival"] if name else ["arm", "time", "survival"]
        try:
            frame = usertable.read(path, wanted)
        except InputError as error:
            problems += error.problems
            continue
        columns = [
            usertable.numbers(frame, each, problems).tolist() if each in frame
            else [np.nan] * len(frame)
            for each in ("time", "survival", "lower", "upper")
        ]  # fmt: skip
        arms = [name] * len(frame) if name else list(frame["arm"])
        for arm, time, survival, *limits in zip(arms, *columns, strict=True):
            known = [None if np.isnan(limit) else limit for limit in limits]
            given.landmarks.setdefault(str(arm), []).append(Landmark(time, survival, *known))


def _only_arm(given: _Given, options: Options, problems: list[Problem]) -> None:
    """Curves and numbers at risk of one arm each, in files without its name, belong together."""
    if len(given.curve) == len(given.at_risk) == 1 and len(options.curve) == 1:
        (curve,), (counts,) = given.curve, given.at_risk
        unnamed = _named(options.at_risk[0])[0] is None and counts == Path(options.at_risk[0]).stem
        if unnamed and curve != counts and all(row.arm == "" for row in given.at_risk[counts]):
            given.at_risk = {curve: given.at_risk[counts]}


def _joined(given: _Given, problems: list[Problem]) -> list[Flag]:
    """Bring spellings that differ by case, blanks or hyphens to that of the first input."""
    first: dict[str, tuple[str, str]] = {}
    flags: dict[tuple[str, str], Flag] = {}
    for option, found in given.tables().items():
        for name in list(found):
            key = usertable.key(name)
            known, place = first.setdefault(key, (name, option))
            if known == name:
                continue
            if known in found:
                problems.append(
                    Problem(OPTIONS, option, f"{known!r}, {name!r}", "are two spellings of one arm",
                            "Write it in one way")
                )  # fmt: skip
                continue
            found[known] = found.pop(name)
            message = f"{name!r} of {option} is taken for {known!r} of {place}"
            flags[known, name] = Flag("arm-names-joined", known, message)
    return list(flags.values())


def _unmatched(given: _Given, problems: list[Problem]) -> None:
    """Refuse arms with a curve and nothing else beside arms with anything but a curve."""
    if not given.curve:
        return
    others = list(dict.fromkeys(
        name for option, found in given.tables().items() if option != "--curve" for name in found
    ))  # fmt: skip
    counted = {*given.at_risk, *given.patients}
    alone = [name for name in given.curve if name not in counted]
    without = [name for name in others if name not in given.curve]
    tables = [name for name in without if name in counted]
    numbers = [name for name in without if name not in tables]
    if (alone and tables) or numbers:
        near = [
            f"{name!r} for {match[0]!r}"
            for name in alone or numbers
            if (match := difflib.get_close_matches(name, tables or list(given.curve), 1, 0.5))
        ]
        asked = f"Did you write {', '.join(near)}? " if near else ""
        problems.append(
            Problem(OPTIONS, "arms", ", ".join(map(repr, given.curve)),
                    "are the arms with curves; other inputs name "
                    + ", ".join(map(repr, without)),
                    f"{asked}Name each arm in the same way everywhere")
        )  # fmt: skip


def _check_values(given: _Given, options: Options, problems: list[Problem]) -> None:
    for name, rows in given.curve.items():
        if len(rows) < LEAST_POINTS:
            problems.append(
                Problem(rows[0].file, f"curve of {name}", rows[0].value,
                        "one point does not make a curve",
                        "Give more points, or survival at stated times as --landmarks",
                        line=rows[0].line)
            )  # fmt: skip
        elif not options.incidence and _rises(rows):
            problems.append(
                Problem(rows[0].file, f"curve of {name}", rows[0].value,
                        "the curve rises from near 0, as a cumulative incidence does",
                        "Give --incidence, or survival", line=rows[0].line)
            )  # fmt: skip
        scale = 100 if per_cent(np.array([row.value for row in rows])) else 1
        problems += [
            Problem(row.file, f"curve of {name}", row.value,
                    f"is far outside 0 to {scale}, where survival lies", "Correct it, or leave the "
                    "point out", line=row.line)
            for row in rows if not -0.1 <= row.value / scale <= 1.1
        ]  # fmt: skip
    problems += [
        Problem(row.file, "time", row.time, "is not a time of follow-up", "Correct it",
                line=row.line)
        for each in (given.curve, given.at_risk) for rows in each.values() for row in rows
        if abs(row.time) > LATEST
    ]  # fmt: skip
    for name, rows in given.at_risk.items():
        for row in rows:
            wrong = _no_count(row.value)
            if wrong:
                problems.append(
                    Problem(row.file, f"at risk, {name}", row.value, wrong,
                            "Correct it, or leave the cell empty", line=row.line)
                )  # fmt: skip
    for option, found in (("--n", given.patients), ("--events", given.events)):
        for name, (value,) in found.items():
            wrong = None if value is None else _no_count(value)
            if wrong:
                problems.append(
                    Problem(OPTIONS, option, f"{name}={value:g}", wrong,
                            f"Write a whole number up to {MOST_PATIENTS}")
                )  # fmt: skip


def _no_count(value: float) -> str | None:
    """Why a number is no number of patients."""
    if value < 0:
        return "a number of patients is not negative"
    if value % 1:
        return "a number of patients is whole"
    if value > MOST_PATIENTS:
        return f"more than {MOST_PATIENTS} patients of an arm are not reconstructed"
    return None


def _rises(rows: list[Row]) -> bool:
    """Whether a curve starts near its lowest value and mostly goes up."""
    values = np.array([row.value for row in sorted(rows, key=lambda row: row.time)])
    steps = np.diff(values)
    span = values.max() - values.min()
    starts = values[0] <= values.min() + 0.2 * span and values[0] < 0.5 * values.max()
    return bool(span > 0 and starts and (steps > 0).sum() > 2 * (steps < 0).sum())


def _check_units(given: _Given, problems: list[Problem]) -> None:
    """Refuse time axes that end far apart, as those in months and years do.

    Numbers at risk that go on long after the curve may be right, where it was digitised in part:
    then survival is above the share at risk.
    """
    if not given.curve or not given.at_risk:
        return
    curve = max(row.time for rows in given.curve.values() for row in rows)
    counted = [row for rows in given.at_risk.values() for row in rows if row.value > 0]
    table = max((row.time for row in counted), default=0.0)
    if curve <= 0 or table <= 0 or 1 / APART < curve / table < APART:
        return
    if table > curve and not any(_crosses(given, name) for name in given.curve):
        return

    def off(pair: tuple[str, str]) -> float:
        return abs(float(np.log(curve * UNITS[pair[0]] / (table * UNITS[pair[1]]))))

    pairs = [(first, second) for first in UNITS for second in UNITS if first != second]
    first, second = min(pairs, key=off)
    if off((first, second)) < np.log(ALIKE):
        problems.append(
            Problem(counted[0].file, "time", table,
                    f"the numbers at risk end at {table:g}, the curve at {curve:g}: they seem to "
                    f"be in {second} and {first}",
                    f"If so, give --time-unit curve={first},at-risk={second}; otherwise correct "
                    "the times")
        )  # fmt: skip


def _crosses(given: _Given, name: str) -> bool:
    """Whether the curve of an arm is far below the share at risk then or later."""
    curve = sorted((row.time, row.value) for row in given.curve[name])
    counts = sorted((row.time, row.value) for row in given.at_risk.get(name, ()))
    if not counts or counts[0][1] <= 0:
        return False
    scale = 100 if per_cent(np.array([value for _, value in curve])) else 1
    for time, count in counts:
        before = [value for own, value in curve if own < time]
        if before and count / counts[0][1] > before[-1] / scale + CROSSED:
            return True
    return False


def _units_named(text: str | None) -> list[tuple[str, str]]:
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    pairs = [part.partition("=") for part in parts]
    return [(name.strip() if sign else "all times", (unit if sign else name).strip().lower())
            for name, sign, unit in pairs]  # fmt: skip


def _units(text: str | None, problems: list[Problem]) -> dict[str, float]:
    """Months in the unit of each input; empty where no unit was given."""
    found: dict[str, float] = {}
    for name, unit in _units_named(text):
        if unit not in UNITS or name not in (*TIMED, "all times"):
            problems.append(
                Problem(OPTIONS, "--time-unit", text, "is not a unit of time",
                        f"Write one of {', '.join(UNITS)}, or curve=years,at-risk=months "
                        f"({', '.join(TIMED)})")
            )  # fmt: skip
            return {}
        found.update(dict.fromkeys(TIMED if name == "all times" else (name,), UNITS[unit]))
    lacking = [name for name in TIMED if name not in found]
    if found and lacking:
        found.update(dict.fromkeys(lacking, 1.0))
    return found


def _arms(
    texts: Sequence[str], option: str, most: int, problems: list[Problem]
) -> dict[str, list[float | None]]:
    """`a=1:2:3,b=4` as numbers by arm, each arm with `most` of them (an empty one is None).

    A comma before the next `=` may belong to a name: `Arm A, low=5,b=3`; such a name may stand in
    quotation marks, as the options of other commands want it.
    """
    found: dict[str, list[float | None]] = {}
    for text in texts:
        rest = text.strip().strip(",")
        while rest:
            match = re.match(r"\s*([^=]+?)\s*=\s*([^,=]*)(?:,|$)", rest)
            numbers = None if match is None else _numbers(match[2], most)
            if match is None or numbers is None:
                form = ":".join(["ESTIMATE", "LOWER", "UPPER"][:most]) if most > 1 else "NUMBER"
                problems.append(
                    Problem(OPTIONS, option, rest, "cannot be read",
                            f"Write arm={form}, and a comma between arms")
                )  # fmt: skip
                break
            name = match[1].strip('"')
            if name in found:
                problems.append(Problem(OPTIONS, option, name, "the arm appears twice",
                                        "Write each arm once"))  # fmt: skip
            found[name] = numbers
            rest = rest[match.end() :]
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


def _up_to(
    text: str | None, option: str, most: float, said: tuple[str, str], problems: list[Problem]
) -> float:
    """A number from 0 to less than `most`; 0 where it was not given."""
    if text is None:
        return 0.0
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < most:
        problems.append(Problem(OPTIONS, option, text, *said))
    return found


def _pair(text: str, between: str, names: list[str]) -> tuple[str, str] | None:
    """Two arms with a sign between them, which may be part of a name, too."""
    for match in re.finditer(re.escape(between), text):
        parts = text[: match.start()].strip(), text[match.end() :].strip()
        known = [next((name for name in names if usertable.key(name) == usertable.key(part)), None)
                 for part in parts]  # fmt: skip
        if known[0] and known[1] and known[0] != known[1]:
            return known[0], known[1]
    return None


def _compared(options: Options, names: list[str]) -> tuple[str, str] | None:
    return None if options.comparison is None else _pair(options.comparison, ":", names)


def _contrasts(options: Options, names: list[str], problems: list[Problem]) -> tuple[Contrast, ...]:
    """The published contrasts; that of `--comparison` first, and in its direction."""
    ratios = _arms(options.hr, "--hr", 3, problems)
    p_values = _arms(options.p, "--p", 1, problems)
    wanted = _compared(options, names)
    if options.comparison is not None and wanted is None:
        problems.append(
            Problem(OPTIONS, "--comparison", options.comparison, "does not name two arms",
                    f"Write arm:comparator of {', '.join(names)}")
        )  # fmt: skip
    contrasts = []
    for text in {**ratios, **p_values}:
        arms = _pair(text, "/", names)
        if arms is None:
            option = "--hr" if text in ratios else "--p"
            problems.append(
                Problem(OPTIONS, option, text, "does not name two arms",
                        f"Write arm/comparator of {', '.join(names)}")
            )  # fmt: skip
            continue
        hr, lower, upper = ratios.get(text, [None] * 3)
        p = p_values.get(text, [None])[0]
        if wanted is not None and arms == wanted[::-1]:
            arms = wanted
            hr, lower, upper = (None if not x else 1 / x for x in (hr, upper, lower))
        contrasts.append(Contrast(*arms, hr, lower, upper, 0.95, p, options.stratified))
    return tuple(sorted(contrasts, key=lambda each: (each.arm, each.comparator) != wanted))


def _arm(name: str, given: _Given, units: dict[str, float], incidence: bool) -> ArmInput:
    months = {each: units.get(each, 1.0) for each in TIMED}
    curve = counts = marks = None
    if rows := given.curve.get(name):
        time = np.array([row.time for row in rows]) * months["curve"]
        survival = np.array([row.value for row in rows])
        curve = (time, 1 - survival / _whole_of(given) if incidence else survival)
    if rows := given.at_risk.get(name):
        time = np.array([row.time for row in rows]) * months["at-risk"]
        counts = (time, np.array([row.value for row in rows]).astype(np.int64))
    if name in given.marks:
        marks = np.array(given.marks[name]) * months["marks"]
    estimate, lower, upper = (None if each is None else each * months["median"]
                              for each in given.median.get(name, [None] * 3))  # fmt: skip
    landmarks = tuple(
        Landmark(mark.time * months["landmarks"], mark.survival, mark.lower, mark.upper)
        for mark in given.landmarks.get(name, ())
    )
    return ArmInput(
        name, n=_whole(given.patients.get(name)), curve=curve, at_risk=counts,
        events=_whole(given.events.get(name)), marks=marks,
        median=None if name not in given.median else Interval(estimate, lower, upper),
        landmarks=landmarks,
    )  # fmt: skip


def _whole_of(given: _Given) -> float:
    """100 where a curve is in per cent, and with it all of them, also one below 1.5."""
    curves = [np.array([row.value for row in rows]) for rows in given.curve.values()]
    return 100.0 if any(map(per_cent, curves)) else 1.0


def _whole(values: list[float | None] | None) -> int | None:
    return None if values is None or values[0] is None else round(values[0])
