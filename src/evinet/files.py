"""Reading and writing files: one clear error, deterministic bytes, and never half a file."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Iterator
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
UNFINISHED = "UNFINISHED.txt"
"""In the folder of a run while its files are put in place, and after it was killed meanwhile."""
_STOPPED = """The files of a run were put into this folder, and that was stopped: some are missing.
Run the same command again; it removes this file when all is in place.
"""

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
def together(folder: Path | None = None, may_write: Iterable[str] | None = None
             ) -> Iterator[list[str]]:  # fmt: skip
    """Files written inside the block appear when it succeeds: all of them, or none.

    With a `folder` they are a run in it, whose files alone stay there: those that an earlier run
    wrote and this one did not are removed, and afterwards named in the list that the block has.
    What a run `may_write` is given, or else recorded in the folder. Files that no run wrote stay.

    Files of two runs never lie side by side, not even where the process is killed: first all
    earlier ones are set aside, then the new ones take their names. Meanwhile, and after a kill,
    `UNFINISHED` stands in the folder, and none of its files is read (`finished`).

    Raises
    ------
    OutputError
        One of them cannot be written, or an earlier one not removed; the earlier ones come back.
    """
    removed: list[str] = []
    if _waiting.get() is not None:
        yield removed
        return
    waiting: dict[Path, Path] = {}
    token = _waiting.set(waiting)
    try:
        yield removed
        if folder is None:
            _exchange(waiting, [])
        else:
            removed += _run_in(folder, waiting, may_write)
    finally:
        _waiting.reset(token)
        for temporary in waiting.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _run_in(folder: Path, waiting: dict[Path, Path], may_write: Iterable[str] | None) -> list[str]:
    """Put the files of a run into its folder; the files of earlier runs that it removed."""
    folders = sorted({folder, *(path.parent for path in waiting)})
    names = sorted(path.relative_to(folder).as_posix() for path in waiting)
    earlier = _recorded(folder) if may_write is None else may_write
    left = [name for name in sorted({*earlier} - {*names}) if (folder / name).is_file()]
    for each in folders:
        _sweep(each, "*")
    with _marked(folders):
        if may_write is None:  # the next run removes all of them, if this one is killed
            _record(folder, [*names, *earlier])
        try:
            _exchange(waiting, [folder / name for name in left])
        except BaseException as error:
            if may_write is None and not isinstance(error, OSError):  # the earlier files are back
                _record(folder, earlier)
            raise
        if may_write is None:
            _record(folder, names)
    for name in left:
        with suppress(OSError):  # it still holds other files
            for above in PurePosixPath(name).parents[:-1]:
                (folder / above).rmdir()
    return left


@contextmanager
def _marked(folders: list[Path]) -> Iterator[None]:
    """Folders that say so while files are put into them; a kill, or an `OSError`, leaves that."""
    marks = [folder / UNFINISHED for folder in folders]
    try:
        for mark in marks:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(_STOPPED, encoding="utf-8")
        yield
    except OSError as error:
        raise _unwritable(folders[0], error) from None
    except BaseException:  # the earlier files are back
        _unmark(marks)
        raise
    _unmark(marks)


def _unmark(marks: list[Path]) -> None:
    for mark in marks:
        mark.unlink(missing_ok=True)


def _exchange(waiting: dict[Path, Path], earlier: list[Path]) -> None:
    """Set aside what stands in the way and the `earlier` files, then put the new ones in place.

    Where that fails, the earlier files come back.
    """
    aside: dict[Path, Path] = {}
    placed: list[Path] = []
    path = Path()
    try:
        for path in [*waiting, *earlier] if len(waiting) + len(earlier) > 1 else []:
            if path.is_file():
                kept = path.with_name(f".evinet-{os.getpid()}-earlier-{path.name}.tmp")
                path.replace(kept)
                aside[path] = kept
        for path, temporary in waiting.items():
            temporary.replace(path)
            placed.append(path)
    except BaseException as error:
        for place in placed:
            place.unlink()
        for place, kept in aside.items():
            kept.replace(place)
        raise _unwritable(path, error) if isinstance(error, OSError) else error from None
    for kept in aside.values():
        with suppress(OSError):
            kept.unlink()


def finished(path: Path | str) -> None:
    """Refuse a file whose folder holds a part of a run's files.

    Raises
    ------
    InputError
        The run was stopped while its files were put in place.
    """
    if Path(path).with_name(UNFINISHED).is_file():
        raise _unreadable(
            Path(path), f"is of a run that was stopped: see {UNFINISHED} beside it",
            "Run the command that writes into this folder again",
        )  # fmt: skip


def _record(folder: Path, names: Iterable[str]) -> None:
    (folder / WRITTEN).write_text(json.dumps(sorted({*names}), indent=2) + "\n", encoding="utf-8")


def _recorded(folder: Path) -> list[str]:
    """The names of the files that the last run in a folder wrote there, none outside of it."""
    try:
        earlier = json.loads((folder / WRITTEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [
        str(name) for name in (earlier if isinstance(earlier, list) else [])
        if not PurePosixPath(str(name)).is_absolute() and ".." not in PurePosixPath(str(name)).parts
    ]  # fmt: skip


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
        The file cannot be read (see `read_text`), its run was stopped, or it is not JSON: cut
        short, empty, with NaN, with half of a surrogate pair, or nested too deep.
    """
    path = Path(path)
    finished(path)
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
