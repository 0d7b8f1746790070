"""Which code a rule runs: Snakemake does not see edits in imported library modules, we do."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2]


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
            parsed[entry], imported = _part(path, function)
            queue += [*imported, *_packages(module)]
        else:
            queue.append(module)
    while queue:
        module = queue.pop()
        path = _file(root, module)
        if path is None or module in parsed:
            continue
        parsed[module], found = _whole(path)
        queue += [*found, *_packages(module)]
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


def _without_docstrings(path: Path) -> ast.Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
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


@cache
def _whole(path: Path) -> tuple[str, tuple[str, ...]]:
    tree = _without_docstrings(path)
    return _hash(tree.body), tuple(dict.fromkeys(_imports(tree)))


@cache
def _part(path: Path, function: str) -> tuple[str, tuple[str, ...]]:
    """The statements of a module that a function uses, directly or not, and what they import."""
    body = _without_docstrings(path).body
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
    return _hash(nodes), tuple(name for node in nodes for name in _imports(node))


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
