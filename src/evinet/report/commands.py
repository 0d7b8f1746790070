"""`evinet exhibits` and `evinet report`."""

from __future__ import annotations

from pathlib import Path

import click

_config = click.option(
    "--config", type=click.Path(path_type=Path), default=Path("config/config.yaml"),
    show_default=True, help="The configuration as it was run.",
)  # fmt: skip
_results = click.option(
    "--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True,
    help="Folder of all results.",
)  # fmt: skip


_releases = click.option(
    "--releases", type=click.Path(path_type=Path), default=Path("releases"), show_default=True,
    help="Folder of the releases that were kept.",
)  # fmt: skip


@click.command()
@_config
@_results
@click.option(
    "--figures", type=click.Path(path_type=Path), default=Path("results/figures"),
    show_default=True, help="Folder to draw into.",
)  # fmt: skip
@click.option(
    "--tables", type=click.Path(path_type=Path), default=Path("results/tables"),
    show_default=True, help="Folder to write tables into: CSV, and all in one workbook.",
)  # fmt: skip
def exhibits(config: Path, results: Path, figures: Path, tables: Path) -> None:
    """Draw the figures and write the tables of the report."""
    from evinet.report import exhibits as drawn
    from evinet.report import export
    from evinet.report.results import load

    opened = load(config, results)
    names = drawn.write(opened, figures)
    written = export.write(opened, tables)
    click.echo(f"{len(names)} figures in {figures}, {len(written)} files in {tables}")


@click.command()
@_config
@_results
@click.option(
    "--pages", type=click.Path(path_type=Path, exists=True),
    help="Folder of Quarto documents with _quarto.yml; by default reports/, or where there is none "
    "the documents of the package.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("results/report"), show_default=True,
    help="Folder to write the site into.",
)  # fmt: skip
@click.option(
    "--renderer", type=click.Choice(["auto", "quarto", "builtin"]), default="auto",
    show_default=True, help="auto: Quarto where it is installed, else the built-in renderer.",
)  # fmt: skip
@_releases
@click.option("--page", help="Render this page alone (its name, such as index).")
def report(
    config: Path,
    results: Path,
    pages: Path | None,
    out: Path,
    renderer: str,
    releases: Path,
    page: str | None,
) -> None:
    """Render the report: the site, one file to mail, and a PDF."""
    from evinet.report import project
    from evinet.report.execute import CellError
    from evinet.report.render import render

    if pages is None:
        pages = Path("reports") if Path("reports").is_dir() else project.DOCUMENTS
    try:
        used = render(config, results, pages, out, releases, renderer, page)  # type: ignore[arg-type]
    except (CellError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"rendered with {used}: {out / 'index.html'}")


@click.command()
@click.option(
    "--pages", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("."),
    show_default=True, help="Folder of Quarto documents with _quarto.yml.",
)  # fmt: skip
def prepare_report(pages: Path) -> None:
    """Write what `quarto render` and `quarto preview` need beside the documents.

    Quarto runs this before it renders, because reports/_quarto.yml asks for it. It writes a page
    for each trial, the theme, the figures and the tables, from the results of the project around
    this folder. The command `evinet report` needs no such step.
    """
    from evinet.report import project
    from evinet.report.results import open_results

    project.prepare(open_results(), pages)


@click.command()
@click.argument("name")
@_config
@_results
@_releases
def release(name: str, config: Path, results: Path, releases: Path) -> None:
    """Keep the finished run as the release NAME; later reports say what changed since."""
    from evinet.report.releases import keep
    from evinet.report.results import load

    click.echo(f"kept in {keep(load(config, results), name, releases)}")


@click.command()
@_config
@_results
@_releases
def changes(config: Path, results: Path, releases: Path) -> None:
    """Print what changed since the last release, as Markdown (for a pull request, say)."""
    from evinet.report import pandoc
    from evinet.report.markdown import md
    from evinet.report.pages import changes as page
    from evinet.report.releases import releases_of
    from evinet.report.results import load

    review = load(config, results, releases)
    parts = [md("{}", page.compared(review))]
    if releases_of(review):
        parts += [
            md("## Conclusions and estimates"), page.estimates(review),
            md("## Evidence"), page.evidence(review),
            md("## Configuration"), md("{}", page.settings(review)),
        ]  # fmt: skip
    click.echo(pandoc.convert("\n\n".join(parts), "gfm-raw_html", Path()))
