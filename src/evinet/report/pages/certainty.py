"""How certain each comparison is, domain by domain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evinet.report import certainty as appraisal
from evinet.report.certainty import JUDGED, Appraisal
from evinet.report.effects import contrasts, interval, prediction
from evinet.report.markdown import Field, bullets, escape, table
from evinet.report.numbers import ratio
from evinet.report.pages.later import caution_line
from evinet.report.pages.models import independent_loops
from evinet.report.results import Fit, Results

NOT_JUDGED = "[not judged]{.no}"
NOT_COMPUTED = "[not computed]{.no}"


def certainty(results: Results, judgements: Path | str) -> str:
    """The page; `judgements` is the file of the reviewers' judgements."""
    entered = appraisal.load(judgements)
    parts = [_intro(results)]
    for name, analysis in results.config.analyses.items():
        fit = _fit(results, name)
        parts += [
            f"## {escape(analysis.title)}\n",
            caution_line(results, name),
            f"Comparisons of the model: {escape(fit.model.label.lower())}.\n",
            _table(results, fit, entered),
            _reasons(results, name, entered),
        ]
    return "\n".join(parts)


def _fit(results: Results, analysis: str) -> Fit:
    """The first random-effects model without a bridge, which predicts; else the main answer."""
    random = (
        fit
        for fit in results.fits(analysis)
        if fit.model.bridge is None and fit.model.effects == "random"
    )
    return next(random, results.unbridged(analysis))


def _intro(results: Results) -> str:
    smallest = results.config.smallest_important_ratio
    text = (
        "Domains after CINeMA ([Nikolakopoulou et al. 2020]"
        "(https://doi.org/10.1371/journal.pmed.1003082)). Within-study bias, reporting bias and "
        "indirectness are judgements of the reviewers; the program makes none. Imprecision and "
        "heterogeneity are computed: how many conclusions (an important benefit, no difference "
        "that matters, an important harm) the credible interval allows, and how many the "
        "prediction interval adds.\n\n"
    )
    if smallest is None:
        return text + (
            "No margin of the configuration is marked as the smallest that matters to patients, so "
            "neither can be computed yet.\n"
        )
    return text + (
        f"Hazard ratios between {ratio(smallest)} and {ratio(1 / smallest)} are taken not to "
        "matter to patients.\n"
    )


def _table(results: Results, fit: Fit, entered: Appraisal) -> str:
    fields = [Field("Comparison", "l", 30)]
    fields += [Field(domain.capitalize(), "l", 13) for domain in JUDGED]
    fields += [Field(name, "l", 13) for name in ("Imprecision", "Heterogeneity", "Incoherence")]
    rows = []
    for row in contrasts(results, fit):
        pair = (row["treatment"], row["comparator"])
        judged = [entered.judged(fit.analysis, pair, domain) for domain in JUDGED]
        rows.append(
            [escape(f"{results.labels[pair[0]]} v {results.labels[pair[1]]}"),
             *(NOT_JUDGED if entry is None else entry.level for entry in judged),
             *_computed(row, results.config.smallest_important_ratio),
             _incoherence(results, fit.analysis, pair, entered)]
        )  # fmt: skip
    return table(fields, rows, "Certainty of each comparison")


def _computed(row: dict[str, Any], smallest: float | None) -> tuple[str, str]:
    """Imprecision and heterogeneity of a league row."""
    if smallest is None:
        return NOT_COMPUTED, NOT_COMPUTED
    here, new = interval(row), prediction(row)
    varied = NOT_COMPUTED if new is None else appraisal.heterogeneity(here, new, smallest)
    return appraisal.imprecision(here, smallest), varied


def _incoherence(results: Results, analysis: str, pair: tuple[str, str], entered: Appraisal) -> str:
    judged = entered.judged(analysis, pair, "incoherence")
    if judged is not None:
        return judged.level
    return NOT_JUDGED if independent_loops(results, analysis) else "cannot be seen: no closed loop"


def _reasons(results: Results, analysis: str, entered: Appraisal) -> str:
    reasons = [
        f"{escape(results.labels[entry.treatment])} v {escape(results.labels[entry.comparator])}, "
        f"{entry.domain}, {entry.level}: {escape(entry.reason)}"
        for entry in entered.judgements
        if entry.analysis == analysis
    ]
    return "Reasons for the judgements:\n\n" + bullets(reasons) if reasons else ""
