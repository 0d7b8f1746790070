"""Who was randomised to what: the arms of a trial, from the sentences that name and count them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evinet.extract.read.arms import (
    ROLES,
    SAID_ONCE,
    UNITS,
    Arm,
    Arms,
    compares,
    is_control,
    tokens,
)
from evinet.extract.read.findings import Finding
from evinet.extract.read.numbers import SPELLED, WORDS, count, spelled
from evinet.extract.read.passages import Passage, Sentence, is_paper, sentences
from evinet.extract.read.words import Phrases

_CONTRAST = re.compile(r"\d|\b(?:versus|vs|than|compared)\b")
# --- how a sentence gives arms and their patients ----------------------------------------
_COUNTED = re.compile(
    r"\(\s*(?P<inside>[^()=]{1,60}[,;]\s*)?[nN]\s*=\s*(?P<n>\d[\d,]*)[^()]*?\)"
    r"|\[[nN]\s*=\s*(?P<m>\d[\d,]*)[^\]]*\]"
    r"|\((?:(?P<short>[^()=\d]{1,40})[,;] )?(?P<k>\d[\d,]*) "
    r"(?:(?:patients|participants|women|men|subjects)|\[\d+(?:\.\d+)?%\])[^()]*\)"
)
_BRACKETED = re.compile(
    r"(?:[(;:]|[(;:,] and|; and)\s*(?P<label>[A-Za-z][^();,=:]{1,60}?),? [nN] ?= "
    r"?(?P<n>\d[\d,]*)(?: \[[\d.]+%\])?(?=\s*[;,)])"
)
_NUMBERED = re.compile(
    rf"(?<![\d.,=])(?<!\d )(?P<n>\d[\d,]*|(?<![A-Za-z-])(?:no|{SPELLED})\b)"
    r"(?: \(\d+(?:\.\d+)?%\)| \[\d+(?:\.\d+)?%\])?"
    r"(?: patients| participants| women| men| subjects)?(?: were| was)?(?: randomly)?"
    r"(?: assigned| allocated| randomi[sz]ed)?(?: to(?: receive)?| received| receiving|,? allocated"
    r"(?: to)?| in| into) (?:the |treatment with |an? )?"
    r"(?P<label>(?:[a-z][a-z+ -]*, )+and [a-z+ -]+(?= groups?\b| arms?\b)"
    r"|[A-Za-z\d\[(](?:[^,;:.()]|\.(?=\d))*?)"
    r"(?= groups?\b| arms?\b|,| and (?:\d|the )|;|\.(?!\d)| \("
    r"|\)| compared| versus| vs| was\b| were\b| "
    r"had\b| who\b|$)",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"[(:]\s*(?P<list>(?:\d[\d,]* (?:to |in |for )?(?:the )?[A-Za-z][\w +/-]*?[;,] (?:and )?)+"
    r"\d[\d,]* (?:to |in |for )?(?:the )?[A-Za-z][\w +/-]*?)[).]"
    r"|\((?P<turned>(?:[A-Za-z][\w +/-]*?,? \d{2,},? ?(?:[;,] (?:and )?"
    r"|and ))+[A-Za-z][\w +/-]*?,? \d{2,})\)"
)
_RANDOM = re.compile(r"[Rr]andom|[Aa]ssigned|[Aa]llocated")
_SUBSET = Phrases(
    r"\bresponded\b|subset|subgroup|exploratory"
    r"|only \d|\bsub-?stud|alive|progress|\bdied\b|discontinu"
    r"|complet(?:ed|"
    r"ers)|evaluable|per[- ]protocol|\bfollow(?:ed)?[- ]?up\b|withdr[ae]w|adverse|biomarker"
    r"|samples?\b"
    r"|second randomi|re-?randomi|crossed|analy[sz]able|tumou?r (?:tissue|blocks)|questionnaire"
)
_NOT_A_NAME = re.compile(
    r"^(?:after|while|among|during|before|because) |"
    r"^(?:(?:arms?|groups?) [\dA-D] (?:or|and) [\dA-D]|(?:arms|groups)\b.*"
    r"|(?:one|\d+) of .*|with|without|no|not|who|were|was|had|have|did|of|in|those|that|which|both"
    r"|all|total|men|women|males?|females?|patients?|participants?|eligible|and|at|from|group|arm|either|one|"
    r"two|three|four|five|six|twelve|each|because|received?|this|these|study|"
    r"treatment groups?|median|age|if|it|they|after|"
    r"before|during|by|the|a|an|centres?|centers?|hospitals?|follow.*|ratio|\d+)$"
    r"|\b(?:is|are|has|have|been|that|which|rash|mutation|years|months|weeks|alive|died|ineligible|excluded|screened|because|analys|"
    r"events?|deaths?|withdrew|were|was|had|did|median|countries|sites|ratio|trial|study|tumou?rs?|"
    r"stage|metastas[ie]s|males?|females?|response|survival|both|consent|criteria|toxicity|eligib\w+|tests?|"
    r"using|regression|recurrent|efficacy|tolerability|centers?|centres?|january|february|march|april|"
    r"june|july|august|september|october|november|december|based|chi|kaplan|log-?rank|refractory|"
    r"advanced|newly|diagnosed|rates?|scores?|values?|data|randomi[sz]ation|progression|who|baseline|"
    r"results?|differences?|outcomes?|quality|primary (?:end|out)\w+|whether|in patients|curves?"
    r"|model|performance|pretreated|receptors?|proven|heavily|or|(?:NS|S)CLC|HCC|RCC|CRPC|GBM|responded|costs?|"
    r"analysis|assessed|week|month|day|changes?|proportions?|means?|this|these|those|assigned|allocated"
    r"|patients|disease|previously|least one)\b"
    r"|(?:cancer|carcinoma|sarcoma|lymphoma|leuka?emia|melanoma|myeloma|glioma|glioblastoma"
    r"|mesothelioma)s?$",
    re.IGNORECASE,
)
_UNIT = (
    r"eyes|lesions|tumou?rs|nodules|HCCs|metastases|limbs|knees|hips|teeth|implants|stents|vessels"
    r"|samples|procedures|cycles|practices|clusters|hospitals|cent(?:er|re)s|households|villages"
    r"|clinics|wards|schools|visits|episodes|admissions|families|couples"
)
_TOTAL = re.compile(
    r"(?:randomly (?:assigned|allocated)|randomi[sz]ed|enrolled and randomi[sz]ed|assigned"
    r"|allocated)"
    r" (?:a total of )?(?P<a>\d[\d,]*)|(?P<b>\d[\d,]*)(?: \(\d+%\))?"
    r"(?: eligible| adult| chemotherapy-na[iï]ve| previously untreated)?(?: female| male)? "
    r"(?:patients|participants|people|women|men|adults|subjects|individuals)(?: \(\d+%\))?"
    r"(?: with [^.,;\d]{1,80}?)? (?:who |that )?(?:were |was |underwent |had been )?"
    r"(?:enrolled and |enrolled, and |recruited and |subsequently |then |eligible and )?"
    r"(?:random|assigned|allocated)"
    r"|(?P<c>\d+(?:,\d{3})*) (?:(?:were|underwent) (?:randomly|randomi[sz])"
    r"|(?:randomi[sz]ed|randomly assigned) (?:in |to |patients|participants|subjects))",
    re.IGNORECASE,
)
_TOTAL_IN_WORDS = re.compile(
    rf"\b(?P<words>{SPELLED}) (?:[\w-]+ ){{0,4}}?(?:patients|participants|people|women|men|adults"
    r"|subjects|individuals|children|infants)(?: with [^.,;\d]{1,80}?)? (?:were |was )?"
    r"(?:then |subsequently )?(?:random|assigned|allocated)",
    re.IGNORECASE,
)
# --- how a title or the methods name them without numbers ------------------------------
_LABEL = r"[A-Za-z\d\[(][^.;:?]{1,90}?"
_STOP = (
    r"(?=\s+(?:in|as|for|among|after|followed by maintenance|on|until|every|at|once|given|plus "
    r"best|"
    r"was|were|group|groups|arms?|treatment|has|have|is|are|did|with respect|following|versus"
    r"|vs\.?|"
    r"until)\b|[.,;:?)]|$)"
)
_TITLED = re.compile(rf"\b(?P<a>{_LABEL}) (?:versus|vs\.?) (?P<b>{_LABEL}){_STOP}", re.IGNORECASE)
_LEAD = re.compile(
    r"^.*\b(?:randomly assigned|assigned|allocated|randomi[sz]ed|receive|receiving|received"
    r"|between|either|comparing|compared|treatment with)\b(?:\s*[([]?\d ?: ?\d(?: ?: ?\d)?[)\]]?)?"
    r"(?: ratio)?\s*(?:\([^)]*\))?\s*"
    r"(?:(?:to|either|receive|the|with|patients|by)\b|[:,\s])*",
    re.IGNORECASE | re.DOTALL,
)
_GROUPS = (
    re.compile(
        r"\b(?:in|for|with|of|than|to|from|versus|vs\.?|and) (?:the |those in the )"
        r"(?P<label>[A-Za-z\d\[](?:(?! in the | of the )[^,;:.()]){0,60}?) (?:groups?|arms?)\b"
    ),
    re.compile(
        r"\b(?:with|than|versus|vs\.?|assigned to|receiving)(?: with)? "
        r"(?P<label>[A-Za-z\d\[][^,;:.()]{0,60}?)(?= (?:and|versus|vs|than|as|compared|was|were|had"
        r"|did|in|at|for|by|significantly|groups?|arms?)\b|[,;:.()]|$)"
    ),
    re.compile(
        r"\b(?:in|for|with|of|than|to|versus|vs\.?|v|and) (?:the )?"
        r"(?P<label>(?:[Aa]rm|[Gg]roup|[Rr]egimen) [A-E1-5])\b"
    ),
    re.compile(
        r"\b(?:in|for|with|of|than|to|and) (?:the )?(?P<label>[A-Z][A-Z\d+/-]{1,9}) arms?\b"
    ),
    re.compile(r"\d(?:%| months| weeks)? \((?P<label>[A-Za-z][^,;:()\d]{0,60})(?=[;)])"),
    re.compile(
        r"(?:\b(?:for|with|favou?r of) (?:the )?(?=[\w+/-]+(?: [\w+/-]+){0,3} (?:versus|vs)\b)"
        r"|\b(?:versus|vs\.?) )(?P<label>[A-Za-z][^,;:.()]{0,60}?)"
        r"(?= (?:versus|vs|was|were|had|did|in|at|resulted|significantly|groups?|arms?)\b"
        r"|[,;:.()]|$)"
    ),
)
_SHORT = 3
"""The pattern of abbreviations, which need no other words to be names of arms."""
"""How results name the arms: `in the A group`, `longer with A than with B`, `6.1 months (A)`, or
`for A versus B`."""
_TO_WHAT = re.compile(
    r"(?:random|assigned|allocated)(?:.*?\b(?:to|between|either|comparing|receive)\b)?"
    r"(?P<to>.*?)(?:stratif|$)",
    re.IGNORECASE | re.DOTALL,
)
_MORE_ARMS = re.compile(
    r"\b1 ?: ?1 ?: ?1|\b(?:three|four|five|3|4|5)[- ](?:treatment )?(?:groups?|arms?|way)\b"
    r"|factorial|\b(?:two|three|four|five|six) (?:[\w-]+ ){0,4}(?:trials|studies)\b"
    r"|\bor\b[^.]{2,80}\band (?:then |also )?to\b[^.]{2,80}\bor\b",
    re.IGNORECASE,
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
    totals = _totals(read)
    whole = " ".join(p.text for p in passages if p.section != "closed").lower()
    candidates = [
        (found, s) for s in read for found in _candidates(s)
        if not _INTENDED.find(s.text) and (
            sum(n for _, n in found) in totals
            or re.search(r"randomi|randomly|allocated|assigned", s.text)
            or _used([label for label, _ in found], whole)
        )
    ]  # fmt: skip
    if given:
        arms = Arms([Arm(label, None, [tokens(label)]) for label in given])
        for found, s in candidates:
            _take(arms, found, s, totals)
        return _finished(arms, passages)
    most = max(totals | (_patients(read) if candidates else set()), default=0)
    fitting = [item for item in candidates
               if _adds_up(*item, totals) or _makes_up(*item, most)]  # fmt: skip
    sets = [sorted(n for _, n in found) for found, _ in candidates]
    twice = [item for item, own in zip(candidates, sets, strict=True) if sets.count(own) > 1]
    if candidates:
        found, s = (fitting or twice or candidates)[0]
        arms = _arms([(label, n) for label, n in found])
        confirmed = bool(fitting or twice) and _RANDOM.search(s.text)
        doubt = "" if confirmed else _UNADDED
        odd = _no_patients(read, s, found) or _odd_names(arms, passages, s)
        odd = odd or _others_randomised(read, candidates, found, totals)
        if is_paper(passages) and not _said_again(arms, candidates, found, s):
            doubt = doubt or SAID_ONCE
        _say(arms, s, odd or doubt)
        _nicknames(arms, s.text)
        arms.doubt = odd or (doubt and UNSURE_ARMS)
        return _finished(arms, passages)
    arms = _grouped(read, title) or _titled(title, whole) or _allotted(read, whole)
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
    return _RANDOM.search(said.text, 0, max(m.end() for m in places) + 40) is not None


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


def _arms(named: list[tuple[str, int | None]]) -> Arms:
    """Arms with these names, the control last."""
    arms = [Arm(label, n, [tokens(label)]) for label, n in named]
    return Arms(sorted(arms, key=lambda arm: compares(arm, arms)))


def _finished(arms: Arms, passages: list[Passage]) -> Arms:
    """The arms with their short names and roles, each of them said."""
    if not arms.arms:
        return arms
    _abbreviations(arms, passages)
    _name_roles(arms)
    if len(arms) == 2 and any(
        _RANDOM.search(s.text) and _MORE_ARMS.search(s.text)
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


def _totals(read: Iterable[Sentence]) -> set[int]:
    found = set()
    for sentence in read:
        if not _RANDOM.search(sentence.text):
            continue
        for match in _TOTAL.finditer(sentence.text):
            value = count(match["a"] or match["b"] or match["c"])
            if value and value > 9:
                found.add(value)
        for match in _TOTAL_IN_WORDS.finditer(sentence.text):
            if (value := spelled(match["words"])) and value > 9:
                found.add(value)
    return found


_PATIENTS = re.compile(
    rf"(?<![\d.,])(?P<n>\d+(?:,\d{{3}})*|\b{SPELLED}) (?:[\w-]+ ){{0,4}}?"
    rf"(?:patients|participants|people|women"
    r"|men|adults|subjects|individuals|children|infants)\b",
    re.IGNORECASE,
)
_OF_ALL = Phrases(r"random|assigned|allocated|\benrol|\brecruit|\btrial (?:in|of|involving)\b")
_OF_SOME = Phrases(
    r"analys|safety|\bmodified\b|\breceived\b|\bgiven\b|\btreated\b|\bleast one\b"
    r"|eligib|\bscreened\b|\bassessed\b|subgroup"
)


def _patients(read: Iterable[Sentence]) -> set[int]:
    """Numbers of patients of whom a sentence says that they were enrolled, and nothing less.

    Arms that add up to such a number are those of the whole trial. A larger number that is said to
    be randomised (`_totals`) still puts them in doubt.
    """
    found = set()
    for sentence in read:
        if _OF_ALL.find(sentence.text) and not _OF_SOME.find(sentence.text):
            for match in _PATIENTS.finditer(sentence.text):
                said = match["n"]
                value = count(said) if said[0].isdigit() else spelled(said)
                if value and value > 9:
                    found.add(value)
    return found


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
        if match and len(arms) == 2 and not arms.finding and not _SUBSET.find(sentence.text):
            for arm in arms.arms:
                arm.n = count(match["n"])
            _say(arms, sentence, _UNADDED)


def _candidates(sentence: Sentence) -> Iterable[list[tuple[str, int]]]:
    text = sentence.text
    if not _RANDOM.search(text) and not re.search(r"\d patients (?:received|receiving)", text):
        return
    if _SUBSET.find(text):
        return
    readings = (_without_total(_counted(text)), _bracketed(text), _numbered(text), _listed(text),
                _in_turn(text))  # fmt: skip
    for found in readings:
        named = [label for label, _ in found]
        words = [tokens(label) for label in named]
        if (
            2 <= len(found) <= 6
            and len(set(words)) == len(words)
            and all(words)
            and not any(_NOT_A_NAME.search(label) for label in named)
            and min(n for _, n in found) > 4
        ):
            yield found


def _counted(text: str) -> list[tuple[str, int]]:
    """`A (n=151) and B (n=75)`."""
    found: list[tuple[str, int]] = []
    cursor = 0
    for match in _COUNTED.finditer(text):
        label = text[cursor : match.start()]
        label = (
            re.sub(r"^.*\bto (?=[^\s\d])", "", _LEAD.sub("", label))
            if not found or _RANDOM.search(label)
            else label
        )
        if found and (len(label) > 60 or "(" in label):
            label = re.sub(r"^.*\b(?:or|versus|vs\.?)\s", "", label)
        label = re.sub(
            r"^[\s,;]*(?:and |or |versus |vs\.? |to )?(?:to |receive |the |either |with )*",
            "", label.strip(),
        )  # fmt: skip
        if match["m"] and label.count("(") > label.count(")"):
            label = label.rpartition("(")[2]  # `1 of 2 arms (docetane [n = 148] or ...)`
        value = count(match["n"] or match["m"] or match["k"])
        inside = (match["inside"] or "").strip(" ,;")
        if inside and tokens(inside) and all(word[0] == "#" for word in tokens(label)):
            label = inside  # `arm A (docetane plus cisplane; n = 148)`
        if value is not None and 0 < len(label) <= 90:
            found.append((_clean(label), value))
        cursor = match.end()
    return [item for item in found if item[0]]


def _without_total(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Without the number of all patients, as in `Patients (N = 366)`."""
    whole = sum(n for _, n in found)
    return [item for item in found if len(found) < 3 or 2 * item[1] != whole]


