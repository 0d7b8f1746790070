"""The matrices of small networks, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.synthesise import columns
from evinet.synthesise.aggregate import design
from evinet.synthesise.aggregate.likelihoods import LIKELIHOODS
from evinet.synthesise.aggregate.network import Columns, read

TEXT = """study,treatment,r,n,x
s1,a,1,10,0
s1,b,2,10,0
s1,c,3,10,0
s2,b,1,10,3
s2,c,2,10,3
s3,a,1,10,0
s3,c,1,10,0
"""


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "arms.csv"
    path.write_text(TEXT)
    return read([path], LIKELIHOODS["binomial", "logit"], "a", Columns(covariate="x"))


def test_consistency(network):
    built = design.build(network)
    assert built.coefficients == ["d[b]", "d[c]"]
    expected = [[0, 0], [1, 0], [0, 1], [0, 0], [-1, 1], [0, 0], [0, 1]]
    np.testing.assert_array_equal(built.effects, expected)


def test_deviations_of_a_study_have_correlation_one_half(network):
    built = design.build(network)
    covariance = built.deviations @ built.deviations.T
    expected = np.diag([0.0, 1, 1, 0, 1, 0, 1])
    expected[1, 2] = expected[2, 1] = 0.5
    np.testing.assert_allclose(covariance, expected, atol=1e-12)


def test_arms_of_one_treatment_deviate_each_for_itself(tmp_path):
    path = tmp_path / "arms.csv"
    path.write_text("study,treatment,arm,r,n\ns1,a,1,1,10\ns1,b,1,2,10\ns1,b,2,3,10\n")
    built = design.build(read([path], LIKELIHOODS["binomial", "logit"], "a", Columns()))
    np.testing.assert_array_equal(built.effects, [[0], [1], [1]])
    covariance = built.deviations @ built.deviations.T
    np.testing.assert_allclose(covariance, [[0, 0, 0], [0, 1, 0.5], [0, 0.5, 1]], atol=1e-12)


def test_unrelated_mean_effects_have_one_coefficient_a_pair(network):
    built = design.build(network, unrelated=True)
    assert built.coefficients == ["d[b vs a]", "d[c vs a]", "d[c vs b]"]
    np.testing.assert_array_equal(built.effects[:, 2], [0, 0, 0, 0, 1, 0, 0])


def test_splits_need_a_path_around_the_studies_that_compare_the_pair(network):
    found = columns.splits(design.rows_of(network), network.treatments, "arms.csv")
    assert found == [("a", "b")]  # through c, in s2 and s3
    built = design.build(network, split=("a", "b"))
    np.testing.assert_array_equal(built.effects[:, -1], [0, 1, 0, 0, 0, 0, 0])
    built = design.build(network, split=("b", "c"))
    np.testing.assert_array_equal(built.effects[:, -1], [0, 0, 1, 0, 1, 0, 0])


def test_interactions_are_centred_at_the_mean_over_studies(network):
    shared = design.build(network, covariate="x")
    np.testing.assert_array_equal(shared.effects[:, -1], [0, -1, -1, 0, 0, 0, -1])
    separate = design.build(network, covariate="x", interactions="separate")
    assert separate.coefficients[2:] == ["beta[b]", "beta[c]"]
    np.testing.assert_array_equal(separate.effects[4, 2:], [-2, 2])
