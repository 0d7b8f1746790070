"""Whether hazards are proportional: a test of each study, and a model without the assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evinet.nma.answers.fit_measures import leave_one_out, parts
from evinet.nma.data.patients import Patients, Records

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


def schoenfeld_tests(patients: Patients) -> pd.DataFrame:
    """Grambsch & Therneau's test (1994, Biometrika 81:515) in every study, by lifelines.

    The Schoenfeld residuals of each arm against the study's baseline arm are tested for a trend
    over the Kaplan-Meier estimate. Columns study, treatment, comparator, draw (the number of the
    reconstruction, from 1), statistic, p.
    """
    rows = [
        {"study": study, **row, "draw": draw}
        for draw, records in enumerate(patients.draws, start=1)
        for study in patients.studies
        if study not in patients.single
        for row in _study_tests(patients, records, study)
    ]
    return pd.DataFrame(
        rows, columns=["study", "treatment", "comparator", "draw", "statistic", "p"]
    )


def _study_tests(patients: Patients, records: Records, study: str) -> list[dict[str, object]]:
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    arms = patients.arms_of(study)
    mine = np.isin(records.arm, arms)
    frame = pd.DataFrame({"time": records.time[mine], "event": records.event[mine]})
    for number in arms[1:]:
        frame[f"arm {number}"] = (records.arm[mine] == number).astype(float)
    cox = CoxPHFitter().fit(frame, "time", "event")
    found = proportional_hazard_test(cox, frame, time_transform="km").summary
    return [
        {
            "treatment": patients.arms[number][1],
            "comparator": patients.arms[arms[0]][1],
            "statistic": float(found.loc[f"arm {number}", "test_statistic"]),
            "p": float(found.loc[f"arm {number}", "p"]),
        }
        for number in arms[1:]
    ]


def compare(proportional: Fit, other: Fit) -> pd.DataFrame:
    """Leave-one-out of two models of the same patients, by study and in all.

    Columns study ("all" in the last row), elpd_proportional, elpd_other, difference (other less
    proportional) and se of the difference; differences within about two of it tell nothing
    (Vehtari et al. 2017, Stat Comput 27:1413). By the first reconstruction.
    """
    first, second = _elpd(proportional), _elpd(other)
    rows = []
    for study in [*dict.fromkeys(part[0] for part in first), "all"]:
        parts = first if study == "all" else [part for part in first if part[0] == study]
        others = second if study == "all" else [part for part in second if part[0] == study]
        ours, theirs = (np.concatenate([elpd for _, elpd, _ in each]) for each in (parts, others))
        counts = np.concatenate([counts for _, _, counts in parts])
        gain, size = theirs - ours, counts.sum()
        total = float(counts @ gain)
        spread = float(counts @ (gain - total / size) ** 2) / (size - 1)
        rows.append({
            "study": study,
            "elpd_proportional": float(counts @ ours), "elpd_other": float(counts @ theirs),
            "difference": total, "se": float(np.sqrt(size * spread)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _elpd(fit: Fit) -> list[tuple[str, np.ndarray, np.ndarray]]:
    return [
        (part.study, leave_one_out(part.log_likelihood).elpd, part.counts)
        for part in parts(fit) if part.treatment
    ]  # fmt: skip
