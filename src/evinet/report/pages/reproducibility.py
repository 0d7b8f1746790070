"""What it takes to get the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evinet.report.markdown import Markdown, code, md
from evinet.report.pages.columns import table_of
from evinet.report.results import Results


def run(results: Results) -> Markdown:
    """Which run this is: the seed, the cut-off, the fingerprint of inputs and results."""
    return _pairs(results, {
        "Evidence collected to": results.config.review.data_cutoff,
        "Seed of all random numbers": str(results.config.seed),
        "Fingerprint of this run": code(results.fingerprint or "not known"),
        "Made on": results.manifest["platform"] if results.manifest else "not known",
    }, "This run", "Item", "This run")  # fmt: skip


def versions(results: Results) -> Markdown:
    """Versions of the packages that made the results."""
    if results.manifest is None:
        return md("These results have no manifest yet. `evinet manifest` writes one.")
    found = {"python": results.manifest["python"], **results.manifest["versions"]}
    return _pairs(results, found, "Versions", "Package", "Version")


def _pairs(
    results: Results, found: Mapping[Any, object], label: str, key: str, value: str
) -> Markdown:
    """A table of two columns."""
    return table_of(results, found.items(), label,
                    {key: lambda each: each[0], value: lambda each: each[1]})  # fmt: skip
