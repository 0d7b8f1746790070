"""Regressions on patients' covariates: densities against plain sums, published analyses, input.

Newly diagnosed myeloma: patients of three trials and reconstructed patients of two, simulated to
resemble them, as the R package multinma 0.8 has them; results of its vignette (Phillippo et al.
2024, arXiv:2401.12640). Plaque psoriasis: patients of UNCOVER-1, -2, -3 (simulated to resemble
them) and published arms of FIXTURE, from the same package (Phillippo et al. 2020).
"""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import special, stats

from evinet.cli import cli
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.population.regression import network
from evinet.nma.priors import priors
from evinet.nma.settings import Sampler

DATA = Path(__file__).parent / "data"


def trials(kind: str, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Patients of S1 (A, B), published arms of S2 (A, C), and the covariates of these."""
    rng = np.random.default_rng(seed)
    size = 40
    own = pd.DataFrame({
        "study": "S1", "treatment": np.repeat(["A", "B"], size // 2),
        "age": rng.normal(60, 8, size).round(1), "male": rng.integers(0, 2, size),
    })  # fmt: skip
    covariates = pd.DataFrame({
        "study": "S2", "treatment": ["A", "C"], "n": [15, 17], "age_mean": [64.0, 65.0],
        "age_sd": [7.0, 6.5], "male": [0.4, 0.6],
    })  # fmt: skip
    other = pd.DataFrame({"study": "S2", "treatment": ["A", "C"]})
    if kind == "survival":
        own["time"], own["event"] = (
            rng.exponential(10, size).round(2) + 0.1,
            rng.integers(0, 2, size),
        )
        other = pd.DataFrame({"study": "S2", "treatment": np.repeat(["A", "C"], [15, 17])})
        other["time"], other["event"] = rng.exponential(8, 32).round(2) + 0.1, 1
        other.loc[::3, "event"] = 0
    elif kind == "binomial":
        own["r"] = rng.integers(0, 2, size)
        other = other.assign(r=[6, 4], n=[15, 17])
    elif kind == "ordered":  # the published trial does not report the second category
        reached = rng.integers(0, 4, size)
        own[["mild", "good", "best"]] = (reached[:, None] == [1, 2, 3]).astype(int)
        other = other.assign(mild=[5, 4], good=np.nan, best=[3, 7], n=[15, 17])
    elif kind == "poisson":
        own["r"], own["e"] = rng.poisson(2, size), rng.uniform(1, 3, size).round(2)
        other = other.assign(r=[20, 14], e=[30.0, 33.0])
    else:
        own["y"] = rng.normal(3, 2, size)
        other = other.assign(y=[2.5, 3.4], se=[0.4, 0.5])
    return own, other, covariates


def values_at(model: models.Model, seed: int = 3) -> dict[str, np.ndarray]:
    """The likelihood of a model's graph and its variables, at a point."""
    import pytensor

    graph = graphs.graph(model, graphs.values(model))
    rng = np.random.default_rng(seed)
    start = graph.initial_point()
    point = {name: value + 0.2 * rng.standard_normal(np.shape(value))
             for name, value in start.items()}  # fmt: skip
    name = "patients" if model.baseline is not None else "arms"
    potential = next(each for each in graph.potentials if each.name == name)
    kept = [potential, *graph.deterministics, *graph.free_RVs]
    as_written = pytensor.compile.Mode("py", None)  # quickest
    found = pytensor.function(graph.value_vars, graph.replace_rvs_by_values(kept),
                              mode=as_written, on_unused_input="ignore")  # fmt: skip
    outcome = found(*[point[each.name] for each in graph.value_vars])
    return {each.name: np.asarray(value) for each, value in zip(kept, outcome, strict=True)}


def predictors(model: models.Model, at: dict[str, np.ndarray]) -> dict[tuple[str, str], np.ndarray]:
    """theta plus x times slopes of every patient, or point, of each arm."""
    regression, design = model.network.regression, model.design
    slopes = design.slopes @ at["b"]
    found = {}
    for row, pair in enumerate(zip(design.rows["study"], design.rows["treatment"], strict=True)):
        people = regression.patients.get(pair)
        columns = regression.rules[pair][0] if people is None else regression.matrix(people)
        found[pair] = at["theta"][row] + columns @ slopes[row]
    return found


@pytest.mark.parametrize("interactions", ["shared", "separate"])
@pytest.mark.parametrize(
    ("kind", "link"),
    [("binomial", "logit"), ("binomial", "probit"), ("poisson", "log"), ("normal", "identity"),
     ("ordered", "probit"), ("ordered", "logit")],
)  # fmt: skip
def test_density_is_that_of_patients_and_averaged_arms(kind, link, interactions):
    from evinet.nma.terms import Terms

    own, other, covariates = trials(kind)
    categories = ("mild", "good", "best") if kind == "ordered" else ()
    net = network(own, other, "age + male", covariates=covariates, reference="A",
                  categories=categories)  # fmt: skip
    narrow = priors({"coefficients": "normal(0, 0.05)", "effects": "normal(0, 1)",
                     "cuts": "half-normal(1)"})  # fmt: skip
    model = models.build(net, link=link, effects="random", priors=narrow,
                         terms=Terms(interactions=interactions))  # fmt: skip
    at = values_at(model)
    every = predictors(model, at)
    studies = list(dict.fromkeys(model.design.rows["study"]))
    mean = {"logit": special.expit, "probit": special.ndtr, "log": np.exp, "identity": lambda x: x}
    total = 0.0
    for (study, treatment), linear in every.items():
        eta = at["mu"][studies.index(study)] + linear
        if study == "S1":
            people = own[own["treatment"] == treatment]
            if kind == "ordered":  # columns of patients: reach nothing, mild, good, best
                reached = np.column_stack([
                    np.ones(len(eta)), *(mean[link](eta - cut) for cut in (0, *at["cut"])),
                    np.zeros(len(eta)),
                ])  # fmt: skip
                alone = people[["mild", "good", "best"]].to_numpy()
                place = np.where(alone.any(axis=1), 1 + alone.argmax(axis=1), 0)
                each = np.arange(len(eta))
                total += np.log(reached[each, place] - reached[each, place + 1]).sum()
            elif kind == "normal":
                total += stats.norm.logpdf(people["y"], eta, at["residual_sd"][0]).sum()
            elif kind == "binomial":
                total += stats.bernoulli.logpmf(people["r"], mean[link](eta)).sum()
            else:
                total += stats.poisson.logpmf(people["r"], people["e"] * np.exp(eta)).sum()
            continue
        arm = other[other["treatment"] == treatment].iloc[0]
        weights = net.regression.rules[study, treatment][1]
        average = weights @ mean[link](eta)
        if kind == "ordered":
            best = weights @ mean[link](eta - at["cut"][1])
            shares = [1 - average, average - best, best]
            counts = [arm["n"] - arm["mild"] - arm["best"], arm["mild"], arm["best"]]
            total += np.dot(counts, np.log(shares))
            continue
        if kind == "normal":
            total += stats.norm.logpdf(arm["y"], average, arm["se"])
        elif kind == "binomial":
            total += stats.binom.logpmf(arm["r"], arm["n"], average)
        else:
            total += stats.poisson.logpmf(arm["r"], arm["e"] * average)
    assert at["arms"] - total == pytest.approx(left_out(kind, own, other), abs=1e-6)


def left_out(kind: str, own: pd.DataFrame, other: pd.DataFrame) -> float:
    """What the graph leaves out: it does not depend on parameters."""
    half = 0.5 * np.log(2 * np.pi)
    if kind == "normal":
        return len(own) * half + (half + np.log(other["se"])).sum()
    if kind == "ordered":
        return 0.0
    if kind == "poisson":
        each = special.gammaln(own["r"] + 1) - own["r"] * np.log(own["e"])
        return each.sum() + special.gammaln(other["r"] + 1).sum()
    return -sum(stats.binom.logpmf(row["r"], row["n"], 0.5) - row["n"] * np.log(0.5)
                for _, row in other.iterrows())  # fmt: skip


@pytest.mark.parametrize("baseline", ["mspline", "piecewise", "weibull", "lognormal"])
def test_density_of_survival_is_that_of_patients_and_averaged_arms(baseline):
    import xarray as xr

    own, other, covariates = trials("survival")
    net = network(own, other, "age + male", covariates=covariates, reference="A")
    settings = {"knots": 2} if baseline in ("mspline", "piecewise") else {}
    model = models.build(net, effects="fixed", baseline=baseline, settings=settings)
    at, hazards = values_at(model), model.baseline
    dims = {"mu": ("study",), "coefficients": ("stratum", "coefficient"), "step_sd": ("walk",),
            "shape": ("study",), "scale": ("study",)}  # fmt: skip
    samples = xr.Dataset(
        {name: (("sample", *dims[name]), at[name][None]) for name in hazards.saved},
        coords={"study": ["S1", "S2"], **hazards.coordinates()},
    )  # fmt: skip
    total = 0.0
    for (study, treatment), linear in predictors(model, at).items():
        frame = own if study == "S1" else other
        people = frame[frame["treatment"] == treatment]
        time, event = people["time"].to_numpy(float), people["event"].to_numpy()
        every = np.array([
            event * log_hazard[0] - spent[0]
            for log_hazard, spent in (hazards.hazards(samples, study, treatment, eta[None], time)
                                      for eta in linear)
        ])  # fmt: skip
        if study == "S1":
            total += np.trace(every)
            continue
        weights = net.regression.rules[study, treatment][1]
        total += special.logsumexp(every, axis=0, b=weights[:, None]).sum()
    assert at["patients"] == pytest.approx(total, abs=2e-3)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"age_sd": 0}, {}, "age_sd = 0"),
        ({"male": 63}, {}, "63 percent is 0.63"),
        ({"age_mean": None}, {}, "age_mean"),
        ({"study": "S9"}, {}, "has no covariates"),
        ({}, {"regression": "age + weight"}, "weight.*absent"),
        ({}, {"regression": "age + +"}, "is not a formula"),
        ({}, {"regression": "age + I(2 * age)"}, "not independent"),
        ({}, {"reference": "Z"}, "not a treatment"),
        ({}, {"correlations": 1.5}, "can have these correlations"),
        ({}, {"families": {"age": "beta"}}, "between 0 and 1"),
        ({}, {"families": {"age": "cauchy"}}, "not a known family"),
        ({}, {"families": {"aeg": "gamma"}}, "aeg.*no covariate in numbers.*age, male"),
        ({}, {"columns": {"alter": "age"}}, "alter.*a column of no table"),
        ({}, {"classes": {"A": "old", "B": "old", "C": "new", "D": "new"}}, "'D'.*no treatment"),
        ({"age_mean": "old"}, {}, "old"),
    ],
)
def test_bad_input_is_told(change, options, said):
    own, other, covariates = trials("binomial")
    given = {"regression": "age + male", "reference": "A", **options}
    if "correlations" in given:
        rho = given["correlations"]
        given["correlations"] = pd.DataFrame([[1, rho], [rho, 1]], ["age", "male"], ["age", "male"])
    table = covariates.assign(**change)
    with pytest.raises(InputError, match=said):
        _ = network(own, other, given.pop("regression"), covariates=table, **given).treatments


