"""What the answers rest on, and what would turn them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from evinet import tables
from evinet.report.effects import contrasts, interval, pair, versus
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    escape,
    folded,
    md,
    strong,
    table,
)
from evinet.report.numbers import (
    MISSING,
    Interval,
    chance,
    estimate,
    limits,
    listing,
    number,
    percent,
    ratio,
)
from evinet.report.pages.common import by_analysis, by_model, optional_exhibit
from evinet.report.pages.later import caution_line
from evinet.report.results import Fit, Results

Rows = list[dict[str, Any]]
NOTABLE = 0.05
"""From this sensitivity on, a doubling of a prior's power moves a posterior notably."""
UNTHINKABLE = math.log(20)
"""No trial finds a hazard ratio beyond 20, or below 0.05."""


def cautions(results: Results) -> Markdown:
    """What must be borne in mind of the estimates of an outcome that later treatment confounds."""
    said = {
        name: caution_line(results, name)
        for name in results.config.analyses
        if caution_line(results, name)
    }
    return bullets(
        md("{}: {}", results.config.analyses[name].title, line) for name, line in said.items()
    )


def contribution(results: Results) -> Markdown:
    """Which trials carry each answer."""
    return _each(results, tables.CONTRIBUTION, _contribution)


def margins(results: Results) -> Markdown:
    """How likely each difference is that somebody has called important."""
    return _each(results, tables.MARGINS, _margins)


def influence(results: Results) -> Markdown:
    """The answers with each trial left out."""
    return _each(results, tables.INFLUENCE, _influence)


def threshold(results: Results) -> Markdown:
    """How far a trial must move before another treatment ranks first."""
    return _each(results, tables.THRESHOLD, _threshold)


def predictive(results: Results) -> Markdown:
    """Each trial beside what the other trials predict for it."""
    return _each(results, tables.PREDICTIVE, _predictive)


def priors(results: Results) -> Markdown:
    """How much the priors say."""
    return _each(results, tables.POWERSCALE, _priors)


def inconsistency(results: Results) -> Markdown:
    """Direct beside indirect evidence."""
    return _each(results, tables.INCONSISTENCY, _inconsistency)


def small_trials(results: Results) -> Markdown:
    """A funnel of the trials of each analysis that has enough of them."""
    found = by_analysis(results, lambda of, name: optional_exhibit(of, f"{name}-funnel"))
    return found or escape(
        "Too few comparisons of this review have several trials, so that nothing can be seen."
    )


PAIRS_OF_TRIALS = (tables.THRESHOLD, tables.PREDICTIVE, tables.INCONSISTENCY)
"""Tables whose pairs are those of the trials, not those against a reference."""


def _each(
    results: Results, of: tables.Table, write: Callable[[Results, Rows], Markdown]
) -> Markdown:
    """A table of the fits, for each analysis without a bridge and with the first one.

    The figure of the table comes first, where there is one, and then the table on demand.
    """

    def one(results: Results, fit: Fit) -> Markdown:
        shown = {(row["treatment"], row["comparator"]) for row in contrasts(results, fit)}
        rows = [
            row
            for row in fit.table(of)
            if "comparator" not in row
            or of in PAIRS_OF_TRIALS
            or (row["treatment"], row["comparator"]) in shown
        ]
        if not rows:
            return md("")
        drawn = optional_exhibit(results, f"{fit.analysis}-{fit.name}-{of.name}")
        text = write(results, rows)
        return blocks([drawn, folded("In a table", text)]) if drawn else text

    return by_analysis(results, lambda of_run, name: by_model(of_run, name, one)) or escape(
        "No model of this review has such a table."
    )


def _contribution(results: Results, rows: Rows) -> Markdown:
    """One row for each comparison: its trials, the most important first."""
    pairs: dict[tuple[str, str], Rows] = {}
    for row in rows:
        pairs.setdefault((row["treatment"], row["comparator"]), []).append(row)
    lines = []
    for (treatment, comparator), found in pairs.items():
        ordered = sorted(found, key=lambda row: -row["share"])
        said = [
            f"{results.trial_names[row['trial']]} {percent(row['share'])}"
            for row in ordered
            if row["share"] > 0
        ]
        rest = 1 - sum(row["share"] for row in ordered)
        if rest > 0.005:
            said.append(f"assumption or prior {percent(rest)}")
        lines.append([versus(results.labels, treatment, comparator), ", ".join(said)])
    fields = ["Comparison", "Share of the evidence"]
    return table(fields, lines, "Contribution of each trial")


def _margins(results: Results, rows: Rows) -> Markdown:
    """One row for each comparison, one column for each margin."""
    ratios = sorted({row["ratio"] for row in rows}, reverse=True)
    cells: dict[tuple[str, str], dict[float, str]] = {}
    for row in rows:
        found = cells.setdefault((row["treatment"], row["comparator"]), {})
        found[row["ratio"]] = chance(row["probability"])
    fields = ["Comparison"]
    fields += [f"Hazard ratio below {value:g}" for value in ratios]
    lines = [
        [versus(results.labels, *names), *(found.get(value, MISSING) for value in ratios)]
        for names, found in cells.items()
    ]
    sources = {margin.ratio: margin.source for margin in results.config.margins}
    notes = bullets(f"Below {value:g}: {sources[value]}." for value in ratios if value in sources)
    label = "Probability of a hazard ratio below each margin"
    return blocks([notes, table(fields, lines, label)])


