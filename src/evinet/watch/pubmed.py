"""Questions to PubMed (E-utilities, https://www.ncbi.nlm.nih.gov/books/NBK25500/)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evinet.watch.record import NOT_FOUND, PUBMED, Record
from evinet.web import Service

BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
INTERVAL, INTERVAL_WITH_KEY = 0.4, 0.12
"""Seconds between two requests: three a second are allowed, ten with a key."""
MOST = 9999
"""PubMed lists no more publications than this of one search."""
BATCH = 200
TOOL = "evinet"
RETRACTED = "Retracted Publication"
NOTICES = {
    "retraction in": "retracted",
    "expression of concern in": "expression of concern",
    "erratum in": "corrected",
    "corrected and republished in": "corrected",
}


class PubMed:
    """PubMed at a service, asked in the name of `service.contact`, with the key of an account."""

    def __init__(self, service: Service, key: str | None = None):
        self.service = service
        named = {"db": "pubmed", "retmode": "json", "tool": TOOL}
        personal = {"email": service.contact, "api_key": key}
        self._always = named | {name: value for name, value in personal.items() if value}

    def search(self, query: str) -> tuple[list[str], list[str]]:
        """PubMed numbers that a query finds, and the phrases of it that PubMed left out.

        Raises
        ------
        NoAnswer
            The service cannot be reached, cannot run the query, or would not list all it found.
        """
        answer = self._ask("esearch.fcgi", {"term": query, "retmax": str(MOST)})
        found = answer.get("esearchresult")
        if not isinstance(found, dict) or "ERROR" in found:
            message = found.get("ERROR") if isinstance(found, dict) else "no esearchresult"
            raise self.service.fault(f"could not run the query ({message})")
        try:
            count, numbers = int(found["count"]), [str(number) for number in found["idlist"]]
        except (KeyError, TypeError, ValueError):
            raise self.service.fault(
                "answered with something that is not a search result"
            ) from None
        if count > len(numbers):
            raise self.service.fault(
                f"found {count} publications and lists {len(numbers)}; narrow the query"
            )
        missed = [
            str(phrase)
            for group in (found.get("errorlist"), found.get("warninglist"))
            if isinstance(group, dict)
            for name in ("phrasesnotfound", "fieldsnotfound", "quotedphrasesnotfound")
            for phrase in group.get(name) or []
        ]
        return numbers, missed

    def look_up(self, numbers: Iterable[str]) -> list[Record]:
        """The publications of these PubMed numbers; an unknown one has the notice "not found".

        Raises
        ------
        NoAnswer
            The service cannot be reached, or its answer holds no summaries.
        """
        wanted = sorted(set(numbers), key=lambda number: (len(number), number))
        records = []
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            result = self._ask("esummary.fcgi", {"id": ",".join(batch)}).get("result")
            if not isinstance(result, dict):
                raise self.service.fault("answered with something that is not a list of summaries")
            records += [_record(number, result.get(number)) for number in batch]
        return records

    def _ask(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        answer = self.service.json(path, self._always | asked)
        if not isinstance(answer, dict) or "error" in answer:
            message = answer.get("error") if isinstance(answer, dict) else "no object"
            raise self.service.fault(f"refused ({message})")
        return answer


def _record(number: str, summary: Any) -> Record:
    if not isinstance(summary, dict) or "error" in summary:
        return Record(PUBMED, number, notice=NOT_FOUND)
    identifiers = [item for item in summary.get("articleids") or [] if isinstance(item, dict)]
    return Record(
        PUBMED,
        number,
        title=summary.get("title") or None,
        published=summary.get("pubdate") or summary.get("epubdate") or None,
        journal=summary.get("source") or None,
        doi=next((item["value"] for item in identifiers if item.get("idtype") == "doi"), None),
        notice=_notice(summary),
    )


def _notice(summary: dict[str, Any]) -> str | None:
    """What was published about the publication that a reader of it must know."""
    found = {
        NOTICES.get(str(item.get("reftype", "")).lower())
        for item in summary.get("references") or []
        if isinstance(item, dict)
    }
    if RETRACTED in (summary.get("pubtype") or []):
        found.add("retracted")
    return ", ".join(sorted(filter(None, found))) or None
