"""Sentences of the report: each takes the numbers and chooses its wording from them.

No sentence says more than its numbers: an interval that holds 1 is never called a difference,
islands are never compared without the name of the bridge, and estimates come with intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evinet.nma.answers.record import DOUBTED
from evinet.report.numbers import (
    NBSP,
    NINETY_FIVE,
    Interval,
    chance,
    listing,
    number,
    percent,
    ratio,
    ratio_interval,
    with_limits,
)

ASSESSORS = {
    "bicr": "blinded central review",
    "investigator": "the investigators",
    "unstated": "assessor not stated",
}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``one trial``, ``three trials``, ``12 trials``."""
    word = COUNTS[n] if n < len(COUNTS) else str(n)
    return f"{word} {noun if n == 1 else plural or noun + 's'}"


def comparison(
    treatment: str, comparator: str, hazard_ratio: Interval, p_better: float | None = None
) -> str:
    """What one hazard ratio says about two treatments."""
    shown = ratio_interval(hazard_ratio, f"{NINETY_FIVE} credible interval")
    side = hazard_ratio.side_of_one()
    if side < 0:
        return (
            f"The hazard was lower with {treatment} than with {comparator}: hazard ratio {shown}."
        )
    if side > 0:
        return (
            f"The hazard was higher with {treatment} than with {comparator}: hazard ratio {shown}."
        )
    doubt = (
        ""
        if p_better is None
        else f"; probability that the hazard is lower with {treatment}: {chance(p_better)}"
    )
    return (
        f"{treatment} against {comparator}: hazard ratio {shown}. The interval includes 1: "
        f"a lower and a higher hazard are both compatible with the data{doubt}."
    )


def time_comparison(treatment: str, comparator: str, time_ratio: Interval, p_better: float) -> str:
    """What one ratio of times says about two treatments; above 1 the first is better."""
    shown = ratio_interval(time_ratio, f"{NINETY_FIVE} credible interval")
    side = time_ratio.side_of_one()
    if side:
        how = "longer" if side > 0 else "shorter"
        return (
            f"Times without an event were {how} with {treatment} than with {comparator}: time "
            f"ratio {shown}."
        )
    return (
        f"{treatment} against {comparator}: time ratio {shown}. The interval includes 1: longer "
        "and shorter times are both compatible with the data; probability that they are longer "
        f"with {treatment}: {chance(p_better)}."
    )


def bridged(sentence: str, bridge: str) -> str:
    """A comparison that rests on a bridge, with the bridge named."""
    return after(f"Under the assumption “{bridge}”", sentence)


def after(lead: str, sentence: str) -> str:
    """A sentence after a lead and a colon; one that starts with a name keeps its capital."""
    start = "the " if sentence.startswith("The ") else sentence[:4]
    return f"{lead}: {start}{sentence[4:]}"


def medians(trial: str, outcome: str, treatments: Sequence[str], months: Sequence[str]) -> str:
    """The medians of both arms of a trial, as printed."""
    return (
        f"In {trial} the median of {outcome} was {months[0]} months with {treatments[0]} and "
        f"{months[1]} with {treatments[1]}."
    )


def tipping(factor: float | None) -> str:
    """How wrong an assumption may be before the interval of its answer reaches 1."""
    if factor is None:
        return ""
    if factor <= 1:
        return "The interval includes 1 even if the assumption holds."
    return (
        f"Were the assumption wrong by a factor of {number(factor, 1)}, the interval would "
        "include 1."
    )


def otherwise(bridge: str, hazard_ratio: Interval) -> str:
    """The answer of another assumption to the same question."""
    return (
        f"By another assumption, “{bridge}”, with other trials, it is "
        f"{ratio_interval(hazard_ratio)}."
    )


def out_of_reach(treatment: str, others: Sequence[str]) -> str:
    """That nothing is known of a treatment against others."""
    return (
        f"{treatment} against {listing(list(others), 'or')}: not known. No chain of trials in use "
        "joins them, and nothing was assumed."
    )


