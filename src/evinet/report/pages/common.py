"""What several pages show."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from evinet import files, tables
from evinet.config import ComponentSums, HalfNormal, Model, Weights
from evinet.errors import InputError, Problem
from evinet.nma.answers import natural
from evinet.report import words
from evinet.report.effects import interval
from evinet.report.exhibit import INDEX
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    faint,
    figure,
    heading,
    link,
    md,
    strong,
)
from evinet.report.numbers import Interval, chance, estimate, limits, listing, number
from evinet.report.pages.columns import GRADES, SHORT, Row, dash, slug_words, table_of
from evinet.report.results import REMEDY, Fit, Results
from evinet.report.rows import records

DAGGER = "\N{DAGGER}"
AWAITING = faint("awaiting the reviewers")


def awaited(what: str) -> Markdown:
    """That nobody has judged something yet; nothing where there is nothing."""
    said = f"Judged by nobody yet, and awaiting the reviewers: {what}."
    return faint(said) if what else md("")


def each_analysis(
    none: object = "", level: int = 3, anchor: str = "", whole: bool = False
) -> Callable[[Callable[..., Markdown]], Callable[..., Markdown]]:
    """Make what shows one analysis show every one, each under its title; `none` without any.

    What it makes takes the results, and what else the function takes after the analysis. With an
    `anchor`, such as ``for-whom-{}``, links lead to the heading by it and the analysis' name. The
    `whole` are also those that stand beside others, and those of counts.
    """

    def decorated(show: Callable[..., Markdown]) -> Callable[..., Markdown]:
        @wraps(show)
        def every(results: Results, *more: Any) -> Markdown:
            return blocks(
                part
                for name, analysis in (
                    results.analyses if whole else results.config.analyses
                ).items()
                if (content := show(results, name, *more))
                for part in (heading(level, analysis.title, anchor.format(name)), content)
            ) or escape(none)

        return every

    return decorated


def exhibit(results: Results, name: str, optional: bool = False) -> Markdown:
    """A figure of results/figures, with its caption; nothing where the data do not allow it.

    Raises
    ------
    InputError
        No figure was drawn at all, or this one was not and is not `optional`.
    """
    path = results.root / "figures" / INDEX
    if not path.exists():
        raise InputError(Problem(str(path), "figures", None, "is not there", REMEDY))
    drawn = files.read_json(path).get(f"{name}.svg")
    if drawn is None and not optional:
        raise InputError(Problem(str(path), name, None, "this figure was not drawn", REMEDY))
    return figure(name, drawn["caption"], drawn["alt"]) if drawn else md("")


def failed(results: Results, analysis: str) -> Markdown:
    """The models that may not be reported, each in its place, with the reason."""
    said = [
        f"{fit.model.label}: did not converge, sampled twice, and is not reported: "
        f"{'; '.join(fit.failures)}."
        for fit in results.every_fit(analysis)
        if fit.failures
    ]
    return callout("warning", "Models that did not converge", bullets(said)) if said else md("")


def bridge_words(results: Results, model: Model) -> str:
    """What the bridge of a model lets effects do."""
    bridge = results.config.bridges[model.bridge or ""]
    if isinstance(bridge, ComponentSums):
        pairs = [" with ".join(map(results.part, pair)) for pair in bridge.interactions]
        return words.component_sums(bridge.inactive and results.part(bridge.inactive), pairs)
    prior = bridge.sigma_prior
    return words.class_effect(model.sigma, prior.scale if prior else None)


def bridge_tested(results: Results, fit: Fit) -> str:
    """What the bridge of a fit lets effects do, and the test of a bridge of components."""
    test = fit.record.get("components")
    return bridge_words(results, fit.model) + (f" {words.additivity(test)}" if test else "")


def assumed(results: Results, fit: Fit) -> Markdown:
    """A box that names the assumption that answers rest on, and leads to its words."""
    text = md(
        "{} {} {} marks what rests on it. {} states it in full, and how wrong it may be.",
        strong(f"{results.bridge_label(fit.model.bridge or '')}."), bridge_tested(results, fit),
        DAGGER, link("Assumptions", "assumptions.qmd#the-bridges"),
    )  # fmt: skip
    return callout("warning", "These answers rest on an assumption", text)


def by_patients(results: Results, model: Model) -> str:
    """Whose patients enter a model, and what it takes of their hazards, to stand in a sentence."""
    trials = [results.trial_names[trial] for trial in model.ipd]
    return words.by_patients(trials, model.baseline, model.any_shape, not model.time_ratios)


def judged(results: Results, fit: Fit) -> Markdown:
    """A box that tells of trials that count less by judgement."""
    assert fit.model.weights is not None
    text = weights_text(results, fit.model.weights)
    return callout("warning", "Trials count less here", md("{}.", text[:1].upper() + text[1:]))


def weights_text(results: Results, weights: Weights) -> str:
    """Which trials count less, and why, to stand in a sentence."""
    each = [f"{results.trial_names[trial]} {number(weight)}"
            for trial, weight in weights.trials.items()]  # fmt: skip
    return (
        f"by assumption the likelihoods of trials are raised to powers, so that they count less "
        f"({listing(each)}): {weights.assumption.rstrip('.')}"
    )


PATHS = {
    "results": "", "arms": "", "contrasts": "", "counts": "", "levels": "", "responses": "",
    "reports": "", "factors": "", "population": "patients", "other_evidence": "",
    "stratification": "stratified by", "n": "patients", "n_randomised": "patients randomised",
    "n_treated": "patients treated", "in_arm": "in the first arm", "hr": "hazard ratio",
    "or": "odds ratio", "in_comparator": "in the second arm", "data_cutoff": "data cut-off",
    "follow_up": "median follow-up in months",
    "totals": "all patients", "doi": "DOI", "year": "year of publication",
}  # fmt: skip
"""Parts of the path of a value in the file of a trial -> what they are called; some say nothing."""
SLUG = re.compile(r"(?=.*[a-z])[a-z0-9]+([-_][a-z0-9]+)+")


def value_names(results: Results, trial: str) -> Callable[[str], str]:
    """What says in words which value of a trial is meant, by its path in the file of the trial.

    ``results[pfs,primary,bicr].arms.drug.median``: PFS, Primary report, blinded central review,
    Drug, median.
    """
    called = PATHS | words.ASSESSORS | {name: name.upper() for name in SHORT}
    called |= {f"grade {grade}": f"grade {said}" for grade, said in GRADES.items()}
    called |= {row["report"]: f"{slug_words(row['report'])} report"
               for row in results.rows(tables.REPORTS, trial)}  # fmt: skip
    called |= results.arm_names(trial)

    def name(path: str) -> str:
        path = re.sub(r"landmarks\[(?:[\d.]+,)?([\d.]+)\]", r"[survival at \1 months]", path)
        path = re.sub(r"factors\[\d+\]", "factors", path)
        path = re.sub(r"^(results\[[^\]]*\])\.events$", r"\1[events of all arms]", path)
        path = re.sub(r"\.events\[([^\]]*),([^,\]]*)\]", r".[\1,grade \2]", path)
        parts = [
            part
            for bracket, plain in re.findall(r"\[([^\]]*)\]|([^.\[\]/]+)", path)
            for part in (map(str.strip, bracket.split(",")) if bracket else [plain])
        ]
        return ", ".join(filter(None, (called.get(part, _unslugged(part)) for part in parts)))

    return name


def _unslugged(text: str) -> str:
    """A slug with spaces; any other text as it is."""
    return re.sub("[-_]", " ", text) if SLUG.fullmatch(text) else text


def in_words(results: Results, trial: str, text: str) -> str:
    """A text with the names of arms in the place of their slugs."""
    names = results.arm_names(trial)
    slugs = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<![\w-])({slugs})(?![\w-])", lambda found: names[found[0]], text)


def effects_table(results: Results, rows: list[Row], label: str, better: str) -> Markdown:
    """Effects with what belongs to each: rows of tables `league` with their `model` and `scale`.

    `better` heads the probability that the first treatment is the better one. What does not
    differ between the rows, or none of them has, gets no column.
    """
    measures = list(dict.fromkeys(natural.name_of(row["scale"]) for row in rows))
    models = {row["model"] for row in rows}
    predicted = any(row["predict_q2.5"] is not None for row in rows)
    return table_of(
        results, rows, label,
        "Model, Comparison" if len(models) > 1 else "Comparison",
        {"Measure": lambda row: natural.name_of(row["scale"])} if len(measures) > 1 else {},
        {(measures[0].capitalize() if len(measures) == 1 else "Effect"): _middle,
         "95 % credible interval": lambda row: _reach(row, "q2.5", "q97.5"),
         better: lambda row: chance(row["p_better"])},
        {"95 % prediction interval": lambda row: _reach(row, "predict_q2.5", "predict_q97.5")}
        if predicted else {},
        {"Evidence": lambda row: strong("assumption") if row["bridged"] else "trials"}
        if any(row["bridged"] for row in rows) else {},
    )  # fmt: skip


def _middle(row: Row) -> str:
    """An effect on the natural scale."""
    ratio = natural.is_ratio(row["scale"])
    shown = estimate(interval(row)) if ratio else number(row["q50"])
    return shown + (" ‡" if row["prior_only"] else "")


def _reach(row: Row, low: str, high: str) -> Markdown:
    """The interval of an effect on the natural scale; a dash without one."""
    if row[low] is None:
        return dash(None)
    if natural.is_ratio(row["scale"]):
        return escape(limits(Interval.of_logs(row["q50"], row[low], row[high])))
    return escape(f"{number(row[low])} to {number(row[high])}")


def scaled(fit: Fit, scale: str) -> list[Row]:
    """Every comparison of a fit as `effects_table` takes them; `scale` is such as ``ln HR``."""
    return [{**row, "model": fit.model.label, "scale": scale} for row in records(fit.league)]


PARAMETERS = {"d": "effect of", "mu": "level of the log hazard (mu),",
              "step_sd": "SD of the steps of the hazard's shape,"}  # fmt: skip
"""Parameters of trials and treatments -> what they are called."""


def parameter(results: Results, name: str) -> str:
    """A parameter in plain words: ``d[drug]`` is the effect of a drug."""
    found = re.fullmatch(r"(\w+)\[(.*)\]", name)
    if found is None:
        return name
    of = (results.trial_names.get(part, results.part(part)) for part in found[2].split(": "))
    return f"{PARAMETERS.get(found[1], found[1])} {', '.join(of)}"


def named_prior(prior: str, published: bool = True) -> str:
    """The family and the numbers of a prior that the configuration gives or names.

    Where it names one that is `published`, its publication too.
    """
    from evinet.nma import priors

    found = priors.parse(prior)
    if found.source is None or not published:
        return found.formula
    _, outcome, *comparison = prior.split(":")
    setting = ", ".join([outcome.replace("-", " "), *comparison])
    return f"{found.formula} ({setting}, for a {found.effects}; {found.source})"


def prior_text(prior: HalfNormal) -> str:
    """A prior with its reason."""
    return f"half-normal with scale {prior.scale:g} ({prior.source})"
