"""Individual patient data of a network, one or more reconstructions of it, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.data import apart, frames

COLUMNS = ("study", "treatment", "time", "event")
OPTIONAL = ("entry", "draw")
ODD_TIMES = 5  # times, between the longest follow-ups of a study's arms
ODD_ORDER = 0.75  # probability that an event is later than a censored time
FEW = 10  # events, or censored patients, of an arm that tell nothing of that


@dataclass(frozen=True)
class Records:
    """The patients of one reconstruction; `arm` numbers the arms of `Patients`.

    A patient is under observation from `entry` to `time`: 0 is the start of follow-up.
    """

    arm: np.ndarray
    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray

    def of(self, *arms: int) -> tuple[np.ndarray, np.ndarray]:
        """Times and events of the patients in some arms."""
        mine = np.isin(self.arm, arms)
        return self.time[mine], self.event[mine]

    def entries(self, *arms: int) -> np.ndarray:
        """When the patients in some arms came under observation, in the order of `of`."""
        return self.entry[np.isin(self.arm, arms)]


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
        return [pair for number, pair in enumerate(self.arms) if not self.best.of(number)[1].any()]

    @property
    def late(self) -> bool:
        """Whether anybody came under observation after time 0 (left truncation)."""
        return any(records.entry.any() for records in [self.best, *self.draws])

    def upper(self, study: str) -> float:
        """Longest follow-up of a study, over all reconstructions."""
        arms = self.arms_of(study)
        return max(float(records.of(*arms)[0].max()) for records in [self.best, *self.draws])


def read(frame: pd.DataFrame) -> pd.DataFrame:
    """Patients from columns study, treatment, time, event and, if there are any, entry and draw.

    A study of one arm is a population: it informs no effect. A study with one draw (real patients,
    say) is the same in every draw of the others.

    Raises
    ------
    InputError
        Whatever is wrong with the rows, or studies without events, or whose arms differ between
        draws.
    """
    given = frames.prepared(frame, COLUMNS, OPTIONAL)
    frames.stop(apart.of_several_outcomes(given))
    problems: list[Problem] = []
    time, event = (frames.numbers(given, name, problems) for name in ("time", "event"))
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
        ("time", ~np.isfinite(time) | (time < 0), "is not a time", "Write a number from 0 up"),
        ("event", ~np.isin(event, [0, 1]), "is not 0 or 1", "Write 1 for an event, 0 for censored"),
        ("time", (time == 0) & (event == 1), "an event at time 0 has no likelihood",
         "Give it the smallest time that the data can tell from 0, or leave the patient out"),
        ("entry", ~(entry >= 0), "is not a time",
         "Write when the patient came under observation: 0 for the start of follow-up"),
        ("entry", (entry > 0) & (entry >= time), "is not before the patient's time",
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
        "draw": draw.astype(int),
    })  # fmt: skip
    pairs = sorted(set(zip(found["study"], found["treatment"], strict=True)))
    frames.stop(_study_problems(found, pairs, str(given.attrs["file"])))
    return found


def cautions(patients: Patients) -> list[str]:
    """What looks odd in the times: another unit, events and censoring exchanged."""
    found, later = _other_units(patients), []
    for study in patients.studies:
        longest = {
            patients.arms[number][1]: float(patients.best.of(number)[0].max())
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
        time, event = patients.best.of(number)
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
    times = {study: patients.best.of(*patients.arms_of(study)) for study in patients.studies}
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


def _records(rows: pd.DataFrame, pairs: list[tuple[str, str]]) -> Records:
    number = {pair: arm for arm, pair in enumerate(pairs)}
    arm = np.array([number[pair] for pair in zip(rows["study"], rows["treatment"], strict=True)])
    time, event = rows["time"].to_numpy(float), rows["event"].to_numpy(int)
    entry = rows["entry"].to_numpy(float)
    order = np.lexsort([entry, event, time, arm])
    return Records(arm[order], time[order], event[order], entry[order])


def _study_problems(frame: pd.DataFrame, pairs: list[tuple[str, str]], file: str) -> list[Problem]:
    problems = []
    for study in dict.fromkeys(study for study, _ in pairs):
        arms = {treatment for name, treatment in pairs if name == study}
        for draw, rows in frame[frame["study"] == study].groupby("draw"):
            if set(rows["treatment"]) != arms:
                problems.append(
                    Problem(file, "draw", draw, f"{study} lacks an arm in this draw",
                            f"Give every draw all of {', '.join(sorted(arms))}")
                )  # fmt: skip
            if not rows["event"].sum():
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
