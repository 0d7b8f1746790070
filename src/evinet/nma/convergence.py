"""Whether a fit may be reported."""

from __future__ import annotations

from typing import Any

import numpy as np

from evinet.nma.settings import Gates


class NotConverged(Exception):
    """A fit that must not be reported."""


def convergence(traces: list[Any], parameters: dict[str, list[np.ndarray]]) -> dict[str, Any]:
    """The worst R-hat, effective sample sizes, energy and divergences over several fits.

    `parameters` are what is reported: name -> draws of each fit, shape (chains, draws) (Vehtari et
    al. 2021, Bayesian Analysis 16:667). Several fits are those of several reconstructions, whose
    draws are reported together: their effective sizes add up, and R-hat compares the chains of all
    of them. An exact posterior has no traces and nothing to converge: all is None, and no draw
    diverged.
    """
    if not traces:
        return {"rhat_max": None, "ess_bulk_min": None, "ess_tail_min": None, "bfmi_min": None,
                "divergences": 0}  # fmt: skip
    from evinet.nma import arviz_stats

    az = arviz_stats.load()
    found = [
        mixing(several)
        for several in parameters.values()
        if any(np.ptp(each) > 0 for each in several)
    ]
    return {
        "rhat_max": max(each["rhat"] for each in found),
        "ess_bulk_min": min(each["ess_bulk"] for each in found),
        "ess_tail_min": min(each["ess_tail"] for each in found),
        "bfmi_min": min(float(az.bfmi(trace).min()) for trace in traces),
        "divergences": sum(int(trace.sample_stats["diverging"].sum()) for trace in traces),
    }


def mixing(several: list[np.ndarray]) -> dict[str, float]:
    """Effective sample sizes and R-hat of one quantity, drawn in several fits that are pooled."""
    from evinet.nma import arviz_stats

    az = arviz_stats.load()
    moving = [draws for draws in several if np.ptp(draws) > 0] or several
    # draw by draw, so that the halves that R-hat compares hold every reconstruction
    together = np.stack(moving, axis=-1).reshape(len(moving[0]), -1)
    return {
        "ess_bulk": sum(float(az.ess(draws, method="bulk")) for draws in moving),
        "ess_tail": sum(float(az.ess(draws, method="tail")) for draws in moving),
        "rhat": float(az.rhat(together)),
    }


def failures(found: dict[str, Any], gates: Gates, kept: int) -> list[str]:
    """What keeps a fit from being reported, in words; empty when it may be."""
    if found["rhat_max"] is None:
        return []
    tests = {
        f"R-hat {found['rhat_max']:.3f} is above {gates.rhat}": found["rhat_max"] > gates.rhat,
        f"bulk ESS {found['ess_bulk_min']:.0f} is below {gates.ess}": found["ess_bulk_min"]
        < gates.ess,
        f"tail ESS {found['ess_tail_min']:.0f} is below {gates.ess}": found["ess_tail_min"]
        < gates.ess,
        f"E-BFMI {found['bfmi_min']:.2f} is below {gates.bfmi}": found["bfmi_min"] < gates.bfmi,
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
