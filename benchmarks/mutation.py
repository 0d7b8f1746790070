"""`python benchmarks/mutation.py [N] [SEED] [PROCESSES]`: do the tests notice a wrong formula?

N single-line mutants of the numeric core (models and reconstruction), chosen by the seed: an
operator, a comparison, a sign or a constant is changed, in a copy of the source. The tests of that
part run against the copy until one fails: those that run the changed line, the quickest first, then
all of their files. It prints each mutant with the test that failed, the share that was caught, and
those that survived, which are the tests to write. What tests run which line, and for how long, is
measured once, and kept in `.cache/`.
"""

from __future__ import annotations

import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
EXAMPLES = "tests/test_examples.py"
CORE = {
    "evinet/nma": ("tests/nma", "tests/synthesise", EXAMPLES),
    "evinet/patients": ("tests/patients", "tests/reconstruct", EXAMPLES),
    "evinet/reconstruct": ("tests/reconstruct", EXAMPLES),
}
NOT_NUMERIC = (
    "command",
    "plot",
    "layouts",
    "inputs",
    "record",
    "evidence",
    "__init__",
)
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
}  # fmt: skip
SECONDS = 900
ENOUGH = 40  # tests that run a line; of more, the quickest ones and then their files
COVERAGE = ROOT / ".cache" / "mutation.coverage"
SECONDS_OF_TESTS = ROOT / ".cache" / "mutation.xml"


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What of a module can be changed, and how."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            if not any(
                isinstance(each, ast.Constant | ast.JoinedStr)
                and isinstance(getattr(each, "value", ""), str)
                for each in (node.left, node.right)
            ):
                yield node, "operator"
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
            yield node, "comparison"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node, "sign"
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node, "constant"


def change(node: ast.AST, how: str) -> None:
    """Change a node in place."""
    if how == "operator":
        assert isinstance(node, ast.BinOp)
        node.op = OPERATORS[type(node.op)]()  # type: ignore[assignment]
    elif how == "comparison":
        assert isinstance(node, ast.Compare)
        node.ops[0] = OPERATORS[type(node.ops[0])]()  # type: ignore[assignment]
    elif how == "sign":
        assert isinstance(node, ast.UnaryOp)
        node.op = ast.UAdd()
    else:
        assert isinstance(node, ast.Constant)
        node.value = node.value * 2 if node.value else 1


def mutant(rng: random.Random) -> tuple[Path, int, str, str]:
    """A file of the core, a line, the text with it changed, the change in words."""
    files = [
        path
        for part in CORE
        for path in sorted((SOURCE / part).rglob("*.py"))
        if path.stem not in NOT_NUMERIC
    ]  # fmt: skip
    while True:
        path = rng.choice(files)
        text = path.read_text()
        tree = ast.parse(text)
        found = list(places(tree))
        if not found:
            continue
        node, how = rng.choice(found)
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        if first != last:
            continue
        lines = text.splitlines(keepends=True)
        before = lines[first - 1]
        start, stop = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        change(node, how)
        encoded = before.encode()
        after = (encoded[:start] + f"({ast.unparse(node)})".encode() + encoded[stop:]).decode()
        lines[first - 1] = after
        said = f"{path.relative_to(SOURCE)}:{first}: {before.strip()}  ->  {after.strip()}"
        return path, first, "".join(lines), said


def measure(processes: int) -> CoverageData:
    """Which tests run which line, from one run of the tests of the core."""
    newest = max(
        path.stat().st_mtime for part in ("src", "tests") for path in (ROOT / part).rglob("*.py")
    )
    if not COVERAGE.exists() or COVERAGE.stat().st_mtime < newest:
        COVERAGE.parent.mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             *(f"--cov={part.replace('/', '.')}" for part in CORE), "--cov-context=test",
             "--cov-report=", f"--junitxml={SECONDS_OF_TESTS}", f"--numprocesses={processes}",
             *sorted({test for tests in CORE.values() for test in tests})],
            cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(COVERAGE)}, check=True,
        )  # fmt: skip
    data = CoverageData(str(COVERAGE))
    data.read()
    return data


@cache
def seconds() -> dict[str, float]:
    """How long each test took."""
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": float(
            case.get("time", 0)
        )
        for case in ElementTree.parse(SECONDS_OF_TESTS).iter("testcase")
    }


