"""A model whose effects are ratios of times stands apart, and is named as what it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from evinet import tables
from evinet.config import Model
from evinet.report import pages, words
from evinet.report.economic import draws
from evinet.report.exhibits import all_exhibits
from evinet.report.export import all_tables
from evinet.report.numbers import Interval
from evinet.report.results import Results

pytestmark = pytest.mark.usefixtures("site")

LABEL = "Log-normal times"


@pytest.fixture(scope="module")
def with_times(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The invented review with a model in which new stretches time against high dose e-fold."""
    root = tmp_path_factory.mktemp("times") / "results"
    shutil.copytree(results.root, root)
    folder = root / "fits/pfs/times"
    shutil.copytree(root / "fits/pfs/fixed", folder)
    league = tables.LEAGUE.read(folder / "league.csv")
    none = {"predict_q2.5": None, "predict_q97.5": None}
    low, high = -league["q97.5"], -league["q2.5"]
    turned = league.assign(**{"mean": -league["mean"], "q50": -league["q50"], "q2.5": low,
                              "q97.5": high, **none})  # fmt: skip
    tables.LEAGUE.write(folder / "league.csv", turned)
    path = root / "populations/pfs/predicted-observed.csv"
    seen = tables.PREDICTED_OBSERVED.read(path)
    mine = seen[seen["model"] == "fixed"].assign(model="times")
    tables.PREDICTED_OBSERVED.write(path, pd.concat([seen, mine]))
    model = Model(label=LABEL, effects="fixed", baseline="lognormal",
                  ipd=["alba", "birch", "cedar"])  # fmt: skip
    analysis = results.config.analyses["pfs"]
    asked = analysis.model_copy(update={"models": [*analysis.models, "times"]})
    config = results.config.model_copy(
        update={"models": results.config.models | {"times": model}, "analyses": {"pfs": asked}}
    )
    return replace(results, root=root, config=config)


def test_time_ratios_are_named_and_above_1_is_better(with_times: Results) -> None:
    assert LABEL not in unescape(pages.sensitivity.models(with_times))
    after = unescape(pages.sensitivity.times(with_times))
    assert (
        "Times without an event were longer with New drug than with High dose: time ratio" in after
    )
    row = next(line for line in after.splitlines() if line.startswith("| New drug vs High dose |"))
    assert row.rstrip(" |").split(" | ")[1:4] == ["2.72", "1.82\u00a0to\u00a04.06", "90\u00a0%"]
    assert "| Time ratio |" in after.replace("**", "")
    assert "azard ratio |" not in after.split("Every comparison")[1]


def test_nothing_else_changes(results: Results, with_times: Results) -> None:
    """Tables, figures and draws of hazard ratios are the same with and without such a model."""
    pointed = unescape(pages.outcomes.every(with_times))
    assert "with [ratios of times](sensitivity.qmd#pfs-times) for effects" in pointed
    plain = [line for line in pointed.splitlines() if "ratios of times" not in line and line]
    assert plain == [line for line in unescape(pages.outcomes.every(results)).splitlines() if line]
    for page in (pages.summary.answers, pages.economic.effects, pages.robustness.contribution):
        assert page(with_times) == page(results)
    assert draws(with_times).equals(draws(results))
    names = {each.name for each in all_exhibits(with_times)}
    assert names - {each.name for each in all_exhibits(results)} == {"pfs-times-forest"}


def test_the_forest_says_which_side_is_better(with_times: Results) -> None:
    plot = next(each for each in all_exhibits(with_times) if each.name == "pfs-times-forest")
    assert "hazard ratio" not in plot.caption
    axes = plot.draw().axes[0]
    assert axes.get_xlabel() == "Time ratio (log scale)"
    assert {"← favours the second", "the first →"} <= {each.get_text() for each in axes.texts}


def test_its_survival_is_held_against_the_patients(
    with_times: Results, results: Results, tmp_path: Path
) -> None:
    """A model that predicts nothing of them is not said to hold them."""
    assert f"Predicted: {LABEL}" in unescape(pages.survival.every(with_times))
    shutil.copytree(with_times.root, tmp_path, dirs_exist_ok=True)
    shutil.copytree(results.root / "populations", tmp_path / "populations", dirs_exist_ok=True)
    assert LABEL not in unescape(pages.survival.every(replace(with_times, root=tmp_path)))


def test_models_methods_and_exports_name_the_measure(with_times: Results) -> None:
    told = unescape(pages.methods.models(with_times))
    assert "effects are ratios of times, not of hazards" in told
    assert "ln time ratios: above 0 is better" in unescape(pages.models.parameters(with_times))
    exported = dict(all_tables(with_times))
    assert "time_ratio" in exported["league-pfs-times"]
    assert "hazard_ratio" not in exported["league-pfs-times"]
    assert "hazard_ratio" in exported["league-pfs-fixed"]


def test_a_time_ratio_in_words() -> None:
    assert "shorter with A than with B" in words.time_comparison(
        "A", "B", Interval(0.5, 0.3, 0.8), 0
    )
    doubt = words.time_comparison("A", "B", Interval(1.2, 0.8, 1.9), 0.8)
    assert "includes 1" in doubt
    assert "that they are longer with A: 80" in doubt
