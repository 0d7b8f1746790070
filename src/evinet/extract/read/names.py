"""How a text names its arms where no number stands beside them, and what else it calls them."""

from __future__ import annotations

import re

from evinet.extract.read.arms import ROLES, Arm, Arms, compares, tokens
from evinet.extract.read.counts import COUNTED, NOT_A_NAME, SUBSET, clean
from evinet.extract.read.passages import Passage, Sentence

_CONTRAST = re.compile(r"\d|\b(?:versus|vs|than|compared)\b")
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
"""How results name the arms: `in the A group`, `longer with A than with B`, `6.1 months (A)`, or
`for A versus B`."""
_SHORT = 3
"""The pattern of abbreviations, which need no other words to be names of arms."""
_TO_WHAT = re.compile(
    r"(?:random|assigned|allocated)(?:.*?\b(?:to|between|either|comparing|receive)\b)?"
    r"(?P<to>.*?)(?:stratif|$)",
    re.IGNORECASE | re.DOTALL,
)
MORE_ARMS = re.compile(
    r"\b1 ?: ?1 ?: ?1|\b(?:three|four|five|3|4|5)[- ](?:treatment )?(?:groups?|arms?|way)\b"
    r"|factorial|\b(?:two|three|four|five|six) (?:[\w-]+ ){0,4}(?:trials|studies)\b"
    r"|\bor\b[^.]{2,80}\band (?:then |also )?to\b[^.]{2,80}\bor\b",
    re.IGNORECASE,
)


def arms_named(named: list[tuple[str, int | None]]) -> Arms:
    """Arms with these names, the control last."""
    arms = [Arm(label, n, [tokens(label)]) for label, n in named]
    return Arms(sorted(arms, key=lambda arm: compares(arm, arms)))


def used(labels: list[str], text: str) -> bool:
    """Whether a document goes on to use every name: words of its own stand in it twice."""
    sets = [tokens(label) for label in labels]
    for own in sets:
        others = frozenset().union(*(other for other in sets if other != own))
        telling = "|".join(map(re.escape, sorted((own - others) or own)))
        found = re.finditer(rf"(?<![a-z0-9])(?:{telling})(?![a-z0-9])", text)
        if next(found, None) is None or next(found, None) is None:
            return False
    return True


def titled(title: str, whole: str) -> Arms:
    """Two arms that the title names."""
    match = _TITLED.search(title)
    labels = [_named_label(match["a"]), _named_label(match["b"])] if match else []
    words = [tokens(label) for label in labels]
    if (
        all(words)
        and len(set(words)) == 2
        and not any(NOT_A_NAME.search(label) or len(label) > 60 for label in labels)
        and not any("," in label for label in labels)
        and used(labels, whole)
    ):
        return arms_named([(label, None) for label in labels])
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


def allotted(read: list[Sentence], whole: str) -> Arms:
    """Two arms that the sentence on randomisation names, and the text goes on to name."""
    for sentence in read:
        plain = re.sub(r" ?\([^()]*\)", "", sentence.text)
        match = _ALLOTTED.search(sentence.text) or _ALLOTTED.search(plain)
        if match is None or SUBSET.find(match.group()) or MORE_ARMS.search(sentence.text):
            continue
        labels = [re.sub(r"(?<=\w) \d[\d.]*[ -]?(?:mg|g|µg|μg|Gy|IU|mL)\b.*", "", clean(match[x]))
                  for x in "ab"]  # fmt: skip
        words = [tokens(label) for label in labels]
        if (
            all(words)
            and len(set(words)) == 2
            and not any(NOT_A_NAME.search(label) for label in labels)
            and used(labels, whole)
        ):
            arms = arms_named([(label, None) for label in labels])
            nicknames(arms, sentence.text)
            return arms
    return Arms([])


def grouped(read: list[Sentence], title: str) -> Arms:
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
                label = clean(match["label"])
                words = tokens(label)
                named = any(word.isalpha() or word[0] == "#" for word in words)
                short = pattern is _GROUPS[_SHORT] or all(word[0] == "#" for word in words)
                arm = short or words <= known
                if named and arm and not NOT_A_NAME.search(label):
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
            return arms_named([(label, None) for label in sets[most]])
    return Arms([])


def _named_label(label: str) -> str:
    label = re.sub(
        r"^.*\b(?:trial|study|comparison|comparing|efficacy|safety|effects?|treatment) (?:of|with|"
        r"between)? ?", "", re.sub(r"\s*\([^()]*\)", "", label), flags=re.IGNORECASE,
    )  # fmt: skip
    return clean(
        re.sub(r"^(?:to |receive |either |the |with |treatment with )+", "", label.strip())
    )


def nicknames(arms: Arms, text: str) -> None:
    """`octafex alone (113 patients) (control group)`: the name that the paper goes on to use."""
    counts = [match for match in COUNTED.finditer(text)]
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


def abbreviations(arms: Arms, passages: list[Passage]) -> None:
    """`pegylated doxal (PLD)`: the short name behind the whole one, wherever it stands."""
    whole = " ".join(passage.text for passage in passages)
    for arm in arms.arms:
        found = re.search(rf"\b{re.escape(arm.label)} \(([A-Z][\w+/-]{{1,9}})\)", whole, re.I)
        words = tokens(found[1]) if found and found[1][0].isupper() else frozenset()
        if words and not any(words <= name for other in arms.arms for name in other.names):
            arm.names.append(words)


def name_roles(arms: Arms) -> None:
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
