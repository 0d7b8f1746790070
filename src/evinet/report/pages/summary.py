"""The first page: what is asked, what is known, what must not be concluded, and the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from evinet import tables
from evinet.config import Analysis
from evinet.report import certainty, words
from evinet.report.effects import Pair, asked, interval, league, partner
from evinet.report.markdown import (
    Markdown,
    blocks,
    breaks,
    bullets,
    callout,
    escape,
    heading,
    link,
    md,
    strong,
)
from evinet.report.numbers import NBSP, estimate, listing, outcome_name, with_limits
from evinet.report.numbers import limits as reach
from evinet.report.pages.beside import other_answers, other_bridges
from evinet.report.pages.columns import (
    Column,
    Row,
    said_median,
    table_of,
    unknown,
    with_source,
)
from evinet.report.pages.common import DAGGER, exhibit
from evinet.report.pages.later import caution_line
from evinet.report.pages.notes import weak_sources, weakly_sourced
from evinet.report.pages.trials import described
from evinet.report.results import Fit, Results

JUDGEMENTS = "certainty.yaml"
ARMS = ("arm", "comparator_arm")
MODIFIERS = 4
"""The first possible effect modifiers, which tell in whom where the reviewers have not said it."""
NO_TRIAL = md("[–]{{.no .none}}")


def not_checked(results: Results) -> Markdown:
    """What the answers use though nobody has compared it with its source; else nothing."""
    checks = results.evidence(tables.CHECKS)
    marked = checks[checks["rule"] == "unsure"]
    if marked.empty:
        return md("")
    trials = sorted({results.trial_names[str(trial)] for trial in marked["trial"]})
    text = md(
        "{} of {} are marked unsure: nobody has compared them with the source. They were let in "
        "with `allow_unsure`; nothing here is fit for a decision. {} lists them.",
        words.counted(len(marked), "value").capitalize(), listing(trials),
        link("Provenance", "provenance.qmd"),
    )  # fmt: skip
    return callout("warning", "Not checked", text)


def answer(results: Results, analysis: str, pair: Pair) -> tuple[Fit, Row] | None:
    """The answer of the trials, else that under the first bridge; None where there is none."""
    found = ((fit, league(fit).get(pair)) for fit in results.main(analysis))
    return next(((fit, row) for fit, row in found if row is not None), None)


def findings(results: Results, judgements: Path | str = JUDGEMENTS) -> Markdown:
    """The table: a row for each comparison, and a further one for each further trial of it."""
    appraised, analyses = certainty.load(judgements), results.config.analyses
    shown = dict.fromkeys(pair for name in analyses for pair in asked(results, name))
    judged = {
        pair for pair in shown for name in analyses for domain in certainty.JUDGED
        if appraised.judged(name, pair, domain)
    }  # fmt: skip
    rows: list[Row] = []
    for pair in shown:
        again = bool(rows) and rows[-1]["pair"][0] == pair[0]
        for place, study in enumerate([*compared(results, pair)] or [None]):
            rows.append({"pair": pair, "first": not place, "again": again, "study": study})

    def once(say: Callable[[Pair], object]) -> Column:
        return lambda row: say(row["pair"]) if row["first"] else ""

    def of_trial(say: Callable[[Results, Row], Markdown]) -> Column:
        return lambda row: say(results, row["study"]) if row["study"] else NO_TRIAL

    def named(row: Row) -> Markdown:
        """Both treatments; the first is written out again only where each row is a card."""
        first, second = (results.labels[name] for name in row["pair"])
        lead = breaks([strong(first), ""])
        return (md("[{}]{{.again}}", lead) if row["again"] else lead) + f"vs {second}"

    def rests(pair: Pair) -> Markdown:
        appraisal = "certainty appraised" if pair in judged else "not appraised"
        on = _rests_on(results, pair)
        return breaks([on, appraisal]) if judged else on

    outcomes = {name: outcome_name(analysis.outcome) for name, analysis in analyses.items()}
    listed = table_of(
        results, rows, "Findings",
        {"Comparison": lambda row: named(row) if row["first"] else ""},
        {f"{outcome}, hazard ratio": once(partial(_ratio, results, name))
         for name, outcome in outcomes.items()},
        {"Rests on": once(rests),
         "Trial": of_trial(lambda results, study: link(
             results.trial_names[study["trial"]], f"trial-{study['trial']}.qmd")),
         f"Median {next(iter(outcomes.values()))}, months": of_trial(_medians)},
        {each.title: of_trial(partial(_shares, each)) for each in results.counted.values()},
        {"In whom": of_trial(lambda results, study: in_whom(results, study["trial"]))},
        name="findings", caption=_caption(results, bool(judged)),
    )  # fmt: skip
    return md("::: {{.findings}}\n\n{}\n\n:::", listed)


def _caption(results: Results, judged: bool) -> str:
    """What the signs of the table mean, those only that it may hold."""
    names = results.config.analyses
    bridges = dict.fromkeys(
        f"“{results.bridge_label(fit.model.bridge)}”"
        for name in names for fit in results.main(name) if fit.model.bridge
    )  # fmt: skip
    weak = any(weak_sources(results, name) for name in names)
    varied = any(partner(results, fit) for name in names for fit in results.main(name))
    return " ".join([
        "Hazard ratios with 95 % credible intervals; below 1, events come more slowly with the "
        "treatment in bold. Two values: the two arms.",
        *["Random: with random effects, where they allow another conclusion."] * varied,
        *[f"† rests on the assumption {listing(list(bridges))}."] * bool(bridges),
        *["‡ rests on a hazard ratio not read in the publication."] * weak,
        "Certainty: appraised where it says so." if judged
        else "Certainty: not appraised by the reviewers.",
    ])  # fmt: skip


def compared(results: Results, pair: Pair) -> list[Row]:
    """A row of `network-studies` for each trial that compares the two, turned as they are asked."""
    found: dict[str, Row] = {}
    for row in (row for name in results.config.analyses for row in results.studied(name)):
        turned = {**row, "treatment": row["comparator"], "comparator": row["treatment"],
                  "arm": row["comparator_arm"], "comparator_arm": row["arm"]}  # fmt: skip
        for each in (row, turned):
            if (each["treatment"], each["comparator"]) == pair:
                found.setdefault(row["trial"], each)
    return list(found.values())


def _ratio(results: Results, analysis: str, pair: Pair) -> Markdown:
    """The hazard ratio, and that of random effects where they allow another conclusion."""
    found = answer(results, analysis, pair)
    if found is None:
        return unknown(None)
    fit, row = found
    shown = interval(row)
    marks = (DAGGER if row["bridged"] else "", "‡" if weakly_sourced(results, fit, pair) else "")
    mark = "".join(f" {each}" for each in marks if each)
    parts: list[object] = [md("{} ({}){}", strong(estimate(shown)), reach(shown), mark)]
    other = partner(results, fit)
    varied = None if other is None else league(other).get(pair)
    if varied is not None and interval(varied).side_of_one() != shown.side_of_one():
        parts.append(md("random: {}", with_limits(interval(varied))))
    return breaks(parts)


def _rests_on(results: Results, pair: Pair) -> Markdown:
    known = [found for name in results.config.analyses if (found := answer(results, name, pair))]
    if not known:
        return unknown(None)
    if known[0][1]["crosses"]:
        return link(strong("assumption"), "assumptions.qmd") + f"{NBSP}{DAGGER}"
    return strong("randomised" if compared(results, pair) else "chain of trials")


def medians(results: Results, study: Row) -> list[Row | None]:
    """The rows of table `survival` of both arms that belong to a trial's hazard ratio."""
    keys = ("report", "outcome", "assessor")
    by_arm = {row["arm"]: row for row in results.rows(tables.SURVIVAL, study["trial"])
              if all(row[key] == study[key] for key in keys)}  # fmt: skip
    return [by_arm.get(study[arm]) for arm in ARMS]


