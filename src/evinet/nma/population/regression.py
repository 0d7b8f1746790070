"""A network of patients with covariates and of published arms with summaries of covariates.

Multilevel network meta-regression (Phillippo et al. 2020, J R Stat Soc A 183:1189): a patient with
the covariates x, in study j on treatment k, has the linear predictor

    mu_j + theta_jk + x'(beta + gamma_k)

with theta the effects of the network as without covariates, beta what the covariates do to the
outcome on the reference, and gamma_k how they change the effect of k. The likelihood of a published
arm is the average of a patient's over the arm's covariates, for which a few weighted points stand
(`margins`, `cubature`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evinet import seeds, usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import arms as arm_data
from evinet.nma.data import categories as category_data
from evinet.nma.data import frames, layouts
from evinet.nma.data import patients as patient_data
from evinet.nma.data.categories import CategoryCounts
from evinet.nma.data.vocabulary import CLASSES
from evinet.nma.network import Network
from evinet.nma.population import comparison, cubature, margins, summaries
from evinet.nma.population.margins import Margin

POINTS, FINE = 64, 8192
Arm = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Regression:
    """The covariates of a network's patients and published arms, as a formula takes them.

    Attributes
    ----------
    formula
        As given, such as ``age + grade``.
    columns
        Name in the formula -> column of the tables.
    patients
        Arm -> its patients: their covariates (named as in the formula) and their outcome.
    published
        Arm -> name in the formula -> distribution.
    size
        Patients of each published arm.
    correlated
        Correlation of the covariates' normal variables, shape (covariates, covariates).
    classes
        Class of each treatment, where the tables have a column class.
    specification
        How the formula makes columns (`formulaic.ModelSpec`).
    points
        How many weighted points may stand for a published arm.
    seed
        Of the points.
    assumed
        What was not published, and what stands for it, in sentences.
    """

    formula: str
    columns: dict[str, str]
    patients: dict[Arm, pd.DataFrame]
    published: dict[Arm, dict[str, Margin]]
    size: dict[Arm, float]
    correlated: np.ndarray
    classes: dict[str, str]
    specification: Any
    points: int = POINTS
    seed: int = 1
    assumed: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Covariates, as the formula names them."""
        return list(self.columns)

    @cached_property
    def terms(self) -> list[str]:
        """Names of the columns that the formula makes."""
        return [name for name in self.specification.column_names if name != "Intercept"]

    def _matrix(self, covariates: pd.DataFrame) -> np.ndarray:
        from formulaic.errors import DataMismatchWarning

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", DataMismatchWarning)
                made = self.specification.get_model_matrix(covariates[self.names], context={})
        except DataMismatchWarning:
            raise _refused(
                self.formula, "has categories, and published arms or populations have values that "
                "are none of the patients' categories", "Write categories as words (stage1, not "
                "1), and the share of each in the published tables") from None  # fmt: skip
        return np.asarray(made[self.terms], float)

    @property
    def centre(self) -> np.ndarray:
        """Mean of each column over all patients, with those of published arms; shape (terms,)."""
        return self._moments[0]

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation of each column over the same; shape (terms,)."""
        return self._moments[1]

    @cached_property
    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each column, an arm at a time (Chan et al. 1983)."""
        arms = [(self._matrix(own), float(len(own))) for own in self.patients.values()]
        arms += [(self._matrix(self.drawn(arm)), size) for arm, size in self.size.items()]
        means = np.array([columns.mean(axis=0) for columns, _ in arms])
        within = np.array([columns.var(axis=0) for columns, _ in arms])
        share = np.array([size for _, size in arms]) / sum(size for _, size in arms)
        centre = share @ means
        return centre, np.sqrt(share @ (within + (means - centre) ** 2))

    def matrix(self, covariates: pd.DataFrame) -> np.ndarray:
        """The centred columns of some patients or points, shape (patients, terms)."""
        return self._matrix(covariates) - self.centre

    def drawn(self, arm: Arm, again: bool = False) -> pd.DataFrame:
        """Many points of a published arm's covariates, each of the same weight; others `again`."""
        name = f"points/{arm[0]}/{arm[1]}" + ("/again" if again else "")
        seed = seeds.seed_sequence(self.seed, name)
        return margins.points(self.published[arm], self.correlated, FINE, seed)

    def weighted(self, covariates: pd.DataFrame, most: int) -> tuple[np.ndarray, np.ndarray]:
        """A few of some patients or points, for averages: centred columns (kept, terms), weights.

        See `cubature.compressed`.
        """
        columns = self.matrix(covariates)
        kept, weights = cubature.compressed(columns, max(most, columns.shape[1] + 1))
        return columns[kept], weights

    @cached_property
    def rules(self) -> dict[Arm, tuple[np.ndarray, np.ndarray]]:
        """The weighted points of each published arm: centred columns, weights."""
        return {arm: self.weighted(self.drawn(arm), self.points) for arm in self.published}

    def stacked(self, arms: list[Arm]) -> tuple[np.ndarray, np.ndarray]:
        """Those of some arms in arrays of one size, shape (arms, points, terms), (arms, points)."""
        rules = [self.rules[arm] for arm in arms]
        size = max((len(weights) for _, weights in rules), default=1)
        columns, shares = (
            np.zeros((len(rules), size, len(self.terms))),
            np.zeros((len(rules), size)),
        )
        for row, (own, weights) in enumerate(rules):
            columns[row, : len(weights)], shares[row, : len(weights)] = own, weights
        return columns, shares

    def covariates(self, study: str) -> pd.DataFrame:
        """The covariates of a study: its patients, or points of its arms by their patients."""
        parts = [own[self.names] for arm, own in self.patients.items() if arm[0] == study]
        if parts:
            return pd.concat(parts, ignore_index=True)
        arms = {arm: size for arm, size in self.size.items() if arm[0] == study}
        total = sum(arms.values())
        return pd.concat(
            [self.drawn(arm).iloc[: round(FINE * size / total)] for arm, size in arms.items()],
            ignore_index=True,
        )  # fmt: skip

    @cached_property
    def means(self) -> dict[Arm, np.ndarray]:
        """Mean of the centred columns in each arm."""
        found = {arm: self.matrix(own).mean(axis=0) for arm, own in self.patients.items()}
        return found | {arm: weights @ columns for arm, (columns, weights) in self.rules.items()}

    def cautions(self) -> list[str]:
        """What was assumed, and published arms whose mean lies outside the patients."""
        lines = list(self.assumed)
        for (study, treatment), own in self.published.items():
            means = pd.DataFrame({name: [each.mean] for name, each in own.items()
                                  if not each.levels})  # fmt: skip
            lines += self.outside(means, f"{study} on {treatment}")
        return lines

    def outside(self, covariates: pd.DataFrame, where: str) -> list[str]:
        """Covariates in numbers whose mean lies outside all patients, in sentences."""
        every = pd.concat(list(self.patients.values()), ignore_index=True)
        lines = []
        for name in covariates.select_dtypes("number"):
            mean, low, high = covariates[name].mean(), every[name].min(), every[name].max()
            if not low <= mean <= high:
                lines.append(f"{name} is {mean:.4g} on average in {where}, outside all patients "
                             f"({low:g} to {high:g}): the model extrapolates")  # fmt: skip
        return lines


