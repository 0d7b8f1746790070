"""Trials whose patients are known, and what a publication would show of them.

Two arms, simulated or taken from the data sets that come with lifelines. A figure shows nothing
beyond the end of its axis, so patients are cut there, and everything that is printed is computed
from the patients so cut.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from evinet import seeds
from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Floats, Integers, Interval, Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.inputs import ArmInput, Contrast, TrialInput

HAZARDS = ("exponential", "weibull", "piecewise", "plateau", "crossing")
CENSORINGS = ("administrative", "uniform", "exponential", "late")
STYLES = (
    "exact", "vector", "raster750", "raster375", "rounded375", "rounded375-end", "corners375",
    "cut375", "clicked", "clicked-corners", "digits", "percent",
)  # fmt: skip
PRINTED = ("at-risk", "events", "marks", "median", "hr")
KINDS = ("usual", "visits", "massed", "heavy")
ARMS = ("treated", "control")
DAYS = 365.25 / 12  # in a month
VISITS = 10  # in the time that a figure shows, of trials of that kind
STOPS = 0.6  # share of the time axis that a curve cut short covers
GAPS = 0.35  # share of the numbers at risk that are missing, where some are
CLICK_SD = 0.002  # of the axes
VECTOR = 9000  # steps of an axis in a vector PDF: 0.02 to 0.03 points


@dataclass(frozen=True, eq=False)
class Trial:
    """The true patients of `ARMS`, and the axis of the figure that shows them.

    `end` and `step` are the end of the time axis and the distance of the numbers at risk.
    """

    name: str
    arms: dict[str, Patients]
    end: float
    step: float


def simulated(seed: int, index: int, size: int | None = None, kind: str = "usual") -> Trial:
    """Trial `index` of the series of a seed: each 20 in turn hold every hazard and censoring.

    Parameters
    ----------
    size
        Patients of both arms; otherwise 20 to 1000.
    kind
        One of `KINDS`: events are seen at visits; those after the end of the axis are counted at
        its end; or censoring is heavy, half of the patients by the second number at risk.
    """
    trial = _simulated(seed, index, size, kind == "massed")
    if kind == "heavy":
        return _heavily_censored(trial, seeds.generator(seed, f"heavy/{trial.name}"))
    if kind != "visits":
        return trial
    apart = trial.end / VISITS
    arms = {}
    for arm, patients in trial.arms.items():
        seen = np.ceil(patients.time / apart - 1e-9) * apart
        arms[arm] = Patients(np.where(patients.event == 1, seen, patients.time), patients.event)
    return Trial(f"{trial.name}-visits", arms, trial.end, trial.step)


def _heavily_censored(trial: Trial, rng: np.random.Generator) -> Trial:
    arms = {}
    for arm, patients in trial.arms.items():
        lost = rng.exponential(trial.step / np.log(2), len(patients.time))
        event = np.where(patients.time <= lost, patients.event, 0)
        arms[arm] = Patients(np.minimum(patients.time, lost), event)
    return Trial(f"{trial.name}-heavy", arms, trial.end, trial.step)


def _simulated(seed: int, index: int, given: int | None, massed: bool) -> Trial:
    hazard, censoring = HAZARDS[index % 5], CENSORINGS[index // 5 % 4]
    name = f"{index:04d}-{hazard}-{censoring}"
    rng = seeds.generator(seed, f"simulate/{name}")
    size = int(np.rint(np.exp(rng.uniform(np.log(20), np.log(1000)))))
    sizes = (size, max(20, int(np.rint(size * rng.choice([1.0, 1.0, 0.5])))))
    sizes = sizes if given is None else (given, given)
    median = float(np.exp(rng.uniform(np.log(3), np.log(30))))
    length = median * rng.uniform(1, 3.5)
    whole_days = rng.random() < 0.5
    quantiles = _deaths(hazard, median, rng)
    arms = {}
    for arm, n, quantile in zip(ARMS, sizes, quantiles, strict=True):
        death = quantile(rng.exponential(size=n))
        censoring_time = _censoring(censoring, n, length, rng)
        time = np.minimum(death, censoring_time)
        if whole_days:
            time = np.ceil(time * DAYS) / DAYS
        arms[arm] = Patients(time, (death <= censoring_time).astype(np.int64))
    return _shown(name, arms, cut=bool(rng.random() < 0.5) or massed, massed=massed)


def lifelines_trials() -> list[Trial]:
    """Data sets of the package lifelines that have two groups, or make two."""
    from lifelines import datasets

    def trial(
        name: str, time: str, event: str, treated: Callable[..., np.ndarray], unit: float = 1.0
    ) -> Trial:
        frame = getattr(datasets, f"load_{name}")().dropna(subset=[time, event])
        frame = frame[frame[time] > 0]
        in_arm = np.asarray(treated(frame), dtype=bool)
        times = frame[time].to_numpy(float) / unit
        events = frame[event].to_numpy().astype(np.int64)
        arms = {
            arm: Patients(times[rows], events[rows])
            for arm, rows in zip(ARMS, (in_arm, ~in_arm), strict=True)
        }
        return _shown(f"lifelines-{name}", arms, cut=False)

    return [
        trial("waltons", "T", "E", lambda x: x["group"] == "miR-137"),
        trial("lung", "time", "status", lambda x: x["sex"] == 2, DAYS),
        trial("gbsg2", "time", "cens", lambda x: x["horTh"] == "yes", DAYS),
        trial("lymph_node", "survtime", "censdead", lambda x: x["hormone"] == 2, DAYS),
        trial("leukemia", "t", "status", lambda x: x["Rx"] == 0, 52 / 12),
        trial("lymphoma", "Time", "Censor", lambda x: x["Stage_group"] == 1, DAYS),
        trial("rossi", "week", "arrest", lambda x: x["fin"] == 1, 52 / 12),
        trial(
            "kidney_transplant", "time", "death", lambda x: x["black_male"] + x["white_male"], DAYS
        ),
        trial("larynx", "time", "death", lambda x: x["Stage_III"] + x["Stage_IV"] == 0, 1 / 12),
        trial("g3", "time", "event", lambda x: x["group"] == "RIT"),
        trial("dd", "duration", "observed", lambda x: x["democracy"] == "Democracy", 1 / 12),
        trial("psychiatric_patients", "T", "C", lambda x: x["sex"] == 2, 1 / 12),
    ]


def published(
    trial: Trial, style: str | None, printed: Collection[str], seed: int = 0
) -> TrialInput:
    """What is given to a method: patients at the start, and what else is asked for.

    Parameters
    ----------
    style
        How the curves were read, one of `STYLES`; None is no curve.
    printed
        Any of `PRINTED`; `gaps` for numbers at risk of which some are missing.
    seed
        For the hand that clicks.
    """
    known = set(printed)
    table = np.arange(0.0, trial.end + trial.step / 2, trial.step)
    arms = []
    for name, patients in trial.arms.items():
        rng = seeds.generator(seed, f"click/{trial.name}/{name}")
        arms.append(
            ArmInput(
                name,
                n=len(patients.time),
                curve=None if style is None else curve(patients, style, trial.end, rng),
                at_risk=_printed_at_risk(patients, table, known, seed, f"{trial.name}/{name}"),
                events=int(patients.event.sum()) if "events" in known else None,
                marks=marks(patients, style, trial.end) if "marks" in known else None,
                median=_printed_median(patients) if "median" in known else None,
            )
        )
    return TrialInput(tuple(arms), _printed_contrast(trial) if "hr" in known else ())


def curve(
    patients: Patients, style: str, end: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """(time, survival) as read from the figure: see `STYLES`.

    exact: the feet of the drops. vector: the corners of the steps, to 1/9000 of the axes.
    raster: the top and bottom pixel of the line in every pixel column, of a plot twice as wide as
    it is high. rounded: the feet of the drops, rounded to such pixels; with -end, the end of the
    line as well. corners: both ends of every drop and the end of the line, rounded likewise. cut:
    feet up to 60 % of the axis. clicked: 30 to 60 points of the line with jitter; with -corners,
    both ends of every drop and the end of the line with jitter, to four decimals. digits: feet to
    three significant digits. percent: feet to whole per cent and a tenth of a month.
    """
    estimate = kaplan_meier(patients)
    feet = np.append(0.0, estimate.time), np.append(1.0, estimate.survival)
    if style == "exact":
        return feet
    if style == "digits":
        return _significant(feet[0]), _significant(feet[1])
    if style == "percent":
        return np.round(feet[0], 1), np.round(100 * feet[1])
    kind, height = style.removesuffix("-end").rstrip("0123456789"), _pixels(style)
    if kind in ("rounded", "cut", "corners"):
        points = feet
        if kind == "corners":
            points = _corners(*feet, float(patients.time.max()))
        elif style.endswith("-end"):
            points = np.append(feet[0], patients.time.max()), np.append(feet[1], feet[1][-1])
        time, survival = _to_grid(points[0], 2 * height, end), _to_grid(points[1], height)
        shown = time <= (STOPS if kind == "cut" else 1) * end
        return time[shown], survival[shown]
    if style.startswith("raster"):
        return _raster(*feet, float(patients.time.max()), end, int(style.removeprefix("raster")))
    corners = _corners(*feet, float(patients.time.max()))
    if style == "vector":
        return _to_grid(corners[0], VECTOR, end), _to_grid(corners[1], VECTOR)
    if style == "clicked-corners":  # written with four decimals, as people do
        times, levels = _jittered(*corners, end, rng)
        return np.round(times, 4), np.round(levels, 4)
    return _clicked(*corners, end, rng)


def marks(patients: Patients, style: str | None, end: float) -> Floats:
    """Distinct censor marks, as precise as the curve; none for patients cut at the axis' end."""
    time = patients.time[(patients.event == 0) & (patients.time < end)]
    if style is not None and (height := _pixels(style)):
        time = _to_grid(time, 2 * height, end)
    elif style == "vector":
        time = _to_grid(time, VECTOR, end)
    elif style in ("clicked", "clicked-corners"):
        time = _to_grid(time, 500, end)
    return np.unique(time)


