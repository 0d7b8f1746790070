"""The arms: their names as printed, their numbers of patients, and who is meant by a phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from evinet.extract.read.findings import Finding
from evinet.extract.read.numbers import count
from evinet.extract.read.prose import sentences
from evinet.extract.read.text import Document

_UNITS = r"mg|g|GBq|mCi|MBq|Gy|mcg|µg|μg"
_TOKEN = re.compile(
    rf"(?:arm|group|cohort) [A-D1-4]\b|\d+(?:\.\d+)?\s?(?:{_UNITS})\b|[a-z0-9]+", re.IGNORECASE
)
_FILLER = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "to",
        "for",
        "with",
        "plus",
        "and",
        "or",
        "group",
        "groups",
        "arm",
        "arms",
        "patients",
        "patient",
        "treated",
        "receiving",
        "received",
        "receive",
        "identical",
        "matching",
        "alone",
        "every",
        "day",
        "days",
        "daily",
        "week",
        "weeks",
        "per",
        "once",
        "twice",
        "long",
        "acting",
        "repeatable",
        "followed",
        "by",
        "who",
        "were",
        "was",
        "treatment",
        "therapy",
        "m2",
        "kg",
        "vs",
        "versus",
        "allocated",
        "assigned",
        "randomly",
        "randomised",
        "randomized",
        "each",
        "day-",
        "body",
    ]
)
_COUNT = re.compile(
    r"\(\s*(?:[^()]{1,60}[,;]\s*)?[nN]\s*=\s*(\d[\d,]*)[^()]*?\)|\((\d[\d,]*) patients[^()]*\)"
)
_TO = re.compile(
    r"(\d[\d,]*)(?: \(\d+(?:\.\d+)?%\)| \[\d+(?:\.\d+)?%\])?(?: patients| participants)?(?: were)?"
    r"(?: randomly)?(?: assigned| allocated| randomi[sz]ed)? (?:to|received) "
    r"(?:receive |the )*(?P<label>[^,;.()]+?)(?= group| arm|,| and \d|;|\.| \()"
)
_TOTAL = re.compile(
    r"(?:randomly (?:assigned|allocated)|randomi[sz]ed|enrolled and randomi[sz]ed) "
    r"(?:a total of )?(\d[\d,]*)|(\d[\d,]*)(?: \(\d+%\))?(?: eligible| adult)? "
    r"(?:patients|participants|people|women|men|adults)(?: \(\d+%\))?(?: with [^.,;\d]{1,80}?)?"
    r" (?:were |was |underwent )?"
    r"(?:enrolled and |subsequently |then )?(?:randomly|randomi[sz])|(\d[\d,]*) "
    r"(?:were|underwent) (?:randomly|randomi[sz])"
)
_LEAD = re.compile(
    r"^.*\b(?:randomly assigned|assigned|allocated|randomi[sz]ed|receive|receiving|received"
    r"|between|either|comparing)\b(?:\s*\(?\d+:\d+(?::\d+)?\)?)?\s*(?:\([^)]*\))?\s*"
    r"(?:to|either|receive|the|with|patients|:|\s)*",
    re.IGNORECASE | re.DOTALL,
)


def tokens(text: str) -> frozenset[str]:
    """The words of a name that tell treatments apart (a dose with its unit is one word)."""
    text = re.sub(r"\[177Lu\]Lu|\(177\)Lu|177-?Lu|lutetium", "177Lu", text, flags=re.IGNORECASE)
    found = (re.sub(r"\s", "", word).lower() for word in _TOKEN.findall(text))
    return frozenset(word for word in found if word not in _FILLER)


@dataclass
class Arm:
    """An arm: the name printed, the patients randomised, and all its other names."""

    label: str
    n: int
    names: list[frozenset[str]] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """A slug of the printed name."""
        words = re.findall(r"[a-z0-9]+", self.label.lower())
        keep = [word for word in words if word not in ("the", "group", "arm", "of", "with")]
        keep = words if len("".join(keep)) < 2 else keep
        return "-".join(keep[:5]) or "arm"


@dataclass
class Arms:
    """The arms of a trial, the experimental ones first."""

    arms: list[Arm]
    finding: list[Finding]

    def __len__(self) -> int:
        return len(self.arms)

    @property
    def slugs(self) -> list[str]:
        """Arm slugs in order, made distinct."""
        seen: list[str] = []
        for arm in self.arms:
            slug = arm.slug
            while slug in seen:
                slug += "-2"
            seen.append(slug)
        return seen

    @property
    def has_control(self) -> bool:
        """Whether one arm, and no other, is plainly the control."""
        return sum(_compares(arm, self.arms) for arm in self.arms) == 1

    def n(self, slug: str) -> int:
        """Patients randomised to an arm."""
        return self.arms[self.slugs.index(slug)].n

    def identify(self, label: str, n: int | None) -> str | None:
        """The arm a table or figure calls `label`: the one with its N, else the one it names."""
        same = [i for i, arm in enumerate(self.arms) if n is not None and arm.n == n]
        index = same[0] if len(same) == 1 else self._best(tokens(label))
        return None if index is None else self.slugs[index]

    def learn(self, slug: str, label: str) -> None:
        """Remember another name of an arm, as the heading of a table prints it."""
        words = frozenset(word for word in tokens(label) if not word.isdigit())
        names = self.arms[self.slugs.index(slug)].names
        taken = [name for arm in self.arms for name in arm.names]
        if words and words not in taken and len(words) <= 8 and "%" not in label:
            names.append(words)

    def meant(self, phrase: str) -> str | None:
        """The one arm that a phrase names, or None."""
        index = self._best(tokens(phrase))
        return None if index is None else self.slugs[index]

    def _scores(self, words: frozenset[str]) -> list[float]:
        return [
            max((len(words & name) / len(words | name) for name in arm.names if name), default=0.0)
            for arm in self.arms
        ]

    def _best(self, words: frozenset[str]) -> int | None:
        scores = self._scores(words) if words else []
        ranked = sorted(scores, reverse=True)
        if not ranked or ranked[0] == 0 or (len(ranked) > 1 and ranked[1] == ranked[0]):
            return None
        return scores.index(ranked[0])

    def mentions(self, text: str) -> list[tuple[int, int, str]]:
        """Where `text` names arms: start, end and slug; a name that fits two arms is left out."""
        known = frozenset().union(*(name for arm in self.arms for name in arm.names))
        runs: list[list[re.Match[str]]] = []
        for match in _TOKEN.finditer(text):
            word = re.sub(r"\s", "", match.group()).lower()
            if word not in known and (word not in _FILLER or not runs):
                continue
            if runs and not re.search(
                r"[,;:()\[\]]|\d|[a-z]", text[runs[-1][-1].end() : match.start()], re.I
            ):
                runs[-1].append(match)
            elif word in known:
                runs.append([match])
        return [found for run in runs for found in self._resolve(text, run)]

    def _resolve(self, text: str, run: list[re.Match[str]]) -> list[tuple[int, int, str]]:
        start, end = run[0].start(), run[-1].end()
        links = [*re.finditer(r"\b(?:and|or|versus|vs)\b", text[start:end])]
        starts = [start, *(start + link.end() for link in links)]
        ends = [*(start + link.start() for link in links), end]
        parts = [(a, b) for a, b in zip(starts, ends, strict=True) if tokens(text[a:b])]
        indices = [self._best(tokens(text[a:b])) for a, b in parts]
        exact = all(
            index is not None and self._scores(tokens(text[a:b]))[index] == 1
            for (a, b), index in zip(parts, indices, strict=True)
        )
        whole = self._best(tokens(text[start:end]))
        distinct = None not in indices and len(set(indices)) == len(indices) > 1
        if distinct and (
            exact or whole is None or self._scores(tokens(text[start:end]))[whole] < 1
        ):
            return [
                (a, b, self.slugs[index])
                for (a, b), index in zip(parts, indices, strict=True)
                if index is not None
            ]
        return [] if whole is None else [(start, end, self.slugs[whole])]


def find_arms(document: Document) -> Arms:
    """Arms and their patients, from the sentence that says who was randomised to what."""
    total = _total(document)
    candidates = []
    for sentence in sentences(document):
        if not re.search(r"random|assigned|allocated|received|receive\b", sentence.text):
            continue
        for found in (_counted(sentence.text), _sent(sentence.text), _listed(sentence.text)):
            if 2 <= len(found) <= 6:
                candidates.append((found, sentence))
    fitting = [item for item in candidates if total and sum(n for _, n in item[0]) == total]
    if not candidates:
        return Arms([], [])
    found, sentence = (fitting or candidates)[0]
    doubt = "" if fitting else "the numbers were not seen to add up to the patients randomised"
    arms = Arms([Arm(label, n, [tokens(label)]) for label, n in found], [])
    _nicknames(arms, sentence.text)
    _order(arms)
    _name_control(arms)
    line = document.line_at(sentence.start)
    words = sentence.text.strip()[:300]
    for arm, slug in zip(arms.arms, arms.slugs, strict=True):
        values = {"label": arm.label, "n": arm.n}
        printed = f"{arm.label} n={arm.n}"
        arms.finding.append(
            Finding("arm", {"arm": slug}, values, printed, line.page, line.number, words, doubt)
        )
    return arms


def is_control(label: str) -> bool:
    """Whether a name says that the arm is the control."""
    return bool(
        re.search(
            r"\bplacebo\b(?! plus| and)|\bcontrol\b|\bstandard|best supportive|"
            r"observation|\balone\b|\bsham\b|usual care",
            label,
            re.IGNORECASE,
        )
    )


def _order(arms: Arms) -> None:
    arms.arms = sorted(arms.arms, key=lambda arm: _compares(arm, arms.arms))


def _compares(arm: Arm, arms: list[Arm]) -> bool:
    """Whether an arm is the control: what another arm adds to, or else by its name."""
    own = tokens(arm.label)
    others = [tokens(other.label) for other in arms if other is not arm]
    if any(own < other for other in others):
        return True
    return is_control(arm.label) and not any(own > other for other in others)


def _nicknames(arms: Arms, text: str) -> None:
    """`octafex alone (113 patients) (control group)`: the name that the paper goes on to use."""
    counts = [match for match in _COUNT.finditer(text)]
    if len(counts) != len(arms):
        return
    stops = [match.start() for match in counts[1:]] + [len(text)]
    for arm, match, stop in zip(arms.arms, counts, stops, strict=True):
        names = re.findall(r"\(([^()\d]{2,40}?) (?:group|arm)\)", text[match.end() : stop])
        if len(names) == 1 and tokens(names[0]):
            arm.names.append(tokens(names[0]))


def _name_control(arms: Arms) -> None:
    """`the control group` is the one arm that is plainly the control, if no arm has that name."""
    control = frozenset({"control"})
    if arms.has_control and not any(control <= name for arm in arms.arms for name in arm.names):
        next(arm for arm in arms.arms if _compares(arm, arms.arms)).names.append(control)


def _total(document: Document) -> int | None:
    for sentence in sentences(document):
        match = _TOTAL.search(sentence.text)
        if match:
            return count(match[1] or match[2] or match[3])
    return None


def _counted(text: str) -> list[tuple[str, int]]:
    """`A (n=151) and B (n=75)`."""
    found: list[tuple[str, int]] = []
    cursor = 0
    for match in _COUNT.finditer(text):
        label = text[cursor : match.start()]
        label = re.sub(r"^.*\bto (?=\S)", "", _LEAD.sub("", label)) if not found else label
        if found and (len(label) > 60 or "(" in label):
            label = re.sub(r"^.*\b(?:or|versus|vs\.?)\s", "", label)
        label = re.sub(r"^[\s,;]*(?:and |or |versus |vs\.? |to )?(?:to |receive |the |either "
                       r"|with )*",
                       "", label.strip())  # fmt: skip
        value = count(match[1] or match[2])
        if value is not None and 0 < len(label) <= 90:
            found.append((_clean(label), value))
        cursor = match.end()
    return [item for item in found if item[0]]


def _sent(text: str) -> list[tuple[str, int]]:
    """`205 to everolimus and 97 to placebo`."""
    return [
        (_clean(match["label"]), value)
        for match in _TO.finditer(text)
        if (value := count(match[1])) and _clean(match["label"])
    ]


def _listed(text: str) -> list[tuple[str, int]]:
    """`(129 surex; 69 placebo)`."""
    match = re.search(r"\(((?:\d+ [A-Za-z][\w -]*?[;,] )+(?:and )?\d+ [A-Za-z][\w -]*?)\)", text)
    if match is None or "%" in match.group():
        return []
    parts = [part.strip().removeprefix("and ") for part in re.split(r"[;,]", match[1])]
    pairs = [part.partition(" ") for part in parts]
    return [(_clean(label), int(n)) for n, _, label in pairs if n.isdigit()]


def _clean(label: str) -> str:
    label = re.sub(r"\s+", " ", label).strip(" ,;:-")
    label = re.sub(r"^(?:the|an?|receive|either)\s+", "", label)
    label = re.sub(r"\s+(?:given )?at (?:a|the) dose\b.*", "", label)
    return re.sub(r"\s+(?:group|arm|treatment group)s?$", "", label).strip()
