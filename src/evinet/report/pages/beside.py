"""Analyses that stand beside another: values that were not chosen, and other bridges."""

from __future__ import annotations

from typing import Any

from evinet.config import Analysis
from evinet.report.effects import Pair, asked, interval, league, versus
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    heading,
    link,
    md,
    table,
)
from evinet.report.numbers import with_limits
from evinet.report.pages.common import bridge_text
from evinet.report.results import Fit, Results


def beside(results: Results, analysis: str, shows: str) -> Markdown:
    """Every analysis beside `analysis` that a page shows; nothing where there is none."""
    found = results.beside(analysis, shows)
    return blocks(_one(results, analysis, name, each) for name, each in found.items())


def _one(results: Results, main: str, name: str, other: Analysis) -> Markdown:
    assert other.supports is not None
    fits = results.fits(name)
    own = _own(results, main, other)
    pairs = asked(results, name) if other.questions else asked(results, main)
    bridges = {fit.model.bridge: fit for fit in fits if fit.model.bridge}
    assumed = [
        md("**{}**: {}", fit.model.label, bridge_text(results, fit)) for fit in bridges.values()
    ]
    return blocks([
        heading(3, other.title),
        other.supports.because,
        _trials(results, main, name),
        bullets(assumed) if other.supports.shows == "bridge" and assumed else "",
        _table(results, other, pairs, own, fits),
    ])  # fmt: skip


def _own(results: Results, main: str, other: Analysis) -> list[Fit]:
    """The models of the main analysis that the other has too, else its first with a bridge."""
    same = [fit for fit in results.fits(main) if fit.name in other.models]
    bridged = results.bridged(main)
    return same or ([bridged] if bridged else [])


def _trials(results: Results, main: str, name: str) -> Markdown:
    """Which trials it adds."""
    before, now = (set(results.studies(each)["trial"]) for each in (main, name))
    added = sorted(results.trial_names[trial] for trial in now - before)
    return md("Trials that it adds: {}.", ", ".join(added)) if added else md("")


def _table(
    results: Results, other: Analysis, pairs: list[Pair], own: list[Fit], fits: list[Fit]
) -> Markdown:
    """A row for each comparison, a column for each model: first those of the main analysis."""
    columns = [("Main analysis", fit) for fit in own] + [("Here", fit) for fit in fits]
    fields = ["Comparison"]
    fields += [f"{where}: {fit.model.label}" for where, fit in columns]
    answers = [league(fit) for _, fit in columns]
    rows = [
        [versus(results.labels, *pair),
         *(_said(each.get(pair)) for each in answers)]
        for pair in pairs
    ]  # fmt: skip
    note = "Hazard ratios with 95 % credible intervals. A dagger (†) marks what rests on a bridge."
    return blocks([note, table(fields, rows, other.title)])


def _said(row: dict[str, Any] | None) -> str:
    if row is None:
        return "no chain of trials"
    return said(row)


def said(row: dict[str, Any]) -> str:
    """A hazard ratio with its interval, and a mark where it rests on a bridge."""
    ratios = interval(row)
    mark = " †" if row["bridged"] else ""
    return f"{with_limits(ratios)}{mark}"


def other_bridges(results: Results, main: str) -> Markdown:
    """What another bridge answers where the main one answers too: both rest on an assumption."""
    first = results.bridged(main)
    if first is None:
        return md("")
    before = league(first)
    items = [
        f"{versus(results.labels, *pair)}: {said(row)}, not {said(before[pair])} "
        f"({fit.model.label})"
        for pair, row, fit in other_answers(results, main)
    ]
    if not items:
        return md("")
    text = md(
        "Neither assumption can be tested here. Under another one, with other trials, the same "
        "comparisons come out as follows ({}):",
        link("both side by side", "assumptions.qmd#other-bridges"),
    )
    return callout(
        "warning", "Another assumption gives other answers", blocks([text, bullets(items)])
    )


def other_answers(results: Results, main: str) -> list[tuple[Pair, dict[str, Any], Fit]]:
    """The questions that only a bridge answers, by the bridges of analyses beside `main`."""
    first = results.bridged(main)
    if first is None:
        return []
    before = {pair for pair, row in league(first).items() if row["crosses"]}
    found = []
    for name in results.beside(main, "bridge"):
        for fit in results.fits(name):
            if fit.model.bridge in (None, first.model.bridge):
                continue
            now = {pair: row for pair, row in league(fit).items() if row["crosses"]}
            found += [(pair, now[pair], fit) for pair in asked(results, main)
                      if pair in before and pair in now]  # fmt: skip
    return found


def would_join(results: Results) -> Markdown:
    """Trials that are known and not used, those first that would connect islands."""
    known = results.config.conduct.excluded
    items = [
        md(
            "**{}**. {} Not used here: {}",
            _named(results, each.trials),
            each.would_join or "",
            each.reason[0].lower() + each.reason[1:],
        )
        for each in known
        if each.would_join
    ]
    if not items:
        return escape("The reviewers name no such trial.")
    note = (
        "Where this report says that no trial connects the islands, it speaks of the trials in "
        "use. These randomised trials would connect some of them:"
    )
    return blocks([note, bullets(items)])


def excluded_trials(results: Results) -> Markdown:
    """Every trial that the reviewers left out, with the reason."""
    known = results.config.conduct.excluded
    if not known:
        return escape("No trial was left out by name.")
    rows = [[_named(results, each.trials), each.reason, each.would_join] for each in known]
    fields = ["Trials", "Reason", "Would connect"]
    return table(fields, rows, "Trials that the reviewers left out")


def _named(results: Results, trials: list[str]) -> str:
    return ", ".join(results.trial_names.get(trial, trial) for trial in trials)
