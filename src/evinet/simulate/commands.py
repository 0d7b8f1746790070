"""`evinet simulate`, `evinet performance` and `evinet simulation-report`."""

from __future__ import annotations

from pathlib import Path

import click

from evinet.simulate import study as studies

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)
CONFIG = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), default=Path(studies.FILE),
    show_default=True, help="Configuration of the simulation study.",
)  # fmt: skip


@click.command()
@click.argument("scenario")
@CONFIG
@click.option("--first", type=click.IntRange(1), default=1, show_default=True,
              help="Number of the first replicate.")  # fmt: skip
@click.option("--last", type=click.IntRange(1),
              help="Number of the last replicate; by default all.")  # fmt: skip
@click.option("--out", type=NEW, required=True, help="Table to write.")
def simulate(scenario: str, config_file: Path, first: int, last: int | None, out: Path) -> None:
    """Draw replicates of SCENARIO and fit every model to each.

    A replicate is the same in whatever job it is drawn.
    """
    from evinet.nma.fit import nuts

    nuts.prepare()
    from evinet import tables
    from evinet.errors import InputError, Problem
    from evinet.simulate import run

    study = studies.load(config_file)
    if scenario not in study.scenarios:
        remedy = f"Use one of {', '.join(study.scenarios)}"
        message = "there is no such scenario"
        raise InputError(Problem(str(config_file), "scenarios", scenario, message, remedy))
    numbers = range(first, (last or study.replicates) + 1)
    tables.SIMULATED.write(out, run.replicates(study, scenario, numbers))
    click.echo(f"{scenario}: {len(numbers)} replicates")


@click.command()
@click.argument("batches", type=FOLDER)
@CONFIG
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def performance(batches: Path, config_file: Path, out: Path) -> None:
    """Bias, standard errors and coverage over all replicates of a simulation study.

    BATCHES is the folder with the tables of `evinet simulate`: SCENARIO/FIRST-LAST.csv, for every
    batch of the configuration. Writes simulated.csv, all replicates, and performance.csv.
    """
    from evinet import processor

    processor.prepare()
    import pandas as pd

    from evinet import files, tables
    from evinet.simulate.performance import performance as measured

    study = studies.load(config_file)
    simulated = pd.concat(
        [tables.SIMULATED.read(batches / name) for name in study.tables()], ignore_index=True
    )
    found = measured(study, simulated)
    with files.together():
        tables.SIMULATED.write(out / "simulated.csv", simulated)
        tables.PERFORMANCE.write(out / "performance.csv", found)
    click.echo(f"{len(simulated)} estimates, {len(found)} rows of performance")


@click.command("simulation-report")
@CONFIG
@click.option("--performance", "table", type=FILE, show_default=True,
              default=Path("results/simulation/performance.csv"),
              help="Table of `evinet performance`.")  # fmt: skip
@click.option("--out", type=FOLDER, default=Path("results/simulation/report"), show_default=True,
              help="Folder to write the page into.")  # fmt: skip
@click.option(
    "--renderer", type=click.Choice(["auto", "quarto", "builtin"]), default="auto",
    show_default=True, help="auto: Quarto where it is installed, else the built-in renderer.",
)  # fmt: skip
def simulation_report(config_file: Path, table: Path, out: Path, renderer: str) -> None:
    """Write the report of a simulation study: one page with tables and figures."""
    from evinet.report.execute import CellError
    from evinet.simulate.report import render

    try:
        used = render(config_file, table, out, renderer)  # type: ignore[arg-type]
    except (CellError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"rendered with {used}: {out / 'index.html'}")
