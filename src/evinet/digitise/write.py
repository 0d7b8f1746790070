"""The files of a digitisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evinet import files
from evinet.digitise.axes import Axis
from evinet.digitise.judge import FINE
from evinet.digitise.reading import ENOUGH, Arm, Reading
from evinet.digitise.run import Digitised

HALF_PIXEL = 0.5
DIGITS = 6  # decimals of times and survival
TABLES = ("curve.csv", "marks.csv", "at-risk.csv")


def write(out: Path, made: Digitised) -> None:
    """Write digitisation.json and, where the confidence suffices, the tables.

    curve.csv (arm, time, survival) holds both ends of every level, marks.csv (arm, time) the censor
    marks, at-risk.csv (arm, time, n) the numbers at risk; times are in the unit of the axis.
    """
    if made.reading.answered:
        for name, rows in zip(TABLES, tables(made.reading), strict=True):
            header = {"curve.csv": "arm,time,survival", "marks.csv": "arm,time"}.get(
                name, "arm,time,n"
            )
            files.write_text(out / name, "\n".join([header, *rows]) + "\n")
    files.write_json(out / "digitisation.json", summary(made))


def tables(reading: Reading) -> tuple[list[str], list[str], list[str]]:
    """The rows of curve.csv, marks.csv and at-risk.csv."""
    curve, marks, at_risk = [], [], []
    for arm in reading.arms:
        name = _cell(arm.name)
        curve += [
            f"{name},{time:.10g},{value:.10g}"
            for time, value in zip(*points(reading, arm), strict=True)
        ]
        marks += [f"{name},{time:.10g}" for time in mark_times(reading, arm)]
        if arm.row is not None:
            at_risk += [f"{name},{cell.time:g},{cell.n}" for cell in arm.row.cells]
    return curve, marks, at_risk


def points(reading: Reading, arm: Arm) -> tuple[np.ndarray, np.ndarray]:
    """Times and survival of an arm's corners; the curve starts at (0, 1).

    Those of a vector figure are rounded to six decimals. Those of a picture are parts of a pixel,
    and stay so: the reconstruction sees from their spacing how finely they were read.
    """
    time, value = arm.curve.time.copy(), arm.curve.survival.copy()
    if reading.sigma < FINE:
        time, value = np.round(time, DIGITS), np.round(value, DIGITS)
    time[0] = 0.0
    value[value > 1 - max(1e-5, 10.0**-DIGITS)] = 1.0
    if value[0] < 1:
        time, value = np.insert(time, 0, 0.0), np.insert(value, 0, 1.0)
    kept = np.ones(len(time), dtype=bool)
    kept[1:] = (np.diff(time) != 0) | (np.diff(value) != 0)
    return time[kept], value[kept]


def mark_times(reading: Reading, arm: Arm) -> np.ndarray:
    """Times of an arm's censor marks."""
    if reading.panel is None or not len(arm.trace.marks):
        return np.zeros(0)
    times = np.maximum(reading.panel.x.value(arm.trace.marks[:, 0]), 0.0)
    return np.round(times, DIGITS)


def _cell(text: str) -> str:
    """A name as a CSV cell."""
    if any(char in text for char in ',"\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def summary(made: Digitised) -> dict[str, object]:
    """What digitisation.json says."""
    reading = made.reading
    return {
        "figure": made.axis.figure,
        "sha256": made.axis.sha256,
        "page": made.axis.page,
        "kind": made.axis.kind,
        "answered": reading.answered,
        "confidence": reading.confidence,
        "enough": ENOUGH,
        "unit": made.axis.unit,
        "incidence": reading.incidence,
        "survival_error": float(f"{reading.sigma:.3g}"),
        "time_error": float(f"{reading.dt:.3g}"),
        "axis_error": axis_error(reading),
        "survival_shift": survival_shift(reading),
        "minutes": made.axis.minutes,
        "typed": made.axis.typed(),
        "reasons": [
            {"code": each.code, "arm": each.arm, "message": each.message, "left": each.left}
            for each in reading.reasons
        ],
        "arms": [
            {
                "name": arm.name,
                "drops": len(arm.curve.drops[0]),
                "marks": len(arm.trace.marks),
                "end": round(float(arm.curve.time[-1]), DIGITS),
                "at_risk": 0 if arm.row is None else len(arm.row.cells),
                "doubtful": [
                    {"from": round(start, DIGITS), "to": round(end, DIGITS), "why": why}
                    for start, end, why in doubtful(reading, arm)
                ],
            }
            for arm in reading.arms
        ],
    }


def axis_error(reading: Reading) -> float:
    """By how many steps of the times either end of the time axis may be off.

    The times of a picture are whole halves of a pixel; those of a vector figure have no steps.
    """
    if reading.panel is None or reading.sigma < FINE:
        return 0.0
    return round(2 * _off(reading.panel.x), 2)


def survival_shift(reading: Reading) -> float:
    """By how much all survival of an arm of a picture may be off, one way."""
    if reading.panel is None or reading.sigma < FINE:
        return 0.0
    axis = reading.panel.y
    return float(f"{abs(axis.slope) / reading.panel.full * _off(axis):.3g}")


def _off(axis: Axis) -> float:
    """By how many pixels an axis of a picture may be off its curves.

    Programs put ticks at whole pixels, and lines not, or elsewhere in them if they are wider.
    """
    return float(np.hypot(HALF_PIXEL, axis.error))


def doubtful(reading: Reading, arm: Arm) -> list[tuple[float, float, str]]:
    """The doubtful stretches of an arm, in units of time."""
    if reading.panel is None:
        return []
    x = reading.panel.x
    return [
        (float(x.value(doubt.start)), float(x.value(doubt.end)), doubt.why)
        for doubt in arm.trace.doubts
    ]
