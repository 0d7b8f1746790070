"""What no field of a configuration says alone: names that nothing has, values that clash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from evinet.config import Analysis, ComponentSums, Config, Model
from evinet.document import Location
from evinet.errors import InputError
from evinet.nma.settings import POWERS

Found = tuple[Location, str, str]
"""Where a problem is, what it is, and what to do about it."""


def contradictions(config: Config) -> Iterator[Found]:
    """What no field says alone: names that nothing has, values that exclude one another."""
    for name, bridge in config.bridges.items():
        if isinstance(bridge, ComponentSums):
            yield from _of_bridge(bridge, ("bridges", name))
    for name, model in config.models.items():
        yield from _of_model(config, ("models", name), model)
    important = [i for i, each in enumerate(config.margins) if each.smallest_important]
    for i in important[1:]:
        message = "another margin is the smallest important one"
        yield ("margins", i, "smallest_important"), message, "Keep one"
    for i in important[:1]:
        if config.margins[i].ratio >= 1:
            message = "the smallest important ratio is not below 1"
            yield ("margins", i, "ratio"), message, "Write the ratio of a benefit, such as 0.8"
    for name, each in config.analyses.items():
        where = ("analyses", name)
        yield from _of_support(config, where, each)
        yield from _of_models(config, where, each)
        yield from _of_modifiers(config, where, each)
        for label, population in each.populations.items():
            if population.trial not in each.trials:
                place = (*where, "populations", label, "trial")
                yield place, "is none of the trials of the analysis", _one_of(each.trials)
        if each.outcome in each.proxies:
            yield (*where, "proxies", each.outcome), "stands in for itself", "Remove it"


def _of_models(config: Config, where: tuple[str, str], each: Analysis) -> Iterator[Found]:
    ratios = each.data == "hazard-ratios"
    if ratios and each.better == "higher":
        message = "pages take a lower hazard for better"
        yield (*where, "better"), message, "Remove it, or analyse counts of patients"
    for i, name in enumerate(each.models):
        at, model = (*where, "models", i), config.models.get(name)
        if model is None:
            yield at, "there is no such model", _one_of(config.models)
        elif ratios and model.baseline_risk:
            message = "has baseline_risk, which hazard ratios do not tell"
            yield at, message, "Use it in an analysis of counts"
        elif model.time_ratios and not ratios:
            message = f"has baseline {model.baseline}, which counts of patients do not tell"
            yield at, message, "Use it in an analysis of hazard ratios"
        elif model.time_ratios:
            yield from _of_time_ratios(at, model, each)


def _of_time_ratios(where: Location, model: Model, each: Analysis) -> Iterator[Found]:
    """What an analysis must have for a model whose effects are ratios of times."""
    if where[-1] == 0:
        message = (
            "its effects are ratios of times, and the first model gives the main answer, which "
            "pages state in hazard ratios"
        )
        yield where, message, "Name a model with another baseline first"
    lacking = ", ".join(trial for trial in each.trials if trial not in model.ipd)
    if lacking:
        message = (
            f"its effects are ratios of times (baseline {model.baseline}), which published hazard "
            f"ratios do not inform, and these would enter by theirs: {lacking}"
        )
        remedy = "Name every trial in the model's ipd, or take a baseline with hazard ratios"
        yield where, message, remedy


def _of_modifiers(config: Config, where: tuple[str, str], each: Analysis) -> Iterator[Found]:
    for i, modifier in enumerate(each.modifiers):
        at = (*where, "modifiers", i)
        if modifier not in config.modifiers:
            yield at, "there is no such modifier", _one_of(config.modifiers)
        if each.data != "hazard-ratios":
            yield at, "published subgroups are of hazard ratios", "Remove it"


def _of_support(config: Config, where: tuple[str, str], each: Analysis) -> Iterator[Found]:
    for i, asked in enumerate(each.questions):
        if asked.treatment == asked.comparator:
            yield (*where, "questions", i), "compares a treatment with itself", "Name two"
    for trial in each.instead:
        if trial not in each.trials:
            place = (*where, "instead", trial)
            yield place, "is none of the trials of the analysis", _one_of(each.trials)
    if each.supports is None:
        return
    others = [name for name, other in config.analyses.items() if other.supports is None]
    if each.supports.analysis not in others:
        place = (*where, "supports", "analysis")
        yield place, "there is no such analysis with an answer of its own", _one_of(others)


def _of_times(where: tuple[str, str], model: Model) -> Iterator[Found]:
    """What a model has that is on the scale of ln HR, where its effects are ratios of times."""
    if not model.time_ratios:
        return
    for name in ("bridge", "regression"):
        if getattr(model, name):
            message = f"is of hazard ratios, and effects of {model.baseline} are ratios of times"
            yield (*where, name), message, "Remove it, or take another baseline"
    remedy = "Write a prior of tau for ln time ratios, such as half-normal(0.5)"
    if model.effects == "random" and model.prior_of_tau is None:
        message = f"heterogeneity is that of ln HR, and effects of {model.baseline} are ratios of "
        yield (*where, "tau_prior"), message + "times", remedy
    elif model.prior_of_tau is not None and (scale := _scale_of(model.prior_of_tau)):
        place = (*where, "tau_prior") if model.tau_prior else (*where, "priors", "tau")
        message = f"is of the {scale}, and effects of {model.baseline} are ratios of times"
        yield place, message, remedy


def _scale_of(prior: str) -> str | None:
    """The scale of effects that a published prior is for."""
    from evinet.nma import priors

    with suppress(InputError):  # told by `_of_priors`
        return priors.parse(prior).effects
    return None


OPTIONS = {
    "mspline": ("shapes", "knots"),
    "piecewise": ("knots",),
    "fracpoly": ("shapes", "powers"),
}
"""What baselines take; a piecewise one of patients with covariates takes shapes as well."""


def _of_baseline(where: tuple[str, str], model: Model) -> Iterator[Found]:
    taken: tuple[str, ...] = OPTIONS.get(model.baseline, ())
    if model.regression is not None and model.baseline == "piecewise":
        taken = ("shapes", "knots")
    for name in ("shapes", "knots", "powers"):
        if getattr(model, name) and name not in taken:
            others = [each for each, options in OPTIONS.items() if name in options]
            message = f"is of {' and '.join(others)}, and the baseline is {model.baseline}"
            yield (*where, name), message, f"Remove it, or write baseline: {others[0]}"
    if model.baseline == "fracpoly":
        for i, power in enumerate(model.powers):
            if power not in POWERS:
                known = _one_of(f"{each:g}" for each in POWERS)
                yield (*where, "powers", i), "is no power of a fractional polynomial", known


def _of_regression(where: tuple[str, str], model: Model) -> Iterator[Found]:
    wanted = model.regression
    if wanted is None:
        return
    for name in ("bridge", "covariate", "node_split"):
        if getattr(model, name):
            yield (*where, name), "does not go together with regression", "Remove one"
    if (wanted.interactions == "exchangeable") != (wanted.interactions_sigma is not None):
        message = "and interactions: exchangeable go together"
        yield (*where, "regression", "interactions_sigma"), message, "Give both, or neither"


def _of_effects(where: tuple[str, str], model: Model) -> Iterator[Found]:
    yield from _of_regression(where, model)
    if model.baseline_risk:
        for name in ("bridge", "covariate", "regression"):
            if getattr(model, name):
                yield (*where, name), "does not go together with baseline_risk", "Remove one"
        if model.relation == "ume":
            message = "unrelated effects cannot depend on baseline risk"
            yield (*where, "relation"), message, "Write consistency, or remove baseline_risk"


def _of_weights(where: tuple[str, str], model: Model) -> Iterator[Found]:
    if model.weights is None:
        return
    if model.regression is not None:
        yield (*where, "weights"), "does not go together with regression", "Remove one"
    for trial in sorted(set(model.weights.trials) & set(model.ipd)):
        message = "enters by its patients, whose likelihood is not weighted"
        yield (*where, "weights", "trials", trial), message, "Take it out of ipd, or of weights"


def _of_model(config: Config, where: tuple[str, str], model: Model) -> Iterator[Found]:
    yield from _of_effects(where, model)
    yield from _of_weights(where, model)
    yield from _of_times(where, model)
    yield from _of_baseline(where, model)
    yield from _of_priors(where, model)
    bridge = config.bridges.get(model.bridge or "")
    if model.bridge is not None and bridge is None:
        yield (*where, "bridge"), "there is no such bridge", _one_of(config.bridges)
    if model.sigma is not None and model.bridge is None:
        yield (*where, "sigma"), "sigma is set, but the model has no bridge", "Remove one"
    if isinstance(bridge, ComponentSums):
        yield from _of_components(where, model)
    elif bridge and model.sigma is None and bridge.sigma_prior is None:
        message = "the model has no sigma, and its bridge has no sigma_prior"
        yield (*where, "bridge"), message, "Add one of the two"


def _of_priors(where: tuple[str, str], model: Model) -> Iterator[Found]:
    if model.effects == "fixed" and model.tau_prior is not None:
        message = "tau_prior is set, but effects are fixed"
        yield (*where, "tau_prior"), message, "Remove it, or write effects: random"
    given: list[tuple[Location, str, str]] = [
        ((*where, "priors", name), str(name), text) for name, text in model.priors.items()
    ]
    if model.tau_prior is not None:
        given.append(((*where, "tau_prior"), "tau", model.tau_prior))
    for place, name, text in given:
        from evinet.nma import priors

        try:
            priors.priors({name: text})
        except InputError as error:
            for problem in error.problems:
                yield place, problem.message, problem.remedy


def _of_bridge(bridge: ComponentSums, where: tuple[str, str]) -> Iterator[Found]:
    """What the library would refuse in every fit (`evinet.nma.terms.Components.composition`)."""
    known: dict[tuple[str, ...], str] = {}
    for treatment, parts in bridge.treatments.items():
        first = known.setdefault(tuple(sorted(parts)), treatment)
        if first != treatment:
            message = f"has the components of {first}"
            yield (*where, "treatments", treatment), message, "Name each combination once"
    pairs: set[frozenset[str]] = set()
    for i, pair in enumerate(bridge.interactions):
        at = (*where, "interactions", i)
        if bridge.inactive in pair:
            yield at, f"{bridge.inactive} is inactive", "Name two active components"
        elif not any(set(pair) <= set(parts) for parts in bridge.treatments.values()):
            yield at, "no treatment has both components", "Name two that a treatment has"
        elif frozenset(pair) in pairs:
            yield at, "is there twice", "Remove one"
        pairs.add(frozenset(pair))


def _of_components(where: tuple[str, str], model: Model) -> Iterator[Found]:
    if model.sigma is not None:
        yield (*where, "sigma"), "is of a class, and the bridge is of components", "Remove it"
    if model.node_split:
        message = "sums of components are not split"
        yield (*where, "node_split"), message, "Remove it: their test is that of additivity"
    if model.relation == "ume":
        message = "unrelated effects are no sums of components"
        yield (*where, "relation"), message, "Write consistency, or remove the bridge"


def _one_of(names: Iterable[str]) -> str:
    return f"Use one of {', '.join(names) or '(none yet)'}"
