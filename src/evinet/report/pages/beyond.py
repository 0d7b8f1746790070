"""Beyond survival: response, adverse events, quality of life and exposure.

First facts, trial beside trial, of which nothing is pooled; then the networks of counts.
"""

from __future__ import annotations

from collections.abc import Callable

from evinet import tables
from evinet.report import words
from evinet.report.effects import counting
from evinet.report.markdown import (
    Markdown,
    blocks,
    breaks,
    bullets,
    callout,
    escape,
    faint,
    folded,
    heading,
    md,
)
from evinet.report.numbers import listing
from evinet.report.pages.columns import (
    GRADES,
    Row,
    patients,
    printed_limits,
    printed_ratio,
    responders,
    slug_words,
    table_of,
    unknown,
    with_source,
)
from evinet.report.pages.common import effects_table, exhibit, failed, scaled
from evinet.report.pages.evidence import BY_NAME
from evinet.report.pages.notes import notes
from evinet.report.results import Results
from evinet.report.rows import grouped

NOT_GIVEN = faint("not given")
SHOWN = (
    "orr", "dcr", "complete-response", "partial-response", "stable-disease", "progressive-disease",
)  # fmt: skip
"""Kinds of response that are shown first; the others follow."""
NAMES = {"orr": "Objective response", "dcr": "Disease control"}
PRIOR_ONLY = (
    "‡ Only the prior keeps this effect from being infinite, because an arm has no event: its "
    "interval is the prior's as much as the data's."
)


def benefit(results: Results) -> Markdown:
    """The effect on survival against those on responses and adverse events."""
    return exhibit(results, "benefit-risk", optional=True) or escape(
        "No two treatments are compared in both survival and a count of patients."
    )


def response(results: Results) -> Markdown:
    """Every trial, kind of response and assessor, with both arms and the published ratio."""
    rows, keys = of_trials(results, "responses"), ("outcome", "trial", "assessor", "report")
    ratios = {tuple(row[key] for key in keys): row for row in of_trials(results, "contrasts")}
    order = [*SHOWN, *sorted({row["outcome"] for row in rows} - set(SHOWN))]
    both = _arms(results, responders)

    def named(found: list[Row]) -> str:
        name = found[0]["outcome"]
        said = NAMES.get(name) or slug_words(name)
        return f"{said}, {words.ASSESSORS[found[0]['assessor'] or 'unstated']}"

    def arms(found: list[Row]) -> Markdown:
        row = ratios.get(tuple(found[0][key] for key in keys))
        if row is None:
            return both(found)
        reach = printed_limits(row)
        said = f"{row['measure'].upper()} {printed_ratio(row)}"
        return breaks([both(found), with_source(f"{said} ({reach})" if reach else said, row)])

    rows.sort(key=lambda row: order.index(row["outcome"]))
    listed = grouped(rows, *keys).values()
    return _noted(results, rows, table_of(
        results, listed, "Response in every trial", {"Response": named}, "Trial", {"Arms": arms},
        none="The trials of the analyses published no response."))  # fmt: skip


def harms(results: Results) -> Markdown:
    """Every event, grade and trial, with both arms, in the order of the configuration."""
    if not results.config.harms:
        return md("The configuration names no adverse events (`harms`) to show side by side.")
    rows = [
        {**row, "place": place, "harm": harm.label, "usual": harm.terms[0]}
        for place, harm in enumerate(results.config.harms)
        for row in of_trials(results, "adverse-events")
        if row["event"] in harm.terms
    ]

    def named(found: list[Row]) -> str:
        row = found[0]
        harm, event = row["harm"], "" if row["event"] == row["usual"] else row["event"]
        if event.lower().startswith(harm.lower()):  # it says what the harm is, and more
            harm, event = event[0].upper() + event[1:], ""
        more = "; ".join(filter(None, [event, "related to treatment" if row["related"] else ""]))
        grade = GRADES.get(row["grade"], row["grade"])
        shown = "any grade" if grade == "any" else f"grade {grade}"
        return f"{harm}{more and f' ({more})'}, {shown}"

    rows.sort(key=lambda row: (row["place"], row["grade"] != "any", row["grade"]))
    groups = grouped(rows, "harm", "grade", "trial", "event", "related", "report").values()
    return _noted(results, rows, table_of(
        results, groups, "Adverse events in every trial", {"Event": named}, "Trial",
        {"Arms": _arms(results, patients)},
        none="No trial of the analyses published any of these adverse events."))  # fmt: skip


