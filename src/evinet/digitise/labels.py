"""Which name belongs to which curve, and what the axes are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from colorsys import rgb_to_hsv
from itertools import pairwise

from evinet.digitise.axes import Panel
from evinet.digitise.drawing import BLACK, Box, Colour, Word, phrases
from evinet.digitise.strokes import Sample
from evinet.digitise.table import Row
from evinet.digitise.trace import Look, Trace

UNITS = {
    "years": r"\b(years?|yrs?\.?)\b",
    "months": r"\b(months?|mos?\.?|mths?)\b",
    "weeks": r"\b(weeks?|wks?\.?)\b",
    "days": r"\b(days?)\b",
}
SURVIVAL = re.compile(
    r"surviv|surviving|free|freedom|alive|without|remain|remission|retention|\bnot\b|"
    r"überleb|survie|superviv|sobrevi|sopravviv|overlev", re.I
)  # fmt: skip
INCIDENCE = re.compile(
    r"inciden|inziden|mortali|sterblich|death|dead|\bdie|dying|deceas|relaps|recurr|progress|"
    r"event|failure|\brisk\b", re.I
)  # fmt: skip
COMPLEMENT = re.compile(r"\b1(?:00\s*%?)?\s*[-\u2010-\u2015\u2212]\s*(?:surv|KM|S\b)", re.I)
HAZARD = re.compile(r"hazard", re.I)
BESIDE = 0.3  # of the plot's width: words of an axis stand no farther from it
CENSORED = re.compile(r"censor", re.I)  # an entry for the marks of an arm, not for its curve
SIGN = re.compile(r"^[+|×x•●○\-–—=_.]+$")


def unit(words: Iterable[Word], panel: Panel) -> str | None:
    """The unit of time that stands below the axis; None if there is none, or more than one."""
    high = panel.box.height
    near = [
        phrase
        for phrase in phrases(words)
        if -0.1 * high < phrase.box.y - panel.box.bottom < 1.2 * high
        and panel.box.left - 0.5 * panel.box.width < phrase.box.x < panel.box.right
    ]
    for phrase in sorted(near, key=lambda phrase: phrase.box.y):
        found = {name for name, text in UNITS.items() if re.search(text, phrase.text, re.I)}
        if len(found) == 1:
            return found.pop()
    return None


def meaning(words: Iterable[Word], panel: Panel) -> tuple[str, str]:
    """What the words beside the survival axis say that it shows, and these words.

    It is "survival", "incidence" or "hazard", or nothing where they tell none of them.

    Examples
    --------
    >>> from evinet.digitise.axes import Tick, fit
    >>> panel = Panel(fit([Tick(50, 0), Tick(90, 12)]), fit([Tick(90, 0), Tick(10, 1)]),
    ...               Box(50, 10, 90, 90))
    >>> [meaning([Word(text, Box(38, 20, 42, 80), upright=False)], panel)[0]
    ...  for text in ("Relapse-free survival", "Mortality (%)", "1 - survival", "Probability")]
    ['survival', 'incidence', 'incidence', '']
    """
    box = panel.box
    beside = [
        word
        for word in words
        if box.left - BESIDE * box.width < word.box.x < box.left
        and box.top < word.box.y < box.bottom
    ]
    turned = [word for word in beside if not word.upright]
    said = _said(sorted(turned, key=lambda word: (round(word.box.x), -word.box.y)) or beside)
    if HAZARD.search(said):
        return "hazard", said
    if COMPLEMENT.search(said):
        return "incidence", said
    for what, words_of_it in (("survival", SURVIVAL), ("incidence", INCIDENCE)):
        if words_of_it.search(said):
            return what, said
    return "", said


def names(
    traces: Sequence[Trace], samples: Sequence[Sample], rows: Sequence[Row],
    words: Sequence[Word], panel: Panel,
) -> list[tuple[str, str]]:  # fmt: skip
    """(name, where it was read) of each curve; an empty name where nothing tells."""
    signs = _texts(words)
    legend = [_in_legend(trace.look, samples, signs, panel) for trace in traces]
    coloured = [_coloured_row(trace.look, rows) for trace in traces]
    direct = [_direct(trace, signs, panel, traces) for trace in traces]
    for found, where in ((legend, "legend"), (coloured, "table"), (direct, "label")):
        if all(found) and len(set(found)) == len(found):
            return [(plain(str(name)), where) for name in found]
    return [("", "")] * len(traces)


def _texts(words: Sequence[Word]) -> list[Word]:
    """Words without the signs of lines and marks; the one in "sex = Female" is none of these."""
    texts = [word for word in words if not SIGN.match(word.text)]
    return [
        word for word in words
        if not SIGN.match(word.text) or (word.text == "=" and any(
            abs(word.box.y - other.box.y) < 0.5 * other.size
            and 0 < word.box.left - other.box.right < 0.9 * other.size for other in texts
        ))
    ]  # fmt: skip


def plain(name: str) -> str:
    """A name with the hyphens and spaces that people type."""
    return re.sub(r"\s+", " ", re.sub(r"[\u2010-\u2015\u2212]", "-", name)).strip(" :,")


def like(a: Colour, b: Colour) -> float:
    """How different two colours are: the greatest difference of a part."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def same_dash(a: Look, b: Look) -> float:
    """How different two dash patterns are, in line widths; 99 for solid against dashed."""
    if not a.dash or not b.dash:
        return 0.0 if bool(a.dash) == bool(b.dash) else 99.0
    if len(a.dash) != len(b.dash):
        return 50.0
    one = [each / max(a.width, 0.1) for each in a.dash]
    two = [each / max(b.width, 0.1) for each in b.dash]
    return max(abs(x - y) for x, y in zip(one, two, strict=True))


