"""How well the reader reads: findings against facts that a person wrote down.

    python -m evinet.extract.read.evaluate FOLDER ... [--wrong]

A FOLDER holds pairs `<name>.txt` (or .json, .xml, .html, .pdf) and `<name>.facts.yaml`, or files of
short texts, `<name>.yaml`, each with `text` and `facts`. A fact is a mapping with `kind`, what the
fact is of and its values; or a line, such as `median pfs placebo 5.6 5.2-6.9`, or, of an earlier
analysis, `median pfs placebo 5.1 in interim`.

Of the kinds of `KINDS`, and of those in a text's facts, every finding is judged: it is *right* when
a fact is meant and every value of the fact agrees, else *wrong*.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evinet.extract.read.findings import Finding, Reading

KINDS = ("arm", "median", "landmark", "events", "hr", "response")
"""Kinds of which a list of facts is complete: anything else that is read is wrong."""
_INTERVAL = re.compile(r"(?P<low>\d[\d.]*|NE)-(?P<high>\d[\d.]*|NE)")


@dataclass
class Score:
    """Counts of facts and findings of one kind, or of one text."""

    facts: int = 0
    right: int = 0
    right_unsure: int = 0
    wrong: list[str] = field(default_factory=list)
    wrong_unsure: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Right among the findings that are sure (1 when there are none)."""
        sure = self.right + len(self.wrong)
        return self.right / sure if sure else 1.0

    @property
    def recall(self) -> float:
        """Facts found, sure or unsure, among the facts listed."""
        return (self.right + self.right_unsure) / self.facts if self.facts else 1.0

    def add(self, other: Score) -> None:
        """Count another score's facts and findings too."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def evaluate(reading: Reading, facts: list[dict[str, Any]],
             kinds: Iterable[str] = KINDS) -> dict[str, Score]:  # fmt: skip
    """Compare a reading with the facts of a document; a score for each kind."""
    judged = {fact["kind"] for fact in facts} | set(kinds)
    scores = {kind: Score() for kind in sorted(judged)}
    left = list(facts)
    for fact in facts:
        scores[fact["kind"]].facts += 1
    for finding in reading.findings:
        if finding.kind not in judged or (finding.kind == "design" and not _meant(finding, facts)):
            continue
        score = scores[finding.kind]
        meant = next((each for each in left if _agrees(finding, each)), None)
        if meant is not None:
            left.remove(meant)
            score.right += not finding.unsure
            score.right_unsure += bool(finding.unsure)
        else:
            said = f"{finding.kind} {finding.about} {finding.values} ({finding.locator})"
            (score.wrong_unsure if finding.unsure else score.wrong).append(said)
    for fact in left:
        scores[fact["kind"]].missing.append(str(fact))
    return scores


def _meant(finding: Finding, facts: list[dict[str, Any]]) -> bool:
    """Of the design, only the fields that are listed are judged."""
    return any(fact.get("field") == finding.about.get("field") for fact in facts)


def _agrees(finding: Finding, fact: dict[str, Any]) -> bool:
    """Whether all that the fact says is so in the finding, and it is of the same report."""
    known = {**finding.about, **finding.values}
    return finding.kind == fact["kind"] and all(
        _same(known.get(name), value)
        for name, value in {"report": None, **fact}.items()
        if name != "kind"
    )


def _same(found: Any, listed: Any) -> bool:
    if listed == "*":
        return found is not None
    try:
        return abs(float(found) - float(listed)) < 1e-3
    except (TypeError, ValueError):
        pass
    if isinstance(listed, list):
        return (
            isinstance(found, list) and len(found) == len(listed) and all(map(_same, found, listed))
        )
    return found == listed if listed is None or found is None else str(found) == str(listed)


def fact(line: str) -> dict[str, Any]:
    """A fact written as a line.

    >>> fact("median pfs placebo 5.6 5.2-6.9")["upper"]
    6.9
    >>> fact("hr os a/b 0.7 0.5-0.9 p=0.01")["comparator"]
    'b'
    """
    kind, rest = line.split(" ", 1)
    if kind in ("design", "baseline", "adverse-event"):
        return _named(kind, rest)
    rest, _, report = rest.partition(" in ")
    words = rest.split()
    if kind == "arm":
        return {"kind": kind, "arm": words[0]} | ({"n": int(words[1])} if len(words) > 1 else {})
    found: dict[str, Any] = {"kind": kind, "outcome": words[0], "arm": words[1]}
    if kind == "hr":
        found["arm"], found["comparator"] = words[1].split("/")
    found |= _limits(words) | ({"report": report} if report else {})
    value = words[2]
    if kind == "median":
        found |= {"median": None if value == "NR" else float(value), "reached": value != "NR"}
    elif kind == "landmark":
        found |= {"time": float(value), "survival": float(words[3])}
    elif kind == "events":
        found["events"] = int(value)
    elif kind == "hr":
        found["estimate"] = float(value)
    elif "/" in value:
        found |= dict(zip(("n", "total"), map(int, value.split("/")), strict=True))
    else:
        found["percent"] = value.rstrip("%")
    return found


def _limits(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words[3:]:
        if limits := _INTERVAL.fullmatch(word):
            for name, limit in (("lower", limits["low"]), ("upper", limits["high"])):
                found[name] = None if limit == "NE" else float(limit)
        elif word.startswith("p"):
            found["p"] = word.removeprefix("p").removeprefix("=")
    return found


def _named(kind: str, rest: str) -> dict[str, Any]:
    if kind == "design":
        name, value = rest.split(" ", 1)
        return {"kind": kind, "field": name, "value": value}
    label, arm, n = rest.rsplit(" ", 2)
    if kind == "adverse-event":
        return {"kind": kind, "event": label, "arm": arm, "n": int(n)}
    characteristic, _, category = label.partition("|")
    return {"kind": kind, "characteristic": characteristic, "category": category, "arm": arm,
            "n": int(n)}  # fmt: skip


def evaluate_folder(folder: Path) -> Iterator[tuple[str, dict[str, Score]]]:
    """The scores of every text in a folder, by its name."""
    from ruamel.yaml import YAML

    from evinet.extract.read.commands import read_document
    from evinet.extract.read.publication import read_publication

    yaml = YAML(typ="safe")
    for path in sorted(folder.glob("*.yaml")):
        content = yaml.load(path)
        name = path.name.removesuffix(".facts.yaml")
        if name != path.name:
            document = next(
                p for p in sorted(folder.glob(f"{name}.*")) if not p.name.endswith(".facts.yaml")
            )
            yield name, evaluate(read_document(document), content, ())
            continue
        for item in content:
            reading = read_publication(item["text"], item["name"])
            yield f"{path.stem}: {item['name']}", evaluate(reading, list(map(fact, item["facts"])))


def table(scores: dict[str, Score]) -> str:
    """Precision and recall of each kind, as the table of the documentation."""
    lines = ["| kind | facts | found | sure | sure and right |", "|---|---|---|---|---|"]
    for kind, score in scores.items():
        if not score.facts and not score.wrong:
            continue
        sure = score.right + len(score.wrong)
        lines.append(
            f"| {kind} | {score.facts} | {100 * score.recall:.0f} % | {sure} | "
            f"{100 * score.precision:.1f} % |"
        )
    return "\n".join(lines)


def total(results: Iterable[tuple[str, dict[str, Score]]]) -> dict[str, Score]:
    """The scores of all texts together, by kind, and of all kinds."""
    scores: dict[str, Score] = {}
    for _, found in results:
        for kind, score in found.items():
            scores.setdefault(kind, Score()).add(score)
    whole = Score()
    for score in scores.values():
        whole.add(score)
    return dict(sorted(scores.items())) | {"all": whole}


def main(arguments: list[str]) -> None:
    """Print precision and recall of each kind; with --wrong, what is wrong or missing too."""
    results = [
        result
        for folder in arguments
        if not folder.startswith("-")
        for result in evaluate_folder(Path(folder))
    ]
    if "--wrong" in arguments:
        for name, scores in results:
            for score in scores.values():
                for label in ("wrong", "wrong_unsure", "missing"):
                    for item in getattr(score, label):
                        print(f"{name}: {label.replace('_', ' but ')}: {item}")
    print(table(total(results)))


if __name__ == "__main__":
    main(sys.argv[1:])
