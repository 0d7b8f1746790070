"""Reconstructed patients held against everything that was published."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.effects import interval
from evinet.report.exhibits import arm_labels
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    heading,
    md,
    strong,
    table,
)
from evinet.report.numbers import Interval, count, months, outcome_name
from evinet.report.pages.common import exhibit, optional_exhibit
from evinet.report.results import Reconstruction, Results
from evinet.report.rows import records

METHODS = {
    "lattice": "the digitised curve",
    "at-risk": "what was printed beside a curve",
    "guyot": "the digitised curve (Guyot 2012)",
    "ipdfromkm": "the digitised curve (IPDfromKM)",
}


def every(results: Results) -> Markdown:
    """Every reconstruction, each under the name of its trial and outcome."""
    if not results.reconstructions:
        return escape("No trial of this review published enough to reconstruct its patients.")
    return blocks(
        part
        for item in results.reconstructions
        for part in (
            heading(2, f"{results.trial_names[item.trial]}, {outcome_name(item.outcome)}"),
            one(results, item),
        )
    )


def one(results: Results, item: Reconstruction) -> Markdown:
    """What one reconstruction shows, without a heading."""
    quality = item.quality
    flags = quality.get("flags") or []
    how = METHODS.get(quality["method"], quality["method"])
    return blocks([
        md(
            "Reconstructed from {} (evidence tier {}), in {} draws. Agreement with the "
            "publication: {}.",
            how, strong(quality["tier"]), str(quality["draws"]), strong(quality["grade"]),
        ),
        exhibit(results, f"km-{item.trial}-{item.outcome}"),
        strong("Compared with the publication."),
        _summaries(results, item),
        _contrast(quality),
        callout("caution", "What does not agree", _flags(results, item, flags)) if flags else "",
        strong("Are the hazards proportional?"),
        _proportional(results, item),
        exhibit(results, f"hazard-{item.trial}-{item.outcome}"),
        optional_exhibit(results, f"periods-{item.trial}-{item.outcome}"),
        strong("Numbers at risk."),
        _at_risk(results, item),
    ])  # fmt: skip


def _proportional(results: Results, item: Reconstruction) -> Markdown:
    """The test, and the ratios of event rates by period, in words; a pair of arms each."""
    rates = results.hazards(item.trial, item.outcome, tables.HAZARD_PERIODS)
    said: list[str] = []
    for row in results.hazards(item.trial, item.outcome, tables.PROPORTIONALITY):
        pair = (row["arm"], row["comparator"])
        names = " vs ".join(arm_labels(results, item.trial, list(pair)).values())
        periods = [(each["start"], each["end"], interval(each)) for each in rates
                   if (each["arm"], each["comparator"]) == pair]  # fmt: skip
        test = words.proportional(row["p"], row["p_lowest"], row["p_highest"])
        said.append(f"{names}: {test} {words.rates(periods)}")
    return bullets(said) if said else escape(
        "Not tested: arms are compared where the ratio of their hazards was published."
    )  # fmt: skip


def _summaries(results: Results, item: Reconstruction) -> Markdown:
    labels = arm_labels(results, item.trial, list(item.quality["arms"]))
    table_of = results.evidence(tables.ARMS)
    mine = table_of[table_of["trial"] == item.trial]
    randomised = {row["arm"]: row["n_randomised"] for row in records(mine)}
    rows = []
    for arm, content in item.quality["arms"].items():
        rows.append(
            [
                labels[arm],
                "Patients (published: randomised)",
                count(randomised[arm]),
                count(content["n"]),
            ]
        )
        events = content.get("events") or {}
        rows.append(
            [labels[arm], "Events", count(events.get("printed")),
             count(events.get("reconstructed"))]
        )  # fmt: skip
        median = content.get("median") or {}
        rows.append(
            [labels[arm], "Median, months", _median(median),
             months(median.get("reconstructed"))]
        )  # fmt: skip
    fields = ["Arm", "Item", "Published", "Reconstructed"]
    return table(fields, rows, "Reconstruction against publication")


def _flags(results: Results, item: Reconstruction, flags: list[dict[str, Any]]) -> Markdown:
    """What was found, of which arm: some messages say it themselves."""
    names = results.arm_names(item.trial)
    return bullets(
        md("{}: {}", names.get(flag["arm"], flag["arm"]), flag["message"])
        if flag["arm"] and not flag["message"].startswith(flag["arm"])
        else escape(flag["message"])
        for flag in flags
    )


def _median(median: dict[str, Any]) -> str:
    printed = months(median.get("printed"))
    lower, upper = median.get("printed_lower"), median.get("printed_upper")
    if lower is None and upper is None:
        return printed
    low = "not estimated" if lower is None else f"{lower:.1f}"
    high = "not estimated" if upper is None else f"{upper:.1f}"
    return f"{printed} ({low} to {high})"


def _contrast(quality: dict[str, Any]) -> str:
    ratios = (quality.get("contrast") or {}).get("hr")
    if not ratios:
        return ""
    published = _interval(ratios, "printed")
    rebuilt = _interval(ratios, "reconstructed")
    return words.agreement(published, rebuilt)


def _interval(ratios: dict[str, Any], whose: str) -> Interval:
    ends = (ratios[name] for name in (whose, f"{whose}_lower", f"{whose}_upper"))
    return Interval(*(float("nan") if end is None else end for end in ends))


def _at_risk(results: Results, item: Reconstruction) -> Markdown:
    arms = item.quality["arms"]
    labels = arm_labels(results, item.trial, list(arms))
    by_arm = {arm: {row["time"]: row for row in arms[arm].get("at_risk", [])} for arm in arms}
    times = sorted({time for rows in by_arm.values() for time in rows})
    fields = ["Months"]
    fields += [f"{labels[arm]}: printed / reconstructed" for arm in arms]
    rows = [[f"{time:g}", *(_pair(by_arm[arm].get(time)) for arm in arms)] for time in times]
    return table(fields, rows, "Numbers at risk, printed and reconstructed")


def _pair(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{row['printed']} / {row['reconstructed']}"
