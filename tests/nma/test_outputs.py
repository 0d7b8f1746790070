"""What comes back: natural scale, matrix, workbook, draws, ArviZ, figures and the report."""

from __future__ import annotations

import re
from pathlib import Path

import arviz as az
import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet.nma import Network, plot
from evinet.nma.command import nma
from evinet.nma.fit.exact import Mixture

STRANGERS = Path(__file__).parent / "strangers"
ATTACK = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def exact():
    return Network.read(STRANGERS / "netmeta_Senn2013.csv", reference="plac", measure="MD").fit()


@pytest.fixture(scope="module")
def ratios():
    frame = pd.DataFrame({"study": ["S", "T", "U"], "treat1": ["B", "C", "B"],
                          "treat2": ["A", "A", ATTACK], "or": [0.5, 0.8, 0.9],
                          "lower": [0.3, 0.5, 0.6], "upper": [0.8333, 1.28, 1.35]})  # fmt: skip
    return Network.read(frame, reference="A").fit(effects="fixed")


def test_ratios_stand_beside_their_logarithms(ratios, exact):
    table = ratios.natural().set_index(["treatment", "comparator"]).loc[("B", "A")]
    assert table["ratio_q50"] == pytest.approx(0.5, abs=1e-3)
    assert table["ratio_q2.5"] == pytest.approx(np.exp(table["q2.5"]))
    assert not any(name.startswith("ratio") for name in exact.natural())


def test_the_matrix_is_the_league(ratios):
    matrix = ratios.league_matrix().set_index("treatment")
    assert matrix.at["B", "A"] == "0.50 (0.30 to 0.83)"
    assert matrix.at["B", "B"] == "B"
    assert list(matrix.index) == list(matrix.columns)


def test_arviz_leaves_out_what_fit_json_leaves_out(exact):
    rng = np.random.default_rng(1)
    fit = Network.read(pd.DataFrame({
        "study": [f"S{number}" for number in range(20)], "treat1": "B", "treat2": "A",
        "TE": rng.normal(0.3, 0.2, 20), "seTE": 0.2,
    })).fit(effects="fixed")  # fmt: skip
    found = az.loo(fit.idata, var_name="outcome")
    assert found.elpd_loo == pytest.approx(fit.measures()["LOO"]["elpd"], abs=0.1)
    assert exact.idata.observed_data["effect"].size == 28 - 1  # two effects of a three-arm study
    assert exact.idata.log_likelihood["outcome"].sizes["point"] == 26


@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto")
def test_a_sampled_posterior_has_its_statistics_and_draws():
    frame = pd.DataFrame({"study": list("SSTTUU"), "treatment": list("ABABAB"),
                          "r": [9, 5, 8, 6, 12, 7], "n": 50})  # fmt: skip
    fit = Network.read(frame).fit(effects="fixed")
    assert {"diverging", "energy"} <= set(fit.idata.sample_stats)
    assert fit.idata.observed_data["r"].to_numpy().tolist() == [9, 5, 8, 6, 12, 7]
    found = az.loo(fit.idata, var_name="outcome")
    assert found.elpd_loo == pytest.approx(fit.measures()["LOO"]["elpd"], abs=0.05)
    table = fit.effects().set_index("parameter")
    assert fit.draws()["d[B]"].mean() == pytest.approx(table.at["d[B]", "mean"])
    assert fit.plot.svg("chains").startswith("<svg")


def test_help_is_in_groups_with_examples():
    said = CliRunner().invoke(nma, ["--help"]).output
    for title in ("Data:", "Model:", "Survival:", "Output:", "Examples:"):
        assert f"\n{title}\n" in said
    assert said.count("  evinet nma ") >= 5


def test_scales_of_a_grid_have_weighted_quantiles(exact):
    """Points of the grid have weights: their quantiles are not those of equal draws."""
    table = exact.effects().set_index("parameter").loc["tau"]
    tau = exact.scale("tau")
    assert tau.quantile(0.5) == pytest.approx(table["q50"], abs=1e-6)
    drawn = exact.mixture.draws(40_000, np.random.default_rng(1))[1]
    assert tau.quantile(0.5) == pytest.approx(np.median(drawn), abs=0.005)
    one, lots = np.array([0.1, 0.9]), np.array([0.0, 1.0])
    two = Mixture(lots, lots, one, np.zeros((2, 1)), np.zeros((2, 1, 1))).scale("tau")
    assert two.quantile(0.5) > 0.9


def test_draws_are_those_of_the_posterior(exact):
    draws = exact.draws()
    assert draws["d[rosi]"].mean() == pytest.approx(-1.233, abs=0.02)
    assert draws.groupby("chain").size().tolist() == [1000] * 4


@pytest.mark.parametrize("name", plot.FIGURES)
def test_figures_are_drawn(exact, name):
    svg = exact.plot.svg(name)
    assert svg.startswith("<svg")
    if name in ("forest", "network", "ranks"):
        assert "rosi" in svg


