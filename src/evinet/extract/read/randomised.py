"""Who was randomised to what: the arms of a trial, and why their numbers may be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evinet.extract.read.arms import SAID_ONCE, UNITS, Arm, Arms, is_control, tokens
from evinet.extract.read.counts import (
    RANDOM,
    SUBSET,
    counted_arms,
    numbers_enrolled,
    totals_randomised,
)
from evinet.extract.read.findings import Finding
from evinet.extract.read.names import (
    MORE_ARMS,
    abbreviations,
    allotted,
    arms_named,
    grouped,
    name_roles,
    nicknames,
    titled,
    used,
)
from evinet.extract.read.numbers import count
from evinet.extract.read.passages import Passage, Sentence, is_paper, sentences
from evinet.extract.read.words import Phrases

_UNIT = (
    r"eyes|lesions|tumou?rs|nodules|HCCs|metastases|limbs|knees|hips|teeth|implants|stents|vessels"
    r"|samples|procedures|cycles|practices|clusters|hospitals|cent(?:er|re)s|households|villages"
    r"|clinics|wards|schools|visits|episodes|admissions|families|couples"
)
_UNADDED = "the numbers were not seen to add up to those randomised"
_UNCOUNTED = "no number of patients was found beside the name"


def find_arms(passages: list[Passage], title: str = "", given: list[str] | None = None) -> Arms:
    """The arms, from the sentence that says how many were randomised to what.

    Where no sentence gives numbers, the title or the methods name the arms; `given` names them by
    hand. A number is confirmed when the arms add up to the patients randomised, or are said twice;
    in a paper, when they are said twice, and add up or are said to be randomised.
    """
    read = [s for s in sentences(passages, "abstract", "results", "methods", "title")]
    totals = totals_randomised(read)
    whole = " ".join(p.text for p in passages if p.section != "closed").lower()
    candidates = [
        (found, s) for s in read for found in counted_arms(s)
        if not _INTENDED.find(s.text) and (
            sum(n for _, n in found) in totals
            or re.search(r"randomi|randomly|allocated|assigned", s.text)
            or used([label for label, _ in found], whole)
        )
    ]  # fmt: skip
    if given:
        arms = Arms([Arm(label, None, [tokens(label)]) for label in given])
        for found, s in candidates:
            _take(arms, found, s, totals)
        return _finished(arms, passages)
    most = max(totals | (numbers_enrolled(read) if candidates else set()), default=0)
    fitting = [item for item in candidates
               if _adds_up(*item, totals) or _makes_up(*item, most)]  # fmt: skip
    sets = [sorted(n for _, n in found) for found, _ in candidates]
    twice = [item for item, own in zip(candidates, sets, strict=True) if sets.count(own) > 1]
    if candidates:
        found, s = (fitting or twice or candidates)[0]
        arms = arms_named([(label, n) for label, n in found])
        confirmed = bool(fitting or twice) and RANDOM.search(s.text)
        doubt = "" if confirmed else _UNADDED
        odd = _no_patients(read, s, found) or _odd_names(arms, passages, s)
        odd = odd or _others_randomised(read, candidates, found, totals)
        if is_paper(passages) and not _said_again(arms, candidates, found, s):
            doubt = doubt or SAID_ONCE
        _say(arms, s, odd or doubt)
        nicknames(arms, s.text)
        arms.doubt = odd or (doubt and UNSURE_ARMS)
        return _finished(arms, passages)
    arms = grouped(read, title) or titled(title, whole) or allotted(read, whole)
    _take_equal(arms, read)
    arms.doubt = UNSURE_ARMS
    return _finished(arms, passages)


UNSURE_ARMS = "the arms, or the numbers of their patients, are unsure"
"""Why nothing that is said of the arms is sure."""


def _said_again(arms: Arms, candidates: list[tuple[list[tuple[str, int]], Sentence]],
                found: list[tuple[str, int]], said: Sentence) -> bool:  # fmt: skip
    """Whether another sentence gives the same arms the same numbers."""
    numbers = {arms.meant(label): n for label, n in found}
    return None not in numbers and any(
        sentence != said and {arms.meant(label): n for label, n in other} == numbers
        for other, sentence in candidates
    )


def _adds_up(found: list[tuple[str, int]], said: Sentence, totals: set[int]) -> bool:
    """Whether the arms make up the patients randomised: `Of 90 patients, 44 were randomised to`."""
    whole = sum(n for _, n in found)
    text = said.text.replace(",", "")
    first = re.search(
        rf"\bof (?:the |these )?{whole} (?:[\w-]+ )?(?:patients|participants|people|women|men"
        rf"|adults|subjects|individuals)\b[^.;\d]{{0,80}}\d+ were (?:randomly|randomi[sz])",
        text, re.IGNORECASE,
    )  # fmt: skip
    return whole in totals or first is not None


def _makes_up(found: list[tuple[str, int]], said: Sentence, most: int) -> bool:
    """Whether the arms make up all who were enrolled, and were randomised by the same words."""
    if sum(n for _, n in found) != most:
        return False
    places = [
        m for _, n in found for m in re.finditer(rf"(?<!\d){n:,}(?!\d)|(?<!\d){n}(?!\d)", said.text)
    ]
    if not places:
        return False
    return RANDOM.search(said.text, 0, max(m.end() for m in places) + 40) is not None


_INTENDED = Phrases(
    r"(?<!of the )\b(?:intention(?!-to-treat| to treat)|intended|planned|plans?|aim(?:ed|s)?|goal"
    r"|proposed|target)\b[^.]{0,40}?"
    r"\b(?:to )?(?:be )?(?:random|recruit|enrol|includ|assign|allocat)"
    r"|\b(?:to|will|would|should) be random"
)
"""Patients who were to be randomised: a plan, not what was done."""
_LONG = 6000
"""Characters of a text, from which on the name of an arm stands in it more than once."""
_CLUSTERS = re.compile(
    r"\bcluster[- ](?:\w+[- ])?random|\brandom\w* (?:\w+ )?(?:by|at|in) (?:\w+ )?cluster"
    r"|\bclusters (?:were|was) (?:randomly|randomi[sz]|allocat|assign)",
    re.IGNORECASE,
)
_ELIGIBLE = re.compile(
    r"(?:\d|(?:hundred|thousand|ty|teen|ty-\w+)) eligible (?:[\w-]+ ){0,2}(?:patients|participants"
    r"|women|men|subjects|adults)\b",
    re.IGNORECASE,
)
_COUNTED_THING = re.compile(
    r"[nN] ?= ?\d[\d,]* (?!and\b|or\b|vs\b|versus\b|to\b|in\b|were\b|was\b|at\b|for\b|from\b|per\b"
    r"|of\b|with\b|patients?\b|participants?\b|women\b|men\b|subjects?\b|people\b|persons?\b"
    r"|adults?\b|children\b|infants?\b|individuals?\b|volunteers?\b)(?P<thing>[a-z]{3,})"
)
_GOES_ON = (
    r", (?!(?:and|or|of|who|which|with|while|whereas|but|in|at|from|between|after|before|the|all"
    r"|respectively|including|were|was|had|both|each)\b)[a-z][\w-]+(?: [\w-]+){0,2},?"
    r" (?:and|plus|or) (?!\d)"
)
"""A list of drugs behind what was read as a name: `, mitoxantrone, and carboplatin`."""


def _odd_names(arms: Arms, passages: list[Passage], said: Sentence) -> str:
    """Why what was read as the names of arms may be none."""
    whole = " ".join(" ".join(p.text for p in passages).lower().split())
    sets = [tokens(arm.label) - {"reverse", "sequence", "then"} for arm in arms.arms]
    if len(set(sets)) < len(sets):
        return "the names of the arms differ by the order of their words only"
    doses = [bool(_DOSE.fullmatch(arm.label)) for arm in arms.arms]
    others = [is_control(arm.label) for arm, dose in zip(arms.arms, doses, strict=True) if not dose]
    if any(doses) and not all(others):
        return "some names are doses alone, and others are not"
    for arm in arms.arms:
        label = arm.label.lower()
        on = re.search(re.escape(arm.label) + _GOES_ON, said.text)
        if on or ":" in label or len(label.split()) > 9:
            return f"{arm.label!r} may be more than the name of an arm"
        if re.search(r" (?:with|plus|and|or|of|to|by|then)$", label):
            return f"{arm.label!r} may be less than the name of an arm"
        printed = re.findall(rf"(?<![\w.-]){re.escape(label)}(?![\w-]|\.\d)", whole)
        if len(whole) > _LONG and len(printed) < 2:
            return f"{arm.label!r} stands nowhere else as the name of an arm"
    return ""


_DOSE = re.compile(rf"\d+(?:\.\d+)?[ -]?(?:{UNITS})(?:/\w+)*", re.IGNORECASE)
_AGAIN = re.compile(
    r"\bre-?randomi[sz]|\brandomi[sz]\w* (?:again|a second time)|\bsecond(?:ary)? randomi[sz]",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"(?:[nN] ?= ?\d[\d,]*|\(\d[\d,]* (?:patients|women|men|participants))[^()]*\),?"
    r" or (?!more\b|less\b)"
    r"[a-z][^()]{3,60}(?:[.;,]|$)"
)
"""A group behind the last one that has a number: `, or best supportive care`."""


def _others_randomised(read: list[Sentence],
                       candidates: list[tuple[list[tuple[str, int]], Sentence]],
                       found: list[tuple[str, int]], totals: set[int]) -> str:  # fmt: skip
    """Why the arms may be of some of the patients, of one trial of several, or a second stage."""
    whole = sum(n for _, n in found)
    if more := sorted(total for total in totals if total > whole):
        return f"{whole} patients are in the arms, and {more[0]} are said to be randomised too"
    sums = {sum(n for _, n in other) for other, _ in candidates} & totals
    if sums - {whole}:
        return f"arms of {min(sums - {whole})} patients randomised are named too"
    if any(_AGAIN.search(sentence.text) for sentence in read):
        return "patients were randomised more than once"
    if any(_ANOTHER.search(sentence.text) for other, sentence in candidates if other == found):
        return "another group is named, without its number"
    for label, n in found:
        said = re.compile(
            rf"(?<![\d.,])(?P<n>\d[\d,]*) (?:patients |participants )?(?:were |was )?(?:randomly "
            rf"(?:assigned|allocated)|randomi[sz]ed) to (?:receive |the )?{re.escape(label)}\b",
            re.IGNORECASE,
        )
        for match in (m for sentence in read for m in said.finditer(sentence.text)):
            if (other := count(match["n"])) not in (n, whole, None):
                return f"{other} patients are said to be randomised to {label} too"
    return ""


def _no_patients(read: list[Sentence], said: Sentence, found: list[tuple[str, int]]) -> str:
    """Why the numbers of arms may count something else than patients: eyes, tumours, practices."""
    if counted := _COUNTED_THING.search(said.text):
        return f"the numbers may count {counted['thing']}"
    if _ELIGIBLE.search(said.text):
        return "the numbers may leave out patients who were randomised and not eligible"
    if any(_CLUSTERS.search(sentence.text) for sentence in read):
        return "clusters were randomised, and the numbers may count them"
    total = sum(n for _, n in found)
    units = re.compile(rf"(?<![\d.,]){total} (?:[\w-]+ ){{0,2}}?(?P<unit>{_UNIT})\b")
    for sentence in read:
        if counted := units.search(sentence.text):
            return f"the numbers may count {counted['unit']}"
    return ""


def _finished(arms: Arms, passages: list[Passage]) -> Arms:
    """The arms with their short names and roles, each of them said."""
    if not arms.arms:
        return arms
    abbreviations(arms, passages)
    name_roles(arms)
    if len(arms) == 2 and any(
        RANDOM.search(s.text) and MORE_ARMS.search(s.text)
        for s in sentences(passages, "abstract", "methods", "title")
    ):
        arms.fewer = "more than two groups, or several trials, were randomised"
    for arm, slug in zip(arms.arms, arms.slugs, strict=True):
        if not any(finding.about["arm"] == slug for finding in arms.finding):
            arms.finding.append(
                Finding("arm", {"arm": slug}, {"label": arm.label}, arm.label,
                        unsure=_UNCOUNTED)
            )  # fmt: skip
    return arms


def _say(arms: Arms, sentence: Sentence, doubt: str) -> None:
    for arm, slug in zip(arms.arms, arms.slugs, strict=True):
        values = {"label": arm.label, "n": arm.n}
        arms.finding.append(
            Finding("arm", {"arm": slug}, values, f"{arm.label} n={arm.n}", sentence.where(0),
                    sentence.text.strip()[:300], doubt)
        )  # fmt: skip


def _take(arms: Arms, found: list[tuple[str, int]], sentence: Sentence, totals: set[int]) -> None:
    """Numbers of arms that were named by hand, from a sentence that gives one for each of them."""
    slugs = [arms.meant(label) for label, _ in found]
    if arms.finding or None in slugs or sorted(map(str, slugs)) != sorted(arms.slugs):
        return
    for slug, (_, n) in zip(slugs, found, strict=True):
        arms.arms[arms.slugs.index(str(slug))].n = n
    fits = sum(n for _, n in found) in totals
    _say(arms, sentence, "" if fits else _UNADDED)


_EQUAL = re.compile(
    r"(?<![\d.,])(?P<n>\d[\d,]*)(?: patients| participants| women| men| subjects)?(?: were| was)?"
    r"(?: randomly)? (?:assigned|allocated|randomi[sz]ed) (?:in)?to"
    r" (?:each (?:of the (?:two )?)?(?:treatment )?(?:group|arm)|both the )",
    re.IGNORECASE,
)


def _take_equal(arms: Arms, read: Iterable[Sentence]) -> None:
    """The same number for each arm of two: `56 patients were randomly assigned to each group`."""
    for sentence in read:
        match = _EQUAL.search(sentence.text)
        if match and len(arms) == 2 and not arms.finding and not SUBSET.find(sentence.text):
            for arm in arms.arms:
                arm.n = count(match["n"])
            _say(arms, sentence, _UNADDED)
