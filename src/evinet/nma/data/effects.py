"""Effects and standard errors, worked out of whatever a publication prints.

A ratio is logged. A standard error is taken as given, else from the interval, else from the P
value; a difference of observed and expected events o_e with variance v is the effect o_e / v with
the standard error 1 / sqrt(v) (Cochrane Handbook, version 6, sections 6.3.1, 6.3.2 and 6.8.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import frames, vocabulary
from evinet.nma.data.vocabulary import SCALES

if TYPE_CHECKING:
    from evinet.nma.data.layouts import Reading

OFF_CENTRE = 0.1  # of half an interval, beyond rounding
DISAGREE = 0.1  # of a standard error by limits (beyond rounding), or by sd / sqrt(n)
ROUGH = 0.1  # of an effect, that its rounding may be where P gives its standard error
PER_CENT = 10
"""A ratio whose lower limit is above this is often one in per cent."""
WAYS = ("diff", "a ratio", "o_e with v")


def worked_out(
    table: pd.DataFrame, named: dict[str, tuple[str, str]], reading: Reading
) -> tuple[pd.DataFrame, str | None, list[str], list[str]]:
    """A table with diff and se; the measure of its effects; what was done; what to beware of.

    `named` tells of columns which effect they hold (`vocabulary.effect_names`).

    Raises
    ------
    InputError
        There is no effect, or no way to a standard error; two measures; impossible values.
    """
    problems: list[Problem] = []
    columns = {name: frames.numbers(table, name, problems) for name in named}
    given = {name: frames.numbers(table, name, problems)
             for name in ("diff", "se", "lower", "upper", "p", "o_e", "v", "shared_variance")
             }  # fmt: skip
    given["level"] = levels(table, reading)
    frames.stop(problems)
    told = _told_measure(table, reading)
    estimates = {name: kind for name, kind in named.items() if kind[1] != "se"}
    has_diff = np.isfinite(given["diff"]).any() and "diff" in table
    _one_measure(table, [] if has_diff else list(estimates), reading)
    _something(table, estimates)
    natural = np.full(len(table), np.nan)  # the ratio itself, where limits are ratios
    diff = given["diff"].copy()
    measure, done, used = reading.measure, [], "diff"
    if has_diff and told:
        _log_or_not(table, told, given)
        measure = measure or told
    for name, (what, scale) in {} if has_diff else estimates.items():
        _no_other_measure(table, name, what, reading.measure)
        _no_other_measure(table, name, what, told)
        measure = measure or told or what
        used = name
        values = columns[name]
        if scale == "natural":
            frames.stop([
                frames.problem(table, int(row), name, "is a ratio, but not above 0",
                               "Write a number above 0")
                for row in np.flatnonzero(values <= 0)
            ])  # fmt: skip
            natural, diff = values, np.log(values)
            done.append(f"{usertable.written(table, name)} logged")
        else:
            diff = values
    if "o_e" in table and "v" in table:
        diff, given, measure = _observed(table, diff, given, measure, done, problems)
    se, more, cautions = _standard_errors(table, diff, natural, given, columns, named, reading,
                                          problems)  # fmt: skip
    frames.stop(problems)
    if np.isfinite(diff).any() and not np.isfinite(se).any():
        there = ", ".join(usertable.written(table, str(name)) for name in table)
        raise InputError(
            Problem(str(table.attrs["file"]), "se", "(absent)", "no effect has a standard error",
                    "Give se, limits lower and upper, or p; name other columns by --columns "
                    f'"theirs=ours" (limits of 90 % also need --level 90); there are {there}')
        )  # fmt: skip
    if "comparator" not in table and "shared_variance" in table:
        baseline = np.isnan(diff) & np.isnan(se)
        se = np.where(baseline, np.sqrt(given["shared_variance"]), se)
    found = table.assign(diff=diff, se=se)
    if "shared_variance" in table:
        found["shared_variance"] = given["shared_variance"]
    found.attrs = dict(table.attrs) | {"estimate": used}
    cautions += _in_per_cent(table, natural, given["lower"])
    scale = SCALES[measure] if measure else "effects as given (--measure tells what they are)"
    return found, measure, [scale, *done, *more], cautions


def by_variance(table: pd.DataFrame) -> pd.DataFrame:
    """With the root of metafor's vi, the variance of yi, as se where there is none."""
    name = vocabulary.named(table, ["vi"])
    if name is None or "se" in table:
        return table
    problems: list[Problem] = []
    variance = frames.numbers(table, name, problems)
    frames.stop(problems)
    with np.errstate(invalid="ignore"):
        found = table.assign(se=np.sqrt(variance))
    spelt = table.attrs.get("written", {})
    told = {"se": f"the root of {usertable.written(table, name)}"}
    found.attrs = dict(table.attrs) | {"written": {**spelt, **told}}
    return found


