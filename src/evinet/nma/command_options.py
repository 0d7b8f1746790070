"""What the options of `evinet nma` ask for: a network and a model, or why there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from evinet.nma.model import Model
    from evinet.nma.network import Network
    from evinet.nma.settings import Sampler

    Tables = tuple[list[pd.DataFrame], list[pd.DataFrame]]

OTHER = {"ume": {"model": "ume"}, "fixed": {"effects": "fixed"}, "random": {"effects": "random"}}
"""What --dev-dev changes of the model."""
OF_REGRESSION = ("aggregate", "covariates", "correlations", "families", "points")
NEEDED = {
    "--regression": ("regression", OF_REGRESSION),
    "--components": ("separator", ("inactive", "component_interactions")),
    "--categories": ("categories", ("category_counts", "cutpoints")),
    "--class-sigma": ("class_sigma", ("members",)),
    "--weights": ("weights", ("weight_levels",)),
}
"""Options, and those that do nothing without them."""
WITHOUT = {
    "covariate", "at", "baseline_risk", "time_column", "check_proportional", "drop_incomplete",
    "measure", "sheet", "report", "cumulative", "funnel_order",
    "dev_dev", "weights", "causes",  # none with patients' covariates
}  # fmt: skip
OF_ARMS = {"link", "baseline_risk", "time_column", "populations", "categories"}
OF_SURVIVAL = {
    "baseline", "knots", "shapes", "powers", "times", "horizon", "check_proportional", "causes",
}  # fmt: skip


def tables_of(data: tuple[Path, ...], ipd: tuple[Path, ...], asked: dict[str, Any]) -> Tables:
    """The tables of the files and of the patients."""
    from evinet import usertable

    return (
        [usertable.read(file, sheet=asked["sheet"]) for file in data],
        [usertable.read(file) for file in ipd],
    )


def checked_model(
    given: Tables | None, ipd: tuple[Path, ...], asked: dict[str, Any], cause: str
) -> Model:
    """The model that is asked for, of a cause if one is named; what it cannot do is told now."""
    network = _regressed(ipd, asked) if given is None else _network(*given, asked, cause)
    model = model_of(network, asked)
    if asked["cumulative"]:
        network.study_numbers(asked["cumulative"])
    if asked["model"] == "node-split":
        network.split_pairs(pairs_to_split(asked["splits"], network.treatments))
    if asked["dev_dev"]:
        model_of(network, {**asked, **OTHER[asked["dev_dev"]]})
    if asked["funnel_order"]:
        from evinet.nma.answers import funnel

        funnel.check(names_in(asked["funnel_order"], "--funnel-order"), network.treatments)
    if asked["check_proportional"] and network.patients is not None:
        from evinet.nma.answers import proportionality

        proportionality.testable(network.patients)
    return model


def _given(asked: dict[str, Any], names: Collection[str]) -> list[str]:
    """The options of these names that were given, as they are written."""
    return [
        each.opts[0] for each in click.get_current_context().command.params
        if each.name in names and asked[each.name] not in (each.default, None, (), False)
    ]  # fmt: skip


def one_folder_each(causes: tuple[str, ...], data: tuple[Path, ...]) -> None:
    """Refuse causes that cannot have a folder each, or contrasts that are of none of several."""
    if len(set(causes)) < len(causes) or (len(causes) > 1 and data):
        raise click.UsageError("name each --cause once, and published contrasts with one alone")
    if any(set(cause) & set("/\\\0") or cause.strip(". ") != cause for cause in causes):
        raise click.UsageError("--cause names a folder: write causes without slashes, or 1, 2, ...")


def applicable(asked: dict[str, Any], survival: bool) -> None:
    """Refuse options that would change nothing."""
    of_counts = {"causes", "times"} if asked["causes"] else set()
    given = _given(asked, OF_ARMS if survival else OF_SURVIVAL - of_counts)
    if given:
        where = "does nothing with --ipd" if survival else "needs --ipd"
        raise click.UsageError(f"{', '.join(given)} {where}")
    if survival and asked["likelihood"] not in (None, "contrast"):
        raise click.UsageError("--likelihood does nothing with --ipd")
    if survival and asked["better"]:
        raise click.UsageError("--better does nothing with --ipd: longer survival is better")
    if survival and asked["at"] is not None and not asked["covariate"]:
        raise click.UsageError("--at is a value of the --covariate: name it")
    if asked["model"] == "ume":
        for name, option in (("populations", "--population"), ("at", "--at"),
                             ("check_proportional", "--check-proportional"),
                             ("cumulative", "--cumulative"),
                             ("funnel_order", "--funnel-order")):  # fmt: skip
            if asked[name] not in (None, (), False):
                raise click.UsageError(f"{option} needs consistent effects, which ume has not")
    _other_applicable(asked, survival)
    if asked["splits"] and asked["model"] != "node-split":
        raise click.UsageError("--split needs --model node-split")
    for option, (name, others) in NEEDED.items():
        needing = _given(asked, others)
        if needing and not asked[name]:
            raise click.UsageError(f"{', '.join(needing)} needs {option}")
    if asked["separator"] and asked["model"] != "consistency":
        raise click.UsageError("--components needs --model consistency")


def _other_applicable(asked: dict[str, Any], survival: bool) -> None:
    """Refuse another model that is no other, or that this one cannot be held against."""
    other = asked["dev_dev"]
    if other in (asked["model"], asked["effects"]):
        raise click.UsageError(f"--dev-dev {other} is the model itself: name another")
    if other and survival:
        raise click.UsageError("--dev-dev needs residual deviances, which patients have not")
    if other == "ume" and (asked["separator"] or asked["class_sigma"]):
        raise click.UsageError("--dev-dev ume has neither a class nor components: leave them out")


def applicable_to_regression(
    data: tuple[Path, ...], ipd: tuple[Path, ...], asked: dict[str, Any]
) -> None:
    """Refuse options that a regression on patients' covariates cannot honour."""
    if data or len(ipd) != 1 or asked["aggregate"] is None:
        raise click.UsageError("--regression takes --ipd and --aggregate, one of each, no FILE")
    given = _given(asked, WITHOUT)
    if given:
        raise click.UsageError(f"{', '.join(given)} cannot be combined with --regression")
    if asked["splits"] and asked["model"] != "node-split":
        raise click.UsageError("--split needs --model node-split")
    if asked["separator"]:
        raise click.UsageError("--components cannot be combined with --regression")
    if asked["members"] or asked["class_sigma"]:
        raise click.UsageError("--class cannot be combined with --regression: write a column class")


