"""Models and diagnostics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import networkx as nx

from evinet.report import words
from evinet.report.markdown import Markdown, blocks, bullets, folded, md
from evinet.report.numbers import number
from evinet.report.pages.columns import Column, dash, table_of
from evinet.report.pages.common import each_analysis, exhibit, failed, parameter
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def _rounded(name: str, decimals: int) -> Column:
    """A column of numbers; a dash where there is none."""
    return lambda row: dash(None if row[name] is None else number(row[name], decimals))


POSTERIOR: dict[str, Column] = {
    "Mean": _rounded("mean", 3), "SD": _rounded("sd", 3),
    "2.5 %": _rounded("q2.5", 3), "97.5 %": _rounded("q97.5", 3),
}  # fmt: skip
SAMPLED: dict[str, Column] = {
    "Bulk ESS": _rounded("ess_bulk", 0), "Tail ESS": _rounded("ess_tail", 0),
    "R-hat": _rounded("rhat", 4),
}  # fmt: skip
EXACT = "exact"
"""How fit.json calls a posterior that is known without sampling."""


def _exact(fit: Fit) -> bool:
    """Whether a posterior is known without sampling: then nothing has to converge."""
    return bool(fit.record.get("method") == EXACT)


@each_analysis(whole=True)
def convergence(results: Results, name: str) -> Markdown:
    """Whether each model can be trusted to have been sampled, and how well it fits."""
    fits = results.converged(name)

    def sampled(show: Callable[[dict[str, Any]], str]) -> Column:
        return lambda fit: dash(None if _exact(fit) else show(fit.record["convergence"]))

    of_draws: dict[str, Column] = {
        "Largest R-hat": sampled(lambda found: number(found["rhat_max"], 3)),
        "Smallest effective sample size": sampled(
            lambda found: number(min(found["ess_bulk_min"], found["ess_tail_min"]), 0)),
        "Divergences": sampled(lambda found: f"{found['divergences']}"),
        "Reconstructions": lambda fit: dash(
            f"{fit.record['reconstructions']}" if fit.model.ipd else None),
    }  # fmt: skip
    return blocks([failed(results, name), table_of(
        results, fits, "Convergence and fit of every model", {
            "Model": lambda fit: fit.model.label,
            "Deviance (data points)": lambda fit: (
                f"{number(fit.record['deviance'], 1)} ({fit.record['data_points']})"),
            "pD": lambda fit: number(fit.record["pD"], 1),
            "DIC": lambda fit: number(fit.record["DIC"], 1),
        }, {} if all(map(_exact, fits)) else of_draws,
    )])  # fmt: skip


@each_analysis("No model has random effects.")
def heterogeneity(results: Results, name: str) -> Markdown:
    """How much the data taught about tau; the SD of half-normal(s) is s sqrt(1 - 2/pi)."""

    def learnt(fit: Fit) -> Markdown:
        if fit.model.prior_of_tau is not None:
            scale = " (between ln time ratios)" if fit.model.time_ratios else ""
            prior = str(fit.record["priors"]["tau"])
            return md("{}. Prior of tau{}: {}.", fit.model.label, scale, prior)
        tau = fit.estimates.set_index("parameter").loc["tau"]
        prior_sd = results.config.heterogeneity.scale * math.sqrt(1 - 2 / math.pi)
        said = words.prior_driven("tau", prior_sd, float(tau["sd"]))
        return md("{}. {}", fit.model.label, said)

    fits = [fit for fit in results.converged(name) if fit.model.effects == "random"]
    return blocks([exhibit(results, f"{name}-tau", optional=True), bullets(map(learnt, fits))])


@each_analysis()
def parameters(results: Results, name: str) -> Markdown:
    """Every parameter of every model."""
    return blocks(
        folded(fit.model.label, blocks([
            "Effects are ln time ratios: above 0 is better." if fit.model.time_ratios else "",
            table_of(
                results, records(fit.estimates), f"Parameters of {fit.model.label}",
                {"Parameter": lambda row: parameter(results, row["parameter"])}, POSTERIOR,
                {} if _exact(fit) else SAMPLED,
            ),
            _components(results, fit),
        ]))
        for fit in results.converged(name)
    )  # fmt: skip


def _components(results: Results, fit: Fit) -> Markdown:
    """The effects of components, and their test, where treatments are sums of them."""
    found = fit.record.get("components")
    return blocks([words.additivity(found), table_of(
        results, found["effects"], f"Effects of the components of {fit.model.label}", {
            "Component": lambda row: " with ".join(
                map(results.part, row["component"].split(" * "))),
            "Effect": "status",
        }, POSTERIOR)]) if found else md("")  # fmt: skip


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