def levels(table: pd.DataFrame, reading: Reading) -> np.ndarray:
    """The level of each row's interval in percent: by a column `level`, else that of the reading.

    Raises
    ------
    InputError
        A cell of the column is no level, or not the one that is asked for.
    """
    every = np.full(len(table), reading.level)
    name = vocabulary.named(table, vocabulary.LEVEL)
    limits = [end for end in ("lower", "upper") if end in table]
    if name is None or not np.isfinite([frames.numbers(table, end, []) for end in limits]).any():
        return every
    cells = ["" if pd.isna(cell) else str(cell).strip().rstrip("% ") for cell in table[name]]
    given = np.array([usertable.number(cell) for cell in cells])
    if not np.isfinite(given).any():
        return every  # words, of evidence say
    told = np.array([not usertable.missing(cell) for cell in cells])
    if ((given[told] > 0.5) & (given[told] < 1)).all():
        given = 100 * given  # 0.95, as shares
    frames.stop([
        frames.problem(table, int(row), name, "is not a level of confidence in percent",
                       "Write the level of the interval, such as 95, or remove the column if it "
                       "is something else")
        for row in np.flatnonzero(told & ~((given > 50) & (given < 100)))
    ])  # fmt: skip
    if reading.level != 95:
        frames.stop([
            frames.problem(table, int(row), name, f"is not the level asked for, {reading.level:g}",
                           "Leave out --level: the column tells it")
            for row in np.flatnonzero(told & (given != reading.level))
        ])  # fmt: skip
    return np.where(told, given, every)


def in_percent(level: np.ndarray) -> str:
    """Levels in words.

    Examples
    --------
    >>> in_percent(np.array([95.0, 90, 95]))
    '90 and 95 %'
    """
    return " and ".join(f"{each:g}" for each in np.unique(level)) + " %"


def _told_measure(table: pd.DataFrame, reading: Reading) -> str | None:
    """The measure that a column `measure` tells, if it has one for all rows."""
    name = vocabulary.named(table, vocabulary.MEASURE)
    if name is None:
        return None
    cells = [str(cell).strip() for cell in table[name] if not pd.isna(cell) and str(cell).strip()]
    several = list({(vocabulary.measure_of(cell) or cell.casefold()): cell for cell in cells}
                   .values())  # fmt: skip
    if len(several) > 1 and any(map(vocabulary.measure_of, several)):  # else instruments, say
        raise InputError(
            Problem(str(table.attrs["file"]), usertable.written(table, name), ", ".join(several),
                    "are several measures, whose effects are not of one kind",
                    "Keep the studies with one of them")
        )  # fmt: skip
    told = vocabulary.measure_of(several[0]) if several else None
    if told and reading.measure not in (None, "ratio", told):
        raise InputError(
            Problem(str(table.attrs["file"]), "measure", str(reading.measure),
                    f"is not what the column {usertable.written(table, name)} tells: {several[0]}",
                    "Leave it out, or correct the column")
        )  # fmt: skip
    return told


def _log_or_not(table: pd.DataFrame, told: str, given: dict[str, np.ndarray]) -> None:
    """Refuse effects that may be ratios themselves or their logarithms."""
    numbers = np.concatenate([given[name] for name in ("diff", "lower", "upper")])
    written = usertable.written(table, "diff")
    if (
        SCALES[told].startswith("ln ") and vocabulary.key(written) == "effect"
        and (numbers[np.isfinite(numbers)] > 0).all()
    ):  # fmt: skip
        raise InputError(
            Problem(str(table.attrs["file"]), written, "(column)",
                    f"may be {told} or its logarithm",
                    f'Say which: --columns "{written}={told.lower()}" or "{written}=diff" with '
                    "another name in the file")
        )  # fmt: skip


def _in_per_cent(table: pd.DataFrame, natural: np.ndarray, lower: np.ndarray) -> list[str]:
    """Cautions on ratios that may be in per cent."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((natural > PER_CENT) & ~(lower <= PER_CENT))
    return [
        f"{table['study'].iloc[row]}, {table['treatment'].iloc[row]}: a ratio of "
        f"{natural[row]:.4g}: is it in per cent?" for row in rows
    ]  # fmt: skip


def _one_measure(table: pd.DataFrame, estimates: list[str], reading: Reading) -> None:
    if len(estimates) > 1:
        raise InputError(
            Problem(str(table.attrs["file"]), ", ".join(estimates), "(columns)",
                    "are several effects, and it is not clear which one to use",
                    "Keep the column that is meant, or name it diff by --columns")
        )  # fmt: skip


def _no_other_measure(table: pd.DataFrame, name: str, what: str, measure: str | None) -> None:
    """Refuse a measure that is asked for, or told, where a column's name tells another."""
    if measure not in (None, "ratio", what) and what not in ("", "ratio"):
        raise InputError(
            Problem(str(table.attrs["file"]), "measure", str(measure),
                    f"is not what the column {usertable.written(table, name)} holds: {what}",
                    "Leave it out, or name the column in another way with --columns")
        )  # fmt: skip


