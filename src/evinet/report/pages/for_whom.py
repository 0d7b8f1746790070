"""For whom the answers hold: what is known of effect modifiers."""

from __future__ import annotations

from evinet import tables
from evinet.config import Modifier
from evinet.report import words
from evinet.report.effects import Pair, asked, interval, league, versus
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    folded,
    heading,
    link,
    md,
    strong,
)
from evinet.report.numbers import (
    Interval,
    listing,
    number,
    outcome_name,
    percent,
    with_limits,
)
from evinet.report.pages.beyond import trials_of
from evinet.report.pages.columns import Row, slug_words, table_of, unknown, with_source
from evinet.report.results import Results
from evinet.report.rows import grouped

NONE = (
    "The configuration names no effect modifier. The field modifiers of an analysis takes "
    "covariates that publications state for subgroups or for whole trials."
)
ADDS = "What it adds to the analysis that it stands beside."
INFORMATION = {"within": "Within trials", "across": "Across trials",
               "difference": "Within against across", "both": "Together"}  # fmt: skip


def answers(results: Results) -> Markdown:
    """What trials found in subgroups by what may change effects, and which trials are silent."""
    rows = [row for slug in trials_of(results) for row in results.rows(tables.SUBGROUPS, slug)]
    named = {name: each.label for each in results.config.conduct.modifiers
             for name in each.characteristics}  # fmt: skip
    for modifier in results.config.modifiers.values():
        named |= {name: modifier.label for name in modifier.subgroups if name not in named}
    named = named or {row["characteristic"]: slug_words(row["characteristic"]) for row in rows}
    parts: list[object] = []
    for label in dict.fromkeys(named.values()):
        mine = [row for row in rows if named.get(row["characteristic"]) == label]
        told, called = {row["trial"] for row in mine}, label[0].lower() + label[1:]
        silent = [results.trial_names[slug] for slug in trials_of(results) if slug not in told]
        items: list[object] = [_subgroup(results, row) for row in mine]
        if silent:
            items.append(
                f"Not known from {listing(silent)}: whether the effects that these trials found "
                f"are the same whatever the {called} was not published in the sources that were "
                "read."
            )
        if mine:
            parts += [heading(3, f"By {called}"), bullets(items)]
    return blocks(parts) or escape("No trial published effects in such subgroups.")


def _subgroup(results: Results, row: Row) -> Markdown:
    """One subgroup of one trial in a sentence, with its source."""
    trial, level = row["trial"], row["level_name"]
    who = level if level[0].isalpha() else f"{row['characteristic']} {level}"
    head = md("{}, {}", strong(who[0].upper() + who[1:]),
              link(results.trial_names[trial], f"trial-{trial}.qmd"))  # fmt: skip
    if row["estimate"] is None:
        return md("{}: {}", head, unknown(None))
    whole = row["level"] in (None, 0.95) and None not in (row["lower"], row["upper"])
    found = Interval(row["estimate"], row["lower"], row["upper"]) if whole else row["estimate"]
    arm, comparator = results.arm_names(trial, (row["arm"], row["comparator"])).values()
    counts = (row["n_arm"], row["n_comparator"])
    patients = "" if None in counts else f" ({sum(counts)} patients)"
    said = with_source(words.subgroup(arm, comparator, found), row)
    return md("{}{}: {}, {}.", head, patients, outcome_name(row["outcome"]), said)


def every(results: Results) -> Markdown:
    """Each modifier of each analysis: patients, slopes, and the effect by level."""
    parts: list[object] = []
    for name in [*results.config.analyses, *results.supporting, *results.counted]:
        analysis, regressed = results.analysis(name), _regressed(results, name)
        modifiers = [] if name in results.counted else analysis.modifiers  # these are of ln HR
        if modifiers or regressed:
            parts += [
                heading(3, analysis.title, f"for-whom-{name}"),
                ADDS * (name in results.supporting),
            ]
        parts += [_modifier(results, name, slug, results.config.modifiers[slug])
                  for slug in modifiers]  # fmt: skip
        parts.append(regressed)
    return blocks(parts) or escape(NONE)


