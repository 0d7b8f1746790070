"""Two trials compared in one population: published results, known truths, and bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from evinet.cli import cli
from evinet.errors import InputError
from evinet.nma.population import maic, margins, stc
from evinet.nma.population.adjust import adjust
from evinet.nma.population.comparison import read
from evinet.nma.population.margins import Margin
from evinet.nma.population.summaries import Summary
from evinet.patients import cox

DATA = Path(__file__).parent / "data"
"""The example of the R package maicplus 0.1.2 (Apache 2.0): simulated patients on A and C,
reconstructed ones on B and C. The results below are those that its tests hold."""
COVARIATES = ["age", "sex_male", "ecog0", "smoke", "n_pr_ther"]
POPULATION = pd.DataFrame({
    "study": ["published"], "n": [300], "age_mean": [51], "age_median": [49], "age_sd": [3.25],
    "sex_male": [147 / 300], "ecog0": [105 / 300], "smoke": [58 / 300], "n_pr_ther_median": [2],
})  # fmt: skip
WITHOUT_MEDIAN = POPULATION.drop(columns="age_median")


@pytest.fixture(scope="module")
def people():
    return pd.read_csv(DATA / "patients.csv")


@pytest.fixture(scope="module")
def published():
    return pd.read_csv(DATA / "published.csv")


def ratios(found, row=-1):
    return np.exp(found.estimates.iloc[row][["estimate", "lower", "upper"]].to_numpy(float))


def test_anchored_maic_of_survival(people, published):
    own = people.drop(columns="r")
    found = adjust(own, published, COVARIATES, population=POPULATION, match_sd=True)
    assert ratios(found, 1) == pytest.approx([0.13675, 0.09450, 0.19789], abs=2e-5)
    assert ratios(found, 2) == pytest.approx([0.57180, 0.48120, 0.67946], abs=2e-5)
    assert ratios(found, 3) == pytest.approx([0.38765, 0.30393, 0.49443], abs=2e-5)
    assert ratios(found) == pytest.approx([0.23916, 0.15906, 0.35959], abs=2e-5)
    assert found.balance["after"].to_numpy() == pytest.approx(found.balance["target"], rel=1e-6)
    assert found.effective == pytest.approx(243.66, abs=0.01)


def test_anchored_maic_of_responses(people):
    own = people.drop(columns=["time", "event"])
    other = pd.DataFrame({"treatment": ["B", "C"], "r": [280, 120], "n": [480, 320]})
    found = adjust(own, other, COVARIATES, population=WITHOUT_MEDIAN, match_sd=True)
    assert ratios(found, 1) == pytest.approx([1.2332036, 0.7710134, 1.9724576], rel=1e-5)
    assert ratios(found) == pytest.approx([0.5285158, 0.3043103, 0.9179084], rel=1e-5)


def test_unanchored_maic(people, published):
    """Weights of the arm alone; TSD 18's warning comes with the result."""
    own = people[people["treatment"] == "A"]
    other = pd.DataFrame({"treatment": ["B"], "r": [280], "n": [400]})
    found = adjust(
        own.drop(columns=["time", "event"]), other, COVARIATES, population=WITHOUT_MEDIAN,
        match_sd=True, unanchored=True,
    )  # fmt: skip
    assert ratios(found, 0)[0] == pytest.approx(1.519481, rel=1e-5)
    assert ratios(found)[0] == pytest.approx(1.083350, rel=1e-5)
    assert ratios(found)[1:] == pytest.approx([0.7268601, 1.614683], rel=2e-3)
    assert "TSD 18" in found.warnings[0]
    survival = adjust(
        own.drop(columns="r"), published[published["treatment"] == "B"], COVARIATES,
        population=POPULATION, match_sd=True, unanchored=True,
    )  # fmt: skip
    assert ratios(survival, 0)[0] == pytest.approx(0.3748981, rel=1e-4)