def _deaths(
    hazard: str, median: float, rng: np.random.Generator
) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """For each arm the time at which a cumulative hazard is reached; the control's median."""
    ratio = float(np.exp(rng.uniform(np.log(0.4), np.log(1.1))))
    if hazard == "crossing":
        shapes = np.array([0.7, 1.5])[:: rng.choice([-1, 1])]
        scales = median * np.array([rng.uniform(1, 1.6), 1]) / np.log(2) ** (1 / shapes)
        first, second = (
            lambda h, scale=scale, shape=shape: scale * h ** (1 / shape)
            for scale, shape in zip(scales, shapes, strict=True)
        )
        return first, second
    shape = rng.uniform(0.6, 1.8) if hazard == "weibull" else 1.0
    cuts = median * np.array([0.0, 0.4, 1.2])
    rates = np.log(2) / median * np.exp(rng.uniform(-1.1, 1.1, 3))
    reached = np.append(0.0, np.cumsum(rates[:2] * np.diff(cuts)))
    cured = rng.uniform(0.15, 0.45)

    def control(h: Floats) -> Floats:
        if hazard == "piecewise":
            piece = np.searchsorted(reached, h, side="right") - 1
            return cuts[piece] + (h - reached[piece]) / rates[piece]
        if hazard == "plateau":  # S = cured + (1 - cured) exp(-rate t)
            left = (np.exp(-h) - cured) / (1 - cured)
            return -np.log(np.maximum(left, 1e-12)) * np.where(left > 0, 0.7 * median, np.inf)
        return median * (h / np.log(2)) ** (1 / shape)

    return lambda h: control(h / ratio), control


