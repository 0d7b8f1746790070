"""A trial with patients and a published one, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import contrasts as contrast_data
from evinet.nma.data import frames, layouts, vocabulary
from evinet.nma.data import patients as patient_data
from evinet.nma.population import effects, summaries
from evinet.nma.population.effects import Effect
from evinet.nma.population.summaries import Row, Summary
from evinet.usertable import column

Kind = Literal["binomial", "normal", "survival", "poisson"]
SHOWN = 5  # words of a covariate in a message
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
        Patients of the published trial (survival), or None; of several reconstructions the best.
    notes
        What was assumed of the published effect.
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
    notes: tuple[str, ...] = ()

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
    level: float = 95.0,
) -> Comparison:
    """The comparison that two tables allow.

    Parameters
    ----------
    patients
        One row for each patient: treatment; time and event, or r (0 or 1), or y; and the
        covariates. All of one trial.
    published
        The other trial: arms by r, n or y, se (mean, sd, n); or its contrast (diff and se, or a
        ratio with limits); or, of survival, its reconstructed patients (treatment, time, event
        and, of several reconstructions, draw).
    covariates
        What is adjusted for.
    population
        The published covariates (see `summaries.read`); by default they stand in `published`.
    unanchored
        Whether to compare without a common treatment.
    level
        Of intervals in `published`, in percent.

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
    _one_trial_each(people, other)
    frames.stop(frames.two_spellings(sorted(ours) + sorted(theirs), str(other.attrs["file"]),
                                     "treatment", "labels", "treatment"))  # fmt: skip
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
    outcome = other.drop(columns=[name for name in names if name in other])
    outcome.attrs = dict(other.attrs)
    contrast, arm, reconstructed, notes = _published(outcome, kind, comparator, anchor, level)
    source = other if population is None else frames.prepared(population, (), names, ("treatment",))
    where = str(source.attrs["file"])
    trial = set(other["study"]) if "study" in other else set()
    if "study" not in source:
        source = source.assign(study=next(iter(trial), "published"))
        source.attrs["file"] = where
    binary = {name for name in names if people[name].isin([0, 1]).all()}
    rows = summaries.read(source, names, binary)
    _of_the_trial(rows, trial, [comparator, *([anchor] if anchor else [])], where)
    target = summaries.pooled(rows, where)
    return Comparison(
        kind, people.reset_index(drop=True), treatment, comparator, anchor, names, target,
        contrast, arm, reconstructed, where, notes,
    )  # fmt: skip


def _one_trial_each(people: pd.DataFrame, other: pd.DataFrame) -> None:
    """Refuse several trials in a table, and one trial in both."""
    own = set(people["study"])
    theirs = set(other["study"]) if "study" in other else set()
    both = sorted(own & theirs)
    frames.stop([
        Problem(str(frame.attrs["file"]), "study", ", ".join(sorted(found)),
                f"are several trials {where}: pooling them would break their randomisation",
                "Keep the rows of one trial; of several trials use evinet nma --regression")
        for frame, found, where in ((people, own, "with patients"), (other, theirs, "published"))
        if len(found) > 1
    ])  # fmt: skip
    frames.stop([
        Problem(str(other.attrs["file"]), "study", name, "has patients as well",
                "Compare two trials: a trial enters once")
        for name in both
    ])  # fmt: skip


def _of_the_trial(rows: list[Row], trial: set[str], arms: list[str], where: str) -> None:
    """Refuse covariates of other trials, or of other treatments."""
    studies = {row.study for row in rows}
    strange = {
        "study": studies - (trial or {rows[0].study}),
        "treatment": {row.treatment for row in rows} - {"", *arms},
    }
    right = {"study": trial or {rows[0].study}, "treatment": set(arms)}
    frames.stop([
        Problem(where, name, ", ".join(sorted(found)), "is not of the published trial, which has "
                + " and ".join(sorted(right[name])), "Keep only the rows of what is compared")
        for name, found in strange.items() if found
    ])  # fmt: skip


