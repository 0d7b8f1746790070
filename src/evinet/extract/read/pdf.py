"""The text of a PDF, page by page (pypdf: BSD licence)."""

from __future__ import annotations

from pathlib import Path

from evinet.errors import InputError, Problem


def pdf_text(path: Path) -> str:
    """Text of all pages, with a form feed between pages.

    Raises
    ------
    InputError
        The file is not a PDF that can be read, is encrypted, or holds pictures only.
    """
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _bad(path, "the PDF is encrypted", "Save a copy without a password")
        pages = [page.extract_text() or "" for page in reader.pages]
    except InputError:
        raise
    except Exception as error:  # pypdf raises many kinds on damaged files
        raise _bad(path, f"not a readable PDF ({type(error).__name__})",
                   "Check the file, or convert it to text with pdftotext") from None  # fmt: skip
    if not any(page.strip() for page in pages):
        raise _bad(path, "the PDF has no text, only pictures", "Run OCR on it first")
    return "\f".join(pages)


def _bad(path: Path, message: str, remedy: str) -> InputError:
    return InputError(Problem(str(path), "(file)", path.name, message, remedy))
