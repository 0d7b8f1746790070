"""What a regression on patients' covariates says of a population: effects, outcomes, survival.

Two effects are told apart. A conditional effect compares patients of the same covariates; in a
population it is averaged over them, on the scale of the linear predictor. A marginal effect
compares outcomes that were averaged over the population first. Where the link is not linear they
differ, and only like may be compared with like (Remiro-Azócar et al. 2022).

Outcomes need a level: the population takes over the baseline of a study.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evinet import seeds, usertable
from evinet.errors import InputError, Problem
from evinet.nma.answers import survival as curves
from evinet.nma.data import frames, vocabulary
from evinet.nma.distribution import summary
from evinet.nma.likelihoods import individual
from evinet.nma.likelihoods.arms import LIKELIHOODS, LINKS
from evinet.nma.population import comparison, margins, summaries
from evinet.nma.population.margins import Margin
from evinet.nma.population.regression import FINE, Regression

if TYPE_CHECKING:
    import xarray as xr

    from evinet.nma.model import Model
    from evinet.nma.network import Network
    from evinet.nma.posterior import Fit

POINTS = 64  # of a population, for outcomes
DRAWS = 4_000  # of the posterior, for outcomes
FEWER = 1_000  # of them, for the integration error
WORST = 0.01  # integration error that is passed over
MOST = 256  # points of a published arm that are taken where the error asks for them
STEPS = 120  # of time, for restricted means and medians


@dataclass(frozen=True, eq=False)
class Population:
    """Patients for whom answers are asked.

    Attributes
    ----------
    name
        What tables call it.
    covariates
        One row for each patient, or for each of many points of the same weight.
    baseline
        The study whose baseline it has.
    points, weights
        A few of them that stand for all in averages: centred columns, and their weights.
    cautions
        What its table lacks, and where it lies outside the patients, in sentences.
    """

    name: str
    covariates: pd.DataFrame
    baseline: str
    points: np.ndarray
    weights: np.ndarray
    cautions: tuple[str, ...] = ()


def population(
    of: Fit | Model, source: pd.DataFrame | Path | str, *, baseline: str | None = None,
    name: str | None = None,
) -> Population:  # fmt: skip
    """A population by the name of a study, by a table of patients, or by a table of summaries.

    Parameters
    ----------
    of
        A regression, fitted or not.
    source
        A study of the network; or a table, or its file: one row for each patient with the
        covariates, or one row with summaries (age_mean, age_sd, the share male).
    baseline
        The study whose baseline the population has; by default its own, else the first study with
        patients.
    name
        What tables call it; by default the study, or the column study or population of the table.

    Raises
    ------
    InputError
        There is no such study, or whatever is wrong with the table.
    """
    regression = _regression(of)
    studies = list(dict.fromkeys([*(arm[0] for arm in regression.patients),
                                  *(arm[0] for arm in regression.published)]))  # fmt: skip
    if baseline is not None and baseline not in studies:
        raise InputError(Problem("(options)", "baseline", baseline, "is not a study of the network",
                                 f"Use one of {', '.join(studies)}"))  # fmt: skip
    if isinstance(source, str) and source in studies:
        called, covariates, baseline = source, regression.covariates(source), baseline or source
        return Population(
            name or called, covariates, baseline, *regression.weighted(covariates, POINTS)
        )
    if isinstance(source, str) and not Path(source).is_file():
        raise InputError(
            Problem("(options)", "population", source, "is neither a study of the network nor a "
                    "file", f"Use one of {', '.join(studies)}, or a table of covariates")
        )  # fmt: skip
    frame = source if isinstance(source, pd.DataFrame) else usertable.read(source)
    called, covariates, assumed = _covariates(regression, frame)
    if (name or called) in studies:
        raise InputError(
            Problem(str(frame.attrs.get("file", frames.FRAME)), "population", name or called,
                    "is a study of the network as well", "Give the population a name of its own")
        )  # fmt: skip
    return Population(
        name or called, covariates, baseline or studies[0],
        *regression.weighted(covariates, POINTS),
        (*assumed, *regression.outside(covariates, name or called)),
    )  # fmt: skip


def _regression(of: Fit | Model) -> Regression:
    found = of.network.regression
    if found is None:
        raise InputError(
            Problem("(options)", "regression", None, "the model has no patients' covariates, so "
                    "that it answers for no other population", "Fit a regression")
        )  # fmt: skip
    assert isinstance(found, Regression)
    return found


def _covariates(
    regression: Regression, frame: pd.DataFrame
) -> tuple[str, pd.DataFrame, tuple[str, ...]]:
    """The name of a table's population, its patients or points, and what was assumed."""
    file = str(frame.attrs.get("file", frames.FRAME))
    named = vocabulary.written(frame)
    named.attrs["file"] = file
    label = next((each for each in ("population", "study") if each in named), None)
    several = sorted(set(named[label].astype(str))) if label else []
    if len(several) > 1:
        raise InputError(
            Problem(file, str(label), ", ".join(several), "are several populations",
                    "Write one table for each and give --population once for each, or leave the "
                    "column out")
        )  # fmt: skip
    called = several[0] if several else Path(file).stem
    every = pd.concat(list(regression.patients.values()), ignore_index=True)
    words = {name for name in regression.names
             if not pd.api.types.is_numeric_dtype(every[name].dtype)}  # fmt: skip
    columns = regression.columns
    numeric = {name: column for name, column in columns.items() if name not in words}
    binary = {column for name, column in numeric.items() if every[name].isin([0, 1]).all()}
    levels = {columns[name]: sorted(set(every[name])) for name in words}
    if len(named) > 1 and set(columns.values()) <= set(named):
        return called, _people(named, columns, binary, levels), ()
    if len(named) != 1:
        raise InputError(
            Problem(file, "(columns)", ", ".join(map(str, frame.columns)),
                    "do not describe a population",
                    f"Give one row for each patient with {', '.join(columns.values())}, or one row "
                    "with their means, standard deviations and shares")
        )  # fmt: skip
    if label != "study":
        named = named.assign(study=called)
        named.attrs = {"file": file}
    (row,) = summaries.read(named, list(numeric.values()), binary, levels)
    margin = {
        name: Margin.categorical(row.shares[column]) if name in words else
        margins.margin(column, row.covariates[column], every[name].to_numpy(float), None, file)
        for name, column in columns.items()
    }  # fmt: skip
    assumed = (*summaries.left_out(named, levels), *(
        f"the standard deviation of {column} is not given of {called}: that of all patients stands "
        "for it"
        for column in numeric.values()
        if row.covariates[column].lacks_sd
    ))  # fmt: skip
    seed = seeds.seed_sequence(regression.seed, f"population/{called}")
    return called, margins.points(margin, regression.correlated, FINE, seed), assumed


