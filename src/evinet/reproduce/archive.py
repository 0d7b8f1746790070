"""A run in one file: an RO-Crate that opens elsewhere and verifies.

RO-Crate 1.1 (Soiland-Reyes et al. 2022, doi 10.3233/DS-210053): a folder of files with
`ro-crate-metadata.json`, which says what each is. Here it is a zip of that folder.
"""

from __future__ import annotations

import importlib.metadata
import json
import mimetypes
import zipfile
from pathlib import Path
from typing import Any

from evinet import __version__, config, files
from evinet.errors import InputError, Problem
from evinet.reproduce import manifest

METADATA = "ro-crate-metadata.json"
PACKAGES = "environment.txt"
CONFORMS = "https://w3id.org/ro/crate/1.1"
BESIDE = ("Snakefile", "README.md", "LICENSE", "requirements.txt", "environment.yml")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip: the same run gives the same bytes."""


def write(folder: Path, out: Path) -> int:
    """Archive the finished run of the review in `folder` as the zip `out`; how many files it has.

    In it: the evidence, `config/`, the documents, all results that the manifests name, the
    manifests, and the versions of all installed packages.

    Raises
    ------
    InputError
        There is no manifest of the report, or a file is not as its manifest says.
    """
    results = folder / "results"
    pages = manifest.read(results / manifest.REPORT, manifest.REPORT_KINDS)
    wrong, stale, _ = manifest.check(results, folder)
    if wrong or stale:
        remedy = "Run `evinet run`, then archive"
        raise InputError([
            Problem(str(folder), "file", each.what, "is not as the manifest says", remedy)
            for each in (*wrong, *stale)
        ])  # fmt: skip
    review = config.load(results / "config.json")
    listed = manifest.read(results / manifest.MANIFEST)
    chosen = {Path("results", name) for name in (*listed["files"], *pages["files"])}
    chosen |= {Path("results", manifest.MANIFEST), Path("results", manifest.REPORT)}
    chosen |= {Path("results/config.json"), *map(Path, listed["inputs"])}
    for name in ("config", "reports", "profiles", f"{review.review.data}/watch"):
        chosen |= {
            path.relative_to(folder) for path in (folder / name).rglob("*") if path.is_file()
        }
    chosen |= {Path(name) for name in BESIDE if (folder / name).is_file()}
    made = {PACKAGES: _packages()}
    names = sorted({path.as_posix() for path in chosen} | made.keys())
    made[METADATA] = json.dumps(_metadata(review, names), indent=2, ensure_ascii=False) + "\n"
    with files.replacing(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in [METADATA, *names]:
            content = made[name].encode() if name in made else (folder / name).read_bytes()
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return len(names) + 1


def _packages() -> str:
    found = {
        f"{each.name}=={each.version}" for each in importlib.metadata.distributions() if each.name
    }
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def _metadata(review: config.Config, names: list[str]) -> dict[str, Any]:
    """What each file is, in the words of RO-Crate (JSON-LD of schema.org)."""
    about = review.review
    licence = {"@id": "LICENSE"} if "LICENSE" in names else "No licence is stated"
    root = {
        "@id": "./", "@type": "Dataset", "name": about.title, "description": about.question,
        "datePublished": about.data_cutoff, "license": licence,
        "hasPart": [{"@id": name} for name in names], "mentions": {"@id": "#run"},
    }  # fmt: skip
    run = {
        "@id": "#run", "@type": "CreateAction", "name": "The run of the workflow",
        "instrument": {"@id": "#evinet"},
        "object": [{"@id": name} for name in names if not name.startswith("results/")],
        "result": [{"@id": name} for name in names if name.startswith("results/")],
    }  # fmt: skip
    program = {
        "@id": "#evinet", "@type": "SoftwareApplication", "name": "evinet", "version": __version__,
    }  # fmt: skip
    descriptor = {
        "@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": CONFORMS},
    }  # fmt: skip
    parts = [
        {"@id": name, "@type": "File", "name": Path(name).name,
         "encodingFormat": mimetypes.guess_type(name)[0] or "application/octet-stream"}
        for name in names
    ]  # fmt: skip
    return {
        "@context": f"{CONFORMS}/context",
        "@graph": [descriptor, root, program, run, *parts],
    }
