"""How certain each comparison is, domain by domain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evinet.report import certainty as appraisal
from evinet.report.certainty import JUDGED, Appraisal
from evinet.report.effects import contrasts, interval, prediction, versus
from evinet.report.markdown import Markdown, blocks, bullets, faint, md, table
from evinet.report.numbers import ratio
from evinet.report.pages.common import by_analysis
from evinet.report.pages.later import caution_line
from evinet.report.pages.models import independent_loops
from evinet.report.results import Fit, Results

JUDGEMENTS = "certainty.yaml"
NOT_JUDGED = faint("not judged")
NOT_COMPUTED = faint("not computed")


def smallest(results: Results) -> str:
    """The smallest difference that matters to patients, in a sentence."""
    ratio_of = results.config.smallest_important_ratio
    if ratio_of is None:
        return (
            "No margin of the configuration is marked as the smallest that matters to patients, so "
            "neither can be computed yet."
        )
    return (
        f"Hazard ratios between {ratio(ratio_of)} and {ratio(1 / ratio_of)} are taken not to "
        "matter to patients."
    )


def comparisons(results: Results, judgements: Path | str = JUDGEMENTS) -> Markdown:
    """Every comparison, domain by domain, for each analysis."""
    entered = appraisal.load(judgements)

    def one(results: Results, name: str) -> Markdown:
        fit = _fit(results, name)
        return blocks([
            f"Estimates of the model: {fit.model.label}.",
            caution_line(results, name),
            _table(results, fit, entered),
            _reasons(results, name, entered),
        ])  # fmt: skip

    return by_analysis(results, one, level=2)


def _fit(results: Results, analysis: str) -> Fit:
    """The first random-effects model without a bridge, which predicts; else the main answer."""
    random = (
        fit
        for fit in results.fits(analysis)
        if fit.model.bridge is None and fit.model.effects == "random"
    )
    return next(random, results.unbridged(analysis))


def _table(results: Results, fit: Fit, entered: Appraisal) -> Markdown:
    fields = ["Comparison"]
    fields += [domain.capitalize() for domain in JUDGED]
    fields += [name for name in ("Imprecision", "Heterogeneity", "Incoherence")]
    rows = []
    for row in contrasts(results, fit):
        pair = (row["treatment"], row["comparator"])
        judged = [entered.judged(fit.analysis, pair, domain) for domain in JUDGED]
        rows.append(
            [versus(results.labels, *pair),
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


def _reasons(results: Results, analysis: str, entered: Appraisal) -> Markdown:
    reasons = [
        f"{versus(results.labels, entry.treatment, entry.comparator)}, {entry.domain}, "
        f"{entry.level}: {entry.reason}"
        for entry in entered.judgements
        if entry.analysis == analysis
    ]
    return blocks(["Reasons for the judgements:", bullets(reasons)]) if reasons else md("")
