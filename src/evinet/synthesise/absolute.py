"""Survival on every connected treatment in a named population.

A baseline hazard from the patients of one arm, relative effects from a model of the network (NICE
DSU TSD 5: a baseline model of its own, independent of the effects), proportional hazards. Nothing
is extrapolated: times end with the arm's follow-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from evinet import seeds, tables
from evinet.config import Population
from evinet.errors import InputError, Problem
from evinet.reconstruct.estimators import KaplanMeier, kaplan_meier
from evinet.reconstruct.inputs import Patients
from evinet.synthesise.answers import COLUMNS, QUANTILES
from evinet.synthesise.fit import Analysis
from evinet.synthesise.model import Specification

DRAWS = 4000
INTERVALS = 12
EVENTS = 5  # in an interval, at least
STEPS = 40  # of the curves


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


def predict(analysis: Analysis, fits: Path, out: Path) -> list[str]:
    """Write `predicted-survival`, `predicted-times` and `observed-times` of every population.

    Returns a line a population.

    Raises
    ------
    InputError
        A population's trial is not in the network or its patients were not reconstructed, or a time
        is after its follow-up.
    """
    curves: list[dict[str, Any]] = []
    measures: list[dict[str, Any]] = []
    observed: list[dict[str, Any]] = []
    lines = []
    for name, population in analysis.config.analyses[analysis.name].populations.items():
        study, ipd = _patients(analysis, name, population)
        rng = seeds.generator(analysis.config.seed, f"absolute/{analysis.name}/{name}")
        own = baseline(ipd, str(study["comparator_arm"]), rng)
        horizon = _horizon(analysis.name, name, population, own)
        for model in analysis.config.analyses[analysis.name].models:
            for treatment, effect, labels in _effects(analysis, fits, model, study, rng):
                row = {"population": name, "model": model, "treatment": treatment, **labels}
                curves += _curve(own, effect, population, row)
                measures += _measures(own, effect, horizon, row)
        observed += [{"population": name, **row} for row in _observed(ipd, study, horizon)]
        lines.append(f"{name}: {len(own.hazard)} draws, to {own.follow_up:.1f} months")
    for table, rows in (
        (tables.PREDICTED_SURVIVAL, curves),
        (tables.PREDICTED_TIMES, measures),
        (tables.OBSERVED_TIMES, observed),
    ):
        table.write(out / f"{table.name}.csv", table.frame(rows))
    return lines


def _patients(
    analysis: Analysis, name: str, population: Population
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The network's row of the population's trial, and its patients."""
    field = f"analyses.{analysis.name}.populations.{name}.trial"
    rows = analysis.network.studies[analysis.network.studies["trial"] == population.trial]
    if rows.empty:
        raise InputError(
            Problem("config/config.yaml", field, population.trial, "is not in this network",
                    "Name a trial of the network whose patients are reconstructed")
        )  # fmt: skip
    study = {str(key): value for key, value in rows.iloc[0].items()}
    path = analysis.ipd / population.trial / str(study["outcome"]) / "ipd.csv"
    if not path.exists():
        raise InputError(
            Problem("config/config.yaml", field, population.trial,
                    f"{path} does not exist: its patients cannot be reconstructed",
                    "Add its numbers at risk or curve, or take the population out")
        )  # fmt: skip
    ipd = tables.IPD.read(path)
    best = ipd[(ipd["arm"] == study["comparator_arm"]) & (ipd["draw"] == 0)]
    if not best["event"].sum():
        raise InputError(
            Problem(str(path), "event", 0, f"arm {study['comparator_arm']} has no event",
                    f"Take the population {name} out: its hazard cannot be estimated")
        )  # fmt: skip
    return study, ipd


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


def _effects(
    analysis: Analysis, fits: Path, name: str, study: dict[str, Any], rng: np.random.Generator
) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    """Each treatment that a model connects: its ln HR against the baseline arm's, and its labels.

    With random effects this is the mean effect.
    """
    specification = Specification(
        analysis.name, analysis.network, analysis.config.models[name], analysis.config
    )
    islands, apart = specification.islands, specification.apart
    against = str(study["comparator"])
    with xr.open_dataset(
        fits / name / "posterior.nc", group="posterior", engine="h5netcdf"
    ) as file:
        d = file["d"].stack(sample=("chain", "draw")).load()
    some = rng.integers(d.sizes["sample"], size=DRAWS)
    found = []
    for treatment in specification.treatments:
        if islands[treatment] == islands[against]:
            effect = d.sel(treatment=treatment) - d.sel(treatment=against)
            labels = {"comparator": against, "bridged": apart[treatment] != apart[against]}
            found.append((treatment, effect.to_numpy()[some], labels))
    return found


def _curve(
    own: Baseline, effect: np.ndarray, population: Population, row: dict[str, Any]
) -> list[dict[str, Any]]:
    grid = np.linspace(0, own.follow_up, STEPS + 1)
    time = np.unique(np.concatenate([grid, np.array(population.times, float)]))
    bands = np.quantile(own.survival(effect, time), QUANTILES, axis=0)
    return [
        {**row, "time": at, **dict(zip(COLUMNS, column, strict=True))}
        for at, column in zip(time, bands.T, strict=True)
    ]


def _measures(
    own: Baseline, effect: np.ndarray, horizon: float, row: dict[str, Any]
) -> list[dict[str, Any]]:
    """Restricted mean, its gain against the baseline arm's treatment, and median."""
    mean = own.restricted_mean(effect, horizon)
    gain = mean - own.restricted_mean(np.zeros(len(effect)), horizon)
    rows = []
    for measure, draws in (("rmst", mean), ("rmst-gain", gain), ("median", own.median(effect))):
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
    curve: KaplanMeier = kaplan_meier(
        Patients(patients["time"].to_numpy(float), patients["event"].to_numpy(np.int64))
    )
    inside = curve.time < end
    time, survival = curve.time[inside], curve.survival[inside]
    steps = np.diff(np.concatenate([[0.0], curve.greenwood[inside]]))
    areas = survival * np.diff(np.append(time, end))
    beyond = np.cumsum(areas[::-1])[::-1]
    return curve.rmst(end), float((beyond**2)[survival > 0] @ steps[survival > 0])


def _pooled(values: np.ndarray) -> dict[str, float]:
    mean, between = values[:, 0].mean(), values[:, 0].var(ddof=1) if len(values) > 1 else 0.0
    sd = float(np.sqrt(values[:, 1].mean() + between))
    limits = (mean - 1.96 * sd, mean, mean + 1.96 * sd)
    return dict(zip(COLUMNS, map(float, limits), strict=True))
