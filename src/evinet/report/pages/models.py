"""Models and diagnostics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import networkx as nx

from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    code,
    escape,
    folded,
    md,
)
from evinet.report.numbers import number
from evinet.report.pages.common import (
    bridge_text,
    by_analysis,
    dash,
    failed,
    optional_exhibit,
    table_of,
)
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def fitted(results: Results) -> Markdown:
    """The models of the review."""
    used = dict.fromkeys(name for a in results.config.analyses.values() for name in a.models)
    return table_of((results.config.models[name] for name in used), "The models of this review", {
        "Model": lambda model: model.label, "Effects": lambda model: model.effects,
        "Trials that enter by reconstructed patients": lambda model: dash(
            ", ".join(results.trial_names[trial] for trial in model.ipd) or None),
        "Bridge": lambda model: dash(
            None if model.bridge is None else results.bridge_label(model.bridge)),
        "Sigma": lambda model: dash(
            None if model.bridge is None else "estimated" if model.sigma is None
            else f"{model.sigma:g}"),
    })  # fmt: skip


def convergence(results: Results) -> Markdown:
    """Whether each model can be trusted to have been sampled, and how well it fits."""
    return by_analysis(
        results, lambda of, name: blocks([failed(of, name), _convergence(of.fits(name))])
    )


def heterogeneity(results: Results) -> Markdown:
    """How much the data taught about tau."""

    def one(results: Results, name: str) -> Markdown:
        fits = _random(results.fits(name))
        if not fits:
            return md("")
        learnt = bullets(_tau(results, fit) for fit in fits)
        return blocks([optional_exhibit(results, f"{name}-tau"), learnt])

    return by_analysis(results, one) or escape("No model has random effects.")


def loops(results: Results) -> Markdown:
    """Whether direct and indirect evidence can be compared."""
    return by_analysis(results, lambda of, name: blocks([words.loops(independent_loops(of, name))]))


def parameters(results: Results) -> Markdown:
    """Every parameter of every model."""
    return by_analysis(
        results,
        lambda of, name: blocks(
            folded(fit.model.label, _estimates(of, fit)) for fit in of.fits(name)
        ),
    )


EXACT = "exact"
"""How fit.json calls a posterior that is known without sampling: nothing has to converge."""


def _convergence(fits: list[Fit]) -> Markdown:
    """A row for each model: what its checks looked at, and how well it fits."""

    def sampled(show: Callable[[dict[str, Any]], str], exact: object) -> Callable[[Fit], object]:
        return lambda fit: (
            exact if fit.record.get("method") == EXACT else show(fit.record["convergence"])
        )

    return table_of(fits, "Convergence and fit of every model", {
        "Model": lambda fit: fit.model.label,
        "Largest R-hat": sampled(lambda found: number(found["rhat_max"], 3), EXACT),
        "Smallest effective sample size": sampled(
            lambda found: number(min(found["ess_bulk_min"], found["ess_tail_min"]), 0), dash(None)),
        "Divergences": sampled(lambda found: f"{found['divergences']}", dash(None)),
        "Residual deviance (data points)": lambda fit: (
            f"{number(fit.record['deviance'], 1)} ({fit.record['data_points']})"),
        "pD": lambda fit: number(fit.record["pD"], 1),
        "DIC": lambda fit: number(fit.record["DIC"], 1),
        "Reconstructions": lambda fit: dash(
            f"{fit.record['reconstructions']}" if fit.model.ipd else None),
    })  # fmt: skip


def _random(fits: list[Fit]) -> list[Fit]:
    return [fit for fit in fits if fit.model.effects == "random"]


def _tau(results: Results, fit: Fit) -> Markdown:
    """How much the data taught about tau; the SD of half-normal(s) is s sqrt(1 - 2/pi)."""
    if fit.model.tau_prior is not None:
        return md("{}. Prior of tau: {}.", fit.model.label, str(fit.record["priors"]["tau"]))
    tau = fit.estimates.set_index("parameter").loc["tau"]
    prior_sd = results.config.heterogeneity.scale * math.sqrt(1 - 2 / math.pi)
    learnt = words.prior_driven("tau", prior_sd, float(tau["sd"]))
    return md("{}. {}", fit.model.label, learnt)


def independent_loops(results: Results, analysis: str) -> int:
    """Closed loops of the comparisons, a multi-arm trial not counted as a loop of its own.

    Trials are nodes of a bipartite graph with their treatments: a multi-arm trial closes none.
    """
    arms = {
        (row["trial"], row[side])
        for row in results.studied(analysis)
        for side in ("treatment", "comparator")
    }
    pairs: dict[frozenset[str], str] = {}
    for trial in sorted({trial for trial, _ in arms}):
        treatments = frozenset(name for other, name in arms if other == trial)
        pairs.setdefault(treatments, trial)
    graph = nx.Graph((trial, name) for names, trial in pairs.items() for name in names)
    return len(nx.cycle_basis(graph))


def _estimates(results: Results, fit: Fit) -> Markdown:
    def rounded(name: str, decimals: int, exact: bool = False) -> Callable[[dict[str, Any]], str]:
        return lambda row: EXACT if exact and row["rhat"] is None else number(row[name], decimals)

    note = bridge_text(results, fit) if fit.model.bridge else ""
    listing = table_of(records(fit.estimates), f"Parameters of {fit.model.label}", {
        "Parameter": lambda row: code(row["parameter"]), "Mean": rounded("mean", 3),
        "SD": rounded("sd", 3), "2.5 %": rounded("q2.5", 3), "97.5 %": rounded("q97.5", 3),
        "Bulk ESS": rounded("ess_bulk", 0, True), "Tail ESS": rounded("ess_tail", 0, True),
        "R-hat": rounded("rhat", 4, True),
    })  # fmt: skip
    return blocks([note, listing])
