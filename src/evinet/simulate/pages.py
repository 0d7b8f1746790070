"""The exhibits of the report of a simulation study."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import tables
from evinet.report.markdown import Markdown, blocks, bullets, code, figure, heading, md, table
from evinet.report.numbers import number
from evinet.report.rows import records
from evinet.simulate import study as studies
from evinet.simulate.study import Binomial, HazardRatios, Normal, Scenario, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIG_VARIABLE = "EVINET_SIMULATION"
PERFORMANCE_VARIABLE = "EVINET_PERFORMANCE"
NOMINAL = 0.95
FIGURES = {
    "coverage": "Coverage of 95 % intervals",
    "bias": "Bias in empirical standard errors",
}


@dataclass(frozen=True)
class Opened:
    """A study with its table PERFORMANCE, in the order of the configuration."""

    study: Study
    rows: list[dict[str, Any]]


def open_study() -> Opened:
    """The study that the environment names."""
    return load(Path(os.environ[CONFIG_VARIABLE]), Path(os.environ[PERFORMANCE_VARIABLE]))


def load(config: Path, performance: Path) -> Opened:
    """The study of a configuration with its table PERFORMANCE.

    Raises
    ------
    InputError
        One of them is not as it must be.
    """
    study = studies.load(config)
    scenarios, models = list(study.scenarios), list(study.models)
    rows = sorted(
        records(tables.PERFORMANCE.read(performance)),
        key=lambda row: (scenarios.index(row["scenario"]), models.index(row["model"])),
    )
    return Opened(study, rows)


def aim(opened: Opened) -> Markdown:
    """What the study asks, and its size."""
    study = opened.study
    return md(
        "{}\n\n{} replicates of each scenario; seed {}.", study.aim, str(study.replicates),
        str(study.seed),
    )  # fmt: skip


def scenarios(opened: Opened) -> Markdown:
    """A row for each scenario."""
    rows = []
    for each in opened.study.scenarios.values():
        trials = "; ".join(
            f"{design.trials} × {' / '.join(design.arms)}" for design in each.network
        )
        effects = ", ".join(f"{name} {number(value)}" for name, value in each.effects.items())
        rows.append([
            each.label, trials, effects, number(each.tau),
            f"{each.patients[0]} to {each.patients[1]}", _outcome(each),
        ])  # fmt: skip
    fields = [
        "Scenario", "Trials", "True effects", "True tau", "Patients of an arm", "Outcome",
    ]  # fmt: skip
    return table(fields, rows, "Scenarios")


def _outcome(scenario: Scenario) -> str:
    match scenario.outcome:
        case HazardRatios(median=median, follow_up=followed):
            return (
                f"hazard ratios; median {median[0]:g} to {median[1]:g} months on the reference, "
                f"follow-up {followed[0]:g} to {followed[1]:g} months"
            )
        case Binomial(risk=risk):
            return f"events of patients; risk {risk[0]:g} to {risk[1]:g} on the reference"
        case Normal(mean=mean, sd=sd):
            return f"means; {mean[0]:g} to {mean[1]:g} on the reference, SD of patients {sd:g}"


def models(opened: Opened) -> Markdown:
    """What is fitted."""
    fitted = opened.study.models.values()
    rows = [
        [model.label, model.effects,
         ", ".join(f"{name}: {text}" for name, text in model.priors.items()) or "the usual ones"]
        for model in fitted
    ]  # fmt: skip
    return table(["Model", "Effects", "Priors"], rows, "Models")


def coverage(opened: Opened) -> Markdown:
    """Coverage, and which of it chance does not explain."""
    rows = [row for row in opened.rows if row["coverage"] is not None]
    off = [row for row in rows if abs(row["coverage"] - NOMINAL) > 2 * _error(row)]
    said = bullets(
        md("{}: {} %", _what(opened, row), number(100 * row["coverage"], 1))
        for row in sorted(off, key=lambda row: float(row["coverage"]))
    )
    intro = (
        md("By more than two Monte Carlo standard errors, these are not 95 %:")
        if off
        else md("All are 95 % within two Monte Carlo standard errors.")
    )
    return blocks([_figure("coverage"), intro, said])


def _error(row: dict[str, Any]) -> float:
    """Monte Carlo standard error of coverage if it is 95 %: that of the share found can be 0."""
    return float((NOMINAL * (1 - NOMINAL) / row["replicates"]) ** 0.5)


def bias(opened: Opened) -> Markdown:
    """Bias, as a share of the empirical standard error."""
    return _figure("bias")


def measures(opened: Opened) -> Markdown:
    """Every measure with its Monte Carlo standard error, a table for each scenario."""
    parts: list[Markdown] = []
    for name, scenario in opened.study.scenarios.items():
        own = [row for row in opened.rows if row["scenario"] == name]
        rows = [
            [opened.study.models[row["model"]].label, code(row["parameter"]), number(row["truth"]),
             *(_with_error(row, measure) for measure in ("bias", "empirical_se", "model_se")),
             _with_error(row, "coverage", 100)]
            for row in own
        ]  # fmt: skip
        fields = ["Model", "Parameter", "Truth", "Bias", "Empirical SE", "Model SE", "Coverage, %"]
        parts += [heading(3, scenario.label), table(fields, rows, scenario.label)]
    return blocks(parts)


def _with_error(row: dict[str, Any], measure: str, times: int = 1) -> str:
    """A measure, and its Monte Carlo standard error in brackets."""
    if row[measure] is None:
        return "not defined"
    decimals = 1 if times > 1 else 3
    value, error = times * row[measure], times * row[f"{measure}_mcse"]
    return f"{number(value, decimals)} ({number(error, decimals)})"


def failed(opened: Opened) -> Markdown:
    """Replicates that have no result; a measure leaves them out."""
    counts = {
        (row["scenario"], row["model"]): (row["failed"], row["failed"] + row["replicates"])
        for row in opened.rows
        if row["failed"]
    }
    if not counts:
        return md("Every model gave a result in every replicate.")
    listed = bullets(
        md("{}, {}: {} of {}", opened.study.scenarios[scenario].label,
           opened.study.models[model].label, str(lost), str(all_))
        for (scenario, model), (lost, all_) in counts.items()
    )  # fmt: skip
    return blocks([
        md("These did not converge, sampled twice, or could not be analysed. The measures are of "
           "the others, which can favour a model that fails where it does badly."), listed,
    ])  # fmt: skip


def _what(opened: Opened, row: dict[str, Any]) -> Markdown:
    study = opened.study
    return md("{}; {}; {}", study.scenarios[row["scenario"]].label,
              study.models[row["model"]].label, code(row["parameter"]))  # fmt: skip


def _figure(name: str) -> Markdown:
    return figure(
        name,
        md("{}, with 95 % Monte Carlo intervals.", FIGURES[name]),
        f"{FIGURES[name]}, a dot for each parameter of each model. The tables have the numbers.",
    )


def draw(opened: Opened, name: str) -> Figure:
    """A figure of `FIGURES`: a panel for each scenario, a row for each model and parameter."""
    from evinet.report.figures import style

    rows = [row for row in opened.rows if row[name] is not None]
    names = list(dict.fromkeys(row["scenario"] for row in rows))
    counts = [sum(row["scenario"] == name for row in rows) for name in names]
    height = 0.19 * sum(counts) + 0.55 * len(names) + 0.5
    canvas = style.canvas(style.WIDTH, height)
    panels = canvas.subplots(
        len(names), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": counts}
    )[:, 0]
    labels = list(dict.fromkeys(row["model"] for row in rows))
    for axes, scenario in zip(panels, names, strict=True):
        own = [row for row in rows if row["scenario"] == scenario]
        for place, row in enumerate(own):
            value, error = _shown(row, name)
            axes.errorbar(
                value, place, xerr=1.96 * error, fmt="o", markersize=4, linewidth=1.2,
                color=style.SERIES[labels.index(row["model"]) % len(style.SERIES)],
            )  # fmt: skip
        axes.axvline(95 if name == "coverage" else 0, color=style.MUTED, linewidth=0.8)
        axes.set_yticks(
            range(len(own)),
            [f"{opened.study.models[row['model']].effects}  {row['parameter']}" for row in own],
        )
        axes.set_ylim(len(own) - 0.4, -0.6)
        axes.set_title(style.wrap(opened.study.scenarios[scenario].label, 80))
    if name == "coverage":
        panels[-1].set_xlim(right=101.0)  # an interval of a share near 1 reaches beyond it
    panels[-1].set_xlabel("Coverage, %" if name == "coverage" else "Bias / empirical SE")
    canvas.tight_layout()
    return canvas


def _shown(row: dict[str, Any], name: str) -> tuple[float, float]:
    """A value of a figure and its Monte Carlo standard error."""
    if name == "coverage":
        return 100 * row["coverage"], 100 * row["coverage_mcse"]
    scale = row["empirical_se"] or 1.0
    return row["bias"] / scale, row["bias_mcse"] / scale
