"""What reviewers judge: whether trials can be compared, risk of bias, certainty.

The program judges nothing. What nobody has judged is shown as awaiting the reviewers.
"""

from __future__ import annotations

from functools import partial

from evinet import tables
from evinet.report.markdown import Markdown, blocks, escape, md
from evinet.report.numbers import listing, outcome_name
from evinet.report.pages.columns import Row, slug_words, table_of
from evinet.report.pages.common import AWAITING, awaited
from evinet.report.results import Results
from evinet.report.rows import grouped

DOMAINS = ("randomisation", "deviations", "missing-data", "measurement", "selection", "overall")


def risk_of_bias(results: Results, trial: str | None = None) -> Markdown:
    """RoB 2: a row for each trial and outcome in use that somebody judged; the others by name."""
    entered = {
        (row["trial"], row["outcome"], row["domain"]): row
        for row in results.rows(tables.RISK_OF_BIAS)
    }
    asked = [{"trial": name, "outcome": outcome} for name, outcome in judged_results(results)
             if trial in (None, name)]  # fmt: skip
    if not asked:
        return escape(
            "Judgements are asked for of the trials of the main analyses. This is none of them."
        )
    begun = {key[:2] for key in entered}
    silent = grouped((row for row in asked if tuple(row.values()) not in begun), "trial")
    names = [
        f"{results.trial_names[name]} ({listing([outcome_name(row['outcome']) for row in found])})"
        for (name,), found in silent.items()
    ]

    def judged(domain: str, row: Row) -> Markdown:
        found = entered.get((row["trial"], row["outcome"], domain))
        return md("{} ({})", found["judgement"], found["reviewer"]) if found else AWAITING

    return blocks([
        table_of(results, (row for row in asked if tuple(row.values()) in begun),
                 "Risk of bias by trial and outcome", "Trial, Outcome",
                 {slug_words(domain): partial(judged, domain) for domain in DOMAINS}),
        awaited(listing(names)),
    ])  # fmt: skip


def judged_results(results: Results) -> list[tuple[str, str]]:
    """Trial and outcome of every contrast in use: each needs a judgement."""
    found = [
        (row["trial"], row["outcome"])
        for name in results.config.analyses
        for row in results.studied(name)
    ]
    return list(dict.fromkeys(found))
