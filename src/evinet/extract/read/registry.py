"""Findings of a ClinicalTrials.gov record (API version 2).

Field names: https://clinicaltrials.gov/data-api/about-api/study-data-structure. Totals of the
participant flow say who completed the study and why not; they are never events of an outcome.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evinet.errors import InputError, Problem
from evinet.extract.read import numbers
from evinet.extract.read.findings import Finding, Reading, settle
from evinet.extract.read.prose import SURVIVAL, TOPIC, assessor

Json = dict[str, Any]


def read_record(record: Json, name: str = "record") -> Reading:
    """The findings of a record."""
    protocol, results = _get(record, "protocolSection"), _get(record, "resultsSection")
    findings = [*_design(protocol), *_arms(protocol), *_flow(results)]
    for i, measure in enumerate(_list(_get(results, "outcomeMeasuresModule"), "outcomeMeasures")):
        findings += _measure(measure, f"outcomeMeasures[{i}]")
    findings += _adverse(_get(results, "adverseEventsModule"))
    return Reading(name, settle(findings))


def load_record(path: Path) -> Json:
    """Read a record from a JSON file.

    Raises
    ------
    InputError
        It is not a JSON record of version 2.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        nct = record["protocolSection"]["identificationModule"]["nctId"]
    except (ValueError, KeyError, TypeError, RecursionError):
        nct = None
        record = {}
    if not isinstance(nct, str):
        raise InputError(Problem(str(path), "protocolSection.identificationModule.nctId", None,
                                 "not a version 2 record of ClinicalTrials.gov",
                                 "Get it with `evinet fetch NCT...`")) from None  # fmt: skip
    return dict(record)


def _get(value: Any, *names: str) -> Json:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _list(value: Any, name: str) -> list[Json]:
    items = value.get(name) if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return str(found) if isinstance(found, str | int | float) else ""


def _found(
    kind: str, about: Json, values: Json, where: str, words: str = "", unsure: str = ""
) -> Finding:
    return Finding(kind, about, values, json.dumps(values, ensure_ascii=False), 0, 0,
                   f"{where}: {words}" if words else where, unsure)  # fmt: skip


def _design(protocol: Json) -> Iterator[Finding]:
    design = _get(protocol, "designModule")
    info = _get(design, "designInfo")
    status = _get(protocol, "statusModule")
    phases = design.get("phases")
    masking = _text(_get(info, "maskingInfo"), "masking")
    terms = (_text(info, "allocation"), _text(info, "interventionModel"), masking)
    fields = {
        "registration": _text(_get(protocol, "identificationModule"), "nctId"),
        "title": _text(_get(protocol, "identificationModule"), "briefTitle"),
        "status": _text(status, "overallStatus"),
        "phase": ", ".join(map(str, phases)) if isinstance(phases, list) else "",
        "terms": ", ".join(filter(None, terms)),
        "enrolment": _text(_get(design, "enrollmentInfo"), "count"),
        "enrolment-type": _text(_get(design, "enrollmentInfo"), "type"),
        "start": _text(_get(status, "startDateStruct"), "date"),
        "primary-completion": _text(_get(status, "primaryCompletionDateStruct"), "date"),
    }  # fmt: skip
    for name, value in fields.items():
        if value:
            yield _found("design", {"field": name}, {"value": value}, "protocolSection")


def _arms(protocol: Json) -> Iterator[Finding]:
    for i, arm in enumerate(_list(_get(protocol, "armsInterventionsModule"), "armGroups")):
        label = _text(arm, "label")
        values = {"label": label, "type": _text(arm, "type")}
        interventions = arm.get("interventionNames")
        if isinstance(interventions, list):
            values["interventions"] = "; ".join(map(str, interventions))
        yield _found("arm", {"arm": slug(label)}, values, f"armGroups[{i}]")


