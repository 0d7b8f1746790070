"""One trial: its facts, its results, its reconstruction, its checks."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Field, escape, folded, table
from evinet.report.numbers import NBSP, count, months, percent
from evinet.report.pages.checks import plausibility
from evinet.report.pages.common import (
    by_arm,
    dash,
    outcome_name,
    patients,
    slug_words,
    source_link,
    sourced,
    unknown,
)
from evinet.report.pages.further import further
from evinet.report.pages.later import later_treatment
from evinet.report.pages.notes import notes, report_titles, sentence
from evinet.report.pages.reconstruction import one
from evinet.report.pages.reviewers import risk_of_bias
from evinet.report.pages.strength import mark
from evinet.report.pages.trials import TIERS, doi
from evinet.report.pages.watch import registration
from evinet.report.results import Results
from evinet.report.rows import records

Facts = dict[str, dict[str, Any]]
"""The facts of a trial that are used, by their path."""


def trial(results: Results, slug: str) -> str:
    """The page of the trial `slug`."""
    mine = _reader(results, slug)
    facts = {row["path"]: row for row in mine(tables.FACTS) if row["use"] == "used"}
    about = next(row for row in mine(tables.TRIALS))
    parts = [
        _head(results, slug, facts),
        f"{sentence(about['note'])}\n" if about["note"] else "",
        "A value underlined with dots names its source when it is pointed at or focused, and "
        "links to it.\n",
        "## Arms\n", _arms(results, mine(tables.ARMS), facts),
        "## Effects and times\n",
        report_titles(mine(tables.REPORTS)),
        _contrasts(results, mine(tables.CONTRASTS), _brought(results, slug)),
        notes(mine(tables.CONTRASTS)),
        _survival(mine(tables.SURVIVAL)),
        notes(mine(tables.SURVIVAL)),
        _landmarks(mine(tables.LANDMARKS)),
        notes(mine(tables.LANDMARKS)),
        later_treatment(results, slug),
    ]  # fmt: skip
    for item in results.reconstructions:
        if item.trial == slug:
            title = f"## Reconstructed patients, {escape(item.outcome.upper())}\n"
            parts += [title, *one(results, item)]
    for title, table_of, write in (
        ("Subgroups", tables.SUBGROUPS, _subgroups),
        ("Response", tables.RESPONSES, _responses),
        ("Adverse events", tables.ADVERSE_EVENTS, _adverse_events),
        ("Patients", tables.POPULATIONS, _populations),
    ):
        rows = mine(table_of)
        if rows:
            parts += [f"## {title}\n", write(rows), notes(rows)]
    rest = further(facts)
    parts += [
        f"## What else was published\n\n{rest}" if rest else "",
        "## Risk of bias\n",
        risk_of_bias(results, slug),
        "## Checks of plausibility\n", _checks(mine(tables.CHECKS)),
        "Every value with its source: [Provenance](provenance.qmd).\n",
    ]  # fmt: skip
    return "\n".join(parts)


def _reader(results: Results, slug: str) -> Any:
    """A function that reads this trial's rows of a table."""

    def read(of: tables.Table) -> list[dict[str, Any]]:
        frame = results.evidence(of)
        return records(frame[frame["trial"] == slug])

    return read


def _head(results: Results, slug: str, facts: Facts) -> str:
    frame = results.evidence(tables.TRIALS)
    row = records(frame[frame["trial"] == slug])[0]
    used = [
        analysis.title
        for name, analysis in results.config.analyses.items()
        if slug in set(results.studies(name)["trial"])
    ]
    published = [
        ("Status", "status"), ("Design", "design"), ("Phase", "phase"),
        ("Year of the main publication", "year"),
    ]  # fmt: skip
    cells = [
        [f"**{what}**", sourced(unknown(row[name]), facts.get(name, {}))]
        for what, name in published
    ]
    cells += [
        ["**Registration**", registration(row["registration"])],
        ["**Publication**", doi(row["doi"])],
        ["**Evidence tier**", f"{row['tier']}: {TIERS[row['tier']]}" if row["tier"] in TIERS
         else unknown(row["tier"])],
        ["**Used in**", escape(", ".join(used) or "no analysis")],
    ]  # fmt: skip
    return table([Field("What", "l", 14), Field("This trial", "l", 40)], cells, "The trial")


