"""Conda environments, written from the lock file: conda users get what pip users get.

`environment.yml` is for a checkout; `workflow/envs/evinet.yaml` is what a rule runs in, by
`snakemake --software-deployment-method conda`.
"""

from __future__ import annotations

import re
from pathlib import Path

from evinet import __version__, files

HEAD = """\
# Written by `make lock` from requirements.txt; a test fails when the two disagree.
# conda env create -f environment.yml && conda activate evinet && evinet run
name: evinet
"""
OF_RULES = "workflow/envs/evinet.yaml"
HEAD_OF_RULES = """\
# What the rules run in, without development tools. Written by `make lock` from requirements.txt.
"""
PROGRAMS = """\
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


def environment(requirements: str, rules: bool = False) -> str:
    """The content of environment.yml for a requirements file, or of the environment of rules."""
    lines = [
        f"      - {found['name']}=={found['version']}{found['marker'] or ''}\n"
        for found in PIN.finditer(requirements)
    ]
    head, package = (HEAD_OF_RULES, f"evinet=={__version__}") if rules else (HEAD, "--editable .")
    return head + PROGRAMS + "".join(lines) + f"      - {package}\n"


def main() -> None:
    """Rewrite both files in the current folder."""
    requirements = Path("requirements.txt").read_text()
    files.write_text("environment.yml", environment(requirements))
    files.write_text(OF_RULES, environment(requirements, rules=True))


if __name__ == "__main__":
    main()
