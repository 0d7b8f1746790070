"""Treatment after the trial's own, such as crossover: what overall survival is confounded by."""

from __future__ import annotations

from evinet import tables
from evinet.report.markdown import Markdown, blocks, bullets, callout, escape, link, md
from evinet.report.numbers import NBSP, outcome_name, percent
from evinet.report.pages.columns import Row, table_of, unknown
from evinet.report.results import Results
from evinet.report.rows import grouped

AFTER = ("os",)
"""Outcomes that go on after the trial's own treatment."""


def confounded(results: Results, analysis: str) -> bool:
    """Whether the outcome of an analysis counts what happens after the trial's own treatment."""
    return results.config.analyses[analysis].outcome in AFTER


def shown(row: Row) -> Markdown:
    """How many: ``36 of 75 (48 %)``; that it is not known where it is not."""
    n, total, share = row["n"], row["total"], row["percent"]
    if n is None:
        return unknown(None) if share is None else escape(f"{share}{NBSP}%")
    if total is not None:
        return escape(f"{n} of {total} ({percent(n / total)})")
    return escape(f"{n} patients" if share is None else f"{n} ({share}{NBSP}%)")


def arm_text(results: Results, trial: str, arm: str) -> Markdown:
    """The later treatment of an arm in a cell of a table."""
    rows = [row for row in results.rows(tables.LATER_TREATMENT, trial) if row["arm"] == arm]
    if not any(row["n"] is not None or row["percent"] is not None for row in rows):
        return unknown(None)
    return md("; ").join(md("{} {}", shown(row), row["therapy"]) for row in rows)


def of_study(results: Results, study: Row) -> list[Markdown]:
    """The later treatment of both arms of a row of table `network-studies`."""
    return [
        md("{}: {}", results.labels[study[side]], arm_text(results, study["trial"], study[arm]))
        for side, arm in (("treatment", "arm"), ("comparator", "comparator_arm"))
    ]


def caution(results: Results, analysis: str) -> Markdown:
    """A box beside the estimates of an outcome that later treatment confounds; else nothing."""
    if not confounded(results, analysis):
        return md("")
    aside = {row["trial"]: " (gives no hazard ratio here)" for row in results.excluded(analysis)}
    role = {row["trial"]: "" for row in results.studied(analysis)}
    used, role = set(role), role | {name: said for name, said in aside.items() if name not in role}
    told = [
        (trial, f"{results.trial_names[trial]}{said}, {results.labels[arm['treatment']]}",
         arm_text(results, trial, arm["arm"]))
        for trial, said in role.items() for arm in results.rows(tables.ARMS, trial)
    ]  # fmt: skip
    items = [md("{}: {}", who, text) for _, who, text in told if text != unknown(None)]
    silent = [who for trial, who, text in told if trial in used and text == unknown(None)]
    if silent:
        items.append(md("Not known: {}", "; ".join(silent)))
    return callout(
        "caution",
        "Many patients later had another treatment",
        blocks([
            "Survival is counted on after a trial's own treatment has ended. Patients who then get "
            "the treatment of the other arm pull the hazard ratio towards 1. What was given later "
            "is part of these estimates. How many patients had it:",
            bullets(dict.fromkeys(items)),
            "No estimate of "
            f"{outcome_name(results.config.analyses[analysis].outcome)} here was adjusted for it.",
        ]),
    )  # fmt: skip


def caution_line(results: Results, analysis: str) -> Markdown:
    """A sentence for pages that show such estimates again, with a link to the whole; or nothing."""
    if not confounded(results, analysis):
        return md("")
    return md(
        "Many patients had another treatment after that of their trial ({}). No estimate here is "
        "adjusted for it.",
        link("how many", f"outcomes.qmd#{analysis}"),
    )


def later_treatment(results: Results, trial: str) -> Markdown:
    """What is known of treatment after the trial's own, arm by arm."""
    silent = {"n": None, "total": None, "percent": None, "therapy": "", "note": "", "source": None}
    by_arm = grouped(results.rows(tables.LATER_TREATMENT, trial), "arm")
    rows = [{**row, "name": name} for arm, name in results.arm_names(trial).items()
            for row in by_arm.get((arm,), [silent])]  # fmt: skip
    return table_of(results, rows, "Treatment after the trial's own", {
        "Arm": "name", "Patients": shown, "Later treatment": "therapy", "Note": "note",
    }, "Source")  # fmt: skip
