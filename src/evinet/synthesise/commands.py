"""`evinet network`, `evinet fit` and `evinet predict`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evinet import processor

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
REMEDY = (
    "Raise sampler.target_accept (divergences) or sampler.draws (sizes), or fit a simpler model"
)
CONFIG = click.option("--config", "config_file", type=FILE, default=Path("config/config.yaml"))


@click.command()
@click.argument("analysis")
@CONFIG
@click.option("--evidence", type=FOLDER, default=Path("results/evidence"), show_default=True)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def network(analysis: str, config_file: Path, evidence: Path, out: Path) -> None:
    """Choose what each trial brings to ANALYSIS, and find the islands of its network.

    Writes studies.csv, nodes.csv and excluded.csv.
    """
    from evinet import config
    from evinet.synthesise import network as networks

    review = config.load(config_file)
    built = networks.build(analysis, config.analysis(review, analysis), evidence)
    built.write(out)
    islands = built.nodes["component"].nunique()
    click.echo(f"{analysis}: {len(built.studies)} trials, {islands} island(s)")


@click.command()
@click.argument("analysis")
@CONFIG
@click.option("--network", "network_folder", type=FOLDER, required=True, help="From `network`.")
@click.option("--ipd", type=FOLDER, default=Path("results/ipd"), show_default=True)
@click.option("--out", type=FOLDER, required=True, help="Folder to write, one in it a model.")
def fit(analysis: str, config_file: Path, network_folder: Path, ipd: Path, out: Path) -> None:
    """Fit every model of ANALYSIS.

    Writes, for each model: estimates, league table, ranks; margins, contributions, thresholds,
    influence, inconsistency, predictions and power scaling; diagnostics and posterior. A fit that
    does not converge is not written, and the exit status is 1.
    """
    from evinet.synthesise import sampler

    sampler.prepare()
    from evinet import config
    from evinet.synthesise import fit as fits
    from evinet.synthesise import network as networks
    from evinet.synthesise.diagnostics import NotConverged

    review = config.load(config_file)
    config.analysis(review, analysis)
    prepared = fits.Analysis(analysis, review, networks.read(network_folder), ipd)
    try:
        for line in fits.fit_all(prepared, out):
            click.echo(line)
    except NotConverged as error:
        click.echo(f"evinet: not converged, not reported: {error}. {REMEDY}", err=True)
        sys.exit(1)


@click.command()
@click.argument("analysis")
@CONFIG
@click.option("--network", "network_folder", type=FOLDER, required=True, help="From `network`.")
@click.option("--fits", type=FOLDER, required=True, help="From `fit`.")
@click.option("--ipd", type=FOLDER, default=Path("results/ipd"), show_default=True)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def predict(
    analysis: str, config_file: Path, network_folder: Path, fits: Path, ipd: Path, out: Path
) -> None:
    """Survival in the populations that ANALYSIS names, on every treatment that a model connects.

    Writes predicted-survival.csv, predicted-times.csv and observed-times.csv.
    """
    processor.prepare()
    from evinet import config
    from evinet.synthesise import absolute
    from evinet.synthesise import network as networks
    from evinet.synthesise.fit import Analysis

    review = config.load(config_file)
    config.analysis(review, analysis)
    prepared = Analysis(analysis, review, networks.read(network_folder), ipd)
    for line in absolute.predict(prepared, fits, out):
        click.echo(line)
