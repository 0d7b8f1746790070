"""Reconstructed patients held against everything that was published."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.exhibits import arm_labels
from evinet.report.markdown import Field, bullets, callout, escape, table
from evinet.report.numbers import Interval, count, months
from evinet.report.pages.common import exhibit, optional_exhibit
from evinet.report.results import Reconstruction, Results
from evinet.report.rows import records

METHODS = {
    "lattice": "the digitised curve",
    "at-risk": "what was printed beside a curve",
    "guyot": "the digitised curve (Guyot 2012)",
    "ipdfromkm": "the digitised curve (IPDfromKM)",
}


def reconstruction(results: Results) -> str:
    """The page."""
    if not results.reconstructions:
        return "No trial of this review published enough to reconstruct its patients.\n"
    parts = [
        "Individual patient data were not published. Where a paper prints a curve or numbers at "
        "risk, times and events can be reconstructed that agree with it; below they are held "
        "against everything else that the paper says. What the paper leaves open differs between "
        "the draws.\n"
    ]
    for item in results.reconstructions:
        name = escape(results.trial_names[item.trial])
        parts += [f"## {name}, {escape(item.outcome.upper())}\n", *one(results, item)]
    return "\n".join(parts)


def one(results: Results, item: Reconstruction) -> list[str]:
    """What one reconstruction shows, without a heading."""
    quality = item.quality
    flags = quality.get("flags") or []
    return [
        f"Evidence tier **{escape(quality['tier'])}**; reconstructed from "
        f"{METHODS.get(quality['method'], escape(quality['method']))}; agreement with the "
        f"publication: **{escape(quality['grade'])}**; {quality['draws']} draws.\n",
        exhibit(results, f"km-{item.trial}-{item.outcome}"),
        "### Against the publication\n",
        _summaries(results, item),
        _contrast(quality),
        callout("caution", "What did not agree", _flags(flags)) if flags else "",
        "### Do the hazards stay proportional?\n",
        exhibit(results, f"hazard-{item.trial}-{item.outcome}"),
        optional_exhibit(results, f"periods-{item.trial}-{item.outcome}"),
        "### Numbers at risk\n",
        _at_risk(results, item),
    ]


def _summaries(results: Results, item: Reconstruction) -> str:
    labels = arm_labels(results, item.trial, list(item.quality["arms"]))
    table_of = results.evidence(tables.ARMS)
    mine = table_of[table_of["trial"] == item.trial]
    randomised = {row["arm"]: row["n_randomised"] for row in records(mine)}
    rows = []
    for arm, content in item.quality["arms"].items():
        rows.append(
            [
                escape(labels[arm]),
                "Patients (published: randomised)",
                count(randomised[arm]),
                count(content["n"]),
            ]
        )
        events = content.get("events") or {}
        rows.append(
            [escape(labels[arm]), "Events", count(events.get("printed")),
             count(events.get("reconstructed"))]
        )  # fmt: skip
        median = content.get("median") or {}
        rows.append(
            [escape(labels[arm]), "Median, months", _median(median),
             months(median.get("reconstructed"))]
        )  # fmt: skip
    fields = [Field("Arm", "l", 26), Field("What", "l", 14), Field("Published", "l", 26),
              Field("Reconstructed", "l", 14)]  # fmt: skip
    return table(fields, rows, "Reconstruction against publication")


def _flags(flags: list[dict[str, Any]]) -> str:
    return bullets(escape(flag["message"]) for flag in flags)


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
    return escape(words.agreement(published, rebuilt)) + "\n"


def _interval(ratios: dict[str, Any], whose: str) -> Interval:
    return Interval(ratios[whose], ratios[f"{whose}_lower"], ratios[f"{whose}_upper"])


def _at_risk(results: Results, item: Reconstruction) -> str:
    arms = item.quality["arms"]
    labels = arm_labels(results, item.trial, list(arms))
    by_arm = {arm: {row["time"]: row for row in arms[arm].get("at_risk", [])} for arm in arms}
    times = sorted({time for rows in by_arm.values() for time in rows})
    fields = [Field("Months", "r", 6)]
    fields += [Field(f"{escape(labels[arm])}: printed / reconstructed", "r", 20) for arm in arms]
    rows = [[f"{time:g}", *(_pair(by_arm[arm].get(time)) for arm in arms)] for time in times]
    return table(fields, rows, "Numbers at risk, printed and reconstructed")


def _pair(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{row['printed']} / {row['reconstructed']}"
