"""Individual patient data of a network, one or more reconstructions of it, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import apart, causes, frames, vocabulary

COLUMNS = ("study", "treatment", "time", "event")
OPTIONAL = ("entry", "draw")
BOUNDS = (
    ("lower", "upper"), ("left", "right"), ("l", "r"), ("l", "u"), ("lower_bound", "upper_bound"),
    ("time", "time2"),
)  # fmt: skip
"""Columns that tell between which two times an event happened, in place of time and event."""
STATUS = re.compile(r"(is|was)?(status|stat|cens|censor(ed|ing)?|cnsr|delta|dead|death|died|fail"
                    r"(ed|ure)?|events?|indicator)(ind(icator)?)?")  # fmt: skip
"""Columns, but event, that tell whether an event was seen, as `vocabulary.key` has them."""
ENDLESS = tuple(re.compile(rf"\s*{sign}(inf(inity)?|∞)\s*", re.I) for sign in ("-", r"\+?"))
"""Cells of the two that are as good as empty ones."""
ONE_EVENT = "Write 1 for an event, 0 for censored; of competing causes name one by --cause"
ODD_TIMES = 5  # times, between the longest follow-ups of a study's arms
ODD_ORDER = 0.75  # probability that an event is later than a censored time
FEW = 10  # events, or censored patients, of an arm that tell nothing of that


@dataclass(frozen=True)
class Records:
    """The patients of one reconstruction; `arm` numbers the arms of `Patients`.

    A patient is under observation from `entry` to `time`: 0 is the start of follow-up. Where the
    event happened after `time` and by `latest` (interval censoring), `event` is 0; elsewhere
    `latest` is infinite.
    """

    arm: np.ndarray
    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray
    latest: np.ndarray

    def of(self, *arms: int) -> tuple[np.ndarray, np.ndarray]:
        """Times and events of the patients in some arms."""
        mine = np.isin(self.arm, arms)
        return self.time[mine], self.event[mine]

    def entries(self, *arms: int) -> np.ndarray:
        """When the patients in some arms came under observation, in the order of `of`."""
        return self.entry[np.isin(self.arm, arms)]

    def ends(self, *arms: int) -> np.ndarray:
        """By when the events within intervals had happened, else infinite, in the order of `of`."""
        return self.latest[np.isin(self.arm, arms)]

    @property
    def within(self) -> np.ndarray:
        """Whose event is known to have happened in an interval."""
        return np.isfinite(self.latest)

    @cached_property
    def rough(self) -> Records:
        """With events in the middle of their intervals: for knots, starts and cautions alone.

        No likelihood rests on it. Without intervals these are the records themselves.
        """
        within = self.within
        if not within.any():
            return self
        middle = (self.time[within] + self.latest[within]) / 2
        time, event = self.time.copy(), self.event.copy()
        time[within], event[within] = middle, 1
        return replace(self, time=time, event=event, latest=np.full(len(time), np.inf))


@dataclass(frozen=True)
class Patients:
    """Patients of a network's trials.

    `arms` lists (study, treatment), a study's arms together and its baseline arm first. `draws`
    holds the reconstructions of them: those numbered 1, 2, ..., or draw 0 when there is no other;
    `best` is draw 0 when there is one, and decides where knots are.
    """

    arms: list[tuple[str, str]]
    draws: list[Records]
    best: Records

    @property
    def studies(self) -> list[str]:
        """Studies in the order of their arms."""
        return list(dict.fromkeys(study for study, _ in self.arms))

    @property
    def study_of_arm(self) -> np.ndarray:
        """Number of each arm's study."""
        studies = self.studies
        return np.array([studies.index(study) for study, _ in self.arms])

    @property
    def incidence(self) -> np.ndarray:
        """1 where an arm belongs to a study, shape (studies, arms)."""
        return (np.arange(len(self.studies))[:, None] == self.study_of_arm).astype(float)

    def arms_of(self, study: str) -> list[int]:
        """Numbers of a study's arms."""
        return [number for number, (name, _) in enumerate(self.arms) if name == study]

    def baseline(self, study: str) -> str:
        """Treatment of a study's baseline arm."""
        return self.arms[self.arms_of(study)[0]][1]

    @property
    def single(self) -> list[str]:
        """Studies of one arm: populations, which inform no effect."""
        return [study for study in self.studies if len(self.arms_of(study)) == 1]

    @property
    def without_events(self) -> list[tuple[str, str]]:
        """Arms in which nobody has an event: data give their effects one limit, not two."""
        best = self.best.rough
        return [pair for number, pair in enumerate(self.arms) if not best.of(number)[1].any()]

    @property
    def late(self) -> bool:
        """Whether anybody came under observation after time 0 (left truncation)."""
        return any(records.entry.any() for records in self.every)

    @property
    def every(self) -> list[Records]:
        """The best reconstruction, and those that are fitted."""
        return [self.best, *self.draws]

    @property
    def intervals(self) -> list[str]:
        """Studies with patients whose event is known to have happened in an interval."""
        arms = {int(arm) for records in self.every for arm in records.arm[records.within]}
        return [name for name in self.studies if arms & set(self.arms_of(name))]

    def upper(self, study: str) -> float:
        """Longest follow-up of a study, over all reconstructions."""
        arms, found = self.arms_of(study), []
        for records in self.every:
            ends = records.ends(*arms)
            found += [records.of(*arms)[0].max(), ends[np.isfinite(ends)].max(initial=0.0)]
        return float(max(found))


