"""Accuracy, calibration and speed of the methods where the patients are known.

Run by `make benchmark-reconstruct`, or `python -m benchmarks.reconstruct --help`;
docs/reconstruction-benchmark.md explains the tables.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from benchmarks.trials import (
    ARMS,
    KINDS,
    STYLES,
    Trial,
    lifelines_trials,
    published,
    simulated,
)

from evinet import files, processor, seeds
from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Floats, Patients
from evinet.patients.kaplan_meier import KaplanMeier, kaplan_meier
from evinet.reconstruct import methods
from evinet.reconstruct.inputs import Reconstruction
from evinet.reconstruct.quality import assess

if TYPE_CHECKING:
    import pandas as pd

NEAR = 0.03  # a difference of ln HR that hardly matters
DEFAULT = 20  # draws of the command, by which it grades
DRAWS = 79  # the 2nd smallest and 2nd largest of 79 hold a further draw with 95 %
NO_CURVE = "no curve"
WITH_CURVE = (
    (), ("at-risk",), ("at-risk", "events"), ("at-risk", "events", "marks"), ("gaps",),
)  # fmt: skip
WITHOUT_CURVE = (
    ("at-risk",), ("at-risk", "events"), ("at-risk", "events", "median"),
    ("at-risk", "events", "median", "hr"),
)  # fmt: skip
MAIN = ("exact", "rounded375-end", "raster375", "clicked")
BANDS = (
    "rounded375", "rounded375-end", "raster375", "clicked", "clicked-corners", "corners375",
    "digits", "percent", "cut375",
)  # fmt: skip
SIZES = (20, 100, 400, 1000)  # patients of an arm for which bands are judged apart
QUANTITIES = ("ln HR", "median", "RMST", "events")
Row = dict[str, Any]
FAILED: Row = {"failed": True, "exact": np.nan, "iae": np.nan, "rmse": np.nan}


@dataclass(frozen=True)
class Case:
    """A method, how the curve was read, what else is printed, and how many draws are judged.

    It runs on every trial, or on one of `every` trials.
    """

    method: str
    style: str
    printed: tuple[str, ...]
    draws: int = 0
    every: int = 1

    @property
    def given(self) -> str:
        """What is printed besides the curve, in words."""
        return ", ".join(self.printed) or "n alone"


@dataclass(frozen=True)
class Summary:
    """What is compared of a trial, for reconstructed and for true patients."""

    log_hr: float
    arms: dict[str, dict[str, float]]


def cases(names: Sequence[str], styles: Sequence[str], draws: int, every: int = 1) -> list[Case]:
    """All cases; draws are judged of methods that draw, at some of the styles.

    Some of the main inputs run on all trials, the others on one of `every` trials.
    """
    found = []
    for style, printed, name in product(styles, WITH_CURVE, names):
        if style != NO_CURVE and name != "at-risk":
            usual = printed in WITH_CURVE[1:3]
            judged = name == "lattice" and (printed in (*WITH_CURVE[1:3], ("gaps",)))
            often = 1 if style in MAIN and usual else every
            found.append(Case(name, style, printed, draws if judged else 0, often))
    if NO_CURVE in styles and "at-risk" in names:
        for printed in WITHOUT_CURVE:
            often = 1 if printed == WITHOUT_CURVE[2] else every
            found.append(Case("at-risk", NO_CURVE, printed, draws, often))
    return found


def band_cases(styles: Sequence[str], draws: int) -> list[Case]:
    """The cases that tell what bands are worth: numbers at risk, and some of them missing."""
    found = [Case("lattice", style, ("at-risk",), draws) for style in styles if style in BANDS]
    gaps = [Case("lattice", each.style, ("gaps",), draws) for each in found[:1]]
    return [*found, *gaps]


def score(trial: Trial, todo: Sequence[Case], seed: int) -> tuple[list[Row], list[Row]]:
    """Rows of accuracy (one an arm and case) and of calibration (one a quantity) of a trial."""
    accuracy, calibration = [], []
    horizon = min(float(patients.time.max()) for patients in trial.arms.values())
    truth = summary(trial.arms, horizon)
    for case in todo:
        style = None if case.style == NO_CURVE else case.style
        given = published(trial, style, case.printed, seed)
        job = f"benchmark/{trial.name}/{case.method}/{case.style}/{case.given}"
        rng = seeds.generator(seed, job)
        begin = time.process_time()
        try:
            found_all = methods.method(case.method)(given, case.draws, rng)
            made, flags = found_all.arms, found_all.flags
        except Exception as error:  # a failure is a result here, whatever it is
            click.echo(f"{trial.name}: {case}: {error!r}", err=True)
            made, flags = {}, ()
        seconds = (time.process_time() - begin) / len(trial.arms)
        label = {"trial": trial.name, "curve": case.style, "printed": case.given}
        label["method"] = case.method
        best = {name: draws[0] for name, draws in made.items()}
        grade = ""
        if case.draws and made:
            judged = Reconstruction(case.method, {name: draws[: DEFAULT + 1] for name, draws in
                                                  made.items()}, flags)  # fmt: skip
            grade = assess(given, judged, trial.name, None)["grade"]
        complete = set(best) == set(trial.arms)
        found = summary(best, horizon) if complete else None
        off = np.nan if found is None else difference(found.log_hr, truth.log_hr)
        for name, patients in trial.arms.items():
            errors = arm_errors(patients, best[name]) if name in best else FAILED
            row = {
                **label,
                "grade": grade,
                "arm": name,
                "n": len(patients.time),
                "off": off,
                **errors,
            }
            accuracy.append({**row, "seconds": seconds})
        if case.draws and complete:
            drawn = [
                summary({name: made[name][k] for name in made}, horizon)
                for k in range(1, case.draws + 1)
            ]
            calibration += [{**label, **row} for row in bands(truth, drawn)]
    return accuracy, calibration


def arm_errors(true: Patients, found: Patients) -> Row:
    """Of one arm: events exact, and distance of the Kaplan-Meier estimates over its follow-up."""
    events = int(found.event.sum()), int(true.event.sum())
    horizon = float(true.time.max())
    iae, rmse = distance(kaplan_meier(true), kaplan_meier(found), horizon)
    return {
        "failed": False, "events": events[0], "true_events": events[1],
        "exact": events[0] == events[1], "iae": iae, "rmse": rmse,
    }  # fmt: skip


def distance(first: KaplanMeier, second: KaplanMeier, horizon: float) -> tuple[float, float]:
    """Mean absolute and root mean square difference of survival over time, to `horizon`."""
    times = np.concatenate([[0.0], first.time, second.time])
    edges = np.append(np.unique(times[times < horizon]), horizon)
    gap = first.at(edges[:-1]) - second.at(edges[:-1])
    weight = np.diff(edges) / horizon
    return float(weight @ np.abs(gap)), float(np.sqrt(weight @ gap**2))


def difference(found: float, true: float) -> float:
    """Absolute difference; none if both are infinite alike, infinite if one of them is not."""
    if found == true:
        return 0.0
    return abs(found - true) if np.isfinite([found, true]).all() else np.inf


def summary(arms: dict[str, Patients], horizon: float) -> Summary:
    """ln HR, and of each arm the median (infinite if not reached), RMST to `horizon` and events."""
    own = {}
    for name, patients in arms.items():
        curve = kaplan_meier(patients)
        reached = np.flatnonzero(curve.survival <= 0.5 + 1e-9)
        median = float(curve.time[reached[0]]) if len(reached) else np.inf
        events = float(patients.event.sum())
        own[name] = {"median": median, "RMST": curve.rmst(horizon), "events": events}
    return Summary(hazard_ratio(*(arms[name] for name in ARMS)).log_hr, own)


def bands(truth: Summary, drawn: Sequence[Summary]) -> Iterator[Row]:
    """The 95 % band across draws of every quantity, and the truth."""
    yield {"quantity": "ln HR", **_band(truth.log_hr, [each.log_hr for each in drawn])}
    for name, quantity in product(truth.arms, QUANTITIES[1:]):
        values = [each.arms[name][quantity] for each in drawn]
        yield {"quantity": quantity, **_band(truth.arms[name][quantity], values)}


def _band(true: float, drawn: Sequence[float]) -> Row:
    values = np.sort(np.nan_to_num(drawn, nan=np.inf, posinf=np.inf, neginf=-np.inf))
    beyond = max(int(0.025 * (len(values) + 1)), 1)
    lower, upper = values[beyond - 1], values[-beyond]
    return {"truth": true, "lower": lower, "centre": values[len(values) // 2], "upper": upper}


def scaling(truth: Floats, lower: Floats, centre: Floats, upper: Floats) -> float:
    """By how much all bands must be widened about their centres to hold 95 % of the truths."""
    away = truth - centre
    half = np.where(away > 0, upper - centre, centre - lower)
    slack = 1e-6 * np.maximum(np.abs(truth), 1)
    away = np.where(np.abs(away) <= slack, 0, np.abs(away))
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(away > 0, away / half, 0)
    return float(np.quantile(needed, 0.95, method="higher"))


def accuracy_table(rows: pd.DataFrame) -> str:
    """Markdown table, one line a case: medians over arms (survival, seconds) and trials (ln HR)."""
    head = [
        "curve", "printed", "method", "events exact", "IAE", "RMSE", "abs. Δ ln HR, median",
        "97.5 %", "failures", "s an arm",
    ]  # fmt: skip
    lines = []
    for label, part in rows.groupby(["curve", "printed", "method"], sort=False):
        done = part[~part["failed"].astype(bool)]
        off = part.drop_duplicates("trial")["off"].dropna().to_numpy(float)
        lines.append([
            *map(str, label),
            f"{100 * done['exact'].astype(float).mean():.0f} %",
            f"{done['iae'].median():.4f}", f"{done['rmse'].median():.4f}",
            *(f"{_quantile(off, q):.4f}" for q in (0.5, 0.975)),
            f"{len(part) - len(done)} of {len(part)}",
            f"{part['seconds'].median():.3f}",
        ])  # fmt: skip
    return _markdown(head, lines)


def calibration_table(rows: pd.DataFrame) -> str:
    """Markdown table: coverage and mean width of 95 % bands across draws."""
    head = ["curve", "printed", "method", "quantity", "coverage", "mean width", "ratio"]
    lines = []
    for label, part in rows.groupby(["curve", "printed", "method", "quantity"], sort=False):
        numbers = [part[name].to_numpy(float) for name in ("truth", "lower", "centre", "upper")]
        truth, lower, _, upper = numbers
        slack = np.where(np.isfinite(truth), 1e-6 * np.maximum(np.abs(truth), 1), 0)
        covered = (lower - slack <= truth) & (truth <= upper + slack)
        finite = np.isfinite(numbers).all(axis=0)
        factor = scaling(*(values[finite] for values in numbers)) if finite.any() else np.nan
        ratio = f"{1 / factor:.2f}" if 0 < factor < np.inf else "–"
        width = (upper[finite] - lower[finite]).mean() if finite.any() else np.nan
        lines.append([*map(str, label), f"{100 * covered.mean():.1f} %", f"{width:.4f}", ratio])
    return _markdown(head, lines)


def grade_table(rows: pd.DataFrame) -> str:
    """Markdown table: the error of ln HR by grade, over all cases with draws."""
    graded = rows[rows["grade"] != ""].drop_duplicates(["trial", "curve", "printed", "method"])
    head = ["grade", "trials", "abs. Δ ln HR, median", "97.5 %", f"below {NEAR}"]
    lines = []
    for name, part in graded.groupby("grade"):
        off = part["off"].dropna().to_numpy(float)
        quantiles = [f"{_quantile(off, level):.4f}" for level in (0.5, 0.975)]
        near = f"{100 * (off < NEAR).mean():.0f} %"
        lines.append([str(name), str(len(off)), *quantiles, near])
    return _markdown(head, lines)


def _quantile(values: Floats, level: float) -> float:
    return float(np.quantile(values, level, method="higher")) if len(values) else np.nan


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def run(
    trials: int,
    todo: Sequence[Case],
    seed: int,
    workers: int,
    lifelines: bool,
    size: int | None = None,
    kind: str = "usual",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score all trials, or as many as are done when the user interrupts.

    Apart from the seconds the result does not depend on the number of workers.
    """
    import pandas as pd

    known = lifelines_trials() if lifelines else []
    known += [simulated(seed, index, size, kind) for index in range(trials)]
    jobs = [
        (trial, [case for case in todo if index % case.every == 0], seed)
        for index, trial in enumerate(known)
    ]
    scored = []
    with multiprocessing.get_context("spawn").Pool(workers, _warm, (todo, seed)) as pool:
        try:
            for number, rows in enumerate(pool.imap(_score, jobs), 1):
                scored.append(rows)
                click.echo(f"\r{number} of {len(jobs)} trials", err=True, nl=number == len(jobs))
        except KeyboardInterrupt:
            click.echo(f"\ninterrupted after {len(scored)} trials", err=True)
    if not scored:
        raise click.Abort
    return (
        pd.DataFrame([row for rows, _ in scored for row in rows]),
        pd.DataFrame([row for _, rows in scored for row in rows]),
    )