def subgroup(treatment: str, comparator: str, hazard_ratio: Interval | float) -> str:
    """What a trial found in a subgroup: a hazard ratio, with its interval where one was printed."""
    if isinstance(hazard_ratio, float):
        slower = "more slowly" if hazard_ratio < 1 else "faster" if hazard_ratio > 1 else "as fast"
        than = "as" if hazard_ratio == 1 else "than"
        return (
            f"events came {slower} with {treatment} {than} with {comparator} (hazard ratio "
            f"{hazard_ratio:g}); no interval was printed, so how sure this is cannot be said"
        )
    shown = ratio_interval(hazard_ratio)
    side = hazard_ratio.side_of_one()
    if side:
        slower = "more slowly" if side < 0 else "faster"
        return f"events came {slower} with {treatment} than with {comparator}: hazard ratio {shown}"
    return (
        f"{treatment} against {comparator}: hazard ratio {shown}. The interval includes 1: events "
        "may come more slowly or faster"
    )


def modified(
    pair: str, step: str, told: Mapping[str, Interval], together: Interval, p_lower: float,
    extrapolated: Sequence[str],
) -> str:  # fmt: skip
    """How an effect changes with the patients, and the levels at which extrapolation begins.

    `told` holds the ratio of hazard ratios for a `step` by the information that gives it.
    """
    each = listing([f"{with_limits(found)} {how}" for how, found in told.items()])
    verdict = (
        "The effect changes" if together.side_of_one()
        else "The data are compatible with no change, and with a large one"
    )  # fmt: skip
    return (
        f"{pair}: for {step}, the hazard ratio is multiplied by {each}. {verdict} (probability of "
        f"the less likely direction: {chance(min(p_lower, 1 - p_lower))})."
    ) + (
        f" Extrapolation begins at {listing(list(extrapolated))}: no trial of this pair has "
        "results with an interval there." if extrapolated else ""
    )  # fmt: skip


def not_modified(silent: Sequence[str], bridged: Sequence[str], apart: Sequence[str]) -> list[str]:
    """Comparisons of which no trial tells how they change, and those that no trials connect.

    Of these only the `bridged` have an answer, by an assumption.
    """
    said = {
        f"{'; '.join(silent)}: not known. No trial tells whether this changes the effect; to "
        "use the result for other patients than those of its trials is to extrapolate.": silent,
        f"No trials connect {'; '.join(bridged)}. These comparisons rest on an assumption, and "
        "that they hold whatever the patients have here is a second one.": bridged,
        f"{'; '.join(apart)}: not known of any patients. Neither trials nor an assumption connect "
        "the two.": apart,
    }
    return [sentence for sentence, pairs in said.items() if pairs]


def connectivity(islands: Sequence[Sequence[str]], trials: int) -> str:
    """How far the trials connect the treatments; `islands` holds the labels of each island."""
    treatments = sum(len(island) for island in islands)
    of = f"{counted(trials, 'trial')} of {counted(treatments, 'treatment')}"
    of = of[0].upper() + of[1:]
    if len(islands) == 1:
        return f"{of} form one connected network."
    names = "; ".join(f"({i}) {listing(list(island))}" for i, island in enumerate(islands, 1))
    return (
        f"The network is disconnected. {of} fall into {counted(len(islands), 'island')}: {names}. "
        "No trial in use, and no chain of them, compares a treatment of one island with a "
        "treatment of another."
    )


def apart(islands: Sequence[Sequence[str]]) -> str:
    """Which comparisons the trials alone cannot make."""
    names = "; ".join(f"({i}) {listing(list(island))}" for i, island in enumerate(islands, 1))
    return (
        "Without an assumption no treatment can be compared with one of another island, for no "
        f"chain of trials in use joins them: {names}."
    )


def single_trials(of: Mapping[str, tuple[int, int]]) -> list[str]:
    """How many of all comparisons of each analysis rest on one trial; no sentence if none does.

    Nothing then tells how much trials disagree.
    """
    counts = [f"{'all' if single == every else f'{single} of {every}'} ({title.lower()})"
              for title, (single, every) in of.items() if single]  # fmt: skip
    return [
        f"Of the comparisons, {listing(counts)} rest on a single trial: the data say little about "
        "how much effects differ between trials, and random effects come mostly from their prior."
    ] if counts else []  # fmt: skip


def class_effect(sigma: float | None, prior_scale: float | None) -> str:
    """How far the members of a class may differ, in words of ratios.

    The ratio of two members' effects has SD sqrt(2) sigma on the log scale.
    """
    import math

    if sigma == 0:
        return "All members of the class are taken to have exactly the same effect."
    if sigma is not None:
        factor = math.exp(1.96 * math.sqrt(2) * sigma)
        return (
            f"The members' effects differ with SD {number(sigma)} on the ln HR scale: "
            f"{NINETY_FIVE} of the ratios between two members lie within a factor of "
            f"{ratio(factor)}."
        )
    if prior_scale is None:
        raise ValueError("a class effect needs sigma or the scale of its prior")
    return (
        "The SD between the members' effects is estimated under a half-normal prior of scale "
        f"{number(prior_scale)} on the ln HR scale."
    )


