"""Models and diagnostics."""

from __future__ import annotations

import math

import networkx as nx

from evinet.report import words
from evinet.report.markdown import Field, escape, folded, table
from evinet.report.numbers import number
from evinet.report.pages.common import bridge_text, named_prior, optional_exhibit, prior_text
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def models(results: Results) -> str:
    """The page."""
    parts = ["## What was fitted\n", _models(results), _priors(results)]
    for name, analysis in results.config.analyses.items():
        fits = results.fits(name)
        parts += [
            f"## {escape(analysis.title)}\n",
            "### Convergence and fit\n",
            _convergence(fits),
            "### Heterogeneity: prior against posterior\n" if _random(fits) else "",
            optional_exhibit(results, f"{name}-tau"),
            *(_tau(results, fit) for fit in _random(fits)),
            "### Inconsistency\n",
            words.loops(independent_loops(results, name)) + "\n",
            "What a bridge brings as indirect evidence is on [Robustness](robustness.qmd).\n"
            if results.bridged(name)
            else "",
            "### Every parameter\n",
            *(folded(fit.model.label, _estimates(results, fit)) for fit in fits),
        ]
    return "\n".join(parts)


def _models(results: Results) -> str:
    used = [name for a in results.config.analyses.values() for name in a.models]
    rows = []
    for name in dict.fromkeys(used):
        model = results.config.models[name]
        sigma = (
            ""
            if model.bridge is None
            else "its prior"
            if model.sigma is None
            else f"{model.sigma:g}"
        )
        ipd = ", ".join(results.trial_names[trial] for trial in model.ipd) or "–"
        bridge = model.bridge or "none"
        rows.append(
            [f"`{name}`", escape(model.label), model.effects, escape(ipd), escape(bridge), sigma]
        )
    fields = [
        Field("Model", "l", 16), Field("In words", "l", 34), Field("Effects", "l", 8),
        Field("By reconstructed patients", "l", 14), Field("Bridge", "l", 10),
        Field("Sigma", "l", 9),
    ]  # fmt: skip
    return table(fields, rows, "The models of this review")


def _priors(results: Results) -> str:
    config = results.config
    sampler = config.sampler
    lines = [
        f"Effects: normal with mean 0 and SD {config.effect_prior_sd:g} on the ln HR scale. "
        f"Heterogeneity tau: {prior_text(config.heterogeneity)}.\n"
    ]
    for name, bridge in config.bridges.items():
        prior = prior_text(bridge.sigma_prior) if bridge.sigma_prior else "fixed by each model"
        lines.append(f"Bridge *{escape(name)}*: {escape(bridge.assumption)} Sigma: {prior}.\n")
    for model in config.models.values():
        if model.tau_prior is not None:
            lines.append(f"{escape(model.label)}: {named_prior(model.tau_prior)}.\n")
    lines.append(
        f"Models of published contrasts: {sampler.chains * sampler.draws} independent draws. "
        f"Models with reconstructed patients: {sampler.chains} chains for each reconstruction, "
        f"{sampler.warmup} draws to warm up and {sampler.draws} kept in each; target acceptance "
        f"{sampler.target_accept:g}.\n"
    )
    return "\n".join(lines)


def _convergence(fits: list[Fit]) -> str:
    """A row a model: what its gates looked at, and how well it fits."""
    fields = [
        Field("Model", "l", 30), Field("Largest R-hat", "r", 8),
        Field("Smallest effective sample size", "r", 10), Field("Divergences", "r", 8),
        Field("Residual deviance (data points)", "r", 12), Field("pD", "r", 6),
        Field("DIC", "r", 6), Field("Reconstructions", "r", 9),
    ]  # fmt: skip
    rows = []
    for fit in fits:
        record, found = fit.record, fit.record["convergence"]
        smallest = min(found["ess_bulk_min"], found["ess_tail_min"])
        rows.append([
            escape(fit.model.label), number(found["rhat_max"], 3), number(smallest, 0),
            f"{found['divergences']}",
            f"{number(record['residual_deviance'], 1)} ({record['data_points']})",
            number(record["pD"], 1), number(record["DIC"], 1),
            f"{record['reconstructions']}" if fit.model.ipd else "–",
        ])  # fmt: skip
    note = (
        "A model that failed a check of convergence is not in this report at all. Deviance counts "
        "the trials that enter by their published hazard ratio; with fixed effects and one trial a "
        "comparison it says little.\n\n"
    )
    return note + table(fields, rows, "Convergence and fit of every model")


def _random(fits: list[Fit]) -> list[Fit]:
    return [fit for fit in fits if fit.model.effects == "random"]


def _tau(results: Results, fit: Fit) -> str:
    """How much the data taught about tau; the SD of half-normal(s) is s sqrt(1 - 2/pi)."""
    if fit.model.tau_prior is not None:
        return f"{escape(fit.model.label)}. Prior of tau: {fit.record['priors']['tau']}.\n"
    tau = fit.estimates.set_index("parameter").loc["tau"]
    prior_sd = results.config.heterogeneity.scale * math.sqrt(1 - 2 / math.pi)
    return f"{escape(fit.model.label)}. {words.prior_driven('tau', prior_sd, float(tau['sd']))}\n"


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


def _estimates(results: Results, fit: Fit) -> str:
    rows = [
        [f"`{row['parameter']}`", number(row["mean"], 3), number(row["sd"], 3),
         number(row["q2.5"], 3), number(row["q97.5"], 3), number(row["ess_bulk"], 0),
         number(row["ess_tail"], 0), number(row["rhat"], 4)]
        for row in records(fit.estimates)
    ]  # fmt: skip
    fields = [
        Field("Parameter", "l", 24), Field("Mean", "r", 8), Field("SD", "r", 8),
        Field("2.5 %", "r", 8), Field("97.5 %", "r", 8), Field("Bulk ESS", "r", 8),
        Field("Tail ESS", "r", 8), Field("R-hat", "r", 8),
    ]  # fmt: skip
    note = bridge_text(results, fit) + "\n\n" if fit.model.bridge else ""
    return note + table(fields, rows, f"Parameters of {fit.model.label}")
