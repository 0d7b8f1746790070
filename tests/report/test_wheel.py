"""The report from the built wheel, without the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_renders_a_page(installed: Path, project: Path, tmp_path: Path) -> None:
    review = tmp_path / "review"
    shutil.copytree(project, review)

    def run(*arguments: str | Path) -> None:
        done = subprocess.run(
            [installed / "evinet", *arguments, "--config", "config/config.yaml",
             "--results", "results"],
            cwd=review,
            env={"PATH": f"{installed}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    run("exhibits", "--figures", "results/figures", "--tables", "results/tables")
    run("report", "--pages", ROOT / "reports", "--out", "out", "--renderer", "builtin",
        "--page", "index")  # fmt: skip
    assert (review / "out/index.html").stat().st_size > 5000
