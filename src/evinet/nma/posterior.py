"""A fitted model: its posterior, whether it may be used, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evinet import seeds
from evinet.nma.convergence import convergence, failures
from evinet.nma.distribution import Distribution
from evinet.nma.fit.exact import Mixture, NormalData, summarised
from evinet.nma.likelihoods import ordered
from evinet.nma.model import CUTS, Model
from evinet.nma.settings import Sampler
from evinet.nma.terms import ClassEffect

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from evinet.nma.answers.absolute import Population
    from evinet.nma.answers.fit_measures import Part
    from evinet.nma.plot import Plot
    from evinet.nma.settings import Margin

RANKED = 200_000  # draws of an exact posterior for ranks: an error of 0.001
POINTS = 200  # of tau and sigma, over which weights are averaged


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model.

    Attributes
    ----------
    specification
        The model that was fitted.
    sampler, seed, job
        How draws are taken.
    better
        Whether lower or higher effects are improvements.
    traces
        An `arviz.InferenceData` of each reconstruction of the patients, or one; empty where the
        posterior is exact.
    mixture
        The exact posterior; None where it is sampled.
    seconds
        Taken to compile and to sample.
    """

    specification: Model
    sampler: Sampler
    seed: int
    job: str
    better: Literal["lower", "higher"]
    traces: list[Any] = field(default_factory=list)
    mixture: Mixture | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """exact or nuts."""
        return "exact" if self.mixture is not None else "nuts"

    @property
    def network(self) -> Any:
        """The network."""
        return self.specification.network

    @property
    def treatments(self) -> list[str]:
        """Treatments, island by island."""
        return list(self.network.treatments)

    @property
    def islands(self) -> dict[str, int]:
        """Treatment -> island, joined by the class if there is one."""
        return self.specification.design.islands

    @property
    def references(self) -> list[str]:
        """The reference of each island."""
        return self.specification.design.references

    @cached_property
    def model(self) -> Any:
        """The PyMC model, for whatever PyMC can do with it."""
        from evinet.nma import graph

        return graph.graph(self.specification, graph.values(self.specification))

    @cached_property
    def idata(self) -> Any:
        """The posterior as an `arviz.InferenceData`, all reconstructions side by side.

        Groups posterior, observed_data, log_likelihood (of arms, of studies by contrasts and of
        patients beside covariates, so that ``az.loo`` works; none of other patients) and, of a
        sampled posterior, sample_stats.
        """
        import arviz as az

        from evinet.nma.answers.inference_data import groups

        found: dict[str, Any] = dict(groups(self))
        return az.InferenceData(**found)

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws: b, d (where effects are reported), tau, sigma, theta and the baseline's variables.

        Dimensions chain and draw; the chains of all reconstructions stand side by side, with equal
        weight. Of an exact posterior they are independent draws.
        """
        import xarray as xr

        if self.mixture is not None:
            return self._drawn(self.mixture)
        names = ["b", "theta"]
        optional = ["tau", "sigma", "eta", "mu", *CUTS, "residual_sd"]
        if self.specification.baseline is not None:
            optional += self.specification.baseline.saved
        names += [name for name in dict.fromkeys(optional) if name in self.traces[0].posterior]
        chains = self.traces[0].posterior.sizes["chain"]
        found = xr.concat(
            [
                trace.posterior[names].assign_coords(chain=np.arange(chains) + number * chains)
                for number, trace in enumerate(self.traces)
            ],
            dim="chain",
        )
        return self._with_effects(found)

    def _with_effects(self, found: xr.Dataset) -> xr.Dataset:
        import xarray as xr

        if self.specification.terms.unrelated:
            return found
        rows = np.array([self._row(name) for name in self.treatments])
        d = found["b"].to_numpy() @ (rows @ self.specification.to_reported()).T
        return found.assign(d=xr.DataArray(
            d, dims=("chain", "draw", "treatment"), coords={"treatment": self.treatments}
        ))  # fmt: skip

    def _drawn(self, mixture: Mixture) -> xr.Dataset:
        import xarray as xr

        from evinet.nma.answers.fit_measures import study_effects

        rng = seeds.generator(self.seed, f"{self.job}/draws")
        shape = (self.sampler.chains, self.sampler.draws)
        b, tau, sigma = mixture.draws(shape[0] * shape[1], rng)
        fitted = study_effects(self, b, tau, rng)
        variables: dict[str, Any] = {
            "b": (("chain", "draw", "parameter"), b.reshape(*shape, -1)),
            "fitted": (("chain", "draw", "point"), fitted.reshape(*shape, -1)),
        }
        if self.specification.random:
            variables["tau"] = (("chain", "draw"), tau.reshape(shape))
        if self.specification.sigma_prior is not None:
            variables["sigma"] = (("chain", "draw"), sigma.reshape(shape))
        names = {"parameter": self.specification.names}
        return self._with_effects(xr.Dataset(variables, coords=names))

    @cached_property
    def samples(self) -> xr.Dataset:
        """`posterior` with the one dimension `sample` in place of chain and draw."""
        return self.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)

    @cached_property
    def reconstructed(self) -> list[xr.Dataset]:
        """The posterior of each reconstruction, with the one dimension `sample`."""
        return [
            trace.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
            for trace in self.traces
        ]

    @cached_property
    def coefficients(self) -> np.ndarray:
        """Draws of the coefficients where effects are sampled, shape (draws, coefficients)."""
        return np.asarray(self.samples["b"].to_numpy())

    @cached_property
    def levels(self) -> dict[str, Any]:
        """Category -> draws of its cut-point, the first's 0; of other outcomes "" -> 0."""
        model = self.specification
        if model.arms is None or not model.gaps:
            return {"": 0.0}
        cuts = self.samples["cut"].transpose("category", "sample").to_numpy()
        return dict(zip(model.arms.categories, [0.0, *cuts], strict=True))

    def cuts(self, place: int) -> np.ndarray | None:
        """Draws of an arm's cut-points but the first, shape (draws, categories - 1), if any."""
        model = self.specification
        if model.arms is None or not model.gaps:
            return None
        if model.random_cuts:
            gaps = self.samples["study_gap"].transpose("sample", ...).to_numpy()
            return np.asarray(gaps[:, model.arms.study[place]].cumsum(axis=-1))
        return np.asarray(self.samples["cut"].transpose("sample", ...).to_numpy())

    def predictors(self, eta: np.ndarray) -> np.ndarray:
        """What the likelihood of the arms takes for draws of eta, shape (draws, arms).

        eta itself; of ordered categories eta less their cut-points, (draws, arms, categories).
        """
        model = self.specification
        if model.arms is None or not model.gaps:
            return eta
        every = [self.cuts(place) for place in range(len(model.arms.x))]
        return ordered.predictors(eta, np.stack([each for each in every if each is not None], 1))

    @property
    def tau(self) -> np.ndarray:
        """Draws of tau, shape (draws,); 0 with fixed effects."""
        return self._scale("tau", 0.0)

    @property
    def sigma(self) -> np.ndarray:
        """Draws of the class's sigma, shape (draws,); what is known of it where it is no prior."""
        return self._scale("sigma", self.specification.known_sigma)

    def _scale(self, name: str, known: float) -> np.ndarray:
        if name in self.samples:
            return np.asarray(self.samples[name].to_numpy())
        return np.full(self.samples.sizes["sample"], known)

    def _row(self, treatment: str) -> np.ndarray:
        """Which coefficient is a treatment's effect."""
        found = np.zeros(len(self.specification.names))
        if treatment not in self.references:
            found[self.specification.names.index(f"d[{treatment}]")] = 1.0
        return found

    @cached_property
    def d(self) -> dict[str, np.ndarray]:
        """Treatment -> draws of its effect against the reference of its island."""
        drawn = self.samples["d"].transpose("treatment", "sample").to_numpy()
        return dict(zip(self.treatments, drawn, strict=True))

    def difference(self, treatment: str, comparator: str, new_study: bool = False) -> Distribution:
        """The effect of a treatment against another, of the mean or in a new study."""
        row = self._row(treatment) - self._row(comparator)
        return self.linear(row @ self.specification.to_reported(), new_study)

    def linear(self, row: np.ndarray, new_study: bool = False, noise: float = 0.0) -> Distribution:
        """A linear function of the coefficients, of a new study's deviation, and noise."""
        if self.mixture is not None:
            return self.mixture.of(row, float(new_study), noise)
        sd = np.sqrt((self.tau if new_study else 0.0) ** 2 + noise)
        return Distribution.of_draws(self.coefficients @ row, sd)

    def scale(self, name: str) -> Distribution:
        """The distribution of tau or sigma."""
        if self.mixture is not None:
            return self.mixture.scale(name)
        return Distribution.of_draws(self.tau if name == "tau" else self.sigma)

    def ranked_draws(self) -> dict[str, np.ndarray]:
        """Draws of every effect for ranks: those of the posterior, or many where it is exact."""
        if self.mixture is None:
            return self.d
        rng = seeds.generator(self.seed, f"{self.job}/ranks")
        b = self.mixture.draws(RANKED, rng)[0]
        to = self.specification.to_reported()
        return {name: b @ (self._row(name) @ to) for name in self.treatments}

    @cached_property
    def held_by_prior(self) -> set[frozenset[str]]:
        """Pairs whose effect only the prior keeps from being infinite, as arms have no event."""
        return self.specification.without_likelihood_limits()

    @cached_property
    def parameters(self) -> dict[str, list[np.ndarray]]:
        """What is reported: name -> draws of each reconstruction, shape (chains, draws)."""
        from itertools import product

        to = self.specification.to_reported()
        found: dict[str, list[np.ndarray]] = {}
        each = [trace.posterior for trace in self.traces] or [self.posterior]
        for row, name in enumerate(self.specification.names):
            found[name] = [one["b"].to_numpy() @ to[row] for one in each]
        for name in ("tau", "sigma"):
            if name in each[0]:
                found[name] = [one[name].to_numpy() for one in each]
        for name in self.specification.outcome_parameters:
            along = [str(dim) for dim in each[0][name].dims if dim not in ("chain", "draw")]
            for labels in product(*(each[0][dim].to_numpy() for dim in along)):
                at = dict(zip(along, labels, strict=True))
                label = f"{name}[{', '.join(map(str, labels))}]" if along else name
                found[label] = [one[name].sel(at).to_numpy() for one in each]
        return found

    @cached_property
    def convergence(self) -> dict[str, Any]:
        """The worst R-hat, effective sample sizes, energy and divergences over reconstructions."""
        return convergence(self.traces, self.parameters)

    def failures(self) -> list[str]:
        """What keeps the fit from being used, in words; empty when it may be."""
        kept = len(self.traces) * self.sampler.chains * self.sampler.draws
        found = failures(self.convergence, self.sampler.gates, kept)
        return [*found, *(self._sparse() if found else [])]

    def _sparse(self) -> list[str]:
        """Why wide priors may be the reason that a fit did not converge."""
        return [
            f"{' and '.join(sorted(pair))}: data limit their effect to one side alone, so that its "
            'prior holds it; a narrower one is --prior "effects=normal(0, 2)" (for baseline risk '
            '"intercepts=normal(0, 10)")'
            for pair in sorted(self.held_by_prior, key=sorted)[:1]
        ]

    def scales(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points of tau and sigma that stand for their posterior, and their weights."""
        if self.mixture is not None:
            return self.mixture.tau, self.mixture.sigma, self.mixture.weight
        order = np.argsort(self.tau + 1e-6 * self.sigma, kind="stable")
        chosen = order[np.linspace(0, len(order) - 1, min(len(order), POINTS)).astype(int)]
        return self.tau[chosen], self.sigma[chosen], np.full(len(chosen), 1 / len(chosen))

    def effect_rows(self) -> np.ndarray:
        """Each treatment's effect as a function of the design's coefficients."""
        to = self.specification.to_reported()
        size = len(self.specification.design.names)
        return np.array([self._row(name) @ to for name in self.treatments])[:, :size]

    @property
    def linear_in_studies(self) -> bool:
        """Whether effects are linear in the studies' given tau, so that each has its weight."""
        return not (self.specification.terms.baseline_risk or self.specification.terms.unrelated)

    @cached_property
    def normal(self) -> NormalData:
        """The data as normal contrasts, for what is linear in them (see `exact.summarised`)."""
        from evinet.nma.answers.patients import normal_summaries

        return summarised(self.specification, normal_summaries(self))

    @cached_property
    def of_normal(self) -> Mixture:
        """The exact posterior of `normal`."""
        from evinet.nma.fit.exact import solve

        return solve(self.normal)

    @cached_property
    def left_out(self) -> dict[str, Mixture]:
        """Study -> the posterior without it (see `evinet.nma.answers.left_out`)."""
        from evinet.nma.answers import left_out

        return left_out.left_out(self)

    def reconstruction_share(self) -> dict[str, float]:
        """Coefficient -> share of its variance that lies between reconstructions of patients."""
        found = {}
        for name in self.specification.names if len(self.traces) > 1 else ():
            draws = self.parameters[name]
            within = float(np.mean([each.var(ddof=1) for each in draws]))
            between = float(np.var([each.mean() for each in draws], ddof=1))
            if within > 0:
                found[name] = between / (within + between)
        return found

    def effects(self) -> pd.DataFrame:
        """Mean, sd, quantiles and convergence of every parameter (table `estimates`)."""
        from evinet.nma.answers import effects

        return effects.estimates(self)

    def components(self) -> pd.DataFrame:
        """The effect of each component (see `evinet.nma.answers.components`)."""
        from evinet.nma.answers import components

        return components.components(self)

    def additivity(self) -> dict[str, Any]:
        """The test of additivity (see `evinet.nma.answers.components`)."""
        from evinet.nma.answers import components

        return components.additivity(self)

    def league(self) -> pd.DataFrame:
        """The effect of every pair of treatments inside an island (table `league`)."""
        return self._league.copy()

    @cached_property
    def _league(self) -> pd.DataFrame:
        from evinet.nma.answers import effects

        return effects.league(self)

    def ranks(self) -> pd.DataFrame:
        """Probabilities of every rank, and SUCRA (table `ranks`)."""
        return self._ranks.copy()

    @cached_property
    def _ranks(self) -> pd.DataFrame:
        from evinet.nma.answers import effects

        return effects.ranks(self)

    def margins(self, margins: list[Margin]) -> pd.DataFrame:
        """How likely a ratio below each margin is (table `margins`)."""
        from evinet.nma.answers import effects

        return effects.margins(self, margins)

    def absolute(self, populations: list[Population]) -> pd.DataFrame:
        """Outcomes of every treatment in populations that are named by their own on the reference.

        See `evinet.nma.answers.absolute.Population`.
        """
        from evinet.nma.answers import absolute

        rng = seeds.generator(self.seed, f"{self.job}/absolute")
        return absolute.absolute(self, populations, rng)

    def survival(self, times: tuple[float, ...] = ()) -> pd.DataFrame:
        """Survival of every treatment in the population of each study with patients."""
        from evinet.nma.answers import survival

        return survival.survival_table(self, times)

    def hazard_ratios(self, times: tuple[float, ...] = ()) -> pd.DataFrame:
        """ln HR over time in the population of each study with patients."""
        from evinet.nma.answers import survival

        return survival.hazard_ratio_table(self, times)

    def rmst(self, until: float | None = None) -> pd.DataFrame:
        """Restricted mean survival times in the population of each study with patients."""
        from evinet.nma.answers import survival

        return survival.restricted_mean_tables(self, until)[0]

    @cached_property
    def parts(self) -> list[Part]:
        """The data's parts, by the first reconstruction: what deviance and leave-one-out are of."""
        from evinet.nma.answers.fit_measures import parts

        return list(parts(self))

    def measures(self) -> dict[str, Any]:
        """Residual deviance, pD, DIC, leave-one-out and the points that they are made of."""
        from evinet.nma.answers.fit_measures import fit_measures

        return fit_measures(self)

    def contribution(self) -> pd.DataFrame:
        """What each study contributes to each effect (table `contribution`)."""
        from evinet.nma.answers import contribution

        return contribution.contribution(self)

    def threshold(self) -> pd.DataFrame:
        """How far each study's effect must move before another treatment is best."""
        from evinet.nma.answers import threshold

        return threshold.threshold(self)

    def influence(self) -> pd.DataFrame:
        """Every effect with each study left out (table `influence`)."""
        from evinet.nma.answers import influence

        return influence.influence(self)

    def cumulative(self, column: str) -> pd.DataFrame:
        """Effects by the studies up to each value of a column (`evinet.nma.answers.cumulative`)."""
        from evinet.nma.answers import cumulative

        return cumulative.cumulative(self, column)

    def inconsistency(self) -> pd.DataFrame:
        """Whether direct and indirect evidence agree (table `inconsistency`)."""
        from evinet.nma.answers import inconsistency

        return inconsistency.inconsistency(self)

    def without_priors(self) -> pd.DataFrame:
        """Odds ratios by methods without priors (see `evinet.nma.answers.without_priors`)."""
        from evinet.nma.answers import without_priors

        return without_priors.without_priors(self)

    def decomposition(self) -> pd.DataFrame:
        """Cochran's Q within and between designs (see `evinet.nma.answers.decomposition`)."""
        from evinet.nma.answers import decomposition

        return decomposition.decomposition(self)

    def net_heat(self) -> pd.DataFrame:
        """Which designs disagree, and what drives it (see `evinet.nma.answers.net_heat`)."""
        from evinet.nma.answers import net_heat

        return net_heat.net_heat(self)

    def funnel(self, order: Sequence[str]) -> pd.DataFrame:
        """Studies about the mean of their comparison (see `evinet.nma.answers.funnel`)."""
        from evinet.nma.answers import funnel

        return funnel.funnel(self, order)

    def dev_dev(self, other: Fit) -> pd.DataFrame:
        """Residual deviances of data points by this and by another model of the same network.

        Columns study, treatment (empty of a study's contrasts), deviance and deviance_other, both
        for each data point (Dias et al., NICE TSD 4).

        Raises
        ------
        ValueError
            The fits are of different data.
        """
        from evinet.nma.answers import fit_measures

        return fit_measures.dev_dev(self, other)

    def predictive(self) -> pd.DataFrame:
        """Outcomes against those of new studies like these (table `predictive`)."""
        from evinet.nma.answers import predictive

        return predictive.predictive(self, seeds.generator(self.seed, f"{self.job}/predictive"))

    def powerscale(self) -> pd.DataFrame:
        """Sensitivity of every parameter to each prior and to the data (table `powerscale`)."""
        from evinet.nma.answers import powerscale

        return powerscale.powerscale(self)

    def node_splits(self, chosen: Sequence[tuple[str, str]] = ()) -> dict[tuple[str, str], Fit]:
        """A fit with direct and indirect effects apart, for every pair (A, B) that has both.

        Or for those of the pairs alone that are `chosen`, in either order.

        Raises
        ------
        InputError
            No pair, or not each chosen one, has both.
        """
        from evinet.nma import design as designs
        from evinet.nma.fit import run

        pairs = self.network.split_pairs(chosen)
        terms = self.specification.terms
        models = [
            replace(
                self.specification, design=designs.build(self.network, replace(terms, split=pair))
            )
            for pair in pairs
        ]
        jobs = [f"{self.job}/{second} vs {first}" for first, second in pairs]
        fits = run(models, self.sampler, self.seed, self.better, jobs)
        return dict(zip(pairs, fits, strict=True))

    def natural(self) -> pd.DataFrame:
        """The league table with ratios beside their logarithms, where effects are logarithms."""
        from evinet.nma.answers import natural

        return natural.beside(self.league(), self.specification.scale)

    def league_matrix(self) -> pd.DataFrame:
        """The league table as a matrix of texts: the row's treatment against the column's."""
        from evinet.nma.answers import natural

        return natural.matrix(self)

    def draws(self) -> pd.DataFrame:
        """Every draw of the reported parameters, with the columns chain and draw."""
        from evinet.nma.answers import natural

        return natural.draws(self)

    def report(self, path: Path | str, order: Sequence[str] = (), other: Fit | None = None) -> None:
        """Write one HTML file with figures, tables, methods and cautions.

        With an `order` of the treatments also a funnel plot, and with `other`, another model of the
        same network, deviances of data points by both.
        """
        from evinet import files
        from evinet.nma import report

        files.write_text(path, report.page(self, order, other))

    def summary(self) -> dict[str, Any]:
        """What was fitted, how, and how well: the content of fit.json."""
        from evinet.nma.answers.record import record

        return record(self)

    @property
    def plot(self) -> Plot:
        """Figures: ``fit.plot.forest()``."""
        from evinet.nma.plot import Plot

        return Plot(self)

    def write_posterior(self, path: Path) -> None:
        """Write the draws alone as NetCDF, the same bytes for the same draws."""
        from evinet.nma.answers.inference_data import write

        write(path, {"posterior": self.posterior})


__all__ = ["ClassEffect", "Fit"]
