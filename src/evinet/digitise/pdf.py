"""A page of a PDF as words and strokes, and as a picture (PDFium: Apache-2.0 or BSD)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evinet.digitise.drawing import (
    Box,
    Colour,
    Drawing,
    Floats,
    Stroke,
    Word,
    clipped,
    from_pieces,
)  # fmt: skip
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    from PIL.Image import Image

CURVE_STEPS = 8  # straight pieces that stand for a Bezier curve
EVERYWHERE = Box(-np.inf, -np.inf, np.inf, np.inf)
THIN = 2.5  # points: a filled rectangle that is no thicker is a line


def pages(path: Path) -> int:
    """How many pages the document has."""
    document = _open(path)
    try:
        return len(document)
    finally:
        document.close()


def render(path: Path, page: int, dpi: float) -> Image:
    """The page as a picture.

    Raises
    ------
    InputError
        The file is no PDF, or has no such page.
    """
    document = _open(path)
    try:
        return _page(document, path, page).render(scale=dpi / 72).to_pil().convert("RGB")
    finally:
        document.close()


def resolution(path: Path, page: int) -> float | None:
    """Dots per inch of the picture that fills most of a scanned page; None if there is none.

    A page that is drawn so is not resampled: its pixels are those of the scan.
    """
    import pypdfium2.raw as pdfium

    document = _open(path)
    try:
        found = _page(document, path, page)
        width, height = found.get_size()
        for item, matrix, _ in _objects(found.raw, _to_page(found)):
            if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_IMAGE:
                continue
            across, down = ctypes.c_uint(), ctypes.c_uint()
            pdfium.FPDFImageObj_GetImagePixelSize(item, across, down)
            corners = _placed(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), matrix)
            wide, high = np.ptp(corners, axis=0)
            if wide * high > 0.5 * width * height and across.value and down.value:
                return 72 * float(np.sqrt(across.value * down.value / (wide * high)))
        return None
    finally:
        document.close()


def read(path: Path, page: int) -> Drawing:
    """The words and strokes of a page, counted from 1.

    Raises
    ------
    InputError
        The file is no PDF, or has no such page.
    """
    document = _open(path)
    try:
        found = _page(document, path, page)
        drawing = Drawing(*found.get_size())
        to_page = _to_page(found)
        sheet = Box(0.0, 0.0, drawing.width, drawing.height)
        for item, matrix, clip in _objects(found.raw, to_page, sheet):
            _add(drawing, item, matrix, clip)
        drawing.words.extend(_words(found, to_page))
        return drawing
    finally:
        document.close()


def _to_page(page: Any) -> Floats:
    """From the file's coordinates to those of the page as it is shown, from its top left corner."""
    left, bottom, right, top = page.get_bbox()
    rows = {
        0: [[1, 0, -left], [0, -1, top]],
        90: [[0, 1, -bottom], [1, 0, -left]],
        180: [[-1, 0, right], [0, 1, -bottom]],
        270: [[0, -1, top], [-1, 0, right]],
    }[page.get_rotation()]
    return np.array([*rows, [0, 0, 1]], dtype=np.float64)


def _open(path: Path) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise InputError(
            Problem(str(path), "(file)", path.name, f"is not a readable PDF ({error})",
                    "Check the file, or save a copy without a password")
        ) from None  # fmt: skip


def _page(document: Any, path: Path, page: int) -> Any:
    if not 1 <= page <= len(document):
        raise InputError(
            Problem(str(path), "--page", page, f"the document has {len(document)} pages",
                    "Count pages from 1")
        )  # fmt: skip
    import pypdfium2

    try:
        return document[page - 1]
    except pypdfium2.PdfiumError as error:
        raise InputError(
            Problem(str(path), "--page", page, f"cannot be read ({error})", "Choose another page, "
                    "or save the page again from a program that shows it")
        ) from None  # fmt: skip


def _objects(
    parent: Any, matrix: Floats, clip: Box = EVERYWHERE, depth: int = 0
) -> Iterator[tuple[Any, Floats, Box]]:
    """Every path and picture, also inside forms, with the matrix that takes it to the page.

    Third, the rectangle of the page in which it is seen: that around its clip.
    """
    import pypdfium2.raw as pdfium

    inside = depth > 0
    count = pdfium.FPDFFormObj_CountObjects if inside else pdfium.FPDFPage_CountObjects
    get = pdfium.FPDFFormObj_GetObject if inside else pdfium.FPDFPage_GetObject
    for index in range(count(parent)):
        item = get(parent, index)
        own = pdfium.FS_MATRIX()
        pdfium.FPDFPageObj_GetMatrix(item, own)
        here = matrix @ np.array([[own.a, own.c, own.e], [own.b, own.d, own.f], [0, 0, 1]])
        seen = _clip(item, matrix, clip)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < 6:
            yield from _objects(item, here, seen, depth + 1)
        elif kind in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            yield item, here, seen


def _clip(item: Any, matrix: Floats, clip: Box) -> Box:
    """The part of a clip that an object's own clips leave."""
    import pypdfium2.raw as pdfium

    own = pdfium.FPDFPageObj_GetClipPath(item)
    for place in range(max(pdfium.FPDFClipPath_CountPaths(own), 0)):
        points = []
        for index in range(pdfium.FPDFClipPath_CountPathSegments(own, place)):
            segment = pdfium.FPDFClipPath_GetPathSegment(own, place, index)
            x, y = ctypes.c_float(), ctypes.c_float()
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((x.value, y.value))
        if points:
            placed = _placed(np.array(points), matrix)
            (left, top), (right, bottom) = placed.min(axis=0), placed.max(axis=0)
            clip = clip.common(Box(float(left), float(top), float(right), float(bottom)))
    return clip


