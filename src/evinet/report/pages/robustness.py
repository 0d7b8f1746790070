"""What the answers rest on, and what would turn them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from evinet import tables
from evinet.report.effects import contrasts, interval
from evinet.report.markdown import Field, bullets, escape, folded, table
from evinet.report.numbers import (
    MISSING,
    Interval,
    chance,
    limits,
    listing,
    number,
    percent,
    ratio,
)
from evinet.report.pages.common import optional_exhibit
from evinet.report.pages.later import caution_line
from evinet.report.results import Fit, Results

Rows = list[dict[str, Any]]
NOTABLE = 0.05
"""From this sensitivity on, a doubling of a prior's power moves a posterior notably."""
UNTHINKABLE = math.log(100)
"""No trial finds a hazard ratio beyond 100, or below 0.01."""


def robustness(results: Results) -> str:
    """The page."""
    parts = [
        "Which trials carry each answer, how far a trial must be wrong before the answer turns, "
        "and how much the priors say. Comparisons are those that the review asks for, or else "
        "those with the reference of each island.\n"
    ]
    for name, analysis in results.config.analyses.items():
        parts += [f"## {escape(analysis.title)}\n", caution_line(results, name)]
        for fit in (results.unbridged(name), results.bridged(name)):
            if fit is not None:
                parts += [f"### {escape(fit.model.label)}\n", *_sections(results, fit)]
    return "\n".join(parts)


def _sections(results: Results, fit: Fit) -> Iterator[str]:
    """Every section that the fit has a table for."""
    shown = {(row["treatment"], row["comparator"]) for row in contrasts(results, fit)}
    for title, source, write in (
        ("Which trials carry each answer", tables.CONTRIBUTION, _contribution),
        ("How likely is a difference that matters", tables.MARGINS, _margins),
        ("Leaving each trial out", tables.INFLUENCE, _influence),
        ("How far a trial must move before another treatment ranks first", tables.THRESHOLD,
         _threshold),
        ("Trials against what the model predicts for them", tables.PREDICTIVE, _predictive),
        ("How much the priors say", tables.POWERSCALE, _priors),
        ("Direct against indirect evidence", tables.INCONSISTENCY, _inconsistency),
    ):  # fmt: skip
        rows = [
            row
            for row in fit.table(source)
            if "comparator" not in row
            or source in (tables.THRESHOLD, tables.PREDICTIVE, tables.INCONSISTENCY)
            or (row["treatment"], row["comparator"]) in shown
        ]
        if rows:
            yield f"#### {title}\n"
            yield _pictured(results, fit, source, write(results, rows))
    yield optional_exhibit(results, f"{fit.analysis}-funnel") if fit.model.bridge is None else ""


def _pictured(results: Results, fit: Fit, source: tables.Table, text: str) -> str:
    """The figure of a table, where there is one, and then the table on demand."""
    drawn = optional_exhibit(results, f"{fit.analysis}-{fit.name}-{source.name}")
    return f"{drawn}\n{folded('In a table', text)}" if drawn else text


def _contribution(results: Results, rows: Rows) -> str:
    """A row a comparison: its trials, the most important first."""
    pairs: dict[tuple[str, str], Rows] = {}
    for row in rows:
        pairs.setdefault((row["treatment"], row["comparator"]), []).append(row)
    lines = []
    for (treatment, comparator), found in pairs.items():
        ordered = sorted(found, key=lambda row: -row["share"])
        said = [
            f"{escape(results.trial_names[row['trial']])} {percent(row['share'])}"
            for row in ordered
            if row["share"] > 0
        ]
        rest = 1 - sum(row["share"] for row in ordered)
        if rest > 0.005:
            said.append(f"bridge or prior {percent(rest)}")
        lines.append([_names(results, treatment, comparator), ", ".join(said)])
    fields = [Field("Comparison", "l", 34), Field("Share of the evidence", "l", 40)]
    return table(fields, lines, "Contribution of each trial")


