"""The only writers of files: deterministic bytes, and never half a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FLOAT_FORMAT = "%.12g"


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary name beside `path` to write to, renamed to `path` when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".evinet-{os.getpid()}-{path.name}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path | str, content: Any, sort_keys: bool = True) -> None:
    """Write `content` as JSON; NaN is refused (a missing value is null)."""
    write_text(path, json.dumps(content, indent=2, sort_keys=sort_keys, allow_nan=False) + "\n")


def read_json(path: Path | str) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_csv(path: Path | str, frame: pd.DataFrame) -> None:
    """Write `frame` without its index; a missing value is an empty cell."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