def network(
    patients: pd.DataFrame | Path | str,
    aggregate: pd.DataFrame | Path | str,
    regression: str,
    *,
    covariates: pd.DataFrame | Path | str | None = None,
    reference: str | list[str] | None = None,
    correlations: pd.DataFrame | None = None,
    families: Mapping[str, str] | None = None,
    classes: Mapping[str, str] | None = None,
    points: int = POINTS,
    columns: Mapping[str, str] | None = None,
    categories: Sequence[str] = (),
    category_counts: CategoryCounts | None = None,
    seed: int = 1,
) -> Network:
    """A network of some studies' patients and of other studies' published arms.

    Fit it with `Network.fit`, whose option ``interactions`` says what shares interactions.

    Parameters
    ----------
    patients
        One row for each patient: study, treatment, the covariates, and time and event, or r (0 or
        1), or y, or r and e (events in an exposure), or `categories`.
    aggregate
        Of the other studies: one row for each arm (r, n; y, se; r, e), or one for each
        reconstructed patient (time, event and, of several reconstructions, draw).
    regression
        A formula of the covariates, such as ``age + grade`` (as in R; library formulaic).
    covariates
        The published covariates, one row for each arm or study (see `summaries.read`); by default
        they stand in `aggregate`.
    reference
        The reference treatment; by default that in most studies.
    correlations
        Of the covariates, with their names as index and columns; by default those of the patients.
    families
        Families of the covariates' margins (see `margins.margin`).
    classes
        Class of each treatment; by default a column class of the tables.
    points
        How many weighted points may stand for a published arm.
    columns
        Columns of other names, and what they are: ``{"eventtime": "time"}``.
    categories, category_counts
        Columns of ordered categories in both tables, from the worst to the best; 1 in those of a
        patient's (see `Network.read`).
    seed
        Of the points.

    Raises
    ------
    InputError
        Whatever is wrong with the tables or the formula.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> own = pd.DataFrame({"study": "S1", "treatment": ["A", "B"] * 300,
    ...                     "age": rng.normal(60, 8, 600)})
    >>> own["r"] = (rng.random(600) < np.where(own["treatment"] == "B", 0.3, 0.5)).astype(int)
    >>> other = pd.DataFrame({"study": "S2", "treatment": ["A", "C"], "r": [60, 40],
    ...                       "n": [120, 120], "age_mean": [65, 65], "age_sd": [7, 7]})
    >>> found = network(own, other, "age", reference="A")
    >>> found.treatments, found.regression.terms
    (['A', 'B', 'C'], ['age'])
    """
    tables = [_read(each) for each in (patients, aggregate, covariates) if each is not None]
    given, published, *told = _renamed(tables, dict(columns or {}))
    table = told[0] if told else published
    variables = _variables(regression)
    raw = {variable: usertable.column(variable) for variable in variables}
    reading = layouts.Reading(kind="arms", categories=tuple(categories),
                              category_counts=category_counts)  # fmt: skip
    kept = (*raw.values(), *map(usertable.column, categories))
    own, kind = _patients(
        frames.prepared(given, ("study", "treatment"), kept), list(raw.values()), reading
    )
    other = frames.prepared(published, ("study", "treatment"), kept)
    both = sorted(set(own["study"]) & set(other["study"]))
    if both:
        raise InputError(Problem(str(other.attrs["file"]), "study", ", ".join(both),
                                 "has patients as well",
                                 "A study enters once: leave out its arms"))  # fmt: skip
    arms, made, size = _outcomes(own, other, kind, reference, list(raw.values()), reading)
    found = own.rename(columns={column: name for name, column in raw.items()})
    levels = _levels(found, list(raw))
    margin, counted, assumed = _margins(arms, table, found, raw, levels, dict(families or {}))
    assumed = (*assumed, *_unmatched(table, arms, own, raw, correlations))
    size = {arm: each if np.isfinite(each) else counted[arm] for arm, each in size.items()}
    if unknown := [" on ".join(arm) for arm, each in size.items() if not np.isfinite(each)]:
        assumed = (*assumed, f"how many patients are in {', '.join(unknown)} is not told: each "
                   "counts as one in the mean of the covariates, at which the league and the ranks "
                   "stand. Give a column n")  # fmt: skip
        size = {arm: each if np.isfinite(each) else 1.0 for arm, each in size.items()}
    regressed = Regression(
        regression, raw, {(str(study), str(treatment)): rows.reset_index(drop=True)
                          for (study, treatment), rows in found.groupby(["study", "treatment"])},
        margin, size, _correlation(found, list(raw), levels, correlations),
        _classes(given, other, table) if classes is None else _known(classes, made.treatments),
        _specification(regression, found, str(own.attrs["file"])), points, seed, assumed,
    )  # fmt: skip
    _ = regressed.centre  # whatever the formula cannot take is told now
    return replace(made, regression=regressed)._checked()