def test_a_study_enters_once_and_classes_are_needed():
    from evinet.nma.terms import Terms

    own, other, covariates = trials("binomial")
    with pytest.raises(InputError, match="has patients as well"):
        network(own, other.assign(study="S1"), "age", covariates=covariates)
    net = network(own, other, "age + male", covariates=covariates, reference="A")
    with pytest.raises(InputError, match=r"B, C.*no class"):
        models.build(net, terms=Terms(interactions="class"))
    with pytest.raises(InputError, match="exceeds n"):
        network(own, other.assign(r=99), "age", covariates=covariates)


def test_patients_are_no_reconstructions_and_covariates_stand_once():
    own, other, covariates = trials("binomial")
    with pytest.raises(InputError, match="2 reconstructions of the same patients"):
        network(pd.concat([own.assign(draw=draw) for draw in (0, 1)]), other, "age",
                covariates=covariates)  # fmt: skip
    with pytest.raises(InputError, match="another row of covariates"):
        network(own, other, "age", covariates=pd.concat([covariates, covariates]))
    net = network(own, other, "age", covariates=covariates.drop(columns="age_sd"))
    assert "that of all patients stands for it" in net.regression.cautions()[0]
    spelt = own.assign(grade=np.where(own.index % 3, "G1", "g1"))
    with pytest.raises(InputError, match=r"G1, g1.*differ only by case"):
        network(spelt, other, "age + grade", covariates=covariates)
    staged = own.assign(stage=np.arange(len(own)) % 3 + 1)
    with pytest.raises(InputError, match="Write categories as words"):
        network(staged, other, "C(stage)", covariates=covariates.assign(stage=1.7, stage_sd=0.8))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"grade": ["G3", "G2"]}, "grade = 'G3'.*none of the patients' categories"),
        ({"grade": ["g1", "G2"]}, "grade = 'g1'.*none of the patients' categories"),
        ({"grade": ["", "G2"]}, "none of the patients' categories"),
        ({"male": [0.55, 0.4]}, "male = 0.55.*not 0 or 1"),
        ({"male": [55, 40]}, "male = 55.*not 0 or 1"),
        ({"age": [60, None]}, "age.*is missing"),
        ({"population": ["X", "Y"]}, "X, Y.*several populations"),
        ({"population": "S2"}, "S2.*is a study of the network"),
    ],
)
def test_a_population_of_other_patients_is_told(change, said):
    from types import SimpleNamespace

    from evinet.nma.population import answers

    own, other, covariates = trials("binomial")
    graded = own.assign(grade=np.where(own.index % 2, "G1", "G2"))
    shares = covariates.assign(grade_g1=0.4, grade_g2=0.6)
    net = network(graded, other, "age + male + grade", covariates=shares, reference="A")
    table = pd.DataFrame({"age": [60, 62], "male": ["TRUE", "FALSE"], "grade": ["G1", "G2"]})
    found = answers.population(SimpleNamespace(network=net), table)
    assert found.covariates["male"].tolist() == [1, 0]
    old = answers.population(SimpleNamespace(network=net), table.assign(age=[300, 301]))
    assert "300.5 on average" in old.cautions[0]
    with pytest.raises(InputError, match=said):
        answers.population(SimpleNamespace(network=net), table.assign(**change))


