"""The first page: what is asked, what the trials answer, and what must not be concluded."""

from __future__ import annotations

from itertools import combinations

from evinet import tables
from evinet.config import Analysis
from evinet.report import words
from evinet.report.effects import contrasts
from evinet.report.markdown import bullets, callout, escape
from evinet.report.pages.beside import other_bridges
from evinet.report.pages.common import bridge_text, exhibit, sentences
from evinet.report.pages.later import caution
from evinet.report.pages.strength import weak_sources
from evinet.report.results import Fit, Results

READING = (
    "A hazard ratio below 1 means that events come more slowly with the treatment named first. "
    "[Words](methods.qmd#words) explains every term.\n"
)


def summary(results: Results) -> str:
    """The page."""
    review = results.config.review
    parts = [f"::: {{.lead}}\n{escape(review.question)}\n:::\n", *not_checked(results)]
    for name, analysis in results.config.analyses.items():
        parts += [f"## {escape(analysis.title)}\n", *_answer(results, name)]
    parts += ["## What must not be concluded\n", bullets(_limits(results))]
    return "\n".join(parts)


def not_checked(results: Results) -> list[str]:
    """What the answers use though nobody has compared it with its source."""
    checks = results.evidence(tables.CHECKS)
    marked = checks[checks["rule"] == "unsure"]
    if marked.empty:
        return []
    trials = sorted({results.trial_names[str(trial)] for trial in marked["trial"]})
    text = (
        f"{words.counted(len(marked), 'place')} of {', '.join(map(escape, trials))} marked unsure: "
        "nobody has compared them with the source. They were let in with `allow_unsure`; nothing "
        "here is fit for a decision. [Provenance](provenance.qmd) lists them."
    )
    return [callout("warning", "Not checked", text)]


def _answer(results: Results, name: str) -> list[str]:
    """The answer of one analysis, without and with its bridge."""
    plain = results.unbridged(name)
    link = f"[{escape(results.config.analyses[name].title)}](outcomes.qmd#{name})"
    return [
        *_network(results, name),
        caution(results, name),
        "### What the trials say by themselves\n",
        READING if name == next(iter(results.config.analyses)) else "",
        bullets(sentences(results, contrasts(results, plain))),
        f"Model: {escape(plain.model.label.lower())}. All comparisons: {link}.\n",
        weak_sources(results, name),
        *_bridged(results, name),
        "### Both answers in one picture\n",
        exhibit(results, f"{name}-forest"),
    ]


def _network(results: Results, name: str) -> list[str]:
    """The network in words and as a picture, unless an earlier analysis has the same."""
    analyses = list(results.config.analyses)
    for earlier in analyses[: analyses.index(name)]:
        if _shape(results, earlier) == _shape(results, name):
            title = escape(results.config.analyses[earlier].title.lower())
            number = words.counted(len(results.islands(name)), "island")
            return [f"The same trials and the same {number} as for {title}.\n"]
    islands = results.islands(name)
    text = escape(words.connectivity(islands, len(results.studies(name))))
    figure = exhibit(results, f"{name}-network")
    if len(islands) == 1:
        return [callout("note", "One connected network", text), figure]
    title = f"{words.counted(len(islands), 'island').capitalize()}, not one network"
    text += (
        " Every answer across islands rests on a named assumption, a *bridge*, and is only as "
        "good as that assumption."
    )
    return [callout("important", title, text), figure]


def _shape(results: Results, name: str) -> tuple[list[list[str]], set[str]]:
    return results.islands(name), set(results.studies(name)["trial"])


def _bridged(results: Results, name: str) -> list[str]:
    fit = results.bridged(name)
    if fit is None:
        return []
    rows = [row for row in contrasts(results, fit) if row["bridged"]]
    return [
        f"### What can be said under the assumption *{escape(fit.model.bridge)}*\n",
        _assumption(results, fit),
        bullets(sentences(results, rows)),
        other_bridges(results, name),
    ]


def _assumption(results: Results, fit: Fit) -> str:
    """What the fit assumes, written out where it first comes up."""
    analyses = list(results.config.analyses)
    for earlier in analyses[: analyses.index(fit.analysis)]:
        other = results.bridged(earlier)
        if other is not None and other.model == fit.model:
            title = escape(results.config.analyses[earlier].title.lower())
            return f"The assumption is the same as for {title}.\n"
    return callout("warning", "The assumption", bridge_text(results, fit))


def _limits(results: Results) -> list[str]:
    """What must not be concluded, from the networks and the configuration."""
    seen: list[str] = []
    apart: list[list[set[str]]] = []
    for name, analysis in results.config.analyses.items():
        for pair in combinations(results.islands(name), 2):
            if not any(_within(pair, other) for other in apart):
                apart.append([set(island) for island in pair])
                seen.append(words.forbidden(*pair))
        seen += [*analysis.proxies.values(), *analysis.cautions]
        seen += _single_trials(results, name, analysis)
    seen.append(
        "A rank is not an effect: treatments that differ little can have very different ranks."
    )
    return [escape(text) for text in dict.fromkeys(seen)]


def _within(pair: tuple[list[str], list[str]], other: list[set[str]]) -> bool:
    """Whether what keeps two islands apart has been said of larger ones."""
    return any(
        all(set(island) <= whole for island, whole in zip(pair, sides, strict=True))
        for sides in (other, other[::-1])
    )


def _single_trials(results: Results, name: str, analysis: Analysis) -> list[str]:
    """How many comparisons rest on one trial: nothing then tells trials' disagreement."""
    studies = results.studies(name)
    pairs = studies.groupby(["component", "treatment", "comparator"])["trial"].nunique()
    single = int((pairs == 1).sum())
    if not single:
        return []
    every = single == len(pairs)
    some = f"{single} of {len(pairs)} comparisons {'rests' if single == 1 else 'rest'}"
    whose = "every comparison rests" if every else some
    return [
        f"{analysis.title}: {whose} on a single trial, so the data hardly tell how much "
        "effects vary between trials; what the random-effects model adds comes mostly from its "
        "prior."
    ]