def _bracketed(text: str) -> list[tuple[str, int]]:
    """`(regoral, n = 312; placebo, n = 156)`."""
    return [
        (_clean(match["label"]), int(match["n"].replace(",", "")))
        for match in _BRACKETED.finditer(text)
    ]


def _numbered(text: str) -> list[tuple[str, int]]:
    """`205 to everolimus and 97 to placebo`, `in 275 patients allocated ABC`."""
    found = []
    for match in _NUMBERED.finditer(text):
        said, label = match["n"].lower(), _clean(match["label"])
        value = count(said) if said[0].isdigit() or said in WORDS else spelled(said)
        part = re.match(r"phases? [\dI]", label, re.IGNORECASE)
        if value and label and not part and len(label) <= 70 and value not in (1, 2, 3):
            found.append((label, value))
    return found


def _listed(text: str) -> list[tuple[str, int]]:
    """`(129 surex; 69 placebo)`."""
    match = _LISTED.search(text)
    if match is None or "%" in match.group():
        return []
    if match["turned"]:
        found = re.findall(r"([A-Za-z][\w +/-]*?),? (\d{2,})(?=[;, )]|$)", match["turned"])
        return [(_clean(re.sub(r"^and ", "", label)), int(n)) for label, n in found]
    parts = [re.sub(r"^and ", "", part.strip()) for part in re.split(r"[;,]", match["list"])]
    pairs = [part.partition(" ") for part in parts]
    return [
        (_clean(re.sub(r"^(?:to|in|for) (?:the )?", "", label)), int(n.replace(",", "")))
        for n, _, label in pairs
        if n.replace(",", "").isdigit()
    ]


