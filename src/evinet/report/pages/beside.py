"""Analyses that stand beside another: values that were not chosen, other bridges, other reviews."""

from __future__ import annotations

from functools import partial
from typing import Any

from evinet import tables
from evinet.report.effects import Pair, asked, interval, league, pair, versus
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    heading,
    link,
    md,
)
from evinet.report.numbers import with_limits
from evinet.report.pages.columns import Row, table_of
from evinet.report.pages.common import DAGGER
from evinet.report.results import Fit, Results


def beside(results: Results, main: str, shows: str) -> Markdown:
    """Every analysis beside `main` that a page shows; nothing where there is none.

    Of each: the trials that it adds, and a row for each comparison with a column for each model,
    first those of the main analysis that the other has too, else its first with a bridge.
    """
    parts: list[object] = []
    for name, other in results.beside(main, shows).items():
        assert other.supports is not None
        same = [fit for fit in results.fits(main) if fit.name in other.models]
        own = same or [fit for fit in results.main(main) if fit.model.bridge]
        before, now = (set(results.studies(each)["trial"]) for each in (main, name))
        added = sorted(results.trial_names[trial] for trial in now - before)
        columns = [
            {f"{where}: {fit.model.label}": partial(_answer, league(fit))}
            for where, fits in (("Main analysis", own), ("Here", results.fits(name)))
            for fit in fits
        ]
        parts += [
            heading(3, other.title), other.supports.because,
            md("Trials that it adds: {}.", ", ".join(added)) if added else "",
            "Hazard ratios with 95 % credible intervals. A dagger (†) marks what rests on a "
            "bridge.",
            table_of(results, asked(results, name if other.questions else main), other.title,
                     {"Comparison": lambda pair: versus(results.labels, *pair)}, *columns),
        ]  # fmt: skip
    return blocks(parts)


def _answer(answers: dict[Pair, Row], pair: Any) -> str:
    return said(answers[pair]) if pair in answers else "no chain of trials"


def said(row: Row) -> str:
    """A hazard ratio with its interval, and a mark where it rests on a bridge."""
    return with_limits(interval(row)) + (f" {DAGGER}" if row["bridged"] else "")


def other_bridges(results: Results, main: str) -> Markdown:
    """What another bridge answers where the main one answers too: both rest on an assumption."""
    first = results.bridged(main)
    before = league(first) if first else {}
    items = [
        f"{pair(results, row)}: {said(row)}, not {said(before[asked_for])} ({fit.model.label})"
        for asked_for, row, fit in other_answers(results, main)
    ]
    text = md(
        "Neither assumption can be tested here. Under another one, with other trials, the same "
        "comparisons come out as follows ({}):",
        link("both side by side", "assumptions.qmd#other-bridges"),
    )
    title = "Another assumption gives other answers"
    return callout("warning", title, blocks([text, bullets(items)])) if items else md("")


def other_answers(results: Results, main: str) -> list[tuple[Pair, Row, Fit]]:
    """The questions that only a bridge answers, by the bridges of analyses beside `main`."""
    first = results.bridged(main)
    if first is None:
        return []
    before = league(first)
    return [
        (asked_for, answers[asked_for], fit)
        for name in results.beside(main, "bridge")
        for fit in results.fits(name)
        if fit.model.bridge not in (None, first.model.bridge)
        for answers in [league(fit)]
        for asked_for in asked(results, main)
        if all(found.get(asked_for, {}).get("crosses") for found in (before, answers))
    ]


def would_join(results: Results) -> Markdown:
    """Trials that are known and not used, those first that would connect islands."""
    items = [
        md("**{}**. {} Not used here: {}", trials_named(results, each.trials), each.would_join,
           each.reason[0].lower() + each.reason[1:])
        for each in results.config.conduct.excluded
        if each.would_join
    ]  # fmt: skip
    note = (
        "Where this report says that no trial connects the islands, it speaks of the trials in "
        "use. These randomised trials would connect some of them:"
    )
    return blocks([note, bullets(items)]) if items else escape("The reviewers name no such trial.")


def trials_named(results: Results, trials: list[str]) -> str:
    """Trials by their names, those too that are not entered."""
    return ", ".join(results.trial_names.get(trial, trial) for trial in trials)


def published_networks(results: Results) -> list[Row]:
    """Published estimates, with ours where our networks connect the pair."""
    return [{**row, "ours": _ours(results, row)} for row in results.rows(tables.PUBLISHED_NMAS)]


def _ours(results: Results, row: Row) -> str:
    """Our answer without a bridge, else one with each bridge, of the same outcome."""
    wanted = (row["treatment"], row["comparator"])
    if None in wanted:
        return ""
    labels = " vs ".join(results.labels.get(str(slug), str(slug)) for slug in wanted)
    bridged: dict[str | None, str] = {}
    for name in (*results.config.analyses, *results.supporting):
        if results.analysis(name).outcome != row["outcome"]:
            continue
        for fit in results.fits(name):
            found = league(fit).get(wanted)
            if found and not found["bridged"]:
                return f"{labels}: {said(found)}"
            if found:
                bridged.setdefault(fit.model.bridge, f"{said(found)} ({fit.model.label})")
    return f"{labels}: {'; '.join(bridged.values()) or 'not connected here'}"