def _censoring(kind: str, n: int, length: float, rng: np.random.Generator) -> Floats:
    """Censoring times of patients followed for `length` at most."""
    if kind == "administrative":  # uniform accrual, one cut of the data
        return rng.uniform(rng.uniform(0.2, 0.8) * length, length, n)
    if kind == "uniform":
        return rng.uniform(0, length, n)
    if kind == "exponential":
        return np.minimum(rng.exponential(length, n), length)
    lost = rng.random(n) < 0.1
    return np.where(lost, rng.uniform(0, length, n), length * rng.beta(12, 1.5, n))


def _shown(name: str, arms: dict[str, Patients], *, cut: bool, massed: bool = False) -> Trial:
    """The patients as a figure shows them, its axis ending before or after the last of them.

    With `massed`, events after the end of the axis are counted at its end.
    """
    last = max(float(patients.time.max()) for patients in arms.values())
    steps = np.array([0.5, 1, 2, 3, 6, 12, 24, 36, 60])
    step = float(steps[np.argmin(np.abs(np.log(last / steps / 8)))])
    intervals = max(np.floor(last / step) if cut else np.ceil(last / step), 1)
    end = float(step * intervals)
    shown = {
        arm: Patients(
            np.minimum(patients.time, end),
            np.where((patients.time > end) & (not massed), 0, patients.event),
        )
        for arm, patients in arms.items()
    }
    return Trial(name, shown, end, step)