def _regressed(ipd: tuple[Path, ...], asked: dict[str, Any]) -> Network:
    """The network of patients with covariates and of published arms."""
    from evinet import usertable
    from evinet.nma.population import regression

    found = regression.network(
        ipd[0], asked["aggregate"], asked["regression"], covariates=asked["covariates"],
        reference=list(asked["references"]) or None,
        correlations=asked["correlations"] and regression.correlations(
            usertable.read(asked["correlations"])
        ),
        families=_named(asked["families"], "--margin"),
        points=int(asked["points"] or regression.POINTS),
        columns=_pairs(asked["columns"], "--columns"),
        categories=names_in(asked["categories"], "--categories"),
        category_counts=asked["category_counts"], seed=asked["seed"],
    )  # fmt: skip
    survival = found.people is not None
    idle = {"link", "likelihood", "better", "categories"} if survival else OF_SURVIVAL
    named = _given(asked, idle)
    if named:
        outcome = "survival" if survival else "no survival"
        raise click.UsageError(f"{', '.join(named)} does nothing: the outcome is {outcome}")
    _say_readings(found)
    return found


def _network(
    tables: list[pd.DataFrame], people: list[pd.DataFrame], asked: dict[str, Any], cause: str
) -> Network:
    """The network of tables, of one cause if it is named; says what was understood."""
    from evinet.nma.data.layouts import Reading
    from evinet.nma.network import Network

    references = list(asked["references"]) or None
    kind: Any = "effects" if people or asked["likelihood"] == "contrast" else None
    options = {"columns": _pairs(asked["columns"], "--columns"), "level": asked["level"],
               "measure": asked["measure"], "drop_incomplete": asked["drop_incomplete"],
               "kind": kind, "category_counts": asked["category_counts"],
               "categories": names_in(asked["categories"], "--categories"),
               "named": (*asked["covariate"], *filter(None, (
                   asked["weights"], asked["cumulative"], asked["time_column"])))}  # fmt: skip
    if not people:
        network = Network.read(*tables, reference=references, cause=cause or None,
                               causes=asked["causes"], **options)  # fmt: skip
    else:
        network = Network.from_patients(people[0], references, cause or None)
        for table in people[1:]:
            network = network.add_patients(table)
        for table in tables:
            network = network.add_contrasts(table, Reading(**options))
    if cause == "".join(asked["causes"][:1]):  # all causes are of the same tables
        _say_readings(network)
    return network


def _say_readings(network: Network) -> None:
    """What was understood of each table, and what was left out."""
    for reading in network.readings:
        said, worked = reading["said"]
        click.echo(f"Read {said}")
        click.echo(f"  {worked}")
        if reading["unused"]:
            click.echo(f"  columns that are not used: {', '.join(reading['unused'])}")
        for name in reading["dropped"]:
            click.echo(f"  left out: {name}")


