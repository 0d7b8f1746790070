"""Findings as the draft of a trial file: YAML that a person completes and corrects."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evinet.extract.read.findings import Finding, Reading

SECTIONS = {
    "arm": "arms",
    "events": "events",
    "median": "medians",
    "hr": "hazard-ratios",
    "landmark": "landmarks",
    "at-risk": "numbers-at-risk",
    "subgroup": "subgroups",
    "response": "responses",
    "adverse-event": "adverse-events",
    "baseline": "population",
    "participant-flow": "participant-flow",
}


def draft(reading: Reading, trial: str, source: str) -> str:
    """The YAML text of a draft: one line a fact, `# unsure:` where a person must look first.

    Parameters
    ----------
    trial, source
        Slug of the trial and key of the source that every fact is given.
    """
    unsure = sum(bool(finding.unsure) for finding in reading.findings)
    lines = [
        f"# Draft read from {reading.source}: {len(reading.findings)} facts, {unsure} of them unsure.",
        "# Compare each with the source (page and line are given) before it is used.",
        "# What was not found is not here.",
        f"trial: {_scalar(trial)}",
        f"source: {_scalar(source)}",
        *_design(reading),
    ]
    for kind, section in SECTIONS.items():
        found = reading.of(kind)
        if found:
            lines += ["", f"{section}:", *(_line(finding) for finding in found)]
    return "\n".join(lines) + "\n"


def _design(reading: Reading) -> Iterator[str]:
    found = reading.of("design")
    if found:
        yield "design:"
    for finding in found:
        fields = {"value": finding.values["value"], "locator": finding.locator}
        yield f"  {finding.about['field']}: {_flow(fields)}{_comment(finding)}"


def _line(finding: Finding) -> str:
    fields = {**finding.about, **finding.values, "printed": finding.printed,
              "locator": finding.locator, "words": finding.words}  # fmt: skip
    known = {name: value for name, value in fields.items() if value is not None or name == "upper"}
    return f"  - {_flow(known)}{_comment(finding)}"


def _comment(finding: Finding) -> str:
    return f"  # unsure: {_one_line(finding.unsure)}" if finding.unsure else ""


def _flow(fields: dict[str, object]) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value)}" for name, value in fields.items()) + "}"


def _scalar(value: object) -> str:
    """A value as JSON, which is YAML; text is always quoted, so `NO` and `1:2` stay text."""
    if isinstance(value, str):
        return json.dumps(_one_line(value), ensure_ascii=True)
    return json.dumps(value)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
