"""The examples in docstrings and on the page about Python run, and give what they say."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
EXAMPLE = re.compile(r"^ *>>> \w(?!.*SKIP)", re.M)
SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if EXAMPLE.search(path.read_text()))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_examples_in_docstrings(source):
    parts = source.relative_to(ROOT / "src").with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert found.attempted > 0
    assert found.failed == 0


def test_the_page_about_python():
    found = doctest.testfile(str(ROOT / "docs/python.md"), module_relative=False, optionflags=FLAGS)
    assert found.attempted > 20
    assert found.failed == 0
