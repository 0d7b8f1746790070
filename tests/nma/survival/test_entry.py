"""Patients who come under observation late add the hazard only from then on."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner
from lifelines import CoxPHFitter
from scipy import stats
from scipy.integrate import simpson
from tests.nma.survival.test_likelihood import BASELINES, NAMES, point
from tests.nma.survival.test_shapes import of_graph

from evinet import usertable
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.answers.fit_measures import parts
from evinet.nma.command import nma
from evinet.nma.data import patients as patient_data
from evinet.nma.model import Model
from evinet.patients import cox as regression

QUICK = {"weibull", "lognormal", "mspline study 4", "fracpoly (-1.0,)"}
EVERY = [*BASELINES, ("piecewise", {})]
EVERY_NAME = [*NAMES, "piecewise"]


def late(seed: int = 3, size: int = 80) -> pd.DataFrame:
    """Patients of three studies; those of treatments b and c enter up to time 8, a at 0.3."""
    rng, rows = np.random.default_rng(seed), []
    for study, pair in {"one": "ab", "two": "bc", "three": "ac"}.items():
        for treatment in pair:
            own = 0
            while own < size:
                entry = 0.3 if treatment == "a" else float(rng.uniform(0.3, 8))
                time = float(rng.weibull(1.2)) * {"a": 10, "b": 13, "c": 8}[treatment]
                if time > entry:
                    rows.append((study, treatment, min(time, 20), int(time < 20), entry))
                    own += 1
    return pd.DataFrame(rows, columns=["study", "treatment", "time", "event", "entry"])


def built(frame: pd.DataFrame, name: str, options: dict[str, Any]) -> Model:
    return models.build(
        Network.from_patients(frame), effects="fixed", baseline=name, settings=options
    )


@pytest.mark.parametrize("number", range(len(EVERY)), ids=EVERY_NAME)
def test_entry_at_0_changes_no_datum(number: int) -> None:
    frame = late().drop(columns="entry")
    without, zero = (
        graphs.values(built(each, *EVERY[number])) for each in (frame, frame.assign(entry=0))
    )
    assert without.keys() == zero.keys()
    assert all(np.array_equal(without[name], zero[name]) for name in zero)


def marked(names: list[str]) -> list[Any]:
    """Names of baselines, slow but for one of each kind."""
    return [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in names]


@cache
def somewhere(number: int) -> tuple[Model, xr.Dataset, float]:
    """A model of patients with entry, and a point of it."""
    found = built(late(), *BASELINES[number])
    return found, *point(found)


@pytest.mark.parametrize("name", marked(NAMES))
def test_the_likelihood_is_the_sum_over_patients(name: str) -> None:
    """With the hazard integrated from each patient's entry to the time."""
    found, posterior, potential = somewhere(NAMES.index(name))
    plain = 0.0
    records = found.patients.best
    for arm, (study, treatment) in enumerate(found.patients.arms):
        (time, event), entry = records.of(arm), records.entries(arm)
        effect = posterior["theta"].to_numpy()[:, arm]
        grid = np.linspace(entry, time, 401)
        at = found.baseline.hazards(posterior, study, treatment, effect, grid.ravel())[0]
        log_hazard = at.reshape(grid.shape)
        plain += log_hazard[-1] @ event - simpson(np.exp(log_hazard), x=grid, axis=0).sum()
    assert potential == pytest.approx(plain, rel=1e-5, abs=1e-3)
    fit = SimpleNamespace(specification=found, network=found.network, reconstructed=[posterior])
    measured = sum(float(part.log_likelihood[0] @ part.counts) for part in parts(fit))
    assert measured == pytest.approx(plain, rel=1e-5, abs=1e-3)


def distribution(name: str, eta: float, shapes: list[float]) -> Any:
    """A family of `families.FAMILIES` by SciPy."""
    level = np.exp(eta)
    if name == "exponential":
        return stats.expon(scale=1 / level)
    if name == "weibull":
        return stats.weibull_min(shapes[0], scale=level ** (-1 / shapes[0]))
    if name == "lognormal":
        return stats.lognorm(shapes[0], scale=level)
    if name == "loglogistic":
        return stats.fisk(1 / shapes[0], scale=level)
    assert name == "gengamma"
    sigma, q = shapes
    return stats.gengamma(q**-2, q / sigma, scale=level * (q**2) ** (sigma / q))


@pytest.mark.parametrize("name", marked(["exponential", "weibull", "lognormal", "loglogistic",
                                         "gengamma"]))  # fmt: skip
def test_the_likelihood_is_that_of_scipy(name: str) -> None:
    found, posterior, potential = somewhere(NAMES.index(name))
    records, plain = found.patients.best, 0.0
    for arm, (study, _) in enumerate(found.patients.arms):
        (time, event), entry = records.of(arm), records.entries(arm)
        here = posterior.sel(study=study)
        eta = float(here["mu"].item() + posterior["theta"].to_numpy()[0, arm])
        law = distribution(name, eta, [here[each].item() for each in found.baseline.family.shapes])
        plain += np.where(event == 1, law.logpdf(time), law.logsf(time)).sum()
        plain -= law.logsf(entry).sum()
    assert potential == pytest.approx(plain, rel=1e-5, abs=1e-3)


def test_piecewise_hazards_have_the_person_time_after_entry() -> None:
    found = built(late(), "piecewise", {})
    records, data = found.patients.best, found.baseline.data(found.patients.best)
    for arm, (study, _) in enumerate(found.patients.arms):
        edges = np.concatenate([[0.0], found.baseline.cuts_of(study), [np.inf]])
        plain = [
            sum(max(min(time, end) - max(entry, start), 0.0)
                for time, entry in zip(records.of(arm)[0], records.entries(arm), strict=True))
            for start, end in pairwise(edges)
        ]  # fmt: skip
        assert data["exposure"][arm] == pytest.approx(plain)


