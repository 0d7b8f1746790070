"""Models and diagnostics."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx

from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    code,
    escape,
    folded,
    md,
    table,
)
from evinet.report.numbers import number
from evinet.report.pages.common import (
    bridge_text,
    by_analysis,
    dash,
    optional_exhibit,
)
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def fitted(results: Results) -> Markdown:
    """The models of the review."""
    used = [name for a in results.config.analyses.values() for name in a.models]
    rows = []
    for name in dict.fromkeys(used):
        model = results.config.models[name]
        sigma = None
        if model.bridge is not None:
            sigma = "estimated" if model.sigma is None else f"{model.sigma:g}"
        ipd = ", ".join(results.trial_names[trial] for trial in model.ipd)
        bridge = None if model.bridge is None else results.bridge_label(model.bridge)
        rows.append([model.label, model.effects, ipd or dash(None), dash(bridge), dash(sigma)])
    fields = ["Model", "Effects", "Trials that enter by reconstructed patients", "Bridge", "Sigma"]
    return table(fields, rows, "The models of this review")


def convergence(results: Results) -> Markdown:
    """Whether each model can be trusted to have been sampled, and how well it fits."""
    return by_analysis(
        results, lambda of, name: blocks([_failed(of, name), _convergence(of.fits(name))])
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


def _failed(results: Results, analysis: str) -> Markdown:
    """The models that may not be reported, each in its place, with the reason."""
    said = [
        f"{fit.model.label}: did not converge, sampled twice, and is not reported: "
        f"{'; '.join(fit.failures)}."
        for fit in results.every_fit(analysis)
        if fit.failures
    ]
    return callout("warning", "Models that did not converge", bullets(said)) if said else md("")


def _convergence(fits: list[Fit]) -> Markdown:
    """A row for each model: what its checks looked at, and how well it fits."""
    fields = [
        "Model", "Largest R-hat", "Smallest effective sample size", "Divergences",
        "Residual deviance (data points)", "pD", "DIC", "Reconstructions",
    ]  # fmt: skip
    rows = []
    for fit in fits:
        record, found = fit.record, fit.record["convergence"]
        exact = record.get("method") == EXACT
        smallest = None if exact else min(found["ess_bulk_min"], found["ess_tail_min"])
        rows.append([
            fit.model.label, EXACT if exact else number(found["rhat_max"], 3),
            dash(None) if exact else number(smallest, 0),
            dash(None) if exact else f"{found['divergences']}",
            f"{number(record['deviance'], 1)} ({record['data_points']})",
            number(record["pD"], 1), number(record["DIC"], 1),
            f"{record['reconstructions']}" if fit.model.ipd else dash(None),
        ])  # fmt: skip
    return table(fields, rows, "Convergence and fit of every model")


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
        for row in records(results.studies(analysis))
        for side in ("treatment", "comparator")
    }
    pairs: dict[frozenset[str], str] = {}
    for trial in sorted({trial for trial, _ in arms}):
        treatments = frozenset(name for other, name in arms if other == trial)
        pairs.setdefault(treatments, trial)
    graph = nx.Graph((trial, name) for names, trial in pairs.items() for name in names)
    return len(nx.cycle_basis(graph))


def _sampling(row: dict[str, Any]) -> list[str]:
    """How well a parameter was sampled."""
    if row["rhat"] is None:
        return [EXACT] * 3
    return [number(row["ess_bulk"], 0), number(row["ess_tail"], 0), number(row["rhat"], 4)]


def _estimates(results: Results, fit: Fit) -> Markdown:
    rows = [
        [code(row["parameter"]), number(row["mean"], 3), number(row["sd"], 3),
         number(row["q2.5"], 3), number(row["q97.5"], 3), *_sampling(row)]
        for row in records(fit.estimates)
    ]  # fmt: skip
    fields = ["Parameter", "Mean", "SD", "2.5 %", "97.5 %", "Bulk ESS", "Tail ESS", "R-hat"]
    note = bridge_text(results, fit) if fit.model.bridge else ""
    return blocks([note, table(fields, rows, f"Parameters of {fit.model.label}")])
