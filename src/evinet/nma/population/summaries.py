"""Covariates as publications print them: means, standard deviations, medians and shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.data import frames, vocabulary
from evinet.usertable import column

KINDS = ("mean", "sd", "median")
SMALL = 0.02  # shares of categories may add up to 1 less or more than this


@dataclass(frozen=True)
class Summary:
    """What is published of one covariate; NaN where it is not. A binary one has its share as mean.

    Attributes
    ----------
    mean, sd, median
        Of the population.
    binary
        Whether the covariate is 0 or 1.
    """

    mean: float
    sd: float = float("nan")
    median: float = float("nan")
    binary: bool = False

    @property
    def lacks_sd(self) -> bool:
        """Whether its standard deviation is not known: that of a share follows from the share."""
        return not (self.binary or np.isfinite(self.sd))


@dataclass(frozen=True)
class Row:
    """The covariates of one arm, or of one study (treatment empty), with its number of patients.

    `shares` are those of a covariate's categories.
    """

    study: str
    treatment: str
    n: float
    covariates: dict[str, Summary]
    shares: dict[str, dict[str, float]] = field(default_factory=dict)


def read(
    frame: pd.DataFrame,
    names: list[str],
    binary: set[str],
    levels: Mapping[str, list[str]] | None = None,
) -> list[Row]:
    """Published covariates from a table with one row for each arm, or one row for each study.

    Parameters
    ----------
    frame
        Columns study, treatment (empty or absent: the whole study), n, and for a covariate ``age``
        age_mean, age_sd and age_median as far as published; the share of a binary covariate
        ``male`` may stand in a column of its own name. Other columns are left alone.
    names
        The covariates that are needed.
    binary
        Those of them that are 0 or 1 in the patients.
    levels
        Further covariates with their categories: ``grade`` of G1 and G2 has the columns grade_g1
        and grade_g2, of shares that add up to 1.

    Raises
    ------
    InputError
        A covariate is in no column or in no row, an arm (or a study) has two rows, a share is not
        between 0 and 1, or a standard deviation is not above 0.
    """
    given = vocabulary.renamed(
        frames.prepared(frame, ("study",), names, ("treatment",)), ({"n": vocabulary.ARMS["n"]},)
    )
    arm = [name for name in ("study", "treatment") if name in given]
    frames.stop([
        frames.problem(given, int(row), arm[-1], "has another row of covariates",
                       "Give each arm one row with its treatment, or the study one row")
        for row in np.flatnonzero(given.duplicated(arm).to_numpy())
    ])  # fmt: skip
    problems: list[Problem] = []
    n = frames.numbers(given, "n", problems)
    columns = {
        name: {kind: frames.numbers(given, _written(given, name, kind), problems) for kind in KINDS}
        for name in names
    }
    frames.stop(problems)
    for name in names:
        problems += _wrong(given, name, columns[name], name in binary)
    shares = {name: _shares(given, name, each, problems)
              for name, each in (levels or {}).items()}  # fmt: skip
    frames.stop(problems)
    treatments = given["treatment"] if "treatment" in given else [""] * len(given)
    return [
        Row(study, treatment, float(n[row]), {
            name: Summary(
                float(columns[name]["mean"][row]), float(columns[name]["sd"][row]),
                float(columns[name]["median"][row]), name in binary,
            )
            for name in names
        }, {name: dict(zip((levels or {})[name], each[row].tolist(), strict=True))
            for name, each in shares.items()})
        for row, (study, treatment) in enumerate(zip(given["study"], treatments, strict=True))
    ]  # fmt: skip


def _shares(
    frame: pd.DataFrame, name: str, levels: list[str], problems: list[Problem]
) -> np.ndarray:
    """The shares of a covariate's categories, shape (rows, levels)."""
    columns = [column(f"{name}_{level}") for level in levels]
    lacking = [each for each in columns if each not in frame]
    if lacking:
        problems.append(
            Problem(str(frame.attrs["file"]), lacking[0], "(absent)", f"the share of patients in "
                    f"this category of {name} is missing", f"Add {', '.join(lacking)}, each a "
                    "share between 0 and 1")
        )  # fmt: skip
        return np.ones((len(frame), len(levels)))
    found = np.column_stack([frames.numbers(frame, each, problems) for each in columns])
    total = found.sum(axis=1)
    problems += [
        frames.problem(frame, int(row), columns[0], f"the shares of {name} add up to "
                       f"{total[row]:g}, not to 1", "Write a share between 0 and 1 of each")
        for row in np.flatnonzero(~(abs(total - 1) < SMALL) | (found < 0).any(axis=1))
    ]  # fmt: skip
    return np.asarray(found / total[:, None])