def _printed_at_risk(
    patients: Patients, table: Floats, known: Collection[str], seed: int, name: str
) -> tuple[Floats, Integers] | None:
    """The numbers at risk; with gaps, some but the first are missing."""
    if not {"at-risk", "gaps"} & set(known):
        return None
    kept = np.ones(len(table), dtype=bool)
    if "gaps" in known:
        kept[1:] = seeds.generator(seed, f"gaps/{name}").random(len(table) - 1) > GAPS
    return table[kept], at_risk(patients, table[kept])


def _pixels(style: str) -> int:
    """The height of the plot that a style names; 0 if none."""
    return int("".join(filter(str.isdigit, style)) or 0)


def _significant(values: Floats) -> Floats:
    return np.array([float(f"{value:.3g}") for value in values])


def _to_grid(values: Floats, steps: int, end: float = 1.0) -> Floats:
    return np.rint(values / end * steps) / steps * end


def _corners(time: Floats, survival: Floats, last: float) -> tuple[Floats, Floats]:
    """Both ends of every drop, and the end of the line."""
    times = np.append(np.repeat(time, 2)[1:], last)
    return times, np.append(np.repeat(survival, 2)[:-1], survival[-1])


def _raster(
    time: Floats, survival: Floats, last: float, end: float, height: int
) -> tuple[Floats, Floats]:
    width = 2 * height
    column = np.rint(time / end * width).astype(int)
    columns = np.arange(round(last / end * width) + 1)
    bottom = survival[np.searchsorted(column, columns, side="right") - 1]
    top = np.append(1.0, bottom[:-1])
    times = np.repeat(columns / width * end, 2)
    levels = _to_grid(np.column_stack([top, bottom]).ravel(), height)
    kept = np.ones(len(levels), dtype=bool)
    kept[1::2] = levels[1::2] < levels[::2]
    return times[kept], levels[kept]


def _clicked(
    time: Floats, survival: Floats, end: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Points evenly spaced along the line, as the eye measures it, with jitter."""
    length = np.append(0.0, np.cumsum(np.abs(np.diff(time)) / end + np.abs(np.diff(survival))))
    places = np.linspace(0, length[-1], int(rng.integers(30, 61)))
    return _jittered(np.interp(places, length, time), np.interp(places, length, survival), end, rng)


def _jittered(
    time: Floats, survival: Floats, end: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    jitter = CLICK_SD * rng.standard_normal((2, len(time)))
    times = np.maximum(time + jitter[0] * end, 0)
    levels = np.clip(survival + jitter[1], 0, 1)
    order = np.argsort(times)
    return times[order], levels[order]


def _printed_median(patients: Patients) -> Interval | None:
    found = kaplan_meier(patients).median()
    if found.estimate is None:
        return None
    numbers = (found.estimate, found.lower, found.upper)
    estimate, lower, upper = (None if x is None else max(round(x, 1), 0.1) for x in numbers)
    return Interval(estimate, lower, upper)


def _printed_contrast(trial: Trial) -> tuple[Contrast, ...]:
    treated, control = ARMS
    fit = hazard_ratio(trial.arms[treated], trial.arms[control])
    ratio = fit.interval()
    if ratio.estimate is None or ratio.lower is None or ratio.upper is None:
        return ()
    p = round(fit.logrank_p, 4) or None
    hr, lower, upper = (round(x, 2) for x in (ratio.estimate, ratio.lower, ratio.upper))
    return (Contrast(treated, control, hr, lower, upper, p=p, stratified=False),)
