"""A publication, read whole: the findings of every kind, each fact once.

Text, a journal's page and JATS XML all become passages and tables first; from there on there is one
way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evinet.extract.read import words
from evinet.extract.read.analyses import by_analysis
from evinet.extract.read.arms import Arms
from evinet.extract.read.at_risk import find_at_risk
from evinet.extract.read.claims import find_claims, not_spoken_of
from evinet.extract.read.confirm import settle
from evinet.extract.read.design import find_design
from evinet.extract.read.efficacy import find_efficacy
from evinet.extract.read.findings import Finding, Reading
from evinet.extract.read.grid import Grid, grids, heads_repeat, of_cells
from evinet.extract.read.marked import Marked
from evinet.extract.read.passages import Passage, headings, is_paper, passages, sentences
from evinet.extract.read.patients import find_patients
from evinet.extract.read.randomised import find_arms
from evinet.extract.read.subgroups import find_subgroups
from evinet.extract.read.text import Document, document
from evinet.extract.read.unread import find_unread

_OPENING = 12
"""Sentences of an abstract in which a paper says what it is."""
_WHOLE = 1500
"""Characters from which on a text is a paper, or a whole abstract, and no excerpt."""


def read_publication(text: str, name: str = "text", arms: list[str] | None = None) -> Reading:
    """Read a publication's text; what is not found is absent, what is not confirmed is marked.

    `arms` names the arms by hand, the experimental ones first.

    >>> reading = read_publication(
    ...     "Patients were randomly assigned to abc (n=50) or placebo (n=50).", "text"
    ... )
    >>> [finding.values["n"] for finding in reading.of("arm")]
    [50, 50]
    """
    source = document(text, name)
    marks = headings(source)
    read = passages(source, marks)
    found = find_arms(read, _title(source), arms)
    tables = list(grids(source, found)) if found.arms else []
    _seconded(found, tables)
    findings = [*find_design(read), *found.finding]
    if found.arms:
        findings += _results(passages(source, marks), tables, found)
        findings += [*find_at_risk(source, found), *find_subgroups(source, found)]
    paper = is_paper(read) or bool(tables)
    return _reading(name, findings, found, read, paper, _other_paper(read, _title(source)))


def read_marked(document: Marked, name: str, arms: list[str] | None = None) -> Reading:
    """Read a document whose sections and tables are marked as such."""
    found, tables = document.passages, document.tables
    known = find_arms(found, document.title, arms)
    grids_found = [
        grid for cells in tables if known.arms and (grid := of_cells(cells, known)) is not None
    ]
    _seconded(known, grids_found)
    findings = [*find_design(found), *known.finding]
    if known.arms:
        findings += _results(found, grids_found, known)
    doubt = document.other_paper or _other_paper(found, document.title)
    paper = is_paper(found) or bool(tables)
    return _reading(name, findings, known, found, paper, doubt)


def _reading(name: str, findings: list[Finding], arms: Arms, read: list[Passage], paper: bool,
             doubt: str) -> Reading:  # fmt: skip
    """The findings settled, and what was seen and not read."""
    findings = by_analysis(findings)
    settled = _of_sure_arms(settle(findings, paper), arms)
    unread = find_unread(read, findings, settled)
    notes = [] if arms.arms else [NO_ARMS]
    if unread:
        notes.append(f"numbers of results that were not read, in {len(unread)} of the sentences")
    return Reading(name, _whole_trial(settled, doubt), notes, unread)


NO_ARMS = 'the arms were not recognised: give them with --arms "A,B"'
"""What a reading without arms says."""


_RANDOMISED = re.compile(
    r"\brandomi[sz](?:ed|ation|e)\b(?! (?:[\w-]+ ){0,3}(?:trials|studies)\b)"
    r"|\brandomly (?!select|sampl|chosen|drawn|pick|classif)"
    r"|\brandom(?:ly)? (?:assign|alloc|order|sequence)|\ballocat",
    re.IGNORECASE,
)
"""Words of a trial's own randomisation; models have random effects, and surveys random samples."""


def _other_paper(read: list[Passage], title: str) -> str:
    """Why a paper may be no first report of one whole trial: a subgroup, a review, or others."""
    if found := words.OTHER_PAPER["title"].search(title):
        return f"the title speaks of another kind of paper ({found.group()})"
    before = [s for s in sentences(read, "abstract", "introduction", "methods")
              if s.part == "abstract"]  # fmt: skip
    for sentence in before[:_OPENING]:
        if found := words.OTHER_PAPER["abstract"].search(sentence.text):
            return f"the abstract speaks of another kind of paper ({found.group()})"
    whole = " ".join(passage.text for passage in read if passage.section != "closed")
    if len(whole) > _WHOLE and not _RANDOMISED.search(whole):
        return "the paper does not say that patients were randomised"
    return ""


def _whole_trial(findings: list[Finding], doubt: str) -> list[Finding]:
    """The findings; all but registration and DOI take the `doubt` of the whole paper."""
    return [
        finding.doubted(doubt)
        if doubt and finding.about.get("field") not in ("registration", "doi")
        else finding
        for finding in findings
    ]


def _seconded(arms: Arms, tables: list[Grid]) -> None:
    """Confirm the arms where the head of a table repeats them."""
    if arms.arms and any(heads_repeat(grid, arms) for grid in tables):
        arms.seconded()


def _of_sure_arms(findings: list[Finding], arms: Arms) -> list[Finding]:
    """The findings; where the arms are unsure, nothing that is said of them is sure."""
    return [
        finding.doubted(arms.doubt)
        if arms.doubt and not finding.unsure and "arm" in {**finding.about, **finding.values}
        else finding
        for finding in findings
    ]


def tables_findings(tables: list[Grid], arms: Arms, unsaid: dict[str, str]) -> list[Finding]:
    """The findings of all tables; a table that counts too few patients may be of a part of them.

    `unsaid` says of which kinds of findings the document does not speak.
    """
    return [
        finding.doubted(doubt) if doubt else finding
        for grid in tables
        for others in [_counts_others(grid, arms)]
        for finding in (*find_patients(grid), *find_efficacy(grid, arms))
        for doubt in [others or unsaid.get(finding.kind, "")]
    ]


def _counts_others(grid: Grid, arms: Arms) -> str:
    part = words.PART.find(grid.title)
    if part and not words.WHOLE.find(grid.title) and not re.search("safety", grid.title, re.I):
        return f"the caption speaks of {part!r}"
    for column in grid.columns:
        known = arms.n(column.arm) if column.arm else None
        if known and column.n and not 0.95 * known <= column.n <= known:
            return f"the table counts {column.n} patients, and {known} were randomised"
    if any(finding.unsure for finding in arms.finding):
        return "the arms and their patients are unsure"
    return ""


def _results(found: list[Passage], tables: list[Grid], arms: Arms) -> Iterator[Finding]:
    unsaid = not_spoken_of(found)
    yield from find_claims(found, arms, unsaid)
    yield from tables_findings(tables, arms, unsaid)


def _title(source: Document) -> str:
    """The first lines that may be a title, up to an empty one."""
    lines = [line.text.strip() for line in source.lines[:12]]
    text = "\n".join(lines).strip().split("\n\n")[0]
    return words.TITLE_ENDS.split(" ".join(text.split("\n")[:3])[:300])[0]
