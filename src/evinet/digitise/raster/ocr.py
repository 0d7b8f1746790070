"""Words of a picture, read without network or system package.

RapidOCR (Apache-2.0) brings its models (PP-OCR, Apache-2.0) in its package. What it says is only
believed where arithmetic confirms it: see `axes` and `table`.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evinet.digitise.drawing import BLACK, Box, Colour, Word
from evinet.errors import InputError, Problem

Picture = NDArray[np.uint8]
LONGEST = 1600  # pixels of the longer side that text is read from ...
SEARCHED = 1280  # ... and looked for in: its place is all that matters there
NARROW = 160  # pixels to which short words are padded: a wider strip only takes longer
APART = 0.2  # of the height of a line: a gap within a word is narrower
THREADS = 1  # the same result, and nearly the same time, whatever the machine


@cache
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise InputError(
            Problem("(installation)", "evinet[digitise]", "rapidocr", "is not installed, so "
                    "pictures cannot be read", "pip install 'evinet[digitise]'")
        ) from None  # fmt: skip
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Global.text_score": 0.3,
            "Global.max_side_len": LONGEST,
            "Det.limit_type": "max",
            "Det.limit_side_len": SEARCHED,
            "Rec.rec_img_shape": [3, 48, NARROW],
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": THREADS,
        }
    )


def read(picture: Picture, scale: float = 1.0) -> list[Word]:
    """Words of the picture with their boxes; lines are parted at blanks."""
    from PIL import Image

    small = picture
    if scale != 1.0:
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
    found = _engine()(np.ascontiguousarray(small[:, :, ::-1]))
    if found.boxes is None:
        return []
    words: list[Word] = []
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        (left, top), (right, bottom) = corners.min(axis=0) / scale, corners.max(axis=0) / scale
        box = Box(float(left), float(top), float(right), float(bottom))
        tall = box.height / max(box.width, 1.0)
        if len(text) > 1 and (tall > 1.35 or (tall > 0.95 and score < 0.95)):
            continue  # it runs up the page: see `turned`
        box = tight(picture, box)
        words += _parted(picture, text.strip(), box, float(score))
    return words


def turned(picture: Picture, box: Box) -> list[Word]:
    """Words in `box` that run up the page."""
    left, top, right, bottom = (round(v) for v in (box.left, box.top, box.right, box.bottom))
    part = picture[max(top, 0) : bottom, max(left, 0) : right]
    if min(part.shape[:2]) < 8:
        return []
    found = []
    for word in read(np.ascontiguousarray(np.rot90(part, -1))):
        inner = word.box  # across becomes up
        placed = Box(
            max(left, 0) + inner.top, max(top, 0) + part.shape[0] - inner.right,
            max(left, 0) + inner.bottom, max(top, 0) + part.shape[0] - inner.left,
        )  # fmt: skip
        found.append(Word(word.text, placed, word.colour, False, word.score))
    return found


def tight(picture: Picture, box: Box) -> Box:
    """The box drawn in to the ink inside it."""
    left, top = max(int(box.left), 0), max(int(box.top), 0)
    part = picture[top : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1]
    if part.size == 0:
        return box
    ink = _ink(part)
    across, down = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not len(across) or not len(down):
        return box
    return Box(
        float(left + across[0]), float(top + down[0]),
        float(left + across[-1] + 1), float(top + down[-1] + 1),
    )  # fmt: skip


def _ink(part: Picture) -> NDArray[np.bool_]:
    paper = np.median(part.reshape(-1, 3), axis=0)
    apart = np.abs(part.astype(np.int16) - paper).max(axis=2)
    return np.asarray(apart > max(40, 0.4 * apart.max()))


def _parted(picture: Picture, text: str, box: Box, score: float) -> list[Word]:
    """A line of text as words: at its blanks, each placed by the gaps of the ink."""
    parts = text.split()
    if not parts:
        return []
    spans = _spans(picture, box, len(parts))
    if len(spans) != len(parts):  # share the box out by characters
        share = box.width / max(len(text), 1)
        spans = []
        start = 0
        for part in parts:
            start = text.index(part, start)
            spans.append((box.left + share * start, box.left + share * (start + len(part))))
            start += len(part)
    apart = [
        piece
        for part, (a, b) in zip(parts, spans, strict=True)
        for piece in _unglued(picture, part, Box(a, box.top, b, box.bottom))
    ]
    return [
        Word(_numeral(part), place, colour_of_ink(picture, place), True, score)
        for part, place in apart
    ]


def _unglued(picture: Picture, text: str, box: Box) -> list[tuple[str, Box]]:
    """A label and the number after it where there is a wide gap between them: "A59" in a table."""
    found = re.fullmatch(r"(.*[^\d.,(%-])(\d{1,6})", text)
    spans = _spans(picture, box, 2) if found else []
    if found is None or len(spans) != 2 or spans[1][0] - spans[0][1] < APART * box.height:
        return [(text, box)]
    (a, b), (c, d) = spans
    share = (b - a) * len(found[2]) / ((d - c) * len(found[1]))
    if not 0.5 < share < 2.2:  # the gap is not the one between the letters and the digits
        return [(text, box)]
    return [(found[1], replace(box, left=a, right=b)), (found[2], replace(box, left=c, right=d))]


def _spans(picture: Picture, box: Box, count: int) -> list[tuple[float, float]]:
    """The `count` pieces of ink that the widest gaps of a line part."""
    left, top = int(box.left), int(box.top)
    part = picture[top : int(box.bottom) + 1, left : int(box.right) + 1]
    columns = np.flatnonzero(_ink(part).any(axis=0)) if part.size else np.zeros(0, dtype=int)
    if not len(columns):
        return []
    gaps = np.diff(columns)
    cuts = np.sort(np.argsort(-gaps, kind="stable")[: count - 1])
    if len(cuts) and gaps[cuts].min() < 0.12 * box.height:
        return []
    starts = np.concatenate([[0], cuts + 1])
    ends = np.concatenate([cuts, [len(columns) - 1]])
    return [
        (float(left + columns[a]), float(left + columns[b] + 1))
        for a, b in zip(starts, ends, strict=True)
    ]


def _numeral(text: str) -> str:
    """Full stops and letters that stand for digits in what is otherwise a number."""
    if re.fullmatch(r"[0-9OoIl|.,%()]+", text) and re.search(r"\d", text):
        return text.translate(str.maketrans("OoIl|", "00111"))
    return text


def colour_of_ink(picture: Picture, box: Box) -> Colour:
    """The colour of the letters in a box; black where it is grey."""
    part = picture[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1]
    if part.size == 0:
        return BLACK
    flat = part.reshape(-1, 3).astype(np.int16)
    paper = np.median(flat, axis=0)
    apart = np.abs(flat - paper).max(axis=1)
    core = flat[apart >= 0.8 * apart.max()] if apart.max() > 30 else flat[:0]
    if not len(core):
        return BLACK
    red, green, blue = (int(v) for v in np.median(core, axis=0))
    return (red, green, blue) if max(red, green, blue) - min(red, green, blue) > 40 else BLACK