def _in_legend(
    look: Look, samples: Sequence[Sample], words: Sequence[Word], panel: Panel
) -> str | None:
    """The words to the right of the sample that looks like a curve."""
    found = []
    for sample in samples:
        apart = like(look.colour, sample.look.colour) + 40 * same_dash(look, sample.look)
        if apart < 60:
            text = beside(sample.box, words, panel)
            if text:
                found.append((apart, text))
    return min(found)[1] if found else None


def lost(
    traces: Sequence[Trace], samples: Sequence[Sample], words: Sequence[Word], panel: Panel
) -> list[str]:
    """Entries of the legend for which there is no trace, in line with those of traces."""
    entries = _entries(samples, _texts(words), panel)
    entries = [entry for entry in entries if not CENSORED.search(entry[1])]
    drawn = [trace.look.colour for trace in traces]

    def count(colours: Iterable[Colour], sample: Sample) -> int:
        return sum(one_colour(colour, sample.look.colour) for colour in colours)

    matched = [sample for sample, _ in entries if count(drawn, sample)]
    entries = [
        (sample, text)
        for sample, text in entries
        if any(_in_line(sample.box, other.box) for other in matched if other is not sample)
    ]
    listed = [sample.look.colour for sample, _ in entries]
    return [plain(text) for sample, text in entries if count(listed, sample) > count(drawn, sample)]


def _entries(
    samples: Sequence[Sample], words: Sequence[Word], panel: Panel
) -> list[tuple[Sample, str]]:
    """(sample, name) of each entry of the legend, every word in one name at most.

    A sample may be found twice, the first letters of a name may look like the sample of its last
    word, and the legend of another plot may have the same entry.
    """
    named = [(sample, found) for sample in samples if (found := name_of(sample.box, words, panel))]
    entries: list[tuple[Sample, list[Word]]] = []
    for sample, found in sorted(named, key=lambda pair: -len(pair[1])):
        if not any(
            found[-1] in known
            or _same_place(sample.box, other.box, found[0].size)
            or (_said(found) == _said(known) and one_colour(sample.look.colour, other.look.colour))
            for other, known in entries
        ):
            entries.append((sample, found))
    return [(sample, _said(found)) for sample, found in entries]


def one_colour(one: Colour, other: Colour) -> bool:
    """Whether two colours may be one: a thin line is paler than its sample, of the same hue."""
    if like(one, other) < 60:
        return True
    (hue, colourful, _), (other_hue, as_colourful, _) = _hsv(one), _hsv(other)
    apart = abs(hue - other_hue)
    return min(colourful, as_colourful) > 0.2 and min(apart, 1 - apart) < 0.03


def _hsv(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in colour)
    return rgb_to_hsv(red, green, blue)


def _same_place(one: Box, other: Box, size: float) -> bool:
    near = max(3.0, 0.5 * size)
    return abs(one.y - other.y) < near and one.left < other.right and other.left < one.right


def _in_line(one: Box, other: Box) -> bool:
    """Whether two samples are as long as each other and stand in one column or row."""
    slack = max(1.5, 0.15 * other.width)
    level = abs(one.y - other.y) < slack or abs(one.left - other.left) < slack
    return abs(one.width - other.width) < slack and level


def beside(box: Box, words: Sequence[Word], panel: Panel) -> str | None:
    """The phrase that begins just right of a legend's sample, at its height."""
    return _said(name_of(box, words, panel)) or None


def name_of(box: Box, words: Sequence[Word], panel: Panel) -> list[Word]:
    """The words of the phrase right of a sample; none where it holds no name."""
    level = [
        word
        for word in words
        if word.upright
        and abs(word.box.y - box.y) < 0.75 * word.size
        and word.box.left > box.right - 0.3 * word.size
    ]
    if not level:
        return []
    level.sort(key=lambda word: word.box.left)
    first = level[0]
    if first.box.left - box.right > max(4 * first.size, 0.06 * panel.box.width):
        return []
    found = [first]
    for before, word in pairwise(level):
        if word.box.left - before.box.right > 0.9 * first.size:
            break
        found.append(word)
    said = _said(found)
    return found if sum(char.isalnum() for char in said) > 1 or len(said) == 1 else []


def _said(found: Iterable[Word]) -> str:
    return " ".join(word.text for word in found)


def _coloured_row(look: Look, rows: Sequence[Row]) -> str | None:
    found = [row for row in rows if row.colour != BLACK and like(row.colour, look.colour) < 40]
    return found[0].label if len(found) == 1 and found[0].label else None


def _direct(
    trace: Trace, words: Sequence[Word], panel: Panel, traces: Sequence[Trace]
) -> str | None:
    """Words in the plot that have the curve's own colour."""
    if look_alike(trace, traces) or trace.look.colour == BLACK:
        return None
    own = [
        phrase
        for phrase in phrases(words)
        if like(phrase.colour, trace.look.colour) < 30
        and phrase.colour != BLACK
        and sum(char.isalnum() for char in phrase.text) > 1  # a single one may be a mark
        and panel.box.holds(phrase.box.x, phrase.box.y, 0.2 * panel.box.height)
    ]
    return own[0].text if len(own) == 1 else None


def look_alike(trace: Trace, traces: Sequence[Trace]) -> bool:
    """Whether another curve has the same colour."""
    return any(
        other is not trace and like(other.look.colour, trace.look.colour) < 20 for other in traces
    )
