"""Hazards of patients with covariates, and of published arms averaged over theirs.

A patient's linear predictor is that of the arm, plus x times the arm's slopes; the baseline hazard
is the study's. Of studies whose patients' covariates are known the log-likelihood is a sum over
patients, who are put together where they have the same covariates. A published arm has patients
that were reconstructed from its curve, each with

    log of the mean over the arm's weighted points of h(t | x)^event S(t | x)

(Phillippo et al. 2024, arXiv:2401.12640). It is smooth in time between knots, so that Gauss rules
stand for the times: the cost grows with the points, and not with the reconstructed patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evinet.nma.data.patients import Patients, Records
from evinet.nma.likelihoods.scaled_normal import flat
from evinet.nma.likelihoods.survival.baseline import intercepts
from evinet.nma.likelihoods.survival.mspline import MSpline
from evinet.nma.likelihoods.survival.parametric import NODES as NODES_OF_ARM
from evinet.nma.likelihoods.survival.parametric import Parametric, rows
from evinet.nma.likelihoods.survival.sufficient import event_nodes

if TYPE_CHECKING:
    from evinet.nma.population.regression import Regression

Rule = tuple[np.ndarray, np.ndarray]  # times and weights
NODES = 5  # of a published arm's times between two knots: the log-likelihood is right to 1e-4


@dataclass(frozen=True, eq=False)
class People:
    """Who has covariates, and which arms have points instead.

    Attributes
    ----------
    arm, columns, time, event
        Of each patient with covariates: number of the arm; centred columns, shape (patients,
        terms).
    published
        Numbers of the published arms.
    points, weights
        Their points' centred columns, shape (published arms, points, terms), and their weights.
    """

    arm: np.ndarray
    columns: np.ndarray
    time: np.ndarray
    event: np.ndarray
    published: np.ndarray
    points: np.ndarray
    weights: np.ndarray

    def groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Patients of one arm and the same covariates: arm, columns, and each patient's group."""
        both = np.column_stack([self.arm, self.columns])
        found, place = np.unique(both, axis=0, return_inverse=True)
        return found[:, 0].astype(int), found[:, 1:], place.ravel()


def people(patients: Patients, regression: Regression) -> People:
    """The patients and points of a network's arms."""
    arm, columns, time, event, published = [], [], [], [], []
    for number, pair in enumerate(patients.arms):
        if pair in regression.patients:
            own = regression.patients[pair]
            arm.append(np.full(len(own), number))
            columns.append(regression.matrix(own))
            time.append(own["time"].to_numpy(float))
            event.append(own["event"].to_numpy(float))
        else:
            published.append(number)
    points, weights = regression.stacked([patients.arms[number] for number in published])
    return People(
        np.concatenate(arm), np.concatenate(columns), np.concatenate(time), np.concatenate(event),
        np.array(published, int), points, weights,
    )  # fmt: skip


