"""How sentences count patients: names of arms with a number each, and numbers of all patients."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evinet.extract.read.arms import UNITS, tokens
from evinet.extract.read.numbers import SPELLED, WORDS, count, spelled
from evinet.extract.read.passages import Sentence
from evinet.extract.read.words import Phrases

# --- how a sentence gives arms and their patients ----------------------------------------
COUNTED = re.compile(
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
RANDOM = re.compile(r"[Rr]andom|[Aa]ssigned|[Aa]llocated")
SUBSET = Phrases(
    r"\bresponded\b|subset|subgroup|exploratory"
    r"|only \d|\bsub-?stud|alive|progress|\bdied\b|discontinu"
    r"|complet(?:ed|"
    r"ers)|evaluable|per[- ]protocol|\bfollow(?:ed)?[- ]?up\b|withdr[ae]w|adverse|biomarker"
    r"|samples?\b"
    r"|second randomi|re-?randomi|crossed|analy[sz]able|tumou?r (?:tissue|blocks)|questionnaire"
)
NOT_A_NAME = re.compile(
    r"^(?:after|while|among|during|before|because) |"
    r"^(?:(?:arms?|groups?) [\dA-D] (?:or|and) [\dA-D]|(?:arms|groups)\b.*"
    r"|(?:one|\d+) of .*|with|without|no|not|who|were|was|had|have|did|of|in|those|that|which|both"
    r"|all|total|men|women|males?|females?|patients?|participants?|eligible|and|at|from|group|arm|either|one|"
    r"two|three|four|five|six|twelve|each|because|received?|this|these|study|"
    r"treatment groups?|median|age|if|it|they|after|"
    r"before|during|by|the|a|an|centres?|centers?|hospitals?|follow.*|ratio|once|twice|\d+)$"
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
_LEAD = re.compile(
    r"^.*\b(?:randomly assigned|assigned|allocated|randomi[sz]ed|receive|receiving|received"
    r"|between|either|comparing|compared|treatment with)\b(?:\s*[([]?\d ?: ?\d(?: ?: ?\d)?[)\]]?)?"
    r"(?: ratio)?\s*(?:\([^)]*\))?\s*"
    r"(?:(?:to|either|receive|the|with|patients|by)\b|[:,\s])*",
    re.IGNORECASE | re.DOTALL,
)


def totals_randomised(read: Iterable[Sentence]) -> set[int]:
    """Numbers of patients of whom a sentence says that they were randomised."""
    found = set()
    for sentence in read:
        if not RANDOM.search(sentence.text):
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


def numbers_enrolled(read: Iterable[Sentence]) -> set[int]:
    """Numbers of patients of whom a sentence says that they were enrolled, and nothing less.

    Arms that add up to such a number are those of the whole trial. A larger number that is said to
    be randomised (`totals_randomised`) still puts them in doubt.
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


def counted_arms(sentence: Sentence) -> Iterable[list[tuple[str, int]]]:
    """Arms and their patients as a sentence on randomisation may give them: name and number."""
    text = sentence.text
    if not RANDOM.search(text) and not re.search(r"\d patients (?:received|receiving)", text):
        return
    if SUBSET.find(text):
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
            and not any(NOT_A_NAME.search(label) for label in named)
            and min(n for _, n in found) > 4
        ):
            yield found


def _counted(text: str) -> list[tuple[str, int]]:
    """`A (n=151) and B (n=75)`."""
    found: list[tuple[str, int]] = []
    cursor = 0
    for match in COUNTED.finditer(text):
        label = text[cursor : match.start()]
        label = (
            re.sub(r"^.*\bto (?=[^\s\d])", "", _LEAD.sub("", label))
            if not found or RANDOM.search(label)
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
            found.append((clean(label), value))
        cursor = match.end()
    return [item for item in found if item[0]]


def _without_total(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Without the number of all patients, as in `Patients (N = 366)`."""
    whole = sum(n for _, n in found)
    return [item for item in found if len(found) < 3 or 2 * item[1] != whole]


def _bracketed(text: str) -> list[tuple[str, int]]:
    """`(regoral, n = 312; placebo, n = 156)`."""
    return [
        (clean(match["label"]), int(match["n"].replace(",", "")))
        for match in _BRACKETED.finditer(text)
    ]


def _numbered(text: str) -> list[tuple[str, int]]:
    """`205 to everolimus and 97 to placebo`, `in 275 patients allocated ABC`."""
    found = []
    for match in _NUMBERED.finditer(text):
        said, label = match["n"].lower(), clean(match["label"])
        value = count(said) if said[0].isdigit() or said in WORDS else spelled(said)
        part = _PHASE_OR_DATE.match(label)
        if (
            value
            and re.search("[A-Za-z]", label)
            and not part
            and len(label) <= 70
            and value not in (1, 2, 3)
        ):
            found.append((label, value))
    return found


_PHASE_OR_DATE = re.compile(
    r"phases? [\dI]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d", re.IGNORECASE
)
"""What stands behind a number and is no arm: `30 in phase 2`, `May 26, 2009, to Feb 15, 2012`."""


def _listed(text: str) -> list[tuple[str, int]]:
    """`(129 surex; 69 placebo)`."""
    match = _LISTED.search(text)
    if match is None or "%" in match.group():
        return []
    if match["turned"]:
        found = re.findall(r"([A-Za-z][\w +/-]*?),? (\d{2,})(?=[;, )]|$)", match["turned"])
        return [(clean(re.sub(r"^and ", "", label)), int(n)) for label, n in found]
    parts = [re.sub(r"^and ", "", part.strip()) for part in re.split(r"[;,]", match["list"])]
    pairs = [part.partition(" ") for part in parts]
    return [
        (clean(re.sub(r"^(?:to|in|for) (?:the )?", "", label)), int(n.replace(",", "")))
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
    return [(clean(match[x]), int(match[n].replace(",", ""))) for x, n in (("a", "m"), ("b", "n"))]


_LEADING = re.compile(
    r"^(?:(?:in|into|to|for|on|by|with|of|at|from|the|an?|either|one|two|three|four|five|six"
    r"|receiv(?:e|ing)|tak(?:e|ing)|using?|undergo(?:ing)?|treatment with)\s+)+(?=\S)"
    r"|^[^:]*\b(?:groups?|arms?|treatments?|following|\w+ly|according to [^:]*|prior to [^:]*):\s+",
    re.IGNORECASE,
)
"""What may stand before the name of an arm in a sentence, and is no part of it."""


def clean(label: str) -> str:
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
        r"(?<=\w)(?<!\bwith)(?<!\bplus)(?<!\band)(?<!\bor)\s+(?:orally|intravenously|subcutaneously|iv|po|bid|p\.o\.?|i\.v\.?)\b(?!.*\b(?:plus|with|and)\b).*",
        "", label,
        flags=re.IGNORECASE,
    )  # fmt: skip
    label = re.sub(r"\s+(?:(?:given )?at (?:a|the) dose|titrated)\b.*", "", label)
    label = re.sub(r"\s*\((?:[^()]*)$", "", label)
    return re.sub(r"\s+(?:group|arm|treatment group)s?$", "", label).strip()
