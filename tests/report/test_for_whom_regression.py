"""The page "For whom?" of a model with patients' covariates."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from evinet.report.pages import for_whom


def test_effects_by_population_stand_beside_what_they_are():
    numbers = {"mean": 0.0, "sd": 0.1, "q2.5": -0.2, "q50": 0.0, "q97.5": 0.2}
    rows = [
        {"population": population, "kind": kind, "treatment": "b", "comparator": "a", **numbers,
         "q50": place}
        for population in ("one", "clinic")
        for kind, place in (("conditional", -0.7), ("marginal", -0.3))
    ]  # fmt: skip
    fit = SimpleNamespace(
        model=SimpleNamespace(label="By age"), table=lambda _: rows, failures=[],
        record={"populations": {"cautions": ["The integration error is small", "it extrapolates"]}},
    )  # fmt: skip
    analysis = SimpleNamespace(
        references=["a"], models=["plain", "by-age"], title="Response", modifiers=[]
    )
    results: Any = SimpleNamespace(
        fit=lambda _, name: {"by-age": fit}[name], trial_names={"one": "Trial One"},
        labels={"a": "A", "b": "B"},
        analysis=lambda _: analysis, supporting={}, counted={"response": analysis},
        config=SimpleNamespace(
            analyses={},
            models={"plain": SimpleNamespace(regression=None),
                    "by-age": SimpleNamespace(regression=object())},
        ),
    )  # fmt: skip
    page = str(for_whom._regressed(results, "pfs"))
    for part in (
        "Trial One",
        "clinic",
        "B vs A",
        "0&#46;74",
        "0&#46;50",
        "extrapolates",
        "Marginal ratio",
    ):
        assert part in page
    assert page in str(for_whom.every(results))  # also of counts of responses
    fit.failures = ["R-hat 1.2 is above 1.01"]
    assert "By age did not converge" in str(for_whom.every(results))
    analysis.models = ["plain"]
    assert not for_whom._regressed(results, "pfs")
