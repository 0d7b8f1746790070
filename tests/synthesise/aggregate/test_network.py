"""Reading a network of plain CSV, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from evinet.errors import InputError
from evinet.synthesise.aggregate.likelihoods import LIKELIHOODS
from evinet.synthesise.aggregate.network import Columns, Network, read

BINOMIAL = LIKELIHOODS["binomial", "logit"]
NORMAL = LIKELIHOODS["normal", "identity"]


@pytest.fixture
def network(tmp_path):
    def make(text: str, likelihood=BINOMIAL, reference=None, columns=None) -> Network:
        path = tmp_path / "arms.csv"
        path.write_text(text)
        return read([path], likelihood, reference, columns or Columns())

    return make


def test_the_reference_is_first_and_the_baseline_of_its_studies(network):
    found = network(
        "study,treatment,r,n\ns1,b,1,10\ns1,a,2,10\ns2,c,1,9\ns2,b,2,9\n", reference="b"
    )
    assert found.treatments == ["b", "a", "c"]
    assert list(found.arms["treatment"]) == ["b", "a", "b", "c"]


def test_without_a_reference_it_is_the_treatment_in_most_studies(network):
    found = network("study,treatment,r,n\ns1,a,1,10\ns1,b,2,10\ns2,b,1,9\ns2,c,2,9\n")
    assert found.reference == "b"


def test_a_study_without_outcomes_enters_by_its_contrasts(network):
    found = network(
        "study,treatment,y,se,diff\ns1,a,1,0.5,\ns1,b,2,0.5,\ns2,a,,,\ns2,b,,0.7,0.9\n", NORMAL
    )
    assert set(found.arms["study"]) == {"s1"}
    assert list(found.contrasts["diff"].dropna()) == [0.9]


def test_a_column_tells_arms_of_one_treatment_apart(network):
    found = network(
        "study,treatment,arm,r,n\ns1,b,1,1,10\ns1,a,1,2,10\ns1,b,2,3,10\n", reference="a"
    )
    assert list(found.arms["treatment"]) == ["a", "b", "b"]
    assert list(found.arms["x"]) == [2, 1, 3]
    with pytest.raises(InputError, match="baseline"):
        network("study,treatment,arm,r,n\ns1,a,1,1,10\ns1,a,2,2,10\ns1,b,1,3,10\n", reference="a")


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        ("s1,a,1,10\ns1,b,11,10", "r", "above n"),
        ("s1,a,1,10\ns1,b,-1,10", "r", "below 0"),
        ("s1,a,1,10\ns1,b,1.5,10", "r", "whole number"),
        ("s1,a,1,10\ns1,b,many,10", "r", "not a number"),
        ("s1,a,1,10\ns1,b,1,", "n", "missing"),
        ("s1,a,1,10\ns1,b,0,0", "n", "above 0"),
        ("s1,a,1,10\ns1,a,1,10", "treatment", "twice"),
        ("s1,a,1,10", "study", "single arm"),
        ("s1,a,1,10\ns1,,1,10", "treatment", "empty"),
        ("s1,a,1,10\ns1,b,1,inf", "n", "not a number"),
        ("s1,a,1,10\ns1,b,1,10\ns2,c,1,10\ns2,d,1,10", "treatment", "2 islands"),
    ],
)
def test_bad_rows_are_named(network, rows, field, words):
    with pytest.raises(InputError) as caught:
        network(f"study,treatment,r,n\n{rows}\n")
    (problem,) = caught.value.problems
    assert problem.field == field
    assert words in problem.message
    assert problem.remedy


def test_all_problems_come_at_once_with_their_lines(network):
    with pytest.raises(InputError) as caught:
        network("study,treatment,r,n\ns1,a,12,10\ns1,b,-1,10\n")
    assert [problem.line for problem in caught.value.problems] == [3, 2]


def test_a_missing_column_is_named_with_those_there(network):
    with pytest.raises(InputError, match="events"):
        network("study,treatment,events,n\ns1,a,1,10\ns1,b,1,10\n")


def test_an_unknown_reference_is_refused(network):
    with pytest.raises(InputError, match="no treatment"):
        network("study,treatment,r,n\ns1,a,1,10\ns1,b,2,10\n", reference="x")


def test_the_baseline_of_a_multi_arm_study_needs_its_own_se(network):
    text = "study,treatment,diff,se\ns1,a,,\ns1,b,1,0.5\ns1,c,2,0.6\n"
    with pytest.raises(InputError, match="covariance"):
        network(text, None)
    found = network(text.replace("s1,a,,", "s1,a,,0.3"), None)
    assert list(found.contrasts["treatment"]) == ["a", "b", "c"]


def test_a_covariate_has_one_value_a_study(network):
    text = "study,treatment,r,n,x\ns1,a,1,10,1\ns1,b,2,10,2\n"
    with pytest.raises(InputError, match="differs between the arms"):
        network(text, columns=Columns(covariate="x"))


def test_an_empty_file_is_refused(network, tmp_path):
    (tmp_path / "none.csv").write_text("")
    with pytest.raises(InputError, match="not a table"):
        read([Path(tmp_path / "none.csv")], BINOMIAL, None, Columns())
