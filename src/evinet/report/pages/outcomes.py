"""Results of each outcome: every comparison, the league table and the ranks."""

from __future__ import annotations

from collections import Counter

from evinet.report.effects import ranked
from evinet.report.markdown import Markdown, blocks, folded, heading
from evinet.report.numbers import chance, number
from evinet.report.pages.columns import table_of
from evinet.report.pages.common import (
    assumed,
    each_analysis,
    effects_table,
    exhibit,
    judged,
    scaled,
)
from evinet.report.pages.explorer import explorer
from evinet.report.pages.later import caution
from evinet.report.pages.sensitivity import pointer as time_ratios
from evinet.report.results import Fit, Results
from evinet.report.rows import records


@each_analysis(level=2, anchor="{}")
def every(results: Results, name: str) -> Markdown:
    """The results of each analysis, without a bridge and with the first one."""
    return blocks([
        exhibit(results, f"{name}-forest"), caution(results, name), explorer(results, name),
        time_ratios(results, name), *(_fit(results, fit) for fit in results.main(name)),
    ])  # fmt: skip


def _fit(results: Results, fit: Fit) -> Markdown:
    """One model's results."""
    base, ranks = f"{fit.analysis}-{fit.name}", _ranks(results, fit)
    listed = effects_table(results, scaled(fit, "ln HR"), f"Every comparison, {fit.model.label}",
                           "Probability of a lower hazard")  # fmt: skip
    return blocks([
        heading(3, fit.model.label, base),
        assumed(results, fit) if fit.model.bridge else "",
        judged(results, fit) if fit.model.weights else "",
        exhibit(results, f"{base}-league"),
        folded("Every comparison in a table", listed),
        exhibit(results, f"{base}-ranks", optional=True),
        folded("Ranks in a table", ranks) if ranks else "",
    ])  # fmt: skip


def _ranks(results: Results, fit: Fit) -> Markdown:
    """Ranks inside each island that is large enough for ranks to say something."""
    first = [row for row in records(ranked(fit)) if row["rank"] == 1]
    size = Counter(row["component"] for row in first)
    first.sort(key=lambda row: (row["component"], -row["sucra"]))
    return table_of(results, first, f"Ranks, {fit.model.label}", {
        "Island": lambda row: str(row["component"]),
    }, "Treatment", {
        "SUCRA": lambda row: number(row["sucra"]),
        "Probability of rank 1": lambda row: chance(row["probability"]),
        "Treatments in the island": lambda row: str(size[row["component"]]),
    })  # fmt: skip
