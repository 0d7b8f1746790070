"""The trials side by side: what was compared, in whom, and how alike their patients are."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.effects import pair, published
from evinet.report.figures.populations import shares
from evinet.report.markdown import (
    Markdown,
    blocks,
    escape,
    folded,
    link,
    md,
    strong,
    table,
)
from evinet.report.numbers import NBSP, count, outcome_name, percent, with_limits
from evinet.report.pages.beyond import trials_of
from evinet.report.pages.common import (
    by_analysis,
    dash,
    optional_exhibit,
    slug_words,
    source_link,
    unknown,
    with_source,
)
from evinet.report.pages.later import arm_text, confounded
from evinet.report.pages.notes import notes
from evinet.report.pages.strength import mark, weak_sources
from evinet.report.pages.watch import doi, registration
from evinet.report.results import Results
from evinet.report.rows import records

TIERS = {
    "A": "a survival curve was published and digitised",
    "B": "numbers at risk were published, and patients were reconstructed from them",
    "C": "only summaries were published, and the trial enters by its hazard ratio",
}


def listed(results: Results) -> Markdown:
    """The trials of the analyses."""
    by_slug = {row["trial"]: row for row in records(results.evidence(tables.TRIALS))}
    arms = results.evidence(tables.ARMS)
    rows = []
    for slug in trials_of(results):
        trial = by_slug[slug]
        treatments = "; ".join(
            f"{results.labels[arm['treatment']]} (n{NBSP}={NBSP}{count(arm['n_randomised'])})"
            for arm in records(arms[arms["trial"] == slug])
        )
        rows.append(
            [link(strong(trial["name"]), f"trial-{slug}.qmd"), unknown(trial["year"]), treatments,
             unknown(trial["design"]), registration(trial["registration"]), doi(trial["doi"]),
             trial["tier"]]
        )  # fmt: skip
    fields = [
        "Trial", "Year", "Arms (patients randomised)", "Design", "Registration", "Publication",
        "Tier",
    ]  # fmt: skip
    return table(fields, rows, "The trials of this review")


def tiers() -> Markdown:
    """What the tiers of evidence mean."""
    said = (md("{}: {}", strong(tier), meaning) for tier, meaning in TIERS.items())
    return md("{}.", md("; ").join(said))


def contrasts(results: Results) -> Markdown:
    """For each analysis: the hazard ratio that each trial brings, and where it stands."""
    weak = dict.fromkeys(weak_sources(results, name) for name in results.config.analyses)
    return blocks([*weak, by_analysis(results, _contrasts)])


def _contrasts(results: Results, name: str) -> Markdown:
    rows, later = [], confounded(results, name)
    for row in records(results.studies(name)):
        ratios = published(results, row)
        outcome = outcome_name(row["outcome"])
        if row["assessor"] in ("bicr", "investigator"):
            outcome += f", {words.ASSESSORS[row['assessor']]}"
        rows.append(
            [results.trial_names[row["trial"]], pair(results, row),
             escape(with_limits(ratios)) + mark(results, row["source"]),
             outcome, str(row["component"]), *([_later(results, row)] if later else []),
             source_link(row)]
        )  # fmt: skip
    fields = [
        "Trial", "Comparison", "Hazard ratio (95 % interval)", "Outcome, assessed by", "Island",
        *(["Later treatment"] if later else []), "Source",
    ]  # fmt: skip
    label = f"Published hazard ratios, {results.config.analyses[name].title}"
    said = notes(_in_use(results, name), results)
    return blocks([table(fields, rows, label), said])


def _in_use(results: Results, analysis: str) -> list[dict[str, Any]]:
    """The published contrasts that an analysis takes."""
    keys = ("trial", "report", "outcome", "assessor", "arm")
    used = {tuple(row[key] for key in keys) for row in records(results.studies(analysis))}
    return [
        row
        for row in records(results.evidence(tables.CONTRASTS))
        if row["selected"] and tuple(row[key] for key in keys) in used
    ]


def _later(results: Results, row: dict[str, Any]) -> Markdown:
    """Later treatment of both arms of a contrast."""
    return md("; ").join(
        md("{}: {}", results.labels[row[side]], arm_text(results, row["trial"], row[arm]))
        for side, arm in (("treatment", "arm"), ("comparator", "comparator_arm"))
    )


def excluded(results: Results) -> Markdown:
    """The trials that an analysis names and cannot use, with the reason."""
    lines = [
        [analysis.title, results.trial_names[row["trial"]], row["reason"]]
        for name, analysis in results.config.analyses.items()
        for row in results.excluded(name)
    ]
    if not lines:
        return escape("Every analysis uses every trial that it names.")
    fields = ["Analysis", "Trial", "Reason"]
    return table(fields, lines, "Trials that an analysis cannot use")


def populations(results: Results) -> Markdown:
    """What each trial printed about its patients: a row for each characteristic."""
    slugs = trials_of(results)
    frame = results.evidence(tables.POPULATIONS)
    told = records(frame[frame["trial"].isin(slugs)])
    known = shares(frame, results.evidence(tables.ARMS)).itertuples(index=False, name=None)
    percents = {(trial, what, category): percent for trial, what, category, percent in known}
    cells = _cells(told, percents)
    order = sorted(cells, key=lambda what: (-len(cells[what]), what))
    fields = ["Characteristic"]
    fields += [results.trial_names[slug] for slug in slugs]
    rows = {
        what: [
            slug_words(what),
            *(md("; ").join(cells[what].get(slug, [dash(None)])) for slug in slugs),
        ]
        for what in order
    }
    several = [rows[what] for what in order if len(cells[what]) > 1]
    alone = [rows[what] for what in order if len(cells[what]) == 1]
    rest = table(fields, alone, "Characteristics that one trial reported")
    return blocks([
        optional_exhibit(results, "populations"),
        table(fields, several, "Characteristics that several trials reported"),
        folded("Characteristics that only one trial reported", rest) if alone else "",
    ])  # fmt: skip


def _cells(
    rows: list[dict[str, Any]], percents: dict[tuple[str, str, str], float]
) -> dict[str, dict[str, list[Markdown]]]:
    """What each trial said of each characteristic, a piece of text for each category."""
    cells: dict[str, dict[str, list[Markdown]]] = {}
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
        text = with_source(category + said, row)
        cells.setdefault(key[1], {}).setdefault(key[0], []).append(text)
    return cells
