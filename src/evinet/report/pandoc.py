"""Pandoc, from the wheel that brings it along."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

READER = "markdown+autolink_bare_uris-smart"


def convert(text: str, to: str, folder: Path, *options: str, columns: int = 10000) -> str:
    """Convert Markdown; `folder` is where relative paths start.

    A table with a line longer than `columns` gets columns of relative widths.

    Raises
    ------
    RuntimeError
        Pandoc failed, or warned that it could not find something.
    """
    import pypandoc

    command = [
        pypandoc.get_pandoc_path(), "--from", READER, "--to", to, "--columns", str(columns),
        "--fail-if-warnings", *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=folder, encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pandoc failed: {done.stderr.strip()}")
    return done.stdout
