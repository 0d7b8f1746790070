"""Effects, references and the correlation in trials of several arms."""

import numpy as np
import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.synthesise.survival import contrasts, design, patients

TRIALS = {"one": ("a", "b", "c"), "two": ("a", "b")}


def people(trials: dict[str, tuple[str, ...]] = TRIALS) -> patients.Patients:
    rng = np.random.default_rng(1)
    rows = [
        (study, name, rng.exponential(5), 1)
        for study, names in trials.items()
        for name in names
        for _ in range(30)
    ]
    return patients.from_frame(pd.DataFrame(rows, columns=["study", "treatment", "time", "event"]))


def published(*rows: tuple) -> contrasts.Contrasts:
    return contrasts.from_frame(pd.DataFrame(rows, columns=["study", "treatment", "diff", "se"]))


THREE = (("p", "a", None, 0.1), ("p", "c", 0.3, 0.2), ("p", "b", 0.1, 0.25))


def test_deviations_of_one_study_have_correlation_one_half() -> None:
    plan = design.build(people(), published(*THREE))
    covariance = plan.deviations @ plan.deviations.T
    rows = list(zip(plan.studies, covariance.diagonal(), strict=True))
    assert [name for name, variance in rows if variance == 0] == ["one", "two"]  # baseline arms
    assert covariance[1, 2] == pytest.approx(0.5)  # arms b and c of study one
    assert covariance[1, 4] == 0  # arm b of study one and of study two
    assert covariance[5, 6] == pytest.approx(0.5)
    assert covariance.diagonal()[plan.free] == pytest.approx(1)


def test_effects_are_against_the_baseline_of_the_study() -> None:
    plan = design.build(people({"one": ("b", "c"), "two": ("a", "b")}), None)
    assert plan.treatments == ["a", "b", "c"]
    assert plan.effects.tolist() == [[0, 0, 0], [0, -1, 1], [0, 0, 0], [-1, 1, 0]]
    assert plan.basic.tolist() == [1, 0, 1]  # b is in both studies


def test_contrasts_of_one_study_share_the_variance_of_its_baseline() -> None:
    found = published(*THREE)
    assert found.rows == [("p", "b", "a"), ("p", "c", "a")]
    assert found.root @ found.root.T == pytest.approx(np.array([[0.0625, 0.01], [0.01, 0.04]]))
    white = contrasts.whitened(found, found.root)
    assert white == pytest.approx(np.eye(2))


def test_the_rough_effects_are_near_the_truth() -> None:
    plan = design.build(people(), published(*THREE))
    effect, covariance = plan.approximation(people().draws[0], published(*THREE))
    assert effect == pytest.approx([0, 0, 0, 0.1, 0.3], abs=0.6)
    assert (np.linalg.eigvalsh(covariance) > 0).all()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((("p", "a", 0.1, 0.1), ("p", "b", 0.2, 0.1)), "0 rows with an empty diff"),
        ((("p", "a", None, None), ("p", "b", 0.2, 0.0)), "no positive standard error"),
        ((("p", "a", None, None), ("p", "b", 0.2, 0.1), ("p", "c", 0.2, 0.1)), "the baseline"),
        ((("p", "a", None, 0.3), ("p", "b", 0.2, 0.1), ("p", "c", 0.2, 0.1)), "between 0 and"),
    ],
)
def test_impossible_contrasts_are_refused(rows: tuple, words: str) -> None:
    with pytest.raises(InputError, match=words):
        published(*rows)


def test_a_disconnected_network_is_refused_unless_each_island_has_a_reference() -> None:
    far = published(("p", "x", None, None), ("p", "y", 0.2, 0.1))
    with pytest.raises(InputError, match="the island of x, y has 0 references"):
        design.build(people(), far)
    plan = design.build(people(), far, ["a", "x"])
    assert plan.basic.tolist() == [0, 1, 1, 0, 1]


def test_the_default_reference_is_in_most_studies() -> None:
    found = published(("p", "c", None, None), ("p", "b", 0.2, 0.1))
    assert design.build(people(), found).references == ["b"]  # in three studies; a and c in two
    assert design.build(people(), None).references == ["a"]


def test_a_trial_enters_once() -> None:
    with pytest.raises(InputError, match="A trial enters once"):
        design.build(people(), published(("one", "a", None, None), ("one", "b", 0.2, 0.1)))


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(InputError, match="z"):
        design.build(people(), None, ["a", "z"])
