"""Kinds of files: JATS XML, a journal's page, encrypted and scanned PDFs, UTF-16, large texts."""

import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from ruamel.yaml import YAML

from evinet.errors import InputError
from evinet.extract.read.commands import read, read_document
from evinet.extract.schema import Trial

FILES = Path(__file__).parent / "files"
SENTENCE = "We randomly assigned 150 patients to ormalin (n=100) or placebo (n=50)."
RESULT = (
    "Median progression-free survival was 14.3 months (95% CI 11.0-18.8) with ormalin and 6.0 "
    "months (95% CI 3.7-9.4) with placebo (HR 0.43, 95% CI 0.30-0.62; p<0.0001)."
)
JATS = f"""<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<article-id pub-id-type="doi">10.99999/ormalin.1</article-id>
<title-group><article-title>Ormalin versus placebo</article-title></title-group>
<abstract><sec><title>Methods</title><p>A phase 3 trial, NCT99000001.</p></sec>
<sec><title>Results</title><p>{SENTENCE} {RESULT.replace("<", "&lt;")}</p></sec>
<sec><title>Conclusions</title><p>Median overall survival was 9 months with ormalin and 8 months
with placebo.</p></sec></abstract></article-meta></front>
<body><sec sec-type="intro"><title>Introduction</title><p>Elsewhere median overall survival was 5.0
months with ormalin and 4.0 months with placebo<xref ref-type="bibr">3</xref>.</p></sec>
<sec><title>Results</title><sec><title>Efficacy</title><p>{RESULT.replace("<", "&lt;")}</p></sec>
<sec><title>Subgroup analyses</title><p>Median overall survival was 20.0 months with ormalin and
10.0 months with placebo.</p></sec>
<table-wrap><label>Table 1</label><caption><p>Baseline characteristics</p></caption><table>
<thead><tr><th/><th>Ormalin (n=100)</th><th>Placebo (n=50)</th><th>P value</th></tr></thead>
<tbody><tr><td colspan="4">ECOG performance status, n (%)</td></tr>
<tr><td>&#160;0</td><td>60 (60)</td><td>30 (60)</td><td>0.99</td></tr>
<tr><td>&#160;1</td><td>40 (40)</td><td>20 (40)</td><td/></tr>
<tr><td>Previous surgery<sup>a</sup></td><td>25 (25)</td><td>10 (20)</td><td>0.5</td></tr>
<tr><td>Radiotherapy</td><td>25 (25)</td><td>30 (20)</td><td>0.5</td></tr></tbody></table>
</table-wrap></sec>
<sec><title>Comment</title><p>Median overall survival was 30 months with ormalin and 29 months with
placebo.</p></sec></body></article>
"""
PAGE = f"""<html><head><title>x</title><script>var median = "9 months";</script></head><body>
<nav><p>Median overall survival was 1 month with ormalin and 2 months with placebo.</p></nav>
<h1>Ormalin versus placebo</h1><h2>Abstract</h2><h3>Results</h3>
<p>{SENTENCE} {RESULT.replace("<", "&lt;")}</p>
<h2>Results</h2><p>{RESULT.replace("<", "&lt;")}</p>
<table><caption>Table 1. Baseline characteristics</caption>
<tr><th></th><th>Ormalin (n=100)</th><th>Placebo (n=50)</th></tr>
<tr><td>Previous surgery</td><td>25 (25%)</td><td>10 (20%)</td></tr></table>
<h2>Discussion</h2><p>Median overall survival was 30 months with ormalin and 29 months with
placebo.</p></body></html>
"""


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def medians(reading):
    return {
        (f.about["outcome"], f.about["arm"], f.values["median"], bool(f.unsure))
        for f in reading.of("median")
    }


SURE = {("pfs", "ormalin", 14.3, False), ("pfs", "placebo", 6.0, False)}


def test_jats_xml_gives_sections_and_cells(tmp_path):
    reading = read_document(write(tmp_path / "a.xml", JATS))
    assert medians(reading) == SURE | {("os", "ormalin", 20.0, True), ("os", "placebo", 10.0, True)}
    rows = {
        (f.about["characteristic"], f.about["category"], f.about["arm"]): f
        for f in reading.of("baseline")
    }
    assert rows["ECOG performance status", "0", "ormalin"].values["n"] == 60
    assert rows["ECOG performance status", "1", "placebo"].values["n"] == 20
    assert rows["Previous surgery", "", "placebo"].values["n"] == 10
    assert rows["Radiotherapy", "", "ormalin"].unsure  # 30 of 50 are not 20 %
    assert rows["Previous surgery", "", "placebo"].place == "Table 1"
    design = {f.about["field"]: f.values["value"] for f in reading.of("design")}
    assert design["doi"] == "10.99999/ormalin.1"
    assert design["registration"] == "NCT99000001"