def _something(table: pd.DataFrame, estimates: dict[str, tuple[str, str]]) -> None:
    """Refuse a table without an effect."""
    if "diff" in table or estimates or {"o_e", "v"} <= set(table):
        return
    there = ", ".join(usertable.written(table, name) for name in table)
    raise InputError(
        Problem(str(table.attrs["file"]), "diff", "(absent)", "the column is missing",
                "Neither outcomes of arms (r of n; r in e; mean with sd and n) nor effects (diff "
                "or TE, hr, or, rr, o_e with v) were found: name columns by --columns "
                f'"theirs=ours"; there are {there}')
    )  # fmt: skip


def _observed(
    table: pd.DataFrame, diff: np.ndarray, given: dict[str, np.ndarray], measure: str | None,
    done: list[str], problems: list[Problem],
) -> tuple[np.ndarray, dict[str, np.ndarray], str | None]:  # fmt: skip
    """Effects of rows that have observed less expected events, and their variance, alone."""
    mine = np.isnan(diff) & np.isfinite(given["o_e"])
    problems += [
        frames.problem(table, int(row), "v", "is not above 0", "Write the variance of O - E")
        for row in np.flatnonzero(mine & ~(given["v"] > 0))
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        diff = np.where(mine, given["o_e"] / given["v"], diff)
        se = np.where(mine, 1 / np.sqrt(given["v"]), given["se"])
    if mine.any():
        assumed = " taken for a log-rank test's, so for ln HR" if measure is None else ""
        done.append(f"o_e / v of {mine.sum()} rows{assumed}")
    return diff, {**given, "se": se}, measure or "HR"


def _standard_errors(
    table: pd.DataFrame, diff: np.ndarray, natural: np.ndarray, given: dict[str, np.ndarray],
    columns: dict[str, np.ndarray], named: dict[str, tuple[str, str]], reading: Reading,
    problems: list[Problem],
) -> tuple[np.ndarray, list[str], list[str]]:  # fmt: skip
    """Standard errors of effects by the first way that a row has."""
    log_se = next((columns[name] for name, (_, kind) in named.items() if kind == "se"), None)
    se = given["se"] if log_se is None else np.where(np.isfinite(log_se), log_se, given["se"])
    ratio = np.isfinite(natural)
    if log_se is None:
        alone = ratio & np.isfinite(se) & ~np.isfinite(given["lower"] + given["upper"])
        problems += [
            frames.problem(table, int(row), "se", "could be of the ratio or of its logarithm",
                           "Name the standard error of the logarithm se_log, or give limits")
            for row in np.flatnonzero(alone)
        ]  # fmt: skip
    field = next((name for name, (_, kind) in named.items() if kind != "se"), "diff")
    limits, cautions = _by_limits(table, diff, natural, given, field, reading, problems)
    problems += _against_limits(table, se, limits, natural, given, named, reading)
    if log_se is None:
        se = np.where(ratio & np.isfinite(limits), np.nan, se)
    known = np.isfinite(se)
    done = [f"se of {(known & np.isfinite(diff)).sum()} as given"] if known.any() else []
    lacking = ~known & np.isfinite(limits)
    se = np.where(lacking, limits, se)
    if lacking.any():
        done.append(f"se of {lacking.sum()} by {in_percent(given['level'][lacking])} limits")
    p, wanted = given["p"], np.isfinite(diff) & ~np.isfinite(se) & np.isfinite(given["p"])
    impossible = wanted & (~((p > 0) & (p < 1)) | (diff == 0))
    problems += [
        frames.problem(table, int(row), "p", "gives no standard error: it must lie between 0 and "
                       "1, and the effect must not be 0", "Give se or limits")
        for row in np.flatnonzero(impossible)
    ]  # fmt: skip
    by_p = np.full(len(diff), np.nan)
    if (wanted & ~impossible).any():
        use = wanted & ~impossible
        by_p[use] = np.abs(diff[use]) / -ndtri(p[use] / 2)
        done.append(f"se of {use.sum()} by two-sided P values")
        cautions.append(
            f"standard errors of {use.sum()} effects are from P values, which are as rough as P "
            "and the effect are rounded"
        )
        cautions += _too_near_none(table, diff, natural, use)
    return np.where(np.isfinite(by_p), by_p, se), done, cautions


def _against_limits(
    table: pd.DataFrame, se: np.ndarray, limits: np.ndarray, natural: np.ndarray,
    given: dict[str, np.ndarray], named: dict[str, tuple[str, str]], reading: Reading,
) -> list[Problem]:  # fmt: skip
    """Standard errors that contradict the interval beside them, beyond rounding.

    That of a ratio may be of the ratio itself or of its logarithm, as long as one of them fits.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = last_digit(given["lower"], given["upper"]) / _z(given)
        rounding = np.where(
            np.isfinite(natural), unit / 2 * (1 / given["lower"] + 1 / given["upper"]), unit
        ) + last_digit(se) / 2  # fmt: skip
        fits = np.abs(se - limits) <= DISAGREE * limits + rounding
        if not any(kind == "se" for _, kind in named.values()):
            fits |= np.abs(se / natural - limits) <= DISAGREE * limits + rounding / natural
    wrong = np.isfinite(se) & np.isfinite(limits) & ~fits
    name = next((each for each, (_, kind) in named.items() if kind == "se"), "se")
    return [
        frames.problem(table, int(row), name,
                       f"is not what the {given['level'][row]:g} % limits say, {limits[row]:.3g}",
                       "Correct one of them, give the level of the interval (--level), or leave "
                       "one of them out")
        for row in np.flatnonzero(wrong)
    ]  # fmt: skip


def _by_limits(
    table: pd.DataFrame, diff: np.ndarray, natural: np.ndarray, given: dict[str, np.ndarray],
    field: str, reading: Reading, problems: list[Problem],
) -> tuple[np.ndarray, list[str]]:  # fmt: skip
    """Standard errors by intervals, on the scale of the estimate; cautions on odd ones."""
    lower, upper = given["lower"], given["upper"]
    ratio = np.isfinite(natural)
    estimate = np.where(ratio, natural, diff)
    some = np.isfinite(estimate) & np.isfinite(lower + upper)
    with np.errstate(invalid="ignore"):
        inside = (lower < estimate) & (estimate < upper) & (~ratio | (lower > 0))
    problems += [
        frames.problem(table, int(row), field, "is not between its limits"
                       + (", above 0" if ratio[row] else ""),
                       f"Write lower < estimate < upper, the {given['level'][row]:g} % limits")
        for row in np.flatnonzero(some & ~inside)
    ]  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = (np.where(ratio, np.log(each), each) for each in (lower, upper))
        half = (high - low) / 2
        unit = last_digit(lower, upper, estimate) / 2
        rounding = np.where(ratio, unit / lower + unit / natural + unit / upper, 3 * unit)
        odd = some & inside & (np.abs(diff - (low + high) / 2) > OFF_CENTRE * half + rounding)
    cautions = [
        f"{table['study'].iloc[row]}, {table['treatment'].iloc[row]}: the estimate is not in the "
        "middle of its interval" + (" on the log scale" if ratio[row] else "")
        + ": an exact method, or a misprint?"
        for row in np.flatnonzero(odd)
    ]  # fmt: skip
    return np.where(some & inside, half / _z(given), np.nan), cautions


def _z(given: dict[str, np.ndarray]) -> np.ndarray:
    """Half the width of each row's interval, in standard errors."""
    return np.asarray(ndtri(0.5 + given["level"] / 200))


def _too_near_none(
    table: pd.DataFrame, diff: np.ndarray, natural: np.ndarray, use: np.ndarray
) -> list[str]:
    """Effects so near none that their last digit decides the standard error by P."""
    estimate = np.where(np.isfinite(natural), natural, diff)
    unit = 10.0 ** -max(_decimals(value) for value in estimate[np.isfinite(estimate)])
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.where(np.isfinite(natural), unit / 2 / natural, unit / 2)
        share = half / np.abs(diff)
    return [
        f"{table['study'].iloc[row]}, {table['treatment'].iloc[row]}: the effect is so near none "
        f"that rounding alone may change its standard error by {share[row]:.0%}, and with it its "
        "weight: leave the study out, or find its interval"
        for row in np.flatnonzero(use & (share > ROUGH))
    ]


def last_digit(*columns: np.ndarray) -> np.ndarray:
    """The unit of the last printed digit in each row: the coarsest that all its numbers have."""
    return np.array([
        10.0 ** -max((_decimals(value) for value in row if np.isfinite(value)), default=15)
        for row in zip(*columns, strict=True)
    ])  # fmt: skip


def _decimals(value: float) -> int:
    text = f"{value:.10f}".rstrip("0")
    return len(text.partition(".")[2])
