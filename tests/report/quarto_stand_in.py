"""A stand-in for Quarto, which no wheel brings along: as strict as Quarto where a project can err.

What it does as Quarto does, from Quarto's sources: it ignores whatever lies in a hidden folder and
still ends with status 0 (project-context.ts); documents that start with an underscore are no pages;
the theme that is named first is the one that a site opens in (format-html-info.ts); Bootswatch
themes ask a font server; a document with cells starts a kernel; titles are Markdown; `render` with
a document writes that page alone. Pages come from pandoc, with the filters of the project.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pypandoc
from ruamel.yaml import YAML

WITH_FONTS = {"cosmo", "darkly", "flatly", "journal", "litera", "lux", "sandstone", "superhero"}
CELL = re.compile(r"^[\t >]*```+\s*\{([a-zA-Z][a-zA-Z0-9_.]*)([^}]*)?\}\s*$", re.MULTILINE)


def main(arguments: list[str]) -> int:
    assert arguments[0] == "render", arguments
    here = Path.cwd().resolve()
    settings = YAML().load(here / "_quarto.yml")
    named = [Path(name).stem for name in arguments[1:] if name.endswith(".qmd")]
    documents = named or [Path(name).stem for name in settings["project"]["render"]]
    if any(part.startswith(".") for part in here.parts):
        documents = []
    for name in documents:
        if not name.startswith(("_", ".")):
            write(here, name, settings)
    for name in settings["project"].get("resources", []):
        shutil.copy(here / name, here / "_site" / name) if documents else None
    return 0


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
    filters = [part for path in settings["filters"] for part in ("--lua-filter", path)]
    head = "".join(f'<link rel="stylesheet" href="{url}">' for url in [html["css"], *fonts])
    after = "".join(part["text"] for part in html["include-after-body"])
    (here / "head.html").write_text(head)
    (here / "after.html").write_text(after)
    site = here / "_site"
    site.mkdir(exist_ok=True)
    shutil.copy(here / html["css"], site)
    subprocess.run(
        [pypandoc.get_pandoc_path(), "--from", "markdown", "--to", "html5", "--standalone",
         "--include-in-header", "head.html", "--include-after-body", "after.html",
         "--title-prefix", str(settings["website"]["title"]), "--metadata", "lang=en",
         *filters, "--mathml", "--output", str(site / f"{name}.html"), str(source)],
        check=True, cwd=here,
    )  # fmt: skip
    page = (site / f"{name}.html").read_text(encoding="utf-8")
    mode = f'<body class="quarto-{next(iter(html["theme"]))}">'
    page = re.sub(r'href="([\w-]+)\.qmd', r'href="\1.html', page.replace("<body>", mode))
    menu = json.dumps(settings["website"]["page-footer"])
    (site / f"{name}.html").write_text(page + f"<!-- {menu.replace('--', '')} -->")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