_IN_TURN = re.compile(
    r"(?<![\d.,])(?P<m>\d[\d,]*) and (?P<n>\d[\d,]*)"
    r"(?: patients| participants| women| men| subjects)?"
    r"(?: were)?(?: randomly)?(?: received| assigned to(?: receive)?| allocated to(?: receive)?"
    r"| randomi[sz]ed to(?: receive)?) (?:the )?(?P<a>[A-Za-z\d][^,;:.()]*?) and (?P<b>[^,;:.()]*?)"
    r"(?: groups| arms)?, respectively",
    re.IGNORECASE,
)


def _in_turn(text: str) -> list[tuple[str, int]]:
    """`882 and 860 patients received A and B, respectively`."""
    match = _IN_TURN.search(text)
    if match is None:
        return []
    return [(_clean(match[x]), int(match[n].replace(",", ""))) for x, n in (("a", "m"), ("b", "n"))]


_LEADING = re.compile(
    r"^(?:(?:in|into|to|for|on|by|with|of|at|from|the|an?|either|one|two|three|four|five|six"
    r"|receiv(?:e|ing)|tak(?:e|ing)|using?|undergo(?:ing)?|treatment with)\s+)+(?=\S)"
    r"|^[^:]*\b(?:groups?|arms?|treatments?|following|\w+ly|according to [^:]*|prior to [^:]*):\s+",
    re.IGNORECASE,
)
"""What may stand before the name of an arm in a sentence, and is no part of it."""


