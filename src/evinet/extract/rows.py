"""A validated trial as the rows of the evidence tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

from evinet import tables
from evinet.extract import walk
from evinet.extract.facts import Fact
from evinet.extract.load import Evidence
from evinet.extract.schema import Contrast, Response, Result
from evinet.extract.values import Block, Patients, Value, number_of

Row = dict[str, object]


def standard_error(lower: float | None, upper: float | None, level: float) -> float | None:
    """Standard error of a log ratio from its confidence limits; none when a limit is not known.

    (ln upper - ln lower) / (2 z), z the normal quantile of (1 + level) / 2: Cochrane Handbook
    6.5, section 6.3.2; Parmar, Torri and Stewart 1998, Stat Med 17:2815-34.
    """
    if lower is None or upper is None or lower <= 0:
        return None
    return math.log(upper / lower) / (2 * NormalDist().inv_cdf((1 + level) / 2))


def rows(evidence: Evidence) -> dict[str, list[Row]]:
    """Rows of every evidence table of one trial but the checks, by the table's name."""
    made: list[tuple[tables.Table, Callable[[Evidence], Iterator[Row]]]] = [
        (tables.TRIALS, _trial),
        (tables.REPORTS, _reports),
        (tables.ARMS, _arms),
        (tables.SURVIVAL, _survival),
        (tables.LANDMARKS, _landmarks),
        (tables.CONTRASTS, _contrasts),
        (tables.REJECTED_CONTRASTS, _rejected_contrasts),
        (tables.SUBGROUPS, _subgroups),
        (tables.RESPONSES, _responses),
        (tables.ADVERSE_EVENTS, _adverse_events),
        (tables.POPULATIONS, _populations),
        (tables.LATER_TREATMENT, _later_treatment),
        (tables.RISK_OF_BIAS, _risk_of_bias),
        (tables.OTHER_EVIDENCE, _other_evidence),
        (tables.FACTS, _facts),
        (tables.AT_RISK, lambda found: _points(found, "at-risk", "n")),
        (tables.CURVES, lambda found: _points(found, "curves", "survival")),
    ]
    return {
        table.name: [{"trial": evidence.trial.trial, **row} for row in make(evidence)]
        for table, make in made
    }


def tier(evidence: Evidence) -> str:
    """A with a curve, B with numbers at risk, else C."""
    kinds = {point.kind for point in evidence.points}
    return "A" if "curves" in kinds else "B" if "at-risk" in kinds else "C"


class Places:
    """Where each value was printed, by its location in the trial file."""

    def __init__(self, facts: list[Fact]):
        self._facts = {fact.location: fact for fact in facts if fact.use != "rejected"}

    def of(self, *locations: tuple[str | int, ...]) -> Row:
        """Source and locator of the first of the locations that has a value."""
        found = next(self._facts[where] for where in locations if where in self._facts)
        return {"source": found.source, "locator": found.locator}


def _value(item: Value | None) -> Any:
    return None if item is None else getattr(item, "value", None)


def _interval(item: Any, level: float | None = None) -> Row:
    known = item is not None and (item.lower is not None or item.upper is not None)
    if not known:
        return {"lower": None, "upper": None, "level": None}
    return {"lower": item.lower, "upper": item.upper, "level": level or item.level}


def _note(*blocks: Block | None) -> str | None:
    """What is noted in any of the blocks around a value and in the value."""
    said = dict.fromkeys(block.note for block in blocks if block is not None and block.note)
    return "; ".join(said) or None


def _trial(evidence: Evidence) -> Iterator[Row]:
    trial = evidence.trial
    yield {
        "name": trial.name,
        "status": trial.status,
        **{
            field: _value(getattr(trial, field))
            for field in ("registration", "doi", "year", "phase", "design")
        },
        "tier": tier(evidence),
        "note": trial.note,
    }


def _reports(evidence: Evidence) -> Iterator[Row]:
    for slug, report in evidence.trial.reports.items():
        cutoff = _value(report.data_cutoff)
        yield {
            "report": slug,
            "title": report.title,
            "data_cutoff": None if cutoff is None else cutoff.isoformat(),
            "follow_up": _value(report.follow_up),
            "note": _note(report, report.follow_up),
        }


def _arms(evidence: Evidence) -> Iterator[Row]:
    for slug, arm in evidence.trial.arms.items():
        yield {
            "arm": slug,
            "treatment": arm.treatment,
            **{
                field: _value(getattr(arm, field))
                for field in ("description", "dose", "n_randomised", "n_treated")
            },
        }


def _about(block: Result | Response) -> Row:
    return {"report": block.report, "outcome": block.outcome, "assessor": block.assessor}


