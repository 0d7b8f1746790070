"""Data for the interactive comparison: choose a model and a reference, see the estimates."""

from __future__ import annotations

import json
from typing import Any

from evinet.report.effects import interval
from evinet.report.markdown import Markdown, html
from evinet.report.numbers import chance, estimate, limits
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def explorer(results: Results, analysis: str) -> Markdown:
    """A box that the script of the page fills; without scripts it stays away.

    Numbers come with their text, so that what is shown is rounded in one place only.
    """
    nodes = results.nodes(analysis)
    content = {
        "name": analysis,
        "title": results.config.analyses[analysis].title,
        "treatments": [[name, results.labels[name]] for name in nodes["treatment"]],
        "references": results.config.analyses[analysis].references,
        "models": [_model(fit) for fit in results.fits(analysis)],
    }
    data = json.dumps(content, sort_keys=True).replace("<", "\\u003c")
    return html(
        f'<div class="explorer" hidden><script type="application/json">{data}</script></div>'
    )


def _model(fit: Fit) -> dict[str, Any]:
    return {
        "label": fit.model.label,
        "bridge": fit.model.bridge,
        "rows": {
            f"{row['treatment']}/{row['comparator']}": _row(row) for row in records(fit.league)
        },
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    shown = interval(row)
    return {
        "at": [round(row[name], 6) for name in ("q50", "q2.5", "q97.5")],
        "ratio": estimate(shown),
        "limits": limits(shown),
        "better": chance(row["p_better"]),
        "bridged": bool(row["bridged"]),
    }
