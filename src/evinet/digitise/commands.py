"""`evinet digitise`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
KINDS = {"vector": "read as drawn lines", "raster": "read as a picture"}


@click.command()
@click.argument("figure", type=FILE)
@click.option("--page", type=click.IntRange(1), help="Page of a PDF; the first if not given.")
@click.option("--panel", type=click.IntRange(1), help="Which plot of the page, from left to right.")
@click.option("--axis", type=FILE, help="axis.yaml to use instead of what the figure says.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def digitise(
    figure: Path, page: int | None, panel: int | None, axis: Path | None, out: Path
) -> None:
    """Curves, censor marks and numbers at risk from FIGURE: PDF, SVG, PNG or JPEG.

    Writes OUT/axis.yaml (what was read, to be corrected by hand), overlay.html (the figure with
    the traces drawn over it), editor.html (to correct axis.yaml in a browser), digitisation.json
    (confidence and reasons) and, where the confidence is 0.6 or more, curve.csv, marks.csv and
    at-risk.csv. An axis.yaml that is in OUT already is used, not overwritten: delete it to read
    the figure anew. Times are in the unit of the axis. Exit status 3: no curve was written.

    \b
    Example:
      evinet digitise paper.pdf --page 7 --out data/raw/trials/my-trial/digitised/pfs
    """
    from evinet import files
    from evinet.digitise import axis as axis_file
    from evinet.digitise import overlay, run, write

    own = out / "axis.yaml"
    given = axis or (own if own.exists() else None)
    made = run.digitise(figure, page, panel, axis_file.read(given) if given else None)
    with files.together(out, write.TABLES):
        if given is None:
            axis_file.write(own, made.axis)
        elif given.resolve() != own.resolve():
            files.write_text(own, given.read_text(encoding="utf-8"))
        write.write(out, made)
        overlay.write(out, made)
    reading = made.reading
    names = ", ".join(arm.name for arm in reading.arms) or "no curve"
    source = f" (axes and arms from {given})" if given else ""
    click.echo(
        f"{figure.name}{source}: {names}; {KINDS[made.axis.kind]}; confidence "
        f"{reading.confidence:.2f} of 1"
    )
    for reason in reading.reasons:
        click.echo(f"  {f'{reason.arm}: ' if reason.arm else ''}{reason.message}")
    if reading.answered:
        click.echo(f"Compare the traces with the figure in {out / 'overlay.html'}")
        if shift := write.survival_shift(reading):
            error = f"--axis-error {write.axis_error(reading):g} --survival-shift {shift:g}"
            click.echo(f"By how much its axes may be off, for evinet reconstruct: {error}")
    if not reading.answered:
        click.echo(
            f"No curve was written: look at {out / 'overlay.html'}, correct {own} by hand or in "
            f"{out / 'editor.html'}, and run again", err=True,
        )  # fmt: skip
        sys.exit(3)