def test_a_covariate_may_be_called_weight():
    own, other, covariates = trials("binomial")
    renamed = {"age": "weight", "age_mean": "weight_mean", "age_sd": "weight_sd"}
    net = network(own.rename(columns=renamed), other, "weight",
                  covariates=covariates.rename(columns=renamed))  # fmt: skip
    assert net.regression.terms == ["weight"]


def test_weighted_points_stand_for_many():
    """Means of survival over points far above 64 in number are met to 1e-4, by at most 64."""
    own, other, covariates = trials("binomial")
    net = network(own, other, "age + male", covariates=covariates, reference="A").regression
    assert net is not None
    slopes = np.array([0.08, 0.5])
    for arm in net.published:
        columns, weights = net.rules[arm]
        assert len(weights) <= 64
        assert weights.min() > 0
        assert weights.sum() == pytest.approx(1)
        every = net.matrix(net.drawn(arm))
        for spent in (0.1, 1, 4):
            few = weights @ np.exp(-spent * np.exp(columns @ slopes))
            assert few == pytest.approx(np.exp(-spent * np.exp(every @ slopes)).mean(), abs=1e-4)
    coarse = replace(net, points=8)
    assert all(len(weights) <= 8 for _, weights in coarse.rules.values())
    patients = net.patients["S1", "A"]
    columns, weights = net.weighted(patients[net.names], 64)  # no more patients than points
    assert sorted(columns @ slopes) == pytest.approx(sorted(net.matrix(patients) @ slopes))
    assert weights == pytest.approx(np.full(20, 1 / 20))


