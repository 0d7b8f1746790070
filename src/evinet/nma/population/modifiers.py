"""Effect modifiers without patients: published subgroups, and trials that differ.

A trial's subgroups compare patients of one trial (information within trials, protected by
randomisation of that trial); trials with different patients compare trials (information across
trials, open to ecological bias, as trials differ in more than one thing). The two have slopes of
their own (Fisher et al. 2017, BMJ 356:j573):

    y_is ~ Normal(d + across (m_i - m) + within (x_is - m_i) + u_i, v_is),   u_i ~ Normal(0, tau^2)

for subgroup s of trial i, whose patients have the covariate x_is on average, and all its patients
m_i. Subgroups of one characteristic share no patients; what they share is u_i, the deviation of
their trial. The posterior is exact given tau, which is integrated numerically (`fit.exact`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma import terms
from evinet.nma.data import frames
from evinet.nma.distribution import Distribution
from evinet.nma.fit import exact
from evinet.nma.fit.exact import Mixture, NormalData
from evinet.nma.islands import islands_of
from evinet.nma.priors import Prior

Information = Literal["within", "across", "difference", "both"]
INFORMATION: tuple[Information, ...] = ("within", "across", "difference", "both")
ALIKE = 1e-8
SHARED = "(all)"


@dataclass(frozen=True, eq=False)
class Modification:
    """What trials say of one covariate.

    Attributes
    ----------
    rows
        One row for each subgroup, or a trial without subgroups: study, treatment, comparator, diff,
        se, x, and mean, the average of x in the trial.
    treatments
        Island by island, its reference first.
    apart, together
        Posteriors with slopes of their own within and across trials, and with one slope for both.
    columns
        The design of either, shapes (rows, coefficients).
    shared
        Whether all treatments have one slope against their reference.
    """

    rows: pd.DataFrame
    treatments: list[str]
    references: list[str]
    shared: bool
    centre: float
    apart: Mixture
    together: Mixture
    columns: tuple[np.ndarray, np.ndarray]

    def slope(
        self, treatment: str, comparator: str, information: Information
    ) -> Distribution | None:
        """Change of the effect for a step of 1 in the covariate; None where nothing tells it.

        Within trials, across trials, the former less the latter (ecological bias, or chance), or
        both under one slope.
        """
        pair = self._slopes(treatment, comparator)
        nothing, d = np.zeros_like(pair), np.zeros(len(self.treatments))
        if information == "both":
            return self._told(np.concatenate([d, pair]), together=True)
        parts = {"within": (pair, nothing), "across": (nothing, pair), "difference": (pair, -pair)}
        return self._told(np.concatenate([d, *parts[information]]), together=False)

    def effect(self, treatment: str, comparator: str, at: float) -> Distribution | None:
        """The effect in patients with a value of the covariate, under one slope."""
        d = terms.differences([(treatment, comparator)], self.treatments)[0]
        pair = self._slopes(treatment, comparator) * (at - self.centre)
        return self._told(np.concatenate([d, pair]), together=True)

    def studies(self, treatment: str, comparator: str, split: bool = False) -> list[str]:
        """Trials of just these two treatments; `split`: those with subgroups that differ."""
        pairs = zip(self.rows["treatment"], self.rows["comparator"], strict=True)
        same = [{a, b} == {treatment, comparator} for a, b in pairs]
        own = self.rows.loc[same]
        if split:
            own = own[own.groupby("study")["x"].transform("nunique") > 1]
        return list(dict.fromkeys(own["study"]))

    def _slopes(self, treatment: str, comparator: str) -> np.ndarray:
        return _slopes([(treatment, comparator)], self.treatments, self.references, self.shared)[0]

    def _told(self, row: np.ndarray, together: bool) -> Distribution | None:
        """The distribution of a linear function, if data and not only the prior tell it."""
        columns = self.columns[int(together)]
        kept = np.flatnonzero(abs(columns).any(axis=0) | (row != 0))
        fitted = np.linalg.lstsq(columns[:, kept].T, row[kept], rcond=None)[0]
        if abs(columns[:, kept].T @ fitted - row[kept]).max(initial=0.0) > ALIKE:
            return None
        return (self.together if together else self.apart).of(row)


def regress(
    frame: pd.DataFrame,
    *,
    tau: Prior | float = 0.0,
    references: Sequence[str] = (),
    shared: bool = False,
    effects_sd: float = 10.0,
    slopes_sd: float = 10.0,
) -> Modification:
    """Meta-regression of subgroups and trials on one covariate.

    Parameters
    ----------
    frame
        One row for each subgroup (or a trial without any): study, treatment, comparator, diff, se,
        x (the mean of the covariate in these patients) and n (patients; empty: weighted by
        precision). Subgroups of one trial must not share patients.
    tau
        Heterogeneity of effects between trials: its prior, or what is known of it.
    references
        The reference of each island; by default its first treatment by name.
    shared
        One slope for all treatments against their reference; else one each.
    effects_sd, slopes_sd
        Of the normal priors.

    Raises
    ------
    InputError
        A value is missing or impossible, or a trial compares several pairs.

    Examples
    --------
    >>> found = regress(pd.DataFrame({
    ...     "study": ["S1", "S1", "S2"], "treatment": "B", "comparator": "A",
    ...     "diff": [-0.9, -0.3, -0.5], "se": [0.3, 0.3, 0.2], "x": [0, 1, 0.5], "n": [90, 90, 200],
    ... }))
    >>> round(found.slope("B", "A", "within").centre, 1)
    0.6
    >>> found.slope("B", "A", "across") is None  # both trials have the same patients
    True
    """
    rows = _checked(frame)
    pairs = list(zip(rows["treatment"], rows["comparator"], strict=True))
    members = {study: {a for p in own for a in p} for study, own in _by_study(rows, pairs).items()}
    islands = islands_of(members)
    first = [next((name for name in references if name in island), island[0])
             for island in islands]  # fmt: skip
    treatments = [
        name
        for island, reference in zip(islands, first, strict=True)
        for name in [reference, *(each for each in island if each != reference)]
    ]
    d = terms.differences(pairs, treatments)
    slopes = _slopes(pairs, treatments, first, shared)
    mean, x = rows["mean"].to_numpy(float), rows["x"].to_numpy(float)
    centre = float(np.mean([own["mean"].iloc[0] for _, own in rows.groupby("study")]))
    apart = np.hstack([d, slopes * (x - mean)[:, None], slopes * (mean - centre)[:, None]])
    together = np.hstack([d, slopes * (x - centre)[:, None]])
    same = rows["study"].to_numpy()[:, None] == rows["study"].to_numpy()
    effects = [0.0 if name in first else effects_sd for name in treatments]

    def solved(columns: np.ndarray) -> Mixture:
        more = columns.shape[1] - len(treatments)
        noise = np.diag(rows["se"].to_numpy(float) ** 2)
        prior = np.diag(np.array([*effects, *[slopes_sd] * more]) ** 2)
        return exact.solve(NormalData(
            list(rows["study"]), pairs, rows["diff"].to_numpy(float), columns, noise,
            np.zeros_like(noise), same.astype(float), prior, np.zeros_like(prior), tau, 0.0,
        ))  # fmt: skip

    return Modification(
        rows, treatments, first, shared, centre, solved(apart), solved(together), (apart, together)
    )


def _slopes(
    pairs: list[tuple[str, str]], treatments: list[str], references: list[str], shared: bool
) -> np.ndarray:
    """How often each slope acts on each pair, shape (pairs, slopes)."""
    found = terms.differences(pairs, treatments)
    found[:, [treatments.index(name) for name in references]] = 0.0
    return found.sum(axis=1, keepdims=True) if shared else found


def _by_study(rows: pd.DataFrame, pairs: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for study, pair in zip(rows["study"], pairs, strict=True):
        found.setdefault(study, []).append(pair)
    return found


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    given = frames.prepared(frame, ("study", "treatment", "comparator", "diff", "se", "x"))
    problems: list[Problem] = []
    for name in ("diff", "se", "x", "n"):
        given[name] = frames.numbers(given, name, problems)
    frames.stop(problems)
    tests = [("diff", ~np.isfinite(given["diff"]), "is missing"),
             ("x", ~np.isfinite(given["x"]), "is missing"),
             ("se", ~(given["se"] > 0), "is not above 0"),
             ("n", given["n"] <= 0, "is not above 0")]  # fmt: skip
    problems += [
        frames.problem(given, int(row), name, message, "Write it, or leave the row out")
        for name, wrong, message in tests
        for row in np.flatnonzero(wrong)
    ]
    frames.stop(problems)
    pairs = list(zip(given["treatment"], given["comparator"], strict=True))
    for study, own in _by_study(given, pairs).items():
        if len(set(own)) > 1:
            raise InputError(
                Problem(str(given.attrs["file"]), "study", study, "has subgroups of several "
                        "contrasts, which share their patients in a way that is not modelled",
                        "Keep only the contrast that matters")
            )  # fmt: skip
    weight = np.where(
        given.groupby("study")["n"].transform(lambda n: n.notna().all()),
        given["n"], 1 / given["se"] ** 2,
    )  # fmt: skip
    total = pd.Series(weight, index=given.index).groupby(given["study"]).transform("sum")
    given["mean"] = (given["x"] * weight / total).groupby(given["study"]).transform("sum")
    return given.reset_index(drop=True)
