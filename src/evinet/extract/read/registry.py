"""Findings of a ClinicalTrials.gov record (API version 2).

Field names: https://clinicaltrials.gov/data-api/about-api/study-data-structure. Totals of the
participant flow say who completed the study and why not; they are never events of an outcome.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import Any

from evinet.errors import InputError, Problem
from evinet.extract.read import numbers
from evinet.extract.read import words as vocabulary
from evinet.extract.read.arms import tokens
from evinet.extract.read.confirm import once, p_fits
from evinet.extract.read.findings import Finding, Reading
from evinet.extract.read.outcomes import assessor
from evinet.extract.read.words import SURVIVAL, topics

Json = dict[str, Any]


@dataclass
class Groups:
    """The arms of the protocol, and which of them the groups of the results are."""

    labels: list[str]
    flow: list[str]
    joined: dict[str, tuple[str, str]] = field(default_factory=dict)

    def slug(self, title: str) -> str:
        """The slug of the arm that a group of the results is."""
        return self.of(title)[0]

    def of(self, title: str) -> tuple[str, str]:
        """The slug of a group's arm, and why that is not sure."""
        if title not in self.joined:
            self.joined[title] = self._find(title)
        return self.joined[title]

    def _find(self, title: str) -> tuple[str, str]:
        """By the same words, by words that only one arm has, or else a group of its own."""
        own = tokens(title)
        same = [
            label for label in self.labels if tokens(label) == own or slug(label) == slug(title)
        ]
        if len(same) == 1:
            return slug(same[0]), ""
        fitting = [
            label for label in self.labels
            if own and tokens(label) and (own <= tokens(label) or tokens(label) <= own)
        ]  # fmt: skip
        if len(fitting) == 1:
            return slug(fitting[0]), ""
        return slug(title), "no arm of the protocol has this name"


def read_record(record: Json, name: str = "record") -> Reading:
    """The findings of a record."""
    protocol, results = _get(record, "protocolSection"), _get(record, "resultsSection")
    labels = [
        _text(arm, "label") for arm in _list(_get(protocol, "armsInterventionsModule"), "armGroups")
    ]
    flow = [
        _text(group, "title") for group in _list(_get(results, "participantFlowModule"), "groups")
    ]
    groups = Groups(labels, flow)
    findings = [*_design(protocol), *_flow(results, groups)]
    for i, measure in enumerate(_list(_get(results, "outcomeMeasuresModule"), "outcomeMeasures")):
        findings += _measure(measure, f"outcomeMeasures[{i}]", groups)
    findings += _adverse(_get(results, "adverseEventsModule"), groups)
    return Reading(name, once([*_arms(protocol, groups, findings), *findings], _posted_too))


def load_record(path: Path) -> Json:
    """Read a record from a JSON file: a study, or the answer of a search that holds one.

    Raises
    ------
    InputError
        It is not a JSON record of version 2, or holds several studies.
    """
    record: Any
    try:
        record = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        record = None
    studies = record.get("studies") if isinstance(record, dict) else None
    if isinstance(studies, list) and len(studies) > 1:
        found = ", ".join(_nct(study) or "?" for study in studies[:5])
        raise InputError(Problem(str(path), "studies", f"{len(studies)} studies: {found}",
                                 "a search answer with several studies",
                                 "Save the record of one study"))  # fmt: skip
    if isinstance(studies, list) and studies:
        record = studies[0]
    if not _nct(record):
        raise InputError(Problem(str(path), "protocolSection.identificationModule.nctId", None,
                                 "not a version 2 record of ClinicalTrials.gov",
                                 "Get it with `evinet fetch NCT...`"))  # fmt: skip
    return dict(record)


def _nct(record: Any) -> str:
    found = _get(record, "protocolSection", "identificationModule").get("nctId")
    return found if isinstance(found, str) else ""


def _posted_too(finding: Finding) -> str:
    return f"also posted as {finding.printed} ({finding.words})"


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
    kind: str, about: Json, values: Json, where: str, words: str = "", unsure: str = "",
    printed: str = "",
) -> Finding:  # fmt: skip
    return Finding(kind, about, values, printed, where, words, unsure, "registry")


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


def _arms(protocol: Json, groups: Groups, findings: list[Finding]) -> Iterator[Finding]:
    """The arms of the protocol, then the groups of the results that are none of them."""
    known = set()
    for i, arm in enumerate(_list(_get(protocol, "armsInterventionsModule"), "armGroups")):
        label = _text(arm, "label")
        values = {"label": label, "type": _text(arm, "type")}
        interventions = arm.get("interventionNames")
        if isinstance(interventions, list):
            values["interventions"] = "; ".join(map(str, interventions))
        known.add(slug(label))
        yield _found("arm", {"arm": slug(label)}, values, f"armGroups[{i}]", printed=label)
    used = {
        str(f.about[side]) for f in findings for side in ("arm", "comparator") if side in f.about
    }
    for title, (name, doubt) in groups.joined.items():
        if name in used and name not in known:
            known.add(name)
            yield _found("arm", {"arm": name}, {"label": title}, "resultsSection", title,
                         f"{doubt}: is it one of {', '.join(groups.labels) or 'none'}?",
                         title)  # fmt: skip