def _read(table: pd.DataFrame | Path | str) -> pd.DataFrame:
    return table if isinstance(table, pd.DataFrame) else usertable.read(table)


def _renamed(tables: list[pd.DataFrame], columns: Mapping[str, str]) -> list[pd.DataFrame]:
    """The tables with their columns named as they are known here.

    Raises
    ------
    InputError
        A name is a column of none of them.
    """
    names = {usertable.column(theirs): ours for theirs, ours in columns.items()}
    there = {usertable.column(str(name)) for frame in tables for name in frame}
    if lacking := [each for each in columns if usertable.column(each) not in there]:
        raise InputError(
            Problem("(options)", "columns", ", ".join(lacking), "is a column of no table",
                    "Write a column as it stands in a table")
        )  # fmt: skip
    made = []
    for frame in tables:
        found = frame.rename(columns={name: names[usertable.column(str(name))] for name in frame
                                      if usertable.column(str(name)) in names})  # fmt: skip
        found.attrs = dict(frame.attrs)
        made.append(found)
    return made


def _unmatched(
    table: pd.DataFrame, arms: list[Arm], patients: pd.DataFrame, raw: dict[str, str],
    correlations: pd.DataFrame | None,
) -> tuple[str, ...]:  # fmt: skip
    """Rows of the covariates' table, and correlations, that are of nothing here, in sentences."""
    given = frames.prepared(table, ("study",), tuple(raw.values()), ("treatment",))
    studies = {study for study, _ in arms} | set(patients["study"])
    known = {*arms, *((study, "") for study in studies),
             *zip(patients["study"], patients["treatment"], strict=True)}  # fmt: skip
    treatments = given["treatment"] if "treatment" in given else [""] * len(given)
    strange = [
        study if study not in studies else f"{study} on {treatment}"
        for study, treatment in zip(given["study"], treatments, strict=True)
        if (study, treatment) not in known
    ]
    lines = []
    if strange:
        lines.append(f"covariates of {', '.join(dict.fromkeys(strange))} are not used: the other "
                     "tables have no such study or arm")  # fmt: skip
    if correlations is not None:
        own = {usertable.column(str(name)) for name in correlations.columns}
        if more := sorted(own - set(map(usertable.column, raw.values()))):
            lines.append(f"correlations of {', '.join(more)} are not used: the regression has no "
                         "such covariate")  # fmt: skip
    return tuple(lines)


