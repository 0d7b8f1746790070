"""Effects as studies came, against netmeta 3.3-1 on the studies up to a year."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from evinet.errors import InputError
from evinet.nma import Network, command

SENN = Path(__file__).parent / "strangers" / "netmeta_Senn2013.csv"
UP_TO_1999 = {
    "Acarbose": (-0.89245, 0.13343), "Benfluorex": (-0.23, 0.3467),
    "Metformin": (-1.74858, 0.12726), "Miglitol": (-0.94393, 0.12691),
    "Rosiglitazone": (-1.1, 0.1141), "Sulfonylurea": (-1.37858, 0.17382),
}  # fmt: skip
UP_TO_2001 = {**UP_TO_1999, "Pioglitazone": (-1.3, 0.1268)}


@pytest.fixture
def senn():
    table = pd.read_csv(SENN).drop(columns=["treat1", "treat2"])
    table = table.rename(columns={"treat1.long": "treat1", "treat2.long": "treat2"})
    return table.assign(year=table["studlab"].str.extract(r"(\d{4})", expand=False).astype(int))


def test_effects_are_those_of_the_studies_so_far(senn):
    fit = Network.read(senn, reference="Placebo").fit(effects="fixed")
    found = fit.cumulative("year")
    for year, published in ((1999, UP_TO_1999), (2001, UP_TO_2001)):
        mine = found[(found["until"] == year) & (found["comparator"] == "Placebo")]
        ours = mine.set_index("treatment")[["mean", "sd"]]
        assert set(ours.index) == set(published)
        for name, numbers in published.items():
            assert ours.loc[name].to_numpy() == pytest.approx(numbers, abs=5e-5)
    assert found["studies"].max() == 26
    last = found[found["until"] == found["until"].max()]
    league = fit.league()
    assert last["mean"].to_numpy() == pytest.approx(league["mean"].to_numpy())


def test_the_command_writes_them(senn, tmp_path):
    senn.assign(note="x").to_csv(tmp_path / "pairs.csv", index=False)
    options = [str(tmp_path / "pairs.csv"), "--measure", "MD", "--effects", "fixed", "--out",
               str(tmp_path / "out"), "--cumulative"]  # fmt: skip
    result = CliRunner().invoke(command.nma, [*options, "year"])
    assert result.exit_code == 0, result.output
    assert "columns that are not used: note\n" in result.output  # but the year
    assert (tmp_path / "out" / "cumulative.csv").exists()
    missing = CliRunner().invoke(command.nma, [*options, "years"])
    assert isinstance(missing.exception, InputError)
    assert "the column is missing" in str(missing.exception)


def test_a_study_of_two_years_is_refused():
    table = pd.DataFrame({"study": ["S", "S"], "treatment": ["a", "b"], "r": [1, 2], "n": 20,
                          "added": [2001, 2002]})  # fmt: skip
    with pytest.raises(InputError, match="several values for this study"):
        Network.read(table).study_numbers("added")
    with pytest.raises(InputError, match="has rows of several years: 2001, 2002"):
        Network.read(table.rename(columns={"added": "year"}))


def test_a_year_in_words_is_told_once():
    table = pd.DataFrame({"study": "S", "treatment": ["A", "B"], "r": [3, 4], "n": 20,
                          "year": "1999a"})  # fmt: skip
    with pytest.raises(InputError, match=r"1999a.*is not a number") as told:
        Network.read(table).study_numbers("year")
    assert "has no value" not in str(told.value)


def test_a_column_of_two_words_that_is_used_is_not_called_unused(senn, tmp_path):
    renamed = senn.rename(columns={"year": "Year of publication"}).assign(note="x")
    renamed.to_csv(tmp_path / "pairs.csv", index=False)
    result = CliRunner().invoke(command.nma, [
        str(tmp_path / "pairs.csv"), "--measure", "MD", "--effects", "fixed", "--out",
        str(tmp_path / "out"), "--cumulative", "Year of publication",
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "columns that are not used: note\n" in result.output