def _influence(results: Results, rows: Rows) -> Markdown:
    """The answers without each trial; what nothing connects any more is said in a sentence."""
    kept = [row for row in rows if row["mean"] is not None]
    gone = sorted({results.trial_names[row["trial"]] for row in rows if row["mean"] is None})
    parts: list[object] = []
    if gone:
        which = "any of these trials" if len(gone) > 1 else "this trial"
        parts.append(
            f"Without {which} some comparisons have no evidence left, so nothing can check the "
            f"trial there: {', '.join(gone)}."
        )
    moved = [row for row in kept if abs(row["shift"]) >= 0.005]
    if moved:
        fields = [
            "Without", "Comparison", "Hazard ratio", "95 % credible interval",
            "Ratio without / with it",
        ]  # fmt: skip
        lines = []
        for row in moved:
            ratios = interval(row)
            lines.append([
                results.trial_names[row["trial"]], pair(results, row), estimate(ratios),
                limits(ratios), ratio(math.exp(row["shift"])),
            ])  # fmt: skip
        parts.append(table(fields, lines, "Every answer with one trial left out"))
    elif kept:
        parts.append("The comparisons that are left do not change.")
    return blocks(parts)


def _threshold(results: Results, rows: Rows) -> Markdown:
    """A sentence for each trial whose result could plausibly turn the ranking."""
    items, firm = [], []
    for row in rows:
        name = results.trial_names[row["trial"]]
        turns = [
            f"{side} {ratio(math.exp(row[limit]))} ({results.labels[row[best]]} would be first)"
            for side, limit, best in (
                ("below", "lower", "lower_best"), ("above", "upper", "upper_best")
            )
            if row[limit] is not None and abs(row[limit]) < UNTHINKABLE
        ]  # fmt: skip
        if not turns:
            firm.append(name)
            continue
        inside = (
            " That lies inside the trial's own 95 % interval." if row["inside_interval"] else ""
        )
        now = ratio(math.exp(row["log_estimate"]))
        items.append(
            md(
                "{} found a hazard ratio of {} ({}). {} is no longer first with a ratio {}.{}",
                strong(name), now, pair(results, row), results.labels[row["best"]],
                " or ".join(turns), inside,
            )
        )  # fmt: skip
    stable = (
        f"No hazard ratio between {ratio(math.exp(-UNTHINKABLE))} and "
        f"{ratio(math.exp(UNTHINKABLE))} of these trials changes who ranks first: "
        f"{listing(list(dict.fromkeys(firm)))}."
        if firm
        else ""
    )
    return blocks([bullets(items), stable])


def _predictive(results: Results, rows: Rows) -> Markdown:
    """Only trials that others can be compared with: a model always agrees with a lone trial."""
    fields = ["Trial", "Its hazard ratio", "Other trials predict: 95 % interval", "P value"]
    lines = [
        [results.trial_names[row["trial"]], ratio(math.exp(row["observed"])),
         _range(row, "others"), number(row["others_p"])]
        for row in rows
        if row["others_q2.5"] is not None
    ]  # fmt: skip
    if not lines:
        return escape("No other trials compare the same treatments, so nothing can be predicted.")
    return table(fields, lines, "Predicted and observed hazard ratios")


def _priors(results: Results, rows: Rows) -> Markdown:
    """The parameters that a prior moves; all numbers folded."""
    notable = [
        row for row in rows if row["component"] != "likelihood" and row["sensitivity"] >= NOTABLE
    ]
    said = [
        f"{_parameter(results, row['parameter'])}: {row['component']}"
        + (f" ({row['finding']})" if row["finding"] else "")
        for row in notable
    ]
    lead = (
        "These change notably when the weight of a prior is doubled:"
        if said
        else "Nothing changes notably when the weight of a prior is doubled."
    )
    fields = ["Parameter", "Weight changed", "Sensitivity", "Finding"]
    lines = [
        [_parameter(results, row["parameter"]), row["component"], number(row["sensitivity"], 3),
         row["finding"]]
        for row in rows
    ]  # fmt: skip
    every = table(fields, lines, "Sensitivity to priors and data by power scaling")
    return blocks([lead, bullets(said), folded("Every number", every)])


def _inconsistency(results: Results, rows: Rows) -> Markdown:
    found: dict[str, list[str]] = {}
    for row in rows:
        where = f"Island {row['component']}"
        if row["treatment"] is not None:
            where = pair(results, row)
        p = "" if row["p"] is None else f" (P value {number(row['p'])})"
        found.setdefault(f"{row['finding']}{p}", []).append(where)
    return bullets(f"{listing(where)}: {finding}" for finding, where in found.items())


def _parameter(results: Results, name: str) -> str:
    """A parameter in plain words: d[lu] is an effect."""
    slug = name.removeprefix("d[").removesuffix("]")
    return f"effect of {results.labels[slug]}" if slug != name else name


def _range(row: dict[str, Any], which: str) -> str:
    lower, upper = row[f"{which}_q2.5"], row[f"{which}_q97.5"]
    return limits(Interval.of_logs((lower + upper) / 2, lower, upper))
