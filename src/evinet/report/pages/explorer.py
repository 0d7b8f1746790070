"""Data for the interactive comparison: the one exhibit that is HTML."""

from __future__ import annotations

import json

from evinet.report.effects import interval
from evinet.report.markdown import Markdown, html
from evinet.report.numbers import chance, estimate, limits
from evinet.report.pages.columns import Row
from evinet.report.results import Results
from evinet.report.rows import records


def explorer(results: Results, analysis: str) -> Markdown:
    """A box in which the script of the page compares by any model; without scripts it stays away.

    Numbers come with their text, so that what is shown is rounded in one place only.
    """

    def shown(row: Row) -> Row:
        found = interval(row)
        return {
            "at": [round(row[name], 6) for name in ("q50", "q2.5", "q97.5")],
            "ratio": estimate(found), "limits": limits(found), "better": chance(row["p_better"]),
            "bridged": bool(row["bridged"]),
        }  # fmt: skip

    content = {
        "name": analysis,
        "title": results.config.analyses[analysis].title,
        "treatments": [
            [name, results.labels[name]] for name in results.nodes(analysis)["treatment"]
        ],
        "references": results.config.analyses[analysis].references,
        "models": [
            {"label": fit.model.label, "bridge": fit.model.bridge,
             "rows": {f"{row['treatment']}/{row['comparator']}": shown(row)
                      for row in records(fit.league)}}
            for fit in results.fits(analysis)
        ],
    }  # fmt: skip
    data = json.dumps(content, sort_keys=True).replace("<", "\\u003c")
    return html(
        f'<div class="explorer" hidden><script type="application/json">{data}</script></div>'
    )
