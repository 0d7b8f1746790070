"""What the answers rest on, and what would turn them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from evinet import tables
from evinet.report.effects import answered, pair
from evinet.report.markdown import Markdown, blocks, bullets, escape, folded, md, strong
from evinet.report.numbers import (
    Interval,
    chance,
    limits,
    listing,
    number,
    percent,
    ratio,
)
from evinet.report.pages.columns import spread, table_of
from evinet.report.pages.common import each_analysis, exhibit, parameter
from evinet.report.pages.later import caution_line
from evinet.report.pages.notes import PART
from evinet.report.results import Results
from evinet.report.rows import grouped

Rows = list[dict[str, Any]]
NOTABLE = 0.05
"""From this sensitivity on, a doubling of a prior's power moves a posterior notably."""
UNTHINKABLE = math.log(20)
"""No trial finds a hazard ratio beyond 20, or below 0.05."""
OF_ANSWERS = (tables.CONTRIBUTION, tables.MARGINS, tables.INFLUENCE)
"""Tables that hold every comparison, of which the pages show those that are asked for."""


def cautions(results: Results) -> Markdown:
    """What must be borne in mind of the estimates of an outcome that later treatment confounds."""
    return bullets(
        md("{}: {}", analysis.title, line)
        for name, analysis in results.config.analyses.items()
        if (line := caution_line(results, name))
    )


def _from(
    of: tables.Table,
) -> Callable[[Callable[[Results, Rows], Markdown]], Callable[[Results], Markdown]]:
    """Make what writes rows of a table write those of every analysis and each of its main models.

    The figure of the table comes first, where there is one, and then the table on demand.
    """

    def decorated(write: Callable[[Results, Rows], Markdown]) -> Callable[[Results], Markdown]:
        @each_analysis("No model of this review has such a table.")
        def every(results: Results, name: str) -> Markdown:
            parts: list[object] = []
            for fit in results.main(name):
                rows = answered(results, fit, of) if of in OF_ANSWERS else fit.table(of)
                if rows and (text := write(results, rows)):
                    drawn = exhibit(results, f"{name}-{fit.name}-{of.name}", optional=True)
                    parts += [md("{}.", strong(fit.model.label)), drawn,
                              folded("In a table", text) if drawn else text]  # fmt: skip
            return blocks(parts)

        every.__doc__ = write.__doc__
        return every

    return decorated


@_from(tables.CONTRIBUTION)
def contribution(results: Results, rows: Rows) -> Markdown:
    """Which trials carry each answer, the most important first."""

    def shares(found: Rows) -> str:
        rest = 1 - sum(row["share"] for row in found)
        told = sorted((row for row in found if row["share"] >= PART), key=lambda row: -row["share"])
        if len(told) == 1 and rest < PART:
            return f"{results.trial_names[told[0]['trial']]} alone"
        said = [f"{results.trial_names[row['trial']]} {percent(row['share'])}" for row in told]
        return ", ".join([*said, *[f"assumption or prior {percent(rest)}"] * (rest >= PART)])

    return table_of(results, grouped(rows, "treatment", "comparator").values(),
                    "Contribution of each trial", "Comparison",
                    {"Share of the evidence": shares})  # fmt: skip


def set_margins(results: Results) -> Markdown:
    """The margins, and who set them."""
    return bullets(f"Below {each.ratio:g}: {each.source}." for each in results.config.margins)


@_from(tables.MARGINS)
def margins(results: Results, rows: Rows) -> Markdown:
    """How likely each difference is that somebody has called important."""
    rows = sorted(rows, key=lambda row: -row["ratio"])
    return table_of(
        results, grouped(rows, "treatment", "comparator").values(),
        "Probability of a hazard ratio below each margin", "Comparison",
        spread(rows, "ratio", lambda row: escape(chance(row["probability"])),
               "Hazard ratio below {:g}".format),
    )  # fmt: skip


@_from(tables.INFLUENCE)
def influence(results: Results, rows: Rows) -> Markdown:
    """The answers with each trial left out; what nothing connects any more is in a sentence."""
    kept = [row for row in rows if row["mean"] is not None]
    gone = sorted({results.trial_names[row["trial"]] for row in rows if row["mean"] is None})
    which = "any of these trials" if len(gone) > 1 else "this trial"
    moved = table_of(results, (row for row in kept if abs(row["shift"]) >= 0.005),
                     "Every answer with one trial left out", {
        "Without": lambda row: results.trial_names[row["trial"]],
    }, "Comparison, Hazard ratio (95 % credible interval)", {
        "Ratio without / with it": lambda row: ratio(math.exp(row["shift"])),
    }, none="The comparisons that are left do not change." if kept else "")  # fmt: skip
    return blocks([
        f"Without {which} some comparisons have no evidence left, so nothing can check the "
        f"trial there: {', '.join(gone)}." if gone else "", moved,
    ])  # fmt: skip


