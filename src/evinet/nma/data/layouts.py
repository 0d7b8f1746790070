"""Tables in the layouts of other programs, brought into the two that the library has.

Arms: one row for each arm, one row for each study (treat1, r1, n1, treat2, ...), or one row for
each pair with the outcomes of its arms. Effects: one row for each arm, the baseline's empty, or one
row for each pair. What was read, and what was worked out of it, is said in two lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import apart, effects, frames, groups, means, vocabulary
from evinet.nma.data import categories as ordered_data
from evinet.nma.data import patients as patient_data
from evinet.nma.data.categories import CategoryCounts

Kind = Literal["arms", "effects"]
OUTCOMES = ("r", "y")
ODD_DEVIATION = 4  # times, between standard deviations of one outcome in two studies
ALL_AS_GIVEN = "all as given"
NAMED = 12  # studies in a line


@dataclass(frozen=True)
class Reading:
    """How tables are to be read.

    Attributes
    ----------
    columns
        Names of columns and what they are here: ``{"dead": "r"}``.
    level
        Of intervals in the tables, in percent.
    measure
        What the effects in the tables are: HR, OR, RR, IRR, ROM, ratio, MD, SMD, RD.
    drop_incomplete
        Leave out rows without an outcome, and studies of which a single arm is left.
    kind
        arms or effects; None: as the columns tell.
    categories
        Columns of counts in ordered categories, from the worst to the best.
    category_counts
        exclusive (each category alone) or inclusive (it or a better one); None: as counts tell.
    named
        Columns that the analysis uses by their name, such as a weight: `record` then names the
        others that nothing reads. None: it is not known which these are, and none is named.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    level: float = 95.0
    measure: str | None = None
    drop_incomplete: bool = False
    kind: Kind | None = None
    categories: tuple[str, ...] = ()
    category_counts: CategoryCounts | None = None
    named: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Understood:
    """A table with our columns, as arms or as effects, what effects are, and what was done."""

    table: pd.DataFrame
    kind: Kind
    measure: str | None
    record: dict[str, Any]


def read(frame: pd.DataFrame, reading: Reading | None = None) -> Understood:
    """A table in any known layout, with one row for each arm or one row for each pair.

    Raises
    ------
    InputError
        Whatever keeps it from being understood.

    Examples
    --------
    >>> found = read(pd.DataFrame({"treat1": ["A"], "event1": [3], "n1": [50], "treat2": ["B"],
    ...                            "event2": [5], "n2": [52]}))
    >>> found.table[["study", "treatment", "r", "n"]].to_numpy().tolist()
    [['1', 'A', 3.0, 50.0], ['1', 'B', 5.0, 52.0]]
    >>> found.record["said"][0]
    'the data frame: 1 study, 2 arms, one row for each study; r (event1, event2) of n (n1, n2)'
    """
    reading = reading or Reading()
    _check(reading)
    file = str(frame.attrs.get("file", frames.FRAME))
    if frame.empty:
        raise InputError(
            Problem(file, "(whole file)", "", "has no rows", "Write one row for each arm")
        )
    given = vocabulary.mapped(vocabulary.written(frame), reading.columns, file)
    kept = (*(reading.named or ()), *reading.categories)
    given.attrs |= {"file": file, "named": tuple(map(usertable.column, kept))}
    given, cautions = (given, []) if reading.kind == "effects" else groups.read(given)
    wide = _wide(given) if reading.kind != "effects" else None
    if wide is not None:
        found = _arms(
            wide, reading, "one row for each pair" if _is_pairs(wide) else "one row for each study"
        )
        found.record["cautions"] += cautions
        return found
    named = frames.prepared(_pairs_of(given), ("study", "treatment"))
    named = vocabulary.of_metafor(named)
    named = vocabulary.renamed(named, (vocabulary.ARMS, vocabulary.EFFECTS, vocabulary.BOTH))
    if not {"e", "n"} & set(named) and {"r", "time"} <= set(named):
        named = vocabulary.renamed(named, ({"e": ("time",)},))
    ordered = ordered_data.names(named, reading)
    kind = reading.kind or ("arms" if ordered else _kind(named))
    if kind == "effects":
        return _effects(named, reading)
    return _arms(named, reading, "one row for each arm", ordered)


