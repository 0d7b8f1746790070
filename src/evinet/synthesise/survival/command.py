"""Patients from a file to the tables of a fitted network: what `evinet nma --ipd` runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evinet.config import Sampler
from evinet.synthesise.aggregate.command import GATES
from evinet.synthesise.diagnostics import NotConverged

if TYPE_CHECKING:
    import pandas as pd

    from evinet.synthesise.survival.fit import Fit


@dataclass(frozen=True)
class Options:
    """What is asked of a survival network.

    Attributes
    ----------
    ipd : CSV with columns study, treatment, time, event and, if there are several, draw.
    out : folder to write.
    contrasts : CSV of published ln HR with columns study, treatment, diff, se; or None.
    baseline : a name of `choice.BASELINES`; `settings` are its own, such as ``{"knots": 7}``.
    references : the reference treatment of each island; empty: that in most studies.
    tau_prior : as `priors.parse` reads it.
    times, horizon : when survival and hazard ratios are written, and the end of restricted mean
        survival, in the file's units; empty: 20 steps to the end of a study's follow-up; None: the
        end of the shortest one.
    check_proportional : test proportional hazards, and compare M-splines without them.
    model : ume has unrelated mean effects, of every pair its own, and no other answers; node-split
        takes direct and indirect effects of every pair apart.
    covariate, interactions, at : see `fit_network`. coefficient_sd : of their normal prior.
    """

    ipd: Path
    out: Path
    contrasts: Path | None = None
    baseline: str = "mspline"
    effects: Literal["fixed", "random"] = "fixed"
    references: tuple[str, ...] = ()
    seed: int = 1
    sampler: Sampler = field(default_factory=lambda: Sampler(target_accept=0.8, gates=GATES))
    effect_sd: float = 100.0
    tau_prior: str = "half-normal(0.5)"
    settings: dict[str, Any] = field(default_factory=dict)
    times: tuple[float, ...] = ()
    horizon: float | None = None
    check_proportional: bool = False
    model: Literal["consistency", "ume", "node-split"] = "consistency"
    covariate: str | None = None
    interactions: Literal["shared", "separate"] = "shared"
    at: float | None = None
    coefficient_sd: float = 100.0


def run(options: Options) -> list[str]:
    """Fit the network and write its tables to `options.out`; returns lines to print.

    Writes estimates.csv, league.csv, ranks.csv, fit.json and posterior.nc, and of every study's
    population survival.csv, hazard_ratios.csv, rmst.csv, rmst_differences.csv and medians.csv, and
    of every arm predictive.csv.
    With `check_proportional` also schoenfeld.csv and, of M-splines, proportionality.csv; of
    node-splitting splits.csv.

    Raises
    ------
    InputError
        Whatever is wrong with the files or the options.
    NotConverged
        The fit failed a gate of the sampler; nothing is written.
    """
    from evinet.synthesise import diagnostics
    from evinet.synthesise.survival import results

    fit = _fit(options, options.settings)
    tables = _answers(fit, options)
    if options.check_proportional:
        tables |= _checks(fit, options)
    if options.model == "node-split":
        tables["splits"] = _splits(fit, options)
    _write(fit, tables, options)
    found = results.diagnosis(fit)
    lines = [f"R-hat {found['rhat_max']:.3f}, ESS {found['ess_bulk_min']:.0f}"]
    lines += [
        f"{study} has one arm: a population for the answers, which informs no effect"
        for study in fit.network.baseline.patients.single
    ]
    return [*lines, *diagnostics.cautions(found)]


def _fit(options: Options, settings: dict[str, Any]) -> Fit:
    from evinet.synthesise.priors import parse
    from evinet.synthesise.survival.fit import fit_network
    from evinet.synthesise.survival.model import Priors

    fit = fit_network(
        _read(options.ipd),
        None if options.contrasts is None else _read(options.contrasts),
        baseline=options.baseline,
        effects=options.effects,
        priors=Priors(options.effect_sd, options.coefficient_sd, parse(options.tau_prior)),
        sampler=options.sampler,
        seed=options.seed,
        references=list(options.references) or None,
        covariate=options.covariate,
        interactions=options.interactions,
        at=options.at,
        unrelated=options.model == "ume",
        files=(str(options.ipd), str(options.contrasts)),
        **settings,
    )
    _converged(fit, options)
    return fit


def _converged(fit: Fit, options: Options) -> None:
    from evinet.synthesise import diagnostics
    from evinet.synthesise.survival import results

    kept = len(fit.traces) * options.sampler.chains * options.sampler.draws
    failed = diagnostics.failures(results.diagnosis(fit), options.sampler.gates, kept)
    failed += [
        f"{treatment} has no event in {study}, so that the prior alone limits its effect"
        for study, treatment in fit.network.baseline.patients.without_events
        if failed
    ]
    if failed:
        raise NotConverged("; ".join(failed))


def _splits(fit: Fit, options: Options) -> pd.DataFrame:
    from evinet.synthesise.survival import results
    from evinet.synthesise.survival.fit import node_splits

    found = node_splits(fit, options.sampler, options.seed, str(options.ipd))
    for each in found.values():
        _converged(each, options)
    return results.splits(found)


def _answers(fit: Fit, options: Options) -> dict[str, pd.DataFrame]:
    from evinet import seeds
    from evinet.synthesise.survival import curves, predictive

    rng = seeds.generator(options.seed, "survival/predictive")
    checks = predictive.predictive(fit, rng)
    if options.model == "ume":
        return {"predictive": checks}
    means, differences = curves.restricted_mean_tables(fit, options.horizon)
    return {
        "survival": curves.survival_table(fit, options.times),
        "hazard_ratios": curves.hazard_ratio_table(fit, options.times),
        "rmst": means,
        "rmst_differences": differences,
        "medians": curves.median_table(fit),
        "predictive": checks,
    }


def _checks(fit: Fit, options: Options) -> dict[str, pd.DataFrame]:
    from evinet.synthesise.survival import proportionality

    found = {"schoenfeld": proportionality.schoenfeld_tests(fit.network.baseline.patients)}
    if options.baseline == "mspline" and options.settings.get("shapes", "study") == "study":
        other = _fit(options, {**options.settings, "shapes": "arm"})
        found["proportionality"] = proportionality.compare(fit, other)
    return found


def _write(fit: Fit, answers: dict[str, pd.DataFrame], options: Options) -> None:
    from evinet import files, seeds, tables
    from evinet.synthesise import sampler
    from evinet.synthesise.survival import results

    content = {"baseline": options.baseline, "seed": options.seed, **results.summary(fit)}
    content["settings"] = {"sampler": options.sampler.model_dump(), **options.settings}
    sampler.write_posterior(options.out / "posterior.nc", fit.posterior)
    for name, table in answers.items():
        files.write_csv(options.out / f"{name}.csv", table)
    tables.ESTIMATES.write(options.out / "estimates.csv", results.estimates(fit))
    if options.model != "ume":
        rng = seeds.generator(options.seed, "survival/league")
        tables.LEAGUE.write(options.out / "league.csv", results.league(fit, rng))
        tables.RANKS.write(options.out / "ranks.csv", results.ranks(fit))
    files.write_json(options.out / "fit.json", content)


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path, dtype={"study": str, "treatment": str}, skip_blank_lines=False)