def _score(job: tuple[Trial, list[Case], int]) -> tuple[list[Row], list[Row]]:
    return score(*job)


def _warm(todo: Sequence[Case], seed: int) -> None:
    """Compile what is compiled, before anything is timed; interruption is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in {case.method for case in todo}:
        score(simulated(seed, 0), [next(case for case in todo if case.method == name)], seed)


def _names(known: Sequence[str]) -> Callable[..., list[str]]:
    def parse(context: click.Context, option: click.Parameter, value: str) -> list[str]:
        names = [name.strip() for name in value.split(",") if name.strip()]
        if wrong := [name for name in names if name not in known]:
            raise click.BadParameter(f"{wrong[0]!r} is none of {', '.join(known)}")
        return names

    return parse


ALL_METHODS = ("lattice", "guyot", "ipdfromkm", "at-risk")
ALL_STYLES = (*STYLES, NO_CURVE)


@click.command()
@click.option("--trials", type=click.IntRange(0), default=200, show_default=True)
@click.option("--lifelines/--no-lifelines", default=True, help="Add the data sets of lifelines.")
@click.option(
    "--methods", "names", default=",".join(ALL_METHODS), show_default=True,
    callback=_names(ALL_METHODS),
)  # fmt: skip
@click.option(
    "--styles", default=",".join(ALL_STYLES), show_default=True, callback=_names(ALL_STYLES)
)
@click.option(
    "--every", type=click.IntRange(1), default=8, show_default=True,
    help="Further inputs run on one of so many trials; 1 is all, and takes much longer.",
)  # fmt: skip
@click.option("--size", type=click.IntRange(2), help="Patients of every simulated arm.")
@click.option("--kind", type=click.Choice(KINDS), default="usual", show_default=True)
@click.option(
    "--bands", is_flag=True,
    help="Judge only the bands of the draws: every style, missing numbers at risk, sizes of arms.",
)  # fmt: skip
@click.option("--draws", type=click.IntRange(0), default=DRAWS, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="CSV of every arm's accuracy.")
def main(
    trials: int, lifelines: bool, names: list[str], styles: list[str], every: int,
    size: int | None, kind: str, bands: bool, draws: int, seed: int, workers: int, out: Path | None,
) -> None:  # fmt: skip
    """Reconstruct trials whose patients are known, and print what came of it."""
    processor.prepare()  # of the workers
    import pandas as pd

    todo = band_cases(styles, draws) if bands else cases(names, styles, draws, every)
    if not todo or not (trials or lifelines):
        raise click.UsageError("nothing to do")
    accuracy, calibration = run(trials, todo, seed, workers, lifelines and not bands, size, kind)
    if bands and size is None and trials:
        for each in SIZES:
            made = run(trials, todo[:1], seed, workers, False, each, kind)
            for rows in made:
                rows["curve"] += f", {each} patients"
                rows["trial"] += f", {each} patients"
            accuracy = pd.concat([accuracy, made[0]], ignore_index=True)
            calibration = pd.concat([calibration, made[1]], ignore_index=True)
    count = accuracy["trial"].nunique()
    click.echo(f"{count} trials, {len(accuracy.drop_duplicates(['trial', 'arm']))} arms\n")
    if not bands:
        click.echo(accuracy_table(accuracy))
    if len(calibration):
        click.echo("\n95 % bands across draws\n")
        click.echo(calibration_table(calibration))
        click.echo("\nGrades\n")
        click.echo(grade_table(accuracy))
    if out is not None:
        files.write_csv(out, accuracy)


if __name__ == "__main__":
    main()