def _margins(results: Results, rows: Rows) -> str:
    """A row a comparison, a column a margin."""
    ratios = sorted({row["ratio"] for row in rows}, reverse=True)
    cells: dict[tuple[str, str], dict[float, str]] = {}
    for row in rows:
        pair = cells.setdefault((row["treatment"], row["comparator"]), {})
        pair[row["ratio"]] = chance(row["probability"])
    fields = [Field("Comparison", "l", 34)]
    fields += [Field(f"Hazard ratio below {value:g}", "r", 10) for value in ratios]
    lines = [
        [_names(results, *pair), *(found.get(value, MISSING) for value in ratios)]
        for pair, found in cells.items()
    ]
    sources = {margin.ratio: margin.source for margin in results.config.margins}
    note = bullets(f"Below {value:g}: {escape(sources[value])}." for value in ratios
                   if value in sources)  # fmt: skip
    return note + "\n" + table(fields, lines, "Probability of a hazard ratio below each margin")


def _influence(results: Results, rows: Rows) -> str:
    """The answers without each trial; what nothing connects any more is said in a sentence."""
    kept = [row for row in rows if row["mean"] is not None]
    gone = sorted({results.trial_names[row["trial"]] for row in rows if row["mean"] is None})
    parts = []
    if gone:
        which = "each of these trials" if len(gone) > 1 else "this trial"
        parts.append(
            f"Without {which} some comparisons have no evidence at all, so that nothing can check "
            f"it there: {escape(', '.join(gone))}.\n"
        )
    moved = [row for row in kept if abs(row["shift"]) >= 0.005]
    if moved:
        fields = [
            Field("Without", "l", 18), Field("Comparison", "l", 34), Field("Hazard ratio", "r", 8),
            Field("95 % interval", "l", 14), Field("Ratio without / with it", "r", 10),
        ]  # fmt: skip
        lines = []
        for row in moved:
            ratios = interval(row)
            lines.append([
                escape(results.trial_names[row["trial"]]),
                _names(results, row["treatment"], row["comparator"]),
                ratio(ratios.estimate), limits(ratios), ratio(math.exp(row["shift"])),
            ])  # fmt: skip
        parts.append(table(fields, lines, "Every answer with one trial left out"))
    elif kept:
        parts.append("The comparisons that remain do not move.\n")
    return "\n".join(parts)


def _threshold(results: Results, rows: Rows) -> str:
    """A sentence a trial."""
    items = []
    for row in rows:
        name = escape(results.trial_names[row["trial"]])
        pair = _names(results, row["treatment"], row["comparator"])
        now = ratio(math.exp(row["log_estimate"]))
        turns = [
            f"{side} {ratio(math.exp(row[limit]))} ({escape(results.labels[row[best]])} would be)"
            for side, limit, best in (
                ("below", "lower", "lower_best"), ("above", "upper", "upper_best")
            )
            if row[limit] is not None and abs(row[limit]) < UNTHINKABLE
        ]  # fmt: skip
        best = escape(results.labels[row["best"]])
        if not turns:
            items.append(
                f"**{name}**, {pair} {now}: {best} stays first with any hazard ratio "
                f"between {ratio(math.exp(-UNTHINKABLE))} and {ratio(math.exp(UNTHINKABLE))}."
            )
            continue
        inside = (
            " That lies inside the trial's own 95 % interval." if row["inside_interval"] else ""
        )
        items.append(
            f"**{name}**, {pair} {now}: {best} is no longer first with a hazard ratio "
            f"{' or '.join(turns)}.{inside}"
        )
    return bullets(items)


def _predictive(results: Results, rows: Rows) -> str:
    fields = [
        Field("Trial", "l", 14), Field("Its hazard ratio", "r", 8),
        Field("Fitted model: 95 % interval", "l", 16), Field("P value", "r", 6),
        Field("Other trials: 95 % interval", "l", 16), Field("P value", "r", 6),
    ]  # fmt: skip
    lines = []
    for row in rows:
        others = row["others_q2.5"] is not None
        lines.append([
            escape(results.trial_names[row["trial"]]), ratio(math.exp(row["log_estimate"])),
            _range(row, "posterior"), number(row["posterior_p"]),
            _range(row, "others") if others else "no other trial joins this pair",
            number(row["others_p"]) if others else "",
        ])  # fmt: skip
    note = (
        "A new trial with the same standard error would find a hazard ratio in the interval; P "
        "value: how often one as far out as the trial's own, or farther. The fitted model has seen "
        "the trial, the other trials have not.\n\n"
    )
    return note + table(fields, lines, "Predicted and observed hazard ratios")


