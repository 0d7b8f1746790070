"""Questions to ClinicalTrials.gov (API version 2, https://clinicaltrials.gov/data-api/api)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from evinet.config import RegistryQuery
from evinet.watch.record import REGISTRY, Record
from evinet.web import Service

INTERVAL = 1.5
"""Seconds between two requests: the registry allows about 50 a minute."""
PAGE = 1000
BATCH = 100
FIELDS = (
    "NCTId", "Acronym", "BriefTitle", "OverallStatus", "PrimaryCompletionDate",
    "ResultsFirstPostDate",
)  # fmt: skip


def parameters(query: RegistryQuery) -> dict[str, str]:
    """A query of the configuration as parameters of the service."""
    named = {
        "query.cond": query.condition,
        "query.intr": query.intervention,
        "query.term": query.term,
        "filter.advanced": query.filter,
    }
    return {name: value for name, value in named.items() if value}


def search(service: Service, query: RegistryQuery) -> list[Record]:
    """Every trial that a query finds.

    Raises
    ------
    NoAnswer
        The service cannot be reached, or its answer is no list of studies.
    """
    return list(_pages(service, parameters(query)))


def look_up(service: Service, numbers: Iterable[str]) -> list[Record]:
    """The trials of these NCT numbers; one that the registry does not know is left out.

    Raises
    ------
    NoAnswer
        As `search`.
    """
    wanted = sorted(set(numbers))
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    return [
        record for batch in batches for record in _pages(service, {"filter.ids": ",".join(batch)})
    ]


def _pages(service: Service, asked: dict[str, str]) -> Iterator[Record]:
    asked = {**asked, "fields": "|".join(FIELDS), "pageSize": str(PAGE)}
    seen: set[str] = set()
    while True:
        answer = service.json("studies", asked)
        if not isinstance(answer, dict) or not isinstance(answer.get("studies"), list):
            raise service.fault("answered with something that is not a list of studies")
        for study in answer["studies"]:
            record = _record(study)
            if record is None:
                raise service.fault("answered with a study without number, title or status")
            yield record
        token = answer.get("nextPageToken")
        if not isinstance(token, str) or not token:
            return
        if token in seen:
            raise service.fault("gave the same page twice")
        seen.add(token)
        asked["pageToken"] = token


def _record(study: Any) -> Record | None:
    try:
        protocol = study["protocolSection"]
        about, status = protocol["identificationModule"], protocol["statusModule"]
        title, acronym = about["briefTitle"], about.get("acronym")
        return Record(
            REGISTRY,
            about["nctId"],
            title=f"{acronym}: {title}" if acronym else title,
            status=status["overallStatus"].lower().replace("_", " "),
            results_posted=_date(status, "resultsFirstPostDateStruct"),
            primary_completion=_date(status, "primaryCompletionDateStruct"),
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _date(status: dict[str, Any], name: str) -> str | None:
    date: str | None = status.get(name, {}).get("date")
    return date
