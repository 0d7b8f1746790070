import ast
import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

import evinet
from evinet.reproduce.environment import environment, pins

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "requirements.txt").read_text()
DEVELOPMENT = (ROOT / "requirements-dev.txt").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OWN = {"evinet", "snakemake_logger_plugin_evinet"}


def test_environment_yml_is_what_the_lock_file_says():
    assert (ROOT / "environment.yml").read_text() == environment(REQUIREMENTS)
    rules = (ROOT / "workflow/envs/evinet.yaml").read_text()
    assert rules == environment(REQUIREMENTS, rules=True)


def test_environment_yml_pins_every_package_to_the_locked_version():
    listed = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    found = [line.split(" ; ")[0].split("==") for line in pip if "==" in line]
    assert dict(found) == pins(REQUIREMENTS)
    assert "quarto" in listed


def satisfied(requirements: list[str], locked: dict[str, str]) -> list[str]:
    """The requirements that the lock does not satisfy."""
    return [
        line
        for line in requirements
        if not Requirement(line).specifier.contains(
            locked.get(canonicalize_name(Requirement(line).name), "0")
        )
    ]


def test_the_lock_files_satisfy_the_project():
    dev = PROJECT["optional-dependencies"]["dev"]
    assert not satisfied(PROJECT["dependencies"], pins(REQUIREMENTS))
    assert not satisfied([*PROJECT["dependencies"], *dev], pins(DEVELOPMENT))


def test_a_run_installs_no_development_tools_and_both_files_agree():
    run, development = pins(REQUIREMENTS), pins(DEVELOPMENT)
    assert {name: development[name] for name in run} == run
    assert not {"pytest", "mypy", "ruff", "hypothesis", "playwright"} & run.keys()


@pytest.mark.parametrize("text", [REQUIREMENTS, DEVELOPMENT], ids=["run", "development"])
def test_a_lock_file_is_hashed_and_names_no_host(text):
    assert text.count("--hash=sha256:") >= len(pins(text)) == text.count("\n") - text.count("\n ")
    assert "://" not in text


def test_every_import_is_declared():
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *optional["digitise"]]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    provided = importlib.metadata.packages_distributions()
    for path in sorted((ROOT / "src").rglob("*.py")):
        for module in imported(path) - OWN - set(sys.stdlib_module_names):
            names = {canonicalize_name(name) for name in provided.get(module, [module])}
            assert names & declared, f"{path} imports {module}, which pyproject.toml does not name"


def imported(path: Path) -> set[str]:
    """The top-level modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_what_the_code_reaches_into_is_bounded_from_above():
    for line in PROJECT["dependencies"]:
        requirement = Requirement(line)
        if requirement.name in {"numba", "nutpie", "pymc", "pytensor", "pandas", "arviz"}:
            assert any(each.operator == "<" for each in requirement.specifier), line


def test_the_package_says_who_and_what():
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert [author["name"] for author in PROJECT["authors"]] == [
        author["name"] for author in citation["authors"]
    ]
    assert PROJECT["version"] == citation["version"] == evinet.__version__
    assert set(citation["keywords"]) <= set(PROJECT["keywords"])
    assert PROJECT["classifiers"]