def test_cox_with_weights_is_that_of_lifelines(people):
    from lifelines import CoxPHFitter

    rng = np.random.default_rng(3)
    frame = people[["time", "event", "age", "smoke"]].head(300).copy()
    frame["time"] = frame["time"].round(0) + 1  # ties
    frame["w"] = rng.uniform(0.2, 3, len(frame))
    found = cox.fit(frame["time"].to_numpy(), frame["event"].to_numpy(),
                    frame[["age", "smoke"]].to_numpy(), frame["w"].to_numpy())  # fmt: skip
    theirs = CoxPHFitter().fit(frame, "time", "event", weights_col="w", robust=True)
    assert found.coefficients == pytest.approx(theirs.params_.to_numpy(), abs=1e-5)
    plain = CoxPHFitter().fit(frame.drop(columns="w"), "time", "event")
    ours = cox.fit(
        frame["time"].to_numpy(), frame["event"].to_numpy(), frame[["age", "smoke"]].to_numpy()
    )
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(
        plain.standard_errors_.to_numpy(), rel=1e-5
    )


def two_trials(size: int, kind: str, seed: int = 5):
    """A trial of patients aged 50, a published one aged 60: age modifies A's and B's effect alike.

    Against C, at age 60, A and B differ by -0.5 on the scale of the linear predictor.
    """
    rng = np.random.default_rng(seed)

    def trial(treatment: str, effect: float, mean: float) -> pd.DataFrame:
        age = rng.normal(mean, 8, 2 * size)
        treated = np.repeat([1.0, 0.0], size)
        z = (age - 60) / 10
        linear = -0.4 + 0.6 * z + treated * (effect + 0.8 * z)
        frame = pd.DataFrame({"treatment": np.where(treated == 1, treatment, "C"), "age": age})
        if kind == "binomial":
            frame["r"] = rng.binomial(1, special.expit(linear))
        elif kind == "normal":
            frame["y"] = linear + rng.normal(size=2 * size)
        else:
            time = rng.exponential(1 / (0.1 * np.exp(linear)))
            frame["time"], frame["event"] = np.minimum(time, 12), (time < 12).astype(int)
        return frame

    ours, theirs = trial("A", -1.0, 52), trial("B", -0.5, 60)
    population = pd.DataFrame({
        "study": ["P"], "age_mean": [theirs["age"].mean()], "age_sd": [theirs["age"].std()],
    })  # fmt: skip
    arms = theirs.drop(columns="age")
    if kind == "binomial":
        grouped = arms.groupby("treatment")["r"].agg(["sum", "count"]).reset_index()
        arms = grouped.set_axis(["treatment", "r", "n"], axis=1)
    elif kind == "normal":
        grouped = arms.groupby("treatment")["y"].agg(["mean", "std", "count"]).reset_index()
        arms = grouped.set_axis(["treatment", "mean", "sd", "n"], axis=1)
    return ours, arms, population


@pytest.mark.parametrize("method", ["maic", "stc"])
@pytest.mark.parametrize(
    ("kind", "truth"), [("normal", -0.5), ("binomial", -0.409), ("survival", -0.399)]
)
def test_adjustment_finds_what_the_plain_comparison_misses(method, kind, truth):
    """Truths are marginal: ln OR by numerical integration, ln HR by Cox of 1.6 million patients."""
    ours, arms, population = two_trials(8000, kind)
    found = adjust(ours, arms, ["age"], method, population=population, resamples=20)
    plain, done = found.estimates["estimate"].iloc[-2:]
    assert abs(plain - truth) > 0.35
    assert done == pytest.approx(truth, abs=2.5 * found.estimates["se"].iloc[-1])
    assert found.estimates["se"].iloc[-1] < 0.11


def test_marginal_and_conditional_effects_differ_and_are_told_apart():
    ours, arms, population = two_trials(8000, "binomial")
    found = adjust(ours, arms, ["age"], "stc", population=population, resamples=50)
    rows = found.estimates[found.estimates["adjusted"]].iloc[:2]
    assert rows["marginal"].tolist() == [True, False]
    assert rows["estimate"].iloc[1] == pytest.approx(-1.0, abs=0.1)  # at the mean age
    assert rows["estimate"].iloc[0] > rows["estimate"].iloc[1] + 0.03


def test_the_ratio_of_proportional_curves_is_theirs():
    time = np.linspace(0.01, 20, 4000)
    other = np.exp(-0.1 * time)
    found = stc.average_ratio(other**0.6, other, np.exp(-0.03 * time))
    assert found == pytest.approx(np.log(0.6), abs=2e-3)


