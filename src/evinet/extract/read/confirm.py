"""From readings to facts: a value is sure only when a second, independent reading confirms it.

Confirmed is, in a paper: two of its parts (abstract, text, tables) say the same. An abstract alone
has one part; there a count that fits its percentage and N, an interval that fits its P value, and
medians, landmarks and hazard ratio that agree in direction and size confirm, too. All else is
unsure, with every reading and its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import erf, log, sqrt
from statistics import NormalDist

from evinet.extract.read import numbers
from evinet.extract.read.findings import NO_INTERVAL, Finding

MAIN = {
    "median": "median", "landmark": "survival", "events": "events", "hr": "estimate",
    "response": "percent",
}  # fmt: skip
"""The value of a kind by which readings are compared."""
LIMITS = ("lower", "upper")
DIRECTED = ("said", "favours", "counted")
"""How a ratio's direction is known: by words, or by the shares of patients with an event."""


ONE_PART = "one part of the paper says it, and no other"
"""Why a value of a paper is unsure."""
TABLED = ("adverse-event", "subgroup")
"""Kinds that only tables and figures give: of these, a paper has no second reading."""


def settle(findings: Iterable[Finding], paper: bool = False) -> list[Finding]:
    """One finding a fact, sure where it is confirmed; a `paper` is more than an abstract."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    order: list[Finding] = []
    for finding in _one_assessor(list(findings)):
        if finding.kind in MAIN:
            groups.setdefault(_fact(finding), []).append(finding)
        else:
            tabled = paper and finding.kind in TABLED
            order.append(finding.doubted(ONE_PART) if tabled else finding)
    joined = [_join(readings) for readings in groups.values()]
    each = [finding for finding, _ in joined if "report" in finding.about]
    joined = [(_of_two_reports(finding, each), readings) for finding, readings in joined]
    facts = once(order, _read_too) + [finding for finding, _ in joined]
    plain = [finding for finding in facts if not finding.unsure]
    settled = []
    for finding, readings in joined:
        confirmed = _repeated(readings) or (not paper and _fits(finding, plain))
        doubt = ONE_PART if paper else "read once, and nothing confirms it"
        settled.append(finding if finding.unsure or confirmed else finding.doubted(doubt))
    return once(order, _read_too) + [_public(_against(finding, settled)) for finding in settled]


def _fact(finding: Finding) -> tuple[object, ...]:
    """What identifies the fact; a hazard ratio is of its two arms, whichever is above the line."""
    if finding.kind == "hr":
        about = finding.about
        pair = sorted((str(about["arm"]), str(about["comparator"])))
        return ("hr", about["outcome"], about["assessor"], about.get("report"), *pair)
    return finding.key


def _one_assessor(findings: list[Finding]) -> list[Finding]:
    """A reading without assessor is the reading with one, where their values are the same."""
    said: dict[object, set[str]] = {}
    for finding in findings:
        if finding.kind in MAIN and finding.about.get("assessor") != "unstated":
            said.setdefault(_whoever(finding), set()).add(str(finding.about.get("assessor")))
    done = []
    for finding in findings:
        if finding.kind in MAIN and finding.about.get("assessor") == "unstated":
            who = said.get(_whoever(finding), set())
            if len(who) == 1:
                finding = replace(finding, about={**finding.about, "assessor": next(iter(who))})
        done.append(finding)
    return done


def _whoever(finding: Finding) -> object:
    """What a reading says, whoever assessed it."""
    same = replace(finding, about={**finding.about, "assessor": ""})
    return same.key, finding.values.get(MAIN[finding.kind])


def _join(readings: list[Finding]) -> tuple[Finding, list[Finding]]:
    """The reading that stands for a fact, and those that agree with it."""
    readings = _turned(readings)
    plain = [r for r in readings if not r.aside and not r.unsure]
    doubted = [r for r in readings if r.unsure and not r.aside]
    pool = plain or doubted or readings
    first = max(
        (r for r in pool if _value(r) == _value(pool[0])),
        key=lambda r: sum(value is not None for value in r.values.values()),
    )
    agreeing = [r for r in [*plain, *doubted] if _same(first, r)]
    others = [r for r in [*plain, *doubted] if not _same(first, r)]
    filled = dict(first.values)
    for other in agreeing:
        for name, value in other.values.items():
            if (
                filled.get(name) is None
                and value is not None
                and (name not in LIMITS or all(filled.get(limit) is None for limit in LIMITS))
            ):
                filled[name] = value
        clash = any(
            first.values.get(name) is not None and other.values.get(name) is not None
            and first.values[name] != other.values[name] for name in LIMITS
        )  # fmt: skip
        if clash:
            others.append(other)
    joined = replace(first, values=filled)
    for other in others:
        joined = joined.doubted(f"also read as {_shown(other)}")
    if first.aside:
        joined = joined.doubted(first.aside)
        for other in readings:
            if other is not first and not _same(first, other):
                joined = joined.doubted(f"also read as {_shown(other)}, {other.aside}")
    return joined, agreeing


def _of_two_reports(finding: Finding, all_joined: list[Finding]) -> Finding:
    """The finding; doubted, where another report gives the fact and no word tells it is less."""
    for other in all_joined:
        if (
            other is not finding
            and _whichever(other) == _whichever(finding)
            and "another analysis" not in other.aside
            and not _same(finding, other)
        ):
            finding = finding.doubted(_read_too(other))
    return finding


def _whichever(finding: Finding) -> tuple[object, ...]:
    """What identifies the fact, whichever report gives it."""
    about = {name: value for name, value in finding.about.items() if name != "report"}
    return _fact(replace(finding, about=about))


def _turned(readings: list[Finding]) -> list[Finding]:
    """Ratios of which no word gives the direction go the way of one that says it.

    The same estimate and limits are the same ratio: it is read once with its direction.
    """
    said = [r for r in readings if r.kind == "hr" and r.values["direction"] in DIRECTED]
    done = []
    for reading in readings:
        if reading.kind == "hr" and reading.values["direction"] in ("", "control"):
            same = (r for r in said if _same_numbers(r, reading))
            reading = replace(reading, about=next(same, reading).about)
        done.append(reading)
    return done


def _same_numbers(a: Finding, b: Finding) -> bool:
    return all(a.values[name] == b.values[name] for name in ("estimate", *LIMITS))


def _read_too(finding: Finding) -> str:
    return f"also read as {_shown(finding)}"


def _shown(finding: Finding) -> str:
    return f"{finding.printed!r} ({finding.locator}: {finding.words[:160]})"


def _value(finding: Finding) -> object:
    value = finding.values.get(MAIN[finding.kind])
    if value is None and finding.kind == "response":
        value = finding.values.get("n")
    return value


def _same(a: Finding, b: Finding) -> bool:
    """Whether two readings of a fact agree: the same number, or one rounded from the other."""
    if a.kind == "hr" and (a.about["arm"] != b.about["arm"]):
        return False
    x, y = _value(a), _value(b)
    if a.kind == "response" and a.values.get("n") is not None and b.values.get("n") is not None:
        return bool(a.values["n"] == b.values["n"])
    return _rounded(x, y)


def _rounded(x: object, y: object) -> bool:
    if x == y or x is None or y is None:
        return x == y
    try:
        a, b = float(str(x)), float(str(y))
    except ValueError:
        return False
    decimals = min(len(str(v).partition(".")[2]) for v in (x, y))
    return abs(a - b) <= 0.5 * 10**-decimals + 1e-9


def _repeated(readings: list[Finding]) -> bool:
    """Whether two parts of the document say it in so many words."""
    plain = {r.part for r in readings if not r.aside and r.unsure in ("", NO_INTERVAL)}
    return len(plain) > 1


def _fits(finding: Finding, facts: list[Finding]) -> bool:
    """Whether other numbers confirm a value that was read once."""
    values = finding.values
    if finding.kind in ("events", "response"):
        n, total = values.get("n", values.get("events")), values.get("total")
        percent = values.get("percent")
        if finding.kind == "events":
            return finding.unsure == ""
        return bool(n is not None and total and percent and numbers.agrees(n, total, percent))
    if finding.kind == "hr":
        return _hr_fits(finding, facts)
    if finding.kind == "median":
        return any(
            _direction(ratio, facts) == "agree"
            and (
                _sized(ratio, facts)
                if values.get("lower") is not None
                else _sized(ratio, facts, 1.25) and _beside(finding, ratio, facts)
            )
            for ratio in _ratios(finding, facts)
        )
    return False


def _beside(finding: Finding, ratio: Finding, facts: list[Finding]) -> bool:
    """Whether the medians of both arms stand together, and right behind them a confirmed ratio.

    A median without an interval needs as much: its only other reading is the size of a ratio whose
    P value fits and whose direction words give.
    """
    both = [
        f for f in facts
        if f.kind == "median" and not f.unsure and not f.aside and f.place == ratio.place
        and f.about["outcome"] == ratio.about["outcome"]
        and f.about["arm"] in (ratio.about["arm"], ratio.about["comparator"])
    ]  # fmt: skip
    return (
        len(both) == 2
        and any(f.printed in ratio.words for f in both)
        and all(f.printed in finding.words for f in both)
        and p_fits(ratio)
        and _directed(ratio.values["direction"], ratio)
    )


def _ratios(finding: Finding, facts: list[Finding]) -> list[Finding]:
    return [
        f for f in facts
        if f.kind == "hr" and f.about["outcome"] == finding.about["outcome"]
        and f.about["assessor"] == finding.about["assessor"] and not f.unsure
        and f.about.get("report") == finding.about.get("report")
        and finding.about["arm"] in (f.about["arm"], f.about["comparator"])
        and f.values["lower"] is not None
    ]  # fmt: skip


def _hr_fits(finding: Finding, facts: list[Finding]) -> bool:
    """The interval agrees with the P value or the medians, and the direction is known."""
    if finding.values["lower"] is None:
        return False
    against = _direction(finding, facts)
    how = finding.values["direction"]
    directed = _directed(how, finding) or against == "agree"
    sized = how == "counted" or _sized(finding, facts)
    return against != "disagree" and directed and (p_fits(finding) or sized)


def _directed(how: str, finding: Finding) -> bool:
    """Whether words say which arm is above the line, or that the first one did plainly better."""
    upper = finding.values.get("upper")
    return how in DIRECTED or (how == "improved" and upper is not None and upper < 1)


def p_fits(finding: Finding) -> bool:
    """Whether the P value is about the one that the interval implies."""
    values = finding.values
    printed = str(values.get("p") or "")
    if not printed or values["lower"] is None:
        return False
    level = values.get("level") or 0.95
    z = NormalDist().inv_cdf((1 + level) / 2)
    se = log(values["upper"] / values["lower"]) / (2 * z)
    implied = 1 - erf(abs(log(values["estimate"])) / se / sqrt(2))
    try:
        p = float(printed.lstrip("<>≤"))
    except ValueError:
        return False
    if printed[0] in "<≤":
        return implied < 3 * p
    if printed[0] == ">":
        return implied > p / 2
    if p > 0.2 and implied > 0.2:
        return abs(p - implied) < 0.25
    return (
        implied > 1e-9 and p > 0 and abs(log(p / implied)) < log(8) and (p < 0.5) == (implied < 0.5)
    )


def _pair(finding: Finding, facts: list[Finding], kind: str) -> list[tuple[float, float]]:
    """Values of a hazard ratio's arms: of medians, or of landmarks at one time."""
    found: dict[object, dict[str, float]] = {}
    for other in facts:
        if (
            other.kind == kind
            and other.about["outcome"] == finding.about["outcome"]
            and other.about["assessor"] == finding.about["assessor"]
            and other.about.get("report") == finding.about.get("report")
            and (not other.aside or finding.aside)
            and other.values.get(MAIN[kind]) is not None
        ):
            found.setdefault(other.about.get("time"), {})[str(other.about["arm"])] = float(
                other.values[MAIN[kind]]
            )
    arm, comparator = str(finding.about["arm"]), str(finding.about["comparator"])
    return [
        (each[arm], each[comparator]) for each in found.values() if {arm, comparator} <= each.keys()
    ]


