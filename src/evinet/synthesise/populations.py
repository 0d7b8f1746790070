"""Survival on every connected treatment in a named population.

A model that the population's trial entered by its patients has hazards of its own. For any other a
baseline hazard from the patients of one arm (NICE DSU TSD 5: a baseline model of its own,
independent of the effects) and relative effects from the network, hazards proportional. Nothing is
extrapolated: times end with the arm's follow-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evinet import files, seeds, tables
from evinet.config import Config, Population
from evinet.errors import InputError, Problem
from evinet.nma.answers import survival
from evinet.nma.answers.bridge import rests_on_class
from evinet.nma.distribution import COLUMNS, QUANTILES, thinned
from evinet.nma.posterior import Fit
from evinet.patients.data import Patients
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.synthesise import models

DRAWS = 4000
INTERVALS = 12
EVENTS = 5  # in an interval, at least
DIGITS = 6  # of a draw of survival


@dataclass(frozen=True)
class Baseline:
    """Draws of a piecewise constant hazard, shape (draws, intervals), between `edges`, months."""

    edges: np.ndarray
    hazard: np.ndarray

    @property
    def follow_up(self) -> float:
        return float(self.edges[-1])

    def spent(self, time: np.ndarray) -> np.ndarray:
        """Cumulative hazard at `time`, shape (draws, times)."""
        inside = np.clip(time[:, None], self.edges[:-1], self.edges[1:]) - self.edges[:-1]
        return self.hazard @ inside.T

    def survival(self, effect: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Survival with ln HR `effect` (draws,) at `time`, shape (draws, times)."""
        return np.exp(-np.exp(effect)[:, None] * self.spent(time))

    def restricted_mean(self, effect: np.ndarray, until: float) -> np.ndarray:
        """Mean survival time up to `until`, shape (draws,): the integral of survival, exactly."""
        edges = np.append(self.edges[self.edges < until], until)
        survival = self.survival(effect, edges)
        rate = np.exp(effect)[:, None] * self.hazard[:, : len(edges) - 1]
        width = np.diff(edges)
        lasting = survival[:, :-1] * width
        falling = np.divide(survival[:, :-1] - survival[:, 1:], rate, out=lasting, where=rate > 0)
        return np.asarray(falling.sum(axis=1))

    def median(self, effect: np.ndarray) -> np.ndarray:
        """Median survival time, shape (draws,); infinite if follow-up ends before."""
        spent = np.exp(effect)[:, None] * self.spent(self.edges)
        last = np.minimum((spent < np.log(2)).sum(axis=1), len(self.edges) - 1)
        rows = np.arange(len(spent))
        low, high = spent[rows, last - 1], spent[rows, last]
        share = np.divide(np.log(2) - low, high - low, out=np.zeros(len(rows)), where=high > low)
        time = self.edges[last - 1] + share * (self.edges[last] - self.edges[last - 1])
        return np.where(spent[:, -1] >= np.log(2), time, np.inf)


