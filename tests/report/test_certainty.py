"""The appraisal computes what follows from intervals, and invents nothing else."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evinet import files
from evinet.errors import InputError
from evinet.nma.settings import Margin
from evinet.report import certainty, pages
from evinet.report.numbers import Interval
from evinet.report.results import Results

JUDGEMENT = {
    "analysis": "pfs", "treatment": "placebo", "comparator": "low", "domain": "indirectness",
    "level": "some concerns", "reason": "older patients than those of the question",
}  # fmt: skip


@pytest.mark.parametrize(
    ("lower", "upper", "level"),
    [
        (0.3, 0.7, "no concerns"),
        (0.85, 1.1, "no concerns"),
        (0.6, 0.95, "some concerns"),
        (0.6, 1.2, "some concerns"),
        (0.9, 1.4, "some concerns"),
        (0.6, 1.4, "major concerns"),
    ],
)
def test_imprecision_counts_the_conclusions_that_an_interval_allows(
    lower: float, upper: float, level: str
) -> None:
    assert certainty.imprecision(Interval(lower, lower, upper), 0.8) == level


@given(st.floats(0.05, 5), st.floats(1, 3), st.floats(1, 3), st.floats(0.5, 0.99))
def test_a_wider_interval_is_never_more_precise(
    lower: float, width: float, more: float, smallest: float
) -> None:
    narrow = Interval(lower, lower, lower * width)
    wide = Interval(lower, lower / more, lower * width * more)
    order = certainty.LEVELS.index
    assert order(certainty.imprecision(narrow, smallest)) <= order(
        certainty.imprecision(wide, smallest)
    )
    assert certainty.heterogeneity(narrow, narrow, smallest) == "no concerns"


def test_heterogeneity_counts_what_prediction_adds() -> None:
    here = Interval(0.5, 0.4, 0.7)
    assert certainty.heterogeneity(here, Interval(0.5, 0.3, 0.79), 0.8) == "no concerns"
    assert certainty.heterogeneity(here, Interval(0.5, 0.2, 1.1), 0.8) == "some concerns"
    assert certainty.heterogeneity(here, Interval(0.5, 0.1, 1.9), 0.8) == "major concerns"


def test_without_judgements_nothing_is_judged(results: Results, tmp_path: Path) -> None:
    files.write_text(tmp_path / "empty.yaml", "judgements: []\n")
    text = unescape(pages.certainty.comparisons(results, tmp_path / "empty.yaml"))
    assert not any(f"| {level}" in text for level in certainty.LEVELS)
    assert "awaiting the reviewers: within-study bias, reporting bias and indirectness." in text
    assert "No margin of the configuration is marked" in pages.certainty.smallest(results)
    assert "no closed loop" in text


def test_a_judgement_counts_in_either_direction_with_its_reason(
    results: Results, tmp_path: Path
) -> None:
    files.write_json(tmp_path / "judged.yaml", {"judgements": [JUDGEMENT]})
    margin = Margin(ratio=0.8, source="invented", smallest_important=True)
    config = results.config.model_copy(update={"margins": [margin]})
    opened = replace(results, config=config)
    text = unescape(pages.certainty.comparisons(opened, tmp_path / "judged.yaml"))
    row = next(line for line in text.splitlines() if line.startswith("| Low dose vs Placebo"))
    assert row.count("concerns") == 3
    others = [domain for domain in certainty.JUDGED if domain != JUDGEMENT["domain"]]
    assert f"awaiting the reviewers: {' and '.join(others)}." in text
    assert "older patients" in text


@pytest.mark.parametrize(
    "change", [{"level": "fine"}, {"domain": "mood"}, {"reason": ""}, {"extra": 1}]
)
def test_a_wrong_judgement_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    files.write_json(tmp_path / "wrong.yaml", {"judgements": [{**JUDGEMENT, **change}]})
    with pytest.raises(
        InputError, match=rf"wrong.yaml:\d+: judgements\[.*\].{next(iter(change))} = "
    ):
        certainty.load(tmp_path / "wrong.yaml")