@pytest.mark.parametrize("kind", ["normal", "poisson"])
def test_patients_of_published_arms_may_stand_beside_their_covariates(kind):
    """Outcomes without n: an arm counts by its covariates' n, which may be of the whole study."""
    own, other, covariates = trials(kind)
    net = network(own, other, "age", covariates=covariates, reference="A").regression
    assert net.size == {("S2", "A"): 15, ("S2", "C"): 17}
    mean = (own["age"].sum() + 15 * 64 + 17 * 65) / (len(own) + 32)
    assert net.centre[0] == pytest.approx(mean, abs=0.01)
    whole = covariates.iloc[:1].drop(columns="treatment").assign(n=50)
    net = network(own, other, "age", covariates=whole, reference="A").regression
    assert net.size == {("S2", "A"): 25, ("S2", "C"): 25}
    assert not any("counts as one" in line for line in net.cautions())
    unknown = covariates.drop(columns="n")
    net = network(own, other, "age", covariates=unknown, reference="A").regression
    assert any("S2 on A, S2 on C is not told: each counts as one" in line
               for line in net.cautions())  # fmt: skip


def test_categories_and_extrapolation():
    own, other, covariates = trials("binomial")
    own["grade"] = np.where(np.arange(len(own)) % 3 == 0, "G1", np.where(own["male"], "G2", "G3"))
    table = covariates.assign(grade_g1=0.2, grade_g2=0.5, grade_g3=0.3, age_mean=[64, 95])
    net = network(own, other, "age + grade", covariates=table, reference="A")
    assert net.regression.terms == ["age", "grade[T.G2]", "grade[T.G3]"]
    points = net.regression.drawn(("S2", "C"))
    assert (points["grade"] == "G2").mean() == pytest.approx(0.5, abs=0.01)
    assert any("extrapolates" in line for line in net.regression.cautions())
    with pytest.raises(InputError, match=r"add up to 1\.3"):
        network(own, other, "age + grade", covariates=table.assign(grade_g1=0.5), reference="A")
    rare = table.assign(grade_g4=[0.0, 0.01])
    found = network(own, other, "age + grade", covariates=rare, reference="A").regression
    assert any("grade_g4: no patient is in this category of grade, and its share (0.01" in line
               for line in found.cautions())  # fmt: skip


@pytest.mark.parametrize("kind", ["binomial", "survival"])
def test_it_is_said_how_the_published_studies_were_read(kind):
    own, other, covariates = trials(kind)
    (reading,) = network(own, other, "age", covariates=covariates, reference="A").readings
    assert "1 study, 2 arms" in reading["said"][0]
    assert reading["unused"] == []  # columns of covariates' means are used


@pytest.mark.slow
def test_myeloma_as_published(tmp_path):
    """Within Monte Carlo error; the vignette centres covariates elsewhere, so d is moved there."""
    out = tmp_path / "out"
    run = CliRunner().invoke(cli, [
        "nma", "--ipd", str(DATA / "ndmm-patients.csv"), "--aggregate",
        str(DATA / "ndmm-reconstructed.csv"), "--covariates", str(DATA / "ndmm-covariates.csv"),
        "--regression", "age + iss_stage3 + response_cr_vgpr + male", "--reference", "Pbo",
        "--effects", "fixed", "--population", "Morgan2012", "--out", str(out),
    ])  # fmt: skip
    assert run.exit_code == 0, run.output
    table = pd.read_csv(out / "estimates.csv").set_index("parameter")
    record = json.loads((out / "fit.json").read_text())
    centre = {"age": 61.6559, "iss_stage3": 0.2297, "response_cr_vgpr": 0.7314, "male": 0.6020}
    moved = sum(table.at[f"beta[{name}: all]", "mean"] * (at - record["regression"]["centre"][name])
                for name, at in centre.items())  # fmt: skip
    assert table.at["d[Len]", "mean"] + moved == pytest.approx(-0.66, abs=0.012)
    assert table.at["d[Thal]", "mean"] + moved == pytest.approx(-0.20, abs=0.018)
    published = {
        "beta[age]": (0.08, 0.01), "beta[iss_stage3]": (0.35, 0.13),
        "beta[response_cr_vgpr]": (-0.13, 0.10), "beta[male]": (0.00, 0.10),
        "beta[age: all]": (-0.02, 0.01), "beta[iss_stage3: all]": (0.21, 0.18),
        "beta[response_cr_vgpr: all]": (0.20, 0.14), "beta[male: all]": (0.13, 0.15),
    }  # fmt: skip
    for name, (mean, sd) in published.items():
        assert table.at[name, "mean"] == pytest.approx(mean, abs=0.2 * sd + 0.005), name
        assert table.at[name, "sd"] == pytest.approx(sd, rel=0.15, abs=0.006), name
    assert record["convergence"]["ess_bulk_min"] > 1000
    assert record["integration_error"] < 0.01
    survival = pd.read_csv(out / "survival.csv")
    assert survival["mean"].between(0, 1).all()


CLASSES = {"PBO": "none", "ETN": "TNFa", "IXE_Q2W": "IL", "IXE_Q4W": "IL", "SEC_150": "IL",
           "SEC_300": "IL"}  # fmt: skip
D = {"ETN": (1.55, 0.08), "IXE_Q2W": (2.95, 0.09), "IXE_Q4W": (2.54, 0.08), "SEC_150": (2.14, 0.11),
     "SEC_300": (2.45, 0.12)}  # fmt: skip
GAMMA = {
    "TNFa": {"durnpso": (-0.03, 0.07), "prevsys": (0.19, 0.19), "bsa": (0.06, 0.51),
             "weight": (-0.17, 0.04), "psa": (-0.06, 0.21)},
    "IL": {"durnpso": (-0.01, 0.07), "prevsys": (0.07, 0.17), "bsa": (0.29, 0.48),
           "weight": (-0.10, 0.03), "psa": (0.00, 0.19)},
}  # fmt: skip
IN_FIXTURE = {"ETN": 1.66, "IXE_Q2W": 3.03, "IXE_Q4W": 2.62, "SEC_150": 2.22, "SEC_300": 2.52}
SHARES = {"PBO": 0.04, "ETN": 0.46, "IXE_Q2W": 0.89, "IXE_Q4W": 0.80, "SEC_150": 0.67,
          "SEC_300": 0.77}  # fmt: skip


