"""Events that are known to have happened between two times."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner
from lifelines import WeibullAFTFitter
from tests.nma.survival.test_entry import distribution
from tests.nma.survival.test_likelihood import BASELINES, NAMES, point
from tests.nma.survival.test_shapes import of_graph

from evinet import usertable
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.answers.fit_measures import parts
from evinet.nma.answers.patients import normal_summaries
from evinet.nma.command import nma
from evinet.nma.data import patients as patient_data
from evinet.nma.model import Model
from evinet.nma.population import regression

QUICK = {"weibull", "lognormal", "mspline study 4"}
EVERY = [*BASELINES, ("piecewise", {"knots": 3})]
EVERY_NAME = [*NAMES, "piecewise"]


def seen_at_visits(seed: int = 3, size: int = 60) -> pd.DataFrame:
    """Patients of three studies; most are seen at visits alone, some enter late."""
    rng, rows = np.random.default_rng(seed), []
    for study, pair in {"one": "ab", "two": "bc", "three": "ac"}.items():
        for treatment in pair:
            own = 0
            while own < size:
                entry = float(rng.uniform(0.3, 4)) if rng.random() < 0.3 else 0.0
                time = float(rng.weibull(1.2)) * {"a": 10, "b": 13, "c": 8}[treatment]
                if time <= entry:
                    continue
                own += 1
                visits = np.append(np.sort(rng.uniform(0, 16, rng.integers(1, 5))), np.inf)
                lower = max(visits[visits < time].max(initial=0.0), entry)
                upper = visits[visits >= time].min()
                if rng.random() < 0.2:
                    lower = upper = time
                rows.append((study, treatment, lower, upper, entry))
    return pd.DataFrame(rows, columns=["study", "treatment", "lower", "upper", "entry"])


def built(frame: pd.DataFrame, name: str, options: dict[str, Any]) -> Model:
    return models.build(
        Network.from_patients(frame), effects="fixed", baseline=name, settings=options
    )


def marked(names: list[str]) -> list[Any]:
    """Names of baselines, slow but for one of each kind."""
    return [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in names]


@cache
def somewhere(name: str) -> tuple[Model, xr.Dataset, float]:
    """A model of patients with intervals, and a point of it."""
    found = built(seen_at_visits(), *EVERY[EVERY_NAME.index(name)])
    return found, *point(found)


def survival(found: Model, posterior: xr.Dataset, arm: int, time: np.ndarray) -> np.ndarray:
    study, treatment = found.patients.arms[arm]
    effect = posterior["theta"].to_numpy()[:, arm]
    return np.exp(-found.baseline.hazards(posterior, study, treatment, effect, time)[1][0])


@pytest.mark.parametrize("name", marked(EVERY_NAME))
def test_the_likelihood_is_the_sum_over_patients(name: str) -> None:
    """Each patient's part written down from the frame, by the baseline's curve."""
    found, posterior, potential = somewhere(name)
    plain = 0.0
    for (study, treatment), rows in seen_at_visits().groupby(["study", "treatment"]):
        arm = found.patients.arms.index((study, treatment))
        low, high, entry = (rows[name].to_numpy() for name in ("lower", "upper", "entry"))
        exact = low == high
        effect = posterior["theta"].to_numpy()[:, arm]
        hazard = found.baseline.hazards(posterior, study, treatment, effect, low[exact])[0][0]
        seen = np.isfinite(high)
        before = survival(found, posterior, arm, low)
        after = np.where(seen, survival(found, posterior, arm, np.where(seen, high, 0.0)), 0.0)
        plain += hazard.sum() + np.log(before[exact]).sum()
        plain += np.log((before - after)[~exact]).sum()
        plain -= np.log(survival(found, posterior, arm, entry)).sum()
    assert potential == pytest.approx(plain, rel=1e-5, abs=1e-3)
    fit = SimpleNamespace(specification=found, network=found.network, reconstructed=[posterior])
    measured = sum(float(part.log_likelihood[0] @ part.counts) for part in parts(fit))
    assert measured == pytest.approx(plain, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("name", marked(["exponential", "weibull", "lognormal", "loglogistic",
                                         "gengamma"]))  # fmt: skip
def test_the_likelihood_is_that_of_scipy(name: str) -> None:
    found, posterior, potential = somewhere(name)
    plain = 0.0
    for (study, treatment), rows in seen_at_visits().groupby(["study", "treatment"]):
        here = posterior.sel(study=study)
        arm = found.patients.arms.index((study, treatment))
        eta = float(here["mu"].item() + posterior["theta"].to_numpy()[0, arm])
        law = distribution(name, eta, [here[each].item() for each in found.baseline.family.shapes])
        low, high, entry = (rows[name].to_numpy() for name in ("lower", "upper", "entry"))
        exact = low == high
        plain += law.logpdf(low[exact]).sum() + np.log((law.sf(low) - law.sf(high))[~exact]).sum()
        plain -= law.logsf(entry).sum()
    assert potential == pytest.approx(plain, rel=1e-5, abs=1e-3)


COSMESIS = Path(__file__).parents[2] / "validation" / "cosmesis.csv"
"""Finkelstein & Wolfe 1985, Biometrics 41:933: months to breast retraction of the 94 patients of
Beadle et al. 1984, after radiotherapy without (RT) and with chemotherapy (RCT)."""
PUBLISHED = (0.797, 0.29)
"""ln HR by Cox's model and its standard error by the profile likelihood: Huang & Wellner 1995,
University of Washington technical report 290, as the R package coxinterval quotes it."""


def cosmesis() -> Network:
    return Network.from_patients(usertable.read(COSMESIS), "RT")


@pytest.mark.parametrize("entering", [False, True])
def test_the_normal_summary_is_that_of_lifelines(entering: bool) -> None:
    frame = pd.read_csv(COSMESIS).fillna({"upper": np.inf})
    if entering:
        frame["entry"] = np.minimum(frame["lower"], 6.0)
    built = models.build(Network.from_patients(frame, "RT"), effects="fixed")
    fit: Any = SimpleNamespace(specification=built)
    (mean, covariance), *rest = normal_summaries(fit).values()
    frame["x"] = (frame["treatment"] == "RCT") * 1.0
    frame = frame[(frame["lower"] > 0) | np.isfinite(frame["upper"])]
    entry = "entry" if entering else None
    other = WeibullAFTFitter().fit_interval_censoring(
        frame.drop(columns=["study", "treatment"]), "lower", "upper", entry_col=entry
    )
    ratio, shape = other.params_["lambda_", "x"], np.exp(other.params_["rho_", "Intercept"])
    names = [("lambda_", "x"), ("rho_", "Intercept")]
    slope = np.array([-shape, -shape * ratio])
    spread = slope @ other.variance_matrix_.loc[names, names].to_numpy() @ slope
    assert not rest
    assert mean.item() == pytest.approx(-shape * ratio, abs=1e-3)
    assert covariance.item() == pytest.approx(spread, rel=1e-3)
    if not entering:  # that one does not take the hazard to be Weibull's
        assert mean.item() == pytest.approx(PUBLISHED[0], abs=0.5 * PUBLISHED[1])


def test_each_study_is_summarised_as_if_alone() -> None:
    frame = seen_at_visits()

    def summaries(rows: pd.DataFrame, reference: str) -> dict[str, tuple[Any, Any]]:
        found = models.build(Network.from_patients(rows, reference), effects="fixed")
        fit: Any = SimpleNamespace(specification=found)
        return normal_summaries(fit)

    together = summaries(frame, "a")
    assert set(together) == {"one", "two", "three"}
    for study, reference in {"one": "a", "two": "b", "three": "a"}.items():
        (alone,) = summaries(frame[frame["study"] == study], reference).values()
        for own, other in zip(together[study], alone, strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-3, atol=1e-4)


def test_piecewise_hazards_are_constant_between_their_knots():
    baseline = built(seen_at_visits(), "piecewise", {"knots": 3}).baseline
    basis = baseline.basis("one")
    for start, stop in pairwise(basis.edges):
        inside = start + (stop - start) * np.array([0.1, 0.5, 0.9])
        assert basis.hazard(inside) == pytest.approx(basis.hazard(inside[:1]).repeat(3, axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("baseline", ["mspline", "piecewise"])
def test_the_effect_is_as_published(baseline: str) -> None:
    found = cosmesis().fit(effects="fixed", baseline=baseline, seed=1).effects()
    (row,) = found[found["parameter"] == "d[RCT]"].to_dict("records")
    assert row["mean"] == pytest.approx(PUBLISHED[0], abs=0.5 * PUBLISHED[1])
    assert row["sd"] == pytest.approx(PUBLISHED[1], rel=0.1)


@pytest.mark.slow
def test_all_answers_are_given(tmp_path: Path) -> None:
    found = CliRunner().invoke(nma, [
        "--ipd", str(COSMESIS), "--reference", "RT", "--effects", "fixed", "--baseline", "weibull",
        "--out", str(tmp_path),
    ], catch_exceptions=False)  # fmt: skip
    assert "94 patients, one row for each; lower and upper" in found.output
    assert "56 events within intervals, 0 at known times, 38 not seen" in found.output
    assert "events within intervals, so that predictive.csv has no row of it" in found.output
    estimates = pd.read_csv(tmp_path / "estimates.csv").set_index("parameter")
    frame = pd.read_csv(COSMESIS).fillna({"upper": np.inf})
    frame["x"] = (frame["treatment"] == "RCT") * 1.0
    frame = frame.drop(columns=["study", "treatment"])
    law = WeibullAFTFitter().fit_interval_censoring(frame, "lower", "upper")
    assert estimates.loc["d[RCT]", "mean"] == pytest.approx(PUBLISHED[0], abs=0.5 * PUBLISHED[1])
    curve = pd.read_csv(tmp_path / "survival.csv")
    curve = curve[curve["treatment"] == "RT"]
    plain = law.predict_survival_function(pd.DataFrame({"x": [0.0]}), times=curve["time"])
    assert curve["mean"].to_numpy() == pytest.approx(plain[0].to_numpy(), abs=0.03)


FORMS = {
    "empty": "lower,upper\n0,1\n2,2\n3,5\n4,\n",
    "infinite": "left,right\n-Inf,1\n2,2\n3,5\n4,Inf\n",
    "letters": "L,R\nNA,1\n2,2\n3,5\n4,NA\n",
    "interval2": "time,time2\n,1\n2,2\n3,5\n4,\n",
    "interval": "time,time2,event\n1,,2\n2,,1\n3,5,3\n4,,0\n",
    "interval, filled": "time,time2,event\n1,1,2\n2,2,1\n3,5,3\n4,4,0\n",
    "told": "lower,upper,event\n0,1,1\n2,2,1\n3,5,1\n4,,0\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_intervals_are_read_in_the_forms_of_other_programs(tmp_path: Path, form: str) -> None:
    head, *rows = FORMS[form].splitlines()
    arms = [f"s,{name},{row}" for name in "ab" for row in rows]
    (tmp_path / "ipd.csv").write_text("\n".join([f"study,treatment,{head}", *arms]) + "\n")
    found = patient_data.read(usertable.read(tmp_path / "ipd.csv"))
    assert found["time"].tolist() == [0, 2, 3, 4] * 2
    assert found["event"].tolist() == [0, 1, 0, 0] * 2
    assert found["latest"].tolist() == [1, np.inf, 5, np.inf] * 2
    frame = pd.read_csv(tmp_path / "ipd.csv")  # numbers, infinite ones among them
    pd.testing.assert_frame_equal(patient_data.read(frame), found)


@pytest.mark.parametrize(
    ("head", "row", "field", "words"),
    [
        ("lower,upper", "3,2", "upper", "is before lower"),
        ("lower,upper", ",", "lower", "is empty, and so is upper"),
        ("left,right", "-1,2", "left", "is not a time"),
        ("L,R", "0,0", "L", "an event at time 0"),
        ("lower,upper", "soon,2", "lower", "is not a number"),
        ("lower,upper", "Inf,Inf", "lower", "is not a number"),
        ("lower,upper,event", "2,3,0", "event", "contradicts lower and upper"),
        ("lower,upper,event", "2,,1", "event", "contradicts lower and upper"),
        ("lower,upper,event", "2,3,2", "event", "contradicts lower and upper"),
        ("time,time2,event", "0,3,0", "event", "name them entry and time"),
        ("time,time2,event", "2,3,4", "event", "contradicts time and time2"),
        ("time,time2,event", "5,99,1", "event", "contradicts time and time2"),
        ("time,time2,event", "5,9,2", "event", "contradicts time and time2"),
        ("lower,upper,entry", "1,3,2", "entry", "is after lower"),
        ("lower,upper,entry", "2,2,2", "entry", "is not before the patient's time"),
    ],
)  # fmt: skip
def test_a_wrong_interval_is_one_message(
    tmp_path: Path, head: str, row: str, field: str, words: str
) -> None:
    last = {"event": ",3", "entry": ",0"}.get(head.split(",")[-1], "")
    good = [f"s,{name},1,2{last}" for name in "ab"]
    lines = [f"study,treatment,{head}", *good, f"s,a,{row}"]
    (tmp_path / "ipd.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=words) as caught:
        patient_data.read(usertable.read(tmp_path / "ipd.csv"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.field) == (4, field)
    assert problem.remedy


@pytest.mark.parametrize("pair", [("time", "time2"), ("left", "right"), ("lower", "upper")])
@pytest.mark.parametrize("status", ["status", "Censored", "CNSR", "dead", "event_indicator"])
def test_a_status_by_another_name_is_not_passed_over(pair: tuple[str, str], status: str) -> None:
    """Start, stop and status, as R's Surv(time, time2, status) has them."""
    frame = pd.DataFrame({
        "study": "s", "treatment": ["a", "b"] * 2, pair[0]: 0.0, pair[1]: [3.0, 4.0, 5.0, 6.0],
        status: [1, 0, 1, 1],
    })  # fmt: skip
    with pytest.raises(InputError, match=f"tells of events beside {pair[0]}"):
        patient_data.read(frame)


