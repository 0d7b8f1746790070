"""`evinet run`: the workflow of a review, also after a run that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from evinet import document, files
from evinet.errors import InputError, Problem

REPORT = Path("results/report/index.html")
STATE = Path(".snakemake")
LOCK = STATE / "evinet.lock"
SNAKEMAKE_LOCKS = STATE / "locks"


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--cores", default="all", show_default=True, help="How many processors to use.")
@click.option(
    "--configfile",
    "overlays",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A configuration laid over config/config.yaml; may be repeated.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(cores: str, overlays: tuple[Path, ...], arguments: tuple[str, ...]) -> None:
    """Run the workflow of the review in this folder, and print a line for each job.

    What is up to date is not run again. After a run that was interrupted or killed, run the same
    command again: it checks that no other run works here, unlocks the folder and goes on.
    ARGUMENTS are handed to snakemake.
    """
    for overlay in overlays:
        if overlay.suffix != ".json":
            document.load(overlay)
    with _alone():
        laid_over = ["--configfile", *map(str, overlays)] if overlays else []
        done = subprocess.run(
            ["snakemake", *laid_over, "--logger", "evinet", "--cores", cores, *arguments],
            check=False,
        )
    if done.returncode == 0 and REPORT.exists():
        click.echo(f"The report: {REPORT.resolve()}", err=True)
    sys.exit(done.returncode)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold this folder; what a killed run left locked or half-written is cleared away.

    Raises
    ------
    InputError
        Another run works here.
    """
    STATE.mkdir(exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as lock:
        _hold(lock)
        others = _others()
        if others:
            raise _busy(", ".join(map(str, others)))
        if SNAKEMAKE_LOCKS.is_dir() and any(SNAKEMAKE_LOCKS.iterdir()):
            click.echo("The last run was interrupted: going on from there.", err=True)
            subprocess.run(["snakemake", "--unlock", "--cores", "1", "--quiet", "all"], check=True)
        files.sweep(Path("results"))
        yield


def _hold(lock: TextIO) -> None:
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        raise _busy(lock.read().strip() or "unknown") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()} on {os.uname().nodename}\n")
    lock.flush()


def _busy(process: str) -> InputError:
    message = f"another run works in this folder (process {process})"
    return InputError(
        Problem(str(Path.cwd()), "folder", Path.cwd().name, message, "Wait for it, or end it")
    )


def _others() -> list[int]:
    """Processes of Snakemake, or of its jobs, that work in this folder."""
    import psutil

    here = Path.cwd().resolve()
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.pid in ours or not any(Path(word).name in NAMES for word in words[:3]):
            continue
        try:
            if Path(process.cwd()).resolve() == here:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


NAMES = ("snakemake", "evinet")
