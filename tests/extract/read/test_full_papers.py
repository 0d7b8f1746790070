"""What whole papers hold beside results: tables of the start of a trial, words of the design."""

from xml.sax.saxutils import escape

import pytest

from evinet.extract.read.marked import read_jats
from evinet.extract.read.publication import read_marked, read_publication

SAID = "We randomly assigned 150 patients to ormalin (n=100) or placebo (n=50)."
SEX = [["Sex, n (%)", "", ""], [" Male", "60 (60)", "20 (40)"], [" Female", "40 (40)", "30 (60)"]]
RACE = [["Race, n (%)", "", ""], [" White", "75 (75)", "40 (80)"], [" Other", "25 (25)", "10 (20)"]]


def paper(title="Ormalin or placebo", methods=SAID, caption="Baseline characteristics", rows=SEX,
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


def sure(reading):
    """The counts of the table that are sure, by characteristic, category and arm."""
    return {
        (f.about["characteristic"], f.about["category"], f.about["arm"]): f.values["n"]
        for f in reading.of("baseline") if not f.unsure
    }  # fmt: skip


def test_categories_that_count_everybody_once_are_sure():
    assert sure(paper(rows=SEX + RACE)) == {
        ("Sex", "Male", "ormalin"): 60, ("Sex", "Male", "placebo"): 20,
        ("Sex", "Female", "ormalin"): 40, ("Sex", "Female", "placebo"): 30,
        ("Race", "White", "ormalin"): 75, ("Race", "White", "placebo"): 40,
        ("Race", "Other", "ormalin"): 25, ("Race", "Other", "placebo"): 10,
    }  # fmt: skip
    alone = paper(rows=[["Women, n (%)", "40 (40)", "30 (60)"]])
    assert sure(alone) == {("Women, n (%)", "", "ormalin"): 40, ("Women, n (%)", "", "placebo"): 30}


def test_a_table_confirms_the_arms_that_the_text_names_without_numbers():
    text = (
        "Patients were randomly assigned to ormalin or placebo. In all, 150 patients were "
        "randomised. Pain was less in the ormalin group than in the placebo group."
    )
    title = "Ormalin versus placebo"
    assert len(sure(paper(title=title, methods=text))) == 4
    assert not sure(paper(title=title, methods=text.replace("150", "160"))), "ten are missing"


@pytest.mark.parametrize(
    "rows",
    [
        [["12 to 19 weeks", "60 (60)", "20 (40)"], ["20 weeks or more", "40 (40)", "30 (60)"]],
        [["Mother", "60 (60)", "20 (40)"], ["Father", "40 (40)", "30 (60)"]],
        [["Medical history", "", ""], [" Gout", "60 (60)", "20 (40)"], [" Flu", "5 (5)", "3 (6)"]],
        [["Age (years)", "", ""], ["Mean", "60.1", "61.2"], ["Male", "60 (60)", "20 (40)"]],
        [["Smokers", "", ""], [" Male", "60 (60)", "20 (40)"], [" Female", "40 (40)", "30 (60)"]],
        [["Race", "", ""], [" White", "75 (75)", "40 (80)"], [" Black", "30 (30)", "10 (20)"]],
        [["Men", "60/65 (92)", "20/50 (40)"]],
        [["Male/female", "60 (60)", "20 (40)"]],
    ],
)
def test_rows_that_no_sum_confirms_are_unsure(rows):
    found = paper(rows=rows)
    assert found.of("baseline")
    assert not sure(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"caption": "Characteristics of the patients"},
        {"caption": "Baseline characteristics of the practices"},
        {"caption": "Baseline characteristics of the mothers"},
        {"caption": "Baseline characteristics of those who completed treatment"},
        {"title": "Baseline characteristics of patients in a trial of ormalin"},
        {"title": "Ormalin or placebo: an open-label extension"},
        {"methods": "Ormalin was given to 100 patients and placebo to 50. Care was randomised."},
        {"methods": SAID + " A cluster-randomised design was used."},
        {"methods": SAID.replace("n=100", "n=100 practices")},
    ],
)
def test_a_table_that_may_count_others_is_unsure(changed):
    assert not sure(paper(**changed))


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
        ("allocation", "Patients were randomly assigned (2:1) to ormalin or placebo.", "2:1"),
        ("allocation", "Patients were randomised 1:1. From May on they were randomised 2:1.", None),
        ("allocation", "New patients were randomised, but not 1:1, to the two arms.", None),
        ("enrolment", "Patients were enrolled between May 2012 and June 2014.",
         "May 2012 to June 2014"),
        ("enrolment", "Recruitment and follow-up lasted from May 2012 to June 2014.", None),
        ("enrolment", "Of those enrolled, 148 patients were referred between May 2012 and June "
         "2014.", None),
        ("enrolment", "Patients were screened between May 2012 and June 2014.", None),
        ("enrolment", "This trial with 90 patients was conducted between May 2012 and June 2014.",
         None),
        ("registration", "The trial is registered (NCT01000001).", "NCT01000001"),
        ("registration", "NCT01000001 and its sister NCT01000002 are registered, NCT01000001 "
         "first.", None),
    ],
)  # fmt: skip
def test_words_of_the_design_are_sure_where_they_can_be_of_this_trial_only(field, text, value):
    found = read_publication(f"Methods\n{text}\n", "a").of("design")
    certain = [f.values["value"] for f in found if f.about["field"] == field and not f.unsure]
    assert certain == ([] if value is None else [value])
