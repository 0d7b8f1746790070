"""The lattice method against trials whose patients are known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from benchmarks.trials import lifelines_trials, published, simulated

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Interval, Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct import lattice_shift, methods
from evinet.reconstruct.inputs import ArmInput, Contrast, Landmark, Reconstruction, TrialInput
from evinet.reconstruct.lattice import reconstruct
from evinet.reconstruct.lattice_censoring import course

TABLE = np.arange(0.0, 25.0, 6.0)


def median(patients: Patients) -> float:
    """Infinite where it is not reached."""
    found = kaplan_meier(patients).median().estimate
    return np.inf if found is None else found


def truth(seed: int, n: int = 120, scale: float = 12.0) -> Patients:
    """Exponential deaths, uniform censoring, follow-up cut at 24 months."""
    rng = np.random.default_rng(seed)
    death = rng.exponential(scale, n)
    censoring = np.minimum(rng.uniform(3, 30, n), 24.0)
    time = np.minimum(death, censoring)
    order = np.argsort(time)
    return Patients(time[order], (death <= censoring).astype(np.int64)[order])


def arm_of(patients: Patients, pixels: int | None = None, name: str = "a") -> ArmInput:
    """The feet of the drops, exact or to the pixels of a plot, and the numbers at risk."""
    curve = kaplan_meier(patients)
    time, survival = curve.time, curve.survival
    if pixels is not None:
        time = np.round(time / 24 * 2 * pixels) / (2 * pixels) * 24
        survival = np.round(survival * pixels) / pixels
    counts = at_risk(patients, TABLE).astype(np.int64)
    return ArmInput(name, n=len(patients.time), curve=(time, survival), at_risk=(TABLE, counts))


def solve(*arms: ArmInput, draws: int = 0, seed: int = 1) -> Reconstruction:
    return reconstruct(TrialInput(arms), draws, np.random.default_rng(seed))


def codes(made: Reconstruction) -> set[str]:
    return {flag.code for flag in made.flags}


@pytest.mark.parametrize(("pixels", "least"), [(None, 0.95), (375, 0.7)])
def test_events_are_exact(pixels: int | None, least: float) -> None:
    right = [
        int(solve(arm_of(patients, pixels)).arms["a"][0].event.sum() == patients.event.sum())
        for patients in map(truth, range(40))
    ]
    assert np.mean(right) >= least


@pytest.mark.parametrize(("pixels", "seed"), [*product([None, 375], range(6))])
def test_printed_numbers_are_met_in_every_draw(pixels: int | None, seed: int) -> None:
    patients = truth(seed)
    arm = replace(arm_of(patients, pixels), events=int(patients.event.sum()))
    made = solve(arm, draws=5)
    assert len(made.arms["a"]) == 6
    for each in made.arms["a"]:
        assert len(each.time) == 120
        assert each.event.sum() == patients.event.sum()
        assert at_risk(each, TABLE).tolist() == at_risk(patients, TABLE).tolist()
        assert (np.diff(each.time) >= 0).all()
        error = kaplan_meier(each).at(TABLE[1:]) - kaplan_meier(patients).at(TABLE[1:])
        assert np.abs(error).max() < 0.02  # one patient, a pixel away


@pytest.mark.parametrize("axis_error", [0.0, 0.5])
def test_the_draws_of_all_arms_share_the_error_of_the_time_axis(axis_error: float) -> None:
    arms = tuple(
        replace(arm_of(patients, 375, name), events=int(patients.event.sum()))
        for name, patients in (("a", truth(3)), ("b", truth(5)))
    )
    trial = TrialInput(arms, axis_error=axis_error)
    made = reconstruct(trial, 60, np.random.default_rng(1)).arms
    first, second = (
        [each.time[each.event == 1].mean() for each in made[name][1:]] for name in ("a", "b")
    )
    pixels = np.std(first) / (24 / 750)
    shared = np.corrcoef(first, second)[0, 1]
    if axis_error:
        assert 0.1 < pixels < 0.5
        assert shared > 0.7
    else:
        assert pixels < 0.1
        assert shared < 0.5


def off(arm: ArmInput, by: float) -> ArmInput:
    """An arm whose curve was read too high as a whole, as where ticks alone are at whole pixels."""
    assert arm.curve is not None
    time, survival = arm.curve
    return replace(arm, curve=(time, np.clip(survival + by, 0, 1)))


def test_bands_hold_the_truth_of_curves_that_are_off_as_a_whole() -> None:
    """Of ten pairs of large arms the bands of the mean survival held 0 of 20, those of ln HR 7."""
    held: list[bool] = []
    ratios: list[bool] = []
    for seed in range(10):
        pair = {"a": truth(seed, 500), "b": truth(100 + seed, 500, 18.0)}
        by = (0.4, -0.4)[seed % 2] / 375
        arms = tuple(off(arm_of(each, 1500, name), by) for name, each in pair.items())
        trial = TrialInput(arms, survival_shift=0.5 / 375)
        drawn = reconstruct(trial, 40, np.random.default_rng(seed)).arms
        means = {name: [kaplan_meier(each).rmst(24) for each in drawn[name][1:]] for name in pair}
        held += [
            min(means[name]) <= kaplan_meier(each).rmst(24) <= max(means[name])
            for name, each in pair.items()
        ]
        found = [hazard_ratio(*both).log_hr for both in zip(*drawn.values(), strict=True)][1:]
        ratios.append(min(found) <= hazard_ratio(*pair.values()).log_hr <= max(found))
    assert sum(held) >= 18
    assert sum(ratios) >= 9


def test_whole_patients_tell_by_how_much_a_curve_is_off() -> None:
    for seed, by in ((1, 0.4), (2, -0.4), (3, 0.0)):
        patients = truth(seed, 300)
        arm = off(arm_of(patients, 3000), by / 375)
        trial = TrialInput((arm,), survival_shift=0.5 / 375)
        best = reconstruct(trial, 0, np.random.default_rng(1)).arms["a"][0]
        times = np.linspace(1, 23, 200)
        error = kaplan_meier(best).at(times) - kaplan_meier(patients).at(times)
        assert abs(error.mean()) < 0.2 / 375


def test_the_arms_of_a_figure_are_off_by_about_the_same() -> None:
    """Where the curves do not tell, they are drawn off together, and one far apart now and then."""
    unclear = np.zeros((1, lattice_shift.COUNT))
    (first, second), central = lattice_shift.common(
        [unclear, unclear], 7000, np.random.default_rng(1)
    )
    assert central == [3, 3]
    assert np.bincount(first).min() > 700
    assert np.corrcoef(first, second)[0, 1] > 0.7
    apart = np.abs(first - second)
    assert (apart <= 2).mean() > 0.8
    assert 0 < (apart == lattice_shift.COUNT - 1).mean() < 0.02


def test_one_arm_tells_by_how_much_the_others_are_off() -> None:
    unclear = np.zeros((1, lattice_shift.COUNT))
    clear = np.full((1, lattice_shift.COUNT), -200.0)
    clear[0, 6] = 0.0
    (first, second), central = lattice_shift.common(
        [clear, unclear], 1000, np.random.default_rng(1)
    )
    assert (first == 6).all()
    assert second.mean() > 4
    assert central[0] == 6


def test_the_curve_comes_back_exactly() -> None:
    patients = truth(3)
    found = kaplan_meier(solve(arm_of(patients)).arms["a"][0])
    assert np.allclose(found.time, kaplan_meier(patients).time)
    assert np.allclose(found.survival, kaplan_meier(patients).survival, atol=1e-5)


def test_the_hazard_ratio_comes_back() -> None:
    errors = []
    for seed in range(15):
        a, b = truth(seed), truth(100 + seed, scale=18.0)
        made = solve(arm_of(a, 375), arm_of(b, 375, "b"))
        errors.append(
            hazard_ratio(made.arms["a"][0], made.arms["b"][0]).log_hr - hazard_ratio(a, b).log_hr
        )
    assert np.median(np.abs(errors)) < 0.005
    assert np.max(np.abs(errors)) < 0.04


def test_marks_are_where_the_censored_are() -> None:
    patients = truth(4)
    marks = np.unique(patients.time[patients.event == 0])
    made = solve(replace(arm_of(patients), marks=marks)).arms["a"][0]
    assert np.allclose(made.time, patients.time)
    assert (made.event == patients.event).all()


def test_the_same_generator_gives_the_same_draws() -> None:
    first, second = (solve(arm_of(truth(5), 375), draws=3, seed=7) for _ in range(2))
    for one, other in zip(first.arms["a"], second.arms["a"], strict=True):
        assert (one.time == other.time).all()
        assert (one.event == other.event).all()


def test_published_ratio_steers_the_draws() -> None:
    a, b = truth(1), truth(2, scale=18.0)
    arms = (arm_of(a, 375), arm_of(b, 375, "b"))
    exact = hazard_ratio(a, b).log_hr
    contrast = Contrast("a", "b", float(np.exp(exact)), stratified=False)
    made = reconstruct(TrialInput(arms, (contrast,)), 10, np.random.default_rng(0))
    drawn = [
        hazard_ratio(*pair).log_hr for pair in zip(made.arms["a"], made.arms["b"], strict=True)
    ]
    assert len(drawn) == 11
    assert np.abs(np.array(drawn) - exact).max() < 0.05


def test_a_total_far_from_the_curve_is_said_to_contradict_it_and_not_followed() -> None:
    patients = truth(6)
    made = solve(replace(arm_of(patients), events=int(patients.event.sum()) + 15))
    assert "events-contradict-curve" in codes(made)
    assert made.arms["a"][0].event.sum() >= patients.event.sum()


def heavily_censored(half: float) -> Patients:
    """800 patients; half of those who have no event are censored by a time."""
    rng = np.random.default_rng(4)
    death, censoring = rng.exponential(36.0, 800), rng.exponential(half / np.log(2), 800)
    time = np.minimum(np.minimum(death, censoring), 24.0)
    return Patients(time, ((death <= censoring) & (death < 24)).astype(np.int64))


@pytest.mark.parametrize("half", [2.0, 6.0])
def test_heavy_censoring_in_a_large_arm_leaves_the_events_open(half: float) -> None:
    patients = heavily_censored(half)
    made = solve(arm_of(patients, 375), draws=20)
    drawn = [int(each.event.sum()) for each in made.arms["a"][1:]]
    assert min(drawn) <= patients.event.sum() <= max(drawn)
    assert max(drawn) - min(drawn) >= 2
    assert "censoring-heavy" in codes(made)


def pictured(patients: Patients, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Both corners of the steps of a picture: columns of pixels, of which neither time 0 nor
    survival 1 is one, quarters of a pixel of survival, and steps of 1.5 pixels or more."""
    wide, high, shift = 775, 376, 0.13
    time = (np.arange(wide) + 0.3) * end / wide
    level = (np.round((kaplan_meier(patients).at(time) * high + shift) * 4) / 4 - shift) / high
    corners = [(0.0, 1.0), (0.0, level[0])]
    for at, below in zip(time[1:], level[1:], strict=True):
        if corners[-1][1] - below >= 1.5 / high:
            corners += [(at, corners[-1][1]), (at, below)]
    at, below = np.array([*corners, (end, corners[-1][1])]).T
    return at, below


