"""A reconstruction held against everything that was published: `quality.json`.

docs/reconstruction.md describes its fields, the reason codes of its flags and the grades.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evinet.patients.cox import HazardRatio, hazard_ratio
from evinet.patients.data import Floats, Interval, Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.contradictions import contradictions
from evinet.reconstruct.grade import grade, missed
from evinet.reconstruct.inputs import ArmInput, Contrast, Flag, Reconstruction, TrialInput, tidy

Json = dict[str, Any]


def assess(given: TrialInput, made: Reconstruction, name: str, outcome: str | None) -> Json:
    """Content of `quality.json`: printed against reconstructed (draw 0), bands across draws.

    A band is the 2.5 and 97.5 % quantile across draws 1..M, null without draws; a limit of a band
    is null where it is not reached.
    """
    trial, _ = tidy(given)
    horizon = _horizon(made)
    arms = {
        arm.name: _arm(arm, made.arms[arm.name], horizon)
        for arm in trial.arms
        if made.arms.get(arm.name)
    }
    contrasts = [
        _contrast(contrast, made.arms)
        for contrast in trial.contrasts or _all_contrasts(list(arms), trial.comparison)
        if {contrast.arm, contrast.comparator} <= set(arms)
    ]
    draws = min((len(patients) - 1 for patients in made.arms.values()), default=0)
    content: Json = {
        "trial": name, "outcome": outcome, "method": made.method, "tier": _tier(trial, made),
        "draws": draws, "arms": arms, "contrast": contrasts[0] if contrasts else None,
        "further_contrasts": contrasts[1:],
    }  # fmt: skip
    flags = [*made.flags, *contradictions(trial)]
    known = {(flag.code, flag.arm) for flag in flags}
    flags += [flag for flag in missed(content) if (flag.code, flag.arm) not in known]
    content["flags"] = [_flag(flag) for flag in flags]
    content["grade"], content["grade_reasons"] = grade(content)
    return content


def _tier(trial: TrialInput, made: Reconstruction) -> str:
    if not made.arms:
        return "C"
    curves = {arm.name for arm in trial.arms if arm.curve is not None}
    return "A" if made.method != "at-risk" and set(made.arms) <= curves else "B"


def _horizon(made: Reconstruction) -> float | None:
    """Last time at which the best reconstruction of every arm still follows somebody."""
    ends = [float(draws[0].time.max()) for draws in made.arms.values() if draws]
    return min(ends) if ends else None


def _arm(arm: ArmInput, draws: Sequence[Patients], horizon: float | None) -> Json:
    curves = [kaplan_meier(patients) for patients in draws]
    median = arm.median or Interval(None)
    means = [curve.rmst(horizon or 0.0) for curve in curves]
    found = curves[0].median(median.level)
    content: Json = {
        "n": len(draws[0].time),
        "events": {
            "printed": arm.events,
            **_best_and_band([float(patients.event.sum()) for patients in draws], int),
        },
        "median": {
            "printed": median.estimate, "printed_lower": median.lower,
            "printed_upper": median.upper, "level": median.level,
            **_best_and_band([curve.median().estimate for curve in curves]),
            "reconstructed_lower": found.lower, "reconstructed_upper": found.upper,
        },
        "at_risk": _at_risk(arm, draws[0]),
        "landmarks": [
            {"time": mark.time, "printed": mark.survival,
             "printed_lower": mark.lower, "printed_upper": mark.upper,
             **_best_and_band([float(curve.at(np.array([mark.time]))[0]) for curve in curves]),
             **_limits(curves[0].limits(mark.time))}
            for mark in arm.landmarks
        ],
        "curve": _fit(arm, curves[0].at),
        "rmst": None if not horizon else {
            "horizon": horizon, **_best_and_band(means),
            "distance_of_draws": _distance(means),
        },
    }  # fmt: skip
    return content


def _limits(limits: tuple[float, float]) -> Json:
    return {
        f"reconstructed_{name}": _finite(x)
        for name, x in zip(("lower", "upper"), limits, strict=True)
    }


def _at_risk(arm: ArmInput, best: Patients) -> list[Json]:
    if arm.at_risk is None:
        return []
    times, printed = arm.at_risk
    return [
        {"time": float(time), "printed": int(count), "reconstructed": int(own)}
        for time, count, own in zip(times, printed, at_risk(best, times), strict=True)
    ]


def _fit(arm: ArmInput, survival: Callable[[Floats], Floats]) -> Json | None:
    """Distance from the points of the curve: a point on a step's riser is on the curve."""
    if arm.curve is None:
        return None
    time, point = arm.curve
    after, before = survival(time), survival(np.nextafter(time, -1.0))
    error = np.maximum(np.maximum(point - before, after - point), 0)
    return {
        "points": len(time),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "max_error": float(error.max()),
    }


