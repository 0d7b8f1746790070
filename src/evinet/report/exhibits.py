"""The exhibits of a report: every figure with its caption, drawn into results/figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import files, tables
from evinet.report.effects import contrasts, interval, pair, prediction, published, ranked
from evinet.report.exhibit import INDEX, Exhibit
from evinet.report.exhibits_robustness import robustness
from evinet.report.numbers import Interval, listing
from evinet.report.results import Fit, Reconstruction, Results
from evinet.report.rows import records

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def all_exhibits(results: Results) -> Iterator[Exhibit]:
    """Every figure that the results allow."""
    yield _populations(results)
    for reconstruction in results.reconstructions:
        yield from _digitised(results, reconstruction)
        yield _kaplan_meier(results, reconstruction)
        yield _hazard(results, reconstruction)
        yield from _periods(results, reconstruction)
    for analysis in results.config.analyses:
        yield _network(results, analysis)
        yield _forest(results, analysis)
        yield from _priors(results, analysis)
        yield from _bridge(results, analysis)
        for fit in (results.unbridged(analysis), results.bridged(analysis)):
            if fit is not None:
                yield _league(results, fit)
                yield _ranks(results, fit)
                yield from _predicted(results, fit)
                yield from robustness(results, fit)
        yield from _by_patients(results, analysis)


def _by_patients(results: Results, analysis: str) -> Iterator[Exhibit]:
    """Survival by the models with hazards of a population's own patients."""
    trials = {each.trial for each in results.config.analyses[analysis].populations.values()}
    shown = {results.unbridged(analysis).name}
    for trial in sorted(trials):
        fit = results.by_patients(analysis, trial)
        if fit is not None and fit.name not in shown:
            shown.add(fit.name)
            yield from _predicted(results, fit)


def write(results: Results, folder: Path) -> list[str]:
    """Draw all exhibits into `folder` with an index of captions; return their names."""
    from evinet.report.figures import style

    index = {}
    with style.styled():
        for exhibit in all_exhibits(results):
            figure = exhibit.draw()
            if figure is not None:
                style.save(figure, folder / f"{exhibit.name}.svg")
                index[f"{exhibit.name}.svg"] = {"caption": exhibit.caption, "alt": exhibit.alt}
    for left in folder.glob("*.svg"):  # by an earlier run, with other models
        if left.name not in index:
            left.unlink()
    files.write_json(folder / INDEX, index)
    return list(index)


def _populations(results: Results) -> Exhibit:
    from evinet.report.figures import populations

    analyses = results.config.analyses.values()
    trials = dict.fromkeys(trial for analysis in analyses for trial in analysis.trials)
    names = {slug: results.trial_names[slug] for slug in trials}

    def draw() -> Figure | None:
        shown = populations.shares(
            results.evidence(tables.POPULATIONS), results.evidence(tables.ARMS)
        )
        return populations.draw(shown[shown["trial"].isin(list(names))], names)

    return Exhibit(
        "populations",
        "Who was in the trials: characteristics that at least two trials reported. A bar that "
        "stops short of 100 % has patients whose category was not given.",
        "Stacked bars of patient characteristics, one bar a trial. The table on this page holds "
        "the same numbers.",
        draw,
    )


def _kaplan_meier(results: Results, reconstruction: Reconstruction) -> Exhibit:
    from evinet.report.figures import km

    trial = results.trial_names[reconstruction.trial]
    quality = reconstruction.quality
    arms = arm_labels(results, reconstruction.trial, list(quality["arms"]))
    outcome = reconstruction.outcome.upper()
    return Exhibit(
        f"km-{reconstruction.trial}-{reconstruction.outcome}",
        f"{trial}, {outcome}, patients reconstructed (evidence tier {quality['tier']}). Line: best "
        "reconstruction; band: range of the draws that carry what was not published; ticks: "
        "censored; diamonds and bars at 50 %: published medians with 95 % confidence intervals. "
        "Beneath: numbers at risk as printed, with the reconstruction's in brackets where it "
        "differs.",
        f"Kaplan-Meier curves of {listing(list(arms.values()))} in {trial}. The table on this page "
        "gives medians, events and numbers at risk.",
        lambda: km.draw(
            reconstruction.ipd, arms, _medians(quality), _at_risk(quality),
            f"{outcome} (proportion)",
        ),
    )  # fmt: skip


