"""environment.yml, written from the lock file: conda users get what pip users get."""

from __future__ import annotations

import re
from pathlib import Path

from evinet import files

HEAD = """\
# Written by `make lock` from requirements.txt; a test fails when the two disagree.
# conda env create -f environment.yml && conda activate evinet && evinet run
name: evinet
channels:
  - conda-forge
dependencies:
  - python=3.11
  - quarto
  - make
  - cxx-compiler
  - pip
  - pip:
"""


PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+(?:\[[^\]]+\])?)==(?P<version>[^\s;\\]+)"
    r"(?P<marker> ; [^\\]+?)? *\\?$",
    re.MULTILINE,
)


def pins(requirements: str) -> dict[str, str]:
    """Package -> version, of a requirements file with one `name==version` a package."""
    return {found["name"]: found["version"] for found in PIN.finditer(requirements)}


def environment(requirements: str) -> str:
    """The content of environment.yml for a requirements file."""
    lines = [
        f"      - {found['name']}=={found['version']}{found['marker'] or ''}\n"
        for found in PIN.finditer(requirements)
    ]
    return HEAD + "".join(lines) + "      - --editable .\n"


def main() -> None:
    """Rewrite environment.yml in the current folder."""
    files.write_text("environment.yml", environment(Path("requirements.txt").read_text()))


if __name__ == "__main__":
    main()
