"""Compiled code is kept in the folder of a review, and beside no data elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from evinet import cache
from evinet.errors import InputError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("EVINET_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def test_a_review_keeps_its_own(home, tmp_path):
    (tmp_path / "here/Snakefile").touch()
    (tmp_path / "here/config").mkdir()
    assert cache.folder() == tmp_path / "here/.cache"


def test_a_folder_of_data_keeps_nothing(home, tmp_path):
    assert cache.folder() == home / "evinet"
    assert not list((tmp_path / "here").iterdir())


def test_where_the_home_cannot_be_written_it_is_the_folder(home, tmp_path, monkeypatch):
    home.write_text("not a folder")
    assert cache.folder() == tmp_path / "here/.cache"
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert str(cache.prepare()) == os.environ["XDG_CACHE_HOME"]  # ArviZ and Matplotlib look there


def test_any_other_place_can_be_named(home, tmp_path, monkeypatch):
    monkeypatch.setenv("EVINET_CACHE", str(tmp_path / "there"))
    assert cache.folder() == tmp_path / "there"
    monkeypatch.setattr(os, "environ", dict(os.environ))
    found = cache.prepare()
    assert found.parent == tmp_path / "there"
    assert os.environ["NUMBA_CACHE_DIR"] == str(found / "numba")


def test_a_place_below_the_home_can_be_named(home, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EVINET_CACHE", "~/kept")
    assert cache.folder() == tmp_path / "kept"


@pytest.mark.parametrize("below", ["", "/folder"])
def test_a_place_that_is_no_folder_is_refused(home, tmp_path, monkeypatch, below):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EVINET_CACHE", f"{tmp_path}/file{below}")
    with pytest.raises(InputError, match=r"EVINET_CACHE = .*Name such a folder"):
        cache.prepare()


def test_a_folder_of_somebody_else_is_refused(home, tmp_path, monkeypatch):
    monkeypatch.setenv("EVINET_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_given: False)
    with pytest.raises(InputError, match="into which you may write"):
        cache.prepare()


HOLDS = """
import sys, time
from evinet import cache
cache.prepare()
with cache.alone(sys.argv[1]):
    print("in", flush=True)
    time.sleep(float(sys.argv[2]))
    print(time.monotonic(), flush=True)
"""


def test_who_compiles_the_same_at_once_waits_and_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setenv("EVINET_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    cache.prepare()
    words = [sys.executable, "-c", HOLDS, "a", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"
        with cache.alone("b"):
            assert other.poll() is None
        with cache.alone("a"):
            now = time.monotonic()
        assert float(other.stdout.readline()) <= now


def test_where_nothing_can_be_kept_nobody_waits(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file/numba"))
    with cache.alone("a"), cache.alone("a"):
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_who_waits_for_a_compiler_is_told_once(tmp_path, terminal):
    script = (
        "import sys\n"
        "from numba.core.caching import IndexDataCacheFile\n"
        "from evinet import numba_cache\n"
        f"sys.stderr.isatty = lambda: {terminal}\n"
        "numba_cache.share()\n"
        f"kept = IndexDataCacheFile({str(tmp_path)!r}, 'name', 'stamp')\n"
        "kept.load('one'), kept.load('other')"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stderr.count("evinet: compiling") == terminal
