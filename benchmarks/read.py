"""Seconds to read documents of 2.7 MB: text, JATS XML and PDF.

    python benchmarks/read.py

*One paper* is an invented publication with prose around it up to that size; *papers* is the same
publication again and again, where nearly every sentence holds a result: the worst case.
"""

from __future__ import annotations

import tempfile
import time
from html import escape
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from evinet.extract.read.commands import read_document

SIZE = 2_700_000
PAPER = Path(__file__).parents[1] / "tests/extract/read/publications/nejm.txt"
PROSE = (
    "Patients came to the clinic in the morning and were asked how they had slept. The nurse wrote "
    "down each answer, and the physician read it before the visit. Blood was drawn on day 1 and on "
    "day 15, and was kept at 4 degrees until it went to the laboratory. Of 20 forms, 2 were lost.\n"
)


def long(paper: str) -> str:
    """One paper, with prose after it."""
    return paper + "\f" + PROSE * ((SIZE - len(paper)) // len(PROSE))


def jats(text: str) -> str:
    """A text as the body of an article in JATS XML."""
    paragraphs = "".join(
        f"<p>{escape(line)}</p>\n" for line in text.replace("\f", "\n").split("\n")
    )
    return (
        "<article><front><article-meta><title-group><article-title>A trial</article-title>"
        "</title-group></article-meta></front><body><sec><title>Results</title>"
        f"{paragraphs}</sec></body></article>"
    )


def pdf(text: str, path: Path) -> None:
    """A text as a PDF, 50 lines a page."""
    canvas = Canvas(str(path), pagesize=A4, pageCompression=0)
    lines = text.replace("\f", "\n").split("\n")
    for first in range(0, len(lines), 50):
        canvas.setFont("Helvetica", 5)
        for place, line in enumerate(lines[first : first + 50]):
            canvas.drawString(30, 800 - 15 * place, line[:200])
        canvas.showPage()
    canvas.save()


def main() -> None:
    """Print a table of seconds, and how long this machine takes for ten million additions."""
    paper = PAPER.read_text(encoding="utf-8")
    again = "\f".join([paper] * (SIZE // len(paper)))
    read_document(PAPER)
    start = time.process_time()
    sum(i * i for i in range(10**7))
    print(f"ten million additions: {time.process_time() - start:.2f} s of processor time\n")
    print("| document | MB | seconds of processor time |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, text in (("one paper", long(paper)), ("papers", again)):
            (folder / "a.txt").write_text(text, encoding="utf-8")
            (folder / "a.xml").write_text(jats(text), encoding="utf-8")
            pdf(text, folder / "a.pdf")
            for path in sorted(folder.iterdir()):
                start = time.process_time()
                read_document(path)
                spent = time.process_time() - start
                print(f"| {label}, {path.suffix} | {path.stat().st_size / 1e6:.1f} | {spent:.1f} |")


if __name__ == "__main__":
    main()
