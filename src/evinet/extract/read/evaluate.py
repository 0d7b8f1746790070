"""How well the reader reads: findings against facts that a person wrote down.

    python -m evinet.extract.read.evaluate FOLDER

FOLDER holds pairs `<name>.txt` (or .json, .pdf) and `<name>.facts.yaml`: a list of facts, each with
`kind` and, by their names, what the fact is of and its values. A finding is *right* when it is of a
listed fact and every listed value agrees, *wrong* when one differs or, for kinds that the list
covers, when no listed fact is meant. Unsure findings are counted apart.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evinet.extract.read.findings import Finding, Reading


@dataclass(frozen=True)
class Score:
    """Counts of facts and findings; `wrong` are findings offered as sure."""

    facts: int
    right: int
    right_unsure: int
    wrong: tuple[str, ...]
    wrong_unsure: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def precision(self) -> float:
        """Right among the findings offered as sure (1 when there are none)."""
        sure = self.right + len(self.wrong)
        return self.right / sure if sure else 1.0

    @property
    def recall(self) -> float:
        """Facts found, sure or marked unsure, among the facts listed."""
        return (self.right + self.right_unsure) / self.facts if self.facts else 1.0


def evaluate(reading: Reading, facts: list[dict[str, Any]]) -> Score:
    """Compare a reading with the facts of a document."""
    kinds = {fact["kind"] for fact in facts}
    left = list(facts)
    right = right_unsure = 0
    wrong: list[str] = []
    wrong_unsure: list[str] = []
    for finding in reading.findings:
        if finding.kind not in kinds:
            continue
        fact = next((fact for fact in left if _agrees(finding, fact)), None)
        if fact is not None:
            left.remove(fact)
            right += not finding.unsure
            right_unsure += bool(finding.unsure)
        else:
            (wrong_unsure if finding.unsure else wrong).append(
                f"{finding.kind} {finding.about} {finding.values} ({finding.locator})"
            )
    return Score(len(facts), right, right_unsure, tuple(wrong), tuple(wrong_unsure),
                 tuple(map(str, left)))  # fmt: skip


def _agrees(finding: Finding, fact: dict[str, Any]) -> bool:
    """Whether all that the fact says is so in the finding."""
    known = {**finding.about, **finding.values}
    return finding.kind == fact["kind"] and all(
        _same(known.get(name), value) for name, value in fact.items() if name != "kind"
    )


def _same(found: Any, listed: Any) -> bool:
    if isinstance(found, int | float) and isinstance(listed, int | float):
        return abs(found - listed) < 1e-6
    if isinstance(listed, list):
        return (
            isinstance(found, list) and len(found) == len(listed) and all(map(_same, found, listed))
        )
    return found == listed if listed is None or found is None else str(found) == str(listed)


def evaluate_folder(folder: Path) -> dict[str, Score]:
    """The score of every document in a folder that has a list of facts."""
    from ruamel.yaml import YAML

    from evinet.extract.read.commands import read_document

    scores = {}
    for facts in sorted(folder.glob("*.facts.yaml")):
        name = facts.name.removesuffix(".facts.yaml")
        document = next(
            p for p in (folder / f"{name}{e}" for e in (".txt", ".json", ".pdf")) if p.exists()
        )
        scores[name] = evaluate(read_document(document), YAML(typ="safe").load(facts))
    return scores


def main(folder: str) -> None:
    """Print precision and recall of each document and of all."""
    scores = evaluate_folder(Path(folder))
    for name, score in scores.items():
        print(f"{name}: {score.facts} facts, {score.right} right, {score.right_unsure} right"
              f" but unsure, "
              f"{len(score.wrong)} wrong, {len(score.wrong_unsure)} wrong but unsure, "
              f"{len(score.missing)} missing")  # fmt: skip
        for label, items in (
            ("wrong", score.wrong),
            ("unsure", score.wrong_unsure),
            ("missing", score.missing),
        ):
            for item in items:
                print(f"    {label}: {item}")
    right = sum(score.right for score in scores.values())
    sure = right + sum(len(score.wrong) for score in scores.values())
    found = right + sum(score.right_unsure for score in scores.values())
    facts = sum(score.facts for score in scores.values())
    print(f"all: precision {right}/{sure}, recall {found}/{facts}")


if __name__ == "__main__":
    main(sys.argv[1])
