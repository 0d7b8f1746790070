"""Absolute outcomes in a population: what is asked for, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from evinet.errors import InputError
from evinet.nma.answers.absolute import LINKS, parse
from evinet.nma.command import nma
from evinet.nma.likelihoods.arms import EVERY, LIKELIHOODS

LOGIT = LIKELIHOODS["binomial", "logit"]
DATA = Path(__file__).parents[1] / "validation"


@pytest.mark.parametrize(
    "likelihood", [each for each in EVERY if not each.ordered],  # ordered ones: a binomial
    ids=lambda each: f"{each.name} {each.link}",
)  # fmt: skip
@given(value=st.floats(0.01, 0.99))
def test_links_undo_what_likelihoods_fit(likelihood, value):
    eta = LINKS[likelihood.link](np.array([value]))
    assert likelihood.fitted(eta, np.ones(1)) == pytest.approx(value)


def test_a_population_is_a_value_with_or_without_limits():
    assert parse("a clinic=0.2", LOGIT).lower is None
    assert parse("a clinic=0.2:0.1:0.3", LOGIT).upper == 0.3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("clinic", "is not understood"),
        ("clinic=x", "is not understood"),
        ("clinic=0.2:0.1:0.3:0.4", "is not understood"),
        ("=0.2", "needs a name"),
        ("clinic=0.2:0.1", "a value between both"),
        ("clinic=0.2:0.3:0.1", "a value between both"),
        ("clinic=1.2", "out of the range of the logit"),
        ("clinic=0.2:0:0.3", "out of the range of the logit"),
        ("clinic=nan", "out of the range of the logit"),
    ],
)
def test_a_wrong_population_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        parse(text, LOGIT)


def test_contrasts_have_no_population():
    with pytest.raises(InputError, match="no outcome on the reference"):
        parse("clinic=0.2", None)


def test_unrelated_means_have_no_population(tmp_path):
    result = CliRunner().invoke(nma, [
        str(DATA / "smoking.csv"), "--model", "ume", "--population", "clinic=0.1",
        "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    assert result.exit_code == 2
    assert "--population needs consistent effects" in result.output
