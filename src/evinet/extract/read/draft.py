"""Findings as the draft of a trial file, `evinet.extract.schema`: YAML that a person completes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from evinet.extract.read.confirm import MAIN
from evinet.extract.read.findings import Finding, Reading
from evinet.extract.read.grid import count_cell
from evinet.extract.read.numbers import iso_date

REPORT = "primary"
RESPONSES = {"cr": "complete-response", "pr": "partial-response", "sd": "stable-disease",
             "pd": "progressive-disease"}  # fmt: skip
Fields = dict[str, object]
ONGOING = ("NOT_YET_RECRUITING", "RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING",
           "SUSPENDED")  # fmt: skip
"""Statuses of a registry for trials that go on."""


def draft(reading: Reading, trial: str, source: str) -> str:
    """The YAML text of a trial file.

    Each value has its place in the source; the words around a value that stood in a sentence are a
    comment above it, and `# unsure:` says where a person must look first. What was not found is
    not there. Numbers at risk are files of their own (see `at_risk_files`).
    """
    unsure = sum(bool(finding.unsure) for finding in reading.findings)
    lines = [
        f"# Draft read from {_one_line(reading.source)}: {len(reading.findings)} facts, "
        f"{unsure} of them unsure.",
        *(f"# {_one_line(note)}." for note in reading.notes),
        "# Compare each with the source before it is used; what was not found is not here.",
        f"trial: {_scalar(trial)}",
        f"name: {_scalar(trial.upper())}  # unsure: the name as published",
        f"status: {_status(reading)}",
        f"source: {_scalar(source)}  # unsure: must be a key of sources.yaml",
        *_design(reading),
        *_arms(reading),
        *_report(reading),
        *_results(reading),
        *_responses(reading),
        *_subgroups(reading),
        *_adverse_events(reading),
        *_population(reading),
        *_registered(reading),
        *_flow_comments(reading),
        *_unread(reading),
    ]
    return "\n".join(lines) + "\n"


def at_risk_files(reading: Reading, source: str) -> dict[str, str]:
    """The CSV text of the numbers at risk of each outcome (`at-risk/<outcome>.csv`).

    A doubtful table is left to a person: its file would look like the others.
    """
    files: dict[str, list[str]] = {}
    for finding in reading.of("at-risk"):
        if finding.unsure:
            continue
        rows = files.setdefault(str(finding.about["outcome"]), ["report,arm,time,n,source,locator"])
        for time, count in zip(finding.values["times"], finding.values["counts"], strict=True):
            arm = finding.about["arm"]
            rows.append(f'{REPORT},{arm},{time:g},{count},{source},"{finding.locator}"')
    return {outcome: "\n".join(rows) + "\n" for outcome, rows in files.items()}


def _design(reading: Reading) -> Iterator[str]:
    found = {str(finding.about["field"]): finding for finding in reading.of("design")}
    for name in ("registration", "doi", "phase"):
        if name in found:
            yield (
                f"{name}: {_flow(_placed(found[name], value=str(found[name].values['value'])))}"
                + (_comment(found[name]))
            )
    words = [found[name] for name in ("terms", "allocation") if name in found]
    if words:
        value = ", ".join(str(finding.values["value"]) for finding in words)
        fields: Fields = {"value": value, "locator": words[0].locator}
        yield f"design: {_flow(fields)}{_comment(*words)}"
    if "enrolment" in found and " to " in str(found["enrolment"].values["value"]):
        start, end = map(iso_date, str(found["enrolment"].values["value"]).split(" to "))
        if start and end:
            dates: Fields = {"start": start, "end": end, "locator": found["enrolment"].locator}
            yield f"enrolment: {_flow(dates)}{_comment(found['enrolment'])}"


def _arms(reading: Reading) -> Iterator[str]:
    if reading.of("arm"):
        yield "arms:"
    for finding in reading.of("arm"):
        yield f"  {finding.about['arm']}:"
        yield f"    treatment: {finding.about['arm']}  # unsure: must be a key of treatments.yaml"
        yield f"    description: {_flow(_placed(finding, value=finding.values['label']))}"
        if "n" in finding.values:
            fields = _placed(finding, value=finding.values["n"])
            yield f"    n_randomised: {_flow(fields)}{_comment(finding)}"


def _report(reading: Reading) -> Iterator[str]:
    found = {str(finding.about["field"]): finding for finding in reading.of("design")}
    reports = _reports(reading)
    main = reports.pop(REPORT, None)
    yield "reports:"
    yield f"  {REPORT}:"
    yield f"    title: {_scalar(_title(reading, main))}  # unsure: which analysis it is"
    cutoff = found.get("data-cutoff")
    date = iso_date(str(cutoff.values["value"])) if cutoff else None
    if main and main.analysis.slug:
        yield from _cutoff_of(main)
    elif cutoff and date and len(date) == 10:
        place = _scalar(cutoff.locator)
        yield f"    data_cutoff: {{value: {date}, locator: {place}}}{_comment(cutoff)}"
    follow_up = found.get("median-follow-up")
    if follow_up:
        fields = _placed(follow_up, value=follow_up.values["value"])
        yield f"    follow_up: {_flow(fields)}{_comment(follow_up)}"
    for slug, first in reports.items():
        yield f"  {slug}:"
        yield f"    title: {_scalar(_title(reading, first))}  # unsure: which analysis it is"
        yield from _cutoff_of(first)


def _reports(reading: Reading) -> dict[str, Finding]:
    """A finding of each report, where a document gives more than one."""
    found: dict[str, Finding] = {}
    for finding in reading.findings:
        if finding.kind in MAIN:
            report = str(finding.about.get("report", REPORT))
            known = found.get(report)
            if known is None or known.analysis.order < finding.analysis.order:
                found[report] = finding
    return found if len(found) > 1 else {}


def _title(reading: Reading, finding: Finding | None) -> str:
    words = finding.analysis.words if finding else ""
    return f"as read from {reading.source}{f': {words}' if words else ''}"


def _cutoff_of(finding: Finding) -> Iterator[str]:
    day = finding.analysis.cutoff
    if len(day) == 10:
        place = _scalar(finding.locator)
        yield f"    data_cutoff: {{value: {day}, locator: {place}}}  # unsure: read once"


def _results(reading: Reading) -> Iterator[str]:
    kinds = ("events", "median", "landmark", "hr")
    found = [finding for finding in reading.findings if finding.kind in kinds]
    if found:
        yield "results:"
    for (outcome, assessor, report), group in _grouped(found, "outcome", "assessor", "report"):
        yield f"  - outcome: {outcome}"
        yield f"    report: {report}"
        yield f"    assessor: {assessor}"
        arms = _grouped((finding for finding in group if finding.kind != "hr"), "arm")
        if arms:
            yield "    arms:"
        for (arm,), facts in arms:
            yield f"      {arm}:"
            yield from _survival_arm(facts)
        ratios = [finding for finding in group if finding.kind == "hr"]
        if ratios:
            yield "    contrasts:"
        for finding in ratios:
            fields = _contrast(finding) | _preferred(finding, found)
            yield from _said(finding, "      ", "- ", fields)


def _survival_arm(facts: list[Finding]) -> Iterator[str]:
    for finding in facts:
        if finding.kind == "events":
            fields = _placed(finding, value=finding.values["events"])
            yield from _said(finding, "        ", "events: ", fields)
        elif finding.kind == "median":
            yield from _said(finding, "        ", "median: ", _median(finding))
    landmarks = [finding for finding in facts if finding.kind == "landmark"]
    if landmarks:
        yield "        landmarks:"
    for finding in landmarks:
        value = finding.values["survival"]
        fields = _placed(finding, time=finding.about["time"], value=value, **_limits(finding))
        yield from _said(finding, "          ", "- ", fields)


def _contrast(finding: Finding) -> Fields:
    fields: Fields = {
        "arm": finding.about["arm"],
        "comparator": finding.about["comparator"],
        "measure": "hr",
        "value": finding.values["estimate"],
        **_limits(finding),
    }
    for name in ("p", "stratified"):
        if finding.values.get(name) is not None:
            fields[name] = finding.values[name]
    return _placed(finding, **fields)


def _preferred(finding: Finding, found: list[Finding]) -> Fields:
    """Why analyses use a ratio, where an earlier analysis gives it too."""
    others = [
        other.analysis.order for other in found
        if other.kind == "hr" and other is not finding
        and all(other.about[name] == finding.about[name] for name in ("outcome", "assessor"))
        and {other.about["arm"], other.about["comparator"]}
        == {finding.about["arm"], finding.about["comparator"]}
    ]  # fmt: skip
    if not others or finding.analysis.order < max(others):
        return {}
    return {"preferred": "the latest analysis that the document gives"}


def _median(finding: Finding) -> Fields:
    value = finding.values["median"] if finding.values["reached"] else "NR"
    return _placed(finding, value=value, **_limits(finding))


def _limits(finding: Finding) -> Fields:
    """The limits that were printed; one that is not estimable is `NE`."""
    values = finding.values
    if values.get("lower") is None and values.get("upper") is None:
        return {}
    limits = {
        name: "NE" if values.get(name) is None else values[name] for name in ("lower", "upper")
    }
    return limits | ({"level": values["level"]} if values.get("level") else {})


def _responses(reading: Reading) -> Iterator[str]:
    found = reading.of("response")
    if found:
        yield "responses:"
    for (outcome, assessor, report), group in _grouped(found, "outcome", "assessor", "report"):
        yield f"  - outcome: {RESPONSES.get(outcome, outcome)}"
        yield f"    report: {report}"
        yield f"    assessor: {assessor}"
        yield "    arms:"
        for finding in group:
            values = finding.values
            fields: Fields = {
                name: values[name] for name in ("n", "total") if values.get(name) is not None
            }
            if values.get("percent") is not None:
                fields["percent"] = str(values["percent"])
            for name in ("lower", "upper", "level"):
                if values.get(name) is not None:
                    fields[name] = values[name]
            placed = _flow(_placed(finding, **fields))
            yield f"      {finding.about['arm']}: {placed}{_comment(finding)}"


def _subgroups(reading: Reading) -> Iterator[str]:
    found = reading.of("subgroup")
    if found:
        yield "subgroups:"
    for (outcome, assessor), group in _grouped(found, "outcome", "assessor"):
        yield f"  - outcome: {outcome}"
        yield f"    report: {REPORT}"
        yield f"    assessor: {assessor}"
        yield f"    arm: {group[0].values['arm']}"
        yield f"    comparator: {group[0].values['comparator']}"
        yield "    levels:"
        for finding in group:
            values = finding.values
            fields = {
                "characteristic": finding.about["characteristic"],
                "level": finding.about["level"],
                "in_arm": f"{values['events_arm']}/{values['n_arm']}",
                "in_comparator": f"{values['events_comparator']}/{values['n_comparator']}",
                "value": values["estimate"], "lower": values["lower"], "upper": values["upper"],
                "locator": finding.locator,
            }  # fmt: skip
            yield f"      - {_flow(fields)}{_comment(finding)}"


def _adverse_events(reading: Reading) -> Iterator[str]:
    found = reading.of("adverse-event")
    if found:
        yield "adverse_events:"
    for (table,), rows in _grouped(found, "table"):
        yield f"  - report: {REPORT}"
        yield f"    table: {_scalar(table)}"
        yield from _adverse_table(rows)


def _adverse_table(rows: list[Finding]) -> Iterator[str]:
    counted = [finding for finding in rows if finding.values.get("total") is not None]
    totals: Fields = {str(f.about["arm"]): f.values["total"] for f in counted}
    if totals:
        places = {str(f.about["arm"]): f.locator for f in counted}
        yield "    totals: " + _flow(
            {arm: {"value": n, "locator": places[arm]} for arm, n in totals.items()}
        )
    yield "    events:"
    for (event, grade), group in _grouped(rows, "event", "grade"):
        counts: Fields = {}
        for finding in group:
            counts[str(finding.about["arm"])] = _cell(finding, totals)
        fields: Fields = {"event": event, "grade": grade}
        if group[0].values.get("related"):
            fields["related"] = True
        yield f"      - {_flow({**fields, 'counts': counts, 'locator': group[0].locator})}" + (
            _comment(*group)
        )


def _cell(finding: Finding, totals: Fields) -> object:
    """A count as printed; with its own total where that is not the table's."""
    n, percent, total = (finding.values.get(name) for name in ("n", "percent", "total"))
    if total is not None and total != totals.get(str(finding.about["arm"])):
        return {"n": n, "total": total} | ({"percent": percent} if percent else {})
    return f"{n} ({percent}%)" if percent else n


