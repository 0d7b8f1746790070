"""Trials and populations: what was compared, in whom, and whether the trials can be set side by
side."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.effects import published
from evinet.report.figures.populations import shares
from evinet.report.markdown import Field, escape, folded, table
from evinet.report.numbers import NBSP, count, limits, percent, ratio
from evinet.report.pages.common import (
    dash,
    optional_exhibit,
    outcome_name,
    slug_words,
    source_link,
    sourced,
    unknown,
)
from evinet.report.pages.later import arm_text, confounded
from evinet.report.pages.robustness import excluded
from evinet.report.pages.strength import mark, weak_sources
from evinet.report.pages.watch import registration
from evinet.report.results import Results
from evinet.report.rows import records

TIERS = {
    "A": "A curve was published and digitised",
    "B": "Numbers at risk were published; patients are reconstructed from them",
    "C": "Summaries only; a trial enters by its published hazard ratio",
}


def trials(results: Results) -> str:
    """The page."""
    used = [trial for a in results.config.analyses.values() for trial in a.trials]
    slugs = list(dict.fromkeys(used))
    parts = [
        "## The trials\n", _trials(results, slugs), _tiers(),
        "## What each published\n", *_published(results),
        "### Trials that could not be used\n", excluded(results),
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
             unknown(trial["design"]), registration(trial["registration"]), doi(trial["doi"]),
             trial["tier"]]
        )  # fmt: skip
    fields = [
        Field("Trial", "l", 10), Field("Year", "l", 5), Field("Arms (randomised)", "l", 34),
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
            ratios = published(results, row)
            treatment, comparator = (results.labels[row[s]] for s in ("treatment", "comparator"))
            outcome = outcome_name(row["outcome"])
            if row["assessor"] in ("bicr", "investigator"):
                outcome += f", {words.ASSESSORS[row['assessor']]}"
            rows.append(
                [escape(results.trial_names[row["trial"]]),
                 f"{escape(treatment)} v {escape(comparator)}",
                 f"{ratio(ratios.estimate)} ({limits(ratios)})"
                 + mark(results, row["source"]),
                 outcome, str(row["component"]),
                 *([_later(results, row)] if confounded(results, name) else []),
                 source_link(row)]
            )  # fmt: skip
        fields = [
            Field("Trial", "l", 14), Field("Comparison", "l", 26),
            Field("Hazard ratio (95 % interval)", "l", 16), Field("Outcome, assessed by", "l", 16),
            Field("Island", "c", 6),
            *([Field("Treated on with something else", "l", 26)]
              if confounded(results, name) else []),
            Field("Source", "l", 24),
        ]  # fmt: skip
        parts += [
            f"### {escape(analysis.title)}\n",
            table(fields, rows, f"Published contrasts, {analysis.title}"),
            weak_sources(results, name),
        ]
    return parts


def _later(results: Results, row: dict[str, Any]) -> str:
    """Later treatment of both arms of a contrast."""
    return "; ".join(
        f"{escape(results.labels[row[side]])}: {arm_text(results, row['trial'], row[arm])}"
        for side, arm in (("treatment", "arm"), ("comparator", "comparator_arm"))
    )


def _populations(results: Results, slugs: list[str]) -> str:
    """What each trial printed of its patients: a row a characteristic, a column a trial."""
    frame = results.evidence(tables.POPULATIONS)
    told = records(frame[frame["trial"].isin(slugs)])
    known = shares(frame, results.evidence(tables.ARMS)).itertuples(index=False, name=None)
    percents = {(trial, what, category): percent for trial, what, category, percent in known}
    cells = _cells(told, percents)
    order = sorted(cells, key=lambda what: (-len(cells[what]), what))
    fields = [Field("Characteristic", "l", 14)]
    fields += [Field(escape(results.trial_names[slug]), "l", 17) for slug in slugs]
    rows = {
        what: [
            slug_words(what),
            *("; ".join(cells[what].get(slug, [dash(None)])) for slug in slugs),
        ]
        for what in order
    }
    several = [rows[what] for what in order if len(cells[what]) > 1]
    alone = [rows[what] for what in order if len(cells[what]) == 1]
    parts = [table(fields, several, "Characteristics that several trials reported")]
    parts.append("A dash: not given, or not found in the sources that could be read.\n")
    if alone:
        rest = table(fields, alone, "Characteristics that one trial reported")
        parts.append(folded("Characteristics that only one trial reported", rest))
    return "\n".join(parts)


def _cells(
    rows: list[dict[str, Any]], percents: dict[tuple[str, str, str], float]
) -> dict[str, dict[str, list[str]]]:
    """What each trial said of each characteristic, a piece of text a category."""
    cells: dict[str, dict[str, list[str]]] = {}
    seen = set()
    for row in rows:
        key = (row["trial"], row["characteristic"], row["category"])
        if key in seen:
            continue
        whole = row["value"] or row["n"] if row["arm"] is None else None
        if key in percents:
            said = percent(percents[key] / 100)
        elif whole is not None:
            said = str(whole)
        else:
            continue
        seen.add(key)
        category = f"{row['category']}: " if row["category"] else ""
        text = sourced(escape(category + said), row)
        cells.setdefault(key[1], {}).setdefault(key[0], []).append(text)
    return cells


def doi(value: str | None) -> str:
    """A DOI as a link."""
    return unknown(value) if value is None else f"[{escape(value)}](https://doi.org/{value})"
