"""Which code a rule runs: Snakemake does not see edits in imported library modules, we do."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2]


def code_digest(*modules: str, root: Path = SOURCE) -> str:
    """Hash of modules and of every first-party module that they import, directly or not.

    Comments and layout do not count; a change of any statement does. Imports inside functions
    count too; those for type checkers alone do not, because they never run. Only absolute imports
    are followed (relative ones are banned by the linter).

    Raises
    ------
    ModuleNotFoundError
        A named module is not below `root`.
    """
    for module in modules:
        if _file(root, module) is None:
            raise ModuleNotFoundError(f"no module {module} below {root}")
    parsed: dict[str, str] = {}
    queue = list(modules)
    while queue:
        module = queue.pop()
        path = _file(root, module)
        if path is None or module in parsed:
            continue
        parsed[module], imported = _parse(path)
        queue += imported
        queue += [module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)]
    return hashlib.sha256(repr(sorted(parsed.items())).encode()).hexdigest()[:16]


def _file(root: Path, module: str) -> Path | None:
    base = root.joinpath(*module.split("."))
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


@cache
def _parse(path: Path) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), tuple(_imports(tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