def test_bootstrap_and_robust_errors_are_of_a_size(people):
    own = people.drop(columns=["time", "event"]).iloc[::2]
    other = pd.DataFrame({"treatment": ["B", "C"], "r": [280, 120], "n": [480, 320]})
    on = ["sex_male", "smoke"]
    robust = adjust(own, other, on, population=POPULATION).estimates["se"].iloc[1]
    again = adjust(own, other, on, population=POPULATION, variance="bootstrap", resamples=200)
    assert again.estimates["se"].iloc[1] == pytest.approx(robust, rel=0.2)
    twice = adjust(own, other, on, population=POPULATION, variance="bootstrap", resamples=200)
    pd.testing.assert_frame_equal(again.estimates, twice.estimates)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_weights_reach_any_population_inside_the_patients(seed, size):
    rng = np.random.default_rng(seed)
    names = [f"x{number}" for number in range(size)]
    own = pd.DataFrame(rng.normal(size=(60, size)), columns=names)
    own["treatment"], own["y"] = ["A", "C"] * 30, rng.normal(size=60)
    share = rng.dirichlet(np.full(60, 2.0))
    target = share @ own[names].to_numpy()
    other = pd.DataFrame({"treatment": ["B", "C"], "y": [0, 0], "se": [1, 1]})
    population = pd.DataFrame({f"{n}_mean": [t] for n, t in zip(names, target, strict=True)})
    comparison = read(own, other, names, population.assign(study="P"))
    found = maic.weigh(comparison, comparison.patients)
    weighted = found.weight @ own[names].to_numpy() / 60
    assert weighted == pytest.approx(target, abs=1e-7)
    assert found.effective <= 60.0001


@pytest.mark.parametrize(
    "margin",
    [Margin("normal", 50, 9), Margin("gamma", 17, 12), Margin("lognormal", 3, 2),
     Margin("logitnormal", 0.3, 0.17), Margin("beta", 0.3, 0.17), Margin("bernoulli", 0.3)],
    ids=lambda each: each.family,
)  # fmt: skip
def test_margins_have_the_published_mean_and_spread(margin):
    values = margin.quantile((np.arange(200_000) + 0.5) / 200_000)
    assert values.mean() == pytest.approx(margin.mean, rel=2e-3)
    if margin.family != "bernoulli":
        assert values.std() == pytest.approx(margin.sd, rel=5e-3)


@pytest.mark.parametrize(
    ("family", "mean", "sd", "words"),
    [("gamma", 0, 1, "above 0"), ("lognormal", -1, 1, "above 0"), ("beta", 0, 0.1, "between"),
     ("beta", 1, 0.1, "between"), ("logitnormal", 1.2, 0.1, "between"),
     ("beta", 0.3, 0.46, "standard deviation")],
)  # fmt: skip
def test_margins_that_cannot_be_are_refused(family, mean, sd, words):
    """A share of mean m has a variance below m (1 - m): 0.458 squared for 0.3."""
    with pytest.raises(InputError, match=words):
        margins.margin("x", Summary(mean, sd), None, family, "file")


@pytest.mark.parametrize(
    ("family", "mean", "sd"),
    [("gamma", 0.1, 1), ("beta", 0.3, 0.455), ("logitnormal", 0.9, 0.1), ("normal", -1, 1)],
)
def test_margins_that_can_be_are_taken(family, mean, sd):
    found = margins.margin("x", Summary(mean, sd), None, family, "file")
    assert found == Margin(family, mean, sd)


@pytest.mark.parametrize(("away", "told"), [(0.5, False), (0.75, False), (1.0, True)])
def test_little_overlap_is_told(away, told):
    """Weights that move a normal mean by d standard deviations leave exp(-d^2) of the patients."""
    age = np.repeat(special.ndtri((np.arange(500) + 0.5) / 500), 2)
    own = pd.DataFrame({"treatment": ["A", "C"] * 500, "age": age, "y": age})
    other = pd.DataFrame({"treatment": ["B", "C"], "y": [0, 0], "se": [1, 1]})
    found = adjust(own, other, ["age"], population=pd.DataFrame({"age_mean": [away]}))
    assert found.effective / 1000 == pytest.approx(np.exp(-(away**2)), rel=0.05)
    assert any("More than half" in line for line in found.warnings) is told


