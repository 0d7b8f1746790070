"""The table of findings: what is known of each comparison, in whom, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evinet import tables
from evinet.report import certainty, words
from evinet.report.effects import Pair, asked, interval, league, partner
from evinet.report.markdown import (
    Markdown,
    blocks,
    breaks,
    bullets,
    escape,
    link,
    md,
    strong,
    table,
)
from evinet.report.numbers import (
    NBSP,
    estimate,
    limits,
    listing,
    months,
    outcome_name,
    with_limits,
)
from evinet.report.pages.beside import other_answers
from evinet.report.pages.common import DAGGER, unknown, with_source
from evinet.report.pages.later import caution_line
from evinet.report.pages.trials import described
from evinet.report.results import Fit, Results
from evinet.report.rows import records

JUDGEMENTS = "certainty.yaml"
SIDES = (("treatment", "arm"), ("comparator", "comparator_arm"))
MODIFIERS = 4
"""The first possible effect modifiers, which tell in whom where the reviewers have not said it."""
NO_TRIAL = md("[–]{{.no .none}}")
Row = dict[str, Any]


def pairs(results: Results) -> list[Pair]:
    """The comparisons that any analysis is asked for, each once."""
    return list(dict.fromkeys(pair for name in results.config.analyses
                              for pair in asked(results, name)))  # fmt: skip


def answer(results: Results, analysis: str, pair: Pair) -> tuple[Fit, Row] | None:
    """The answer of the trials, else that under the first bridge; None where there is none."""
    for fit in (results.unbridged(analysis), results.bridged(analysis)):
        row = None if fit is None else league(fit).get(pair)
        if fit is not None and row is not None:
            return fit, row
    return None


def findings(results: Results, judgements: Path | str = JUDGEMENTS) -> Markdown:
    """The table: a row for each comparison, and a further one for each further trial of it."""
    appraised = certainty.load(judgements)
    first = next(iter(results.config.analyses))
    outcome = outcome_name(results.config.analyses[first].outcome)
    fields = ["Comparison"]
    fields += [
        f"{outcome_name(analysis.outcome)}, hazard ratio"
        for analysis in results.config.analyses.values()
    ]
    fields += ["Rests on", "Trial", f"Median {outcome}, months"]
    fields += [analysis.title for analysis in results.counted.values()]
    fields.append("In whom")
    lines: list[list[object]] = []
    shown = pairs(results)
    judged = {pair: _judged(results, pair, appraised) for pair in shown}
    above = None
    for pair in shown:
        ratios = [_ratio(results, name, pair) for name in results.config.analyses]
        rests = _rests_on(results, pair)
        if any(judged.values()):
            rests = breaks([rests, "certainty appraised" if judged[pair] else "not appraised"])
        head: list[object] = [_named(results, pair, again=pair[0] == above), *ratios, rests]
        above = pair[0]
        studies: list[Row | None] = [*compared(results, pair)] or [None]
        for study in studies:
            lines.append([*head, *_trial(results, pair, study)])
            head = [""] * len(head)
    bridges = [fit for name in results.config.analyses if (fit := results.bridged(name))]
    named = dict.fromkeys(f"“{results.bridge_label(fit.model.bridge or '')}”" for fit in bridges)
    caption = (
        "Hazard ratios with 95 % credible intervals; below 1, events come more slowly with the "
        "treatment in bold. Two values are those of the two arms. "
    )
    if named:
        caption += f"† rests on the assumption {listing(list(named))}. "
    caption += (
        "Certainty: appraised where it says so."
        if any(judged.values())
        else "Certainty: not appraised by the reviewers."
    )
    cautions = [caution_line(results, name) for name in results.config.analyses]
    listed = table(fields, lines, "Findings", name="findings", caption=caption)
    return blocks([md("::: {{.findings}}\n\n{}\n\n:::", listed), *dict.fromkeys(cautions)])


def compared(results: Results, pair: Pair) -> list[Row]:
    """A row of `network-studies` for each trial that compares the two, turned as they are asked."""
    found: dict[str, Row] = {}
    for name in results.config.analyses:
        for row in results.studied(name):
            sides = (row["treatment"], row["comparator"])
            if sides == pair:
                found.setdefault(row["trial"], row)
            elif sides == pair[::-1]:
                turned = {"treatment": pair[0], "comparator": pair[1],
                          "arm": row["comparator_arm"], "comparator_arm": row["arm"]}  # fmt: skip
                found.setdefault(row["trial"], {**row, **turned})
    return list(found.values())


def _named(results: Results, pair: Pair, again: bool) -> Markdown:
    """Both treatments; the first is written out again only where each row is a card."""
    named = breaks([strong(results.labels[pair[0]]), ""])
    shown = md("[{}]{{.again}}", named) if again else named
    return shown + f"vs {results.labels[pair[1]]}"


def _ratio(results: Results, analysis: str, pair: Pair) -> Markdown:
    """The hazard ratio, and that of random effects where they allow another conclusion."""
    found = answer(results, analysis, pair)
    if found is None:
        return unknown(None)
    fit, row = found
    shown = interval(row)
    mark = f" {DAGGER}" if row["bridged"] else ""
    parts: list[object] = [md("{} ({}){}", strong(estimate(shown)), limits(shown), mark)]
    other = partner(results, fit)
    varied = None if other is None else league(other).get(pair)
    if varied is not None and interval(varied).side_of_one() != shown.side_of_one():
        wider = interval(varied)
        parts += ["with random effects:", with_limits(wider)]
    return breaks(parts)


def _judged(results: Results, pair: Pair, appraised: certainty.Appraisal) -> bool:
    """Whether a reviewer has judged any domain of a comparison."""
    return any(
        appraised.judged(name, pair, domain)
        for name in results.config.analyses
        for domain in certainty.JUDGED
    )


def _rests_on(results: Results, pair: Pair) -> Markdown:
    rows = [answer(results, name, pair) for name in results.config.analyses]
    known = [found for found in rows if found is not None]
    if not known:
        return breaks([strong("not known"), "no chain of trials"])
    row = known[0][1]
    if row["crosses"]:
        what = link(strong("assumption"), "assumptions.qmd") + f" {DAGGER}"
    elif compared(results, pair):
        what = strong("randomised trials" if len(compared(results, pair)) > 1 else "randomised")
    else:
        what = strong("chain of trials")
    return what


def _trial(results: Results, pair: Pair, study: Row | None) -> list[object]:
    """What one trial found in each arm, and in whom."""
    if study is None:
        return [NO_TRIAL] * (3 + len(results.counted))
    name = link(results.trial_names[study["trial"]], f"trial-{study['trial']}.qmd")
    return [
        name, _medians(results, study), *_shares(results, study), in_whom(results, study["trial"])
    ]  # fmt: skip


def medians(results: Results, study: Row) -> list[Row | None]:
    """The rows of table `survival` of both arms that belong to a trial's hazard ratio."""
    keys = ("trial", "report", "outcome", "assessor")
    frame = results.evidence(tables.SURVIVAL)
    mine = [row for row in records(frame[frame["trial"] == study["trial"]])
            if all(row[key] == study[key] for key in keys)]  # fmt: skip
    by_arm = {row["arm"]: row for row in mine}
    return [by_arm.get(study[arm]) for _, arm in SIDES]


