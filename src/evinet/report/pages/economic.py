"""Parameters for economic models: what the files hold, and the numbers that a reader checks by."""

from __future__ import annotations

from evinet import tables
from evinet.report.economic import FILES, fits
from evinet.report.effects import asked, league
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    code,
    escape,
    folded,
    heading,
    link,
    md,
    table,
)
from evinet.report.numbers import NBSP, number, percent
from evinet.report.pages.common import DAGGER, by_analysis
from evinet.report.results import Results


def files() -> Markdown:
    """Both files, and what is in them."""
    return bullets(md("{}: {}", link(name, f"tables/{name}"), what) for name, what in FILES.items())


def columns() -> Markdown:
    """What the columns of the CSV file are."""
    return bullets(
        md("{}: {}", code(name), escape(what))
        for name, what in {
            "parameter": "ln_hr, or survival",
            "analysis, model, population": "what the draw belongs to",
            "treatment, comparator": "of ln_hr: the effect of the first against the second, the "
            "reference of its island; of survival: the treatment of the arm",
            "draw": "the number of the draw; rows of one analysis and model with the same number "
            "belong together",
            "time": "months, of survival",
            "value": "ln hazard ratio, or proportion of patients without an event",
        }.items()
    )


def effects(results: Results) -> Markdown:
    """Mean and standard deviation of ln HR of the comparisons that are asked for."""

    def one(results: Results, name: str) -> Markdown:
        lines = []
        for pair in asked(results, name):
            for fit in fits(results, name):
                row = league(fit).get(pair)
                if row is not None:
                    lines.append([
                        f"{results.labels[pair[0]]} vs {results.labels[pair[1]]}"
                        + (f" {DAGGER}" if row["bridged"] else ""),
                        fit.model.label, number(row["mean"], 3), number(row["sd"], 3),
                    ])  # fmt: skip
        fields = ["Comparison", "Model", "Mean ln HR", "Standard deviation"]
        return table(fields, lines, "ln hazard ratios")

    return by_analysis(results, one)


def baselines(results: Results) -> Markdown:
    """Survival of the arm that gives the baseline, month by month."""
    parts: list[object] = []
    for name, analysis in results.config.analyses.items():
        for slug, population in analysis.populations.items():
            of, model = tables.PREDICTED_SURVIVAL, results.unbridged(name).name
            rows = [row for row in results.predicted(name, of, slug, model)
                    if row["treatment"] == row["comparator"]]  # fmt: skip
            lines = [
                [number(row["time"], 0 if row["time"] == int(row["time"]) else 1),
                 percent(row["q50"]),
                 f"{percent(row['q2.5'])}{NBSP}to{NBSP}{percent(row['q97.5'])}"]
                for row in rows
            ]  # fmt: skip
            fields = ["Months", f"{analysis.title}", "95 % interval"]
            trial = results.trial_names[population.trial]
            arm = results.labels[rows[0]["treatment"]]
            title = f"{analysis.title}, {arm}, patients as in {trial}"
            parts += [heading(3, title), folded("Month by month", table(fields, lines, title))]
    return blocks(parts) or escape("The configuration names no population, so there is none.")