def test_points_keep_the_correlation_of_the_patients():
    rng = np.random.default_rng(1)
    both = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 4000)
    people = pd.DataFrame({"study": "S", "a": both[:, 0], "b": np.exp(both[:, 1])})
    found = margins.correlation(people, ["a", "b"])
    assert found[0, 1] == pytest.approx(0.6, abs=0.03)
    own = {"a": Margin("normal", 0, 1), "b": Margin("gamma", 2, 1)}
    points = margins.points(own, found, 4096, np.random.SeedSequence(1))
    assert points["a"].corr(points["b"], method="spearman") == pytest.approx(0.58, abs=0.03)


OWN = pd.DataFrame({
    "treatment": ["A", "C"] * 20, "age": np.linspace(40, 60, 40), "male": [0, 0, 1, 1] * 10,
    "r": [0, 1, 1, 0, 1] * 8,
})  # fmt: skip
OTHER = pd.DataFrame({
    "treatment": ["B", "C"], "r": [20, 30], "n": [50, 50], "age_mean": [51, 52],
    "age_sd": [8, 8], "male": [0.5, 0.6],
})  # fmt: skip


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [
        (OWN, OTHER.assign(male=[63, 60]), ["male", "percentage", "63 percent is 0.63"]),
        (OWN, OTHER.assign(age_sd=0), ["age_sd", "not above 0"]),
        (OWN, OTHER.assign(age_mean=[75, 75]), ["age: mean", "40 to 60", "do not overlap"]),
        (OWN, OTHER.assign(treatment=["B", "D"]), ["--unanchored"]),
        (OWN.drop(columns="age"), OTHER, ["age", "missing in the patients"]),
        (OWN.assign(age=[np.nan, *OWN["age"][1:]]), OTHER, ["row 0", "1 patients", "impute"]),
        (OWN.assign(male=np.where(OWN["male"] == 1, "m", "f")), OTHER, ["male", "are words"]),
        (OWN, OTHER.drop(columns=["age_mean", "age_sd"]), ["age_mean", "published of"]),
        (OWN, OTHER.drop(columns="n"), ["n", "column is missing"]),
        (OWN, OTHER.assign(r=[0, 30]), ["r = 0", "diff, se"]),
        (OWN.assign(r=2), OTHER, ["not 0 or 1"]),
        (OWN.assign(male=1), OTHER, ["male", "same in every patient"]),
        (OWN.assign(e=1.5), OTHER, ["count in an exposure", "--regression"]),
        (OWN.assign(draw=[0, 1] * 20), OTHER, ["2 reconstructions", "--aggregate"]),
        (OWN.assign(study=["S", "T"] * 20), OTHER, ["S, T", "several trials with patients"]),
        (OWN.assign(study="S"), OTHER.assign(study="S"), ["S", "has patients as well"]),
        (OWN, OTHER.assign(study=["S", "T"]), ["S, T", "several trials published"]),
        (OWN, pd.concat([OTHER, OTHER[1:].assign(r=5)]), ["treatment = 'C'", "another row"]),
        (OWN.assign(treatment=["A", "c"] * 20), OTHER, ["c, C", "differ only by case"]),
        (OWN.assign(male=OWN["male"] + 1), OTHER, ["1 and 2", "Write 0 and 1"]),
        (OWN, OTHER.rename(columns={"age_mean": "age_median"}), ["51, 52", "medians of the arms"]),
    ],
)
def test_bad_input_is_told(own, other, said):
    if "--unanchored" in said:
        own = own[own["treatment"] == "A"]
        other = other[other["treatment"] == "B"]
    with pytest.raises(InputError) as raised:
        adjust(own, other, ["age", "male"])
    for part in said:
        assert part in str(raised.value)
    assert ("impute" in str(raised.value)) == ("impute" in said)


CONTRAST = pd.DataFrame({"study": ["S"], "treatment": ["B"], "comparator": ["C"],
                         "lower": [0.6], "upper": [0.9], "age_mean": [51],
                         "male": [0.5]})  # fmt: skip


@pytest.mark.parametrize("measure", ["rr", "rd", "hr", "irr", "smd", "md"])
def test_a_published_effect_on_another_scale_is_refused(measure):
    with pytest.raises(InputError, match="the patients give a ln OR"):
        adjust(OWN, CONTRAST.assign(**{measure: 0.75}), ["age", "male"])


