"""`make benchmark-synthesise`: whole processes of `evinet nma`, as a Markdown table.

Cold: an empty cache. Warm: the compiled model of the run before. Smallest bulk effective sample
size of the effects and tau, and that a second of sampling (4 chains of 1000 + 1000).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path("tests/validation")
NDMM = ("--ipd", "ndmm.csv", "--baseline", "mspline", "--knots", "7", "--effects", "fixed",
        "--reference", "Pbo")  # fmt: skip
CASES = {
    "smoking cessation, random effects": (
        "smoking.csv", "--effects", "random", "--reference", "No intervention"),
    "thrombolytics, fixed effects": ("thrombolytics.csv", "--effects", "fixed",
                                     "--reference", "SK"),
    "newly diagnosed myeloma, M-splines": NDMM,
}  # fmt: skip


def seconds(arguments: tuple[str, ...], out: Path, cache: Path) -> float:
    """Wall-clock seconds of one process that must succeed."""
    command = [sys.executable, "-W", "ignore", "-m", "evinet.cli", "nma", *arguments]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--out", str(out.resolve())],
        cwd=DATA, check=True, capture_output=True,
        env={**os.environ, "EVINET_CACHE": str(cache)},
    )  # fmt: skip
    return time.perf_counter() - start


def row(name: str, arguments: tuple[str, ...], folder: Path) -> str:
    """Measure a case cold and warm."""
    from evinet import files

    cold = seconds(arguments, folder / "cold", folder / "cache")
    warm = min(seconds(arguments, folder / "warm", folder / "cache") for _ in range(3))
    record = files.read_json(folder / "warm" / "fit.json")
    ess = record["convergence"]["ess_bulk_min"]
    rate = ess / record["seconds"]["sample"]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return f"| {name} | {cold:.1f} | {warm:.1f} | {ess:.0f} | {rate:.0f} | {memory:.2f} |"


def main() -> None:
    """Print the table."""
    print("| model | cold, s | warm, s | smallest bulk ESS | ESS a second of sampling | GB |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, arguments in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            print(row(name, arguments, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
