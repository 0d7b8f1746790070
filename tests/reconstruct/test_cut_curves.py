"""One curve of a figure that was digitised in part, while the other goes on to its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.trials import ARMS, Trial, published, simulated

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Floats, Patients
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.inputs import ArmInput, TrialInput
from evinet.reconstruct.lattice import _some, reconstruct
from evinet.reconstruct.quality import assess
from evinet.reconstruct.unseen import Tail, events

LINES = ("points", "clicked", "corners375", "vector", "raster375")
CODES = {"curve-ends-early", "curve-may-end-early"}
NEAR = 0.03  # of ln HR, that `good` promises
WITH_EVENTS = 0.05  # within which ln HR is known where a curve was cut and the events are known
TRIALS = {index: simulated(3, index, 150) for index in (1, 6)}


def given(trial: Trial, style: str) -> TrialInput:
    """Curves to their ends, and numbers at risk."""
    if style != "points":
        return published(trial, style, ("at-risk",))
    rng = np.random.default_rng(1)
    made = published(trial, "exact", ("at-risk",))
    return replace(made, arms=tuple(
        replace(arm, curve=anywhere(trial.arms[arm.name], rng)) for arm in made.arms
    ))  # fmt: skip


def anywhere(patients: Patients, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Eighty points of the line, exact, and its end."""
    end = float(patients.time.max())
    time = np.sort(np.append(rng.uniform(0, end, 80), [0.0, end]))
    return time, kaplan_meier(patients).at(time)


def cut(content: TrialInput, name: str, time: float) -> TrialInput:
    """The curve of an arm was digitised up to a time."""

    def shorter(arm: ArmInput) -> ArmInput:
        assert arm.curve is not None
        kept = arm.curve[0] <= time
        return replace(arm, curve=(arm.curve[0][kept], arm.curve[1][kept]))

    return replace(content, arms=tuple(
        shorter(arm) if arm.name == name else arm for arm in content.arms
    ))  # fmt: skip


def answer(
    content: TrialInput, seed: int = 1, draws: int = 20
) -> tuple[Floats, str, set[tuple[str, str]]]:
    """ln HR of draw 0 and the draws, the grade, and what the flags say of ends, by arm."""
    made = reconstruct(content, draws, np.random.default_rng(seed))
    found = zip(*(made.arms[name] for name in ARMS), strict=True)
    log_hr = np.array([hazard_ratio(own, other).log_hr for own, other in found])
    said = {(flag.code, flag.arm) for flag in made.flags if flag.code in CODES}
    return log_hr, assess(content, made, "trial", None)["grade"], said


def truth(trial: Trial) -> float:
    return hazard_ratio(*(trial.arms[name] for name in ARMS)).log_hr


@pytest.mark.parametrize("share", [0.4, 0.55, 0.7])
@pytest.mark.parametrize("style", LINES)
def test_a_line_digitised_in_part_is_said_and_never_good(style: str, share: float) -> None:
    for index, trial in TRIALS.items():
        name = ARMS[index % 2]
        end = share * float(trial.arms[name].time.max())
        log_hr, grade, said = answer(cut(given(trial, style), name, end), draws=60)
        assert said == {("curve-ends-early", name)}, index
        assert grade != "good"
        off = abs(truth(trial) - log_hr[1:].mean())
        assert off <= 3 * log_hr[1:].std() + NEAR, index


@pytest.mark.parametrize("style", ["exact", "rounded375"])
def test_feet_that_stop_while_patients_leave_are_not_taken_for_a_plateau(style: str) -> None:
    for index, trial in TRIALS.items():
        name = ARMS[index % 2]
        end = 0.4 * float(trial.arms[name].time.max())
        log_hr, grade, said = answer(cut(given(trial, style), name, end))
        assert {arm for _, arm in said} == {name}
        assert grade != "good"
        assert log_hr[1:].min() - NEAR <= truth(trial) <= log_hr[1:].max() + NEAR


@pytest.mark.parametrize("printed", [(), ("events",), ("at-risk", "events"), ("at-risk", "marks")])
@pytest.mark.parametrize("style", ["corners375", "exact"])
def test_a_curve_digitised_in_part_is_never_good_whatever_else_is_printed(
    style: str, printed: tuple[str, ...]
) -> None:
    for index, trial in TRIALS.items():
        name = ARMS[index % 2]
        end = 0.5 * float(trial.arms[name].time.max())
        log_hr, grade, said = answer(cut(published(trial, style, printed), name, end))
        assert {arm for _, arm in said} == {name}
        assert grade != "good"
        if "events" in printed and "at-risk" in printed:  # the total tells what is not seen
            assert abs(log_hr[0] - truth(trial)) <= WITH_EVENTS


