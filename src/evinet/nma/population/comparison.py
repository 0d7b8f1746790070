"""A trial with patients and a published one, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.data import contrasts as contrast_data
from evinet.nma.data import frames, layouts, vocabulary
from evinet.nma.population import effects, summaries
from evinet.nma.population.effects import Effect
from evinet.nma.population.summaries import Summary
from evinet.usertable import column

Kind = Literal["binomial", "normal", "survival", "poisson"]
OUTCOMES: dict[Kind, tuple[str, ...]] = {
    "survival": ("time", "event"), "binomial": ("r",), "normal": ("y",), "poisson": ("r", "e"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two trials that share a treatment (anchored), or share none (unanchored).

    Attributes
    ----------
    kind
        Of the outcome.
    patients
        One row for each patient: study, treatment, the outcome and the covariates.
    treatment, comparator, anchor
        The treatment of the patients, that of the published trial, and what both have; None: an
        unanchored comparison.
    covariates, target
        What is adjusted for, and the published trial's population.
    published
        Effect of the comparator against the anchor in the published trial; without an anchor None.
    arm
        Outcome of the comparator's arm (binomial, normal); None for survival and contrasts.
    reconstructed
        Patients of the published trial (survival), or None.
    """

    kind: Kind
    patients: pd.DataFrame
    treatment: str
    comparator: str
    anchor: str | None
    covariates: list[str]
    target: dict[str, Summary]
    published: Effect | None
    arm: Effect | None
    reconstructed: pd.DataFrame | None
    file: str = frames.FRAME

    def of(self, treatment: str, patients: pd.DataFrame | None = None) -> pd.DataFrame:
        """The patients on a treatment."""
        rows = self.patients if patients is None else patients
        return rows[rows["treatment"] == treatment]


def read(
    patients: pd.DataFrame,
    published: pd.DataFrame,
    covariates: Sequence[str],
    population: pd.DataFrame | None = None,
    unanchored: bool = False,
) -> Comparison:
    """The comparison that two tables allow.

    Parameters
    ----------
    patients
        One row for each patient: treatment; time and event, or r (0 or 1), or y; and the
        covariates.
    published
        The other trial: arms by r, n or y, se (mean, sd, n); or its contrast (diff and se, or a
        ratio with limits); or, of survival, its reconstructed patients (treatment, time, event).
    covariates
        What is adjusted for.
    population
        The published covariates (see `summaries.read`); by default they stand in `published`.
    unanchored
        Whether to compare without a common treatment.

    Raises
    ------
    InputError
        Whatever is wrong with the tables, or there is no common treatment and `unanchored` was not
        asked for.
    """
    names = [column(name) for name in covariates]
    people, kind = outcomes(patients, names)
    if kind == "poisson":
        raise InputError(
            Problem(str(people.attrs["file"]), "e", "(column)", "makes r a count in an exposure, "
                    "which weights and outcome models of two trials do not take here",
                    "Leave e out if r is 0 or 1 in every patient; for counts use "
                    "evinet nma --regression")
        )  # fmt: skip
    other = frames.prepared(published, ("treatment",), names)
    file = str(people.attrs["file"])
    ours, theirs = set(people["treatment"]), set(other["treatment"])
    if "comparator" in other:
        theirs |= set(other["comparator"])
    theirs.discard("")
    anchor, treatment, comparator = _roles(people, ours, theirs, str(other.attrs["file"]))
    if anchor is None and not unanchored:
        raise InputError(
            Problem(str(other.attrs["file"]), "treatment", ", ".join(sorted(theirs)),
                    "is none of the treatments of the patients, " + ", ".join(sorted(ours)) + ": "
                    "without a common treatment the comparison rests on the belief that every "
                    "prognostic factor and effect modifier is adjusted for",
                    "Compare through a common treatment, or accept that belief by --unanchored")
        )  # fmt: skip
    if anchor is not None and unanchored:
        raise InputError(
            Problem(file, "treatment", anchor, "is a common treatment, so that an unanchored "
                    "comparison would throw the randomisation away",
                    "Leave --unanchored out, or leave the arm out of the tables")
        )  # fmt: skip
    people = people[people["treatment"].isin([treatment, anchor or treatment])]
    contrast, arm, reconstructed = _published(other, kind, comparator, anchor)
    source = other if population is None else population
    binary = {name for name in names if people[name].isin([0, 1]).all()}
    if "study" not in source:
        source = source.assign(study="published")
        source.attrs = dict((other if population is None else population).attrs)
    rows = summaries.read(source, names, binary)
    where = str(source.attrs.get("file", frames.FRAME))
    studies = {row.study for row in rows}
    if len(studies) > 1:
        raise InputError(
            Problem(where, "study", ", ".join(sorted(studies)), "are several published trials",
                    "Keep only the rows of one")
        )  # fmt: skip
    if anchor is None:
        rows = [row for row in rows if row.treatment in ("", comparator)] or rows
    target = summaries.pooled(rows, where)
    return Comparison(
        kind, people.reset_index(drop=True), treatment, comparator, anchor, names, target,
        contrast, arm, reconstructed, where,
    )  # fmt: skip


