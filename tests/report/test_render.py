"""The built-in renderer: documents in, a site out, failures loud."""

from __future__ import annotations

import re
import shutil
from ast import literal_eval
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from evinet import files, tables
from evinet.errors import InputError
from evinet.report import execute, qmd
from evinet.report import site as renderer
from evinet.report.commands import exhibits, report
from evinet.report.results import load

PAGES = Path(__file__).parents[2] / "reports"


def run(command: object, arguments: list[str]) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
    return result.output


def test_every_document_becomes_a_page(site: Path) -> None:
    documents = {path.stem for path in PAGES.glob("[a-z]*.qmd")}
    trials = {"trial-alba", "trial-birch", "trial-cedar"}
    assert {path.stem for path in site.glob("*.html")} == documents | trials | {"invented"}


def test_the_one_file_needs_no_other(site: Path) -> None:
    text = (site / "invented.html").read_text()
    targets = re.findall(r'(?:href|src)="([^"]+)"', text)
    assert all(re.match(r"#|https?:|data:|mailto:", target) for target in targets)
    assert all(f'id="{target[1:]}"' in text for target in targets if target[0] == "#")


def test_the_paper_and_its_appendices_hold_every_page(site: Path) -> None:
    import pypdf

    def text(name: str) -> str:
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(site / name).pages)

    paper, rest = text("invented.pdf"), text("invented-appendices.pdf")
    for part in ("What must not be concluded", "ALBA", "islands", "Figure"):
        assert part in paper
    for part in ("Seed of all random numbers", "Convergence and fit"):
        assert part in rest
        assert part not in paper
    named = "On the web page: Every comparison in a table."
    assert named in " ".join(paper.split()), "what opens on demand is named and left out"
    assert "Probability of a lower hazard" not in " ".join(paper.split())