def _priors(results: Results, rows: Rows) -> str:
    """The parameters that a prior moves; all numbers folded."""
    notable = [
        row for row in rows if row["component"] != "likelihood" and row["sensitivity"] >= NOTABLE
    ]
    said = [
        f"{_parameter(results, row['parameter'])}: {row['component']}"
        + (f" ({escape(row['finding'])})" if row["finding"] else "")
        for row in notable
    ]
    lead = (
        "Doubling the weight of a prior moves these notably:\n\n" + bullets(said)
        if said
        else "Doubling the weight of any prior moves no parameter notably.\n"
    )
    fields = [
        Field("Parameter", "l", 30), Field("Component", "l", 16), Field("Sensitivity", "r", 10),
        Field("Finding", "l", 30),
    ]  # fmt: skip
    lines = [
        [_parameter(results, row["parameter"]), row["component"], number(row["sensitivity"], 3),
         escape(row["finding"] or "")]
        for row in rows
    ]  # fmt: skip
    every = table(fields, lines, "Sensitivity to priors and data by power scaling")
    return lead + "\n" + folded("Every number", every)


def _inconsistency(results: Results, rows: Rows) -> str:
    found: dict[str, list[str]] = {}
    for row in rows:
        where = f"Island {row['component']}"
        if row["treatment"] is not None:
            where = _names(results, row["treatment"], row["comparator"])
        p = "" if row["p"] is None else f" (P value {number(row['p'])})"
        found.setdefault(f"{escape(row['finding'])}{p}", []).append(where)
    return bullets(f"{listing(where)}: {finding}" for finding, where in found.items())


def tipping(results: Results, fit: Fit) -> str:
    """How wrong a bridge must be before an interval reaches no difference."""
    rows = fit.table(tables.TIPPING)
    shown = {(row["treatment"], row["comparator"]) for row in contrasts(results, fit)}
    fields = [
        Field("Comparison", "l", 32), Field("Hazard ratio (95 % interval)", "l", 18),
        Field("The bridge may be wrong by a factor of", "r", 14),
    ]  # fmt: skip
    lines = []
    for row in rows:
        if (row["treatment"], row["comparator"]) not in shown:
            continue
        ratios = interval(row)
        factor = "already includes 1" if row["shift"] <= 0 else ratio(row["ratio"])
        lines.append([
            _names(results, row["treatment"], row["comparator"]),
            f"{ratio(ratios.estimate)} ({limits(ratios)})", factor,
        ])  # fmt: skip
    if not lines:
        return ""
    note = (
        "Were the bridge wrong, every comparison across it would be multiplied by the same factor. "
        "The last column says how large that factor must be before the interval reaches 1.\n\n"
    )
    drawn = optional_exhibit(results, f"{fit.analysis}-{fit.name}-tipping")
    return drawn + "\n" + note + table(fields, lines, f"Tipping points of {fit.model.label}")


def excluded(results: Results) -> str:
    """The trials that an analysis names and cannot use, with the reason."""
    lines = [
        [escape(analysis.title), escape(results.trial_names[row["trial"]]), escape(row["reason"])]
        for name, analysis in results.config.analyses.items()
        for row in results.excluded(name)
    ]
    if not lines:
        return "Every analysis uses every trial that it names.\n"
    fields = [Field("Analysis", "l", 18), Field("Trial", "l", 12), Field("Why not", "l", 50)]
    said = "An analysis names these trials and cannot use them.\n\n"
    return said + table(fields, lines, "Trials that an analysis cannot use")


def _names(results: Results, treatment: str, comparator: str) -> str:
    return f"{escape(results.labels[treatment])} v {escape(results.labels[comparator])}"


def _parameter(results: Results, name: str) -> str:
    """A parameter in plain words: d[lu] is an effect."""
    slug = name.removeprefix("d[").removesuffix("]")
    return f"effect of {escape(results.labels[slug])}" if slug != name else f"`{name}`"


def _range(row: dict[str, Any], which: str) -> str:
    lower, upper = row[f"{which}_q2.5"], row[f"{which}_q97.5"]
    return limits(Interval.of_logs((lower + upper) / 2, lower, upper))