def _nodes(
    patients: Patients, records: Records, published: np.ndarray, rule: Callable[[int, Any], Rule],
    size: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Times, weights and whether they are of events, in rows of one length, an arm a row."""
    time, weight = np.ones((len(published), 2 * size)), np.zeros((len(published), 2 * size))
    event = np.repeat([1.0, 0.0], size)
    for row, number in enumerate(published):
        own, happened = records.of(int(number))
        for place, chosen in enumerate((own[happened == 1], own[(happened == 0) & (own > 0)])):
            times, weights = rule(int(number), chosen)
            start = place * size
            time[row, start : start + len(times)] = times
            weight[row, start : start + len(weights)] = weights
    return {"node_time": time, "node_weight": weight, "node_event": event}


def _averaged(log_terms: Any, weights: Any) -> Any:
    """Log of the weighted mean of exponentials over the last axis; weights (arms, points)."""
    import pytensor.tensor as pt

    top = log_terms.max(axis=-1, keepdims=True)
    return pt.log((weights[:, None, :] * pt.exp(log_terms - top)).sum(axis=-1)) + top[..., 0]


@dataclass(frozen=True)
class _Individual:
    """What a baseline of patients with covariates has beside those of `patients`."""

    patients: Patients
    regression: Regression | None = None

    @cached_property
    def people(self) -> People:
        """The patients and points."""
        assert self.regression is not None
        return people(self.patients, self.regression)


@dataclass(frozen=True)
class IndividualSpline(_Individual, MSpline):
    """M-spline or, with degree 0, piecewise exponential hazards of patients with covariates."""

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Those of `MSpline`, sums over patients of the same covariates, nodes and points."""
        found, own = super().data(records), self.people
        arm, columns, group = own.groups()
        cumulative = np.zeros((len(arm), self.size))
        every = np.zeros((len(group), self.size))
        for number in np.unique(own.arm):
            mine = own.arm == number
            every[mine] = self.basis(self.patients.arms[number][0]).cumulative(own.time[mine])
        np.add.at(cumulative, group, every)
        happened = np.zeros((len(self.patients.arms), columns.shape[1]))
        np.add.at(happened, own.arm, own.columns * own.event[:, None])

        def rule(number: int, times: np.ndarray) -> Rule:
            return event_nodes(times, self.basis(self.patients.arms[number][0]), NODES)

        size = NODES * (self.size - self.degree)
        nodes = _nodes(self.patients, records, own.published, rule, size)
        spent = [
            self.basis(self.patients.arms[number][0]).cumulative(times)
            for number, times in zip(own.published, nodes.pop("node_time"), strict=True)
        ]
        return found | nodes | {
            "person_arm": arm, "published_arms": own.published,
            "known_arms": np.setdiff1d(np.arange(len(self.patients.arms)), own.published),
            "person_columns": columns, "person_cumulative": cumulative, "event_columns": happened,
            "node_cumulative": np.array(spent).reshape(len(spent), 2 * size, self.size),
            "points": own.points, "point_weights": own.weights,
        }  # fmt: skip

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Log-likelihood given the arms' effects and slopes; adds the variables of `MSpline`."""
        import pytensor.tensor as pt

        slopes, arm = values["slopes"], values["person_arm"]
        published, known = values["published_arms"], values["known_arms"]
        coefficients, stratum = self._coefficients(values), values["stratum_of_arm"]
        eta = theta[arm] + (values["person_columns"] * slopes[arm]).sum(axis=1)
        spent = (values["person_cumulative"] * coefficients[stratum[arm]]).sum(axis=1)
        every = pt.arange(theta.shape[0])[:, None]
        relative = pt.dot(pt.cast(pt.eq(every, arm), "float64"), pt.exp(eta) * spent)
        at_points = theta[published][:, None] + (
            values["points"] * slopes[published][:, None, :]
        ).sum(axis=2)
        total = (values["cumulative"] * coefficients[stratum]).sum(axis=1)
        rough = (values["point_weights"] * pt.exp(at_points)).sum(axis=1) * total[published]
        place = pt.cast(pt.eq(every, published), "float64")
        mu = intercepts(self.patients, values, values["events"], relative + pt.dot(place, rough),
                        self.intercept_sd)  # fmt: skip
        level = mu[values["study_of_arm"]]
        hazard = (values["hazard"] * coefficients[:, None, :]).sum(axis=2)
        found = (
            (values["weight"] * pt.log(hazard)).sum()
            + (values["events"] * level).sum()
            + (values["events"][known] * theta[known]).sum()
            + (values["event_columns"] * slopes).sum()
            - (relative * pt.exp(level)).sum()
        )
        if not len(self.people.published):
            return found
        own = coefficients[stratum[published]][:, None, :]
        at = (values["node_cumulative"] * own).sum(axis=2) * pt.exp(level[published])[:, None]
        terms = (
            values["node_event"][:, None] * at_points[:, None, :]
            - at[:, :, None] * pt.exp(at_points)[:, None, :]
        )
        return found + (values["node_weight"] * _averaged(terms, values["point_weights"])).sum()


@dataclass(frozen=True)
class IndividualParametric(_Individual, Parametric):
    """Parametric hazards of patients with covariates."""

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Times and weights of events and others, each with columns; nodes and points."""
        own = self.people
        arm, columns, group = own.groups()
        counted = own.time > 0
        if self.family.accelerated:
            counted &= own.event == 0
        nodes = _nodes(self.patients, records, own.published, lambda _, times: self._rule(times),
                       NODES_OF_ARM)  # fmt: skip
        found = {
            **self._scales(records),
            **nodes,
            "published_arms": own.published,
            "points": own.points,
            "point_weights": own.weights,
            "events": self._events(records),
        }
        for name, chosen in (("event", own.event == 1), ("other", counted)):
            rules = [
                (number, *self._rule(own.time[chosen & (group == number)]))
                for number in np.unique(group[chosen])
            ]
            of = np.concatenate([np.full(len(times), number) for number, times, _ in rules])
            found |= {
                f"{name}_time": np.concatenate([times for _, times, _ in rules]),
                f"{name}_weight": np.concatenate([weights for _, _, weights in rules]),
                f"{name}_columns": columns[of], f"{name}_arm": arm[of],
            }  # fmt: skip
        if not self.family.accelerated:
            every = [records.of(number)[0] for number in range(len(self.patients.arms))]
            found["spent_time"], found["spent_weight"] = rows(
                [self._rule(time[time > 0]) for time in every]
            )
        return found

    def _events(self, records: Records) -> np.ndarray:
        return np.array([float(records.of(number)[1].sum())
                         for number in range(len(self.patients.arms))])  # fmt: skip

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Log-likelihood given the arms' effects and slopes; adds mu and the studies' shapes."""
        import pymc as pm
        import pytensor.tensor as pt

        slopes, of, published = values["slopes"], values["study_of_arm"], values["published_arms"]
        shapes = self._shapes(values)
        at_points = theta[published][:, None] + (
            values["points"] * slopes[published][:, None, :]
        ).sum(axis=2)
        if self.family.accelerated:
            above = flat("location", (len(self.patients.studies),), values["centre"].shape)
            mu = pm.Deterministic("mu", values["centre"] + above, dims="study")
            pm.Potential("mu_prior", -0.5 * pt.sqr(mu / self.intercept_sd).sum())
        else:
            every = tuple(shape[of][:, None] for shape in shapes)
            relative = self.family.cumulative(pt, theta[:, None], every, values["spent_time"])
            mu = intercepts(self.patients, values, values["events"],
                            (values["spent_weight"] * relative).sum(axis=1),
                            self.intercept_sd)  # fmt: skip

        def terms(name: str, function: Any) -> Any:
            arm = values[f"{name}_arm"]
            study = of[arm]
            eta = mu[study] + theta[arm] + (values[f"{name}_columns"] * slopes[arm]).sum(axis=1)
            own = tuple(shape[study] for shape in shapes)
            return (values[f"{name}_weight"]
                    * function(pt, eta, own, values[f"{name}_time"])).sum()  # fmt: skip

        found = terms("event", self.family.at_event) - terms("other", self.family.cumulative)
        if not len(self.people.published):
            return found
        eta = (mu[of[published]][:, None] + at_points)[:, None, :]
        time = values["node_time"][:, :, None]
        own = tuple(shape[of[published]][:, None, None] for shape in shapes)
        happened = values["node_event"][:, None]
        density = self.family.at_event(pt, eta, own, time)
        spent = self.family.cumulative(pt, eta, own, time)
        kept = 1 - happened if self.family.accelerated else 1.0
        terms_at = _averaged(happened * density - kept * spent, values["point_weights"])
        return found + (values["node_weight"] * terms_at).sum()
