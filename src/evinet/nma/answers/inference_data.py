"""A fit as an `arviz.InferenceData`, for ``az.loo``, ``az.plot_*`` and R's package posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

KEPT = ("diverging", "energy", "energy_error", "logp", "n_steps", "depth", "step_size",
        "maxdepth_reached")  # fmt: skip


def inference_data(fit: Fit) -> Any:
    """Groups posterior, observed_data, log_likelihood and sample_stats, as far as a fit has them.

    The variable `outcome` of log_likelihood has a point an arm, and a point a study by contrasts:
    what leave-one-out leaves out at once.
    """
    import arviz as az
    import xarray as xr

    groups: dict[str, Any] = {"posterior": fit.posterior}
    observed = _observed(fit)
    if observed:
        groups["observed_data"] = xr.Dataset(observed)
    if fit.specification.patients is None:
        groups["log_likelihood"] = _log_likelihood(fit)
    if fit.traces:
        chains = fit.traces[0].posterior.sizes["chain"]
        groups["sample_stats"] = xr.concat(
            [
                trace.sample_stats[
                    [name for name in KEPT if name in trace.sample_stats]
                ].assign_coords(chain=np.arange(chains) + number * chains)
                for number, trace in enumerate(fit.traces)
            ],
            dim="chain",
        )
    return az.InferenceData(**groups)


def _observed(fit: Fit) -> dict[str, Any]:
    model, rows = fit.specification, fit.specification.design.rows
    found: dict[str, Any] = {}
    if model.arms is not None:
        first, second = model.arms.likelihood.columns
        found |= {first: ("arm", model.arms.x), second: ("arm", model.arms.s)}
        own = rows.iloc[model.design.of("arm")]
        found |= {f"arm_{name}": ("arm", own[name].to_numpy(str))
                  for name in ("study", "treatment")}  # fmt: skip
    if len(fit.network.contrasts.rows):
        found["effect"] = ("contrast", fit.network.contrasts.y)
        found["effect_variance"] = ("contrast", np.diag(fit.network.contrasts.covariance))
        own = rows.iloc[model.design.of("contrast")]
        found |= {f"contrast_{name}": ("contrast", own[name].to_numpy(str))
                  for name in ("study", "treatment", "against")}  # fmt: skip
    return found


def _log_likelihood(fit: Fit) -> Any:
    import xarray as xr

    chains, size = fit.posterior.sizes["chain"], fit.posterior.sizes["draw"]
    if fit.mixture is None:
        from evinet.nma.answers.fit_measures import parts

        found = list(parts(fit))
        names = [f"{each.study}: {each.treatment}" if each.treatment else each.study
                 for each in found]  # fmt: skip
        values = np.column_stack([each.log_likelihood for each in found])
        values = values.reshape(chains, size, -1)
    else:
        names, values = _exactly(fit)
    return xr.Dataset({"outcome": (("chain", "draw", "point"), values)},
                      coords={"point": _unique(names)})  # fmt: skip


def _exactly(fit: Fit) -> tuple[list[str], np.ndarray]:
    """Of an exact posterior, by draws of the fitted values."""
    from scipy.stats import multivariate_normal

    from evinet.nma.answers.fit_measures import _blocks
    from evinet.nma.fit.exact import data

    given = data(fit.specification)
    fitted = fit.posterior["fitted"].to_numpy()
    names, columns = [], []
    for study, treatment, own in _blocks(fit):
        residual = (given.y - fitted)[..., own]
        density = multivariate_normal(np.zeros(len(own)), given.noise[np.ix_(own, own)])
        columns.append(density.logpdf(residual).reshape(fitted.shape[:2]))
        names.append(f"{study}: {treatment}" if treatment else study)
    return names, np.stack(columns, axis=-1)


def _unique(names: list[str]) -> list[str]:
    """Names of which several are the same are numbered."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
