"""overlay.html and editor.html: the figure with what was read drawn over it.

One template serves both: a single file that works without network and without server. The overlay
shows; the editor also drags ticks, types values, picks colours and saves axis.yaml.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

from evinet import files
from evinet.digitise import pdf
from evinet.digitise.axis import HEAD
from evinet.digitise.drawing import Box
from evinet.digitise.run import Digitised
from evinet.digitise.write import doubtful, summary

TEMPLATE = Path(__file__).with_name("overlay.html")
COLOURS = ("#d81b60", "#1e88e5", "#ffc107", "#004d40", "#8e24aa", "#f4511e")
DPI = 150.0
MARGIN = 0.35  # of the plot, kept around it


def write(out: Path, made: Digitised) -> None:
    """Write overlay.html and editor.html."""
    for name, edits in (("overlay.html", False), ("editor.html", True)):
        files.write_text(out / name, page(made, edits))


def page(made: Digitised, edits: bool) -> str:
    """The page as HTML, all in one file."""
    content = {
        "edits": edits,
        "image": _image(made),
        "size": made.axis.size,
        "view": _view(made),
        "axis": made.axis.model_dump(mode="json"),
        "head": HEAD,
        "summary": summary(made),
        "traces": _traces(made),
        "cells": [_rectangle(box) for box in made.cells if isinstance(box, Box)],
    }
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    for plain, safe in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(plain, safe)
    title = "Correct the axis file" if edits else "What was read off the figure"
    return TEMPLATE.read_text(encoding="utf-8").replace("%TITLE%", title).replace("%DATA%", text)


def _traces(made: Digitised) -> list[dict[str, object]]:
    reading = made.reading
    return [
        {
            "name": arm.name,
            "colour": COLOURS[place % len(COLOURS)],
            "line": [[round(float(x), 3), round(float(y), 3)] for x, y in arm.trace.corners],
            "marks": [[round(float(x), 2), round(float(y), 2)] for x, y in arm.trace.marks],
            "doubts": [[round(d.start, 2), round(d.end, 2), d.why] for d in arm.trace.doubts],
            "times": [[round(a, 4), round(b, 4)] for a, b, _ in doubtful(reading, arm)],
        }
        for place, arm in enumerate(reading.arms)
    ]


def _rectangle(box: Box) -> list[float]:
    return [round(float(v), 1) for v in (box.left, box.top, box.width, box.height)]


def _view(made: Digitised) -> list[float]:
    """The part of the figure that is shown first: the plot and what stands around it."""
    width, height = made.axis.size
    if made.axis.frame is None:
        return [0, 0, width, height]
    left, top, right, bottom = made.axis.frame
    across, down = MARGIN * (right - left), MARGIN * (bottom - top)
    x0, y0 = max(0.0, left - across), max(0.0, top - down)
    x1, y1 = min(width, right + across), min(height, bottom + 1.8 * down)
    return [round(v, 2) for v in (x0, y0, x1 - x0, y1 - y0)]


def _image(made: Digitised) -> str:
    """The figure as a data URI."""
    path = made.figure
    suffix = path.suffix.lower()
    if suffix == ".svg":
        return _uri("image/svg+xml", path.read_bytes())
    if suffix in (".png", ".jpg", ".jpeg"):
        return _uri("image/png" if suffix == ".png" else "image/jpeg", path.read_bytes())
    if suffix == ".pdf":
        picture = pdf.render(path, made.axis.page, DPI)
    else:
        from PIL import Image

        picture = Image.open(path).convert("RGB")
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=False)
    return _uri("image/png", stream.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
