"""What whole papers hold beside results: tables of the start of a trial, words of the design."""

from xml.sax.saxutils import escape

import pytest

from evinet.extract.read.marked import read_jats
from evinet.extract.read.publication import read_marked, read_publication

SAID = "We randomly assigned 150 patients to ormalin (n=100) or placebo (n=50)."


def paper(title="Ormalin or placebo", methods=SAID, caption="Baseline characteristics",
          rows=(("Male", "60 (60)", "20 (40)"),),
          head=("", "Ormalin (n=100)", "Placebo (n=50)"), results=""):  # fmt: skip
    """The reading of a paper with one table, as JATS XML."""

    def row(cells, tag="td"):
        inside = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{inside.replace('> ', '>&#160;')}</tr>"

    text = (
        f"<article><front><article-meta><title-group><article-title>{escape(title)}"
        f"</article-title></title-group></article-meta></front><body><sec><title>Methods</title>"
        f"<p>{escape(methods)}</p></sec><sec><title>Results</title>"
        f"<p>{escape(results)}</p><table-wrap><label>Table 1</label>"
        f"<caption><p>{escape(caption)}</p></caption><table><thead>{row(head, 'th')}"
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


@pytest.mark.parametrize(
    "table",
    [
        {"caption": "Adverse events of any grade", "rows": [["Nausea", "60 (60)", "20 (40)"]]},
        {"caption": "Tumour response", "rows": [["Objective response", "60 (60)", "20 (40)"]]},
        {"caption": "Efficacy", "rows": [["Median overall survival, months", "9.1", "7.0"]]},
        {"caption": "Overall survival", "rows": [["Events", "60 (60)", "20 (40)"]]},
    ],
)
def test_nothing_is_sure_that_only_a_table_says(table):
    found = [f for f in paper(**table).findings if f.part == "table"]
    assert [bool(f.unsure) for f in found] == [True, True]


MEDIANS = (
    "Median overall survival was 12.1 months (95% CI 10.0-14.1) with ormalin and 8.0 months "
    "(7.0-9.4) with placebo (hazard ratio for death with ormalin, 0.66; 95% CI, 0.50 to 0.87)."
)
EFFICACY = (
    ("", "Ormalin (n=100)", "Placebo (n=50)", "Hazard ratio (95% CI)", "P value"),
    ("Overall survival", "", "", "", ""),
    ("  Median (95% CI), months", "12.1 (10.0-14.1)", "8.0 (7.0-9.4)", "0.66 (0.50-0.87)", ".01"),
)


def efficacy(text=MEDIANS, caption="Efficacy", rows=EFFICACY[1:], head=EFFICACY[0]):
    """Medians and ratios of a paper with a table of efficacy: by kind and arm."""
    found = paper(results=text, caption=caption, rows=rows, head=head)  # fmt: skip
    return {(f.kind, f.about["arm"]): f for f in found.findings if f.kind in ("median", "hr")}


def test_a_table_of_efficacy_confirms_what_the_text_says():
    found = efficacy()
    assert {key: (f.values.get("median", f.values.get("estimate")), f.unsure)
            for key, f in found.items()} == {
        ("median", "ormalin"): (12.1, ""),
        ("median", "placebo"): (8.0, ""),
        ("hr", "ormalin"): (0.66, ""),
    }  # fmt: skip
    assert found["median", "placebo"].values["upper"] == 9.4


def test_a_table_of_efficacy_in_weeks_or_years_is_read_in_months():
    rows = (("Median overall survival (years)", "1.5", "0.5", "", ""),)
    found = efficacy(text="", rows=rows)
    assert [f.values["median"] for f in found.values()] == [18, 6]


def test_a_table_of_efficacy_contradicts_the_text_where_its_columns_are_the_other_way():
    head = (EFFICACY[0][0], EFFICACY[0][2], EFFICACY[0][1], *EFFICACY[0][3:])
    found = efficacy(head=head)
    assert all("also read as" in found["median", arm].unsure for arm in ("ormalin", "placebo"))


@pytest.mark.parametrize(
    ("caption", "label"),
    [
        ("Efficacy in the per-protocol population", "Overall survival, median (months)"),
        ("Efficacy in women", "Overall survival, median (months)"),
        ("Overall survival, median in months, by age", "Aged 65 or older"),
        ("Efficacy", "Duration of response, median (months)"),
        ("Efficacy", "Overall survival at 12 months, %"),
        ("Efficacy", "Mean overall survival, months"),
    ],
)
def test_rows_of_other_patients_or_quantities_confirm_nothing(caption, label):
    rows = ((label, "12.1 (10.0-14.1)", "8.0 (7.0-9.4)", "", ""),)
    assert all(f.unsure for f in efficacy(caption=caption, rows=rows).values())


def test_medians_of_more_arms_than_are_known_are_given_to_none():
    text = (
        "Median overall survival was 12.1, 10.0, and 8.0 months in the ormalin, low-dose and "
        "placebo groups, respectively."
    )
    assert efficacy(text=text, rows=()) == {}


def test_the_combination_is_the_one_arm_that_adds_to_the_other():
    text = (
        "We randomly assigned 150 patients to ormalin plus cisplin (n=100) or gemzin (n=50). "
        "Median overall survival was 12.1 months in the combination group and 8.0 months in the "
        "gemzin group."
    )
    found = {f.about["arm"]: f.values["median"] for f in read_publication(text).of("median")}
    assert found == {"ormalin-plus-cisplin": 12.1, "gemzin": 8.0}


def test_numbers_of_arms_in_a_paper_need_a_second_place():
    assert [f.unsure for f in paper().of("arm")] == ["", ""]
    for head in (
        ("", "Ormalin (n=99)", "Placebo (n=50)"),
        ("", "Group 1 (n=100)", "Group 2 (n=50)"),
    ):
        assert all(f.unsure for f in paper(head=head).of("arm"))
    assert [f.unsure for f in paper(methods=SAID, title=SAID, head=("", "a", "b")).of("arm")] == [
        "",
        "",
    ]


@pytest.mark.parametrize("text", ["in patients achieving control", "among women"])
def test_a_ratio_is_as_limited_as_the_medians_of_its_sentence(text):
    said = (
        f"{SAID} Median overall survival {text} was 12.1 months with ormalin and 8.0 months with "
        "placebo (hazard ratio for death with ormalin, 0.66; 95% CI, 0.50 to 0.87; P=0.003)."
    )
    found = read_publication(said).findings
    assert [bool(f.unsure) for f in found if f.kind in ("median", "hr")] == [True] * 3


def test_nothing_is_sure_of_arms_that_are_unsure():
    said = (
        "Ormalin versus placebo. Patients were randomly assigned to ormalin or placebo. Median "
        "overall survival was 12.1 months (95% CI 10.0-14.1) with ormalin and 8.0 months (95% CI "
        "7.0-9.4) with placebo (hazard ratio for death with ormalin, 0.66; 95% CI, 0.50 to 0.87; "
        "P=0.003)."
    )
    found = [f for f in read_publication(said).findings if f.kind in ("median", "hr")]
    assert [bool(f.unsure) for f in found] == [True] * 3
    sure = [f for f in read_publication(f"{said} {SAID}").findings if f.kind in ("median", "hr")]
    assert [bool(f.unsure) for f in sure] == [False] * 3


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


@pytest.mark.parametrize(
    "text",
    [
        "224 patients were randomly assigned: 112 to high-dose ormalin, cisplin, and gemzin "
        "chemotherapy, and 112 to placebo.",
        "One hundred seventy-nine eligible patients were randomly assigned to ormalin (n=114) or "
        "placebo (n=65). In all, 179 patients were randomised.",
    ],
)
def test_part_of_a_name_and_part_of_the_patients_are_unsure(text):
    assert [bool(f.unsure) for f in read_publication(text).of("arm")] == [True, True]
    plain = text.replace(" eligible", "").replace(", cisplin, and gemzin chemotherapy", "")
    assert [f.unsure for f in read_publication(plain).of("arm")] == ["", ""]


def test_a_name_that_a_long_paper_never_uses_is_no_arm():
    text = "We randomly assigned 150 patients to swallow ormalin (n=100) or placebo (n=50). "
    rest = "Those who took ormalin had less pain than those on placebo. "
    assert {bool(f.unsure) for f in paper(methods=text + 150 * rest).of("arm")} == {True}
    plain = text.replace("swallow ", "")
    assert {bool(f.unsure) for f in paper(methods=plain + 150 * rest).of("arm")} == {False}


def test_words_of_the_design_that_a_paper_says_once_are_marked():
    once = "In this open-label, randomised trial ormalin was given."
    terms = [f for f in paper(methods=f"{SAID} {once}").of("design") if f.about["field"] == "terms"]
    assert "the paper says it once" in terms[0].unsure
    again = f"{SAID} {once} The open-label trial had three sites. It was a randomised trial."
    terms = [f for f in paper(methods=again).of("design") if f.about["field"] == "terms"]
    assert (terms[0].values["value"], terms[0].unsure) == ("randomised, open-label", "")


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
