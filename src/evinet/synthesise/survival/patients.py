"""Individual patient data of a network, one or more reconstructions of it, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem

COLUMNS = ("study", "treatment", "time", "event")


@dataclass(frozen=True)
class Records:
    """The patients of one reconstruction; `arm` numbers the arms of `Patients`."""

    arm: np.ndarray
    time: np.ndarray
    event: np.ndarray

    def of(self, *arms: int) -> tuple[np.ndarray, np.ndarray]:
        """Times and events of the patients in some arms."""
        mine = np.isin(self.arm, arms)
        return self.time[mine], self.event[mine]


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

    def upper(self, study: str) -> float:
        """Longest follow-up of a study, over all reconstructions."""
        arms = self.arms_of(study)
        return max(float(records.of(*arms)[0].max()) for records in [self.best, *self.draws])


def from_frame(frame: pd.DataFrame, reference: str | None = None, file: str = "ipd") -> Patients:
    """Patients from columns study, treatment, time, event and, if there are several, draw.

    A study's baseline arm has the treatment `reference`, else the first in alphabetical order. A
    study of one arm is a population: it informs no effect. A study with one draw (real patients,
    say) is the same in every draw of the others.

    Raises
    ------
    InputError
        Whatever is wrong with the rows, or studies without events, or whose arms differ between
        draws.
    """
    problems = _row_problems(frame, file)
    if problems:
        raise InputError(problems)
    frame = frame.assign(study=frame["study"].astype(str), treatment=frame["treatment"].astype(str))
    pairs = sorted(
        set(zip(frame["study"], frame["treatment"], strict=True)),
        key=lambda pair: (pair[0], pair[1] != reference, pair[1]),
    )
    numbers = frame["draw"].astype(int) if "draw" in frame else pd.Series(0, frame.index)
    problems = _study_problems(frame.assign(draw=numbers), pairs, file)
    if problems:
        raise InputError(problems)
    once = frame["study"].map(numbers.groupby(frame["study"]).nunique()) == 1
    every = sorted(set(numbers[~once])) or [numbers.iloc[0]]
    records = {number: _records(frame[once | (numbers == number)], pairs) for number in every}
    kept = [number for number in every if number != 0] or [every[0]]
    return Patients(pairs, [records[number] for number in kept], records[every[0]])


def _records(rows: pd.DataFrame, pairs: list[tuple[str, str]]) -> Records:
    number = {pair: arm for arm, pair in enumerate(pairs)}
    arm = np.array([number[pair] for pair in zip(rows["study"], rows["treatment"], strict=True)])
    time, event = rows["time"].to_numpy(float), rows["event"].to_numpy(int)
    order = np.lexsort([event, time, arm])
    return Records(arm[order], time[order], event[order])


def _row_problems(frame: pd.DataFrame, file: str) -> list[Problem]:
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        return [Problem(file, name, None, "the column is missing", f"Add {name}")
                for name in missing]  # fmt: skip
    if frame.empty:
        return [Problem(file, "study", None, "there are no patients", "Add rows")]
    time = pd.to_numeric(frame["time"], errors="coerce")
    event = pd.to_numeric(frame["event"], errors="coerce")
    tests = [
        ("study", frame["study"].isna(), "the cell is empty", "Fill it in"),
        ("treatment", frame["treatment"].isna(), "the cell is empty", "Fill it in"),
        ("time", ~np.isfinite(time) | (time < 0), "is no time", "Write a number from 0 up"),
        ("event", ~event.isin([0, 1]), "is not 0 or 1", "Write 1 for an event, 0 for censored"),
        ("time", (time == 0) & (event == 1), "an event at time 0 has no likelihood",
         "Give it the smallest time that the data can tell from 0, or leave the patient out"),
    ]  # fmt: skip
    if "draw" in frame:
        draw = pd.to_numeric(frame["draw"], errors="coerce")
        tests.append(("draw", ~((draw >= 0) & (draw % 1 == 0)), "is no draw", "Write 0, 1, 2, ..."))
    return [
        Problem(file, name, frame[name].tolist()[row], message, remedy, line=int(row) + 2)
        for name, wrong, message, remedy in tests
        for row in np.flatnonzero(wrong.to_numpy())
    ]


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
