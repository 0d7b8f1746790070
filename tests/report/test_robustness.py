"""What the answers rest on, in the words of the page."""

from __future__ import annotations

from pathlib import Path

from evinet.report import pages
from evinet.report.results import Results


def test_contributions_add_up_and_name_what_the_bridge_carries(
    results: Results, site: Path
) -> None:
    text = pages.robustness(results)
    assert "ALBA 60\u00a0%, BIRCH 30\u00a0%, bridge or prior 10\u00a0%" in text
    assert "ALBA 100\u00a0%" in text


def test_a_comparison_that_only_one_trial_carries_is_said_to_be_unchecked(
    results: Results, site: Path
) -> None:
    assert "no evidence at all" in pages.robustness(results)


def test_thresholds_name_the_ratio_and_who_would_be_first(results: Results, site: Path) -> None:
    text = pages.robustness(results)
    assert (
        "Low dose is no longer first with a hazard ratio above 0.90 (Other drug would be)" in text
    )


def test_priors_that_speak_are_named_and_quiet_ones_are_not(results: Results, site: Path) -> None:
    text = pages.robustness(results)
    assert "`tau`: prior of tau (the prior speaks)" in text
    assert "- effect of Low dose" not in text


def test_tipping_points_are_with_the_bridge(results: Results, site: Path) -> None:
    text = pages.assumptions(results)
    assert "may be wrong by a factor of" in text
    assert "3.67" in text


def test_what_could_not_be_used_is_shown_with_its_reason(results: Results, site: Path) -> None:
    assert "its second report has no hazard ratio" in pages.trials(results)


def test_safety_signals_are_shown_and_not_pooled(results: Results, site: Path) -> None:
    text = pages.beyond(results)
    assert "1.5 to 4" in text
    assert "never pooled" in text


def test_convergence_is_shown_for_every_model(results: Results, site: Path) -> None:
    text = pages.models(results)
    assert text.count("| 1.001 | 800 | 0 | 3.0 (3) |") == len(results.config.models)


def test_a_finding_of_several_islands_is_said_once(results: Results, site: Path) -> None:
    text = pages.robustness(results)
    assert "- Island 1 and Island 2: no closed loop: nothing to test" in text
