"""Parameters for economic models: what the files hold, and the numbers that a reader checks by."""

from __future__ import annotations

from evinet import tables
from evinet.report.effects import added, pair
from evinet.report.markdown import Markdown, blocks, bullets, callout, escape, folded, md
from evinet.report.numbers import number, percent, percent_limits
from evinet.report.pages.columns import table_of
from evinet.report.pages.common import DAGGER, each_analysis
from evinet.report.pages.survival import misses
from evinet.report.results import Results


@each_analysis()
def effects(results: Results, name: str) -> Markdown:
    """Mean and standard deviation of ln HR of the comparisons that are asked for."""
    rows = [{**row, "model": fit.model.label}
            for fit in results.main(name) for row in added(results, fit)]  # fmt: skip
    return table_of(results, rows, "ln hazard ratios", {
        "Comparison": lambda row: pair(results, row) + (f" {DAGGER}" if row["bridged"] else ""),
        "Model": "model", "Mean ln HR": lambda row: number(row["mean"], 3),
        "Standard deviation": lambda row: number(row["sd"], 3),
    })  # fmt: skip


@each_analysis("No prediction of a main model misses the patients that it could be held against.")
def apart(results: Results, name: str) -> Markdown:
    """Where a constant hazard ratio on the baseline misses the patients, and what to take there."""
    parts: list[object] = []
    for slug, population in results.config.analyses[name].populations.items():
        main, other = results.unbridged(name), results.by_patients(name, population.trial)
        of = tables.PREDICTED_OBSERVED
        wrong = misses(results, results.predicted(name, of, slug, main.name))
        take = md(
            "Take draws of survival on both treatments: analysis [{}]{{.code}}, model "
            "[{}]{{.code}} ({}).", name, other.name, other.model.label,
        ) if other else ""  # fmt: skip
        parts += [bullets(wrong), take] if wrong else []
    title = "A constant hazard ratio misses the patients"
    return callout("important", title, blocks(parts)) if parts else md("")


@each_analysis()
def baselines(results: Results, name: str) -> Markdown:
    """Survival of the arm that gives the baseline, month by month; that there is none, if so."""
    analysis, parts = results.config.analyses[name], []
    for slug, population in analysis.populations.items():
        of, model = tables.PREDICTED_SURVIVAL, results.unbridged(name).name
        rows = [row for row in results.predicted(name, of, slug, model)
                if row["treatment"] == row["comparator"]]  # fmt: skip
        title = (f"{results.labels[rows[0]['treatment']]}, patients as in "
                 f"{results.trial_names[population.trial]}")  # fmt: skip
        parts.append(folded(f"{title}, month by month", table_of(results, rows, title, {
            "Months": lambda row: number(row["time"], int(row["time"] != int(row["time"]))),
            analysis.title: lambda row: percent(row["q50"]), "95 % interval": percent_limits,
        })))  # fmt: skip
    return blocks(parts) or escape(
        f"This review gives no baseline of {analysis.title.lower()}: it names no trial whose "
        "patients would be the baseline. A cost model needs one from elsewhere."
    )
