"""Studies by their published contrasts, and the covariance of those of one study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.linalg import block_diag, cholesky, solve_triangular

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import apart, frames

LOOP = 0.1  # standard errors by which the effects of a study may disagree around a loop


@dataclass(frozen=True)
class Contrasts:
    """Published effects: `rows` are (study, treatment, baseline).

    `y` holds the effects, `covariance` theirs: block diagonal, a block a study. Where an arm had
    the baseline's treatment the two are the same.
    """

    rows: list[tuple[str, str, str]]
    y: np.ndarray
    covariance: np.ndarray

    @property
    def whitening(self) -> np.ndarray:
        """Turns residuals into independent ones of variance 1, shape (rows, rows)."""
        root = cholesky(self.covariance, lower=True)
        return np.asarray(solve_triangular(root, np.eye(len(self.y)), lower=True))

    def blocks(self) -> list[tuple[str, np.ndarray]]:
        """The numbers of each study's rows."""
        studies = np.array([study for study, _, _ in self.rows], dtype=object)
        return [(study, np.flatnonzero(studies == study)) for study in dict.fromkeys(studies)]


EMPTY = Contrasts([], np.zeros(0), np.zeros((0, 0)))


def read(frame: pd.DataFrame) -> Contrasts:
    """Contrasts from a table in one of two forms.

    One row for each arm: study, treatment, diff, se; the baseline's diff is empty, or 0 with an
    empty se.
    In a study of three arms or more its se is that of its own arm, whose square is the covariance
    of two contrasts (NICE TSD 2, section 3.5). Arms of one treatment are told apart by a column
    arm; one that had the baseline's treatment tells nothing of effects.

    One row for each contrast: study, treatment, comparator, diff, se. A study of three arms or more
    has all its pairs, whose standard errors tell the covariance (Rücker 2012, Res Synth Methods
    3:312), or its contrasts with one common comparator and shared_variance: the variance of that
    arm.

    Columns have the names that `layouts.read` gives them.

    Raises
    ------
    InputError
        A column is missing, a study has no baseline or several, or standard errors are not positive
        or impossible together.
    """
    found = frames.prepared(frame, ("study", "treatment"))
    problems: list[Problem] = []
    lacking = [name for name in ("diff", "se") if name not in found]
    if lacking:
        written = ", ".join(str(name) for name in frame.columns)
        raise InputError([
            Problem(str(found.attrs["file"]), name, "(absent)", "the column is missing",
                    f"Add it, or a ratio with its limits lower and upper; there are {written}")
            for name in lacking
        ])  # fmt: skip
    for name in ("diff", "se", "shared_variance"):
        if name in found:
            found[name] = frames.numbers(found, name, problems)
    problems += frames.too_precise(found, "diff", "se")
    frames.stop(problems)
    each = _pairs if "comparator" in found else _arms
    rows: list[tuple[str, str, str]] = []
    values: list[float] = []
    blocks: list[np.ndarray] = []
    for study in dict.fromkeys(found["study"]):
        places = np.flatnonzero((found["study"] == study).to_numpy())
        read_study = each(found, places, problems)
        if read_study is not None:
            baseline, names, y, covariance = read_study
            rows += [(study, name, baseline) for name in names]
            values += list(y)
            blocks.append(covariance)
    frames.stop(problems)
    return Contrasts(rows, np.array(values), block_diag(*blocks))