@pytest.mark.slow
def test_plaque_psoriasis_as_published():
    """Within Monte Carlo error of both, a tenth of a posterior standard deviation."""
    from evinet.nma.population import answers

    net = network(
        DATA / "psoriasis-patients.csv", DATA / "psoriasis-arms.csv",
        "durnpso + prevsys + bsa + weight + psa", reference="PBO", classes=CLASSES,
        families={"bsa": "logitnormal"},
    )  # fmt: skip
    found = net.fit(effects="fixed", link="probit", interactions="class")
    table = found.effects().set_index("parameter")
    published = {f"d[{name}]": each for name, each in D.items()} | {
        f"beta[{name}: {group}]": each for group, own in GAMMA.items() for name, each in own.items()
    }
    for name, (mean, sd) in published.items():
        assert table.at[name, "mean"] == pytest.approx(mean, abs=0.1 * sd + 0.005), name
        assert table.at[name, "sd"] == pytest.approx(sd, rel=0.1, abs=0.006), name
    fixture = answers.population(found, "FIXTURE")
    effects = answers.conditional(found, fixture.covariates)
    effects = effects[effects["comparator"] == "PBO"].set_index("treatment")["mean"]
    assert effects.to_dict() == pytest.approx(IN_FIXTURE, abs=0.02)
    shares = answers.absolute(found, fixture).set_index("treatment")["mean"]
    assert shares.to_dict() == pytest.approx(SHARES, abs=0.008)
    marginal = answers.marginal(found, fixture)
    marginal = marginal[marginal["comparator"] == "PBO"].set_index("treatment")["mean"]
    assert (marginal < effects).all()  # averaging over patients draws effects towards none
    assert answers.integration_error(found) < 0.01
    measures = (
        found.measures()
    )  # the vignette's own come from 4,000 draws, whose error is about 0.2
    assert measures["data_points"] == 3858
    assert measures["residual_deviance"] == pytest.approx(3129.4, abs=0.6)
    assert measures["pD"] == pytest.approx(24.1, abs=0.6)
    assert measures["DIC"] == pytest.approx(3153.5, abs=1.0)


QUICK = Sampler(chains=2, warmup=200, draws=150)


@pytest.mark.parametrize("kind", ["binomial", "normal", "ordered"])
def test_each_patient_and_each_published_arm_has_its_deviance(kind):
    from evinet.nma.answers.fit_measures import parts

    own, other, covariates = trials(kind)
    categories = ("mild", "good", "best") if kind == "ordered" else ()
    net = network(own, other, "age + male", covariates=covariates, reference="A",
                  categories=categories)  # fmt: skip
    fit = net.fit(effects="fixed", sampler=QUICK, priors={"effects": "normal(0, 1)"})
    samples, design, regression = fit.samples, fit.specification.design, net.regression
    found = {(part.study, part.treatment): part for part in parts(fit)}
    assert [part.size for part in found.values()] == [20, 20, 1 + (kind == "ordered"),
                                                      1 + (kind == "ordered")]  # fmt: skip
    b = samples["b"].to_numpy()
    for row, pair in enumerate(found):
        slopes, part = b @ design.slopes[row].T, found[pair]
        columns, weights = regression.rules.get(pair, (None, None))
        if columns is None:
            columns = regression.matrix(regression.patients[pair])
        at = samples["eta"].to_numpy()[:, [row]] + slopes @ columns.T
        table = own if pair[0] == "S1" else other
        data = table[table["treatment"] == pair[1]]
        if kind == "ordered":
            cut = np.column_stack([np.zeros(len(b)), samples["cut"].to_numpy()])
            reached = special.ndtr(at[:, :, None] - cut[:, None, :])
            if pair[0] == "S2":
                mild, best = (np.einsum("dq,q->d", reached[:, :, place], weights)
                              for place in (0, 2))  # fmt: skip
                arm = data.iloc[0]
                counts = np.array([arm["n"] - arm["mild"] - arm["best"], arm["mild"], arm["best"]])
                shares = np.column_stack([1 - mild, mild - best, best])
                wanted = 2 * (counts * (np.log(counts / arm["n"]) - np.log(shares))).sum(axis=1)
            else:
                full = np.concatenate([np.ones((*at.shape, 1)), reached,
                                       np.zeros((*at.shape, 1))], axis=2)  # fmt: skip
                alone = data[["mild", "good", "best"]].to_numpy()
                place = np.where(alone.any(axis=1), 1 + alone.argmax(axis=1), 0)
                each = np.arange(len(place))
                wanted = -2 * np.log(full[:, each, place] - full[:, each, place + 1]).sum(axis=1)
        elif pair[0] == "S1" and kind == "binomial":
            wanted = -2 * stats.bernoulli.logpmf(data["r"], special.expit(at)).sum(axis=1)
        elif pair[0] == "S1":
            sd = samples["residual_sd"].to_numpy()[:, [0]]
            wanted = -2 * stats.norm.logpdf(data["y"].to_numpy(), at, sd).sum(axis=1)
        elif kind == "binomial":
            arm, share = data.iloc[0], special.expit(at) @ weights
            best = stats.binom.logpmf(arm["r"], arm["n"], arm["r"] / arm["n"])
            wanted = 2 * (best - stats.binom.logpmf(arm["r"], arm["n"], share))
        else:
            arm = data.iloc[0]
            wanted = ((arm["y"] - at @ weights) / arm["se"]) ** 2
        assert part.deviance == pytest.approx(wanted, rel=1e-6, abs=1e-6)
        assert part.counts.sum() == (20 if pair[0] == "S1" else 1)
    measured = fit.measures()
    assert (measured["residual_deviance"] is None) == (kind == "normal")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of 300 draws
        left = az.loo(fit.idata, var_name="outcome", reff=1.0)
    assert left.elpd_loo == pytest.approx(measured["LOO"]["elpd"], rel=1e-6)
    assert left.n_data_points == 42
    observed, logs = fit.idata.observed_data, fit.idata.log_likelihood["outcome"]
    mine = (observed["patient_study"] == "S1") & (observed["patient_treatment"] == "B")
    if kind == "binomial":  # point by point in the order of the patients: by two of one age and sex
        at = samples["eta"].to_numpy()[:, [1]] + (samples["b"].to_numpy() @ design.slopes[1].T) @ (
            regression.matrix(own[20:]).T)  # fmt: skip
        wanted = stats.bernoulli.logpmf(observed["patient_r"][mine], special.expit(at))
        assert logs.stack(sample=("chain", "draw")).T[:, 20:40].to_numpy() == pytest.approx(wanted)
    assert {"diverging", "energy"} <= set(fit.idata.sample_stats)
    assert measured["DIC"] == measured["deviance"] + measured["pD"]