def said_median(row: Row | None) -> str | None:
    """A median in months; None where it is not known."""
    if row is None:
        return None
    if row["not_reached"]:
        return "not reached"
    return None if row["median"] is None else months(row["median"])


def _medians(results: Results, study: Row) -> Markdown:
    cells = [
        unknown(None) if said_median(row) is None else with_source(said_median(row), row or {})
        for row in medians(results, study)
    ]
    first = next(iter(results.config.analyses.values()))
    other = study["outcome"] != first.outcome
    return md(" vs ").join(cells) + (f" ({outcome_name(study['outcome'])})" if other else "")


def _shares(results: Results, study: Row) -> Iterator[Markdown]:
    """Of each analysis of counts: the percentage in each arm."""
    for analysis in results.counted.values():
        if analysis.data == "responses":
            frame = results.evidence(tables.RESPONSES)
            mine = frame[frame["outcome"] == analysis.outcome]
        else:
            frame = results.evidence(tables.ADVERSE_EVENTS)
            of = (frame["event"] == analysis.event) & frame["grade"].isin(analysis.grades)
            mine = frame[of]
        found = {
            row["arm"]: row for row in reversed(records(mine[mine["trial"] == study["trial"]]))
        }
        cells = [_share(found.get(study[arm])) for _, arm in SIDES]
        yield unknown(None) if set(cells) == {unknown(None)} else md(" vs ").join(cells)


