"""An SVG figure as words and strokes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from svgelements import Color, Matrix
from svgelements import Path as Outline
from svgelements.svgelements import Close, Line, Move

from evinet.digitise.drawing import BLACK, Box, Colour, Drawing, Floats, Stroke, Word, clipped
from evinet.digitise.pdf import CURVE_STEPS, EVERYWHERE, add_shape
from evinet.errors import InputError, Problem

LINK = "{http://www.w3.org/1999/xlink}href"
INHERITED = (
    "stroke", "stroke-width", "stroke-dasharray", "fill", "font-size", "text-anchor", "display",
    "visibility", "stroke-opacity", "fill-opacity", "color",
)  # fmt: skip
SHAPES = ("line", "rect", "circle", "ellipse")
LENGTHS = ("x", "y", "width", "height", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry")
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SIZE = re.compile(rf"\s*{NUMBER}\s*(?:%|[a-zA-Z]*)(?:[\s,]+{NUMBER}[a-zA-Z]*)*\s*|auto|")
PATH = re.compile(rf"([MmZzLlHhVvCcSsQqTtAa])((?:[\s,]*{NUMBER})*)[\s,]*")
PARTS = {"m": 2, "z": 0, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 1}
TURN = re.compile(rf"([a-zA-Z]+)\s*\(\s*((?:[\s,]*{NUMBER}(?:px|deg)?)*)\s*\)[\s,]*")
TURNS = {"matrix": (6,), "translate": (1, 2), "scale": (1, 2), "rotate": (1, 3), "skewx": (1,),
         "skewy": (1,)}  # fmt: skip
HUGE = 1e9  # no place in a figure is so far out
MOST = 500_000  # elements, each as often as it is shown
TINY = 100.0  # a drawing of fewer units is not in points or pixels, but in inches or shares ...
USUAL = 800.0  # ... and is read as one of so many
GLYPH = 0.55  # width of a character, of its font size, where nothing better is known


@dataclass(frozen=True)
class _Here:
    """Where the walk is: matrix, inherited properties, and where anything is seen."""

    matrix: Matrix
    style: dict[str, str]
    clip: Box = EVERYWHERE


def read(path: Path) -> Drawing:
    """The words and strokes of an SVG file.

    Raises
    ------
    InputError
        The file is no SVG that can be read, or a path, transform or number in it is malformed.
    """
    try:
        parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
        root = ElementTree.parse(path, parser).getroot()
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(str(path), "(file)", path.name, f"is not a readable SVG ({error})",
                    "Save the figure again, as SVG or PDF")
        ) from None  # fmt: skip
    try:
        return _drawn(root)
    except _Malformed as error:
        raise InputError(
            Problem(str(path), error.field, error.value, error.message, "Mend or delete this "
                    "element, or save the figure again, as SVG, PDF or PNG")
        ) from None  # fmt: skip


class _Malformed(Exception):
    """Something in an element that cannot be drawn: field, value, what is wrong."""

    def __init__(self, item: ElementTree.Element, name: str, value: str, message: str):
        known = f" id={item.get('id')}" if item.get("id") else ""
        self.field = f"<{_tag(item)}{known}> {name}"
        self.value, self.message = value, message
        super().__init__(message)


def _drawn(root: ElementTree.Element) -> Drawing:
    left, top, width, height = _view(root)
    larger = USUAL / max(width, height) if 0 < max(width, height) < TINY else 1.0
    drawing = Drawing(width * larger, height * larger)
    names = {item.get("id"): item for item in root.iter() if item.get("id")}
    walk = _Walk(drawing, names, _rules(root))
    own = Matrix(larger, 0, 0, larger, -left * larger, -top * larger)
    sheet = Box(0.0, 0.0, drawing.width, drawing.height)
    walk.into(root, _Here(own, {}, sheet), 0)
    return drawing


def _view(root: ElementTree.Element) -> tuple[float, float, float, float]:
    numbers = _plain(root, "viewBox", _numbers(root.get("viewBox") or ""))
    if len(numbers) == 4:
        return numbers[0], numbers[1], numbers[2], numbers[3]
    return 0.0, 0.0, _size(root, "width") or 600.0, _size(root, "height") or 400.0


def _numbers(text: str) -> list[float]:
    return [float(each) for each in re.findall(NUMBER, text)]


def _length(text: str | None) -> float | None:
    found = re.match(rf"\s*({NUMBER})", text or "")
    length = float(found[1]) if found and "%" not in (text or "") else None
    return length if length is not None and abs(length) < HUGE else None


def _size(item: ElementTree.Element, name: str) -> float:
    """A length among the attributes of an element, 0 where there is none."""
    text = item.get(name) or ""
    if not SIZE.fullmatch(text):
        raise _Malformed(item, name, text, "is not a number")
    _plain(item, name, _numbers(text))
    return _length(text) or 0.0


def _plain(item: ElementTree.Element, name: str, numbers: list[float]) -> list[float]:
    """Numbers of an element, if none is larger than any place on paper is."""
    for number in numbers:
        if not abs(number) < HUGE:
            raise _Malformed(item, name, f"{number:g}", "is too large a number")
    return numbers


def _matrix(item: ElementTree.Element, text: str | None) -> Matrix:
    """The matrix of a transform."""
    for name, said in _commands(item, "transform", TURN, text or ""):
        numbers = _plain(item, "transform", _numbers(said))
        if len(numbers) not in TURNS.get(name.lower(), ()):
            raise _Malformed(item, "transform", text or "", f"{name} is no transform, or has too "
                             "few or too many numbers")  # fmt: skip
    return Matrix(text or "")


def _commands(
    item: ElementTree.Element, name: str, grammar: re.Pattern[str], text: str
) -> list[tuple[str, str]]:
    """(command, its numbers) of a path or a transform."""
    found, place = [], len(text) - len(text.lstrip())
    while place < len(text):
        part = grammar.match(text, place)
        if part is None:
            raise _Malformed(item, name, text[place:], "cannot be understood from here on")
        found.append((part[1], part[2]))
        place = part.end()
    return found


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
        self.count = 0

    def into(self, item: ElementTree.Element, here: _Here, depth: int) -> None:
        """Look at an element and all below it."""
        tag = _tag(item)
        self.count += 1
        if self.count > MOST:
            raise _Malformed(
                item, "(elements)", str(MOST), "the figure has more elements than that"
            )
        if depth > 40 or tag in ("defs", "clipPath", "mask", "symbol", "marker", "style"):
            return
        style = {**here.style, **self._own(item, tag)}
        if style.get("display") == "none" or style.get("visibility") == "hidden":
            return
        matrix = _matrix(item, item.get("transform") or style.get("transform")) * here.matrix
        _plain(item, "transform", [matrix[k] for k in range(6)])
        clip = self._clip(item.get("clip-path") or style.get("clip-path"), matrix, here.clip)
        here = _Here(matrix, {name: style[name] for name in INHERITED if name in style}, clip)
        if tag == "use":
            self._use(item, here, depth)
        elif tag == "text":
            self._text(item, here)
        elif tag == "image":
            x, y, w, h = (_size(item, name) for name in ("x", "y", "width", "height"))
            corners = _placed(np.array([[x, y], [x + w, y + h]]), matrix)
            self.drawing.pictures.append(_around(corners))
        else:
            for points, curved in _shape(item, tag):
                self._line(_placed(points, matrix), curved, here)
            self._children(item, here, depth)

    def _clip(self, said: str | None, matrix: Matrix, clip: Box) -> Box:
        """The part of a clip that the one named by an element leaves: the rectangle around it."""
        found = re.match(r"url\(\s*[\"']?#([^\"')]+)", said or "")
        own = self.names.get(found[1]) if found else None
        if own is None or own.get("clipPathUnits") == "objectBoundingBox":
            return clip
        around = _matrix(own, own.get("transform")) * matrix
        boxes = [
            _around(_placed(points, _matrix(child, child.get("transform")) * around))
            for child in own for points, _ in _shape(child, _tag(child))
        ]  # fmt: skip
        if not boxes:
            return clip
        whole = reduce(Box.union, boxes)
        return clip.common(whole)

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
        x, y = _size(item, "x"), _size(item, "y")
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
            x, y = (_size(run if run.get(name) else item, name) for name in ("x", "y"))
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
            dash = tuple(each * scale for each in _numbers(style.get("stroke-dasharray", "")))
            line = Stroke(points, stroke, width, dash, curved)
            self.drawing.strokes.extend(clipped(line, here.clip))
        elif fill is not None:
            add_shape(self.drawing, Stroke(points, fill, 0.0, (), curved), here.clip)


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
    number = {name: _size(item, name) for name in LENGTHS} if tag in SHAPES else {}
    if tag == "line":
        ends = [[number["x1"], number["y1"]], [number["x2"], number["y2"]]]
        yield np.array(ends), False
    elif tag in ("polyline", "polygon"):
        flat = _plain(item, "points", _numbers(item.get("points") or ""))
        if re.sub(NUMBER, "", item.get("points") or "").strip(" ,\t\r\n") or len(flat) % 2:
            raise _Malformed(item, "points", item.get("points") or "", "are not pairs of numbers")
        points = np.array(flat).reshape(-1, 2)
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
        said = item.get("d") or ""
        for name, numbers in _commands(item, "d", PATH, said):
            count, part = len(_plain(item, "d", _numbers(numbers))), PARTS[name.lower()]
            if bool(count) != bool(part) or (part and count % part):
                raise _Malformed(item, "d", f"{name}{numbers}", "too few or too many numbers")
        try:
            yield from _outline(said)
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            raise _Malformed(item, "d", said, f"cannot be drawn ({error})") from None


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