def _flow(results: Json) -> Iterator[Finding]:
    """Who started and completed; kept apart from outcomes."""
    flow = _get(results, "participantFlowModule")
    titles = {_text(group, "id"): _text(group, "title") for group in _list(flow, "groups")}
    for period in _list(flow, "periods"):
        for milestone in _list(period, "milestones"):
            for item in _list(milestone, "achievements"):
                count = numbers.count(_text(item, "numSubjects"))
                title = titles.get(_text(item, "groupId"))
                if count is not None and title:
                    about = {
                        "arm": slug(title),
                        "period": _text(period, "title"),
                        "milestone": _text(milestone, "type"),
                    }
                    yield _found("participant-flow", about, {"n": count}, "participantFlowModule",
                                 "participant flow, not events of an outcome")  # fmt: skip


def slug(label: str) -> str:
    """A slug of a printed name."""
    return "-".join(re.findall(r"[a-z0-9]+", label.lower())[:8]) or "arm"


def _measure(measure: Json, where: str) -> Iterator[Finding]:
    title = _text(measure, "title")
    match = TOPIC.search(title)
    outcome = match.lastgroup if match else None
    if outcome is None or outcome == "other" or re.search(r"duration of response", title, re.I):
        return
    who = assessor(title + " " + _text(measure, "description"))
    about = {
        "outcome": outcome,
        "assessor": "unstated" if who == "both" or outcome == "os" else who,
    }
    titles = {_text(group, "id"): _text(group, "title") for group in _list(measure, "groups")}
    counts = _participants(measure)
    for klass in _list(measure, "classes"):
        for category in _list(klass, "categories"):
            label = " ".join(filter(None, (_text(klass, "title"), _text(category, "title"))))
            for item in _list(category, "measurements"):
                group = _text(item, "groupId")
                if group in titles:
                    yield from _value(
                        measure, about, label, titles[group], counts.get(group), item, where
                    )
    for analysis in _list(measure, "analyses"):
        yield from _analysis(analysis, about, titles, where)


def _participants(measure: Json) -> dict[str, int | None]:
    for denominator in _list(measure, "denoms"):
        if _text(denominator, "units").lower() == "participants":
            return {
                _text(c, "groupId"): numbers.count(_text(c, "value"))
                for c in _list(denominator, "counts")
            }
    return {}


def _value(measure: Json, about: Json, label: str, group: str, n: int | None, item: Json,
           where: str) -> Iterator[Finding]:  # fmt: skip
    """A posted median, a Kaplan-Meier percentage at a time, or a count of participants."""
    kind, unit, title = (
        _text(measure, "paramType").upper(),
        _text(measure, "unitOfMeasure"),
        _text(measure, "title"),
    )
    value, low, high = (
        numbers.number(_text(item, key)) for key in ("value", "lowerLimit", "upperLimit")
    )
    limits: Json = {"lower": low, "upper": high}
    level = re.search(r"(\d{2}(?:\.\d+)?)\s*%", _text(measure, "dispersionType"))
    if "CONFIDENCE" not in _text(measure, "dispersionType").upper():
        limits, level = {}, None
    if level:
        limits["level"] = float(level[1]) / 100
    about = {**about, "arm": slug(group)}
    words = f"{title}; {label}; {group}"
    time_unit = re.match(numbers.UNIT, unit.strip(), re.IGNORECASE)
    if about["outcome"] in SURVIVAL and kind == "MEDIAN" and time_unit:
        limits |= {
            key: numbers.months(limits[key], time_unit["unit"])
            for key in ("lower", "upper")
            if key in limits
        }
        values = {
            "median": numbers.months(value, time_unit["unit"]),
            "reached": value is not None,
            "n": n,
            **limits,
        }
        yield _found("median", about, values, where, words)
    elif (
        about["outcome"] in SURVIVAL
        and re.search(r"percent|probabilit|proportion", unit, re.I)
        and value is not None
    ):
        time = re.search(
            rf"(?:(?P<u1>month|year|week)s? )?(?P<t>\d+)(?:[- ]?{numbers.UNIT})?",
            label or title,
            re.I,
        )
        if (
            time is None
            or not (time["u1"] or time["unit"])
            or re.search(r"event|progress(?:ed|ion or death)", label, re.I)
        ):
            return
        scale = 100 if "percent" in unit.lower() else 1
        months = numbers.months(numbers.number(time["t"]), time["u1"] or time["unit"])
        limits |= {
            key: limits[key] / scale for key in ("lower", "upper") if limits.get(key) is not None
        }
        if 0 <= value / scale <= 1:
            yield _found(
                "landmark",
                {**about, "time": months},
                {"survival": value / scale, **limits},
                where,
                words,
            )
    elif about["outcome"] in ("orr", "dcr") and value is not None:
        if kind == "COUNT_OF_PARTICIPANTS":
            yield _found("response", about, {"n": int(value), "total": n}, where, words)
        elif "percent" in unit.lower():
            yield _found("response", about, {"percent": value, "total": n, **limits}, where, words)
    elif about["outcome"] in SURVIVAL and kind == "COUNT_OF_PARTICIPANTS" and value is not None:
        said = re.search(r"\bevents?\b|death", label or title, re.I) and not re.search(
            r"censor|without", label, re.I
        )
        if said:
            yield _found(
                "events",
                about,
                {"events": int(value), "n": n},
                where,
                words,
                "a count of participants: check that it counts all events of the outcome",
            )


