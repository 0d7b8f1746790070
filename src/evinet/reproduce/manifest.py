"""The manifest: a content hash of every result, and what made it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evinet import cli, files
from evinet.config import Config
from evinet.errors import InputError, Problem
from evinet.reproduce.digest import code_digest

Json = dict[str, Any]
MODULES = sorted({place.split(":")[0] for place, _ in cli.COMMANDS.values()})
"""Where the commands are: with all that they import, the whole of the code."""


MANIFEST = "manifest.json"
REPORT = "report-manifest.json"
REPORT_FOLDER = "report"
HASHED = {".csv", ".json", ".nc", ".svg", ".xlsx", ".bib", ".ris"}
"""Of a folder that is named as a whole, files of these kinds are hashed."""

UNHASHED_NAMES = {"timings.json", ".snakemake_timestamp"}
"""They differ from run to run, or are Snakemake's own."""

PACKAGES = (
    "arviz", "h5netcdf", "lifelines", "matplotlib", "numba", "numpy", "nutpie", "pandas",
    "pydantic", "pymc", "pytensor", "scipy", "snakemake",
)  # fmt: skip


def make(results: Path, paths: Iterable[Path], inputs: Mapping[Path, Path], config: Config) -> Json:
    """The manifest of the results of a run.

    Every table, figure and posterior is hashed by its content (a NetCDF file by its variables,
    since file headers hold times of writing). What made them is there as well: the inputs, the
    configuration, the code, the seed and the versions.

    Parameters
    ----------
    results
        Folder of the results; names in the manifest are relative to it.
    paths
        Results, each a file or a folder. Nothing else is looked at.
    inputs
        Files of the evidence as published: the name that the manifest tells, and where it is read.
    config
        The configuration of the run.

    Raises
    ------
    InputError
        A file is not there or cannot be read.
    """
    return {
        "seed": config.seed,
        "inputs": {name.as_posix(): content_hash(inputs[name]) for name in sorted(inputs)},
        "config": hashlib.sha256(
            json.dumps(config.model_dump(mode="json"), sort_keys=True).encode()
        ).hexdigest(),
        "code": code_digest(*MODULES),
        "files": _hashes(results, paths, HASHED),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def make_of_report(results: Path, report: Path) -> Json:
    """The manifest of the rendered report: all of its files, and the manifest that it tells of."""
    return {
        "manifest": content_hash(results / MANIFEST),
        "files": _hashes(results, [report], None),
    }


def _hashes(results: Path, paths: Iterable[Path], kinds: set[str] | None) -> dict[str, str]:
    found = sorted({file for path in paths for file in _files(path, kinds)})
    return {path.relative_to(results).as_posix(): content_hash(path) for path in found}


def _files(path: Path, kinds: set[str] | None) -> Iterator[Path]:
    if not path.is_dir():
        if path.name not in UNHASHED_NAMES:
            yield path
        return
    for below in path.rglob("*"):
        known = kinds is None or below.suffix in kinds
        if below.is_file() and known and below.name not in UNHASHED_NAMES:
            yield below


def content_hash(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises
    ------
    InputError
        It is not there, or cannot be read.
    """
    try:
        if path.suffix == ".nc":
            return _netcdf_hash(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, KeyError, RuntimeError) as error:
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        remedy = "Remove it, and run the workflow again"
        raise InputError(Problem(str(path), "file", path.name, message, remedy)) from None


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


def compare(first: Json, second: Json) -> tuple[list[Difference], list[Difference]]:
    """Differences in results, and differences in what made them that may explain those."""
    results = _differences(first["files"], second["files"])
    results += _differences({"seed": str(first["seed"])}, {"seed": str(second["seed"])})
    return results, _differences(_made_from(first), _made_from(second))


def check(results: Path, folder: Path = Path()) -> tuple[list[Difference], list[Difference], int]:
    """A folder of results against its own manifests, and the inputs in `folder` too.

    Returns
    -------
    Files that are gone or changed, inputs that are gone or changed since, and how many files were
    looked at.

    Raises
    ------
    InputError
        There is no manifest, or it is broken.
    """
    manifest = read(results / MANIFEST)
    listed = dict(manifest["files"])
    missing = []
    if (results / REPORT).exists():
        report = read(results / REPORT, REPORT_KINDS)
        listed |= report["files"] | {MANIFEST: report["manifest"]}
    elif (results / REPORT_FOLDER).exists():  # a report of which nothing tells what it was
        missing = [Difference(REPORT, "", None)]
    wrong = [*_differences(listed, _now(results, listed)), *missing]
    stale = _differences(manifest["inputs"], _now(folder, manifest["inputs"]))
    return wrong, stale, len(listed)


def _now(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Hashes of the files that are there; one that cannot be read has another than before."""
    found = {}
    for name in names:
        if (folder / name).is_file():
            try:
                files.finished(folder / name)
                found[name] = content_hash(folder / name)
            except InputError:
                found[name] = "cannot be read"
    return found


def _made_from(manifest: Json) -> dict[str, str]:
    return {
        **{f"input {name}": value for name, value in manifest["inputs"].items()},
        "configuration": manifest["config"],
        "code": manifest["code"],
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


KINDS: dict[str, type] = {
    "seed": int, "inputs": dict, "config": str, "code": str, "files": dict, "versions": dict,
    "python": str, "platform": str,
}  # fmt: skip
REPORT_KINDS: dict[str, type] = {"manifest": str, "files": dict}


def read(path: Path, kinds: dict[str, type] = KINDS) -> Json:
    """Read a manifest; a folder of results stands for the manifest in it.

    Raises
    ------
    InputError
        It is not there, not JSON, or not a manifest.
    """
    path = path / MANIFEST if path.is_dir() else path
    if not path.exists():
        remedy = "Make it with `evinet run`, to its end"
        raise InputError(Problem(str(path), "file", path.name, "there is no such manifest", remedy))
    manifest = files.read_json(path)
    if not _is_manifest(manifest, kinds):
        raise InputError(
            Problem(str(path), "file", path.name, "is not a manifest of evinet, or one of an "
                    "earlier version", "Make it again with `evinet run`")
        )  # fmt: skip
    return dict(manifest)


def _is_manifest(content: Any, kinds: dict[str, type]) -> bool:
    if not isinstance(content, dict) or kinds.keys() != content.keys():
        return False
    return all(
        type(content[name]) is kind
        and (kind is not dict or all(isinstance(item, str) for item in content[name].values()))
        for name, kind in kinds.items()
    ) and not any(Path(name).is_absolute() or ".." in Path(name).parts for name in content["files"])
