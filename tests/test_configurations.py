"""The committed configurations, on the committed evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML
from snakemake.utils import update_config

from evinet import config as configuration
from evinet.extract.commands import extract
from evinet.synthesise import network

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def review() -> configuration.Config:
    """config.yaml with extended.yaml laid over it, as `--configfile` does."""
    yaml = YAML(typ="safe")
    content = yaml.load(ROOT / "config/config.yaml")
    update_config(content, yaml.load(ROOT / "config/extended.yaml"))
    return configuration.parse(content)


@pytest.fixture(scope="module")
def evidence(review: configuration.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    options = ["--data", str(ROOT / "data/raw"), "--out"]
    jobs = [["--vocabulary", *options, str(folder)]]
    for trial in sorted({name for each in review.analyses.values() for name in each.trials}):
        jobs.append(["--trial", trial, *options, str(folder / "trials" / trial)])
    for job in jobs:
        assert CliRunner().invoke(extract, job).exit_code == 0
    return folder


def test_every_analysis_has_the_islands_that_it_declares(review, evidence) -> None:
    for name, analysis in review.analyses.items():
        built = network.build(name, analysis, evidence)
        assert built.nodes["component"].nunique() == len(analysis.references) > 1


def test_the_wider_network_leaves_out_only_trials_without_a_usable_ratio(review, evidence) -> None:
    built = network.build("pfs-extended", review.analyses["pfs-extended"], evidence)
    assert set(built.excluded["study"]) == {"control-nets", "oclurandom"}
    assert built.studies["study"].nunique() == 16


def test_the_wider_network_says_what_it_assumes(review) -> None:
    assert all(review.analyses[name].cautions for name in ("pfs-extended", "os-extended"))