@_from(tables.THRESHOLD)
def threshold(results: Results, rows: Rows) -> Markdown:
    """How far a trial must move before another treatment ranks first, where that is plausible."""
    items, firm, alone = [], [], []
    of_island = grouped(rows, "component")
    for row in rows:
        name = results.trial_names[row["trial"]]
        if len(of_island[row["component"],]) == 1:
            alone.append(name)
            continue
        turns = [
            f"{side} {ratio(math.exp(row[limit]))} ({results.labels[row[f'{limit}_best']]} would "
            "be first)"
            for side, limit in (("below", "lower"), ("above", "upper"))
            if row[limit] is not None and abs(row[limit]) < UNTHINKABLE
        ]
        if not turns:
            firm.append(name)
            continue
        inside = (
            " That lies inside the trial's own 95 % interval." if row["inside_interval"] else ""
        )
        items.append(md(
            "{} found a hazard ratio of {} ({}). {} is no longer first with a ratio {}.{}",
            strong(name), ratio(math.exp(row["log_estimate"])), pair(results, row),
            results.labels[row["best"]], " or ".join(turns), inside,
        ))  # fmt: skip
    stable = (
        f"No hazard ratio between {ratio(math.exp(-UNTHINKABLE))} and "
        f"{ratio(math.exp(UNTHINKABLE))} of these trials changes who ranks first: "
        f"{listing(list(dict.fromkeys(firm)))}."
    )
    sole = f"The only trial of its island, so that it decides alone: {listing(alone)}."
    return blocks([bullets(items), stable if firm else "", sole if alone else ""])


@_from(tables.PREDICTIVE)
def predictive(results: Results, rows: Rows) -> Markdown:
    """Each trial beside what the others predict: a model always agrees with a lone trial."""

    def predicted(row: dict[str, Any]) -> str:
        lower, upper = row["others_q2.5"], row["others_q97.5"]
        return limits(Interval.of_logs((lower + upper) / 2, lower, upper))

    return table_of(results, (row for row in rows if row["others_q2.5"] is not None),
                    "Predicted and observed hazard ratios", "Trial", {
        "Its hazard ratio": lambda row: ratio(math.exp(row["observed"])),
        "Other trials predict: 95 % interval": predicted,
        "P value": lambda row: number(row["others_p"]),
    }, none="No other trials compare the same treatments, so nothing can be predicted."
    )  # fmt: skip


@_from(tables.POWERSCALE)
def priors(results: Results, rows: Rows) -> Markdown:
    """How much the priors say: the parameters that one moves, and all numbers folded."""

    said = [
        f"{parameter(results, row['parameter'])}: {row['component']}"
        + (f" ({row['finding']})" if row["finding"] else "")
        for row in rows
        if row["component"] != "likelihood" and row["sensitivity"] >= NOTABLE
    ]
    return blocks([
        "These change notably when the weight of a prior is doubled:" if said
        else "Nothing changes notably when the weight of a prior is doubled.",
        bullets(said),
        folded("Every number", table_of(results, rows, "Sensitivity by power scaling", {
            "Parameter": lambda row: parameter(results, row["parameter"]),
            "Weight changed": "component",
            "Sensitivity": lambda row: number(row["sensitivity"], 3), "Finding": "finding",
        })),
    ])  # fmt: skip


@_from(tables.INCONSISTENCY)
def inconsistency(results: Results, rows: Rows) -> Markdown:
    """Direct beside indirect evidence; a finding of several comparisons is said once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        p = "" if row["p"] is None else f" (P value {number(row['p'])})"
        found.setdefault(f"{row['finding']}{p}", []).append(
            f"Island {row['component']}" if row["treatment"] is None else pair(results, row)
        )
    return bullets(f"{listing(where)}: {finding}" for finding, where in found.items())


@each_analysis(
    "Too few comparisons of this review have several trials, so that nothing can be seen."
)
def small_trials(results: Results, name: str) -> Markdown:
    """A funnel of the trials of an analysis that has enough of them."""
    return exhibit(results, f"{name}-funnel", optional=True)
