"""The jobs of the workflow: fit one model, derive what follows from it, predict populations.

A model that does not converge is sampled once more, longer. If that fails too its files are written
without a single result, and fit.json says why: other models, and the report, go on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import files, tables
from evinet.config import Config
from evinet.nma.fit import longer, run
from evinet.nma.posterior import Fit
from evinet.synthesise import models

if TYPE_CHECKING:
    from evinet.nma.population.answers import Population


def fit(config: Config, analysis: str, name: str, data: Path, ipd: list[Path], out: Path) -> str:
    """Fit a model and write `tables.FIT`, fit.json and posterior.nc to `out`; a line about it.

    Raises
    ------
    InputError
        The model cannot be made of the data.
    """
    model = config.models[name]
    studies = models.network(config, analysis, model, data, ipd)
    specified = models.specify(config, model, studies)
    populations = models.populations(model, specified)
    job, better = f"fit/{analysis}/{name}", models.improvement(config, analysis, name)
    (found,) = run([specified], config.sampler, config.seed, better, [job])
    if found.failures():
        (found,) = run([specified], longer(config.sampler), config.seed, better, [job])
    failed = found.failures()
    record = {"analysis": analysis, "name": name, "failures": failed}
    with files.together():
        if failed:
            _write_nothing(found, record, out)
        else:
            _write(found, populations, record, out)
    if failed:
        return f"{analysis}/{name}: not converged, not reported: {'; '.join(failed)}"
    worst = found.convergence["rhat_max"]
    return f"{analysis}/{name}: " + ("exact" if worst is None else f"R-hat {worst:.3f}")


def _write(found: Fit, populations: list[Population], record: dict[str, Any], out: Path) -> None:
    consistent = not found.specification.terms.unrelated
    frames = {"estimates": found.effects()}
    if not populations:
        frames |= {"predictive": found.predictive(), "powerscale": found.powerscale()}
    if consistent:
        frames |= {"league": found.league(), "ranks": found.ranks()}
        if populations:
            more, record["populations"] = models.adjusted(found, populations)
            frames |= more
    for table in tables.FIT:
        frame = frames.get(table.name)
        table.write(out / f"{table.name}.csv", table.frame([]) if frame is None else frame)
    written = record | found.summary()
    del written["seconds"]  # they differ between runs
    files.write_json(out / "fit.json", written)
    found.write_posterior(out / "posterior.nc")


def _write_nothing(found: Fit, record: dict[str, Any], out: Path) -> None:
    import xarray as xr

    from evinet.nma.answers.inference_data import write

    for table in tables.FIT:
        table.write(out / f"{table.name}.csv", table.frame([]))
    files.write_json(out / "fit.json", record | {
        "convergence": found.convergence, "sampler": found.sampler.model_dump(mode="json"),
    })  # fmt: skip
    write(out / "posterior.nc", {"posterior": xr.Dataset()})


def answers(
    config: Config, analysis: str, name: str, data: Path, ipd: list[Path], fits: Path, out: Path
) -> str:
    """Write the tables `tables.ANSWERS` of a fit that `fit` wrote to `fits`; a line about it."""
    from evinet.nma.answers import effects

    record = files.read_json(fits / "fit.json")
    model = config.models[name]
    found = None
    if not record["failures"]:
        studies = models.network(config, analysis, model, data, ipd)
        specified = models.specify(config, model, studies)
        found = models.loaded(config, analysis, name, specified, fits / "posterior.nc")
    frames: dict[str, Any] = {}
    if found is not None and not found.specification.terms.unrelated:
        frames = {
            "margins": found.margins([] if model.time_ratios else config.margins),
            "tipping": effects.tipping(found.league()),
        }
        if model.regression is None:
            frames |= {
                "contribution": found.contribution(),
                "threshold": found.threshold(),
                "influence": found.influence(),
                "inconsistency": found.inconsistency(),
            }
        if model.node_split:
            splits = found.node_splits()
            splits = {pair: each for pair, each in splits.items() if not each.failures()}
            frames["splits"] = effects.splits(splits)
    with files.together():
        for table in tables.ANSWERS:
            frame = frames.get(table.name)
            table.write(out / f"{table.name}.csv", table.frame([]) if frame is None else frame)
    return f"{analysis}/{name}: {len(frames)} tables"
