"""The bibliography for reference managers: BibTeX and RIS.

A citation is kept whole, as it was typed: nothing is taken apart that could be taken apart wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

YEAR = re.compile(r"\b(?:19|20)\d\d\b")
RIS_KIND = {
    "publication": "JOUR", "label": "GEN", "registry": "DBASE", "conference abstract": "CPAPER",
    "company material": "GEN", "news": "NEWS", "secondary": "GEN", "data set": "DATA",
}  # fmt: skip
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def bibtex(sources: Sequence[dict[str, Any]]) -> str:
    """Rows of table `sources` as BibTeX, an entry a source.

    >>> print(bibtex([{"source": "a-2020", "kind": "news", "citation": "News of 2020, 5 % less",
    ...                "doi": None, "pmid": None, "url": None}]))
    @misc{a-2020,
      title = {{News of 2020, 5 \\% less}},
      year = {2020},
      keywords = {news},
    }
    <BLANKLINE>
    """
    return "\n".join(_entry(row) for row in sources)


def _entry(row: dict[str, Any]) -> str:
    fields = {
        "title": f"{{{_latex(row['citation'])}}}",
        "year": year(row["citation"]),
        "doi": row["doi"],
        "url": row["url"],
        "note": f"PMID {row['pmid']}" if row["pmid"] else None,
        "keywords": row["kind"],
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{row['source']},", *lines, "}", ""])


def _latex(text: str) -> str:
    return "".join(SPECIAL.get(character, character) for character in text)


def year(citation: str) -> str | None:
    """The year of a citation, where it names exactly one.

    >>> year("Lancet 2024;403:2807-17"), year("2021 press release, read in 2022")
    ('2024', None)
    """
    found = set(YEAR.findall(citation.split(" [read in:")[0]))
    return found.pop() if len(found) == 1 else None


def ris(sources: Sequence[dict[str, Any]]) -> str:
    """Rows of table `sources` as RIS, a record a source.

    >>> print(ris([{"source": "a-2020", "kind": "publication", "citation": "A, 2020",
    ...             "doi": "10.1/x", "pmid": "7", "url": None}]).replace("\\r", ""))
    TY  - JOUR
    ID  - a-2020
    TI  - A, 2020
    PY  - 2020
    DO  - 10.1/x
    AN  - PMID 7
    ER  -
    <BLANKLINE>
    """
    return "".join(_record(row) for row in sources)


def _record(row: dict[str, Any]) -> str:
    fields = [
        ("TY", RIS_KIND.get(row["kind"], "GEN")), ("ID", row["source"]),
        ("TI", " ".join(str(row["citation"]).split())), ("PY", year(row["citation"])),
        ("DO", row["doi"]), ("AN", f"PMID {row['pmid']}" if row["pmid"] else None),
        ("UR", row["url"]),
    ]  # fmt: skip
    lines = [f"{tag}  - {value}" for tag, value in fields if value]
    return "\r\n".join([*lines, "ER  -", ""])
