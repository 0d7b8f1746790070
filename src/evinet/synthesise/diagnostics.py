"""Whether a fit may be reported, and how well it fits."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from evinet.config import Gates, Sampler


class NotConverged(Exception):
    """A fit that must not be reported."""


def longer(sampler: Sampler) -> Sampler:
    """What a fit that failed its gates may be sampled with once more: smaller steps, more draws."""
    changed = {
        "warmup": 2 * sampler.warmup,
        "draws": 4 * sampler.draws,
        "target_accept": 1 - (1 - sampler.target_accept) / 5,
    }
    return sampler.model_copy(update=changed)


def convergence(traces: list[Any], names: list[str]) -> dict[str, float]:
    """The worst R-hat, effective sample sizes, energy and divergences over several fits.

    `names` are the variables that are reported (Vehtari et al. 2021, Bayesian Analysis 16:667).
    """
    rhat, bulk, tail, energy, divergences = [], [], [], [], 0
    for trace in traces:
        reported = _varying(trace.posterior[names])
        rhat.append(_extreme(az.rhat(reported), max))
        bulk.append(_extreme(az.ess(reported, method="bulk"), min))
        tail.append(_extreme(az.ess(reported, method="tail"), min))
        energy.append(float(az.bfmi(trace).min()))
        divergences += int(trace.sample_stats["diverging"].sum())
    return {
        "rhat_max": max(rhat),
        "ess_bulk_min": min(bulk),
        "ess_tail_min": min(tail),
        "bfmi_min": min(energy),
        "divergences": divergences,
    }


def independent(posteriors: list[xr.Dataset], names: list[str]) -> dict[str, Any]:
    """The same for draws that are independent by construction: no energy, no divergences."""
    reported = [_varying(posterior[names]) for posterior in posteriors]
    return {
        "rhat_max": max(_extreme(az.rhat(part), max) for part in reported),
        "ess_bulk_min": min(_extreme(az.ess(part, method="bulk"), min) for part in reported),
        "ess_tail_min": min(_extreme(az.ess(part, method="tail"), min) for part in reported),
        "bfmi_min": None,
        "divergences": 0,
    }


def failures(found: dict[str, Any], gates: Gates, kept: int) -> list[str]:
    """What keeps a fit from being reported, in words; empty when it may be."""
    tests = {
        f"R-hat {found['rhat_max']:.3f} is above {gates.rhat}": found["rhat_max"] > gates.rhat,
        f"bulk ESS {found['ess_bulk_min']:.0f} is below {gates.ess}": found["ess_bulk_min"]
        < gates.ess,
        f"tail ESS {found['ess_tail_min']:.0f} is below {gates.ess}": found["ess_tail_min"]
        < gates.ess,
        f"E-BFMI {found['bfmi_min']} is below {gates.bfmi}": found["bfmi_min"] is not None
        and found["bfmi_min"] < gates.bfmi,
        f"{found['divergences']} of {kept} draws diverged": found["divergences"]
        > gates.divergences * kept,
    }
    return [words for words, failed in tests.items() if failed]


def cautions(found: dict[str, Any]) -> list[str]:
    """What the reader of a fit that passed should know, in words."""
    if not found["divergences"]:
        return []
    count = found["divergences"]
    return [f"divergent draws: {count}. Read tails with care, or raise --target-accept"]


def fit_measures(y: np.ndarray, within: np.ndarray, theta: np.ndarray) -> dict[str, Any]:
    """Residual deviance, pD and DIC of published contrasts (Dias et al., NICE TSD 2, appendix).

    Parameters
    ----------
    y : shape (rows,). within : their covariance, shape (rows, rows).
    theta : draws of the effects behind them, shape (draws, rows).
    """
    precision = np.linalg.inv(within)

    def deviance(residual: np.ndarray) -> np.ndarray:
        """By row: it adds up to the quadratic form of the multivariate normal."""
        return residual * (residual @ precision)

    mean = deviance(y - theta).mean(axis=0)
    leverage = mean - deviance(y - theta.mean(axis=0))
    return {
        "data_points": len(y),
        "residual_deviance": float(mean.sum()),
        "pD": float(leverage.sum()),
        "DIC": float(mean.sum() + leverage.sum()),
        "leverage": [float(value) for value in leverage],
    }


def _varying(posterior: xr.Dataset) -> xr.Dataset:
    """Without what is constant by construction: the references' effects."""
    moving = posterior["d"].std(("chain", "draw")) > 0
    (along,) = moving.dims
    return posterior.isel({along: np.flatnonzero(moving)})


def _extreme(found: xr.Dataset, choose: Any) -> float:
    values = np.concatenate([np.ravel(found[name].values) for name in found])
    return float(choose(values[np.isfinite(values)]))
