"""How well a survival network fits its data: deviance, DIC and leave-one-out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from evinet.synthesise.control import Controls
from evinet.synthesise.survival.contrasts import Contrasts, whitened
from evinet.synthesise.survival.fit import Fit
from evinet.synthesise.survival.model import Network
from evinet.synthesise.survival.patients import Records
from evinet.synthesise.survival.statistics import distinct

HIGH_PARETO_K = 0.7


@dataclass(frozen=True)
class Points:
    """Data points of one arm, or of one study's contrasts.

    Attributes
    ----------
    log_likelihood : shape (draws, points). counts : how many patients each point is.
    plug_in : log-likelihood of each point at the posterior means, shape (points,).
    """

    study: str
    log_likelihood: np.ndarray
    counts: np.ndarray
    plug_in: np.ndarray


def points(network: Network, posterior: xr.Dataset, records: Records) -> Iterator[Points]:
    """Distinct patients arm by arm, then published contrasts study by study.

    `posterior` has the dimension `sample`.
    """
    theta = posterior["theta"].transpose("sample", ...).to_numpy()
    centre = posterior_mean(network, posterior)
    for number, (study, treatment) in enumerate(network.baseline.patients.arms):
        rows, counts = distinct(*records.of(number))
        time, event = rows.T
        values, plug_in = (
            np.where(event == 1, log_hazard, 0.0) - cumulative
            for log_hazard, cumulative in (
                network.baseline.hazards(posterior, study, treatment, theta[:, number], time),
                network.baseline.hazards(
                    centre, study, treatment, theta[:, number].mean(keepdims=True), time
                ),
            )
        )
        yield Points(study, values, counts, plug_in[0])
    if network.contrasts is not None:
        yield from _published(network.contrasts, theta[:, network.design.arms :])


def posterior_mean(network: Network, posterior: xr.Dataset) -> xr.Dataset:
    """The baseline's parameters at their posterior means, as one sample; positive ones on the log.

    The coefficients of M-splines are then the hazard's own, ``exp(mu) s_k`` together.
    """
    found = {}
    for name in network.baseline.saved:
        variable = posterior[name]
        if name in network.baseline.positive:
            with np.errstate(divide="ignore"):  # an interval without an event has no hazard
                found[name] = np.exp(xr.apply_ufunc(np.log, variable).mean("sample"))
        else:
            found[name] = variable.mean("sample")
    return xr.Dataset(found).expand_dims(sample=1)


def _published(contrasts: Contrasts, theta: np.ndarray) -> Iterator[Points]:
    squares = whitened(contrasts, (contrasts.y - theta).T).T ** 2
    at_mean = whitened(contrasts, contrasts.y - theta.mean(axis=0)) ** 2
    constants = np.log(np.diag(contrasts.root)) + np.log(2 * np.pi) / 2
    for study in dict.fromkeys(name for name, _, _ in contrasts.rows):
        own = [name == study for name, _, _ in contrasts.rows]
        constant = constants[own].sum()
        values = -0.5 * squares[:, own].sum(axis=1, keepdims=True) - constant
        plug_in = -0.5 * at_mean[own].sum() - constant
        yield Points(study, values, np.ones(1), np.array([plug_in]))


@dataclass(frozen=True)
class LeaveOneOut:
    """Expected log predictive density of every point, by Pareto-smoothed importance sampling.

    Vehtari, Gelman & Gabry 2017, Stat Comput 27:1413. `effective` is by how much each is below the
    density with the point itself; where `pareto_k` is above 0.7 it is not to be trusted.
    """

    elpd: np.ndarray
    effective: np.ndarray
    pareto_k: np.ndarray


def leave_one_out(log_likelihood: np.ndarray) -> LeaveOneOut:
    """Leave out every point (column) of a log-likelihood, shape (draws, points)."""
    import arviz as az

    transposed = log_likelihood.T
    log_weights, pareto_k = az.psislw(-transposed, 1.0)
    elpd = logsumexp(log_weights + transposed, axis=1)
    with_it = logsumexp(transposed, axis=1) - np.log(len(log_likelihood))
    return LeaveOneOut(elpd, with_it - elpd, np.atleast_1d(pareto_k))


def measure(
    network: Network, posterior: xr.Dataset, records: Records, controls: Controls
) -> dict[str, float]:
    """Deviance, pD, DIC and leave-one-out of one reconstruction; `posterior` as in `points`.

    The deviance is -2 log-likelihood; pD its mean less its value at the posterior mean of the
    parameters (Spiegelhalter et al. 2002, JRSS B 64:583). The mean has control variates.
    """
    plug_in = effective = bad = 0.0
    deviances, elpd, counts = [], [], []
    for part in points(network, posterior, records):
        deviances.append(-2 * part.log_likelihood @ part.counts)
        plug_in += float(part.plug_in @ part.counts) * -2
        left_out = leave_one_out(part.log_likelihood)
        effective += float(left_out.effective @ part.counts)
        bad += float(part.counts[left_out.pareto_k > HIGH_PARETO_K].sum())
        elpd.append(left_out.elpd)
        counts.append(part.counts)
    each, weight = np.concatenate(elpd), np.concatenate(counts)
    deviance = float(controls.mean(np.column_stack(deviances)).sum())
    total, size = float(weight @ each), float(weight.sum())
    return {
        "deviance": deviance,
        "pD": deviance - plug_in,
        "DIC": 2 * deviance - plug_in,
        "elpd": total,
        "se": float(np.sqrt(size * (weight @ (each - total / size) ** 2) / (size - 1))),
        "p_loo": effective,
        "looic": -2 * total,
        "high_pareto_k": bad,
        "data_points": size,
    }


def fit_measures(fit: Fit) -> dict[str, Any]:
    """`measure`, averaged over reconstructions: each is a data set of its own.

    `between_reconstructions` is the standard deviation of elpd over them, None with one.
    """
    draws = fit.network.baseline.patients.draws
    rows = [
        measure(fit.network, samples, records, Controls(trace))
        for trace, samples, records in zip(fit.traces, fit.reconstructed, draws, strict=True)
    ]
    elpd = [row["elpd"] for row in rows]
    spread = float(np.std(elpd, ddof=1)) if len(rows) > 1 else None
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    high = round(means.pop("high_pareto_k"))
    loo = {name: means.pop(name) for name in ("elpd", "se", "p_loo", "looic")}
    warning = (
        f"{high} of {means['data_points']:.0f} points have Pareto k above {HIGH_PARETO_K}: "
        "leave-one-out is not to be trusted there"
    )
    return {
        **means,
        "LOO": {
            **loo,
            "high_pareto_k": high,
            "between_reconstructions": spread,
            "warning": warning if high else None,
        },
    }