def _direction(finding: Finding, facts: list[Finding]) -> str:
    """Whether medians, or landmarks, go the way of a hazard ratio: agree, disagree or unknown."""
    estimate = finding.values["estimate"]
    pairs = _pair(finding, facts, "median") or _pair(finding, facts, "landmark")
    if not pairs or estimate == 1:
        return "unknown"
    same = [(estimate < 1) == (a > b) for a, b in pairs if a != b]
    if not same:
        return "unknown"
    if not all(same):
        return "disagree" if not any(same) else "unknown"
    plain = abs(log(estimate)) > 0.1 and all(
        abs(a - b) > 0.05 * max(a, b) for a, b in pairs if a != b
    )
    return "agree" if plain else "unknown"


def _sized(finding: Finding, facts: list[Finding], off: float = 1.6) -> bool:
    """Whether the medians' ratio is about the hazard ratio (`off` times off at the most)."""
    return any(
        a > 0 and b > 0 and abs(log(b / a) - log(finding.values["estimate"])) < log(off)
        for a, b in _pair(finding, facts, "median")
    )


def _against(finding: Finding, settled: list[Finding]) -> Finding:
    """A ratio whose direction is not plain is marked with the question: it may be misread.

    Where no word gives the direction it is taken from the medians, unless that would turn round
    what the ratio of another analysis shows.
    """
    if finding.kind != "hr":
        return finding
    direction = _direction(finding, settled)
    how = finding.values["direction"]
    plain = abs(log(finding.values["estimate"])) > 0.1
    if direction == "disagree" and how == "" and plain and not _shown_elsewhere(finding, settled):
        about = {
            **finding.about,
            "arm": finding.about["comparator"],
            "comparator": finding.about["arm"],
        }
        finding = replace(finding, about=about)
        return _asked(finding, "no word says it: it was taken from the medians")
    if direction == "disagree":
        return _asked(finding, "as it stands, the ratio goes against the medians")
    if direction == "unknown" and not _directed(how, finding):
        return _asked(finding, "no word says it")
    return finding