def outcomes(
    frame: pd.DataFrame, names: list[str], words: bool = False
) -> tuple[pd.DataFrame, Kind]:
    """Patients with one outcome and the covariates, as numbers, and the kind of the outcome.

    With `words` a covariate may be a category in words. Events r with a column e are counts in an
    exposure.

    Raises
    ------
    InputError
        A column is missing, a value missing or impossible, or a covariate the same in everybody.
    """
    given = frames.prepared(frame, ("treatment",), names)
    file = str(given.attrs["file"])
    kinds = [kind for kind, columns in OUTCOMES.items() if set(columns) <= set(given)]
    if "poisson" in kinds:
        kinds.remove("binomial")
    if len(kinds) != 1:
        raise InputError(
            Problem(file, "(columns)", ", ".join(map(str, frame.columns)),
                    f"have {'no outcome' if not kinds else 'several outcomes'} of patients",
                    "Give time and event, or r (0 or 1), or y")
        )  # fmt: skip
    kind = kinds[0]
    lacking = [name for name in names if name not in given]
    frames.stop([
        Problem(file, name, "(absent)", "the covariate is missing in the patients",
                f"Add the column; there are {', '.join(map(str, frame.columns))}")
        for name in lacking
    ])  # fmt: skip
    problems: list[Problem] = []
    values: dict[str, np.ndarray] = {}
    for name in (*OUTCOMES[kind], *names):
        if words and name in names and _in_words(given[name]):
            values[name] = np.array([str(each).strip() for each in given[name]], object)
            continue
        values[name] = _numbers(given, name, problems)
        gone = np.flatnonzero(~np.isfinite(values[name]))
        if len(gone):
            problems.append(
                frames.problem(given, int(gone[0]), name, f"is missing, in {len(gone)} patients "
                               "in all", "Leave these patients out, or impute the value beforehand "
                               "and say so")
            )  # fmt: skip
    frames.stop(problems)
    tests = {"event": (~np.isin(values.get("event", 0), [0, 1]), "is not 0 or 1"),
             "r": _wrong_counts(values.get("r", np.zeros(0)), kind),
             "e": (~(values.get("e", np.ones(1)) > 0), "is not an exposure"),
             "time": (np.asarray(values.get("time", 1.0)) < 0, "is below 0")}  # fmt: skip
    frames.stop([
        frames.problem(given, int(row), name, message, "Correct it")
        for name, (wrong, message) in tests.items() if name in values
        for row in np.flatnonzero(wrong)
    ])  # fmt: skip
    constant = [name for name in names if len(set(values[name])) == 1]
    frames.stop([
        Problem(file, name, str(values[name][0]), "is the same in every patient, so that nothing "
                "can be adjusted by it", "Leave it out of the adjustment")
        for name in constant
    ])  # fmt: skip
    study = given["study"].to_numpy() if "study" in given else np.full(len(given), "patients")
    found = pd.DataFrame({"study": study, "treatment": given["treatment"].to_numpy(), **values})
    found.attrs["file"] = file
    return found, kind


