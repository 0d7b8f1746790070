"""`evinet reconstruct`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evinet import processor

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option(
    "--curve",
    multiple=True,
    metavar="[ARM=]FILE",
    help="Points of digitised curves: arm, time and survival, or as a digitiser wrote them. "
    "Several: one file for each arm.",
)
@click.option(
    "--at-risk",
    multiple=True,
    metavar="[ARM=]FILE",
    help="Numbers at risk: arm, time and n, or times across the top and arms down. Several files "
    "may be given.",
)
@click.option("--marks", multiple=True, metavar="[ARM=]FILE", help="Censor marks: arm and time.")
@click.option(
    "--landmarks",
    multiple=True,
    metavar="[ARM=]FILE",
    help="Survival at stated times: arm, time, survival and, if known, lower and upper.",
)
@click.option("--n", "patients", multiple=True, help='Patients of each arm: "a=151,b=75".')
@click.option("--events", multiple=True, help='Total events of each arm: "a=55,b=46".')
@click.option(
    "--median", multiple=True, help='Medians, with 95 % limits if known: "a=22.8:19.4:NE,b=8.5".'
)
@click.option(
    "--hr", multiple=True, help='Hazard ratio, with 95 % limits if known: "a/b=0.276:0.182:0.418".'
)
@click.option("--p", multiple=True, help='Two-sided log-rank P value: "a/b=0.003".')
@click.option(
    "--stratified/--unstratified", default=None, help="How the hazard ratio was estimated."
)
@click.option("--comparison", metavar="ARM:COMPARATOR", help="Direction of the hazard ratio.")
@click.option(
    "--time-unit",
    metavar="UNIT",
    help="Unit of all times (days, weeks, months or years), or of each input: "
    '"curve=years,at-risk=months". Times are then converted to months.',
)
@click.option("--incidence", is_flag=True, help="The curves are cumulative incidence.")
@click.option(
    "--axis-error",
    metavar="PIXELS",
    help="How many pixels either end of the time axis may be off; default 0.",
)
@click.option(
    "--survival-shift",
    metavar="PART",
    help="By how much all survival of a curve may be off, one way: half a pixel of an axis of 375 "
    "pixels is 0.0013; default 0. Digitising a picture prints both.",
)
@click.option("--evidence", type=FOLDER, help="Folder of a trial's evidence tables.")
@click.option("--outcome", help="Outcome to take from --evidence: pfs, os.")
@click.option("--digitised", type=FOLDER, help="Folder of its digitised figure: censor marks.")
@click.option("--study", help="Name of the study; default the name of OUT.")
@click.option("--batch", type=FILE, help="Table of many trials, one row each.")
@click.option(
    "--method", type=click.Choice(["auto", "lattice", "at-risk", "guyot", "ipdfromkm"]),
    default="auto", show_default=True, help="auto: lattice with a curve, otherwise at-risk.",
)  # fmt: skip
@click.option(
    "--draws",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Further reconstructions, which vary in what the input leaves open.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the draws."
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def reconstruct(
    evidence: Path | None, outcome: str | None, digitised: Path | None, study: str | None,
    batch: Path | None, method: str, draws: int, seed: int, out: Path, **options: Any,
) -> None:  # fmt: skip
    """Reconstruct individual patient data from curves or numbers at risk.

    Files may be CSV, with commas, semicolons or tabs and decimal points or commas, or XLSX.

    Writes OUT/ipd.csv (study, draw, arm, treatment, time, event), which `evinet nma --ipd` reads;
    draw 0 is the best reconstruction. OUT/quality.json compares it with everything that was
    printed, grades it, and says what was assumed. If the patients cannot be known there is no
    ipd.csv; OUT/family.csv then has curves that agree with what was printed, for display.

    Times keep their unit unless --time-unit is given; with --evidence they are in months.
    """
    processor.prepare()
    from evinet.reconstruct import run

    job = run.Job(out, None if method == "auto" else method, draws, seed)
    if (
        sum(x is not None for x in (evidence, batch))
        + any(value not in (None, (), False) for value in options.values())
        > 1
    ):
        raise click.UsageError("give --evidence, or --batch, or the options of one trial")
    if digitised is not None and evidence is None:
        raise click.UsageError("--digitised goes with --evidence")
    if study is not None and (evidence is not None or batch is not None):
        raise click.UsageError("--study is for the options of one trial: others bring its name")
    if evidence is not None:
        if outcome is None:
            raise click.UsageError("--evidence needs --outcome")
        click.echo(run.from_evidence(evidence, outcome, job, digitised))
    elif batch is not None:
        for line in run.from_batch(batch, job):
            click.echo(line)
    else:
        click.echo(run.from_options(options, outcome, job, study))
