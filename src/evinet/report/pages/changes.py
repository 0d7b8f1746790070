"""What changed since the last release."""

from __future__ import annotations

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Field, bullets, callout, escape, folded, table
from evinet.report.numbers import NBSP, Interval, limits, ratio
from evinet.report.releases import Move, changed_facts, changed_settings, moves, releases_of
from evinet.report.results import Results

SHOWN = 20
MOVED = 1.005
"""Factor beyond which an estimate counts as moved."""


def changes(results: Results) -> str:
    """The page."""
    releases = releases_of(results)
    if not releases:
        return (
            "No release of this review has been kept yet, so there is nothing to compare with. "
            "`evinet release NAME` keeps a finished run.\n"
        )
    last = releases[-1]
    kept = bullets(
        f"**{escape(release.name)}**: evidence to {escape(release.data_cutoff)}"
        for release in reversed(releases)
    )
    return "\n".join(
        [
            f"This run is compared with the release **{escape(last.name)}** (evidence to "
            f"{escape(last.data_cutoff)}).\n",
            "## Conclusions and estimates\n", _moves(results, moves(last.results, results)),
            "## Evidence\n", *_evidence(last.results, results),
            "## Configuration\n", _settings(last.results, results),
            "## Releases that were kept\n", kept,
        ]
    )  # fmt: skip


def _moves(results: Results, found: list[Move]) -> str:
    turned = [move for move in found if move.turned]
    moved = [move for move in found if not move.turned and move.distance > MOVED]
    parts = [
        callout("important", "Conclusions that turned", words.turned(len(turned)))
        if turned else words.turned(0) + "\n"
    ]  # fmt: skip
    if turned:
        parts.append(_table(results, turned))
    if moved:
        parts += [
            f"The interval lies about 1 as before, but {words.counted(len(moved), 'estimate')} "
            f"moved by more than 0.5{NBSP}%.\n",
            _table(results, moved[:SHOWN]),
        ]
        if len(moved) > SHOWN:
            parts.append(folded("The others", _table(results, moved[SHOWN:])))
    return "\n".join(parts)


def _table(results: Results, found: list[Move]) -> str:
    fields = [
        Field("Analysis", "l", 16), Field("Model", "l", 24), Field("Comparison", "l", 28),
        Field("Before", "l", 14), Field("Now", "l", 14), Field("What moved", "l", 24),
    ]  # fmt: skip
    rows = []
    for move in found:
        analysis = results.config.analyses.get(move.analysis)
        model = results.config.models.get(move.model)
        names = [results.labels.get(name, name) for name in (move.treatment, move.comparator)]
        rows.append(
            [escape(analysis.title if analysis else move.analysis),
             escape(model.label if model else move.model), escape(" v ".join(names)),
             _shown(move.before), _shown(move.after), _what(move)]
        )  # fmt: skip
    return table(fields, rows, "Estimates then and now")


def _shown(interval: Interval | None) -> str:
    return "–" if interval is None else f"{ratio(interval.estimate)} ({limits(interval)})"


def _what(move: Move) -> str:
    if move.before is None:
        return "new"
    return "gone" if move.after is None else escape(words.moved(move.before, move.after))


def _evidence(before: Results, after: Results) -> list[str]:
    old, new = (set(run.evidence(tables.TRIALS)["trial"]) for run in (before, after))
    parts = []
    for title, trials, run in (("added", new - old, after), ("removed", old - new, before)):
        if trials:
            named = ", ".join(escape(run.trial_names[trial]) for trial in sorted(trials))
            parts.append(f"Trials {title}: {named}.\n")
    facts = changed_facts(before, after)
    parts.append(
        f"{words.counted(len(facts), 'value').capitalize()} in use added, removed or changed.\n"
    )
    if facts:
        names = {**before.trial_names, **after.trial_names}
        rows = [
            [escape(names[fact["trial"]]), f"`{fact['path']}`",
             *(escape(fact[when]) if fact[when] is not None else "–"
               for when in ("before", "after"))]
            for fact in facts
        ]  # fmt: skip
        fields = [
            Field("Trial", "l", 11), Field("What", "l", 30), Field("Before", "l", 20),
            Field("Now", "l", 20),
        ]  # fmt: skip
        parts.append(folded("The values", table(fields, rows, "Values then and now")))
    return parts


def _settings(before: Results, after: Results) -> str:
    found = changed_settings(before, after)
    if not found:
        return "The configuration is as it was.\n"
    return "Changed sections: " + ", ".join(f"`{name}`" for name in found) + ".\n"