def _check(reading: Reading) -> None:
    if not 0 < reading.level < 100:
        raise InputError(
            Problem("(options)", "level", reading.level, "is not a confidence level in percent",
                    "Write a number such as 95")
        )  # fmt: skip
    if reading.measure is not None and reading.measure not in vocabulary.SCALES:
        raise InputError(
            Problem("(options)", "measure", reading.measure, "is not a known measure of effect",
                    f"Use one of {', '.join(vocabulary.SCALES)}")
        )  # fmt: skip


def _kind(table: pd.DataFrame) -> Kind:
    """Effects if there is nothing else; a study may still enter by its diff beside arms."""
    return "arms" if set(OUTCOMES) & set(table) and "comparator" not in table else "effects"


def _pairs_of(given: pd.DataFrame) -> pd.DataFrame:
    """With treat1 and treat2, or treatment and control, as treatment and comparator."""
    found = vocabulary.renamed(given, (vocabulary.LABELS, vocabulary.ARMS, vocabulary.EFFECTS))
    control = vocabulary.named(given, vocabulary.CONTROL)
    treated = vocabulary.named(given, vocabulary.EXPERIMENTAL)
    has_effects = bool({"diff", "o_e", *vocabulary.effect_names(found)} & set(found))
    if (
        control and has_effects and not {"comparator", *OUTCOMES} & set(found)
        and ("treatment" in found or treated) and not _is_flag(given[control])
    ):  # fmt: skip
        names = {control: "comparator"}
        if "treatment" not in found:
            names |= {str(treated): "treatment"}
        return vocabulary.spelt_as(given, [names.get(str(name), str(name))
                                           for name in given.columns])  # fmt: skip
    places = vocabulary.numbered(given)
    one, two = (places.get(("treatment", number)) for number in (1, 2))
    if one is None or two is None or "comparator" in given:
        return given
    names = {one: "treatment", two: "comparator"}
    if "treatment" in given:
        return given
    return vocabulary.spelt_as(given, [names.get(str(name), str(name)) for name in given.columns])


def _is_flag(cells: pd.Series) -> bool:
    """Whether cells say yes and no, not which treatment it was."""
    words = {"" if pd.isna(cell) else str(cell).strip().casefold() for cell in cells}
    return words <= {"", "0", "1", "yes", "no", "true", "false", "y", "n"}


def _wide(given: pd.DataFrame) -> pd.DataFrame | None:
    """One row for each arm of a table with several arms in a row; None of any other."""
    places = vocabulary.numbered(given)
    numbers = sorted(number for name, number in places if name == "treatment")
    stems = {name for name, number in places if number in numbers and name != "treatment"}
    if len(numbers) < 2 or not any(
        (name, number) in places for name in OUTCOMES for number in numbers[:1]
    ):
        return None
    if not {"e", "n"} & stems and "time" in stems:
        stems = stems - {"time"} | {"e"}
        places |= {("e", number): places[("time", number)] for number in numbers}
    used = {places[key] for key in places if key[0] in {"treatment", *stems}}
    rest = given[[name for name in given.columns if name not in used]]
    rest = vocabulary.renamed(rest, ({"study": vocabulary.LABELS["study"]},))
    _shared(rest, stems)
    taken = {"treatment", "arm", *stems}
    rest = rest[[name for name in rest.columns if name not in taken]]
    if "study" not in rest:
        rest = rest.assign(study=[str(number + 1) for number in range(len(rest))])
    parts = []
    for number in numbers:
        part = rest.assign(arm=number)
        for name in ("treatment", *sorted(stems)):
            column = places.get((name, number))
            part[name] = given[column] if column else None
        parts.append(part)
    long = pd.concat(parts)
    order = np.lexsort([np.tile(np.arange(len(given)), len(numbers))])
    long = long.iloc[order]
    spelt = {
        name: ", ".join(
            str(given.attrs["written"].get(places[name, number], places[name, number]))
            for number in numbers if (name, number) in places
        )
        for name in ("treatment", *stems)
    }  # fmt: skip
    long.attrs = dict(given.attrs) | {"written": rest.attrs.get("written", {}) | spelt}
    outcomes = [name for name in OUTCOMES if name in stems]
    nothing = np.array([
        _blank(label) and all(_blank(cell) for cell in cells)
        for label, *cells in zip(long["treatment"], *(long[name] for name in outcomes), strict=True)
    ])  # fmt: skip
    long = long[~nothing]
    frames.stop(apart.of_two_years(long))
    return _once(long)