def _survival(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, result in enumerate(evidence.trial.results):
        for slug, arm in result.arms.items():
            if arm.median is None and arm.events is None:
                continue
            where = ("results", i, "arms", slug)
            yield {
                **_about(result),
                "arm": slug,
                "n": _value(arm.n),
                "events": _value(arm.events),
                "median": _value(arm.median),
                "not_reached": arm.median is not None and arm.median.not_reached,
                **_interval(arm.median),
                "note": _note(result, arm, arm.n, arm.events, arm.median),
                **places.of((*where, "median"), (*where, "events")),
            }


def _landmarks(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, result in enumerate(evidence.trial.results):
        for slug, arm in result.arms.items():
            for j, landmark in enumerate(arm.landmarks):
                yield {
                    **_about(result),
                    "arm": slug,
                    "time": landmark.time,
                    "survival": landmark.value,
                    **_interval(landmark),
                    "note": _note(landmark),
                    **places.of(("results", i, "arms", slug, "landmarks", j)),
                }


def _contrasts(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    found = list(walk.contrasts(evidence.trial))
    asked = [walk.question(block, contrast) for _, block, contrast in found]
    for (location, block, contrast), question in zip(found, asked, strict=True):
        yield {
            **_about(block),
            **_contrast(contrast),
            "note": _note(block, contrast),
            "selected": contrast.preferred is not None or asked.count(question) == 1,
            **places.of(location),
        }


def _rejected_contrasts(evidence: Evidence) -> Iterator[Row]:
    for _, block, contrast in walk.contrasts(evidence.trial):
        for other in contrast.rejected:
            if isinstance(other.value, str) or not other.value or other.value <= 0:
                continue
            level = other.level or contrast.level
            yield {
                **_about(block),
                "arm": contrast.arm,
                "comparator": contrast.comparator,
                "measure": contrast.measure,
                "estimate": other.value,
                "lower": other.lower,
                "upper": other.upper,
                "level": level,
                "log_estimate": math.log(other.value),
                "se": standard_error(other.lower, other.upper, level),
                "reason": other.reason,
                "source": other.source,
                "locator": other.locator,
            }


def _contrast(contrast: Contrast) -> Row:
    return {
        "arm": contrast.arm,
        "comparator": contrast.comparator,
        "measure": contrast.measure,
        "estimate": contrast.value,
        **_interval(contrast),
        "p": contrast.p,
        "stratified": contrast.stratified,
        "log_estimate": math.log(contrast.value),
        "se": standard_error(contrast.lower, contrast.upper, contrast.level),
    }


def _points(evidence: Evidence, kind: str, column: str) -> Iterator[Row]:
    for point in evidence.points:
        if point.kind == kind:
            yield {
                "report": point.report,
                "outcome": point.outcome,
                "arm": point.arm,
                "time": point.time,
                column: int(point.value) if kind == "at-risk" else point.value,
                "source": point.source,
                "locator": point.locator,
            }


def _subgroups(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, groups in enumerate(evidence.trial.subgroups):
        for j, level in enumerate(groups.levels):
            yield {
                "report": groups.report,
                "outcome": groups.outcome,
                "arm": groups.arm,
                "comparator": groups.comparator,
                "characteristic": level.characteristic,
                "level_name": level.level,
                "events_arm": getattr(level.in_arm, "events", None),
                "n_arm": getattr(level.in_arm, "n", None),
                "events_comparator": getattr(level.in_comparator, "events", None),
                "n_comparator": getattr(level.in_comparator, "n", None),
                "estimate": level.value,
                **_interval(level, level.confidence),
                "note": _note(groups, level),
                **places.of(("subgroups", i, "levels", j)),
            }


def _responses(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, response in enumerate(evidence.trial.responses):
        for slug, cell in response.arms.items():
            yield {
                **_about(response),
                "arm": slug,
                "n": cell.n,
                "total": cell.total,
                "percent": number_of(cell.percent),
                **_interval(cell),
                "note": _note(response, cell),
                **places.of(("responses", i, "arms", slug)),
            }


def _adverse_events(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, table in enumerate(evidence.trial.adverse_events):
        for j, event in enumerate(table.events):
            for slug, cell in event.counts.items():
                yield {
                    "report": table.report,
                    "arm": slug,
                    "event": event.event,
                    "grade": event.grade,
                    "related": event.related,
                    "n": cell.n,
                    "total": cell.total or _value(table.totals.get(slug)),
                    "percent": cell.percent,
                    "note": _note(table, event, cell),
                    **places.of(("adverse_events", i, "events", j, "counts", slug)),
                }


def _populations(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, row in enumerate(evidence.trial.population):
        for slug, cell in row.counts.items():
            yield {
                "arm": None if slug == "all" else slug,
                "characteristic": row.characteristic,
                "category": row.category,
                "n": cell.n,
                "percent": number_of(cell.percent),
                "value": cell.value if cell.value is not None else _not_exact(cell),
                **places.of(("population", i, "counts", slug)),
            }


def _later_treatment(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, later in enumerate(evidence.trial.later_treatment):
        yield {
            "arm": later.arm,
            "therapy": later.therapy,
            "n": later.n,
            "total": later.total,
            "percent": later.percent,
            "note": later.note,
            **(places.of(("later_treatment", i)) if later.n or later.percent else {}),
        }


def _risk_of_bias(evidence: Evidence) -> Iterator[Row]:
    for judged in evidence.trial.risk_of_bias:
        fields = ("outcome", "domain", "judgement", "reviewer", "reason")
        yield {field: getattr(judged, field) for field in fields}


def _other_evidence(evidence: Evidence) -> Iterator[Row]:
    places = Places(evidence.facts)
    for i, other in enumerate(evidence.trial.other_evidence):
        yield {
            "topic": other.topic,
            "kind": other.kind,
            "value": None if other.value is None else str(other.value),
            "note": other.note,
            **places.of(("other_evidence", i)),
        }


def _not_exact(cell: Patients) -> str | None:
    """What was printed, when the percentage is only a bound such as <1 %."""
    bound = cell.percent is not None and number_of(cell.percent) is None
    return cell.printed if bound else None


def _facts(evidence: Evidence) -> Iterator[Row]:
    for fact in evidence.facts:
        yield {
            "path": fact.path,
            "line": fact.line,
            "value": fact.shown(),
            "printed": fact.printed,
            "use": fact.use,
            "reason": fact.reason,
            "source": fact.source,
            "locator": fact.locator,
        }
