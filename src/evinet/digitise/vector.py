"""A plot of a vector figure: what it says, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evinet.digitise import judge, labels, strokes, table
from evinet.digitise.axes import Panel, panels, straight
from evinet.digitise.drawing import Drawing
from evinet.digitise.reading import Proposal, Traced
from evinet.digitise.trace import Look, Trace

STEP = 0.01  # points: how finely most programs write coordinates
ERROR = STEP / np.sqrt(12)
SCALE = 0.25  # points: a tick further off the line is doubtful


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
        """The plots of the page that hold curves."""
        page = self.drawing
        found = panels(page.words, straight(page.strokes), self.size)
        return [panel for panel in found if strokes.find(page.strokes, page.words, panel).traces]

    def propose(self, panel: Panel) -> Proposal:
        """What the plot says by itself."""
        words = self.drawing.words
        found = strokes.find(self.drawing.strokes, words, panel)
        rows = table.rows(words, panel)
        named = labels.names(found.traces, found.samples, rows, words, panel)
        unit = labels.unit(words, panel)
        lost = labels.lost(found.traces, found.samples, words, panel)
        return judge.propose(panel, unit, found.traces, named, rows, (ERROR, ERROR), lost=lost)

    def trace(self, panel: Panel, looks: Sequence[Look]) -> Traced:
        """The curve of each look."""
        found = strokes.find(self.drawing.strokes, self.drawing.words, panel)
        left = list(found.traces)
        traces: list[Trace | None] = []
        for look in looks:
            apart = [_apart(trace.look, look) for trace in left]
            near = bool(apart) and min(apart) < 40
            traces.append(left.pop(int(np.argmin(apart))) if near else None)
        return Traced(tuple(traces), float(ERROR), float(ERROR))


def _apart(a: Look, b: Look) -> float:
    return labels.like(a.colour, b.colour) + 40 * labels.same_dash(a, b) + abs(a.width - b.width)