def _shared(rest: pd.DataFrame, stems: set[str]) -> None:
    """Refuse what each arm must have of its own and a column gives once for each study.

    A number of patients beside the outcomes of several arms may be that of all of them.
    """
    known = vocabulary.renamed(rest, (vocabulary.ARMS,))
    once = [name for name in ("n", "e", "sd", "se") if name in known and name not in stems]
    needed = {"n", "e"} if "r" in stems else {"n", "sd", "se"}
    if needed & stems:
        return
    frames.stop([
        frames.problem(known, 0, name, "stands once for each study, and each arm has its own",
                       f"Write a column for each arm: {name}1, {name}2")
        for name in once if name in needed
    ])  # fmt: skip


def _blank(cell: object) -> bool:
    return cell is None or bool(pd.isna(cell)) or usertable.missing(str(cell))  # type: ignore[call-overload]


def _is_pairs(long: pd.DataFrame) -> bool:
    return bool(long.attrs.get("pairs"))


def _once(long: pd.DataFrame) -> pd.DataFrame:
    """Each arm once: a study of three arms has a row for each of its pairs."""
    rows = long.groupby("study", sort=False)["arm"].apply(lambda arms: (arms == arms.min()).sum())
    several = long["study"].map(rows > 1)
    outcome = [name for name in ("study", "treatment", *vocabulary.ARMS, *vocabulary.BOTH)
               if name in long]  # fmt: skip
    kept = long[~(several & long.duplicated(outcome).to_numpy())]
    own = kept[kept["study"].map(rows > 1)]
    clash = own[own.duplicated(["study", "treatment"], keep="first").to_numpy()]
    if len(clash):
        groups = [
            np.flatnonzero((own["study"] == study) & (own["treatment"] == treatment))
            for study, treatment in zip(clash["study"], clash["treatment"], strict=True)
        ]
        told = apart.remedy(
            apart.columns(own, groups),
            "An arm has one outcome: correct it, or write one row for each arm",
        )
        raise InputError([
            frames.problem(clash, row, "treatment",
                           "has a different outcome in another row of its study", told)
            for row in range(len(clash))
        ])  # fmt: skip
    problems = []
    for name, mine in long[several.to_numpy(bool)].groupby("study", sort=False):
        arms, lines = mine["treatment"].nunique(), int(rows[name])
        if lines != arms * (arms - 1) // 2:
            problems.append(
                frames.problem(mine, 0, "study", f"has {lines} rows of {arms} arms, which are not "
                               "the pairs of its arms", "Give a study one row, or a row for each "
                               "pair of its arms; different studies need different names")
            )  # fmt: skip
    frames.stop(problems)
    again = kept.duplicated(["study", "treatment"]).any()
    found = kept if again else kept.drop(columns="arm")
    found.attrs = dict(long.attrs) | {"pairs": bool((rows > 1).any())}
    return found


