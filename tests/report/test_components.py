"""A bridge of components on the pages that show bridges and models."""

from __future__ import annotations

import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from evinet import files
from evinet.config import ComponentSums
from evinet.report.exhibits import all_exhibits
from evinet.report.pages import assumptions, methods, models
from evinet.report.pages.common import bridge_tested
from evinet.report.pages.outcomes import every
from evinet.report.results import Results

ADDED = {
    "treatments": {"high": ["low", "top-up"]}, "inactive": "placebo", "interactions": [],
    "Q_difference": 1.7962815, "df_difference": 1, "p_difference": 0.1801627, "effects": [
        {"component": "low", "status": "estimated", "mean": -0.7, "sd": 0.2, "q2.5": -1.1,
         "q50": -0.7, "q97.5": -0.3},
        {"component": "top-up", "status": "not identified", "mean": None, "sd": None,
         "q2.5": None, "q50": None, "q97.5": None},
    ],
}  # fmt: skip


@pytest.fixture
def summed(results: Results, tmp_path: Path) -> Results:
    """The invented results, had the bridge of `class` been one of components."""
    shutil.copytree(results.root, tmp_path / "results", ignore=shutil.ignore_patterns("report"))
    path = tmp_path / "results/fits/pfs/class/fit.json"
    files.write_json(path, files.read_json(path) | {"components": ADDED})
    bridge = ComponentSums(
        kind="components", label="Doses add up", treatments={"high": ["low", "top-up"]},
        inactive="placebo", assumption="A high dose is a low one topped up.",
    )  # fmt: skip
    main = results.config.analyses["pfs"].model_copy(update={"models": ["fixed", "class"]})
    config = results.config.model_copy(
        update={"bridges": {"low-high": bridge}, "analyses": {"pfs": main}}
    )
    return replace(results, root=tmp_path / "results", config=config)


def test_pages_name_the_bridge_what_it_adds_up_and_its_test(summed: Results) -> None:
    test = "p = 0.180, which speaks not against it"
    page = unescape(assumptions.bridges(summed))
    for said in ("Doses add up", "A high dose is a low one topped up", "High dose", "top up"):
        assert said in page
    assert "sigma" not in page
    assert "Placebo is taken to have no effect" in page
    for text in (
        unescape(assumptions.answers(summed)), unescape(models.parameters(summed)),
        bridge_tested(summed, summed.fit("pfs", "class")),
    ):  # fmt: skip
        assert test in text
    assert "the sum of the effects of its components, of which Placebo has none" in bridge_tested(
        summed, summed.fit("pfs", "class")
    )
    assert "sums of their components" in unescape(methods.models(summed))
    assert "not identified" in unescape(models.parameters(summed))
    assert "Doses add up" not in unescape(methods.priors(summed)), "it has no sigma"
    assert test in unescape(every(summed))


def test_figures_can_be_drawn(summed: Results) -> None:
    names = [each.name for each in all_exhibits(summed)]
    assert "pfs-network" in names
    assert "pfs-bridge" not in names, "there is no sigma"


def test_what_trials_cannot_test_is_said(summed: Results) -> None:
    fit = summed.fit("pfs", "class")
    fit.record["components"] |= {"df_difference": 0, "p_difference": None}
    assert "The trials cannot test whether they add up." in bridge_tested(summed, fit)
