"""The first page: what is asked, what is known, what must not be concluded, and the network."""

from __future__ import annotations

from evinet import tables
from evinet.config import Analysis
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, bullets, callout, heading, link, md
from evinet.report.numbers import listing
from evinet.report.pages.beside import other_bridges
from evinet.report.pages.common import exhibit
from evinet.report.pages.findings import answers, findings
from evinet.report.pages.notes import weak_sources
from evinet.report.results import Results

__all__ = ["answers", "cautions", "findings", "limits", "networks", "not_checked"]


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
        seen += _single_trials(results, name, analysis)
    return bullets(dict.fromkeys(seen)) or md("")


def _within(islands: list[list[str]], others: list[list[str]]) -> bool:
    """Whether islands are parts of larger ones that were told of, each of another."""
    return all(any(set(island) <= set(other) for other in others) for island in islands)


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
        "effects differ between trials. Random effects then come mostly from their prior."
    ]


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
        text = words.connectivity(islands, len(trials))
        if len(islands) > 1:
            text += (
                " An answer that crosses from one island to another rests on a stated assumption "
                "(a bridge), and is only as good as that assumption."
            )
        parts += [heading(3, analysis.title), text, exhibit(results, f"{name}-network")]
    return blocks(parts)
