"""From pools of patients to draws of the trial: published contrasts weigh the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Patients, normal_quantile
from evinet.reconstruct.inputs import Contrast, Flag
from evinet.reconstruct.likelihood import rounding
from evinet.reconstruct.particle_weights import systematic
from evinet.reconstruct.particles import Pool

CELLS = 500
ENOUGH = 1000  # rows from which the most central is chosen where no contrast weighs them
STRATIFIED = 0.2  # SD of ln HR stratified minus unstratified, in standard errors, with mild strata
UNSTRATIFIED = 0.02
PRECISION = {True: 0.05, False: 0.01}  # SD of ln SE around the printed one, by stratified


@dataclass(frozen=True, eq=False)
class _Counts:
    """(P, G) events, patients at risk in the middle of, and survival after, cells of time."""

    events: Floats
    at_risk: Floats
    survival: Floats


def combine(
    pools: dict[str, Pool], contrasts: Sequence[Contrast], draws: int, rng: np.random.Generator
) -> tuple[dict[str, list[Patients]], tuple[Flag, ...]]:
    """Draw 0, the most central of all, then `draws` draws; each is one set of patients an arm.

    Row k of one pool belongs to row k of the others; together they are weighted by the published
    hazard ratio, its limits and, without these, the log-rank P value. Where few agree with them the
    weights are tempered, and a flag says how far they are from what was published.
    """
    between = [each for each in contrasts if {each.arm, each.comparator} <= set(pools)]
    count = min(len(pool.time) for pool in pools.values())
    if not between and count > max(ENOUGH, 2 * draws):  # all rows are alike
        rows = rng.choice(count, max(ENOUGH, 2 * draws), replace=False)
        pools = {name: Pool(pool.time[rows], pool.event[rows]) for name, pool in pools.items()}
        count = len(rows)
    edges = _cells(list(pools.values()))
    counts = {name: _count(pool, edges) for name, pool in pools.items()}
    log_weight, flags, ratios = np.zeros(count), [], []
    for contrast in between:
        log_hr, se, z = hazard_ratios(counts[contrast.arm], counts[contrast.comparator])
        log_weight += agreement(contrast, log_hr, se, z)
        ratios.append((contrast, log_hr))
    log_weight, power = tempered(log_weight, max(min(2 * draws, count / 20), 10))
    weight = np.exp(log_weight - log_weight.max())
    for contrast, log_hr in ratios:
        if power < 0.5 and contrast.hr is not None:
            off = float(np.average(log_hr, weights=weight) - np.log(contrast.hr))
            place = f"{contrast.arm} v {contrast.comparator}"
            flags.append(Flag("hr-strained", "", f"{place}: published HR fits few draws (ln)", off))
    best = _central(counts, [log_hr for _, log_hr in ratios], weight)
    picked = np.concatenate([[best], rng.permutation(systematic(log_weight, draws, rng))])
    arms = {
        name: [Patients(pool.time[i], pool.event[i].astype(np.int64)) for i in picked]
        for name, pool in pools.items()
    }
    return arms, tuple(flags)


def hazard_ratios(arm: _Counts, comparator: _Counts) -> tuple[Floats, Floats, Floats]:
    """ln HR, its standard error and the log-rank z of every row, from counts in cells."""
    d1, n1, d2, n2 = arm.events, arm.at_risk, comparator.events, comparator.at_risk
    total = d1 + d2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(n1 + n2 > 0, n1 / (n1 + n2), 0)
    z = (d1 - total * share).sum(axis=1) / np.sqrt(
        (total * share * (1 - share)).sum(axis=1) + 1e-12
    )
    log_hr = np.zeros(len(d1))
    for _ in range(12):
        ratio = np.exp(log_hr)[:, None]
        share = n1 * ratio / np.maximum(n1 * ratio + n2, 1e-12)
        information = (total * share * (1 - share)).sum(axis=1) + 1e-9
        step = np.clip((d1 - total * share).sum(axis=1) / information, -1, 1)
        log_hr = np.clip(log_hr + step, -6, 6)
        if np.abs(step).max() < 1e-6:
            break
    return log_hr, information**-0.5, z


def agreement(contrast: Contrast, log_hr: Floats, se: Floats, z: Floats) -> Floats:
    """Log likelihood of a published contrast for each row."""
    stratified = contrast.stratified is not False
    share = {True: STRATIFIED, False: UNSTRATIFIED, None: STRATIFIED / 2}[contrast.stratified]
    density = np.zeros(len(log_hr))
    if contrast.hr is not None:
        rounded = min(rounding(contrast.hr), 0.05) / contrast.hr
        sd = np.sqrt(rounded**2 / 3 + (share * se) ** 2)
        density -= 0.5 * ((log_hr - np.log(contrast.hr)) / sd) ** 2
    elif contrast.p is not None:
        printed = normal_quantile(1 - contrast.p) if contrast.p < 1 else 0.0
        density -= 0.5 * ((np.abs(z) - printed) / np.hypot(share, 0.02)) ** 2
    if contrast.lower is not None and contrast.upper is not None:
        width = np.log(contrast.upper / contrast.lower)
        rounded = sum(min(rounding(x), 0.05) / x for x in (contrast.lower, contrast.upper)) / width
        printed_se = width / (2 * normal_quantile(contrast.level))
        sd = np.hypot(PRECISION[stratified], rounded / np.sqrt(3))
        density -= 0.5 * (np.log(se / printed_se) / sd) ** 2
    return density


def _cells(pools: list[Pool]) -> Floats:
    """Edges of cells fine enough that hardly two patients of a draw leave in one."""
    times = np.sort(np.concatenate([pool.time[:20].ravel() for pool in pools]))
    edges = np.quantile(times, np.linspace(0, 1, CELLS // 2 + 1)[1:-1])
    return np.unique(np.concatenate([edges, np.linspace(0, times[-1], CELLS // 2)[1:]]))


def _count(pool: Pool, edges: Floats) -> _Counts:
    rows, size = len(pool.time), len(edges) + 1
    cell = np.searchsorted(edges, pool.time) + size * np.arange(rows)[:, None]
    left = np.bincount(cell.ravel(), minlength=rows * size).reshape(rows, size)
    events = np.bincount(cell[pool.event], minlength=rows * size).reshape(rows, size)
    before = pool.time.shape[1] - np.cumsum(left, axis=1) + left
    at_risk = np.maximum(before - left / 2 + 0.5 * (left > 0), 0)
    hazard = np.clip(events / np.maximum(before - (left - events) / 2, 0.5), 0, 1)
    return _Counts(events.astype(float), at_risk, np.cumprod(1 - hazard, axis=1))


def tempered(log_weight: Floats, wanted: float) -> tuple[Floats, float]:
    """The weights raised to the largest power up to 1 that leaves `wanted` effective draws."""
    power = 1.0
    while power > 1e-4:
        weight = np.exp(power * (log_weight - log_weight.max()))
        if weight.sum() ** 2 / (weight**2).sum() >= wanted:
            break
        power *= 0.8
    return power * log_weight, power


def _central(counts: dict[str, _Counts], log_hrs: list[Floats], weight: Floats) -> int:
    """The row nearest to the mean survival curves, events and ln HR of all."""
    distance = np.zeros(len(weight))
    names = list(counts)
    if not log_hrs and len(names) > 1:
        log_hrs = [hazard_ratios(counts[names[0]], counts[name])[0] for name in names[1:]]
    for log_hr in log_hrs:
        distance += 4 * _standardised(log_hr[:, None], weight)
    for name in names:
        distance += _standardised(counts[name].survival, weight)
        distance += _standardised(counts[name].events.sum(axis=1, keepdims=True), weight)
    return int(np.argmin(np.where(weight > 0.05, distance, np.inf)))


def _standardised(values: Floats, weight: Floats) -> Floats:
    """Mean square distance of each row from the weighted mean, in weighted variances."""
    mean = np.average(values, axis=0, weights=weight)
    square = ((values - mean) ** 2).mean(axis=1)
    return square / (np.average(square, weights=weight) + 1e-12)