def test_the_level_of_a_published_interval():
    def error(level: float) -> float:
        found = adjust(OWN, CONTRAST.assign(**{"or": 0.735}), ["age", "male"], level=level)
        return float(found.comparison.published.se)

    assert error(90) == pytest.approx(np.log(0.9 / 0.6) / 2 / 1.644854)
    assert error(95) == pytest.approx(np.log(0.9 / 0.6) / 2 / 1.959964)


def test_covariates_are_those_of_the_published_trial():
    given = OTHER[["treatment", "n", "age_mean", "male"]]
    published = OTHER[["treatment", "r", "n"]].assign(study="S")
    for change, said in (({"treatment": ["B", "D"]}, "D.*B and C"), ({"study": "T"}, "T.*has S")):
        with pytest.raises(InputError, match=said):
            adjust(OWN, published, ["age", "male"], population=given.assign(**change))
    known = adjust(OWN, published, ["age", "male"], population=given.assign(study="S"))
    assert known.comparison.target["age"].mean == pytest.approx(51.5)
    whole = pd.DataFrame({"study": ["S"], "treatment": [""], "age_median": [51], "male": [0.5]})
    found = adjust(OWN, published, ["age", "male"], population=whole)
    assert found.comparison.target["age"].median == 51


def test_reconstructions_of_the_published_trial_do_not_count_as_many_patients():
    rng = np.random.default_rng(3)
    size = 200
    drawn = pd.DataFrame({
        "treatment": np.repeat(["B", "C"], size // 2), "time": rng.exponential(10, size),
        "event": rng.integers(0, 2, size),
    })  # fmt: skip
    own = pd.DataFrame({
        "treatment": ["A", "C"] * 60, "time": rng.exponential(9, 120), "event": 1,
        "age": rng.normal(60, 8, 120),
    })  # fmt: skip
    target = pd.DataFrame({"age_mean": [61.0]})
    once = adjust(own, drawn, ["age"], population=target).comparison.published
    same = pd.concat([drawn.assign(draw=number) for number in range(6)])
    again = adjust(own, same, ["age"], population=target)
    assert (again.comparison.published.estimate, again.comparison.published.se) == pytest.approx(
        (once.estimate, once.se)
    )
    spread = pd.concat([
        drawn.assign(draw=number, time=drawn["time"] * rng.uniform(0.5, 2, size))
        for number in range(6)
    ])  # fmt: skip
    found = adjust(own, spread, ["age"], population=target)
    assert found.comparison.published.se > once.se
    assert any("5 reconstructions" in line for line in found.warnings)


def test_the_bootstrap_keeps_the_variance_of_the_published_arm():
    own, other = OWN[OWN["treatment"] == "A"], OTHER[:1]
    few = adjust(own, other, ["age"], unanchored=True, variance="bootstrap", resamples=60)
    many = other.assign(r=2_000_000, n=5_000_000)
    most = adjust(own, many, ["age"], unanchored=True, variance="bootstrap", resamples=60)
    errors = [found.estimates["se"].iloc[-1] for found in (few, most)]
    assert errors[0] ** 2 - errors[1] ** 2 == pytest.approx(1 / 20 + 1 / 30, rel=1e-4)


def test_an_unanchored_comparison_of_anchored_trials_is_refused():
    with pytest.raises(InputError, match="throw the randomisation away"):
        adjust(OWN, OTHER, ["age"], unanchored=True)


def test_the_command(tmp_path):
    OWN.to_csv(tmp_path / "patients.csv", index=False)
    OTHER.to_csv(tmp_path / "arms.csv", index=False)
    result = CliRunner().invoke(cli, [
        "adjust", "--ipd", str(tmp_path / "patients.csv"), "--aggregate",
        str(tmp_path / "arms.csv"), "--on", "age", "--on", "male", "--resamples", "50",
        "--out", str(tmp_path / "out"),
    ], catch_exceptions=False)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "maic: A against B" in result.output
    assert "stc: A against B" in result.output
    estimates = pd.read_csv(tmp_path / "out/estimates.csv")
    assert set(estimates["method"]) == {"maic", "stc"}
    weights = pd.read_csv(tmp_path / "out/weights.csv")
    assert np.average(weights["age"], weights=weights["weight"]) == pytest.approx(51.5, abs=1e-6)
    assert "Effective sample size" in (tmp_path / "out/notes.txt").read_text()
