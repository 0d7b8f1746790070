"""Figures of known patients, drawn once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks import figures


@pytest.fixture(scope="session")
def figure(tmp_path_factory):
    """A function that draws a figure of a style, or of one changed: (path, patients)."""
    folder = tmp_path_factory.mktemp("figures")
    made = {}

    def draw(name, **changes):
        style = replace(figures.STYLES[name], **changes)
        key = f"{name} {style}"
        if key not in made:
            path = folder / f"{len(made)}-{name}.{figures.suffix(style)}"
            made[key] = (path, figures.draw(path, name, style))
        return made[key]

    return draw
