"""Analyses that stand beside another: values that were not chosen, and other bridges."""

from __future__ import annotations

from typing import Any

from evinet.config import Analysis
from evinet.report.effects import contrasts, interval
from evinet.report.markdown import Field, bullets, callout, escape, table
from evinet.report.numbers import limits, ratio
from evinet.report.pages.common import bridge_text
from evinet.report.results import Fit, Results
from evinet.report.rows import records

Pair = tuple[str, str]


def beside(results: Results, analysis: str, shows: str) -> str:
    """Every analysis beside `analysis` that a page shows; nothing where there is none."""
    found = results.beside(analysis, shows)
    return "\n".join(_one(results, analysis, name, each) for name, each in found.items())


def _one(results: Results, main: str, name: str, other: Analysis) -> str:
    assert other.supports is not None
    fits = results.fits(name)
    own = _own(results, main, other)
    asked = _asked(results, main, other)
    bridges = {fit.model.bridge: fit for fit in fits if fit.model.bridge}
    assumed = [
        f"**{escape(fit.model.label)}**: {bridge_text(results, fit)}" for fit in bridges.values()
    ]
    return "\n".join([
        f"### {escape(other.title)}\n",
        escape(other.supports.because) + "\n",
        _trials(results, main, name),
        bullets(assumed) if other.supports.shows == "bridge" and assumed else "",
        _table(results, other, asked, own, fits),
    ])  # fmt: skip


def _own(results: Results, main: str, other: Analysis) -> list[Fit]:
    """The models of the main analysis that the other has too, else its first with a bridge."""
    same = [fit for fit in results.fits(main) if fit.name in other.models]
    bridged = results.bridged(main)
    return same or ([bridged] if bridged else [])


def _asked(results: Results, main: str, other: Analysis) -> list[Pair]:
    """The comparisons to show: the other's questions, else those of the main analysis."""
    questions = other.questions or results.analysis(main).questions
    if questions:
        return [(each.treatment, each.comparator) for each in questions]
    fits = filter(None, (results.unbridged(main), results.bridged(main)))
    rows = [row for fit in fits for row in contrasts(results, fit)]
    return list(dict.fromkeys((row["treatment"], row["comparator"]) for row in rows))


def league(fit: Fit) -> dict[Pair, dict[str, Any]]:
    """Every comparison that a fit can make."""
    return {(row["treatment"], row["comparator"]): row for row in records(fit.league)}


def _trials(results: Results, main: str, name: str) -> str:
    """Which trials it adds."""
    before, now = (set(results.studies(each)["trial"]) for each in (main, name))
    added = sorted(results.trial_names[trial] for trial in now - before)
    return f"Trials that it adds: {escape(', '.join(added))}.\n" if added else ""


def _table(
    results: Results, other: Analysis, asked: list[Pair], own: list[Fit], fits: list[Fit]
) -> str:
    """A row a comparison, a column a model: first of the main analysis, then of this one."""
    columns = [("Main analysis", fit) for fit in own] + [("Here", fit) for fit in fits]
    fields = [Field("Comparison", "l", 30)]
    fields += [Field(f"{where}: {escape(fit.model.label)}", "l", 18) for where, fit in columns]
    answers = [league(fit) for _, fit in columns]
    rows = [
        [_names(results, pair),
         *(_said(each.get(pair)) for each in answers)]
        for pair in asked
    ]  # fmt: skip
    note = "Hazard ratios with 95 % intervals. † rests on a bridge.\n\n"
    return note + table(fields, rows, other.title)


def _said(row: dict[str, Any] | None) -> str:
    if row is None:
        return "no chain of trials"
    return said(row)


def said(row: dict[str, Any]) -> str:
    """A hazard ratio with its interval, and a mark where it rests on a bridge."""
    ratios = interval(row)
    mark = " †" if row["bridged"] else ""
    return f"{ratio(ratios.estimate)} ({limits(ratios)}){mark}"


def other_bridges(results: Results, main: str) -> str:
    """What another bridge answers where the main one answers too: both rest on an assumption."""
    first = results.bridged(main)
    if first is None:
        return ""
    before = {pair: row for pair, row in league(first).items() if row["bridged"]}
    asked = _asked(results, main, results.analysis(main))
    items = []
    for name in results.beside(main, "bridge"):
        for fit in results.fits(name):
            if fit.model.bridge in (None, first.model.bridge):
                continue
            now = {pair: row for pair, row in league(fit).items() if row["bridged"]}
            items += [
                f"{_names(results, pair)}: {said(now[pair])}, not {said(before[pair])} "
                f"({escape(fit.model.label)})"
                for pair in asked
                if pair in before and pair in now
            ]
    if not items:
        return ""
    text = (
        "Neither assumption can be tested here. Under another one, with other trials, the same "
        "comparisons come out as follows ([both side by side](assumptions.qmd)):\n\n"
    )
    return callout("warning", "Another assumption gives other answers", text + bullets(items))


def _names(results: Results, pair: Pair) -> str:
    return f"{escape(results.labels[pair[0]])} v {escape(results.labels[pair[1]])}"


def would_join(results: Results) -> str:
    """Trials that are known and not used, those first that would connect islands."""
    known = results.config.conduct.excluded
    items = [
        f"**{escape(_named(results, each.trials))}**. {escape(each.would_join or '')} "
        f"Not used here: {escape(each.reason[0].lower() + each.reason[1:])}"
        for each in known
        if each.would_join
    ]
    if not items:
        return ""
    return (
        "That no trial connects the islands is said of the trials in use. These randomised trials "
        "would connect some of them:\n\n" + bullets(items)
    )


def excluded_trials(results: Results) -> str:
    """Every trial that the reviewers left out, with the reason."""
    known = results.config.conduct.excluded
    if not known:
        return "No trial was left out by name.\n"
    rows = [
        [escape(_named(results, each.trials)), escape(each.reason), escape(each.would_join or "")]
        for each in known
    ]
    fields = [Field("Trials", "l", 22), Field("Why not", "l", 40), Field("Would connect", "l", 34)]
    return table(fields, rows, "Trials that the reviewers left out")


def _named(results: Results, trials: list[str]) -> str:
    return ", ".join(results.trial_names.get(trial, trial) for trial in trials)
