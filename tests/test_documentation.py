"""What the documentation says can be done can be done."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from evinet import __version__
from evinet.cli import cli

ROOT = Path(__file__).parents[1]
PAGES = [
    *ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "config/README.md",
    ROOT / "profiles/README.md", ROOT / "data/raw/README.md",
]  # fmt: skip
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NOT_HERE = ("conda", "git", "pip", "quarto", "docker", "pre-commit")
"""Programs whose commands no test runs: a page that names one says so."""
SHELL = {"cd", "cat", "head", "grep", "mkdir", "printf", "source", "export", "#"}
"""What blocks of commands do beside calling programs; tests run the pages that do."""
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}


PROGRAMS = ("evinet", "make", "snakemake", "python -m", "pytest", *NOT_HERE)
INLINE = re.compile(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+)`")


def commands(page: Path, program: str = "evinet") -> list[str]:
    """The commands of a program on a page, in blocks and in sentences, continued lines joined."""
    text = page.read_text()
    blocks = [code for kind, code in FENCED.findall(text) if kind in ("", "sh", "console")]
    rest = FENCED.sub("", text)
    blocks += re.findall(r"(?:^ {4}.*\n)+", rest, flags=re.M)
    lines = re.sub(r"<<'END'.*?^END$", "", "\n".join(blocks), flags=re.M | re.S)
    parts = re.split(r"\n|&&", lines.replace("\\\n", " "))
    parts += [" ".join(code.split()) for code in INLINE.findall(rest)]
    return [part.strip() for part in parts if part.strip().startswith(f"{program} ")]


def words_of(line: str) -> list[str]:
    """The words of a command, without a comment and without what it writes into."""
    return shlex.split(re.split(r" [|>] ", line)[0], comments=True)


def options(words: list[str]) -> set[str]:
    return {word.split("=")[0].strip("[]") for word in words if word.lstrip("[").startswith("--")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_other_commands_on_a_page_can_be_given_or_are_marked_as_not_run(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)
    for line in commands(page, "make"):
        assert set(words_of(line)[1:]) <= set(targets), f"{page}: {line}"
    for line in commands(page, "snakemake"):
        unknown = options(words_of(line)) - snakemake_options()
        assert not unknown, f"{page}: {line}: {unknown}"
    for line in commands(page, "pytest"):
        paths = [word for word in words_of(line)[1:] if word.startswith("tests/")]
        assert all((ROOT / path.split("::")[0]).exists() for path in paths), f"{page}: {line}"
    for line in commands(page, "python -m"):
        module, *words = words_of(line)[2:]
        names = (module.replace(".", "/") + ".py", "src/" + module.replace(".", "/") + ".py")
        [file] = [ROOT / name for name in names if (ROOT / name).exists()]
        unknown = {each for each in options(words) - {"--help"} if each not in file.read_text()}
        assert not unknown, f"{page}: {line}: {unknown}"
    away = [line for program in NOT_HERE for line in commands(page, program)]
    assert not away or "not run here" in " ".join(page.read_text().split()), f"{page}: {away}"


@cache
def snakemake_options() -> set[str]:
    """The options of Snakemake, with those of its plugins."""
    from snakemake.cli import get_argument_parser

    return {option for each in get_argument_parser()._actions for option in each.option_strings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_has_a_command_that_no_test_looks_at(page):
    """A block of commands starts with a program that is known here, on every line."""
    text = page.read_text()
    blocks = [code for kind, code in FENCED.findall(text) if kind in ("sh", "console")]
    lines = re.sub(r"<<'END'.*?^END$", "", "\n".join(blocks), flags=re.M | re.S)
    known = {program.split()[0] for program in PROGRAMS} | SHELL
    for part in re.split(r"\n|&&", lines.replace("\\\n", " ")):
        assert not part.strip() or part.split()[0] in known, f"{page}: {part}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_exists_with_its_options(page):
    for line in commands(page):
        name, *words = words_of(line)[1:] or ["--help"]
        if name.startswith("-"):
            continue
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, f"{page}: {line}: there is no command {name}"
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        used = options(words)
        assert used <= known | {"--help"}, f"{page}: {line}: {used - known}"


def test_the_pages_are_not_empty_of_commands():
    assert sum(len(commands(page)) for page in PAGES) > 20


def test_the_tutorial_can_be_followed(tmp_path):
    text = (ROOT / "docs/tutorial.md").read_text()
    blocks = [code for kind, code in FENCED.findall(text) if kind == "sh"]
    assert len(blocks) >= 3
    done = subprocess.run(
        ["bash", "-euo", "pipefail"], input="\n".join(blocks), cwd=tmp_path, env=ENVIRONMENT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "network/league.csv").stat().st_size > 100
    assert (tmp_path / "patients/ipd.csv").stat().st_size > 1000
    assert (tmp_path / "data/raw/trials/hypo-1/trial.yaml").exists()


def followed(folder: Path, kind: str, words: list[str], which: slice = slice(None)) -> str:
    """What the page on adjustment prints where its blocks of this kind are run."""
    every = FENCED.findall((ROOT / "docs/adjusting.md").read_text())
    blocks = [code for each, code in every if each == kind][which]
    done = subprocess.run(
        words, input="\n".join(blocks), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


BASH = ["bash", "-euo", "pipefail"]


def test_the_page_on_adjustment_can_be_followed(tmp_path):
    said = followed(tmp_path, "sh", BASH, slice(1))
    assert "maic: A against B, ln OR -0.489" in said
    assert "stc: A against B, ln OR -0.691" in said


@pytest.mark.slow
def test_the_page_on_adjustment_can_be_followed_to_multilevel_regression(tmp_path):
    said = followed(tmp_path, "sh", BASH)
    assert "integration error at most 0.0 %" in said
    marginal, conditional = re.findall(r"Two,A,B,([-.\d]+)", said)
    assert float(marginal) == pytest.approx(-0.65, abs=0.01)  # as the page's table has them
    assert float(conditional) == pytest.approx(-0.76, abs=0.01)
    again = re.findall(r"A +B +([-.\d]+)", followed(tmp_path, "python", ["python", "-"]))
    assert [float(each) for each in again] == pytest.approx(
        [float(conditional), float(marginal)], abs=0.02
    )


def test_the_version_is_the_same_wherever_it_is_written():
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")["version"]
    assert written == citation == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def run(*words: str) -> None:
    done = subprocess.run(
        words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_issue_forms_are_valid():
    forms = ROOT / ".github/ISSUE_TEMPLATE"
    names = sorted(str(path) for path in forms.glob("*.yml") if path.name != "config.yml")
    assert names
    run("check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *names)
    run("check-jsonschema", "--builtin-schema", "vendor.github-issue-config",
        str(forms / "config.yml"))  # fmt: skip


def test_the_pre_commit_configuration_is_valid_and_names_tools_that_exist():
    run("pre-commit", "validate-config", ".pre-commit-config.yaml")
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    for hook in hooks:
        run(hook["entry"].split()[0], "--version")