def read(frame: pd.DataFrame) -> pd.DataFrame:
    """Patients from columns study, treatment, time, event and, if there are any, entry and draw.

    In place of time and event there may be two columns of `BOUNDS`, as in R's
    ``Surv(lower, upper, type = "interval2")``: the event happened after lower and by upper. Equal
    ones are its time; an empty or infinite upper is right censoring, an empty lower or 0 left
    censoring. An event column beside them must agree: 0 not seen, 1 seen, 2 left censored, 3 in an
    interval. With time and time2 an event column is that of ``type = "interval"``: time2 is of
    intervals (3) alone, and else empty or time again.

    Returns
    -------
    frame
        study, treatment, time, event, entry, draw and latest (see `Records`).

    A study of one arm is a population: it informs no effect. A study with one draw (real patients,
    say) is the same in every draw of the others.

    Raises
    ------
    InputError
        Whatever is wrong with the rows, or studies without events, or whose arms differ between
        draws.

    Examples
    --------
    >>> read(pd.DataFrame({
    ...     "study": "S", "treatment": ["A", "A", "B", "B"], "lower": [0, 2, 3, 4],
    ...     "upper": [1, 2, 5, np.inf],
    ... }))[["time", "event", "latest"]].to_numpy().tolist()
    [[0.0, 0.0, 1.0], [2.0, 1.0, inf], [3.0, 0.0, 5.0], [4.0, 0.0, inf]]
    """
    pair = bounds(frame)
    required = COLUMNS if pair is None else ("study", "treatment", *pair)
    given = frames.prepared(frame, required, OPTIONAL)
    frames.stop(apart.of_several_outcomes(given))
    problems: list[Problem] = []
    words = causes.known(given)
    if pair is None and words and not any(np.isfinite(usertable.number(each)) for each in words):
        raise InputError(
            Problem(str(given.attrs["file"]), "event", ", ".join(words), "are words", ONE_EVENT)
        )
    if pair is None:
        first = "time"
        time, event = (frames.numbers(given, name, problems) for name in ("time", "event"))
        latest = np.full(len(given), np.inf)
    else:
        first = pair[0]
        time, event, latest = _between(given, pair, problems)
    spelt = usertable.written(given, first)
    free = (event == 0) & (pair is not None)  # who may not have been seen again after the entry
    entry, draw = (
        frames.numbers(given, name, problems) if name in given else np.zeros(len(given))
        for name in OPTIONAL
    )
    frames.stop(problems)
    if set(event[np.isfinite(event)]) == {1, 2}:
        raise InputError(
            Problem(str(given.attrs["file"]), "event", "1 and 2", "does not tell which is an event",
                    "Write 1 for an event, 0 for censored")
        )  # fmt: skip
    tests = [
        (first, ~np.isfinite(time) | (time < 0), "is not a time", "Write a number from 0 up"),
        ("event", ~np.isin(event, [0, 1]), "is not 0 or 1", ONE_EVENT),
        (first, (time == 0) & (event == 1), "an event at time 0 has no likelihood",
         "Give it the smallest time that the data can tell from 0, or leave the patient out"),
        ("entry", ~(entry >= 0), "is not a time",
         "Write when the patient came under observation: 0 for the start of follow-up"),
        ("entry", free & (entry > np.maximum(time, 0)), f"is after {spelt}, but who came under "
         "observation was free of the event until then", f"Write {spelt} as the entry, or later"),
        ("entry", ~free & (entry > 0) & (entry >= time), "is not before the patient's time",
         "Both are counted from the start of follow-up, in one unit: leave out patients whose time "
         "had passed when they entered"),
        ("draw", ~((draw >= 0) & (draw % 1 == 0)), "is not the number of a draw",
         "Write 0, 1, 2, ..."),
    ]  # fmt: skip
    frames.stop([
        frames.problem(given, int(row), name, message, remedy)
        for name, wrong, message, remedy in tests
        for row in np.flatnonzero(wrong)
    ])  # fmt: skip
    found = pd.DataFrame({
        "study": given["study"].to_numpy(), "treatment": given["treatment"].to_numpy(),
        "time": time, "event": event.astype(int), "entry": entry,
        "draw": draw.astype(int), "latest": latest,
    })  # fmt: skip
    pairs = sorted(set(zip(found["study"], found["treatment"], strict=True)))
    frames.stop(_study_problems(found, pairs, str(given.attrs["file"])))
    return found


