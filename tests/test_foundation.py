"""Writers, seeds, configuration and the command."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from evinet import cli, config, files, seeds
from evinet.errors import InputError

CONFIG = Path(__file__).parents[1] / "config" / "config.yaml"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    files.write_text(path, "old")

    def fail():
        with files.replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_refuses_a_value_that_is_not_a_number(tmp_path):
    with pytest.raises(ValueError, match="Out of range"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


def test_seeds_depend_on_the_name_of_the_job_and_on_nothing_else():
    assert seeds.integer_seed(1, "fit/pfs") == seeds.integer_seed(1, "fit/pfs")
    assert seeds.integer_seed(1, "fit/pfs") != seeds.integer_seed(1, "fit/os")
    assert seeds.integer_seed(1, "fit/pfs") != seeds.integer_seed(2, "fit/pfs")
    first, second = (seeds.generator(1, "a").random(3) for _ in range(2))
    assert (first == second).all()


@pytest.fixture
def content():
    return YAML(typ="safe").load(CONFIG)


def test_the_configuration_of_the_review_is_valid(content):
    assert config.load(CONFIG) == config.parse(content)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["sampler", "chain"], 4, r"sampler.chain = 4: there is no such field"),
        (["seed"], "many", r"seed = 'many': .*integer"),
        (["models", "fixed", "effects"], "mixed", r"models.fixed.effects = 'mixed'"),
        (["models", "fixed", "bridge"], "magic", "there is no such bridge. Use one of ssa-class"),
        (["models", "fixed", "sigma"], 0.1, "sigma is set, but the model has no bridge"),
        (
            ["analyses", "pfs", "models"],
            ["fixd"],
            "'fixd': there is no such model. Use one of fixed",
        ),
        (["heterogeneity", "scale"], -1, r"heterogeneity.scale = -1: .*greater than 0"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(content, path, value, message):
    section = content
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = value
    with pytest.raises(InputError, match=message):
        config.parse(content)


def test_every_command_exists_and_explains_itself():
    for name in cli.COMMANDS:
        result = CliRunner().invoke(cli.cli, [name, "--help"])
        assert result.exit_code == 0, f"{name}: {result.output}"
        assert "Usage" in result.output


def test_help_imports_nothing_heavy():
    code = (
        "import sys, evinet.cli as c\n"
        "try: c.cli(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'pandas','pymc','numpy','matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
