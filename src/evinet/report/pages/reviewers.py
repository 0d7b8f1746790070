"""What reviewers judge: whether trials can be compared, risk of bias, certainty.

The program judges nothing. What nobody has judged is shown as awaiting the reviewers.
"""

from __future__ import annotations

from evinet import tables
from evinet.conduct import Modifier
from evinet.report.markdown import Markdown, escape, faint, md, table
from evinet.report.numbers import NBSP, outcome_name
from evinet.report.pages.beyond import trials_of
from evinet.report.pages.common import unknown, with_source
from evinet.report.results import Results
from evinet.report.rows import records

AWAITING = faint("awaiting the reviewers")
DOMAINS = ("randomisation", "deviations", "missing-data", "measurement", "selection", "overall")


def feasibility(results: Results) -> Markdown:
    """What each trial says of every possible effect modifier, and the reviewers' judgement."""
    modifiers = results.config.conduct.modifiers
    if not modifiers:
        return md("The reviewers have named no possible effect modifiers (`conduct.modifiers`).")
    trials = trials_of(results)
    fields = ["May change effects"]
    fields += [results.trial_names[trial] for trial in trials]
    fields.append("Judgement")
    rows = [
        [md('**{}**: {}', each.label, each.why),
         *(_said(results, trial, each) for trial in trials), _judged(each)]
        for each in modifiers
    ]  # fmt: skip
    return table(fields, rows, "Feasibility: possible effect modifiers")


def _said(results: Results, trial: str, modifier: Modifier) -> Markdown:
    frame = results.evidence(tables.POPULATIONS)
    mine = [
        row
        for row in records(frame[frame["trial"] == trial])
        if row["characteristic"] in modifier.characteristics
    ]
    whole = [row for row in mine if row["arm"] is None] or mine
    parts = []
    for row in whole:
        share = f"{row['percent']:g}{NBSP}%" if row["percent"] is not None else None
        said = row["value"] or share or row["n"]
        if said is None:
            continue
        what = row["category"] or ""
        if len(modifier.characteristics) > 1:
            what = " ".join([row["characteristic"].replace("-", " "), what]).strip()
        category = f"{what}: " if what else ""
        arm = f" ({row['arm']})" if row["arm"] is not None else ""
        parts.append(with_source(escape(f"{category}{said}{arm}"), row))
    return md("; ").join(parts) or unknown(None)


def _judged(modifier: Modifier) -> Markdown:
    if modifier.judgement is None:
        return AWAITING
    who = md(" ({})", modifier.reviewer) if modifier.reviewer else ""
    return escape(modifier.judgement) + who


def risk_of_bias(results: Results, trial: str | None = None) -> Markdown:
    """RoB 2: a row for each trial and outcome in use, a column for each domain."""
    entered = {
        (row["trial"], row["outcome"], row["domain"]): row
        for row in results.rows(tables.RISK_OF_BIAS)
    }
    rows = []
    for name, outcome in judged_results(results):
        if trial not in (None, name):
            continue
        cells = [
            AWAITING
            if (row := entered.get((name, outcome, domain))) is None
            else md("{} ({})", row["judgement"], row["reviewer"])
            for domain in DOMAINS
        ]
        rows.append([results.trial_names[name], outcome_name(outcome), *cells])
    if not rows:
        return escape("No judgement is asked for: no analysis uses the trial.")
    fields = ["Trial", "Outcome"]
    fields += [domain.replace("-", " ").capitalize() for domain in DOMAINS]
    return table(fields, rows, "Risk of bias by trial and outcome")


def judged_results(results: Results) -> list[tuple[str, str]]:
    """Trial and outcome of every contrast in use: each needs a judgement."""
    found = [
        (row["trial"], row["outcome"])
        for name in results.config.analyses
        for row in results.studied(name)
    ]
    return list(dict.fromkeys(found))