def _arms(
    table: pd.DataFrame, reading: Reading, layout: str, ordered: tuple[str, ...] = ()
) -> Understood:
    """Arms with our columns and, of means, their standard errors."""
    table = frames.prepared(table, ("study", "treatment"))
    problems: list[Problem] = []
    for name in (*vocabulary.ARMS, "se", "lower", "upper"):
        if name in table:
            table[name] = frames.numbers(table, name, problems)
    if "y" in table and "n" in table:
        problems += [
            frames.problem(table, int(row), "n", "is not a whole number",
                           "Write how many patients; of an effective number, give se in the place "
                           "of sd and n")
            for row in np.flatnonzero(table["n"].to_numpy(float) % 1 > 0)
        ]  # fmt: skip
    frames.stop(problems)
    counted = ""
    if ordered:
        table, counted = ordered_data.read(table, reading, ordered)
    _check_measure(table, reading)
    table, dropped = _incomplete(table, reading, OUTCOMES + (("diff",) if "diff" in table else ()))
    frames.stop(apart.of_two_years(table) or _unread_effects(table))
    frames.stop(_sums(table))
    table, done, odd = _standard_errors(table, reading) if "y" in table else (table, [], [])
    done += [counted] if counted else []
    said = _columns_said(table, layout)
    both = [name for name in ("diff",) if name in table and set(OUTCOMES) & set(table)]
    if both:
        done.append("studies without outcomes of arms by their diff")
    record = _record(table, reading, said, done, dropped)
    outcomes = [name for name in ("r", *ordered, "n", "e", "y", "sd", "se") if name in table]
    record["cautions"] = odd + _odd_deviations(table) + _same_numbers(table, outcomes)
    if "y" in table and reading.measure in (means.SMD, means.ROM):
        return _of_means(table, reading, record)
    return Understood(table, "arms", reading.measure, record)


def _unread_effects(table: pd.DataFrame) -> list[Problem]:
    """Studies without outcomes of arms whose effect is in a column that is not read beside them."""
    known = [name for name in (*OUTCOMES, "diff") if name in table]
    none = table[known].isna().all(axis=1).groupby(table["study"]).transform("all").to_numpy(bool)
    problems = []
    for name, (_, scale) in vocabulary.effect_names(table).items():
        mine = none & (scale != "se") & np.isfinite(frames.numbers(table, name, []))
        problems += [
            frames.problem(table, int(row), name, "is not read beside outcomes of arms, of which "
                           f"{table['study'].iloc[row]} has none",
                           "Put studies that report an effect alone into a file of their own "
                           "(evinet nma arms.csv effects.csv), or write the effect as diff (of a "
                           "ratio its logarithm) and its standard error as se_diff")
            for row in np.flatnonzero(mine)
        ]  # fmt: skip
    return problems


def _sums(table: pd.DataFrame) -> list[Problem]:
    """A study whose arms are the sums of those of all others is their total."""
    counts = [name for name in ("r", "n", "e") if name in table]
    if "r" not in counts or len(counts) < 2 or table["study"].nunique() < 3:
        return []
    numbers = table[counts].astype(float)
    whole = numbers.groupby(table["treatment"]).sum()
    return [
        frames.problem(table, int(np.flatnonzero(mine)[0]), "study",
                       "is the sum of all other studies, arm by arm",
                       "Remove its rows: its patients would count twice")
        for study in dict.fromkeys(table["study"])
        if set(table["treatment"][mine := (table["study"] == study).to_numpy()]) == set(whole.index)
        and np.allclose(2 * numbers[mine].to_numpy(), whole.loc[table["treatment"][mine]])
    ]  # fmt: skip


def _same_numbers(table: pd.DataFrame, outcomes: list[str]) -> list[str]:
    """Cautions on studies that have the same numbers for the same treatments."""
    columns = [name for name in ("treatment", "comparator") if name in table] + outcomes
    seen: dict[str, list[str]] = {}
    for study, rows in table[columns].groupby(table["study"], sort=False):
        content = rows.sort_values(columns).to_csv(index=False)
        seen.setdefault(content, []).append(str(study))
    return [
        f"{', '.join(same[:-1][:NAMED])}{' ...' * (len(same) > NAMED + 1)} and {same[-1]} "
        f"have the same numbers: one study {'twice' if len(same) == 2 else f'{len(same)} times'}?"
        for same in seen.values() if len(same) > 1
    ]  # fmt: skip


