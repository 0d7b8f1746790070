"""The trials side by side: what was compared, in whom, and how alike their patients are."""

from __future__ import annotations

from collections.abc import Callable
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
    Row,
    by_analysis,
    dash,
    optional_exhibit,
    slug_words,
    source_link,
    table_of,
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
    by_slug = {row["trial"]: row for row in results.rows(tables.TRIALS)}

    def arms(row: Row) -> str:
        return "; ".join(
            f"{results.labels[arm['treatment']]} (n{NBSP}={NBSP}{count(arm['n_randomised'])})"
            for arm in results.rows(tables.ARMS, row["trial"])
        )

    return table_of([by_slug[slug] for slug in trials_of(results)], "The trials of this review", {
        "Trial": lambda row: link(strong(row["name"]), f"trial-{row['trial']}.qmd"),
        "Year": lambda row: unknown(row["year"]), "Arms (patients randomised)": arms,
        "Design": lambda row: unknown(row["design"]),
        "Registration": lambda row: registration(row["registration"]),
        "Publication": lambda row: doi(row["doi"]), "Tier": lambda row: row["tier"],
    })  # fmt: skip


def tiers() -> Markdown:
    """What the tiers of evidence mean."""
    said = (md("{}: {}", strong(tier), meaning) for tier, meaning in TIERS.items())
    return md("{}.", md("; ").join(said))


def contrasts(results: Results) -> Markdown:
    """For each analysis: the hazard ratio that each trial brings, and where it stands."""
    weak = dict.fromkeys(weak_sources(results, name) for name in results.config.analyses)
    return blocks([*weak, by_analysis(results, _contrasts)])


def _contrasts(results: Results, name: str) -> Markdown:
    def outcome(row: Row) -> str:
        known = row["assessor"] in ("bicr", "investigator")
        by = f", {words.ASSESSORS[row['assessor']]}" if known else ""
        return outcome_name(row["outcome"]) + by

    columns: dict[str, Callable[[Row], object]] = {
        "Trial": lambda row: results.trial_names[row["trial"]],
        "Comparison": lambda row: pair(results, row),
        "Hazard ratio (95 % interval)": lambda row: (
            escape(with_limits(published(results, row))) + mark(results, row["source"])),
        "Outcome, assessed by": outcome, "Island": lambda row: str(row["component"]),
    }  # fmt: skip
    if confounded(results, name):
        columns["Later treatment"] = lambda row: _later(results, row)
    columns["Source"] = source_link
    label = f"Published hazard ratios, {results.config.analyses[name].title}"
    listing = table_of(results.studied(name), label, columns)
    return blocks([listing, notes(_in_use(results, name), results)])


def _in_use(results: Results, analysis: str) -> list[dict[str, Any]]:
    """The published contrasts that an analysis takes."""
    keys = ("trial", "report", "outcome", "assessor", "arm")
    used = {tuple(row[key] for key in keys) for row in results.studied(analysis)}
    return [
        row
        for row in results.rows(tables.CONTRASTS)
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
    rows = [{**row, "of": analysis.title} for name, analysis in results.config.analyses.items()
            for row in results.excluded(name)]  # fmt: skip
    return table_of(rows, "Trials that an analysis cannot use", {
        "Analysis": lambda row: row["of"],
        "Trial": lambda row: results.trial_names[row["trial"]],
        "Reason": lambda row: row["reason"],
    }, "Every analysis uses every trial that it names.")  # fmt: skip


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