def _in_words(column: pd.Series[Any]) -> bool:
    """Whether the cells are categories in words: none is a number, a gap or a truth value."""
    from evinet import usertable

    texts = {"" if pd.isna(cell) else str(cell).strip() for cell in column}
    known = {text for text in texts if not usertable.missing(text)}
    numeric = any(np.isfinite(usertable.number(text)) for text in known)
    truth = {text.casefold() for text in known} <= {"true", "false"}
    return bool(known) and len(known) == len(texts) and not numeric and not truth


def _wrong_counts(r: np.ndarray, kind: Kind) -> tuple[np.ndarray, str]:
    if kind == "poisson":
        return ~((r >= 0) & (r % 1 == 0)), "is not a count"
    return ~np.isin(r, [0, 1]), "is not 0 or 1"


def _numbers(frame: pd.DataFrame, name: str, problems: list[Problem]) -> np.ndarray:
    """A column of patients; truth values, as R writes them, are 1 and 0."""
    if pd.api.types.is_bool_dtype(frame[name].dtype):
        return frame[name].to_numpy(float)
    words = frame[name].astype("string").str.casefold()
    if words.isin(["true", "false"]).any():
        frame = frame.assign(**{name: words.replace({"true": "1", "false": "0"})})
    return frames.numbers(frame, name, problems)


def _roles(
    people: pd.DataFrame, ours: set[str], theirs: set[str], file: str
) -> tuple[str | None, str, str]:
    """The anchor, the treatment of the patients, that of the published trial."""
    common = sorted(ours & theirs)
    own, other = sorted(ours - theirs), sorted(theirs - ours)
    at = [(str(people.attrs["file"]), own), (file, other)]
    frames.stop([
        Problem(where, "treatment", ", ".join(names) or "(none)",
                f"{len(names)} treatments appear in this trial only; the comparison is of one "
                "treatment in each trial",
                "Keep only the rows of the treatments that are compared, and of the common one")
        for where, names in at if len(names) != 1
    ])  # fmt: skip
    if len(common) > 1:
        raise InputError(
            Problem(file, "treatment", ", ".join(common), "are common to both trials",
                    "Keep one common treatment")
        )  # fmt: skip
    return (common[0] if common else None), own[0], other[0]


def _published(
    frame: pd.DataFrame, kind: Kind, comparator: str, anchor: str | None
) -> tuple[Effect | None, Effect | None, pd.DataFrame | None]:
    """Effect against the anchor, outcome of the comparator's arm, reconstructed patients."""
    file = str(frame.attrs["file"])
    if "diff" in frame or vocabulary.effect_names(frame):
        if anchor is None:
            raise InputError(
                Problem(file, "diff", "(column)", "is a contrast, which cannot be used without a "
                        "common treatment", "Give the outcome of the comparator's own arm")
            )  # fmt: skip
        named = frame if "study" in frame else frame.assign(study="published")
        named.attrs = frame.attrs
        found = contrast_data.read(layouts.read(named, layouts.Reading(kind="effects")).table)
        if len(found.rows) != 1:
            raise InputError(Problem(file, "diff", len(found.rows), "contrasts are given",
                                     "Give the one against the common treatment"))  # fmt: skip
        _, first, _ = found.rows[0]
        sign = 1.0 if first == comparator else -1.0
        return Effect(sign * float(found.y[0]), float(found.covariance[0, 0])), None, None
    if kind == "survival":
        people, other = outcomes(frame, [])
        if other != "survival":
            raise InputError(Problem(file, "time", "(absent)", "the patients have survival times",
                                     "Give the published ln HR (diff, se), its ratio with limits, "
                                     "or reconstructed patients"))  # fmt: skip
        if anchor is None:
            return None, None, people
        own, other_arm = (people[people["treatment"] == name] for name in (comparator, anchor))
        return effects.contrast("survival", own, other_arm), None, people
    arms = effects.published_arms(frame, kind)
    missing = [name for name in (comparator, anchor) if name is not None and name not in arms]
    frames.stop([Problem(file, "treatment", name, "has no row", "Add it") for name in missing])
    own_arm = arms[comparator]
    return (None if anchor is None else own_arm.less(arms[anchor])), own_arm, None
