"""What the answers rest on, in the words of the page."""

from __future__ import annotations

from html import unescape

import pytest

from evinet.report.pages import assumptions, evidence, models, robustness, trials
from evinet.report.results import Results

pytestmark = pytest.mark.usefixtures("site")


def test_contributions_add_up_and_name_what_the_assumption_carries(results: Results) -> None:
    text = unescape(robustness.contribution(results))
    assert "ALBA 60\u00a0%, BIRCH 30\u00a0%, assumption or prior 10\u00a0%" in text
    assert "ALBA alone" in text
    assert "100" not in text


def test_a_comparison_that_only_one_trial_carries_is_said_to_be_unchecked(
    results: Results,
) -> None:
    assert "no evidence left" in unescape(robustness.influence(results))


def test_thresholds_name_the_ratio_and_who_would_be_first(results: Results) -> None:
    text = unescape(robustness.threshold(results))
    assert "Low dose is no longer first with a ratio above 0.90 (Other drug would be first)" in text
    assert "The only trial of its island, so that it decides alone: ALBA." in text


def test_a_trial_without_others_is_not_compared_with_the_model_that_it_made(
    results: Results,
) -> None:
    assert "nothing can be predicted" in unescape(robustness.predictive(results))


def test_priors_that_speak_are_named_and_quiet_ones_are_not(results: Results) -> None:
    text = unescape(robustness.priors(results))
    assert "- tau: prior of tau (the prior speaks)" in text
    assert "- effect of Low dose" not in text


def test_tipping_points_are_with_the_bridge(results: Results) -> None:
    assert "| 3.67 |" in unescape(assumptions.tipping(results))


def test_what_could_not_be_used_is_shown_with_its_reason(results: Results) -> None:
    [left] = trials.excluded(results)
    assert left["reason"] == "its second report has no hazard ratio"


def test_safety_signals_are_shown(results: Results) -> None:
    shown = evidence.table(results, "safety-signals", "Signals", "Drug, Value, Interval, Source")
    assert "1.5\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}4" in unescape(shown)


def test_convergence_is_shown_for_every_model(results: Results) -> None:
    text = unescape(models.convergence(results))
    assert text.count("| 3.0 (3) | 3.0 | 6.0 | 1.001 | 800 | 0 |") == len(results.config.models)


def test_a_finding_of_several_islands_is_said_once(results: Results) -> None:
    text = unescape(robustness.inconsistency(results))
    assert "- Island 1 and Island 2: no closed loop: nothing to test" in text
