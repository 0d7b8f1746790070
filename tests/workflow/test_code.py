"""A rule reruns when code changes that its jobs run, and for no other code."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evinet import config
from evinet.cli import COMMANDS
from evinet.reproduce.digest import modules
from evinet.synthesise import OF_COVARIATES

ROOT = Path(__file__).parents[2]
START = {"evinet", "evinet.cli", "evinet.processor", "evinet.cache", "evinet.numba_cache"}
"""How a command is found, what a module of commands imports for some of them, and where compiled
code is kept."""
JOBS = ("fit", "answers")


def declared(command: str, covariates: bool = True) -> dict[str, str]:
    """The modules whose code a rule names for its command, and those that check configurations."""
    entry = COMMANDS[command][0]
    if command in JOBS:
        return modules(entry, without=() if covariates else OF_COVARIATES)
    rules = (ROOT / "workflow/rules").glob("*.smk")
    every = "".join(path.read_text() for path in rules).split("\nrule ")
    found = [
        entry
        for rule in every if re.search(rf'"evinet {command} ', rule)
        for entries in re.findall(r"code=code_digest\(([^*)]*)\)", rule)
        for entry in re.findall(r'"([^"]+)"', entries)
    ]  # fmt: skip
    return modules(*found, "evinet.config") if found else {}


@pytest.fixture(scope="module")
def jobs(finished) -> list[tuple[list[str], set[str]]]:
    """The words of every job of the whole workflow, and the modules that it loaded."""
    return [(words, set(loaded) - START) for words, loaded in _noted(finished.folder)]


def _noted(folder: Path) -> Iterator[tuple[list[str], list[str]]]:
    for path in (folder / ".loaded").iterdir():
        yield json.loads(path.read_text())


def test_code_that_a_job_ran_is_what_its_rule_names(jobs):
    review = config.load(ROOT / "config/config.yaml")
    commands = {words[0] for words, _ in jobs}
    assert {"extract", "reconstruct", "network", "fit", "answers", "predict", "modifiers",
            "hazards", "exhibits", "report"} <= commands  # fmt: skip
    unnamed = {}
    for words, loaded in jobs:
        command = words[0]
        covariates = command in JOBS and review.models[words[2]].regression is not None
        if named := declared(command, covariates):
            here = COMMANDS[command][0].split(":")[0]
            missing = loaded - named.keys() - {here}
            if missing:
                unnamed[" ".join(words)] = missing
    assert unnamed == {}


GRAPHS = """
import sys
from pathlib import Path
from evinet import config
from evinet.nma.fit import nuts
nuts.prepare()
from evinet.nma.fit import compiled
from evinet.synthesise import jobs

class Built(Exception):
    pass

def build(model):
    from evinet.nma.fit import special  # as `functions` does
    raise Built

compiled.functions = build
review, (data, ipd, out) = config.load(sys.argv[1]), map(Path, sys.argv[2:])
for baseline in ("piecewise", "fracpoly", "weibull"):
    asked = review.models["fixed-ipd"].model_copy(update={"baseline": baseline, "knots": None})
    changed = review.model_copy(update={"models": {"fixed-ipd": asked}})
    try:
        jobs.fit(changed, "pfs", "fixed-ipd", data, [ipd], out)
    except Built:
        print(baseline)
    else:
        raise AssertionError(f"{baseline} was not compiled")
print(*(name for name in sys.modules if name.split(".")[0] == "evinet"))
"""


def test_code_of_hazards_that_are_compiled_from_their_graph_is_named_too(finished, tmp_path):
    """They are built and not compiled, which takes a minute each."""
    results = finished.folder / "results"
    done = finished.command(
        sys.executable, "-B", "-c", GRAPHS, str(results / "config.json"),
        str(results / "networks/pfs/data.csv"), str(results / "ipd/netter-2/pfs/ipd.csv"),
        str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *built, loaded = done.stdout.splitlines()
    assert built == ["piecewise", "fracpoly", "weibull"]
    ours = set(loaded.split()) - START - {"evinet.config"}
    assert {"evinet.nma.fit.special", "evinet.nma.graph"} <= ours
    assert ours - declared("fit", covariates=False).keys() == set()


NOT_RUN = {
    "fit": ["nma.answers.threshold", "nma.answers.influence", "nma.answers.contribution",
            "nma.answers.survival", "nma.answers.proportionality", "nma.plot", "nma.report",
            "nma.command", "report", "reconstruct", "extract"],
    "answers": ["nma.plot", "nma.report", "nma.answers.survival", "report", "reconstruct"],
    "network": ["nma.network", "nma.posterior", "nma.fit", "nma.data", "report", "reconstruct"],
    "predict": ["nma.answers.threshold", "nma.plot", "report", "reconstruct"],
    "modifiers": ["nma.posterior", "nma.likelihoods.survival.mspline", "report"],
    "hazards": ["nma.answers.threshold", "nma.plot", "nma.population.regression", "report"],
    "reconstruct": ["nma.network", "report", "extract"],
    "extract": ["nma.network", "reconstruct", "report"],
    "exhibits": ["nma.command", "nma.answers.threshold", "reconstruct.lattice"],
    "report": ["nma.command", "nma.answers.threshold", "reconstruct.lattice"],
}  # fmt: skip


@pytest.mark.parametrize("command", NOT_RUN)
def test_code_that_a_job_does_not_run_does_not_rerun_it(command):
    named = declared(command, covariates=False)
    for part in NOT_RUN[command]:
        within = [name for name in named if f"{name}.".startswith(f"evinet.{part}.")]
        assert within == []