def other(results: Results, kind: str) -> Markdown:
    """What the trials published of one kind in words."""
    rows = [row for row in of_trials(results, "other-evidence") if row["kind"] == kind]
    label = f"{kind.replace('-', ' ').capitalize()} in every trial"
    return blocks([
        table_of(results, rows, label, {
            "Trial": lambda row: results.trial_names[row["trial"]], "What": "topic",
            "As published": lambda row: with_source(unknown(row["value"]), row), "Note": "note",
        }),
        _silent(results, rows),
    ])  # fmt: skip


def networks(results: Results) -> Markdown:
    """Every analysis of counts of patients: its network, counts and effects."""
    return blocks(
        part
        for name, analysis in results.counted.items()
        for part in (
            heading(3, analysis.title, f"counts-{name}"),
            callout("warning", "Bear in mind", bullets(analysis.cautions))
            if analysis.cautions else "",
            words.connectivity(results.islands(name), results.studies(name)["trial"].nunique()),
            exhibit(results, f"{name}-network", optional=True),
            exhibit(results, f"{name}-forest", optional=True),
            _counts(results, name), _effects(results, name),
        )
    ) or escape("No analysis of counts is named in the configuration.")  # fmt: skip


def _counts(results: Results, name: str) -> Markdown:
    """What the models are fitted to; a count that follows from a percentage is marked."""

    def counted(row: Row) -> str:
        rounded = f" (rounding allows {row['fewest']} to {row['most']})"
        return f"{row['r']}" + ("" if row["fewest"] == row["most"] else rounded)

    return blocks([
        table_of(results, results.data(name), "What was counted", "Trial, Treatment", {
            "Patients with it": counted, "Patients": lambda row: f"{row['n']}",
            "Share": lambda row: f"{100 * row['r'] / row['n']:.1f} %",
        }),
        bullets(f"{results.trial_names[row['trial']]}: {row['locator']}."
                for row in results.studied(name)),
    ])  # fmt: skip


def _effects(results: Results, name: str) -> Markdown:
    """Effects by every model against the references, each on the natural scale of its link."""
    asked = results.counted[name]
    rows = [row for fit in counting(results, name) for row in scaled(fit, fit.scale)
            if row["comparator"] in asked.references]  # fmt: skip
    left = [
        f"{listing([results.trial_names[row['trial']] for row in found])}: {reason}."
        for (reason,), found in grouped(results.excluded(name), "reason").items()
    ]
    better = f"Probability of {'more' if asked.better == 'higher' else 'fewer'}"
    listed = effects_table(results, rows, "Effects by every model", better)
    return blocks([
        failed(results, name), folded("Effects in a table", listed) if rows else "",
        PRIOR_ONLY if any(row["prior_only"] for row in rows) else "",
        "Not in this analysis:" if left else "", bullets(left),
    ])  # fmt: skip


def trials_of(results: Results) -> list[str]:
    """The trials of the analyses, in their order."""
    named = [trial for each in results.config.analyses.values() for trial in each.trials]
    return list(dict.fromkeys(named))


def of_trials(results: Results, table: str) -> list[Row]:
    """Rows of the trials of the analyses, in the order of the trials and, in one, of its arms."""
    return [row for trial in trials_of(results) for row in results.rows(BY_NAME[table], trial)]


def _arms(results: Results, say: Callable[[Row], Markdown]) -> Callable[[list[Row]], Markdown]:
    """What makes a cell of the rows of one trial, one for each arm: first the arm that is tested.

    Both arms stand in one cell, so that a narrow screen never shows one without the other.
    """
    tested = {(row["trial"], row["arm"]) for name in results.config.analyses
              for row in results.studied(name)}  # fmt: skip

    def cell(found: list[Row]) -> Markdown:
        given = {row["arm"]: with_source(say(row), row) for row in found}
        arms = results.rows(tables.ARMS, found[0]["trial"])
        arms.sort(key=lambda arm: (arm["trial"], arm["arm"]) not in tested)
        return breaks(
            md("{}: {}", results.labels[arm["treatment"]], given.get(arm["arm"], NOT_GIVEN))
            for arm in arms
        )

    return cell


def _silent(results: Results, rows: list[Row]) -> Markdown:
    """The trials of which nothing is known here."""
    told = {row["trial"] for row in rows}
    silent = [results.trial_names[name] for name in trials_of(results) if name not in told]
    said = f"Not known, because no source that was read says it: {listing(silent)}."
    return escape(said if silent else "")


def _noted(results: Results, rows: list[Row], shown: Markdown) -> Markdown:
    """A table with the notes of its rows, and the trials of which nothing is known."""
    return blocks([shown, notes(rows, results), _silent(results, rows) if rows else ""])
