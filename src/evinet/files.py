"""Reading and writing files: one clear error, deterministic bytes, and never half a file."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from evinet.errors import InputError, OutputError, Problem

if TYPE_CHECKING:
    import pandas as pd

FLOAT_FORMAT = "%.12g"
LARGEST = 50_000_000
"""Bytes: no file that a person wrote is larger."""
WRITTEN = ".evinet-written.json"
"""In the folder of a run: what it wrote there."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
"""Characters that no text of a review holds, and that break what is made from it."""


_waiting: ContextVar[dict[Path, Path] | None] = ContextVar("_waiting", default=None)


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary name beside `path` to write to, renamed to `path` when the block succeeds.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".evinet-{os.getpid()}-{path.name}.tmp")
    waiting = _waiting.get()
    written = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent, glob.escape(path.name))
        yield temporary
        if waiting is None:
            temporary.replace(path)
        else:
            waiting[path] = temporary
        written = True
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        if not written:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def together(folder: Path | None = None) -> Iterator[list[str]]:
    """Files written inside the block appear when it succeeds: all of them, or none.

    With a `folder` they are a run in it, whose files alone stay there: those that an earlier run
    wrote and this one did not are removed, and afterwards named in the list that the block has.
    Files that no run wrote stay.

    Raises
    ------
    OutputError
        One of them cannot be written, or an earlier one not removed.
    """
    removed: list[str] = []
    if _waiting.get() is not None:
        yield removed
        return
    waiting: dict[Path, Path] = {}
    token = _waiting.set(waiting)
    try:
        yield removed
        for path, temporary in waiting.items():
            try:
                temporary.replace(path)
            except OSError as error:
                raise _unwritable(path, error) from None
        if folder is not None:
            for parent in {path.parent for path in waiting}:
                _sweep(parent, "*")
            names = sorted(path.relative_to(folder).as_posix() for path in waiting)
            removed += _remove_earlier(folder, names)
            (folder / WRITTEN).write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")
    finally:
        _waiting.reset(token)
        for temporary in waiting.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _remove_earlier(folder: Path, kept: list[str]) -> list[str]:
    """Remove what the last run in a folder wrote there, but for some names; what was removed."""
    try:
        earlier = json.loads((folder / WRITTEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    inside = [
        str(name) for name in (earlier if isinstance(earlier, list) else [])
        if not PurePosixPath(str(name)).is_absolute() and ".." not in PurePosixPath(str(name)).parts
    ]  # fmt: skip
    removed = []
    for name in sorted(set(inside) - set(kept)):
        left = folder / name
        try:
            if not left.is_file():
                continue
            left.unlink()
        except OSError as error:
            raise _unwritable(left, error) from None
        removed.append(name)
        with suppress(OSError):  # it still holds other files
            for above in left.relative_to(folder).parents[:-1]:
                (folder / above).rmdir()
    return removed


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder and below it."""
    for left in folder.rglob(".evinet-*.tmp"):
        _remove_if_left(left)


def _sweep(folder: Path, pattern: str) -> None:
    """Remove what killed processes left half-written of the files that a pattern matches.

    They are those of this machine: of all files only where no other writes into the folder.
    """
    for left in folder.glob(f".evinet-*-{pattern}.tmp"):
        _remove_if_left(left)


def _remove_if_left(path: Path) -> None:
    process = path.name.split("-")[1]
    if process.isdecimal() and not _alive(int(process)):
        path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _unwritable(path: Path, error: OSError) -> OutputError:
    message = f"cannot be written: {error.strerror or error}"
    remedy = "Make room or give permission there, or name another folder"
    return OutputError(Problem(str(path), "file", path.name, message, remedy))


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path | str, content: Any, sort_keys: bool = True) -> None:
    """Write `content` as JSON; NaN is refused (a missing value is null)."""
    write_text(path, json.dumps(content, indent=2, sort_keys=sort_keys, allow_nan=False) + "\n")


def read_text(path: Path | str) -> str:
    """The text of a file in UTF-8, without a byte order mark.

    Raises
    ------
    InputError
        The file is not there, is not a file, is too large, or is not UTF-8.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            size = f"is larger than {LARGEST // 1_000_000} MB"
            raise _unreadable(path, size, "Is it the file you mean?")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _unreadable(
            path, f"cannot be read: {error.strerror}", "Create it, or correct its name"
        ) from None
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8: {error.reason}", "Save it as UTF-8") from None


def read_json(path: Path | str) -> Any:
    """Read a JSON file.

    Raises
    ------
    InputError
        The file cannot be read (see `read_text`), or is not JSON: cut short, empty, with NaN,
        with half of a surrogate pair, or nested too deep.
    """
    path = Path(path)
    text = read_text(path)
    try:
        content = json.loads(text, parse_constant=_no_number)
        text = json.dumps(content, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise _unreadable(
            path, f"is not JSON: {reason}", "Was it cut short? Make it again", line
        ) from None
    return content


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")


def _unreadable(path: Path, message: str, remedy: str, line: int | None = None) -> InputError:
    return InputError(Problem(str(path), "file", path.name, message, remedy, line))


def write_csv(path: Path | str, frame: pd.DataFrame) -> None:
    """Write `frame` without its index; a missing value is an empty cell."""
    floats = frame.columns[[str(kind) == "float64" for kind in frame.dtypes]]
    written: dict[str, Any] = {  # several times faster than pandas with its `float_format`
        name: [None if value != value else FLOAT_FORMAT % value for value in frame[name].tolist()]
        for name in floats
    }
    with replacing(path) as temporary:
        frame.assign(**written).to_csv(temporary, index=False, lineterminator="\n")
