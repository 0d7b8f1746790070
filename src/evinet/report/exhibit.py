"""What a figure of the report is: its name, its caption, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INDEX = "index.json"


@dataclass(frozen=True)
class Exhibit:
    """A figure to draw: `draw` returns None when the data do not allow it."""

    name: str
    caption: str
    alt: str
    draw: Callable[[], Figure | None]
