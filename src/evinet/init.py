"""`evinet init`: the folder of a new review, from the package alone."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from evinet import __version__, files
from evinet.errors import InputError, Problem

TEMPLATES = Path(__file__).parent / "templates"
REVIEW = TEMPLATES / "review"
HIDDEN = {"gitignore": ".gitignore"}
"""A template whose name starts with a dot would be left out of the package."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pages", is_flag=True, help="Copy the pages of the report too, to edit them.")
def init(folder: Path, pages: bool) -> None:
    """Start a review in FOLDER: the smallest one that runs, with two invented trials.

    A file that is there already is left as it is.
    """
    made = content(pages)
    kept = [name for name in made if (folder / name).exists()]
    if folder.is_file():
        remedy = "Choose another name"
        raise InputError(Problem(str(folder), "folder", folder.name, "is a file", remedy))
    with files.together():
        for name, text in made.items():
            if name not in kept:
                files.write_text(folder / name, text)
    for name in kept:
        click.echo(f"left as it is: {folder / name}")
    next_to_do = f"cd {shlex.quote(str(folder))} && evinet run"
    click.echo(f"{len(made) - len(kept)} files in {folder}. Next: {next_to_do}")


def content(pages: bool = False) -> dict[str, str]:
    """The files of a new review: name -> text.

    >>> sorted(content())[:3]
    ['.github/workflows/review.yaml', '.gitignore', 'README.md']
    """
    from evinet.report import project

    made = {
        HIDDEN.get(name, name): path.read_text(encoding="utf-8")
        for path in sorted(REVIEW.rglob("*"))
        if path.is_file() and (name := path.relative_to(REVIEW).as_posix())
    }
    made[".github/workflows/review.yaml"] = (TEMPLATES / "github-workflow.yaml").read_text(
        encoding="utf-8"
    )
    made["requirements.txt"] = f"evinet=={__version__}\n"
    if pages:
        for path in project.documents(project.DOCUMENTS):
            name = Path("reports", path.relative_to(project.DOCUMENTS)).as_posix()
            made[name] = path.read_text(encoding="utf-8")
    return made