def _arms(
    frame: pd.DataFrame, places: np.ndarray, problems: list[Problem]
) -> tuple[str, list[str], np.ndarray, np.ndarray] | None:
    """Baseline, treatments, effects and covariance of a study with one row for each arm."""
    mine = frame.iloc[places]
    diff, se = mine["diff"].to_numpy(float), mine["se"].to_numpy(float)
    names = list(mine["treatment"])

    def refused(place: int, field: str, message: str, remedy: str) -> None:
        problems.append(frames.problem(frame, int(places[place]), field, message, remedy))

    at = np.flatnonzero(np.isnan(diff))
    if not len(at):
        at = np.flatnonzero((diff == 0) & np.isnan(se))
    if len(at) != 1:
        spelt = frame.attrs.get("written", {})
        there = ", ".join(spelt[name] for name in frame if name in spelt)
        field = str(frame.attrs.get("estimate", "diff"))
        told = usertable.written(frame, field)
        refused(0, field, f"study {mine['study'].iloc[0]} has {len(at)} baseline rows",
                f"In each study, leave {told} empty in one row: that of the "
                f"baseline arm; if {told} is each arm's own outcome, no difference from another "
                f'arm, say --columns "{told}=y"; or, if each row is a comparison, name the column '
                f"of what the treatment was compared with comparator; there are {there}",
                )  # fmt: skip
        return None
    others = [place for place in range(len(names)) if place != at[0]]
    if not others:
        refused(
            0,
            "study",
            "has a single arm",
            "A study needs two arms to compare: add the other arm, or leave the study out",
        )
        return None
    bad = [place for place in others if not se[place] > 0]
    for place in bad:
        refused(place, "se", "is not above 0", "Write it")
    again = apart.repeated(mine)
    problems += again
    if bad or again:
        return None
    covariance = np.diag(se[others] ** 2)
    if len(others) > 1:
        shared = se[at[0]]
        if not 0 < shared < se[others].min():
            refused(int(at[0]), "se",
                    "of the baseline arm must lie between 0 and those of its contrasts",
                    "Write the standard error of the baseline arm itself: its square is the "
                    "covariance of the study's contrasts")  # fmt: skip
            return None
        covariance = np.where(np.eye(len(others)) == 1, covariance, shared**2)
    return names[at[0]], [names[place] for place in others], diff[others], covariance


def _all_pairs(
    mine: pd.DataFrame, pairs: list[tuple[str, str]], refused: Callable[[int, str, str, str], None]
) -> tuple[str, list[str], np.ndarray, np.ndarray] | None:
    """A study with all pairs of its arms: against the arm that is the comparator most often.

    cov(a - c, b - c) = (var(a - c) + var(b - c) - var(a - b)) / 2. The effects must agree around
    each loop to within LOOP of the smallest standard error there.
    """
    effect: dict[tuple[str, str], float] = {}
    variance: dict[tuple[str, str], float] = {}
    place_of: dict[frozenset[str], int] = {}
    for place, ((one, two), diff, se) in enumerate(
        zip(pairs, mine["diff"].to_numpy(float), mine["se"].to_numpy(float), strict=True)
    ):
        effect |= {(one, two): diff, (two, one): -diff}
        variance |= {(one, two): se**2, (two, one): se**2}
        place_of[frozenset((one, two))] = place
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    asked = [other for _, other in pairs]
    base = max(names, key=lambda name: (asked.count(name), -names.index(name)))
    others = [name for name in names if name != base]
    for one, two in combinations(others, 2):
        gap = effect[one, base] - effect[two, base] - effect[one, two]
        least = min(variance[one, base], variance[two, base], variance[one, two]) ** 0.5
        if abs(gap) > LOOP * least:
            refused(
                place_of[frozenset((one, two))],
                "diff",
                f"differs by {abs(gap):.3g} from what the other two effects of {one}, {two} "
                f"and {base} in its study say",
                "Effects of one study agree around a loop: correct one of the three",
            )
            return None  # fmt: skip
    covariance = np.array([
        [variance[one, base] if one == two
         else (variance[one, base] + variance[two, base] - variance[one, two]) / 2
         for two in others] for one in others
    ])  # fmt: skip
    if np.linalg.eigvalsh(covariance).min() <= 1e-9 * np.diag(covariance).max():
        refused(
            0,
            "se",
            "cannot be right together with those of the other pairs of its study",
            "Correct the standard errors: they must be those of all pairs of the same arms",
        )
        return None  # fmt: skip
    return base, others, np.array([effect[name, base] for name in others]), covariance