def baseline(ipd: pd.DataFrame, arm: str, rng: np.random.Generator) -> Baseline:
    """The hazard of an arm's reconstructed patients (table IPD): gamma(events) / exposure.

    The prior is flat on the log hazard of each interval; intervals lie between quantiles of the
    events of draw 0. All reconstructions have the same share of the draws, so that these carry what
    the reconstruction left open.
    """
    mine = ipd[ipd["arm"] == arm]
    best = mine[mine["draw"] == 0]
    numbers = sorted(set(mine["draw"]) - {0}) or [0]
    own = [mine[mine["draw"] == number] for number in numbers]
    end = min(float(patients["time"].max()) for patients in own)
    times = best.loc[best["event"] == 1, "time"].to_numpy(float)
    count = int(np.clip(len(times) // EVENTS, 1, INTERVALS))
    cuts = np.unique(np.quantile(times, np.linspace(0, 1, count + 1)[1:-1]))
    edges = np.concatenate([[0.0], cuts[cuts < end], [end]])
    parts = []
    for patients in own:
        time, event = patients["time"].to_numpy(float), patients["event"].to_numpy(int) == 1
        exposure = (np.clip(time[:, None], edges[:-1], edges[1:]) - edges[:-1]).sum(axis=0)
        place = np.searchsorted(edges, time[event & (time <= end)], side="left") - 1
        events = np.bincount(np.clip(place, 0, None), minlength=len(exposure))
        drawn = rng.standard_gamma(np.tile(events, (-(-DRAWS // len(own)), 1)))
        parts.append(drawn / exposure)
    return Baseline(edges, rng.permutation(np.concatenate(parts))[:DRAWS])


def predict(
    config: Config,
    analysis: str,
    data: Path,
    studies: Path,
    ipd: list[Path],
    fits: Path,
    out: Path,
) -> list[str]:
    """Write `tables.PREDICTED` for every population of an analysis; returns a line a population.

    A model that the population's trial entered by its patients predicts with its own hazards, which
    need not be proportional; any other has its effects act on the hazard of the comparator's arm.

    Raises
    ------
    InputError
        A population's trial is not in the network or its patients were not reconstructed, or a time
        is after its follow-up.
    """
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in tables.PREDICTED}
    lines = []
    table = tables.NETWORK_STUDIES.read(studies)
    frames = {frame["study"].iloc[0]: frame for frame in map(tables.IPD.read, ipd)}
    converged = _fits(config, analysis, data, ipd, fits)
    for name, population in config.analyses[analysis].populations.items():
        study, own = _patients(analysis, name, population, table, frames)
        rng = seeds.generator(config.seed, f"absolute/{analysis}/{name}")
        hazard = baseline(own, str(study["comparator_arm"]), rng)
        horizon = _horizon(analysis, name, population, hazard)
        own_curves = _curves(own, study, np.array(population.times, float))
        for model, fit in converged.items():
            moved = rests_on_class(fit.specification.design)
            for treatment in fit.treatments:
                if fit.islands[treatment] != fit.islands[str(study["comparator"])]:
                    continue
                against = str(study["comparator"])
                labels = {"population": name, "model": model, "treatment": treatment,
                          "comparator": against,
                          "bridged": frozenset((treatment, against)) in moved}  # fmt: skip
                of = _of_model(fit, population.trial, treatment, hazard, rng)
                if of is None:
                    continue
                curve = _curve(of, hazard.follow_up, population, labels)
                rows["predicted-survival"] += curve
                rows["predicted-observed"] += _beside(curve, own_curves.get(treatment, {}))
                rows["predicted-times"] += _measures(of, horizon, labels)
                rows["predicted-ratios"] += _ratios(fit, population, treatment, hazard, labels)
                shaped = config.models[model].any_shape or config.models[model].time_ratios
                if shaped and _own_hazards(fit, population.trial):
                    rows["survival-draws"] += _draws(of.survival, hazard.follow_up, {
                        "population": name, "model": model, "treatment": treatment})  # fmt: skip
        rows["observed-times"] += [
            {"population": name, **row} for row in _observed(own, study, horizon)
        ]
        nothing = np.zeros(len(hazard.hazard))
        rows["survival-draws"] += _draws(
            partial(hazard.survival, nothing), hazard.follow_up,
            {"population": name, "treatment": str(study["comparator"])},
        )  # fmt: skip
        lines.append(f"{name}: {len(hazard.hazard)} draws, to {hazard.follow_up:.1f} months")
    with files.together():
        for kind in tables.PREDICTED:
            kind.write(out / f"{kind.name}.csv", kind.frame(rows[kind.name]))
    return lines


def _fits(config: Config, analysis: str, data: Path, ipd: list[Path], fits: Path) -> dict[str, Fit]:
    """The converged fits of an analysis whose effects are consistent, by the name of the model."""
    found = {}
    for name in config.analyses[analysis].models:
        record = files.read_json(fits / name / "fit.json")
        model = config.models[name]
        if record["failures"] or model.relation == "ume" or model.regression is not None:
            continue
        studies = models.network(config, analysis, model, data, ipd)
        specified = models.specify(config, model, studies)
        found[name] = models.loaded(config, analysis, name, specified, fits / name / "posterior.nc")
    return found


@dataclass(frozen=True)
class Predicted:
    """Draws of one treatment's survival in a population.

    `survival` takes times and gives (draws, times); `restricted_mean` takes its end; `median` holds
    draws; `gain` takes an end: the restricted mean less that on the comparator, of the same draws.
    """

    survival: Callable[[np.ndarray], np.ndarray]
    restricted_mean: Callable[[float], np.ndarray]
    gain: Callable[[float], np.ndarray]
    median: np.ndarray


def _own_hazards(fit: Fit, trial: str) -> bool:
    patients = fit.specification.patients
    return patients is not None and trial in patients.studies


def _of_model(
    fit: Fit, trial: str, treatment: str, hazard: Baseline, rng: np.random.Generator
) -> Predicted | None:
    """What a model predicts for a treatment; None where it has no hazard of it."""
    if _own_hazards(fit, trial):
        if treatment not in survival.treatments(fit, trial):
            return None
        against = fit.specification.patients.baseline(trial)  # type: ignore[union-attr]
        return Predicted(
            lambda time: survival.survival(fit, trial, treatment, time),
            lambda end: survival.restricted_mean(fit, trial, treatment, end),
            lambda end: (
                survival.restricted_mean(fit, trial, treatment, end)
                - survival.restricted_mean(fit, trial, against, end)
            ),
            survival.median(fit, trial, treatment),
        )
    assert fit.specification.scale != "ln time ratio"  # all its trials enter by their patients
    comparator = _comparator(fit, trial)
    drawn = fit.d[treatment] - fit.d[comparator]
    effect = drawn[rng.integers(len(drawn), size=len(hazard.hazard))]
    nothing = np.zeros(len(effect))
    return Predicted(
        lambda time: hazard.survival(effect, time),
        lambda end: hazard.restricted_mean(effect, end),
        lambda end: hazard.restricted_mean(effect, end) - hazard.restricted_mean(nothing, end),
        hazard.median(effect),
    )


def _comparator(fit: Fit, trial: str) -> str:
    rows = fit.network.rows
    return str(rows.loc[rows["study"] == trial, "against"].iloc[0])


def _ratios(
    fit: Fit, population: Population, treatment: str, hazard: Baseline, row: dict[str, Any]
) -> list[dict[str, Any]]:
    """ln HR over time, of a model with hazards of its own that are not those of the comparator."""
    trial = population.trial
    if not _own_hazards(fit, trial) or treatment == _comparator(fit, trial):
        return []
    time = _monthly(hazard.follow_up)[1:]
    of = survival.hazards(fit, trial, treatment, time)[0]
    against = survival.hazards(fit, trial, _comparator(fit, trial), time)[0]
    bands = np.quantile(of - against, QUANTILES, axis=0)
    return [
        {**row, "time": at, **dict(zip(COLUMNS, column, strict=True))}
        for at, column in zip(time, bands.T, strict=True)
    ]


def _patients(
    analysis: str, name: str, population: Population, studies: pd.DataFrame,
    frames: dict[str, pd.DataFrame],
) -> tuple[dict[str, Any], pd.DataFrame]:  # fmt: skip
    """The network's row of the population's trial, and its patients."""
    field = f"analyses.{analysis}.populations.{name}.trial"
    rows = studies[studies["study"] == population.trial]
    if rows.empty:
        raise InputError(
            Problem("config/config.yaml", field, population.trial, "is not in this network",
                    "Name a trial of the network whose patients are reconstructed")
        )  # fmt: skip
    if population.trial not in frames:
        raise InputError(
            Problem("config/config.yaml", field, population.trial,
                    "its patients cannot be reconstructed",
                    "Add its numbers at risk or curve, or take the population out")
        )  # fmt: skip
    study = {str(key): value for key, value in rows.iloc[0].items()}
    own = frames[population.trial]
    best = own[(own["arm"] == study["comparator_arm"]) & (own["draw"] == 0)]
    if not best["event"].sum():
        raise InputError(
            Problem("ipd.csv", "event", 0, f"arm {study['comparator_arm']} has no event",
                    f"Take the population {name} out: its hazard cannot be estimated")
        )  # fmt: skip
    return study, own


def _horizon(analysis: str, name: str, population: Population, own: Baseline) -> float:
    """End of restricted means; whatever is named must lie within follow-up."""
    named = [*population.times, *([population.horizon] if population.horizon else [])]
    late = [time for time in named if time > own.follow_up]
    if late:
        raise InputError(
            Problem("config/config.yaml", f"analyses.{analysis}.populations.{name}", max(late),
                    f"is after the end of follow-up, {own.follow_up:.1f} months",
                    "Nothing is extrapolated: name earlier times")
        )  # fmt: skip
    return population.horizon or own.follow_up


def _monthly(end: float) -> np.ndarray:
    """Whole months up to `end`, and `end`."""
    return np.unique(np.append(np.arange(int(end) + 1.0), end))


def _draws(
    survival: Callable[[np.ndarray], np.ndarray], end: float, row: dict[str, Any]
) -> list[dict[str, Any]]:
    """Some draws of survival at whole months up to `end` (table SURVIVAL_DRAWS)."""
    time = np.arange(int(end) + 1.0)
    drawn = survival(time)
    return [
        {**row, "draw": number, "time": at, "survival": round(float(value), DIGITS)}
        for number, place in enumerate(thinned(len(drawn)), 1)
        for at, value in zip(time, drawn[place], strict=True)
    ]


def _curves(
    ipd: pd.DataFrame, study: dict[str, Any], times: np.ndarray
) -> dict[str, dict[float, np.ndarray]]:
    """Treatment of the trial's own arms -> time -> survival in every reconstruction, best first.

    Times after the last patient of a reconstruction are left out.
    """
    found = {}
    for side, arm in (("treatment", "arm"), ("comparator", "comparator_arm")):
        draws = [each for _, each in ipd[ipd["arm"] == study[arm]].groupby("draw")]
        curves = [
            kaplan_meier(Patients(each["time"].to_numpy(float), each["event"].to_numpy(np.int64)))
            for each in draws
        ]
        last = min(float(each["time"].max()) for each in draws)
        found[str(study[side])] = {
            float(at): np.array([float(curve.at(np.array([at]))[0]) for curve in curves])
            for at in times[times <= last]
        }
    return found


def _beside(curve: list[dict[str, Any]], observed: dict[float, np.ndarray]) -> list[dict[str, Any]]:
    """Rows of table PREDICTED_OBSERVED: a curve at the times that were observed."""
    rows = []
    for row in curve:
        if row["time"] in observed:
            seen = observed[row["time"]]
            rows.append({
                **row, "observed": float(seen[0]), "observed_lowest": float(seen.min()),
                "observed_highest": float(seen.max()),
                "held": bool(seen.min() <= row["q97.5"] and seen.max() >= row["q2.5"]),
            })  # fmt: skip
    return rows


def _curve(
    of: Predicted, end: float, population: Population, row: dict[str, Any]
) -> list[dict[str, Any]]:
    time = np.unique(np.concatenate([_monthly(end), np.array(population.times, float)]))
    bands = np.quantile(of.survival(time), QUANTILES, axis=0)
    return [
        {**row, "time": at, **dict(zip(COLUMNS, column, strict=True))}
        for at, column in zip(time, bands.T, strict=True)
    ]


def _measures(of: Predicted, horizon: float, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Restricted mean, its gain against the baseline arm's treatment, and median."""
    drawn = (("rmst", of.restricted_mean(horizon)), ("rmst-gain", of.gain(horizon)),
             ("median", of.median))  # fmt: skip
    rows = []
    for measure, draws in drawn:
        quantiles = np.quantile(draws, QUANTILES, method="nearest")
        known = [float(value) if np.isfinite(value) else None for value in quantiles]
        rows.append({**row, "measure": measure, "horizon": horizon,
                     **dict(zip(COLUMNS, known, strict=True))})  # fmt: skip
    return rows


def _observed(ipd: pd.DataFrame, study: dict[str, Any], horizon: float) -> list[dict[str, Any]]:
    """Restricted means of the trial's own arms by Kaplan-Meier, without proportional hazards.

    Variances are Greenwood's of each reconstruction plus that between them (Rubin 1987).
    """
    numbers = sorted(set(ipd["draw"]) - {0}) or [0]
    names = {str(study["arm"]): str(study["treatment"]),
             str(study["comparator_arm"]): str(study["comparator"])}  # fmt: skip
    end = min(horizon, *(float(ipd.loc[ipd["arm"] == arm, "time"].max()) for arm in names))
    found = {}
    for arm in names:
        mine = ipd[ipd["arm"] == arm]
        found[arm] = np.array([_restricted(mine[mine["draw"] == n], end) for n in numbers])
    gain = np.column_stack([
        found[str(study["arm"])][:, 0] - found[str(study["comparator_arm"])][:, 0],
        sum(values[:, 1] for values in found.values()),
    ])  # fmt: skip
    rows = [(names[arm], "rmst", values) for arm, values in found.items()]
    rows.append((names[str(study["arm"])], "rmst-gain", gain))
    return [
        {"treatment": treatment, "comparator": str(study["comparator"]), "measure": measure,
         "horizon": end, **_pooled(values)}
        for treatment, measure, values in rows
    ]  # fmt: skip


def _restricted(patients: pd.DataFrame, end: float) -> tuple[float, float]:
    """Area under the Kaplan-Meier curve to `end`, and its variance (Greenwood)."""
    curve = kaplan_meier(
        Patients(patients["time"].to_numpy(float), patients["event"].to_numpy(np.int64))
    )
    return curve.rmst(end), curve.rmst_variance(end)


def _pooled(values: np.ndarray) -> dict[str, float]:
    mean, between = values[:, 0].mean(), values[:, 0].var(ddof=1) if len(values) > 1 else 0.0
    sd = float(np.sqrt(values[:, 1].mean() + between))
    limits = (mean - 1.96 * sd, mean, mean + 1.96 * sd)
    return dict(zip(COLUMNS, map(float, limits), strict=True))
