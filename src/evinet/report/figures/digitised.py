"""A published figure beside what was read off it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(published: Path, overlay: Path) -> Figure:
    """Both pictures side by side."""
    from matplotlib.figure import Figure as New
    from matplotlib.image import imread

    pictures = (imread(published), imread(overlay))
    high = 4.6 * pictures[0].shape[0] / pictures[0].shape[1]
    figure = New(figsize=(9.6, high + 0.4))
    for place, (picture, title) in enumerate(
        zip(pictures, ("As published", "As read"), strict=True), 1
    ):
        axes = figure.add_subplot(1, 2, place)
        axes.imshow(picture, interpolation="lanczos")
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    figure.subplots_adjust(left=0.01, right=0.99, top=0.94, bottom=0.01, wspace=0.02)
    return figure