def _flow(results: Json, groups: Groups) -> Iterator[Finding]:
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
                        "arm": groups.slug(title),
                        "period": _text(period, "title"),
                        "milestone": _text(milestone, "type"),
                    }
                    yield _found("participant-flow", about, {"n": count}, "participantFlowModule",
                                 "participant flow, not events of an outcome")  # fmt: skip


def slug(label: str) -> str:
    """A slug of a printed name."""
    return "-".join(re.findall(r"[a-z0-9]+", label.lower())[:8]) or "arm"


ALIVE = re.compile(r"alive and progression[- ]free|progression[- ]free and alive", re.IGNORECASE)


_AT_A_TIME = re.compile(r"\b(?:week|month|day|year|cycle|visit)s?\b|over time", re.IGNORECASE)


def _measure(measure: Json, where: str, groups: Groups) -> Iterator[Finding]:
    title = _text(measure, "title")
    named = [name for _, _, name in topics(title)]
    outcome = "pfs" if ALIVE.search(title) else next(iter(named), None)
    outcome = "os" if outcome == "survival" and re.match(r"\W*survival\b", title, re.I) else outcome
    titles = {_text(group, "id"): _text(group, "title") for group in _list(measure, "groups")}
    if outcome is None or "other" in named or not _read(outcome):
        about = {"outcome": slug(title), "assessor": "unstated"}
        for analysis in _list(measure, "analyses"):
            yield from _analysis(analysis, about, titles, where, groups, vocabulary.UNNAMED, {})
        return
    who = assessor(title + " " + _text(measure, "description"))
    about = {
        "outcome": outcome,
        "assessor": "unstated" if who == "both" or outcome == "os" else who,
    }
    doubt = "; ".join(vocabulary.asides(re.sub(r"\bcentre|\bassociat", "", title)))
    if len(set(named)) > 1:
        doubt = doubt or f"the title names {', '.join(sorted(set(named)))}"
    if outcome in ("orr", "dcr") and _AT_A_TIME.search(title):
        doubt = doubt or "the title names a time"
    counts = _participants(measure)
    classes = _list(measure, "classes")
    for klass in classes:
        for category in _list(klass, "categories"):
            label = " ".join(filter(None, (_text(klass, "title"), _text(category, "title"))))
            for item in _list(category, "measurements"):
                group = titles.get(_text(item, "groupId"), "")
                if group:
                    n = counts.get(_text(item, "groupId"))
                    unsure = doubt or _odd(group, label, len(classes), groups)
                    if outcome in ("orr", "dcr") and _AT_A_TIME.search(label):
                        unsure = unsure or f"it is posted for a time ({label})"
                    yield from _value(measure, about, label, group, groups, n, item, where, unsure)
    medians = _medians(measure, titles)
    for analysis in _list(measure, "analyses"):
        yield from _analysis(analysis, about, titles, where, groups, doubt, medians)


def _medians(measure: Json, titles: dict[str, str]) -> dict[str, float]:
    """The medians of a measure by the titles of its groups, where each group has one value."""
    found = [
        item
        for klass in _list(measure, "classes")
        for category in _list(klass, "categories")
        for item in _list(category, "measurements")
    ]
    if _text(measure, "paramType").upper() != "MEDIAN" or len(found) != len(titles):
        return {}
    values = {titles.get(_text(i, "groupId"), ""): numbers.number(_text(i, "value")) for i in found}
    return {title: float(value) for title, value in values.items() if value}


def _read(outcome: str) -> bool:
    return outcome in (*SURVIVAL, "os", "orr", "dcr") or outcome.rsplit("-", 1)[-1] in SURVIVAL


def _odd(group: str, label: str, classes: int, groups: Groups) -> str:
    """Why a group or class may be of another population than the trial's."""
    notes = [] if group in groups.flow + groups.labels else list(vocabulary.asides(group))
    timed = re.search(r"\d|month|year|week", label, re.IGNORECASE)
    if label and not timed and classes > 1:
        notes.append(f"posted for {label!r}")
    notes += vocabulary.asides(label)
    return "; ".join(notes)


