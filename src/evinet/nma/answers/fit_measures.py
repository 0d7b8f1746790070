"""How well a model fits its data: deviance, leverage, DIC and leave-one-out.

Of arms and contrasts the deviance is residual, against the saturated model, and its value at the
mean is that at the posterior mean of the fitted values (Spiegelhalter et al. 2002, JRSS B 64:583;
Dias et al., NICE TSD 2, section 6.2). Of patients it is -2 log-likelihood, and its value at the
mean that at the posterior means of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from evinet.nma.answers.control_variates import Controls
from evinet.nma.fit.exact import NormalData, data

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from evinet.nma.data.patients import Records
    from evinet.nma.posterior import Fit

HIGH_PARETO_K = 0.7
AVERAGED = 1_000  # draws of patients with covariates


@dataclass(frozen=True, eq=False)
class Part:
    """Data points of one arm, or of one study's contrasts.

    Attributes
    ----------
    study, treatment
        Whose they are; no treatment of contrasts.
    size
        How many data points of the deviance they are.
    deviance
        Draws of the deviance, shape (draws,); `at_mean` is its value at the mean.
    log_likelihood
        Of what is left out at once, shape (draws, points); `counts` says how often each stands.
    place
        The point of each patient, in the order of the table; None where each point stands once.
    """

    study: str
    treatment: str
    size: int
    deviance: np.ndarray
    at_mean: float
    log_likelihood: np.ndarray
    counts: np.ndarray
    place: np.ndarray | None = None


def parts(fit: Fit, number: int = 0) -> Iterator[Part]:
    """The parts of the data, by one reconstruction of the patients."""
    samples = fit.reconstructed[number]
    if fit.network.regression is not None:
        from evinet.nma.population import fitted

        samples = samples.isel(sample=_kept(fit, number))
        if fit.specification.patients is None:
            yield from fitted.arms(fit, samples)
        else:
            yield from fitted.patients(fit, samples, fit.specification.patients.draws[number])
        return
    theta = samples["theta"].transpose("sample", ...).to_numpy()
    model, design = fit.specification, fit.specification.design
    if model.arms is not None:
        yield from _arms(fit, samples["eta"].transpose("sample", ...).to_numpy())
    if model.patients is not None:
        yield from _patients(fit, samples, theta[:, design.of("patients")],
                             model.patients.draws[number])  # fmt: skip
    if len(fit.network.contrasts.rows):
        yield from _contrasts(fit, theta[:, design.of("contrast")])


def _kept(fit: Fit, number: int) -> slice:
    """Draws that measures are taken over: of many patients with covariates fewer are enough."""
    return slice(None, None, 1 if fit.network.regression is None else thinned(fit, number))


def thinned(fit: Fit, number: int = 0) -> int:
    """Which of the draws of patients with covariates are kept, every one or every so many.

    About `AVERAGED` of them are enough; as many of each chain.
    """
    sizes = fit.traces[number].posterior.sizes
    most = max(sizes["chain"] * sizes["draw"] // AVERAGED, 1)
    return max(step for step in range(1, most + 1) if sizes["draw"] % step == 0)


def _arms(fit: Fit, eta: np.ndarray) -> Iterator[Part]:
    arms, rows = fit.specification.arms, fit.specification.design.rows
    assert arms is not None
    likelihood, at, points = arms.likelihood, fit.predictors(eta), arms.points
    fitted = likelihood.fitted(at, arms.s)
    deviance = likelihood.deviance(arms.x, arms.s, fitted)
    at_mean = likelihood.deviance(arms.x, arms.s, fitted.mean(axis=0))
    log_likelihood = likelihood.log_likelihood(arms.x, arms.s, at)
    for place, row in enumerate(fit.specification.design.of("arm")):
        yield Part(
            rows["study"][row], rows["treatment"][row], int(points[place]), deviance[:, place],
            float(at_mean[place]), log_likelihood[:, [place]], np.ones(1),
        )  # fmt: skip


def _contrasts(fit: Fit, theta: np.ndarray) -> Iterator[Part]:
    contrasts = fit.network.contrasts
    for study, own in contrasts.blocks():
        block = contrasts.covariance[np.ix_(own, own)]
        inverse, residual = np.linalg.inv(block), contrasts.y[own] - theta[:, own]
        deviance = np.einsum("ki,ij,kj->k", residual, inverse, residual)
        centre = residual.mean(axis=0)
        constant = np.linalg.slogdet(2 * np.pi * block)[1]
        yield Part(
            study, "", len(own), deviance, float(centre @ inverse @ centre),
            -0.5 * (deviance + constant)[:, None], np.ones(1),
        )  # fmt: skip


def _patients(fit: Fit, samples: xr.Dataset, theta: np.ndarray, records: Records) -> Iterator[Part]:
    """Distinct patients, arm by arm."""
    from evinet.nma.likelihoods.survival.sufficient import distinct

    baseline, patients = fit.specification.baseline, fit.specification.patients
    assert baseline is not None
    assert patients is not None
    centre = posterior_mean(fit, samples)
    for number, (study, treatment) in enumerate(patients.arms):
        rows, counts = distinct(*records.of(number), records.entries(number), records.ends(number))
        effect = theta[:, number]
        values, plug_in = (
            of_patients(partial(baseline.hazards, each, study, treatment, own), *rows.T)
            for each, own in ((samples, effect), (centre, effect.mean(keepdims=True)))
        )
        yield Part(
            study, treatment, int(counts.sum()), -2 * values @ counts,
            float(-2 * plug_in[0] @ counts), values, counts,
        )  # fmt: skip


def of_patients(
    hazards: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], time: np.ndarray,
    event: np.ndarray, entry: np.ndarray, latest: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Log density of patients who were free of the event at entry, shape (draws, patients)."""
    log_hazard, cumulative = hazards(time)
    found = np.where(event == 1, log_hazard, 0.0) - cumulative
    within = np.isfinite(latest)
    if within.any():
        found[:, within] += np.log(-np.expm1(cumulative[:, within] - hazards(latest[within])[1]))
    late = entry > 0
    if late.any():
        found[:, late] += hazards(entry[late])[1]
    return found


