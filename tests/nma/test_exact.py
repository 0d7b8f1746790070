"""Exact posteriors against generalised least squares, brute force and the sampler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.optimize import brentq

from evinet import usertable
from evinet.nma import ClassEffect, Network
from evinet.nma import model as models
from evinet.nma.distribution import Distribution
from evinet.nma.fit import exact, nuts
from evinet.nma.priors import parse, priors
from evinet.nma.settings import Sampler
from evinet.nma.terms import Terms

DATA = Path(__file__).parents[1] / "validation"
STUDIES = [
    ("one", "b", "a", -1.0, 0.2),
    ("two", "b", "a", -0.4, 0.3),
    ("three", "c", "a", -0.6, 0.25),
    ("three", "d", "a", -0.9, 0.30),
]
SHARED = {"three": 0.03}
TIGHT = {"effects": "normal(0, 10)"}


def test_fixed_effects_are_generalised_least_squares(contrasts):
    network = contrasts(STUDIES, "a", SHARED)
    fit = network.fit(effects="fixed", priors=TIGHT)
    given = exact.data(fit.specification)
    precision = given.columns.T @ np.linalg.solve(given.within, given.columns) + np.eye(3) / 100
    covariance = np.linalg.inv(precision)
    mean = covariance @ given.columns.T @ np.linalg.solve(given.within, given.y)
    table = fit.effects().set_index("parameter")
    assert table["mean"].to_numpy() == pytest.approx(mean, rel=1e-9)
    assert table["sd"].to_numpy() == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-9)


def test_random_effects_are_those_of_brute_force(contrasts):
    """One comparison: the posterior of d and tau by two-dimensional integration."""
    network = contrasts(STUDIES[:2], "a")
    fit = network.fit(priors={**TIGHT, "tau": "half-normal(0.5)"})
    y, v = np.array([-1.0, -0.4]), np.array([0.2, 0.3]) ** 2

    d, tau = np.meshgrid(np.linspace(-4, 3, 1501), np.linspace(1e-4, 3, 1501), indexing="ij")
    spread = np.sqrt(v[:, None, None] + tau**2)
    log = -0.5 * ((y[:, None, None] - d) / spread) ** 2 - np.log(spread)
    weight = np.exp(log.sum(axis=0) - 0.5 * (d / 10) ** 2 - 0.5 * (tau / 0.5) ** 2)

    def moment(power_d, power_tau):
        return (d**power_d * tau**power_tau * weight).sum()

    total = moment(0, 0)
    table = fit.effects().set_index("parameter")
    assert table.at["d[b]", "mean"] == pytest.approx(moment(1, 0) / total, abs=2e-4)
    assert table.at["tau", "mean"] == pytest.approx(moment(0, 1) / total, abs=2e-3)
    variance = moment(2, 0) / total - (moment(1, 0) / total) ** 2
    assert table.at["d[b]", "sd"] == pytest.approx(np.sqrt(variance), rel=2e-3)


def many(tau: float, studies: int) -> list[tuple[str, str, str, float, float]]:
    rng = np.random.default_rng(3)
    return [(f"S{number}", "b", "a", float(rng.normal(0.3, tau)), 0.05)
            for number in range(studies)]  # fmt: skip


@pytest.mark.parametrize(("tau", "studies"), [(0.02, 4), (0.5, 8), (0.5, 300)])
def test_the_distribution_of_tau_is_that_of_integration(contrasts, tau, studies):
    """Also where the posterior is narrow beside its prior, and where it ends at 0."""
    rows = many(tau, studies)
    fit = contrasts(rows, "a").fit(priors=TIGHT | {"tau": "half-normal(1)"})
    y = np.array([row[3] for row in rows])

    def log_density(value):
        weight = 1 / (0.05**2 + value**2 + 0 * y)
        precision = weight.sum() + 1 / 100
        return (0.5 * np.log(weight).sum() - 0.5 * np.log(precision) - 0.5 * weight @ y**2
                + 0.5 * (weight @ y) ** 2 / precision - 0.5 * value**2)  # fmt: skip

    at = np.linspace(1e-6, 3, 60001)
    log = np.array([log_density(value) for value in at])
    below = integrate.cumulative_trapezoid(np.exp(log - log.max()), at, initial=0)
    wide = np.interp(0.84, below / below[-1], at) - np.interp(0.16, below / below[-1], at)
    found = fit.mixture.scale("tau")
    for share in (0.025, 0.5, 0.975):
        wanted = np.interp(share, below / below[-1], at)
        assert found.quantile(share) == pytest.approx(wanted, abs=0.002 * wide)


@pytest.mark.parametrize("narrow", [1e3, 1e12, 1e30])
def test_the_grid_ends_however_narrow_the_posterior_is(narrow):
    found, weight, _ = exact._grid_of(
        {"tau": parse("half-normal(1)")}, lambda at, _: -narrow * (at["tau"] - 0.3) ** 2, None
    )
    assert weight @ found["tau"] == pytest.approx(0.3, rel=1e-2)


def test_a_posterior_near_another_is_the_same(contrasts):
    """However far that one is, or where it ends."""
    data = [exact.data(contrasts(many(tau, 12), "a").fit(priors=TIGHT).specification)
            for tau in (0.03, 0.5)]  # fmt: skip
    alone = [exact.solve(each) for each in data]
    for own, other, each in ((0, 0, data[0]), (1, 0, data[1]), (0, 1, data[0])):
        near = exact.solve(each, alone[other])
        assert near.weight @ near.mean == pytest.approx(alone[own].weight @ alone[own].mean)
        for share in (0.025, 0.975):
            wanted = alone[own].scale("tau").quantile(share)
            assert near.scale("tau").quantile(share) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("kind", ["contrasts", "class", "class known", "normal arms", "mixed"])
def test_the_sampler_agrees(contrasts, kind):
    """What is exact is also a PyMC graph and a density, and draws of it agree."""
    terms = Terms()
    if kind in ("normal arms", "mixed"):
        name = "arms" if kind == "normal arms" else "mixed"
        network = Network.from_arms(usertable.read(DATA / f"parkinsons-{name}.csv"), "4")
    else:
        network = contrasts(STUDIES, "a", SHARED)
        if kind != "contrasts":
            sigma = 0.2 if kind == "class known" else parse("half-normal(0.2)")
            terms = Terms(group=ClassEffect(("b", "c"), sigma))
    chosen = priors({"effects": "normal(0, 3)", "tau": "half-normal(0.5)"})
    model = models.build(network, terms=terms, priors=chosen)
    assert model.exact
    mixture = exact.solve(exact.data(model))
    sampler = Sampler(draws=2500, target_accept=0.95)
    (trace,), _ = nuts.sample(model, sampler, 1, "test", {})
    b = trace.posterior["b"].to_numpy().reshape(-1, len(model.names))
    for column in range(len(model.names)):
        ours = mixture.of(np.eye(len(model.names))[column])
        assert b[:, column].mean() == pytest.approx(ours.centre, abs=0.05 * ours.spread)
        assert b[:, column].std() == pytest.approx(ours.spread, rel=0.06)
    tau = trace.posterior["tau"].to_numpy()
    assert tau.mean() == pytest.approx(mixture.scale("tau").centre, rel=0.06)
    if kind == "class":
        sigma = trace.posterior["sigma"].to_numpy()
        assert sigma.mean() == pytest.approx(mixture.scale("sigma").centre, rel=0.06)


def test_draws_of_the_posterior_are_of_the_mixture(contrasts):
    fit = contrasts(STUDIES, "a", SHARED).fit(sampler=Sampler(draws=10000), priors=TIGHT)
    table = fit.effects().set_index("parameter")
    for name, draws in fit.parameters.items():
        assert draws[0].mean() == pytest.approx(
            table.at[name, "mean"], abs=0.03 * table.at[name, "sd"]
        )
        assert draws[0].std() == pytest.approx(table.at[name, "sd"], rel=0.03)


def test_measures_are_exact_and_do_not_depend_on_the_seed(contrasts):
    """DIC of one linear model: pD is the number of its coefficients."""
    network = contrasts(STUDIES, "a", SHARED)
    one, two = (network.fit(effects="fixed", seed=seed).measures() for seed in (1, 2))
    assert one == two
    assert one["pD"] == pytest.approx(3.0, abs=1e-4)
    random = [network.fit(seed=seed).measures()["DIC"] for seed in (1, 2)]
    assert random[0] == random[1]


def test_leaving_out_is_a_ratio_of_marginal_likelihoods(contrasts):
    """Against the definition: p(y_i | the others) = p(y) / p(the others)."""
    fit = contrasts(STUDIES[:3], "a").fit(priors={**TIGHT, "tau": "half-normal(0.5)"})
    given = exact.data(fit.specification)

    def log_evidence(data):
        def density(tau):
            cov = data.covariance(np.array([tau]), np.zeros(1))[0]
            return stats.multivariate_normal.pdf(data.y, np.zeros(len(data.y)), cov) * (
                stats.halfnorm.pdf(tau, scale=0.5)
            )

        return np.log(integrate.quad(density, 0, 6, epsabs=1e-13)[0])

    everything = log_evidence(given)
    expected = sum(everything - log_evidence(given.subset(np.arange(3) != row)) for row in range(3))
    assert fit.measures()["LOO"]["elpd"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("share", [0.025, 0.5, 0.9])
def test_a_quantile_has_its_share_below(share):
    mixture = Distribution(np.array([-1.0, 2.0]), np.array([0.5, 1.0]), np.array([0.3, 0.7]))
    assert mixture.below(mixture.quantile(share)) == pytest.approx(share, abs=1e-9)


MIXTURES = {
    "one": ([1.3], [0.2], [1.0]),
    "near": ([0.0, 0.1, 0.3], [0.2, 0.25, 0.4], [0.5, 0.3, 0.2]),
    "far": ([-4.0, 5.0], [0.1, 1.0], [0.5, 0.5]),
    "a point": ([0.0, 0.0], [0.0, 1.0], [0.1, 0.9]),
    "tiny": ([0.0, 30.0], [1e-3, 1e-3], [0.999, 0.001]),
}


@pytest.mark.parametrize("name", MIXTURES)
@pytest.mark.parametrize("share", [0.001, 0.025, 0.3, 0.975])
def test_a_quantile_is_found_in_few_steps(monkeypatch, name, share):
    """Against bisection by SciPy; where Newton's method serves, it must not bisect at the end."""
    mixture = Distribution(*map(np.array, MIXTURES[name]))
    sought = brentq(lambda x: mixture.below(x) - share, -50, 50, xtol=1e-14)
    steps, below = [], Distribution.below
    monkeypatch.setattr(Distribution, "below", lambda *given: steps.append(1) or below(*given))
    assert mixture.quantile(share) == pytest.approx(sought, abs=1e-11)
    assert len(steps) <= (10 if name in ("one", "near") else 60)
    draws = np.random.default_rng(1).normal(size=1000)
    assert Distribution.of_draws(draws).quantile(share) == np.quantile(draws, share)


