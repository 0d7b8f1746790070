"""`evinet network`, `evinet fit`, `evinet answers`, `evinet predict` and `evinet hazards`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evinet import processor
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    from evinet import config

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
CONFIG = click.option("--config", "config_file", type=FILE, default=Path("config/config.yaml"))
DATA = click.option("--data", type=FILE, required=True, help="data.csv of `evinet network`.")
IPD = click.option(
    "--ipd", type=FILE, multiple=True,
    help="ipd.csv of a study that enters by its patients. May be repeated.",
)  # fmt: skip


@click.command()
@click.argument("analysis")
@CONFIG
@click.option("--evidence", type=FOLDER, default=Path("results/evidence"), show_default=True)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def network(analysis: str, config_file: Path, evidence: Path, out: Path) -> None:
    """Choose what each trial brings to ANALYSIS, and find the islands of its network.

    Writes studies.csv, nodes.csv, excluded.csv, and data.csv: what models are fitted to.
    """
    from evinet import config
    from evinet.synthesise import network as networks

    review = config.load(config_file)
    built = networks.build(analysis, config.analysis(review, analysis), evidence)
    built.write(out)
    islands = built.nodes["component"].nunique()
    click.echo(f"{analysis}: {built.studies['study'].nunique()} trials, {islands} island(s)")


@click.command()
@click.argument("analysis")
@click.argument("model")
@CONFIG
@DATA
@IPD
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def fit(
    analysis: str, model: str, config_file: Path, data: Path, ipd: tuple[Path, ...], out: Path
) -> None:
    """Fit one MODEL of ANALYSIS.

    Writes fit.json, posterior.nc, estimates.csv, league.csv, ranks.csv, predictive.csv and
    powerscale.csv. A fit that does not converge is sampled once more, longer; if that fails too the
    tables are empty and fit.json says why.
    """
    from evinet.nma.fit import nuts

    nuts.prepare()
    from evinet.synthesise import jobs

    review = _review(config_file, analysis, model)
    click.echo(jobs.fit(review, analysis, model, data, list(ipd), out))


@click.command()
@click.argument("analysis")
@click.argument("model")
@CONFIG
@DATA
@IPD
@click.option("--fit", "fits", type=FOLDER, required=True, help="Folder that `evinet fit` wrote.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def answers(
    analysis: str, model: str, config_file: Path, data: Path, ipd: tuple[Path, ...], fits: Path,
    out: Path,
) -> None:  # fmt: skip
    """What follows from the fit of one MODEL of ANALYSIS.

    Writes margins.csv, tipping.csv, contribution.csv, threshold.csv, influence.csv,
    inconsistency.csv and splits.csv; tables that do not apply to the model are empty.
    """
    from evinet.nma.fit import nuts

    nuts.prepare()
    from evinet.synthesise import jobs

    review = _review(config_file, analysis, model)
    click.echo(jobs.answers(review, analysis, model, data, list(ipd), fits, out))


@click.command()
@click.argument("analysis")
@CONFIG
@DATA
@IPD
@click.option("--studies", type=FILE, required=True, help="studies.csv of `evinet network`.")
@click.option("--fits", type=FOLDER, required=True, help="Folder with a folder of every model.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def predict(
    analysis: str, config_file: Path, data: Path, ipd: tuple[Path, ...], studies: Path,
    fits: Path, out: Path,
) -> None:  # fmt: skip
    """Survival in the populations that ANALYSIS names, on every treatment that a model connects.

    Writes predicted-survival.csv, predicted-times.csv, predicted-ratios.csv,
    predicted-observed.csv, observed-times.csv and survival-draws.csv.
    """
    processor.prepare()
    from evinet.synthesise import populations

    review = _review(config_file, analysis)
    for line in populations.predict(review, analysis, data, studies, list(ipd), fits, out):
        click.echo(line)


@click.command()
@click.argument("analysis")
@CONFIG
@click.option("--evidence", type=FOLDER, default=Path("results/evidence"), show_default=True)
@click.option("--studies", type=FILE, required=True, help="studies.csv of `evinet network`.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def modifiers(analysis: str, config_file: Path, evidence: Path, studies: Path, out: Path) -> None:
    """What subgroups within the trials of ANALYSIS, and differences between them, tell.

    Writes modifiers.csv, modifier-levels.csv and modifier-trials.csv.
    """
    from evinet.synthesise import modifiers as stage

    review = _review(config_file, analysis)
    for line in stage.write(review, analysis, studies, evidence, out):
        click.echo(line)


@click.command()
@click.argument("trial")
@click.argument("outcome")
@CONFIG
@click.option("--ipd", type=FILE, required=True, help="ipd.csv of the trial's outcome.")
@click.option("--contrasts", type=FILE, required=True, help="contrasts.csv of the trial.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def hazards(
    trial: str, outcome: str, config_file: Path, ipd: Path, contrasts: Path, out: Path
) -> None:
    """Whether the hazards of the arms of TRIAL are proportional in OUTCOME.

    Writes proportionality.csv and hazard-periods.csv: one row, or one for each period, of each
    pair of arms that the trial published a hazard ratio of.
    """
    processor.prepare()
    from evinet import config, files, seeds, tables
    from evinet.nma.answers import proportionality

    seed = config.load(config_file).seed
    patients = tables.IPD.read(ipd)
    pairs = [
        (str(row["arm"]), str(row["comparator"]))
        for row in tables.CONTRASTS.read(contrasts).to_dict("records")
        if row["outcome"] == outcome and row["measure"] == "hr"
        and {row["arm"], row["comparator"]} <= set(patients["arm"])
    ]  # fmt: skip
    pairs = list(dict.fromkeys(pairs))
    rng = seeds.generator(seed, f"hazards/{trial}/{outcome}")
    with files.together():
        tables.PROPORTIONALITY.write(
            out / "proportionality.csv", proportionality.tests(patients, pairs)
        )
        tables.HAZARD_PERIODS.write(
            out / "hazard-periods.csv", proportionality.periods(patients, pairs, rng)
        )
    click.echo(f"{trial}, {outcome}: {len(pairs)} pair(s) of arms")


def _review(config_file: Path, analysis: str, model: str | None = None) -> config.Config:
    """The configuration, if it has the analysis and the model.

    Raises
    ------
    InputError
        It has not.
    """
    from evinet import config

    review = config.load(config_file)
    models = config.analysis(review, analysis).models
    if model is not None and model not in models:
        raise InputError(
            Problem(str(config_file), f"analyses.{analysis}.models", model,
                    "is not a model of this analysis", f"Use one of {', '.join(models)}")
        )  # fmt: skip
    return review