def _contrast(contrast: Contrast, arms: dict[str, list[Patients]]) -> Json:
    fits = [
        hazard_ratio(own, other)
        for own, other in zip(arms[contrast.arm], arms[contrast.comparator], strict=True)
    ]
    found = fits[0].interval(contrast.level)
    return {
        "arm": contrast.arm, "comparator": contrast.comparator,
        "stratified": contrast.stratified,
        "hr": {
            "printed": contrast.hr, "printed_lower": contrast.lower,
            "printed_upper": contrast.upper, "level": contrast.level,
            **_best_and_band([_ratio(fit) for fit in fits]),
            "reconstructed_lower": found.lower, "reconstructed_upper": found.upper,
            "log_sd_across_draws": _log_sd(fits[1:]),
            "log_distance_of_draws": _distance([fit.log_hr for fit in fits]),
        },
        "logrank_p": {
            "printed": contrast.p, **_best_and_band([_finite(fit.logrank_p) for fit in fits])
        },
    }  # fmt: skip


def _all_contrasts(names: list[str], comparison: tuple[str, str] | None) -> list[Contrast]:
    """Without a published contrast: every arm against the first, or the comparator asked for."""
    if comparison is None:
        return [Contrast(name, names[0], None) for name in names[1:]]
    arm, comparator = comparison
    rest = [name for name in names if name not in comparison]
    return [Contrast(arm, comparator, None), *(Contrast(name, comparator, None) for name in rest)]


def _ratio(fit: HazardRatio) -> float | None:
    return _finite(
        float(np.exp(np.clip(fit.log_hr, -700, 700))) if np.isfinite(fit.log_hr) else np.nan
    )


def _log_sd(fits: Sequence[HazardRatio]) -> float | None:
    """Standard deviation of ln HR across draws; null where a draw has none."""
    values = np.array([fit.log_hr for fit in fits])
    return float(values.std(ddof=1)) if len(values) > 1 and np.isfinite(values).all() else None


def _distance(values: Sequence[float]) -> float | None:
    """Root mean square distance of the draws from the best, the first; null where there is none.

    Values that are infinite alike (no event in an arm) are no distance apart.
    """
    if len(values) < 2:
        return None
    apart = [0.0 if value == values[0] else value - values[0] for value in values[1:]]
    return _finite(float(np.sqrt(np.mean(np.square(apart)))))


def _best_and_band(values: Sequence[float | None], kind: Callable[[float], float] = float) -> Json:
    best, drawn = values[0], [np.inf if value is None else value for value in values[1:]]
    quantiles = np.quantile(drawn, [0.025, 0.975], method="closest_observation") if drawn else None
    return {
        "reconstructed": None if best is None else kind(best),
        "band": None if quantiles is None else [
            kind(value) if np.isfinite(value) else None for value in quantiles
        ],
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _flag(flag: Flag) -> Json:
    size = None if flag.size is None else _finite(flag.size)
    return {"code": flag.code, "arm": flag.arm, "message": flag.message, "size": size}
