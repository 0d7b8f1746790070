"""A model's data, and its density as a PyMC graph.

What is sampled is standardised by a rough normal approximation of the posterior, which changes how
fast the sampler moves and never where to: mu is replaced by its study's mean predictor, b by its
principal axes (`fit.approximate`), deviations as in `likelihoods.scaled_normal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import block_diag

from evinet.nma.data.patients import Records
from evinet.nma.fit.approximate import rough
from evinet.nma.fit.data_vector import unpack
from evinet.nma.likelihoods import limited
from evinet.nma.likelihoods.scaled_normal import flat

if TYPE_CHECKING:
    from evinet.nma.model import Model


def values(model: Model, records: Records | None = None) -> dict[str, np.ndarray]:
    """The graph's data for one reconstruction: the network's own, and what standardises moves."""
    design, free = model.design, model.design.free
    keep, spread = design.mixing
    found: dict[str, np.ndarray] = {}
    y, covariance = model.rough_effects(records)
    acting = design.effects[free]
    deviations = design.deviations[free] if model.random else None
    seen, at, noise, spread_out = acting, y, covariance, deviations
    regression = model.network.regression
    if regression is not None:
        from evinet.nma.population import looking

        seen, at, noise = looking.rough(model, regression, y, covariance)
        found["slope_of"] = design.slopes
        if deviations is not None:
            spread_out = np.pad(deviations, ((0, len(at) - len(y)), (0, 0)))
    wide = noise
    if spread.shape[1]:
        prior = model.sigma_prior
        sigma = model.known_sigma if prior is None else float(prior.ppf(0.5))
        own = seen @ spread
        wide = noise + sigma**2 * own @ own.T
        inverse = np.linalg.inv(noise)
        found["class_precision"] = np.diag(own.T @ inverse @ own).copy()
        found["class_slope"] = own.T @ inverse @ at
        found["class_effects"] = own.T @ inverse @ seen @ keep
        found["class_spread"] = design.effects @ spread
        found["spread"] = spread
    found |= {"keep": keep, "effects": design.effects @ keep}
    sd = model.independent_sd
    centre, root = rough(seen @ keep, at, wide, spread_out, sd[: keep.shape[1]])
    extra = len(sd) - keep.shape[1]
    found["b_centre"] = np.concatenate([centre, np.zeros(extra)])
    found["b_root"] = block_diag(root, np.eye(extra))
    found["b_sd"] = sd
    if deviations is not None:
        unmix = np.linalg.inv(deviations)
        precision = 1 / np.diag(unmix @ covariance @ unmix.T)
        found["deviations"] = design.deviations
        found["u_precision"] = precision
        found["u_slope"] = precision * (unmix @ y)
        found["u_effects"] = precision[:, None] * (unmix @ acting @ keep)
    if model.arms is not None:
        weights = model.arm_weights
        rough_eta, variance = model.arms.rough
        member = model.baseline_member if model.terms.baseline_risk else model.arms.member
        centre, scale = weights @ rough_eta, np.sqrt(1 / (member / variance).sum(axis=1))
        if model.arms.likelihood.limited:
            top, bottom = (
                np.array([end(rough_eta[own > 0]) for own in member]) for end in (np.max, np.min)
            )
            centre, scale = limited.start(model.arms.below_zero, centre, scale, top, bottom)
        found |= {
            "arm_rows": design.of("arm"), "study_of_arm": model.arms.study,
            "x": model.arms.x, "s": model.arms.s, "offset": model.arms.offset,
            "level_centre": centre, "level_scale": scale,
            "weights": np.zeros_like(weights) if model.terms.baseline_risk else weights,
        }  # fmt: skip
        if model.terms.baseline_risk:
            found |= {"risk": model.risk, "risk_centre": np.array(model.risk_centre)}
        if regression is not None:
            from evinet.nma.likelihoods import individual

            found |= individual.data(model, regression)
    if len(model.network.contrasts.rows):
        found["contrast_rows"] = design.of("contrast")
        found["whitening"] = model.network.contrasts.whitening
        found["published"] = model.network.contrasts.y
    if model.baseline is not None:
        assert model.patients is not None
        found |= {
            "arm_rows": design.of("patients"),
            "study_of_arm": model.patients.study_of_arm,
            "incidence": model.patients.incidence,
            **model.baseline.data(records or model.patients.best),
        }
    return found


def graph(model: Model, data: dict[str, np.ndarray]) -> Any:
    """The PyMC model; `data` are those of any reconstruction (see `values`).

    Variables: b (coefficients), tau, sigma, theta (effects of the rows), eta and mu of arms, and
    those of the baseline hazards.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from evinet.nma.likelihoods.scaled_normal import standard_normal

    design = model.design
    coordinates: dict[str, Any] = {
        "parameter": model.names, "row": np.arange(len(design.rows)),
        "arm": np.arange(len(design.of("arm"))),
    }  # fmt: skip
    if model.baseline is not None:
        coordinates |= model.baseline.coordinates()
    if model.patients is not None:
        coordinates["study"] = model.patients.studies
    elif model.arms is not None:
        coordinates["study"] = model.studies_of_arms
    if model.arms is not None and model.gaps:
        coordinates["category"] = model.arms.categories[1:]
    with pm.Model(coords=coordinates) as found:
        known = unpack(data, coordinates)
        moves = flat("effect_moves", data["b_sd"].shape, known["b_sd"].shape)
        c = known["b_centre"] + pt.dot(known["b_root"], moves)
        pm.Potential("b_prior", -0.5 * pt.sqr(c / known["b_sd"]).sum())
        count = known["keep"].shape[1]
        acting = c[:count]
        theta, b = pt.dot(known["effects"], acting), pt.dot(known["keep"], acting)
        if "spread" in known:
            prior = model.sigma_prior
            sigma: Any = (
                pt.constant(model.known_sigma) if prior is None else prior.variable("sigma")
            )
            slope = known["class_slope"] - pt.dot(known["class_effects"], acting)
            shape = data["class_precision"].shape
            u = standard_normal("members", shape, sigma, slope, known["class_precision"])
            theta = theta + sigma * pt.dot(known["class_spread"], u)
            b = b + sigma * pt.dot(known["spread"], u)
        b = pm.Deterministic("b", pt.concatenate([b, c[count:]]), dims="parameter")
        if model.random:
            tau = model.priors.tau.variable("tau")
            slope = known["u_slope"] - pt.dot(known["u_effects"], acting)
            shape = data["u_precision"].shape
            z = standard_normal("deviation", shape, tau, slope, known["u_precision"])
            theta = theta + tau * pt.dot(known["deviations"], z)
        theta = pm.Deterministic("theta", theta, dims="row")
        if model.network.regression is not None:
            known["slopes"] = pt.dot(known["slope_of"], b[: known["slope_of"].shape[2]])
        if model.arms is not None:
            rows = known["arm_rows"]
            slopes = known["slopes"][rows] if "slopes" in known else None
            _arms_part(model, known, theta[rows], b, slopes)
        if model.baseline is not None:
            rows = known["arm_rows"]
            given = known | ({"slopes": known["slopes"][rows]} if "slopes" in known else {})
            likelihood = model.baseline.log_likelihood(given, theta[rows])
            pm.Potential("patients", likelihood)
        if len(model.network.contrasts.rows):
            residual = known["published"] - theta[known["contrast_rows"]]
            pm.Potential("contrasts", -0.5 * pt.sqr(pt.dot(known["whitening"], residual)).sum())
    return found


