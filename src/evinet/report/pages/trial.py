"""One trial: what it is, what it found, its reconstructed patients, its checks."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    blocks,
    escape,
    folded,
    heading,
    md,
    strong,
    table,
)
from evinet.report.numbers import NBSP, count, months, outcome_name, percent
from evinet.report.pages.checks import plausibility
from evinet.report.pages.common import (
    by_arm,
    dash,
    patients,
    slug_words,
    source_link,
    unknown,
    with_source,
)
from evinet.report.pages.digitised import digitised
from evinet.report.pages.further import further
from evinet.report.pages.later import later_treatment
from evinet.report.pages.notes import notes, report_titles, sentence
from evinet.report.pages.reconstruction import one
from evinet.report.pages.strength import mark
from evinet.report.pages.trials import TIERS
from evinet.report.pages.watch import doi, registration
from evinet.report.results import Results
from evinet.report.rows import records

Rows = list[dict[str, Any]]
Facts = dict[str, dict[str, Any]]
"""The facts of a trial that are used, by their path."""

NONE = "Nothing was published, or nothing could be read."


def _rows(results: Results, of: tables.Table, slug: str) -> Rows:
    frame = results.evidence(of)
    return records(frame[frame["trial"] == slug])


def _facts(results: Results, slug: str) -> Facts:
    rows = _rows(results, tables.FACTS, slug)
    return {row["path"]: row for row in rows if row["use"] == "used"}


def overview(results: Results, slug: str) -> Markdown:
    """What the trial is, and where it is used."""
    row, facts = _rows(results, tables.TRIALS, slug)[0], _facts(results, slug)
    used = [
        results.analysis(name).title
        for name in (*results.config.analyses, *results.supporting)
        if slug in set(results.studies(name)["trial"])
    ]
    published = [
        ("Status", "status"), ("Design", "design"), ("Phase", "phase"),
        ("Year of the main publication", "year"),
    ]  # fmt: skip
    cells = [
        [strong(what), with_source(unknown(row[name]), facts.get(name, {}))]
        for what, name in published
    ]
    tier = f"{row['tier']}: {TIERS[row['tier']]}" if row["tier"] in TIERS else row["tier"]
    cells += [
        [strong("Registration"), registration(row["registration"])],
        [strong("Publication"), doi(row["doi"])],
        [strong("Tier of evidence"), unknown(tier)],
        [strong("Used in"), escape(", ".join(used) or "no analysis")],
    ]
    note = sentence(row["note"]) if row["note"] else ""
    fields = ["Item", "This trial"]
    return blocks([note, table(fields, cells, "The trial")])


def arms(results: Results, slug: str) -> Markdown:
    """The arms: treatment, dose, patients."""
    facts = _facts(results, slug)

    def said(text: object, row: dict[str, Any], name: str) -> Markdown:
        return with_source(text, facts.get(f"arms.{row['arm']}.{name}", {}))

    fields = ["Arm", "Treatment", "As published", "Dose", "Randomised", "Treated"]
    cells = [
        [row["arm"], results.labels[row["treatment"]],
         *(said(unknown(row[name]), row, name) for name in ("description", "dose")),
         *(said(count(row[name]), row, name) for name in ("n_randomised", "n_treated"))]
        for row in _rows(results, tables.ARMS, slug)
    ]  # fmt: skip
    return table(fields, cells, "Arms")


def _brought(results: Results, slug: str) -> set[tuple[str | None, ...]]:
    """Which of its hazard ratios the trial brings to an analysis: outcome, report, assessor."""
    return {
        (row["outcome"], row["report"], row["assessor"])
        for name in (*results.config.analyses, *results.supporting)
        for row in records(results.studies(name))
        if row["trial"] == slug
    }


def effects(results: Results, slug: str) -> Markdown:
    """Published hazard ratios and the like, and which of them an analysis uses."""
    rows, brought = _rows(results, tables.CONTRASTS, slug), _brought(results, slug)
    fields = [
        "Outcome", "Report", "Assessed by", "Arms", "Ratio", "Interval", "P value",
        "In an analysis", "Source",
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), row["report"], _assessor(row),
         f"{row['arm']} vs {row['comparator']}",
         f"{row['measure'].upper()} {row['estimate']:g}", _ratio_limits(row), dash(row["p"]),
         "yes" if _brings(row, brought) else "no",
         source_link(row) + mark(results, row["source"])]
        for row in rows
    ]  # fmt: skip
    if not rows:
        return escape(NONE)
    return blocks([
        report_titles(_rows(results, tables.REPORTS, slug)),
        table(fields, cells, "Published relative effects"), notes(rows),
    ])  # fmt: skip


def _brings(row: dict[str, Any], brought: set[tuple[str | None, ...]]) -> bool:
    key = (row["outcome"], row["report"], row["assessor"])
    return row["measure"] == "hr" and bool(row["selected"]) and key in brought


def _ratio_limits(row: dict[str, Any]) -> Markdown:
    """The limits of a ratio as they were printed."""
    if row["lower"] is None and row["upper"] is None:
        return dash(None)
    ends = (row["lower"], row["upper"])
    low, high = ("not estimated" if end is None else f"{end:g}" for end in ends)
    return escape(f"{low}{NBSP}to{NBSP}{high}{_level(row['level'])}")


def _level(level: float | None) -> str:
    """The level of an interval, said where it is not 95 %."""
    return "" if level is None or level == 0.95 else f" ({percent(level)})"


def times(results: Results, slug: str) -> Markdown:
    """Events and medians, and survival at the times that were stated."""
    rows = _rows(results, tables.SURVIVAL, slug)
    landmarks = _rows(results, tables.LANDMARKS, slug)
    return blocks([
        _survival(rows) if rows else NONE, notes(rows), _landmarks(landmarks), notes(landmarks)
    ])  # fmt: skip


def _survival(rows: Rows) -> Markdown:
    fields = [
        "Outcome", "Report", "Assessed by", "Arm", "Patients analysed", "Events", "Median, months",
        "Source",
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), row["report"], _assessor(row),
         row["arm"], unknown(row["n"]), unknown(row["events"]), _median(row), source_link(row)]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, "Events and medians")


def _median(row: dict[str, Any]) -> Markdown:
    if row["not_reached"]:
        known = "not reached"
    elif row["median"] is None:
        return unknown(None)
    else:
        known = months(row["median"])
    limits_text = ""
    if row["lower"] is not None or row["upper"] is not None:
        low, high = (
            "not estimated" if row[side] is None else f"{row[side]:g}"
            for side in ("lower", "upper")
        )
        limits_text = f" ({low} to {high}{_level(row['level'])})"
    return escape(f"{known}{limits_text}")


def _landmarks(rows: Rows) -> Markdown:
    fields = ["Outcome", "Report", "Arm", "Months", "Event-free", "Interval", "Source"]
    cells = [
        [outcome_name(row["outcome"]), row["report"], row["arm"],
         f"{row['time']:g}", percent(row["survival"]), _shares(row), source_link(row)]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, "Survival at stated times") if rows else md("")


def _shares(row: dict[str, Any]) -> Markdown:
    if row["lower"] is None or row["upper"] is None:
        return dash(None)
    return escape(f"{percent(row['lower'])} to {percent(row['upper'])}{_level(row['level'])}")


def subgroups(results: Results, slug: str) -> Markdown:
    """Effects in subgroups, as published."""
    rows = _rows(results, tables.SUBGROUPS, slug)
    if not rows:
        return escape(NONE)
    fields = [
        "Outcome", "Characteristic", "Subgroup", "Events / patients",
        "Events / patients, comparator", "HR", "Interval",
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), slug_words(row["characteristic"]),
         row["level_name"],
         *(with_source(said, row) for said in (
             _of(row["events_arm"], row["n_arm"]),
             _of(row["events_comparator"], row["n_comparator"]), dash(row["estimate"]),
             _ratio_limits(row),
         ))]
        for row in rows
    ]  # fmt: skip
    listed = table(fields, cells, "Subgroups")
    return blocks([folded(f"{len(rows)} subgroups", listed), notes(rows)])


def responses(results: Results, slug: str) -> Markdown:
    """Response, a column for each arm."""
    rows = _rows(results, tables.RESPONSES, slug)
    if not rows:
        return escape(NONE)
    arms, cells = by_arm(
        rows, ("outcome", "report", "assessor"),
        lambda row: patients(row["n"], row["total"], row["percent"]) + _response_limits(row),
    )  # fmt: skip
    fields = ["Outcome", "Report", "Assessed by"]
    fields += [arm for arm in arms]
    lines = [
        [outcome_name(outcome), report, words.ASSESSORS.get(assessor, dash(None)), *said]
        for outcome, report, assessor, *said in cells
    ]
    return blocks([table(fields, lines, "Response"), notes(rows)])


def _response_limits(row: dict[str, Any]) -> str:
    """The interval of a percentage of responders, as printed."""
    if row["lower"] is None or row["upper"] is None:
        return ""
    return f", {row['lower']:g}{NBSP}to{NBSP}{row['upper']:g}{NBSP}%{_level(row['level'])}"


def adverse_events(results: Results, slug: str) -> Markdown:
    """Adverse events, a column for each arm."""
    rows = _rows(results, tables.ADVERSE_EVENTS, slug)
    if not rows:
        return escape(NONE)
    arms, cells = by_arm(
        rows, ("event", "report", "grade", "related"),
        lambda row: patients(row["n"], row["total"], row["percent"]),
    )  # fmt: skip
    fields = ["Event", "Report", "Grade", "Related only"]
    fields += [arm for arm in arms]
    lines = [
        [event, report, grade, dash(None) if related is None else "yes" if related else "no", *said]
        for event, report, grade, related, *said in cells
    ]
    listed = table(fields, lines, "Adverse events")
    return blocks([folded(f"{len(lines)} adverse events", listed), notes(rows)])


def populations(results: Results, slug: str) -> Markdown:
    """Who the patients were, a column for each arm."""
    rows = _rows(results, tables.POPULATIONS, slug)
    if not rows:
        return escape(NONE)
    arms, cells = by_arm(
        rows, ("characteristic", "category"),
        lambda row: row["value"] if row["value"]
        else patients(row["n"], None, row["percent"]),
    )  # fmt: skip
    fields = ["Characteristic", "Category"]
    fields += [arm for arm in arms]
    lines = [[slug_words(what), category, *said] for what, category, *said in cells]
    return blocks([table(fields, lines, "Patients"), notes(rows)])


def checks(results: Results, slug: str) -> Markdown:
    """Checks of the trial's numbers against each other."""
    rows = _rows(results, tables.CHECKS, slug)
    return plausibility(rows) if rows else escape(NONE)


def _of(n: float | None, total: float | None) -> Markdown:
    if n is None and total is None:
        return dash(None)
    return md("{} / {}", dash(n), dash(total))


def _assessor(row: dict[str, Any]) -> str:
    return words.ASSESSORS.get(row["assessor"], words.ASSESSORS["unstated"])


def reconstructions(results: Results, slug: str) -> Markdown:
    """The trial's reconstructed patients, for each outcome."""
    mine = [item for item in results.reconstructions if item.trial == slug]
    if not mine:
        return escape("No patients of this trial were reconstructed.")
    return blocks(
        part
        for item in mine
        for part in (
            heading(3, outcome_name(item.outcome)),
            digitised(results, item),
            one(results, item),
        )
    )


def later(results: Results, slug: str) -> Markdown:
    """Treatment after the trial's own."""
    return later_treatment(results, slug)


def more(results: Results, slug: str) -> Markdown:
    """What no other table of the page shows."""
    return further(_facts(results, slug)) or escape(NONE)
