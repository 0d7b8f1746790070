"""`make benchmark-synthesise`: whole processes of `evinet nma`, as a Markdown table.

Cold: nothing is compiled yet. New shape: data of a shape that was never seen (the same data without
the last study), after the cold run. Warm: the same data again, the median of three. Then the
smallest bulk effective sample size of the effects and tau, and that a second of sampling (4 chains
of 1000 + 1000).
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "validation"
NDMM = ("--ipd", "ndmm.csv", "--baseline", "mspline", "--knots", "7", "--effects", "fixed",
        "--reference", "Pbo")  # fmt: skip
CASES = {
    "smoking cessation, random effects": (
        "smoking.csv", "--effects", "random", "--reference", "No intervention"),
    "thrombolytics, fixed effects": ("thrombolytics.csv", "--effects", "fixed",
                                     "--reference", "SK"),
    "newly diagnosed myeloma, M-splines": NDMM,
}  # fmt: skip


def seconds(arguments: tuple[str, ...], out: str, folder: Path) -> float:
    """Wall-clock seconds of one process that must succeed, by the code in a folder."""
    command = [sys.executable, "-W", "ignore", "-m", "evinet.cli", "nma", *arguments]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--out", out],
        cwd=folder, check=True, capture_output=True,
        env={**os.environ, "EVINET_CACHE": str(folder / "cache"),
             "PYTHONPATH": str(folder / "src")},
    )  # fmt: skip
    return time.perf_counter() - start


def without_last_study(arguments: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """The arguments with other data: those of the folder, less one study."""
    name = next(each for each in arguments if each.endswith(".csv"))
    table = pd.read_csv(folder / name)
    table[table["study"] != table["study"].iloc[-1]].to_csv(folder / f"less-{name}", index=False)
    return tuple(f"less-{name}" if each == name else each for each in arguments)


def row(name: str, arguments: tuple[str, ...], folder: Path) -> str:
    """Measure a case cold, with a new shape, and warm."""
    from evinet import files

    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(DATA, folder, dirs_exist_ok=True)
    seconds(("--help",), "unused", folder)  # compiles the Python files, as an installation does
    cold = seconds(arguments, "cold", folder)
    new = seconds(without_last_study(arguments, folder), "new", folder)
    warm = statistics.median(seconds(arguments, "warm", folder) for _ in range(3))
    record = files.read_json(folder / "warm" / "fit.json")
    ess = record["convergence"]["ess_bulk_min"]
    rate = ess / record["seconds"]["sample"]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return (
        f"| {name} | {cold:.1f} | {new:.1f} | {warm:.1f} | {new / warm:.2f} | {ess:.0f} "
        f"| {rate:.0f} | {memory:.2f} |"
    )


def main() -> None:
    """Print the table."""
    print("| model | cold, s | new shape, s | warm, s | new / warm | smallest bulk ESS "
          "| ESS a second of sampling | GB |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, arguments in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            print(row(name, arguments, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