def posterior_mean(fit: Fit, samples: xr.Dataset) -> xr.Dataset:
    """The baseline's parameters at their posterior means, as one sample; positive ones on the log.

    The coefficients of M-splines are then the hazard's own, ``exp(mu) s_k`` together.
    """
    import xarray as xr

    baseline = fit.specification.baseline
    assert baseline is not None
    found = {}
    for name in baseline.saved:
        variable = samples[name]
        if name in baseline.positive:
            with np.errstate(divide="ignore"):  # an interval without an event has no hazard
                found[name] = np.exp(xr.apply_ufunc(np.log, variable).mean("sample"))
        else:
            found[name] = variable.mean("sample")
    return xr.Dataset(found).expand_dims(sample=1)


@dataclass(frozen=True, eq=False)
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
    from evinet.nma import arviz_stats

    transposed = log_likelihood.T
    log_weights, pareto_k = arviz_stats.load().psislw(-transposed, 1.0)
    elpd = logsumexp(log_weights + transposed, axis=1)
    with_it = logsumexp(transposed, axis=1) - np.log(len(log_likelihood))
    return LeaveOneOut(elpd, with_it - elpd, np.atleast_1d(pareto_k))


def fit_measures(fit: Fit) -> dict[str, Any]:
    """What fit.json says of the fit.

    data_points, deviance, residual_deviance (None of survival, and of patients' means), pD, DIC,
    LOO and, of arms and contrasts, points with deviance and leverage, each of `size` data points
    (the contrasts of a study, the ordered categories of an arm). LOO leaves out an arm, a study's
    contrasts, or a patient. Over reconstructions all are averaged, as each is a data set of its
    own;
    LOO.between_reconstructions is the standard deviation of elpd over them.
    """
    if fit.mixture is not None:
        return _exactly(fit)
    every = [_measure(fit, number) for number in range(len(fit.traces))]
    means = {
        name: float(np.mean([each[name] for each in every]))
        for name in every[0]
        if name != "points"
    }
    spread = float(np.std([each["elpd"] for each in every], ddof=1)) if len(every) > 1 else None
    points = [
        {**first, **{name: float(np.mean([each["points"][number][name] for each in every]))
                     for name in ("deviance", "leverage")}}
        for number, first in enumerate(every[0]["points"])
    ]  # fmt: skip
    return _shaped(means, points, _without_residual(fit), spread)