def _no_common(pairs: list[tuple[str, str]], arms: list[str]) -> tuple[str, str]:
    """Why contrasts of a study do not go together, and the remedy."""
    common = [arm for arm in arms if all(arm in pair for pair in pairs)]
    if common and len(pairs) == len(arms) - 1:
        return (
            f"all contrasts of its study are with {common[0]}, but it is not always the comparator",
            f"Turn rows so that {common[0]} is the comparator, and the sign of their effects",
        )
    return (
        "the contrasts of its study do not compare each arm once with one common arm",
        "Give its contrasts against one arm",
    )


def _again(
    frame: pd.DataFrame, places: np.ndarray, pairs: list[tuple[str, str]]
) -> tuple[int, str, str, str] | None:
    """The first contrast of a treatment with itself, or that its study has in another row."""
    otherwise = "Give each pair of a study once, and give different studies different names"
    seen: dict[frozenset[str], int] = {}
    for place, pair in enumerate(map(frozenset, pairs)):
        if len(pair) == 1:
            return place, "comparator", "is the treatment itself", otherwise
        if pair in seen:
            told = apart.columns(frame, [places[[seen[pair], place]]])
            return (place, "comparator", "is compared with this treatment in another row of the "
                    "study", apart.remedy(told, otherwise))  # fmt: skip
        seen[pair] = place
    return None


def _pairs(
    frame: pd.DataFrame, places: np.ndarray, problems: list[Problem]
) -> tuple[str, list[str], np.ndarray, np.ndarray] | None:
    """The same of a study with one row for each contrast."""
    mine = frame.iloc[places]
    se = mine["se"].to_numpy(float)

    def refused(place: int, field: str, message: str, remedy: str) -> None:
        problems.append(frames.problem(frame, int(places[place]), field, message, remedy))

    bad = [place for place in range(len(mine)) if not se[place] > 0]
    for place in bad:
        refused(place, "se", "is not above 0", "Write it")
    for lacking in np.flatnonzero(~np.isfinite(mine["diff"].to_numpy(float))):
        refused(int(lacking), "diff", "is missing", "Write it, or leave the row out")
        bad.append(int(lacking))
    if bad:
        return None
    pairs = list(zip(mine["treatment"], mine["comparator"], strict=True))
    again = _again(frame, places, pairs)
    if again:
        refused(*again)
        return None
    shared_given = "shared_variance" in mine and mine["shared_variance"].notna().any()
    count = len({name for pair in pairs for name in pair})
    if count > 2 and len(pairs) == count * (count - 1) // 2 and not shared_given:
        return _all_pairs(mine, pairs, refused)
    arms = sorted({name for pair in pairs for name in pair})
    for comparator in sorted({other for _, other in pairs}):
        chosen = [place for place, (_, other) in enumerate(pairs) if other == comparator]
        if sorted(pairs[place][0] for place in chosen) == [a for a in arms if a != comparator]:
            break
    else:
        refused(0, "comparator", *_no_common(pairs, arms))
        return None
    covariance = np.diag(se[chosen] ** 2)
    if len(chosen) > 1:
        given = mine["shared_variance"].to_numpy(float) if "shared_variance" in mine else None
        shared = np.nan if given is None else float(given[chosen[0]])
        if not 0 < shared < (se[chosen] ** 2).min():
            refused(chosen[0], "shared_variance",
                    "the contrasts of a study of three arms or more are correlated through their "
                    "comparator: its variance must lie between 0 and theirs",
                    "Give all pairs of the study, or add a column shared_variance, of ln HR: 1 / "
                    "events of the comparator's arm")  # fmt: skip
            return None
        covariance = np.where(np.eye(len(chosen)) == 1, covariance, shared)
    names = [pairs[place][0] for place in chosen]
    return comparator, names, mine["diff"].to_numpy(float)[chosen], covariance
