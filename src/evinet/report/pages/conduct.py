"""How the review was done, as the reviewers wrote it down."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from evinet import tables
from evinet.report.markdown import Markdown, blocks, bullets, escape, faint, md, strong
from evinet.report.numbers import listing
from evinet.report.pages.beside import trials_named
from evinet.report.pages.columns import table_of, unknown
from evinet.report.results import Results

__all__ = ["excluded", "fields", "judged", "reported", "said", "searches"]
SILENT = "not reported"
NOT_REPORTED = faint(SILENT)


def _field(results: Results, path: str) -> object:
    """A field of the conduct by its path, such as ``protocol.date``."""
    return reduce(getattr, path.split("."), results.config.conduct)


def said(results: Results, *paths: str, none: str = SILENT) -> Markdown:
    """What the reviewers wrote in fields of the conduct; else that it is not reported."""
    values = [_field(results, path) for path in paths]
    lines = ["; ".join(map(_line, each)) if isinstance(each, list) else each for each in values]
    text = ", ".join(str(line) for line in lines if _filled(line))
    return escape(text) if text or not none else faint(none)


def _line(entry: object) -> str:
    """An entry of a list: a text, or a person with what is known of him or her."""
    dump = getattr(entry, "model_dump", None)
    return ", ".join(str(part) for part in dump().values() if part) if dump else str(entry)


def fields(results: Results, asked: Mapping[str, str]) -> Markdown:
    """What the reviewers wrote in each field, and in one sentence what they have not reported.

    `asked` holds the paths of fields, with spaces between them, by what the page calls them.
    """
    written = {
        label: text
        for label, paths in asked.items()
        if (text := said(results, *paths.split(), none=""))
    }
    silent = [label.lower() for label in asked if label not in written]
    return blocks([
        bullets(md("{}: {}", strong(label), text) for label, text in written.items()),
        faint(f"Not reported: {listing(silent)}.") if silent else "",
    ])  # fmt: skip


def searches(results: Results) -> Markdown:
    """Where and when trials were searched for."""
    return table_of(results, results.config.conduct.searches, "Searches", {
        "Source": lambda each: each.source, "Searched on": lambda each: each.date or NOT_REPORTED,
        "Query": lambda each: each.strategy or NOT_REPORTED,
        "Records": lambda each: unknown(each.records),
    }, none=faint("Not reported: searches."))  # fmt: skip


def excluded(results: Results) -> Markdown:
    """Every trial that the reviewers left out, with the reason."""
    rows, label = results.config.conduct.excluded, "Trials that the reviewers left out"
    return table_of(results, rows, label, {
        "Trials": lambda each: trials_named(results, each.trials),
        "Reason": lambda each: each.reason,
    }, none="No trial was left out by name.")  # fmt: skip


def reported(results: Results, path: str, least: str = SILENT) -> str:
    """Whether the reviewers filled a field; `least` is said where they did not."""
    return "reported" if _filled(_field(results, path)) else least


def _filled(value: object) -> bool:
    """Whether a field of the conduct says anything: a count of 0 does."""
    dump = getattr(value, "model_dump", None)
    if dump:
        return any(_filled(part) for part in dump().values())
    return value is not None and value not in ("", [], {})


def judged(results: Results) -> str:
    """Whether anybody has judged the risk of bias."""
    return SILENT if results.evidence(tables.RISK_OF_BIAS).empty else "reported"