def _clean(label: str) -> str:
    """The name of an arm alone."""
    before = ""
    while label != before:
        before, label = label, _LEADING.sub("", _stripped(label))
    return label


def _stripped(label: str) -> str:
    label = re.sub(r"\s+", " ", label).strip(" ,;:-")
    label = re.sub(r"^\(\w\)\s+", "", label)
    label = re.sub(
        r"^(?:(?:single|oral|repeated|two|three|four|five|six|\d+) )*"
        r"(?:courses?|cycles?|doses?) of\s+",
        "", label, flags=re.IGNORECASE,
    )  # fmt: skip
    for start, end in ("()", "[]"):
        label = label.rstrip(end) if label.count(end) > label.count(start) else label
    label = re.sub(r"^(?:the|an?|receive|either|compare[ds]?|between|into|\d+ to)\s+", "", label)
    label = re.sub(r"^(?:continue (?:to receive |with |on )?|switch to )(?=\S)", "", label)
    label = re.sub(
        r"^(?:patients |participants |those )?(?:who were )?(?:randomi[sz]ed|assigned|allocated|"
        r"treated|receiving|received|treatment)(?: to| with)? (?:receive )?(?:the )?", "", label,
        flags=re.IGNORECASE,
    )  # fmt: skip
    label = re.sub(r"^(?:into )?(?:\w+ )?(?:arms?|groups?)(?:[:,]| of) ", "", label)
    label = re.sub(r"\s*\[[^\]]*$", "", label)
    label = re.sub(rf" \([^()]*\d ?(?:{UNITS})\b[^()]*\)(?= )", "", label)
    label = re.sub(
        r"(?<=\w)\s+(?:orally|intravenously|subcutaneously|iv|po|bid|p\.o\.?|i\.v\.?)\b(?!.*\b(?:plus|with|and)\b).*",
        "", label,
        flags=re.IGNORECASE,
    )  # fmt: skip
    label = re.sub(r"\s+(?:(?:given )?at (?:a|the) dose|titrated)\b.*", "", label)
    label = re.sub(r"\s*\((?:[^()]*)$", "", label)
    return re.sub(r"\s+(?:group|arm|treatment group)s?$", "", label).strip()


