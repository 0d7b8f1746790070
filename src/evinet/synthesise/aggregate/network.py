"""Studies, arms and contrasts of a network, read from plain CSV and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.synthesise.aggregate.likelihoods import Likelihood

CONTRAST = ("diff", "se")


@dataclass(frozen=True)
class Network:
    """A connected network.

    Attributes
    ----------
    treatments : the reference first, the others by name.
    arms : a row an arm of the studies with arm data, columns study, treatment, x and s (the two
        columns of the likelihood), offset, covariate; each study's rows together, in the order of
        `treatments`: the first is its baseline, its treatment in no other row of the study.
    contrasts : as `arms` for studies with contrasts, columns study, treatment, diff, se, covariate;
        the first row of a study is its baseline, with diff missing.
    """

    treatments: list[str]
    arms: pd.DataFrame
    contrasts: pd.DataFrame

    @property
    def reference(self) -> str:
        return self.treatments[0]

    @property
    def studies(self) -> list[str]:
        """Studies with arms, then studies with contrasts."""
        return [*dict.fromkeys(self.arms["study"]), *dict.fromkeys(self.contrasts["study"])]


@dataclass(frozen=True)
class Columns:
    """Names of optional columns: a study-level covariate, and time for the cloglog link."""

    covariate: str | None = None
    time: str | None = None


def read(
    files: list[Path], likelihood: Likelihood | None, reference: str | None, columns: Columns
) -> Network:
    """The network of one or more CSV files, a row an arm.

    `likelihood` None takes every study by its contrasts. A study whose arms have no outcome, but
    contrasts, enters by those. Without `reference` it is the treatment in most studies.

    Raises
    ------
    InputError
        Everything that is wrong, all at once: missing columns, text for numbers, impossible values,
        single arms, repeated arms that no column ``arm`` tells apart, an unknown reference, or a
        network that falls apart.
    """
    parts = [_load(path) for path in files]
    problems = [problem for frame in parts for problem in _columns(frame, likelihood, columns)]
    _stop(problems)
    frame = pd.concat(parts, ignore_index=True)
    needed = [*(likelihood.columns if likelihood else ()), *CONTRAST]
    optional = [name for name in (columns.covariate, columns.time) if name]
    numbers = {name: _numbers(frame, name, problems) for name in dict.fromkeys(needed + optional)}
    _stop(problems)
    for name, values in numbers.items():
        frame[name] = values
    kind = _kinds(frame, likelihood)
    arms = frame[kind == "arm"]
    contrasts = frame[kind == "contrast"]
    problems += _studies(frame)
    if likelihood is not None:
        problems += _impossible(arms, likelihood)
    problems += _contrasts(contrasts)
    problems += _optional(frame, columns)
    _stop(problems)
    treatments = _treatments(frame, reference, files[0])
    found = Network(
        treatments,
        _arms(arms, likelihood, columns, treatments),
        _sorted(contrasts.assign(covariate=_covariate(contrasts, columns)), treatments, True),
    )
    _stop([*_baselines(found.arms), *_baselines(found.contrasts)])
    return found


def _stop(problems: list[Problem]) -> None:
    if problems:
        raise InputError(problems)


def _load(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(str(path), "(whole file)", "", f"is not a table: {error}", "Write it as CSV")
        ) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    frame = frame.map(str.strip)
    return frame.assign(_file=str(path), _line=np.arange(2, len(frame) + 2))


def _columns(frame: pd.DataFrame, likelihood: Likelihood | None, columns: Columns) -> list[Problem]:
    file = str(frame["_file"].iloc[0]) if len(frame) else "(empty file)"
    if frame.empty:
        return [Problem(file, "(whole file)", "", "has no rows", "Write a row an arm")]
    problems = []
    wanted = ["study", "treatment", *(name for name in (columns.covariate, columns.time) if name)]
    alternatives = [CONTRAST] if likelihood is None else [likelihood.columns, CONTRAST]
    if not any(set(each) <= set(frame) for each in alternatives):
        wanted += alternatives[0]
    for name in dict.fromkeys(wanted):
        if name not in frame:
            known = ", ".join(str(column) for column in frame.columns[:-2])
            problems.append(
                Problem(file, name, "(absent)", "the column is missing",
                        f"Add it, or name it so; the file has {known}")
            )  # fmt: skip
    return problems


def _at(frame: pd.DataFrame, row: object, field: str, message: str, remedy: str) -> Problem:
    cells = frame.loc[row]  # type: ignore[call-overload]
    file, line = str(cells["_file"]), int(cells["_line"])
    value = cells.get(field, "")
    plain = value.item() if isinstance(value, np.generic) else value
    return Problem(file, field, plain, message, remedy, line)


def _numbers(frame: pd.DataFrame, name: str, problems: list[Problem]) -> pd.Series:
    if name not in frame:
        return pd.Series(np.nan, index=frame.index)
    text = frame[name].fillna("")
    values = pd.to_numeric(text.replace({"NA": "", "NaN": "", "nan": ""}), errors="coerce")
    wrong = (values.isna() & ~text.isin(["", "NA", "NaN", "nan"])) | np.isinf(values)
    problems += [
        _at(frame, row, name, "is not a number", "Write a number, or leave the cell empty")
        for row in frame.index[wrong]
    ]
    return values


def _kinds(frame: pd.DataFrame, likelihood: Likelihood | None) -> pd.Series:
    """Whether each row's study enters by its arms or by its contrasts."""
    if likelihood is None:
        return pd.Series("contrast", index=frame.index)
    has_outcome = frame[likelihood.columns[0]].notna().groupby(frame["study"]).transform("any")
    has_contrast = frame["diff"].notna().groupby(frame["study"]).transform("any")
    return pd.Series(np.where(~has_outcome & has_contrast, "contrast", "arm"), index=frame.index)


