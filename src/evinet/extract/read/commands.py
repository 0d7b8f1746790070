"""`evinet read` and `evinet fetch`."""

from __future__ import annotations

from pathlib import Path

import click

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.extract.read.findings import Reading


@click.command()
@click.argument("document", type=click.Path(path_type=Path))
@click.option("--trial", required=True, help="Slug of the trial.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the draft [default: data/raw/trials/<trial>].",
)
@click.option("--source", help="Key of the source in sources.yaml [default: the trial's slug].")
@click.option(
    "--arms", help='Names of the arms as the document prints them, the new treatment first: "A,B".'
)
def read(
    document: Path, trial: str, out: Path | None, source: str | None, arms: str | None
) -> None:
    """Draft a trial file from a publication or a registry record.

    DOCUMENT is text (.txt), a PDF, JATS XML (.xml, .nxml), a Word file (.docx), a journal's page
    (.html) or a record of ClinicalTrials.gov (.json). Every fact comes with its place and the words
    around it. What no second reading confirms is marked unsure: compare it with the source, then
    remove the mark. Nothing that exists is overwritten.
    """
    from evinet import files
    from evinet.extract.read.draft import at_risk_files, draft

    _check_slug("--trial", trial)
    _check_slug("--source", source or trial)
    folder = out or Path("data/raw/trials") / trial
    reading = read_document(document, _names(arms))
    drafted = {folder / "trial.yaml": draft(reading, trial, source or trial)}
    for outcome, rows in at_risk_files(reading, source or trial).items():
        drafted[folder / "at-risk" / f"{outcome}.csv"] = rows
    there = [path for path in drafted if path.exists()]
    if there:
        raise InputError(
            [
                Problem(str(path), "--out", str(path), "the file is there already",
                        "Give another folder with --out, and compare")
                for path in there
            ]
        )  # fmt: skip
    with files.together():
        for path, text in drafted.items():
            files.write_text(path, text)
    for path in drafted:
        click.echo(str(path))
    unsure = sum(bool(finding.unsure) for finding in reading.findings)
    for note in reading.notes:
        click.echo(note)
    click.echo(f"{len(reading.findings)} facts, {unsure} unsure")


KINDS = "a .txt, .pdf, .xml, .docx, .html or .json file"


def _names(arms: str | None) -> list[str] | None:
    """The arms that `--arms` names."""
    if arms is None:
        return None
    try:
        names = usertable.parts(arms)
    except ValueError:
        raise InputError(
            Problem("(command line)", "--arms", arms, "has a quotation mark that is not closed",
                    'Close it: --arms \'"drug, low dose",placebo\'')
        ) from None  # fmt: skip
    if len(names) < 2:
        raise InputError(Problem("(command line)", "--arms", arms, "names fewer than two arms",
                                 'Write a comma between: --arms "zelotinib,placebo"'))  # fmt: skip
    return names


def read_document(path: Path, arms: list[str] | None = None) -> Reading:
    """The reading of a publication or record, by the file's ending.

    Raises
    ------
    InputError
        The file is absent, empty, of another kind, or nothing was found in it.
    """
    from evinet.extract.read.marked import is_jats, read_docx, read_html, read_jats
    from evinet.extract.read.pdf import pages_without_text, pdf_text
    from evinet.extract.read.publication import read_marked, read_publication
    from evinet.extract.read.registry import load_record, read_record

    if not path.is_file():
        raise _bad(path, "there is no such file", f"Give {KINDS}")
    if path.stat().st_size == 0:
        raise _bad(path, "the file is empty", f"Give {KINDS}")
    ending = path.suffix.lower()
    if ending == ".json":
        reading = read_record(load_record(path), path.name)
    elif ending == ".pdf":
        text = pdf_text(path)
        reading = read_publication(text, path.name, arms)
        reading.notes += filter(None, [pages_without_text(text)])
    elif ending in (".xml", ".nxml"):
        if not is_jats(path.read_bytes()):
            raise _bad(path, "the XML holds no article", "Give JATS XML, as PubMed Central has it")
        reading = read_marked(read_jats(path.read_bytes(), str(path)), path.name, arms)
    elif ending == ".docx":
        reading = read_marked(read_docx(path), path.name, arms)
    elif ending in (".html", ".htm"):
        reading = read_marked(read_html(_text(path), str(path)), path.name, arms)
    elif ending in (".txt", ".text", ""):
        reading = read_publication(_text(path), path.name, arms)
    else:
        raise _bad(path, f"files that end in {ending} are not read", f"Give {KINDS}")
    if not reading.findings:
        named = 'Name its arms with --arms "A,B"' if reading.unread else ""
        raise _bad(path, "no fact of a trial was found",
                   named or "Is this the text of a trial's report?")  # fmt: skip
    return reading


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if (wide := _wide(content)) is not None:
        return content.decode(wide, errors="replace")
    if b"\0" in content:
        raise _bad(path, "not a text file", "Convert it with pdftotext, or give the PDF")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark at its start: every other byte of plain text is zero."""
    head = content[:2000]
    for encoding, zero, letter in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        zeros, letters = head[zero::2], head[letter::2]
        if len(zeros) > 4 and zeros.count(0) > 0.8 * len(zeros) and letters.count(0) == 0:
            return encoding
    return None


@click.command()
@click.argument("nct")
@click.option("--trial", help="Slug: kept as data/raw/trials/<slug>/registry/<NCT>.json.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to keep the record instead.")
@click.option("--refresh", is_flag=True, help="Ask again, even when a record is kept.")
@click.option("--base-url", envvar="EVINET_CTGOV_URL", help="Address of the API.")
@click.option("--timeout", default=20.0, show_default=True, help="Seconds to wait for an answer.")
def fetch(nct: str, trial: str | None, out: Path | None, refresh: bool, base_url: str | None,
          timeout: float) -> None:  # fmt: skip
    """Get a ClinicalTrials.gov record and keep it beside the trial."""
    from evinet.extract.read.fetch import BASE_URL, fetch_record

    if trial is None and out is None:
        raise click.UsageError("give --trial, or --out")
    if trial is not None:
        _check_slug("--trial", trial)
    path = out or Path("data/raw/trials") / str(trial) / "registry" / f"{nct}.json"
    _, fetched = fetch_record(nct, path, base_url or BASE_URL, timeout=timeout, refresh=refresh)
    click.echo(f"{path}: {'fetched' if fetched else 'kept from before; --refresh asks again'}")


def _check_slug(option: str, slug: str) -> None:
    import re

    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise InputError(Problem("(command line)", option, slug, "not a slug",
                                 "Use lower-case letters, digits and single hyphens"))  # fmt: skip


def _bad(path: Path, message: str, remedy: str) -> InputError:
    return InputError(Problem(str(path), "(file)", path.name, message, remedy))