def outcomes(
    frame: pd.DataFrame, names: list[str], words: bool = False
) -> tuple[pd.DataFrame, Kind]:
    """Patients with one outcome and the covariates, as numbers, and the kind of the outcome.

    With `words` a covariate may be a category in words. Events r with a column e are counts in an
    exposure.

    Raises
    ------
    InputError
        A column is missing, a value missing or impossible, there are several reconstructions of
        the patients, or a covariate is the same in everybody or has two values that are not 0 and
        1.
    """
    given = frames.prepared(frame, ("treatment",), names)
    file = str(given.attrs["file"])
    draws = sorted(set(map(str, given["draw"]))) if "draw" in given else []
    if len(draws) > 1:
        raise InputError(
            Problem(file, "draw", f"{draws[0]} to {draws[-1]}", f"are {len(draws)} reconstructions "
                    "of the same patients, who would count as many times",
                    "Keep the rows of one draw: reconstructed patients belong into --aggregate")
        )  # fmt: skip
    patient_data.exact(given.drop(columns=[name for name in names if name in given]))
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
        in_words = name in names and _in_words(given[name])
        if in_words and not words:
            said = list(
                dict.fromkeys(
                    str(each).strip()
                    for each in given[name]
                    if not pd.isna(each) and not usertable.missing(str(each))
                )
            )
            problems.append(
                Problem(file, name, ", ".join(said[:SHOWN]), "are words, not numbers",
                        "Write 1 for one of two and 0 for the other; of more, a column of 1 and 0 "
                        "for each but one")
            )  # fmt: skip
            continue
        if in_words:
            values[name] = np.array([str(each).strip() for each in given[name]], object)
            continue
        values[name] = numbers(given, name, problems)
        gone = np.flatnonzero(missing(given, name))
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
    frames.stop([
        Problem(file, name, " and ".join(f"{each:g}" for each in two), "are the only values: a "
                "covariate of two values is known by the share of one of them",
                "Write 0 and 1, and publish the share of the patients with 1")
        for name in names
        if (two := sorted(set(values[name]))) not in ([0, 1],) and len(two) == 2
        and not isinstance(two[0], str)
    ])  # fmt: skip
    study = given["study"].to_numpy() if "study" in given else np.full(len(given), "patients")
    found = pd.DataFrame({"study": study, "treatment": given["treatment"].to_numpy(), **values})
    found.attrs["file"] = file
    return found, kind


def _in_words(column: pd.Series[Any]) -> bool:
    """Whether the cells are categories in words: none is a number, a gap or a truth value."""
    texts = {"" if pd.isna(cell) else str(cell).strip() for cell in column}
    known = {text for text in texts if not usertable.missing(text)}
    numeric = any(np.isfinite(usertable.number(text)) for text in known)
    truth = {text.casefold() for text in known} <= {"true", "false"}
    return bool(known) and len(known) == len(texts) and not numeric and not truth


def _wrong_counts(r: np.ndarray, kind: Kind) -> tuple[np.ndarray, str]:
    if kind == "poisson":
        return ~((r >= 0) & (r % 1 == 0)), "is not a count"
    return ~np.isin(r, [0, 1]), "is not 0 or 1"


def numbers(frame: pd.DataFrame, name: str, problems: list[Problem]) -> np.ndarray:
    """A column of patients; truth values, as R writes them, are 1 and 0."""
    if pd.api.types.is_bool_dtype(frame[name].dtype):
        return frame[name].to_numpy(float)
    words = frame[name].astype("string").str.casefold()
    if words.isin(["true", "false"]).any():
        frame = frame.assign(**{name: words.replace({"true": "1", "false": "0"})})
    return frames.numbers(frame, name, problems)