def component_sums(inactive: str | None, interactions: Sequence[str]) -> str:
    """What a bridge of components takes for granted."""
    found = "The effect of a combination is the sum of the effects of its components"
    if inactive:
        found += f", of which {inactive} has none"
    if interactions:
        found += f", but that {listing(list(interactions))} may do more or less than their sum"
    return f"{found}."


def additivity(test: dict[str, Any]) -> str:
    """Whether effects of components add up, by the difference of Q (table fit.json)."""
    if not test["df_difference"]:
        return "The trials cannot test whether they add up."
    against = "against it" if test["p_difference"] < DOUBTED else "not against it"
    freedom = "1 degree" if test["df_difference"] == 1 else f"{test['df_difference']} degrees"
    return (
        f"Test of additivity: Q {number(test['Q_difference'])} on {freedom} of freedom, "
        f"p = {number(test['p_difference'], 3)}, which speaks {against}."
    )


def prior_driven(name: str, prior_sd: float, posterior_sd: float) -> str:
    """How much the data taught about a parameter whose prior matters."""
    shrunk = 1 - posterior_sd / prior_sd
    if shrunk < 0.1:
        return (
            f"The data say next to nothing about {name}: its posterior SD ({number(posterior_sd)}) "
            f"is about that of its prior ({number(prior_sd)}). It is the prior that speaks."
        )
    if shrunk < 0.5:
        return (
            f"The data say little about {name}: its posterior SD is {number(posterior_sd)}, "
            f"that of its prior {number(prior_sd)}."
        )
    return (
        f"The data inform {name}: its posterior SD is {number(posterior_sd)}, that of its prior "
        f"{number(prior_sd)}."
    )


def agreement(published: Interval, reconstructed: Interval) -> str:
    """The hazard ratio of reconstructed patients beside the published one.

    What was not published is NaN.
    """
    if math.isnan(published.estimate):
        return (
            "No hazard ratio was published to compare with; that of the reconstructed patients is "
            f"{with_limits(reconstructed)}."
        )
    bare = math.isnan(published.lower) and math.isnan(published.upper)
    shown = f"{ratio(published.estimate)} (without limits)" if bare else with_limits(published)
    off = abs(reconstructed.estimate / published.estimate - 1)
    text = (
        f"Published hazard ratio {shown}; of the "
        f"reconstructed patients {with_limits(reconstructed)}: "
        f"a difference of {number(100 * off, 1)} %."
    )
    if bare or published.side_of_one() == reconstructed.side_of_one():
        return text
    return text + " The two intervals lie differently about 1: treat the reconstruction with care."


def moved(before: Interval, after: Interval) -> str:
    """How an estimate changed between two analyses, and whether the conclusion did."""
    factor = after.estimate / before.estimate
    change = f"multiplied by {number(factor)}"
    if number(factor) == "1.00":
        change = f"changed by less than 0.5{NBSP}%"
    if before.side_of_one() == after.side_of_one():
        verdict = "still on the same side of 1" if after.side_of_one() else "includes 1 as before"
    else:
        was = "excluded 1" if before.side_of_one() else "included 1"
        now = "excludes 1" if after.side_of_one() else "includes 1"
        verdict = f"the interval {was} and now {now}"
    return f"{change}; {verdict}"


def turned(conclusions: int) -> str:
    """How many conclusions are not what they were."""
    if not conclusions:
        return "No conclusion changed: every interval that excluded 1 still does, and no other."
    return (
        f"{counted(conclusions, 'conclusion').capitalize()} changed: an interval that excluded 1 "
        "now includes it or the other way round, or a comparison is new or gone."
    )


def mean_gain(treatment: str, comparator: str, horizon: float, gain: Interval) -> str:
    """A difference of restricted mean survival times, in months."""
    shown = (
        f"{number(abs(gain.estimate), 1)} months ({NINETY_FIVE} interval "
        f"{_months(gain.lower)} to {_months(gain.upper)})"
    )
    within = f"Within {number(horizon, 0)} months, patients"
    if gain.lower > 0 and number(gain.lower, 1) != number(0, 1):
        return (
            f"{within} on {treatment} spent on average {shown} longer without an event than those "
            f"on {comparator}."
        )
    if gain.upper < 0 and number(gain.upper, 1) != number(0, 1):
        return (
            f"{within} on {treatment} spent on average {shown} less without an event than those "
            f"on {comparator}."
        )
    return (
        f"{within} on {treatment} spent on average {number(gain.estimate, 1)} months "
        f"({NINETY_FIVE} interval {_months(gain.lower)} to {_months(gain.upper)}) more without an "
        f"event than those on {comparator}: the data are compatible with a gain and with a loss."
    )


