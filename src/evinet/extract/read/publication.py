"""A publication's text, read whole: the findings of every kind, each fact once."""

from __future__ import annotations

from dataclasses import replace

from evinet.extract.read.arms import Arms, find_arms
from evinet.extract.read.at_risk import find_at_risk
from evinet.extract.read.design import find_design
from evinet.extract.read.findings import Finding, Reading, settle
from evinet.extract.read.patients import find_patients
from evinet.extract.read.subgroups import find_subgroups
from evinet.extract.read.survival import UNDIRECTED, find_survival
from evinet.extract.read.text import document


def read_publication(text: str, name: str = "text") -> Reading:
    """Read a publication; what is not found is absent, what is doubtful is marked.

    Tables teach the reader the arms' other names, so they are read before the prose.
    """
    source = document(text, name)
    arms = find_arms(source)
    findings = [*find_design(source), *arms.finding]
    if arms.arms:
        tables = [*find_patients(source, arms)]
        findings += [
            *find_survival(source, arms),
            *find_at_risk(source, arms),
            *find_subgroups(source, arms),
            *(tables if len(arms) else []),
        ]
    return Reading(name, [_directed(finding, findings, arms) for finding in settle(findings)])


def _directed(finding: Finding, findings: list[Finding], arms: Arms) -> Finding:
    """A hazard ratio that goes against its medians is marked: its direction may be misread."""
    if finding.kind != "hr":
        return finding
    medians = {
        other.about["arm"]: other.values["median"]
        for other in findings
        if other.kind == "median" and other.about["outcome"] == finding.about["outcome"]
    }
    arm, comparator = (medians.get(finding.about[side]) for side in ("arm", "comparator"))
    if arm is None or comparator is None or arm == comparator:
        return finding
    if (finding.values["estimate"] < 1) != (arm > comparator):
        if UNDIRECTED in finding.unsure:
            about = {
                **finding.about,
                "arm": finding.about["comparator"],
                "comparator": finding.about["arm"],
            }
            return replace(finding, about=about, unsure=f"{UNDIRECTED}: taken from the medians")
        return finding.doubted("the ratio goes against the medians: check its direction")
    return finding