def _used(labels: list[str], text: str) -> bool:
    """Whether a document goes on to use every name: words of its own stand in it twice."""
    sets = [tokens(label) for label in labels]
    for own in sets:
        others = frozenset().union(*(other for other in sets if other != own))
        telling = "|".join(map(re.escape, sorted((own - others) or own)))
        found = re.finditer(rf"(?<![a-z0-9])(?:{telling})(?![a-z0-9])", text)
        if next(found, None) is None or next(found, None) is None:
            return False
    return True


def _titled(title: str, whole: str) -> Arms:
    """Two arms that the title names."""
    match = _TITLED.search(title)
    labels = [_named_label(match["a"]), _named_label(match["b"])] if match else []
    words = [tokens(label) for label in labels]
    if (
        all(words)
        and len(set(words)) == 2
        and not any(_NOT_A_NAME.search(label) or len(label) > 60 for label in labels)
        and not any("," in label for label in labels)
        and _used(labels, whole)
    ):
        return _arms([(label, None) for label in labels])
    return Arms([])


_ALLOTTED = re.compile(
    r"\b(?:(?:randomi[sz]ed|randomly (?:assigned|allocated)|assigned|allocated)\b"
    r"(?:,? (?:in a |\()?\d ?: ?\d\)?(?: ratio)?,?)? to (?:receive )?|received )"
    r"(?:treatment with |either |oral |intravenous )*"
    r"(?P<a>[A-Za-z](?:[^.,;:()]|\.(?=\d)){0,60}?)(?: \([^()]*\))? or (?:to )?(?:receive )?"
    r"(?:match(?:ed|ing) )?"
    r"(?P<b>[A-Za-z](?:[^.,;:()]|\.(?=\d)){0,60}?)"
    r"(?= (?:in(?! combination)|for|on|until|every|at|once|as|after|within)\b"
    r"|[.,;:(]|$| \()",
    re.IGNORECASE,
)


