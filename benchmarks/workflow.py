"""Time what a user waits for, as whole processes, on a private copy of the project.

`make benchmark` prints a Markdown table. Cold means: no results, no compile cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SNAKEMAKE = ("snakemake", "--cores", "2", "--quiet", "all")


def seconds(command: tuple[str, ...], folder: Path) -> float:
    """Wall-clock seconds of a command that must succeed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    environment.pop("EVINET_CACHE", None)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def copy_of_the_project(folder: Path) -> None:
    """The committed files, without results or caches."""
    archive = subprocess.run(("git", "archive", "HEAD"), cwd=ROOT, check=True, capture_output=True)
    subprocess.run(("tar", "-x"), cwd=folder, input=archive.stdout, check=True)


def main() -> None:
    """Run the benchmark and print its table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_of_the_project(folder)
        rows = [("`snakemake --cores 2`, cold", seconds(SNAKEMAKE, folder))]
        rows += [("`snakemake --cores 2`, nothing to do", seconds(SNAKEMAKE, folder))]
        subprocess.run(("rm", "-rf", "results"), cwd=folder, check=True)
        rows += [("`snakemake --cores 2`, compile cache warm", seconds(SNAKEMAKE, folder))]
        rows += [("`evinet --help`", seconds(("evinet", "--help"), folder))]
    print(f"| {os.cpu_count()} cores, Python {sys.version.split()[0]} | seconds |\n|---|--:|")
    for what, duration in rows:
        print(f"| {what} | {duration:.1f} |")


if __name__ == "__main__":
    main()
