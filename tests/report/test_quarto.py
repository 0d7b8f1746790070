"""Rendering with Quarto, by a stand-in that is as strict as Quarto is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evinet.report import project as documents
from evinet.report import qmd
from evinet.report.commands import report
from evinet.report.results import Results

PAGES = Path(__file__).parents[2] / "reports"
STAND_IN = Path(__file__).with_name("quarto_stand_in.py")

pytestmark = pytest.mark.usefixtures("site")  # its figures and tables are drawn


@pytest.fixture
def quarto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in on the PATH; the file to which it writes each kernel that it starts."""
    return stand_in(tmp_path, monkeypatch)


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    program = folder / "bin" / "quarto"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    program.chmod(0o755)
    patch.setenv("PATH", str(program.parent), prepend=":")
    patch.setenv("STAND_IN_KERNELS", str(folder / "kernels"))
    return folder / "kernels"


def render(project: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(
        report,
        ["--config", str(project / "config/config.yaml"), "--results", str(project / "results"),
         "--pages", str(PAGES), "--out", str(out), *options],
    )  # fmt: skip


@pytest.fixture(scope="module")
def rendered(
    project: Path, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result, Path]:
    """The whole site by Quarto: its folder, what the command said, the file of kernels."""
    folder = tmp_path_factory.mktemp("quarto")
    with pytest.MonkeyPatch.context() as patch:
        kernels = stand_in(folder, patch)
        done = render(project, folder / "out")
    assert done.exit_code == 0, done.output
    return folder / "out", done, kernels


def test_quarto_writes_every_page_and_runs_no_cell(
    site: Path, rendered: tuple[Path, Result, Path]
) -> None:
    out, done, kernels = rendered
    assert "rendered with quarto" in done.output
    names = {path.name for path in out.glob("*.html")}
    assert names == {path.name for path in site.glob("*.html")}
    for folder in ("figures", "tables"):
        assert list((out / folder).iterdir())
    assert (out / "invented.pdf").exists()
    assert not kernels.exists()


def test_both_renderers_show_the_same(site: Path, rendered: tuple[Path, Result, Path]) -> None:
    for page in sorted(site.glob("*.html")):
        if page.stem == "invented":  # the one file
            continue
        shown, said = (rendered[0] / page.name).read_text(), page.read_text()
        main = said[said.index("</h1>") : said.index('<nav class="turn"')]
        assert plain(main) <= plain(shown), page.name
        for element in ("h2", "h3", "table", "figure", "li"):
            mine, other = (len(re.findall(rf"<{element}[\s>]", html)) for html in (main, shown))
            assert mine <= other, (page.name, element)


def plain(html: str) -> set[str]:
    """The words of a page, with straight quotes."""
    html = html.translate(str.maketrans("‘’“”", "''\"\""))
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return set(re.sub(r"<[^>]*>", " ", text).split())


def test_a_site_opens_light_and_asks_no_server(rendered: tuple[Path, Result, Path]) -> None:
    page = (rendered[0] / "index.html").read_text()
    assert '<body class="quarto-light">' in page
    assert re.findall(r'<(?:link|script|img)[^>]*"(https?:[^"]*)"', page) == []


def test_one_page_alone(project: Path, tmp_path: Path, quarto: Path) -> None:
    done = render(project, tmp_path / "out", "--renderer", "quarto", "--page", "index")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").glob("*.html")} == {"index.html"}


def test_quarto_by_hand_finds_all_that_the_pages_need(
    project: Path, site: Path, tmp_path: Path, quarto: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`quarto render` in reports/: the step before it writes what `evinet report` would."""
    for folder in ("config", "results"):
        shutil.copytree(project / folder, tmp_path / folder)
    here = tmp_path / "reports"
    shutil.copytree(PAGES, here)
    written = documents.documents(here)
    (here / "trial-birch.qmd").write_text("---\ntitle: My own page of this trial\n---\n\nMine.\n")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    for page in ([], ["index.qmd"]):  # the whole site, and one page again
        subprocess.run(["quarto", "render", *page], cwd=here, check=True)
    names = {path.name for path in (here / "_site").glob("*.html")}
    assert names == {path.name for path in site.glob("*.html")} - {"invented.html"}
    assert "Mine." in (here / "_site/trial-birch.html").read_text()
    assert documents.documents(here) == sorted([*written, here / "trial-birch.qmd"])
    done = CliRunner().invoke(  # what Quarto left does not disturb
        report,
        ["--config", str(tmp_path / "config/config.yaml"), "--results", str(tmp_path / "results"),
         "--pages", str(here), "--out", str(tmp_path / "out"), "--page", "trial-birch"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Mine." in (tmp_path / "out/trial-birch.html").read_text()


def test_a_page_that_does_not_exist_is_named(project: Path, tmp_path: Path, quarto: Path) -> None:
    done = render(project, tmp_path / "out", "--page", "inde")
    assert done.exit_code != 0
    assert "there is no such page" in str(done.exception or done.output)


@pytest.mark.parametrize("hidden", [".cache", "in/.worktrees/a"])
def test_a_project_in_a_hidden_folder_is_rendered(
    project: Path, tmp_path: Path, quarto: Path, hidden: str
) -> None:
    out = tmp_path / hidden / "report"
    assert render(project, out, "--renderer", "quarto", "--page", "index").exit_code == 0
    assert (out / "index.html").exists()


def test_a_hidden_folder_of_temporary_files_is_not_used(
    project: Path, tmp_path: Path, quarto: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ".tmp"))
    # of its own, since pages are made in its results, which other tests copy
    own = shutil.copytree(project, tmp_path / "project")
    done = render(own, tmp_path / "out", "--renderer", "quarto", "--page", "index")
    assert done.exit_code == 0, done.output


def test_pages_that_quarto_leaves_out_fail_the_render(
    project: Path, site: Path, tmp_path: Path, quarto: Path
) -> None:
    """Status 0 is not believed: the pages are looked for."""
    program = tmp_path / "bin" / "quarto"
    program.write_text("#!/bin/sh\nmkdir _site\necho > _site/index.html\n")
    done = render(project, tmp_path / "out")
    assert done.exit_code == 1
    assert "did not write these pages: outcomes" in done.output
    assert not (tmp_path / "out").exists()


def test_an_error_of_quarto_is_shown(project: Path, tmp_path: Path, quarto: Path) -> None:
    (tmp_path / "bin" / "quarto").write_text("#!/bin/sh\necho broken YAML >&2\nexit 1\n")
    done = render(project, tmp_path / "out", "--page", "index")
    assert done.exit_code == 1
    assert "broken YAML" in done.output


def test_without_quarto_asking_for_it_is_an_error(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    done = render(project, tmp_path / "out", "--renderer", "quarto")
    assert done.exit_code == 1
    assert "not on the PATH" in done.output


def test_the_settings_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / documents.SETTINGS).write_bytes((PAGES / documents.SETTINGS).read_bytes())
    html = documents.read(tmp_path / documents.SETTINGS)["format"]["html"]
    assert next(iter(html["theme"])) == "light"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_themes_of_quarto_have_the_colours_of_the_figures(mode: str) -> None:
    """A figure stands on the paper of the page, not on a patch of another shade."""
    scss = dict(re.findall(r"\$([\w-]+): (#\w+);", documents.theme(f"{mode}.scss")))
    css = documents.theme("content.css")
    block = css[css.index(f"body.quarto-{mode}") :].split("}")[0]
    variables = dict(re.findall(r"--([\w-]+): (#\w+);", block))
    assert (scss["body-bg"], scss["body-color"]) == (variables["paper"], variables["ink"])
    assert scss["link-color"] == variables["link"]
    assert "http" not in documents.theme(f"{mode}.scss") + css


KNOWN = {
    "": {
        "project",
        "metadata-files",
        "website",
        "execute",
        "format",
        "filters",
        "bibliography",
        "csl",
    },
    "project": {"type", "output-dir", "pre-render", "resources", "render"},
    "website": {"title", "page-navigation", "page-footer", "sidebar"},
    "website.sidebar": {"style", "contents"},
    "website.sidebar.contents": {"section", "contents"},
    "execute": {"echo", "freeze", "daemon"},
    "format": {"html"},
    "format.html": {"theme", "html-math-method", "css", "include-after-body", "toc"},
    "format.html.theme": {"light", "dark"},
    "format.html.include-after-body": {"text"},
}
"""Settings in use, as they stand in Quarto's schema (src/resources/schema/*.yml of 1.11): most of
its objects are closed, and an unknown name in one of them fails the render."""
FRONT = {"title", "page-layout", "toc", "appendix"}
"""Front matter in use; `appendix` is this project's own, and documents are open to such names."""


def names(found: object, at: str = "") -> list[tuple[str, str]]:
    """Every name in settings with the place that it stands in."""
    if isinstance(found, list):
        return [each for inner in found for each in names(inner, at)]
    if not isinstance(found, dict):
        return []
    inside = [each for key, inner in found.items()
              for each in names(inner, f"{at}.{key}".strip("."))]  # fmt: skip
    return [(at, str(key)) for key in found] + inside


@pytest.fixture(scope="module")
def prepared(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as Quarto finds it: the documents, and what is written beside them."""
    folder = tmp_path_factory.mktemp("prepared") / "reports"
    shutil.copytree(PAGES, folder)
    documents.prepare(results, folder)
    (folder / documents.TRIAL_TEMPLATE).unlink()
    return folder


def test_quarto_knows_every_setting(prepared: Path) -> None:
    for file in ("_quarto.yml", "_review.yml"):
        found = names(documents.read(prepared / file))
        assert [each for each in found if each[1] not in KNOWN.get(each[0], set())] == [], file
    for page in prepared.glob("*.qmd"):
        assert set(qmd.read(page).front) <= FRONT, page.name


def test_documents_are_cut_into_blocks_as_pandoc_needs_it(prepared: Path) -> None:
    """Divisions close, and a blank line stands before a heading, a list and a table."""
    for page in prepared.glob("*.qmd"):
        parts = qmd.read(page).parts
        text = "".join(
            part if isinstance(part, str) else "x" if part.inline else "\n" for part in parts
        )
        fences = re.findall(r"(?m)^:{3,}(.*)$", text)
        assert 2 * sum(not fence.strip() for fence in fences) == len(fences), page.name
        glued = re.findall(r"(?m)^(?![-*|#]| {2}|\d+\.|:::).*\S.*\n(?:[-*] |\d+\. |\||#+ ).*", text)
        assert glued == [], page.name
        options = [set(part.options) for part in parts if not isinstance(part, str)]
        assert set().union(*options) <= {"include"}, page.name


def test_git_ignores_what_is_written_beside_the_documents() -> None:
    ignored = (PAGES / ".gitignore").read_text().split()
    made = [documents.REVIEW, *documents.THEME, *(f"{name}/" for name in documents.DOWNLOADS)]
    assert {f"/{name}" for name in made} <= set(ignored)