def running(data: CoverageData, path: Path, line: int, seen: set[str]) -> set[str]:
    """The tests that run a line.

    Compiled lines leave no trace, nor do those that Python runs at the import (constants and
    defaults): then it is the tests that run a line on which the function or constant is named.
    """
    lines, named = _around(path, line)
    contexts = data.contexts_by_lineno(str(path))
    found = {
        context.rsplit("|", 1)[0] for each in lines for context in contexts.get(each, []) if context
    }
    for name in set() if found else named - seen:
        seen.add(name)
        for part in CORE:
            for other in sorted((SOURCE / part).rglob("*.py")):
                for number, text in enumerate(other.read_text().splitlines(), 1):
                    if re.search(rf"\b{name}\b", text) and (other, number) != (path, line):
                        found |= running(data, other, number, seen)
    return found


def _around(path: Path, line: int) -> tuple[range, set[str]]:
    """The lines of a statement, and the compiled function or the constants that it belongs to."""
    statements = [
        node for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]  # fmt: skip
    if not statements:
        return range(line, line + 1), set()
    *_, inner = statements
    body = getattr(inner, "body", [])
    lines = range(inner.lineno, body[0].lineno if body else (inner.end_lineno or 0) + 1)
    functions = [node for node in statements if isinstance(node, ast.FunctionDef)]
    if functions:
        *_, last = functions
        compiled = re.search("njit|cfunc", " ".join(map(ast.unparse, last.decorator_list)))
        return lines, {last.name} if compiled or inner is last else set()
    targets = getattr(inner, "targets", [getattr(inner, "target", None)])
    return lines, {target.id for target in targets if isinstance(target, ast.Name)}


def orders(data: CoverageData, path: Path, line: int) -> Iterator[list[str]]:
    """The tests that run a line, the quickest first; then their files."""
    found = sorted(running(data, path, line, set()), key=lambda test: seconds().get(test, 1.0))
    if found:
        yield found[:ENOUGH]
        yield sorted({test.split("::")[0] for test in found})


def caught(path: Path, text: str, tries: Iterator[list[str]]) -> str:
    """The test that fails with the text in the place of the file; empty if none does."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOURCE, Path(folder, "src"), ignore=shutil.ignore_patterns("*.pyc"))
        Path(folder, "src", path.relative_to(SOURCE)).write_text(text)
        environment = {
            **os.environ,
            "PYTHONPATH": f"{folder}/src",
            "EVINET_CACHE": f"{folder}/cache",
        }
        if (ROOT / ".cache").is_dir():
            shutil.copytree(ROOT / ".cache", Path(folder, "cache"))
        for tests in tries:
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
                     f"--basetemp={folder}/made", *tests],
                    cwd=ROOT, env=environment, capture_output=True, check=False, timeout=SECONDS,
                    text=True,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return f"more than {SECONDS} seconds"
            if done.returncode != 0:
                failed = re.search(r"^(?:FAILED|ERROR) (.*)$", done.stdout, flags=re.M)
                return failed.group(1) if failed else (done.stdout + done.stderr)[-300:]
        return ""


def main(count: int, seed: int, processes: int) -> None:
    """Make the mutants, run their tests, print what came of it."""
    rng, survived, data = random.Random(seed), [], measure(processes)
    mutants = [mutant(rng) for _ in range(count)]
    path, line, _, _ = mutants[0]
    if failed := caught(path, path.read_text(), orders(data, path, line)):
        sys.exit(f"Tests fail without any mutant, so nothing can be said: {failed}")
    with ThreadPoolExecutor(processes) as pool:
        results = pool.map(
            lambda each: caught(each[0], each[2], orders(data, each[0], each[1])), mutants
        )
        for number, ((*_, said), by) in enumerate(zip(mutants, results, strict=True), 1):
            print(f"{number:3d} {'caught  ' if by else 'SURVIVED'} {said}\n    {by}", flush=True)
            if not by:
                survived.append(said)
    print(f"\n{count - len(survived)} of {count} mutants were caught (seed {seed}).")


if __name__ == "__main__":
    arguments = [int(each) for each in sys.argv[1:]] + [60, 1, 2][len(sys.argv) - 1 :]
    main(*arguments)