def _without_residual(fit: Fit) -> bool:
    """Whether some outcome has no saturated model: of survival, and of means of unknown spread."""
    arms = fit.specification.arms
    regressed = fit.network.regression is not None
    return (arms is None and fit.specification.patients is not None) or (
        regressed and arms is not None and arms.likelihood.name == "normal"
    )


def dev_dev(fit: Fit, other: Fit) -> pd.DataFrame:
    """Deviances of each data point by two models (see `Fit.dev_dev`).

    Raises
    ------
    ValueError
        The fits are of different data.
    """
    import pandas as pd

    from evinet.nma.answers.inference_data import observed

    points, others = (each.measures()["points"] for each in (fit, other))
    names = [[(point["study"], point["treatment"]) for point in each]
             for each in (points, others)]  # fmt: skip
    if names[0] != names[1]:
        raise ValueError("the fits are of different arms or studies")
    if fit.network.weights != other.network.weights:
        raise ValueError("the fits weight studies differently")
    own, theirs = (observed(each) for each in (fit, other))
    if own.keys() != theirs.keys() or any(
        not np.array_equal(own[name][1], theirs[name][1]) for name in own
    ):
        raise ValueError("the fits are of different outcomes of the same studies")
    found = pd.DataFrame(names[0], columns=["study", "treatment"])
    for name, each in (("deviance", points), ("deviance_other", others)):
        found[name] = [point["deviance"] / point["size"] for point in each]
    return found


def _measure(fit: Fit, number: int) -> dict[str, Any]:
    """The measures by one reconstruction; mean deviances have control variates."""
    found = list(parts(fit, number)) if number else fit.parts
    controls = Controls(fit.traces[number], _kept(fit, number))
    deviance = controls.mean(np.column_stack([p.deviance for p in found]))
    leverage = [mean - part.at_mean for mean, part in zip(deviance, found, strict=True)]
    left = [leave_one_out(part.log_likelihood) for part in found]
    counts = np.concatenate([part.counts for part in found])
    elpd = np.concatenate([each.elpd for each in left])
    return {
        "data_points": sum(part.size for part in found),
        "deviance": float(deviance.sum()),
        "pD": float(sum(leverage)),
        **_totals(elpd, counts),
        "p_loo": float(counts @ np.concatenate([each.effective for each in left])),
        "high_pareto_k": float(
            counts[np.concatenate([each.pareto_k for each in left]) > HIGH_PARETO_K].sum()
        ),
        "left_out": float(counts.sum()),
        "points": [
            {"study": part.study, "treatment": part.treatment, "size": part.size,
             "deviance": float(mean), "leverage": float(own)}
            for part, mean, own in zip(found, deviance, leverage, strict=True)
        ],
    }  # fmt: skip


