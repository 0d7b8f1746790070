"""Accuracy and speed of the digitisation: `make benchmark-digitise`.

For each style: figures answered and refused; of those answered the mean absolute error of survival
over time (IAE); after reconstruction, the error of the log hazard ratio of the first two arms
(median and largest) and the arms with the exact number of events; the lowest confidence of an
answer; and the seconds of a figure on one processor. A figure counts as wrong when it was answered
and an arm's error is above 0.01, and as sure and wrong when its confidence is 0.9 or more and
besides that its log hazard ratio is off by more than 0.03, or it is wrong.

``python -m benchmarks.digitise [FOLDER ...]`` adds figures of folders that hold `index.csv`
(file, data, style) and `truth/<data>.csv` (arm, time, event).
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from benchmarks import figures
from benchmarks.figures import TrueArm

from evinet import processor, seeds
from evinet.digitise import write
from evinet.digitise.reading import Arm, Reading
from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients
from evinet.patients.kaplan_meier import kaplan_meier

GRID = 2000
WRONG = 0.01
FAR = 0.03  # of a log hazard ratio
SURE = 0.9  # confidence
DAYS = {"days": 30.4375, "weeks": 4.348125, "months": 1.0, "years": 1 / 12}


@dataclass
class Tally:
    """What became of the figures of a style."""

    answered: int = 0
    refused: int = 0
    wrong: int = 0
    sure_and_wrong: int = 0
    confidence: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    log_hr: list[float] = field(default_factory=list)
    exact: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def error(arm: Arm, truth: Patients, end: float) -> float:
    """Mean absolute difference of the survival read and the true one, over the time followed."""
    grid = np.linspace(0, min(end, float(truth.time.max())), GRID + 1)[:-1]
    true = kaplan_meier(truth).at(grid)
    place = np.searchsorted(arm.curve.time, grid, side="right") - 1
    return float(np.abs(arm.curve.survival[np.maximum(place, 0)] - true).mean())


def matched(reading: Reading, truth: list[TrueArm]) -> list[tuple[Arm, TrueArm]]:
    """Each arm with the true patients of its name, or, without names, with the nearest."""
    by_name = {arm.name: arm for arm in truth}
    assert reading.panel is not None
    end = float(reading.panel.x.value(reading.panel.box.right))
    if all(arm.name in by_name for arm in reading.arms):
        return [(arm, by_name[arm.name]) for arm in reading.arms]
    return [(arm, min(truth, key=lambda each: error(arm, each, end))) for arm in reading.arms]


def reconstructed(reading: Reading, names: list[str]) -> dict[str, Patients]:
    """Patients of each arm by the reconstruction, without draws."""
    from evinet.reconstruct.inputs import ArmInput, TrialInput
    from evinet.reconstruct.methods import reconstruct

    arms = []
    for arm, name in zip(reading.arms, names, strict=True):
        row = arm.row
        at_risk = None
        if row is not None:
            cells = np.array([cell.time for cell in row.cells])
            at_risk = (cells, np.array([cell.n for cell in row.cells], dtype=np.int64))
        marks = write.mark_times(reading, arm)
        arms.append(
            ArmInput(name, curve=write.points(reading, arm), at_risk=at_risk,
                     marks=marks if len(marks) else None)
        )  # fmt: skip
    if any(arm.at_risk is None for arm in arms):
        return {}
    made = reconstruct(TrialInput(tuple(arms)), None, 0, seeds.generator(0, "benchmark"))
    return {name: draws[0] for name, draws in made.arms.items()}


def judge(tally: Tally, path: Path, truth: list[TrueArm], panel: int | None) -> None:
    """Digitise one figure and add what came of it."""
    from evinet.digitise.run import digitise

    start = time.process_time()
    made = digitise(path, panel=panel)
    tally.seconds.append(time.process_time() - start)
    reading = made.reading
    if not reading.answered or reading.panel is None:
        tally.refused += 1
        return
    tally.answered += 1
    end = float(reading.panel.x.value(reading.panel.box.right))
    pairs = matched(reading, truth)
    errors = [error(arm, each, end) for arm, each in pairs]
    tally.errors += errors
    lost = len(pairs) < len(truth)
    wrong = bool(max(errors) > WRONG or lost)
    tally.wrong += wrong
    tally.confidence.append(reading.confidence)
    sure = reading.confidence >= SURE
    tally.sure_and_wrong += wrong and sure
    cut = {each.name: _cut(each, end) for each in truth}
    names = [each.name for _, each in pairs]
    if len(set(names)) < len(names):
        return
    found = reconstructed(reading, names)
    tally.exact += [bool(found[name].event.sum() == cut[name].event.sum()) for name in found]
    if len(found) > 1:
        first, second = sorted(found)[:2]
        true = hazard_ratio(cut[second], cut[first]).log_hr
        off = abs(hazard_ratio(found[second], found[first]).log_hr - true)
        tally.log_hr.append(off)
        tally.sure_and_wrong += bool(sure and off > FAR and not wrong)


def _cut(arm: Patients, end: float) -> Patients:
    """Patients as far as the figure shows them."""
    return Patients(np.minimum(arm.time, end), np.where(arm.time > end, 0, arm.event))


def styles(folder: Path, replicates: int) -> Iterator[tuple[str, Path, list[TrueArm], int | None]]:
    """The figures of the corpus: style, file, patients and which plot."""
    for name, style in figures.STYLES.items():
        for replicate in range(replicates):
            path = folder / f"{name}-{replicate}.{figures.suffix(style)}"
            truth = figures.draw(path, name, style, replicate)
            yield name, path, truth, 1 if style.panels > 1 else None


def others(folder: Path) -> Iterator[tuple[str, Path, list[TrueArm], int | None]]:
    """Figures of a folder with index.csv (file, data, style) and truth/<data>.csv."""
    with (folder / "index.csv").open(newline="") as handle:
        for row in csv.DictReader(handle):
            path = folder / row["file"]
            kind = "vector" if path.suffix in (".pdf", ".svg") else "picture"
            yield (
                f"{row['style']} ({kind})",
                path,
                _truth(folder / f"truth/{row['data']}.csv"),
                None,
            )


def _truth(path: Path) -> list[TrueArm]:
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [
        TrueArm(
            np.array([float(row["time"]) for row in rows if row["arm"] == name]),
            np.array([int(float(row["event"])) for row in rows if row["arm"] == name]),
            name,
        )
        for name in sorted({row["arm"] for row in rows})
    ]


def table(tallies: dict[str, Tally]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| style | figures | answered | refused | wrong | sure and wrong | IAE | \\|d ln HR\\| | "
        "largest | events exact | lowest confidence | s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, tally in tallies.items():
        exact = f"{sum(tally.exact)}/{len(tally.exact)}" if tally.exact else ""
        cells = [
            name, str(tally.answered + tally.refused), str(tally.answered), str(tally.refused),
            str(tally.wrong), str(tally.sure_and_wrong), _median(tally.errors, 5),
            _median(tally.log_hr, 4), _extreme(max, tally.log_hr, 4), exact,
            _extreme(min, tally.confidence, 2), _median(tally.seconds, 1),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _median(values: list[float], digits: int) -> str:
    return f"{np.median(values):.{digits}f}" if values else ""


def _extreme(of: Callable[[list[float]], float], values: list[float], digits: int) -> str:
    return f"{of(values):.{digits}f}" if values else ""


def main(replicates: int = 1, folders: tuple[str, ...] = ()) -> None:
    """Print the table for the corpus, and for folders of other figures."""
    processor.prepare()
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as made:
        figures = [*styles(Path(made), replicates)]
        for folder in folders:
            figures += others(Path(folder))
        for name, path, truth, panel in figures:
            judge(tallies.setdefault(name, Tally()), path, truth, panel)
            print(f"{path.name}: {table({name: tallies[name]}).splitlines()[-1]}", file=sys.stderr)
    every = Tally()
    for tally in tallies.values():
        for name, value in vars(tally).items():
            setattr(every, name, getattr(every, name) + value)
    print(table({**tallies, "all": every}))


if __name__ == "__main__":
    main(1, tuple(sys.argv[1:]))