def _people(
    table: pd.DataFrame, columns: dict[str, str], binary: set[str], levels: dict[str, list[str]]
) -> pd.DataFrame:
    """The patients of a population: numbers, 0 or 1, or categories that the model knows."""
    problems: list[Problem] = []
    found = {}
    for name, column in columns.items():
        if column in levels:
            cells = ["" if pd.isna(cell) else str(cell).strip() for cell in table[column]]
            found[name] = np.array(cells, object)
            wrong = ~np.isin(cells, levels[column])
            message = "is none of the patients' categories"
            remedy = f"Use one of {', '.join(levels[column])}"
        else:
            values = comparison.numbers(table, column, problems)
            found[name] = values
            wrong = comparison.missing(table, column)
            message, remedy = "is missing", "Leave the patient out"
            if column in binary:
                wrong |= np.isfinite(values) & ~np.isin(values, [0, 1])
                message = "is not 0 or 1, as it is in the patients"
                remedy = "Write one row for each patient, or one row of means and shares"
        problems += [
            frames.problem(table, int(row), column, message, remedy)
            for row in np.flatnonzero(wrong)
        ]
    frames.stop(problems)
    return pd.DataFrame(found)


def conditional(fit: Fit, covariates: pd.DataFrame) -> pd.DataFrame:
    """Average conditional effects between every two treatments of an island in some patients.

    Columns treatment, comparator, mean, sd, q2.5, q50, q97.5, on the scale of the linear predictor.
    """
    means = _regression(fit).matrix(covariates).mean(axis=0)
    effect = {name: _effect(fit, name, means[None])[:, 0] for name in fit.treatments}
    return _pairs(fit, effect)


def over(fit: Fit, covariate: str, covariates: pd.DataFrame, steps: int = 25) -> pd.DataFrame:
    """Conditional effects against the reference over a covariate's range in the patients.

    The other covariates are those of `covariates`, averaged. Columns covariate, value, treatment,
    comparator, mean, sd, q2.5, q50, q97.5.
    """
    regression = _regression(fit)
    own = pd.concat(list(regression.patients.values()), ignore_index=True)[covariate]
    few = sorted(set(own)) if own.nunique() <= steps else None
    values = few if few is not None else list(np.linspace(own.min(), own.max(), steps))
    rows = []
    for value in values:
        means = regression.matrix(covariates.assign(**{covariate: value})).mean(axis=0)
        for name, reference in _against(fit):
            drawn = _effect(fit, name, means[None])[:, 0]
            rows.append({"covariate": covariate, "value": value, "treatment": name,
                         "comparator": reference, **summary(drawn)})  # fmt: skip
    return pd.DataFrame(rows)


