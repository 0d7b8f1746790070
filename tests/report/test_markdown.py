"""Text is never read as Markdown or HTML, because no text gets into a page unescaped."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evinet.report import markdown
from evinet.report.markdown import PAPER, Markdown, blocks, escape, link, md, safe, table

SOURCES = sorted((Path(markdown.__file__).parent).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_only_literals_become_markdown_as_they_stand(path: Path) -> None:
    """`md` takes a literal; only markdown.py itself makes Markdown in another way."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "md":
            assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"
        if path.name not in ("markdown.py", "notebook.py"):
            assert node.func.id != "Markdown", f"{path.name}:{node.lineno}"
        if path.name not in ("markdown.py", "explorer.py"):
            assert node.func.id != "html", f"{path.name}:{node.lineno}"


@given(st.text())
def test_escaped_text_holds_no_syntax_and_reads_as_it_was(text: str) -> None:
    shown = escape(text)
    assert not re.search(r"[\\`*_{}\[\]<>|$^~@\"'!()=+.:-]|\n", shown)
    assert html.unescape(shown) == re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text)


@given(st.text(), st.text())
@settings(max_examples=20, deadline=None)
def test_pandoc_finds_nothing_but_text(first: str, second: str) -> None:
    from evinet.report import pandoc

    text = blocks([first + "x", md("**{}**", "x" + second + "x")])
    tree = pandoc.convert(text, "html5", Path.cwd(), "--wrap", "none")
    assert set(re.findall(r"<(\w+)", tree)) <= {"p", "strong"}


def test_markdown_is_not_escaped_twice_and_text_always_is() -> None:
    bold = md("**{}**", "a*b")
    assert escape(bold) is bold
    assert bold + "*" == "**a&#42;b**&#42;"
    assert "*" + bold == "&#42;**a&#42;b**"
    assert md(", ").join(["*", bold]) == "&#42;, **a&#42;b**"
    assert isinstance(bold + "x", Markdown)
    assert not isinstance(f"{bold}", Markdown)


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
     "data:text/html,x", "vbscript:x", "//other.example/x", "file:///etc/passwd", "https://[", ""],
)  # fmt: skip
def test_links_lead_only_to_the_web_to_mailboxes_and_to_pages(target: str) -> None:
    assert target == "" or not safe(target)
    assert target == "" or link("text", target) == "text"


@pytest.mark.parametrize(
    "target",
    ["https://doi.org/10.1/x(y)", "http://a.example", "mailto:a@b.example", "trials.qmd",
     "provenance.qmd#source-x", "#source-x", "tables/tables.xlsx"],
)  # fmt: skip
def test_other_links_stay(target: str) -> None:
    assert re.fullmatch(r"\[text\]\([^()\s]+\)", link("text", target))


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"]])
def test_no_cell_slips_into_another_column(row: list[str]) -> None:
    with pytest.raises(ValueError, match="argument"):
        table(["Trial", "Value"], [row], "Too few or too many")


def test_a_table_sets_numbers_to_the_right_and_keeps_names_whole() -> None:
    text = table(["Trial", "Patients", "What"], [["ALBA-1", "12", "a-b, and more"]], "Trials")
    head, rule, row = text.splitlines()[2:5]
    assert head == "| Trial | Patients | What |"
    assert re.fullmatch(r"\|:-+\|-+:\|:-+\|", rule)
    assert row == "| [ALBA&#45;1]{.whole} | 12 | a&#45;b, and more |"


def test_a_column_is_as_wide_as_its_text_and_no_wider_than_a_limit() -> None:
    text = table(["A", "B"], [["short", "word " * 50]], "Widths")
    narrow, wide = (len(part) for part in text.splitlines()[3].strip("|").split("|"))
    assert narrow < 10 < wide < 45


def test_on_paper_no_name_sticks_out_of_a_column_beside_long_texts() -> None:
    columns = ["Trial", *"ABCDE"]
    text = table(columns, [["NETTER-1", *["some words that go on and on " * 3] * 5]], "Wide")
    widths = [len(part) for part in text.splitlines()[3].strip("|").split("|")]
    assert widths[0] / sum(widths) >= len("NETTER-1") / PAPER
    assert len(set(widths[1:])) == 1, "the others share what is left"
