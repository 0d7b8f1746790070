"""One trial: what it is, what it found, its reconstructed patients."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, folded, md, strong
from evinet.report.numbers import NBSP, count, months, outcome_name
from evinet.report.pages.beyond import responders
from evinet.report.pages.common import (
    GRADES,
    Row,
    arm_name,
    by_arm,
    dash,
    listed_pairs,
    of_arm,
    patients,
    printed_limits,
    slug_words,
    source_link,
    table_of,
    unknown,
    value_names,
    with_source,
)
from evinet.report.pages.later import later_treatment as later
from evinet.report.pages.notes import mark, notes, report_titles, sentence
from evinet.report.pages.reconstruction import of_trial as reconstructions
from evinet.report.pages.trials import TIERS
from evinet.report.pages.watch import doi, registration
from evinet.report.results import Results
from evinet.report.rows import grouped

__all__ = [
    "adverse_events", "arms", "effects", "later", "more", "overview", "populations",
    "reconstructions", "responses", "subgroups", "times",
]  # fmt: skip
NONE = "Nothing was published, or nothing could be read."
FURTHER = re.compile(r"enrolment\.|stratification\.|reports\.|other_evidence\[")
"""Paths of facts that no other table of the page holds start so."""


def _facts(results: Results, slug: str) -> dict[str, Row]:
    """The facts of a trial that are used, by their path."""
    return {row["path"]: row for row in results.rows(tables.FACTS, slug) if row["use"] == "used"}


def overview(results: Results, slug: str) -> Markdown:
    """What the trial is, and where it is used."""
    row, facts = results.rows(tables.TRIALS, slug)[0], _facts(results, slug)
    used = [
        results.analysis(name).title
        for name in (*results.config.analyses, *results.supporting)
        if slug in set(results.studies(name)["trial"])
    ]
    tier = f"{row['tier']}: {TIERS[row['tier']]}" if row["tier"] in TIERS else row["tier"]
    cells = {
        **{strong(what): with_source(unknown(row[name]), facts.get(name, {})) for what, name in (
            ("Status", "status"), ("Design", "design"), ("Phase", "phase"),
            ("Year of the main publication", "year"),
        )},
        strong("Registration"): registration(row["registration"]),
        strong("Publication"): doi(row["doi"]), strong("Tier of evidence"): unknown(tier),
        strong("Used in"): "; ".join(used) or "no analysis",
    }  # fmt: skip
    listed = listed_pairs(cells, "The trial", "Item", "This trial")
    return blocks([sentence(row["note"]) if row["note"] else "", listed])


def arms(results: Results, slug: str) -> Markdown:
    """The arms: treatment, dose, patients."""
    return table_of(results.rows(tables.ARMS, slug), "Arms", {
        "Arm": lambda row: arm_name(results, slug, row["arm"]),
        "As published": of_arm(results, "description"), "Dose": of_arm(results, "dose"),
        "Randomised": of_arm(results, "n_randomised", count),
        "Treated": of_arm(results, "n_treated", count),
    })  # fmt: skip


def effects(results: Results, slug: str) -> Markdown:
    """Published hazard ratios and the like, and which of them an analysis uses."""
    rows = results.rows(tables.CONTRASTS, slug)
    brought = {
        tuple(row[name] for name in ("outcome", "report", "assessor"))
        for name in (*results.config.analyses, *results.supporting)
        for row in results.studied(name) if row["trial"] == slug
    }  # fmt: skip

    def used(row: Row) -> str:
        key = (row["outcome"], row["report"], row["assessor"])
        return "yes" if row["measure"] == "hr" and row["selected"] and key in brought else "no"

    listing = table_of(rows, "Published relative effects", {
        **_of(), "Arms": lambda row: " vs ".join(
            arm_name(results, slug, row[side]) for side in ("arm", "comparator")),
        "Ratio": lambda row: f"{row['measure'].upper()} {row['estimate']:g}",
        "Interval": _interval, "P value": lambda row: dash(row["p"]), "In an analysis": used,
        "Source": lambda row: source_link(row) + mark(results, row["source"]),
    }, NONE)  # fmt: skip
    titles = report_titles(results.rows(tables.REPORTS, slug)) if rows else ""
    return blocks([titles, listing, notes(rows, results, slug)])


def _of() -> dict[str, Callable[[Row], object]]:
    """The columns that say what a value is of."""
    return {
        "Outcome": lambda row: outcome_name(row["outcome"]),
        "Report": lambda row: slug_words(row["report"]),
        "Assessed by": lambda row: words.ASSESSORS.get(
            row["assessor"], words.ASSESSORS["unstated"]),
    }  # fmt: skip


def _interval(row: Row) -> Markdown:
    return escape(printed_limits(row)) or dash(None)


def times(results: Results, slug: str) -> Markdown:
    """Events and medians, and survival at the times that were stated."""
    rows, landmarks = (results.rows(of, slug) for of in (tables.SURVIVAL, tables.LANDMARKS))
    arm = {"Arm": lambda row: arm_name(results, slug, row["arm"])}

    def median(row: Row) -> Markdown:
        if row["median"] is None and not row["not_reached"]:
            return unknown(None)
        known = "not reached" if row["not_reached"] else months(row["median"])
        reach = printed_limits(row)
        return escape(f"{known} ({reach})" if reach else known)

    def percents(row: Row) -> Markdown:
        ends = {end: row[end] and 100 * row[end] for end in ("lower", "upper")}
        return escape(printed_limits({**row, **ends}, "%")) or dash(None)

    survival = table_of(rows, "Events and medians", {
        **_of(), **arm, "Patients analysed": lambda row: unknown(row["n"]),
        "Events": lambda row: unknown(row["events"]), "Median, months": median,
        "Source": source_link,
    }, NONE)  # fmt: skip
    stated = table_of(landmarks, "Survival at stated times", {
        **{name: say for name, say in _of().items() if name != "Assessed by"}, **arm,
        "Months": lambda row: f"{row['time']:g}",
        "Event-free": lambda row: f"{100 * row['survival']:g}{NBSP}%", "Interval": percents,
        "Source": source_link,
    })  # fmt: skip
    return blocks([survival, notes(rows, results, slug), stated, notes(landmarks, results, slug)])


def subgroups(results: Results, slug: str) -> Markdown:
    """Effects in subgroups, as published."""
    rows = results.rows(tables.SUBGROUPS, slug)

    def sourced(say: Callable[[Row], object]) -> Callable[[Row], Markdown]:
        return lambda row: with_source(say(row), row)

    def share(events: str, n: str) -> Callable[[Row], Markdown]:
        return sourced(lambda row: dash(None) if row[events] is None is row[n]
                       else md("{} / {}", dash(row[events]), dash(row[n])))  # fmt: skip

    listing = table_of(rows, "Subgroups", {
        "Outcome": lambda row: outcome_name(row["outcome"]),
        "Characteristic": lambda row: row["characteristic"],
        "Subgroup": lambda row: row["level_name"],
        "Events / patients": share("events_arm", "n_arm"),
        "Events / patients, comparator": share("events_comparator", "n_comparator"),
        "HR": sourced(lambda row: dash(row["estimate"])), "Interval": sourced(_interval),
    })  # fmt: skip
    return _folded(len(rows), "subgroups", listing, notes(rows, results, slug))


def _folded(number: int, of: str, listing: Markdown, said: Markdown) -> Markdown:
    return blocks([folded(f"{number} {of}", listing), said]) if number else escape(NONE)


def _across(
    results: Results, of: tables.Table, slug: str, label: str,
    keys: dict[str, tuple[str, Callable[[Any], object]]], say: Callable[[Row], object],
) -> tuple[int, Markdown, Markdown]:  # fmt: skip
    """The number of lines of a table with a column for each arm, the table, and its notes.

    `keys` are the headings that make a line, each with its column and what makes its cells.
    """
    rows = results.rows(of, slug)
    lines = grouped(rows, *(name for name, _ in keys.values())).values()
    columns: dict[str, Callable[[list[Row]], object]] = {
        heading: lambda found, name=name, show=show: show(found[0][name])  # type: ignore[misc]
        for heading, (name, show) in keys.items()
    }
    columns |= by_arm(results, slug, rows, say)
    return len(lines), table_of(lines, label, columns, NONE), notes(rows, results, slug)


def responses(results: Results, slug: str) -> Markdown:
    """Response, a column for each arm."""
    return blocks(_across(results, tables.RESPONSES, slug, "Response", {
        "Outcome": ("outcome", outcome_name), "Report": ("report", slug_words),
        "Assessed by": ("assessor", lambda name: words.ASSESSORS.get(name, dash(None))),
    }, responders)[1:])  # fmt: skip


def adverse_events(results: Results, slug: str) -> Markdown:
    """Adverse events, a column for each arm."""
    related = {None: dash(None), True: "yes", False: "no"}
    number, *shown = _across(results, tables.ADVERSE_EVENTS, slug, "Adverse events", {
        "Event": ("event", escape), "Report": ("report", slug_words),
        "Grade": ("grade", lambda grade: GRADES.get(grade, grade)),
        "Related only": ("related", related.get),
    }, patients)  # fmt: skip
    return _folded(number, "adverse events", *shown)


def populations(results: Results, slug: str) -> Markdown:
    """Who the patients were, a column for each arm."""
    return blocks(_across(results, tables.POPULATIONS, slug, "Patients", {
        "Characteristic": ("characteristic", slug_words), "Category": ("category", dash),
    }, lambda row: row["value"] or patients(row))[1:])  # fmt: skip


def more(results: Results, slug: str) -> Markdown:
    """What no other table of the page shows."""
    named = value_names(results, slug)
    found = [{**fact, "name": named(path)} for path, fact in _facts(results, slug).items()
             if FURTHER.match(path)]  # fmt: skip
    return table_of(grouped(found, "name").items(), "What else was published", {
        "Item": lambda item: item[0][0][0].upper() + item[0][0][1:],
        "As published": lambda item: md("; ").join(
            with_source(fact["value"], fact) for fact in item[1]),
    }, NONE)  # fmt: skip
