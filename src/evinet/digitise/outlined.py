"""Words of a vector figure whose letters were drawn as shapes, read as from a picture.

R's `svg()` and figures that went through a drawing program hold no text, only outlines. These are
painted, read optically, and the words put back to where they stand; lines and curves stay exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evinet.digitise.axes import number
from evinet.digitise.drawing import Box, Drawing, Stroke, Word

DOTS = 3.0  # pixels for a point
LETTER = 0.06  # of the page: no letter is larger
LEAST = 8  # letters that a figure has


def with_words(drawing: Drawing) -> Drawing:
    """The drawing with its outlined words, where it holds no number as text."""
    if any(number(word.text) is not None for word in drawing.words):
        return drawing
    largest = LETTER * max(drawing.width, drawing.height)
    letters = [
        shape for shape in drawing.outlines
        if max(shape.box.width, shape.box.height) < largest and len(shape.points) > 2
    ]  # fmt: skip
    if len(letters) < LEAST:
        return drawing
    from evinet.digitise.raster import ocr

    sheet = painted(letters, drawing.width, drawing.height)
    words = ocr.read(sheet)
    words += ocr.turned(sheet, Box(0, 0, 0.25 * sheet.shape[1], sheet.shape[0]))
    drawing.words.extend(_scaled(word) for word in words)
    return drawing


def painted(letters: list[Stroke], width: float, height: float) -> NDArray[np.uint8]:
    """Letters on white; a shape inside another is a hole in it."""
    from PIL import Image, ImageDraw

    sheet = np.full((int(height * DOTS) + 1, int(width * DOTS) + 1, 3), 255, dtype=np.uint8)
    inked = np.zeros(sheet.shape[:2], dtype=bool)
    for shape in letters:
        points = shape.points * DOTS
        left, top = np.floor(points.min(axis=0)).astype(int) - 1
        across, down = np.ceil(np.ptp(points, axis=0)).astype(int) + 4
        if left < 0 or top < 0 or left + across > sheet.shape[1] or top + down > sheet.shape[0]:
            continue
        mask = Image.new("1", (int(across), int(down)))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=1)
        inside = np.asarray(mask)
        part = (slice(top, top + down), slice(left, left + across))
        sheet[part][inside & ~inked[part]] = shape.colour
        sheet[part][inside & inked[part]] = 255
        inked[part] ^= inside
    return sheet


def _scaled(word: Word) -> Word:
    box = word.box
    placed = Box(box.left / DOTS, box.top / DOTS, box.right / DOTS, box.bottom / DOTS)
    return Word(word.text, placed, word.colour, word.upright, word.score)
