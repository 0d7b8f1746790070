"""Which analysis of a trial a sentence tells of: the interim one, the final one, a later cutoff.

A paper may give a result twice, at two times. Both are kept, each under its own report: they are
two facts, not two readings of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from evinet.extract.read import numbers
from evinet.extract.read.confirm import MAIN
from evinet.extract.read.findings import NOT_NAMED, Analysis, Finding
from evinet.extract.read.passages import Sentence

_OF = (
    r"(?:(?:OS|PFS|DFS|EFS|overall[- ]survival|progression[- ]free[- ]survival|survival|efficacy)"
    r"[- ])?"
)
_DONE = r"(?:analys[ie]s|looks?|assessment)\b"
_PLANNED = (
    r"(?!\s*(?:\([^()]*\) )?(?:is|are|was|were|will|remains?|had been|has been)? ?(?:be )?"
    r"(?:planned|expected|pending|scheduled|ongoing|specified|prespecified|not)\b)"
)
_NAMED = re.compile(
    rf"\b(?:(?P<nth>first|second|third|fourth) )?(?:(?:pre-?)?(?:planned|specified) )?"
    rf"(?P<interim>interim) {_OF}{_DONE}{_PLANNED}"
    rf"|\b(?P<final>final) {_OF}{_DONE}{_PLANNED}"
    rf"|\b(?P<primary>primary) {_OF}analysis\b(?! (?:population|set|cohort)){_PLANNED}"
    rf"|\b(?P<update>updated|follow-?up|later|extended|long(?:er)?-term) {_OF}{_DONE}{_PLANNED}"
    r"|\bat (?:the time of )?(?:the |this )?(?:[\w-]+ )?(?P<updates>update)\b"
    rf"|\b(?P<order>first|second|third) (?:{_OF}{_DONE}|(?:data )?cut-?\s?offs?\b){_PLANNED}",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"(?:\bcut-?\s?off(?: date)?(?:,|:| of| on| was| in)? ?\(?|\b[Aa]s of |\bcensored (?:at|on) )"
    rf"(?P<date>{numbers.DATE})"
)
_FOLLOWED = re.compile(
    rf"\b(?:[Ww]ith|[Aa]fter|[Aa]t) (?:a )?(?:median )?(?:of )?(?P<n>\d+(?:\.\d+)?)[ -]"
    rf"{numbers.UNIT} (?:of )?(?:median )?follow-?\s?up"
    rf"|\bfollow-?\s?up(?: time| duration)?(?: of| was|,|:)? (?P<m>\d+(?:\.\d+)?) "
    rf"{numbers.UNIT.replace('<unit>', '<units>')}"
)
_NEAR = 60
"""Characters between the name of an analysis and its date."""
_RANKS = {"interim": 1.0, "primary": 2.0, "final": 4.0, "update": 5.0, "updates": 5.0}
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4}


def analyses(text: str) -> list[Analysis]:
    """The analyses that a sentence names, in its order.

    >>> [a.slug for a in analyses("At the interim analysis (data cutoff May 2, 2019), OS was ...")]
    ['interim']
    """
    found = [_named(match) for match in _NAMED.finditer(text)]
    for match in _DATED.finditer(text):
        day = numbers.iso_date(match["date"])
        if day is None:
            continue
        near = [i for i, a in enumerate(found) if 0 <= match.start() - a.start < _NEAR]
        if near:
            found[near[-1]] = replace(found[near[-1]], when=day, cutoff=day)
        else:
            found.append(Analysis(f"cutoff-{day}", match.group(), 3.0, day, day, match.start()))
    if not found:
        for match in _FOLLOWED.finditer(text):
            printed, unit = match["n"] or match["m"], match["unit"] or match["units"]
            months = numbers.months(float(printed), unit)
            slug = f"follow-up-{months:g}".replace(".", "-")
            found.append(Analysis(slug, match.group(), 3.0, f"{months:08.2f}", "", match.start()))
    return sorted(found, key=lambda a: a.start)


def _named(match: re.Match[str]) -> Analysis:
    if match["order"]:
        nth = match["order"].lower()
        kind = "cutoff" if "cut" in match.group().lower() else "analysis"
        return Analysis(f"{nth}-{kind}", match.group(), 1 + _ORDER[nth] / 10, "", "", match.start())
    kind = next(name for name in _RANKS if match[name])
    rank = _RANKS[kind]
    slug = {"primary": "primary-analysis", "updates": "update"}.get(kind, kind)
    if match["nth"]:
        nth = match["nth"].lower()
        rank, slug = rank + _ORDER[nth] / 10, f"{nth}-{slug}"
    return Analysis(slug, match.group(), rank, "", "", match.start())


_IN_BRACKET = re.compile(r"[^()]{0,40}\((?:[^()]|\([^()]*\))*")
"""From an analysis into the bracket behind it."""


@dataclass(frozen=True)
class Told:
    """The analyses that a `sentence` names, and the one that the sentences `before` told of.

    A sentence of an abstract goes on with the analysis of the one before it; the body of a paper is
    too long for that.
    """

    sentence: Sentence | None = None
    named: tuple[Analysis, ...] = ()
    before: Analysis = NOT_NAMED

    def next(self, sentence: Sentence) -> Told:
        """What the next sentence tells of."""
        last = self.sentence
        goes_on = last is not None and last.passage is sentence.passage
        before = (self.before, *self.named)[-1]
        if not goes_on or sentence.part != "abstract":
            before = NOT_NAMED
        return Told(sentence, tuple(analyses(sentence.text)), before)

    def at(self, place: int, first: int) -> Analysis:
        """The analysis that a value at a `place` is of; `first` is where the first value stands.

        A sentence names its analyses before their values, or behind them.
        """
        if not self.named:
            return self.before
        if self.named[0].start < first:
            return [a for a in self.named if a.start <= place][-1]
        text = self.sentence.text if self.sentence else ""
        for a in self.named:
            if _IN_BRACKET.fullmatch(text, a.start + len(a.words), place):
                return a
        return next((a for a in self.named if a.start >= place), self.named[-1])


def by_analysis(findings: Iterable[Finding]) -> list[Finding]:
    """The readings; where two analyses give values of one fact, each has a report of its own.

    Only an outcome of which some fact has different values in two analyses is split. The latest one
    stays in the main report, unless other values are there of which no analysis is named.
    """
    found = _named_elsewhere(list(findings))
    told: dict[tuple[str, ...], dict[str, set[object]]] = {}
    known: dict[str, Analysis] = {}
    for finding in found:
        if finding.kind in MAIN and not _of_others(finding):
            analysis = finding.analysis
            told.setdefault(_fact(finding), {}).setdefault(analysis.slug, set()).add(
                _value(finding)
            )
            known[analysis.slug] = max(
                known.get(analysis.slug, analysis), analysis, key=lambda a: a.order
            )
    split: dict[str, set[str]] = {}
    for (_, outcome, *_), each in told.items():
        alone = "" in each and len(each) == 2 and all(map(_may_be_all, each))
        if len(each) > 1 and len(set().union(*each.values())) > 1 and not alone:
            split.setdefault(outcome, set()).update(each)
    latest = {
        outcome: "" if "" in slugs else max(slugs, key=lambda slug: known[slug].order)
        for outcome, slugs in split.items()
    }
    return [
        _reported(finding, latest[finding.about["outcome"]], known)
        if finding.kind in MAIN and finding.about["outcome"] in split
        else finding
        for finding in found
    ]


def _may_be_all(slug: str) -> bool:
    """Whether an analysis that is named may be the only one: its time is told, or `primary`."""
    return slug.startswith(("follow-up", "cutoff", "primary")) or not slug


def _reported(finding: Finding, main: str, known: dict[str, Analysis]) -> Finding:
    """The finding under the report of its analysis; one that is not the latest is marked."""
    slug = finding.analysis.slug
    if not slug or slug == main:
        return replace(finding, analysis=known[slug])
    earlier = known[slug].order <= known[main].order and "another analysis" not in finding.aside
    aside = f"an earlier analysis ({finding.analysis.words})" if earlier else ""
    return replace(
        finding,
        about={**finding.about, "report": slug},
        analysis=known[slug],
        aside="; ".join(filter(None, (finding.aside, aside))),
    )


def _named_elsewhere(findings: list[Finding]) -> list[Finding]:
    """The readings; one of no named analysis is of the one in which its value is given."""
    known = {
        (_fact(finding), _value(finding)): finding.analysis
        for finding in sorted(findings, key=lambda f: f.analysis.order)
        if finding.kind in MAIN and finding.analysis.slug
    }
    return [
        replace(finding, analysis=known.get((_fact(finding), _value(finding)), finding.analysis))
        if finding.kind in MAIN and not finding.analysis.slug
        else finding
        for finding in findings
    ]


def _fact(finding: Finding) -> tuple[str, ...]:
    """What a reading is of, whoever assessed it and whichever arm of a ratio is above the line."""
    about = finding.about
    arms = sorted((str(about.get("arm")), str(about.get("comparator", ""))))
    return finding.kind, str(about["outcome"]), str(about.get("time", "")), *arms


def _value(finding: Finding) -> object:
    value = finding.values.get(MAIN[finding.kind])
    return finding.values.get("n") if value is None else value


def _of_others(finding: Finding) -> bool:
    """Whether a reading is of other patients, of another time, or of another trial."""
    return re.search("another (?:population|group|trial|time)", finding.aside) is not None
