"""Which code a rule runs: Snakemake does not see edits in imported library modules, we do."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from evinet import files
from evinet.errors import OutputError

SOURCE = Path(__file__).parents[2]
MOST = 5000
"""Entries of the cache beyond which it starts anew."""


def code_digest(*entries: str, root: Path = SOURCE) -> str:
    """Hash of what some entries run: the code, and that of every first-party module it imports.

    An entry is a module, or ``module:function``: then only what the function uses of its module
    counts. Comments, docstrings and layout do not count; a change of any statement does. Imports
    inside functions count too; those for type checkers alone do not, because they never run. Only
    absolute imports are followed (relative ones are banned by the linter), and packages count by
    their ``__init__``.

    Raises
    ------
    ModuleNotFoundError
        A named module is not below `root`.
    AttributeError
        A named function is not in its module.
    """
    parsed: dict[str, str] = {}
    queue: list[str] = []
    for entry in entries:
        module, _, function = entry.partition(":")
        path = _file(root, module)
        if path is None:
            raise ModuleNotFoundError(f"no module {module} below {root}")
        if function:
            parsed[entry], imported = _found(path, function)
            queue += [*imported, *_packages(module)]
        else:
            queue.append(module)
    while queue:
        module = queue.pop()
        path = _file(root, module)
        if path is None or module in parsed:
            continue
        parsed[module], found = _found(path)
        queue += [*found, *_packages(module)]
    _remember()
    return hashlib.sha256(repr(sorted(parsed.items())).encode()).hexdigest()[:16]


def content_digest(*folders: Path) -> str:
    """Hash of every file below some folders of the package, by name and content.

    >>> from evinet.report import project
    >>> content_digest(project.DOCUMENTS) == content_digest(project.DOCUMENTS)
    True
    """
    found = [
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def _packages(module: str) -> list[str]:
    return [module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)]


@cache
def _file(root: Path, module: str) -> Path | None:
    base = root.joinpath(*module.split("."))
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _found(path: Path, function: str = "") -> tuple[str, list[str]]:
    """The hash of a module, or of what a function uses of it, and what that imports.

    Both follow from the text of the file alone. Reading the code of the whole library takes
    seconds, so that what was found is kept in `.cache/code.json` by the hash of the text.
    """
    text = path.read_bytes()
    key = f"{hashlib.sha256(text).hexdigest()}:{function}"
    known = _known()
    if key not in known:
        tree = _without_docstrings(text)
        known[key] = _part(tree, function, path) if function else _whole(tree)
        known[""] = None  # there is something to write
    digest, imported = known[key]
    return digest, imported


@cache
def _known() -> dict[str, Any]:
    """What is kept; nothing of other versions of Python, or of this module, is used."""
    with suppress(OSError, ValueError):
        kept = json.loads(_cache().read_bytes())
        if kept.pop("version") == _version() and len(kept) < MOST:
            return dict(kept)
    return {}


def _remember() -> None:
    known = _known()
    if "" in known:
        del known[""]
        with suppress(OutputError):  # of a folder that nobody may write into
            files.write_json(_cache(), {"version": _version(), **known})


def _cache() -> Path:
    return Path(os.environ.get("EVINET_CACHE", ".cache"), "code.json")


@cache
def _version() -> str:
    return f"{sys.version} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"


def _without_docstrings(text: bytes) -> ast.Module:
    tree = ast.parse(text)
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
        waiting += _inside(node)
    return tree


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The statements directly inside a node, and its branches; no expression holds any."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        found = getattr(node, part, None)
        if isinstance(found, list):
            yield from found


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a string that nothing uses."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _hash(nodes: list[ast.stmt]) -> str:
    return hashlib.sha256("".join(ast.dump(node) for node in nodes).encode()).hexdigest()


def _whole(tree: ast.Module) -> list[Any]:
    return [_hash(tree.body), list(dict.fromkeys(_imports(tree)))]


def _part(tree: ast.Module, function: str, path: Path) -> list[Any]:
    """The statements of a module that a function uses, directly or not, and what they import."""
    body = tree.body
    defined: dict[str, list[ast.stmt]] = {}
    for node in body:
        for name in _names_of(node):
            defined.setdefault(name, []).append(node)
    if function not in defined:
        raise AttributeError(f"{path} has no {function}")
    kept: dict[int, ast.stmt] = {}
    queue = [function]
    while queue:
        for node in defined.get(queue.pop(), ()):
            if id(node) not in kept:
                kept[id(node)] = node
                queue += [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    nodes = [node for node in body if id(node) in kept]
    return [_hash(nodes), [name for node in nodes for name in _imports(node)]]


def _names_of(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)
            and isinstance(each.ctx, ast.Store)]  # fmt: skip


def _imports(tree: ast.AST) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += _inside(node)
