"""`evinet nma`: network meta-analysis of anybody's data, without the workflow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
OF_ARMS = {"likelihood", "link", "baseline_risk", "time_column", "populations", "better"}
OF_SURVIVAL = {
    "baseline", "knots", "shapes", "powers", "times", "horizon", "check_proportional",
}  # fmt: skip


@click.command()
@click.argument("arms", type=FILE, required=False)
@click.option(
    "--likelihood", type=click.Choice(["binomial", "normal", "poisson", "contrast"]),
    default="binomial", show_default=True, help="Of the arms; contrast: every study by its diff.",
)  # fmt: skip
@click.option("--link", help="binomial: logit (default), probit or cloglog.")
@click.option(
    "--effects", type=click.Choice(["fixed", "random"]), default="random", show_default=True
)
@click.option("--reference", help="Default: the treatment in most studies.")
@click.option(
    "--model", type=click.Choice(["consistency", "ume", "node-split"]), default="consistency",
    show_default=True, help="ume: unrelated mean effects.",
)  # fmt: skip
@click.option("--contrasts", type=FILE, help="CSV of more studies, by contrasts.")
@click.option("--covariate", help="Column of a study-level covariate: a meta-regression.")
@click.option(
    "--interactions", type=click.Choice(["shared", "separate"]), default="shared",
    show_default=True, help="Of the covariate: one coefficient, or one a treatment.",
)  # fmt: skip
@click.option(
    "--at", type=float, help="Covariate, or baseline risk, of reported effects; default: the mean."
)
@click.option("--baseline-risk", is_flag=True, help="Adjust for the studies' baseline risk.")
@click.option("--time", "time_column", help="Column of follow-up: cloglog with log(time) offset.")
@click.option(
    "--population", "populations", multiple=True, metavar="NAME=VALUE[:LOWER:UPPER]",
    help="Outcome on the reference, with its 95 % interval: absolute outcomes of all treatments.",
)  # fmt: skip
@click.option("--ipd", type=FILE, help="CSV study,treatment,time,event[,draw]: survival.")
@click.option("--baseline", default="mspline", show_default=True, help="Of survival models.")
@click.option("--knots", type=click.IntRange(1), help="Of M-splines and pieces; default 7.")
@click.option(
    "--shapes", type=click.Choice(["study", "treatment", "arm"]),
    help="Who shares the shape of hazards: a study's arms (proportional; default of M-splines), a "
    "treatment's effect on it (default of fractional polynomials), or each arm for itself.",
)  # fmt: skip
@click.option("--powers", help="Of time, in fractional polynomials: one or two of -2 to 3.")
@click.option("--times", help="Of survival and hazard ratios: 6,12,24; default: 20 steps.")
@click.option("--horizon", type=click.FloatRange(0, min_open=True), help="Of restricted means.")
@click.option("--check-proportional", is_flag=True, help="Test it, and compare M-splines by arm.")
@click.option(
    "--prior", "prior_texts", multiple=True, metavar="NAME=PRIOR",
    help="tau=half-normal(5), effects=normal(100), intercepts=..., coefficients=...",
)  # fmt: skip
@click.option(
    "--better", type=click.Choice(["lower", "higher"]), default="lower", show_default=True,
    help="Which effects are improvements, for ranks.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--chains", type=click.IntRange(2, 16), default=4, show_default=True)
@click.option("--warmup", type=click.IntRange(100), default=1000, show_default=True)
@click.option("--draws", type=click.IntRange(100), default=1000, show_default=True)
@click.option(
    "--target-accept", type=click.FloatRange(0.5, 0.999), help="Default: 0.9, survival 0.8."
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def nma(arms: Path | None, ipd: Path | None, **asked: Any) -> None:
    """Bayesian network meta-analysis of ARMS, a CSV with a row an arm, or of --ipd.

    Columns study, treatment and r, n (binomial), y, se (normal), r, E (Poisson, exposure E), or
    diff, se (contrasts: the baseline row has an empty diff and, in studies of three arms or more,
    its own se). Studies with arms and studies with contrasts may stand in one file.

    With --ipd, ARMS are the published contrasts of other studies (ln HR).

    Writes estimates.csv, fit.json, posterior.nc, predictive.csv, league.csv, ranks.csv; of arms and
    contrasts also contribution.csv, threshold.csv and powerscale.csv; with node-split also
    splits.csv; with --population also absolute.csv; with --ipd also survival.csv,
    hazard_ratios.csv, rmst.csv, rmst_differences.csv and medians.csv. A fit that does not converge
    is sampled once more, longer; if that fails too nothing is written, and the exit status is 1.
    """
    if arms is None and ipd is None:
        raise click.UsageError("give ARMS or --ipd")
    if arms is not None and ipd is not None:
        if asked["contrasts"] is not None:
            raise click.UsageError("give the contrasts once: as ARMS or by --contrasts")
        asked["contrasts"] = arms
    if asked["populations"] and asked["model"] == "ume":
        raise click.UsageError("--population needs consistent effects, which ume has not")
    _applicable(asked, ipd is not None)
    from evinet.synthesise import sampler

    sampler.prepare()
    lines = _survival(ipd, asked) if ipd is not None else _aggregate(arms, asked)
    for line in lines:
        click.echo(line)


def _applicable(asked: dict[str, Any], survival: bool) -> None:
    """Refuse options that would change nothing."""
    idle = OF_ARMS if survival else OF_SURVIVAL
    given = [
        each.opts[0]
        for each in click.get_current_context().command.params
        if each.name in idle and asked[each.name] not in (each.default, None, (), False)
    ]
    if given:
        where = "is of networks of arms, not for --ipd" if survival else "is for --ipd"
        raise click.UsageError(f"{', '.join(given)} {where}")
    if survival and asked["at"] is not None and asked["covariate"] is None:
        raise click.UsageError("--at is a value of the --covariate: name it")
    if (
        survival
        and asked["model"] == "ume"
        and (asked["at"] is not None or asked["check_proportional"])
    ):
        raise click.UsageError("--at and --check-proportional need consistent effects, unlike ume")


def _aggregate(arms: Path | None, asked: dict[str, Any]) -> list[str]:
    from evinet.config import Sampler
    from evinet.synthesise.aggregate import command

    names = ("likelihood", "link", "effects", "reference", "model", "covariate", "interactions",
             "at", "baseline_risk", "populations", "better", "seed", "out")  # fmt: skip
    options = command.Options(
        files=tuple(path for path in (arms, asked["contrasts"]) if path is not None),
        time=asked["time_column"],
        priors=_priors(asked["prior_texts"]),
        sampler=Sampler(gates=command.GATES, **_sampling(asked, 0.9)),
        **{name: asked[name] for name in names},
    )
    return _insist(command.run, options)


def _survival(ipd: Path, asked: dict[str, Any]) -> list[str]:
    from evinet.config import Sampler
    from evinet.synthesise.aggregate.command import priors as parse
    from evinet.synthesise.survival import command

    priors = _priors(asked["prior_texts"])
    if "intercepts" in priors:
        raise click.UsageError("--prior intercepts is of networks of arms, not for --ipd")
    given: dict[str, Any] = {"tau_prior": priors["tau"]} if "tau" in priors else {}
    parsed = parse(priors)
    settings = {name: asked[name] for name in ("knots", "shapes") if asked[name]}
    if asked["powers"]:
        settings["powers"] = _numbers(asked["powers"], "--powers", "0,1")
    options = command.Options(
        ipd=ipd,
        out=asked["out"],
        contrasts=asked["contrasts"],
        baseline=asked["baseline"],
        effects=asked["effects"],
        references=(asked["reference"],) if asked["reference"] else (),
        seed=asked["seed"],
        sampler=Sampler(gates=command.GATES, **_sampling(asked, 0.8)),
        settings=settings,
        times=_numbers(asked["times"], "--times", "6,12,24"),
        horizon=asked["horizon"],
        check_proportional=asked["check_proportional"],
        model=asked["model"],
        covariate=asked["covariate"],
        interactions=asked["interactions"],
        at=asked["at"],
        effect_sd=parsed.effects,
        coefficient_sd=parsed.coefficients,
        **given,
    )
    return _insist(command.run, options)


def _insist(run: Callable[[Any], list[str]], options: Any) -> list[str]:
    """Run; what does not converge is sampled once more, longer."""
    from evinet.synthesise.diagnostics import NotConverged, longer

    try:
        return run(options)
    except NotConverged as error:
        again = replace(options, sampler=longer(options.sampler))
        click.echo(
            f"evinet: {error}. Sampled again, with --warmup {again.sampler.warmup} --draws "
            f"{again.sampler.draws} --target-accept {again.sampler.target_accept:g}", err=True,
        )  # fmt: skip
    try:
        return run(again)
    except NotConverged as error:
        click.echo(f"evinet: not converged, not reported: {error}", err=True)
        sys.exit(1)


def _numbers(text: str | None, option: str, example: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise click.BadParameter(f"{text}: write {example}", param_hint=option) from None


def _sampling(asked: dict[str, Any], target_accept: float) -> dict[str, Any]:
    found = {name: asked[name] for name in ("chains", "warmup", "draws")}
    return found | {"target_accept": asked["target_accept"] or target_accept}


def _priors(texts: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, separator, prior = text.partition("=")
        if not separator:
            raise click.BadParameter(f"{text}: write NAME=PRIOR", param_hint="--prior")
        found[name.strip()] = prior.strip()
    return found