def _studies(frame: pd.DataFrame) -> list[Problem]:
    problems = []
    for name in ("study", "treatment"):
        empty = frame.index[frame[name] == ""]
        problems += [_at(frame, row, name, "is empty", f"Name the {name}") for row in empty]
    key = ["study", "treatment", *(["arm"] if "arm" in frame else [])]
    problems += [
        _at(frame, row, "treatment", f"is twice in study {frame.at[row, 'study']}",
            "Put its arms together, or tell them apart by a column arm")
        for row in frame.index[frame.duplicated(key)]
    ]  # fmt: skip
    alone = frame.index[~frame.duplicated("study", keep=False)]
    problems += [
        _at(frame, row, "study", "has a single arm", "A study compares: add its other arm, or drop")
        for row in alone
    ]
    return problems


def _baselines(rows: pd.DataFrame) -> list[Problem]:
    """A study's baseline is one arm; its other treatments may have several."""
    baseline = rows.groupby("study", sort=False)["treatment"].transform("first")
    again = (rows["treatment"] == baseline) & rows.duplicated("study")
    return [
        _at(rows, row, "treatment", f"is the baseline of study {rows.at[row, 'study']}, twice",
            "Put its arms together")
        for row in rows.index[again]
    ]  # fmt: skip


def _impossible(arms: pd.DataFrame, likelihood: Likelihood) -> list[Problem]:
    first, second = likelihood.columns
    tests = [(first, arms[first].isna(), "is missing"), (second, arms[second].isna(), "is missing")]
    x, s = arms[first], arms[second]
    if likelihood.name == "normal":
        tests.append((second, s <= 0, "is not above 0"))
    else:
        tests += [(first, x < 0, "is below 0"), (first, x != x.round(), "is not a whole number")]
        tests.append((second, s <= 0, "is not above 0"))
    if likelihood.name == "binomial":
        tests += [(first, x > s, "is above n"), (second, s != s.round(), "is not a whole number")]
    return [
        _at(arms, row, name, message, "Look it up in the publication")
        for name, wrong, message in tests
        for row in arms.index[(wrong & (arms[name].notna() | (message == "is missing"))).to_numpy()]
    ]


