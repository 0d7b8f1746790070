"""`evinet check`, `extract`, `gather`, `new-trial` and `trace`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evinet import files, tables
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from evinet.extract.load import Mark

Made = list[tuple[tables.Table, list[dict[str, object]]]]

DATA = click.option(
    "--data",
    default="data/raw",
    type=click.Path(path_type=Path),
    help="Folder with the evidence as published.",
    show_default=True,
)
OUT = click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder to write the tables to."
)


@click.command()
@click.argument("path", default="data/raw", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Fail on implausible values and unsure marks too.")
def check(path: Path, strict: bool) -> None:
    """Check the evidence in PATH: a data folder, one trial's folder, or its trial.yaml.

    Mistakes are errors. Values that are unlikely but possible are warnings, and so are the marks
    "# unsure" that `evinet read` left: compare each with the source, then delete the mark.
    """
    from evinet.extract import checks, load, vocabulary

    data, slugs = _which(path)
    problems: list[Problem] = []
    warnings: list[str] = []
    marks: list[load.Mark] = []
    registered: list[tuple[str, str | None]] = []
    words = vocabulary.load(data)
    for table in tables.REVIEW:
        vocabulary.review_rows(data, words, table)
    for slug in slugs:
        try:
            evidence = load.load(data, slug, words)
        except InputError as error:
            problems += [item for item in error.problems if item not in problems]
            continue
        marks += load.unsure(data, slug)
        number = evidence.trial.registration
        registered.append((slug, number.value if number else None))
        warnings += [
            f"{item.verdict}: {slug}: {item.path}: {item.rule}: {item.found}; "
            f"expected {item.expected}"
            for item in checks.run(evidence)
            if item.verdict != "pass"
        ]
    warnings += [
        f"warn: {', '.join(found)}: registration: {'both' if len(found) == 2 else 'all'} have "
        f"{number}; patients who are in more than one are counted more than once"
        for number, found in load.same_registration(registered).items()
    ]
    for line in warnings:
        click.echo(line)
    for mark in marks:
        click.echo(f"unsure: {mark.file}:{mark.line}: {mark.text}: {mark.reason}")
    if problems:
        raise InputError(problems)
    click.echo(
        f"{_counted(len(slugs), 'trial')} valid; {_counted(len(warnings), 'unlikely value')}; "
        f"{_counted(len(marks), 'value')} marked unsure"
    )
    if strict and (warnings or marks):
        sys.exit(1)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _which(path: Path) -> tuple[Path, list[str]]:
    """The data folder, and the trials of it that `path` names."""
    from evinet.extract import load

    if path.suffix == ".yaml":
        path = path.parent
    if path.resolve().parent.name == "trials":
        return path.resolve().parent.parent, [path.resolve().name]
    if not (path / "trials").is_dir() and (path / "trial.yaml").is_file():
        raise InputError(
            Problem(
                str(path),
                "path",
                path.name,
                "holds a trial, but stands in no folder trials/ of a data folder, whose "
                "treatments.yaml and sources.yaml tell what its names mean",
                f"Move it to data/raw/trials/{path.resolve().name}, and check it there",
            )
        )
    if not (path / "trials").is_dir():
        raise InputError(
            Problem(
                str(path),
                "path",
                path.name,
                "is neither a data folder nor the folder of a trial",
                "Name a folder such as data/raw or data/raw/trials/<slug>",
            )
        )
    return path, load.slugs(path)


@click.command()
@click.option("--trial", help="Name of the trial's folder.")
@click.option(
    "--vocabulary",
    "words",
    is_flag=True,
    help="Write the treatments and sources of the review instead.",
)
@click.option(
    "--allow-unsure", is_flag=True, help="Use values that are marked unsure; the report says so."
)
@click.option(
    "--digitised", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a digitised figure of the trial.",
)  # fmt: skip
@DATA
@OUT
def extract(
    trial: str | None, words: bool, allow_unsure: bool, digitised: tuple[Path, ...], data: Path,
    out: Path,
) -> None:  # fmt: skip
    """Write the evidence tables of one trial, or the treatments and sources of all.

    A trial with values marked "# unsure" is refused: nobody has compared them with the source.
    """
    if bool(trial) == words:
        raise click.UsageError("Give either --trial <slug> or --vocabulary.")
    _write(
        out, _vocabulary(data) if trial is None else _trial(data, trial, allow_unsure, digitised)
    )


def _trial(data: Path, slug: str, allow_unsure: bool, digitised: tuple[Path, ...]) -> Made:
    from evinet.extract import checks, load
    from evinet.extract.rows import rows

    evidence = load.load(data, slug, digitised=digitised)
    marks = load.unsure(data, slug)
    if marks and not allow_unsure:
        raise InputError([_unsettled(mark) for mark in marks])
    made = rows(evidence)
    found = [*checks.run(evidence), *map(checks.unsure, marks)]
    made[tables.CHECKS.name] = [{"trial": slug, **vars(item)} for item in found]
    return [(table, made[table.name]) for table in tables.EVIDENCE]


def _unsettled(mark: Mark) -> Problem:
    return Problem(
        mark.file,
        "unsure",
        mark.text,
        f"is marked unsure: {mark.reason or 'no reason is given'}",
        "Compare it with the source, then delete the mark; to explore with it: --allow-unsure, "
        "or allow_unsure: true under review in the configuration",
        mark.line,
    )


def _vocabulary(data: Path) -> Made:
    from evinet.extract import vocabulary

    words = vocabulary.load(data)
    return [
        (tables.TREATMENTS, words.treatment_rows()),
        (tables.SOURCES, words.source_rows()),
        *((table, vocabulary.review_rows(data, words, table)) for table in tables.REVIEW),
    ]


def _write(out: Path, made: Made) -> None:
    """Write all tables, or none."""
    with files.together():
        for table, rows in made:
            table.write_rows(out / f"{table.name}.csv", rows)


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@OUT
def gather(folders: tuple[Path, ...], out: Path) -> None:
    """Combine the evidence tables of several trials, one folder for each (FOLDERS)."""
    with files.together():
        for table in tables.EVIDENCE:
            table.write(out / f"{table.name}.csv", _together(table, folders))


def _together(table: tables.Table, folders: tuple[Path, ...]) -> pd.DataFrame:
    import pandas as pd

    found = [table.read(folder / f"{table.name}.csv") for folder in folders]
    filled = [frame for frame in found if len(frame)]
    return pd.concat(filled) if filled else table.frame([])


@click.command("new-trial")
@click.argument("slug")
@DATA
def new_trial(slug: str, data: Path) -> None:
    """Start the folder of a new trial.

    SLUG is its name: lower-case letters, digits and hyphens, such as radiant-4. The folder gets a
    trial.yaml with a comment for every field.
    """
    from evinet.extract.scaffold import scaffold

    path = scaffold(data, slug)
    click.echo(f"Wrote {path}. Fill it in, then: evinet check {path.parent}")


@click.command()
@click.argument("target")
@click.argument("parameter", required=False)
@click.option(
    "--results", default="results", type=click.Path(path_type=Path), help="Folder of the results."
)
@DATA
def trace(target: str, parameter: str | None, results: Path, data: Path) -> None:
    """Show the published values behind a result, each with its source, page and line.

    TARGET is a trial (netter-2), a trial in a table
    (results/networks/pfs/studies.csv:netter-2), or a model (pfs/fixed) with a PARAMETER
    (d[octreotide-60]). A trial that was not run yet is read from the folder of the evidence.
    """
    from evinet.extract.trace import trace as lines

    for line in list(lines(results, target, parameter, data)):
        click.echo(line)
