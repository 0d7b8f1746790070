"""How certain each comparison is, domain by domain."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from evinet.report import certainty as appraisal
from evinet.report.certainty import JUDGED
from evinet.report.effects import contrasts, interval, prediction, versus
from evinet.report.markdown import Markdown, blocks, bullets, faint
from evinet.report.numbers import listing, ratio
from evinet.report.pages.columns import Row, table_of
from evinet.report.pages.common import awaited, each_analysis
from evinet.report.pages.later import caution_line
from evinet.report.pages.models import independent_loops
from evinet.report.results import Results

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


@each_analysis(level=2)
def comparisons(results: Results, name: str, judgements: Path | str = JUDGEMENTS) -> Markdown:
    """Every comparison, domain by domain, for each analysis.

    By the first random-effects model without a bridge, which predicts; else by the main answer.
    """
    entered, smallest = appraisal.load(judgements), results.config.smallest_important_ratio
    random = (fit for fit in results.fits(name)
              if fit.model.bridge is None and fit.model.effects == "random")  # fmt: skip
    fit = next(random, results.unbridged(name))
    rows = contrasts(results, fit)
    unseen = NOT_JUDGED if independent_loops(results, name) else "cannot be seen: no closed loop"

    def level(domain: str, without: object, row: Row) -> object:
        entry = entered.judged(name, (row["treatment"], row["comparator"]), domain)
        return without if entry is None else entry.level

    def imprecision(row: Row) -> str:
        return NOT_COMPUTED if smallest is None else appraisal.imprecision(interval(row), smallest)

    def heterogeneity(row: Row) -> str:
        new = prediction(row)
        if smallest is None or new is None:
            return NOT_COMPUTED
        return appraisal.heterogeneity(interval(row), new, smallest)

    judged = [domain for domain in JUDGED if any(level(domain, None, row) for row in rows)]
    waiting = [domain for domain in JUDGED if domain not in judged]
    reasons = [
        f"{versus(results.labels, entry.treatment, entry.comparator)}, {entry.domain}, "
        f"{entry.level}: {entry.reason}"
        for entry in entered.judgements if entry.analysis == name
    ]  # fmt: skip
    return blocks([
        f"Estimates of the model: {fit.model.label}.",
        caution_line(results, name),
        table_of(results, rows, "Certainty of each comparison", "Comparison", {
            **{domain.capitalize(): partial(level, domain, NOT_JUDGED) for domain in judged},
            "Imprecision": imprecision, "Heterogeneity": heterogeneity,
            "Incoherence": partial(level, "incoherence", unseen),
        }),
        awaited(listing(waiting)),
        "Reasons for the judgements:" if reasons else "", bullets(reasons),
    ])  # fmt: skip