def prediction_misses(treatment: str, time: float, seen: Interval, predicted: Interval) -> str:
    """That the patients themselves, in all reconstructions, did otherwise than predicted."""
    low, high = percent(seen.lower), percent(seen.upper)
    reconstructed = low if low == high else f"{low} to {high}"
    return (
        f"{treatment} at {time:g} months: {reconstructed} of the trial's own patients had no "
        f"event; {percent(predicted.lower)} to {percent(predicted.upper)} were predicted."
    )


def observed(seen: Interval) -> str:
    """A proportion of patients, with the range of the reconstructions where they differ."""
    low, high = percent(seen.lower), percent(seen.upper)
    said = percent(seen.estimate)
    return said if low == high else f"{said} ({low} to {high})"


def predictions_hold(missed: Mapping[str, Sequence[object]], values: int) -> str:
    """Of each model: whether its predictions hold the patients whom they are about."""
    said = []
    for model, wrong in missed.items():
        if not wrong:
            said.append(f"{model}: all {values} intervals reach what was observed.")
        else:
            verb = "misses" if len(wrong) == 1 else "miss"
            so = ("it is not used for these two arms" if len(missed) > 1
                  else "its predictions of these two arms are wrong there")  # fmt: skip
            said.append(
                f"{model}: {len(wrong)} of {values} intervals {verb} what every reconstruction "
                f"observed, so {so}."
            )
    return " ".join(said)


def hazards_assumed(any_shape: bool) -> str:
    """What a model takes of the shapes of hazards."""
    if any_shape:
        return "hazards of any shape, not taken to be proportional"
    return "hazards taken to be proportional"


BASELINES = {
    "mspline": "M-splines", "piecewise": "a hazard for each piece of time",
    "fracpoly": "fractional polynomials", "exponential": "exponential", "weibull": "Weibull's",
    "gompertz": "Gompertz's", "lognormal": "log-normal", "loglogistic": "log-logistic",
    "gengamma": "generalised gamma",
}  # fmt: skip
"""Baseline hazards by the names of the configuration."""


def by_patients(trials: Sequence[str], baseline: str, any_shape: bool, ratios: bool) -> str:
    """How the patients of trials enter a model; `ratios` of hazards, not of times."""
    kind = BASELINES[baseline] + (f": {hazards_assumed(any_shape)}" if ratios else "")
    verb = "enters by its" if len(trials) == 1 else "enter by their"
    return f"{listing(list(trials))} {verb} reconstructed patients ({kind})"


def proportional(p: float | None, lowest: float | None, highest: float | None) -> str:
    """What the test of proportional hazards says."""
    if p is None or lowest is None or highest is None:
        return "The test of proportional hazards needs an event in both arms."
    test = (
        f"Grambsch and Therneau's test gives P = {p_value(p)} (median of the reconstructions, "
        f"which range from {p_value(lowest)} to {p_value(highest)})."
    )
    if highest < 0.05:
        return f"The hazards are not proportional. {test}"
    if lowest < 0.05:
        return f"Whether the hazards are proportional differs between reconstructions. {test}"
    return f"Nothing speaks against proportional hazards, which proves nothing for them. {test}"


def rates(periods: Sequence[tuple[float, float, Interval]]) -> str:
    """Ratios of event rates by period: start and end in months, and the ratio."""
    said = [
        f"{with_limits(each)} from {start:.0f} to {end:.0f} months" for start, end, each in periods
    ]
    return f"The ratio of the event rates was {listing(said)}."


def p_value(p: float) -> str:
    """A P value with one or two figures that count."""
    if p < 0.0001:
        return "less than 0.0001"
    return f"{p:.1g}" if p < 0.01 else f"{p:.2f}"


def not_predicted(treatments: Sequence[str]) -> str:
    """Treatments without a prediction, and why."""
    return (
        f"Nothing is predicted for {listing(list(treatments), 'or')}: no chain of trials joins "
        f"{'it' if len(treatments) == 1 else 'them'} with this population."
    )


def _months(value: float) -> str:
    return number(value, 1)
