"""Which code a rule runs: Snakemake does not see edits in imported library modules, we do."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from evinet import cache as cached
from evinet import files
from evinet.errors import OutputError

SOURCE = Path(__file__).parents[2]
MOST = 5000
"""Entries of the cache beyond which it starts anew."""


def code_digest(*entries: str, root: Path = SOURCE, without: Iterable[str] = ()) -> str:
    """Hash of what some entries run: `modules` by their code.

    Comments, docstrings and layout do not count; a change of any statement does.
    """
    found = sorted(modules(*entries, root=root, without=without).items())
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def modules(*entries: str, root: Path = SOURCE, without: Iterable[str] = ()) -> dict[str, str]:
    """The hash of every first-party module that some entries import, by name.

    An entry is a module, all of which may run, or ``module:function``: then only what the function
    uses of its module counts. Of the other modules all code counts, but what one imports inside a
    function counts only where something may call the function: its module names it, another imports
    it, or an attribute of that name is used anywhere. Functions that frameworks call count always:
    those with decorators that are not known, special methods, and the methods of classes with
    bases. What is imported for type checkers alone never runs. Modules that a job is known to go
    `without` do not count, nor does what only they import. Only absolute imports are followed
    (relative ones are banned by the linter), and packages count by their ``__init__``.

    Raises
    ------
    ModuleNotFoundError
        A named module is not below `root`.
    AttributeError
        A named function is not in its module.
    """
    reached = _Reached(root, frozenset(without))
    for entry in entries:
        module, _, function = entry.partition(":")
        path = _file(root, module)
        if path is None:
            raise ModuleNotFoundError(f"no module {module} below {root}")
        reached.read(module, path, function, entry=True)
    reached.follow()
    _remember()
    return reached.found


class _Reached:
    """The modules that code imports, and what of them may be called."""

    def __init__(self, root: Path, without: frozenset[str]):
        self.root, self.without = root, without
        self.found: dict[str, str] = {}
        self.waiting: list[str] = []
        self.named: set[tuple[str, str]] = set()  # (module, name): what modules name or import
        self.attributes: set[str] = set()
        self.idle: list[tuple[str, str, Any]] = []  # (module, function, what it uses)

    def read(self, module: str, path: Path, function: str = "", entry: bool = False) -> None:
        """Take a module as reached, or what a function uses of it; of an entry, all of it runs."""
        digest, used, functions = _parsed(path, function)
        self.found[f"{module}:{function}" if function else module] = digest
        self._use(module, used)
        self.idle += [(module, name, each) for name, each in functions]
        if entry:
            self.named.update((module, name) for name, _ in functions)
            self.attributes.update(name for name, _ in functions)
        self.waiting += [module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)]

    def _use(self, module: str, used: Any) -> None:
        names, attributes, imported = used
        self.named.update((module, name) for name in names)
        self.attributes.update(attributes)
        for each in imported:
            self.named.add((each.rpartition(".")[0], each.rpartition(".")[2]))
        self.waiting += imported

    def follow(self) -> None:
        """Read what is imported, and what functions import that may be called, until all is."""
        while True:
            while self.waiting:
                module = self.waiting.pop()
                known = module in self.found or module in self.without
                path = None if known else _file(self.root, module)
                if path is not None:
                    self.read(module, path)
            idle, self.idle = self.idle, []
            for module, name, used in idle:
                if name in self.attributes or (module, name) in self.named:
                    self._use(module, used)
                else:
                    self.idle.append((module, name, used))
            if len(idle) == len(self.idle):
                return


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


@cache
def _file(root: Path, module: str) -> Path | None:
    base = root.joinpath(*module.split("."))
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _parsed(path: Path, function: str = "") -> list[Any]:
    """The hash of a module, or of what a function uses of it; what that uses; its functions.

    All follow from the text of the file alone. Reading the code of the whole library takes
    seconds, so that what was found is kept in `.cache/code.json` by the hash of the text.
    """
    text = path.read_bytes()
    key = f"{hashlib.sha256(text).hexdigest()}:{function}"
    known = _known()
    if key not in known:
        tree = _without_docstrings(text)
        known[key] = _part(tree, function, path) if function else _whole(tree)
        known[""] = None  # there is something to write
    found: list[Any] = known[key]
    return found


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
    return cached.folder() / "code.json"


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
    functions = list(_called_by_name(tree.body))
    every = [
        _uses(tree.body, {id(each) for each in functions}),
        *(_uses([each]) for each in functions),
    ]
    if _calls_by_text(tree):
        every[0][1] += sorted({each.value for each in ast.walk(tree) if _is_name(each)})  # type: ignore[attr-defined]
    names = {each.name for each in functions}
    for used in every:
        used[0] = sorted(names.intersection(used[0]))
    return [
        _hash(tree.body),
        every[0],
        [*zip((each.name for each in functions), every[1:], strict=True)],
    ]


Function = ast.FunctionDef | ast.AsyncFunctionDef
PLAIN = {"property", "cached_property", "staticmethod", "classmethod", "cache", "njit", "cfunc",
         "contextmanager"}  # fmt: skip
"""Decorators of functions that run only where they are named."""


def _called_by_name(body: list[ast.stmt], inherits: bool = False) -> Iterator[Function]:
    """The functions and methods that run only where something names them."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _called_by_name(node.body, bool(node.bases))
        elif isinstance(node, ast.If | ast.Try):
            yield from _called_by_name([*node.body, *node.orelse], inherits)
        elif isinstance(node, Function) and not inherits and not node.name.endswith("__"):
            decorators = [
                each.func if isinstance(each, ast.Call) else each for each in node.decorator_list
            ]
            if all(getattr(each, "id", getattr(each, "attr", "")) in PLAIN for each in decorators):
                yield node


def _calls_by_text(tree: ast.AST) -> bool:
    """Whether something is called by a name that is a text: ``getattr(fit, name)()``."""
    return any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Call)
        and getattr(each.func.func, "id", "") == "getattr" for each in ast.walk(tree)
    )  # fmt: skip


def _is_name(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
    )


def _uses(nodes: Sequence[ast.AST], apart: Set[int] = frozenset()) -> list[list[str]]:
    """Names, attributes and imports in some code, but for functions that are `apart`."""
    names: set[str] = set()
    attributes: set[str] = set()
    imported: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if id(node) in apart or isinstance(node, ast.arg):  # annotations do not run
            continue
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported.add(node.module)
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
        waiting += [
            each
            for field, value in ast.iter_fields(node) if field != "returns"
            for each in (value if isinstance(value, list) else [value])
            if isinstance(each, ast.AST)
        ]  # fmt: skip
    return [sorted(names), sorted(attributes), sorted(imported)]


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
    return [_hash(nodes), _uses(nodes), []]


def _names_of(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)
            and isinstance(each.ctx, ast.Store)]  # fmt: skip
