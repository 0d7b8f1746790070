"""Fit a model: exactly where the posterior is normal given tau and sigma, else by NUTS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from evinet.errors import InputError, Problem
from evinet.nma.settings import Sampler

if TYPE_CHECKING:
    from evinet.nma.model import Model
    from evinet.nma.network import Network
    from evinet.nma.posterior import Fit
    from evinet.nma.terms import At, ClassEffect, Components, Interactions, Terms


def fit(
    network: Network,
    *,
    likelihood: str | None = None,
    link: str | None = None,
    effects: Literal["fixed", "random"] = "random",
    model: Literal["consistency", "ume"] = "consistency",
    split: tuple[str, str] | None = None,
    covariate: str | Sequence[str] | None = None,
    interactions: Interactions = "shared",
    slope_sigma: float | str | None = None,
    at: At | None = None,
    baseline_risk: bool = False,
    classes: ClassEffect | None = None,
    components: Components | None = None,
    time: str | None = None,
    baseline: str = "mspline",
    settings: dict[str, Any] | None = None,
    cutpoints: Literal["fixed", "random"] = "fixed",
    weights: Mapping[str, float] | None = None,
    priors: dict[str, str] | None = None,
    better: Literal["lower", "higher"] | None = None,
    sampler: Sampler | None = None,
    seed: int = 1,
) -> Fit:
    """Fit a model to a network.

    Parameters
    ----------
    network
        Studies by arms, contrasts or patients.
    likelihood, link
        Of the arms: binomial (logit, probit, cloglog, log, identity), normal (identity), poisson
        (log) or ordered (probit, logit); by default the one whose columns the arms have, with the
        link of the network's measure, or else its first. binomial2 is that of two parameters for
        published arms beside patients' covariates (see `evinet.nma.likelihoods.individual`).
    effects
        Fixed or random effects, of a common heterogeneity tau.
    model
        Consistent effects, or unrelated mean effects (ume) of every compared pair.
    split
        A pair (A, B): its direct and its indirect effect are taken apart.
    covariate, interactions, slope_sigma, at, baseline_risk
        A meta-regression on one or several columns of the tables, in numbers or in words, of
        studies or of arms, or on the baseline risk. Of each one coefficient for all treatments,
        one for each class of treatments (the tables' column class), or one for each treatment,
        these unrelated (separate) or exchangeable with the spread `slope_sigma`, a number or a
        prior. Effects are reported at the value `at` (``{"age": 60, "setting": "home"}``), by
        default the mean, or the commonest word. Of patients' covariates (`Network.regression`)
        `slope_sigma` is for a standard deviation of each covariate.
    classes
        Treatments that are exchangeable (see `evinet.nma.terms.ClassEffect`).
    components
        Treatments are combinations whose components' effects add up (see
        `evinet.nma.terms.Components`).
    time
        A column of follow-up: binomial arms with the cloglog link and the offset log(time).
    baseline, settings
        The baseline hazards of patients, a name of `evinet.nma.likelihoods.survival.BASELINES`,
        and its own settings, such as ``{"knots": 7, "shapes": "treatment"}``.
    cutpoints
        Of ordered categories (`Network.categories`): the same in every study (fixed), or around
        common ones (random).
    weights
        Study -> how much of its information counts (see `Network.weighted`).
    priors
        By name, see `evinet.nma.priors.priors`: ``{"tau": "half-normal(0.5)"}``.
    better
        Whether lower or higher effects are improvements; by default lower, and higher for time
        ratios.
    sampler, seed
        How draws are taken where there is no exact answer.

    Returns
    -------
    Fit
        The posterior and what follows from it. It says by `failures` whether it may be used.

    Raises
    ------
    InputError
        The data do not have what is asked of them, or options do not go together.
    """
    from evinet.nma import model as models
    from evinet.nma.priors import priors as parse
    from evinet.nma.priors import spread
    from evinet.nma.terms import Terms

    if model not in ("consistency", "ume"):
        raise InputError(
            Problem("(options)", "model", model, "is not a model", "Use consistency or ume; for "
                    "node-splitting call `node_splits` of a consistency fit")
        )  # fmt: skip
    several = covariate if covariate is None or isinstance(covariate, str) else tuple(covariate)
    terms: Terms = Terms(
        model == "ume", split, several, interactions, at, baseline_risk, classes,
        spread(slope_sigma, "slope_sigma"), components,
    )  # fmt: skip
    built = models.build(
        network, likelihood=likelihood, link=link, effects=effects, terms=terms,
        priors=parse(priors or {}), time=time, baseline=baseline, settings=settings,
        cutpoints=cutpoints, weights=weights,
    )  # fmt: skip
    return run([built], sampler or usual(built), seed, better, ["fit"])[0]


def usual(model: Model) -> Sampler:
    """The sampler that is used unless another is asked for: hazards need no small steps."""
    return Sampler(target_accept=0.9 if model.baseline is None else 0.8)


def longer(sampler: Sampler) -> Sampler:
    """What a fit that failed its gates is sampled with once more: smaller steps, more draws."""
    changed = {
        "warmup": 2 * sampler.warmup,
        "draws": 4 * sampler.draws,
        "target_accept": 1 - (1 - sampler.target_accept) / 5,
    }
    return sampler.model_copy(update=changed)


def run(
    models: Sequence[Model],
    sampler: Sampler,
    seed: int,
    better: Literal["lower", "higher"] | None = None,
    jobs: Sequence[str] = (),
) -> list[Fit]:
    """Fit models, each with a seed by the name of its job; those of one shape are compiled once."""
    from evinet.nma.fit import exact
    from evinet.nma.posterior import Fit

    fits = []
    compiled: dict[Any, Any] = {}
    for model, job in zip(models, jobs, strict=True):
        direction = better or ("lower" if model.scale != "ln time ratio" else "higher")
        start = perf_counter()
        if model.exact:
            mixture = exact.solve(exact.data(model))
            fits.append(
                Fit(model, sampler, seed, job, direction, mixture=mixture,
                    seconds={"compile": 0.0, "sample": perf_counter() - start})
            )  # fmt: skip
            continue
        from evinet.nma.fit import nuts

        traces, seconds = nuts.sample(model, sampler, seed, job, compiled)
        fits.append(Fit(model, sampler, seed, job, direction, traces=traces, seconds=seconds))
    return fits
