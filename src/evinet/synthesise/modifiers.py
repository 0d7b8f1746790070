"""What published subgroups, and trials with other patients, tell about effect modifiers."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evinet import files, tables
from evinet.config import Analysis, Config, Modifier
from evinet.nma import priors
from evinet.nma.distribution import Distribution
from evinet.nma.population.modifiers import INFORMATION, Modification, regress

Row = dict[str, Any]
EMPTY = ("mean", "sd", "q2.5", "q50", "q97.5")
Z = {0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}


def write(config: Config, analysis: str, studies: Path, evidence: Path, out: Path) -> list[str]:
    """Write `tables.MODIFIED` of an analysis; returns a line a modifier.

    Raises
    ------
    InputError
        A table cannot be read.
    """
    asked = config.analyses[analysis]
    network = tables.NETWORK_STUDIES.read(studies)
    subgroups = tables.SUBGROUPS.read(evidence / "subgroups.csv")
    populations = tables.POPULATIONS.read(evidence / "populations.csv")
    rows: dict[str, list[Row]] = {table.name: [] for table in tables.MODIFIED}
    lines = []
    for name in asked.modifiers:
        modifier = config.modifiers[name]
        each = [
            _trial(modifier, asked, study, subgroups, populations)
            for study in network.to_dict("records")
        ]
        rows["modifier-trials"] += [{"modifier": name, **row} for row, _ in each]
        data = [row for _, own in each for row in own]
        found = None
        if data:
            found = regress(
                pd.DataFrame(data),
                tau=priors.parse(f"half-normal({config.heterogeneity.scale!r})"),
                references=asked.references, effects_sd=config.effect_prior_sd,
                slopes_sd=config.effect_prior_sd,
            )  # fmt: skip
        for treatment, comparator in _pairs(network):
            pair = {"modifier": name, "treatment": treatment, "comparator": comparator}
            rows["modifiers"] += [pair | row for row in _slopes(found, treatment, comparator)]
            rows["modifier-levels"] += [
                pair | row for row in _levels(found, modifier, treatment, comparator)
            ]
        told = sum(len(own) > 1 for _, own in each)
        lines.append(f"{analysis}/{name}: subgroups of {told} trials, {len(data)} rows")
    with files.together():
        for table in tables.MODIFIED:
            table.write(out / f"{table.name}.csv", table.frame(rows[table.name]))
    return lines


def _pairs(network: pd.DataFrame) -> list[tuple[str, str]]:
    """Every pair of an island, in the direction of the trials where they compare it."""
    direct = list(dict.fromkeys(zip(network["treatment"], network["comparator"], strict=True)))
    found = [pair for pair in direct if pair[::-1] not in direct[: direct.index(pair)]]
    for _, own in network.groupby("component", sort=True):
        names = sorted(set(own["treatment"]) | set(own["comparator"]))
        for pair in combinations(names, 2):
            if pair not in found and pair[::-1] not in found:
                found.append(pair)
    return found


def _trial(
    modifier: Modifier, asked: Analysis, study: Any, subgroups: pd.DataFrame,
    populations: pd.DataFrame,
) -> tuple[Row, list[Row]]:  # fmt: skip
    """A trial's row of `modifier-trials`, and its rows of data.

    Its subgroups, where at least two of different values have an interval; else its whole result,
    where the mean of the covariate is known.
    """
    pair = {name: study[name] for name in ("study", "treatment", "comparator")}
    own, unused = _subgroups(modifier, study, subgroups)
    mean, place = _population(modifier, study["study"], populations)
    of = "population" if mean is not None else None
    informative = len({row["x"] for row in own}) > 1
    if mean is None and informative and all(row["n"] is not None for row in own):
        total = sum(row["n"] for row in own)
        mean, of = sum(row["x"] * row["n"] for row in own) / total, "subgroups"
    if mean is None and len({row["x"] for row in own}) == 1 and not informative and len(own) > 1:
        mean, of = own[0]["x"], "subgroups"
    if informative:
        finding = "its subgroups are compared within the trial"
        place = place or {"source": own[0]["source"], "locator": own[0]["locator"]}
        data = [{**pair, **{key: row[key] for key in ("diff", "se", "x", "n")}} for row in own]
    elif mean is not None:
        finding = "no usable subgroups: its whole result counts, for these patients on average"
        data = [{**pair, "diff": study["log_estimate"], "se": study["se"], "x": mean, "n": None}]
    else:
        finding = "neither usable subgroups nor the make-up of its patients: it tells nothing"
        data = []
    if unused and not informative:
        finding += "; subgroups are printed without intervals"
    row = {**pair, "mean": mean, "of": of, "used": len(own) if informative else 0,
           "unused": unused, "finding": finding, **(place or {})}  # fmt: skip
    return row, data


def _subgroups(modifier: Modifier, study: Any, table: pd.DataFrame) -> tuple[list[Row], int]:
    """The subgroups of the trial's own contrast and outcome, and how many have no interval.

    Of several characteristics that the modifier names the first that the trial has counts:
    subgroups of two would share their patients.
    """
    mine = table[(table["trial"] == study["study"]) & (table["outcome"] == study["outcome"])]
    arms = (study["arm"], study["comparator_arm"])
    for characteristic, values in modifier.subgroups.items():
        rows = mine[(mine["characteristic"] == characteristic) & mine["level_name"].isin(values)]
        found, unused = [], 0
        for row in rows.to_dict("records"):
            sign = {arms: 1.0, arms[::-1]: -1.0}.get((row["arm"], row["comparator"]))
            if sign is None:
                continue
            limits = [row["estimate"], row["lower"], row["upper"]]
            if any(pd.isna(value) or value <= 0 for value in limits):
                unused += 1
                continue
            level = 0.95 if pd.isna(row["level"]) else float(row["level"])
            n = [row["n_arm"], row["n_comparator"]]
            found.append({
                "diff": sign * float(np.log(row["estimate"])),
                "se": float(np.log(row["upper"] / row["lower"])) / (2 * Z[level]),
                "x": values[row["level_name"]],
                "n": None if any(pd.isna(each) for each in n) else int(sum(n)),
                "source": row["source"], "locator": row["locator"],
            })  # fmt: skip
        if found or unused:
            return found, unused
    return [], 0


def _population(
    modifier: Modifier, trial: str, table: pd.DataFrame
) -> tuple[float | None, Row | None]:
    """The mean of the covariate in a trial's patients, where the percentages name them all.

    With values 0 and 1 the share of the categories of value 1 is enough.
    """
    whole = table["arm"].isna() | (table["arm"] == "")
    mine = table[(table["trial"] == trial) & whole & table["percent"].notna()]
    for characteristic, values in modifier.population.items():
        rows = mine[(mine["characteristic"] == characteristic) & mine["category"].isin(values)]
        if rows.empty:
            continue
        value = rows["category"].map(values).to_numpy(float)
        share = rows["percent"].to_numpy(float) / 100
        place = {"source": rows["source"].iloc[0], "locator": rows["locator"].iloc[0]}
        if abs(share.sum() - 1) < 0.02:
            return float(value @ share / share.sum()), place
        if set(values.values()) <= {0.0, 1.0} and (value == 1).any():
            return float(share[value == 1].sum()), place
    return None, None


def _slopes(found: Modification | None, treatment: str, comparator: str) -> list[Row]:
    rows = []
    for information in INFORMATION:
        slope = None if found is None or not _inside(found, treatment, comparator) else (
            found.slope(treatment, comparator, information)
        )  # fmt: skip
        rows.append({
            "information": information, **_summary(slope),
            "p_lower": None if slope is None else slope.below(0.0),
            "trials": None if slope is None or found is None else (
                ", ".join(found.studies(treatment, comparator, information == "within")) or None
            ),
        })  # fmt: skip
    return rows


def _levels(
    found: Modification | None, modifier: Modifier, treatment: str, comparator: str
) -> list[Row]:
    rows = []
    for level in modifier.levels:
        effect, outside = None, True
        if found is not None and _inside(found, treatment, comparator):
            effect = found.effect(treatment, comparator, level.value)
            own = found.rows[found.rows["study"].isin(found.studies(treatment, comparator))]
            outside = own.empty or not own["x"].min() <= level.value <= own["x"].max()
        rows.append({"value": level.value, "level_name": level.label, **_summary(effect),
                     "extrapolated": bool(outside)})  # fmt: skip
    return rows


def _inside(found: Modification, treatment: str, comparator: str) -> bool:
    return {treatment, comparator} <= set(found.treatments)


def _summary(distribution: Distribution | None) -> dict[str, float | None]:
    return dict.fromkeys(EMPTY) if distribution is None else dict(distribution.summary())