@pytest.mark.parametrize(("n", "death", "lost", "end"), [(850, 18, 7, 54), (860, 11, 3.5, 33)])
def test_a_large_arm_in_a_picture_keeps_its_numbers_at_risk_and_events(
    n: int, death: float, lost: float, end: float
) -> None:
    rng = np.random.default_rng(8)
    died, censored = rng.exponential(death, n), rng.exponential(lost, n) * rng.gamma(1.5, 2 / 3, n)
    time = np.minimum(np.minimum(died, censored), end)
    patients = Patients(time, ((died <= censored) & (died < end)).astype(np.int64))
    table = np.linspace(0, end, 10)
    counts = at_risk(patients, table).astype(np.int64)
    arm = ArmInput("a", curve=pictured(patients, end), at_risk=(table, counts))
    made = solve(arm).arms["a"][0]
    assert (at_risk(made, table) == counts).all()
    assert made.event.sum() == pytest.approx(patients.event.sum(), rel=0.05)


def test_heavy_censoring_is_no_doubt_where_the_events_are_known() -> None:
    patients = heavily_censored(6.0)
    known = replace(arm_of(patients, 375), events=int(patients.event.sum()))
    assert "censoring-heavy" not in codes(solve(known))
    assert "censoring-heavy" not in codes(solve(arm_of(patients)))  # exact survival