def missing(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Which cells of a column say that there is no number; words, which say another, do not."""
    return np.array([pd.isna(cell) or usertable.missing(str(cell)) for cell in frame[name]], bool)


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


MEASURES = {"binomial": ("OR", "ratio"), "survival": ("HR", "ratio"), "normal": ("MD",)}


def _published(
    frame: pd.DataFrame, kind: Kind, comparator: str, anchor: str | None, level: float
) -> tuple[Effect | None, Effect | None, pd.DataFrame | None, tuple[str, ...]]:
    """Effect against the anchor, comparator's outcome, reconstructed patients, what was assumed."""
    file = str(frame.attrs["file"])
    named = frame if "study" in frame else frame.assign(study="published")
    named.attrs = frame.attrs
    if "diff" in frame or vocabulary.effect_names(frame):
        if anchor is None:
            raise InputError(
                Problem(file, "diff", "(column)", "is a contrast, which cannot be used without a "
                        "common treatment", "Give the outcome of the comparator's own arm")
            )  # fmt: skip
        effect, notes = _contrast(named, kind, comparator, level)
        return effect, None, None, notes
    if kind == "survival":
        return _reconstructed(named, comparator, anchor)
    arms = effects.published_arms(named, kind, level)
    missing = [name for name in (comparator, anchor) if name is not None and name not in arms]
    frames.stop([Problem(file, "treatment", name, "has no row", "Add it") for name in missing])
    own_arm = arms[comparator]
    return (None if anchor is None else own_arm.less(arms[anchor])), own_arm, None, ()


def _contrast(
    frame: pd.DataFrame, kind: Kind, comparator: str, level: float
) -> tuple[Effect, tuple[str, ...]]:
    """The published effect on the patients' scale, and what was assumed of it."""
    file = str(frame.attrs["file"])
    understood = layouts.read(frame, layouts.Reading(kind="effects", level=level))
    scale, measure = effects.SCALES[kind], understood.measure
    if measure not in (None, *MEASURES[kind]):
        raise InputError(
            Problem(file, "measure", measure, f"is the measure of the published effect, but the "
                    f"patients give a {scale}: they cannot be compared",
                    "Give the published effect on that scale, or the outcomes of its arms")
        )  # fmt: skip
    found = contrast_data.read(understood.table)
    if len(found.rows) != 1:
        raise InputError(Problem(file, "diff", len(found.rows), "contrasts are given",
                                 "Give the one against the common treatment"))  # fmt: skip
    _, first, _ = found.rows[0]
    sign = 1.0 if first == comparator else -1.0
    notes = list(understood.record["cautions"])
    if measure in (None, "ratio"):
        notes.append(f"No column tells what the published effect is: it is taken for a {scale}.")
    return Effect(sign * float(found.y[0]), float(found.covariance[0, 0])), tuple(notes)


def _reconstructed(
    frame: pd.DataFrame, comparator: str, anchor: str | None
) -> tuple[Effect | None, None, pd.DataFrame, tuple[str, ...]]:
    """The published trial by its patients: the best of several reconstructions stands for it.

    The effect is averaged over reconstructions, whose spread adds to its variance (Rubin's rules).
    """
    problems: list[Problem] = []
    draw = frames.numbers(frame, "draw", problems) if "draw" in frame else np.zeros(len(frame))
    frames.stop([
        *problems, *(frames.problem(frame, int(row), "draw", "is missing", "Write 0, 1, 2, ...")
                     for row in np.flatnonzero(np.isnan(draw))[:1])
    ])  # fmt: skip
    every = []
    for number in np.unique(draw):
        mine = frame[draw == number].drop(columns="draw", errors="ignore")
        mine.attrs = dict(frame.attrs)
        people, other = outcomes(mine, [])
        if other != "survival":
            raise InputError(Problem(str(frame.attrs["file"]), "time", "(absent)",
                                     "the patients have survival times",
                                     "Give the published ln HR (diff, se), its ratio with limits, "
                                     "or reconstructed patients"))  # fmt: skip
        every.append(people)
    drawn = every[1:] if len(every) > 1 and draw.min() == 0 else every
    if anchor is None:
        notes = (f"Of {len(every)} reconstructions of the published trial the best one is used: "
                 "what its curve leaves open is not in the interval.",)  # fmt: skip
        return None, None, every[0], notes if len(every) > 1 else ()
    each = [
        effects.contrast("survival", people[people["treatment"] == comparator],
                         people[people["treatment"] == anchor])
        for people in drawn
    ]  # fmt: skip
    estimates = np.array([one.estimate for one in each])
    between = estimates.var(ddof=1) * (1 + 1 / len(each)) if len(each) > 1 else 0.0
    within = float(np.mean([one.variance for one in each]))
    notes = (f"The published effect is averaged over {len(each)} reconstructions, and their spread "
             "is in its interval.",)  # fmt: skip
    effect = Effect(float(estimates.mean()), within + float(between))
    return effect, None, every[0], notes if len(each) > 1 else ()
