"""The estimators against lifelines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter, NelsonAalenFitter
from lifelines.statistics import logrank_test
from lifelines.utils import median_survival_times, restricted_mean_survival_time

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.patients.nelson_aalen import nelson_aalen


def patients(seed: int, size: int, mean: float, digits: int) -> Patients:
    rng = np.random.default_rng(seed)
    time, censored = rng.exponential(mean, size), rng.uniform(0, 30, size)
    return Patients(
        np.minimum(time, censored).round(digits), (time <= censored).astype(np.int64)
    )  # fmt: skip


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kaplan_meier_median_and_rmst(seed, digits):
    own = patients(seed, 120, 12.0, digits)
    fitted = KaplanMeierFitter().fit(own.time, own.event)
    found, grid = kaplan_meier(own), np.linspace(0, own.time.max(), 50)
    assert found.at(grid) == pytest.approx(fitted.survival_function_at_times(grid).to_numpy())
    assert found.rmst(15.0) == pytest.approx(restricted_mean_survival_time(fitted, 15.0), abs=1e-3)
    limits = median_survival_times(fitted.confidence_interval_).to_numpy().ravel()
    median = found.median()
    assert median.estimate == fitted.median_survival_time_
    assert [median.lower, median.upper] == pytest.approx(sorted(limits))


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cox_and_logrank(seed, digits):
    own, other = patients(seed, 120, 12.0, digits), patients(seed + 50, 80, 8.0, digits)
    frame = pd.concat([
        pd.DataFrame({"time": part.time, "event": part.event, "arm": arm})
        for part, arm in ((own, 1), (other, 0))
    ])  # fmt: skip
    fitted = CoxPHFitter().fit(frame, "time", "event")
    found = hazard_ratio(own, other)
    assert found.log_hr == pytest.approx(fitted.params_["arm"], abs=1e-5)
    assert found.se == pytest.approx(fitted.standard_errors_["arm"], rel=1e-4)
    test = logrank_test(own.time, other.time, own.event, other.event)
    assert found.logrank_p == pytest.approx(test.p_value, rel=1e-6)


def test_an_arm_without_events_has_no_finite_ratio():
    own = Patients(np.array([5.0, 6.0]), np.array([0, 0]))
    other = Patients(np.array([1.0, 2.0, 3.0]), np.array([1, 1, 0]))
    found = hazard_ratio(own, other)
    assert found.log_hr < -5
    assert found.interval().lower is None


def test_a_patient_is_at_risk_at_the_time_of_leaving():
    own = Patients(np.array([1.0, 2.0, 2.0]), np.array([1, 0, 1]))
    assert at_risk(own, np.array([0.0, 1.0, 2.0, 2.1])).tolist() == [3, 3, 2, 0]


@pytest.mark.parametrize("digits", [0, 6])
def test_nelson_aalen(digits):
    own = patients(5, 120, 12.0, digits)
    fitter = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(own.time, own.event)
    times, hazard = nelson_aalen(own)
    assert hazard == pytest.approx(fitter.cumulative_hazard_at_times(times).to_numpy())