def _digitised(results: Results, reconstruction: Reconstruction) -> Iterator[Exhibit]:
    """The figure of the paper, and the same with what was read off it, where there is one."""
    folder = results.root / "digitised" / reconstruction.trial / reconstruction.outcome
    if not (folder / "overlay.png").exists():
        return
    from evinet.report.figures import digitised

    trial = results.trial_names[reconstruction.trial]
    yield Exhibit(
        f"digitised-{reconstruction.trial}-{reconstruction.outcome}",
        f"{trial}, {reconstruction.outcome.upper()}: the published figure, and the same with the "
        "curves (lines) and censor marks (circles) that were read off it.",
        "Left the published survival curves; right the same with the digitised curves drawn over "
        "them.",
        lambda: digitised.draw(folder / "figure.png", folder / "overlay.png"),
    )


def _hazard(results: Results, reconstruction: Reconstruction) -> Exhibit:
    from evinet.report.figures import hazard

    trial = results.trial_names[reconstruction.trial]
    arms = arm_labels(results, reconstruction.trial, list(reconstruction.quality["arms"]))
    return Exhibit(
        f"hazard-{reconstruction.trial}-{reconstruction.outcome}",
        f"{trial}, {reconstruction.outcome.upper()}: cumulative hazard of the reconstructed "
        "patients, both axes on log scales. Lines that keep their distance speak for proportional "
        "hazards, lines that meet or cross against. Thick: best reconstruction; thin: draws.",
        f"Log-cumulative hazard of {listing(list(arms.values()))} against log time.",
        lambda: hazard.draw(reconstruction.ipd, arms),
    )


def _periods(results: Results, reconstruction: Reconstruction) -> Iterator[Exhibit]:
    """Hazard ratio by period, where a ratio of two arms was published to hold it against."""
    from evinet.report.figures import periods

    for row in records(results.evidence(tables.CONTRASTS)):
        wanted = (reconstruction.trial, reconstruction.outcome, "hr", True)
        if (row["trial"], row["outcome"], row["measure"], row["selected"]) != wanted:
            continue
        if row["lower"] is None or row["upper"] is None:
            continue
        arms = arm_labels(results, reconstruction.trial, [row["arm"], row["comparator"]])
        printed = Interval(row["estimate"], row["lower"], row["upper"])
        yield Exhibit(
            f"periods-{reconstruction.trial}-{reconstruction.outcome}",
            f"{results.trial_names[reconstruction.trial]}, {reconstruction.outcome.upper()}: ratio "
            f"of event rates, {' vs '.join(arms.values())}, in periods with about equally many "
            "events. Orange: best reconstruction with 95 % interval; dots: draws; blue: published "
            "hazard ratio with its interval. A period with fewer than five events in an arm is "
            "left out.",
            "Hazard ratio in each period of follow-up, beside the published hazard ratio.",
            lambda row=row, printed=printed: periods.draw(  # type: ignore[misc]
                reconstruction.ipd, row["arm"], row["comparator"], printed
            ),
        )
        return


def arm_labels(results: Results, trial: str, arms: list[str]) -> dict[str, str]:
    """Labels of a trial's arms: the treatment in plain words."""
    table = results.evidence(tables.ARMS)
    treatment = table[table["trial"] == trial].set_index("arm")["treatment"]
    return {arm: results.labels[treatment[arm]] for arm in arms}


