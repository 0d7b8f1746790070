"""What `evinet reconstruct` does: read one trial or many, reconstruct, write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evinet import files, seeds, tables, usertable
from evinet.errors import InputError, Problem
from evinet.patients.data import Floats
from evinet.reconstruct import evidence, summary
from evinet.reconstruct.inputs import Flag, Reconstruction, TrialInput, tidy
from evinet.reconstruct.methods import METHODS, reconstruct
from evinet.reconstruct.options import Options
from evinet.reconstruct.options import read as read_options
from evinet.reconstruct.quality import assess

if TYPE_CHECKING:
    import pandas as pd

MAY_WRITE = ("ipd.csv", "family.csv", "quality.json")
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


def from_evidence(folder: Path, outcome: str, job: Job, digitised: Path | None = None) -> str:
    """Reconstruct an outcome from the evidence tables of its trial.

    `digitised` is the folder of its figure, for the censor marks and the error of the time axis.

    Raises
    ------
    InputError
        Also where the patients cannot be known: analyses must then use the published contrast.
    """
    chosen = evidence.read(folder, outcome)
    if digitised is not None:
        from evinet.digitise import handover

        chosen = replace(chosen, content=handover.with_figure(chosen.content, digitised))
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
    """Reconstruct from files and options of the command (see `options.Options`).

    Without a name the study is called as the folder to write.
    """
    content, noted = read_options(Options(**options))
    named = Named(study or job.out.resolve().name, outcome)
    made = _make(content, job, f"reconstruct/{named.study}", noted)
    return _write(content, made, named, job)


def from_batch(manifest: Path, job: Job) -> Iterator[str]:
    """Reconstruct every row of a manifest into a folder of its own, named by its trial.

    Columns: `trial`, then the options of the command (`curve`, `at-risk`, `events`, ...; files
    relative to the manifest, several with semicolons between them), `outcome` and `method`; an
    empty cell is an option not given. A row that cannot be read or fails is answered by a
    quality.json with the flag `bad-input` or `failed`; the other rows are done.

    Raises
    ------
    InputError
        A column that is no option; after all rows are done, those that were not.
    """
    frame = usertable.read(manifest, ["trial"]).rename(columns={"n": "patients"})
    known = {each.name for each in fields(Options)} | {"trial", "outcome", "method"}
    problems = [
        Problem(str(manifest), frame.attrs["written"].get(name, name), None, "unknown column",
                f"Use: {', '.join(sorted(known))}")
        for name in frame.columns if name not in known
    ]  # fmt: skip
    problems += [
        Problem(str(manifest), "trial", name, "appears twice", "Name each trial once")
        for name in frame["trial"][frame["trial"].duplicated()]
    ]
    if problems:
        raise InputError(problems)
    for row in frame.to_dict("records"):
        values = {str(name): str(value) for name, value in row.items() if value != ""}
        trial = values.pop("trial", "")
        own = replace(job, out=job.out / trial, method=values.pop("method", job.method))
        outcome = values.pop("outcome", None)
        try:
            yield from_options(_typed(values, manifest, trial, own.method), outcome, own, trial)
        except InputError as error:
            problems += error.problems
            yield _refused(own, trial, outcome, "bad-input", str(error), "bad input")
        except Exception as error:  # whatever it is, it must not take the other trials with it
            cause = f"{type(error).__name__}: {error}"
            problems.append(Problem(str(manifest), "trial", trial, f"failed: {cause}",
                                    "Please report it, with the input"))  # fmt: skip
            yield _refused(own, trial, outcome, "failed", cause, "failed")
    if problems:
        raise InputError(problems)


def _refused(job: Job, trial: str, outcome: str | None, code: str, message: str, said: str) -> str:
    """A trial of a batch without patients: its quality.json says why."""
    if trial and Path(trial).name == trial:
        made = Reconstruction("none", {}, (Flag(code, "", message),))
        with files.together(job.out, MAY_WRITE):
            files.write_json(job.out / "quality.json", assess(TrialInput(()), made, trial, outcome))
    return f"{trial}: {said}"


def _typed(
    values: dict[str, str], manifest: Path, trial: str, method: str | None
) -> dict[str, Any]:
    """Cells of a manifest as options of the command."""
    problem = None
    if not trial or Path(trial).name != trial:
        problem = ("trial", trial, "cannot name a folder", "Write a slug")
    if method is not None and method not in METHODS:
        problem = ("method", method, "is not a method", f"Use one of {', '.join(METHODS)}")
    for name in ("stratified", "incidence"):
        if values.get(name, "").lower() not in ("", "true", "false"):
            remedy = "Write True, False or nothing"
            problem = (name, values[name], "is neither True nor False", remedy)
    if problem is not None:
        raise InputError(Problem(str(manifest), *problem))
    typed: dict[str, Any] = dict(values)
    for name in ("curve", "at_risk", "marks", "landmarks"):
        typed[name] = [_beside(manifest, each) for each in values.get(name, "").split(";") if each]
    for name in ("patients", "events", "median", "hr", "p"):
        typed[name] = [values[name]] if name in values else []
    for name in ("stratified", "incidence"):
        if name in typed:
            typed[name] = typed[name].lower() == "true"
    return typed


def _beside(manifest: Path, source: str) -> str:
    """A file named relative to the manifest, maybe with the name of its arm before it."""
    source = source.strip()
    if (manifest.parent / source).exists() or "=" not in source:
        return str(manifest.parent / source)
    name, _, path = source.partition("=")
    return f"{name}={manifest.parent / path.strip()}"


def _make(content: TrialInput, job: Job, name: str, flags: tuple[Flag, ...] = ()) -> Reconstruction:
    made = reconstruct(content, job.method, job.draws, seeds.generator(job.seed, name))
    return replace(made, flags=(*flags, *made.flags))


def _write(content: TrialInput, made: Reconstruction, named: Named, job: Job) -> str:
    """Write the patients and their quality, and say in a line what came of it."""
    trial = named.study
    quality = assess(content, made, trial, named.outcome)
    with files.together(job.out, MAY_WRITE):
        if made.arms:
            tables.IPD.write_rows(job.out / "ipd.csv", _patients(made, named))
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


def _patients(made: Reconstruction, named: Named) -> list[dict[str, object]]:
    """A row for each patient of each draw."""
    return [
        {
            "study": named.study,
            "draw": draw,
            "arm": arm,
            "treatment": named.treatments.get(arm, arm),
            "time": time,
            "event": event,
        }
        for arm, draws in made.arms.items()
        for draw, patients in enumerate(draws)
        for time, event in zip(patients.time.tolist(), patients.event.tolist(), strict=True)
    ]


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
