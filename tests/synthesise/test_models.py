"""What a configuration may ask of a model, and what is refused at the door."""

import pytest

from evinet.errors import InputError


def test_a_wrong_prior_of_a_model_is_refused_at_the_door(make_config):
    with pytest.raises(InputError, match=r"models.m.tau_prior = 'turner:any': .*no table 'turner'"):
        make_config({"m": {"label": "m", "effects": "random", "tau_prior": "turner:any"}}, ["a"])


def test_a_prior_without_heterogeneity_is_refused(make_config):
    with pytest.raises(InputError, match="tau_prior is set, but effects are fixed"):
        make_config({"m": {"label": "m", "effects": "fixed", "tau_prior": "uniform(0, 1)"}}, ["a"])
