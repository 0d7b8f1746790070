"""For whom the answers hold: who was in the trials, and what is known of effect modifiers."""

from __future__ import annotations

import math
from typing import Any

from evinet import tables
from evinet.config import Analysis, Modifier
from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    folded,
    heading,
    link,
    md,
    strong,
    table,
)
from evinet.report.numbers import (
    Interval,
    chance,
    listing,
    number,
    outcome_name,
    percent,
    with_limits,
)
from evinet.report.pages.beyond import trials_of
from evinet.report.pages.common import arm_name, dash, slug_words, table_of, unknown, with_source
from evinet.report.results import Results

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
REGRESSED = md(
    "A model of patients' covariates, averaged over the patients of each population. Marginal: "
    "outcomes are averaged first, then compared. Conditional: patients of the same covariates are "
    "compared, then averaged. Only like may be compared with like."
)
INFORMATION = {"within": "Within trials", "across": "Across trials",
               "difference": "Within against across", "both": "Together"}  # fmt: skip


def answers(results: Results) -> Markdown:
    """What trials found in subgroups by what may change effects, and which trials are silent."""
    wanted = dict.fromkeys(
        name for names in (
            *(each.characteristics for each in results.config.conduct.modifiers),
            *(each.subgroups for each in results.config.modifiers.values()),
        ) for name in names
    )  # fmt: skip
    rows = [row for slug in trials_of(results) for row in results.rows(tables.SUBGROUPS, slug)]
    parts: list[object] = []
    for name in wanted or dict.fromkeys(row["characteristic"] for row in rows):
        mine = [row for row in rows if row["characteristic"] == name]
        if not mine:
            continue
        told = {row["trial"] for row in mine}
        silent = [results.trial_names[slug] for slug in trials_of(results) if slug not in told]
        items: list[object] = [_subgroup(results, row) for row in mine]
        if silent:
            items.append(
                f"Not known from {listing(silent)}: whether the effects that these trials found "
                f"are the same whatever the {name.replace('-', ' ')} was not published in the "
                "sources that were read."
            )
        parts += [heading(3, f"By {name.replace('-', ' ')}"), bullets(items)]
    return blocks(parts) or escape("No trial published effects in such subgroups.")


def _subgroup(results: Results, row: Row) -> Markdown:
    """One subgroup of one trial in a sentence, with its source."""
    trial = row["trial"]
    name = link(results.trial_names[trial], f"trial-{trial}.qmd")
    level = row["level_name"]
    who = level if level[0].isalpha() else f"{row['characteristic']} {level}"
    head = md("{}, {}", strong(who[0].upper() + who[1:]), name)
    if row["estimate"] is None:
        return md("{}: {}", head, unknown(None))
    whole = row["level"] in (None, 0.95) and None not in (row["lower"], row["upper"])
    found = Interval(row["estimate"], row["lower"], row["upper"]) if whole else row["estimate"]
    arm, comparator = (arm_name(results, trial, row[side]) for side in ("arm", "comparator"))
    counts = (row["n_arm"], row["n_comparator"])
    patients = "" if None in counts else f" ({sum(counts)} patients)"
    said = with_source(words.subgroup(arm, comparator, found), row)
    return md("{}{}: {}, {}.", head, patients, outcome_name(row["outcome"]), said)


def every(results: Results) -> Markdown:
    """Each modifier of each analysis: patients, slopes, and the effect by level."""
    parts: list[object] = []
    told: list[Analysis] = []
    for name, analysis in _analyses(results).items():
        regressed = _regressed(results, name)
        if not analysis.modifiers and not regressed:
            continue
        parts.append(heading(3, analysis.title, f"for-whom-{name}"))
        if analysis.modifiers and not any(each.modifiers for each in told):
            parts.append(callout("note", "Two kinds of information", ECOLOGICAL))
        told.append(analysis)
        for slug in analysis.modifiers:
            modifier = results.config.modifiers[slug]
            parts += [
                heading(4, modifier.label, f"for-whom-{name}-{slug}"),
                callout("warning", "Mind", modifier.caution) if modifier.caution else "",
                bullets(_said(results, name, analysis, slug, modifier)),
                _levels(results, name, slug, modifier),
                folded("What each trial tells, and what follows", blocks([
                    _patients(results, name, slug), _slopes(results, name, slug, modifier),
                ])),
            ]  # fmt: skip
        parts.append(regressed)
    return blocks(parts or [NONE])


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
        row for row in results.rows(tables.POPULATIONS)
        if row["characteristic"] in asked and row["trial"] in trials and row["value"]
        and not row["arm"]
    ]  # fmt: skip
    return table_of(rows, "Patients in words", {
        "Trial": lambda row: results.trial_names[row["trial"]],
        "Of": lambda row: md("{}, {}", slug_words(row["characteristic"]), row["category"]),
        "As published": lambda row: with_source(row["value"], row),
    })  # fmt: skip


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
    said, silent = [], []
    for asked_pair in asked_for:
        if asked_pair in apart:
            continue
        pair = asked_pair if asked_pair in pairs else asked_pair[::-1]
        names = _pair(results, {"treatment": pair[0], "comparator": pair[1]})
        both = slopes[*pair, "both"]
        if both["mean"] is None:
            silent.append(names)
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
    if silent:
        said.append(
            f"{'; '.join(silent)}: not known. No trial tells whether this changes the effect; to "
            "use the result for other patients than those of its trials is to extrapolate."
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
    return table_of(rows, f"{modifier.label}: the effect in each kind of patients", {
        "Comparison": lambda row: _pair(results, row), "Patients": lambda row: row["level_name"],
        "Hazard ratio": _ratio,
        "Rests on": lambda row: "extrapolation" if row["extrapolated"] else "trials of the pair",
    })  # fmt: skip


def _regressed(results: Results, analysis: str) -> Markdown:
    """Effects by population, of each model with patients' covariates that converged."""
    asked = [name for name in results.analysis(analysis).models
             if results.config.models[name].regression is not None]  # fmt: skip
    fits = [fit for name in asked if not (fit := results.fit(analysis, name)).failures]
    parts: list[object] = []
    for fit in fits:
        rows = {(row["population"], row["treatment"], row["comparator"], row["kind"]): row
                for row in fit.table(tables.ADJUSTED)}  # fmt: skip
        references = results.analysis(analysis).references
        shown = [
            {**row, "conditional": rows[population, treatment, other, "conditional"]}
            for (population, treatment, other, kind), row in rows.items()
            if kind == "marginal" and other in references
        ]
        parts += [
            table_of(shown, f"{fit.model.label}: the effect in each population", {
                "Population": lambda row: results.trial_names.get(
                    row["population"], row["population"]
                ),
                "Comparison": lambda row: _pair(results, row), "Marginal ratio": _ratio,
                "Conditional ratio": lambda row: _ratio(row["conditional"]),
            }),
            bullets(escape(line) for line in fit.record["populations"]["cautions"]),
        ]  # fmt: skip
    return blocks([REGRESSED, *parts]) if parts else md("")


def _pair(results: Results, row: Row) -> str:
    return f"{results.labels[row['treatment']]} against {results.labels[row['comparator']]}"


def _ratio(row: Row) -> str:
    values = [math.exp(row[key]) for key in ("q50", "q2.5", "q97.5")]
    return with_limits(Interval(*values))