def test_the_exact_path_loads_neither_pymc_nor_arviz(tmp_path):
    import subprocess
    import sys

    pd.DataFrame(STUDIES, columns=["study", "treatment", "comparator", "diff", "se"]).assign(
        shared_variance=[None, None, 0.03, 0.03]
    ).to_csv(tmp_path / "c.csv", index=False)
    code = (
        "import sys; from evinet import usertable, Network; "
        f"f = Network.from_contrasts(usertable.read({str(tmp_path / 'c.csv')!r}), 'a').fit(); "
        "f.league(), f.ranks(), f.measures(), f.summary(); "
        "print([n for n in ('pymc', 'pytensor', 'arviz', 'nutpie') if n in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


EXACT = """
import sys
from pathlib import Path
import pandas as pd
from evinet.nma import Network

network = Network.read(pd.DataFrame({
    "study": ["S1", "S2", "S3"], "treatment": ["B", "C", "C"], "comparator": ["A", "A", "B"],
    "diff": [-0.4, -0.1, 0.2], "se": [0.2, 0.2, 0.3],
}), reference="A")
fit = network.fit(effects="random", seed=1)
for name in ("effects", "league", "ranks", "predictive", "powerscale", "contribution", "threshold",
             "influence", "inconsistency", "summary", "league_matrix", "natural"):
    getattr(fit, name)()
fit.write_posterior(Path(sys.argv[1]))
print(*sys.modules)
"""


def test_an_exact_fit_loads_no_library_that_takes_longer_than_the_fit(tmp_path):
    """The workflow starts two processes for each exact model: their start is their cost."""
    done = subprocess.run(
        [sys.executable, "-c", EXACT, str(tmp_path / "posterior.nc")], check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    slow = {"pymc", "pytensor", "arviz", "nutpie", "numba", "matplotlib", "scipy.stats"}
    assert slow.isdisjoint(done.stdout.split())


def test_the_prior_of_intercepts_is_seen_where_mu_is_integrated_out():
    """Draws of mu are those of two conjugate normals; a prior against the data is told."""
    from evinet.nma.answers import powerscale

    y, se = np.array([3.0, 2.2]), np.array([0.5, 0.4])
    arms = pd.DataFrame({"study": "one", "treatment": ["a", "b"], "y": y, "se": se})
    for sd, finding in ((1.0, "prior and data may disagree"), (1e4, "prior not influential")):
        asked = {"intercepts": f"normal(0, {sd:g})", "effects": "normal(0, 1)"}
        fit = Network.from_arms(arms, "a").fit(effects="fixed", priors=asked)
        x = np.array([[1.0, 0.0], [1.0, 1.0]])  # of mu and of d[b]
        covariance = np.linalg.inv(x.T @ (x / se[:, None] ** 2) + np.diag([sd**-2, 1.0]))
        mean = covariance @ x.T @ (y / se**2)
        (mu,) = powerscale.intercepts(fit).T
        assert mu.mean() == pytest.approx(mean[0], abs=4 * mu.std() / np.sqrt(len(mu)))
        assert mu.std() == pytest.approx(covariance[0, 0] ** 0.5, rel=0.06)
        assert np.corrcoef(mu, fit.coefficients[:, 0])[0, 1] == pytest.approx(
            covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), abs=0.05
        )
        found = fit.powerscale().set_index("component")
        assert found.at["prior of intercepts", "finding"] == finding
    contrast = Network.from_contrasts(
        pd.DataFrame({"study": ["s"], "treatment": ["b"], "comparator": ["a"], "diff": [-1.0],
                      "se": [0.2]}), "a")  # fmt: skip
    assert powerscale.intercepts(contrast.fit(effects="fixed")) is None, "contrasts have no mu"


def test_sensitivity_is_to_the_densities_of_the_priors(contrasts):
    from evinet.nma.answers import powerscale

    texts = {"effects": "normal(0, 0.5)", "tau": "half-normal(0.3)"}
    fit = contrasts(STUDIES, "a", SHARED).fit(priors=texts)
    found = powerscale.components(fit)
    wanted = {"prior of effects": stats.norm(0, 0.5).logpdf(fit.coefficients).sum(axis=1),
              "prior of tau": stats.halfnorm(0, 0.3).logpdf(fit.tau)}  # fmt: skip
    for name, log in wanted.items():
        assert found[name] - found[name][0] == pytest.approx(log - log[0]), name


def test_ranks_of_contrasts_carry_no_noise(contrasts):
    """SUCRA is the mean probability of being better than another, each of a normal difference."""
    network = contrasts(STUDIES, "a", SHARED)
    first, second = (network.fit(effects="fixed", priors=TIGHT, seed=seed) for seed in (1, 2))
    given = exact.data(first.specification)
    precision = given.columns.T @ np.linalg.solve(given.within, given.columns) + np.eye(3) / 100
    covariance = np.pad(np.linalg.inv(precision), ((1, 0), (1, 0)))
    table = first.effects().set_index("parameter")["mean"]
    mean = np.array([0.0, *table[["d[b]", "d[c]", "d[d]"]]])
    for number, name in enumerate("abcd"):
        others = [each for each in range(4) if each != number]
        better = [
            stats.norm.cdf(0, mean[number] - mean[each], np.sqrt(
                covariance[number, number] + covariance[each, each]
                - 2 * covariance[number, each]))
            for each in others
        ]  # fmt: skip
        for fit in (first, second):
            ranks = fit.ranks().set_index("treatment").loc[name]
            assert ranks["sucra"].iloc[0] == pytest.approx(np.mean(better), abs=1e-9)
            league = fit.league().set_index("treatment").loc[name, "p_better"]
            assert sorted(league) == pytest.approx(sorted(better), abs=1e-9)


def test_ranks_of_two_treatments_are_probabilities_of_the_normal(contrasts):
    fit = contrasts(STUDIES[:2], "a").fit(effects="fixed", priors={"effects": "normal(0, 1e4)"})
    weight = np.array([0.2**-2, 0.3**-2])
    better = stats.norm.cdf(-(weight @ [-1.0, -0.4]) / weight.sum() * np.sqrt(weight.sum()))
    for name, first in (("b", better), ("a", 1 - better)):
        ranks = fit.ranks().set_index(["treatment", "rank"])["probability"][name]
        assert ranks.loc[[1, 2]].tolist() == pytest.approx([first, 1 - first], abs=1e-6)


def test_the_p_value_of_a_loop_is_that_of_bucher(contrasts):
    """1997, J Clin Epidemiol 50:683; the same for each pair of the loop."""
    loop = [
        ("one", "b", "a", -1.0, 0.2),
        ("two", "c", "a", -0.6, 0.25),
        ("three", "c", "b", 0.1, 0.3),
    ]
    fit = contrasts(loop, "a").fit(effects="fixed", priors={"effects": "normal(0, 1e4)"})
    z = (-0.6 + 1.0 - 0.1) / np.sqrt(0.2**2 + 0.25**2 + 0.3**2)
    table = fit.inconsistency()
    splits = table[table["method"] == "node-split"]
    assert len(splits) == 3
    assert splits["p"].to_numpy(float) == pytest.approx(2 * stats.norm.sf(z), abs=1e-5)


def test_without_anything_exchangeable_sigma_is_0(contrasts):
    model = models.build(contrasts(STUDIES, "a", SHARED))
    assert (model.known_sigma, model.sigma_prior) == (0.0, None)


def test_a_baseline_in_several_arms_has_one_intercept():
    from evinet.nma.answers import powerscale

    arms = pd.DataFrame({
        "study": ["one", "one", "one", "two", "two"], "arm": [1, 2, 3, 1, 2],
        "treatment": ["b", "a", "a", "a", "b"], "y": [2.2, 3.0, 2.8, 3.1, 2.0], "se": 0.5,
    })  # fmt: skip
    fit = Network.from_arms(arms, "a").fit(effects="fixed")
    assert powerscale.intercepts(fit).shape[1] == 2
