"""Beyond survival: response, adverse events, quality of life and exposure, trial beside trial.

Facts only: nothing here is pooled, and no trial is compared with another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from evinet import tables
from evinet.config import Harm
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, faint, folded, md, table
from evinet.report.numbers import NBSP, listing, outcome_name
from evinet.report.pages.common import dash, patients, source_link, table_of, unknown, with_source
from evinet.report.pages.notes import notes
from evinet.report.results import Results
from evinet.report.rows import records

Row = dict[str, Any]
NOT_GIVEN = faint("not given")
GRADES = {">=3": "3 or more", "3-4": "3 or 4"}
SHOWN = (
    "orr", "dcr", "complete-response", "partial-response", "stable-disease", "progressive-disease",
)  # fmt: skip
"""Kinds of response that are shown first; the others follow."""
NAMES = {"orr": "Objective response", "dcr": "Disease control"}


def response(results: Results) -> Markdown:
    """Every trial, kind of response and assessor, with both arms and the published ratio."""
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
    fields = ["Response", "Trial", "First arm", "Second arm", "Assessed by", "Ratio"]
    if not lines:
        return escape("The trials of the analyses published no response.")
    return blocks([
        table(fields, lines, "Response in every trial"),
        notes(rows, results), _silent(results, rows)
    ])  # fmt: skip


def harms(results: Results) -> Markdown:
    """Every event, grade and trial, with both arms, in the order of the configuration."""
    rows = _mine(results, tables.ADVERSE_EVENTS)
    lines: list[list[object]] = []
    used: list[Row] = []
    for harm in results.config.harms:
        mine = [row for row in rows if row["event"] in harm.terms]
        used += mine
        lines += _harm(results, harm, mine)
    fields = ["Event", "Grade", "Trial", "First arm", "Second arm", "Counted as"]
    if not results.config.harms:
        return md("The configuration names no adverse events (`harms`) to show side by side.")
    if not lines:
        return escape("No trial of the analyses published any of these adverse events.")
    return blocks([
        table(fields, lines, "Adverse events in every trial"),
        notes(used, results), _silent(results, used),
    ])  # fmt: skip


def _harm(results: Results, harm: Harm, rows: list[Row]) -> list[list[object]]:
    found = _grouped(rows, ("grade", "trial", "event", "related", "report"))
    order = {"any": 0}
    lines: list[list[object]] = []
    for key in sorted(found, key=lambda key: (order.get(key[0], 1), key[0])):
        grade, trial, event, related, _ = key
        counted = "" if event == harm.terms[0] else event
        counted += " (related to treatment)" if related in (True, "True") else ""
        lines.append([
            harm.label, GRADES.get(grade, grade), escape(results.trial_names[trial]),
            *_arms(results, trial, found[key],
                   lambda row: patients(row["n"], row["total"], row["percent"])),
            escape(counted.strip()),
        ])  # fmt: skip
    return lines


def other(results: Results, kind: str) -> Markdown:
    """What the trials published of one kind in words."""
    rows = [row for row in _mine(results, tables.OTHER_EVIDENCE) if row["kind"] == kind]
    silent = _silent(results, rows)
    if not rows:
        return silent
    label = f"{kind.replace('-', ' ').capitalize()} in every trial"
    return blocks([table_of(rows, label, {
        "Trial": lambda row: results.trial_names[row["trial"]], "What": lambda row: row["topic"],
        "As published": lambda row: with_source(unknown(row["value"]), row),
        "Note": lambda row: row["note"],
    }), silent])  # fmt: skip


def doses(results: Results) -> Markdown:
    """The dose of every arm, and how many patients had it."""
    facts = {
        (row["trial"], row["path"]): row
        for row in results.rows(tables.FACTS)
        if row["use"] == "used"
    }

    def said(name: str) -> Callable[[Row], Markdown]:
        return lambda row: with_source(
            unknown(row[name]), facts.get((row["trial"], f"arms.{row['arm']}.{name}"), {})
        )

    return table_of(_mine(results, tables.ARMS), "Doses in every trial", {
        "Trial": lambda row: results.trial_names[row["trial"]],
        "Treatment": lambda row: results.labels[row["treatment"]], "Dose": said("dose"),
        "Randomised": said("n_randomised"), "Treated": said("n_treated"),
    })  # fmt: skip


def signals(results: Results) -> Markdown:
    """Signals from spontaneous reports, where the review keeps any."""
    rows = results.rows(tables.SAFETY_SIGNALS)
    if not rows:
        return escape("This review keeps no such signals.")
    return folded(f"{len(rows)} signals", table_of(rows, "Signals from spontaneous reports", {
        "Drug": lambda row: row["drug"], "Event": lambda row: row["event"],
        "Measure": lambda row: row["measure"], "Value": lambda row: f"{row['value']:g}",
        "95 % interval": lambda row: dash(None) if row["lower"] is None
        else f"{row['lower']:g} to {row['upper']:g}",
        "Source": lambda row: source_link(row) + (md("; {}", row["note"]) if row["note"] else ""),
    }))  # fmt: skip


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


def _arms(results: Results, trial: str, rows: list[Row], say: Any) -> list[Markdown]:
    """The cells of both arms of a trial, each with the treatment; first the one that is tested."""
    by_arm = {row["arm"]: row for row in rows}
    cells = []
    for arm in _order(results, trial):
        treatment = results.labels[arm["treatment"]]
        row = by_arm.get(arm["arm"])
        said = NOT_GIVEN if row is None else with_source(say(row), row)
        cells.append(md("{}: {}", treatment, said))
    return [cells[0], md("; ").join(cells[1:])] if cells else [dash(None), dash(None)]


def _order(results: Results, trial: str) -> list[Row]:
    """The arms of a trial: what is compared first, then its comparators."""
    tested = {
        study["arm"]
        for name in results.config.analyses
        for study in results.studied(name)
        if study["trial"] == trial
    }
    arms = [row for row in results.rows(tables.ARMS) if row["trial"] == trial]
    return sorted(arms, key=lambda row: row["arm"] not in tested)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _responders(row: Row) -> Markdown:
    said = patients(row["n"], row["total"], row["percent"])
    if row["lower"] is None or row["upper"] is None:
        return said
    level = "" if row["level"] in (None, 0.95) else f", {100 * row['level']:.0f}{NBSP}% interval"
    return said + f", {row['lower']:g}{NBSP}to{NBSP}{row['upper']:g}{NBSP}%{level}"


def _ratio(row: Row | None) -> Markdown:
    if row is None:
        return md("")
    said = f"{row['measure'].upper()} {row['estimate']:g}"
    if row["lower"] is not None and row["upper"] is not None:
        said += f" ({row['lower']:g} to {row['upper']:g})"
    return with_source(said, row)


def _silent(results: Results, rows: list[Row]) -> Markdown:
    """The trials of which nothing is known here."""
    told = {row["trial"] for row in rows}
    silent = [results.trial_names[name] for name in trials_of(results) if name not in told]
    if not silent:
        return md("")
    return escape(f"Not known, because no source that was read says it: {listing(silent)}.")
