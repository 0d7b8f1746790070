"""What whole papers hold beside results: tables of the start of a trial, words of the design."""

from xml.sax.saxutils import escape

import pytest

from evinet.extract.read.marked import read_jats
from evinet.extract.read.publication import read_marked, read_publication

SAID = "We randomly assigned 150 patients to ormalin (n=100) or placebo (n=50)."


def paper(title="Ormalin or placebo", methods=SAID, caption="Baseline characteristics", rows=(),
          head=("", "Ormalin (n=100)", "Placebo (n=50)")):  # fmt: skip
    """The reading of a paper with one table, as JATS XML."""

    def row(cells, tag="td"):
        inside = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{inside.replace('> ', '>&#160;')}</tr>"

    text = (
        f"<article><front><article-meta><title-group><article-title>{escape(title)}"
        f"</article-title></title-group></article-meta></front><body><sec><title>Methods</title>"
        f"<p>{escape(methods)}</p></sec><sec><title>Results</title><table-wrap><label>Table 1"
        f"</label><caption><p>{escape(caption)}</p></caption><table><thead>{row(head, 'th')}"
        f"</thead><tbody>{''.join(map(row, rows))}</tbody></table></table-wrap></sec></body>"
        "</article>"
    )
    return read_marked(read_jats(text.encode(), "a.xml"), "a.xml")


ROWS = {
    "the sexes": [
        ["Sex", "", ""],
        [" Male", "60 (60)", "20 (40)"],
        [" Female", "40 (40)", "30 (60)"],
    ],
    "a heading is lost": [["12 to 19 weeks", "60 (60)", "20 (40)"], ["Mother", "4 (4)", "3 (6)"]],
    "a heading of another row": [["Age (years)", "60.1", "61.2"], ["Male", "60 (60)", "20 (40)"]],
    "a count of others": [["Men", "60/65 (92)", "20/50 (40)"]],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize(
    "caption", ["Baseline characteristics", "Characteristics of the practices", "Demographic data"]
)
def test_no_count_of_a_table_of_the_start_is_sure(caption, rows):
    found = paper(caption=caption, rows=rows).of("baseline")
    assert {f.values["n"] for f in found if "n" in f.values} >= {20}
    assert all(f.unsure for f in found)


def test_a_table_gives_no_sure_counts_where_the_arms_are_unsure():
    table = {
        "caption": "Adverse events of any grade",
        "rows": [["Nausea", "60 (60)", "20 (40)"]],
    }
    assert [f.unsure for f in paper(**table).of("adverse-event")] == ["", ""]
    for doubt in (
        " A cluster-randomised design was used.",
        " In all, 170 patients were randomised.",
    ):
        found = paper(methods=SAID + doubt, **table).of("adverse-event")
        assert [bool(f.unsure) for f in found] == [True, True]


@pytest.mark.parametrize(
    "text",
    [
        SAID + " Three hundred and one patients were randomised in both stages.",
        SAID + " Responders were re-randomised at week 8.",
        SAID
        + " In trial 2, we randomly assigned 130 patients to ormalin (n=80) or placebo (n=50).",
        SAID.replace("n=100", "n=100 practices"),
        SAID.replace("150 patients", "160 patients").replace(
            "We", "Of 190 patients randomised, we"
        ),
    ],
)
def test_arms_of_some_of_the_patients_are_unsure(text):
    found = paper(methods=text).of("arm")
    assert [bool(f.unsure) for f in found] == [True, True]
    assert [f.unsure for f in paper().of("arm")] == ["", ""]


def test_a_name_that_a_long_paper_never_uses_is_no_arm():
    text = "We randomly assigned 150 patients to swallow ormalin (n=100) or placebo (n=50). "
    rest = "Those who took ormalin had less pain than those on placebo. "
    assert {bool(f.unsure) for f in paper(methods=text + 150 * rest).of("arm")} == {True}
    plain = text.replace("swallow ", "")
    assert {bool(f.unsure) for f in paper(methods=plain + 150 * rest).of("arm")} == {False}


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("phase", "This phase 2 study was done at one site.", "2"),
        ("phase", "Earlier a phase 1b study showed that ormalin is safe.", None),
        ("phase", "This phase 3 trial followed a phase 2 study of ormalin.", None),
        ("phase", "In this regard, we recently did a phase I open label study of cells.", None),
        ("terms", "In this open-label, randomised trial ormalin was given.",
         "randomised, open-label"),
        ("terms", "This review of cases was not a randomised controlled trial.", None),
        ("terms", "As a next step, a multicentre non-inferiority study should follow.", None),
        ("terms", "Patients had a double-blind trial and then an open-label study of it.", None),
        ("terms", "In the randomised trial patients had open-label ormalin too. Results spoke for "
         "superiority of ormalin. No infection was seen in any of 90 sites.", "randomised"),
        ("terms", "The funder allowed an open-label trial only, prohibiting a randomised trial.",
         None),
        ("terms", "P-lenses were tried in four open-label studies and a randomised trial.", None),
        ("allocation", "Patients were randomly assigned (2:1) to ormalin or placebo.", "2:1"),
        ("allocation", "Patients were randomised 1:1. From May on they were randomised 2:1.", None),
        ("allocation", "New patients were randomised, but not 1:1, to the two arms.", None),
        ("allocation", "Of those randomised more were lost in arm 1: 26 (60%) of all.", None),
        ("allocation", "Randomisation allowed for a 1:2 male:female ratio.", None),
        ("enrolment", "Twelve sites commenced recruitment between May 2012 and June 2014.", None),
        ("enrolment", "Patients were enrolled between May 2012 and June 2014.",
         "May 2012 to June 2014"),
        ("enrolment", "Recruitment and follow-up lasted from May 2012 to June 2014.", None),
        ("enrolment", "Of those enrolled, 148 patients were referred between May 2012 and June "
         "2014.", None),
        ("enrolment", "Patients were screened between May 2012 and June 2014.", None),
        ("enrolment", "This trial with 90 patients was conducted between May 2012 and June 2014.",
         None),
        ("enrolment", "The prospective, randomised, open study of 90 patients took place in our "
         "ward between May 2012 and June 2014.", None),
        ("registration", "The trial is registered (NCT01000001).", "NCT01000001"),
        ("registration", "NCT01000001 and its sister NCT01000002 are registered, NCT01000001 "
         "first.", None),
    ],
)  # fmt: skip
def test_words_of_the_design_are_sure_where_they_can_be_of_this_trial_only(field, text, value):
    found = read_publication(f"Methods\n{text}\n", "a").of("design")
    certain = [f.values["value"] for f in found if f.about["field"] == field and not f.unsure]
    assert certain == ([] if value is None else [value])
