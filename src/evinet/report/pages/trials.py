"""Trials and populations: what was compared, in whom, and whether the trials can be set side by
side."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.effects import published_interval
from evinet.report.figures.populations import shares
from evinet.report.markdown import Field, escape, table
from evinet.report.numbers import NBSP, count, limits, ratio
from evinet.report.pages.common import optional_exhibit, slug_words, source_link, unknown
from evinet.report.pages.watch import registration
from evinet.report.results import Results
from evinet.report.rows import records

TIERS = {
    "A": "A curve was published and digitised",
    "B": "Numbers at risk were published; patients are reconstructed from them",
    "C": "Summaries only; the trial enters by its published hazard ratio",
}


def trials(results: Results) -> str:
    """The page."""
    used = [trial for a in results.config.analyses.values() for trial in a.trials]
    slugs = list(dict.fromkeys(used))
    parts = [
        "## The trials\n", _trials(results, slugs), _tiers(),
        "## What each published\n", *_published(results),
        "## Whether they can be compared: transitivity\n",
        "An indirect comparison holds only if the trials would have given the same relative "
        "effects in each other's patients. Nothing in the data can prove that; what the trials "
        "say about their patients can make it more or less plausible.\n",
        optional_exhibit(results, "populations"), _populations(results, slugs),
    ]  # fmt: skip
    return "\n".join(parts)


def _trials(results: Results, slugs: list[str]) -> str:
    by_slug = {row["trial"]: row for row in records(results.evidence(tables.TRIALS))}
    arms = results.evidence(tables.ARMS)
    rows = []
    for slug in slugs:
        trial = by_slug[slug]
        mine = arms[arms["trial"] == slug]
        treatments = "; ".join(
            f"{escape(results.labels[arm['treatment']])} "
            f"(n{NBSP}={NBSP}{count(arm['n_randomised'])})"
            for arm in records(mine)
        )
        rows.append(
            [f"[**{escape(trial['name'])}**](trial-{slug}.qmd)", unknown(trial["year"]), treatments,
             unknown(trial["design"]), registration(trial["registration"]), _doi(trial["doi"]),
             trial["tier"]]
        )  # fmt: skip
    fields = [
        Field("Trial", "l", 10), Field("Year", "l", 5), Field("Arms", "l", 34),
        Field("Design", "l", 20), Field("Registration", "l", 12), Field("Publication", "l", 16),
        Field("Tier", "c", 4),
    ]  # fmt: skip
    return table(fields, rows, "The trials of this review")


def _tiers() -> str:
    text = "; ".join(
        f"**{tier}** {meaning[0].lower() + meaning[1:]}" for tier, meaning in TIERS.items()
    )
    return f"Evidence tiers: {text}.\n"


def _published(results: Results) -> list[str]:
    """For each analysis: the contrast that each trial brings, and where it stands."""
    parts = []
    for name, analysis in results.config.analyses.items():
        rows = []
        for row in records(results.studies(name)):
            ratios = published_interval(row)
            treatment, comparator = (results.labels[row[s]] for s in ("treatment", "comparator"))
            assessor = words.ASSESSORS.get(row["assessor"], words.ASSESSORS["unstated"])
            rows.append(
                [escape(results.trial_names[row["trial"]]),
                 f"{escape(treatment)} v {escape(comparator)}",
                 f"{ratio(ratios.estimate)} ({limits(ratios)})",
                 f"{escape(row['outcome'].upper())}, {assessor}", str(row["component"]),
                 source_link(row)]
            )  # fmt: skip
        fields = [
            Field("Trial", "l", 10), Field("Comparison", "l", 26),
            Field("Hazard ratio (95 % interval)", "l", 16), Field("Outcome, assessed by", "l", 16),
            Field("Island", "c", 6), Field("Source", "l", 24),
        ]  # fmt: skip
        parts += [
            f"### {escape(analysis.title)}\n",
            table(fields, rows, f"Published contrasts, {analysis.title}"),
        ]
    return parts


def _populations(results: Results, slugs: list[str]) -> str:
    """Percentages of each category, a column a trial; what was not given says so."""
    shown = shares(results.evidence(tables.POPULATIONS), results.evidence(tables.ARMS))
    shown = shown[shown["trial"].isin(slugs)]
    fields = [Field("Characteristic", "l", 20), Field("Category", "l", 20)]
    fields += [Field(escape(results.trial_names[slug]), "r", 9) for slug in slugs]
    rows = []
    for (characteristic, category), group in shown.groupby(
        ["characteristic", "category"], sort=False
    ):
        known: dict[Any, float] = dict(zip(group["trial"], group["percent"], strict=True))
        cells = [f"{known[slug]:.0f} %" if slug in known else "[–]{.no}" for slug in slugs]
        rows.append([slug_words(characteristic), slug_words(category), *cells])
    note = "A dash: not given, or not found in the sources that could be read.\n"
    return table(fields, rows, "Who was in the trials") + "\n" + note


def _doi(value: str | None) -> str:
    return unknown(value) if value is None else f"[{escape(value)}](https://doi.org/{value})"