def _population(reading: Reading) -> Iterator[str]:
    """Counts of the table of the start; of a mean or median that looks like a count, a remark."""
    remarks, rows = [], []
    found = reading.of("baseline")
    for (characteristic, category), group in _grouped(found, "characteristic", "category"):
        if any(count_cell(str(finding.values.get("value", ""))) for finding in group):
            cells = (f"{finding.about['arm']} {finding.printed}" for finding in group)
            name = ", ".join(filter(None, (characteristic, category)))
            remarks.append(f"# no count of patients: {name}: {', '.join(cells)}")
            continue
        fields: Fields = {"characteristic": characteristic}
        if category:
            fields["category"] = category
        counts: Fields = {}
        for finding in group:
            own = {str(finding.about["arm"]): finding.values.get("total")}
            printed = finding.values.get("value")
            counts[str(finding.about["arm"])] = printed or _cell(finding, own)
        rows.append(
            f"  - {_flow({**fields, 'counts': counts, 'locator': group[0].locator})}"
            + _comment(*group)
        )
    yield from remarks
    if rows:
        yield "population:"
        yield from rows


def _status(reading: Reading) -> str:
    """`ongoing` where a registry says so and nothing was reported there."""
    said = {finding.about["field"]: finding.values["value"] for finding in reading.of("design")}
    reported = any(reading.of(kind) for kind in ("median", "hr", "response"))
    return "ongoing" if said.get("status") in ONGOING and not reported else "reported"


