"""Patients are checked at the door."""

from types import SimpleNamespace

import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.nma import Network, model
from evinet.nma.answers import record
from evinet.nma.data.patients import Patients, build, read


def from_frame(frame: pd.DataFrame, reference: str | None = None) -> Patients:
    """Patients, the reference first and the other treatments by name."""
    people = read(frame)
    names = sorted(set(people["treatment"]), key=lambda name: (name != reference, name))
    return build(people, names)


def rows(*cells: tuple) -> pd.DataFrame:
    names = ["study", "treatment", "time", "event", "draw"][: len(cells[0])]
    return pd.DataFrame(cells, columns=names)


GOOD = (("s", "b", 3.0, 1), ("s", "a", 2.0, 0), ("s", "a", 1.0, 1), ("s", "b", 4.0, 0))


def test_the_reference_is_the_baseline_arm_and_rows_are_sorted() -> None:
    patients = from_frame(rows(*GOOD), reference="b")
    assert patients.arms == [("s", "b"), ("s", "a")]
    assert patients.draws[0].time.tolist() == [3, 4, 1, 2]
    assert patients.incidence.tolist() == [[1, 1]]


def test_arms_without_events_are_named() -> None:
    assert from_frame(rows(*GOOD)).without_events == []
    quiet = [(study, name, time, int(name == "a")) for study, name, time, _ in GOOD]
    assert from_frame(rows(*quiet)).without_events == [("s", "b")]


def test_draw_0_is_kept_apart_when_there_are_others() -> None:
    draws = [(*cells, number) for number in (0, 1, 2) for cells in GOOD]
    patients = from_frame(rows(*draws))
    assert len(patients.draws) == 2
    assert patients.best.time.tolist() == [1, 2, 3, 4]


def test_a_study_with_one_draw_is_the_same_in_all_draws() -> None:
    draws = [(*cells, number) for number in (1, 2, 3) for cells in GOOD]
    real = [("r", *cells[1:], 0) for cells in GOOD]
    patients = from_frame(rows(*draws, *real))
    assert len(patients.draws) == 3
    assert all(len(records.time) == 8 for records in patients.draws)


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        (("s", "a", -1.0, 1), "time", "is not a time"),
        (("s", "a", float("nan"), 1), "time", "is not a time"),
        (("s", "a", float("inf"), 1), "time", "is not finite"),
        (("s", "a", "x", 1), "time", "is not a number"),
        (("s", "a", 1.0, 2), "event", "is not 0 or 1"),
        (("s", "a", 0.0, 1), "time", "time 0"),
        ((None, "a", 1.0, 1), "study", "empty"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(cells: tuple, field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        from_frame(rows(*GOOD, cells))
    problem = caught.value.problems[0]
    assert (problem.field, problem.file) == (field, "the data frame, row 4")
    assert words in problem.message


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (
            rows(
                *[(*cells[:3], cells[3] * (draw == 1), draw) for draw in (1, 2) for cells in GOOD]
            ),
            "s has no event in draw 2",
        ),
        (rows(*[(*c, 1) for c in GOOD], *[(*c, 2) for c in GOOD[:1]]), "lacks an arm"),
        (rows(*GOOD).drop(columns="event"), "the column is missing"),
        (rows(*GOOD).iloc[:0], "has no rows"),
    ],
)
def test_what_makes_no_study_is_refused(frame: pd.DataFrame, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_frame(frame)


def test_studies_without_an_event_are_set_apart() -> None:
    """Also with their treatments; alone they are refused."""
    silent = rows(*GOOD, ("t", "a", 1.0, 0), ("t", "c", 1.0, 0))
    built = model.build(Network.from_patients(silent, "a"), baseline="exponential")
    assert built.apart == ("t",)
    assert built.network.treatments == ["a", "b"]
    assert record._set_apart(SimpleNamespace(network=built.network), ["t"]) == ["c"]
    with pytest.raises(InputError, match="t has no event"):
        model.build(Network.from_patients(silent[silent["study"] == "t"], "a"))


def test_draws_that_differ_between_studies_are_refused() -> None:
    first = [(*cells, number) for number in (1, 2) for cells in GOOD]
    second = [("t", *cells[1:], number) for number in (1, 2, 3) for cells in GOOD]
    with pytest.raises(InputError, match="s has no rows for these draws"):
        from_frame(rows(*first, *second))
