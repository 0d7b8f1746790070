"""The GitHub workflow of a review: valid, and every command of it does its work as it stands.

Commands run as the runner runs them, in a review under git with a repository to push to. Two things
are stand-ins: `gh`, which notes how it was called, and the services that `evinet watch` asks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
WRITTEN = Path(str(files("evinet"))) / "templates/github-workflow.yaml"
WORKFLOW = YAML(typ="safe").load(WRITTEN)


def commands(job: str) -> dict[str, str]:
    """Name -> shell command of the steps of a job, without the installation."""
    steps = WORKFLOW["jobs"][job]["steps"]
    return {step["name"]: step["run"] for step in steps if "run" in step}


def test_it_is_a_valid_workflow_and_the_one_that_this_repository_uses():
    used = ROOT / ".github/workflows/review.yaml"
    assert used.read_bytes() == WRITTEN.read_bytes()
    done = subprocess.run(
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(WRITTEN)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_command_holds_an_expression_that_github_would_fill_in():
    assert not [
        line for job in ("run", "watch") for line in commands(job).values() if "${{" in line
    ]


@pytest.fixture
def services() -> Iterator[dict[str, str]]:
    """Both services, up and empty: no number of the review is known to them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            empty = {"studies": [], "esearchresult": {"count": "0", "idlist": []}, "result": {}}
            self.wfile.write(json.dumps(empty).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield {"EVINET_CTGOV_URL": address, "EVINET_PUBMED_URL": address}
    server.shutdown()
    server.server_close()


class Runner:
    """Runs steps as GitHub does: bash -eo pipefail, in the checkout, with its variables."""

    def __init__(self, folder: Path, temporary: Path, environment: dict[str, str]):
        self.folder = folder
        for name in ("bin", "temp"):
            (temporary / name).mkdir()
        self.temporary, self.output = temporary / "temp", temporary / "output"
        self.called = temporary / "gh"
        gh = temporary / "bin/gh"
        gh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {self.called}\n')
        gh.chmod(0o755)
        path = [str(gh.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = {
            **os.environ, **environment, "PATH": os.pathsep.join(path),
            "PYTHONPATH": str(folder / "src"),
            "EVINET_CONTACT": "reviewer@example.org", "NCBI_API_KEY": "",
            "RUNNER_TEMP": str(self.temporary), "GITHUB_OUTPUT": str(self.output),
        }  # fmt: skip

    def step(self, command: str, check: bool = True, **more: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command], cwd=self.folder,
            env={**self.environment, **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done


@pytest.fixture
def runner(small_copy, tmp_path, services) -> Runner:
    """A finished small review in a git repository; its configuration holds the short fits."""
    folder = small_copy.folder
    path = folder / "config/config.yaml"
    yaml = YAML(typ="safe")
    content = yaml.load(path)
    update_config(content, yaml.load(Path(__file__).parent / "small.yaml"))
    yaml.dump(content, path)
    for name in ("requirements.txt", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    made = Runner(folder, tmp_path, services)
    far = tmp_path / "far"
    for line in (
        "git init --quiet --initial-branch main",
        "git config user.name A && git config user.email a@example.org",
        "git add --all && git commit --quiet --message first",
        f"git init --quiet --bare {far} && git remote add origin {far}",
        "git push --quiet --set-upstream origin main",
    ):
        made.step(line)
    return made


def test_a_push_runs_and_verifies(runner):
    run = commands("run")
    assert list(run) == ["Install", "Run", "Verify"]
    runner.step(run["Run"])
    assert "nothing to compare" in runner.step(run["Verify"]).stdout
    shutil.copy(runner.folder / "results/manifest.json", runner.folder / "manifest.json")
    assert "are the same" in runner.step(run["Verify"]).stdout
    results = runner.folder / "results/manifest.json"
    results.write_text(
        results.read_text().replace('"evidence/arms.csv": "', '"evidence/arms.csv": "0')
    )
    differs = runner.step(run["Verify"], check=False)
    assert (differs.returncode, "evidence/arms.csv" in differs.stdout) == (1, True)


def test_the_packages_are_installed_from_the_lock_file(runner):
    done = runner.step(commands("run")["Install"], PIP_DRY_RUN="1", PIP_NO_INDEX="1")
    assert "already satisfied" in done.stdout
    assert commands("run")["Install"] == commands("watch")["Install"]


def test_news_open_a_pull_request_with_what_changed(runner):
    watch = commands("watch")
    assert list(watch) == ["Install", "Ask", "Run", "Say what changed", "Open a pull request"]
    asked = runner.step(watch["Ask"])
    assert runner.output.read_text() == "status=3\n", asked.stdout + asked.stderr
    for name in list(watch)[2:]:
        runner.step(watch[name])
    body = (runner.temporary / "body.md").read_text()
    assert "- status (not found): ClinicalTrials.gov NCT01578239 [netter-1]" in body
    assert "No release of this review has been kept yet" in body
    called = runner.called.read_text().splitlines()
    assert called[:2] == ["pr", "create"]
    branch = called[called.index("--head") + 1]
    pushed = runner.step(f"git log --oneline --name-only origin/{branch}").stdout
    assert "data/raw/watch/watch-news.csv" in pushed
    assert "netter-1" in (runner.folder / "results/evidence/watch-news.csv").read_text()
    runner.output.unlink()
    assert "Nothing is new" in runner.step(watch["Ask"]).stdout
    assert runner.output.read_text() == "status=0\n"


def test_a_service_that_does_not_answer_fails_the_step(runner):
    ask = commands("watch")["Ask"]
    gone = runner.step(ask, check=False, EVINET_CTGOV_URL="http://127.0.0.1:1")
    assert gone.returncode == 2
    assert "Nothing was remembered" in gone.stderr
    assert not runner.output.exists()