def _share(row: Row | None) -> Markdown:
    if row is None or (row["percent"] is None and not (row["n"] is not None and row["total"])):
        return unknown(None)
    printed = (
        row["percent"] if row["percent"] is not None else f"{100 * row['n'] / row['total']:.0f}"
    )
    text = printed if isinstance(printed, str) else f"{printed:g}"
    return with_source(f"{text.removesuffix('%').strip()}{NBSP}%", row)


def in_whom(results: Results, trial: str) -> Markdown:
    """The patients of a trial: as the reviewers say, else as it was printed."""
    said = results.config.conduct.patients.get(trial)
    if said is not None:
        return escape(said)
    parts = [
        part
        for modifier in results.config.conduct.modifiers[:MODIFIERS]
        for part in described(results, trial, modifier.characteristics)
    ]
    return md("; ").join(parts) or unknown(None)


def answers(results: Results) -> Markdown:
    """What is known of the treatment that is asked for first: by trials, by assumption, not at all.

    Three sentences at most, so that they can be read out.
    """
    first = next(iter(results.config.analyses))
    lead = asked(results, first)[0][0]
    mine = [pair for pair in asked(results, first) if pair[0] == lead]
    found = [(pair, answer(results, first, pair)) for pair in mine]
    tried = [(pair, *each) for pair, each in found if each is not None]
    sentences: list[object] = []
    for pair, fit, row in tried[:1] if tried and not tried[0][2]["crosses"] else []:
        sentences.append(_by_trials(results, pair, fit, row))
    for pair, fit, row in [each for each in tried if each[2]["crosses"]][:1]:
        sentences.append(_by_assumption(results, pair, fit, row))
    unknown_pairs = [pair for pair, each in found if each is None]
    if unknown_pairs:
        names = _out_of_reach(results, first, lead)
        sentences.append(words.out_of_reach(results.labels[lead], names))
    return bullets(sentences)


def _out_of_reach(results: Results, analysis: str, treatment: str) -> list[str]:
    """Treatments that no model of the analysis compares with a treatment."""
    known = [league(fit) for fit in (results.unbridged(analysis), results.bridged(analysis)) if fit]
    return [
        results.labels[name]
        for name in dict.fromkeys(results.nodes(analysis)["treatment"])
        if name != treatment and not any((treatment, name) in each for each in known)
    ]


def _by_trials(results: Results, pair: Pair, fit: Fit, row: Row) -> str:
    labels = [results.labels[name] for name in pair]
    text = words.comparison(labels[0], labels[1], interval(row), row["p_better"])
    for study in reversed(compared(results, pair)):
        said = [said_median(each) for each in medians(results, study)]
        known = [value for value in said if value not in (None, "not reached")]
        if len(known) == 2:
            trial = results.trial_names[study["trial"]]
            outcome = results.config.analyses[fit.analysis].title.lower()
            return f"{text} {words.medians(trial, outcome, labels, known)}"
    return text


def _by_assumption(results: Results, pair: Pair, fit: Fit, row: Row) -> Markdown:
    labels = [results.labels[name] for name in pair]
    text = words.bridged(
        words.comparison(labels[0], labels[1], interval(row), row["p_better"]),
        results.bridge_label(fit.model.bridge or ""),
    )
    shift: float | None = next(
        (each["ratio"] for each in fit.table(tables.TIPPING)
         if (each["treatment"], each["comparator"]) == pair), None,
    )  # fmt: skip
    others = [
        words.otherwise(results.bridge_label(other.model.bridge or ""), interval(found))
        for asked_pair, found, other in other_answers(results, fit.analysis)
        if asked_pair == pair
    ]
    where = link("Assumptions", "assumptions.qmd#tipping")
    return md("{} ({}.)", " ".join([text, words.tipping(shift), *others]), where)
