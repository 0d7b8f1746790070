"""Effects on shapes: which treatments patients connect, and against what."""

import numpy as np
import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.data.patients import Patients
from evinet.nma.likelihoods.survival.choice import choose
from evinet.nma.likelihoods.survival.sharing import shape_effects


def people(reference: list[str] | None = None, **studies: str) -> Patients:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        [(study, name, rng.exponential(9), 1) for study, names in studies.items()
         for name in names for _ in range(20)],
        columns=["study", "treatment", "time", "event"],
    )  # fmt: skip
    return Network.from_patients(frame, reference).patients


def test_the_most_frequent_baseline_of_an_island_is_its_reference() -> None:
    found = shape_effects(people(["b", "x"], one="ab", two="bc", three="bd", four="xy"))
    assert found.changed == ["a", "c", "d", "y"]
    assert found.reached("c") == ["a", "b", "c", "d"]
    assert found.reached("x") == ["x", "y"]


def test_arms_differ_from_their_baseline_by_their_effects() -> None:
    found = shape_effects(people(one="ab", two="abc"))
    changed = found.contrasts[:, found.free]
    assert changed.tolist() == [[0, 0], [1, 0], [0, 0], [1, 0], [0, 1]]


def test_one_basis_serves_studies_that_share_effects() -> None:
    mine = people(one="ab", two="bc")
    shared = choose("mspline", mine, False, {"knots": 3, "shapes": "treatment"})
    assert np.array_equal(shared.basis("one").edges, shared.basis("two").edges)
    apart = choose("mspline", mine, False, {"knots": 3})
    assert not np.array_equal(apart.basis("one").edges, apart.basis("two").edges)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"powers": (0.3,)}, "are not powers"),
        ({"powers": (0.0, 1.0, 2.0)}, "are not powers"),
        ({"powers": ()}, "are not powers"),
        ({"shapes": "arm"}, "is not offered"),
    ],
)
def test_a_polynomial_that_is_none_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        choose("fracpoly", people(one="ab"), False, options)
