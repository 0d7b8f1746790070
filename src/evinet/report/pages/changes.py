"""What changed since the last release."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from evinet import tables
from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    folded,
    md,
    strong,
)
from evinet.report.numbers import NBSP, Interval, listing, with_limits
from evinet.report.pages.columns import dash, table_of
from evinet.report.pages.common import value_names
from evinet.report.releases import (
    Move,
    Release,
    changed_facts,
    changed_settings,
    moves,
    releases_of,
)
from evinet.report.results import Results

SHOWN = 20
MOVED = 1.005
"""Factor beyond which an estimate counts as moved."""


def _since_last(show: Callable[[Results, Results], Markdown]) -> Callable[[Results], Markdown]:
    """Make what compares two runs compare a run with the last release; nothing without one."""

    @wraps(show)
    def shown(results: Results) -> Markdown:
        last = _last(results)
        return show(last.results, results) if last else md("")

    return shown


def compared(results: Results) -> str:
    """What this run is compared with, in a sentence."""
    last = _last(results)
    if last is None:
        return (
            "No release of this review has been kept yet, so there is nothing to compare with. The "
            "command evinet release keeps a finished run."
        )
    return f"This run is compared with the release {last.name} (evidence to {last.data_cutoff})."


@_since_last
def estimates(before: Results, results: Results) -> Markdown:
    """Conclusions that turned, and estimates that moved."""
    found = moves(before, results)
    turned = [move for move in found if move.turned]
    moved = [move for move in found if not move.turned and move.distance > MOVED]
    said = words.turned(len(turned))
    return blocks([
        callout("important", "Conclusions that have changed", said) if turned else said,
        _table(results, turned),
        f"No conclusion changed here, but {words.counted(len(moved), 'estimate')} moved by more "
        f"than 0.5{NBSP}%." if moved else "",
        _table(results, moved[:SHOWN]),
        folded("The others", _table(results, moved[SHOWN:])) if moved[SHOWN:] else "",
    ])  # fmt: skip


@_since_last
def evidence(before: Results, results: Results) -> Markdown:
    """Trials and values that were added, removed or changed."""
    old, new = (set(run.evidence(tables.TRIALS)["trial"]) for run in (before, results))
    facts, names = changed_facts(before, results), {**before.trial_names, **results.trial_names}
    listed = table_of(results, facts, "Values then and now", {
        "Trial": lambda fact: names[fact["trial"]],
        "Value of": lambda fact: value_names(results, fact["trial"])(fact["path"]),
        "Before": lambda fact: dash(fact["before"]), "Now": lambda fact: dash(fact["after"]),
    })  # fmt: skip
    return blocks([
        *(f"Trials {what}: {', '.join(names[trial] for trial in sorted(trials))}."
          for what, trials in (("added", new - old), ("removed", old - new)) if trials),
        f"{words.counted(len(facts), 'value').capitalize()} in use "
        f"{'was' if len(facts) == 1 else 'were'} added, removed or changed.",
        folded("The values", listed) if facts else "",
    ])  # fmt: skip


@_since_last
def settings(before: Results, results: Results) -> Markdown:
    """Sections of the configuration that changed."""
    found = changed_settings(before, results)
    these = f"These sections of the configuration have changed: {listing(found)}."
    return escape(these if found else "The configuration has not changed.")


def kept(results: Results) -> Markdown:
    """The releases that were kept, the newest first."""
    found = releases_of(results)
    return bullets(
        md("{}: evidence to {}", strong(release.name), release.data_cutoff)
        for release in reversed(found)
    ) or md("No release was kept.")


def _last(results: Results) -> Release | None:
    found = releases_of(results)
    return found[-1] if found else None


def _table(results: Results, found: list[Move]) -> Markdown:
    analyses, models, labels = results.config.analyses, results.config.models, results.labels

    def shown(interval: Interval | None) -> str:
        return "–" if interval is None else with_limits(interval)

    def what(move: Move) -> str:
        if move.before is None:
            return "new"
        return "gone" if move.after is None else words.moved(move.before, move.after)

    return table_of(results, found, "Estimates then and now", {
        "Analysis": lambda move: (
            analyses[move.analysis].title if move.analysis in analyses else move.analysis),
        "Model": lambda move: models[move.model].label if move.model in models else move.model,
        "Comparison": lambda move: " vs ".join(
            labels.get(name, name) for name in (move.treatment, move.comparator)),
        "Before": lambda move: shown(move.before), "Now": lambda move: shown(move.after),
        "What changed": what,
    })  # fmt: skip
