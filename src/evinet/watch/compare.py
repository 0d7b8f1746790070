"""What a record brings that was not known before."""

from __future__ import annotations

from collections.abc import Iterator

from evinet.watch.memory import Row
from evinet.watch.record import NOT_FOUND, REGISTRY, Record

WATCHED = {"status": "status", "results_posted": "results posted", "notice": "notice"}
"""Field of a record -> what a change of it is called."""


def changes(before: Record, now: Record) -> Iterator[Row]:
    """News of a record that was seen before: a row for each watched field that changed."""
    for name, what in WATCHED.items():
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            yield _row(now, what, old, new)


def first_sight(now: Record, asked_before: bool, known: bool, ongoing: bool) -> Iterator[Row]:
    """News of a record that was never seen.

    Parameters
    ----------
    asked_before
        A question that finds it was asked before, so that it is new in the world and not only
        to us.
    known
        The review has the trial, or cites the publication. Then what the review cannot have
        taken into account is news even at first sight: a number that the service does not know,
        a retraction, results of a trial that the review holds to be `ongoing`.
    """
    if known:
        if now.status == NOT_FOUND:
            yield _row(now, WATCHED["status"], None, now.status)
        if now.notice:
            yield _row(now, WATCHED["notice"], None, now.notice)
        if now.results_posted and ongoing:
            yield _row(now, WATCHED["results_posted"], None, now.results_posted)
    elif asked_before:
        what = "new trial" if now.database == REGISTRY else "new publication"
        yield _row(now, what, None, now.status or now.published)


def _row(now: Record, what: str, before: str | None, after: str | None) -> Row:
    return {
        "database": now.database, "id": now.id, "trials": ", ".join(now.trials) or None,
        "title": now.title, "what": what, "before": before, "after": after,
    }  # fmt: skip
