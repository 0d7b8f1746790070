"""How the review was done, as the reviewers wrote it down."""

from __future__ import annotations

from functools import reduce

from evinet import tables
from evinet.report.markdown import Markdown, escape, faint, md
from evinet.report.pages.beside import trials_named
from evinet.report.pages.common import table_of, unknown
from evinet.report.results import Results

__all__ = ["excluded", "flow", "judged", "reported", "said", "searches"]
NOT_REPORTED = faint("not reported")
FLOW = {
    "identified": "Records identified", "duplicates": "Duplicates removed",
    "screened": "Records screened", "excluded_on_title": "Excluded on title or abstract",
    "sought": "Reports sought", "not_retrieved": "Reports not retrieved",
    "assessed": "Reports assessed for eligibility",
    "excluded_on_full_text": "Reports excluded", "included": "Trials included",
}  # fmt: skip


def _field(results: Results, path: str) -> object:
    """A field of the conduct by its path, such as ``protocol.date``."""
    return reduce(getattr, path.split("."), results.config.conduct)


def said(results: Results, *paths: str, none: str = "not reported") -> Markdown:
    """What the reviewers wrote in fields of the conduct; else that it is not reported."""
    values = [_field(results, path) for path in paths]
    lines = ["; ".join(map(_line, each)) if isinstance(each, list) else each for each in values]
    return escape(", ".join(str(line) for line in lines if line)) or faint(none)


def _line(entry: object) -> str:
    """An entry of a list: a text, or a person with what is known of him or her."""
    dump = getattr(entry, "model_dump", None)
    return ", ".join(str(part) for part in dump().values() if part) if dump else str(entry)


def searches(results: Results) -> Markdown:
    """Where and when trials were searched for."""
    return table_of(results.config.conduct.searches, "Searches", {
        "Source": lambda each: each.source, "Searched on": lambda each: each.date or NOT_REPORTED,
        "Query": lambda each: each.strategy or NOT_REPORTED,
        "Records": lambda each: unknown(each.records),
    }, md("Searches: {}.", NOT_REPORTED))  # fmt: skip


def flow(results: Results) -> Markdown:
    """How many records and trials were left at each step."""
    found = results.config.conduct.flow.model_dump()
    return table_of(FLOW, "Flow", {
        "Step (PRISMA 2020)": lambda step: FLOW[step],
        "Number": lambda step: NOT_REPORTED if found[step] is None else str(found[step]),
    })  # fmt: skip


def excluded(results: Results) -> Markdown:
    """Every trial that the reviewers left out, with the reason."""
    return table_of(results.config.conduct.excluded, "Trials that the reviewers left out", {
        "Trials": lambda each: trials_named(results, each.trials),
        "Reason": lambda each: each.reason,
    }, "No trial was left out by name.")  # fmt: skip


def reported(results: Results, path: str, least: str = "not reported") -> str:
    """Whether the reviewers filled a field; `least` is said where they did not."""
    return "reported" if _filled(_field(results, path)) else least


def _filled(value: object) -> bool:
    """Whether a field of the conduct says anything."""
    dump = getattr(value, "model_dump", None)
    if dump:
        return any(_filled(part) for part in dump().values())
    return value is not None and value not in ([], {})


def judged(results: Results) -> str:
    """Whether anybody has judged the risk of bias."""
    return "not reported" if results.evidence(tables.RISK_OF_BIAS).empty else "reported"