def _medians(quality: dict[str, Any]) -> dict[str, tuple[float, float, float]]:
    """Published median and limits of each arm; NaN where not estimated."""

    def value(number: float | None) -> float:
        return float("nan") if number is None else number

    found = {arm: content.get("median") or {} for arm, content in quality["arms"].items()}
    return {
        arm: (
            value(median.get("printed")),
            value(median.get("printed_lower")),
            value(median.get("printed_upper")),
        )
        for arm, median in found.items()
    }


def _at_risk(quality: dict[str, Any]) -> Any:
    import pandas as pd

    rows = [
        {"arm": arm, **row}
        for arm, content in quality["arms"].items()
        for row in content.get("at_risk", [])
    ]
    return pd.DataFrame(rows, columns=["arm", "time", "printed", "reconstructed"])


def _network(results: Results, analysis: str) -> Exhibit:
    from evinet.report import words
    from evinet.report.figures import network

    nodes, studies = results.nodes(analysis), results.studies(analysis)
    nodes = nodes.assign(label=[results.labels[name] for name in nodes["treatment"]])
    members = results.members(results.bridged(analysis))
    title = results.config.analyses[analysis].title
    return Exhibit(
        f"{analysis}-network",
        f"{title}: which treatments the trials compare. "
        f"{'Islands are not joined by any trial.' if nodes['component'].nunique() > 1 else ''}",
        f"Network graph. {words.connectivity(results.islands(analysis), len(studies))}",
        lambda: network.draw(nodes, studies, results.trial_names, members),
    )


def _forest(results: Results, analysis: str) -> Exhibit:
    from evinet.report.figures import forest

    title = results.config.analyses[analysis].title
    fits = [fit for fit in (results.unbridged(analysis), results.bridged(analysis)) if fit]
    caption = (
        f"{title}: hazard ratios with 95 % intervals: as the trials published them, from the model "
        "without a bridge (islands apart)"
    )
    if any(fit.model.bridge for fit in fits):
        caption += " and, in orange, from the model with a bridge; † marks what rests on it"
    caption += "."
    if any(prediction(row) is not None for fit in fits for row in contrasts(results, fit)):
        caption += " Dashed: 95 % prediction interval for a new trial."
    return Exhibit(
        f"{analysis}-forest",
        caption,
        f"Forest plot of hazard ratios for {title.lower()}. The results table holds the numbers.",
        lambda: forest.draw(_groups(results, analysis, fits)),
    )


def _groups(results: Results, analysis: str, fits: list[Fit]) -> list[Any]:
    from evinet.report.figures import forest

    trials = [
        forest.Row(
            f"{results.trial_names[row['trial']]}: {pair(results, row)}",
            published(results, row),
        )
        for row in records(results.studies(analysis))
    ]
    groups = [forest.Group("Trials, as published", trials)]
    for fit in fits:
        rows = [
            forest.Row(
                pair(results, row) + (" †" if row["bridged"] else ""),
                interval(row),
                prediction(row),
            )
            for row in contrasts(results, fit)
        ]
        groups.append(forest.Group(fit.model.label, rows, fit.model.bridge is not None))
    return groups


def _priors(results: Results, analysis: str) -> Iterator[Exhibit]:
    from evinet.report.figures import prior

    config = results.config
    fits = [
        fit for fit in results.fits(analysis)
        if fit.model.effects == "random" and fit.model.tau_prior is None
    ]  # fmt: skip
    if fits:
        yield Exhibit(
            f"{analysis}-tau",
            f"Heterogeneity tau ({config.analyses[analysis].title}): posterior against its prior, "
            f"half-normal with scale {config.heterogeneity.scale:g}. Where the two agree, the data "
            "are silent and the prior speaks.",
            "Histograms of the posterior of tau with the prior density drawn over them.",
            lambda: prior.draw(
                {fit.model.label: fit.draws("tau") for fit in fits}, config.heterogeneity.scale,
                "tau",
            ),
        )  # fmt: skip


