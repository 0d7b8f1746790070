"""The text of a PDF, page by page (PDFium)."""

from __future__ import annotations

import re
from pathlib import Path

from evinet.errors import InputError, Problem


def pdf_text(path: Path) -> str:
    """Text of all pages, with a form feed between pages.

    Raises
    ------
    InputError
        The file is not a PDF that can be read, has a password, or holds pictures only.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
        pages = [_plain(page.get_textpage().get_text_range()) for page in document]
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise _bad(path, "the PDF has a password", "Save a copy without a password") from None
        raise _bad(path, f"not a readable PDF ({error})",
                   "Check the file, or convert it to text with pdftotext") from None  # fmt: skip
    if not any(page.strip() for page in pages):
        raise _bad(path, "the PDF has no text, only pictures", "Run OCR on it first")
    empty = [number for number, page in enumerate(pages, start=1) if len(page.strip()) < 20]
    if 2 * len(empty) > len(pages):
        raise _bad(path, f"no text on {_pages(empty)} of {len(pages)}: pictures only",
                   "Run OCR on it first")  # fmt: skip
    return "\f".join(pages)


def _plain(text: str) -> str:
    """Text with plain ends of lines; PDFium writes a hyphen at the end of a line as U+0002."""
    text = re.sub(r"[\x02\ufffe](?=\w)", "", text.replace("\r\n", "\n"))
    return re.sub(r"[\x02\ufffe]", "-", text)


def pages_without_text(text: str) -> str:
    """Which pages of a PDF's text are empty, in words; empty when all have text."""
    empty = [
        number for number, page in enumerate(text.split("\f"), start=1) if len(page.strip()) < 20
    ]
    return f"no text on {_pages(empty)}: run OCR if results are there" if empty else ""


def _pages(numbers: list[int]) -> str:
    """Numbers of pages as `page 3` or `pages 2 to 12, 15`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"page{'s' if len(numbers) > 1 else ''} {', '.join(said)}"


def _bad(path: Path, message: str, remedy: str) -> InputError:
    return InputError(Problem(str(path), "(file)", path.name, message, remedy))
