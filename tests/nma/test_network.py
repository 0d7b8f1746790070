"""Tables as strangers write them: what is read, what is refused, and in what words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evinet import usertable
from evinet.errors import InputError
from evinet.nma import Network

CASES = Path(__file__).parent / "cases"


def arms(name: str, **options) -> Network:
    return Network.from_arms(usertable.read(CASES / name), **options)


def published(name: str, **options) -> Network:
    return Network.from_contrasts(usertable.read(CASES / name), **options)


def estimates(fit) -> pd.DataFrame:
    return fit.effects().set_index("parameter")


def test_unrelated_effects_have_one_direction_whatever_a_study_calls_its_baseline():
    fit = published("ume_swapped_baseline.csv", reference="A").fit(model="ume", effects="fixed")
    table = estimates(fit)
    assert [name for name in table.index if "B" in name and "A" in name] == ["d[B vs A]"]
    assert table.loc["d[B vs A]", ["mean", "sd"]].tolist() == pytest.approx([1.0, 0.0707], abs=1e-3)


def test_a_follow_up_means_cloglog():
    fit = arms("time_logit.csv").fit(time="time", effects="fixed")
    assert fit.specification.arms.likelihood.link == "cloglog"
    assert estimates(fit).at["d[B]", "mean"] == pytest.approx(-0.033, abs=0.01)
    with pytest.raises(InputError, match="cloglog"):
        arms("time_logit.csv").fit(time="time", link="logit", effects="fixed")


def test_a_constant_covariate_is_refused():
    with pytest.raises(InputError, match="the same in every study"):
        arms("cov_constant.csv").fit(covariate="x", effects="fixed")


def test_spellings_are_refused_together():
    with pytest.raises(InputError, match="'Placebo, placebo, PLACEBO'"):
        arms("case.csv")


@pytest.mark.parametrize(
    "name", ["caps.csv", "blank.csv", "semicolon.csv", "latin1.csv", "book.xlsx"]
)
def test_separators_encodings_headers_and_empty_rows_are_read(name):
    found = arms(name)
    assert len(found.studies) == 2
    assert len(found.treatments) == 3


def test_a_baseline_written_as_zero_is_a_baseline():
    fit = published("contr_allbase0.csv").fit(effects="fixed")
    assert estimates(fit).loc["d[B]", ["mean", "sd"]].tolist() == pytest.approx(
        [-0.36, 0.17], abs=1e-3
    )


def test_the_empty_cell_is_shown_as_it_is():
    with pytest.raises(InputError, match=r"multi_nobase.csv:2: se = ''"):
        published("multi_nobase.csv")


def test_islands_are_named_with_a_remedy_that_works():
    with pytest.raises(InputError, match="--reference once for each"):
        arms("disc.csv").fit(effects="fixed")
    fit = arms("disc.csv", reference=["A", "C"]).fit(effects="fixed")
    assert set(zip(fit.league()["treatment"], fit.league()["comparator"], strict=True)) == {
        ("A", "B"), ("B", "A"), ("C", "D"), ("D", "C"),
    }  # fmt: skip


def test_a_baseline_in_two_arms_counts_as_both():
    """Its second arm tells the study's baseline; fixed effects of the sums are the same."""
    fit = arms("arm_base.csv", reference="A").fit(effects="fixed")
    frame = pd.DataFrame({"study": ["S1", "S1", "S2", "S2"], "treatment": ["A", "B", "A", "B"],
                          "r": [8, 4, 2, 6], "n": [102, 50, 40, 41]})  # fmt: skip
    summed = Network.from_arms(frame, "A").fit(effects="fixed")
    ours, theirs = estimates(fit).loc["d[B]"], estimates(summed).loc["d[B]"]
    assert ours["mean"] == pytest.approx(theirs["mean"], abs=0.06)
    assert ours["sd"] == pytest.approx(theirs["sd"], rel=0.08)


def test_a_single_arm_is_named_with_its_line():
    with pytest.raises(InputError, match=r"onearm.csv:6: study = 'S3'"):
        arms("onearm.csv")


def test_a_study_in_both_tables_is_one_sentence():
    with pytest.raises(InputError, match="'S1': is already in the network") as caught:
        arms("caps.csv").add_contrasts(usertable.read(CASES / "samestudy_c.csv"))
    assert len(caught.value.problems) == 1


def test_ratios_pairs_and_means_are_read():
    table = estimates(published("hr.csv").fit(effects="fixed"))
    se = np.log(0.98 / 0.5) / (2 * 1.959964)
    assert table.loc["d[B]", ["mean", "sd"]].tolist() == pytest.approx([np.log(0.7), se], abs=1e-3)
    table = estimates(published("pairs.csv", reference="B").fit(effects="fixed"))
    assert table.at["d[A]", "mean"] == pytest.approx(-1.0, abs=1e-3)
    fit = arms("msd.csv", reference="A").fit(effects="fixed")
    assert estimates(fit).at["d[B]", "mean"] == pytest.approx(-0.3, abs=1e-2)


def test_odd_names_stay_text():
    found = arms("odd_names_bom_crlf.csv")
    assert 'A, low "dose"' in found.treatments


@pytest.mark.parametrize("column", ["weight", "weights"])
def test_a_column_that_changes_the_meaning_is_refused(column):
    frame = pd.DataFrame({"study": ["s"] * 2, "treatment": ["a", "b"], "time": [1.0, 2.0],
                          "event": [1, 1], column: [0.5, 0.5]})  # fmt: skip
    with pytest.raises(InputError, match=column):
        Network.from_patients(frame)


def test_an_arm_without_events_is_held_by_the_prior_alone():
    frame = pd.DataFrame({"study": ["s", "s", "t", "t"], "treatment": ["a", "b", "a", "c"],
                          "r": [5, 0, 5, 7], "n": [50] * 4})  # fmt: skip
    fit = Network.from_arms(frame, "a").fit(effects="fixed", priors={"effects": "normal(0, 2)"})
    league = fit.league().set_index(["treatment", "comparator"])["prior_only"]
    assert league.loc[("b", "a")]
    assert league.loc[("b", "c")]
    assert not league.loc[("c", "a")]
    assert fit.summary()["prior_only"] == [["a", "b"], ["b", "c"]]


def test_the_posterior_is_that_of_the_rows_in_any_order():
    frame = usertable.read(CASES / "caps.csv")
    turned = frame.iloc[::-1]
    turned.attrs = frame.attrs
    one, two = (Network.from_arms(each, "A").rows for each in (frame, turned))
    assert set(zip(one["study"], one["treatment"], one["against"], strict=True)) == set(
        zip(two["study"], two["treatment"], two["against"], strict=True)
    )
