"""A stand-in for Quarto, which no wheel brings along: as strict as Quarto where a project can err.

What it does as Quarto does, from Quarto's sources: it ignores whatever lies in a hidden folder and
still ends with status 0 (project-context.ts); documents that start with an underscore are no pages;
the theme that is named first is the one that a site opens in (format-html-info.ts); Bootswatch
themes ask a font server; a document with cells starts a kernel; titles are Markdown; `render` with
a document writes that page alone; the step before a render runs first, in the folder of the
project, and the settings are read again after it; settings that `metadata-files` names are taken in
where they are there, lists after lists (metadata.ts); a picture that a page shows must be there to
be copied into the site; figures and tables with a name are numbered. Pages come from pandoc, with
the filters of the project.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pypandoc
from ruamel.yaml import YAML

WITH_FONTS = {"cosmo", "darkly", "flatly", "journal", "litera", "lux", "sandstone", "superhero"}
NUMBERS = str(resources.files("evinet.report") / "theme" / "references.lua")
CELL = re.compile(r"^[\t >]*```+\s*\{([a-zA-Z][a-zA-Z0-9_.]*)([^}]*)?\}\s*$", re.MULTILINE)


def main(arguments: list[str]) -> int:
    assert arguments[0] == "render", arguments
    here = Path.cwd().resolve()
    for command in as_list(merged(here)["project"].get("pre-render")):
        subprocess.run(shlex.split(command), check=True, cwd=here)
    settings = merged(here)
    named = [Path(name).stem for name in arguments[1:] if name.endswith(".qmd")]
    everything = sorted(path.name for path in here.glob("*.qmd"))
    documents = named or [Path(name).stem for name in settings["project"].get("render", everything)]
    if any(part.startswith(".") for part in here.parts):
        documents = []
    for name in documents:
        if not name.startswith(("_", ".")):
            write(here, name, settings)
    for name in settings["project"].get("resources", []):
        shutil.copy(here / name, here / "_site" / name) if documents else None
    return 0


def merged(here: Path) -> dict[str, Any]:
    settings = YAML(typ="safe").load(here / "_quarto.yml")
    for name in settings.get("metadata-files", []):
        if (here / name).exists():
            settings = together(settings, YAML(typ="safe").load(here / name))
    return settings


def together(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return first | {
            key: together(first[key], value) if key in first else value
            for key, value in second.items()
        }
    return first + second if isinstance(first, list) and isinstance(second, list) else second


def as_list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def write(here: Path, name: str, settings: dict) -> None:
    source = here / f"{name}.qmd"
    text = source.read_text(encoding="utf-8")
    if CELL.search(text):
        print(f"Starting python3 kernel... {name}", file=sys.stderr)
        with Path(os.environ["STAND_IN_KERNELS"]).open("a") as kernels:
            kernels.write(name + "\n")
    html = settings["format"]["html"]
    themes = [html["theme"][mode] for mode in html["theme"]]
    fonts = [f"https://fonts.example/{theme}" for theme in themes if theme in WITH_FONTS]
    assert all((here / theme).exists() for theme in themes if theme.endswith(".scss")), themes
    paths = [NUMBERS, *settings["filters"]]
    filters = [part for path in paths for part in ("--lua-filter", path)]
    head = "".join(f'<link rel="stylesheet" href="{url}">' for url in [html["css"], *fonts])
    after = "".join(part["text"] for part in html["include-after-body"])
    site, scratch = here / "_site", here / ".quarto"
    site.mkdir(exist_ok=True)
    scratch.mkdir(exist_ok=True)
    (scratch / "head.html").write_text(head)
    (scratch / "after.html").write_text(after)
    shutil.copy(here / html["css"], site)
    subprocess.run(
        [pypandoc.get_pandoc_path(), "--from", "markdown", "--to", "html5", "--standalone",
         "--include-in-header", ".quarto/head.html", "--include-after-body", ".quarto/after.html",
         "--title-prefix", str(settings["website"]["title"]), "--metadata", "lang=en",
         *filters, "--mathml", "--output", str(site / f"{name}.html"), str(source)],
        check=True, cwd=here,
    )  # fmt: skip
    page = (site / f"{name}.html").read_text(encoding="utf-8")
    for picture in re.findall(r'<img[^>]* src="(figures/[^"]+)"', page):
        (site / picture).parent.mkdir(exist_ok=True)
        shutil.copy(here / picture, site / picture)
    mode = f'<body class="quarto-{next(iter(html["theme"]))}">'
    page = re.sub(r'href="([\w-]+)\.qmd', r'href="\1.html', page.replace("<body>", mode))
    menu = json.dumps(settings["website"]["page-footer"])
    (site / f"{name}.html").write_text(page + f"<!-- {menu.replace('--', '')} -->")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
