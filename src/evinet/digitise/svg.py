"""An SVG figure as words and strokes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from svgelements import Color, Matrix
from svgelements import Path as Outline
from svgelements.svgelements import Close, Line, Move

from evinet.digitise.drawing import BLACK, Box, Colour, Drawing, Floats, Stroke, Word
from evinet.digitise.pdf import CURVE_STEPS, THIN, thin_line
from evinet.errors import InputError, Problem

LINK = "{http://www.w3.org/1999/xlink}href"
INHERITED = (
    "stroke", "stroke-width", "stroke-dasharray", "fill", "font-size", "text-anchor", "display",
    "visibility", "stroke-opacity", "fill-opacity", "color",
)  # fmt: skip
LENGTHS = ("x", "y", "width", "height", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry")
TINY = 100.0  # a drawing of fewer units is not in points or pixels, but in inches or shares ...
USUAL = 800.0  # ... and is read as one of so many
GLYPH = 0.55  # width of a character, of its font size, where nothing better is known


@dataclass(frozen=True)
class _Here:
    """Where the walk is: matrix and inherited properties."""

    matrix: Matrix
    style: dict[str, str]


def read(path: Path) -> Drawing:
    """The words and strokes of an SVG file.

    Raises
    ------
    InputError
        The file is no SVG that can be read.
    """
    try:
        parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
        root = ElementTree.parse(path, parser).getroot()
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(str(path), "(file)", path.name, f"is not a readable SVG ({error})",
                    "Save the figure again, as SVG or PDF")
        ) from None  # fmt: skip
    left, top, width, height = _view(root)
    larger = USUAL / max(width, height) if 0 < max(width, height) < TINY else 1.0
    drawing = Drawing(width * larger, height * larger)
    names = {item.get("id"): item for item in root.iter() if item.get("id")}
    walk = _Walk(drawing, names, _rules(root))
    own = Matrix(larger, 0, 0, larger, -left * larger, -top * larger)
    walk.into(root, _Here(own, {}), 0)
    return drawing


def _view(root: ElementTree.Element) -> tuple[float, float, float, float]:
    numbers = [float(each) for each in re.findall(r"[-+.\deE]+", root.get("viewBox") or "")]
    if len(numbers) == 4:
        return numbers[0], numbers[1], numbers[2], numbers[3]
    return 0.0, 0.0, _length(root.get("width")) or 600.0, _length(root.get("height")) or 400.0


def _length(text: str | None) -> float | None:
    found = re.match(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)", text or "")
    return float(found[1]) if found and "%" not in (text or "") else None


def _rules(root: ElementTree.Element) -> list[tuple[list[str], dict[str, str]]]:
    """Rules of the style sheets: the last parts of their selectors, and what they set."""
    rules = []
    for sheet in root.iter():
        if not _tag(sheet).endswith("style"):
            continue
        text = re.sub(r"/\*.*?\*/", "", sheet.text or "", flags=re.S)
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
            rules.append(([each.split()[-1] for each in selectors.split(",") if each.split()],
                          _declared(body)))  # fmt: skip
    return rules


def _declared(text: str | None) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in (text or "").split(";") if ":" in part)
    return {name.strip(): value.strip() for name, value in pairs}


def _tag(item: ElementTree.Element) -> str:
    return item.tag.rsplit("}", 1)[-1] if isinstance(item.tag, str) else ""


class _Walk:
    """A walk through the elements, filling a drawing."""

    def __init__(
        self, drawing: Drawing, names: dict[str | None, ElementTree.Element],
        rules: list[tuple[list[str], dict[str, str]]],
    ):  # fmt: skip
        self.drawing, self.names, self.rules = drawing, names, rules

    def into(self, item: ElementTree.Element, here: _Here, depth: int) -> None:
        """Look at an element and all below it."""
        tag = _tag(item)
        if depth > 40 or tag in ("defs", "clipPath", "mask", "symbol", "marker", "style"):
            return
        style = {**here.style, **self._own(item, tag)}
        if style.get("display") == "none" or style.get("visibility") == "hidden":
            return
        matrix = Matrix(item.get("transform")) * here.matrix if item.get("transform") else (
            here.matrix
        )  # fmt: skip
        here = _Here(matrix, {name: style[name] for name in INHERITED if name in style})
        if tag == "use":
            self._use(item, here, depth)
        elif tag == "text":
            self._text(item, here)
        elif tag == "image":
            x, y = _length(item.get("x")) or 0.0, _length(item.get("y")) or 0.0
            w, h = _length(item.get("width")) or 0.0, _length(item.get("height")) or 0.0
            corners = _placed(np.array([[x, y], [x + w, y + h]]), matrix)
            self.drawing.pictures.append(_around(corners))
        else:
            for points, curved in _shape(item, tag):
                self._line(_placed(points, matrix), curved, here)
            self._children(item, here, depth)

    def _children(self, item: ElementTree.Element, here: _Here, depth: int) -> None:
        """Go down; text drawn as outlines is what the comment before it says (matplotlib)."""
        said: str | None = None
        for child in item:
            if child.tag is ElementTree.Comment:
                said = (child.text or "").strip()
            elif said is not None and _tag(child) == "g" and item.get("id", "").startswith("text"):
                self._outlined(said, child, here, depth)
                said = None
            else:
                self.into(child, here, depth + 1)

    def _outlined(self, said: str, item: ElementTree.Element, here: _Here, depth: int) -> None:
        own = Drawing(self.drawing.width, self.drawing.height)
        _Walk(own, self.names, self.rules).into(item, here, depth + 1)
        shapes = own.outlines + own.strokes
        if not shapes:
            return
        box = shapes[0].box
        for shape in shapes[1:]:
            box = box.union(shape.box)
        turned = re.search(r"rotate\(\s*-?(9\d|8\d)", item.get("transform") or "")
        self._say(said, box, shapes[0].colour, not turned)

    def _say(self, text: str, box: Box, colour: Colour, upright: bool) -> None:
        """Text as words: its box is shared out by characters."""
        share = (box.right - box.left) / max(len(text), 1)
        if not upright:
            self.drawing.words.append(Word(text, box, colour, False))
            return
        for found in re.finditer(r"\S+", text):
            piece = replace(
                box, left=box.left + share * found.start(), right=box.left + share * found.end()
            )
            self.drawing.words.append(Word(found[0], piece, colour))

    def _own(self, item: ElementTree.Element, tag: str) -> dict[str, str]:
        """What style sheets, attributes and the style attribute set."""
        classes = {f".{name}" for name in (item.get("class") or "").split()}
        classes |= {tag, f"#{item.get('id')}", "*"} | {f"{tag}{name}" for name in classes}
        style: dict[str, str] = {
            name: item.get(name, "") for name in INHERITED if item.get(name) is not None
        }
        for selectors, declared in self.rules:
            if classes.intersection(selectors):
                style.update(declared)
        style.update(_declared(item.get("style")))
        return style

    def _use(self, item: ElementTree.Element, here: _Here, depth: int) -> None:
        target = self.names.get((item.get("href") or item.get(LINK) or "#")[1:])
        if target is None or target is item:
            return
        x, y = _length(item.get("x")) or 0.0, _length(item.get("y")) or 0.0
        moved = replace(here, matrix=Matrix(1, 0, 0, 1, x, y) * here.matrix)
        if _tag(target) == "symbol":
            for child in target:
                self.into(child, moved, depth + 1)
        else:
            self.into(target, moved, depth + 1)

    def _text(self, item: ElementTree.Element, here: _Here) -> None:
        runs = [(item, item.text)] + [(child, child.text) for child in item]
        for run, text in runs:
            if not (text or "").strip():
                continue
            style = {**here.style, **self._own(run, "tspan" if run is not item else "text")}
            size = _length(style.get("font-size")) or 12.0
            x = _length(run.get("x")) or _length(item.get("x")) or 0.0
            y = _length(run.get("y")) or _length(item.get("y")) or 0.0
            said = (text or "").strip("\n")
            width = _length(run.get("textLength")) or _wide(said, size)
            shift = {"middle": width / 2, "end": width}.get(style.get("text-anchor", ""), 0.0)
            corners = np.array([[x - shift, y - 0.72 * size], [x - shift + width, y]])
            box = _around(_placed(corners, here.matrix))
            matrix = here.matrix
            self._say(said, box, _painted("fill", style, BLACK) or BLACK,
                      abs(matrix.a) >= abs(matrix.b))  # fmt: skip

    def _line(self, points: Floats, curved: bool, here: _Here) -> None:
        style = here.style
        scale = float(np.sqrt(abs(here.matrix.a * here.matrix.d - here.matrix.b * here.matrix.c)))
        stroke = _painted("stroke", style, None)
        fill = _painted("fill", style, BLACK)
        if len(points) < 2:
            return
        if stroke is not None:
            width = (_length(style.get("stroke-width")) or 1.0) * scale
            dash = tuple(
                float(each) * scale
                for each in re.findall(r"[\d.]+", style.get("stroke-dasharray", ""))
            )
            self.drawing.strokes.append(Stroke(points, stroke, width, dash, curved))
        elif fill is not None:
            shape = Stroke(points, fill, 0.0, (), curved)
            line = thin_line(shape, THIN)
            (self.drawing.outlines if line is None else self.drawing.strokes).append(line or shape)


def _wide(text: str, size: float) -> float:
    narrow = sum(char in ".,:;il|'()1 " for char in text)
    return size * (GLYPH * len(text) - 0.2 * narrow)


def _painted(name: str, style: dict[str, str], default: Colour | None) -> Colour | None:
    text = style.get(name)
    if text is not None and text.lower() == "currentcolor":
        text = style.get("color", "black")
    if text is None:
        return default
    if text in ("none", "transparent") or text.startswith("url("):
        return None
    try:
        colour = Color(text)
    except (ValueError, TypeError):
        return default
    return (int(colour.red), int(colour.green), int(colour.blue))


def _shape(item: ElementTree.Element, tag: str) -> Iterator[tuple[Floats, bool]]:
    """The points of a shape, sub-path by sub-path."""
    number = {name: _length(item.get(name)) or 0.0 for name in LENGTHS}
    if tag == "line":
        ends = [[number["x1"], number["y1"]], [number["x2"], number["y2"]]]
        yield np.array(ends), False
    elif tag in ("polyline", "polygon"):
        flat = [float(each) for each in re.findall(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?",
                                                   item.get("points") or "")]  # fmt: skip
        points = np.array(flat[: len(flat) // 2 * 2]).reshape(-1, 2)
        if len(points):
            yield (np.vstack([points, points[:1]]) if tag == "polygon" else points), False
    elif tag == "rect" and number["width"] and number["height"]:
        x, y, w, h = (number[name] for name in ("x", "y", "width", "height"))
        yield np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]), False
    elif tag in ("circle", "ellipse"):
        rx, ry = number["rx"] or number["r"], number["ry"] or number["r"]
        turn = np.linspace(0, 2 * np.pi, 4 * CURVE_STEPS + 1)
        around = [number["cx"] + rx * np.cos(turn), number["cy"] + ry * np.sin(turn)]
        yield np.column_stack(around), True
    elif tag == "path":
        yield from _outline(item.get("d") or "")


def _outline(text: str) -> Iterator[tuple[Floats, bool]]:
    points: list[tuple[float, float]] = []
    curved = False
    for piece in Outline(text):
        if isinstance(piece, Move):
            if len(points) > 1:
                yield np.array(points), curved
            points, curved = [(piece.end.x, piece.end.y)], False
        elif isinstance(piece, (Line, Close)):
            if piece.end is not None:
                points.append((piece.end.x, piece.end.y))
        else:
            steps: Any = [piece.point(k / CURVE_STEPS) for k in range(1, CURVE_STEPS + 1)]
            points += [(step.x, step.y) for step in steps]
            curved = True
    if len(points) > 1:
        yield np.array(points), curved


def _placed(points: Floats, matrix: Matrix) -> Floats:
    turn = np.array([[matrix.a, matrix.c], [matrix.b, matrix.d]])
    return points @ turn.T + np.array([matrix.e, matrix.f])


def _around(points: Floats) -> Box:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
