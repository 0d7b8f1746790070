"""The exhibits of the pages: each function takes results and returns Markdown for a document."""

from evinet.report.pages import (
    assumptions,
    beside,
    beyond,
    certainty,
    changes,
    conduct,
    economic,
    evidence,
    for_whom,
    methods,
    models,
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
    "assumptions", "beside", "beyond", "certainty", "changes", "conduct", "economic",
    "evidence", "for_whom", "methods", "models", "outcomes", "provenance", "reconstruction",
    "reproducibility", "reviewers", "robustness", "sensitivity", "summary", "survival", "trial",
    "trials", "watch",
]  # fmt: skip
