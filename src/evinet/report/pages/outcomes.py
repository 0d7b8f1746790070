"""Results of each outcome: every comparison, the league table and the ranks."""

from __future__ import annotations

from evinet.report.effects import interval, pair, prediction, ranked
from evinet.report.markdown import Markdown, blocks, folded, heading, strong
from evinet.report.numbers import chance, estimate, limits, number
from evinet.report.pages import times
from evinet.report.pages.common import assumed, exhibit, judged, optional_exhibit, table_of
from evinet.report.pages.explorer import explorer
from evinet.report.pages.later import caution
from evinet.report.results import Fit, Results
from evinet.report.rows import grouped, records


def every(results: Results) -> Markdown:
    """The results of each analysis, without a bridge and with the first one."""
    return blocks(
        part
        for name, analysis in results.config.analyses.items()
        for part in (
            heading(2, analysis.title, name), exhibit(results, f"{name}-forest"),
            caution(results, name), explorer(results, name), times.pointer(results, name),
            *(_fit(results, fit) for fit in results.main(name)),
        )
    )  # fmt: skip


def _fit(results: Results, fit: Fit) -> Markdown:
    """One model's results."""
    base, ranks = f"{fit.analysis}-{fit.name}", _ranks(results, fit)
    return blocks([
        heading(3, fit.model.label, base),
        assumed(results, fit) if fit.model.bridge else "",
        judged(results, fit) if fit.model.weights else "",
        exhibit(results, f"{base}-league"),
        folded("Every comparison in a table", _comparisons(results, fit)),
        optional_exhibit(results, f"{base}-ranks"),
        folded("Ranks in a table", ranks) if ranks else "",
    ])  # fmt: skip


def _comparisons(results: Results, fit: Fit) -> Markdown:
    """Every comparison that a model can make, on the hazard-ratio scale."""
    rows = [{**row, "new": prediction(row)} for row in records(fit.league)]
    predicted = any(row["new"] is not None for row in rows)
    return table_of(rows, f"Every comparison, {fit.model.label}", {
        "Comparison": lambda row: pair(results, row),
        "Hazard ratio": lambda row: estimate(interval(row)),
        "95 % credible interval": lambda row: limits(interval(row)),
        "Probability of a lower hazard": lambda row: chance(row["p_better"]),
        **({"95 % prediction interval": lambda row: row["new"] and limits(row["new"])}
           if predicted else {}),
        "Evidence": lambda row: strong("assumption") if row["bridged"] else "trials",
    })  # fmt: skip


def _ranks(results: Results, fit: Fit) -> Markdown:
    """Ranks inside each island that is large enough for ranks to say something."""
    first = [row for row in records(ranked(fit)) if row["rank"] == 1]
    size = {island: len(rows) for island, rows in grouped(first, "component").items()}
    first.sort(key=lambda row: (row["component"], -row["sucra"]))
    return table_of(first, f"Ranks, {fit.model.label}", {
        "Island": lambda row: str(row["component"]),
        "Treatment": lambda row: results.labels[row["treatment"]],
        "SUCRA": lambda row: number(row["sucra"]),
        "Probability of rank 1": lambda row: chance(row["probability"]),
        "Treatments in the island": lambda row: str(size[row["component"],]),
    })  # fmt: skip
