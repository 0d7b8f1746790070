"""Covariates: several, in words, of arms; who shares coefficients. Held against arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.nma import ClassEffect, Network

CLASSES = {"A": "control", "B": "old", "C": "old", "D": "new"}
WIDE = {"effects": "normal(0, 10000)", "coefficients": "normal(0, 10000)",
        "intercepts": "normal(0, 10000)"}  # fmt: skip


def table() -> pd.DataFrame:
    """Pairs of treatments; age, year and setting differ between studies."""
    rng = np.random.default_rng(1)
    pairs = [("B", "A"), ("C", "A"), ("D", "A"), ("B", "A"), ("C", "B"), ("D", "A"), ("D", "C"),
             ("B", "A"), ("C", "A"), ("D", "A")]  # fmt: skip
    return pd.DataFrame({
        "study": [f"S{number}" for number in range(len(pairs))],
        "treatment": [first for first, _ in pairs], "comparator": [second for _, second in pairs],
        "diff": rng.normal(-0.5, 0.4, len(pairs)), "se": rng.uniform(0.1, 0.3, len(pairs)),
        "age": rng.uniform(40, 70, len(pairs)).round(1), "year": np.arange(2000, 2020, 2),
        "setting": ["ward", "home", "ward", "ward", "clinic", "home", "clinic", "home", "ward",
                    "clinic"], "class": [CLASSES[first] for first, _ in pairs],
    })  # fmt: skip


def least_squares(x: np.ndarray, frame: pd.DataFrame) -> np.ndarray:
    weight = 1 / frame["se"].to_numpy() ** 2
    return np.linalg.solve(x.T @ (weight[:, None] * x), x.T @ (weight * frame["diff"].to_numpy()))


def fitted(frame: pd.DataFrame, **options: object) -> pd.Series:
    network = Network.from_contrasts(frame, "A")
    fit = network.fit(effects="fixed", priors=WIDE, **options)
    return fit.effects().set_index("parameter")["mean"]


def columns(frame: pd.DataFrame) -> np.ndarray:
    """Of d[B], d[C] and d[D]."""
    return np.array([
        [(own == name) - (other == name) for name in "BCD"]
        for own, other in zip(frame["treatment"], frame["comparator"], strict=True)
    ], float)  # fmt: skip


def test_interactions_of_a_class_are_those_of_its_members():
    """The reference's class has none: Cooper et al. 2009, model 4b."""
    frame = table()
    main, age = columns(frame), (frame["age"] - frame["age"].mean()).to_numpy()
    by_class = np.column_stack([main[:, 0] + main[:, 1], main[:, 2]]) * age[:, None]
    expected = least_squares(np.hstack([main, by_class]), frame)
    found = fitted(frame, covariate="age", interactions="class")
    names = ["d[B]", "d[C]", "d[D]", "beta[old]", "beta[new]"]
    assert found[names].to_numpy() == pytest.approx(expected, abs=1e-4)


def test_several_covariates_and_words_have_their_own_coefficients():
    frame = table()
    main = columns(frame)
    numbers = [frame[name] - frame[name].mean() for name in ("age", "year")]
    words = [(frame["setting"] == word).astype(float) for word in ("clinic", "home")]
    more = np.array([*numbers, *words]).T * main.sum(axis=1)[:, None]
    expected = least_squares(np.hstack([main, more]), frame)
    asked = ("age", "year", "setting")
    found = fitted(frame, covariate=asked)
    names = ["d[B]", "d[C]", "d[D]", "beta[age: all]", "beta[year: all]",
             "beta[setting=clinic: all]", "beta[setting=home: all]"]  # fmt: skip
    assert found[names].to_numpy() == pytest.approx(expected, abs=1e-4)
    there = fitted(frame, covariate=asked, at={"age": 50, "setting": "home"})
    moved = (50 - frame["age"].mean()) * expected[3] + expected[6]
    assert there["d[D]"] == pytest.approx(expected[2] + moved, abs=1e-4)


