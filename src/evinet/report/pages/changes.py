"""What changed since the last release."""

from __future__ import annotations

from evinet import tables
from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    code,
    folded,
    md,
    strong,
    table,
)
from evinet.report.numbers import NBSP, Interval, listing, with_limits
from evinet.report.pages.common import dash
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


def compared(results: Results) -> str:
    """What this run is compared with, in a sentence."""
    last = _last(results)
    if last is None:
        return (
            "No release of this review has been kept yet, so there is nothing to compare with. The "
            "command evinet release keeps a finished run."
        )
    return f"This run is compared with the release {last.name} (evidence to {last.data_cutoff})."


def estimates(results: Results) -> Markdown:
    """Conclusions that turned, and estimates that moved."""
    last = _last(results)
    return md("") if last is None else _moves(results, moves(last.results, results))


def evidence(results: Results) -> Markdown:
    """Trials and values that were added, removed or changed."""
    last = _last(results)
    return md("") if last is None else _evidence(last.results, results)


def settings(results: Results) -> str:
    """Sections of the configuration that changed."""
    last = _last(results)
    found = [] if last is None else changed_settings(last.results, results)
    if not found:
        return "The configuration has not changed."
    return f"These sections of the configuration have changed: {listing(found)}."


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


def _moves(results: Results, found: list[Move]) -> Markdown:
    turned = [move for move in found if move.turned]
    moved = [move for move in found if not move.turned and move.distance > MOVED]
    parts: list[object] = [
        callout("important", "Conclusions that have changed", words.turned(len(turned)))
        if turned else words.turned(0)
    ]  # fmt: skip
    if turned:
        parts.append(_table(results, turned))
    if moved:
        parts += [
            f"No conclusion changed here, but {words.counted(len(moved), 'estimate')} moved by "
            f"more than 0.5{NBSP}%.",
            _table(results, moved[:SHOWN]),
        ]
        if len(moved) > SHOWN:
            parts.append(folded("The others", _table(results, moved[SHOWN:])))
    return blocks(parts)


def _table(results: Results, found: list[Move]) -> Markdown:
    fields = ["Analysis", "Model", "Comparison", "Before", "Now", "What changed"]
    rows = []
    for move in found:
        analysis = results.config.analyses.get(move.analysis)
        model = results.config.models.get(move.model)
        names = [results.labels.get(name, name) for name in (move.treatment, move.comparator)]
        rows.append(
            [analysis.title if analysis else move.analysis,
             model.label if model else move.model, " vs ".join(names),
             _shown(move.before), _shown(move.after), _what(move)]
        )  # fmt: skip
    return table(fields, rows, "Estimates then and now")


def _shown(interval: Interval | None) -> str:
    return "–" if interval is None else with_limits(interval)


def _what(move: Move) -> str:
    if move.before is None:
        return "new"
    return "gone" if move.after is None else words.moved(move.before, move.after)


def _evidence(before: Results, after: Results) -> Markdown:
    old, new = (set(run.evidence(tables.TRIALS)["trial"]) for run in (before, after))
    parts: list[object] = []
    for title, trials, run in (("added", new - old, after), ("removed", old - new, before)):
        if trials:
            named = ", ".join(run.trial_names[trial] for trial in sorted(trials))
            parts.append(f"Trials {title}: {named}.")
    facts = changed_facts(before, after)
    parts.append(
        f"{words.counted(len(facts), 'value').capitalize()} in use "
        f"{'was' if len(facts) == 1 else 'were'} added, removed or changed."
    )
    if facts:
        names = {**before.trial_names, **after.trial_names}
        rows = [
            [names[fact["trial"]], code(fact["path"]), dash(fact["before"]), dash(fact["after"])]
            for fact in facts
        ]
        fields = ["Trial", "Value of", "Before", "Now"]
        parts.append(folded("The values", table(fields, rows, "Values then and now")))
    return blocks(parts)
