"""A registered trial or a publication, as a service described it."""

from __future__ import annotations

from dataclasses import dataclass

REGISTRY, PUBMED = "ClinicalTrials.gov", "PubMed"
NOT_FOUND = "not found"
"""The status of a registered trial, or the notice of a publication, that a service has lost."""


@dataclass(frozen=True)
class Record:
    """A registered trial or a publication; fields are the columns of table `watch-records`."""

    database: str
    id: str
    trials: tuple[str, ...] = ()
    """Slugs of the trials of the review that it belongs to."""
    title: str | None = None
    status: str | None = None
    results_posted: str | None = None
    primary_completion: str | None = None
    published: str | None = None
    journal: str | None = None
    doi: str | None = None
    notice: str | None = None
