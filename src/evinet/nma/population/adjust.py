"""Indirect comparison of two trials in the published one's population, by weights or by a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evinet import seeds
from evinet.errors import InputError, Problem
from evinet.nma.distribution import Z95
from evinet.nma.population import comparison as comparisons
from evinet.nma.population import effects, maic, margins, stc
from evinet.nma.population.comparison import Comparison
from evinet.nma.population.effects import Effect

Method = Literal["maic", "stc"]
POINTS = 1024
FEW = 0.05  # share of resampled trials that may fail without a word
UNANCHORED = (
    "Unanchored: no treatment is common to the two trials. The result is unbiased only if every "
    "prognostic factor and every effect modifier is adjusted for. NICE DSU TSD 18 holds that this "
    "can hardly ever be met, and asks for an estimate of the bias that remains, which is unknown "
    "here."
)
SHARED = (
    "The effect of {comparator} against {anchor} is that of the published trial: the comparison "
    "holds in its population, and in another one only if both treatments are modified alike."
)


@dataclass(frozen=True, eq=False)
class Adjusted:
    """What a method found.

    Attributes
    ----------
    method
        maic or stc.
    comparison
        The trials.
    estimates
        One row for each effect: treatment, comparator, population, adjusted, marginal, estimate,
        se, lower, upper, on the scale of `scale`.
    balance
        Means of the covariates: those of the population, of the patients, and of the weighted ones.
    weights
        Of the patients (maic), shape (patients,); None.
    effective
        Effective sample size (maic); None.
    warnings
        What a reader must know.
    """

    method: Method
    comparison: Comparison
    estimates: pd.DataFrame
    balance: pd.DataFrame
    weights: np.ndarray | None
    effective: float | None
    warnings: list[str]

    @property
    def scale(self) -> str:
        """What estimates are: ln OR, difference or ln HR."""
        return effects.SCALES[self.comparison.kind]


def adjust(
    patients: pd.DataFrame,
    published: pd.DataFrame,
    on: Sequence[str],
    method: Method = "maic",
    *,
    population: pd.DataFrame | None = None,
    unanchored: bool = False,
    match_sd: bool = False,
    variance: Literal["robust", "bootstrap"] = "robust",
    resamples: int = 500,
    families: dict[str, str] | None = None,
    seed: int = 1,
    level: float = 95.0,
) -> Adjusted:
    """Compare the treatments of two trials in the population of the published one.

    Parameters
    ----------
    patients, published, population, unanchored
        See `comparison.read`.
    on
        Covariates that are adjusted for.
    method
        maic: weights that match the published means. stc: a model of the outcome with every
        covariate and its interaction with treatment, averaged over the population.
    match_sd
        Whether weights also match published standard deviations.
    variance
        Of maic: robust takes the weights as known; bootstrap weighs every resample anew. stc always
        resamples.
    resamples
        How many times patients are drawn anew, with replacement, within arms.
    families
        Family of each covariate's margin for stc (see `margins.margin`).
    seed
        Of resampling and of the population's points.
    level
        Of intervals in `published`, in percent.

    Raises
    ------
    InputError
        Whatever is wrong with the tables; populations that do not overlap; a model that the
        patients do not determine.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> age = rng.normal(60, 8, 400)
    >>> own = pd.DataFrame({"treatment": ["A", "B"] * 200, "age": age,
    ...                     "y": 0.1 * age + rng.normal(size=400)})
    >>> other = pd.DataFrame({"treatment": ["A", "C"], "y": [6.2, 5.1], "se": [0.1, 0.1],
    ...                       "n": [150, 150], "age_mean": [62, 62], "age_sd": [8, 8]})
    >>> found = adjust(own, other, ["age"])
    >>> found.estimates[["treatment", "comparator"]].iloc[-1].tolist()
    ['B', 'C']
    """
    found = comparisons.read(patients, published, on, population, unanchored, level)
    if method == "maic":
        return _maic(found, match_sd, variance, resamples, seed)
    return _stc(found, resamples, families or {}, seed)


def _maic(found: Comparison, match_sd: bool, variance: str, resamples: int, seed: int) -> Adjusted:
    chosen = maic.weigh(found, found.patients, match_sd)
    effect = _weighted(found, found.patients, chosen.weight)
    lines: list[str] = []
    if variance == "bootstrap":

        def once(rows: pd.DataFrame, published: pd.DataFrame | None) -> float:
            weight = maic.weigh(found, rows, match_sd).weight
            return _weighted(found, rows, weight, published).estimate

        spread, lines = _resampled(found, once, resamples, seed, "maic")
        own_arm = found.arm.variance if found.anchor is None and found.arm is not None else 0.0
        effect = Effect(effect.estimate, spread + own_arm)
    share = chosen.effective / len(chosen.weight)
    size, top = len(chosen.weight), chosen.weight.max()
    lines.insert(0, f"Effective sample size {chosen.effective:.1f} of {size} patients "
                    f"({share:.0%}); the largest weight is {top:.1f} times the mean.")  # fmt: skip
    if share < 0.5:
        lines.append("More than half of the information is lost in weighting: the populations "
                     "overlap little, and few patients decide the result.")  # fmt: skip
    if match_sd:
        lines += [
            f"The standard deviation of {name} is not published: only its mean is matched."
            for name in _without_sd(found)
        ]
    table = _estimates(found, effect, None)
    return Adjusted("maic", found, table, chosen.balance, chosen.weight, chosen.effective,
                    [*_notes(found), *lines])  # fmt: skip


def _weighted(
    found: Comparison, rows: pd.DataFrame, weight: np.ndarray,
    published: pd.DataFrame | None = None,
) -> Effect:  # fmt: skip
    """Effect of the weighted patients against the anchor, or against the published arm."""
    own = (rows["treatment"] == found.treatment).to_numpy()
    if found.anchor is not None:
        return effects.contrast(found.kind, rows[own], rows[~own], weight[own], weight[~own])
    if found.kind == "survival":
        others = published if published is not None else found.reconstructed
        assert others is not None
        others = found.of(found.comparator, others)
        return effects.contrast("survival", rows[own], others, weight[own], None)
    assert found.arm is not None
    return effects.arm(found.kind, rows[own], weight[own]).less(found.arm)


def _stc(found: Comparison, resamples: int, families: dict[str, str], seed: int) -> Adjusted:
    unknown = sorted(set(families) - set(found.covariates))
    if unknown:
        raise InputError(
            Problem("(options)", "--margin", ", ".join(unknown), "is none of the covariates",
                    f"Use one of {', '.join(found.covariates)}")
        )  # fmt: skip
    margin = {
        name: margins.margin(name, found.target[name], found.patients[name].to_numpy(float),
                             families.get(name), found.file)
        for name in found.covariates
    }  # fmt: skip
    correlated = margins.correlation(found.patients, found.covariates)
    points = margins.points(margin, correlated, POINTS, seeds.seed_sequence(seed, "population"))
    try:
        marginal, conditional = stc.effects(found, found.patients, points)
    except stc.NoFit:
        raise InputError(
            Problem(found.file, "covariates", ", ".join(found.covariates),
                    "the patients do not determine a model with all of them: too few, or an "
                    "outcome that a covariate tells for certain", "Adjust for fewer covariates")
        ) from None  # fmt: skip

    def once(rows: pd.DataFrame, published: pd.DataFrame | None) -> float:
        other = found if published is None else replace(found, reconstructed=published)
        return stc.effects(other, rows, points)[0]

    spread, lines = _resampled(found, once, resamples, seed, "stc")
    effect = Effect(marginal, spread)
    if found.anchor is None and found.kind != "survival":
        assert found.arm is not None
        effect = effect.less(found.arm)
    described = ", ".join(
        f"{name} {each.family} with mean {each.mean:g}"
        + (f" and SD {each.sd:g}" if np.isfinite(each.sd) else "")
        for name, each in margin.items()
    )
    lines.insert(0, f"The population has {described}; correlations are those of the patients.")
    lines += [
        f"The standard deviation of {name} is not published: that of the patients stands for it."
        for name in _without_sd(found)
    ]
    lines += _extrapolated(found)
    balance = pd.DataFrame({
        "moment": [f"{name}: mean" for name in found.covariates],
        "target": [found.target[name].mean for name in found.covariates],
        "before": [found.patients[name].mean() for name in found.covariates],
        "after": [points[name].mean() for name in found.covariates],
    })  # fmt: skip
    table = _estimates(found, effect, conditional if np.isfinite(conditional) else None)
    return Adjusted("stc", found, table, balance, None, None, [*_notes(found), *lines])


def _without_sd(found: Comparison) -> list[str]:
    """Covariates that are not binary and have no published standard deviation."""
    return [name for name, each in found.target.items() if each.lacks_sd]


def _extrapolated(found: Comparison) -> list[str]:
    """Covariates whose published mean lies outside the patients."""
    lines = []
    for name in found.covariates:
        own, mean = found.patients[name], found.target[name].mean
        if not own.min() <= mean <= own.max():
            lines.append(f"Extrapolation: the published mean of {name}, {mean:g}, lies outside the "
                         f"patients' range, {own.min():g} to {own.max():g}.")  # fmt: skip
    return lines


def _resampled(
    found: Comparison, once: Callable[[pd.DataFrame, pd.DataFrame | None], float],
    resamples: int, seed: int, job: str,
) -> tuple[float, list[str]]:  # fmt: skip
    """Variance over trials of patients drawn anew within arms, and what went wrong."""
    rng = seeds.generator(seed, f"resample/{job}")
    arms = [np.flatnonzero((found.patients["treatment"] == name).to_numpy())
            for name in dict.fromkeys(found.patients["treatment"])]  # fmt: skip
    values, failed = [], 0
    for _ in range(resamples):
        chosen = np.concatenate([rng.choice(own, len(own)) for own in arms])
        others = None
        if found.anchor is None and found.reconstructed is not None:
            size = len(found.reconstructed)
            others = found.reconstructed.iloc[rng.integers(size, size=size)]
        try:
            value = once(found.patients.iloc[chosen], others)
        except (InputError, stc.NoFit, np.linalg.LinAlgError):
            value = np.nan
        failed += not np.isfinite(value)
        values.append(value)
    if failed > resamples / 2:
        raise InputError(
            Problem(found.file, "covariates", ", ".join(found.covariates),
                    f"{failed} of {resamples} resampled trials could not be adjusted",
                    "Adjust for fewer covariates: the patients carry no more")
        )  # fmt: skip
    lines = []
    if failed > FEW * resamples:
        lines.append(f"{failed} of {resamples} resampled trials could not be adjusted and are left "
                     "out: the standard error is too small.")  # fmt: skip
    return float(np.nanvar(values, ddof=1)), lines


def _notes(found: Comparison) -> list[str]:
    if found.anchor is None:
        return [UNANCHORED, *found.notes]
    return [SHARED.format(comparator=found.comparator, anchor=found.anchor), *found.notes]


def _estimates(found: Comparison, adjusted: Effect, conditional: float | None) -> pd.DataFrame:
    """Effects before and after, in each trial and between them."""
    rows: list[dict[str, Any]] = []

    def add(treatment: str, other: str, population: str, done: bool, effect: Effect | None,
            marginal: bool = True) -> None:  # fmt: skip
        if effect is None:
            return
        rows.append({
            "treatment": treatment, "comparator": other, "population": population,
            "adjusted": done, "marginal": marginal, "estimate": effect.estimate, "se": effect.se,
            "lower": effect.estimate - Z95 * effect.se, "upper": effect.estimate + Z95 * effect.se,
        })  # fmt: skip

    own, other, anchor = found.treatment, found.comparator, found.anchor
    if anchor is None:
        before = _weighted(found, found.patients, np.ones(len(found.patients)))
        add(own, other, "each trial's own", False, before)
        add(own, other, "published", True, adjusted)
        return pd.DataFrame(rows)
    before = effects.contrast(found.kind, found.of(own), found.of(anchor))
    add(own, anchor, "patients", False, before)
    add(own, anchor, "published", True, adjusted)
    if conditional is not None and found.kind != "normal":
        add(own, anchor, "published, at its means", True, Effect(conditional, np.nan), False)
    add(other, anchor, "published", False, found.published)
    assert found.published is not None
    add(own, other, "each trial's own", False, before.less(found.published))
    add(own, other, "published", True, adjusted.less(found.published))
    return pd.DataFrame(rows)