@pytest.mark.parametrize("style", [*LINES, "exact", "rounded375", "rounded375-end"])
def test_a_whole_curve_keeps_its_grade(style: str) -> None:
    for index, trial in TRIALS.items():
        log_hr, grade, said = answer(given(trial, style))
        assert not said
        hard = style in ("clicked", "points")  # points anywhere: their bands are too narrow
        assert grade == ("fair" if hard else "good"), index
        assert abs(log_hr[0] - truth(trial)) <= NEAR


@pytest.mark.parametrize("style", ["corners375", "raster375", "exact", "rounded375"])
def test_an_arm_that_was_followed_for_less_is_not_called_cut(style: str) -> None:
    """The treated left by 12 months, the control by 24: nobody is at risk where the line ends."""
    rng = np.random.default_rng(4)
    arms = {}
    for name, mean, end in zip(ARMS, (14, 9), (12, 24), strict=True):
        death, censoring = rng.exponential(mean, 150), rng.uniform(6, end, 150)
        arms[name] = Patients(np.minimum(death, censoring), (death <= censoring).astype(np.int64))
    trial = Trial("apart", arms, 24.0, 4.0)
    log_hr, grade, said = answer(given(trial, style))
    assert not said
    assert grade == "good"
    assert abs(log_hr[0] - truth(trial)) <= NEAR


def test_draws_that_are_few_have_their_share_of_what_is_open() -> None:
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        found = _some(share, 200, np.random.default_rng(1))
        assert found.mean() == pytest.approx(share, abs=0.01)
        assert found[:20].mean() == pytest.approx(share, abs=0.051)


def test_events_that_are_not_seen_follow_the_person_time() -> None:
    """Of an even hazard as many are expected in either half, though most leave in the second."""
    tail = Tail(6.0, 4.0, 100.0, np.array([0.0, 50.0, 50.0]), 0.1, None)
    censored = np.array([7, 10, 90])
    rng = np.random.default_rng(1)
    drawn = np.array([events(tail, censored, 12, rng) for _ in range(300)])
    assert (drawn.sum(axis=1) == 12).all()
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 1] <= 10).all()
    assert drawn[:, 1].mean() == pytest.approx(5.5, abs=0.7)  # not 12 of 100 times 10
    assert events(tail, censored, 12, None).tolist() == [0, 6, 6]
    assert events(tail, censored, 100, None).tolist() == [0, 10, 90]


@pytest.mark.parametrize("index", [0, 1, 9])
def test_a_total_that_a_curve_has_not_reached_is_in_every_draw(index: int) -> None:
    """Curves digitised up to 60 % of the axis: the total itself says that they have no plateau."""
    trial = simulated(77, index)
    content = published(trial, "cut375", ("at-risk", "events"), 77)
    made = reconstruct(content, 30, np.random.default_rng(1))
    for name, patients in trial.arms.items():
        found = {int(each.event.sum()) for each in made.arms[name]}
        assert found == {int(patients.event.sum())}, name
        assert {"curve-ends-early"} <= {flag.code for flag in made.flags if flag.arm == name}
    assert "events-contradict-curve" not in {flag.code for flag in made.flags}
    assert assess(content, made, "trial", None)["grade"] != "good"


def test_a_total_that_nothing_after_the_end_of_a_curve_explains_contradicts_it() -> None:
    """One of 100 dies in each of 20 months; the total would have 75 of 81 die in the next 20."""
    time = np.arange(1.0, 21.0)
    curve = np.append(0.0, time), np.append(1.0, 1 - time / 100)
    table = np.array([0.0, 10.0, 20.0, 40.0]), np.array([100, 91, 81, 1])
    arm = ArmInput("a", 100, curve, table, events=21)
    other = replace(arm, name="b", events=95)
    made = reconstruct(TrialInput((arm, other)), 5, np.random.default_rng(1))
    said = [f for f in made.flags if f.code == "events-contradict-curve"]
    assert [f.arm for f in said] == ["b"]
    assert "the curve has about 20" in said[0].message
    assert {int(each.event.sum()) for each in made.arms["a"]} == {21}
    assert max(int(each.event.sum()) for each in made.arms["b"]) < 95