def _totals(elpd: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    total, size = float(counts @ elpd), float(counts.sum())
    spread = float(counts @ (elpd - total / size) ** 2) / max(size - 1, 1)
    return {"elpd": total, "se": float(np.sqrt(size * spread))}


def _shaped(
    means: dict[str, float], points: list[dict[str, Any]], without: bool, spread: float | None
) -> dict[str, Any]:
    high, left = round(means["high_pareto_k"]), round(means["left_out"])
    warning = (
        f"{high} of {left} points have Pareto k above {HIGH_PARETO_K}: leave-one-out is not to be "
        "trusted there"
    )
    return {
        "data_points": round(means["data_points"]),
        "deviance": means["deviance"],
        "residual_deviance": None if without else means["deviance"],
        "pD": means["pD"],
        "DIC": means["deviance"] + means["pD"],
        "LOO": {
            "elpd": means["elpd"],
            "se": means["se"] if left > 1 else None,
            "p_loo": means["p_loo"],
            "looic": -2 * means["elpd"],
            "high_pareto_k": high,
            "between_reconstructions": spread,
            "warning": warning if high else None,
        },
        "points": points,
    }


def _blocks(fit: Fit) -> list[tuple[str, str, np.ndarray]]:
    """Study, treatment and rows of the normal data: each arm, and each study's contrasts."""
    design = fit.specification.design
    arms = design.of("arm")
    found = [
        (design.rows["study"][row], design.rows["treatment"][row], np.array([place]))
        for place, row in enumerate(arms)
    ]
    blocks = fit.network.contrasts.blocks()
    return [*found, *((study, "", len(arms) + own) for study, own in blocks)]


def _exactly(fit: Fit) -> dict[str, Any]:
    """The measures of an exact posterior, without Monte Carlo error.

    Given tau and sigma the fitted values have a normal posterior, and a point left out a normal
    predictive density: p(y_i | the others) = 1 / E[1 / p(y_i | the others, tau, sigma)], the
    expectation over the posterior of tau and sigma.
    """
    mixture, given = fit.mixture, data(fit.specification)
    assert mixture is not None
    prior = (
        given.columns @ given.prior(mixture.sigma) @ given.columns.T
        + given.intercepts
        + mixture.tau[:, None, None] ** 2 * given.between
    )
    total = prior + given.noise
    precision = np.linalg.inv(total)
    against = given.noise @ precision  # by the noise, which no wide prior drowns
    fitted = given.y - against @ given.y
    spread = given.noise - against @ given.noise
    centre, weight = mixture.weight @ fitted, mixture.weight
    points: list[dict[str, Any]] = []
    elpd, inside = [], []
    for study, treatment, own in _blocks(fit):
        both = np.ix_(own, own)
        inverse = np.linalg.inv(given.noise[both])
        residual = given.y[own] - fitted[:, own]
        variance = spread[:, own][:, :, own]
        deviance = np.einsum("gi,ij,gj->g", residual, inverse, residual)
        mean = float(weight @ (deviance + np.einsum("ij,gji->g", inverse, variance)))
        at_mean = given.y[own] - centre[own]
        leverage = mean - float(at_mean @ inverse @ at_mean)
        points.append(
            {
                "study": study,
                "treatment": treatment,
                "size": len(own),
                "deviance": mean,
                "leverage": leverage,
            }
        )
        block = precision[:, own][:, :, own]
        left = np.linalg.solve(block, (precision @ given.y)[:, own, None])[..., 0]
        log_left = _log_density(left, np.linalg.inv(block))
        elpd.append(-logsumexp(-log_left, b=weight))
        log_with = _log_density(residual, given.noise[both] + variance)
        inside.append(logsumexp(log_with, b=weight))
    means = {
        "data_points": float(len(given.y)),
        "deviance": sum(point["deviance"] for point in points),
        "pD": sum(point["leverage"] for point in points),
        **_totals(np.array(elpd), np.ones(len(elpd))),
        "p_loo": float(np.sum(inside) - np.sum(elpd)),
        "high_pareto_k": 0.0,
        "left_out": float(len(elpd)),
    }
    return _shaped(means, points, False, None)


def _log_density(residual: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log normal densities, shape (points,), of residuals (points, size)."""
    size = residual.shape[1]
    squares = np.einsum(
        "gi,gi->g", residual, np.linalg.solve(covariance, residual[..., None])[..., 0]
    )
    return -0.5 * (squares + np.linalg.slogdet(covariance)[1] + size * np.log(2 * np.pi))


def study_effects(fit: Fit, b: np.ndarray, tau: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws of the fitted values of normal data given b and tau, shape (draws, rows).

    A draw of them and of data, given b and tau, is moved to the observed data by the regression of
    the ones on the others (Doucet 2010, Matheron's rule): a draw of the conditional.
    """
    given: NormalData = data(fit.specification)
    mean = b @ given.columns.T
    random, own = _root(given.between), _root(given.intercepts)
    unit = rng.standard_normal((3, *mean.shape))
    value = mean + tau[:, None] * (unit[0] @ random.T) + unit[1] @ own.T
    off = given.y - value - unit[2] @ np.linalg.cholesky(given.noise).T
    for rows in given.blocks:
        at = rows[:, :, None], rows[:, None, :]
        spread = given.intercepts[at] + tau[:, None, None, None] ** 2 * given.between[at]
        gain = np.linalg.solve(spread + given.noise[at], off[:, rows, None])
        value[:, rows] += (spread @ gain)[..., 0]
    return value


def _root(covariance: np.ndarray) -> np.ndarray:
    """A matrix whose product with its transpose is a covariance of any rank, shape (rows, rows)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(values.clip(0)))
