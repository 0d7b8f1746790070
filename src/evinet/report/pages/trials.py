"""The trials side by side: what was compared, in whom, and how alike their patients are."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.effects import pair, published
from evinet.report.figures.populations import shares
from evinet.report.markdown import (
    Field,
    Markdown,
    blocks,
    escape,
    folded,
    link,
    md,
    strong,
    table,
)
from evinet.report.numbers import NBSP, count, limits, outcome_name, percent, ratio
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
    for slug in _slugs(results):
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
        Field("Trial", "l", 10), Field("Year", "l", 5),
        Field("Arms (patients randomised)", "l", 34), Field("Design", "l", 20),
        Field("Registration", "l", 12), Field("Publication", "l", 16), Field("Tier", "c", 4),
    ]  # fmt: skip
    return table(fields, rows, "The trials of this review")


def tiers() -> Markdown:
    """What the tiers of evidence mean."""
    said = (md("{}: {}", strong(tier), meaning) for tier, meaning in TIERS.items())
    return md("{}.", md("; ").join(said))


def contrasts(results: Results) -> Markdown:
    """For each analysis: the hazard ratio that each trial brings, and where it stands."""
    return by_analysis(results, _contrasts)


def _contrasts(results: Results, name: str) -> Markdown:
    rows, later = [], confounded(results, name)
    for row in records(results.studies(name)):
        ratios = published(results, row)
        outcome = outcome_name(row["outcome"])
        if row["assessor"] in ("bicr", "investigator"):
            outcome += f", {words.ASSESSORS[row['assessor']]}"
        rows.append(
            [results.trial_names[row["trial"]], pair(results, row),
             escape(f"{ratio(ratios.estimate)} ({limits(ratios)})") + mark(results, row["source"]),
             outcome, str(row["component"]), *([_later(results, row)] if later else []),
             source_link(row)]
        )  # fmt: skip
    fields = [
        Field("Trial", "l", 14), Field("Comparison", "l", 26),
        Field("Hazard ratio (95 % interval)", "l", 16), Field("Outcome, assessed by", "l", 16),
        Field("Island", "c", 6), *([Field("Later treatment", "l", 26)] if later else []),
        Field("Source", "l", 24),
    ]  # fmt: skip
    label = f"Published hazard ratios, {results.config.analyses[name].title}"
    said = notes(_in_use(results, name), results)
    return blocks([table(fields, rows, label), weak_sources(results, name), said])


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
    fields = [Field("Analysis", "l", 18), Field("Trial", "l", 12), Field("Reason", "l", 50)]
    return table(fields, lines, "Trials that an analysis cannot use")


def subgroups(results: Results) -> Markdown:
    """Effects in subgroups by what may change effects, of every trial of the analyses."""
    wanted = [name for each in results.config.conduct.modifiers for name in each.characteristics]
    frame = results.evidence(tables.SUBGROUPS)
    rows = [row for slug in _slugs(results) for row in records(frame[frame["trial"] == slug])]
    shown = [row for row in rows if row["characteristic"] in wanted or not wanted]
    if not shown:
        return escape("No trial published effects in such subgroups.")
    fields = [
        Field("Trial", "l", 12), Field("Outcome", "l", 8), Field("By", "l", 16),
        Field("Subgroup", "l", 20), Field("Patients, comparator's", "l", 12),
        Field("Hazard ratio (95 % interval)", "l", 18),
    ]  # fmt: skip
    lines = []
    for row in sorted(shown, key=lambda row: wanted.index(row["characteristic"]) if wanted else 0):
        given = row["lower"] is not None and row["upper"] is not None
        interval = f" ({row['lower']:g}{NBSP}to{NBSP}{row['upper']:g})" if given else ""
        said = None if row["estimate"] is None else f"{row['estimate']:g}{interval}"
        lines.append([
            link(results.trial_names[row["trial"]], f"trial-{row['trial']}.qmd"),
            outcome_name(row["outcome"]), slug_words(row["characteristic"]), row["level_name"],
            f"{count(row['n_arm'])}, {count(row['n_comparator'])}",
            with_source(unknown(said), row),
        ])  # fmt: skip
    return table(fields, lines, "Effects in subgroups")


def populations(results: Results) -> Markdown:
    """What each trial printed about its patients: a row for each characteristic."""
    slugs = _slugs(results)
    frame = results.evidence(tables.POPULATIONS)
    told = records(frame[frame["trial"].isin(slugs)])
    known = shares(frame, results.evidence(tables.ARMS)).itertuples(index=False, name=None)
    percents = {(trial, what, category): percent for trial, what, category, percent in known}
    cells = _cells(told, percents)
    order = sorted(cells, key=lambda what: (-len(cells[what]), what))
    fields = [Field("Characteristic", "l", 14)]
    fields += [Field(results.trial_names[slug], "l", 17) for slug in slugs]
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


def _slugs(results: Results) -> list[str]:
    used = [trial for a in results.config.analyses.values() for trial in a.trials]
    return list(dict.fromkeys(used))
