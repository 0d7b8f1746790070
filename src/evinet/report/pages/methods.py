"""Methods, written from the configuration, so that the text says what was run."""

from __future__ import annotations

from evinet.config import ClassEffect, Model
from evinet.report import words
from evinet.report.markdown import Markdown, bullets, md, strong
from evinet.report.numbers import listing, outcome_name
from evinet.report.pages.columns import table_of
from evinet.report.pages.common import (
    bridge_words,
    by_patients,
    named_prior,
    prior_text,
    weights_text,
)
from evinet.report.results import Results


def reconstructed(results: Results) -> str:
    """Whose patients were reconstructed."""
    return listing([
        f"{results.trial_names[item.trial]} ({outcome_name(item.outcome)}, evidence tier "
        f"{item.quality['tier']})"
        for item in results.reconstructions
    ]) or "no trial"  # fmt: skip


def analyses(results: Results) -> Markdown:
    """The trials of each analysis, and the choices that were made beforehand."""
    return table_of(results, results.config.analyses.values(), "Analyses", {
        "Analysis": lambda each: strong(each.title),
        "Trials": lambda each: listing([results.trial_names[trial] for trial in each.trials]),
        "Assessor, in the order of choice": lambda each: ", ".join(
            words.ASSESSORS[name] for name in each.assessors),
        "References of the islands": lambda each: listing(
            [results.labels[name] for name in each.references]),
    })  # fmt: skip


def models(results: Results) -> Markdown:
    """Each model in a sentence."""
    used = dict.fromkeys(n for a in results.config.analyses.values() for n in a.models)
    named = {name: results.config.models[name] for name in used}
    return bullets(
        md("{}: {}", strong(model.label), _model(results, model)) for model in named.values()
    )


def _model(results: Results, model: Model) -> str:
    parts = [
        "all trials of a comparison share one true effect"
        if model.effects == "fixed"
        else "true effects vary between trials with standard deviation tau"
    ]
    if model.time_ratios:
        parts.append(
            f"effects are ratios of times, not of hazards (accelerated failure: {model.baseline})"
        )
    if model.ipd:
        parts.append(by_patients(results, model))
    if model.weights is not None:
        parts.append(weights_text(results, model.weights))
    if model.bridge is None:
        return "; ".join([*parts, "there is no bridge, so islands are not compared"]) + "."
    bridge = results.config.bridges[model.bridge]
    if isinstance(bridge, ClassEffect):
        members = listing([results.labels[name] for name in bridge.members])
        parts.append(f"the bridge takes {members} to be a class")
    else:
        parts.append("the bridge takes treatments for sums of their components")
    return f"{'; '.join(parts)}. {bridge_words(results, model)}"


def priors(results: Results) -> Markdown:
    """Every prior, with its reason."""
    config = results.config
    return bullets([
        "Effects compared with the reference of an island: normal, mean 0, SD "
        f"{config.effect_prior_sd:g} on the ln HR scale"
        + (
            ", or of ln time ratios." if any(m.time_ratios for m in config.models.values()) else "."
        ),
        f"Heterogeneity tau: {prior_text(config.heterogeneity)}.",
        *(f"Sigma of the bridge “{results.bridge_label(name)}”: {prior_text(bridge.sigma_prior)}."
          for name, bridge in config.bridges.items()
          if isinstance(bridge, ClassEffect) and bridge.sigma_prior),
        *(f"Tau of the model {model.label}: {named_prior(model.prior_of_tau)}."
          for model in config.models.values() if model.prior_of_tau is not None),
    ])  # fmt: skip


def sampled(results: Results) -> str:
    """How many draws the No-U-Turn sampler made, and by which versions."""
    sampler, versions = results.config.sampler, (results.manifest or {}).get("versions", {})
    tools = [f"{name} {versions[name]}" for name in ("pymc", "nutpie", "arviz") if name in versions]
    programs = f" ({listing(tools)})" if tools else ""
    return (
        f"the No-U-Turn sampler{programs}: for each reconstruction {sampler.chains} chains with "
        f"{sampler.warmup} draws to warm up and {sampler.draws} kept draws each (target acceptance "
        f"{sampler.target_accept:g})"
    )
