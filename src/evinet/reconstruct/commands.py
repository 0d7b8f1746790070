"""`evinet reconstruct`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evinet import processor

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--curve", type=FILE, help="CSV arm,time,survival: digitised curves.")
@click.option("--at-risk", type=FILE, help="CSV arm,time,n: numbers at risk.")
@click.option("--marks", type=FILE, help="CSV arm,time: censor marks.")
@click.option("--landmarks", type=FILE, help="CSV arm,time,survival[,lower,upper].")
@click.option("--n", "patients", help='Patients: "a=151,b=75".')
@click.option("--events", help='Total events: "a=55,b=46".')
@click.option("--median", help='Medians, with limits if known: "a=22.8:19.4:NE,b=8.5".')
@click.option("--hr", help='Hazard ratio, with limits if known: "a/b=0.276:0.182:0.418".')
@click.option("--p", help='Two-sided log-rank P value: "a/b=0.003".')
@click.option("--stratified/--unstratified", default=None, help="How the hazard ratio was made.")
@click.option(
    "--axis-error", metavar="PIXELS",
    help="By how much either end of the time axis may be off; default 0.",
)  # fmt: skip
@click.option("--evidence", type=FOLDER, help="Folder of a trial's evidence tables, instead.")
@click.option("--outcome", help="Outcome of the evidence: pfs, os, ...")
@click.option("--study", help="Name of the study in ipd.csv; default the name of OUT.")
@click.option("--batch", type=FILE, help="CSV of many trials: trial, then options as columns.")
@click.option(
    "--method", type=click.Choice(["auto", "lattice", "at-risk", "guyot", "ipdfromkm"]),
    default="auto", show_default=True, help="auto: lattice with a curve, at-risk without.",
)  # fmt: skip
@click.option("--draws", type=click.IntRange(0, 1000), default=20, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def reconstruct(
    evidence: Path | None, outcome: str | None, study: str | None, batch: Path | None, method: str,
    draws: int, seed: int, out: Path, **plain: Any,
) -> None:  # fmt: skip
    """Individual patient data from curves, or from numbers at risk.

    Writes OUT/ipd.csv (study, draw, arm, treatment, time, event; draw 0 the best), which
    `evinet nma --ipd` reads, and OUT/quality.json. A trial whose
    patients cannot be known gets no ipd.csv but, for display, family.csv: curves that agree with
    what was printed. Times are in months with --evidence, otherwise in the unit they come in.
    """
    processor.prepare()
    from evinet.reconstruct import run

    job = run.Job(out, None if method == "auto" else method, draws, seed)
    if (
        sum(x is not None for x in (evidence, batch)) + any(v is not None for v in plain.values())
        > 1
    ):
        raise click.UsageError("give --evidence, or --batch, or the options of one trial")
    if study is not None and (evidence is not None or batch is not None):
        raise click.UsageError("--study is for the options of one trial: others bring its name")
    if evidence is not None:
        if outcome is None:
            raise click.UsageError("--evidence wants --outcome")
        click.echo(run.from_evidence(evidence, outcome, job))
    elif batch is not None:
        for line in run.from_batch(batch, job):
            click.echo(line)
    else:
        click.echo(run.from_options(plain, outcome, job, study))
