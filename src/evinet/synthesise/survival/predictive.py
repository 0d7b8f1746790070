"""Would the model have produced the events of every arm, early and late?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evinet.synthesise.answers import checked
from evinet.synthesise.survival.fit import Fit
from evinet.synthesise.survival.statistics import events_and_exposure

PERIODS = 4  # of a study's follow-up, with about as many events each


def predictive(fit: Fit, rng: np.random.Generator) -> pd.DataFrame:
    """Events of every arm in each quarter of its study's events, against replicated ones.

    Replicated events of a period are Poisson, their mean the cumulative hazard that the period's
    patients spent in it: the compensator of the counting process (Andersen et al. 1993, Statistical
    Models Based on Counting Processes, section II.4). Low p late or early says that the hazards'
    shapes are wrong. Columns study, treatment, start, end (months or the file's unit), observed,
    q2.5, q97.5, p (two-sided mid-p). Over reconstructions `observed` is the mean, and their
    replicates are pooled, each less its own number of events.
    """
    patients = fit.network.baseline.patients
    rows = []
    for number, (study, treatment) in enumerate(patients.arms):
        time, event = patients.best.of(*patients.arms_of(study))
        inner = np.quantile(time[event == 1], np.arange(1, PERIODS) / PERIODS)
        edges = np.unique(np.concatenate([[0.0], inner, [patients.upper(study)]]))
        observed, excess = [], []
        for samples, records in zip(fit.reconstructed, patients.draws, strict=True):
            time, event = records.of(number)
            effect = samples["theta"].to_numpy()[:, number]
            spent = np.minimum(time[:, None], edges)
            at, place = np.unique(spent, return_inverse=True)
            cumulative = fit.network.baseline.hazards(samples, study, treatment, effect, at)[1]
            counts = np.zeros((len(at), len(edges)))
            np.add.at(counts, (place.reshape(spent.shape), np.arange(len(edges))), 1)
            expected = np.diff(cumulative @ counts, axis=1)
            observed.append(events_and_exposure(time, event, edges[1:-1])[0])
            excess.append(rng.poisson(np.maximum(expected, 0.0)) - observed[-1])
        mean = np.mean(observed, axis=0)
        for period, draws in enumerate(np.concatenate(excess).T):
            rows.append({
                "study": study, "treatment": treatment,
                "start": edges[period], "end": edges[period + 1], "observed": mean[period],
                **checked("", draws + mean[period], mean[period]),
            })  # fmt: skip
    return pd.DataFrame(rows)
