"""Beyond survival: response, adverse events, quality of life and exposure.

First facts, trial beside trial, of which nothing is pooled; then the networks of counts.
"""

from __future__ import annotations

from collections.abc import Callable

from evinet import tables
from evinet.report import words
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
from evinet.report.numbers import listing, outcome_name
from evinet.report.pages.common import (
    GRADES,
    Row,
    dash,
    effects_table,
    failed,
    of_arm,
    optional_exhibit,
    patients,
    printed_limits,
    scaled,
    source_link,
    table_of,
    unknown,
    with_source,
)
from evinet.report.pages.notes import notes
from evinet.report.results import Results
from evinet.report.rows import grouped, records

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
    return optional_exhibit(results, "benefit-risk") or escape(
        "No two treatments are compared in both survival and a count of patients."
    )


def response(results: Results) -> Markdown:
    """Every trial, kind of response and assessor, with both arms and the published ratio."""
    rows, keys = _mine(results, tables.RESPONSES), ("outcome", "trial", "assessor", "report")
    ratios = {tuple(row[key] for key in keys): row for row in _mine(results, tables.CONTRASTS)}

    def kind(found: list[Row]) -> tuple[int, str]:
        name = found[0]["outcome"]
        return SHOWN.index(name) if name in SHOWN else len(SHOWN), name

    def named(found: list[Row]) -> str:
        name, assessor = found[0]["outcome"], found[0]["assessor"] or "unstated"
        said = NAMES.get(name) or outcome_name(name)
        return f"{said[0].upper()}{said[1:]}, {words.ASSESSORS[assessor]}"

    def arms(found: list[Row]) -> Markdown:
        row = ratios.get(tuple(found[0][key] for key in keys))
        if row is None:
            return both(found)
        reach = printed_limits(row)
        said = f"{row['measure'].upper()} {row['estimate']:g}"
        return breaks([both(found), with_source(f"{said} ({reach})" if reach else said, row)])

    both = _arms(results, responders)

    listed = table_of(sorted(grouped(rows, *keys).values(), key=kind),
                      "Response in every trial", {
        "Response": named, "Trial": lambda found: results.trial_names[found[0]["trial"]],
        "Arms": arms,
    })  # fmt: skip
    if not rows:
        return escape("The trials of the analyses published no response.")
    return blocks([listed, notes(rows, results), _silent(results, rows)])


def harms(results: Results) -> Markdown:
    """Every event, grade and trial, with both arms, in the order of the configuration."""
    if not results.config.harms:
        return md("The configuration names no adverse events (`harms`) to show side by side.")
    rows = [
        {**row, "harm": harm.label, "usual": harm.terms[0]}
        for harm in results.config.harms
        for row in _mine(results, tables.ADVERSE_EVENTS)
        if row["event"] in harm.terms
    ]
    place = {harm.label: place for place, harm in enumerate(results.config.harms)}

    def order(found: list[Row]) -> tuple[int, bool, str]:
        return place[found[0]["harm"]], found[0]["grade"] != "any", found[0]["grade"]

    def named(found: list[Row]) -> str:
        row = found[0]
        event = "" if row["event"] == row["usual"] else row["event"]
        more = "; ".join(filter(None, [event, "related to treatment" if row["related"] else ""]))
        grade = (
            "any grade"
            if row["grade"] == "any"
            else f"grade {GRADES.get(row['grade'], row['grade'])}"
        )
        return f"{row['harm']}{more and f' ({more})'}, {grade}"

    groups = grouped(rows, "harm", "grade", "trial", "event", "related", "report").values()
    if not rows:
        return escape("No trial of the analyses published any of these adverse events.")
    return blocks([
        table_of(sorted(groups, key=order), "Adverse events in every trial", {
            "Event": named, "Trial": lambda found: results.trial_names[found[0]["trial"]],
            "Arms": _arms(results, patients),
        }),
        notes(rows, results), _silent(results, rows),
    ])  # fmt: skip


def responders(row: Row) -> Markdown:
    """Patients with a response, with the interval of their percentage as printed."""
    reach = printed_limits(row, "%")
    return patients(row) + (f", {reach}" if reach else "")


def other(results: Results, kind: str) -> Markdown:
    """What the trials published of one kind in words."""
    rows = [row for row in _mine(results, tables.OTHER_EVIDENCE) if row["kind"] == kind]
    label = f"{kind.replace('-', ' ').capitalize()} in every trial"
    return blocks([table_of(rows, label, {
        "Trial": lambda row: results.trial_names[row["trial"]], "What": "topic",
        "As published": lambda row: with_source(unknown(row["value"]), row), "Note": "note",
    }), _silent(results, rows)])  # fmt: skip


def doses(results: Results) -> Markdown:
    """The dose of every arm, and how many patients had it."""
    return table_of(_mine(results, tables.ARMS), "Doses in every trial", {
        "Trial": lambda row: results.trial_names[row["trial"]],
        "Treatment": lambda row: results.labels[row["treatment"]], "Dose": of_arm(results, "dose"),
        "Randomised": of_arm(results, "n_randomised"), "Treated": of_arm(results, "n_treated"),
    })  # fmt: skip


def signals(results: Results) -> Markdown:
    """Signals from spontaneous reports, where the review keeps any."""
    rows = results.rows(tables.SAFETY_SIGNALS)
    listed = table_of(rows, "Signals from spontaneous reports", {
        "Drug": "drug", "Event": "event", "Measure": "measure",
        "Value": lambda row: f"{row['value']:g}",
        "95 % interval": lambda row: dash(None) if row["lower"] is None
        else f"{row['lower']:g} to {row['upper']:g}",
        "Source": lambda row: source_link(row) + (md("; {}", row["note"]) if row["note"] else ""),
    })  # fmt: skip
    none = "This review keeps no such signals."
    return folded(f"{len(rows)} signals", listed) if rows else escape(none)


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
            optional_exhibit(results, f"{name}-network"),
            optional_exhibit(results, f"{name}-forest"),
            _counts(results, name), _effects(results, name),
        )
    ) or escape("No analysis of counts is named in the configuration.")  # fmt: skip


def _counts(results: Results, name: str) -> Markdown:
    """What the models are fitted to; a count that follows from a percentage is marked."""

    def counted(row: Row) -> str:
        rounded = f" (rounding allows {row['fewest']} to {row['most']})"
        return f"{row['r']}" + ("" if row["fewest"] == row["most"] else rounded)

    frame = tables.NETWORK_DATA.read(results.root / "networks" / name / "data.csv")
    return blocks([table_of(records(frame), "What was counted", {
        "Trial": lambda row: results.trial_names[row["study"]],
        "Treatment": lambda row: results.labels[row["treatment"]], "Patients with it": counted,
        "Patients": lambda row: f"{row['n']}",
        "Share": lambda row: f"{100 * row['r'] / row['n']:.1f} %",
    }), bullets(f"{results.trial_names[row['trial']]}: {row['locator']}."
                for row in results.studied(name))])  # fmt: skip


def _effects(results: Results, name: str) -> Markdown:
    """Effects by every model against the references, each on the natural scale of its link."""
    asked = results.counted[name]
    rows = [row for fit in results.converged(name) for row in scaled(fit, fit.scale)
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


def _mine(results: Results, of: tables.Table) -> list[Row]:
    """Rows of the trials of the analyses, in the order of the trials and, in one, of its arms."""
    return [row for trial in trials_of(results) for row in results.rows(of, trial)]


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
