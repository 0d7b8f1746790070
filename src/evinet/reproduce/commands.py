"""`evinet manifest`, `evinet verify` and `evinet schema`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evinet import files

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW = click.Path(path_type=Path)


@click.command()
@click.option("--config", "config_file", type=FILE, default=Path("config/config.yaml"))
@click.option("--results", type=FOLDER, default=Path("results"), show_default=True)
@click.option("--out", type=NEW, default=Path("results/manifest.json"), show_default=True)
def manifest(config_file: Path, results: Path, out: Path) -> None:
    """Hash every table, figure and posterior of a run."""
    from evinet import config
    from evinet.reproduce.manifest import make

    files.write_json(out, make(results, config.load(config_file).seed))


@click.command()
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
def verify(first: Path, second: Path) -> None:
    """Compare two manifests; exit status 1 when a result differs, each named."""
    from evinet.reproduce.manifest import compare, read

    results, environment = compare(read(first), read(second))
    for difference in results:
        click.echo(f"result differs: {difference}")
    for difference in environment:
        click.echo(f"environment differs: {difference}")
    if results:
        sys.exit(1)
    click.echo(f"{len(read(first)['files'])} results are the same")


@click.command()
@click.option("--config", "folder", type=NEW, default=Path("config"), show_default=True)
@click.option("--data", type=NEW, default=Path("data/raw"), show_default=True)
@click.option("--docs", type=NEW, default=Path("docs"), show_default=True)
def schema(folder: Path, data: Path, docs: Path) -> None:
    """Write the JSON Schemas that editors use, and the table reference."""
    from evinet.config import Config
    from evinet.extract.schema import json_schema
    from evinet.reproduce.reference import tables_page

    files.write_json(folder / "config.schema.json", Config.model_json_schema())
    files.write_json(data / "trial.schema.json", json_schema())
    files.write_text(docs / "tables.md", tables_page())