def _arms(results: Results, rows: list[dict[str, Any]], facts: Facts) -> str:
    def said(text: str, row: dict[str, Any], name: str) -> str:
        return sourced(text, facts.get(f"arms.{row['arm']}.{name}", {}))

    fields = [
        Field("Arm", "l", 12), Field("Treatment", "l", 22), Field("As published", "l", 26),
        Field("Dose", "l", 26), Field("Randomised", "r", 9), Field("Treated", "r", 8),
    ]  # fmt: skip
    cells = [
        [escape(row["arm"]), escape(results.labels[row["treatment"]]),
         *(said(unknown(row[name]), row, name) for name in ("description", "dose")),
         *(said(count(row[name]), row, name) for name in ("n_randomised", "n_treated"))]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, "Arms")


def _brought(results: Results, slug: str) -> set[tuple[str | None, ...]]:
    """Which of its hazard ratios the trial brings to an analysis: outcome, report, assessor."""
    return {
        (row["outcome"], row["report"], row["assessor"])
        for name in results.config.analyses
        for row in records(results.studies(name))
        if row["trial"] == slug
    }


def _contrasts(
    results: Results, rows: list[dict[str, Any]], brought: set[tuple[str | None, ...]]
) -> str:
    fields = [
        Field("Outcome", "l", 7), Field("Report", "l", 10), Field("Assessed by", "l", 10),
        Field("Arms", "l", 20), Field("Ratio", "r", 6), Field("Interval", "l", 14),
        Field("P value", "l", 8), Field("In an analysis", "l", 7), Field("Source", "l", 26),
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), escape(row["report"]), _assessor(row),
         f"{escape(row['arm'])} v {escape(row['comparator'])}",
         f"{row['measure'].upper()} {row['estimate']:g}", _ratio_limits(row), dash(row["p"]),
         "yes" if _brings(row, brought) else "no",
         source_link(row) + mark(results, row["source"])]
        for row in rows
    ]  # fmt: skip
    if not rows:
        return "No relative effect was published, or none could be read.\n"
    return table(fields, cells, "Published relative effects")


def _brings(row: dict[str, Any], brought: set[tuple[str | None, ...]]) -> bool:
    key = (row["outcome"], row["report"], row["assessor"])
    return row["measure"] == "hr" and bool(row["selected"]) and key in brought


def _ratio_limits(row: dict[str, Any]) -> str:
    """The limits of a ratio as they were printed."""
    if row["lower"] is None and row["upper"] is None:
        return dash(None)
    ends = (row["lower"], row["upper"])
    low, high = ("not estimated" if end is None else f"{end:g}" for end in ends)
    return f"{low}{NBSP}to{NBSP}{high}{_level(row['level'])}"


def _level(level: float | None) -> str:
    """The level of an interval, said where it is not 95 %."""
    return "" if level is None or level == 0.95 else f" ({percent(level)})"


def _survival(rows: list[dict[str, Any]]) -> str:
    fields = [
        Field("Outcome", "l", 7), Field("Report", "l", 10), Field("Assessed by", "l", 10),
        Field("Arm", "l", 10), Field("Patients analysed", "r", 8), Field("Events", "r", 7),
        Field("Median, months", "l", 20), Field("Source", "l", 26),
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), escape(row["report"]), _assessor(row),
         escape(row["arm"]), unknown(row["n"]), unknown(row["events"]), _median(row),
         source_link(row)]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, "Events and medians") if rows else ""


def _median(row: dict[str, Any]) -> str:
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
    return f"{known}{limits_text}"


def _landmarks(rows: list[dict[str, Any]]) -> str:
    fields = [
        Field("Outcome", "l", 7), Field("Report", "l", 10), Field("Arm", "l", 10),
        Field("Months", "r", 6), Field("Event-free", "r", 8), Field("Interval", "l", 14),
        Field("Source", "l", 26),
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), escape(row["report"]), escape(row["arm"]),
         f"{row['time']:g}", percent(row["survival"]), _shares(row), source_link(row)]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, "Survival at stated times") if rows else ""


def _shares(row: dict[str, Any]) -> str:
    if row["lower"] is None or row["upper"] is None:
        return dash(None)
    return f"{percent(row['lower'])} to {percent(row['upper'])}{_level(row['level'])}"


