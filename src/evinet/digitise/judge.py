"""From what was found in a figure to a reading with its doubts.

Every reading is confirmed by a second one: values of an axis by their even spacing, curves by the
numbers at risk, names by the fit of the table. What cannot be confirmed is marked, and what is
contradicted costs so much confidence that no curve is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from evinet.digitise import check
from evinet.digitise.axes import Axis, Panel
from evinet.digitise.labels import like
from evinet.digitise.reading import Arm, Proposal, Reading, Reason, Traced
from evinet.digitise.strokes import levels_of
from evinet.digitise.table import Row
from evinet.digitise.trace import (
    AT_FRAME,
    BEHIND,
    GOES_ON,
    PASSES,
    Curve,
    Trace,
    slanting,
    survival,
)

FINE = 1e-4  # standard error of survival below which every drop can be told
SLOPE = 0.1  # share of a curve that slants
ALIKE = 28  # units of 255: colours that cannot be told apart
Named = Sequence[tuple[str, str]]


def propose(
    panel: Panel, unit: str | None, traces: Sequence[Trace], named: Named, rows: Sequence[Row],
    errors: tuple[float, float], score: float = 1.0, lost: Sequence[str] = (),
    meaning: tuple[str, str] = ("", ""),
) -> Proposal:  # fmt: skip
    """Arms with names and rows of the table.

    Parameters
    ----------
    named : (name, where it was read) of each trace, as `labels.names` gives them.
    errors : standard errors along and across, in the coordinates of the figure.
    score : the lowest score of the optical reading of a number; 1 where nothing was so read.
    lost : entries of the legend that no trace looks like.
    meaning : what the words beside the survival axis say, as `labels.meaning` gives it.
    """
    doubts: list[Reason] = []
    if lost:
        doubts.append(Reason("legend-lost", f"the legend has {', '.join(lost)}, but no such curve "
                             "was found", 0.5))  # fmt: skip
    for name, axis in (("x", panel.x), ("y", panel.y)):
        if axis.left_out:
            one = len(axis.ticks) >= 4 and len(axis.left_out) == 1 and not axis.broken
            end = ": the axis may have a break" if axis.broken else ""
            doubts.append(Reason(f"{name}-left-out", f"beside the {name} axis "
                                 f"{', '.join(axis.left_out)} does not fit the other values{end}",
                                 0.85 if one else 0.5))  # fmt: skip
    if panel.x.goes_on:
        doubts.append(Reason("x-goes-on", "the line of the time axis goes on far beyond the last "
                             "value that was read: values may be missing", 0.5))  # fmt: skip
    if score < 0.8:
        doubts.append(Reason("hard-to-read", "a number was hard to read", 0.85))
    if not traces:
        return Proposal(panel, unit, (), tuple(doubts))
    drawn = [survival(panel, trace.corners) for trace in traces]
    curves = [curve for curve, _ in drawn]
    doubts += _contradiction(*meaning, {rises for _, rises in drawn})
    names, matched = _rows(panel, curves, named, rows, errors, doubts)
    arms = [
        (name, trace.look, row) for name, trace, row in zip(names, traces, matched, strict=True)
    ]
    cells = tuple(cell.box for row in rows for cell in row.cells)
    return Proposal(panel, unit, tuple(arms), tuple(doubts), cells)


def _contradiction(what: str, said: str, rising: set[bool]) -> list[Reason]:
    """What an axis is called against the curves beside it."""
    if what == "hazard":
        return [Reason("label-hazard", f'the axis is called "{said}": a cumulative hazard is not '
                       "1 minus survival", 0.5)]  # fmt: skip
    if len(rising) == 1 and what and (what == "incidence") not in rising:
        way = "rise from 0" if True in rising else "fall from 1"
        return [Reason("label-shape", f'the axis is called "{said}", but its curves {way}: '
                       "one of the two is wrong", 0.5)]  # fmt: skip
    return []


def _rows(
    panel: Panel, curves: list[Curve], named: Named, rows: Sequence[Row],
    errors: tuple[float, float], doubts: list[Reason],
) -> tuple[list[str], list[Row | None]]:  # fmt: skip
    """The name and row of each curve: by name, and otherwise by the fit of the table."""
    names = [name for name, _ in named]
    dt, sigma = _units(panel, errors)
    end = float(panel.x.value(panel.box.right))
    order, margin = check.match(curves, list(rows), sigma, dt, end)
    chosen = _by_name(names, rows)
    matched: list[Row | None] = [None] * len(curves)
    if not rows:
        doubts.append(Reason("no-table", "no numbers at risk were found", 0.9))
    elif chosen:
        matched = [rows[k] for k in chosen]
        if len(rows) > len(curves):
            doubts.append(Reason("arm-lost", f"the table has {len(rows)} rows, but only "
                                 f"{len(curves)} curves were found", 0.5))  # fmt: skip
        if order and chosen != order and margin > 0.5:
            doubts.append(Reason("names-differ", "the numbers at risk fit the curves better in "
                                 "another order than the names say", 0.55))  # fmt: skip
    elif not order:
        doubts.append(Reason("table-arms", f"{len(rows)} rows of numbers at risk for "
                             f"{len(curves)} curves: not used", 0.5))  # fmt: skip
    elif len(curves) == 1 or margin > 0.15:
        matched = [rows[k] for k in order]
        for place, k in enumerate(order):
            if rows[k].label:
                names[place] = rows[k].label
        if len(curves) > 1 and margin < 0.5 and not all(name for name, _ in named):
            doubts.append(
                Reason("names-weak", "names come from the fit of the numbers at risk", 0.8)
            )
    else:
        doubts.append(Reason("names-open", "nothing tells which row of numbers at risk belongs to "
                             "which curve: write the names", 0.5))  # fmt: skip
    return _filled(names, doubts), matched


def _by_name(names: list[str], rows: Sequence[Row]) -> list[int]:
    """The row of each name, if every name has one of its own."""
    labels = [_plain(row.label) for row in rows]
    found = [
        [k for k, label in enumerate(labels) if label and label in (_plain(name), _number(name))]
        or [k for k, label in enumerate(labels) if label and _alike(label, _plain(name))]
        for name in names
    ]
    chosen = [each[0] for each in found if len(each) == 1]
    return chosen if len(set(chosen)) == len(names) else []


def _plain(label: str) -> str:
    return "".join(char for char in label.lower() if char.isalnum())


def _number(name: str) -> str:
    """The number or letter that stands before a name and alone beside a table: "1: Placebo"."""
    found = re.match(r"(\w{1,2})\s*[:.)=]\s*\S", name)
    return found[1].lower() if found else ""


def _alike(a: str, b: str) -> bool:
    """Whether two labels name the same arm: one may be a longer form of the other."""
    return min(len(a), len(b)) >= 4 and (a.endswith(b) or b.endswith(a) or a.startswith(b))


def _filled(names: list[str], doubts: list[Reason]) -> list[str]:
    filled: list[str] = []
    for number, name in enumerate(names, 1):
        if not name or name in filled:
            if len(names) > 1:
                doubts.append(Reason("no-name", f"no name was found for curve {number}", 0.9))
            name = f"arm {number}"
        filled.append(name)
    return filled


def _units(panel: Panel, errors: tuple[float, float]) -> tuple[float, float]:
    """Standard errors of time and survival from those in the coordinates of the figure."""
    along = np.hypot(errors[0], panel.x.error / np.sqrt(len(panel.x.ticks)))
    across = np.hypot(errors[1], panel.y.error / np.sqrt(len(panel.y.ticks)))
    return float(abs(panel.x.slope) * along), float(abs(panel.y.slope) * across / panel.full)


def confirm(
    panel: Panel, traced: Traced, known: Sequence[tuple[str, Row | None]],
    doubts: Sequence[Reason], scale: float,
) -> Reading:  # fmt: skip
    """A reading of the traced curves, with all that speaks against it.

    Parameters
    ----------
    known : (name, row of the table) of each curve.
    doubts : those that are still open from before.
    scale : one pixel, or a quarter of a point, of the figure.
    """
    reading = Reading(panel, reasons=list(doubts))
    reading.dt, reading.sigma = _units(panel, (traced.error_x, traced.error_y))
    for name, axis in (("x", panel.x), ("y", panel.y)):
        _axis(reading, name, axis, scale)
    if panel.x.lowest > 0.3 * (panel.x.highest - panel.x.lowest):
        step = min(np.diff(sorted(tick.value for tick in panel.x.ticks)))
        left = 0.9 if panel.x.lowest < 1.05 * step else 0.5  # one step: 0 alone was not read
        reading.note("time-truncated", f"the first value of the time axis is {panel.x.lowest:g}, "
                     "not 0", left)  # fmt: skip
    if not known:
        reading.note("no-curve", "no curve starts at time 0 with everybody event-free", 0.0)
    rising = set()
    for (name, row), trace in zip(known, traced.traces, strict=True):
        if trace is None:
            reading.note("arm-missing", "its curve was not found in the figure", 0.0, name)
            continue
        curve, rises = survival(panel, trace.corners)
        rising.add(rises)
        _origin(reading, name, trace, rises)
        reading.arms.append(Arm(name, trace, curve, row))
    _settled(reading)
    if len(rising) > 1:
        reading.note("mixed", "some curves rise and others fall", 0.0)
    reading.incidence = rising == {True}
    if reading.incidence:
        reading.note("incidence", "the curves rise: survival is 1 minus what is drawn (with "
                     "competing risks that is not survival)", 0.95)  # fmt: skip
    if panel.full == 10:
        reading.note("points-lost", "the values of the survival axis were read as 0 to 10: taken "
                     "for 0.0 to 1.0", 0.4 if reading.incidence else 0.9)  # fmt: skip
    _start(reading)
    if traced.open > 0.1:
        left = 0.8 if traced.open < 0.25 else 0.5
        reading.note("unexplained", f"{100 * traced.open:.0f} % of what is drawn in the plot is on "
                     "no curve", left)  # fmt: skip
    _leaving(reading)
    _touching(reading)
    _fits(reading, float(panel.x.value(panel.box.right)))
    _doubts(reading)
    return reading


def _settled(reading: Reading) -> None:
    """Drops at the times of the table put on the side of them that the table counts."""
    pairs = [(arm.curve, arm.row) for arm in reading.arms if arm.row is not None]
    how = check.counted(pairs, reading.sigma, reading.dt)
    after = bool(how.after) and reading.sigma < FINE  # of a picture the sizes are not that sure
    if after:
        reading.note("counted-after", "the table counts those at risk after its times, not at them",
                     0.95)  # fmt: skip
    elif how.after is not False or how.open > 1:
        reading.note(
            "count-unclear",
            "many events lie at the times of the table: whether they are "
            "among those at risk is not clear",
            0.75 if how.after is None else 0.85,
        )
    reading.arms = [
        arm if arm.row is None else replace(arm, curve=check.settled(
            arm.curve, arm.row, reading.sigma, reading.dt, after))
        for arm in reading.arms
    ]  # fmt: skip


def _origin(reading: Reading, name: str, trace: Trace, rises: bool) -> None:
    """A curve starts at time 0 with all event-free: where it does not, an axis was read wrong."""
    panel = reading.panel
    assert panel is not None
    at, value = trace.corners[0, 0], float(panel.survival(trace.corners[0, 1]))
    start = 0.0 if rises else 1.0
    if abs(value - start) > max(0.006, 4 * reading.sigma):
        reading.note("start-off", f"it starts at {value:.3f}, not at {start:g}: the values of the "
                     "survival axis may be wrong", 0.5, name)  # fmt: skip
    if abs(at - panel.x.position(0.0)) > 0.02 * panel.box.width:
        reading.note("time-off", f"it starts at {float(panel.x.value(at)):.3g}, not at 0: the "
                     "values of the time axis may be wrong", 0.8, name)  # fmt: skip


def _start(reading: Reading) -> None:
    """A curve that falls at once speaks for an axis that was read wrong."""
    assert reading.panel is not None
    end = float(reading.panel.x.value(reading.panel.box.right))
    for arm in reading.arms:
        when, before, after = arm.curve.drops
        early = (before - after)[when < 0.012 * end]
        if early.max(initial=0.0) > 0.12:
            reading.note("falls-at-once", f"it falls by {early.max():.2f} at the very start", 0.5,
                         arm.name)  # fmt: skip


def _leaving(reading: Reading) -> None:
    """A curve that goes on below the lowest value shown: what follows is not known."""
    panel = reading.panel
    assert panel is not None
    if reading.incidence:
        return
    lowest = float(panel.survival(panel.box.bottom))
    for arm in reading.arms:
        if lowest > 0.03 and arm.curve.survival[-1] < lowest + 0.04 * (1 - lowest):
            reading.note("leaves", f"it leaves the plot at the bottom, at {lowest:.2f}: what "
                         "follows is not known", 0.5, arm.name)  # fmt: skip


def _touching(reading: Reading) -> None:
    """Curves of a picture that look alike and meet: which goes on as which cannot be seen."""
    if reading.sigma < FINE:
        return
    for one, other in combinations(reading.arms, 2):
        a, b = one.trace.look, other.trace.look
        if like(a.colour, b.colour) > ALIKE or bool(a.dash) != bool(b.dash):
            continue
        end = min(one.trace.corners[-1, 0], other.trace.corners[-1, 0])
        start = max(one.trace.corners[0, 0], other.trace.corners[0, 0])
        grid = np.arange(start, end, 1.0)
        apart = np.abs(levels_of(one.trace.corners, grid) - levels_of(other.trace.corners, grid))
        near = apart < max(a.width, b.width) + 2
        parted = np.flatnonzero(apart > 2 * (max(a.width, b.width) + 2))
        if len(parted) and near[parted[0] :].any():
            reading.note("alike", f"{one.name} and {other.name} are drawn alike and meet: they may "
                         "be exchanged from there on", 0.5)  # fmt: skip


def _axis(reading: Reading, name: str, axis: Axis, scale: float) -> None:
    gaps = np.diff(np.sort([tick.value for tick in axis.ticks]))
    steps = gaps / gaps.min()
    worst = float(np.abs(axis.residuals).max())
    if np.abs(steps - np.round(steps)).max() > 0.02:
        values = ", ".join(f"{tick.value:g}" for tick in axis.ticks)
        left = 0.95 if len(axis.ticks) >= 5 and worst < scale else 0.5
        reading.note(f"{name}-uneven", f"ticks of the {name} axis are not evenly spaced: {values}",
                     left)  # fmt: skip
    if worst > 1.5 * scale and not (scale < 1 and axis.snapped):  # the error says so
        left = 0.8 if worst < 3 * scale else 0.4
        message = f"a tick of the {name} axis is {worst:.2f} off the line"
        reading.note(f"{name}-residual", message, left)
    if len(axis.ticks) == 3:
        reading.note(f"{name}-few", f"the {name} axis has only three values", 0.9)


def _fits(reading: Reading, end: float) -> None:
    for arm in reading.arms:
        if arm.row is None or not arm.row.cells:
            continue
        for doubt in arm.row.doubts:
            reading.note("table-rises", doubt, 0.5, arm.name)
        if arm.row.cells[0].time > 0:
            reading.note("table-start", "no number at risk was read at time 0: how many patients "
                         "there were is not known", 0.7, arm.name)  # fmt: skip
        drops, most = len(arm.curve.drops[0]), arm.row.cells[0].n
        if arm.row.cells[0].time == 0 and drops > 2 * most:
            reading.note("too-many-drops", f"it falls {drops} times, but there were only {most} "
                         "patients", 0.3, arm.name)  # fmt: skip
        found = check.fit(arm.curve, arm.row, reading.sigma, reading.dt, end)
        if found.excess > 0:
            left = 0.9 if found.excess < 0.02 else 0.75 if found.excess < 0.05 else 0.3
            reading.note("table-excess", f"at {found.when:.4g} the table counts "
                         f"{100 * found.excess:.1f} % more patients than the curve allows", left,
                         arm.name)  # fmt: skip
        if found.tail:
            reading.note("tail", found.tail, 0.55, arm.name)
        fine = reading.sigma < FINE  # a raster curve merges drops that are near each other
        if fine and found.whole is not None and found.whole < 0.8:
            left = 0.85 if found.whole > 0.5 else 0.6
            reading.note("not-whole", f"only {100 * found.whole:.0f} % of the drops are whole "
                         "numbers of the patients at risk", left, arm.name)  # fmt: skip


def _doubts(reading: Reading) -> None:
    if reading.sigma >= FINE and any(arm.trace.look.dash for arm in reading.arms):
        reading.note("dashed", "the gaps of a dashed line in a picture hide small drops: events "
                     "may be misplaced or missed", 0.85)  # fmt: skip
    for arm in reading.arms:
        if reading.sigma >= FINE and slanting(arm.trace.corners, _one(reading, arm)) > SLOPE:
            reading.note("slanting", "it slants where a curve of survival is level or falls: where "
                         "it falls is not known", 0.3, arm.name)  # fmt: skip
        hidden = _hidden(reading, arm)
        if hidden > 0.0015:
            left = 0.95 if hidden < 0.004 else 0.8 if hidden < 0.01 else 0.5
            reading.note("not-seen", f"parts of the curve were not seen: survival may be off by "
                         f"{hidden:.4f} on average", left, arm.name)  # fmt: skip
        for doubt in arm.trace.doubts:
            if doubt.why in (AT_FRAME, BEHIND, GOES_ON):
                reading.note("end-unknown", doubt.why, 0.85, arm.name)
            elif doubt.why == PASSES:
                reading.note("passes-frame", doubt.why, 1.0, arm.name)
        if len(arm.curve.drops[0]) == 0:
            reading.note("flat", "the curve never falls", 0.7, arm.name)


def _one(reading: Reading, arm: Arm) -> np.ndarray | None:
    """By how many pixels an arm's curve falls at each corner if one of those at risk fails."""
    panel = reading.panel
    if panel is None or arm.row is None or not arm.row.cells:
        return None
    time = [cell.time for cell in arm.row.cells]
    number = np.interp(arm.curve.time, time, [cell.n for cell in arm.row.cells])
    high = abs(panel.y.position(0.0) - panel.y.position(panel.full))
    return np.asarray(high * arm.curve.survival / np.maximum(number, 1.0))


def _hidden(reading: Reading, arm: Arm) -> float:
    """How much survival is open, on average over time, where the curve was not plainly seen.

    It lies between the levels before and after such a stretch.
    """
    assert reading.panel is not None
    time = reading.panel.x.value(np.array([[d.start, d.end] for d in arm.trace.doubts]))
    if not len(time):
        return 0.0
    span = max(float(arm.curve.time[-1]), 1e-12)
    before, after = arm.curve.at(time[:, 0]), arm.curve.at(time[:, 1] + 1e-9)
    return float((np.diff(time, axis=1)[:, 0] * (before - after)).sum() / (2 * span))