def test_a_covariate_of_arms_changes_outcomes_and_effects():
    """y = mu + d + b x + beta (x - centre) of the active arms, with flat priors."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({
        "study": np.repeat([f"S{number}" for number in range(8)], 2), "treatment": ["A", "B"] * 8,
        "y": rng.normal(0, 1, 16), "se": rng.uniform(0.2, 0.4, 16),
        "dose": rng.uniform(1, 5, 16).round(2),
    })  # fmt: skip
    studies = np.kron(np.eye(8), np.ones((2, 1)))
    active, dose = (frame["treatment"] == "B").to_numpy(float), frame["dose"].to_numpy()
    x = np.column_stack([studies, active, active * (dose - dose.mean()), dose])
    expected = least_squares(x, frame.rename(columns={"y": "diff"}))[8:]
    fit = Network.from_arms(frame, "A").fit(effects="fixed", priors=WIDE, covariate="dose")
    found = fit.effects().set_index("parameter")["mean"]
    assert found[["d[B]", "beta", "beta[dose]"]].to_numpy() == pytest.approx(expected, abs=1e-3)


def test_exchangeable_coefficients_lie_between_shared_and_separate_ones():
    frame = table()
    shared, separate = (
        fitted(frame, covariate="age", interactions=name) for name in ("shared", "separate")
    )
    names = ["beta[B]", "beta[C]", "beta[D]"]
    for spread, expected in ((1e-6, [shared["beta"]] * 3), (1e3, separate[names].to_numpy())):
        found = fitted(frame, covariate="age", interactions="exchangeable", slope_sigma=spread)
        assert found[names].to_numpy() == pytest.approx(np.array(expected), abs=1e-3)
    between = fitted(
        frame, covariate="age", interactions="exchangeable", slope_sigma="half-normal(0.02)"
    )
    assert np.ptp(between[names]) < np.ptp(separate[names])
    assert 0 < between["sigma"] < 0.05


def test_classes_may_be_told_by_a_column():
    frame = table()
    by_column = fitted(frame, classes=ClassEffect((), 0.1))
    by_name = fitted(frame, classes=ClassEffect(("B", "C"), 0.1))
    pd.testing.assert_series_equal(by_column, by_name)
    equal = fitted(frame, classes=ClassEffect((), 0.0))
    assert equal["d[B]"] == pytest.approx(equal["d[C]"])
    main = columns(frame)
    expected = least_squares(np.column_stack([main[:, 0] + main[:, 1], main[:, 2]]), frame)
    assert equal[["d[B]", "d[D]"]].to_numpy() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"covariate": "age", "interactions": "exchangeable"}, "go together"),
        ({"covariate": "age", "slope_sigma": 0.1}, "go together"),
        ({"covariate": "age", "interactions": "exchangeable", "slope_sigma": -1}, "below 0"),
        ({"interactions": "separate"}, "needs a covariate"),
        ({"covariate": "height"}, "the column is missing"),
        ({"covariate": ("age", "year"), "at": 50}, "is of which of age, year"),
        ({"covariate": "setting", "at": {"setting": "moon"}}, "ward, clinic, home"),
        ({"covariate": ("age", "setting"), "interactions": "exchangeable", "slope_sigma": 0.1},
         "one spread is estimated"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        fitted(table(), **options)


def test_numbers_and_words_in_one_covariate_are_refused():
    frame = table().assign(age=["45", "old", *["50"] * 8])
    with pytest.raises(InputError, match="old"):
        fitted(frame, covariate="age")


def test_a_treatment_without_a_class_is_refused():
    frame = table()
    frame.loc[frame["treatment"] == "D", "class"] = ""
    with pytest.raises(InputError, match="'D': has no class"):
        fitted(frame, covariate="age", interactions="class")


def test_the_units_of_a_covariate_change_nothing_but_its_coefficient():
    """A prior as narrow as the data are weak, so that it would be seen if units entered it."""
    frame = table().assign(days=lambda given: 365.25 * given["age"] - 9)

    def posterior(name: str, prior: dict[str, str]) -> pd.Series:
        fit = Network.from_contrasts(frame, "A").fit(covariate=name, priors=prior, seed=1)
        return fit.effects().set_index("parameter")["q97.5"]

    for prior in ({}, {"coefficients": "normal(0, 0.1) per SD"}):
        years, days = (posterior(name, prior) for name in ("age", "days"))
        assert days.drop("beta").to_numpy() == pytest.approx(years.drop("beta"), rel=1e-6)
        assert days["beta"] == pytest.approx(years["beta"] / 365.25, rel=1e-6)
    asked = {"coefficients": "normal(0, 0.001)"}  # of a step of 1, as it says
    assert posterior("days", asked)["beta"] != pytest.approx(posterior("age", asked)["beta"] / 365)


def test_a_prior_of_coefficients_is_that_of_a_standard_deviation_or_of_one_unit():
    """Two covariates, each by its own standard deviation; it is printed as it may be given."""
    frame = table()
    network = Network.from_contrasts(frame, "A")
    sd = {name: float(np.std(np.repeat(frame[name], 2))) for name in ("age", "year")}
    for prior, unit in (("normal(0, 2) per SD", sd), ("normal(0, 2)", dict.fromkeys(sd, 1.0))):
        fit = network.fit(covariate=["age", "year"], priors={"coefficients": prior})
        assert fit.specification.priors.printed["coefficients"] == prior
        found = dict(zip(fit.specification.names, fit.specification.prior_sd, strict=True))
        for name in sd:
            assert found[f"beta[{name}: all]"] == pytest.approx(2 / unit[name])