@pytest.mark.parametrize("name", ["piecewise", "weibull"])
def test_nothing_in_the_graph_tells_that_there_are_entries(name: str) -> None:
    one, other = (of_graph(built(each, name, {})) for each in (late(), late().assign(entry=0)))
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize("seed", [5, 6])
def test_estimates_are_those_of_cox_with_entry(seed: int) -> None:
    frame = late(seed, 150)
    fit = Network.from_patients(frame, "a").fit(
        effects="fixed", baseline="piecewise", seed=1, settings={"knots": 20}
    )
    wide = frame.assign(b=(frame["treatment"] == "b") * 1.0, c=(frame["treatment"] == "c") * 1.0)
    wide = wide.drop(columns="treatment")
    cox = CoxPHFitter().fit(wide, "time", "event", strata=["study"], entry_col="entry")
    naive = CoxPHFitter().fit(wide.drop(columns="entry"), "time", "event", strata=["study"])
    found = fit.effects().set_index("parameter").loc[["d[b]", "d[c]"]]
    sd = cox.standard_errors_.to_numpy()
    assert (abs(found["mean"].to_numpy() - cox.params_.to_numpy()) < 0.1 * sd).all()
    assert found["sd"].to_numpy() == pytest.approx(sd, rel=0.07)
    assert (abs(naive.params_.to_numpy() - cox.params_.to_numpy()) > 1.5 * sd).all()
    apart = {"one": 0, "two": 100, "three": 200}  # studies on clocks that do not meet
    clock = frame["study"].map(apart).to_numpy()
    own = regression.fit(
        frame["time"].to_numpy() + clock, frame["event"].to_numpy(), wide[["b", "c"]].to_numpy(),
        entry=frame["entry"].to_numpy() + clock,
    )  # fmt: skip
    assert own.coefficients == pytest.approx(cox.params_.to_numpy(), abs=1e-5)
    assert np.sqrt(np.diag(own.covariance)) == pytest.approx(sd, rel=1e-5)


@pytest.mark.parametrize(
    ("entry", "words"),
    [("-1", "is not a time"), ("", "is not a time"), ("2", "is not before the patient's time"),
     ("soon", "is not a number")],
)  # fmt: skip
def test_a_wrong_entry_is_named_with_its_line(tmp_path: Path, entry: str, words: str) -> None:
    file = tmp_path / "ipd.csv"
    file.write_text(
        f"study,treatment,time,event,entry\ns,a,3,1,0\ns,b,2,1,{entry}\ns,b,2,1,0\ns,a,0,0,0\n"
    )
    with pytest.raises(InputError, match=words) as caught:
        patient_data.read(usertable.read(file))
    (problem,) = caught.value.problems
    assert (problem.line, problem.field) == (3, "entry")
    assert problem.file.endswith("ipd.csv")
    assert problem.remedy


def test_a_study_that_nobody_saw_start_is_named() -> None:
    said = patient_data.cautions(built(late(), "piecewise", {}).patients)
    assert [words.partition(":")[0] for words in said] == ["one", "three", "two"]
    with pytest.raises(InputError, match="before the first cut"):
        graphs.values(built(late(), "piecewise", {"cuts": (0.1, 5.0)}))


def test_what_cannot_allow_for_entry_is_refused(tmp_path: Path) -> None:
    frame = late()
    frame.to_csv(tmp_path / "ipd.csv", index=False)
    ipd = ["--ipd", str(tmp_path / "ipd.csv"), "--out", str(tmp_path / "out")]
    with pytest.raises(InputError, match=r"check.proportional.*under observation late"):
        CliRunner().invoke(nma, [*ipd, "--check-proportional"], catch_exceptions=False)
    other = frame.drop(columns="entry").assign(study="other")
    other.to_csv(tmp_path / "other.csv", index=False)
    frame.assign(age=50.0).to_csv(tmp_path / "ipd.csv", index=False)
    with pytest.raises(InputError, match="without --regression"):
        CliRunner().invoke(nma, [
            *ipd, "--aggregate", str(tmp_path / "other.csv"), "--regression", "age",
        ], catch_exceptions=False)  # fmt: skip


def test_patients_of_several_files_are_of_one_network(tmp_path: Path) -> None:
    frame = late()
    parts = [frame[frame["study"] == "one"], frame[frame["study"] != "one"]]
    whole = Network.from_patients(frame)
    apart = Network.from_patients(parts[0].drop(columns="entry")).add_patients(parts[1])
    assert apart.studies == whole.studies
    assert apart.people["entry"].iloc[: len(parts[0])].eq(0).all()
    again = Network.from_patients(parts[0]).add_patients(parts[1])
    key = ["study", "treatment", "time"]
    left, right = (each.people.sort_values(key, ignore_index=True) for each in (whole, again))
    pd.testing.assert_frame_equal(left, right)
    with pytest.raises(InputError, match="a study can enter only once"):
        whole.add_patients(parts[0])
    for name, part in zip(("a", "b"), (parts[0], parts[0]), strict=True):
        part.to_csv(tmp_path / f"{name}.csv", index=False)
    with pytest.raises(InputError, match=r"b\.csv.*only once"):
        CliRunner().invoke(nma, [
            "--ipd", str(tmp_path / "a.csv"), "--ipd", str(tmp_path / "b.csv"), "--out",
            str(tmp_path / "out"),
        ], catch_exceptions=False)  # fmt: skip
