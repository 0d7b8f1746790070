"""Which pixels of a plot belong to which curve.

A pixel between the paper and the colour of a curve is a mixture of both; its share of the curve is
its projection on the line between the two colours, and less the further it is off that line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evinet.digitise.drawing import Colour, Floats
from evinet.digitise.raster.shapes import dilated, opened

OFF = 45.0  # units of 255: a colour so far off the line is another
NEAR = 15.0  # units of 255: a colour so near to the line is a mixture
DEEP = 1.35  # of a colour: where thin lines show it paler, their middle may be so much deeper
SHARES = (0.3, 0.7)  # of a colour: a line of so much of it can be told from its own edges
WINDOW = (3, 11)  # every third pixel, eleven of them across: 33 pixels
BROAD = 25  # pixels: what is as long and as high is a tint, not a line
CORE = 0.75  # of the greatest contrast nearby: the middle of a line


@dataclass(frozen=True, eq=False)
class Ink:
    """The plot of a picture.

    Attributes
    ----------
    pixels : (rows, columns, 3) the part of the picture, as numbers.
    paper : its background colour.
    contrast : (rows, columns) how far each pixel is from the background.
    blank : (rows, columns) pixels that tell nothing: frames, words.
    """

    pixels: Floats
    paper: Floats
    contrast: Floats
    blank: NDArray[np.bool_]


def prepare(pixels: Floats, blank: NDArray[np.bool_]) -> Ink:
    """The plot with its paper; speckles of noise are smoothed away first."""
    seen = pixels[~blank] if (~blank).any() else pixels.reshape(-1, 3)
    coarse = np.round(seen / 8).astype(np.int64)
    code = coarse[:, 0] * 4096 + coarse[:, 1] * 64 + coarse[:, 2]
    values, counts = np.unique(code, return_counts=True)
    most = code == values[counts.argmax()]
    paper = np.median(seen[most], axis=0)
    noise = _noise(pixels, paper)
    if noise > 0.01:
        pixels = np.stack([ndimage.median_filter(pixels[..., k], 3) for k in range(3)], axis=2)
    pixels = _untinted(pixels, paper)
    contrast = np.abs(pixels - paper).max(axis=2)
    return Ink(pixels, paper, contrast, blank)


def _untinted(pixels: Floats, paper: Floats) -> Floats:
    """The picture without its confidence bands.

    A tint that lies over paper and lines alike changes both by the same share, so what a line
    differs from its surroundings keeps its direction among the colours. The surroundings are the
    median of a window that is wider than lines.
    """
    away = np.abs(pixels - paper).max(axis=2)
    tinted = opened(away > 9, 13, 13)
    if tinted.mean() < 0.01:
        return pixels
    small = pixels[:: WINDOW[0], :: WINDOW[0]]
    rows, columns = pixels.shape[:2]
    around = np.stack([ndimage.median_filter(small[..., k], WINDOW[1]) for k in range(3)], axis=2)
    wide = np.repeat(np.repeat(around, WINDOW[0], axis=0), WINDOW[0], axis=1)[:rows, :columns]
    off = pixels - wide
    depth = 1 - np.clip(np.abs(wide - paper).max(axis=2) / 255.0, 0, 0.6)
    return np.where(tinted[..., None], paper + off / depth[..., None], pixels).clip(0, 255)


def _noise(pixels: Floats, paper: Floats) -> float:
    """Share of pixels that stand alone, far from the paper."""
    far = np.abs(pixels - paper).max(axis=2) > 60
    around = ndimage.uniform_filter(far.astype(np.float64), 3) * 9
    return float((far & (around < 1.5)).mean())


def colours(ink: Ink) -> list[Colour]:
    """Colours that lines may have, those of most pixels first."""
    contrast = np.where(ink.blank, 0.0, ink.contrast)
    least = max(55.0, 0.25 * float(np.percentile(contrast, 99.7)))
    peak = ndimage.maximum_filter(contrast, 5)
    core = (contrast > least) & (contrast >= CORE * peak)
    points = ink.pixels[core]
    if len(points) < 20:
        return []
    lab = _lab(points)
    left = np.ones(len(lab), dtype=bool)
    found: list[tuple[int, Colour]] = []
    for _ in range(8):
        if left.sum() < max(20, 0.01 * len(lab)):
            break
        centre = _mode(lab[left])
        for _ in range(4):
            near = left & (np.linalg.norm(lab - centre, axis=1) < 11)
            if not near.any():
                break
            centre = lab[near].mean(axis=0)
        near = left & (np.linalg.norm(lab - centre, axis=1) < 17)
        if not near.any():
            break
        inner = near & (np.linalg.norm(lab - centre, axis=1) < 8)
        red, green, blue = (round(float(v)) for v in np.median(points[inner | near], axis=0))
        found.append((int(near.sum()), (red, green, blue)))
        left &= ~near
    found.sort(key=lambda pair: -pair[0])
    return _unmixed([colour for _, colour in found], ink.paper, points)


def _unmixed(found: list[Colour], paper: Floats, points: Floats) -> list[Colour]:
    """Colours without those that are a fainter form of another: the edges of its lines.

    Edges are of any share of the colour; a grey line beside a black one is of one share alone.
    """
    kept: list[Colour] = []
    for colour in found:
        for other in found:
            share = faint(colour, other, paper)
            if share and not (
                SHARES[0] < share < SHARES[1] and _alone(points, other, share, paper)
            ):
                break
        else:
            kept.append(colour)
    return kept


def faint(colour: Colour, full: Colour, paper: Floats) -> float:
    """Of which share of another colour, on paper, a colour is; 0 if it is none."""
    own, line = np.array(colour) - paper, np.array(full) - paper
    if colour == full or np.linalg.norm(line) <= np.linalg.norm(own):
        return 0.0
    share = float(own @ line / (line @ line))
    off = float(np.linalg.norm(own - share * line))
    return share if 0.15 < share < 0.85 and off < 22 else 0.0


def _alone(points: Floats, full: Colour, share: float, paper: Floats) -> bool:
    """Whether the middles of lines are of one share of a colour, or the whole, and none between."""
    line = np.array(full) - paper
    shares = (points - paper) @ line / float(line @ line)
    shares = shares[np.linalg.norm(points - paper - shares[:, None] * line, axis=1) < 22]
    own = int((np.abs(shares - share) < 0.05).sum())
    between = int(((shares > share + 0.1) & (shares < (1 + share) / 2)).sum())
    return own > 0.15 * int((shares >= 0.9).sum()) and own > 3 * between


def _mode(lab: Floats) -> Floats:
    coarse = np.round(lab / 8).astype(np.int64)
    _, place, counts = np.unique(coarse, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(lab[place.ravel() == counts.argmax()].mean(axis=0))


def _lab(rgb: Floats) -> Floats:
    """CIE L*a*b* (D65) of sRGB colours from 0 to 255."""
    linear = rgb / 255.0
    linear = np.where(linear > 0.04045, ((linear + 0.055) / 1.055) ** 2.4, linear / 12.92)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def share(ink: Ink, colour: Colour) -> tuple[Floats, Floats]:
    """(rows, columns) shares of the colour and of other ink in each pixel, tints taken off."""
    line = np.array(colour, dtype=np.float64) - ink.paper
    length = float(line @ line)
    off = ink.pixels - ink.paper
    part = np.clip(off @ line / length, 0.0, DEEP)
    away = np.linalg.norm(off - part[..., None] * line, axis=2)
    mixed = np.minimum(part, 1.0) * np.exp(-((away / OFF) ** 2))
    base = np.minimum(opened(mixed, BROAD, 1), opened(mixed, 1, BROAD))
    base = np.where(base < 0.75, base, 0.0)
    own = np.clip((mixed - base) / (1 - base), 0.0, 1.0)
    other = np.clip((away - NEAR) / (2 * (OFF - NEAR)), 0.0, 1.0)
    return own, other


def apart(ink: Ink, colour: Colour, others: list[Colour]) -> tuple[Floats, Floats]:
    """`share`, where other lines may be a fainter or a fuller form of the colour, as grey of black.

    Of the fuller colour only what is beyond the fainter one counts, which leaves its lines their
    middle; the edges of its lines, which look like the fainter one, are other ink to that.
    """
    own, hidden = share(ink, colour)
    for other in others:
        if part := faint(other, colour, ink.paper):
            own = _beyond(own, part)
            lines = share(ink, other)[0] > 0.8
            hidden = np.where(lines & ~dilated(own > 0.3, 3, 3), 1.0, hidden)
        elif part := faint(colour, other, ink.paper):
            near = dilated(_beyond(share(ink, other)[0], part) > 0.1, 3, 3)
            own, hidden = np.where(near, 0.0, own), np.where(near, 1.0, hidden)
    return own, hidden


def _beyond(values: Floats, part: float) -> Floats:
    part += 0.05
    return np.clip((values - part) / (1 - part), 0.0, 1.0)