def _registered(reading: Reading) -> Iterator[str]:
    """What a registry says of the trial's course, as evidence of its own kind."""
    found = {str(finding.about["field"]): finding for finding in reading.of("design")}
    if "status" not in found:
        return
    said = [str(found["status"].values["value"]).lower().replace("_", " ")]
    if "enrolment" in found:
        kind = f" ({found['enrolment-type'].values['value']})" if "enrolment-type" in found else ""
        said.append(f"{found['enrolment'].values['value']} patients{kind.lower()}")
    said += [
        f"{name.replace('-', ' ')} {found[name].values['value']}"
        for name in ("start", "primary-completion")
        if name in found
    ]
    fields: Fields = {"topic": "registry status", "kind": "design", "value": ", ".join(said),
                      "locator": found["status"].locator}  # fmt: skip
    yield "other_evidence:"
    yield f"  - {_flow(fields)}"


def _flow_comments(reading: Reading) -> Iterator[str]:
    for finding in reading.of("participant-flow"):
        about = finding.about
        yield "# participant flow, not events of an outcome: " + _one_line(
            f"{about['arm']}, {about['milestone']}: {finding.values['n']}"
        )


def _unread(reading: Reading) -> Iterator[str]:
    """Sentences with numbers of results that are not in the draft."""
    if reading.unread:
        yield "# Not read: these sentences hold numbers of results that are not above."
    for unread in reading.unread:
        yield f"# - {unread.place or 'text'}: {_one_line(' | '.join(unread.printed))}"
        yield f"#   in: {_one_line(unread.sentence)}"


