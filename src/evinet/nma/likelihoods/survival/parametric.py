"""Parametric baseline hazards, with shapes of each study's own (see `families`).

The log-likelihood is ``sum over events of log h - sum over patients of H``, or ``sum over events of
log f - sum over the censored of H``. Both are sums of smooth functions of time over patients of an
arm, so Gauss rules of their own times stand for them (`sufficient.quadrature`): the cost does not
grow with the patients. Patients who entered late add H at their entry: times of negative weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from evinet.nma.data.patients import Patients, Records
from evinet.nma.likelihoods.scaled_normal import flat
from evinet.nma.likelihoods.survival.baseline import intercepts, within
from evinet.nma.likelihoods.survival.families import FAMILIES, Family
from evinet.nma.likelihoods.survival.sufficient import intervals, quadrature

Rule = tuple[np.ndarray, np.ndarray]  # times and weights
NODES = 32  # for an arm's events, and for others: the log-likelihood is right to about 1e-5


@dataclass(frozen=True)
class Parametric:
    """Baselines of one parametric family.

    Parameters
    ----------
    patients : whose hazards they are. name : a name of `families.FAMILIES`.
    intercept_sd : standard deviation of the normal prior of each study's mu.
    shape_sd : scale of the half-normal prior of a positive shape, and of the normal prior of the
        Gompertz shape times the study's longest follow-up.
    q_sd : standard deviation of the normal prior of the generalised gamma's Q.
    """

    patients: Patients
    name: str
    intercept_sd: float = 100.0
    shape_sd: float = 10.0
    q_sd: float = 2.0

    def reached(self, study: str) -> list[str] | None:
        """All of the study's island: effects move one parameter."""
        return None

    @property
    def family(self) -> Family:
        """The family's functions."""
        return FAMILIES[self.name]

    @property
    def scale(self) -> str:
        """What effects are."""
        return "ln time ratio" if self.family.accelerated else "ln HR"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Variables that are reported."""
        return ("mu", *self.family.shapes)

    @property
    def saved(self) -> tuple[str, ...]:
        """Variables that `hazards` needs."""
        return self.parameters

    @property
    def positive(self) -> tuple[str, ...]:
        """Those that are positive."""
        return tuple(name for name in self.family.shapes if name not in self.family.signed)

    @property
    def priors(self) -> dict[str, str]:
        """Priors of its parameters, as formulas."""
        found = {"mu": f"normal(0, {self.intercept_sd:g})"}
        for name in self.family.shapes:
            found[name] = f"half-normal({self.shape_sd:g})"
        if self.name == "gompertz":
            found["shape"] = f"normal(0, {self.shape_sd:g} / longest follow-up of the study)"
        if self.name == "gengamma":
            found["Q"] = f"normal(0, {self.q_sd:g})"
        return found

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Times and weights that stand for events, and for those whose H counts; an arm a row."""
        arms = range(len(self.patients.arms))
        events, others = [], []
        for arm in arms:
            time, event = records.of(arm)
            events.append(self._rule(time[event == 1]))
            counted = time > 0 if not self.family.accelerated else (time > 0) & (event == 0)
            others.append(self._rule(time[counted]))
            if self.patients.late:
                entry = records.entries(arm)
                others[-1] = _less(others[-1], self._rule(entry[entry > 0]))
        event_time, event_weight = rows(events)
        time, weight = rows(others, NODES * (2 if self.patients.late else 1))
        return self._scales(records) | {
            "event_time": event_time,
            "event_weight": event_weight,
            "time": time,
            "weight": weight,
            **self._intervals(records),
        }

    def _intervals(self, records: Records) -> dict[str, np.ndarray]:
        """Starts and ends of the intervals that hold an event, if any do; a start at 0 is apart."""
        if not self.patients.intervals:
            return {}
        rows, count = intervals(self.patients, records)
        arm, start, end = rows.T
        return {
            "interval_arm": arm.astype(int), "interval_count": count, "interval_end": end,
            "interval_start": np.where(start > 0, start, end), "interval_open": (start > 0) * 1.0,
        }  # fmt: skip

    def _scales(self, records: Records) -> dict[str, np.ndarray]:
        """What a family's parameters are measured by, of each study."""
        studies = self.patients.studies
        if self.family.accelerated:
            times = [records.rough.of(*self.patients.arms_of(name))[0] for name in studies]
            return {"centre": np.log([time.mean() for time in times])}
        longest = {"longest": np.array([self.patients.upper(name) for name in studies])}
        return longest if self.family.signed else {}

    def _rule(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(time):
            return np.empty(0), np.empty(0)
        if not self.family.log_time:
            return quadrature(time, NODES)
        nodes, weights = quadrature(np.log(time), NODES)
        return np.exp(nodes), weights

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Log-likelihood given the arms' effects; adds mu and the shape of each study."""
        import pymc as pm
        import pytensor.tensor as pt

        of, count = values["study_of_arm"], len(self.patients.studies)
        shapes = tuple(shape[of][:, None] for shape in self._shapes(values))
        if self.family.accelerated:
            above = flat("location", (count,), values["centre"].shape)
            mu = pm.Deterministic("mu", values["centre"] + above, dims="study")
            pm.Potential("mu_prior", -0.5 * pt.sqr(mu / self.intercept_sd).sum())
        else:
            relative = self.family.cumulative(pt, theta[:, None], shapes, values["time"])
            spent = self._spent(values, theta, shapes) if "interval_arm" in values else None
            mu = intercepts(
                self.patients,
                values,
                values["event_weight"].sum(axis=1),
                (values["weight"] * relative).sum(axis=1),
                self.intercept_sd,
                spent,
            )
        eta = (mu[of] + theta)[:, None]
        at_event = self.family.at_event(pt, eta, shapes, values["event_time"])
        cumulative = self.family.cumulative(pt, eta, shapes, values["time"])
        found = (values["event_weight"] * at_event).sum() - (values["weight"] * cumulative).sum()
        if "interval_arm" not in values:
            return found
        return found + within(values, self._spent(values, mu[of] + theta, shapes))

    def _spent(self, values: dict[str, Any], eta: Any, shapes: tuple[Any, ...]) -> Any:
        """The hazard that adds up over each interval; shapes (arms, 1), eta of the arms."""
        import pytensor.tensor as pt

        arm = values["interval_arm"]
        own, shape = eta[arm], tuple(each[:, 0][arm] for each in shapes)
        start, end = (
            self.family.cumulative(pt, own, shape, values[f"interval_{name}"])
            for name in ("start", "end")
        )
        return end - values["interval_open"] * start

    def _shapes(self, values: dict[str, Any]) -> list[Any]:
        """The shape parameters, each of every study."""
        import pymc as pm

        studies = self.patients.studies
        zeros, found = np.zeros(len(studies)), []
        for name in self.family.shapes:
            if name == "Q":
                found.append(pm.Normal(name, 0.0, self.q_sd, dims="study", initval=zeros + 0.5))
            elif name in self.family.signed:
                longest = values["longest"]
                span = pm.Normal(
                    f"{name}_span", 0.0, self.shape_sd, shape=longest.shape, initval=zeros
                )
                found.append(pm.Deterministic(name, span / longest, dims="study"))
            else:
                found.append(pm.HalfNormal(name, self.shape_sd, dims="study", initval=zeros + 1))
        return found

    def coordinates(self) -> dict[str, Any]:
        """Names along the dimensions of the baseline's variables: study alone."""
        return {}

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
        here = posterior.sel(study=population)
        eta = (here["mu"].to_numpy() + effect)[:, None]
        shapes = tuple(here[name].to_numpy()[:, None] for name in self.family.shapes)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # at time 0
            return self.family.hazards(eta, shapes, time)


def rows(
    rules: list[tuple[np.ndarray, np.ndarray]], size: int = NODES
) -> tuple[np.ndarray, np.ndarray]:
    """Rules as rows of one array of times and one of weights, padded with weight 0 to `size`."""
    times, every = np.ones((len(rules), size)), np.zeros((len(rules), size))
    for number, (nodes, weights) in enumerate(rules):
        times[number, : len(nodes)] = nodes
        every[number, : len(nodes)] = weights
    return times, every


def _less(rule: Rule, other: Rule) -> Rule:
    """The rule of a difference of two sums."""
    return np.append(rule[0], other[0]), np.append(rule[1], -other[1])