def _medians(results: Results, study: Row) -> Markdown:
    cells = [
        unknown(None) if said_median(row) is None else with_source(said_median(row), row or {})
        for row in medians(results, study)
    ]
    first = next(iter(results.config.analyses.values()))
    other = study["outcome"] != first.outcome
    return md(" vs ").join(cells) + (f" ({outcome_name(study['outcome'])})" if other else "")


def _shares(analysis: Analysis, results: Results, study: Row) -> Markdown:
    """The percentage in each arm of what an analysis counts."""
    of_responses = analysis.data == "responses"
    rows = results.rows(tables.RESPONSES if of_responses else tables.ADVERSE_EVENTS, study["trial"])
    found = {
        row["arm"]: row for row in reversed(rows)
        if (row["outcome"] == analysis.outcome if of_responses
            else row["event"] == analysis.event and row["grade"] in analysis.grades)
    }  # fmt: skip
    cells = [share(found.get(study[arm])) for arm in ARMS]
    return unknown(None) if set(cells) == {unknown(None)} else md(" vs ").join(cells)


def share(row: Row | None) -> Markdown:
    """The percentage in an arm as it was printed, else of its counts."""
    if row is None or (row["percent"] is None and not (row["n"] is not None and row["total"])):
        return unknown(None)
    printed = row["percent"]
    if printed is None:
        printed = f"{100 * row['n'] / row['total']:.0f}"
    text = printed if isinstance(printed, str) else f"{printed:g}"
    return with_source(f"{text.removesuffix('%').strip()}{NBSP}%", row)


