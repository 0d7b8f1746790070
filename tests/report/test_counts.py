"""Networks of counts: effects are named by the link of the model that gave them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from evinet import files, tables
from evinet.report.exhibits import _counted, _network
from evinet.report.pages import beyond
from evinet.report.results import Results

Counted = Callable[[str, str], Results]


@pytest.fixture
def counted(results: Results, tmp_path: Path) -> Counted:
    """The invented review with a network of counts whose two models are on the scales given."""

    def made(first: str, second: str) -> Results:
        root = tmp_path / "results"
        shutil.copytree(results.root, root, dirs_exist_ok=True)
        shutil.copytree(root / "networks/pfs", root / "networks/counts", dirs_exist_ok=True)
        data = tables.NETWORK_DATA.frame([
            {"study": study, "treatment": treatment, "r": 1, "n": n}
            for study, treatment, n in (("alba", "new", 40), ("alba", "high", 41),
                                        ("birch", "new", 2))
        ])  # fmt: skip
        tables.NETWORK_DATA.write(root / "networks/counts/data.csv", data)
        for name, scale in (("fixed", first), ("random", second)):
            folder = root / "fits/counts" / name
            shutil.copytree(root / "fits/pfs" / name, folder, dirs_exist_ok=True)
            record = files.read_json(folder / "fit.json")
            files.write_json(folder / "fit.json", {**record, "scale": scale})
        asked = results.config.analyses["pfs"].model_copy(
            update={"data": "responses", "models": ["fixed", "random"]}
        )
        return replace(results, root=root, counted={"counts": asked})

    return made


def test_the_network_says_of_how_many_patients_the_counts_are(counted: Counted) -> None:
    found = counted("ln OR", "ln OR")
    drawn = _network(found, "counts").draw()
    texts = " ".join(each.get_text() for axes in drawn.axes for each in axes.texts)
    assert "n = 42" in texts
    assert "n = 41" in texts


@pytest.mark.parametrize(
    ("scale", "name"), [("ln OR", "Odds ratio"), ("ln RR", "Risk ratio"), ("ln HR", "Hazard ratio")]
)
def test_a_measure_that_all_share_heads_the_table_and_the_forest(
    counted: Counted, scale: str, name: str
) -> None:
    found = counted(scale, scale)
    text = unescape(beyond._effects(found, "counts"))
    assert f"| {name} |" in text
    assert "Measure" not in text
    *_, forest = _counted(found, "counts")
    assert f"{name.lower()}s with 95 %" in forest.caption
    assert forest.draw().axes[0].get_xlabel() == f"{name} (log scale)"


def test_differences_are_no_ratios(counted: Counted) -> None:
    found = counted("risk difference", "risk difference")
    fit = found.every_fit("counts")[0]
    references = found.counted["counts"].references
    row = next(each for each in fit.league.to_dict("records") if each["comparator"] in references)
    text = unescape(beyond._effects(found, "counts")).replace("\N{MINUS SIGN}", "-")
    assert f"{row['q50']:.2f}" in text
    assert "| Risk difference |" in text
    predicted = row["predict_q2.5"], row["predict_q97.5"]
    assert " to ".join(f"{end:.2f}" for end in predicted) in text
    assert "Odds ratio" not in text
    assert all(not each.name.endswith("forest") for each in _counted(found, "counts"))


def test_measures_that_differ_are_told_in_each_row(counted: Counted) -> None:
    found = counted("ln OR", "ln RR")
    text = unescape(beyond._effects(found, "counts"))
    assert all(word in text for word in ("Measure", "odds ratio", "risk ratio"))
    *_, forest = _counted(found, "counts")
    titles = [each.get_text() for each in forest.draw().axes[0].texts]
    second = found.config.models["random"].label
    assert all(second not in title for title in titles)
