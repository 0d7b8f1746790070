"""For whom the answers hold: who was in the trials, and what is known of effect modifiers."""

from __future__ import annotations

import math
from typing import Any

from evinet import tables
from evinet.config import Analysis, Modifier
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    heading,
    link,
    md,
    table,
)
from evinet.report.numbers import (
    NBSP,
    Interval,
    chance,
    count,
    limits,
    listing,
    number,
    outcome_name,
    percent,
    ratio,
)
from evinet.report.pages.beyond import trials_of
from evinet.report.pages.common import dash, slug_words, unknown, with_source
from evinet.report.results import Results
from evinet.report.rows import records

Row = dict[str, Any]
NONE = (
    "The configuration names no effect modifier. The field modifiers of an analysis takes "
    "covariates that publications state for subgroups or for whole trials."
)
ECOLOGICAL = (
    "Within trials: subgroups of one trial are compared, which differ in this and were randomised "
    "together. Across trials: trials with different patients are compared, which differ in many "
    "other things too (ecological bias). The two are kept apart; together means that they are "
    "taken to be the same. A ratio above 1 means that the treatment does less in the patients "
    "named first."
)
INFORMATION = {"within": "Within trials", "across": "Across trials",
               "difference": "Within against across", "both": "Together"}  # fmt: skip


def every(results: Results) -> Markdown:
    """Each modifier of each analysis: patients, slopes, and the effect by level."""
    parts: list[object] = []
    for name, analysis in _analyses(results).items():
        if not analysis.modifiers:
            continue
        parts.append(heading(2, analysis.title, f"for-whom-{name}"))
        if len(parts) == 1:
            parts.append(callout("note", "Two kinds of information", ECOLOGICAL))
        for slug in analysis.modifiers:
            modifier = results.config.modifiers[slug]
            parts += [
                heading(3, modifier.label, f"for-whom-{name}-{slug}"),
                callout("warning", "Mind", modifier.caution) if modifier.caution else "",
                _patients(results, name, slug),
                bullets(_said(results, name, analysis, slug, modifier)),
                _slopes(results, name, slug, modifier),
                _levels(results, name, slug, modifier),
            ]
    return blocks(parts or [NONE])


def subgroups(results: Results) -> Markdown:
    """Effects in subgroups by what may change effects, of every trial of the analyses."""
    wanted = [name for each in results.config.conduct.modifiers for name in each.characteristics]
    frame = results.evidence(tables.SUBGROUPS)
    rows = [row for slug in trials_of(results) for row in records(frame[frame["trial"] == slug])]
    shown = [row for row in rows if row["characteristic"] in wanted or not wanted]
    if not shown:
        return escape("No trial published effects in such subgroups.")
    fields = [
        "Trial", "Outcome", "By", "Subgroup", "Patients, comparator's",
        "Hazard ratio (95 % interval)",
    ]  # fmt: skip
    lines = []
    for row in sorted(shown, key=lambda row: wanted.index(row["characteristic"]) if wanted else 0):
        given = row["lower"] is not None and row["upper"] is not None
        interval = f" ({row['lower']:g}{NBSP}to{NBSP}{row['upper']:g})" if given else ""
        said = None if row["estimate"] is None else f"{row['estimate']:g}{interval}"
        lines.append([
            link(results.trial_names[row["trial"]], f"trial-{row['trial']}.qmd"),
            outcome_name(row["outcome"]), slug_words(row["characteristic"]), row["level_name"],
            f"{count(row['n_arm'])}, {count(row['n_comparator'])}",
            with_source(unknown(said), row),
        ])  # fmt: skip
    return table(fields, lines, "Effects in subgroups")


def eligible(results: Results) -> Markdown:
    """What each trial says of its patients in words, where it prints no shares."""
    asked = {
        characteristic
        for modifier in results.config.modifiers.values()
        for characteristic in modifier.population
    }
    trials = {trial for each in _analyses(results).values() if each.modifiers
              for trial in each.trials}  # fmt: skip
    rows = [
        row for row in records(results.evidence(tables.POPULATIONS))
        if row["characteristic"] in asked and row["trial"] in trials and row["value"]
        and not row["arm"]
    ]  # fmt: skip
    if not rows:
        return md("")
    fields = ["Trial", "Of", "As published"]
    lines = [
        [results.trial_names[row["trial"]], f"{row['characteristic']}, {row['category']}",
         with_source(row["value"], row)]
        for row in rows
    ]  # fmt: skip
    return table(fields, lines, "Patients in words")


def _analyses(results: Results) -> dict[str, Analysis]:
    return {**results.config.analyses, **results.supporting}


def _rows(results: Results, analysis: str, of: tables.Table, modifier: str) -> list[Row]:
    return [row for row in results.modified(analysis, of) if row["modifier"] == modifier]


