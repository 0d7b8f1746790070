"""The trials side by side: what was compared, in whom, and how alike their patients are."""

from __future__ import annotations

from functools import partial

from evinet import tables
from evinet.conduct import Modifier
from evinet.report import words
from evinet.report.effects import published
from evinet.report.figures.populations import modifiers_of, shares
from evinet.report.markdown import (
    Markdown,
    blocks,
    escape,
    md,
    strong,
)
from evinet.report.numbers import NBSP, outcome_name, percent, with_limits
from evinet.report.pages.beyond import trials_of
from evinet.report.pages.columns import (
    Row,
    mark,
    slug_words,
    source_link,
    table_of,
    unknown,
    with_source,
)
from evinet.report.pages.common import AWAITING, each_analysis, exhibit
from evinet.report.pages.later import confounded, of_study
from evinet.report.pages.notes import notes, weak_sources
from evinet.report.results import Results

TIERS = {
    "A": "a survival curve was published and digitised",
    "B": "numbers at risk were published, and patients were reconstructed from them",
    "C": "only summaries were published: such a trial can enter by its hazard ratio alone",
}


def listed(results: Results) -> list[Row]:
    """The trials of the analyses."""
    by_slug = {row["trial"]: row for row in results.rows(tables.TRIALS)}
    return [by_slug[slug] for slug in trials_of(results)]


def tiers() -> Markdown:
    """What the tiers of evidence mean."""
    said = (md("{}: {}", strong(tier), meaning) for tier, meaning in TIERS.items())
    return md("{}.", md("; ").join(said))


def contrasts(results: Results) -> Markdown:
    """For each analysis: the hazard ratio that each trial brings, and where it stands."""
    weak = dict.fromkeys(weak_sources(results, name) for name in results.config.analyses)
    return blocks([*weak, _contrasts(results)])


@each_analysis()
def _contrasts(results: Results, name: str) -> Markdown:
    def outcome(row: Row) -> str:
        known = row["assessor"] in ("bicr", "investigator")
        by = f", {words.ASSESSORS[row['assessor']]}" if known else ""
        return outcome_name(row["outcome"]) + by

    listing = table_of(
        results, results.studied(name),
        f"Published hazard ratios, {results.config.analyses[name].title}", "Trial, Comparison",
        {
            "Hazard ratio (95 % interval)": lambda row: (
                escape(with_limits(published(results, row))) + mark(results, row["source"])),
            "Outcome, assessed by": outcome, "Island": lambda row: str(row["component"]),
        },
        {"Later treatment": lambda row: md("; ").join(of_study(results, row))}
        if confounded(results, name) else {},
        {"Source": source_link},
    )  # fmt: skip
    keys = ("trial", "report", "outcome", "assessor", "arm")
    used = {tuple(row[key] for key in keys) for row in results.studied(name)}
    taken = [row for row in results.rows(tables.CONTRASTS)
             if row["selected"] and tuple(row[key] for key in keys) in used]  # fmt: skip
    return blocks([listing, notes(taken, results)])


def excluded(results: Results) -> list[Row]:
    """The trials that an analysis names and cannot use, with the reason."""
    return [{**row, "analysis": name} for name in results.config.analyses
            for row in results.excluded(name)]  # fmt: skip


def populations(results: Results) -> Markdown:
    """What each trial says of its patients, by what may change effects, and the judgements.

    Where the reviewers have not named what may change effects: each characteristic of two trials.
    """
    asked = results.config.conduct.modifiers
    slugs = trials_of(results)
    rows = asked or modifiers_of(results.rows(tables.POPULATIONS), slugs)
    percents = _percents(results)

    def told(slug: str, each: Modifier) -> Markdown:
        return md("; ").join(described(results, slug, each.characteristics, percents)) or unknown(
            None
        )

    none = "No two trials describe their patients by the same characteristic."
    return blocks([
        exhibit(results, "populations", optional=True),
        table_of(results, rows, "The patients of the trials", {
            "May change effects" if asked else "Characteristic": lambda each: (
                md("**{}**: {}", each.label, each.why) if asked else each.label),
            **{results.trial_names[slug]: partial(told, slug) for slug in slugs},
        }, {"Judgement": _judged} if asked else {}, none=none),
    ])  # fmt: skip


def _judged(modifier: Modifier) -> Markdown:
    if modifier.judgement is None:
        return AWAITING
    who = md(" ({})", modifier.reviewer) if modifier.reviewer else ""
    return escape(modifier.judgement) + who


def _percents(results: Results) -> dict[tuple[str, str, str], float]:
    frame = shares(results.evidence(tables.POPULATIONS), results.evidence(tables.ARMS))
    return {tuple(key): percent for *key, percent in frame.itertuples(index=False, name=None)}


def described(
    results: Results, trial: str, names: list[str],
    percents: dict[tuple[str, str, str], float] | None = None,
) -> list[Markdown]:  # fmt: skip
    """What a trial says of characteristics: of all its patients, else arm by arm."""
    percents = _percents(results) if percents is None else percents
    given = set(results.evidence(tables.POPULATIONS)["characteristic"])
    names = [name for name in names if name in given]
    rows = [row for row in results.rows(tables.POPULATIONS, trial)
            if row["characteristic"] in names]  # fmt: skip
    whole = {(row["characteristic"], row["category"]) for row in rows if row["arm"] is None}
    said: dict[tuple[str | None, ...], Markdown] = {}
    for row in sorted(rows, key=lambda row: names.index(row["characteristic"])):
        key = (row["characteristic"], row["category"])
        share = percents.get((trial, *key))
        if share is None and row["arm"] is not None and key in whole:
            continue
        printed = None if row["percent"] is None else f"{row['percent']:g}{NBSP}%"
        value = percent(share / 100) if share is not None else row["value"] or printed or row["n"]
        of_arm = share is None and row["arm"] is not None
        if value is None or (*key, row["arm"] if of_arm else None) in said:
            continue
        what = " ".join(filter(None, [
            slug_words(row["characteristic"]) if len(names) > 1 else "", row["category"],
        ]))  # fmt: skip
        text = f"{what}: {value}" if what else str(value)
        text += f" ({results.arm_names(trial)[row['arm']]})" if of_arm else ""
        said[*key, row["arm"] if of_arm else None] = with_source(text, row)
    return list(said.values())
