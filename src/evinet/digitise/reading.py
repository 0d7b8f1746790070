"""Everything that was read off a figure, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from evinet.digitise.axes import Panel
from evinet.digitise.drawing import Box
from evinet.digitise.table import Row
from evinet.digitise.trace import Curve, Look, Trace

ENOUGH = 0.6
"""The confidence below which no curve is written."""


@dataclass(frozen=True)
class Reason:
    """Something that lowers the confidence to its share `left`, or that a person must know."""

    code: str
    message: str
    left: float = 1.0
    arm: str = ""


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a figure says by itself: its plot, unit, arms with their rows, and the doubts."""

    panel: Panel | None
    unit: str | None = None
    arms: tuple[tuple[str, Look, Row | None], ...] = ()
    doubts: tuple[Reason, ...] = ()
    cells: tuple[Box, ...] = ()


@dataclass(frozen=True, eq=False)
class Traced:
    """The curves of a plot: one for each look that was asked for, or None where it is not seen.

    `error_x` and `error_y` are the standard errors of a place along and across, in the coordinates
    of the figure; `open` is the share of the ink of curves that no curve explains.
    """

    traces: tuple[Trace | None, ...]
    error_x: float
    error_y: float
    open: float = 0.0


@dataclass(frozen=True, eq=False)
class Arm:
    """One arm: its name, its trace and curve, its row of the table."""

    name: str
    trace: Trace
    curve: Curve
    row: Row | None = None


@dataclass(eq=False)
class Reading:
    """A figure as it was read; `sigma` and `dt` are standard errors of survival and of time."""

    panel: Panel | None = None
    incidence: bool = False
    arms: list[Arm] = field(default_factory=list)
    sigma: float = 0.0
    dt: float = 0.0
    reasons: list[Reason] = field(default_factory=list)

    def note(self, code: str, message: str, left: float = 1.0, arm: str = "") -> None:
        """Add a reason, once."""
        reason = Reason(code, message, left, arm)
        if reason not in self.reasons:
            self.reasons.append(reason)

    @property
    def confidence(self) -> float:
        """The product of what each reason leaves; 0 without curves."""
        if self.panel is None or not self.arms:
            return 0.0
        product = 1.0
        for reason in self.reasons:
            product *= reason.left
        return round(product, 4)

    @property
    def answered(self) -> bool:
        """Whether curves may be written."""
        return self.confidence >= ENOUGH