def _allotted(read: list[Sentence], whole: str) -> Arms:
    """Two arms that the sentence on randomisation names, and the text goes on to name."""
    for sentence in read:
        plain = re.sub(r" ?\([^()]*\)", "", sentence.text)
        match = _ALLOTTED.search(sentence.text) or _ALLOTTED.search(plain)
        if match is None or _SUBSET.find(match.group()) or _MORE_ARMS.search(sentence.text):
            continue
        labels = [re.sub(r"(?<=\w) \d[\d.]*[ -]?(?:mg|g|µg|μg|Gy|IU|mL)\b.*", "", _clean(match[x]))
                  for x in "ab"]  # fmt: skip
        words = [tokens(label) for label in labels]
        if (
            all(words)
            and len(set(words)) == 2
            and not any(_NOT_A_NAME.search(label) for label in labels)
            and _used(labels, whole)
        ):
            arms = _arms([(label, None) for label in labels])
            _nicknames(arms, sentence.text)
            return arms
    return Arms([])


def _grouped(read: list[Sentence], title: str) -> Arms:
    """Arms as the results name them, in words of the title or of how patients were randomised."""
    said = [match["to"] for s in read if (match := _TO_WHAT.search(s.text))]
    contrasts = [
        s.text for s in read
        if s.passage.section in ("abstract", "results") and _CONTRAST.search(s.text)
    ]  # fmt: skip
    known = tokens(" ".join([title, *said])) | ROLES
    for pattern in _GROUPS:
        sets: dict[frozenset[frozenset[str]], list[str]] = {}
        uses: dict[frozenset[frozenset[str]], int] = {}
        for text in contrasts:
            found: dict[frozenset[str], str] = {}
            for match in pattern.finditer(text):
                label = _clean(match["label"])
                words = tokens(label)
                named = any(word.isalpha() or word[0] == "#" for word in words)
                short = pattern is _GROUPS[_SHORT] or all(word[0] == "#" for word in words)
                arm = short or words <= known
                if named and arm and not _NOT_A_NAME.search(label):
                    found.setdefault(words, label)
            joint = [
                w for w in found if any(w == a | b for a in found for b in found if a != b != w)
            ]
            for names_joined in (w for w in joint if re.search(r"\band\b", found[w])):
                del found[names_joined]  # `the A and B groups`
            if 2 <= len(found) <= 4:
                names = frozenset(found)
                sets.setdefault(names, list(found.values()))
                uses[names] = uses.get(names, 0) + 1
        if sets:
            most = max(uses, key=lambda names: (uses[names], len(names)))
            return _arms([(label, None) for label in sets[most]])
    return Arms([])


