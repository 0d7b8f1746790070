"""The manifest: a content hash of every result, and what made it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evinet import files

HASHED = {".csv", ".json", ".nc", ".svg"}
UNHASHED_NAMES = {"manifest.json", "timings.json"}
REPORT = "report"
PACKAGES = (
    "arviz", "h5netcdf", "lifelines", "matplotlib", "numba", "numpy", "nutpie", "pandas",
    "pydantic", "pymc", "pytensor", "scipy", "snakemake",
)  # fmt: skip


def make(results: Path, seed: int) -> dict[str, Any]:
    """The manifest of a results folder.

    Every table, figure and posterior is hashed by its content (a NetCDF file by its variables,
    since file headers hold times of writing). Rendered pages and timings are left out: they are
    made from what is hashed, or differ from run to run.
    """
    paths = sorted(
        path
        for path in results.rglob("*")
        if path.suffix in HASHED
        and path.name not in UNHASHED_NAMES
        and path.relative_to(results).parts[0] != REPORT
        and not path.name.startswith(".")
    )
    return {
        "seed": seed,
        "files": {path.relative_to(results).as_posix(): content_hash(path) for path in paths},
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def content_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    if path.suffix == ".nc":
        return _netcdf_hash(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _netcdf_hash(path: Path) -> str:
    import h5netcdf
    import numpy as np

    digest = hashlib.sha256()

    def add(group: Any, prefix: str) -> None:
        for name in sorted(group.variables):
            values = np.ascontiguousarray(group.variables[name][...])
            digest.update(f"{prefix}{name} {values.dtype} {values.shape}\n".encode())
            content = repr(values.tolist()).encode() if values.dtype == object else values.tobytes()
            digest.update(content)
        for name in sorted(group.groups):
            add(group.groups[name], f"{prefix}{name}/")

    with h5netcdf.File(path) as file:
        add(file, "")
    return digest.hexdigest()


@dataclass(frozen=True)
class Difference:
    """One thing in which two manifests differ."""

    what: str
    first: str | None
    second: str | None

    def __str__(self) -> str:
        if self.first is None:
            return f"{self.what}: only in the second"
        if self.second is None:
            return f"{self.what}: only in the first"
        return f"{self.what}: {_short(self.first)} != {_short(self.second)}"


def _short(value: str) -> str:
    """A hash by its first letters, anything else whole."""
    return value[:12] if len(value) == 64 else value


def compare(
    first: dict[str, Any], second: dict[str, Any]
) -> tuple[list[Difference], list[Difference]]:
    """Differences in results, and differences in the environment that may explain them."""
    results = _differences(first["files"], second["files"])
    results += _differences({"seed": str(first["seed"])}, {"seed": str(second["seed"])})
    environment = _differences(_environment(first), _environment(second))
    return results, environment


def _environment(manifest: dict[str, Any]) -> dict[str, str]:
    return {
        **manifest["versions"],
        "python": manifest["python"],
        "platform": manifest["platform"],
    }


def _differences(first: dict[str, str], second: dict[str, str]) -> list[Difference]:
    return [
        Difference(name, first.get(name), second.get(name))
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]


def read(path: Path) -> dict[str, Any]:
    """Read a manifest."""
    manifest: dict[str, Any] = files.read_json(path)
    return manifest