def _grouped(
    findings: Iterable[Finding], *names: str
) -> list[tuple[tuple[str, ...], list[Finding]]]:
    """Findings by what they are about, in the order they came."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        about = {"report": REPORT, **finding.about}
        groups.setdefault(tuple(str(about[name]) for name in names), []).append(finding)
    return list(groups.items())


def _placed(finding: Finding, **fields: object) -> Fields:
    printed: Fields = {"printed": finding.printed} if finding.printed else {}
    return {**fields, **printed, "locator": finding.locator}


def _said(finding: Finding, indent: str, name: str, fields: Fields) -> Iterator[str]:
    """A value under the words that stood around it."""
    yield f"{indent}# ... {_one_line(finding.words)} ..."
    yield f"{indent}{name}{_flow(fields)}{_comment(finding)}"


def _comment(*findings: Finding) -> str:
    reasons = dict.fromkeys(finding.unsure for finding in findings if finding.unsure)
    return f"  # unsure: {_one_line('; '.join(reasons))}" if reasons else ""


def _flow(fields: dict[str, object]) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value)}" for name, value in fields.items()) + "}"


def _scalar(value: object) -> str:
    """A value as JSON, which is YAML; text is quoted, so `NO` and `1:2` stay text."""
    if isinstance(value, dict):
        return _flow(value)
    if isinstance(value, str):
        return json.dumps(_one_line(value), ensure_ascii=False)
    return json.dumps(value)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
