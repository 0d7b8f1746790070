"""One trial: what it is, what it found, its reconstructed patients, its checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, folded, heading, md, strong, table
from evinet.report.numbers import NBSP, count, months, outcome_name, percent
from evinet.report.pages.beyond import GRADES
from evinet.report.pages.checks import plausibility
from evinet.report.pages.common import (
    arm_name,
    by_arm,
    dash,
    patients,
    slug_words,
    source_link,
    table_of,
    unknown,
    with_source,
)
from evinet.report.pages.digitised import digitised
from evinet.report.pages.later import later_treatment as later
from evinet.report.pages.notes import notes, report_titles, sentence
from evinet.report.pages.reconstruction import one
from evinet.report.pages.strength import mark
from evinet.report.pages.trials import TIERS
from evinet.report.pages.watch import doi, registration
from evinet.report.results import Results

__all__ = [
    "adverse_events", "arms", "checks", "effects", "later", "more", "overview", "populations",
    "reconstructions", "responses", "subgroups", "times",
]  # fmt: skip
Row = dict[str, Any]
NONE = "Nothing was published, or nothing could be read."
FURTHER = (
    (r"enrolment\.start", "Enrolment from"),
    (r"enrolment\.end", "Enrolment to"),
    (r"stratification\.factors\[\d+\]", "Stratified by"),
    (r"reports\.(.+)\.data_cutoff", "Data cut-off, report: "),
    (r"reports\.(.+)\.follow_up", "Median follow-up in months, report: "),
    (r"other_evidence\[(.+)\]", ""),
)
"""Path of a fact that no table holds -> what it is called."""


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
        **{what: with_source(unknown(row[name]), facts.get(name, {})) for what, name in (
            ("Status", "status"), ("Design", "design"), ("Phase", "phase"),
            ("Year of the main publication", "year"),
        )},
        "Registration": registration(row["registration"]), "Publication": doi(row["doi"]),
        "Tier of evidence": unknown(tier), "Used in": "; ".join(used) or "no analysis",
    }  # fmt: skip
    lines = [[strong(what), said] for what, said in cells.items()]
    note = sentence(row["note"]) if row["note"] else ""
    return blocks([note, table(["Item", "This trial"], lines, "The trial")])


def arms(results: Results, slug: str) -> Markdown:
    """The arms: treatment, dose, patients."""
    facts = _facts(results, slug)

    def said(name: str, show: Callable[[Any], object]) -> Callable[[Row], Markdown]:
        return lambda row: with_source(show(row[name]), facts.get(f"arms.{row['arm']}.{name}", {}))

    return table_of(results.rows(tables.ARMS, slug), "Arms", {
        "Arm": lambda row: arm_name(results, slug, row["arm"]),
        "As published": said("description", unknown), "Dose": said("dose", unknown),
        "Randomised": said("n_randomised", count), "Treated": said("n_treated", count),
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
        "Interval": _limits, "P value": lambda row: dash(row["p"]), "In an analysis": used,
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


def _limits(row: Row, share: bool = False) -> Markdown:
    """Limits as they were printed, with their level where that is not 95 %."""
    ends = (row["lower"], row["upper"])
    if ends == (None, None):
        return dash(None)
    low, high = ("not estimated" if end is None else percent(end) if share else f"{end:g}"
                 for end in ends)  # fmt: skip
    level = "" if row["level"] in (None, 0.95) else f" ({percent(row['level'])})"
    return escape(f"{low}{NBSP}to{NBSP}{high}{level}")


def times(results: Results, slug: str) -> Markdown:
    """Events and medians, and survival at the times that were stated."""
    rows, landmarks = (results.rows(of, slug) for of in (tables.SURVIVAL, tables.LANDMARKS))
    arm = {"Arm": lambda row: arm_name(results, slug, row["arm"])}
    survival = table_of(rows, "Events and medians", {
        **_of(), **arm, "Patients analysed": lambda row: unknown(row["n"]),
        "Events": lambda row: unknown(row["events"]), "Median, months": _median,
        "Source": source_link,
    }, NONE)  # fmt: skip
    stated = table_of(landmarks, "Survival at stated times", {
        **{name: say for name, say in _of().items() if name != "Assessed by"}, **arm,
        "Months": lambda row: f"{row['time']:g}",
        "Event-free": lambda row: percent(row["survival"]),
        "Interval": lambda row: _limits(row, share=True), "Source": source_link,
    })  # fmt: skip
    return blocks([survival, notes(rows, results, slug), stated, notes(landmarks, results, slug)])


def _median(row: Row) -> Markdown:
    if row["median"] is None and not row["not_reached"]:
        return unknown(None)
    known = "not reached" if row["not_reached"] else months(row["median"])
    limits = _limits(row)
    return escape(known) if limits == dash(None) else md("{} ({})", known, limits)


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
        "HR": sourced(lambda row: dash(row["estimate"])), "Interval": sourced(_limits),
    })  # fmt: skip
    return _folded(len(rows), "subgroups", listing, notes(rows, results, slug))


def _folded(number: int, of: str, listing: Markdown, said: Markdown) -> Markdown:
    return blocks([folded(f"{number} {of}", listing), said]) if number else escape(NONE)


def _across(
    results: Results, of: tables.Table, slug: str, label: str, keys: dict[str, Any],
    say: Callable[[Row], object],
) -> tuple[Markdown, int, Markdown]:  # fmt: skip
    """A table with a column for each arm, the number of its lines, and the notes of its rows."""
    rows = results.rows(of, slug)
    names, cells = by_arm(rows, tuple(keys), say)
    shown = ["All" if arm is None else arm_name(results, slug, arm) for arm in names]
    heads = [what for what, _ in keys.values()]
    lines = [
        [*(show(cell) for (_, show), cell in zip(keys.values(), line, strict=False)),
         *line[len(keys):]]
        for line in cells
    ]  # fmt: skip
    return table([*heads, *shown], lines, label), len(lines), notes(rows, results, slug)


def _percentage(row: Row) -> Markdown:
    return patients(row["n"], row["total"], row["percent"])


def responses(results: Results, slug: str) -> Markdown:
    """Response, a column for each arm."""

    def say(row: Row) -> Markdown:
        limits = _limits(row)
        return _percentage(row) + ("" if limits == dash(None) else md(", {}{}%", limits, NBSP))

    listing, number, said = _across(results, tables.RESPONSES, slug, "Response", {
        "outcome": ("Outcome", outcome_name), "report": ("Report", slug_words),
        "assessor": ("Assessed by", lambda name: words.ASSESSORS.get(name, dash(None))),
    }, say)  # fmt: skip
    return blocks([listing, said]) if number else escape(NONE)


def adverse_events(results: Results, slug: str) -> Markdown:
    """Adverse events, a column for each arm."""
    listing, number, said = _across(results, tables.ADVERSE_EVENTS, slug, "Adverse events", {
        "event": ("Event", escape), "report": ("Report", slug_words),
        "grade": ("Grade", lambda grade: GRADES.get(grade, grade)),
        "related": ("Related only", lambda related: dash(
            None if related is None else "yes" if related else "no")),
    }, _percentage)  # fmt: skip
    return _folded(number, "adverse events", listing, said)


def populations(results: Results, slug: str) -> Markdown:
    """Who the patients were, a column for each arm."""
    listing, number, said = _across(results, tables.POPULATIONS, slug, "Patients", {
        "characteristic": ("Characteristic", slug_words), "category": ("Category", dash),
    }, lambda row: row["value"] or patients(row["n"], None, row["percent"]))  # fmt: skip
    return blocks([listing, said]) if number else escape(NONE)


def checks(results: Results, slug: str) -> Markdown:
    """Checks of the trial's numbers against each other."""
    rows = results.rows(tables.CHECKS, slug)
    return plausibility(results, rows) if rows else escape(NONE)


def reconstructions(results: Results, slug: str) -> Markdown:
    """The trial's reconstructed patients, for each outcome."""
    mine = [item for item in results.reconstructions if item.trial == slug]
    return blocks(
        part
        for item in mine
        for part in (
            heading(3, outcome_name(item.outcome)), digitised(results, item), one(results, item)
        )
    ) or escape("No patients of this trial were reconstructed.")  # fmt: skip


def more(results: Results, slug: str) -> Markdown:
    """What no other table of the page shows."""
    found: dict[str, list[Markdown]] = {}
    for pattern, label in FURTHER:
        for path, fact in _facts(results, slug).items():
            if match := re.fullmatch(pattern, path):
                name = "".join(match.groups())
                what = (
                    label + slug_words(name)
                    if label.endswith(" ")
                    else (label or name[0].upper() + name[1:])
                )
                found.setdefault(what, []).append(with_source(fact["value"], fact))
    lines = [[what, md("; ").join(said)] for what, said in found.items()]
    label = "What else was published"
    return table(["Item", "As published"], lines, label) if lines else escape(NONE)
