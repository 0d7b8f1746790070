"""Fractional polynomial log hazards (Jansen 2011, BMC Med Res Methodol 11:61).

    ln h(t) = mu + theta + sum_m slope_m f_m(t)

with the powers t^p of Royston & Altman (1994, Appl Stat 43:429): ln t for p = 0, and for a power
that is repeated once more times ln t. The functions f_m are those powers, centred, scaled and made
uncorrelated over the network's events, which changes no curve: a slope is the change of ln h a
standard deviation of its function, and theta the effect averaged over the events. Slopes are a
study's baseline's, and the treatment's effect on them less that of the study's baseline arm.

Power 0 is the Weibull distribution with effects on its shape, power 1 Gompertz. Before `start`, the
first percentile of the event times, the hazard is held as it is there: negative powers have no
finite integral from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from evinet.errors import InputError, Problem
from evinet.nma.data.patients import Patients, Records
from evinet.nma.likelihoods.survival.baseline import intercepts, within
from evinet.nma.likelihoods.survival.sharing import ShapeEffects, Sharing, shape_effects
from evinet.nma.likelihoods.survival.sufficient import intervals, quadrature
from evinet.nma.settings import POWERS

NODES = 32  # of an arm's person-time: the log-likelihood is right to about 1e-5
INTERVAL = 5  # panels of three nodes of an interval that holds an event
STEPS = 200  # of ln t from the start to the end of follow-up, where hazards are integrated


@dataclass(frozen=True)
class FractionalPolynomial:
    """Baselines whose log hazards are fractional polynomials of first or second order.

    Parameters
    ----------
    patients : whose hazards they are.
    powers : one or two of `POWERS`.
    shapes : who shares the slopes: ``treatment``, or ``study``, under proportional hazards.
    intercept_sd : standard deviation of the normal prior of each study's intercept mu.
    slope_sd : standard deviation of the normal priors of slopes and of effects on them.

    Raises
    ------
    InputError
        The powers are not one or two of `POWERS`, or the sharing is none of the two.
    """

    patients: Patients
    powers: tuple[float, ...] = (0.0,)
    shapes: Sharing = "treatment"
    intercept_sd: float = 100.0
    slope_sd: float = 10.0

    scale = "ln HR"
    positive = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.powers) <= 2 or not set(self.powers) <= set(POWERS):
            known = ", ".join(f"{power:g}" for power in POWERS)
            raise _refused("powers", self.powers, "are not powers of this model",
                           f"Use one or two of {known}")  # fmt: skip
        if self.shapes == "arm":
            raise _refused("shapes", "arm", "is not offered with fractional polynomials",
                           "Use treatment or study")  # fmt: skip

    @property
    def parameters(self) -> tuple[str, ...]:
        """Variables that are reported."""
        return ("mu", "slope", "shape") if self.shapes == "treatment" else ("mu", "slope")

    @property
    def saved(self) -> tuple[str, ...]:
        """Variables that `hazards` needs."""
        return self.parameters

    @property
    def priors(self) -> dict[str, str]:
        """Priors of its parameters, as formulas."""
        found = {"mu": f"normal(0, {self.intercept_sd:g})"}
        slopes = {name: f"normal(0, {self.slope_sd:g})" for name in self.parameters[1:]}
        return found | slopes

    @cached_property
    def effects(self) -> ShapeEffects:
        """Effects of treatments on the slopes."""
        return shape_effects(self.patients)

    def reached(self, study: str) -> list[str] | None:
        """Treatments with a hazard in a study; None: all of its island."""
        baseline = self.patients.baseline(study)
        return self.effects.reached(baseline) if self.shapes == "treatment" else None

    @cached_property
    def _events(self) -> np.ndarray:
        best = self.patients.best.rough
        return best.time[best.event == 1]

    @cached_property
    def start(self) -> float:
        """Before this time hazards are constant."""
        return float(np.quantile(self._events, 0.01))

    @cached_property
    def _scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """Centre of the powers over the events, and what turns them uncorrelated."""
        values = self._powers_of(self._events)
        root = np.linalg.cholesky(np.atleast_2d(np.cov(values.T, ddof=0)))
        return values.mean(axis=0), np.linalg.inv(root).T

    def _powers_of(self, time: np.ndarray) -> np.ndarray:
        scaled = np.maximum(time, self.start) / np.median(self._events)
        columns = [np.log(scaled) if power == 0 else scaled**power for power in self.powers]
        if len(set(self.powers)) < len(self.powers):
            columns[1] = columns[1] * np.log(scaled)
        return np.column_stack(columns)

    def functions(self, time: np.ndarray) -> np.ndarray:
        """f_m(t), shape (times, powers)."""
        centre, scaling = self._scaling
        return np.asarray((self._powers_of(time) - centre) @ scaling)

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Sums of f over an arm's events, and nodes that stand for its person-time."""
        events, sums, nodes = [], [], []
        for number in range(len(self.patients.arms)):
            time, event = records.of(number)
            events.append(float(event.sum()))
            sums.append(self.functions(time[event == 1]).sum(axis=0))
            nodes.append(self._exposure(time, records.entries(number)))
        times = np.array([time for time, _ in nodes])
        changes = {}
        if self.shapes == "treatment":
            changes["changes"] = self.effects.contrasts[:, self.effects.free]
        return {
            **changes,
            "events": np.array(events),
            "sums": np.array(sums),
            "functions": np.array([self.functions(time) for time in times]),
            "weight": np.array([weight for _, weight in nodes]),
            **self._intervals(records),
        }

    def _intervals(self, records: Records) -> dict[str, np.ndarray]:
        """Nodes and weights for the integral of h over each interval that holds an event, if any.

        Gauss rules of ln t, and a node for the time before `start`.
        """
        if not self.patients.intervals:
            return {}
        rows, count = intervals(self.patients, records)
        early = np.minimum(rows[:, 1:], self.start)
        edges = np.log(np.maximum(rows[:, 1:], self.start))
        rules = [_legendre(np.linspace(low, high, INTERVAL + 1)) for low, high in edges]
        time = np.exp([points for points, _ in rules])
        weight = np.array([width for _, width in rules]) * time
        functions = [self.functions(np.append(each, self.start)) for each in time]
        return {
            "interval_arm": rows[:, 0].astype(int), "interval_count": count,
            "interval_functions": np.array(functions),
            "interval_weight": np.column_stack([weight, np.diff(early, axis=1)]),
        }  # fmt: skip

    def _steps(self, time: np.ndarray) -> np.ndarray:
        """Steps of ln t from `start` to the last of the times, with every time after `start`."""
        last = np.log(max(time.max(), self.start * 1.01))
        grid = np.linspace(np.log(self.start), last, STEPS + 1)
        return np.union1d(grid, np.log(time[time > self.start]))

    def _exposure(self, time: np.ndarray, entry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights for ``sum over patients of the integral of h from entry to time``.

        It is the integral of h times the number at risk: a Gauss rule of that measure of ln t, and
        a node for the time before `start`.
        """
        starts, ends = np.sort(entry), np.sort(time)
        fine, width = _legendre(self._steps(np.append(starts, ends)))
        at = np.exp(fine)
        at_risk = np.searchsorted(starts, at) - np.searchsorted(ends, at)
        watched = at_risk > 0
        measure = (width * np.exp(fine) * at_risk)[watched]
        points, weights = quadrature(fine[watched], NODES, measure)
        short = NODES - len(points)  # a rule of fewer nodes is filled up by weights of 0
        points = np.append(np.exp(points), np.full(short + 1, self.start))
        weights = np.append(weights, np.zeros(short + 1))
        weights[-1] = (np.minimum(time, self.start) - np.minimum(entry, self.start)).sum()
        return points, weights

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Log-likelihood given the arms' effects; adds mu, slopes and effects on them."""
        import pytensor.tensor as pt

        slopes = self._slopes(values)
        relative = pt.exp(theta[:, None] + (values["functions"] * slopes[:, None, :]).sum(axis=2))
        expected = (values["weight"] * relative).sum(axis=1)
        spent = None
        if "interval_arm" in values:
            arm = values["interval_arm"]
            at = (values["interval_functions"] * slopes[arm][:, None, :]).sum(axis=2)
            spent = (values["interval_weight"] * pt.exp(theta[arm][:, None] + at)).sum(axis=1)
        mu = intercepts(self.patients, values, values["events"], expected, self.intercept_sd, spent)
        level = mu[values["study_of_arm"]]
        found = (
            (values["events"] * (level + theta)).sum()
            + (values["sums"] * slopes).sum()
            - (expected * pt.exp(level)).sum()
        )
        if spent is None:
            return found
        return found + within(values, spent * pt.exp(level[values["interval_arm"]]))

    def _slopes(self, values: dict[str, Any]) -> Any:
        """The slopes of every arm, shape (arms, powers)."""
        import pytensor.tensor as pt

        slopes = pt.dot(values["incidence"].T, self._normal("slope", "study"))
        if self.shapes == "treatment":
            changes = self._normal("shape", "shaped")
            slopes = slopes + pt.dot(values["changes"], changes)
        return slopes

    def _normal(self, name: str, along: str) -> Any:
        import pymc as pm

        size = len(self.patients.studies if along == "study" else self.effects.changed)
        start = np.zeros((size, len(self.powers)))
        return pm.Normal(name, 0.0, self.slope_sd, dims=(along, "power"), initval=start)

    def coordinates(self) -> dict[str, Any]:
        """Names along the dimensions of the baseline's variables."""
        names = {"power": [f"power {number}" for number in range(1, len(self.powers) + 1)]}
        return names | ({"shaped": self.effects.changed} if self.shapes == "treatment" else {})

    def complete(
        self, posterior: xr.Dataset, data: dict[str, np.ndarray], rng: np.random.Generator
    ) -> xr.Dataset:
        """The posterior as it is: nothing was integrated out."""
        return posterior

    def hazards(
        self,
        posterior: xr.Dataset,
        population: str,
        treatment: str,
        effect: np.ndarray,
        time: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log hazard and cumulative hazard of a treatment in a study's population."""
        slopes = posterior["slope"].sel(study=population).transpose("sample", ...).to_numpy()
        if self.shapes == "treatment":
            baseline = self.patients.baseline(population)
            slopes = slopes + self.effects.difference(posterior["shape"], treatment, baseline)
        level = posterior["mu"].sel(study=population).to_numpy() + effect

        def log_hazard(at: np.ndarray) -> np.ndarray:
            return np.asarray(level[:, None] + slopes @ self.functions(at).T)

        edges = self._steps(time)
        fine, width = _legendre(edges)
        pieces = np.exp(log_hazard(np.exp(fine))) * width * np.exp(fine)
        sums = np.cumsum(pieces.reshape(len(slopes), len(edges) - 1, -1).sum(axis=2), axis=1)
        spent = np.column_stack([np.zeros(len(slopes)), sums])
        place = np.searchsorted(edges, np.log(np.maximum(time, self.start)) - 1e-12)
        first = np.exp(log_hazard(np.array([self.start])))
        return log_hazard(time), first * np.minimum(time, self.start) + spent[:, place]


def _legendre(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes between the edges, three an interval, and their weights."""
    x, w = np.polynomial.legendre.leggauss(3)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (x + 1)).ravel(), (half * w).ravel()


def _refused(field: str, value: object, message: str, remedy: str) -> InputError:
    return InputError(Problem("arguments", field, value, message, remedy))