def test_deviances_are_drawn_for_each_data_point(exact, ratios):
    """Willms1999 has three arms: two data points, whose deviance is not to be held against 1."""
    measures = exact.measures()
    points = {point["study"]: point for point in measures["points"]}
    assert sum(point["size"] for point in points.values()) == measures["data_points"] == 27
    assert points["Willms1999"]["size"] == 2
    place = list(points).index("Willms1999")
    half = points["Willms1999"]["deviance"] / 2
    assert exact.plot.deviance().collections[0].get_offsets()[place][1] == pytest.approx(half)

    other = exact.network.fit(model="ume")
    drawn = exact.plot.dev_dev(other).collections[0].get_offsets()
    theirs = [point["deviance"] / point["size"] for point in other.measures()["points"]]
    assert list(drawn[:, 0]) == pytest.approx(theirs)
    assert drawn[place][1] == pytest.approx(half)
    with pytest.raises(ValueError, match="of different arms or studies"):
        exact.plot.dev_dev(ratios)
    frame = pd.read_csv(STRANGERS / "netmeta_Senn2013.csv").assign(TE=lambda rows: -rows["TE"])
    turned = Network.read(frame, reference="plac", measure="MD").fit()
    with pytest.raises(ValueError, match="different outcomes of the same studies"):
        exact.plot.dev_dev(turned)


def test_the_report_is_one_safe_file(ratios, tmp_path):
    ratios.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "odds ratio" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "url(http" not in page
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_the_command_writes_all_of_it(tmp_path):
    file = tmp_path / "trials.csv"
    file.write_text(
        "study,treat1,treat2,hr,lower,upper\nS,B,A,0.7,0.5,0.98\nT,=1+1,A,0.9,0.6,1.35\n"
    )
    out = tmp_path / "out"
    said = CliRunner().invoke(nma, [str(file), "--effects", "fixed", "--report", "--save-draws",
                                    "--out", str(out)], catch_exceptions=False).output  # fmt: skip
    assert "hazard ratio (95 % interval)" in said
    assert "0.70 (0.50 to 0.98)" in said
    book = openpyxl.load_workbook(out / "results.xlsx")
    assert {"estimates", "league", "league_matrix", "ranks"} <= set(book.sheetnames)
    assert book["league_matrix"]["A2"].data_type == "s"
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"{name}.{ending}" for name in plot.FIGURES for ending in ("svg", "png")
    }
    found = az.from_netcdf(out / "posterior.nc")
    assert {"posterior", "log_likelihood", "observed_data"} <= set(found.groups())
    assert (out / "draws.csv").exists()
    assert "<html" in (out / "report.html").read_text()


ORDER = "plac,acar,benf,metf,migl,piog,rosi,sita,sulf,vild"


def test_heat_funnel_and_deviances_come_from_the_command(exact, tmp_path):
    said = CliRunner().invoke(nma, [
        str(STRANGERS / "netmeta_Senn2013.csv"), "--measure", "MD", "--reference", "plac",
        "--funnel-order", ORDER, "--dev-dev", "ume", "--report", "--out", str(tmp_path),
    ], catch_exceptions=False)  # fmt: skip
    assert said.exit_code == 0, said.output
    assert {"net_heat.svg", "funnel.png", "dev_dev.svg"} <= {
        path.name for path in (tmp_path / "figures").iterdir()
    }
    other = exact.network.fit(model="ume").measures()["points"]
    beside = pd.read_csv(tmp_path / "dev_dev.csv")
    assert beside["deviance_other"].to_list() == pytest.approx(
        [point["deviance"] / point["size"] for point in other], rel=1e-6
    )
    assert len(pd.read_csv(tmp_path / "net_heat.csv")) == 12 * 12
    assert len(pd.read_csv(tmp_path / "funnel.csv")) == len(exact.funnel(ORDER.split(",")))
    page = (tmp_path / "report.html").read_text()
    for told in ("Net heat plot", "order plac, acar, benf", "unrelated mean effects, random"):
        assert told in page
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--dev-dev", "random"], "is the model itself"),
        (["--dev-dev", "ume", "--class-sigma", "0.1"], "neither a class nor components"),
        (["--class", "B", "--class", "Bee", "--class-sigma", "0.1"], "Bee"),
        (["--funnel-order", "plac,acar"], "does not stand in the order"),
        (["--model", "ume", "--funnel-order", ORDER], "needs consistent effects"),
    ],
)
def test_figures_that_cannot_be_drawn_are_refused(tmp_path, options, said):
    file = str(STRANGERS / "netmeta_Senn2013.csv")
    found = CliRunner().invoke(nma, [file, "--measure", "MD", *options, "--out", str(tmp_path)])
    assert found.exit_code
    assert said in found.output + str(found.exception)
    assert not list(tmp_path.iterdir())