def _modifier(results: Results, analysis: str, slug: str, modifier: Modifier) -> Markdown:
    """What is known of one modifier, in words and numbers."""
    told = _told_before(results, analysis, slug)
    slopes, levels, trials = (
        [row for row in results.modified(analysis, of)
         if row["modifier"] == slug and (row["treatment"], row["comparator"]) not in told]
        for of in (tables.MODIFIERS, tables.MODIFIER_LEVELS, tables.MODIFIER_TRIALS)
    )  # fmt: skip
    binary = {level.value for level in modifier.levels} == {0.0, 1.0}

    def average(row: Row) -> Markdown:
        if row["mean"] is None:
            return unknown("not published")
        return with_source(percent(row["mean"]) if binary else number(row["mean"]), row)

    def brought(row: Row) -> str:
        named = [results.trial_names[name] for name in (row["trials"] or "").split(", ") if name]
        return listing(named) or "indirect"

    kinds = list(INFORMATION)
    slopes.sort(key=lambda row: (
        row["treatment"], row["comparator"], kinds.index(row["information"])))  # fmt: skip
    behind = blocks([
        table_of(results, trials, f"{modifier.label}: the trials", "Trial, Comparison", {
            "Share of patients" if binary else "Mean": average, "What it tells": "finding",
        }),
        table_of(results, (row for row in slopes if row["mean"] is not None),
                 f"For {modifier.step}: ratio of hazard ratios", "Comparison", {
            "Information": lambda row: INFORMATION[row["information"]],
            "Ratio of hazard ratios": lambda row: with_limits(interval(row)), "Trials": brought,
        }, none="No trial of this analysis tells anything about it."),
    ])  # fmt: skip
    return blocks([
        heading(4, modifier.label, f"for-whom-{analysis}-{slug}"),
        callout("warning", "Mind", modifier.caution) if modifier.caution else "",
        bullets(_said(results, analysis, modifier, slopes, levels, told)),
        table_of(results, (row for row in levels if row["mean"] is not None),
                 f"{modifier.label}: the effect in each kind of patients", "Comparison", {
            "Patients": "level_name", "Hazard ratio": lambda row: with_limits(interval(row)),
            "Rests on": lambda row: (
                "extrapolation" if row["extrapolated"] else "trials of the pair"),
        }),
        folded("What each trial tells, and what follows", behind),
    ])  # fmt: skip


def _told_before(results: Results, analysis: str, slug: str) -> set[Pair]:
    """Comparisons that the main analysis has told of by a modifier, of one that stands beside."""
    beside = results.analysis(analysis).supports
    if beside is None or slug not in results.analysis(beside.analysis).modifiers:
        return set()
    levels = results.modified(beside.analysis, tables.MODIFIER_LEVELS)
    found = {(row["treatment"], row["comparator"]) for row in levels if row["modifier"] == slug}
    return found | set(asked(results, beside.analysis))


def _said(
    results: Results, analysis: str, modifier: Modifier, slopes: list[Row], levels: list[Row],
    before: set[Pair],
) -> list[str]:  # fmt: skip
    """For each question in words: what is known, and where extrapolation begins."""
    by_pair = {(row["treatment"], row["comparator"], row["information"]): row for row in slopes}
    pairs = {(row["treatment"], row["comparator"]) for row in levels}
    answered = {pair for fit in results.fits(analysis) for pair in league(fit)}
    said: list[str] = []
    silent: list[str] = []
    bridged: list[str] = []
    apart: list[str] = []
    questions = results.analysis(analysis).questions
    for pair in [(each.treatment, each.comparator) for each in questions] or sorted(pairs):
        if pair in before:
            continue
        known = next((each for each in (pair, pair[::-1]) if each in pairs), None)
        names = versus(results.labels, *(known or pair))
        if known is None:
            (bridged if pair in answered else apart).append(names)
        elif by_pair[*known, "both"]["mean"] is None:
            silent.append(names)
        else:
            outside = [row["level_name"] for row in levels if row["extrapolated"]
                       and (row["treatment"], row["comparator"]) == known]  # fmt: skip
            told = {INFORMATION[kind].lower(): interval(by_pair[*known, kind])
                    for kind in ("within", "across")
                    if by_pair[*known, kind]["mean"] is not None}  # fmt: skip
            both = by_pair[*known, "both"]
            said.append(words.modified(names, modifier.step, told, interval(both),
                                       both["p_lower"], outside))  # fmt: skip
    return [*said, *words.not_modified(silent, bridged, apart)]


def _regressed(results: Results, analysis: str) -> Markdown:
    """Effects by population, of each model with patients' covariates; or that it has failed."""
    analysed = results.analysis(analysis)
    parts: list[object] = []
    for name in analysed.models:
        if results.config.models[name].regression is None:
            continue
        fit = results.fit(analysis, name)
        if fit.failures:
            parts.append(escape(f"{fit.model.label} did not converge and is not reported: "
                                f"{'; '.join(fit.failures)}."))  # fmt: skip
            continue
        of_kind = grouped(fit.table(tables.ADJUSTED), "kind")
        conditional = {(row["population"], row["treatment"], row["comparator"]): row
                       for row in of_kind.get(("conditional",), [])}  # fmt: skip
        rows = [
            {**row, "conditional":
             conditional[row["population"], row["treatment"], row["comparator"]]}
            for row in of_kind.get(("marginal",), []) if row["comparator"] in analysed.references
        ]  # fmt: skip
        parts += [
            table_of(results, rows, f"{fit.model.label}: the effect in each population", {
                "Population": lambda row: results.trial_names.get(
                    row["population"], row["population"]),
            }, "Comparison", {
                "Marginal ratio": lambda row: with_limits(interval(row)),
                "Conditional ratio": lambda row: with_limits(interval(row["conditional"])),
            }),
            bullets(escape(line) for line in fit.record["populations"]["cautions"]),
        ]  # fmt: skip
    return blocks(parts)