def _add(drawing: Drawing, item: Any, matrix: Floats, clip: Box) -> None:
    import pypdfium2.raw as pdfium

    if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_IMAGE:
        corners = _placed(np.array([[0.0, 0.0], [1.0, 1.0]]), matrix)
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        drawing.pictures.append(Box(float(left), float(top), float(right), float(bottom)))
        return
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(item, mode, stroked)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    width = ctypes.c_float()
    pdfium.FPDFPageObj_GetStrokeWidth(item, width)
    dash = _dash(item, scale)
    for points, curved in _subpaths(item):
        placed = _placed(points, matrix)
        if stroked.value and len(placed) > 1:
            colour = _colour(item, pdfium.FPDFPageObj_GetStrokeColor)
            line = Stroke(placed, colour, width.value * scale, dash, curved)
            drawing.strokes.extend(clipped(line, clip))
        elif mode.value and len(placed) > 1:
            fill = _colour(item, pdfium.FPDFPageObj_GetFillColor)
            add_shape(drawing, Stroke(placed, fill, 0.0, (), curved), clip)


def add_shape(drawing: Drawing, shape: Stroke, clip: Box | None) -> None:
    """Add the edge of a filled shape: as a line where it is thin, else as what it is."""
    line = thin_line(shape, THIN)
    if line is not None:
        drawing.strokes.extend(clipped(line, clip))
    elif clipped(shape, clip):
        drawing.outlines.append(shape)


def thin_line(shape: Stroke, thin: float) -> Stroke | None:
    """A filled rectangle so thin that it is meant as a line, as that line."""
    box = shape.box
    if len(shape.points) > 5 or shape.curved or min(box.width, box.height) > thin:
        return None
    if max(box.width, box.height) < 3 * max(min(box.width, box.height), 1e-9):
        return None
    ends = [[box.left, box.y], [box.right, box.y]]
    if box.height > box.width:
        ends = [[box.x, box.top], [box.x, box.bottom]]
    return Stroke(np.array(ends), shape.colour, min(box.width, box.height))


def _subpaths(item: Any) -> Iterator[tuple[Floats, bool]]:
    """The points of each sub-path, and whether it has curves."""
    import pypdfium2.raw as pdfium

    points: list[tuple[float, float]] = []
    bezier: list[tuple[float, float]] = []
    curved = False
    for index in range(pdfium.FPDFPath_CountSegments(item)):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        x, y = ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            if points:
                yield np.array(points), curved
            points, curved = [(x.value, y.value)], False
        elif kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            bezier.append((x.value, y.value))
            if len(bezier) == 3:
                points += bezier_points(points[-1], *bezier)
                bezier, curved = [], True
        else:
            points.append((x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment) and points:
            points.append(points[0])
    if points:
        yield np.array(points), curved


def bezier_points(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]
) -> list[tuple[float, float]]:
    """Points along a cubic Bezier curve, without its first."""
    t = np.arange(1, CURVE_STEPS + 1)[:, None] / CURVE_STEPS
    corners = [np.asarray(each) for each in (a, b, c, d)]
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    path = sum(weight * corner for weight, corner in zip(weights, corners, strict=True))
    return [(float(x), float(y)) for x, y in np.asarray(path)]


def _placed(points: Floats, matrix: Floats) -> Floats:
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _colour(item: Any, get: Any) -> Colour:
    parts = [ctypes.c_uint() for _ in range(4)]
    get(item, *parts)
    red, green, blue, _ = (part.value for part in parts)
    return red, green, blue


def _dash(item: Any, scale: float) -> tuple[float, ...]:
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFPageObj_GetDashCount(item)
    if count <= 0:
        return ()
    values = (ctypes.c_float * count)()
    pdfium.FPDFPageObj_GetDashArray(item, values, count)
    lengths = tuple(float(value) * scale for value in values)
    return lengths if sum(lengths) > 0 else ()


def _words(page: Any, to_page: Floats) -> list[Word]:
    """Words from the characters of the page."""
    import pypdfium2.raw as pdfium

    text = page.get_textpage()
    level: list[tuple[str, Box, Colour]] = []
    turned: list[tuple[str, Box, Colour]] = []
    rotated = page.get_rotation() in (90, 270)
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text.raw, index)
        if code < 32:
            continue
        x0, x1, y0, y1 = (ctypes.c_double() for _ in range(4))
        pdfium.FPDFText_GetCharBox(text.raw, index, x0, x1, y0, y1)
        box = _around([[x0.value, y0.value], [x1.value, y1.value]], to_page)
        rectangle = pdfium.FS_RECTF()
        pdfium.FPDFText_GetLooseCharBox(text.raw, index, rectangle)
        ends = [[rectangle.left, rectangle.bottom], [rectangle.right, rectangle.top]]
        loose = _around(ends, to_page)
        parts = [ctypes.c_uint() for _ in range(4)]
        pdfium.FPDFText_GetFillColor(text.raw, index, *parts)
        colour = (parts[0].value, parts[1].value, parts[2].value)
        angle = pdfium.FPDFText_GetCharAngle(text.raw, index) % np.pi
        across = (min(angle, np.pi - angle) < 0.3) != rotated
        if across:  # a "1" is as wide as any digit
            wide = replace(box, left=min(box.left, loose.left), right=max(box.right, loose.right))
            level.append((chr(code), wide, colour))
        else:
            tall = replace(box, top=min(box.top, loose.top), bottom=max(box.bottom, loose.bottom))
            turned.append((chr(code), tall, colour))
    return from_pieces(level, True) + from_pieces(turned, False)


def _around(corners: list[list[float]], to_page: Floats) -> Box:
    (left, top), (right, bottom) = np.sort(_placed(np.array(corners), to_page), axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
