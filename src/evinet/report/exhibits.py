"""The exhibits of a report: every figure with its caption, drawn into results/figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import files, tables
from evinet.nma.answers import natural
from evinet.report.effects import (
    added,
    chosen,
    contrasts,
    counting,
    interval,
    league,
    pair,
    prediction,
    published,
    ranked,
)
from evinet.report.exhibit import INDEX, Exhibit
from evinet.report.exhibits_robustness import robustness
from evinet.report.numbers import Interval, listing, outcome_name
from evinet.report.results import Fit, Reconstruction, Results
from evinet.report.rows import records

if TYPE_CHECKING:
    from matplotlib.figure import Figure


BLUE = (
    " Blue: the main model, which estimates sigma; its bar along the axis is the 95 % interval of "
    "sigma."
)

PUBLISHED_MEDIANS = "; diamonds and bars at 50 %: published medians with 95 % confidence intervals"


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
        yield from _times(results, analysis)
        yield from _priors(results, analysis)
        yield from _bridge(results, analysis)
        for fit in results.main(analysis):
            yield _league(results, fit)
            yield _ranks(results, fit)
            yield from robustness(results, fit)
        yield from _predicted(results, analysis)
    for analysis in results.counted:
        if results.fits(analysis):
            yield from _counted(results, analysis)
    yield from _benefit(results)


def write(results: Results, folder: Path) -> list[str]:
    """Draw all exhibits into `folder` with an index of captions; return their names."""
    from evinet.report.figures import style

    index = {}
    with style.styled():
        for exhibit in all_exhibits(results):
            for narrow, name in ((False, exhibit.name), (True, f"{exhibit.name}-narrow")):
                figure = exhibit.draw(narrow=narrow)
                if figure is not None:
                    style.save(figure, folder / f"{name}.svg")
                    index[f"{name}.svg"] = {"caption": exhibit.caption, "alt": exhibit.alt}
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

    def draw(narrow: bool = False) -> Figure | None:
        shown = populations.panels(
            results.evidence(tables.POPULATIONS), results.evidence(tables.ARMS),
            results.config.conduct.modifiers, list(names),
        )  # fmt: skip
        return populations.draw(shown, names, narrow)

    return Exhibit(
        "populations",
        "Who was in the trials, by what may change effects. Bars: percentages of patients, where "
        "they were published or follow from counts; a bar that stops short of 100 % has patients "
        "whose category was not given. Words: as published, where there is no percentage.",
        "A panel for each possible effect modifier, with a row for each trial. The table on this "
        "page holds the same.",
        draw,
    )


def _kaplan_meier(results: Results, reconstruction: Reconstruction) -> Exhibit:
    from evinet.report.figures import km

    trial = results.trial_names[reconstruction.trial]
    quality = reconstruction.quality
    arms = results.arm_names(reconstruction.trial, quality["arms"])
    outcome = outcome_name(reconstruction.outcome)

    def draw(narrow: bool = False) -> Figure:
        return km.draw(
            reconstruction.ipd, arms, _medians(quality), _at_risk(quality),
            f"{outcome} (proportion)", narrow=narrow,
        )  # fmt: skip

    return Exhibit(
        f"km-{reconstruction.trial}-{reconstruction.outcome}",
        f"{trial}, {outcome}, patients reconstructed (evidence tier {quality['tier']}). Line: best "
        "reconstruction; band: range of the draws that carry what was not published; ticks: "
        f"censored{PUBLISHED_MEDIANS if _has_median(quality) else ''}. Beneath: numbers at risk as "
        "printed, with the reconstruction's in brackets where it differs.",
        f"Kaplan-Meier curves of {listing(list(arms.values()))} in {trial}. The table on this page "
        "gives medians, events and numbers at risk.",
        draw,
    )


def _digitised(results: Results, reconstruction: Reconstruction) -> Iterator[Exhibit]:
    """The figure of the paper, and the same with what was read off it, where there is one."""
    folder = results.root / "digitised" / reconstruction.trial / reconstruction.outcome
    if not (folder / "curve.csv").exists():
        return
    from evinet.digitise import axis, handover
    from evinet.report.figures import digitised

    trial = results.trial_names[reconstruction.trial]
    names = results.arm_names(reconstruction.trial)
    arms = {arm: names[arm] for arm in (*reconstruction.quality["arms"], *names)}
    draw = partial(
        digitised.draw, folder / "figure.png", axis.read(folder / "axis.yaml"), arms,
        handover.placed(folder, set(arms)),
    )  # fmt: skip
    yield Exhibit(
        f"digitised-{reconstruction.trial}-{reconstruction.outcome}",
        f"{trial}, {outcome_name(reconstruction.outcome)}: the figure as published, and pale "
        "beneath what was read off it. Lines: curves; circles: censor marks; short purple lines: "
        "ticks of the axes; shaded: where a curve was not plainly seen.",
        "First the published survival curves, then the same with the digitised curves drawn over "
        "them.",
        draw,
    )


def _hazard(results: Results, reconstruction: Reconstruction) -> Exhibit:
    from evinet.report.figures import hazard

    trial = results.trial_names[reconstruction.trial]
    arms = results.arm_names(reconstruction.trial, reconstruction.quality["arms"])
    return Exhibit(
        f"hazard-{reconstruction.trial}-{reconstruction.outcome}",
        f"{trial}, {outcome_name(reconstruction.outcome)}: cumulative hazard of the reconstructed "
        "patients, both axes on log scales. Lines that keep their distance speak for proportional "
        "hazards, lines that meet or cross against. Thick: best reconstruction; thin: draws.",
        f"Log-cumulative hazard of {listing(list(arms.values()))} against log time.",
        partial(hazard.draw, reconstruction.ipd, arms),
    )


def _periods(results: Results, reconstruction: Reconstruction) -> Iterator[Exhibit]:
    """Ratio of event rates by period, beside the ratio that was published of the two arms."""
    from evinet.report.figures import periods

    trial, outcome = reconstruction.trial, reconstruction.outcome
    rows = results.hazards(trial, outcome, tables.HAZARD_PERIODS)
    for row in records(results.evidence(tables.CONTRASTS)):
        wanted = (trial, outcome, "hr", True)
        if (row["trial"], row["outcome"], row["measure"], row["selected"]) != wanted:
            continue
        arms_of = (row["arm"], row["comparator"])
        mine = [(each["start"], each["end"], interval(each)) for each in rows
                if (each["arm"], each["comparator"]) == arms_of]  # fmt: skip
        if row["lower"] is None or row["upper"] is None or not mine:
            continue
        arms = results.arm_names(trial, (row["arm"], row["comparator"]))
        printed = Interval(row["estimate"], row["lower"], row["upper"])
        yield Exhibit(
            f"periods-{trial}-{outcome}",
            f"{results.trial_names[trial]}, {outcome_name(outcome)}: ratio of event rates, "
            f"{' vs '.join(arms.values())}, in periods with about equally many events. Orange: "
            "median and 95 % interval over all reconstructions; blue: published hazard ratio with "
            "its interval. Intervals that reach lower than 0.01 are cut there.",
            "Ratio of event rates in each period of follow-up, beside the published hazard ratio.",
            partial(periods.draw, mine, printed),
        )
        return


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


def _has_median(quality: dict[str, Any]) -> bool:
    return any((arm.get("median") or {}).get("printed") for arm in quality["arms"].values())


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
    if analysis in results.counted:  # what is counted is of so many patients
        counted: Counter[str] = Counter()
        for row in results.data(analysis):
            counted[row["treatment"]] += row["n"]
        nodes = nodes.assign(patients=nodes["treatment"].map(counted))
    members = results.members(results.bridged(analysis))
    title = results.analysis(analysis).title
    return Exhibit(
        f"{analysis}-network",
        f"{title}: which treatments the trials compare. "
        f"{'Islands are not joined by any trial.' if nodes['component'].nunique() > 1 else ''}",
        f"Network graph. {words.connectivity(results.islands(analysis), len(studies))}",
        partial(network.draw, nodes, studies, results.trial_names, members),
    )


def _forest(results: Results, analysis: str) -> Exhibit:
    from evinet.report.figures import forest

    title = results.config.analyses[analysis].title
    fits = results.main(analysis)
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
        partial(forest.draw, _groups(results, analysis, fits)),
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
            for row in added(results, fit)
        ]
        if rows:
            groups.append(forest.Group(fit.model.label, rows, fit.model.bridge is not None))
    return groups


def _times(results: Results, analysis: str) -> Iterator[Exhibit]:
    """The models whose effects are ratios of times, with no hazard ratio beside them."""
    from evinet.report.figures import forest

    fits = results.time_ratios(analysis)
    if not fits:
        return
    groups = [
        forest.Group(fit.model.label, [
            forest.Row(pair(results, row), interval(row), prediction(row))
            for row in contrasts(results, fit)
        ])
        for fit in fits
    ]  # fmt: skip
    title = results.analysis(analysis).title
    yield Exhibit(
        f"{analysis}-times-forest",
        f"{title}: time ratios with 95 % credible intervals, by models without proportional "
        "hazards. Above 1 favours the treatment that is named first.",
        f"Forest plot of time ratios for {title.lower()}. The tables below hold the numbers.",
        partial(forest.draw, groups, "Time ratio", higher=True),
    )


def _priors(results: Results, analysis: str) -> Iterator[Exhibit]:
    from evinet.report.figures import prior

    config = results.config
    fits = [
        fit for fit in results.fits(analysis)
        if fit.model.effects == "random" and fit.model.prior_of_tau is None
    ]  # fmt: skip
    if fits:
        yield Exhibit(
            f"{analysis}-tau",
            f"Heterogeneity tau ({config.analyses[analysis].title}): posterior against its prior, "
            f"half-normal with scale {config.heterogeneity.scale:g}. Where the two agree, the data "
            "are silent and the prior speaks.",
            "Histograms of the posterior of tau with the prior density drawn over them.",
            partial(
                prior.draw, {fit.model.label: fit.draws("tau") for fit in fits},
                config.heterogeneity.scale, "tau",
            ),
        )  # fmt: skip


def _bridge(results: Results, analysis: str) -> Iterator[Exhibit]:
    """Answers across islands at each fixed sigma, where at least two were fitted."""
    from evinet.report.figures import bridge

    fits = [fit for fit in results.fits(analysis) if fit.model.sigma is not None]
    answers: dict[str, list[tuple[float, Interval]]] = {}
    for fit in sorted(fits, key=lambda fit: fit.model.sigma or 0.0):
        for row in contrasts(results, fit):
            if row["crosses"]:
                name = pair(results, row)
                answers.setdefault(name, []).append((fit.model.sigma or 0.0, interval(row)))
    main = results.bridged(analysis)
    sigma = next(
        (Interval(row["q50"], row["q2.5"], row["q97.5"])
         for row in (records(main.estimates) if main else []) if row["parameter"] == "sigma"), None,
    )  # fmt: skip
    estimated: dict[str, Interval] = {}
    if main is not None and sigma is not None:
        estimated = {pair(results, row): interval(row) for row in contrasts(results, main)}
    if len(fits) > 1 and answers:
        yield Exhibit(
            f"{analysis}-bridge",
            "Answers that rest on the bridge, for a range of sigma: sigma 0 takes the members of "
            "the class to be one treatment; the larger sigma, the more they may differ. "
            "Hazard ratios with 95 % credible intervals." + (BLUE if sigma else ""),
            "Hazard ratio and interval against sigma, a panel a comparison. The table on this page "
            "holds the numbers.",
            partial(bridge.draw, answers, estimated, sigma),
        )


def _league(results: Results, fit: Fit) -> Exhibit:
    from evinet.report.figures import league

    order = list(dict.fromkeys(results.nodes(fit.analysis)["treatment"]))
    rests = "† rests on a bridge. " if fit.model.bridge else ""
    return Exhibit(
        f"{fit.analysis}-{fit.name}-league",
        f"{fit.model.label}: hazard ratio of the row's treatment against the column's, with 95 % "
        f"credible interval. Blue: lower hazard; amber: higher. {rests}Grey: no chain of trials "
        "joins the two.",
        "League table as a heat map. The table of all comparisons holds the same numbers.",
        partial(league.draw, fit.league, results.labels, order),
    )


def _ranks(results: Results, fit: Fit) -> Exhibit:
    from evinet.report.figures import ranks

    return Exhibit(
        f"{fit.analysis}-{fit.name}-ranks",
        f"{fit.model.label}: probability of each rank, inside each connected island only. "
        "SUCRA sums them up: 1 would be surely the lowest hazard of the island, 0 surely the "
        "highest. Ranks say nothing about how large or how certain a difference is."
        + (" † These rest on the assumption of the bridge." if fit.model.bridge else ""),
        "Rankograms, one panel for each treatment, with SUCRA. The table of ranks holds the "
        "numbers.",
        partial(ranks.draw, ranked(fit), results.labels),
    )


def _predicted(results: Results, analysis: str) -> Iterator[Exhibit]:
    """Survival in each population of the analysis, each treatment by its model."""
    from evinet.report.figures import predicted

    asked = results.config.analyses[analysis]
    for slug, population in asked.populations.items():
        fits = chosen(results, analysis, slug)
        rows = [
            row
            for treatment, fit in fits.items()
            for row in results.predicted(analysis, tables.PREDICTED_SURVIVAL, slug, fit.name)
            if row["treatment"] == treatment
        ]
        labels = {treatment: results.labels[treatment] for treatment in fits}
        trial = results.trial_names[population.trial]
        note = " Orange, †: rests on an assumption." if any(row["bridged"] for row in rows) else ""
        draw = partial(
            predicted.draw, tables.PREDICTED_SURVIVAL.frame(rows), labels,
            results.own_patients(analysis, slug), f"{outcome_name(asked.outcome)} (proportion)",
        )  # fmt: skip
        yield Exhibit(
            f"{analysis}-{slug}-predicted",
            f"{asked.title} predicted for patients as in {trial}: median and 95 % credible band, "
            f"each treatment by the model named above.{note} Steps: the trial's own "
            "patients, best reconstruction. Curves end with the follow-up of the arm that gives "
            "the baseline.",
            f"Predicted survival over time with bands for {listing(list(labels.values()))}. The "
            "tables on this page hold the numbers.",
            draw,
        )


def _counted(results: Results, analysis: str) -> Iterator[Exhibit]:
    """The network of an analysis of counts, and its ratios by every model of the first one's."""
    from evinet.report.figures import forest

    asked = results.counted[analysis]
    yield _network(results, analysis)
    fits = counting(results, analysis)
    scale = fits[0].scale
    if not natural.is_ratio(scale):  # the axis is one of ratios: the table holds them
        return
    name = natural.name_of(scale)
    groups = [
        forest.Group(fit.model.label, [
            forest.Row(pair(results, row), interval(row))
            for row in records(fit.league) if row["comparator"] in asked.references
        ])
        for fit in fits if fit.scale == scale
    ]  # fmt: skip
    better = "more" if asked.better == "higher" else "fewer"
    rounded = ", by what is made of counts that were published as rounded percentages"
    rounded = rounded if len(fits) > 1 else ""
    yield Exhibit(
        f"{analysis}-forest",
        f"{asked.title}: {name}s with 95 % credible intervals{rounded}. Here {better} is better.",
        f"Forest plot of {name}s of {asked.title.lower()}. The table on this page holds them.",
        partial(forest.draw, groups, name.capitalize(), higher=asked.better == "higher"),
    )