def _contrasts(contrasts: pd.DataFrame) -> list[Problem]:
    problems = []
    for study, rows in contrasts.groupby("study", sort=False):
        baseline, others = rows[rows["diff"].isna()], rows[rows["diff"].notna()]
        first = rows.index[0]
        if len(baseline) != 1:
            problems.append(
                _at(contrasts, first, "diff", f"{study} has {len(baseline)} rows without diff",
                    "One row of a study, its baseline, has an empty diff")
            )  # fmt: skip
            continue
        bad = others.index[~(others["se"] > 0)]
        problems += [_at(contrasts, row, "se", "is not above 0", "Write it") for row in bad]
        if len(others) > 1 and not len(bad):
            shared = baseline["se"].iloc[0]
            if not 0 < shared < others["se"].min():
                problems.append(
                    _at(contrasts, baseline.index[0], "se",
                        "of the baseline arm must lie between 0 and those of its contrasts",
                        "Write the standard error of the baseline arm itself: its square is the "
                        "covariance of the study's contrasts")
                )  # fmt: skip
    return problems


def _optional(frame: pd.DataFrame, columns: Columns) -> list[Problem]:
    problems = []
    if columns.covariate:
        name = columns.covariate
        missing = frame.index[frame[name].isna()]
        problems += [_at(frame, row, name, "is missing", "Every study needs it") for row in missing]
        differs = frame.groupby("study")[name].transform("nunique") > 1
        problems += [
            _at(frame, row, name, "differs between the arms of its study",
                "A study-level covariate has one value a study")
            for row in frame.index[(differs & ~frame.duplicated("study")).to_numpy()]
        ]  # fmt: skip
    if columns.time:
        wrong = frame.index[~(frame[columns.time] > 0)]
        problems += [_at(frame, row, columns.time, "is not above 0", "Write it") for row in wrong]
    return problems


def _treatments(frame: pd.DataFrame, reference: str | None, file: Path) -> list[str]:
    names = sorted(set(frame["treatment"]))
    if reference is None:
        counts = frame["treatment"].value_counts()
        reference = str(sorted(counts[counts == counts.max()].index)[0])
    if reference not in names:
        raise InputError(
            Problem(str(file), "reference", reference, "is no treatment of the file",
                    f"Use one of {', '.join(names)}")
        )  # fmt: skip
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(names)
    for _, rows in frame.groupby("study"):
        nx.add_star(graph, list(rows["treatment"]))
    islands = sorted(sorted(island) for island in nx.connected_components(graph))
    if len(islands) > 1:
        shown = "; ".join(", ".join(island) for island in islands)
        raise InputError(
            Problem(str(file), "treatment", shown,
                    f"the network falls into {len(islands)} islands that no study joins",
                    "Analyse each island by itself; a bridge is an assumption that the workflow's "
                    "configuration names")
        )  # fmt: skip
    return [reference, *(name for name in names if name != reference)]


def _sorted(rows: pd.DataFrame, treatments: list[str], baseline_first: bool) -> pd.DataFrame:
    studies = {study: number for number, study in enumerate(dict.fromkeys(rows["study"]))}
    keys = rows.assign(
        _study=rows["study"].map(studies),
        _baseline=rows["diff"].notna() if baseline_first else True,
        _treatment=rows["treatment"].map(treatments.index) if len(rows) else 0,
    )
    return keys.sort_values(["_study", "_baseline", "_treatment"]).reset_index(drop=True)


def _arms(
    arms: pd.DataFrame, likelihood: Likelihood | None, columns: Columns, treatments: list[str]
) -> pd.DataFrame:
    first, second = likelihood.columns if likelihood else CONTRAST
    offset = np.log(arms[columns.time]) if columns.time else 0.0
    found = arms.assign(
        x=arms[first], s=arms[second], offset=offset, covariate=_covariate(arms, columns)
    )
    return _sorted(found, treatments, False)


def _covariate(rows: pd.DataFrame, columns: Columns) -> pd.Series | float:
    return rows[columns.covariate] if columns.covariate else 0.0
