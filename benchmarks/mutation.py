"""`python benchmarks/mutation.py [N] [SEED]`: do the tests notice when a formula is wrong?

N single-line mutants of the numeric core (models and reconstruction), chosen by the seed: an
operator, a comparison, a sign or a constant is changed, in a copy of the source. The tests of that
part run against the copy until one fails: those that run the changed line, then all of their
files. It prints each mutant, the share that was caught, and those that survived, which are the
tests to write. What tests run which line is measured once, and kept in `.cache/`.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
CORE = {
    "evinet/nma": ("tests/nma", "tests/synthesise"),
    "evinet/patients": ("tests/patients", "tests/reconstruct"),
    "evinet/reconstruct": ("tests/reconstruct",),
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
ENOUGH = 40  # tests that run a line; of more, the first ones and then their files
COVERAGE = ROOT / ".cache" / "mutation.coverage"


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


def mutant(rng: random.Random) -> tuple[Path, int, str, str, tuple[str, ...]]:
    """A file of the core, a line, the text with it changed, the change in words, the tests."""
    files = [
        (path, tests)
        for part, tests in CORE.items()
        for path in sorted((SOURCE / part).rglob("*.py"))
        if path.stem not in NOT_NUMERIC
    ]  # fmt: skip
    while True:
        path, tests = rng.choice(files)
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
        return path, first, "".join(lines), said, tests


def measure() -> CoverageData:
    """Which tests run which line, from one run of the tests of the core."""
    newest = max(
        path.stat().st_mtime for part in ("src", "tests") for path in (ROOT / part).rglob("*.py")
    )
    if not COVERAGE.exists() or COVERAGE.stat().st_mtime < newest:
        COVERAGE.parent.mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov=evinet",
             "--cov-context=test", "--cov-report=", "--numprocesses=2",
             *sorted({test for tests in CORE.values() for test in tests})],
            cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(COVERAGE)}, check=True,
        )  # fmt: skip
    data = CoverageData(str(COVERAGE))
    data.read()
    return data


def orders(
    data: CoverageData, path: Path, line: int, tests: tuple[str, ...]
) -> Iterator[list[str]]:
    """The tests to run, those likely to fail first; of a compiled line all tests of the part."""
    found = sorted({
        context.rsplit("|", 1)[0]
        for context in data.contexts_by_lineno(str(path)).get(line, []) if context
    })  # fmt: skip
    if found:
        yield found[:: -(-len(found) // ENOUGH)]
        yield sorted({test.split("::")[0] for test in found})
    else:
        yield first_tests(path, tests)


def first_tests(path: Path, tests: tuple[str, ...]) -> list[str]:
    """The test files, those that name the module first."""
    name = path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".")
    files = [file for folder in tests for file in sorted((ROOT / folder).rglob("test_*.py"))]
    parent, stem = name.rsplit(".", 1)
    naming = {
        file for file in files
        if name in (text := file.read_text()) or (parent in text and stem in text)
    }  # fmt: skip
    return [
        str(file.relative_to(ROOT)) for file in sorted(files, key=lambda each: each not in naming)
    ]


def caught(path: Path, text: str, tries: Iterator[list[str]]) -> bool:
    """Whether tests fail with the text in the place of the file."""
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
                    [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
                    cwd=ROOT, env=environment, capture_output=True, check=False, timeout=SECONDS,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return True
            if done.returncode != 0:
                return True
        return False


def main(count: int, seed: int) -> None:
    """Make the mutants, run the tests of two at a time, print what came of it."""
    rng, survived, data = random.Random(seed), [], measure()
    mutants = [mutant(rng) for _ in range(count)]
    path, line, _, _, tests = mutants[0]
    if caught(path, path.read_text(), orders(data, path, line, tests)):
        sys.exit("Tests fail without any mutant, so nothing can be said.")
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(
            lambda each: caught(each[0], each[2], orders(data, each[0], each[1], each[4])), mutants
        )
        for number, ((*_, said, _), found) in enumerate(zip(mutants, results, strict=True), 1):
            print(f"{number:3d} {'caught  ' if found else 'SURVIVED'} {said}", flush=True)
            if not found:
                survived.append(said)
    print(f"\n{count - len(survived)} of {count} mutants were caught (seed {seed}).")


if __name__ == "__main__":
    arguments = [int(each) for each in sys.argv[1:]] + [60, 1][len(sys.argv) - 1 :]
    main(*arguments)
