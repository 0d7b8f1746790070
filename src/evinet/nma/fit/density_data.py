"""The data of the written-out density: one vector, and what the sampler moves and keeps.

The vector holds sizes and codes, then arrays in the order in which `density` takes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.nma.fit import hazards

if TYPE_CHECKING:
    from evinet.nma.model import Model
    from evinet.nma.priors import Prior

SIZES = 9  # acting, extra, rows, arms, studies, deviations, members, contrasts, gaps of cut-points
CODES = 26
"""Likelihood, random, sigma free, risk, intercept sd, sigma, random cuts, 4 * prior, terms, two
parameters of averages, arms of patients."""
LIKELIHOODS = {
    ("binomial", "logit"): 0, ("binomial", "probit"): 1, ("binomial", "cloglog"): 2,
    ("poisson", "log"): 3, ("normal", "identity"): 4, ("binomial", "log"): 5,
    ("binomial", "identity"): 6, ("ordered", "probit"): 7, ("ordered", "logit"): 8,
}  # fmt: skip
FAMILIES = {
    "half-normal": 0, "half-cauchy": 1, "half-t": 2, "exponential": 3, "uniform": 4,
    "log-normal": 5, "log-t": 6,
}  # fmt: skip
LIMITED = (5, 6)  # likelihoods whose levels have limits


def supported(model: Model) -> bool:
    """Whether the density is written out: of survival that of M-splines is."""
    return model.baseline is None or hazards.baseline(model) is not None


def vector(model: Model, values: dict[str, np.ndarray]) -> np.ndarray:
    """All data of a model as one vector."""
    design, arms = model.design, model.arms
    keep, spread = design.mixing
    random, prior = model.random, model.sigma_prior
    count, members = len(design.of("arm")), spread.shape[1]
    extra = len(values["b_sd"]) - keep.shape[1]
    free = design.deviations.shape[1] if random else 0
    sizes = [keep.shape[1], extra, len(design.rows), count, arms.studies if arms else 0, free,
             members, len(model.network.contrasts.rows), model.gaps]  # fmt: skip
    code = LIKELIHOODS[arms.likelihood.name, arms.likelihood.link] if arms else 4
    codes = [code, random, prior is not None, model.terms.baseline_risk, model.priors.intercepts,
             model.known_sigma, model.random_cuts, *_prior(model.priors.tau), *_prior(prior),
             *_prior(model.priors.cuts), *_prior(model.priors.cuts_sigma),
             values["arm_means"].shape[1] if "arm_means" in values else 0,
             arms is not None and arms.likelihood.of_two,
             len(design.of("patients")) if model.baseline is not None else 0]  # fmt: skip
    study = arms.study if arms else np.zeros(0)
    weights = values["weights"][study, np.arange(count)] if arms else np.zeros(0)
    order = [
        values["b_centre"], values["b_root"], values["b_sd"], values["effects"],
        *([values[name] for name in
           ("class_precision", "class_slope", "class_effects", "class_spread")] if members else []),
        *([values[name] for name in ("u_precision", "u_slope", "u_effects", "deviations")]
          if free else []),
        *([values["x"], values["s"], values["offset"], study, weights, values["level_centre"],
           values["level_scale"]] if arms else []),
        *([values["risk"], values["risk_centre"]] if model.terms.baseline_risk else []),
        *_people(model, values), *(hazards.vector(model, values) if codes[-1] else []),
        *([values["published"], values["whitening"]] if sizes[7] else []),
    ]  # fmt: skip
    parts = [np.array(sizes, float), np.array(codes, float), *order]
    return np.concatenate([np.ravel(part).astype(float) for part in parts])


def _people(model: Model, values: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Patients and points of the arms; none without patients' covariates.

    Columns of an arm one after another: products with slopes are fast along them.
    """
    if "arm_means" not in values:
        return []
    keep, spread = model.design.mixing
    of = values["slope_of"][values["arm_rows"]]
    arm, published = values["person_arm"], values["published_arms"]
    numbers = np.arange(len(of))
    ends = [np.searchsorted(arm, numbers, side) for side in ("left", "right")]
    place = np.full(len(of), -1)
    place[published] = np.arange(len(published))
    sizes = [len(arm), *values["point_weights"].shape, residuals(values)]
    columns = [np.ravel(values["person_columns"][slice(*own)].T) for own in zip(*ends, strict=True)]
    return [
        np.array(sizes), of @ keep, of @ spread, values["arm_means"], *ends, place,
        values["residual_of"], values["residual_start"], *columns,
        *(values[f"person_{name}"] for name in ("x", "s", "n", "square")),
        values["points"].swapaxes(1, 2), values["point_weights"],
    ]  # fmt: skip


def _prior(prior: Prior | None) -> list[float]:
    if prior is None:
        return [0.0, 1.0, 0.0, 0.0]
    given = [*prior.parameters, 0.0, 0.0][:3]
    return [float(FAMILIES[prior.family]), *given]


def names(model: Model, values: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """Name and shape of what `quantities` gives, in its order.

    c are the independent coefficients and `members` what a class adds to its members' effects: the
    coefficients b follow from them.
    """
    spread = model.design.mixing[1]
    found: dict[str, tuple[int, ...]] = {
        "c": (len(values["b_sd"]),), "members": (spread.shape[1],),
        "theta": (len(model.design.rows),),
    }  # fmt: skip
    if model.random:
        found["tau"] = ()
    if model.sigma_prior is not None:
        found["sigma"] = ()
    found["eta"] = (len(model.arms.x) if model.arms else 0,)
    found["mu"] = (model.arms.studies if model.arms else 0,)
    found["gap"] = (model.gaps,)
    if model.random_cuts:
        assert model.arms is not None
        found |= {"cuts_sigma": (), "study_gap": (model.arms.studies * model.gaps,)}
    found["residual_sd"] = (residuals(values),)
    found |= hazards.names(model)
    return {name: shape for name, shape in found.items() if shape != (0,)}


def residuals(values: dict[str, np.ndarray]) -> int:
    """How many studies have a standard deviation of patients' outcomes."""
    return len(values["residual_start"]) if "residual_start" in values else 0


def dimension(model: Model, values: dict[str, np.ndarray]) -> int:
    """How many numbers the sampler moves."""
    members = model.design.mixing[1].shape[1]
    free = 1 + model.design.deviations.shape[1] if model.random else 0
    studies = model.arms.studies if model.arms else 0
    cuts = model.gaps + model.random_cuts * (1 + studies * model.gaps)
    fixed = len(values["b_sd"]) + members + (model.sigma_prior is not None)
    return fixed + free + studies + cuts + residuals(values) + hazards.dimension(model)