def _refused(formula: str, message: str, remedy: str) -> InputError:
    return InputError(Problem("(options)", "regression", formula, message, remedy))


def _variables(formula: str) -> list[str]:
    """The covariates of a formula, in its order."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        parsed: Any = Formula(formula)
        found = sorted(parsed.required_variables, key=lambda name: formula.find(str(name)))
    except (FormulaicError, SyntaxError) as error:
        raise _refused(
            formula,
            f"is not a formula: {str(error).splitlines()[0].rstrip('.')}",
            'Write one such as "age + grade", and names with blanks as `age at entry`',
        ) from error
    if not found:
        raise _refused(formula, "names no covariate", 'Write one such as "age + grade"')
    return [str(name) for name in found]


def _specification(formula: str, patients: pd.DataFrame, file: str) -> Any:
    from formulaic import model_matrix
    from formulaic.errors import FormulaicError

    try:
        made: Any = model_matrix(formula, patients, context={})
    except (FormulaicError, NameError, SyntaxError) as error:
        raise _refused(formula, f"cannot be worked out: {error}",
                       "Use + - : * and I(...) of the covariates") from error  # fmt: skip
    values = np.asarray(made, float)
    names = [name for name in made.columns if name != "Intercept"]
    if not np.isfinite(values).all():
        raise _refused(formula, "is infinite or undefined in some patients", "Change the formula")
    if np.linalg.matrix_rank(values - values.mean(axis=0)) < len(names):
        raise InputError(
            Problem(file, "regression", formula, f"its columns {', '.join(names)} are not "
                    "independent in the patients", "Leave one of them out")
        )  # fmt: skip
    return made.model_spec


def _patients(
    given: pd.DataFrame, covariates: list[str], reading: layouts.Reading
) -> tuple[pd.DataFrame, str]:
    """Patients with their outcome and covariates, and its kind; each category has 0 or 1."""
    names = category_data.names(given, reading)
    if not names:
        return comparison.outcomes(given, covariates, words=True)
    alone = given.drop(columns="n", errors="ignore").assign(n=1.0)
    alone.attrs = dict(given.attrs)
    counted, _ = category_data.read(alone, reading, names)
    own, _ = comparison.outcomes(counted, covariates, words=True)
    found = own.assign(**{name: counted[name].to_numpy(float) for name in names})
    found.attrs = dict(own.attrs)
    return found, "ordered"


def _outcomes(
    own: pd.DataFrame, other: pd.DataFrame, kind: str, reference: str | list[str] | None,
    covariates: list[str], reading: layouts.Reading,
) -> tuple[list[Arm], Network, dict[Arm, float]]:  # fmt: skip
    """The published arms, the network without covariates, and the published arms' patients."""
    if kind == "survival":
        return _survival(own, other, reference)
    named = tuple(map(usertable.column, reading.categories))
    columns = {"binomial": ("r", "n"), "normal": ("y", "se"), "poisson": ("r", "e"),
               "ordered": (*named, "n")}[kind]  # fmt: skip
    rest = other.drop(columns=[name for name in covariates if name in other])
    rest.attrs = dict(other.attrs)
    understood = layouts.read(rest, reading)
    table, _ = arm_data.read(understood.table)
    arm_data.data(table, columns, None)
    grouped = own.groupby(["study", "treatment"], sort=False)
    if kind == "normal":
        summed = grouped.agg(y=("y", "mean"), sd=("y", "std"), n=("y", "size")).reset_index()
        summed["se"] = summed["sd"] / np.sqrt(summed["n"])
    elif kind == "ordered":
        summed = grouped[list(named)].sum(min_count=1).reset_index()
        summed["n"] = grouped.size().to_numpy(float)
    else:
        second = ("r", "size") if kind == "binomial" else ("e", "sum")
        summed = grouped.agg(r=("r", "sum"), **{columns[1]: second}).reset_index()
    together = pd.concat([summed[["study", "treatment", *columns]],
                          table[["study", "treatment", *columns]]])  # fmt: skip
    together.attrs["file"] = f"{own.attrs['file']}, {other.attrs['file']}"
    asked = Network.read(together.reset_index(drop=True), reference=reference, kind="arms",
                         categories=reading.categories,
                         category_counts="exclusive" if named else None)  # fmt: skip
    size = _sizes(table)
    made = replace(asked, tables=(own, other), readings=(understood.record,))
    return list(size), made, size