def _arms_part(model: Model, known: dict[str, Any], theta: Any, b: Any, slopes: Any = None) -> None:
    """The likelihood of the arms; adds eta and mu. `slopes` are those of patients' covariates."""
    import pymc as pm
    import pytensor.tensor as pt

    assert model.arms is not None
    of = known["study_of_arm"]
    level = flat("level", (model.arms.studies,), known["level_scale"].shape)
    if model.terms.baseline_risk:  # mu of an arm without events has a long tail
        pm.Potential("level_jacobian", pt.log(pt.cosh(level)).sum())
        level = pt.sinh(level)
    level = known["level_centre"] + known["level_scale"] * level
    means = theta if slopes is None else theta + (known["arm_means"] * slopes).sum(axis=1)
    if model.arms.likelihood.limited:
        mu, slope = limited.level(
            model.arms.below_zero, level, means, known["weights"], model.arms.member
        )
        pm.Potential("level_slope", slope.sum())
    else:
        mu = level - pt.dot(known["weights"], means)
    mu = pm.Deterministic("mu", mu, dims="study")
    pm.Potential("mu_prior", -0.5 * pt.sqr(mu / model.priors.intercepts).sum())
    eta = known["offset"] + mu[of] + theta
    if model.terms.baseline_risk:
        eta = eta + known["risk"] * (mu[of] - known["risk_centre"]) * b[-1]
    pm.Deterministic("eta", eta, dims="arm")
    if slopes is not None:
        from evinet.nma.likelihoods import individual

        cuts = None
        if model.gaps:
            cuts = pt.zeros((model.arms.studies, 1))[of] + _cuts(model, known)
        pm.Potential("arms", individual.log_likelihood(model, known, eta, slopes, cuts))
        return
    at = eta[:, None] - _cuts(model, known) if model.gaps else eta
    pm.Potential("arms", model.arms.likelihood.symbolic(known["x"], known["s"], at).sum())


def _cuts(model: Model, known: dict[str, Any]) -> Any:
    """Cut-points of the arms' categories, shape (1 or arms, categories); adds their variables."""
    import pymc as pm
    import pytensor.tensor as pt

    assert model.arms is not None
    gaps = model.priors.cuts.variable("gap", dims="category")
    pm.Deterministic("cut", pt.cumsum(gaps), dims="category")
    gaps = gaps[None, :]
    if model.random_cuts:
        sigma = model.priors.cuts_sigma.variable("cuts_sigma")
        moves = pm.Normal("cut_deviation", dims=("study", "category"))
        own = pm.Deterministic("study_gap", gaps * pt.exp(sigma * moves),
                               dims=("study", "category"))  # fmt: skip
        gaps = own[known["study_of_arm"]]
    cuts = pt.cumsum(gaps, axis=1)
    return pt.concatenate([pt.zeros_like(cuts[:, :1]), cuts], axis=1)