def in_whom(results: Results, trial: str) -> Markdown:
    """The patients of a trial: as the reviewers say, else as it was printed."""
    said = results.config.conduct.patients.get(trial)
    if said is not None:
        return escape(said.replace(" %", f"{NBSP}%"))
    return md("; ").join(
        part
        for modifier in results.config.conduct.modifiers[:MODIFIERS]
        for part in described(results, trial, modifier.characteristics)
    ) or unknown(None)  # fmt: skip


def answers(results: Results) -> Markdown:
    """What is known of the treatment that is asked for first: by trials, by assumption, not at all.

    Three sentences at most, so that they can be read out.
    """
    first = next(iter(results.config.analyses))
    pairs = asked(results, first)
    lead = pairs[0][0]
    found = {pair: answer(results, first, pair) for pair in pairs if pair[0] == lead}
    known = [(pair, *each) for pair, each in found.items() if each is not None]
    crossing = [each for each in known if each[2]["crosses"]]
    sentences: list[object] = []
    if known and not known[0][2]["crosses"]:
        sentences.append(_by_trials(results, *known[0]))
    if crossing:
        sentences.append(_by_assumption(results, *crossing[0]))
    if len(known) < len(found):
        answered = [league(fit) for fit in results.main(first)]
        names = [
            results.labels[name]
            for name in dict.fromkeys(results.nodes(first)["treatment"])
            if name != lead and not any((lead, name) in each for each in answered)
        ]
        sentences.append(words.out_of_reach(results.labels[lead], names))
    return bullets(sentences)


def _by_trials(results: Results, pair: Pair, fit: Fit, row: Row) -> str:
    labels = [results.labels[name] for name in pair]
    title = results.analysis(fit.analysis).title
    text = words.after(
        title, words.comparison(labels[0], labels[1], interval(row), row["p_better"])
    )
    for study in reversed(compared(results, pair)):
        said = [said_median(each) for each in medians(results, study)]
        known = [value for value in said if value not in (None, "not reached")]
        if len(known) == 2:
            trial = results.trial_names[study["trial"]]
            return f"{text} {words.medians(trial, title.lower(), labels, known)}"
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


def limits(results: Results) -> Markdown:
    """What must not be concluded, from the networks and the configuration."""
    seen: list[object] = []
    told: list[list[list[str]]] = []
    for name, analysis in results.config.analyses.items():
        islands = results.islands(name)
        if len(islands) > 1 and not any(_within(islands, other) for other in told):
            told.append(islands)
            seen.append(words.apart(islands))
        seen += [*analysis.proxies.values(), *analysis.cautions]
    names = results.config.analyses
    single = {names[name].title: _single_trials(results, name) for name in names}
    seen += [*words.single_trials(single), *(caution_line(results, name) for name in names)]
    return bullets(dict.fromkeys(filter(None, seen))) or md("")


def _within(islands: list[list[str]], others: list[list[str]]) -> bool:
    """Whether islands are parts of larger ones that were told of, each of another."""
    return all(any(set(island) <= set(other) for other in others) for island in islands)


def _single_trials(results: Results, name: str) -> tuple[int, int]:
    """How many comparisons rest on one trial, and how many there are."""
    studies = results.studies(name)
    pairs = studies.groupby(["component", "treatment", "comparator"])["trial"].nunique()
    return int((pairs == 1).sum()), len(pairs)


def cautions(results: Results) -> Markdown:
    """Other assumptions that give other answers, and hazard ratios of weak sources."""
    names = list(results.config.analyses)
    return blocks([
        *(other_bridges(results, name) for name in names),
        *dict.fromkeys(weak_sources(results, name) for name in names),
    ])  # fmt: skip


def networks(results: Results) -> Markdown:
    """Each network in words and as a picture; one that an earlier analysis has is named only."""
    parts: list[object] = []
    titles: dict[str, str] = {}
    for name, analysis in results.config.analyses.items():
        islands, trials = results.islands(name), results.studies(name)["trial"]
        same = titles.setdefault(repr((islands, sorted(set(trials)))), analysis.title)
        if same != analysis.title:
            said = f"the trials and the islands are those of {same.lower()}."
            parts.append(f"{analysis.title}: {said}")
            continue
        parts += [heading(3, analysis.title), words.connectivity(islands, len(trials)),
                  exhibit(results, f"{name}-network")]  # fmt: skip
    return blocks(parts)
