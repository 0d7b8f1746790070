"""Figures of known patients, drawn once."""

from __future__ import annotations

import pytest
from benchmarks import figures


@pytest.fixture(scope="session")
def figure(tmp_path_factory):
    """A function that draws a style's figure: (path, patients)."""
    folder = tmp_path_factory.mktemp("figures")
    made = {}

    def draw(name):
        if name not in made:
            style = figures.STYLES[name]
            path = folder / f"{name}.{figures.suffix(style)}"
            made[name] = (path, figures.draw(path, name, style))
        return made[name]

    return draw
