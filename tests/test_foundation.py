"""Writers, seeds, configuration and the command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from evinet import cli, config, files, seeds
from evinet.errors import InputError, OutputError

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
        (["margins", 0, "smallest_important"], True, "another margin is the smallest important"),
        (["analyses", "pfs", "instead"], {"alba": "x-2020"}, "is none of the trials"),
        (
            ["analyses", "os", "supports"],
            {"analysis": "pfs-other-values", "shows": "bridge", "because": "x"},
            "there is no such analysis with an answer of its own. Use one of pfs",
        ),
        (
            ["analyses", "pfs", "questions"],
            [{"treatment": "captem", "comparator": "captem"}],
            "compares a treatment with itself",
        ),
        (["conduct", "flow"], {"screened": -1}, r"conduct.flow.screened = -1"),
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


def test_a_run_removes_all_that_a_killed_run_left_in_its_folder(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".evinet-{dead.pid}-heat.csv.tmp").write_text("of a file that is not written now")
    (tmp_path / ".evinet-1-heat.csv.tmp").write_text("of a process that runs")
    with files.together(tmp_path):
        files.write_text(tmp_path / "x.csv", "whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"x.csv", ".evinet-1-heat.csv.tmp", files.WRITTEN}


def test_what_a_killed_process_left_is_removed_by_the_next_write(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".evinet-{dead.pid}-x.csv.tmp").write_text("half")
    (tmp_path / f".evinet-{dead.pid}-y.csv.tmp").write_text("of another file")
    (tmp_path / ".evinet-1-x.csv.tmp").write_text("of a process that runs")
    files.write_text(tmp_path / "x.csv", "whole")
    assert {path.name for path in tmp_path.iterdir()} == {
        "x.csv", f".evinet-{dead.pid}-y.csv.tmp", ".evinet-1-x.csv.tmp",
    }  # fmt: skip


def test_files_that_are_written_together_appear_all_or_none(tmp_path):
    files.write_text(tmp_path / "a", "old")

    def write(last):
        with files.together():
            files.write_text(tmp_path / "a", "new")
            assert (tmp_path / "a").read_text() == "old"
            files.write_text(last, "new")

    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "a" / "below-a-file")
    assert (tmp_path / "a").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
    write(tmp_path / "b")
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}
    assert (tmp_path / "a").read_text() == "new"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands for the full disk."""
    code = (
        "import resource, signal, sys; sys.dont_write_bytecode = True  # else half of it is kept\n"
        "from evinet.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); main()"
    )
    out = tmp_path / "out"
    arguments = ["extract", "--trial", "netter-2", "--data", str(CONFIG.parents[1] / "data/raw")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("evinet: not written\n")
    assert str(out) in done.stderr
    assert not list(out.iterdir())


def test_an_option_that_is_given_twice_is_refused(tmp_path):
    twice = ["extract", "--trial", "a", "--out", str(tmp_path), "--out", "b"]
    result = CliRunner().invoke(cli.cli, twice)
    assert result.exit_code == 2
    assert "--out is given twice" in result.output


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_option_of_one_value_is_refused_when_it_is_given_twice(name):
    command = cli.cli.get_command(click.Context(cli.cli), name)
    for option in command.params:
        if isinstance(option, click.Option) and not option.multiple:
            value = [] if option.is_flag else ["1"]
            arguments = [name, option.opts[0], *value, option.opts[0], *value]
            result = CliRunner().invoke(cli.cli, arguments)
            assert (result.exit_code, "given twice" in result.output) == (2, True), result.output


def test_every_rule_says_what_it_takes():
    """Memory and time of each rule, so that a cluster or a cloud can place its jobs."""
    rules = [
        rule
        for path in sorted((CONFIG.parents[1] / "workflow/rules").glob("*.smk"))
        for rule in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]
    ]
    assert len(rules) > 15
    for rule in rules:
        name = rule.split(":")[0]
        if "shell:" in rule:
            assert re.search(r"^ +mem_mb=\d+,$", rule, flags=re.M), name
            assert re.search(r"^ +runtime=\d+,$", rule, flags=re.M), name


def test_the_library_is_imported_when_it_is_asked_for():
    """So that `import evinet` takes no time, and gives the library all the same."""
    code = (
        "import sys, evinet\n"
        "heavy = {'pandas', 'numpy', 'scipy', 'pymc', 'arviz', 'pydantic'} & set(sys.modules)\n"
        "print(sorted(heavy), evinet.Network.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "Network"]


def test_linear_algebra_has_one_thread_before_any_command_is_found():
    # The answers of more threads differ in their last bits, and cost more time.
    script = (
        "import os, sys\n"
        "from evinet import cli\n"
        "found = []\n"
        "cli.LazyGroup.get_command = lambda *_: found.append(\n"
        "    (os.environ.get('OPENBLAS_NUM_THREADS'), 'numpy' in sys.modules))\n"
        "sys.argv = ['evinet', 'nma']\n"
        "try:\n    cli.main()\n"
        "finally:\n    print(*found[0])"
    )
    environment = {name: value for name, value in os.environ.items() if "THREADS" not in name}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                         env=environment)  # fmt: skip
    assert run.stdout == "1 False\n"
