"""The first page: what is asked, what the trials answer, and what must not be concluded."""

from __future__ import annotations

from itertools import combinations

from evinet import tables
from evinet.config import Analysis
from evinet.report import words
from evinet.report.effects import contrasts
from evinet.report.markdown import Markdown, blocks, bullets, callout, heading, link, md
from evinet.report.numbers import listing
from evinet.report.pages.beside import other_bridges
from evinet.report.pages.common import bridge_text, by_analysis, exhibit, sentences
from evinet.report.pages.later import caution
from evinet.report.pages.strength import weak_sources
from evinet.report.results import Fit, Results


def question(results: Results) -> Markdown:
    """What the review asks."""
    return md("::: {{.lead}}\n{}\n:::", results.config.review.question)


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


def answers(results: Results) -> Markdown:
    """The answer of each analysis: by the trials alone, and under the assumption of a bridge."""
    return by_analysis(results, _answer, level=2)


def _answer(results: Results, name: str) -> Markdown:
    plain = results.unbridged(name)
    title = results.config.analyses[name].title
    return blocks([
        _network(results, name),
        heading(3, "What the trials say by themselves"),
        bullets(sentences(results, contrasts(results, plain))),
        md(
            "Model: {}. All comparisons: {}.", plain.model.label,
            link(title, f"outcomes.qmd#{name}"),
        ),
        caution(results, name),
        weak_sources(results, name),
        _bridged(results, name),
        heading(3, "All answers in one picture"),
        exhibit(results, f"{name}-forest"),
    ])  # fmt: skip


def _network(results: Results, name: str) -> Markdown:
    """The network in words and as a picture, unless an earlier analysis has the same."""
    analyses = list(results.config.analyses)
    for earlier in analyses[: analyses.index(name)]:
        if _shape(results, earlier) == _shape(results, name):
            title = results.config.analyses[earlier].title
            number = words.counted(len(results.islands(name)), "island")
            return blocks([f"The trials and the {number} are the same as for {title.lower()}."])
    islands = results.islands(name)
    text = words.connectivity(islands, len(results.studies(name)))
    figure = exhibit(results, f"{name}-network")
    if len(islands) == 1:
        return blocks([callout("note", "The trials form one network", text), figure])
    number = words.counted(len(islands), "separate network").capitalize()
    text += (
        " An answer that crosses from one island to another rests on a stated assumption (a "
        "bridge), and is only as good as that assumption."
    )
    return blocks([callout("important", f"{number}, not one", text), figure])


def _shape(results: Results, name: str) -> tuple[list[list[str]], set[str]]:
    return results.islands(name), set(results.studies(name)["trial"])


def _bridged(results: Results, name: str) -> Markdown:
    fit = results.bridged(name)
    if fit is None:
        return md("")
    rows = [row for row in contrasts(results, fit) if row["bridged"]]
    return blocks([
        heading(3, "What can be said under an assumption"),
        _assumption(results, fit),
        bullets(sentences(results, rows)),
        other_bridges(results, name),
    ])  # fmt: skip


def _assumption(results: Results, fit: Fit) -> Markdown:
    """What the fit assumes, written out where it first comes up."""
    analyses = list(results.config.analyses)
    for earlier in analyses[: analyses.index(fit.analysis)]:
        other = results.bridged(earlier)
        if other is not None and other.model == fit.model:
            title = results.config.analyses[earlier].title.lower()
            return blocks([f"The assumption is the same as for {title}."])
    return callout("warning", "The assumption", bridge_text(results, fit))


def limits(results: Results) -> Markdown:
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
    return bullets(dict.fromkeys(seen)) or md("")


def _within(pair: tuple[list[str], list[str]], other: list[set[str]]) -> bool:
    """Whether what keeps two islands apart has been said of larger ones."""
    return any(
        all(set(island) <= whole for island, whole in zip(pair, sides, strict=True))
        for sides in (other, other[::-1])
    )


def _single_trials(results: Results, name: str, analysis: Analysis) -> list[str]:
    """How many comparisons rest on one trial: nothing then tells how much trials disagree."""
    studies = results.studies(name)
    pairs = studies.groupby(["component", "treatment", "comparator"])["trial"].nunique()
    single = int((pairs == 1).sum())
    if not single:
        return []
    some = f"{single} of {len(pairs)} comparisons {'rests' if single == 1 else 'rest'}"
    whose = "every comparison rests" if single == len(pairs) else some
    return [
        f"{analysis.title}: {whose} on a single trial, so the data say little about how much "
        "effects differ between trials. What the random-effects model adds comes mostly from its "
        "prior."
    ]
