"""`evinet adjust`: two trials, one with patients, compared in the population of the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evinet.nma.population.adjust import Adjusted

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--ipd", type=FILE, required=True, help="Patients: treatment, outcome, covariates.")
@click.option(
    "--aggregate", type=FILE, required=True,
    help="The published trial: arms, its contrast, or reconstructed patients.",
)  # fmt: skip
@click.option(
    "--covariates", type=FILE,
    help="The published covariates: age_mean, age_sd, age_median, male. Default: in --aggregate.",
)  # fmt: skip
@click.option(
    "--on",
    multiple=True,
    required=True,
    metavar="COVARIATE",
    help="Covariate to adjust for. May be repeated.",
)
@click.option(
    "--method", "methods", type=click.Choice(["maic", "stc"]), multiple=True,
    help="May be repeated; default: both.",
)  # fmt: skip
@click.option("--unanchored", is_flag=True, help="Compare without a common treatment; see TSD 18.")
@click.option("--match-sd", is_flag=True, help="maic: match published standard deviations as well.")
@click.option(
    "--variance", type=click.Choice(["robust", "bootstrap"]), default="robust", show_default=True,
    help="Of maic: robust takes the weights as known. stc always resamples.",
)  # fmt: skip
@click.option(
    "--resamples", type=click.IntRange(50), default=500, show_default=True,
    help="How many times the patients are drawn anew.",
)  # fmt: skip
@click.option(
    "--margin", "margins", multiple=True, metavar="COVARIATE=FAMILY",
    help="stc: normal, gamma, lognormal, logitnormal or beta. Default: gamma where all patients "
    "are above 0, else normal.",
)  # fmt: skip
@click.option(
    "--level", type=click.FloatRange(50, 100, min_open=True, max_open=True), default=95.0,
    show_default=True, help="Confidence level of the intervals in --aggregate, in percent.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def adjust(
    ipd: Path, aggregate: Path, covariates: Path | None, on: tuple[str, ...],
    methods: tuple[str, ...], unanchored: bool, match_sd: bool, variance: str, resamples: int,
    margins: tuple[str, ...], level: float, seed: int, out: Path,
) -> None:  # fmt: skip
    """Compare two trials in the published one's population: MAIC and STC.

    --ipd has one row for each patient: treatment, the covariates, and time and event, or r (0 or
    1), or y. --aggregate has the other trial: arms by r, n or y, se (or mean, sd, n); or its
    contrast by diff, se (or a ratio with lower and upper); or, of survival, its reconstructed
    patients.

    Writes estimates.csv (one row for each effect and method, before and after adjustment),
    balance.csv, weights.csv (maic) and notes.txt: what a reader must know of the result.
    """
    from evinet import usertable
    from evinet.nma.population import adjust as library

    patients, published = usertable.read(ipd), usertable.read(aggregate)
    population = usertable.read(covariates) if covariates is not None else None
    families = _families(margins)
    found = [
        library.adjust(
            patients, published, on, method, population=population, unanchored=unanchored,  # type: ignore[arg-type]
            match_sd=match_sd, variance=variance, resamples=resamples, families=families,  # type: ignore[arg-type]
            seed=seed, level=level,
        )
        for method in methods or ("maic", "stc")
    ]  # fmt: skip
    _write(found, out)
    for each in found:
        last = each.estimates.iloc[-1]
        click.echo(
            f"{each.method}: {last['treatment']} against {last['comparator']}, {each.scale} "
            f"{last['estimate']:.3f} ({last['lower']:.3f} to {last['upper']:.3f}) in the published "
            "population"
        )
        for line in each.warnings:
            click.echo(f"  {line}")


def _families(texts: tuple[str, ...]) -> dict[str, str]:
    from evinet.usertable import column

    found = {}
    for text in texts:
        name, separator, family = text.partition("=")
        if not separator:
            raise click.BadParameter(f"{text}: write COVARIATE=FAMILY", param_hint="--margin")
        found[column(name)] = family.strip()
    return found


def _write(found: list[Adjusted], out: Path) -> None:
    import pandas as pd

    from evinet import files

    tables = {
        "estimates": pd.concat(
            [each.estimates.assign(method=each.method, scale=each.scale) for each in found]
        ),
        "balance": pd.concat([each.balance.assign(method=each.method) for each in found]),
    }
    tables = {
        name: frame[["method", *[each for each in frame if each != "method"]]]
        for name, frame in tables.items()
    }
    for each in found:
        if each.weights is not None:
            people = each.comparison.patients
            tables["weights"] = people[["treatment", *each.comparison.covariates]].assign(
                weight=each.weights
            )
    with files.together(out) as removed:
        for name, frame in tables.items():
            files.write_csv(out / f"{name}.csv", frame)
        lines = [f"{each.method}: {line}" for each in found for line in each.warnings]
        files.write_text(out / "notes.txt", "\n".join(lines) + "\n")
    if removed:
        click.echo(f"Removed, as an earlier run wrote it: {', '.join(removed)}")
