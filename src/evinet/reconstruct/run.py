"""What `evinet reconstruct` does: read one trial or many, reconstruct, write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evinet import files, seeds, tables
from evinet.errors import InputError, Problem
from evinet.reconstruct import evidence, plain, summary
from evinet.reconstruct.inputs import Flag, Floats, Reconstruction, TrialInput, tidy
from evinet.reconstruct.methods import METHODS, reconstruct
from evinet.reconstruct.quality import assess

if TYPE_CHECKING:
    import pandas as pd

FAMILY = 20  # curves shown where there can be no patients


@dataclass(frozen=True)
class Job:
    """Where to write, and how to reconstruct; method None is what the input asks for."""

    out: Path
    method: str | None
    draws: int
    seed: int


@dataclass(frozen=True)
class Named:
    """What the patients are called: study, outcome, and the treatments of arms named otherwise."""

    study: str
    outcome: str | None
    treatments: Mapping[str, str] = field(default_factory=dict)


def from_evidence(folder: Path, outcome: str, job: Job) -> str:
    """Reconstruct an outcome from the evidence tables of its trial.

    Raises
    ------
    InputError
        Also where the patients cannot be known: analyses must then use the published contrast.
    """
    chosen = evidence.read(folder, outcome)
    made = _make(chosen.content, job, f"reconstruct/{chosen.trial}/{outcome}", chosen.flags)
    if not made.arms or len(made.arms) < len(chosen.content.arms):
        lost = ", ".join(arm.name for arm in chosen.content.arms if arm.name not in made.arms)
        raise InputError(
            Problem(str(folder), "at-risk.csv", lost, "neither a curve nor numbers at risk",
                    "Add either, or take the trial out of every model's `ipd`")
        )  # fmt: skip
    named = Named(chosen.trial, outcome, chosen.treatments)
    return _write(chosen.content, made, named, job)


def from_options(
    options: Mapping[str, Any], outcome: str | None, job: Job, study: str | None = None
) -> str:
    """Reconstruct from plain files and options (see `plain.Options`).

    Without a name the study is called as the folder to write.
    """
    content = plain.read(plain.Options(**options))
    named = Named(study or job.out.resolve().name, outcome)
    made = _make(content, job, f"reconstruct/{named.study}")
    return _write(content, made, named, job)


def from_batch(manifest: Path, job: Job) -> Iterator[str]:
    """Reconstruct every row of a manifest into a folder of its own, named by its trial.

    Columns: `trial`, then the options of the command (`curve`, `at-risk`, `events`, ...; files
    relative to the manifest), `outcome` and `method`; an empty cell is an option not given. A row
    that cannot be read is answered by a quality.json with the flag `bad-input`.

    Raises
    ------
    InputError
        A column that is no option; after all rows are done, those that could not be read.
    """
    import pandas as pd

    frame = pd.read_csv(manifest, dtype="string", keep_default_na=False, na_values=[""])
    frame.columns = [str(name).strip().replace("-", "_") for name in frame.columns]
    frame = frame.rename(columns={"n": "patients"})
    known = {each.name for each in fields(plain.Options)} | {"trial", "outcome", "method"}
    unknown = [name for name in frame.columns if name not in known]
    problems = [
        Problem(str(manifest), name, None, "unknown column", f"Use: {', '.join(sorted(known))}")
        for name in unknown
    ]
    if "trial" not in frame:
        problems.append(Problem(str(manifest), "trial", None, "the column is missing", "Add it"))
    if problems:
        raise InputError(problems)
    for row in frame.to_dict("records"):
        values = {str(name): value for name, value in row.items() if not pd.isna(value)}
        trial = values.pop("trial", "")
        own = replace(job, out=job.out / trial, method=values.pop("method", job.method))
        outcome = values.pop("outcome", None)
        try:
            yield from_options(_typed(values, manifest, trial, own.method), outcome, own, trial)
        except InputError as error:
            problems += error.problems
            refused = Flag("bad-input", "", str(error))
            made = Reconstruction("none", {}, (refused,))
            files.write_json(own.out / "quality.json", assess(TrialInput(()), made, trial, outcome))
            yield f"{trial}: bad input"
    if problems:
        raise InputError(problems)


def _typed(
    values: dict[str, str], manifest: Path, trial: str, method: str | None
) -> dict[str, Any]:
    """Cells of a manifest as options of the command."""
    problem = None
    if not trial or Path(trial).name != trial:
        problem = ("trial", trial, "cannot name a folder", "Write a slug")
    if method is not None and method not in METHODS:
        problem = ("method", method, "is no method", f"Use one of {', '.join(METHODS)}")
    stratified = values.get("stratified", "").lower()
    if stratified not in ("", "true", "false"):
        problem = ("stratified", stratified, "is not a flag", "Write True, False or nothing")
    if problem is not None:
        raise InputError(Problem(str(manifest), *problem))
    typed: dict[str, Any] = dict(values)
    for name in plain.COLUMNS:
        if name in values:
            typed[name] = manifest.parent / values[name]
    if "stratified" in typed:
        typed["stratified"] = stratified == "true"
    return typed


def _make(content: TrialInput, job: Job, name: str, flags: tuple[Flag, ...] = ()) -> Reconstruction:
    made = reconstruct(content, job.method, job.draws, seeds.generator(job.seed, name))
    return replace(made, flags=(*flags, *made.flags))


def _write(content: TrialInput, made: Reconstruction, named: Named, job: Job) -> str:
    """Write the patients and their quality, and say in a line what came of it."""
    trial = named.study
    quality = assess(content, made, trial, named.outcome)
    for name in ("ipd.csv", "family.csv"):  # of an earlier run
        (job.out / name).unlink(missing_ok=True)
    if made.arms:
        tables.IPD.write(job.out / "ipd.csv", _patients(made, named))
    else:
        rng = seeds.generator(job.seed, f"family/{trial}")
        curves = summary.family(tidy(content)[0], FAMILY, rng)
        if curves:
            files.write_csv(job.out / "family.csv", _family(curves))
    files.write_json(job.out / "quality.json", quality)
    noted = "".join(
        f"\n  {flag['code']} {flag['arm']}: {flag['message']}" for flag in quality["flags"]
    )
    if not made.arms:
        return f"{trial}: no patients (tier C){noted}"
    return (
        f"{trial}: {', '.join(made.arms)} by {made.method}, tier {quality['tier']}, "
        f"{quality['draws']} draws, {quality['grade']}{noted}"
    )


def _patients(made: Reconstruction, named: Named) -> pd.DataFrame:
    import pandas as pd

    frames = [
        pd.DataFrame(
            {
                "study": named.study,
                "draw": draw,
                "arm": arm,
                "treatment": named.treatments.get(arm, arm),
                "time": patients.time,
                "event": patients.event,
            }
        )
        for arm, draws in made.arms.items()
        for draw, patients in enumerate(draws)
    ]
    return pd.concat(frames, ignore_index=True)


def _family(curves: dict[str, Floats]) -> pd.DataFrame:
    import pandas as pd

    time = curves["time"]
    frames = [
        pd.DataFrame({"member": member, "arm": arm, "time": time, "survival": survival})
        for arm, members in curves.items()
        if arm != "time"
        for member, survival in enumerate(np.asarray(members), 1)
    ]
    return pd.concat(frames, ignore_index=True)