def test_events_smaller_than_a_pixel_of_a_small_plot_are_not_lost() -> None:
    """2000 patients, 200 x 150 pixels: a row is 13 patients, and a level line hides some events.

    Where nobody is censored for long, noise of survival must not be taken for censoring either.
    """
    trial = simulated(56, 1, 2000)
    table = np.arange(0, trial.end + trial.step / 2, trial.step)
    for patients in trial.arms.values():
        curve = kaplan_meier(patients)
        time = np.append(np.repeat(curve.time, 2), patients.time.max())
        survival = np.append(1.0, np.repeat(curve.survival, 2))  # both ends of every drop
        shown = np.round(time / trial.end * 200) / 200 * trial.end, np.round(survival * 150) / 150
        arm = ArmInput("a", 2000, shown, (table, at_risk(patients, table)))
        found = [int(each.event.sum()) for each in solve(arm, draws=39).arms["a"]]
        assert min(found[1:]) <= patients.event.sum() <= max(found[1:])


@pytest.mark.parametrize(("size", "said"), [(1000, True), (60, False)])
def test_missing_numbers_at_risk_of_a_large_arm_are_no_good_grade(size: int, said: bool) -> None:
    arm = arm_of(truth(3, size), 375)
    kept = np.array([True, True, False, True, True])
    made = solve(replace(arm, at_risk=(TABLE[kept], arm.at_risk[1][kept])))
    assert ("at-risk-gaps" in codes(made)) == said
    assert "at-risk-gaps" not in codes(solve(arm))


