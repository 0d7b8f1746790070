import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from evinet.reproduce.environment import environment, pins

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "requirements.txt").read_text()


def test_environment_yml_is_what_the_lock_file_says():
    assert (ROOT / "environment.yml").read_text() == environment(REQUIREMENTS)


def test_environment_yml_pins_every_package_to_the_locked_version():
    listed = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    assert dict(line.split("==") for line in pip if "==" in line) == pins(REQUIREMENTS)
    assert "quarto" in listed


def test_the_lock_file_satisfies_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = pins(REQUIREMENTS)
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), line


def test_the_lock_file_is_hashed_and_names_no_host():
    assert REQUIREMENTS.count("--hash=sha256:") >= len(pins(REQUIREMENTS))
    assert "://" not in REQUIREMENTS
