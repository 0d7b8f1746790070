"""What the whole suite shares. Timings belong in a benchmark, so no example has a deadline."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from evinet.nma.fit import nuts

ROOT = Path(__file__).parents[1]
os.environ.setdefault("EVINET_CACHE", str(ROOT / ".cache"))
nuts.prepare()  # before any file of tests imports what it concerns

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: at the end, no processor waits for the other."""
    items.sort(key=lambda item: item.path.parent.name != "workflow")


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Gives a folder by its name, which is filled once for all processes of a run of the tests.

    The first process that asks fills it; others wait. Nobody may change what is in it.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def get(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return get


@pytest.fixture(scope="session")
def installed(once: Once) -> Path:
    """The folder of the programs of an environment that has the wheel, and what it needs."""
    return once("wheel", _install) / "venv" / "bin"


def _install(folder: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    source = folder / "source"  # built from a copy: setuptools writes beside what it builds
    archive = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "pyproject.toml",
         "README.md", "LICENSE", "src", "workflow", "reports"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, archive.stdout.split("\0")):
        if (ROOT / name).is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*build, "--wheel-dir", str(folder), str(source)], check=True)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    [wheel] = folder.glob("evinet-*.whl")
    python = folder / "venv" / "bin" / "python"
    [site] = (folder / "venv").glob("lib/python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps",
         str(wheel)], check=True,
    )  # fmt: skip
    # What the wheel needs is there already: the packages of this environment, but for evinet's own
    # editable entry, which is read only from the folder that holds it.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