def _named_label(label: str) -> str:
    label = re.sub(
        r"^.*\b(?:trial|study|comparison|comparing|efficacy|safety|effects?|treatment) (?:of|with|"
        r"between)? ?", "", re.sub(r"\s*\([^()]*\)", "", label), flags=re.IGNORECASE,
    )  # fmt: skip
    return _clean(
        re.sub(r"^(?:to |receive |either |the |with |treatment with )+", "", label.strip())
    )


def _nicknames(arms: Arms, text: str) -> None:
    """`octafex alone (113 patients) (control group)`: the name that the paper goes on to use."""
    counts = [match for match in _COUNTED.finditer(text)]
    if len(counts) == len(arms):
        stops = [match.start() for match in counts[1:]] + [len(text)]
        for arm, match, stop in zip(arms.arms, counts, stops, strict=True):
            names = re.findall(r"\(([^()\d]{2,40}?) (?:group|arm)\)", text[match.end() : stop])
            names += [match["short"]] if match["short"] else []
            names += re.findall(r"^(.+?) (?:group|arm)[,;]", match["inside"] or "")
            if len(names) == 1 and tokens(names[0]):
                arm.names.append(tokens(names[0]))
    for arm in arms.arms:
        short = re.search(rf"{re.escape(arm.label)}[^()\d;]{{0,70}}\(([A-Z][\w+/-]{{1,9}})\)", text)
        if (
            short
            and tokens(short[1])
            and not any(tokens(short[1]) <= w for a in arms.arms for w in a.names)
        ):
            arm.names.append(tokens(short[1]))  # `high-dose chemotherapy (HDCT)`
    letter = r"(?:arm|group|regimen) ([A-E1-5]|(?-i:[A-Z]{1,3}))\b"
    for arm in arms.arms:
        label = re.escape(arm.label)
        before = re.search(
            rf"\b{letter}[\s:,(-]*(?:n ?= ?\d+\s*[,;:]? ?)?{label}(?=\s*[;,)(.]|$)", text, re.I
        )
        after = re.search(rf"\b{label}[^()]{{0,12}}\((?:[^()]{{0,20}}[;,] ?)?{letter}", text, re.I)
        if found := before or after:
            arm.names.append(frozenset({"#" + found[1].lower()}))


