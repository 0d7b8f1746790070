"""The exhibits of the pages: each function takes results and returns Markdown for a document."""

from evinet.report.pages import (
    assumptions,
    beyond,
    certainty,
    changes,
    conduct,
    economic,
    events,
    for_whom,
    methods,
    models,
    others,
    outcomes,
    provenance,
    reconstruction,
    reproducibility,
    reviewers,
    robustness,
    sensitivity,
    summary,
    survival,
    trial,
    trials,
    watch,
)

__all__ = [
    "assumptions", "beyond", "certainty", "changes", "conduct", "economic", "events", "for_whom",
    "methods",
    "models", "others",
    "outcomes", "provenance", "reconstruction", "reproducibility", "reviewers", "robustness",
    "sensitivity", "summary", "survival", "trial", "trials", "watch",
]  # fmt: skip
