"""Whether two runs agree within Monte Carlo error, where their bytes differ.

Another processor or another version of a package changes the last bits of a density, and then every
draw. What a posterior says must stay the same up to the error of its draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evinet import tables
from evinet.errors import InputError, Problem
from evinet.reproduce import manifest

FALSE_ALARM = 0.01
"""Probability that a run with other random numbers is called different, over all estimates."""
ROUNDING = 1e-6
"""Relative difference that is allowed of what is computed without random numbers."""
DETERMINISTIC = ("evidence/", "networks/")
"""Folders of results that no random number enters."""


@dataclass(frozen=True)
class Estimate:
    """One number of a posterior in two runs, in the units of the parameter."""

    file: str
    parameter: str
    statistic: str
    first: float
    second: float
    error: float
    """Monte Carlo standard error of the difference; 0 where nothing was sampled."""

    def tolerance(self, z: float) -> float:
        """The largest difference that is not called one, at `z` standard errors."""
        return z * self.error + ROUNDING * max(1.0, abs(self.first), abs(self.second))

    def __str__(self) -> str:
        return (
            f"{self.file}: {self.statistic} of {self.parameter}: "
            f"{self.first:.6g} != {self.second:.6g}"
        )


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what differs by more than its tolerance."""

    estimates: int
    same: int
    differences: list[str]
    not_compared: int
    """Files that follow from the posteriors and differ."""


def compare(first: Path, second: Path) -> Comparison:
    """Compare two folders of results.

    Mean and standard deviation of every parameter of every fit must agree within `z` Monte Carlo
    standard errors of their difference; `z` keeps the probability of one false alarm at
    `FALSE_ALARM` (Bonferroni). The error of a mean is sd / sqrt(ESS), that of a standard deviation
    sd sqrt(2 / ESS), which holds for tails up to those of an exponential distribution (Vehtari et
    al. 2021, doi 10.1214/20-BA1221, for ESS). Evidence and networks must be the same bytes.

    Raises
    ------
    InputError
        A manifest or a table cannot be read, or the runs had different evidence or configurations.
    """
    from statistics import NormalDist

    one, other = manifest.read(first), manifest.read(second)
    _refuse_other_questions(first, second, one, other)
    names = sorted(one["files"].keys() | other["files"].keys())
    differences, estimates, same, beside = [], [], 0, 0
    for name in names:
        left, right = one["files"].get(name), other["files"].get(name)
        if left is None or right is None:
            differences.append(str(manifest.Difference(name, left, right)))
        elif name.startswith("fits/") and name.endswith("/estimates.csv"):
            found = list(_estimates(first, second, name, differences))
            estimates += found
            same += left == right
        elif left == right:
            same += 1
        elif name.startswith(DETERMINISTIC):
            differences.append(str(manifest.Difference(name, left, right)))
        else:
            beside += 1
    z = NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * max(len(estimates), 1)))
    for each in estimates:
        allowed = each.tolerance(z)
        if not abs(each.first - each.second) <= allowed:
            differences.append(f"{each} (tolerance {allowed:.2g})")
    return Comparison(len(estimates), same, differences, beside)


def _refuse_other_questions(
    first: Path, second: Path, one: dict[str, Any], other: dict[str, Any]
) -> None:
    for what in ("inputs", "config"):
        if one[what] != other[what]:
            name = {"inputs": "evidence", "config": "configuration"}[what]
            remedy = "Compare runs of the same evidence and configuration"
            message = f"was made from another {name} than {first}"
            raise InputError(Problem(str(second), name, None, message, remedy))


def _estimates(first: Path, second: Path, name: str, differences: list[str]) -> Iterator[Estimate]:
    left, right = (
        {row["parameter"]: row for row in tables.ESTIMATES.read(folder / name).to_dict("records")}
        for folder in (first, second)
    )
    for parameter in sorted(left.keys() ^ right.keys()):
        where = "second" if parameter in right else "first"
        differences.append(f"{name}: {parameter}: only in the {where}")
    for parameter in sorted(left.keys() & right.keys()):
        rows = left[parameter], right[parameter]
        for statistic, factor in (("mean", 1.0), ("sd", math.sqrt(2.0))):
            error = math.hypot(*(factor * _unit_error(row) for row in rows))
            one, other = (float(row[statistic]) for row in rows)
            yield Estimate(name, parameter, statistic, one, other, error)


def _unit_error(row: Mapping[Any, Any]) -> float:
    """sd / sqrt(ESS) of a parameter, 0 where it was computed and not sampled."""
    sizes = [float(row[name]) for name in ("ess_bulk", "ess_tail")]
    return float(row["sd"]) / math.sqrt(min(sizes)) if all(size > 0 for size in sizes) else 0.0