def _abbreviations(arms: Arms, passages: list[Passage]) -> None:
    """`pegylated doxal (PLD)`: the short name behind the whole one, wherever it stands."""
    whole = " ".join(passage.text for passage in passages)
    for arm in arms.arms:
        found = re.search(rf"\b{re.escape(arm.label)} \(([A-Z][\w+/-]{{1,9}})\)", whole, re.I)
        words = tokens(found[1]) if found and found[1][0].isupper() else frozenset()
        if words and not any(words <= name for other in arms.arms for name in other.names):
            arm.names.append(words)


def _name_roles(arms: Arms) -> None:
    """`the control group` is the one arm that is plainly the control, if no arm has that name."""
    _name_combination(arms)
    if not arms.has_control:
        known = {word for arm in arms.arms for name in arm.names for word in name}
        if len(arms) == 2 and "control" not in known:
            arms.arms[1].names.append(frozenset({"control"}))
            arms.assumed = f"the control group is taken for {arms.arms[1].label}"
        return
    known = {word for arm in arms.arms for name in arm.names for word in name}
    control = next(arm for arm in arms.arms if compares(arm, arms.arms))
    if "control" not in known:
        control.names.append(frozenset({"control"}))
    if len(arms) == 2 and "experimental" not in known:
        (other,) = (arm for arm in arms.arms if arm is not control)
        other.names.append(frozenset({"experimental"}))


_COMBINES = re.compile(r"\bplus\b|\+|\bcombin|\badded to\b|\bwith\b(?!out)|\band\b", re.IGNORECASE)


def _name_combination(arms: Arms) -> None:
    """`the combination group` is the one arm of two that combines or adds to the other."""
    known = {word for arm in arms.arms for name in arm.names for word in name}
    adding = [
        arm for arm in arms.arms
        if any(tokens(other.label) < tokens(arm.label) for other in arms.arms)
    ] or [arm for arm in arms.arms if _COMBINES.search(arm.label)]  # fmt: skip
    if len(arms) == 2 and len(adding) == 1 and "combination" not in known:
        adding[0].names.append(frozenset({"combination"}))
