"""One trial: what it is, and what no table of the evidence alone shows."""

from __future__ import annotations

import re

from evinet import tables
from evinet.report.markdown import Markdown, blocks, md, strong
from evinet.report.pages.columns import table_of, unknown, usual, with_source
from evinet.report.pages.common import value_names
from evinet.report.pages.evidence import table
from evinet.report.pages.later import later_treatment as later
from evinet.report.pages.notes import report_titles, sentence
from evinet.report.pages.reconstruction import of_trial as reconstructions
from evinet.report.pages.trials import TIERS
from evinet.report.results import Results
from evinet.report.rows import grouped

__all__ = ["effects", "later", "more", "overview", "reconstructions"]
FURTHER = re.compile(
    r"enrolment\.|stratification\.|reports\.|other_evidence\[|results\[[^\]]*\]\.events$"
)
"""Paths of facts that no other table of the page holds start so."""


def overview(results: Results, slug: str) -> Markdown:
    """What the trial is, and where it is used."""
    row = results.rows(tables.TRIALS, slug)[0]
    cells: dict[str, object] = {
        name.capitalize(): with_source(unknown(row[name]), results.facts.get((slug, name), {}))
        for name in ("status", "design", "phase", "year")
    }
    cells |= {name: show(row)
              for name, show in usual(results, "Registration, Publication").items()}  # fmt: skip
    tier = row["tier"]
    cells["Tier of evidence"] = f"{tier}: {TIERS[tier]}" if tier in TIERS else unknown(tier)
    cells["Used in"] = "; ".join(results.uses(slug)) or "no analysis"
    listed = table_of(results, cells.items(), "The trial", {
        "Item": lambda cell: strong(cell[0]), "This trial": lambda cell: cell[1],
    })  # fmt: skip
    return blocks([sentence(row["note"]) if row["note"] else "", listed])


def effects(results: Results, slug: str) -> Markdown:
    """Published hazard ratios and the like, and which of them an analysis uses."""
    keys = ("outcome", "report", "assessor")
    brought = {
        tuple(row[name] for name in keys)
        for name in (*results.config.analyses, *results.supporting)
        for row in results.studied(name) if row["trial"] == slug
    }  # fmt: skip
    rows = [
        {**row, "in_an_analysis": "yes" if row["measure"] == "hr" and row["selected"]
         and tuple(row[name] for name in keys) in brought else "no"}
        for row in results.rows(tables.CONTRASTS, slug)
    ]  # fmt: skip
    return blocks([
        report_titles(results.rows(tables.REPORTS, slug)) if rows else "",
        table(results, rows, "Published relative effects", "Outcome, Report, Assessed by, "
              "Comparison, Ratio, Interval, P value, In an analysis, Source", slug),
    ])  # fmt: skip


def more(results: Results, slug: str) -> Markdown:
    """What no other table of the page shows."""
    named = value_names(results, slug)
    facts = [{**fact, "name": named(path)} for (trial, path), fact in results.facts.items()
             if trial == slug and FURTHER.match(path)]  # fmt: skip
    return table_of(results, grouped(facts, "name").values(), "What else was published", {
        "Item": lambda found: found[0]["name"][0].upper() + found[0]["name"][1:],
        "As published": lambda found: md("; ").join(
            with_source(fact["value"], fact) for fact in found),
    })  # fmt: skip