def bounds(frame: pd.DataFrame) -> tuple[str, str] | None:
    """The two columns that tell between which times events happened, or None.

    Raises
    ------
    InputError
        There are several such pairs, or lower and upper beside time.

    Examples
    --------
    >>> bounds(pd.DataFrame({"study": [], "treatment": [], "L": [], "R": []}))
    ('l', 'r')
    """
    names = {usertable.column(str(name)) for name in frame.columns}
    found = [pair for pair in BOUNDS if set(pair) <= names]
    if "time" in names and "time2" not in names:
        found = [pair for pair in found if pair == BOUNDS[0]]
        found += [("time", "event")] if found else []
    if len(found) > 1:
        raise InputError(
            Problem(str(frame.attrs.get("file", frames.FRAME)),
                    " and ".join(", ".join(pair) for pair in found), "(columns)",
                    "each tell when events happened", "Keep one of them, and remove the others")
        )  # fmt: skip
    return found[0] if found else None


def exact(frame: pd.DataFrame) -> None:
    """Refuse survival by events between two times, where an analysis takes exact ones alone.

    Raises
    ------
    InputError
        The table has two columns of `BOUNDS`, and no other outcome than survival.
    """
    others = {"r", "y"} & {usertable.column(str(name)) for name in frame.columns}
    pair = None if others else bounds(frame)
    if pair is not None:
        raise InputError(
            Problem(str(frame.attrs.get("file", frames.FRAME)), ", ".join(pair), "(columns)",
                    "hold events between two times, which are modelled only of the patients of "
                    "evinet nma --ipd, without --regression", "Analyse them so")
        )  # fmt: skip