@pytest.mark.parametrize("family", ["weibull", "lognormal"])
def test_survival_of_each_patient_is_that_of_the_family(family):
    """Against SciPy's densities; of a published arm averaged over its points."""
    import xarray as xr

    from evinet.nma.population import fitted

    own, other, covariates = trials("survival")
    net = network(own, other, "age + male", covariates=covariates, reference="A")
    baseline = models.build(net, effects="fixed", baseline=family).baseline
    mu, shape = np.array([[-2.0, -1.5], [-2.2, -1.4]]), np.array([[1.2, 0.8], [1.1, 0.9]])
    mu = mu if family == "weibull" else -mu
    name = "shape" if family == "weibull" else "scale"
    samples = xr.Dataset({"mu": (("sample", "study"), mu), name: (("sample", "study"), shape)},
                         coords={"study": ["S1", "S2"]})  # fmt: skip
    theta, slope = np.array([0.3, 0.1]), np.array([[0.02, -0.3], [0.03, 0.2]])

    def logs(study: int, eta: np.ndarray, time: np.ndarray, event: np.ndarray) -> np.ndarray:
        k = shape[:, [study]]
        if family == "weibull":
            law = stats.weibull_min(k, scale=np.exp(-eta / k))
        else:
            law = stats.lognorm(k, scale=np.exp(eta))
        return np.where(event == 1, law.logpdf(time), law.logsf(time))

    outcome = own[["time", "event"]].to_numpy(float)
    columns = net.regression.matrix(own)
    found = fitted._survival(baseline, ("S1", "B"), outcome, columns, None, samples, theta, slope)
    eta = mu[:, [0]] + theta[:, None] + slope @ columns.T
    assert found == pytest.approx(logs(0, eta, *outcome.T), abs=1e-8)
    rule, outcome = net.regression.rules["S2", "C"], other[["time", "event"]].to_numpy(float)
    found = fitted._survival(baseline, ("S2", "C"), outcome, columns, rule, samples, theta, slope)
    each = [logs(1, mu[:, [1]] + theta[:, None] + (slope @ point)[:, None], *outcome.T)
            for point in rule[0]]  # fmt: skip
    wanted = special.logsumexp(each, axis=0, b=rule[1][:, None, None])
    assert found == pytest.approx(wanted, abs=1e-8)


def test_direct_and_indirect_effects_are_told_apart(tmp_path):
    """Data that agree: two trials of A and B, and one each of A and C, B and C."""
    rng = np.random.default_rng(4)
    parts = []
    for study, pair in (("S1", "AB"), ("S2", "BC")):
        x = rng.normal(0, 1, 400)
        arm = np.repeat(list(pair), 200)
        eta = np.where(arm == "A", 0.0, np.where(arm == "B", -1.0, -0.5)) + 0.4 * x
        parts.append(
            pd.DataFrame(
                {
                    "study": study,
                    "treatment": arm,
                    "x": x,
                    "r": (rng.random(400) < special.expit(eta)).astype(int),
                }
            )
        )
    other = pd.DataFrame({"study": "S3", "treatment": ["A", "C"], "r": [200, 153],
                          "n": [400, 400], "x_mean": 0.1, "x_sd": 1.0})  # fmt: skip
    net = network(pd.concat(parts), other, "x", reference="A")
    fit = net.fit(effects="fixed", sampler=QUICK)
    splits = fit.node_splits()
    assert sorted(splits) == [("A", "B"), ("A", "C"), ("B", "C")]
    direct = splits["A", "B"].d["B"] + splits["A", "B"].coefficients[
        :, splits["A", "B"].specification.names.index("omega")]  # fmt: skip
    alone = net.fit(effects="fixed", model="ume", sampler=QUICK)
    unrelated = alone.coefficients[:, alone.specification.names.index("d[B vs A]")]
    assert direct.mean() == pytest.approx(unrelated.mean(), abs=0.06)
    assert direct.std() == pytest.approx(unrelated.std(), rel=0.15)