def test_contradicting_number_at_risk_is_answered() -> None:
    patients = truth(7)
    arm = arm_of(patients)
    counts = arm.at_risk[1].copy()
    counts[2] -= 15
    made = solve(replace(arm, at_risk=(TABLE, counts)))
    assert len(made.arms["a"][0].time) == 120


def test_no_curve_or_patients_is_no_reconstruction() -> None:
    made = solve(ArmInput("a", n=20), ArmInput("b", curve=(np.array([1.0]), np.array([0.5]))))
    assert made.arms == {}
    assert codes(made) == {"not-reconstructable"}


def test_it_is_what_a_curve_asks_for() -> None:
    arm = arm_of(truth(8))
    trial = TrialInput((arm,))
    assert methods.default(trial) == "lattice"
    rng = np.random.default_rng(0)
    assert methods.reconstruct(trial, None, 2, rng).method == "lattice"


def test_medians_and_landmarks_do_not_disturb_what_they_agree_with() -> None:
    patients = truth(9)
    median = kaplan_meier(patients).median()
    arm = replace(
        arm_of(patients, 375),
        median=Interval(median.estimate, median.lower, median.upper),
        landmarks=(Landmark(12.0, float(kaplan_meier(patients).at(np.array([12.0]))[0])),),
    )
    found = kaplan_meier(solve(arm).arms["a"][0]).median().estimate
    assert found == pytest.approx(median.estimate, abs=0.05)


@pytest.mark.parametrize("printed", [("at-risk", "events"), ("at-risk", "events", "marks")])
def test_exact_drops_of_several_events_are_not_taken_for_clicked_points(
    printed: tuple[str, ...],
) -> None:
    trial = next(each for each in lifelines_trials() if each.name == "lifelines-waltons")
    made = reconstruct(published(trial, "exact", printed, 1), 0, np.random.default_rng(1)).arms
    for name, patients in trial.arms.items():
        found = made[name][0]
        np.testing.assert_allclose(
            found.time[found.event == 1], np.sort(patients.time[patients.event == 1])
        )


def test_bands_of_clicked_curves_hold_the_median() -> None:
    held = []
    for index in range(15):
        trial = simulated(7, index)
        given = published(trial, "clicked", ("at-risk",), 7)
        made = reconstruct(given, 39, np.random.default_rng(index)).arms
        for name, patients in trial.arms.items():
            drawn = sorted(median(each) for each in made[name][1:])
            held.append(drawn[0] <= median(patients) <= drawn[-1])
    assert np.mean(held) >= 0.9


def test_a_drop_in_every_pixel_may_be_many_events() -> None:
    """A large arm that is steep at first: all pixels have a drop, of ten events each.

    How many pixels have one tells no more then; how far the curve falls does.
    """
    trial = simulated(201, 7, 1000)
    made = reconstruct(published(trial, "raster375", ("at-risk",)), 0, np.random.default_rng(1))
    for name, patients in trial.arms.items():
        assert abs(made.arms[name][0].event.sum() - patients.event.sum()) <= 10


def test_those_who_leave_until_nobody_is_left_leave_evenly() -> None:
    times, counts = np.array([0.0, 6.0, 12.0]), np.array([100, 100, 0])
    curve = np.array([0.5, 12.0]), np.array([0.99, 0.98])
    halfway = float(course(curve, (times, counts), None).number(np.array([9.0]))[0])
    assert 40 < halfway < 70  # at an even hazard about 7