def _subgroups(rows: list[dict[str, Any]]) -> str:
    fields = [
        Field("Outcome", "l", 7), Field("Characteristic", "l", 16), Field("Subgroup", "l", 18),
        Field("Events / patients", "l", 12), Field("Events / patients, comparator", "l", 12),
        Field("HR", "r", 6), Field("Interval", "l", 14),
    ]  # fmt: skip
    cells = [
        [outcome_name(row["outcome"]), slug_words(row["characteristic"]),
         escape(row["level_name"]),
         *(sourced(said, row) for said in (
             _of(row["events_arm"], row["n_arm"]),
             _of(row["events_comparator"], row["n_comparator"]), dash(row["estimate"]),
             _ratio_limits(row),
         ))]
        for row in rows
    ]  # fmt: skip
    return folded(f"{len(rows)} subgroups", table(fields, cells, "Subgroups"))


def _responses(rows: list[dict[str, Any]]) -> str:
    arms, cells = by_arm(
        rows, ("outcome", "report", "assessor"),
        lambda row: patients(row["n"], row["total"], row["percent"]) + _response_limits(row),
    )  # fmt: skip
    fields = [Field("Outcome", "l", 20), Field("Report", "l", 10), Field("Assessed by", "l", 14)]
    fields += [Field(escape(arm), "l", 16) for arm in arms]
    lines = [
        [outcome_name(outcome), escape(report), words.ASSESSORS.get(assessor, dash(None)), *said]
        for outcome, report, assessor, *said in cells
    ]
    return table(fields, lines, "Response")


def _response_limits(row: dict[str, Any]) -> str:
    """The interval of a percentage of responders, as printed."""
    if row["lower"] is None or row["upper"] is None:
        return ""
    return f", {row['lower']:g}{NBSP}to{NBSP}{row['upper']:g}{NBSP}%{_level(row['level'])}"


def _adverse_events(rows: list[dict[str, Any]]) -> str:
    arms, cells = by_arm(
        rows, ("event", "report", "grade", "related"),
        lambda row: patients(row["n"], row["total"], row["percent"]),
    )  # fmt: skip
    fields = [
        Field("Event", "l", 26), Field("Report", "l", 10), Field("Grade", "l", 10),
        Field("Related only", "c", 8),
    ]  # fmt: skip
    fields += [Field(escape(arm), "l", 16) for arm in arms]
    lines = [
        [
            escape(event),
            escape(report),
            escape(grade),
            {"True": "yes", "False": "no"}.get(related, dash(None)),
            *said,
        ]
        for event, report, grade, related, *said in cells
    ]
    return folded(f"{len(lines)} adverse events", table(fields, lines, "Adverse events"))


def _populations(rows: list[dict[str, Any]]) -> str:
    arms, cells = by_arm(
        rows, ("characteristic", "category"),
        lambda row: escape(row["value"]) if row["value"]
        else patients(row["n"], None, row["percent"]),
    )  # fmt: skip
    fields = [Field("Characteristic", "l", 18), Field("Category", "l", 20)]
    fields += [Field(escape(arm), "l", 16) for arm in arms]
    lines = [[slug_words(what), escape(category), *said] for what, category, *said in cells]
    return table(fields, lines, "Patients")


def _checks(rows: list[dict[str, Any]]) -> str:
    fields = [
        Field("What", "l", 26), Field("Rule", "l", 18), Field("Verdict", "l", 7),
        Field("Found", "l", 20), Field("Expected", "l", 20),
    ]  # fmt: skip
    cells = [
        [f"`{row['path']}`", escape(row["rule"]), escape(row["verdict"]), escape(row["found"]),
         escape(row["expected"])]
        for row in rows
    ]  # fmt: skip
    if not rows:
        return "No check applies to what was published.\n"
    return plausibility(rows) + folded(f"All {len(rows)} checks", table(fields, cells, "Checks"))


def _of(n: float | None, total: float | None) -> str:
    if n is None and total is None:
        return dash(None)
    return f"{dash(n)} / {dash(total)}"


def _assessor(row: dict[str, Any]) -> str:
    return words.ASSESSORS.get(row["assessor"], words.ASSESSORS["unstated"])
