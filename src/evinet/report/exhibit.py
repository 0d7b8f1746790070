"""What a figure of the report is: its name, its caption, and how it is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INDEX = "index.json"
"""Names every file of a folder of figures or tables, and is written after all of them."""


def missing(indexes: Iterable[str], besides: Iterable[str] = ()) -> list[Path]:
    """The files that the indexes of folders name and that are gone, without those of `besides`.

    The workflow cannot know beforehand which figures the data will allow. It asks for the index,
    and for what is missing of it.
    """
    gone = []
    known = {Path(name) for name in besides}
    for index in map(Path, indexes):
        try:
            names = list(json.loads(index.read_bytes()))
        except (OSError, ValueError, TypeError):  # no index, or not as it was written
            continue
        paths = [index.with_name(name) for name in names if "." in name]
        gone += [path for path in paths if path not in known and not path.exists()]
    return gone


@dataclass(frozen=True)
class Exhibit:
    """A figure to draw: `draw` returns None when the data do not allow it.

    With `narrow=True` it draws the same for the screen of a telephone.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[..., Figure | None]