def test_a_draft_of_jats_is_a_trial_file(tmp_path):
    path = write(tmp_path / "a.nxml", JATS)
    options = ["--trial", "made-up", "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(read, [str(path), *options]).exit_code == 0
    text = (tmp_path / "out" / "trial.yaml").read_text(encoding="utf-8")
    assert Trial.model_validate(YAML(typ="safe").load(text)).results


def test_a_page_of_a_journal(tmp_path):
    reading = read_document(write(tmp_path / "a.html", PAGE))
    assert medians(reading) == SURE
    assert {f.values["n"] for f in reading.of("baseline")} == {25, 10}


def docx(path, blocks):
    """A Word file of (style, text) and of tables, which are lists of rows."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    parts = []
    for block in blocks:
        if isinstance(block, list):
            rows = "".join(
                "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>"
                                   for cell in row) + "</w:tr>"
                for row in block
            )  # fmt: skip
            parts.append(f"<w:tbl>{rows}</w:tbl>")
            continue
        style, text = block
        parts.append(
            f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {w}><w:body>{''.join(parts)}</w:body></w:document>"
        )
    return path


def test_a_word_file(tmp_path):
    path = docx(tmp_path / "a.docx", [
        ("Title", "Ormalin or placebo"),
        ("Heading1", "Abstract"),
        ("Normal", "In all, 150 patients were randomly assigned to ormalin (n=100) or placebo "
         "(n=50). Median "
         "progression-free survival was 14.3 months with ormalin and 6.0 months with placebo."),
        ("Heading1", "Results"),
        ("Normal", "Median progression-free survival was 14.3 months with ormalin and 6.0 months "
         "with placebo."),
        ("Caption", "Table 1. Baseline characteristics"),
        [["", "Ormalin (n=100)", "Placebo (n=50)"], ["Sex", "", ""],
         ["Male", "60 (60%)", "20 (40%)"], ["Female", "40 (40%)", "30 (60%)"]],
        ("Heading1", "Discussion"),
        ("Normal", "Median overall survival was 99 months with ormalin and 9 with placebo."),
    ])  # fmt: skip
    reading = read_document(path)
    assert medians(reading) == SURE
    assert {f.values["n"] for f in reading.of("baseline")} == {60, 20, 40, 30}


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04 broken"])
def test_a_broken_word_file_is_refused(tmp_path, content):
    with pytest.raises(InputError):
        read_document(write(tmp_path / "a.docx", content))


def test_an_article_that_is_marked_as_a_review_leaves_nothing_sure(tmp_path):
    text = JATS.replace("<article", '<article article-type="review-article"', 1)
    assert text != JATS
    reading = read_document(write(tmp_path / "a.xml", text))
    assert all(f.unsure for f in reading.findings if f.kind != "design")


@pytest.mark.parametrize(
    "content", ["<article", "<html/>", "<!DOCTYPE x [<!ENTITY a 'b'>]><article/>"]
)
def test_xml_that_is_no_article(tmp_path, content):
    with pytest.raises(InputError):
        read_document(write(tmp_path / "a.xml", content))


def pdf(path, pages):
    canvas = Canvas(str(path), pagesize=A4)
    for text in pages:
        for i, line in enumerate(text.split(". ")):
            canvas.drawString(20, 800 - 14 * i, line)
        canvas.showPage()
    canvas.save()
    return path


def test_an_aes_pdf_without_a_password_is_read():
    assert {f.values["n"] for f in read_document(FILES / "aes.pdf").of("arm")} == {100, 50}


def test_a_pdf_with_a_password_is_refused():
    with pytest.raises(InputError, match="password"):
        read_document(FILES / "aes-password.pdf")


def test_a_scan_behind_a_cover_is_refused_with_its_pages(tmp_path):
    path = pdf(tmp_path / "scan.pdf", [f"Results. {SENTENCE}", *[""] * 11])
    with pytest.raises(InputError, match="pages 2 to 12"):
        read_document(path)


def test_single_pages_without_text_are_told(tmp_path):
    path = pdf(tmp_path / "one.pdf", [f"Results. {SENTENCE}", "", f"Results. {SENTENCE}"])
    assert read_document(path).notes == ["no text on page 2: run OCR if results are there"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_encodings(tmp_path, encoding):
    text = f"Results\n{SENTENCE} {RESULT}\n"
    reading = read_document(write(tmp_path / "a.txt", text.encode(encoding)))
    assert len(reading.of("median")) == 2


def test_arms_that_are_named_by_hand(tmp_path):
    text = (
        "Results\nMedian overall survival was 9.1 months with drug-x and 7.0 months with care-y.\n"
    )
    path = write(tmp_path / "a.txt", text)
    reading = read_document(path, ["drug-x", "care-y"])
    assert {(f.about["arm"], f.values["median"]) for f in reading.of("median")} == {
        ("drug-x", 9.1),
        ("care-y", 7.0),
    }


def test_a_large_text_takes_time_in_proportion(tmp_path):
    text = Path(__file__).parent.joinpath("publications", "nejm.txt").read_text(encoding="utf-8")
    sizes = []
    for copies in (20, 160):
        path = write(tmp_path / f"{copies}.txt", "\f".join([text] * copies))
        start = time.process_time()
        read_document(path)
        sizes.append(time.process_time() - start)
    assert sizes[1] < 16 * sizes[0] + 1
