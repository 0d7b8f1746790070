"""YAML files at the door: what hides or breaks is refused with its line, in no time."""

from __future__ import annotations

import contextlib
import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evinet import document, files
from evinet.errors import InputError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)
REFUSED = {
    "a date that does not exist": ("x: 1\nday: 2023-07-40\n", 2, "is not a date that exists"),
    "a merge key": ("a: &a {x: 1}\nb:\n  <<: *a\n", 3, "is a YAML merge key"),
    "an alias": ("a: &a 1\nb: *a\n", 2, "is a YAML alias"),
    "an alias bomb": (BOMB, 2, "is a YAML alias"),
    "a tag": ("a: !!int abc\n", 1, "is a YAML tag"),
    "a tag of Python": ("a: !!python/object/apply:os.system [ls]\n", 1, "is a YAML tag"),
    "a number of thousands of digits": (f"x: 1\na: {'9' * 5000}\n", 2, "more than 30 digits"),
    "deep nesting": ("a: " + "[" * 250 + "]" * 250, 1, "nested more than 32 levels"),
    "very deep nesting": ("a: " + "{a: " * 100_000, 1, "nested more than 32 levels"),
    "a lone surrogate": ('x: 1\na: "\\ud800"\n', 2, "cannot be read"),
    "a control character": ('x: 1\na: "a\\u0007b"\n', 2, "control character"),
    "a control character in a key": ('"a\\u0007b": 1\n', 1, "control character"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", 3, "is a duplicate key"),
    "a tab": ("a:\n\tb: 1\n", 2, "cannot be read"),
    "an open bracket": ("a: [1\nb: 2\n", 2, "cannot be read"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "second document"),
    "a list as a key": ("? [1, 2]\n: x\n", 1, "is not the name of a field"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_hides_or_breaks_is_refused_with_its_line(tmp_path, what):
    text, line, message = REFUSED[what]
    path = tmp_path / "x.yaml"
    path.write_text(text)
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        document.load(path)
    assert time.monotonic() - start < 5
    [first, *_] = caught.value.problems
    assert (first.file, first.line) == (str(path), line)
    assert message in str(caught.value)
    assert first.remedy


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfea", "is not UTF-8"), ("a: caf\xe9\n".encode("latin-1"), "is not UTF-8"),
     (b"a: \x07\n", "cannot be read"), (None, "cannot be read: No such file")],
)  # fmt: skip
def test_a_file_that_is_no_text_is_named(tmp_path, content, message):
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        document.load(path)


def test_a_file_that_is_too_large_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 10)
    (tmp_path / "x.yaml").write_text("a: 1234567890\n")
    with pytest.raises(InputError, match="larger than"):
        document.load(tmp_path / "x.yaml")


def test_plain_words_are_read_as_yaml_1_2_reads_them(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(
        b"\xef\xbb\xbf{no: no, on: on, old: 012, t: 12:30, e: 1e-3, f: .5, q: '1', d: 2020-02-29, "
        b"n: , inf: .inf}\n"
    )
    assert document.load(path).tree == {
        "no": "no", "on": "on", "old": 12, "t": "12:30", "e": 0.001, "f": 0.5, "q": "1",
        "d": datetime.date(2020, 2, 29), "n": None, "inf": float("inf"),
    }  # fmt: skip


def test_every_value_knows_its_line(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  - b: 1\n    c: 2\n  - d\n")
    written = document.load(path)
    assert written.find(("a", 0, "c")) == (2, 3, ["a[0]", "c"])
    assert written.find(("a", 1)) == ("d", 4, ["a[1]"])
    assert written.find(("a", 0, "z", "y"))[1:] == (2, ["a[0]", "z"])


@given(st.text(max_size=200))
def test_any_text_is_read_or_told(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("t") / "x.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with contextlib.suppress(InputError):
        document.load(path)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a": NaN}', '{"a": Infinity}', '"\\ud800"', "[" * 100_000, "nul", '{"a": 1} x'],
)
def test_json_that_is_none_is_told(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x\.json.*is not JSON"):
        files.read_json(tmp_path / "x.json")


def test_a_message_shows_the_numbers_of_a_section(tmp_path):
    file = tmp_path / "trial.yaml"
    file.write_text("contrast:\n  arm: a\n  lower: 0.418\n  upper: 0.418\n")
    problem = document.load(file).problem(("contrast",), "has no width", "Correct it")
    assert str(problem) == (
        f"{file}:1: contrast = 'lower 0.418, upper 0.418': has no width. Correct it."
    )