def test_two_ways_of_telling_when_are_refused() -> None:
    frame = seen_at_visits().assign(time=1.0, event=1)
    with pytest.raises(InputError, match="lower, upper and time, event"):
        patient_data.read(frame)
    other = frame.rename(columns={"lower": "left", "upper": "right"})
    assert np.isinf(patient_data.read(other.drop(columns="entry"))["latest"]).all()


def test_intervals_without_one_are_times_and_events() -> None:
    """The same data of the same baseline, so the same compiled model and the same answers."""
    frame = seen_at_visits().drop(columns="entry")
    frame = frame[(frame["lower"] == frame["upper"]) | np.isinf(frame["upper"])]
    event = (frame["lower"] == frame["upper"]).astype(int)
    plain = frame.assign(time=frame["lower"], event=event).drop(columns=["lower", "upper"])
    for name, options in (("mspline", {"knots": 2}), ("piecewise", {"knots": 2}), ("weibull", {})):
        one, other = (built(each, name, options) for each in (frame, plain))
        first, second = graphs.values(one), graphs.values(other)
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[key], second[key]) for key in first)
        assert type(one.baseline) is type(other.baseline)


@pytest.mark.slow
def test_nothing_in_the_graph_tells_how_many_intervals_there_are() -> None:
    one, other = (of_graph(built(seen_at_visits(size=each), "weibull", {})) for each in (30, 60))
    assert one == other