def _benefit(results: Results) -> Iterator[Exhibit]:
    """The first survival outcome against each analysis of counts, for pairs that both compare."""
    from evinet.report.figures import benefit

    first = next(iter(results.config.analyses))
    ratios = league(results.unbridged(first))
    panels: dict[str, dict[str, tuple[Interval, Interval]]] = {}
    measures: dict[str, str] = {}
    for name, asked in results.counted.items():
        fit = results.unbridged(name)
        if not natural.is_ratio(fit.scale):
            continue
        counts = league(fit)
        found = {
            pair(results, row): (interval(row), interval(counts[key]))
            for key, row in ratios.items()
            if key in counts and key[1] in asked.references
        }
        if found:
            panels[asked.title] = found
            measures[asked.title] = natural.name_of(fit.scale)
    if panels:
        title = results.config.analyses[first].title
        against = listing([f"{name}s" for name in dict.fromkeys(measures.values())])
        yield Exhibit(
            "benefit-risk",
            f"Benefit and risk: hazard ratio of {title.lower()} against {against}, both with "
            "95 % credible intervals. To the left, events come more slowly with the first "
            "treatment; upwards, more of its patients have what the panel is named after. Only "
            "treatments that trials compare in both are shown.",
            f"Hazard ratio against {against} with an interval along each axis, a panel for each "
            "outcome.",
            partial(benefit.draw, panels, f"Hazard ratio, {title.lower()}", measures),
        )