@pytest.fixture
def files(tmp_path):
    """Options for the files of the trials above."""
    named = dict(zip(("--ipd", "--aggregate", "--covariates"), trials("binomial"), strict=True))
    for name, table in named.items():
        table.to_csv(tmp_path / f"{name[2:]}.csv", index=False)
    return {name: str(tmp_path / f"{name[2:]}.csv") for name in named}


@pytest.mark.parametrize(
    ("options", "without", "said"),
    [
        (["--regression", "age"], ["--aggregate"], "takes --ipd and --aggregate"),
        ([], [], "--aggregate, --covariates needs --regression"),
        (["--points", "64"], ["--aggregate", "--covariates"], "--points needs --regression"),
        (["--regression", "age", "--model", "node-split"], [], "no pair of treatments has both"),
        (["--regression", "age", "--link", "log"], [], "beyond 0 and 1"),
        (["--regression", "age", "--baseline-risk"], [], "--baseline-risk cannot be combined"),
        (["--regression", "age", "--baseline", "weibull"], [], "the outcome is no survival"),
        (["--regression", "age + grade"], [], "grade"),
        (["--regression", "age at entry"], [], "operator between `age` and `at`. Write one"),
        (["--regression", "age", "--population", "nobody"], [], "neither a study"),
        (["--regression", "age", "--margin", "age=beta"], [], "between 0 and 1"),
        (["--regression", "age", "--interactions", "class"], [], "no class"),
        (["--regression", "age", "--interactions", "exchangeable"], [], "go together"),
        (["--regression", "age", "--interactions-sigma", "0.2"], [], "go together"),
    ],
)
def test_the_command_refuses_before_it_samples(
    files, tmp_path, monkeypatch, options, without, said
):
    def sampled(*_: object) -> None:
        raise AssertionError("it sampled")

    monkeypatch.setattr("evinet.nma.command_results._fitted", sampled)
    given = [word for pair in files.items() if pair[0] not in without for word in pair]
    run = CliRunner().invoke(cli, ["nma", *given, *options, "--out", str(tmp_path / "out")])
    assert run.exit_code != 0
    assert said in run.output + str(run.exception)
    assert not (tmp_path / "out").exists()


def test_correlations_are_read_with_and_without_a_name_of_their_rows(tmp_path):
    """R's write.csv leaves the first cell of the header empty."""
    from evinet import usertable
    from evinet.nma.population.regression import correlations

    for first in ("covariate", '""'):
        path = tmp_path / "correlations.csv"
        path.write_text(f'{first},"age","male"\n"age",1,0.25\n"male",0.25,1\n')
        found = correlations(usertable.read(path))
        assert list(found.index) == list(found.columns) == ["age", "male"]
        assert found.to_numpy().tolist() == [[1, 0.25], [0.25, 1]]


def test_a_study_of_another_case_among_the_covariates_is_named():
    patients, arms, covariates = trials("binomial")
    covariates["study"] = covariates["study"].str.lower()
    with pytest.raises(InputError, match=r"S2, s2.*labels that differ only by case"):
        network(patients, arms, "age", covariates=covariates)


def test_rows_and_correlations_that_match_nothing_are_named():
    patients, arms, covariates = trials("binomial")
    more = pd.concat([covariates, covariates.assign(study="S3"),
                      covariates.iloc[:1].assign(treatment="c"),
                      covariates.iloc[:1].assign(study="S1", treatment="")])  # fmt: skip
    names = ["age", "male", "weight"]
    net = network(patients, arms, "age + male", covariates=more, reference="A",
                  correlations=pd.DataFrame(np.eye(3), names, names))  # fmt: skip
    lines = net.regression.cautions()
    assert [line.split(" are not used")[0] for line in lines] == [
        "covariates of S3, S2 on c", "correlations of weight",
    ]  # fmt: skip
    assert not network(patients, arms, "age", covariates=covariates).regression.cautions()


def test_the_units_of_patients_covariates_do_not_change_the_prior():
    """With age in other units the prior of its coefficients, outcome and effects, follows."""
    from evinet.nma.terms import Terms

    own, other, covariates = trials("binomial")

    def prior(factor: float) -> dict[str, float]:
        moved = covariates.assign(**{
            name: factor * covariates[name] for name in covariates if name.startswith("age_")
        })  # fmt: skip
        net = network(own.assign(age=factor * own["age"]), other, "age + male", covariates=moved,
                      reference="A")  # fmt: skip
        built = models.build(net, effects="fixed", terms=Terms(interactions="separate"))
        means = [own["age"].mean(), 64.0, 65.0]  # of 40 patients, and published of 15 and 17
        around = [own["age"].var(ddof=0), 7.0**2, 6.5**2]
        overall = np.average(means, weights=[40, 15, 17])
        spread = np.average(around + (means - overall) ** 2, weights=[40, 15, 17]) ** 0.5
        assert net.regression.sd[0] == pytest.approx(factor * spread, rel=0.01)
        return dict(zip(built.names, built.prior_sd, strict=True))

    years, days = prior(1.0), prior(365.25)
    assert {"beta[age]", "beta[age: B]", "beta[age: C]"} <= set(years)
    for name, sd in years.items():
        scale = 365.25 if "age" in name else 1.0
        assert days[name] == pytest.approx(sd / scale, rel=1e-9), name