def left_out(frame: pd.DataFrame, levels: Mapping[str, list[str]]) -> list[str]:
    """Small published shares of categories that no patient has, in sentences.

    Larger ones are refused by `read`, as those of the patients' categories do not add up to 1.

    Examples
    --------
    >>> left_out(pd.DataFrame({"study": ["S"], "grade_g1": [0.99], "Grade G2": [0.01]}),
    ...          {"grade": ["G1"]})
    ['grade_g2: no patient is in this category of grade, and its share (0.01 in S) is left out']
    """
    given = vocabulary.renamed(vocabulary.written(frame), (vocabulary.LABELS,))
    lines = []
    for name, each in levels.items():
        known = {column(f"{name}_{level}") for level in each}
        for label in given:
            if not str(label).startswith(f"{name}_") or label in known:
                continue
            share = pd.to_numeric(given[label], errors="coerce").to_numpy(float)
            rows = np.flatnonzero((share > 0) & (share <= SMALL))
            if len(rows):
                place = int(rows[share[rows].argmax()])
                lines.append(
                    f"{label}: no patient is in this category of {name}, and its share "
                    f"({share[place]:g} in {given['study'].iloc[place]}) is left out"
                )
    return lines


def _written(frame: pd.DataFrame, name: str, kind: str) -> str:
    """The column of a summary: a mean may stand under the covariate's own name."""
    full = f"{name}_{kind}"
    return name if kind == "mean" and full not in frame else full


def _wrong(
    frame: pd.DataFrame, name: str, values: dict[str, np.ndarray], binary: bool
) -> list[Problem]:
    file = str(frame.attrs["file"])
    mean, sd, median = (values[kind] for kind in KINDS)
    if not np.isfinite(mean).any() and not np.isfinite(median).any():
        there = ", ".join(map(str, frame.columns))
        return [
            Problem(file, f"{name}_mean", "(absent)", f"nothing is published of {name}",
                    f"Add {name}_mean (or the share {name} of a binary one), or leave {name} "
                    f"out of the adjustment; there are {there}")
        ]  # fmt: skip
    own = _written(frame, name, "mean")
    tests = [(f"{name}_sd", np.isfinite(sd) & (sd <= 0), "is not above 0",
              "Write the standard deviation between patients, or leave it empty")]  # fmt: skip
    if binary:
        tests.append((own, (mean > 1) & (mean <= 100),
                      f"is a percentage, but {name} is 0 or 1 in the patients",
                      "Write a share between 0 and 1: 63 percent is 0.63"))  # fmt: skip
        tests.append((own, (mean < 0) | (mean > 100), "is not a share", "Write one from 0 to 1"))
    tests.append((own, ~np.isfinite(mean) & ~np.isfinite(median), "is missing",
                  "Write it, or leave the covariate out of the adjustment"))  # fmt: skip
    return [
        frames.problem(frame, int(row), field, message, remedy)
        for field, wrong, message, remedy in tests
        for row in np.flatnonzero(wrong)
    ]


def pooled(rows: list[Row], file: str) -> dict[str, Summary]:
    """The covariates of a whole study from those of its arms, weighted by their patients.

    The variance is that within arms and between their means. Medians of arms do not tell that of
    the study, unless they are equal.

    Raises
    ------
    InputError
        There are several rows, and one has no number of patients, or they have medians only.
    """
    whole = [row for row in rows if not row.treatment]
    rows = whole or rows
    if len(rows) == 1:
        return rows[0].covariates
    n = np.array([row.n for row in rows])
    if not (n > 0).all():
        raise InputError(
            Problem(file, "n", "(missing)", f"the arms of {rows[0].study} cannot be combined "
                    "without their numbers of patients", "Write n in every row")
        )  # fmt: skip
    share = n / n.sum()
    found = {}
    for name in rows[0].covariates:
        each = [row.covariates[name] for row in rows]
        means, sds = (np.array([getattr(one, kind) for one in each]) for kind in ("mean", "sd"))
        mean = float(share @ means)
        within = float((n - 1) @ sds**2 + n @ (means - mean) ** 2) / (n.sum() - 1)
        medians = {one.median for one in each}
        median = medians.pop() if len(medians) == 1 else float("nan")
        if not np.isfinite(mean) and not np.isfinite(median):
            raise InputError(
                Problem(file, f"{name}_median", ", ".join(f"{one.median:g}" for one in each),
                        f"are the medians of the arms of {rows[0].study}, which do not tell that "
                        "of the study", f"Write {name}_mean of each arm, or one row for the study "
                        "(treatment empty)")
            )  # fmt: skip
        found[name] = Summary(mean, float(np.sqrt(within)), median, each[0].binary)
    return found
