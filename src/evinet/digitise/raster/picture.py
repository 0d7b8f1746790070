"""A figure that is a picture: what it says, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evinet.digitise import judge, labels, pdf, table
from evinet.digitise.axes import Panel, Segments, panels
from evinet.digitise.drawing import Box, Word
from evinet.digitise.raster import curves, lines, ocr, skew
from evinet.digitise.reading import Proposal, Traced
from evinet.digitise.trace import Look
from evinet.errors import InputError, Problem

LARGEST = 40_000_000  # pixels
LONG = 3600  # pixels of the longer side: a finer picture is reduced by a whole number
LEAST_DPI = 100.0  # of a scan that is read in its own pixels
SMALL = 700  # pixels: text of a smaller picture is read enlarged


@dataclass(frozen=True, eq=False)
class RasterFigure:
    """A picture."""

    pixels: NDArray[np.uint8]
    kind: str = "raster"
    scale: float = 1.0
    seen: dict[tuple[float, ...], curves.Plot] = field(default_factory=dict)

    @property
    def size(self) -> tuple[float, float]:
        return float(self.pixels.shape[1]), float(self.pixels.shape[0])

    @cached_property
    def words(self) -> list[Word]:
        """The words of the picture."""
        return ocr.read(self.pixels, 2.0 if max(self.pixels.shape[:2]) < SMALL else 1.0)

    @cached_property
    def segments(self) -> Segments:
        """Its straight lines."""
        return lines.segments(self.pixels)

    def plots(self) -> list[Panel]:
        """The plots of the picture."""
        found = panels(self.words, self.segments, self.size)
        if not found:  # values of the survival axis that run up the page
            box = Box(0, 0, 0.25 * self.size[0], self.size[1])
            self.words.extend(ocr.turned(self.pixels, box))
            found = panels(self.words, self.segments, self.size)
        return found

    def propose(self, panel: Panel) -> Proposal:
        """What the plot says by itself."""
        plot = self._plot(panel)
        rows = table.rows(self.words, panel)
        traces = plot.find(len(rows))
        samples = plot.samples(self.words, traces)
        named = labels.names(traces, samples, rows, self.words, panel)
        unit = labels.unit(self.words, panel)
        scores = [cell.score for row in rows for cell in row.cells]
        lost = labels.lost(traces, samples + plot.others(self.words, samples), self.words, panel)
        return judge.propose(
            panel, unit, traces, named, rows, plot.errors, min(scores, default=1.0), lost,
            labels.meaning(self._beside(panel), panel),
        )  # fmt: skip

    def trace(self, panel: Panel, looks: Sequence[Look]) -> Traced:
        """The curve of each look."""
        plot = self._plot(panel)
        traces = plot.follow(looks)
        return Traced(tuple(traces), *plot.errors, plot.unexplained(traces))

    def _beside(self, panel: Panel) -> list[Word]:
        """The words that run up the page beside the survival axis."""
        box = panel.box
        left = max(box.left - labels.BESIDE * box.width, 0.0)
        return ocr.turned(self.pixels, Box(left, box.top, box.left, box.bottom))

    def _plot(self, panel: Panel) -> curves.Plot:
        box = panel.box
        key = (box.left, box.top, box.right, box.bottom)
        if key not in self.seen:
            self.seen[key] = curves.Plot(self.pixels, panel)
        return self.seen[key]


def read(path: Path) -> RasterFigure:
    """A PNG, JPEG or other picture, on white.

    Raises
    ------
    InputError
        It cannot be read, or is too large.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            image: Image.Image = opened
            if image.width * image.height > LARGEST:
                raise InputError(
                    Problem(str(path), "size", f"{image.width} x {image.height}", "is too large",
                            "Cut the figure out of the picture, or save it smaller")
                )  # fmt: skip
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, (255, 255, 255, 255))
                image = Image.alpha_composite(white, image)
            image = image.convert("RGB")
            image = image.reduce(-(-max(image.size) // LONG))
            return RasterFigure(skew.levelled(np.asarray(image)))
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(
            Problem(str(path), "(file)", path.name, f"is not a readable picture ({error})",
                    "Save it as PNG")
        ) from None  # fmt: skip


def from_page(path: Path, page: int, dpi: float) -> RasterFigure:
    """A page of a PDF as a picture: a scan in its own pixels, anything else at `dpi`."""
    own = pdf.resolution(path, page)
    if own is not None and LEAST_DPI <= own <= 2 * dpi:
        dpi = own
    return RasterFigure(skew.levelled(np.asarray(pdf.render(path, page, dpi))))