def _analysis(analysis: Json, about: Json, titles: dict[str, str], where: str) -> Iterator[Finding]:
    """A posted hazard ratio; the registry does not say which group is above the line."""
    if (
        "hazard ratio" not in _text(analysis, "paramType").lower()
        or about["outcome"] not in SURVIVAL
    ):
        return
    groups = [
        titles[g] for g in analysis.get("groupIds") or [] if isinstance(g, str) and g in titles
    ]
    value, low, high = (
        numbers.number(_text(analysis, key))
        for key in ("paramValue", "ciLowerLimit", "ciUpperLimit")
    )
    if len(groups) != 2 or value is None:
        return
    level = numbers.number(_text(analysis, "ciPctValue"))
    comments = " ".join(
        _text(analysis, key)
        for key in (
            "groupDescription",
            "estimateComment",
            "statisticalComment",
            "statisticalMethod",
            "pValueComment",
            "otherAnalysisDescription",
        )
    )
    values = {
        "estimate": value, "lower": low, "upper": high, "level": level / 100 if level else None,
        "p": _text(analysis, "pValue") or None,
        "stratified": bool(re.search(r"(?<!un)stratified", comments, re.I)) or None,
    }  # fmt: skip
    yield _found("hr", {**about, "arm": slug(groups[0]), "comparator": slug(groups[1])}, values,
                 where, f"{' vs '.join(groups)}; {comments}".strip("; "),
                 "the record lists the groups, not the direction of the ratio")  # fmt: skip


def _adverse(module: Json) -> Iterator[Finding]:
    titles: dict[str, str] = {}
    for group in _list(module, "eventGroups"):
        title = titles[_text(group, "id")] = _text(group, "title")
        for name, affected, at_risk in (
            ("Serious adverse events", "seriousNumAffected", "seriousNumAtRisk"),
            ("Other adverse events", "otherNumAffected", "otherNumAtRisk"),
            ("Deaths", "deathsNumAffected", "deathsNumAtRisk"),
        ):
            n, total = numbers.count(_text(group, affected)), numbers.count(_text(group, at_risk))
            if n is not None:
                about = {
                    "table": "all",
                    "event": name,
                    "grade": "all-cause" if name == "Deaths" else "any",
                    "arm": slug(title),
                }
                yield _found(
                    "adverse-event",
                    about,
                    {"n": n, "total": total},
                    "adverseEventsModule.eventGroups",
                )
    for section, grade in (("seriousEvents", "serious"), ("otherEvents", "other")):
        for event in _list(module, section):
            for item in _list(event, "stats"):
                n = numbers.count(_text(item, "numAffected"))
                title = titles.get(_text(item, "groupId"), "")
                if n is not None and title:
                    about = {
                        "table": section,
                        "event": _text(event, "term"),
                        "grade": grade,
                        "arm": slug(title),
                    }
                    values = {"n": n, "total": numbers.count(_text(item, "numAtRisk"))}
                    yield _found("adverse-event", about, values, f"adverseEventsModule.{section}")
