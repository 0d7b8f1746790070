"""Small texts and records that were once read wrong: never again, and nothing wrong is sure."""

from pathlib import Path

import pytest

from evinet.extract.read.commands import read_document

CASES = Path(__file__).parent / "cases"
# By case: what must be read (kind, outcome or label, arm, value), sure or not.
RIGHT = {
    "c03": [("median", "os", "placebo", 2.7), ("median", "os", "zelotinib", 3.3)],
    "c04": [("median", "pfs", "zelotinib", 6.2), ("median", "pfs", "placebo", 2.8)],
    "c05": [("design", "enrolment", None, "Dec 6, 2005 to Dec 21, 2012")],
    "c11": [("median", "os", "abc", 11.4), ("median", "os", "mabc-p", 8.9)],
    "c14": [("baseline", "0", "zelotinib", 120), ("baseline", "1", "placebo", 85)],
    "c15": [("baseline", "Male", "placebo", 18), ("baseline", "Female", "zelotinib", 10)],
    "c17": [("hr", "os", "once-daily-radiotherapy", 1.18),
            ("median", "os", "twice-daily-radiotherapy", 30)],
    "c19": [("arm", None, "zelotinib", 238)],
    "c21": [("median", "pfs", "zelotinib", 11.3), ("median", "pfs", "placebo", 5.3),
            ("hr", "pfs", "zelotinib", 0.43)],
    "c28": [("median", "os", "zelotinib", 11.4), ("median", "os", "placebo", 8.9)],
    "r12": [("median", "pfs2", "osimertinib-80-mg-global-cohort", 30.1)],
    "r15": [("landmark", "pfs", "soc-egfr-tki-global-cohort", 0.399)],
}  # fmt: skip
# By case: kinds of which nothing may be sure.
DOUBTED = {
    "c01": ("median",), "c06": ("median", "hr"), "c07": ("response",), "c10": ("hr",),
    "c19": ("median", "response"), "c23": ("median", "hr"), "c26": ("median", "hr"),
}  # fmt: skip
ABSENT = {"c06": "median", "c07": "response", "c10": "hr", "c19": "median", "c23": "median"}


def reading(case):
    (path,) = CASES.glob(f"{case}-*")
    return read_document(path)


def said(finding):
    about, values = finding.about, finding.values
    name = about.get("outcome") or about.get("category") or about.get("field")
    names = ("median", "survival", "estimate", "n", "value")
    value = next((values[key] for key in names if values.get(key) is not None), None)
    return finding.kind, name, about.get("arm"), value


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_read(case):
    found = [said(finding) for finding in reading(case).findings]
    assert [fact for fact in RIGHT[case] if fact not in found] == []


@pytest.mark.parametrize("case", DOUBTED)
def test_what_is_not_the_trials_is_not_sure(case):
    findings = reading(case).findings
    assert [f for f in findings if f.kind in DOUBTED[case] and not f.unsure] == []
    assert [f for f in findings if f.kind == ABSENT.get(case)] == []


@pytest.mark.parametrize("path", sorted(CASES.glob("*")), ids=lambda path: path.stem[:3])
def test_nothing_else_is_sure(path):
    case = path.stem[:3]
    right = RIGHT.get(case, [])
    sure = [said(f) for f in read_document(path).findings if not f.unsure]
    results = [fact for fact in sure if fact[0] in ("median", "hr", "response", "events")]
    wrong = [fact for fact in results if fact not in right]
    allowed = {"c04": [("hr", "pfs", "zelotinib", 0.43)],
               "c17": [("median", "os", "once-daily-radiotherapy", 25)],
               "r12": [("median", "pfs2", "soc-egfr-tki-global-cohort", 20.0)]}  # fmt: skip
    assert [fact for fact in wrong if fact not in allowed.get(case, [])] == []


def test_values_of_a_registry_are_printed_as_posted():
    landmarks = {f.about["arm"]: f for f in reading("r15").of("landmark") if f.about["time"] == 12}
    assert landmarks["soc-egfr-tki-global-cohort"].printed.startswith("39.9 (33.9 to 45.8)")


def test_readings_of_subgroups_stand_beside_the_main_value():
    (zelotinib,) = [f for f in reading("c28").of("median") if f.about["arm"] == "zelotinib"]
    assert zelotinib.values["median"] == 11.4