def _sizes(table: pd.DataFrame) -> dict[Arm, float]:
    """Patients of each arm, NaN where the table of outcomes does not tell."""
    problems: list[Problem] = []
    n = frames.numbers(table, "n", problems)
    frames.stop(problems)
    return {
        (study, treatment): float(each)
        for study, treatment, each in zip(table["study"], table["treatment"], n, strict=True)
    }


def _survival(
    own: pd.DataFrame, other: pd.DataFrame, reference: str | list[str] | None
) -> tuple[list[Arm], Network, dict[Arm, float]]:
    patient_data.exact(other)
    if not {"time", "event"} <= set(other):
        raise InputError(
            Problem(str(other.attrs["file"]), "time", "(absent)", "the patients have survival "
                    "times, the published studies none", "Give their patients, reconstructed from "
                    "the curves: study, treatment, time, event")
        )  # fmt: skip
    known = [name for name in (*patient_data.COLUMNS, "draw") if name in other]
    told = other[known].copy()
    told.attrs = dict(other.attrs)
    published = patient_data.read(told)
    mine = own[["study", "treatment", "time", "event"]].copy()
    mine.attrs = dict(own.attrs)
    people = pd.concat([patient_data.read(mine), published], ignore_index=True)
    first = published[published["draw"] == published.groupby("study")["draw"].transform("min")]
    size = {(str(study), str(treatment)): float(len(rows))
            for (study, treatment), rows in first.groupby(["study", "treatment"])}  # fmt: skip
    asked = (reference,) if isinstance(reference, str) else tuple(reference or ())
    made = Network(people=people, asked=asked, tables=(own, other),
                   readings=(layouts.patients_record(other, published),))  # fmt: skip
    return list(size), made, size


def _levels(patients: pd.DataFrame, names: list[str]) -> dict[str, list[str]]:
    """The categories of covariates in words.

    Raises
    ------
    InputError
        Two of them differ by case or blanks alone.
    """
    found = {name: sorted(set(patients[name])) for name in names
             if not pd.api.types.is_numeric_dtype(patients[name].dtype)}  # fmt: skip
    problems: list[Problem] = []
    for name, each in found.items():
        file = str(patients.attrs["file"])
        problems += frames.two_spellings(each, file, name, "categories", "category")
    frames.stop(problems)
    return found


