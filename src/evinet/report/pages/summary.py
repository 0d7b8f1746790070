"""The first page: what is asked, what the trials answer, and what must not be concluded."""

from __future__ import annotations

from itertools import combinations

from evinet.config import Analysis
from evinet.report import words
from evinet.report.exhibits import contrasts
from evinet.report.markdown import bullets, callout, escape
from evinet.report.pages.common import bridge_text, exhibit, sentences
from evinet.report.results import Results


def summary(results: Results) -> str:
    """The page."""
    review = results.config.review
    parts = [f"::: {{.lead}}\n{escape(review.question)}\n:::\n"]
    for name, analysis in results.config.analyses.items():
        parts += [f"## {escape(analysis.title)}\n", *_answer(results, name)]
    parts += ["## What must not be concluded\n", bullets(_limits(results))]
    return "\n".join(parts)


def _answer(results: Results, name: str) -> list[str]:
    """The answer of one analysis, without and with its bridge."""
    islands = results.islands(name)
    connected = words.connectivity(islands, len(results.studies(name)))
    islands_title = f"{words.counted(len(islands), 'island').capitalize()}, not one network"
    title = "One connected network" if len(islands) == 1 else islands_title
    text = escape(connected)
    if len(islands) > 1:
        text += (
            " Every answer across islands rests on a named assumption, a *bridge*, and is only as "
            "good as that assumption."
        )
    plain = results.unbridged(name)
    parts = [
        callout("note" if len(islands) == 1 else "important", title, text),
        exhibit(results, f"{name}-network"),
        "### What the trials say by themselves\n",
        bullets(sentences(results, contrasts(results, plain))),
        f"[{escape(plain.model.label)}. All comparisons: [{escape(_title(results, name))}]"
        f"(outcomes.qmd#{name}).]{{.source}}\n",
    ]
    parts += _bridged(results, name)
    parts += ["### Both answers in one picture\n", exhibit(results, f"{name}-forest")]
    return parts


def _bridged(results: Results, name: str) -> list[str]:
    fit = results.bridged(name)
    if fit is None:
        return []
    rows = [row for row in contrasts(results, fit) if row["bridged"]]
    return [
        f"### What can be said under the assumption *{escape(fit.model.bridge)}*\n",
        callout("warning", "The assumption", bridge_text(results, fit)),
        bullets(sentences(results, rows)),
    ]


def _title(results: Results, name: str) -> str:
    return results.config.analyses[name].title


def _limits(results: Results) -> list[str]:
    """What must not be concluded, from the networks and the configuration."""
    seen: list[str] = []
    for name, analysis in results.config.analyses.items():
        seen += [words.forbidden(*pair) for pair in combinations(results.islands(name), 2)]
        seen += list(analysis.proxies.values())
        seen += _single_trials(results, name, analysis)
    seen.append(
        "A rank is not an effect: treatments that differ little can have very different ranks."
    )
    return [escape(text) for text in dict.fromkeys(seen)]


def _single_trials(results: Results, name: str, analysis: Analysis) -> list[str]:
    """How many comparisons rest on one trial: nothing then tells trials' disagreement."""
    studies = results.studies(name)
    pairs = studies.groupby(["component", "treatment", "comparator"])["trial"].nunique()
    single = int((pairs == 1).sum())
    if not single:
        return []
    every = single == len(pairs)
    whose = "Every comparison" if every else f"{single} of {len(pairs)} comparisons"
    return [
        f"{analysis.title}: {whose} rests on a single trial, so the data hardly tell how much "
        "effects vary between trials; what the random-effects model adds comes mostly from its "
        "prior."
    ]
