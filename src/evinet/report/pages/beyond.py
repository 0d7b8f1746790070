"""Beyond survival: response, adverse events, quality of life and exposure, trial beside trial.

Facts only: nothing here is pooled, and no trial is compared with another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evinet import tables
from evinet.config import Harm
from evinet.report import words
from evinet.report.markdown import Field, bullets, escape, table
from evinet.report.numbers import NBSP, listing
from evinet.report.pages.common import (
    dash,
    outcome_name,
    patients,
    source_link,
    sourced,
    unknown,
)
from evinet.report.pages.notes import notes
from evinet.report.results import Results
from evinet.report.rows import records

Row = dict[str, Any]
SHOWN = (
    "orr", "dcr", "complete-response", "partial-response", "stable-disease", "progressive-disease",
)  # fmt: skip
"""Kinds of response that are shown first; the others follow."""
NOT_GIVEN = "[not given]{.no}"
GRADES = {">=3": "3 or more", "3-4": "3 or 4"}
NAMES = {"orr": "Objective response", "dcr": "Disease control"}


def beyond(results: Results) -> str:
    """The page."""
    return "\n".join([
        "What the trials published besides survival, side by side. Nothing on this page is pooled: "
        "a percentage of one trial and that of another differ by patients, follow-up and rules of "
        "counting as much as by treatment. Compare the two arms of one trial, not trials.\n",
        "## Response\n", response(results),
        "## Adverse events\n", harms(results),
        "## Quality of life\n", other(results, "quality-of-life"),
        "## Dose and exposure\n", doses(results), other(results, "exposure"),
            *signals(results),
    ])  # fmt: skip


def response(results: Results) -> str:
    """A row a trial, kind of response and assessor, with both arms and the published ratio."""
    rows = _mine(results, tables.RESPONSES)
    ratios = {
        (row["trial"], row["outcome"], row["assessor"], row["report"]): row
        for row in _mine(results, tables.CONTRASTS)
    }
    kinds = sorted(
        {row["outcome"] for row in rows},
        key=lambda kind: (SHOWN.index(kind) if kind in SHOWN else len(SHOWN), kind),
    )
    lines = []
    for kind in kinds:
        for key, arms in _grouped(
            (row for row in rows if row["outcome"] == kind), ("trial", "assessor", "report")
        ).items():
            trial, assessor, report = key
            assessed = words.ASSESSORS.get(assessor or "unstated", words.ASSESSORS["unstated"])
            lines.append([
                NAMES.get(kind) or _capital(outcome_name(kind)), escape(results.trial_names[trial]),
                *_arms(results, trial, arms, _responders), assessed,
                _ratio(ratios.get((trial, kind, assessor, report))),
            ])  # fmt: skip
    fields = [
        Field("Response", "l", 18), Field("Trial", "l", 14), Field("First arm", "l", 26),
        Field("Second arm", "l", 26), Field("Assessed by", "l", 16), Field("Ratio", "l", 16),
    ]  # fmt: skip
    if not lines:
        return "No response was published by the trials of the analyses.\n"
    return "\n".join([
        table(fields, lines, "Response in every trial"), notes(rows), _silent(results, rows)
    ])  # fmt: skip


def harms(results: Results) -> str:
    """A row an event, grade and trial, with both arms, in the order of the configuration."""
    rows = _mine(results, tables.ADVERSE_EVENTS)
    lines, used = [], []
    for harm in results.config.harms:
        mine = [row for row in rows if row["event"] in harm.terms]
        used += mine
        lines += _harm(results, harm, mine)
    fields = [
        Field("Event", "l", 20), Field("Grade", "l", 7), Field("Trial", "l", 14),
        Field("First arm", "l", 28), Field("Second arm", "l", 28), Field("Counted as", "l", 22),
    ]  # fmt: skip
    if not results.config.harms:
        return "The configuration names no adverse events (`harms`) to set side by side.\n"
    if not lines:
        return "No trial of the analyses published any of the adverse events that are asked for.\n"
    return "\n".join([
        "Grades as published: 3 or 4 leaves deaths out, 3 or more does not. All events of a trial "
        "are on its own page.\n",
        table(fields, lines, "Adverse events in every trial"), notes(used), _silent(results, used),
    ])  # fmt: skip


def _harm(results: Results, harm: Harm, rows: list[Row]) -> list[list[str]]:
    found = _grouped(rows, ("grade", "trial", "event", "related", "report"))
    order = {"any": 0}
    lines = []
    for key in sorted(found, key=lambda key: (order.get(key[0], 1), key[0])):
        grade, trial, event, related, _ = key
        counted = "" if event == harm.terms[0] else event
        counted += " (related to treatment)" if related in (True, "True") else ""
        lines.append([
            escape(harm.label), _grade(grade), escape(results.trial_names[trial]),
            *_arms(results, trial, found[key],
                   lambda row: patients(row["n"], row["total"], row["percent"])),
            escape(counted.strip()),
        ])  # fmt: skip
    return lines


def other(results: Results, kind: str) -> str:
    """What the trials published of one kind in words."""
    rows = [row for row in _mine(results, tables.OTHER_EVIDENCE) if row["kind"] == kind]
    silent = _silent(results, rows)
    if not rows:
        return silent
    lines = [
        [escape(results.trial_names[row["trial"]]), escape(row["topic"]),
         sourced(unknown(row["value"]), row), escape(row["note"] or "")]
        for row in rows
    ]  # fmt: skip
    fields = [
        Field("Trial", "l", 14), Field("What", "l", 28), Field("As published", "l", 46),
        Field("Note", "l", 16),
    ]  # fmt: skip
    return table(fields, lines, f"{kind.replace('-', ' ').capitalize()} in every trial") + silent


def doses(results: Results) -> str:
    """The dose of every arm, and how many patients had it."""
    facts = {
        (row["trial"], row["path"]): row
        for row in records(results.evidence(tables.FACTS))
        if row["use"] == "used"
    }
    lines = []
    for row in _mine(results, tables.ARMS):
        path = f"arms.{row['arm']}"
        lines.append([
            escape(results.trial_names[row["trial"]]), escape(results.labels[row["treatment"]]),
            sourced(unknown(row["dose"]), facts.get((row["trial"], f"{path}.dose"), {})),
            sourced(unknown(row["n_randomised"]),
                    facts.get((row["trial"], f"{path}.n_randomised"), {})),
            sourced(unknown(row["n_treated"]), facts.get((row["trial"], f"{path}.n_treated"), {})),
        ])  # fmt: skip
    fields = [
        Field("Trial", "l", 14), Field("Treatment", "l", 24), Field("Dose", "l", 44),
        Field("Randomised", "r", 9), Field("Treated", "r", 8),
    ]  # fmt: skip
    return table(fields, lines, "Doses in every trial")


def signals(results: Results) -> list[str]:
    """Signals of spontaneous reports, where the review keeps any; apart from the trials."""
    rows = records(results.evidence(tables.SAFETY_SIGNALS))
    if not rows:
        return []
    fields = [
        Field("Drug", "l", 16), Field("Event", "l", 20), Field("Measure", "l", 18),
        Field("Value", "r", 8), Field("95 % interval", "l", 12), Field("Source", "l", 30),
    ]  # fmt: skip
    lines = [
        [escape(row["drug"]), escape(row["event"]), escape(row["measure"]), f"{row['value']:g}",
         dash(None) if row["lower"] is None else f"{row['lower']:g} to {row['upper']:g}",
         source_link(row) + (f"; {escape(row['note'])}" if row["note"] else "")]
        for row in rows
    ]  # fmt: skip
    note = (
        "Not from trials: reports that doctors, patients and companies sent in unasked. "
        "A reporting odds ratio says how much more often an event is named in the reports on a "
        "drug than in those on all other drugs. How many patients had the drug, and how many of "
        "them the event, nobody knows: it is no risk, compares no treatments, and is never pooled "
        "with trials.\n"
    )
    return ["## Signals of spontaneous reports\n", note,
            table(fields, lines, "Signals of spontaneous reports")]  # fmt: skip


def trials_of(results: Results) -> list[str]:
    """The trials of the analyses, in their order."""
    named = [trial for each in results.config.analyses.values() for trial in each.trials]
    return list(dict.fromkeys(named))


def _mine(results: Results, of: tables.Table) -> list[Row]:
    """Rows of the trials of the analyses, in the order of the trials and, in one, of its arms."""
    order = {trial: place for place, trial in enumerate(trials_of(results))}
    rows = [row for row in records(results.evidence(of)) if row["trial"] in order]
    return sorted(rows, key=lambda row: order[row["trial"]])


def _grouped(rows: Iterable[Row], names: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def _arms(results: Results, trial: str, rows: list[Row], say: Any) -> list[str]:
    """The cells of both arms of a trial, each with the treatment; first the one that is tested."""
    by_arm = {row["arm"]: row for row in rows}
    cells = []
    for arm in _order(results, trial):
        treatment = escape(results.labels[arm["treatment"]])
        row = by_arm.get(arm["arm"])
        said = NOT_GIVEN if row is None else sourced(say(row), row)
        cells.append(f"{treatment}: {said}")
    return [cells[0], "; ".join(cells[1:])] if cells else [dash(None), dash(None)]


def _order(results: Results, trial: str) -> list[Row]:
    """The arms of a trial: what is compared first, then its comparators."""
    tested = {
        study["arm"]
        for name in results.config.analyses
        for study in records(results.studies(name))
        if study["trial"] == trial
    }
    arms = [row for row in records(results.evidence(tables.ARMS)) if row["trial"] == trial]
    return sorted(arms, key=lambda row: row["arm"] not in tested)


def _grade(grade: str) -> str:
    """A grade in words: >=3 is 3 or more."""
    return escape(GRADES.get(grade, grade))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _responders(row: Row) -> str:
    said = patients(row["n"], row["total"], row["percent"])
    if row["lower"] is None or row["upper"] is None:
        return said
    level = "" if row["level"] in (None, 0.95) else f", {100 * row['level']:.0f}{NBSP}% interval"
    return f"{said}, {row['lower']:g}{NBSP}to{NBSP}{row['upper']:g}{NBSP}%{level}"


def _ratio(row: Row | None) -> str:
    if row is None:
        return ""
    said = f"{row['measure'].upper()} {row['estimate']:g}"
    if row["lower"] is not None and row["upper"] is not None:
        said += f" ({row['lower']:g} to {row['upper']:g})"
    return sourced(said, row)


def _silent(results: Results, rows: list[Row]) -> str:
    """The trials of which nothing is known here."""
    told = {row["trial"] for row in rows}
    silent = [escape(results.trial_names[name]) for name in trials_of(results) if name not in told]
    if not silent:
        return ""
    return "\n" + bullets([f"Not known, as no source that was read says it: {listing(silent)}."])