def test_links_between_pages_and_to_files_resolve(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text()
        for target in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match(r"https?:|data:|mailto:", target):
                continue
            file, _, anchor = target.partition("#")
            linked = page.parent / file if file else page
            assert linked.exists(), f"{page.name}: {target}"
            if anchor:
                assert f'id="{anchor}"' in linked.read_text(), f"{page.name}: {target}"


def test_no_path_and_no_key_of_a_file_names_a_row_or_a_heading(site: Path) -> None:
    """But on the page of files: people read words, such as patients randomised."""
    path = re.compile(r"[a-z]\w*\[|[a-z]+_[a-z]+|\b[a-z]+\.[a-z]+\.[a-z]+\b")
    assert path.search("results[pfs]")
    assert path.search("outcomes.pfs.hr")
    assert path.search("d[a]")
    for page in site.glob("*.html"):
        if page.stem in ("reproducibility", "invented"):
            continue
        for cell in re.findall(r"<(td|th|h[1-6])\b[^>]*>(.*?)</\1>", page.read_text(), re.DOTALL):
            said = unescape(re.sub(r"<[^>]*>", "", cell[1]))
            assert not path.search(re.sub(r"https?:\S+", "", said)), f"{page.name}: {said}"


def test_no_identifier_is_given_twice(site: Path) -> None:
    for page in site.glob("*.html"):
        given = re.findall(r'\sid="([^"]+)"', page.read_text())
        twice = {name for name in given if given.count(name) > 1}
        assert not twice, f"{page.name}: {sorted(twice)[:5]}"


def test_something_stands_under_every_heading(site: Path) -> None:
    below = re.compile(r'<h(\d)[^>]*>(.*?)</h\1>\s*<(?:h(\d)|nav class="turn")', re.DOTALL)
    for page in site.glob("*.html"):
        empty = [text for level, text, after in below.findall(page.read_text())
                 if int(after or 0) <= int(level)]  # fmt: skip
        assert empty == [], page.name


def test_a_heading_goes_with_what_stood_under_it(tmp_path: Path) -> None:
    """Also where Quarto has put a cell without output into divisions of its own."""
    cell = "\n\n::: {.cell}\n::: {.cell-output}\n:::\n:::\n\n"
    text = (f"## None{cell}## Kept\n\n### Empty{cell}### Full\n\ntext\n\n"
            f"## All below is empty\n\n### Below\n{cell}")  # fmt: skip
    found = re.findall(r"<h\d[^>]*>(.*?)</h\d>", renderer.to_html(text, tmp_path))
    assert found == ["Kept", "Full"]


def test_pages_hold_no_leftovers_of_markdown(site: Path) -> None:
    for page in site.glob("*.html"):
        words = re.sub(
            r"<(style|script|svg|code).*?</\1>|<[^>]+>", "", page.read_text(), flags=re.S
        )
        found = re.search(r":::|\{#|\{\.|\*\*|```|\]\(|&amp;#\d", words)
        assert not found, f"{page.name}: {words[found.start() - 60 : found.end() + 60]}"


def test_pages_are_small(site: Path) -> None:
    assert all(page.stat().st_size < 5_000_000 for page in site.glob("*.html"))


def test_the_first_page_names_the_assumption_before_any_sentence_with_an_estimate(
    site: Path,
) -> None:
    text = (site / "index.html").read_text()
    assert "The network is disconnected" in text
    assert "assumptions.html" in text
    assert text.index("rests on the assumption") < re.search(r"ratio \d", text).start()
    assert "What must not be concluded" in text


def test_data_cannot_break_a_page(site: Path) -> None:
    assert "an &lt;earlier&gt; | cut-off" in (site / "provenance.html").read_text()


def test_rendering_again_gives_the_same_bytes(site: Path, project: Path, tmp_path: Path) -> None:
    run(report, ["--config", str(project / "config/config.yaml"), "--results",
                 str(project / "results"), "--pages", str(PAGES), "--out", str(tmp_path / "again"),
                 "--renderer", "builtin"])  # fmt: skip
    files = sorted(path.relative_to(site) for path in site.rglob("*") if path.is_file())
    assert files == sorted(
        p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file()
    )
    for file in files:
        assert (site / file).read_bytes() == (tmp_path / "again" / file).read_bytes(), file


def test_figures_and_workbook_are_byte_stable(site: Path, project: Path, tmp_path: Path) -> None:
    run(exhibits, ["--config", str(project / "config/config.yaml"), "--results",
                   str(project / "results"), "--figures", str(tmp_path / "figures"),
                   "--tables", str(tmp_path / "tables")])  # fmt: skip
    for folder in ("figures", "tables"):
        for path in (tmp_path / folder).iterdir():
            before = project / "results" / folder / path.name
            assert path.read_bytes() == before.read_bytes(), path.name


@pytest.mark.parametrize("code", ["1 / 0", "def broken("])
def test_a_failing_cell_fails_the_render_and_names_its_place(tmp_path: Path, code: str) -> None:
    page = tmp_path / "page.qmd"
    page.write_text(f"---\ntitle: Page\n---\n\n```{{python}}\n{code}\n```\n")
    with pytest.raises(execute.CellError, match=r"page\.qmd:6: (ZeroDivision|Syntax)Error"):
        execute.to_markdown(qmd.read(page))


def test_a_failed_render_leaves_the_old_site(site: Path, project: Path, tmp_path: Path) -> None:
    for path in PAGES.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "models.qmd").write_text("---\ntitle: M\n---\n```{python}\nraise OSError\n```\n")
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    result = CliRunner().invoke(
        report,
        ["--config", str(project / "config/config.yaml"), "--results", str(project / "results"),
         "--pages", str(tmp_path), "--out", str(site), "--renderer", "builtin"],
    )  # fmt: skip
    assert result.exit_code == 1
    assert "models.qmd" in result.output
    assert before == {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert not list(site.parent.glob(".evinet-report-*"))


def test_cells_show_markdown_html_text_and_the_last_value(tmp_path: Path) -> None:
    page = tmp_path / "page.qmd"
    page.write_text(
        "---\ntitle: Page\n---\nBefore\n\n```{python}\nfrom IPython.display import HTML, Markdown\n"
        "print('printed')\ndisplay(Markdown('**shown**'))\nHTML('<b>last</b>')\n```\n\n"
        "```{python}\n#| include: false\nprint('hidden')\n```\nAfter\n"
    )
    text = execute.to_markdown(qmd.read(page))
    order = ["Before", "printed", "**shown**", "```{=html}\n<b>last</b>", "After"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "hidden" not in text


def test_the_value_of_an_expression_stands_in_its_sentence(tmp_path: Path) -> None:
    page = tmp_path / "page.qmd"
    page.write_text(
        "---\ntitle: Page\n---\n```{python}\nfrom evinet.report.markdown import strong\n"
        "name = 'a*b'\n```\n"
        "One `{python} 1 + 1`, two `{python} name`, three `{python} strong(3)`.\n"
        "None: `{python} print(name)`.\n"
    )
    text = execute.to_markdown(qmd.read(page))
    assert "One 2, two a&#42;b, three **3**.\nNone: ." in text


def test_an_expression_that_fails_is_named_with_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.qmd"
    page.write_text("---\ntitle: Page\n---\nA line.\n\nWhat `{python} 1 / 0` is.\n")
    with pytest.raises(execute.CellError, match=r"page\.qmd:6: ZeroDivisionError"):
        execute.to_markdown(qmd.read(page))


def test_no_page_shows_a_value_of_the_program_in_place_of_a_word(site: Path) -> None:
    """None, nan and inf are what Python says, not what a reader understands."""
    for page in sorted(site.glob("*.html")):
        text = re.sub(r"<(script|style|pre|code|svg)\b.*?</\1>", " ", page.read_text(), flags=re.S)
        text = re.sub(r"<[^>]+>", " ", text)
        found = re.search(r"(?:\S+\s+){0,6}\b(?:None(?! of)|nan|NaN|NaT|inf|True|False)\b", text)
        assert found is None, f"{page.name}: {found[0]}"


def test_documents_of_another_kind_are_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.qmd"
    page.write_text("No title\n\n```{r}\n1\n```\n")
    with pytest.raises(InputError) as caught:
        qmd.read(page)
    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_a_table_is_read_again_when_its_file_changes(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "results/evidence", tmp_path / "evidence")
    config, path = project / "config/config.yaml", tmp_path / "evidence/trials.csv"
    changed = path.read_text().replace("ALBA", "ABLA")

    def names() -> list[str]:
        return list(load(config, tmp_path).evidence(tables.TRIALS)["name"])

    load(config, tmp_path).evidence(tables.TRIALS)["name"] = "spoilt by a page"
    assert names() == ["ALBA", "BIRCH", "CEDAR"]
    files.write_text(path, changed)
    assert names() == ["ABLA", "BIRCH", "CEDAR"]
    path.write_text("trial\nalba\n")
    with pytest.raises(InputError, match="the column is missing"):
        names()


def test_a_missing_result_is_named(project: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="snakemake"):
        CliRunner().invoke(
            report,
            ["--config", str(project / "config/config.yaml"), "--results", str(tmp_path / "none"),
             "--pages", str(PAGES), "--out", str(tmp_path / "out")],
            catch_exceptions=False,
        )  # fmt: skip


@pytest.mark.slow
def test_cells_run_in_a_kernel_as_quarto_runs_them(
    site: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("EVINET_CONFIG", str(project / "config/config.yaml"))
    monkeypatch.setenv("EVINET_RESULTS", str(project / "results"))
    monkeypatch.setenv("EVINET_RELEASES", str(project / "releases"))
    documents = [qmd.read(path) for path in sorted(PAGES.glob("[a-z]*.qmd"))]
    cells = [part for page in documents for part in page.parts if isinstance(part, qmd.Cell)]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.code) for cell in cells]
    )
    place = {"metadata": {"path": str(PAGES)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=place).execute()
    ran = iter(notebook.cells)
    for page in documents:
        whole = unescape(execute.to_markdown(page))
        for cell in (part for part in page.parts if isinstance(part, qmd.Cell)):
            for output in next(ran).outputs:
                # Quarto shows the text of an inline expression, and what a cell says as Markdown
                data = output.data
                text = literal_eval(data["text/plain"]) if cell.inline else data["text/markdown"]
                assert unescape(text).strip() in whole
