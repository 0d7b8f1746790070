"""Arms from a file to the tables of a fitted network: what `evinet nma` runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from evinet.config import Gates, Sampler
from evinet.synthesise.diagnostics import NotConverged

GATES = Gates(divergences=0.005)


@dataclass(frozen=True)
class Options:
    """What is asked of a network.

    Attributes
    ----------
    files : CSV files, a row an arm. likelihood : a name, or "contrast". link : None for the usual.
    reference : None for the treatment in most studies. priors : texts by name, see `priors`.
    covariate, time : names of columns. at : the covariate, or the baseline risk on the scale of the
    link, for which effects are reported; None for the mean over studies. populations : texts, see
    `absolute.parse`. better : which way an effect is an improvement.
    """

    files: tuple[Path, ...]
    out: Path
    likelihood: str = "binomial"
    link: str | None = None
    effects: Literal["fixed", "random"] = "random"
    reference: str | None = None
    model: Literal["consistency", "ume", "node-split"] = "consistency"
    covariate: str | None = None
    interactions: Literal["shared", "separate"] = "shared"
    baseline_risk: bool = False
    at: float | None = None
    time: str | None = None
    priors: dict[str, str] = field(default_factory=dict)
    populations: tuple[str, ...] = ()
    better: Literal["lower", "higher"] = "lower"
    seed: int = 1
    sampler: Sampler = field(default_factory=lambda: Sampler(target_accept=0.9, gates=GATES))


def run(options: Options) -> list[str]:
    """Fit the network and write its tables to `options.out`; returns lines to print.

    Writes estimates.csv, predictive.csv, powerscale.csv, fit.json and posterior.nc; unless effects
    are unrelated also league.csv, ranks.csv and what `robustness.study_tables` gives; of
    node-splitting also splits.csv; with populations also absolute.csv.

    Raises
    ------
    InputError
        Whatever is wrong with the files or the options.
    NotConverged
        A fit failed a gate of the sampler; nothing is written.
    """
    from evinet import files, seeds, tables
    from evinet.synthesise import diagnostics, sampler
    from evinet.synthesise.aggregate import absolute, predictive, results, robustness
    from evinet.synthesise.aggregate.fit import fit_all

    wanted = specifications(options)
    likelihood = next(iter(wanted.values())).likelihood
    populations = tuple(absolute.parse(text, likelihood) for text in options.populations)
    fits = fit_all(wanted, options.sampler, options.seed)
    kept = options.sampler.chains * options.sampler.draws
    found = {name: results.convergence(fit) for name, fit in fits.items()}
    failed = [
        f"{name}: {words}"
        for name, each in found.items()
        for words in diagnostics.failures(each, options.sampler.gates, kept)
    ]
    name, fit = next(iter(fits.items()))
    if failed:
        raise NotConverged("; ".join([*failed, *_sparse(fit.specification)]))
    content = _summary(options, fit) | {"convergence": found[name]}
    sampler.write_posterior(options.out / "posterior.nc", _posterior(fit))
    tables.ESTIMATES.write(options.out / "estimates.csv", results.estimates(fits))
    if options.model != "ume":
        rng = seeds.generator(options.seed, "nma/league")
        tables.LEAGUE.write(options.out / "league.csv", results.league(fit, options.better, rng))
        tables.RANKS.write(options.out / "ranks.csv", results.ranks(fit, options.better))
        for kind, frame in robustness.study_tables(fit, options.better):
            kind.write(options.out / f"{kind.name}.csv", frame)
    tables.POWERSCALE.write(options.out / "powerscale.csv", robustness.prior_table(fit))
    if populations:
        rng = seeds.generator(options.seed, "nma/absolute")
        table = absolute.absolute(fit, populations, rng)
        files.write_csv(options.out / "absolute.csv", table)
    if options.model == "node-split":
        files.write_csv(options.out / "splits.csv", results.splits(fits))
    rng = seeds.generator(options.seed, "nma/predictive")
    files.write_csv(options.out / "predictive.csv", predictive.predictive(fit, rng))
    files.write_json(options.out / "fit.json", content)
    return _lines(options, content, found)


def specifications(options: Options) -> dict[str, Any]:
    """Name -> specification of each fit that the options ask for, the main one first."""
    from evinet.errors import InputError, Problem
    from evinet.synthesise import columns
    from evinet.synthesise.aggregate import design, network
    from evinet.synthesise.aggregate.likelihoods import LIKELIHOODS, links
    from evinet.synthesise.aggregate.model import Specification

    likelihood = None
    if options.likelihood != "contrast":
        link = options.link or links(options.likelihood)[0]
        if (options.likelihood, link) not in LIKELIHOODS:
            known = ", ".join(links(options.likelihood))
            message = f"is no link of the {options.likelihood} likelihood"
            raise InputError(Problem("(options)", "--link", link, message, f"Use one of {known}"))
        likelihood = LIKELIHOODS[options.likelihood, link]
    optional = network.Columns(options.covariate, options.time)
    read = network.read(list(options.files), likelihood, options.reference, optional)
    if options.baseline_risk and (likelihood is None or len(read.contrasts)):
        raise InputError(
            Problem("(options)", "--baseline-risk", "yes", "a contrast has no baseline risk",
                    "Give every study by its arms")
        )  # fmt: skip
    if options.at is not None and (
        options.model == "ume" or (options.covariate is None) == (not options.baseline_risk)
    ):
        raise InputError(
            Problem("(options)", "--at", options.at, "is of no one thing that effects depend on",
                    "Give it with --covariate or --baseline-risk, and not with ume")
        )  # fmt: skip
    chosen = priors(options.priors)

    def specify(**asked: Any) -> Specification:
        plan = design.build(
            read, covariate=options.covariate, interactions=options.interactions, **asked
        )
        return Specification(
            read, likelihood, plan, options.effects, chosen, options.baseline_risk, options.at
        )

    if options.model == "node-split":
        pairs = columns.splits(design.rows_of(read), read.treatments, str(options.files[0]))
        named = {f"{second} vs {first}": specify(split=(first, second)) for first, second in pairs}
        return {"consistency": specify()} | named
    return {options.model: specify(unrelated=options.model == "ume")}


def priors(texts: dict[str, str]) -> Any:
    """Priors from texts such as {"tau": "half-normal(5)", "effects": "normal(100)"}.

    Raises
    ------
    InputError
        An unknown name, or a text that is no such prior.
    """
    import re

    from evinet.errors import InputError, Problem
    from evinet.synthesise.aggregate.model import Priors
    from evinet.synthesise.priors import parse

    found: dict[str, Any] = {}
    for name, text in texts.items():
        if name == "tau":
            found["tau"] = parse(text, "--prior tau", "(options)")
            continue
        if name not in ("effects", "intercepts", "coefficients"):
            known = "tau, effects, intercepts or coefficients"
            raise InputError(
                Problem("(options)", "--prior", name, "there is no such prior", f"Name {known}")
            )
        number = re.fullmatch(r"normal\(([0-9.eE+-]+)\)", text.strip())
        if number is None or not float(number.group(1)) > 0:
            raise InputError(
                Problem("(options)", f"--prior {name}", text, "is not a normal prior",
                        "Write its standard deviation: normal(100)")
            )  # fmt: skip
        found[name] = float(number.group(1))
    return Priors(**found)


def _summary(options: Options, fit: Any) -> dict[str, Any]:
    from evinet.synthesise.aggregate.measures import fit_measures
    from evinet.synthesise.columns import centre

    specification = fit.specification
    likelihood, chosen = specification.likelihood, specification.priors
    return {
        "model": options.model,
        "likelihood": "contrast" if likelihood is None else likelihood.name,
        "link": "identity" if likelihood is None else likelihood.link,
        "effects": options.effects,
        "reference": specification.network.reference,
        "better": options.better,
        "seed": options.seed,
        "studies": len(specification.network.studies),
        "treatments": len(specification.network.treatments),
        "covariate": None if options.covariate is None else {
            "name": options.covariate, "interactions": options.interactions,
            "centre": centre(specification.design.rows),
        },
        "baseline_risk": None if not options.baseline_risk else {"centre": specification.centre},
        "at": options.at,
        "priors": {
            "effects": f"normal(0, {chosen.effects:g})",
            "intercepts": None if likelihood is None else f"normal(0, {chosen.intercepts:g})",
            "coefficients": f"normal(0, {chosen.coefficients:g})",
            "tau": chosen.tau.formula if options.effects == "random" else None,
            "tau_source": chosen.tau.source if options.effects == "random" else None,
        },
        "populations": list(options.populations),
        "sampler": options.sampler.model_dump(),
        "seconds": {"compile": fit.seconds_to_compile, "sample": fit.seconds_to_sample},
        **fit_measures(fit),
    }  # fmt: skip


def _posterior(fit: Any) -> Any:
    """Draws of the coefficients, tau and the linear predictors."""
    names = ["b", "linear", *(["tau"] if fit.tau is not None else [])]
    return fit.trace.posterior[names]


def _sparse(specification: Any) -> list[str]:
    """Why wide priors may be the reason that a fit did not converge."""
    likelihood, arms = specification.likelihood, specification.network.arms
    if likelihood is None or likelihood.name == "normal":
        return []
    empty = arms["x"] == 0
    if not empty.any():
        return []
    said = f"{int(empty.sum())} of {len(arms)} arms have no event"
    without = [study for study, rows in empty.groupby(arms["study"], sort=False) if rows.all()]
    if without:
        said += f", {', '.join(without)} in none of its arms and so without a word on effects"
    free, prior = "effects", "effects=normal(2)"
    if without or specification.baseline_risk:
        free, prior = "intercepts", "intercepts=normal(10)"
    return [
        f"{said}; where wide priors leave {free} almost free, narrower ones hold them, such as "
        f'--prior "{prior}"'
    ]


def _lines(options: Options, content: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What the command says: the fit in a line, and whatever asks for caution."""
    from evinet.synthesise import diagnostics

    first = next(iter(found.values()))
    lines = [
        f"{content['studies']} studies, {content['treatments']} treatments, reference "
        f"{content['reference']}: DIC {content['DIC']:.1f}, R-hat {first['rhat_max']:.3f}, "
        f"smallest ESS {first['ess_bulk_min']:.0f}; an effect below 0 counts as "
        f"{'better' if options.better == 'lower' else 'worse'}"
    ]
    if content["LOO"]["warning"]:
        lines.append(content["LOO"]["warning"])
    return lines + [words for each in found.values() for words in diagnostics.cautions(each)]