def _patients(results: Results, analysis: str, slug: str) -> Markdown:
    modifier = results.config.modifiers[slug]
    rows = _rows(results, analysis, tables.MODIFIER_TRIALS, slug)
    binary = {level.value for level in modifier.levels} == {0.0, 1.0}
    fields = ["Trial", "Comparison", "Share of patients" if binary else "Mean", "What it tells"]
    lines = []
    for row in rows:
        mean = row["mean"]
        shown = unknown("not published") if mean is None else (
            with_source(percent(mean) if binary else number(mean), row) if row["source"]
            else dash(percent(mean) if binary else number(mean))
        )  # fmt: skip
        lines.append([results.trial_names[row["study"]], _pair(results, row), shown,
                      row["finding"]])  # fmt: skip
    return table(fields, lines, f"{modifier.label}: the trials")


def _said(
    results: Results, analysis: str, asked: Analysis, slug: str, modifier: Modifier
) -> list[str]:
    """For each question in words: what is known, and where extrapolation begins."""
    slopes = {(row["treatment"], row["comparator"], row["information"]): row
              for row in _rows(results, analysis, tables.MODIFIERS, slug)}  # fmt: skip
    levels = _rows(results, analysis, tables.MODIFIER_LEVELS, slug)
    pairs = {(row["treatment"], row["comparator"]) for row in levels}
    asked_for = [(each.treatment, each.comparator) for each in asked.questions] or sorted(pairs)
    apart = [pair for pair in asked_for if not {pair, pair[::-1]} & pairs]
    said = []
    for asked_pair in asked_for:
        if asked_pair in apart:
            continue
        pair = asked_pair if asked_pair in pairs else asked_pair[::-1]
        names = _pair(results, {"treatment": pair[0], "comparator": pair[1]})
        both = slopes[*pair, "both"]
        if both["mean"] is None:
            said.append(f"{names}: not known. No trial tells whether this changes the effect; to "
                        "use the result for other patients than those of its trials is to "
                        "extrapolate.")  # fmt: skip
            continue
        told = [
            f"{_ratio(slopes[*pair, kind])} {INFORMATION[kind].lower()}"
            for kind in ("within", "across")
            if slopes[*pair, kind]["mean"] is not None
        ]
        weak = (
            "The data are compatible with no change, and with a large one"
            if both["q2.5"] < 0 < both["q97.5"]
            else "The effect changes"
        )
        less = chance(min(both["p_lower"], 1 - both["p_lower"]))
        outside = [
            row["level_name"]
            for row in levels
            if (row["treatment"], row["comparator"]) == pair and row["extrapolated"]
        ]
        beyond = (
            f" Extrapolation begins at {listing(outside)}: no trial of this pair has results there."
            if outside
            else ""
        )
        said.append(
            f"{names}: for {modifier.step}, the hazard ratio is multiplied by "
            f"{listing(told)}. {weak} (probability of the less likely direction: {less}).{beyond}"
        )
    if apart:
        each = [_pair(results, {"treatment": a, "comparator": b}) for a, b in apart]
        said.append(
            f"No trials connect {'; '.join(each)}. These comparisons rest on an assumption, and "
            "that they hold whatever the patients have here is a second one."
        )
    return said


def _slopes(results: Results, analysis: str, slug: str, modifier: Modifier) -> Markdown:
    rows = [row for row in _rows(results, analysis, tables.MODIFIERS, slug)
            if row["mean"] is not None]  # fmt: skip
    if not rows:
        return md("No trial of this analysis tells anything about it.")
    fields = ["Comparison", "Information", "Ratio of hazard ratios", "Trials"]

    def order(row: Row) -> tuple[str, str, int]:
        place = list(INFORMATION).index(row["information"])
        return row["treatment"], row["comparator"], place

    lines = [
        [_pair(results, row), INFORMATION[row["information"]], _ratio(row),
         listing([results.trial_names[name] for name in row["trials"].split(", ")])
         if row["trials"] else "indirect"]
        for row in sorted(rows, key=order)
    ]  # fmt: skip
    return table(fields, lines, f"For {modifier.step}: ratio of hazard ratios")


def _levels(results: Results, analysis: str, slug: str, modifier: Modifier) -> Markdown:
    rows = [row for row in _rows(results, analysis, tables.MODIFIER_LEVELS, slug)
            if row["mean"] is not None]  # fmt: skip
    if not rows:
        return md("")
    fields = ["Comparison", "Patients", "Hazard ratio", "Rests on"]
    lines = [
        [_pair(results, row), row["level_name"], _ratio(row),
         "extrapolation" if row["extrapolated"] else "trials of the pair"]
        for row in rows
    ]  # fmt: skip
    return table(fields, lines, f"{modifier.label}: the effect in each kind of patients")


def _pair(results: Results, row: Row) -> str:
    return f"{results.labels[row['treatment']]} against {results.labels[row['comparator']]}"


def _ratio(row: Row) -> str:
    values = [math.exp(row[key]) for key in ("q50", "q2.5", "q97.5")]
    return f"{ratio(values[0])} ({limits(Interval(*values))})"
