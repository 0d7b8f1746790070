"""Plausibility of ratios: their intervals, standard errors, P values and directions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from evinet.document import Location
from evinet.extract.finding import Finding, decimals, graded, name
from evinet.extract.load import Evidence
from evinet.extract.rows import standard_error
from evinet.extract.schema import Contrast, Result, SurvivalArm
from evinet.extract.walk import contrasts

P_VALUE = re.compile(r"(?P<sign>[<>=]?)\s*(?P<value>\d*\.\d+(e-?\d+)?)", re.I)
NORMAL = NormalDist()


@dataclass(frozen=True)
class Ratio:
    """A ratio with both confidence limits."""

    location: Location
    value: float
    lower: float
    upper: float
    level: float


def ratios(evidence: Evidence) -> Iterator[Ratio]:
    """Every ratio of a trial that has both limits: contrasts and subgroups."""
    for location, _, item in contrasts(evidence.trial):
        if item.lower and item.upper:
            yield Ratio(location, item.value, item.lower, item.upper, item.level)
    for i, groups in enumerate(evidence.trial.subgroups):
        for j, level in enumerate(groups.levels):
            if level.value and level.lower and level.upper:
                where = ("subgroups", i, "levels", j)
                yield Ratio(where, level.value, level.lower, level.upper, level.confidence)


def ci_symmetry(evidence: Evidence) -> Iterator[Finding]:
    """The estimate is the geometric mean of its limits, as far as rounding lets it be.

    A warning from 0.02 beyond rounding, a failure from 0.1 (on the log scale).
    """
    for item in ratios(evidence):
        middle = math.sqrt(item.lower * item.upper)
        half = 0.5 * 10.0 ** -decimals(item.value, item.lower, item.upper)
        rounding = half / item.value + (half / item.lower + half / item.upper) / 2
        off = math.log(item.value / middle)
        verdict = graded(max(0.0, abs(off) - rounding), 0.02, 0.1)
        yield Finding(
            name(evidence, item.location),
            "ci-symmetry",
            verdict,
            f"{item.value:g} ({item.lower:g} to {item.upper:g})",
            f"{middle:.3g}, the middle of the interval on the log scale",
            off,
        )


def se_events(evidence: Evidence) -> Iterator[Finding]:
    """The standard error of ln HR is near sqrt(1/d1 + 1/d2), d the events of the arms.

    Parmar, Torri and Stewart 1998, Stat Med 17:2815-34. Their ratio: a pass from 0.9 to 1.25
    (stratification and censoring widen), a failure below 0.75 or above 1.5.
    """
    for location, result, item in contrasts(evidence.trial):
        if not isinstance(result, Result) or item.measure != "hr":
            continue
        se = standard_error(item.lower, item.upper, item.level)
        events = [_events(result, slug) for slug in (item.arm, item.comparator)]
        if se is not None and all(events):
            yield _se_finding(name(evidence, location), se, events)
    for i, groups in enumerate(evidence.trial.subgroups):
        for j, level in enumerate(groups.levels):
            se = standard_error(level.lower, level.upper, level.confidence)
            events = [getattr(side, "events", None) for side in (level.in_arm, level.in_comparator)]
            if se is not None and all(events):
                where = name(evidence, ("subgroups", i, "levels", j))
                yield _se_finding(where, se, events)


def _events(result: Result, slug: str) -> int | None:
    arm = result.arms.get(slug)
    return arm.events.value if arm and arm.events else None


def _se_finding(path: str, se: float, events: list[int | None]) -> Finding:
    expected = math.sqrt(sum(1 / count for count in events if count))
    ratio = se / expected
    verdict = "pass" if 0.9 <= ratio <= 1.25 else "warn" if 0.75 <= ratio <= 1.5 else "fail"
    return Finding(
        path,
        "se-events",
        verdict,
        f"standard error {se:.3g} from the interval",
        f"about {expected:.3g} from {events[0]} and {events[1]} events",
        ratio - 1,
    )


def p_interval(evidence: Evidence) -> Iterator[Finding]:
    """The P value says the same as the interval.

    In standard normal units: a pass up to 0.4 apart (log-rank and Cox differ, figures are
    rounded), a failure from 0.8.
    """
    for location, _, item in contrasts(evidence.trial):
        se = standard_error(item.lower, item.upper, item.level)
        printed = P_VALUE.search(item.p or "")
        if se is None or printed is None:
            continue
        z = abs(math.log(item.value)) / se
        smallest = 0.5 * 10.0 ** -min(decimals(printed["value"]), 300)  # what 0.000 may stand for
        p = (float(printed["value"]) or smallest) * (2 if "one-sided" in (item.p or "") else 1)
        from_p = -NORMAL.inv_cdf(min(p, 1) / 2)
        apart = from_p - z
        if printed["sign"] == "<":
            apart = max(0.0, apart)
        elif printed["sign"] == ">":
            apart = min(0.0, apart)
        yield Finding(
            name(evidence, location),
            "p-interval",
            graded(abs(apart), 0.4, 0.8),
            f"P {item.p}",
            f"P {2 * (1 - NORMAL.cdf(z)):.2g} from the interval",
            apart,
        )


def hr_medians(evidence: Evidence) -> Iterator[Finding]:
    """The arm with the lower hazard has the longer median.

    A contradiction fails when the interval of the ratio excludes 1, and warns when it does not:
    curves may cross.
    """
    for location, result, item in contrasts(evidence.trial):
        if not isinstance(result, Result) or item.measure != "hr":
            continue
        medians = [_median(result.arms.get(slug)) for slug in (item.arm, item.comparator)]
        if None in medians or medians[0] == medians[1]:
            continue
        longer = (medians[0] or 0) > (medians[1] or 0)
        verdict = "pass" if longer == (item.value < 1) or item.value == 1 else _contradiction(item)
        yield Finding(
            name(evidence, location),
            "hr-medians",
            verdict,
            f"medians {_shown(medians[0])} and {_shown(medians[1])} months",
            f"the {'longer' if item.value < 1 else 'shorter'} median in {item.arm}, "
            f"with HR {item.value:g}",
        )


def _median(arm: SurvivalArm | None) -> float | None:
    """The median; infinite when it was printed as not reached."""
    if arm is None or arm.median is None:
        return None
    if arm.median.value is None and (arm.median.printed or arm.median.lower):
        return math.inf
    return arm.median.value


def _shown(median: float | None) -> str:
    return "not reached" if median == math.inf else f"{median:g}"


def _contradiction(item: Contrast) -> str:
    excludes = bool(item.lower and item.upper) and not (item.lower or 0) <= 1 <= (item.upper or 0)
    return "fail" if excludes else "warn"
