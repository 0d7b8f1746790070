"""The content of the pages: each function takes results and returns Markdown."""

from evinet.report.pages.assumptions import assumptions
from evinet.report.pages.beyond import beyond
from evinet.report.pages.certainty import certainty
from evinet.report.pages.changes import changes
from evinet.report.pages.conduct import conduct, prisma
from evinet.report.pages.methods import methods
from evinet.report.pages.models import models
from evinet.report.pages.others import published_networks
from evinet.report.pages.outcomes import outcomes
from evinet.report.pages.provenance import provenance
from evinet.report.pages.reconstruction import reconstruction
from evinet.report.pages.reproducibility import reproducibility
from evinet.report.pages.reviewers import feasibility, risk_of_bias
from evinet.report.pages.robustness import robustness
from evinet.report.pages.sensitivity import sensitivity
from evinet.report.pages.summary import summary
from evinet.report.pages.survival import survival
from evinet.report.pages.trial import trial
from evinet.report.pages.trials import trials
from evinet.report.pages.watch import watch

__all__ = [
    "assumptions",
    "beyond",
    "certainty",
    "changes",
    "conduct",
    "feasibility",
    "methods",
    "models",
    "outcomes",
    "prisma",
    "provenance", "published_networks",
    "reconstruction",
    "reproducibility",
    "risk_of_bias",
    "robustness",
    "sensitivity",
    "summary",
    "survival",
    "trial",
    "trials",
    "watch",
]  # fmt: skip