def _margins(
    arms: list[Arm], table: pd.DataFrame, patients: pd.DataFrame, raw: dict[str, str],
    levels: dict[str, list[str]], families: dict[str, str],
) -> tuple[dict[Arm, dict[str, Margin]], dict[Arm, float], tuple[str, ...]]:  # fmt: skip
    """Distributions of the covariates in each published arm, its patients, what was assumed."""
    numeric = {name: column for name, column in raw.items() if name not in levels}
    if strange := sorted(set(families) - {*numeric, *numeric.values()}):
        raise InputError(
            Problem("(options)", "families", ", ".join(strange), "is no covariate in numbers of "
                    "the regression", f"Use some of {', '.join(numeric) or '(none)'}")
        )  # fmt: skip
    binary = {column for name, column in numeric.items() if patients[name].isin([0, 1]).all()}
    rows = summaries.read(
        table, list(numeric.values()), binary,
        {raw[name]: each for name, each in levels.items()},
    )  # fmt: skip
    where = str(table.attrs.get("file", frames.FRAME))
    found: dict[Arm, dict[str, Margin]] = {}
    size: dict[Arm, float] = {}
    assumed: dict[str, list[str]] = {}
    for study, treatment in arms:
        own = [row for row in rows if row.study == study and row.treatment in (treatment, "")]
        if not own:
            lacking = Problem(where, "study", study, f"has no covariates for {treatment}",
                              "Add a row of the arm, or of the study")  # fmt: skip
            alike = frames.two_spellings([study, *(row.study for row in rows)], where, "study",
                                         "labels", "label")  # fmt: skip
            raise InputError(alike or lacking)
        chosen = next((row for row in own if row.treatment), own[0])
        share = 1 if chosen.treatment else sum(name == study for name, _ in arms)
        size[study, treatment] = chosen.n / share
        found[study, treatment] = {
            name: Margin.categorical(chosen.shares[column]) if name in levels else
            margins.margin(column, chosen.covariates[column], patients[name].to_numpy(float),
                           families.get(name, families.get(column)), where)
            for name, column in raw.items()
        }  # fmt: skip
        for name, column in numeric.items():
            if chosen.covariates[column].lacks_sd:
                assumed.setdefault(name, []).append(f"{study} on {treatment}")
    left = summaries.left_out(table, {raw[name]: each for name, each in levels.items()})
    lines = [f"the standard deviation of {name} is not published of {', '.join(arms)}: that of all "
             "patients stands for it" for name, arms in assumed.items()]  # fmt: skip
    return found, size, (*left, *lines)


def _correlation(
    patients: pd.DataFrame, names: list[str], levels: dict[str, list[str]],
    given: pd.DataFrame | None,
) -> np.ndarray:  # fmt: skip
    if given is None:
        coded = patients.assign(**{
            name: patients[name].map({level: place for place, level in enumerate(each)})
            for name, each in levels.items()
        })  # fmt: skip
        return margins.correlation(coded, names)
    named = given.rename(index=usertable.column, columns=usertable.column)
    named.attrs = dict(given.attrs)
    return margins.given_correlation(named, [usertable.column(name) for name in names])


def _known(classes: Mapping[str, str], treatments: list[str]) -> dict[str, str]:
    """Classes that are given, of treatments that there are."""
    if strange := sorted(set(classes) - set(treatments)):
        raise InputError(
            Problem("(options)", "classes", ", ".join(strange), "is no treatment here",
                    f"Use some of {', '.join(treatments)}")
        )  # fmt: skip
    return dict(classes)


def _classes(*tables: pd.DataFrame) -> dict[str, str]:
    """The class of each treatment, from a column class (or trtclass, trt_class) of the tables."""
    found: dict[str, str] = {}
    for table in tables:
        named = table.rename(columns={name: usertable.column(str(name)) for name in table})
        name = next((each for each in CLASSES if each in named), None)
        label = next((each for each in ("treatment", "trt") if each in named), None)
        if name is None or label is None:
            continue
        for treatment, own in zip(named[label], named[name], strict=True):
            if found.setdefault(str(treatment).strip(), str(own).strip()) != str(own).strip():
                raise InputError(
                    Problem(str(table.attrs.get("file", frames.FRAME)), name, str(own),
                            f"is another class of {treatment} than {found[str(treatment).strip()]}",
                            "Give each treatment one class")
                )  # fmt: skip
    return found


def correlations(table: pd.DataFrame) -> pd.DataFrame:
    """A table of correlations as numbers, its first column the names of the rows.

    Rows without names, as of R's ``write.csv(cor(x), ...)``, whose column of names has none itself,
    are in the order of the columns.

    Raises
    ------
    InputError
        A cell is no number.
    """
    problems: list[Problem] = []
    names, columns = [str(each) for each in table.iloc[:, 0]], table.columns[1:]
    if table.shape[0] == table.shape[1]:
        names, columns = list(table.columns), table.columns
    values = {str(name): frames.numbers(table, str(name), problems) for name in columns}
    frames.stop(problems)
    found = pd.DataFrame(values, index=[usertable.column(name) for name in names])
    found.attrs = dict(table.attrs)
    return found
