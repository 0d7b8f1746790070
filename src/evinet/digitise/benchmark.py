"""Accuracy and speed of the digitisation: `make benchmark-digitise`.

For each style: figures answered and refused; of those answered the mean absolute error of survival
over time (IAE); after reconstruction, the error of the log hazard ratio of the first two arms and
the share of arms with the exact number of events; and the seconds of a figure on one processor. A
figure counts as wrong when it was answered and an arm's error is above 0.01.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evinet import processor, seeds
from evinet.digitise import corpus, write
from evinet.digitise.corpus import Patients, kaplan_meier
from evinet.digitise.reading import Arm, Reading

GRID = 2000
WRONG = 0.01
DAYS = {"days": 30.4375, "weeks": 4.348125, "months": 1.0, "years": 1 / 12}


@dataclass
class Tally:
    """What became of the figures of a style."""

    answered: int = 0
    refused: int = 0
    wrong: int = 0
    errors: list[float] = field(default_factory=list)
    log_hr: list[float] = field(default_factory=list)
    exact: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def error(arm: Arm, truth: Patients, end: float) -> float:
    """Mean absolute difference of the survival read and the true one, over the time followed."""
    times, survival, _ = kaplan_meier(truth)
    grid = np.linspace(0, min(end, float(truth.time.max())), GRID + 1)[:-1]
    true = np.concatenate([[1.0], survival])[np.searchsorted(times, grid, side="right")]
    place = np.searchsorted(arm.curve.time, grid, side="right") - 1
    return float(np.abs(arm.curve.survival[np.maximum(place, 0)] - true).mean())


def matched(reading: Reading, truth: list[Patients]) -> list[tuple[Arm, Patients]]:
    """Each arm with the true patients of its name, or, without names, with the nearest."""
    by_name = {arm.name: arm for arm in truth}
    assert reading.panel is not None
    end = float(reading.panel.x.value(reading.panel.box.right))
    if all(arm.name in by_name for arm in reading.arms):
        return [(arm, by_name[arm.name]) for arm in reading.arms]
    return [(arm, min(truth, key=lambda each: error(arm, each, end))) for arm in reading.arms]


def log_hr(first: Patients, second: Patients) -> float:
    """The log hazard ratio by which the score of Cox's model is zero (Breslow's ties)."""
    times = np.concatenate([first.time, second.time])
    events = np.concatenate([first.event, second.event])
    group = np.concatenate([np.zeros(len(first.time)), np.ones(len(second.time))])
    when = np.unique(times[events == 1])
    at_risk = times[None, :] >= when[:, None]
    of_second = (at_risk & (group == 1)).sum(axis=1).astype(float)
    of_first = (at_risk & (group == 0)).sum(axis=1).astype(float)
    failed = ((times[None, :] == when[:, None]) & (events == 1)).sum(axis=1)
    observed = float(((group == 1) & (events == 1)).sum())
    beta = 0.0
    for _ in range(30):
        share = of_second * np.exp(beta) / (of_second * np.exp(beta) + of_first)
        information = float((failed * share * (1 - share)).sum())
        if information <= 0:
            break
        beta += float(np.clip((observed - (failed * share).sum()) / information, -1, 1))
    return beta


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
    return {
        name: Patients(name, draws[0].time, draws[0].event.astype(float))
        for name, draws in made.arms.items()
    }


def judge(tally: Tally, path: Path, truth: list[Patients], panel: int | None) -> None:
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
    tally.wrong += bool(max(errors) > WRONG or lost)
    cut = {each.name: _cut(each, end) for each in truth}
    names = [each.name for _, each in pairs]
    if len(set(names)) < len(names):
        return
    found = reconstructed(reading, names)
    tally.exact += [bool(found[name].event.sum() == cut[name].event.sum()) for name in found]
    if len(found) > 1:
        first, second = sorted(found)[:2]
        true = log_hr(cut[first], cut[second])
        tally.log_hr.append(abs(log_hr(found[first], found[second]) - true))


def _cut(arm: Patients, end: float) -> Patients:
    """Patients as far as the figure shows them."""
    return Patients(arm.name, np.minimum(arm.time, end), np.where(arm.time > end, 0, arm.event))


def styles(folder: Path, replicates: int) -> Iterator[tuple[str, Path, list[Patients], int | None]]:
    """The figures of the corpus: style, file, patients and which plot."""
    for name, style in corpus.STYLES.items():
        for replicate in range(replicates):
            path = folder / f"{name}-{replicate}.{corpus.suffix(style)}"
            truth = corpus.draw(path, name, style, replicate)
            yield name, path, truth, 1 if style.panels > 1 else None


def others(folder: Path) -> Iterator[tuple[str, Path, list[Patients], int | None]]:
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


def _truth(path: Path) -> list[Patients]:
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [
        Patients(
            name,
            np.array([float(row["time"]) for row in rows if row["arm"] == name]),
            np.array([float(row["event"]) for row in rows if row["arm"] == name]),
        )
        for name in sorted({row["arm"] for row in rows})
    ]


def table(tallies: dict[str, Tally]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| style | figures | answered | refused | wrong | IAE | \\|d ln HR\\| | events exact | s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, tally in tallies.items():
        exact = f"{sum(tally.exact)}/{len(tally.exact)}" if tally.exact else ""
        cells = [
            name, str(tally.answered + tally.refused), str(tally.answered), str(tally.refused),
            str(tally.wrong), _median(tally.errors, 5), _median(tally.log_hr, 4), exact,
            _median(tally.seconds, 1),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _median(values: list[float], digits: int) -> str:
    return f"{np.median(values):.{digits}f}" if values else ""


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
            print(f"{path.name}: {len(tallies)} styles", file=sys.stderr)
    every = Tally()
    for tally in tallies.values():
        for name, value in vars(tally).items():
            setattr(every, name, getattr(every, name) + value)
    print(table({**tallies, "all": every}))


if __name__ == "__main__":
    main(1, tuple(sys.argv[1:]))
