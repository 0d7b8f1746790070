"""Plausibility of counts: percentages, events, subgroups and dates."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from evinet.extract.facts import facts
from evinet.extract.finding import Finding, decimals, graded, name
from evinet.extract.load import Evidence
from evinet.extract.schema import Result, Subgroups, Trial
from evinet.extract.walk import at_most, cells, counted


def percent_count(evidence: Evidence) -> Iterator[Finding]:
    """A percentage is its count over its total, rounded as printed.

    A warning from half a unit of the last digit, a failure from one and a half.
    """
    for location, cell, total in cells(evidence.trial):
        if cell.n is None or not total or cell.percent is None:
            continue
        exact = 100 * cell.n / total
        unit = 10.0 ** -decimals(cell.percent)
        if cell.percent.startswith("<"):
            off = max(0.0, exact - float(cell.percent[1:]))
            verdict = "pass" if exact < float(cell.percent[1:]) else "fail"
        else:
            off = float(cell.percent) - exact
            verdict = graded(abs(off) / unit - 1e-9, 0.5, 1.5)
        yield Finding(
            name(evidence, location),
            "percent-count",
            verdict,
            f"{cell.n}/{total} as {cell.percent}%",
            f"{exact:.2f}%",
            off,
        )


_NUMBER = re.compile(r"\d{1,3}(?:[, ]\d{3})+(?!\d)|\d*[.,·]\d+|\d+")
_IN_WORDS = re.compile(
    r"\b(?:no|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty|hundred)\b",
    re.IGNORECASE,
)
_UNITS = (1, 0.01, 12, 12 / 365.25, 7 * 12 / 365.25)
"""What a printed number is multiplied by: per cent, and years, days and weeks in months."""


def as_printed(evidence: Evidence) -> Iterator[Finding]:
    """A value is one of the numbers of `printed`, in its unit.

    A failure where it is a power of ten off, as 2750 printed as `n=275`; any other is a warning.
    """
    for fact in facts(evidence.written):
        value, printed = fact.value, fact.printed or ""
        found = [match.group() for match in _NUMBER.finditer(printed)]
        if isinstance(value, bool) or not isinstance(value, int | float) or not found:
            continue
        if _IN_WORDS.search(printed):
            continue
        each = [_times_off(value, number) for number in found]
        off = min(each) and max(each)
        yield Finding(fact.path, "as-printed", graded(off, 0, 1), str(value), printed)


def _times_off(value: float, number: str) -> int:
    """0 for the same number, 2 for one that is a power of ten off, else 1."""
    texts = {re.sub("[, ]", "", number), re.sub("[,·]", ".", number)}
    texts = {text for text in texts if re.fullmatch(r"\d*\.?\d+", text)}
    for text in texts:
        half = 0.5 * 10.0 ** -decimals(text) + 1e-9
        if any(abs(float(text) * unit - value) <= half * unit + 1e-6 for unit in _UNITS):
            return 0
    tens = (10, 100, 1000, 0.1, 0.001)
    slipped = any(abs(float(text) * ten - value) < 1e-9 for text in texts for ten in tens)
    return 2 if slipped else 1


def events_patients(evidence: Evidence) -> Iterator[Finding]:
    """No more events than patients."""
    for location, events, patients in counted(evidence.trial):
        over = max(0, events - patients)
        yield Finding(
            name(evidence, location),
            "events-patients",
            graded(over, 0, 0),
            f"{events} of {patients} patients",
            f"at most {patients}",
            over,
        )


def subgroup_sum(evidence: Evidence) -> Iterator[Finding]:
    """The subgroups of one characteristic add up to the whole.

    Fewer patients than the whole is a warning (some were in none of the subgroups), more is a
    failure (they overlap, or a count is wrong).
    """
    for i, groups in enumerate(evidence.trial.subgroups):
        for characteristic in dict.fromkeys(level.characteristic for level in groups.levels):
            for side, slug in (("in_arm", groups.arm), ("in_comparator", groups.comparator)):
                yield from _sum(evidence, i, groups, characteristic, side, slug)


def _sum(
    evidence: Evidence, i: int, groups: Subgroups, characteristic: str, side: str, slug: str
) -> Iterator[Finding]:
    counts = [
        getattr(level, side) for level in groups.levels if level.characteristic == characteristic
    ]
    if len(counts) < 2 or any(count is None for count in counts):
        return
    result = _result(evidence.trial, groups)
    arm = result.arms.get(slug) if result else None
    for what, whole in (
        ("n", at_most(evidence.trial, slug, arm.n if arm else None)),
        ("events", arm.events.value if arm and arm.events else None),
    ):
        parts = [getattr(count, what) for count in counts]
        if whole is None or None in parts:
            continue
        off = sum(parts) - whole
        verdict = "pass" if off == 0 else "warn" if off < 0 else "fail"
        label = "patients" if what == "n" else "events"
        yield Finding(
            f"{name(evidence, ('subgroups', i))}.{characteristic}.{slug}.{what}",
            "subgroup-sum",
            verdict,
            f"{' + '.join(map(str, parts))} = {sum(parts)}",
            f"{whole} {label}",
            off,
        )


def _result(trial: Trial, groups: Subgroups) -> Result | None:
    """The result that the subgroups are part of."""
    for result in trial.results:
        if (result.outcome, result.report, result.assessor) == (
            groups.outcome,
            groups.report,
            groups.assessor,
        ):
            return result
    return None


def dates_order(evidence: Evidence) -> Iterator[Finding]:
    """Enrolment starts, then ends, then the data are cut off, then published.

    Dates are compared as far as the less precise one goes. An analysis before enrolment ended is
    a warning: interim analyses do that.
    """
    trial = evidence.trial
    enrolment = trial.enrolment
    start = enrolment.start.value if enrolment and enrolment.start else None
    end = enrolment.end.value if enrolment and enrolment.end else None
    if start and end:
        yield _order("enrolment", "enrolment started", start, "ended", end, "fail")
    for slug, report in trial.reports.items():
        cutoff = report.data_cutoff.value if report.data_cutoff else None
        if cutoff and end:
            yield _order(
                f"reports.{slug}.data_cutoff",
                "enrolment ended",
                end,
                "data were cut off",
                _iso(cutoff),
                "warn",
            )
    if end and trial.year and trial.year.value:
        yield _order("year", "enrolment ended", end, "published", str(trial.year.value), "fail")


def _iso(day: datetime.date) -> str:
    return day.isoformat()


def _order(path: str, first: str, before: str, then: str, after: str, wrong: str) -> Finding:
    precision = min(len(before), len(after))
    fine = before[:precision] <= after[:precision]
    return Finding(
        path,
        "dates-order",
        "pass" if fine else wrong,
        f"{first} {before}, {then} {after}",
        "the first not after the second",
    )
