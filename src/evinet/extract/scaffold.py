"""The folder of a new trial, with comments that say what each field wants."""

from __future__ import annotations

from pathlib import Path

from evinet import files
from evinet.document import is_slug
from evinet.errors import InputError, Problem

TEMPLATE = """\
# yaml-language-server: $schema=../../trial.schema.json
# A new trial. Fill in what the source prints, leave out what it does not: absent means not known.
# Never enter a guess. Check with `evinet check {folder}`; docs/evidence.md explains everything.
# `source` and `locator` hold for all that is below them, until a block says otherwise.
trial: {slug}
name: {name} # as published
status: reported # or: ongoing, non-comparative
source: null # FILL IN: a key of data/raw/sources.yaml (add the publication there first)
locator: abstract # where in the source: page, table, figure

# registration: NCT00000000
# doi: 10.1000/example
# year: 2024
# phase: "3"
# design: double-blind, randomised 1:1, blinded central review
# stratification: {{factors: [grade, origin]}}
# enrolment: {{start: 2020-01-22, end: 2022-10}}

# One entry an arm, by a slug of your choice. `treatment` is a key of data/raw/treatments.yaml;
# another dose or another backbone is another treatment: add it there if it is new.
arms: {{}} # FILL IN, in place of the braces:
#   new-drug:
#     treatment: everolimus
#     description: everolimus plus best supportive care
#     dose: 10 mg a day
#     n_randomised: 205
#     n_treated: 202
#   placebo:
#     treatment: placebo
#     n_randomised: 97

# One entry a report of the trial: primary, final, interim, label, ...
reports:
  primary:
    title: Primary analysis
    # data_cutoff: 2023-07-20
    # follow_up: {{value: 23.2, lower: 16.4, upper: 28.8, interval: iqr}} # months

# Time-to-event outcomes: pfs, os, ttp. Times in months, survival as a proportion.
# Print NE for a limit that is not estimable, NR for a median that is not reached.
results: []
#   - outcome: pfs
#     report: primary
#     assessor: bicr # or investigator; leave out if not stated
#     locator: Figure 2A
#     arms:
#       new-drug:
#         events: 55
#         median: {{value: 22.8, lower: 19.4, upper: NE}}
#         landmarks: [{{time: 12, value: 0.652, lower: 0.50, upper: 0.768}}]
#       placebo:
#         events: 46
#         median: {{value: 8.5, lower: 7.7, upper: 13.8}}
#     contrasts:
#       # Below 1 favours `arm`. Limits of another level: add `level: 0.90`.
#       - {{arm: new-drug, comparator: placebo, measure: hr, value: 0.276, lower: 0.182,
#          upper: 0.418, p: "<0.0001", stratified: true}}

# Where sources disagree, the value that is not used stays beside the one that is:
#   events:
#     value: 27
#     rejected: [{{value: 23, source: other-key, locator: abstract, reason: older}}]

# Treatment after the trial's own, such as crossover, confounds overall survival; n: null where it
# was looked for and not found:
#   later_treatment: [{{arm: placebo, therapy: crossover to the other arm, n: 38, total: 43}}]

# Also: responses, subgroups, adverse_events, population, other_evidence, risk_of_bias; see the
# other trials. A risk-of-bias judgement needs the name of the person who made it, and a reason.
# Numbers at risk: at-risk/<outcome>.csv with the columns report,arm,time,n,source,locator.
# Digitised curves: curves/<outcome>.csv with the columns report,arm,time,survival,source,locator.
"""


def scaffold(data: Path, slug: str) -> Path:
    """Write `data/trials/<slug>/trial.yaml` from the template.

    Raises
    ------
    InputError
        The slug is not one, or the trial is there already.
    """
    folder = data / "trials" / slug
    path = folder / "trial.yaml"
    if not is_slug(slug):
        remedy = "Use lower-case letters, digits and single hyphens, such as radiant-4"
        raise InputError(Problem(str(folder), "slug", slug, "is not a slug", remedy))
    if path.exists():
        message = "the trial is there already"
        raise InputError(Problem(str(path), "slug", slug, message, "Choose another slug"))
    files.write_text(path, TEMPLATE.format(slug=slug, name=slug.upper(), folder=folder))
    return path