def _participants(measure: Json) -> dict[str, int | None]:
    for denominator in _list(measure, "denoms"):
        if _text(denominator, "units").lower() == "participants":
            return {
                _text(c, "groupId"): numbers.count(_text(c, "value"))
                for c in _list(denominator, "counts")
            }
    return {}


def _value(measure: Json, about: Json, label: str, group: str, groups: Groups, n: int | None,
           item: Json, where: str, doubt: str) -> Iterator[Finding]:  # fmt: skip
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
    dispersion = _text(measure, "dispersionType")
    level = re.search(r"(\d{2}(?:\.\d+)?)\s*%", dispersion)
    if "CONFIDENCE" not in dispersion.upper():
        limits, level = {}, None
    if level:
        limits["level"] = round(float(level[1]) / 100, 6)
    about = {**about, "arm": groups.slug(group)}
    words = f"{title}; {label}; {group}"
    printed = _printed(item, dispersion)
    time_unit = re.match(numbers.UNIT, unit.strip(), re.IGNORECASE)
    outcome = str(about["outcome"])
    survival = outcome in (*SURVIVAL, "os") or outcome.rsplit("-", 1)[-1] in SURVIVAL
    if survival and kind == "MEDIAN" and time_unit:
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
        yield _found("median", about, values, where, words, doubt, printed)
    elif survival and value is not None and re.search(r"percent|probabilit|proportion", unit, re.I):
        times = {_time(match) for match in _TIMES.finditer(label or title)}
        if len(times) != 1 or None in times:
            return
        event = re.search(
            r"event|progress(?:ed|ion or death)|died|deaths?\b|dead|fail(?:ed|ure)(?!-free)",
            f"{label} {unit} {title if not label else ''}", re.I,
        )  # fmt: skip
        if event:
            return
        scale = 100 if "percent" in unit.lower() else 1
        limits |= {
            key: round(limits[key] / scale, 6)
            for key in ("lower", "upper")
            if limits.get(key) is not None
        }
        if 0 <= value / scale <= 1:
            about["time"] = times.pop()
            values = {"survival": round(value / scale, 6), **limits}
            yield _found("landmark", about, values, where, words, doubt, printed)
    elif value is not None:
        yield from _counted(about, label or title, value, n, kind, unit, limits,
                            (where, words, doubt, printed))  # fmt: skip


def _counted(about: Json, label: str, value: float, n: int | None, kind: str, unit: str,
             limits: Json, said: tuple[str, str, str, str]) -> Iterator[Finding]:  # fmt: skip
    """A count or percentage of responders, or a count of events."""
    where, words, doubt, printed = said
    outcome = str(about["outcome"])
    if outcome in ("orr", "dcr"):
        if vocabulary.NOT_RESPONSE.search(label):
            return
        if kind == "COUNT_OF_PARTICIPANTS":
            values: Json = {"n": int(value), "total": n}
            yield _found("response", about, values, where, words, doubt, printed)
        elif "percent" in unit.lower():
            values = {"percent": value, "total": n, **limits}
            yield _found("response", about, values, where, words, doubt, printed)
    elif kind == "COUNT_OF_PARTICIPANTS":
        said_so = re.search(r"\bevents?\b|death", label, re.I)
        if said_so and not re.search(r"censor|without", label, re.I):
            doubt = "a count of participants: check that it counts all events of the outcome"
            values = {"events": int(value), "n": n}
            yield _found("events", about, values, where, words, doubt, printed)


_TIMES = re.compile(
    rf"(?P<u1>months?|years?|weeks?) (?P<t1>\d+)|(?P<t2>\d+)[- ]?{numbers.UNIT}", re.IGNORECASE
)


def _time(match: re.Match[str]) -> float | None:
    return numbers.months(numbers.number(match["t1"] or match["t2"]), match["u1"] or match["unit"])


def _printed(item: Json, dispersion: str) -> str:
    """A value as posted, with its limits."""
    value, low, high = (_text(item, key) for key in ("value", "lowerLimit", "upperLimit"))
    spread = f" ({low} to {high})" if low or high else ""
    return f"{value}{spread}" + (f", {dispersion}" if spread and dispersion else "")