def model_of(network: Network, asked: dict[str, Any]) -> Model:
    """The model that the options ask for."""
    from evinet.nma import model, priors
    from evinet.nma.terms import ClassEffect, Components, Terms

    group = None
    if asked["class_sigma"]:
        sigma = priors.spread(asked["class_sigma"], "--class-sigma")
        assert sigma is not None
        if strange := sorted(set(asked["members"]) - set(network.treatments)):
            raise InputError(
                Problem(network.file, "class", ", ".join(strange), "is no treatment here",
                        f"Use some of {', '.join(network.treatments)}")
            )  # fmt: skip
        group = ClassEffect(tuple(asked["members"]), sigma)
    components = None if asked["separator"] is None else Components(
        asked["separator"], asked["inactive"], tuple(asked["component_interactions"])
    )  # fmt: skip
    settings = {name: asked[name] for name in ("knots", "shapes") if asked[name]}
    if asked["powers"]:
        settings["powers"] = numbers(asked["powers"], "--powers", "0,1")
    likelihood = None if asked["likelihood"] == "contrast" else asked["likelihood"]
    return model.build(
        network, likelihood=likelihood, link=asked["link"], effects=asked["effects"],
        terms=Terms(asked["model"] == "ume", None, asked["covariate"], asked["interactions"],
                    _at(asked["at"]), asked["baseline_risk"], group,
                    priors.spread(asked["slope_sigma"], "--interactions-sigma"), components),
        priors=priors.priors(_priors(asked["prior_texts"])), time=asked["time_column"],
        baseline=asked["baseline"], settings=settings, cutpoints=asked["cutpoints"],
        weights=_weights(network, asked),
    )  # fmt: skip


def _weights(network: Network, asked: dict[str, Any]) -> dict[str, float]:
    """How much each study counts, where that is asked for."""
    from evinet import usertable

    if not asked["weights"]:
        return {}
    given = _pairs(asked["weight_levels"], "--weight-levels")
    levels = {name: usertable.number(text) for name, text in given.items()}
    return network.weights_in(asked["weights"], levels)


def sampler_of(asked: dict[str, Any], model: Model) -> Sampler:
    from evinet.nma.fit import usual

    given = {name: asked[name] for name in ("chains", "warmup", "draws")}
    accept = asked["target_accept"] or usual(model).target_accept
    return usual(model).model_copy(update={**given, "target_accept": accept})


def composed_names(value: Any) -> Any:
    """An option's names in the form of Unicode that tables have; anything else as it is."""
    from evinet.usertable import composed

    if isinstance(value, tuple):
        return tuple(composed_names(each) for each in value)
    return composed(value) if isinstance(value, str) else value


def names_in(text: str | None, option: str) -> tuple[str, ...]:
    """Names between commas; a comma inside quotation marks is part of a name."""
    from evinet import usertable

    try:
        return tuple(usertable.parts(text or ""))
    except ValueError:
        raise click.BadParameter(f"{text}: close the quotation marks", param_hint=option) from None


def pairs_to_split(texts: tuple[str, ...], treatments: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs such as A vs B; where a name holds " vs ", it is told by the treatments."""
    found = []
    for text in texts:
        words = text.split(" vs ")
        pairs = [(" vs ".join(words[:k]).strip(), " vs ".join(words[k:]).strip())
                 for k in range(1, len(words))]  # fmt: skip
        known = [pair for pair in pairs if {*pair} <= {*treatments}]
        if not pairs or not all(pairs[0]):
            raise click.BadParameter(f"{text}: write 'A vs B'", param_hint="--split")
        if len(known) > 1:
            ways = " or ".join(f"{one!r} and {two!r}" for one, two in known)
            raise click.BadParameter(
                f"{text}: may be {ways}; rename a treatment", param_hint="--split"
            )
        found.append((known or pairs)[0])
    return found


def numbers(text: str | None, option: str, example: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise click.BadParameter(f"{text}: write {example}", param_hint=option) from None


def _at(text: str | None) -> Any:
    """A number, or names and their numbers or words."""
    from evinet import usertable

    def value(part: str) -> float | str:
        number = usertable.number(part)
        return part if number != number else number

    if text is None:
        return None
    if "=" in text:
        return {name: value(each) for name, each in _pairs(text, "--at").items()}
    if isinstance(value(text), str):
        raise click.BadParameter(f"{text}: write a number, or NAME=VALUE,...", param_hint="--at")
    return value(text)


def _pairs(text: str | None, option: str) -> dict[str, str]:
    """Text such as ``dead=r,randomised=n``."""
    return _named(names_in(text, option), option)


def _named(parts: Iterable[str], option: str) -> dict[str, str]:
    """Values by their names."""
    found = {}
    for part in parts:
        name, separator, value = part.partition("=")
        if not (separator and name.strip() and value.strip()):
            raise click.BadParameter(f"{part}: write NAME=VALUE", param_hint=option)
        found[name.strip()] = value.strip()
    return found


def _priors(texts: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, separator, prior = text.partition("=")
        if not separator:
            raise click.BadParameter(f"{text}: write NAME=PRIOR", param_hint="--prior")
        found[name.strip()] = prior.strip()
    return found