def _odd_deviations(table: pd.DataFrame) -> list[str]:
    """A caution where standard deviations differ so much that some may be standard errors."""
    if not {"y", "sd"} <= set(table):
        return []
    known = table[table["y"].notna() & (table["sd"] > 0)]
    of_study = known.groupby("study", sort=False)["sd"].median()
    if len(of_study) < 2 or of_study.max() <= ODD_DEVIATION * of_study.min():
        return []
    return [
        f"standard deviations differ {of_study.max() / of_study.min():.0f}-fold between studies "
        f"({of_study.min():.3g} in {of_study.idxmin()}, {of_study.max():.3g} in "
        f"{of_study.idxmax()}): is one a standard error, or on another scale?"
    ]


def _of_means(table: pd.DataFrame, reading: Reading, record: dict[str, Any]) -> Understood:
    """Arms with means as standardised mean differences, or as ratios of means."""
    assert reading.measure is not None
    if "diff" in table and table["diff"].notna().any():
        raise InputError(
            Problem(str(table.attrs.get("file", frames.FRAME)), "diff", "(column)",
                    f"cannot stand beside means from which {reading.measure} is computed",
                    "Put studies that report only an effect in a separate file")
        )  # fmt: skip
    frames.stop(apart.repeated(table))
    found = means.pairs(table, reading.measure)
    said, worked = record["said"]
    words = {
        means.SMD: "standardised mean differences (Hedges' g, standard deviations pooled over the "
        "arms of a study)", means.ROM: "logarithms of ratios of means",
    }  # fmt: skip
    done = [worked] if worked != ALL_AS_GIVEN else []
    record["said"] = [said, "; ".join([*done, words[reading.measure]])]
    return Understood(found, "effects", reading.measure, record)


def _check_measure(table: pd.DataFrame, reading: Reading) -> None:
    """Refuse a measure that arms with these outcomes do not have."""
    counts = "r" in table
    known = ("IRR",) if "e" in table else ("OR", "RR", "RD")
    known = ("OR",) if table.attrs.get("categories") else known
    known = known if counts else ("MD", "SMD", "ROM")
    if reading.measure not in (None, *known):
        raise InputError(
            Problem(str(table.attrs.get("file", frames.FRAME)), "measure", str(reading.measure),
                    "cannot be computed from these arms, which can be compared by "
                    f"{', '.join(known)}",
                    "Leave it out, or give the effect of each study in place of its arms")
        )  # fmt: skip


