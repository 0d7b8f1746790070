"""A plot of a vector figure: what it says, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evinet.digitise import judge, labels, strokes, table
from evinet.digitise.axes import Panel, fit, panels, straight
from evinet.digitise.drawing import Drawing
from evinet.digitise.reading import Proposal, Traced
from evinet.digitise.trace import Look, Trace

STEP = 0.01  # points: how finely most programs write coordinates
ERROR = STEP / np.sqrt(12)
SCALE = 0.25  # points: a tick further off the line is doubtful
SAME = 0.02  # points within which curves start at one place
LEAST_OFF, MOST_OFF = 0.1, 0.8  # points by which axes are drawn off the start of all curves


@dataclass(frozen=True, eq=False)
class VectorFigure:
    """A page of a PDF or an SVG."""

    drawing: Drawing
    kind: str = "vector"
    scale: float = SCALE

    @property
    def size(self) -> tuple[float, float]:
        return self.drawing.width, self.drawing.height

    def plots(self) -> list[Panel]:
        """The plots of the page that hold curves; all where none does."""
        return self.with_curves() or self._framed()

    def with_curves(self) -> list[Panel]:
        """The plots of the page that hold curves."""
        page = self.drawing
        each = [
            (panel, strokes.find(page.strokes, page.words, panel).traces)
            for panel in self._framed()
        ]
        return [_from_the_start(panel, traces) for panel, traces in each if traces]

    def _framed(self) -> list[Panel]:
        return panels(self.drawing.words, straight(self.drawing.strokes), self.size)

    def propose(self, panel: Panel) -> Proposal:
        """What the plot says by itself."""
        words = self.drawing.words
        found = strokes.find(self.drawing.strokes, words, panel)
        rows = table.rows(words, panel)
        named = labels.names(found.traces, found.samples, rows, words, panel)
        unit = labels.unit(words, panel)
        lost = labels.lost(found.traces, found.samples, words, panel)
        return judge.propose(
            panel, unit, found.traces, named, rows, (ERROR, ERROR), lost=lost,
            meaning=labels.meaning(words, panel),
        )  # fmt: skip

    def trace(self, panel: Panel, looks: Sequence[Look]) -> Traced:
        """The curve of each look."""
        found = strokes.find(self.drawing.strokes, self.drawing.words, panel)
        left = list(found.traces)
        traces: list[Trace | None] = []
        for look in looks:
            apart = [_apart(trace.look, look) for trace in left]
            near = bool(apart) and min(apart) < 40
            traces.append(left.pop(int(np.argmin(apart))) if near else None)
        return Traced(tuple(traces), float(ERROR), float(ERROR), found.open)


def _from_the_start(panel: Panel, traces: Sequence[Trace]) -> Panel:
    """The plot with its ticks where its curves say: they start at time 0 with everybody.

    Some programs draw axes half a pixel off the curves, so that the lines are sharp.
    """
    origin = np.array([panel.x.position(0.0), panel.y.position(panel.full)])
    off = np.array([trace.corners[0] for trace in traces]) - origin
    moved, apart = off.mean(axis=0), np.ptp(off, axis=0)
    far = np.abs(moved) > LEAST_OFF
    if apart.max() > SAME or np.abs(moved).max() > MOST_OFF or not far.any():
        return panel
    if not far.all():  # of one axis alone only where its ticks were put at whole units
        moved = np.where(far & [panel.x.snapped, panel.y.snapped], moved, 0.0)
    axes = [
        replace(fit([replace(tick, at=tick.at + by) for tick in axis.ticks]),
                left_out=axis.left_out, broken=axis.broken, goes_on=axis.goes_on)
        for axis, by in zip((panel.x, panel.y), moved.tolist(), strict=True)
    ]  # fmt: skip
    right, down = moved.tolist()
    box = panel.box
    box = replace(box, left=box.left + right, right=box.right + right,
                  top=box.top + down, bottom=box.bottom + down)  # fmt: skip
    return Panel(axes[0], axes[1], box)


def _apart(a: Look, b: Look) -> float:
    return labels.like(a.colour, b.colour) + 40 * labels.same_dash(a, b) + abs(a.width - b.width)