def _bridge(results: Results, analysis: str) -> Iterator[Exhibit]:
    """Answers across islands at each fixed sigma, where at least two were fitted."""
    from evinet.report.figures import bridge

    fits = [fit for fit in results.fits(analysis) if fit.model.sigma is not None]
    answers: dict[str, list[tuple[float, Interval]]] = {}
    for fit in sorted(fits, key=lambda fit: fit.model.sigma or 0.0):
        for row in contrasts(results, fit):
            if row["bridged"]:
                name = pair(results, row)
                answers.setdefault(name, []).append((fit.model.sigma or 0.0, interval(row)))
    if len(fits) > 1 and answers:
        yield Exhibit(
            f"{analysis}-bridge",
            "Answers that rest on the bridge, for a range of sigma: sigma 0 takes the members of "
            "the class to be one treatment; the larger sigma, the more they may differ. "
            "Hazard ratios with 95 % credible intervals.",
            "Hazard ratio and interval against sigma, a panel a comparison. The table on this page "
            "holds the numbers.",
            lambda: bridge.draw(answers),
        )


def _league(results: Results, fit: Fit) -> Exhibit:
    from evinet.report.figures import league

    order = list(dict.fromkeys(results.nodes(fit.analysis)["treatment"]))
    return Exhibit(
        f"{fit.analysis}-{fit.name}-league",
        f"{fit.model.label}: hazard ratio of the row's treatment against the column's, with 95 % "
        "credible interval. Blue: lower hazard; amber: higher. † rests on a bridge. Light grey: no "
        "chain of trials joins the two.",
        "League table as a heat map. The table of all comparisons holds the same numbers.",
        lambda: league.draw(fit.league, results.labels, order),
    )


def _ranks(results: Results, fit: Fit) -> Exhibit:
    from evinet.report.figures import ranks

    return Exhibit(
        f"{fit.analysis}-{fit.name}-ranks",
        f"{fit.model.label}: probability of each rank, inside each connected island only. "
        "SUCRA sums them up: 1 would be surely the lowest hazard of the island, 0 surely the "
        "highest. Ranks say nothing about how large or how certain a difference is.",
        "Rankograms, one panel a treatment, with SUCRA. The table of ranks holds the numbers.",
        lambda: ranks.draw(ranked(fit), results.labels) if len(ranked(fit)) else None,
    )


def _assumed(fit: Fit) -> str:
    """What a model takes of the shapes of hazards."""
    if fit.model.shapes in ("treatment", "arm"):
        return "hazards of any shape, not taken to be proportional"
    return "hazards taken to be proportional"


def _predicted(results: Results, fit: Fit) -> Iterator[Exhibit]:
    """Survival in each population of the analysis."""
    from evinet.report.figures import predicted

    analysis = results.config.analyses[fit.analysis]
    for slug, population in analysis.populations.items():
        rows = results.predicted(fit.analysis, tables.PREDICTED_SURVIVAL, slug, fit.name)
        labels = {row["treatment"]: results.labels[row["treatment"]] for row in rows}
        trial = results.trial_names[population.trial]
        note = " Orange, †: rests on a bridge." if any(row["bridged"] for row in rows) else ""
        yield Exhibit(
            f"{fit.analysis}-{slug}-{fit.name}-predicted",
            f"{analysis.title} predicted for patients as in {trial}, {fit.model.label}: median and "
            f"95 % credible band, {_assumed(fit)}.{note} Black steps: the trial's "
            "own patients, best reconstruction. Curves end with the follow-up of the arm that "
            "gives the baseline.",
            f"Predicted survival over time with bands for {listing(list(labels.values()))}. The "
            "tables on this page hold the numbers.",
            lambda rows=rows, labels=labels, slug=slug: predicted.draw(  # type: ignore[misc]
                tables.PREDICTED_SURVIVAL.frame(rows), labels,
                results.own_patients(fit.analysis, slug),
                f"{analysis.outcome.upper()} (proportion)",
            ),
        )  # fmt: skip
