"""`evinet manifest`, `manifest-report`, `verify` and `schema`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evinet import files

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW = click.Path(path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=NEW)
@click.option("--config", "config_file", type=FILE, default=Path("config/config.yaml"),
              show_default=True, help="Configuration of the run.")  # fmt: skip
@click.option("--results", type=FOLDER, default=Path("results"), show_default=True,
              help="Folder of the results.")  # fmt: skip
@click.option("--data", type=FOLDER, help="Folder of the evidence, if not the configuration's.")
@click.option("--out", type=NEW, default=Path("results/manifest.json"), show_default=True,
              help="File to write.")  # fmt: skip
def manifest(
    paths: tuple[Path, ...], config_file: Path, results: Path, data: Path | None, out: Path
) -> None:
    """Record a hash of each result in PATHS, and of everything it was made from.

    PATHS are files, or folders of which every table, figure and posterior is meant.
    """
    from evinet import config
    from evinet.extract import load
    from evinet.reproduce.manifest import make

    review = config.load(config_file)
    named = Path(review.review.data)
    read = data or named
    inputs = {named / path.relative_to(read): path for path in load.input_files(read)}
    files.write_json(out, make(results, paths, inputs, review))


@click.command("manifest-report")
@click.argument("report", type=FOLDER)
@click.option("--results", type=FOLDER, default=Path("results"), show_default=True,
              help="Folder of the results.")  # fmt: skip
@click.option("--out", type=NEW, default=Path("results/report-manifest.json"), show_default=True,
              help="File to write.")  # fmt: skip
def manifest_report(report: Path, results: Path, out: Path) -> None:
    """Record a hash of every file in the folder of the rendered REPORT."""
    from evinet.reproduce.manifest import make_of_report

    files.write_json(out, make_of_report(results, report))


@click.command()
@click.argument("first", type=NEW)
@click.argument("second", type=NEW, required=False)
@click.option("--statistical", is_flag=True,
              help="Of two folders of results: agreement within Monte Carlo error.")  # fmt: skip
def verify(first: Path, second: Path | None, statistical: bool) -> None:
    """Check results against their manifest, or compare two runs.

    With one folder of results (FIRST): is every file, the report's too, as its manifest says? A
    report without a manifest counts as a difference; a run that has no report says so.
    With two manifests or folders: are the results the same, and if not, what else differs?
    With --statistical too: where bytes differ, is every estimate the same up to the error of its
    draws? That is the level to expect on another processor or with other versions of packages.

    Exit status 0: the same. 1: a result differs; each is named. 2: a manifest cannot be read.
    """
    from evinet.reproduce import manifest as made

    if statistical:
        if second is None:
            raise click.UsageError("--statistical compares two folders of results: name both.")
        _statistical(first, second)
        return
    if second is None:
        folder = first if first.is_dir() else first.parent
        results, stale, number = made.check(folder)
        beside = "" if (folder / made.REPORT).exists() else "; there is no report"
        for difference in results:
            changed = "is missing" if difference.second is None else "was changed"
            click.echo(f"result differs: {difference.what} {changed}")
        for difference in stale:
            click.echo(f"input changed since: {difference.what}")
    else:
        one = made.read(first)
        results, environment = made.compare(one, made.read(second))
        number, beside = len(one["files"]), ""
        for difference in results:
            click.echo(f"result differs: {difference}")
        for difference in environment:
            click.echo(f"environment differs: {difference}")
    if results:
        sys.exit(1)
    click.echo(f"{number} results are the same{beside}")


def _statistical(first: Path, second: Path) -> None:
    from evinet.reproduce import manifest as made
    from evinet.reproduce import statistical

    one, other = made.read(first), made.read(second)
    if not made.compare(one, other)[0]:
        click.echo(f"level: exact. {len(one['files'])} results are the same")
        return
    found = statistical.compare(first, second)
    for difference in found.differences:
        click.echo(f"result differs: {difference}")
    if found.differences:
        sys.exit(1)
    click.echo(
        f"level: within Monte Carlo error. {found.estimates} estimates agree, {found.same} files "
        f"are the same; {found.not_compared} files that follow from the draws differ and were not "
        "compared one by one"
    )


@click.command()
@click.argument("out", type=NEW, default=Path("review.zip"))
def archive(out: Path) -> None:
    """Put the finished run of the review in this folder into one file, OUT.

    It is an RO-Crate: evidence, configuration, results, report, manifests and the versions of all
    packages, with a description of each. Unpacked anywhere, `evinet verify results` checks it.
    """
    from evinet.reproduce.archive import write

    click.echo(f"{write(Path(), out)} files in {out}")


@click.command()
@click.option("--config", "folder", type=NEW, default=Path("config"), show_default=True,
              help="Folder of config.schema.json and simulation.schema.json.")  # fmt: skip
@click.option("--data", type=NEW, default=Path("data/raw"), show_default=True,
              help="Folder of trial.schema.json.")  # fmt: skip
@click.option("--docs", type=NEW, default=Path("docs"), show_default=True,
              help="Folder of tables.md.")  # fmt: skip
def schema(folder: Path, data: Path, docs: Path) -> None:
    """Write the JSON Schemas that editors use, and the table reference."""
    from evinet.config import Config
    from evinet.extract.schema import json_schema
    from evinet.reproduce.reference import tables_page
    from evinet.simulate.study import Study

    files.write_json(folder / "config.schema.json", Config.model_json_schema())
    files.write_json(folder / "simulation.schema.json", Study.model_json_schema())
    files.write_json(data / "trial.schema.json", json_schema())
    files.write_text(docs / "tables.md", tables_page())
