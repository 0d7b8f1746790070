"""What reviewers judge: whether trials can be compared, risk of bias, certainty.

The program judges nothing. What nobody has judged is shown as awaiting the reviewers.
"""

from __future__ import annotations

from evinet import tables
from evinet.report.markdown import Markdown, escape, md, table
from evinet.report.numbers import outcome_name
from evinet.report.pages.common import AWAITING
from evinet.report.results import Results

DOMAINS = ("randomisation", "deviations", "missing-data", "measurement", "selection", "overall")


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
