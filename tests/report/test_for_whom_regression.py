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
        model=SimpleNamespace(regression=object(), label="By age"), table=lambda _: rows,
        record={"populations": {"cautions": ["The integration error is small", "it extrapolates"]}},
    )  # fmt: skip
    plain = SimpleNamespace(model=SimpleNamespace(regression=None))
    results: Any = SimpleNamespace(
        fits=lambda _: [plain, fit], trial_names={"one": "Trial One"}, labels={"a": "A", "b": "B"},
        config=SimpleNamespace(analyses={"pfs": SimpleNamespace(references=["a"])}),
    )  # fmt: skip
    page = str(for_whom._regressed(results, "pfs"))
    for part in (
        "Trial One",
        "clinic",
        "B against A",
        "0&#46;74",
        "0&#46;50",
        "extrapolates",
        "Marginal",
    ):
        assert part in page
    results.fits = lambda _: [plain]
    assert not for_whom._regressed(results, "pfs")
