"""Ways through a trial: its contrasts, counts and names, each with its location in the file."""

from __future__ import annotations

from collections.abc import Iterator

from evinet.extract.schema import Contrast, Response, Result, Trial
from evinet.extract.values import Count, Patients

Where = tuple[str | int, ...]


def contrasts(trial: Trial) -> Iterator[tuple[Where, Result | Response, Contrast]]:
    """Every published contrast, with the result or response that it belongs to."""
    for i, result in enumerate(trial.results):
        for j, contrast in enumerate(result.contrasts):
            yield ("results", i, "contrasts", j), result, contrast
    for i, response in enumerate(trial.responses):
        for j, contrast in enumerate(response.contrasts):
            yield ("responses", i, "contrasts", j), response, contrast


def pairs(trial: Trial) -> Iterator[tuple[Where, str, str]]:
    """(location, arm, comparator) wherever two arms are compared."""
    for where, _, contrast in contrasts(trial):
        yield where, contrast.arm, contrast.comparator
    for i, groups in enumerate(trial.subgroups):
        yield ("subgroups", i), groups.arm, groups.comparator


def question(block: Result | Response, contrast: Contrast) -> tuple[object, ...]:
    """What a contrast answers: reports that answer the same compete for analyses."""
    pair = tuple(sorted((contrast.arm, contrast.comparator)))
    return (block.outcome, block.assessor, pair, contrast.measure)


def count(item: Count | None) -> int | None:
    """The number, where it is known."""
    return None if item is None else item.value


def at_most(trial: Trial, arm: str, n: Count | None = None) -> int | None:
    """The most patients that an analysis of an arm can have: its own, or else all randomised."""
    if n is not None:
        return n.value
    return count(trial.arms[arm].n_randomised) if arm in trial.arms else None


def cells(trial: Trial) -> Iterator[tuple[Where, Patients, int | None]]:
    """Every count of a table, with the patients among whom it was made."""
    for i, response in enumerate(trial.responses):
        for slug, responders in response.arms.items():
            yield ("responses", i, "arms", slug), responders, responders.total
    for i, table in enumerate(trial.adverse_events):
        for j, event in enumerate(table.events):
            for slug, cell in event.counts.items():
                where = ("adverse_events", i, "events", j, "counts", slug)
                yield where, cell, cell.total or count(table.totals.get(slug))
    for i, later in enumerate(trial.later_treatment):
        yield ("later_treatment", i), later, later.total
    for i, row in enumerate(trial.population):
        for slug, found in row.counts.items():
            yield ("population", i, "counts", slug), found, found.total or randomised(trial, slug)


def randomised(trial: Trial, slug: str) -> int | None:
    """Patients randomised to an arm, or to `all` of them."""
    arms = list(trial.arms) if slug == "all" else [slug]
    counts = [at_most(trial, arm) for arm in arms]
    known = [number for number in counts if number is not None]
    return sum(known) if known and len(known) == len(counts) else None


def counted(trial: Trial) -> Iterator[tuple[Where, int, int]]:
    """(location, events, patients) wherever both are known: events are never more."""
    for where, events, patients in _counted(trial):
        if events is not None and patients is not None:
            yield where, events, patients


def _counted(trial: Trial) -> Iterator[tuple[Where, int | None, int | None]]:
    for slug, arm in trial.arms.items():
        yield ("arms", slug, "n_treated"), count(arm.n_treated), count(arm.n_randomised)
    for i, result in enumerate(trial.results):
        for slug, found in result.arms.items():
            where = ("results", i, "arms", slug, "events")
            yield where, count(found.events), at_most(trial, slug, found.n)
    for i, groups in enumerate(trial.subgroups):
        for j, level in enumerate(groups.levels):
            for side in ("in_arm", "in_comparator"):
                pair = getattr(level, side)
                if pair:
                    yield ("subgroups", i, "levels", j, side), pair.events, pair.n
    for location, cell, total in cells(trial):
        yield location, cell.n, total


def names(trial: Trial) -> Iterator[tuple[Where, str, str]]:
    """(location, `arm` or `report`, name) wherever one is named."""
    for section in ("results", "responses", "subgroups", "adverse_events"):
        for i, block in enumerate(getattr(trial, section)):
            yield (section, i, "report"), "report", block.report
            for key in ("arms", "totals"):
                for arm in getattr(block, key, {}):
                    yield (section, i, key, arm), "arm", arm
    yield from _compared(trial)
    yield from _tabled(trial)


def _compared(trial: Trial) -> Iterator[tuple[Where, str, str]]:
    for where, arm, comparator in pairs(trial):
        yield (*where, "arm"), "arm", arm
        yield (*where, "comparator"), "arm", comparator


def _tabled(trial: Trial) -> Iterator[tuple[Where, str, str]]:
    for i, later in enumerate(trial.later_treatment):
        yield ("later_treatment", i, "arm"), "arm", later.arm
    for i, table in enumerate(trial.adverse_events):
        for j, event in enumerate(table.events):
            for arm in event.counts:
                yield ("adverse_events", i, "events", j, "counts", arm), "arm", arm
    for i, row in enumerate(trial.population):
        for arm in row.counts:
            if arm != "all":
                yield ("population", i, "counts", arm), "arm", arm