def _against(fit: Fit) -> Iterator[tuple[str, str]]:
    """Each treatment but the references, with the reference of its island."""
    first = {fit.islands[name]: name for name in fit.references}
    for name in fit.treatments:
        if name not in fit.references:
            yield name, first[fit.islands[name]]


def _pairs(fit: Fit, drawn: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = [
        {"treatment": name, "comparator": other, **summary(drawn[name] - drawn[other])}
        for name in drawn for other in drawn
        if name != other and fit.islands[name] == fit.islands[other]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _effect(fit: Fit, treatment: str, x: np.ndarray, every: int = 1) -> np.ndarray:
    """Effect against the reference in patients x (centred columns), shape (draws, patients)."""
    effect = fit.coefficients[::every] @ fit._row(treatment)
    return effect[:, None] + _slopes(fit, treatment, every, with_outcome=False) @ x.T


def _slopes(fit: Fit, treatment: str, every: int, with_outcome: bool) -> np.ndarray:
    """Slopes on a treatment, or how they differ from the reference's; shape (draws, terms)."""
    names = fit.specification.names
    terms = _regression(fit).terms
    group = fit.specification.design.groups.get(treatment)
    found = np.zeros((len(fit.coefficients[::every]), len(terms)))
    if with_outcome:
        found += fit.coefficients[::every][:, [names.index(f"beta[{term}]") for term in terms]]
    if group is not None:
        places = [names.index(f"beta[{term}: {group}]") for term in terms]
        found += fit.coefficients[::every][:, places]
    return found


def _thinned(fit: Fit, draws: int = DRAWS) -> int:
    return max(len(fit.coefficients) // draws, 1)


def _predictor(fit: Fit, asked: Population, treatment: str) -> tuple[np.ndarray, np.ndarray]:
    """Predictor less the study's mu, shape (draws, points), and the weights of the points."""
    every = _thinned(fit)
    x, weights = asked.points, asked.weights
    against = _baseline_arm(fit, asked.baseline)
    own = fit._row(treatment) - fit._row(against)
    slopes = _slopes(fit, treatment, every, with_outcome=True)
    return (fit.coefficients[::every] @ own)[:, None] + slopes @ x.T, weights


def _baseline_arm(fit: Fit, study: str) -> str:
    rows = fit.specification.design.rows
    return str(rows.loc[rows["study"] == study, "against"].iloc[0])


def _treatments(fit: Fit, asked: Population) -> list[str]:
    own = fit.islands[_baseline_arm(fit, asked.baseline)]
    return [name for name in fit.treatments if fit.islands[name] == own]


def _outcomes(fit: Fit, asked: Population) -> dict[str, dict[str, np.ndarray]]:
    """Category (or "") -> treatment -> draws of the mean outcome (a probability, rate or mean)."""
    arms = fit.specification.arms
    if arms is None:
        raise InputError(
            Problem("(options)", "outcome", "survival", "is not a probability, rate or mean",
                    "Ask for survival")
        )  # fmt: skip
    mu = fit.samples["mu"].sel(study=asked.baseline).to_numpy()[:: _thinned(fit), None]
    likelihood = arms.likelihood
    if likelihood.ordered:  # whether a category is reached
        likelihood = LIKELIHOODS["binomial", likelihood.link]
    found: dict[str, dict[str, np.ndarray]] = {category: {} for category in fit.levels}
    for name in _treatments(fit, asked):
        predictor, weights = _predictor(fit, asked, name)
        for category, cut in fit.levels.items():
            above = cut[:: _thinned(fit), None] if isinstance(cut, np.ndarray) else cut
            each = likelihood.fitted(mu + predictor - above, np.ones(1))
            found[category][name] = each @ weights
    return found


def _by_category(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One table, with a column category where outcomes are ordered categories."""
    for category, table in tables.items():
        if category:
            table.insert(list(table).index("mean"), "category", category)
    return pd.concat(tables.values(), ignore_index=True)


def absolute(fit: Fit, asked: Population) -> pd.DataFrame:
    """Mean outcome of every treatment in a population: columns treatment, mean, sd, q2.5, ...

    Of ordered categories the share of patients who reach each, at the network's cut-points.

    Raises
    ------
    InputError
        The outcome is survival, which is no one number.
    """
    return _by_category({
        category: pd.DataFrame([{"treatment": name, **summary(each)}
                                for name, each in own.items()])
        for category, own in _outcomes(fit, asked).items()
    })  # fmt: skip


def marginal(fit: Fit, asked: Population) -> pd.DataFrame:
    """Marginal effects: mean outcomes of two treatments compared, on the scale of the link.

    Of survival the comparison is the ratio of cumulative hazards of the standardised curves at the
    end of the baseline study's follow-up: ln(ln S_1 / ln S_2), which is the ln HR where the
    marginal hazards are proportional.
    """
    if fit.specification.arms is not None:
        back = LINKS[fit.specification.arms.likelihood.link]
        return _by_category({
            category: _pairs(fit, {name: back(each) for name, each in own.items()})
            for category, own in _outcomes(fit, asked).items()
        })  # fmt: skip
    end = np.array([curves.follow_up(fit, asked.baseline)])
    drawn = {}
    for name in _treatments(fit, asked):
        alive = standardised(fit, asked, name, end)[:, 0].clip(1e-300, 1 - 1e-15)
        drawn[name] = np.log(-np.log(alive))
    return _pairs(fit, drawn)


def standardised(fit: Fit, asked: Population, treatment: str, time: np.ndarray) -> np.ndarray:
    """Draws of survival averaged over a population, shape (draws, times); times within follow-up.

    Raises
    ------
    InputError
        The baseline study has no patients, or a time is after the end of its follow-up.
    """
    baseline = fit.specification.baseline
    assert baseline is not None
    curves.within_follow_up(fit, asked.baseline, time)
    samples = fit.samples.isel(sample=slice(None, None, _thinned(fit)))
    predictor, weights = _predictor(fit, asked, treatment)
    if baseline.scale == "ln HR":  # one curve, raised to the power of each patient's hazard
        none = np.zeros(len(predictor))
        spent = baseline.hazards(samples, asked.baseline, treatment, none, time)[1]
        found = np.zeros_like(spent)
        for own, weight in zip(np.exp(predictor).T, weights, strict=True):
            found += weight * np.exp(-own[:, None] * spent)
        return np.asarray(found)
    total = np.zeros((len(predictor), len(time)))
    for own, weight in zip(predictor.T, weights, strict=True):
        spent = baseline.hazards(samples, asked.baseline, treatment, own, time)[1]
        total += weight * np.exp(-spent)
    return total


def survival(fit: Fit, asked: Population, times: tuple[float, ...] = ()) -> dict[str, pd.DataFrame]:
    """Standardised survival, restricted means and medians of every treatment in a population.

    Returns
    -------
    tables
        survival (treatment, time, mean, sd, ...), rmst (treatment, horizon, mean, ...),
        rmst_differences and medians (treatment, q2.5, q50, q97.5, p_reached).
    """
    last = curves.follow_up(fit, asked.baseline)
    grid = np.linspace(0.0, last, STEPS + 1)
    at = np.array([time for time in times if time <= last]) if times else grid[:: STEPS // 20]
    rows, means, medians = [], {}, []
    for name in _treatments(fit, asked):
        drawn = standardised(fit, asked, name, grid)
        shown = np.array([np.interp(at, grid, each) for each in drawn])
        rows += [{"treatment": name, "time": time, **summary(column)}
                 for time, column in zip(at, shown.T, strict=True)]  # fmt: skip
        means[name] = np.trapezoid(drawn, grid, axis=1)
        crossed = np.array([
            np.interp(-0.5, -each, grid, right=np.inf) if each[-1] <= 0.5 else np.inf
            for each in drawn
        ])  # fmt: skip
        medians.append({"treatment": name, **curves.reached(crossed)})
    return {
        "survival": pd.DataFrame(rows),
        "rmst": pd.DataFrame([{"treatment": name, "horizon": last, **summary(each)}
                              for name, each in means.items()]),
        "rmst_differences": _pairs(fit, means).assign(horizon=last),
        "medians": pd.DataFrame(medians),
    }  # fmt: skip


def integration_error(fit: Fit) -> float:
    """How far means of coefficients would move with other and more points, in posterior SDs.

    The points that are compared come from another sequence and keep polynomials of a higher degree,
    so that the error of both steps is seen. To first order a mean moves by its covariance with the
    change of the log-likelihood. The change is regressed on the draws, which leaves out the noise
    of their number. The largest of all.
    """
    draws = fit.coefficients[:: _thinned(fit, FEWER)]
    moved = _moved(fit)
    centred = draws - draws.mean(axis=0)
    slope = np.linalg.lstsq(centred, moved - moved.mean(), rcond=None)[0]
    covariance = centred.T @ centred / len(draws)
    return float(abs(covariance @ slope / np.sqrt(np.diag(covariance))).max())


def _moved(fit: Fit) -> np.ndarray:
    """Log-likelihood of the published arms with more points less that with those used."""
    regression, model = _regression(fit), fit.specification
    every = _thinned(fit, FEWER)
    rows = model.design.rows
    total = np.zeros(len(fit.coefficients[::every]))
    samples = fit.samples.isel(sample=slice(None, None, every))
    for place, (study, treatment) in enumerate(zip(rows["study"], rows["treatment"], strict=True)):
        if (study, treatment) not in regression.published:
            continue
        theta = samples["theta"].to_numpy()[:, place]
        slopes = _slopes(fit, treatment, every, with_outcome=True)
        fine = regression.weighted(
            regression.drawn((study, treatment), True), 2 * regression.points
        )
        used = regression.rules[study, treatment]
        parts = [_arm(fit, samples, study, treatment, theta, slopes, rule) for rule in (fine, used)]
        total += parts[0] - parts[1]
    return total


def _arm(
    fit: Fit, samples: xr.Dataset, study: str, treatment: str, theta: np.ndarray,
    slopes: np.ndarray, rule: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:  # fmt: skip
    """Log-likelihood of a published arm by some weighted points, shape (draws,)."""
    from evinet.nma.likelihoods.survival.sufficient import quadrature

    model, (x, share) = fit.specification, rule
    if model.arms is not None:
        arms, own = model.arms, fit.specification.design.rows.iloc[model.design.of("arm")]
        place = int(np.flatnonzero((own["study"] == study) & (own["treatment"] == treatment))[0])
        eta = samples["eta"].to_numpy()[:, place, None] + slopes @ x.T
        cuts = fit.cuts(place)
        kept = None if cuts is None else cuts[:: _thinned(fit, FEWER)]
        mean = individual.expected(arms.likelihood, eta, kept, share, arms.s[place])
        return individual.density(
            arms.likelihood, arms.x[place], arms.s[place], eta, mean, share
        )  # fmt: skip
    baseline, patients = model.baseline, model.patients
    assert baseline is not None
    assert patients is not None
    time, event = patients.best.of(patients.arms.index((study, treatment)))
    total = np.zeros(len(theta))
    for happened in (1, 0):
        nodes, weights = quadrature(time[(event == happened) & (time > 0)], 12)
        log_hazard, spent = baseline.hazards(samples, study, treatment, theta, nodes)
        sums = np.zeros((len(theta), len(nodes)))
        for column, weight in zip((slopes @ x.T).T, share, strict=True):
            if baseline.scale == "ln HR":
                sums += weight * np.exp(
                    happened * column[:, None] - spent * np.exp(column)[:, None]
                )
            else:
                own_hazard, own_spent = baseline.hazards(
                    samples, study, treatment, theta + column, nodes
                )
                sums += weight * np.exp(happened * (own_hazard - log_hazard) - own_spent)
        total += np.log(sums) @ weights
    return total


def finer(network: Network) -> Network | None:
    """The network with twice as many points, or None: there are enough."""
    regression = network.regression
    if regression is None or 2 * regression.points > MOST:
        return None
    return replace(network, regression=replace(regression, points=2 * regression.points))


def said(error: float) -> str:
    """The integration error in words."""
    line = f"integration error at most {100 * error:.1f} % of a posterior standard deviation"
    return line if error < WORST else f"Beware: {line}: take more --points"


def tables(
    fit: Fit, populations: list[Population], times: tuple[float, ...] = ()
) -> dict[str, pd.DataFrame]:
    """Answers for some populations, one table each kind, with a column population.

    conditional, marginal and absolute, or of survival survival, rmst, rmst_differences and medians;
    modification has effects over each covariate's range in the first population.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    for asked in populations:
        own = {"conditional": conditional(fit, asked.covariates), "marginal": marginal(fit, asked)}
        if fit.specification.arms is None:
            own |= survival(fit, asked, times)
        else:
            own["absolute"] = absolute(fit, asked)
        for name, table in own.items():
            table.insert(0, "population", asked.name)
            found.setdefault(name, []).append(table)
    every = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    first = populations[0].covariates
    every["modification"] = pd.concat(
        [over(fit, name, first) for name in _regression(fit).names], ignore_index=True
    )
    return every
