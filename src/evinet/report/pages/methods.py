"""Methods, written out from the configuration: the text says what was run, because it is made
from what was run."""

from __future__ import annotations

from evinet.config import Analysis, Model
from evinet.report import words
from evinet.report.glossary import GLOSSARY
from evinet.report.markdown import bullets, escape
from evinet.report.numbers import NBSP, NINETY_FIVE, listing
from evinet.report.pages.common import named_prior, prior_text
from evinet.report.results import Results


def methods(results: Results) -> str:
    """The page."""
    review = results.config.review
    parts = [
        "## Question\n", escape(review.question) + "\n",
        f"Evidence was collected to {escape(review.data_cutoff)}. "
        "[How the review was done](conduct.qmd) holds what the reviewers say of searches and "
        "choices.\n",
        "## Evidence\n",
        "Every value is kept as printed with its source and its place there; where sources "
        "disagree, the value that is used, those that were rejected and the reasons stand side by "
        "side ([Provenance](provenance.qmd)). Standard errors of ln hazard ratios come from the "
        f"width of the published {NINETY_FIVE} confidence interval, or of the interval at the "
        "level that was printed. A value that was not found is missing; none is imputed.\n",
        "## Reconstructed patients\n", _reconstruction(results),
        "## Analyses\n", *(_analysis(results, *named) for named in results.config.analyses.items()),
        "## Models\n", _models(results),
        "## Priors\n", _priors(results),
        "## Computing\n", _computing(results),
        "## Words\n", _words(),
    ]  # fmt: skip
    return "\n".join(parts)


def _words() -> str:
    said = bullets(f"**{word}**: {meaning}" for word, meaning in GLOSSARY.items())
    return said.replace(" %", f"{NBSP}%")


def _reconstruction(results: Results) -> str:
    if not results.reconstructions:
        return "No patients were reconstructed.\n"
    done = [
        f"{results.trial_names[item.trial]} ({item.outcome.upper()}; tier {item.quality['tier']}; "
        f"{item.quality['method']})"
        for item in results.reconstructions
    ]
    return (
        f"Individual patient data were reconstructed for {escape(listing(done))}. Besides the best "
        f"reconstruction, {results.config.reconstruction.draws} draws carry what the publication "
        "leaves open ([Reconstructed patients](reconstruction.qmd)). A trial enters an analysis "
        "once: by its patients or by its published hazard ratio.\n"
    )


def _analysis(results: Results, name: str, analysis: Analysis) -> str:
    names = [results.trial_names[trial] for trial in analysis.trials]
    references = [results.labels[name] for name in analysis.references]
    islands = (
        "one connected network was expected"
        if len(references) == 1
        else f"{words.counted(len(references), 'island')} were declared"
    )
    order = ", ".join(words.ASSESSORS[name] for name in analysis.assessors)
    word = "reference" if len(references) == 1 else "references"
    text = (
        f"**{escape(analysis.title)}.** Trials: {escape(listing(names))}. Where an outcome was "
        f"assessed in more than one way, the order of choice was: {order}. Before any model the "
        f"network was searched for islands: {islands}, with the {word} "
        f"{escape(listing(references))}.\n"
    )
    away = [results.trial_names[row["trial"]] for row in results.excluded(name)]
    if away:
        text += (
            f"\nIt could not use {escape(listing(away))} "
            "([why](trials.qmd#trials-that-could-not-be-used)).\n"
        )
    for outcome, reason in analysis.proxies.items():
        text += f"\n{escape(outcome.upper())} stands in for it where needed: {escape(reason)}\n"
    return text


def _models(results: Results) -> str:
    used = dict.fromkeys(n for a in results.config.analyses.values() for n in a.models)
    intro = (
        "Bayesian network meta-analysis of ln hazard ratios. A trial's published ln hazard ratio "
        "is normal about its true effect with the published standard error; a trial that enters "
        "by its reconstructed patients has its own baseline hazard.\n\n"
    )
    return intro + bullets(
        f"**{escape(results.config.models[name].label)}**: "
        f"{escape(_model(results, results.config.models[name]))}"
        for name in used
    )


def _model(results: Results, model: Model) -> str:
    """One model in a sentence."""
    parts = [
        "one true effect a comparison"
        if model.effects == "fixed"
        else "true effects vary between trials with standard deviation tau"
    ]
    if model.ipd:
        trials = listing([results.trial_names[trial] for trial in model.ipd])
        parts.append(f"{trials} by reconstructed patients")
    if model.bridge is None:
        parts.append("no bridge: islands are not compared")
        return "; ".join(parts) + "."
    bridge = results.config.bridges[model.bridge]
    members = listing([results.labels[name] for name in bridge.members])
    scale = bridge.sigma_prior.scale if bridge.sigma_prior else None
    parts.append(f"bridge {model.bridge}, a class of {members}")
    return "; ".join(parts) + ". " + words.class_effect(model.sigma, scale)


def _priors(results: Results) -> str:
    config = results.config
    items = [
        "Effects against the reference of an island: normal, mean 0, SD "
        f"{config.effect_prior_sd:g} on the ln HR scale.",
        f"Heterogeneity tau: {prior_text(config.heterogeneity)}.",
    ]
    items += [
        f"Sigma of bridge *{escape(name)}*: {prior_text(bridge.sigma_prior)}."
        for name, bridge in config.bridges.items()
        if bridge.sigma_prior
    ]
    items += [
        f"Tau of *{escape(model.label)}*: {named_prior(model.tau_prior)}."
        for model in config.models.values()
        if model.tau_prior is not None
    ]
    return bullets(items)


def _computing(results: Results) -> str:
    config, sampler = results.config, results.config.sampler
    versions = (results.manifest or {}).get("versions", {})
    tools = [f"{name} {versions[name]}" for name in ("pymc", "nutpie", "arviz") if name in versions]
    return (
        "Models of published contrasts are normal given tau and sigma: these one or two numbers "
        "were drawn from a fine grid of their joint posterior, and the effects from their normal "
        f"distribution given them, {sampler.chains * sampler.draws} independent draws in all. "
        "Models with reconstructed patients were sampled with the No-U-Turn sampler"
        f"{_with(tools)}: for each reconstruction {sampler.chains} chains, {sampler.warmup} draws "
        f"each to warm up and {sampler.draws} kept, target acceptance {sampler.target_accept:g}. "
        f"The seed {config.seed} is spread over the jobs by their names. Intervals are "
        "equal-tailed posterior intervals. "
        "[Models and diagnostics](models.qmd) shows convergence; "
        "[Reproducibility](reproducibility.qmd) tells how to get the same numbers again.\n"
    )


def _with(tools: list[str]) -> str:
    return f" ({escape(listing(tools))})" if tools else ""