def _between(
    given: pd.DataFrame, pair: tuple[str, str], problems: list[Problem]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, event and latest of patients whose event happened between two times."""
    spelt = tuple(usertable.written(given, name) for name in pair)
    status = [usertable.written(given, name) for name in map(str, given.columns)
              if name != "event" and STATUS.fullmatch(vocabulary.key(name))]  # fmt: skip
    if status:
        raise InputError(
            Problem(str(given.attrs["file"]), ", ".join(status), "(column)",
                    f"tells of events beside {spelt[0]} and {spelt[1]}, and it is not clear how",
                    "Name it event if it is 0 (not seen), 1 (seen), 2 (left censored) or 3 (in an "
                    f"interval); if {spelt[0]} and {spelt[1]} are start and stop of observation, "
                    "name them entry and time, and this one event; else remove it")
        )  # fmt: skip
    low, high = (
        frames.numbers(given.assign(**{name: _finite(given[name], endless)}), name, problems)
        for name, endless in zip(pair, ENDLESS, strict=True)
    )
    told = frames.numbers(given, "event", problems)
    frames.stop(problems)
    of_r = pair == ("time", "time2") and not np.isnan(told).all()
    if of_r:  # R's type "interval": time2 is of intervals alone, and else empty or time again
        alone = np.isnan(high) | (high == low)
        high = np.where(alone, np.select([told == 0, told == 3], [np.inf, np.nan], low), high)
        low = np.where(alone & (told == 2), 0.0, low)
    none = np.isnan(low) & np.isnan(high)
    low, high = np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), np.inf, high)
    seen, exact = np.isfinite(high), low == high
    agrees = np.select(
        [np.isnan(told), told == 0, told == 1, told == 2, told == 3],
        [True, ~seen, exact if of_r else seen, seen & (low == 0), seen & ~exact], False,
    )  # fmt: skip
    tests = [
        (pair[0], none, f"is empty, and so is {spelt[1]}",
         f"Write until when the patient was free of the event: {spelt[1]} alone is empty"),
        (pair[1], high < low, f"is before {spelt[0]}",
         "Write by when the event had happened; leave it empty if it was not seen"),
        ("event", ~agrees, f"contradicts {spelt[0]} and {spelt[1]}",
         f"0: {spelt[1]} is empty; 1: it is {'empty or the same' if of_r else 'not'}; 2: "
         f"{'so it is here' if of_r else f'{spelt[0]} is 0'}; 3: {spelt[0]} is below {spelt[1]}. "
         "If they are start and stop of observation, name them entry and time"),
    ]  # fmt: skip
    problems += [
        frames.problem(given, int(row), name, message, remedy)
        for name, wrong, message, remedy in tests
        for row in np.flatnonzero(wrong & ~none if name == "event" else wrong)
    ]
    frames.stop(problems)
    return low, exact.astype(float), np.where(exact, np.inf, high)


def _finite(cells: pd.Series[Any], endless: re.Pattern[str]) -> pd.Series[Any]:
    return cells.mask(cells.astype(str).str.fullmatch(endless))


def cautions(patients: Patients) -> list[str]:
    """What looks odd in the times: another unit, events and censoring exchanged."""
    best = patients.best.rough
    found, later = _other_units(patients), []
    for study in patients.studies:
        longest = {
            patients.arms[number][1]: float(best.of(number)[0].max())
            for number in patients.arms_of(study)
        }  # fmt: skip
        short, long = min(longest, key=longest.__getitem__), max(longest, key=longest.__getitem__)
        if longest[long] > ODD_TIMES * longest[short]:
            found.append(f"{study}: the longest time of {long} is {longest[long]:.4g}, that of "
                         f"{short} {longest[short]:.4g}: are they in one unit?")  # fmt: skip
        first = float(patients.best.entries(*patients.arms_of(study)).min())
        if first > 0:
            found.append(f"{study}: nobody was under observation before {first:.4g}: hazards and "
                         "survival up to then rest on the model, not on data")  # fmt: skip
    for number in range(len(patients.arms)):
        time, event = best.of(number)
        if min(event.sum(), (event == 0).sum()) >= FEW:
            after = np.searchsorted(np.sort(time[event == 0]), time[event == 1])
            later.append(float(after.mean()) / float((event == 0).sum()))
    if later and min(later) > ODD_ORDER:
        found.append(
            "In every arm patients with an event were followed longer than those without: is event "
            "coded the other way round? 1 is an event, 0 censored"
        )
    return found


def _other_units(patients: Patients) -> list[str]:
    """Studies with all times so much longer than another's that they may be in another unit.

    The longest follow-up alone may differ that much, and so may the prognosis.
    """
    best = patients.best.rough
    times = {study: best.of(*patients.arms_of(study)) for study in patients.studies}
    longest = {study: float(time.max()) for study, (time, _) in times.items()}
    usual = {study: float(np.median(time)) for study, (time, _) in times.items()}
    first = {study: float(np.median(time[event == 1])) for study, (time, event) in times.items()}
    low = min(usual, key=usual.__getitem__)
    odd = [
        study
        for study in patients.studies
        if all(each[study] > ODD_TIMES * each[low] for each in (longest, usual, first))
    ]
    pairs = [(study, low) for study in odd]
    if 2 * len(odd) > len(times) > 2:
        pairs = [(low, odd[0])]  # it is the one that differs
    return [
        f"{study}: the longest time is {longest[study]:.4g} and the median {usual[study]:.4g}, of "
        f"{other} {longest[other]:.4g} and {usual[other]:.4g}: are they in one unit?"
        for study, other in pairs
    ]  # fmt: skip


def build(people: pd.DataFrame, treatments: list[str]) -> Patients:
    """The patients of `read`, a study's arms in the order of `treatments`: its baseline first."""
    place = {name: number for number, name in enumerate(treatments)}
    pairs = sorted(
        set(zip(people["study"], people["treatment"], strict=True)),
        key=lambda pair: (pair[0], place[pair[1]]),
    )
    numbers = people["draw"]
    once = people["study"].map(numbers.groupby(people["study"]).nunique()) == 1
    every = sorted(set(numbers[~once])) or [int(numbers.iloc[0])]
    records = {number: _records(people[once | (numbers == number)], pairs) for number in every}
    kept = [number for number in every if number != 0] or [every[0]]
    return Patients(pairs, [records[number] for number in kept], records[every[0]])


def silent(people: pd.DataFrame) -> list[str]:
    """Studies without an event in any draw: they say nothing of a ratio of hazards."""
    seen = people["event"].astype(bool) | np.isfinite(people["latest"])
    of_study = seen.groupby(people["study"]).any()
    return [str(study) for study in of_study.index[~of_study]]


def _records(rows: pd.DataFrame, pairs: list[tuple[str, str]]) -> Records:
    number = {pair: arm for arm, pair in enumerate(pairs)}
    arm = np.array([number[pair] for pair in zip(rows["study"], rows["treatment"], strict=True)])
    time, event = rows["time"].to_numpy(float), rows["event"].to_numpy(int)
    entry = rows["entry"].to_numpy(float)
    latest = rows["latest"].to_numpy(float)
    order = np.lexsort([latest, entry, event, time, arm])
    return Records(arm[order], time[order], event[order], entry[order], latest[order])


def _study_problems(frame: pd.DataFrame, pairs: list[tuple[str, str]], file: str) -> list[Problem]:
    problems = []
    without = set(silent(frame))  # in every draw: a model sets them apart
    for study in dict.fromkeys(study for study, _ in pairs):
        arms = {treatment for name, treatment in pairs if name == study}
        for draw, rows in frame[frame["study"] == study].groupby("draw"):
            if set(rows["treatment"]) != arms:
                problems.append(
                    Problem(file, "draw", draw, f"{study} lacks an arm in this draw",
                            f"Give every draw all of {', '.join(sorted(arms))}")
                )  # fmt: skip
            if study not in without and not (
                rows["event"].any() or np.isfinite(rows["latest"]).any()
            ):
                problems.append(
                    Problem(file, "event", 0, f"{study} has no event in draw {draw}",
                            "Leave the study out")
                )  # fmt: skip
    numbers = set(frame["draw"][frame["study"].map(frame.groupby("study")["draw"].nunique()) > 1])
    for name, rows in frame.groupby("study"):
        lacking = sorted(numbers - set(rows["draw"]))
        if rows["draw"].nunique() > 1 and lacking:
            problems.append(
                Problem(file, "draw", ", ".join(map(str, lacking)),
                        f"{name} has no rows for these draws",
                        "Give it every draw of the others, or one for all")
            )  # fmt: skip
    return problems
