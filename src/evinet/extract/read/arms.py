"""The arms of a trial: their names, their numbers of patients, and where a text names them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from evinet.extract.read.findings import Finding

UNITS = r"mg|g|GBq|mCi|MBq|Gy|mcg|µg|μg"
_TOKEN = re.compile(
    rf"(?:arms?|groups?|cohorts?|regimens?) (?:[A-E1-5]\b|(?-i:[A-Z]{{1,3}}\b))"
    rf"|\d+(?:\.\d+)?[ -]?(?:{UNITS})\b"
    r"|[a-z0-9]+(?:'s)?",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"(?:(?:[Aa]rm|[Gg]roup|[Cc]ohort|[Rr]egimen)s? )?([A-E]|(?<= )(?:[1-5]|[A-Z]{1,3}))"
)
_FILLER = frozenset(
    re.findall(
        r"\S+",
        "a an the of in to for with plus and or group groups arm arms patients patient "
        "participants "
        "treated receiving received receive identical matching alone every day days week weeks per "
        "followed by who were was treatment treatments therapy m2 kg vs versus allocated assigned "
        "randomly randomised randomized each body those recipients only given single agent "
        "combined "
        "monotherapy women men adults added addition regimen dose from on mg",
    )
)
_WEAK = frozenset({"standard", "combination"})
ROLES = _WEAK | {"control", "experimental", "intervention"}
_NO_ARM = re.compile(
    r"\b(?:disease|tumou?r|local|locoregional|regional|symptom|pain|seizure|asthma|infection|virus"
    r"|blood pressure|glyc\w+|quality|birth|weight|case|rate|bp|lipid|cancer)[ -]$",
    re.IGNORECASE,
)
"""What makes the word control no name of an arm."""
_AFTER = re.compile(
    r"-(?:controlled|resistant|refractory|na[iï]ve|sensitive|related|based|induced|free|exposed|"
    r"containing|matched|adjusted|specific|pretreated|positive|negative|experienced|associated)\b"
    r"| (?:resistance|toxicity|exposure|concentrations?|levels?|discontinuation|failure|refractory|"
    r"doses?\b|cycles?|crossover|sensitivity)",
    re.IGNORECASE,
)

SAID_ONCE = "one sentence gives the numbers, and no other says them again"
"""Why arms are unsure of which nothing else is in doubt."""


def tokens(text: str) -> frozenset[str]:
    """The words of a name that tell treatments apart (a dose with its unit is one word)."""
    text = re.sub(r"\[177Lu\]Lu|\(177\)Lu|177-?Lu|lutetium", "177Lu", text, flags=re.IGNORECASE)
    return frozenset(word for word in map(_plain, _TOKEN.findall(text)) if word not in _FILLER)


def _plain(word: str) -> str:
    letter = _LETTER.fullmatch(word)
    if letter:
        return "#" + letter[1].lower()
    if word.isalpha() or word.isdigit():
        return word.lower()
    return re.sub(r"[\s-]", "", word).lower().removesuffix("'s")


@dataclass
class Arm:
    """An arm: the name printed, the patients randomised (None: not read), all its other names."""

    label: str
    n: int | None
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
    finding: list[Finding] = field(default_factory=list)
    assumed: str = ""
    fewer: str = ""
    doubt: str = ""
    _mentions: dict[tuple[str, int], list[tuple[int, int, str]]] = field(default_factory=dict)

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
        return sum(compares(arm, self.arms) for arm in self.arms) == 1

    def n(self, slug: str) -> int | None:
        """Patients randomised to an arm."""
        return self.arms[self.slugs.index(slug)].n

    def other(self, slug: str) -> str | None:
        """The other arm of two."""
        others = [other for other in self.slugs if other != slug]
        return others[0] if len(others) == 1 else None

    def identify(self, label: str, n: int | None) -> str | None:
        """The arm a table calls `label`: the one it names, else the one with its N."""
        named = self.meant(label)
        same = [i for i, arm in enumerate(self.arms) if n is not None and arm.n == n]
        return named or (self.slugs[same[0]] if len(same) == 1 else None)

    def names(self, slug: str, label: str) -> bool:
        """Whether a label has the name of an arm, or a word of it that no other arm's name has."""
        sets = [tokens(arm.label) for arm in self.arms]
        index, said = self.slugs.index(slug), tokens(label)
        others = frozenset().union(*(own for i, own in enumerate(sets) if i != index))
        return said == sets[index] or bool(said & (sets[index] - others))

    def seconded(self) -> None:
        """Another part of the paper repeats the names and numbers of the arms."""
        if all(finding.unsure in ("", SAID_ONCE) for finding in self.finding):
            self.finding = [replace(finding, unsure="") for finding in self.finding]
            self.doubt = ""

    def learn(self, slug: str, label: str) -> None:
        """Remember another name of an arm, as the heading of a table prints it."""
        words = frozenset(word for word in tokens(label) if not word.isdigit())
        known = {word for arm in self.arms for name in arm.names for word in name}
        if words and not words & known and len(words) <= 4 and "%" not in label:
            self.arms[self.slugs.index(slug)].names.append(words)

    def meant(self, phrase: str) -> str | None:
        """The one arm that a phrase names, or None."""
        return self._resolve(tokens(phrase))

    def _resolve(self, words: frozenset[str]) -> str | None:
        """The arm with exactly this name, or else the only one that all of the name's words fit."""
        exact = [i for i, arm in enumerate(self.arms) if words and words in arm.names]
        if len(exact) == 1:
            return self.slugs[exact[0]]
        if not words - _WEAK:
            return None
        fits = [i for i, arm in enumerate(self.arms) if any(words <= name for name in arm.names)]
        if not fits:
            # longer than any name: the arm with a word of its own, and no other arm's own words
            fits = [i for i in range(len(self.arms)) if words & self._own(i)]
        return self.slugs[fits[0]] if len(fits) == 1 else None

    def _own(self, index: int) -> frozenset[str]:
        """Words that only one arm's names have."""
        others = [w for i, arm in enumerate(self.arms) if i != index for n in arm.names for w in n]
        mine = [word for name in self.arms[index].names for word in name]
        return frozenset(mine) - frozenset(others) - _WEAK

    def mentions(self, text: str) -> list[tuple[int, int, str]]:
        """Where `text` names arms: start, end and slug; what fits two arms is left out."""
        key = text, sum(len(arm.names) for arm in self.arms)
        if key not in self._mentions:
            self._mentions[key] = self._find(text)
        return self._mentions[key]

    def _find(self, text: str) -> list[tuple[int, int, str]]:
        known = frozenset(word for arm in self.arms for name in arm.names for word in name)
        runs: list[list[re.Match[str]]] = []
        for match in _TOKEN.finditer(text):
            word = _plain(match.group())
            if word not in known and (word not in _FILLER or not runs):
                continue
            if match.group() == "A" and re.match(r" (?!and B|arm|group)[a-z]", text[match.end() :]):
                continue  # the article
            if word == "control" and _NO_ARM.search(text, 0, match.start()):
                continue  # `disease control`
            joined = runs and re.fullmatch(
                r"[\s+/&-]{1,3}", text[runs[-1][-1].end() : match.start()]
            )
            if joined:
                runs[-1].append(match)
            elif word in known:
                runs.append([match])
        found: list[tuple[int, int, str]] = []
        for mention in (item for run in runs for item in self._named(text, run)):
            before = found[-1] if found else None
            if (
                before
                and before[2] == mention[2]
                and re.fullmatch(r"[\w -]{0,14}", text[before[1] : mention[0]])
                and not re.search(r"\d", text[before[1] : mention[0]])
            ):
                found[-1] = (before[0], mention[1], mention[2])
            else:
                found.append(mention)
        return found

    def _named(self, text: str, run: list[re.Match[str]]) -> list[tuple[int, int, str]]:
        while run and _plain(run[-1].group()) in _FILLER:
            run = run[:-1]
        if not run:
            return []
        start, end = run[0].start(), run[-1].end()
        if _AFTER.match(text, end):
            return []
        whole = tokens(text[start:end])
        exact = [i for i, arm in enumerate(self.arms) if whole in arm.names]
        links = [*re.finditer(r"\b(?:and|or|versus|vs|than|to|compared with)\b", text[start:end])]
        if links:
            starts = [start, *(start + link.end() for link in links)]
            ends = [*(start + link.start() for link in links), end]
            parts = [(a, b) for a, b in zip(starts, ends, strict=True) if tokens(text[a:b])]
            slugs = [self._resolve(tokens(text[a:b])) for a, b in parts]
            names = [name for arm in self.arms for name in arm.names]
            whole_parts = all(tokens(text[a:b]) in names for a, b in parts)
            if (
                None not in slugs
                and len(set(slugs)) == len(slugs) > 1
                and (whole_parts or not exact)
            ):
                return [(a, b, slug) for (a, b), slug in zip(parts, slugs, strict=True) if slug]
        slug = self._resolve(whole)
        return [] if slug is None else [(start, end, slug)]


def is_control(label: str) -> bool:
    """Whether a name says that the arm is the control."""
    return bool(
        re.search(
            r"\bplacebo\b(?! plus| and)|\bcontrol\b|\bstandard|best supportive|observation"
            r"|\balone\b"
            r"|\bsham\b|usual care|no (?:further )?treatment|supportive care|watchful",
            label,
            re.IGNORECASE,
        )
    )


def compares(arm: Arm, arms: list[Arm]) -> bool:
    """Whether an arm is the control: what another arm adds to, or else by its name."""
    own = tokens(arm.label)
    others = [tokens(other.label) for other in arms if other is not arm]
    if any(own < other for other in others):
        return True
    if "placebo" in own and any(
        own - {"placebo"} <= other and "placebo" not in other for other in others
    ):
        return True  # `abc plus chemotherapy`, `placebo plus chemotherapy`
    return is_control(arm.label) and not any(own > other for other in others)
