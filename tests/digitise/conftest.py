"""Figures of known patients, drawn once."""

from __future__ import annotations

import pytest

from evinet.digitise import corpus


@pytest.fixture(scope="session")
def figure(tmp_path_factory):
    """A function that draws a style's figure: (path, patients)."""
    folder = tmp_path_factory.mktemp("figures")
    made = {}

    def draw(name):
        if name not in made:
            style = corpus.STYLES[name]
            path = folder / f"{name}.{corpus.suffix(style)}"
            made[name] = (path, corpus.draw(path, name, style))
        return made[name]

    return draw
