"""`evinet watch`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    from evinet.config import Config, Watch

FOLDER = "watch"
"""Folder of the memory, in the data folder of a review."""
NEWS = 3
"""Exit status when something is new."""


class NotAsked(click.ClickException):
    """A service could not be asked."""

    exit_code = 2


@click.command()
@click.option(
    "--config", "file", type=click.Path(path_type=Path), default=Path("config/config.yaml"),
    show_default=True, help="The configuration, whose section `watch` holds the queries.",
)  # fmt: skip
@click.option(
    "--contact", envvar="EVINET_CONTACT",
    help="E-mail address that the services may write to [or: EVINET_CONTACT, watch.contact].",
)  # fmt: skip
@click.option(
    "--remembered", type=click.Path(path_type=Path, file_okay=False),
    help="Ask nobody: write what is remembered as tables to this folder (for the report).",
)  # fmt: skip
def watch(file: Path, contact: str | None, remembered: Path | None) -> None:
    """Ask ClinicalTrials.gov and PubMed what is new since they were last asked.

    New trials and publications, changed status, posted results, retractions and corrections are
    listed, and added to the tables in the folder `watch` of the data. No number enters the
    review: that is a person's work. What is there when a question is asked for the first time is
    remembered, and is not new.

    Exit status: 0 nothing is new, 3 something is, 2 bad input or a service that could not be asked
    (then nothing is remembered, so nothing is lost). NCBI_API_KEY holds the key of an NCBI account,
    if you have one.
    """
    from evinet import config
    from evinet.watch.memory import Memory

    review = config.load(file)
    folder = Path(review.review.data) / FOLDER
    memory = Memory.read(folder)
    if remembered is not None:
        memory.write(remembered)
        return
    news = _ask(review, memory, contact, str(file))
    memory.write(folder)
    for row in news:
        click.echo(f"- {line(row)}")
    if news:
        sys.exit(NEWS)
    click.echo("Nothing is new.")


def line(row: dict[str, Any]) -> str:
    """A row of table `watch-news` in words."""
    what = row["what"]
    if row["before"]:
        what += f" (before: {row['before']}; now: {row['after'] or 'none'})"
    elif row["after"]:
        what += f" ({row['after']})"
    trials = f" [{row['trials']}]" if row["trials"] else ""
    return f"{what}: {row['database']} {row['id']}{trials} {row['title'] or ''}".rstrip()


def _ask(review: Config, memory: Any, contact: str | None, file: str) -> list[dict[str, Any]]:
    """Ask everything, say what was asked, and return the news."""
    from datetime import UTC, datetime

    from evinet.extract.read.fetch import BASE_URL as REGISTRY_URL
    from evinet.watch import ask, known, pubmed, registry
    from evinet.web import NoAnswer, Service

    watched, address = _watched(review.watch, contact, file)
    key = os.environ.get("NCBI_API_KEY") or None
    registered = Service(
        os.environ.get("EVINET_CTGOV_URL", REGISTRY_URL), address, registry.INTERVAL
    )
    publications = Service(
        os.environ.get("EVINET_PUBMED_URL", pubmed.BASE_URL), address,
        pubmed.INTERVAL_WITH_KEY if key else pubmed.INTERVAL,
    )  # fmt: skip
    knows = known.read(Path(review.review.data))
    try:
        found = ask.ask(watched, knows, memory, registered, pubmed.PubMed(publications, key))
    except NoAnswer as error:
        raise NotAsked(
            f"{error}. Nothing was remembered. Check the network and try again later."
        ) from None
    news = ask.remember(found, knows, memory, datetime.now(UTC).date())
    for question in memory.queries.values():
        click.echo(f"{question['database']}: {question['found']} found: {question['query']}")
    if knows.unregistered:
        click.echo(f"No NCT number, so not asked about: {', '.join(knows.unregistered)}")
    for caution in found.cautions:
        click.echo(caution, err=True)
    return news


def _watched(watched: Watch | None, contact: str | None, file: str) -> tuple[Watch, str]:
    """The section of the configuration and the address to give to the services."""
    if watched is None:
        message, remedy = "the review has no section `watch`", "Add it, as config/README.md says"
        raise InputError(Problem(file, "watch", None, message, remedy))
    address = contact or watched.contact
    if not address or "@" not in address:
        message = "the services want an e-mail address of whoever asks"
        remedy = "Set watch.contact, EVINET_CONTACT or --contact"
        raise InputError(Problem(file, "watch.contact", address, message, remedy))
    return watched, address