def test_exchangeable_interactions_have_a_common_mean():
    """Their prior by hand, and the posterior by that of normal means."""
    from evinet.nma.terms import Terms

    rng = np.random.default_rng(3)
    arm, x = np.repeat(list("ABCD"), 150), rng.normal(0, 2, 600)
    slope = {"A": 0.0, "B": 0.5, "C": 0.1, "D": -0.4}
    own = pd.DataFrame({"study": "S1", "treatment": arm, "x": x})
    own["y"] = own["treatment"].map(slope) * x + rng.normal(0, 1, 600)
    other = pd.DataFrame({"study": "S2", "treatment": ["A", "B"], "y": [0.0, 0.2], "se": 0.1,
                          "n": 50, "x_mean": 0.5, "x_sd": 2.0})  # fmt: skip
    net = network(own, other, "x", reference="A")
    sd, sigma = net.regression.sd[0], 0.2
    built = models.build(net, effects="fixed", priors=priors({"coefficients": "normal(0, 5)"}),
                         terms=Terms(interactions="exchangeable", slope_sigma=sigma))  # fmt: skip
    keep, spread = built.design.mixing
    prior = keep @ np.diag(built.independent_sd**2) @ keep.T + sigma**2 * spread @ spread.T
    of = [built.names.index(f"beta[x: {name}]") for name in "BCD"]
    step = sd if built.priors.per_sd else 1.0
    assert prior[np.ix_(of, of)] == pytest.approx((5 / step) ** 2 + np.eye(3) * (sigma / sd) ** 2)

    fit = net.fit(effects="fixed", priors={"coefficients": "normal(0, 5)"}, sampler=QUICK,
                  interactions="exchangeable", slope_sigma=sigma)  # fmt: skip
    mean = fit.coefficients[:, of].mean(axis=0)
    # by least squares in each arm, then the normal means of a normal prior around a flat mean
    exact = np.array([np.polyfit(x[arm == name], own["y"][arm == name], 1)[0] for name in "ABCD"])
    error = np.array([1 / np.sqrt(((x[arm == name] - x[arm == name].mean()) ** 2).sum())
                      for name in "ABCD"])  # fmt: skip
    estimate = exact[1:] - exact[0]
    noise = np.diag(error[1:] ** 2) + error[0] ** 2
    total = np.linalg.inv(noise + np.eye(3) * (sigma / sd) ** 2)
    centre = (total.sum(axis=0) @ estimate) / total.sum()
    wanted = estimate - noise @ total @ (estimate - centre)
    assert abs(wanted - estimate).max() > 0.04
    assert mean == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_two_parameters_have_the_variance_of_patients_who_differ(link):
    """Against the exact distribution of a sum of events of unlike probabilities."""
    from evinet.nma.likelihoods import individual
    from evinet.nma.likelihoods.arms import LIKELIHOODS, LINKS

    share = np.linspace(0.02, 0.9, 40)
    exact = np.ones(1)
    for p in share:
        exact = np.convolve(exact, [1 - p, p])
    at, weights = LINKS[link](share)[None], np.full(40, 1 / 40)
    one = LIKELIHOODS["binomial", link]
    n, counts = np.array(40.0), np.arange(41.0)
    far = {}
    for each in (one, replace(one, of_two=True)):
        mean = individual.expected(each, at, None, weights, n)
        logs = [individual.density(each, r, n, at, mean, weights)[0] for r in counts]
        far[each.called] = abs(np.exp(logs) - exact).sum() / 2
    assert far["binomial"] > 0.07
    assert far["binomial2"] < 0.02


def test_two_parameters_are_fitted_and_need_covariates(tmp_path):
    """In one network the published arms weigh more by them, and a plain network has no use."""
    own, other, covariates = trials("binomial")
    net = network(own, other, "age + male", covariates=covariates, reference="A")
    fit = net.fit(likelihood="binomial2", effects="fixed", sampler=QUICK,
                  priors={"effects": "normal(0, 1)"})  # fmt: skip
    assert fit.summary()["likelihood"] == "binomial2"
    assert np.isfinite(fit.measures()["LOO"]["elpd"])
    with pytest.raises(InputError, match="averaged over patients' covariates"):
        Network.read(other).fit(likelihood="binomial2")
    own, other, covariates = trials("survival")
    with pytest.raises(InputError, match="the outcome is survival"):
        network(own, other, "age", covariates=covariates).fit(likelihood="binomial2")


def test_columns_that_options_name_are_not_taken_for_others():
    """A covariate t is no treatment, and a category of responders is not the events."""
    own, other, covariates = trials("ordered")
    names = {"mild": "responders", "good": "events", "best": "cases"}
    net = network(
        own.rename(columns={**names, "age": "t", "male": "id"}), other.rename(columns=names),
        "t + id", reference="A", categories=tuple(names.values()),
        covariates=covariates.rename(columns={"age_mean": "t_mean", "age_sd": "t_sd",
                                              "male": "id"}),
    )  # fmt: skip
    assert net.regression.terms == ["t", "id"]
    assert net.categories == tuple(names.values())
    arms = pd.DataFrame({"study": "S", "treatment": ["A", "B"], "responders": [9, 5],
                         "cases": [4, 3], "n": 40})  # fmt: skip
    found = Network.read(arms, categories=("responders", "cases"), category_counts="inclusive")
    assert found.categories == ("responders", "cases")


def test_the_integration_error_is_said_in_per_cent():
    from evinet.nma.population import answers

    small = "integration error at most 0.6 % of a posterior standard deviation"
    assert answers.said(0.0062) == small
    assert answers.said(0.0124) == f"Beware: {small.replace('0.6', '1.2')}: take more --points"