def _standard_errors(
    table: pd.DataFrame, reading: Reading
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Standard errors of means: as given, else by sd and n, else by the interval; cautions."""
    empty = np.full(len(table), np.nan)
    y, se, sd, n, lower, upper = (
        table[name].to_numpy(float) if name in table else empty
        for name in ("y", "se", "sd", "n", "lower", "upper")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        by_sd = sd / np.sqrt(n)
        level = effects.levels(table, reading)
        t = np.where(n > 1, stdtrit(np.maximum(n, 2) - 1, 0.5 + level / 200),
                     ndtri(0.5 + level / 200))  # fmt: skip
        by_limits = (upper - lower) / (2 * t)
        against = np.isfinite(se) & (np.abs(se - by_sd) > effects.DISAGREE * by_sd)
        outside = ~((lower < y) & (y < upper)) & np.isfinite(lower + upper + y)
    problems = [
        frames.problem(table, int(row), "se", f"is not sd / sqrt(n) = {by_sd[row]:.4g}",
                       "Correct se, sd or n, or leave one of them out")
        for row in np.flatnonzero(against)
    ]  # fmt: skip
    problems += [
        frames.problem(table, int(row), "y", "is not between its limits",
                       "Write lower < mean < upper")
        for row in np.flatnonzero(outside & ~np.isfinite(se) & ~np.isfinite(by_sd))
    ]  # fmt: skip
    frames.stop(problems)
    ways = {"as given": se, "sd / sqrt(n)": by_sd, "limits": by_limits}
    found, done = np.where(np.isfinite(y), np.nan, se), []
    for way, values in ways.items():
        mine = np.isfinite(y) & ~np.isfinite(found) & np.isfinite(values)
        found = np.where(mine, values, found)
        if mine.any():
            t_used = way == "limits" and np.isfinite(n[mine]).any()
            said = f"{effects.in_percent(level[mine])} limits" if way == "limits" else way
            done.append(f"standard errors of {mine.sum()} arms {_by(said)}"
                        + (" and the t distribution" if t_used else ""))  # fmt: skip
    changed = table.assign(se=found) if np.isfinite(found).any() or "se" in table else table
    changed.attrs = table.attrs
    half, unit = (upper - lower) / 2, effects.last_digit(lower, upper, y)
    with np.errstate(invalid="ignore"):
        odd = (np.abs(y - (lower + upper) / 2) > effects.OFF_CENTRE * half + unit) & ~(
            np.isfinite(se) | np.isfinite(by_sd)
        )
    cautions = [
        f"{table['study'].iloc[row]}, {table['treatment'].iloc[row]}: the estimate is not in the "
        "middle of its interval: quartiles, a range, or a misprint?" for row in np.flatnonzero(odd)
    ]  # fmt: skip
    return changed, done, cautions


def _by(way: str) -> str:
    return way if way == "as given" else f"by {way}"


def _effects(table: pd.DataFrame, reading: Reading) -> Understood:
    """Effects with diff and se, one row for each arm or one row for each pair."""
    frames.stop(apart.of_two_years(table))
    table = effects.by_variance(vocabulary.renamed(table, ({"se": ("sediff",)},)))
    named = vocabulary.effect_names(table)
    found, measure, done, cautions = effects.worked_out(table, named, reading)
    dropped: list[str] = []
    if "comparator" in found:
        found, dropped = _incomplete(found, reading, ("diff",))
    layout = "one row for each pair" if "comparator" in found else "one row for each arm"
    said = _columns_said(found, layout)
    record = _record(found, reading, said, done, dropped)
    record["measure"] = measure
    record["cautions"] = cautions + _same_numbers(found, ["diff", "se"])
    return Understood(found, "effects", measure, record)


def _incomplete(
    table: pd.DataFrame, reading: Reading, outcomes: tuple[str, ...]
) -> tuple[pd.DataFrame, list[str]]:
    """Without rows that lack an outcome and studies that are left alone, if that is asked for."""
    known = [name for name in outcomes if name in table]
    if not reading.drop_incomplete or not known:
        return table, []
    has = np.zeros(len(table), bool)
    for name in known:
        has |= np.isfinite(frames.numbers(table, name, []))
    partners = {"r": ("n", "e"), "y": ()}
    for name in known:
        beside = [other for other in partners.get(name, ()) if other in table]
        if beside:
            mine = np.isfinite(frames.numbers(table, name, []))
            lacking = ~np.isfinite(np.column_stack(
                [frames.numbers(table, other, []) for other in beside]
            )).any(axis=1)  # fmt: skip
            has &= ~(mine & lacking)
    if "se" in table and "y" in table:
        has &= ~(np.isfinite(table["y"].to_numpy(float)) & ~_spread_known(table))
    if "se" in table and "comparator" in table:
        has &= np.isfinite(frames.numbers(table, "se", []))
    if "diff" in known and "comparator" not in table:
        has |= True  # the empty diff of a baseline is no gap
    counts = table["study"].map(table["study"][has].value_counts()).fillna(0).to_numpy()
    alone = has & (counts < 2) if "comparator" not in table else np.zeros(len(table), bool)
    dropped = [
        f"{study}, {treatment}: " + ("no outcome" if not known else
                                     "the only arm of its study that is left")
        for study, treatment, known, single in zip(table["study"], table["treatment"], has, alone,
                                                   strict=True)
        if not known or single
    ]  # fmt: skip
    kept = table[has & ~alone]
    kept.attrs = table.attrs
    if kept.empty:
        raise InputError(
            Problem(str(table.attrs["file"]), ", ".join(known), "", "no study has outcomes of "
                    "two arms", "Fill in outcomes")
        )  # fmt: skip
    return kept, dropped


def _spread_known(table: pd.DataFrame) -> np.ndarray:
    """Whether a mean has a standard error, or what gives one."""
    ways = [("se",), ("sd", "n"), ("lower", "upper")]
    found = np.zeros(len(table), bool)
    for way in ways:
        if set(way) <= set(table):
            found |= np.isfinite(table[list(way)].to_numpy(float)).all(axis=1)
    return found


def _columns_said(table: pd.DataFrame, layout: str) -> str:
    """What the table is, and which column was taken for what."""

    def as_written(name: str) -> str:
        old = usertable.written(table, name)
        return name if old == name else f"{name} ({old})"

    studies = table["study"].nunique()
    rows = "effect" if "comparator" in table else "arm"
    size = f"{frames.counted(studies)}, {len(table)} {rows}"
    size += "s" if len(table) != 1 else ""
    if table.attrs.get("categories"):
        names = ", ".join(table.attrs["categories"])
        outcome = f"ordered categories {names} of {as_written('n')}"
    elif {"r", "n"} <= set(table):
        outcome = f"{as_written('r')} of {as_written('n')}"
    elif {"r", "e"} <= set(table):
        outcome = f"{as_written('r')} in an exposure {as_written('e')}"
    elif "y" in table:
        outcome = f"mean {as_written('y')}"
    else:
        outcome = ""
    if "comparator" in table:
        outcome = f"{as_written('treatment')} against {as_written('comparator')}"
    return "; ".join(part for part in (
        f"{table.attrs['file']}: {size}, {layout}", outcome,
    ) if part)  # fmt: skip


def _record(
    table: pd.DataFrame, reading: Reading, said: str, done: list[str], dropped: list[str]
) -> dict[str, Any]:
    """What fit.json keeps of the reading of a table."""
    worked = "; ".join(done) or ALL_AS_GIVEN
    if reading.level != 95 and "limits" in worked:
        worked += f" ({reading.level:g} % intervals)"
    spelt = table.attrs.get("written", {})
    return {
        "file": str(table.attrs["file"]), "said": [said, worked],
        "columns": {str(name): str(spelt[name]) for name in table.columns
                    if name in vocabulary.OURS and name in spelt},
        "level": reading.level, "measure": reading.measure, "dropped": dropped, "cautions": [],
        "unused": [] if reading.named is None else [
            str(spelt.get(name, name)) for name in vocabulary.unused(table)
        ],
    }  # fmt: skip


def patients_record(table: pd.DataFrame, people: pd.DataFrame) -> dict[str, Any]:
    """What fit.json keeps of the reading of patients.

    `people` is the table as `evinet.nma.data.patients.read` gives it.
    """
    first = people[people["draw"] == people.groupby("study")["draw"].transform("min")]
    studies, arms = first["study"].nunique(), len(first[["study", "treatment"]].drop_duplicates())
    draws = people["draw"].nunique()
    said = (
        f"{table.attrs['file']}: {frames.counted(studies)}, {arms} "
        f"arm{'s' if arms != 1 else ''}, {len(first)} patients, one row for each; "
        f"{' and '.join(patient_data.bounds(table) or ('time', 'event'))}"
    )
    done = [f"{draws} reconstructions of each study"] if draws > 1 else []
    within, event = np.isfinite(first["latest"]), first["event"] == 1
    if within.any():
        done.append(f"{within.sum()} events within intervals, {event.sum()} at known times, "
                    f"{(~within & ~event).sum()} not seen")  # fmt: skip
    return _record(table, Reading(), said, done, [])