def _shown_elsewhere(finding: Finding, settled: list[Finding]) -> bool:
    """Whether the ratio of another analysis, of the same arms, agrees with its medians."""
    return any(
        other is not finding and other.kind == "hr" and other.about["arm"] == finding.about["arm"]
        and _whichever(other) == _whichever(finding) and _direction(other, settled) == "agree"
        for other in settled
    )  # fmt: skip


def _asked(finding: Finding, why: str) -> Finding:
    """The ratio, marked: the question comes first."""
    question = f"which arm is above the line? {why}"
    return replace(finding, unsure="; ".join(filter(None, (question, finding.unsure))))


def _public(finding: Finding) -> Finding:
    """Without what only the confirmation needs."""
    if finding.kind != "hr":
        return finding
    values = {name: value for name, value in finding.values.items() if name != "direction"}
    return replace(finding, values=values)


def once(findings: list[Finding], doubt: Callable[[Finding], str]) -> list[Finding]:
    """Each fact once; where two values of one fact stand, the first is marked with the `doubt`."""
    found: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        known = found.get(finding.key)
        if known is None or (known.unsure and not finding.unsure):
            found[finding.key] = finding
        elif known.values != finding.values and not finding.unsure:
            found[finding.key] = known.doubted(doubt(finding))
    return list(found.values())
