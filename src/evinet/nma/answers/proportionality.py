"""Whether hazards are proportional: tests, ratios by period, and a model without the assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet import tables
from evinet.errors import InputError, Problem
from evinet.nma.answers.fit_measures import leave_one_out
from evinet.nma.data.patients import Patients, Records
from evinet.nma.distribution import COLUMNS, QUANTILES

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

PERIODS = 4
DRAWS = 4000


def testable(patients: Patients) -> None:
    """Refuse late entry and interval censoring, which the test's risk sets do not allow for.

    Raises
    ------
    InputError
        There are such patients.
    """
    what = ["patients who came under observation late (column entry)"] * patients.late
    if patients.intervals:
        what.append(f"events within intervals ({', '.join(patients.intervals)})")
    if what:
        raise InputError(
            Problem("(options)", "check_proportional", "", f"does not allow for "
                    f"{' or '.join(what)}",
                    "Leave it out; fit --baseline mspline with --shapes study and with --shapes "
                    "arm, and compare LOO in their fit.json")
        )  # fmt: skip


def schoenfeld_tests(patients: Patients) -> pd.DataFrame:
    """Grambsch & Therneau's test (1994, Biometrika 81:515) in every study, by lifelines.

    The Schoenfeld residuals of each arm against the study's baseline arm are tested for a trend
    over the Kaplan-Meier estimate. Columns study, treatment, comparator, draw (the number of the
    reconstruction, from 1), statistic, p.

    Raises
    ------
    InputError
        Patients came under observation late, or have an event within an interval.
    """
    testable(patients)
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
    arms = patients.arms_of(study)
    mine = np.isin(records.arm, arms)
    frame = pd.DataFrame({"time": records.time[mine], "event": records.event[mine]})
    for number in arms[1:]:
        frame[f"arm {number}"] = (records.arm[mine] == number).astype(float)
    found = _trends(frame)
    return [
        {
            "treatment": patients.arms[number][1],
            "comparator": patients.arms[arms[0]][1],
            "statistic": float(found.loc[f"arm {number}", "test_statistic"]),
            "p": float(found.loc[f"arm {number}", "p"]),
        }
        for number in arms[1:]
    ]


def _trends(frame: pd.DataFrame) -> Any:
    """Grambsch and Therneau's test of every column but time and event."""
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    cox = CoxPHFitter().fit(frame, "time", "event")
    return proportional_hazard_test(cox, frame, time_transform="km").summary


def tests(ipd: pd.DataFrame, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Table PROPORTIONALITY: the test in each pair of arms, over the reconstructions of `ipd`.

    The P value is the median over the reconstructions, with the smallest and the largest; none
    where an arm has no event.
    """
    rows = []
    for arm, comparator in pairs:
        found = [
            float(_trends(frame).loc["arm", "p"])
            for each in _reconstructions(ipd)
            if (frame := _compared(each, arm, comparator)) is not None
        ]
        row: dict[str, object] = {"arm": arm, "comparator": comparator, "draws": len(found)}
        if found:
            row |= {"p": np.median(found), "p_lowest": min(found), "p_highest": max(found)}
        rows.append(row)
    return tables.PROPORTIONALITY.frame(rows)


def _compared(patients: pd.DataFrame, arm: str, comparator: str) -> pd.DataFrame | None:
    mine = patients[patients["arm"].isin([arm, comparator])]
    if (mine.groupby("arm")["event"].sum() == 0).any():
        return None
    return pd.DataFrame({"time": mine["time"], "event": mine["event"],
                         "arm": (mine["arm"] == arm).astype(float)})  # fmt: skip


def _reconstructions(ipd: pd.DataFrame) -> list[pd.DataFrame]:
    """The draws of table IPD that stand for what is not known: all but the best, if there are."""
    numbers = sorted(set(ipd["draw"]) - {0}) or [0]
    return [ipd[ipd["draw"] == number] for number in numbers]


def periods(
    ipd: pd.DataFrame, pairs: list[tuple[str, str]], rng: np.random.Generator
) -> pd.DataFrame:
    """Table HAZARD_PERIODS: the ratio of the event rates of two arms in periods of follow-up.

    Periods hold about equally many events of draw 0. The rate of an arm has Jeffreys' posterior,
    gamma(events + 1/2) / patient-months, so that a period without an event counts too; draws of all
    reconstructions stand for what was not published.
    """
    rows = []
    for arm, comparator in pairs:
        mine = ipd[ipd["arm"].isin([arm, comparator])]
        edges, drawn = _edges(mine), _reconstructions(mine)
        found = {name: [_events(each[each["arm"] == name], edges) for each in drawn]
                 for name in (arm, comparator)}  # fmt: skip
        share = -(-DRAWS // len(found[arm]))
        rates = {
            name: np.concatenate([
                rng.standard_gamma(events + 0.5, (share, len(events))) / months
                for events, months in each
            ])
            for name, each in found.items()
        }  # fmt: skip
        bands = np.quantile(np.log(rates[arm] / rates[comparator]), QUANTILES, axis=0)
        counts = [np.mean([events for events, _ in found[name]], axis=0)
                  for name in (arm, comparator)]  # fmt: skip
        rows += [
            {
                "arm": arm, "comparator": comparator,
                "start": edges[number], "end": edges[number + 1],
                "events": counts[0][number], "events_comparator": counts[1][number],
                **dict(zip(COLUMNS, band, strict=True)),
            }
            for number, band in enumerate(bands.T)
        ]  # fmt: skip
    return tables.HAZARD_PERIODS.frame(rows)


def _edges(ipd: pd.DataFrame) -> np.ndarray:
    """Ends of periods; the last ends where an arm has nobody left under observation."""
    end = min(float(each["time"].max()) for _, each in ipd.groupby(["draw", "arm"]))
    times = ipd.loc[(ipd["draw"] == 0) & (ipd["event"] == 1) & (ipd["time"] < end), "time"]
    inner = np.quantile(times, np.linspace(0, 1, PERIODS + 1)[1:-1]) if len(times) else []
    return np.unique(np.concatenate([[0.0], inner, [end]]))


def _events(patients: pd.DataFrame, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Events and patient-months in each period."""
    time, event = patients["time"].to_numpy(float), patients["event"].to_numpy(int) == 1
    exposure = np.diff(np.minimum(time[:, None], edges[None, :]), axis=1).sum(axis=0)
    return np.histogram(time[event], bins=edges)[0], exposure


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
        for part in fit.parts if part.treatment
    ]  # fmt: skip
