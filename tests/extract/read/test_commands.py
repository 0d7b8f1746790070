"""`evinet read` on texts, PDFs made here, records and rubbish."""

import contextlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Table,
)
from ruamel.yaml import YAML

from evinet.errors import InputError
from evinet.extract.points import read as points_of
from evinet.extract.read.commands import read, read_document
from evinet.extract.schema import Trial

PUBLICATIONS = Path(__file__).parent / "publications"
STYLE = getSampleStyleSheet()["Normal"]
PROSE = (
    "Results. We randomly assigned 150 patients to ormalin (n=100) or placebo (n=50). Median "
    "progression-free survival was 14·3 months (95% CI 11·0–28·8) with ormalin compared with "
    "6·0 months (95% CI 3·7–9·4) with placebo (HR 0·34, 95% CI 0·20–0·59; p=0·000072). "
)


def invoke(*arguments):
    return CliRunner().invoke(read, [str(argument) for argument in arguments])


def facts(path):
    return {
        f.kind: f
        for f in read_document(path).findings
        if f.about.get("arm", "ormalin") == "ormalin"
    }


@pytest.mark.parametrize("source", sorted(PUBLICATIONS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_draft_is_a_trial_file(tmp_path, source):
    assert invoke(source, "--trial", "made-up", "--out", tmp_path).exit_code == 0
    text = (tmp_path / "trial.yaml").read_text(encoding="utf-8")
    trial = Trial.model_validate(YAML(typ="safe").load(text))
    found = read_document(source).of
    results = [arm for result in trial.results for arm in result.arms.values()]
    assert len(trial.arms) == len(found("arm"))
    assert sum(arm.median is not None for arm in results) == len(found("median"))
    assert sum(arm.events is not None for arm in results) == len(found("events"))
    assert sum(len(result.contrasts) for result in trial.results) == len(found("hr"))
    assert sum(len(group.levels) for group in trial.subgroups) == len(found("subgroup"))
    points, problems = points_of(tmp_path)
    assert problems == []
    sure = [f for f in found("at-risk") if not f.unsure]
    assert len(points) == sum(len(f.values["counts"]) for f in sure)


def test_a_draft_marks_what_is_unsure_and_keeps_what_is_not_estimable(tmp_path):
    invoke(PUBLICATIONS / "nejm.txt", "--trial", "made-up", "--out", tmp_path)
    text = (tmp_path / "trial.yaml").read_text(encoding="utf-8")
    assert 'value: "NR"' in text
    assert "treatments.yaml" in text
    assert text.count("# unsure:") >= 4


def test_a_mean_with_its_deviation_is_no_count_of_patients(tmp_path):
    table = [
        ("Mean (SD) age, years", "50 (14)", "57 (12)"),
        ("", "3 (6%)", "4 (11%)"),
        ("Female", "29 (62%)", "15 (42%)"),
    ]
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in table)
    head = "<th></th><th>Sugammal (n=47)</th><th>Neostigmal (n=36)</th>"
    page = (
        "<html><h1>Sugammal versus neostigmal</h1><h2>Results</h2><p>83 patients were randomly "
        "assigned to sugammal (n=47) or neostigmal (n=36).</p><table><caption>Table 1. Baseline "
        f"characteristics</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></html>"
    )
    (tmp_path / "page.html").write_text(page)
    assert invoke(tmp_path / "page.html", "--trial", "made-up", "--out", tmp_path).exit_code == 0
    text = (tmp_path / "trial.yaml").read_text(encoding="utf-8")
    trial = YAML(typ="safe").load(text)
    assert [row["characteristic"] for row in trial["population"]] == ["Female"]
    assert "Mean (SD) age, years: sugammal 50 (14), neostigmal 57 (12)" in text
    Trial.model_validate(trial)


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "trial.yaml").write_text("mine")
    result = invoke(PUBLICATIONS / "jco-rows.txt", "--trial", "made-up", "--out", tmp_path)
    assert isinstance(result.exception, InputError)
    assert (tmp_path / "trial.yaml").read_text() == "mine"
    assert not (tmp_path / "at-risk").exists()


def test_the_name_of_a_trial_is_a_slug(tmp_path):
    assert isinstance(invoke(PUBLICATIONS / "nejm.txt", "--trial", "../x").exception, InputError)


def test_a_pdf_in_two_columns(tmp_path):
    path = tmp_path / "columns.pdf"
    width, height = A4
    pages = BaseDocTemplate(str(path), pagesize=A4)
    frames = [Frame(40 + i * (width / 2 - 30), 40, width / 2 - 60, height - 80) for i in range(2)]
    pages.addPageTemplates(PageTemplate(frames=frames))
    filler = Paragraph("The patients came from many places and were seen often. " * 40, STYLE)
    pages.build([filler, Paragraph(PROSE, STYLE), filler])
    found = facts(path)
    assert found["median"].values["median"] == 14.3
    assert found["hr"].values["estimate"] == 0.34
    assert found["arm"].values["n"] == 100


def test_a_pdf_with_a_table(tmp_path):
    path = tmp_path / "table.pdf"
    rows = [
        ["", "Ormalin (n=100)", "Placebo (n=50)"],
        ["Partial response", "30 (30%)", "5 (10%)"],
        ["Stable disease", "40 (40%)", "15 (30%)"],
    ]
    SimpleDocTemplate(str(path), pagesize=A4).build(
        [Paragraph(PROSE, STYLE), Paragraph("Table 2: Tumour response", STYLE), Table(rows)]
    )
    found = {
        (f.about["outcome"], f.about["arm"]): f.values["n"]
        for f in read_document(path).of("response")
    }
    assert found == {
        ("pr", "ormalin"): 30, ("pr", "placebo"): 5, ("sd", "ormalin"): 40, ("sd", "placebo"): 15,
    }  # fmt: skip


def test_pages_of_a_pdf_are_numbered(tmp_path):
    path = tmp_path / "pages.pdf"
    SimpleDocTemplate(str(path), pagesize=A4).build(
        [Paragraph("Nothing here. " * 700, STYLE), Paragraph(PROSE, STYLE)]
    )
    assert facts(path)["median"].place.startswith("p 2,")


def test_a_pdf_of_pictures_only(tmp_path):
    path = tmp_path / "picture.pdf"
    canvas = Canvas(str(path))
    canvas.rect(10, 10, 100, 100)
    canvas.save()
    with pytest.raises(InputError, match="no text"):
        read_document(path)


@pytest.mark.parametrize("name", ["x.txt", "x.pdf", "x.json", "x.docx"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", b"%PDF-1.4\nrubbish", b"\xff\xfe\xfd", b"hello"]
)
def test_rubbish_is_bad_input(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_document(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_document(tmp_path / "none.txt")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.pdf", "a.json"]))
def test_any_bytes_are_read_or_refused(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        read_document(path)