def _analysis(analysis: Json, about: Json, titles: dict[str, str], where: str, groups: Groups,
              doubt: str, medians: dict[str, float]) -> Iterator[Finding]:  # fmt: skip
    """A posted hazard ratio; its direction is in the comments, or plain from the medians."""
    if "hazard ratio" not in _text(analysis, "paramType").lower() or str(about["outcome"]) in (
        "orr",
        "dcr",
    ):
        return
    ids = analysis.get("groupIds")
    listed = [
        titles[g]
        for g in (ids if isinstance(ids, list) else [])
        if isinstance(g, str) and g in titles
    ]
    value, low, high = (
        numbers.number(_text(analysis, key))
        for key in ("paramValue", "ciLowerLimit", "ciUpperLimit")
    )
    if len(listed) != 2 or value is None:
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
    above, said = _above(comments, listed)
    plain = _by_medians(value, [medians.get(title) for title in listed])
    against = said and plain is not None and plain != above
    if not said and plain is not None:
        above, said = plain, bool(low and high and not low <= 1 <= high)
    notes = [n for n in vocabulary.asides(comments) if not n.startswith("a factor")]
    unsure = [doubt] if doubt else notes[:1]
    if against:
        unsure.append("the ratio goes against the medians: check its direction")
    if not said and plain is not None:
        unsure.append("the direction was taken from the medians")
    elif not said:
        unsure.append("the record lists the groups, not the direction of the ratio")
    if "ONE" in _text(analysis, "ciNumSides").upper():
        unsure.append("the interval is one-sided: its level is not that of two limits")
    values = {
        "estimate": value, "lower": low, "upper": high,
        "level": round(level / 100, 6) if level else None,
        "p": _text(analysis, "pValue").removeprefix("=").strip() or None,
        "stratified": bool(re.search(r"(?<!un)(?<!un-)stratified", comments, re.I)) or None,
    }  # fmt: skip
    named = [listed[above], listed[1 - above]]
    about = {**about, "arm": groups.slug(named[0]), "comparator": groups.slug(named[1])}
    printed = _printed(
        {"value": _text(analysis, "paramValue"), "lowerLimit": _text(analysis, "ciLowerLimit"),
         "upperLimit": _text(analysis, "ciUpperLimit")},
        f"{_text(analysis, 'ciPctValue')}% CI",
    )  # fmt: skip
    words = f"{' vs '.join(listed)}; {comments}".strip("; ")
    finding = _found("hr", about, values, where, words, "; ".join(unsure), printed)
    if not unsure and values["p"] and low is not None and high is not None and low > 0:
        if not low < value < high or not p_fits(finding):
            finding = finding.doubted("the P value and the interval disagree")
    elif not unsure and (low is None or high is None):
        finding = finding.doubted("no interval is posted")
    yield finding


def _by_medians(ratio: float, medians: list[float | None]) -> int | None:
    """Which of two groups is above the line, by their medians: where these have the ratio's size.

    Under constant hazards the medians have the ratio turned round; 1.6 times off at the most.

    >>> _by_medians(0.46, [18.9, 10.2]), _by_medians(0.46, [10.2, 18.9]), _by_medians(0.46, [9, 9])
    (0, 1, None)
    """
    a, b = medians
    if not a or not b or ratio <= 0 or abs(log(ratio)) < 0.1 or abs(log(a / b)) < 0.1:
        return None
    off = [abs(log(b / a) - log(ratio)), abs(log(a / b) - log(ratio))]
    above = 0 if (ratio < 1) == (a > b) else 1
    return above if off[above] < log(1.6) else None


def _above(comments: str, listed: list[str]) -> tuple[int, bool]:
    """Which of two groups is above the line, and whether the comments say so."""
    names = [tokens(title) for title in listed]
    own = [names[0] - names[1], names[1] - names[0]]

    def which(phrase: str) -> int | None:
        words = tokens(phrase)
        hits = [i for i in (0, 1) if words & own[i]]
        return hits[0] if len(hits) == 1 else None

    favours = re.search(
        r"(?:<|less than|below|smaller than|lower than) ?1[^.;]{0,40}?favou?r[a-z]* (?:of "
        r")?(?P<a>[^.;,]+)"
        r"|favou?r[a-z]* (?:of )?(?P<b>[^.;,]+?) (?:if|when|where)?[^.;]{0,12}(?:<|less than"
        r"|below) ?1",
        comments, re.IGNORECASE,
    )  # fmt: skip
    if favours:
        found = which(favours["a"] or favours["b"])
        if found is not None:
            return found, True
    ratio = re.search(
        r"(?P<a>[\w+() -]{3,60}?) ?(?:vs\.?|versus|over|relative to|/|compared (?:to|with)) ?"
        r"(?P<b>[\w+() -]{3,60})", comments, re.IGNORECASE,
    )  # fmt: skip
    if ratio:
        a, b = which(ratio["a"]), which(ratio["b"])
        if a is not None and b is not None and a != b:
            return a, True
    return 0, False


def _adverse(module: Json, groups: Groups) -> Iterator[Finding]:
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
                    "arm": groups.slug(title),
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
                        "arm": groups.slug(title),
                    }
                    values = {"n": n, "total": numbers.count(_text(item, "numAtRisk"))}
                    yield _found("adverse-event", about, values, f"adverseEventsModule.{section}")