def test_draws_with_other_intervals_have_data_of_one_shape() -> None:
    every = pd.concat([seen_at_visits(seed).assign(draw=seed) for seed in (1, 2)])
    found = built(every, "weibull", {})
    first, second = (graphs.values(found, each) for each in found.patients.draws)
    assert {key: value.shape for key, value in first.items()} == {
        key: value.shape for key, value in second.items()
    }
    for values, records in zip((first, second), found.patients.draws, strict=True):
        assert values["interval_count"].sum() == records.within.sum()


def test_what_cannot_take_intervals_says_so(tmp_path: Path) -> None:
    frame = seen_at_visits()
    frame.to_csv(tmp_path / "ipd.csv", index=False)
    ipd = ["--ipd", str(tmp_path / "ipd.csv"), "--out", str(tmp_path / "out")]
    with pytest.raises(InputError, match=r"under observation late .* or events within intervals"):
        CliRunner().invoke(nma, [*ipd, "--check-proportional"], catch_exceptions=False)
    other = pd.DataFrame({"study": "o", "treatment": ["a", "b"], "time": [1, 2], "event": 1})
    for own in (frame.drop(columns="entry"), other.assign(study="p", time2=[2, 3])):
        with pytest.raises(InputError, match="without --regression"):
            regression.network(own.assign(age=range(len(own))), other, "age")
    late = other.assign(time2=[2, 3], age_mean=1, age_sd=1)
    people = pd.concat([other, other]).assign(study="p", age=[1, 2, 3, 4])
    with pytest.raises(InputError, match="without --regression"):
        regression.network(people, late, "age")
