"""Figures show what the tables hold, and never what they do not."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from scipy import stats

from evinet import tables
from evinet.conduct import Modifier
from evinet.report import exhibits
from evinet.report.figures import (
    contribution,
    forest,
    funnel,
    km,
    network,
    populations,
    prior,
    style,
    tipping,
)
from evinet.report.numbers import Interval
from evinet.report.results import Results


def texts(path: Path) -> str:
    """All text of an SVG."""
    return " ".join(
        "".join(node.itertext())
        for node in ElementTree.parse(path).iter()
        if node.tag[-4:] == "text"
    )


@pytest.fixture(scope="module")
def drawn(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    exhibits.write(results, folder)
    return folder


def test_every_figure_is_well_formed_small_and_without_dates(drawn: Path) -> None:
    figures = list(drawn.glob("*.svg"))
    assert len(figures) == 30
    for path in figures:
        ElementTree.parse(path)
        assert path.stat().st_size < 300_000
        assert not re.search(r"<dc:date>|20\d\d-\d\d-\d\d", path.read_text()), path.name


def test_every_figure_has_a_form_for_telephones_with_all_its_numbers(drawn: Path) -> None:
    for path in drawn.glob("*.svg"):
        if path.stem.endswith("-narrow"):
            wide = path.with_name(path.name.replace("-narrow", ""))
            assert float(ElementTree.parse(path).getroot().get("viewBox").split()[2]) < 265, path
            estimates = [set(re.findall(r"\d+\.\d\d\b", texts(each))) for each in (wide, path)]
            assert estimates[0] == estimates[1], path.name
        else:
            assert path.with_name(f"{path.stem}-narrow.svg").exists(), path.name


def test_text_stays_text_in_the_fonts_of_the_reader(drawn: Path) -> None:
    svg = (drawn / "pfs-forest.svg").read_text()
    assert "New drug vs High dose" in texts(drawn / "pfs-forest.svg")
    assert "system-ui" in svg


@pytest.mark.parametrize("form", ["", "-narrow"])
def test_the_network_names_its_islands_and_trials(drawn: Path, form: str) -> None:
    text = texts(drawn / f"pfs-network{form}.svg")
    for word in ("Island 1", "Island 2", "ALBA", "BIRCH", "CEDAR", "Placebo", "n = 60"):
        assert word in text


def test_a_network_with_unknown_patients_says_no_number(results: Results, tmp_path: Path) -> None:
    nodes = results.nodes("pfs").assign(patients=pd.array([pd.NA] * 5, dtype="Int64"))
    with style.styled():
        style.save(network.draw(nodes, results.studies("pfs"), {}, []), tmp_path / "n.svg")
    assert "n =" not in texts(tmp_path / "n.svg")
    assert "Dashed ring" not in texts(tmp_path / "n.svg")


def test_the_league_has_no_number_for_islands(drawn: Path) -> None:
    apart, joined = texts(drawn / "pfs-fixed-league.svg"), texts(drawn / "pfs-class-league.svg")
    assert apart.count("comparison") == 12
    assert "†" not in apart
    assert "comparison" not in joined
    assert joined.count("†") == 18, (
        "all but the pair of the one trial that the bridge does not touch"
    )


@pytest.mark.parametrize("narrow", [False, True])
def test_a_forest_prints_the_numbers_it_draws(tmp_path: Path, narrow: bool) -> None:
    rows = [forest.Row("A v B", Interval(0.5, 0.25, 0.9996), Interval(0.5, 0.1, 2.5))]
    with style.styled():
        style.save(forest.draw([forest.Group("Group", rows)], narrow=narrow), tmp_path / "f.svg")
    assert "0.50 (0.25\xa0to\xa00.9996)" in texts(tmp_path / "f.svg")


patients = st.lists(st.tuples(st.floats(0.1, 50), st.booleans()), min_size=1, max_size=30)


@given(patients)
def test_survival_agrees_with_lifelines(sample: list[tuple[float, bool]]) -> None:
    times = np.array([time for time, _ in sample])
    events = np.array([int(event) for _, event in sample])
    at = np.linspace(0, times.max(), 17)
    expected = KaplanMeierFitter().fit(times, events).survival_function_at_times(at)
    np.testing.assert_allclose(km.survival(times, events, at), expected, atol=1e-9)


def test_survival_is_not_drawn_past_the_last_censored_patient() -> None:
    curve = km.survival(np.array([1.0, 2.0]), np.array([1, 0]), np.array([0.5, 1.5, 2.5]))
    np.testing.assert_array_equal(curve, [1.0, 0.5, np.nan])


def test_numbers_at_risk_that_differ_are_shown_in_brackets(tmp_path: Path) -> None:
    ipd = tables.IPD.frame([{"draw": 0, "arm": "a", "time": t, "event": 1} for t in (1.0, 9.0)])
    at_risk = pd.DataFrame(
        {"arm": ["a", "a"], "time": [0.0, 5.0], "printed": [2, 3], "reconstructed": [2, 1]}
    )
    with style.styled():
        style.save(km.draw(ipd, {"a": "Arm A"}, {}, at_risk, "PFS"), tmp_path / "km.svg")
    assert "3 (1)" in texts(tmp_path / "km.svg")
    assert "2 (2)" not in texts(tmp_path / "km.svg")


def population(rows: list[dict[str, object]]) -> pd.DataFrame:
    place = {"trial": "t", "characteristic": "c", "category": "x", "source": "s", "locator": "l"}
    return tables.POPULATIONS.frame([{**place, **row} for row in rows])


ARMS = [
    {"trial": "t", "arm": arm, "treatment": arm, "n_randomised": n}
    for arm, n in (("a", 30), ("b", 70))
]


@pytest.mark.parametrize(
    ("rows", "percent"),
    [
        ([{"percent": 40.0}], 40.0),
        ([{"n": 25}], 25.0),
        ([{"arm": "a", "n": 10}, {"arm": "b", "n": 40}], 50.0),
        ([{"arm": "a", "n": 10}], None),
        ([{"arm": "a", "percent": 10.0}, {"arm": "b", "percent": 20.0}], None),
        ([{"value": "61 years"}], None),
        ([{"category": "median", "n": 61}], None),
    ],
)
def test_shares_of_patients_are_printed_or_added_up_never_guessed(
    rows: list[dict[str, object]], percent: float | None
) -> None:
    shown = populations.shares(population(rows), tables.ARMS.frame(ARMS))
    assert list(shown["percent"]) == ([] if percent is None else [percent])


def test_an_arm_of_unknown_size_gives_no_share() -> None:
    arms = tables.ARMS.frame([{**ARMS[0], "n_randomised": None}, ARMS[1]])
    assert populations.shares(population([{"n": 25}]), arms).empty


def test_trials_are_told_by_shares_of_like_categories_else_by_words() -> None:
    like = Modifier(characteristics=["grade", "ki67"], label="Grade", why="it may",
                    alike={"low": ["1", "G1"], "high": ["3"]})  # fmt: skip
    arms = [{"trial": trial, "arm": "a", "treatment": "a", "n_randomised": 10} for trial in "tuvw"]
    rows = [
        {"trial": "t", "characteristic": "grade", "category": "3", "percent": 40.0},
        {"trial": "t", "characteristic": "grade", "category": "1", "percent": 60.0},
        {"trial": "t", "characteristic": "ki67", "category": "median", "value": "9 %"},
        {"trial": "u", "characteristic": "grade", "category": "G1", "n": 10},
        {"trial": "v", "characteristic": "ki67", "category": "eligible", "value": "below 10 %"},
        {"trial": "w", "characteristic": "sex", "category": "female", "percent": 50.0},
    ]
    (panel,) = populations.panels(population(rows), tables.ARMS.frame(arms), [like], list("tuvw"))
    assert panel.bars == {"t": {"low": 60.0, "high": 40.0}, "u": {"low": 100.0, "high": 0.0}}
    assert list(panel.bars["t"]) == ["low", "high"], "like categories have one order and colour"
    assert panel.words == {"v": "Ki67, eligible: below 10 %"}


def test_every_cell_of_a_contribution_is_a_share_and_small_ones_are_empty(tmp_path: Path) -> None:
    shares = {"A v B": {"alba": 0.7, "bridge or prior": 0.3}, "C v B": {"alba": 0.001, "birch": 1}}
    with style.styled():
        style.save(
            contribution.draw(shares, ["alba", "birch", "bridge or prior"]), tmp_path / "f.svg"
        )
    assert re.findall(r"\d+", texts(tmp_path / "f.svg")) == ["70", "30", "100"]


def test_the_funnel_names_its_trials_and_has_one_colour_a_comparison(tmp_path: Path) -> None:
    points = {"A v B": [("ALBA", -0.2, 0.2), ("BIRCH", 0.1, 0.1)], "C v B": [("CEDAR", 0.3, 0.3)]}
    with style.styled():
        style.save(funnel.draw(points), tmp_path / "f.svg")
    for name in ("ALBA", "BIRCH", "CEDAR", "A v B", "C v B"):
        assert name in texts(tmp_path / "f.svg")


def test_a_bridge_that_need_not_be_wrong_has_no_turning_point() -> None:
    with style.styled():
        for name, turning in (("sure", 3.0), ("open", 1.0)):
            figure = tipping.draw({"A v B": (Interval(0.2, 0.1, 1 / 3 if turning > 1 else 1.2),
                                             turning)})  # fmt: skip
            turns = [line for line in figure.axes[0].lines if set(line.get_xdata()) == {3.0}]
            assert len(turns) == (name == "sure")


def test_draws_from_a_grid_make_no_comb() -> None:
    """Bars follow the density of the draws also where their values are few and uneven."""
    shares = (np.arange(31) + 0.5) / 31
    draws = np.repeat(stats.halfnorm.ppf(shares, scale=0.5), 100)
    figure = prior.draw({"Random effects": draws}, 0.5, "tau")
    bars = [bar for bar in figure.axes[0].patches if bar.get_x() + bar.get_width() < 1]
    assert len(bars) > 10
    for bar in bars:
        middle = bar.get_x() + bar.get_width() / 2
        assert bar.get_height() == pytest.approx(stats.halfnorm.pdf(middle, scale=0.5), rel=0.2)
