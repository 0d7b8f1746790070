"""overlay.html and editor.html: the figure with what was read drawn over it.

One template serves both: a single file that works without network and without server. The overlay
shows; the editor also drags ticks, types values, picks colours and saves axis.yaml.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import files
from evinet.digitise import pdf
from evinet.digitise.axis import HEAD, AxisFile, colour_of
from evinet.digitise.drawing import Box
from evinet.digitise.labels import like
from evinet.digitise.run import Digitised
from evinet.digitise.vector import VectorFigure
from evinet.digitise.write import doubtful, summary

if TYPE_CHECKING:
    from PIL.Image import Image

TEMPLATE = Path(__file__).with_name("overlay.html")
COLOURS = ("#d81b60", "#1e88e5", "#ffc107", "#004d40", "#8e24aa", "#f4511e")
DPI = 150.0
WIDEST = 1400  # pixels of figure.png
MARGIN = 0.35  # of the plot, kept around it


def write(out: Path, made: Digitised) -> None:
    """Write overlay.html, editor.html and figure.png, the plot as published."""
    _published(out / "figure.png", made)
    for name, edits in (("overlay.html", False), ("editor.html", True)):
        files.write_text(out / name, page(made, edits))


def page(made: Digitised, edits: bool) -> str:
    """The page as HTML, all in one file."""
    content = {
        "edits": edits,
        "image": _image(made),
        "size": made.axis.size,
        "view": view(made.axis),
        "axis": made.axis.model_dump(mode="json"),
        "head": HEAD,
        "summary": summary(made),
        "traces": _traces(made),
        "cells": [_rectangle(box) for box in made.cells],
    }
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    for plain, safe in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(plain, safe)
    title = "Correct the axis file" if edits else "What was read off the figure"
    return TEMPLATE.read_text(encoding="utf-8").replace("%TITLE%", title).replace("%DATA%", text)


def _traces(made: Digitised) -> list[dict[str, object]]:
    reading = made.reading
    colours = _told_apart(made)
    return [
        {
            "name": arm.name,
            "colour": colours[place],
            "line": [[round(float(x), 3), round(float(y), 3)] for x, y in arm.trace.corners],
            "marks": [[round(float(x), 2), round(float(y), 2)] for x, y in arm.trace.marks],
            "doubts": [[round(d.start, 2), round(d.end, 2), d.why] for d in arm.trace.doubts],
            "times": [[round(a, 4), round(b, 4)] for a, b, _ in doubtful(reading, arm)],
        }
        for place, arm in enumerate(reading.arms)
    ]


def _told_apart(made: Digitised) -> list[str]:
    """A colour for each trace, as unlike those of the figure's curves as can be."""
    looks = [arm.trace.look.colour for arm in made.reading.arms]

    def unlike(colour: str) -> float:
        return min(like(colour_of(colour), look) for look in looks)

    ordered = sorted(COLOURS, key=unlike, reverse=True) if looks else []
    return [ordered[place % len(ordered)] for place in range(len(looks))]


def _rectangle(box: Box) -> list[float]:
    return [round(float(v), 1) for v in (box.left, box.top, box.width, box.height)]


def view(axis: AxisFile) -> list[float]:
    """Left, top, width and height of the part that is shown: the plot and what is around it."""
    width, height = axis.size
    if axis.frame is None:
        return [0, 0, width, height]
    left, top, right, bottom = axis.frame
    across, down = MARGIN * (right - left), MARGIN * (bottom - top)
    x0, y0 = max(0.0, left - across), max(0.0, top - down)
    x1, y1 = min(width, right + across), min(height, bottom + 1.8 * down)
    return [round(v, 2) for v in (x0, y0, x1 - x0, y1 - y0)]


def _image(made: Digitised) -> str:
    """The figure as a data URI."""
    if made.figure.suffix.lower() == ".svg":
        return _uri("image/svg+xml", made.figure.read_bytes())
    stream = io.BytesIO()
    picture(made).save(stream, format="PNG")
    return _uri("image/png", stream.getvalue())


def picture(made: Digitised) -> Image:
    """The figure as pixels: as it was read where it is a picture, drawn otherwise."""
    from PIL import Image

    if isinstance(made.source, VectorFigure):
        if made.figure.suffix.lower() == ".pdf":
            return pdf.render(made.figure, made.axis.page, DPI)
        return _sketched(made.source)
    pixels: Any = made.source.pixels  # type: ignore[attr-defined]
    return Image.fromarray(pixels)


def _sketched(figure: VectorFigure) -> Image:
    """The strokes and words of an SVG, which nothing here can draw as a browser does."""
    from PIL import Image, ImageDraw

    scale = DPI / 72
    sheet = Image.new(
        "RGB", (round(figure.size[0] * scale), round(figure.size[1] * scale)), "white"
    )
    pen = ImageDraw.Draw(sheet)
    for stroke in figure.drawing.strokes:
        points = [(float(x) * scale, float(y) * scale) for x, y in stroke.points]
        pen.line(points, fill=stroke.colour, width=max(1, round(stroke.width * scale)))
    for word in figure.drawing.words:
        if word.upright:
            where = (word.box.left * scale, word.box.top * scale)
            plain = word.text.encode("latin-1", "replace").decode("latin-1")
            size = max(6, round(1.3 * word.size * scale))
            pen.text(where, plain, fill=word.colour, font_size=size)
    return sheet


def _published(path: Path, made: Digitised) -> None:
    sheet = picture(made)
    scale = sheet.width / made.axis.size[0]
    x, y, wide, high = view(made.axis)
    left, top, right, bottom = (round(v * scale) for v in (x, y, x + wide, y + high))
    part = sheet.crop((left, top, right, bottom))
    part.thumbnail((WIDEST, WIDEST))
    with files.replacing(path) as temporary:
        part.save(temporary, format="PNG")


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
