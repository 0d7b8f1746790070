"""What several pages show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from evinet import files, tables
from evinet.config import ComponentSums, HalfNormal, Model, Weights
from evinet.errors import InputError, Problem
from evinet.nma.answers import natural
from evinet.report import words
from evinet.report.effects import interval, pair, prediction
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
    sourced,
    strong,
    table,
)
from evinet.report.numbers import NBSP, chance, estimate, limits, listing, number, percent
from evinet.report.results import REMEDY, Fit, Results
from evinet.report.rows import grouped, records

DAGGER = "\N{DAGGER}"
AWAITING = faint("awaiting the reviewers")
SHORT = ("dcr", "orr", "os", "pfs", "ttp")
"""Outcomes that are written as abbreviations."""
GRADES = {">=3": "3 or more", "3-4": "3 or 4"}
"""Grades of adverse events as sources print them -> in words."""
Row = dict[str, Any]


def each_analysis(
    none: object = "", level: int = 3, anchor: str = ""
) -> Callable[[Callable[..., Markdown]], Callable[..., Markdown]]:
    """Make what shows one analysis show every one, each under its title; `none` without any.

    What it makes takes the results, and what else the function takes after the analysis. With an
    `anchor`, such as ``for-whom-{}``, links lead to the heading by it and the analysis' name.
    """

    def decorated(show: Callable[..., Markdown]) -> Callable[..., Markdown]:
        @wraps(show)
        def every(results: Results, *more: Any) -> Markdown:
            return blocks(
                part
                for name, analysis in results.config.analyses.items()
                if (content := show(results, name, *more))
                for part in (heading(level, analysis.title, anchor.format(name)), content)
            ) or escape(none)

        return every

    return decorated


def exhibit(results: Results, name: str) -> Markdown:
    """A figure of results/figures, with its caption.

    Raises
    ------
    InputError
        It was not drawn.
    """
    text = optional_exhibit(results, name)
    if not text:
        path = results.root / "figures" / INDEX
        raise InputError(Problem(str(path), name, None, "this figure was not drawn", REMEDY))
    return text


def optional_exhibit(results: Results, name: str) -> Markdown:
    """A figure that the data may not allow: nothing when it was not drawn."""
    path = results.root / "figures" / INDEX
    if not path.exists():
        raise InputError(Problem(str(path), "figures", None, "is not there", REMEDY))
    drawn = files.read_json(path).get(f"{name}.svg")
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


def unknown(value: object) -> Markdown:
    """A value, or that it is not known."""
    return faint("not known") if value is None else escape(value)


def dash(value: object) -> Markdown:
    """A value in a table, or a dash where there is none."""
    if value is None:
        return faint("–")
    return escape(f"{value:g}" if isinstance(value, float) else value)


def source_link(row: dict[str, Any]) -> Markdown:
    """The source of a row, linked to the bibliography, and the place in it."""
    return md("{}, {}", link(row["source"], _source(row)), row["locator"])


def with_source(text: object, row: dict[str, Any]) -> Markdown:
    """A value that links to its source, which shows when pointed at and when focused."""
    shown = escape(text)
    if not row.get("source") or shown in (dash(None), unknown(None)):
        return shown
    where = ", ".join(part for part in (row["source"], row["locator"]) if part)
    return sourced(shown, _source(row), where)


def _source(row: dict[str, Any]) -> str:
    return f"provenance.qmd#source-{row['source']}"


def slug_words(slug: str | None) -> Markdown:
    """A slug as words: ``January 2018``, ``Interim OS``; a dash where there is none."""
    if slug is None:
        return dash(None)
    return escape(_report_words(slug))


def _report_words(slug: str) -> str:
    said = " ".join(word.upper() if word in SHORT else word for word in slug.split("-"))
    return said[0].upper() + said[1:]


def arm_name(results: Results, trial: str, arm: str) -> str:
    """An arm by its treatment."""
    return results.arm_names(trial)[arm]


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
    called |= {row["report"]: f"{_report_words(row['report'])} report"
               for row in results.rows(tables.REPORTS, trial)}  # fmt: skip
    called |= results.arm_names(trial)

    def name(path: str) -> str:
        path = re.sub(r"landmarks\[(?:[\d.]+,)?([\d.]+)\]", r"[survival at \1 months]", path)
        path = re.sub(r"factors\[\d+\]", "factors", path)
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


def table_of(
    rows: Iterable[Any], label: str, columns: Mapping[str, str | Callable[[Any], object]],
    none: object = "", **named: Any,
) -> Markdown:  # fmt: skip
    """A table with a line for each row; `none` without rows.

    `columns` are, by their headings, names of columns of the rows, or what makes cells of rows.
    """
    lines = [
        [row[cell] if isinstance(cell, str) else cell(row) for cell in columns.values()]
        for row in rows
    ]
    return table(list(columns), lines, label, **named) if lines else escape(none)


def effects_table(
    results: Results, rows: list[Row], label: str, better: str, none: object = ""
) -> Markdown:
    """Effects with what belongs to each: rows of tables `league` with their `model` and `scale`.

    `better` heads the probability that the first treatment is the better one. What does not
    differ between the rows, or none of them has, gets no column.
    """
    measures = list(dict.fromkeys(natural.name_of(row["scale"]) for row in rows))
    one = measures[0].capitalize() if len(measures) == 1 else "Effect"
    columns: dict[str, str | Callable[[Row], object]] = {}
    if len({row["model"] for row in rows}) > 1:
        columns["Model"] = "model"
    columns["Comparison"] = lambda row: pair(results, row)
    if len(measures) > 1:
        columns["Measure"] = lambda row: natural.name_of(row["scale"])
    columns[one] = lambda row: said_effect(row)[0] + (" ‡" if row["prior_only"] else "")
    columns["95 % credible interval"] = lambda row: said_effect(row)[1]
    columns[better] = lambda row: chance(row["p_better"])
    if any(row["predict_q2.5"] is not None for row in rows):
        columns["95 % prediction interval"] = _said_prediction
    if any(row["bridged"] for row in rows):
        columns["Evidence"] = lambda row: strong("assumption") if row["bridged"] else "trials"
    return table_of(rows, label, columns, none)


def said_effect(row: Row) -> tuple[str, str]:
    """An effect of table `league` with its `scale`, and its interval, on the natural scale.

    Examples
    --------
    >>> said_effect({"scale": "risk difference", "q50": -0.1, "q2.5": -0.2, "q97.5": 0.0})[0]
    '−0.10'
    >>> said_effect({"scale": "ln RR", "q50": 0.0953, "q2.5": 0.0, "q97.5": 0.2})[0]
    '1.10'
    """
    if natural.is_ratio(row["scale"]):
        return estimate(interval(row)), limits(interval(row))
    middle, lower, upper = (number(row[key]) for key in ("q50", "q2.5", "q97.5"))
    return middle, f"{lower} to {upper}"


def _said_prediction(row: Row) -> Markdown:
    new = prediction(row)
    if new is None:
        return dash(None)
    ends = (number(row[key]) for key in ("predict_q2.5", "predict_q97.5"))
    return escape(limits(new) if natural.is_ratio(row["scale"]) else " to ".join(ends))


def scaled(fit: Fit, scale: str) -> list[Row]:
    """Every comparison of a fit as `effects_table` takes them; `scale` is such as ``ln HR``."""
    return [{**row, "model": fit.model.label, "scale": scale} for row in records(fit.league)]


def listed_pairs(found: Mapping[Any, object], label: str, key: str, value: str) -> Markdown:
    """A table of two columns, headed `key` and `value`."""
    return table_of(found.items(), label, {key: lambda each: each[0], value: lambda each: each[1]})


def by_arm(
    results: Results, trial: str, rows: list[Row], say: Callable[[Row], object]
) -> dict[str, Callable[[list[Row]], Markdown]]:
    """A column for each arm of the rows of a trial, for a table whose lines are groups of them.

    `say` writes the cell of an arm. Several values of one all stand there, each with its source.
    """

    def of(arm: str | None) -> Callable[[list[Row]], Markdown]:
        return lambda found: (
            md("; ").join(with_source(say(row), row) for row in found if row["arm"] == arm)
            or dash(None)
        )

    return {
        "All" if arm is None else arm_name(results, trial, arm): of(arm)
        for (arm,) in grouped(rows, "arm")
    }


def patients(row: Row) -> Markdown:
    """Patients, of how many, and the percentage as printed."""
    n, total, share = row["n"], row.get("total"), row["percent"]
    said = dash(n) if total is None else md("{} / {}", dash(n), dash(total))
    if share is None:
        return said
    printed = share if isinstance(share, str) else f"{share:g}"
    printed = printed if printed.endswith("%") else f"{printed}{NBSP}%"
    return escape(printed) if n is None else md("{} ({})", said, printed)


def printed_limits(row: Row, unit: str = "") -> str:
    """Limits as they were printed, and their level where that is not 95 %; "" without any."""
    ends = (row["lower"], row["upper"])
    if ends == (None, None):
        return ""
    low, high = ("not estimated" if end is None else f"{end:g}" for end in ends)
    level = "" if row["level"] in (None, 0.95) else f" ({percent(row['level'])} interval)"
    return f"{low}{NBSP}to{NBSP}{high}{unit and NBSP + unit}{level}"


def of_arm(
    results: Results, name: str, show: Callable[[Any], object] | None = None
) -> Callable[[Row], Markdown]:
    """What makes cells of a column of table `arms`, each value with its source."""
    facts = {(row["trial"], row["path"]): row
             for row in results.rows(tables.FACTS) if row["use"] == "used"}  # fmt: skip
    return lambda row: with_source(
        (show or unknown)(row[name]), facts.get((row["trial"], f"arms.{row['arm']}.{name}"), {})
    )


def parameter(results: Results, name: str) -> str:
    """A parameter in plain words: ``d[drug]`` is the effect of a drug."""
    found = re.fullmatch(r"d\[(.*)\]", name)
    return f"effect of {results.part(found[1])}" if found else name


def formula(prior: str) -> str:
    """The family and the numbers of a prior that the configuration gives or names."""
    from evinet.nma import priors

    return priors.parse(prior).formula


def named_prior(prior: str) -> str:
    """A prior that the configuration gives or names, with its publication."""
    from evinet.nma import priors

    found = priors.parse(prior)
    if found.source is None:
        return found.formula
    _, outcome, *comparison = prior.split(":")
    setting = ", ".join([outcome.replace("-", " "), *comparison])
    return f"{found.formula} ({setting}, for a {found.effects}; {found.source})"


def prior_text(prior: HalfNormal) -> str:
    """A prior with its reason."""
    return f"half-normal with scale {prior.scale:g} ({prior.source})"
