"""From a figure to a reading: what the figure says, what a person typed, and the curves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evinet.digitise import axis as axis_file
from evinet.digitise import judge, outlined, pdf, svg
from evinet.digitise.axes import Panel
from evinet.digitise.axis import ArmEntry, AxisFile, DoubtEntry
from evinet.digitise.drawing import Box
from evinet.digitise.reading import Proposal, Reading, Reason, Traced
from evinet.digitise.trace import Look
from evinet.digitise.vector import VectorFigure
from evinet.errors import InputError, Problem

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")
DPI = 300.0  # at which a page that holds a picture is drawn


class Figure(Protocol):
    """A figure that can be read: vector or raster."""

    @property
    def kind(self) -> str: ...
    @property
    def scale(self) -> float: ...
    @property
    def size(self) -> tuple[float, float]: ...
    def plots(self) -> list[Panel]: ...
    def propose(self, panel: Panel) -> Proposal: ...
    def trace(self, panel: Panel, looks: Sequence[Look]) -> Traced: ...


@dataclass(frozen=True, eq=False)
class Digitised:
    """A reading with the axis file that gives it again."""

    figure: Path
    axis: AxisFile
    reading: Reading
    source: Figure
    cells: tuple[Box, ...] = ()


def digitise(
    path: Path, page: int | None = None, panel: int | None = None, axis: AxisFile | None = None
) -> Digitised:
    """Read a figure.

    Parameters
    ----------
    page : the page of a PDF, from 1; the first where none is given.
    panel : which plot of the page, from 1; needed only where there are several.
    axis : an axis file to use instead of what the figure says.

    Raises
    ------
    InputError
        The file cannot be read, or the axis file is of another figure, page or plot.

    Examples
    --------
    >>> digitise(Path("figure.pdf")).reading.confidence  # doctest: +SKIP
    1.0
    """
    digest = hashlib.sha256(_bytes(path)).hexdigest()
    if axis is not None:
        _belongs(axis, path, digest, page, panel)
        figure = open_figure(path, axis.page, axis.kind)
        return Digitised(path, axis, trace(figure, axis), figure)
    page = page or 1
    figure = open_figure(path, page)
    plots = figure.plots()
    made, cells = _proposed(figure, plots, panel)
    axis = AxisFile(
        figure=path.name, sha256=digest, page=page, plot=panel, kind=figure.kind,
        size=(round(figure.size[0], 3), round(figure.size[1], 3)), **made,
    )  # fmt: skip
    return Digitised(path, axis, trace(figure, axis), figure, cells)


def _belongs(axis: AxisFile, path: Path, digest: str, page: int | None, panel: int | None) -> None:
    """Whether an axis file is of the figure, page and plot that are asked for; else an error."""
    for field, asked, own in (
        ("sha256", digest, axis.sha256), ("--page", page, axis.page), ("--panel", panel, axis.plot)
    ):  # fmt: skip
        if asked is not None and own is not None and asked != own:
            raise InputError(
                Problem(str(path), field, asked, f"is not that of the axis file ({own}), "
                        f"which is of {axis.figure}, page {axis.page}", "Give what it was made "
                        "from, or another --out, or delete the axis file (that of --axis, or "
                        "axis.yaml in --out): then this figure is read anew")
            )  # fmt: skip


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            Problem(str(path), "figure", path.name, f"cannot be read: {error.strerror}",
                    "Name a PDF, SVG, PNG or JPEG file")
        ) from None  # fmt: skip


def open_figure(path: Path, page: int, kind: str | None = None) -> Figure:
    """The figure as vector or raster: a page without curves in strokes is read as a picture."""
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        from evinet.digitise.raster import picture

        return picture.read(path)
    if suffix == ".svg":
        return VectorFigure(outlined.with_words(svg.read(path)))
    if suffix != ".pdf":
        raise InputError(
            Problem(str(path), "figure", path.name, "is a file of a kind that is not read",
                    f"Use PDF, SVG or {', '.join(PICTURES)}")
        )  # fmt: skip
    drawing = pdf.read(path, page)
    if not (drawing.words or drawing.strokes or drawing.outlines or drawing.pictures):
        raise InputError(
            Problem(str(path), "--page", page, "the page is empty", f"Choose another of the "
                    f"{pdf.pages(path)} pages of the document")
        )  # fmt: skip
    figure = VectorFigure(outlined.with_words(drawing))
    if kind == "vector" or (kind is None and figure.with_curves()):
        return figure
    from evinet.digitise.raster import picture

    return picture.from_page(path, page, DPI)


def _proposed(
    figure: Figure, plots: list[Panel], panel: int | None
) -> tuple[dict[str, Any], tuple[Box, ...]]:
    """The fields of the axis file that the figure fills."""
    doubts: list[Reason] = []
    if not plots:
        doubts.append(Reason("no-plot", "no axes with values were found: type the ticks", 0.0))
        return {"doubts": _entries(doubts)}, ()
    if panel is not None and not 1 <= panel <= len(plots):
        raise InputError(
            Problem("(options)", "--panel", panel, f"the page has {len(plots)} plots",
                    "Count them from left to right, then down")
        )  # fmt: skip
    if panel is None and len(plots) > 1:
        doubts.append(
            Reason("panels", f"the page has {len(plots)} plots: choose with --panel", 0.0)
        )
    found = figure.propose(axis_file.rounded(plots[(panel or 1) - 1]))
    doubts += found.doubts
    assert found.panel is not None
    box = found.panel.box
    arms = [
        ArmEntry(name=name, colour=axis_file.hexadecimal(look.colour), read=name,
                 width=round(max(look.width, 0.01), 2), dash=[round(d, 2) for d in look.dash])
        for name, look, _ in found.arms
    ]  # fmt: skip
    rows = [(name, row) for name, _, row in found.arms if row is not None]
    return {
        "unit": found.unit, "unit_read": found.unit,
        "frame": axis_file.frame(box),
        "time": axis_file.ticks(found.panel.x), "survival": axis_file.ticks(found.panel.y),
        "arms": arms, "at_risk": axis_file.table(rows), "doubts": _entries(doubts),
    }, found.cells  # fmt: skip


def _entries(doubts: Sequence[Reason]) -> list[DoubtEntry]:
    return [DoubtEntry(code=each.code, about=each.message, left=each.left) for each in doubts]


def trace(figure: Figure, axis: AxisFile) -> Reading:
    """The curves that an axis file tells of, with all that speaks against them."""
    doubts = [Reason(each.code, each.about, each.left) for each in axis.doubts]
    panel = axis.panel()
    if panel is None:
        reading = Reading(None, reasons=doubts)
        reading.note("no-axes", "each axis needs two ticks with values: type them", 0.0)
        return reading
    rows = {row.label: row for row in axis.rows()}
    traced = figure.trace(panel, [arm.look for arm in axis.arms])
    known = [(arm.name, rows.get(arm.name)) for arm in axis.arms]
    return judge.confirm(panel, traced, known, doubts, figure.scale)
