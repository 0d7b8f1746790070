import pytest

from evinet.extract.read import numbers
from evinet.extract.read.publication import read_publication
from evinet.extract.read.text import document, normalise


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("22·8 months (95% CI 19·4–not estimated)", "22.8 months (95% CI 19.4-not estimated)"),
        ("¹⁷⁷Lu-Dotatate", "177Lu-Dotatate"),
        ("75²", "75"),
        ("stratiﬁed", "stratified"),
        ("pro\u00adgression", "progression"),
        ("P\u2009=\u2009.02", "p=.02"),
        ("30\u00a0mg", "30 mg"),
        ("··", "··"),
        ("in 45 per cent (95 percent CI, 40 to 50)", "in 45% (95% CI, 40 to 50)"),
        ("5 percentage points", "5 percentage points"),
    ],
)
def test_typography(printed, plain):
    assert normalise(printed) == plain


def test_words_broken_across_lines():
    text = document(
        "the investi-\ngator saw progression-\nfree survival of 5.1-\n7.3 months\n"
    ).prose
    assert text == "the investigator saw progression-free survival of 5.1-7.3 months"


def test_pages_and_lines_are_kept():
    source = document("one\ntwo\f\nthree\n---\nfour")
    where = {line.text: (line.page, line.number) for line in source.lines if line.text}
    assert where == {"one": (1, 1), "two": (1, 2), "three": (2, 3), "four": (3, 5)}
    assert source.line_at(source.prose.index("four")).number == 5


@pytest.mark.parametrize(
    ("text", "low", "high", "level"),
    [
        (" (95% CI 9.2-13.3)", 9.2, 13.3, 0.95),
        ("; 95% confidence interval [CI], 0.35 to 0.67; p<0.00001", 0.35, 0.67, 0.95),
        (" [0.182-0.418]", 0.182, 0.418, None),
        (", 90% CI 0.5, 0.9", 0.5, 0.9, 0.9),
        (", 98.4% CI 0.5, 0.9", 0.5, 0.9, 0.984),
        (" (19.4-NE)", 19.4, None, None),
        (" (95% CI, 17.0 to not reached)", 17.0, None, 0.95),
    ],
)
def test_intervals(text, low, high, level):
    interval = numbers.interval_at(text, 0)
    assert (interval.low, interval.high, interval.level) == (low, high, level)


@pytest.mark.parametrize("text", [" (IQR 1.2-3.7)", " 9.2-13.3", " (range 1-5)", " (p<0.01)"])
def test_what_is_not_a_confidence_interval(text):
    assert numbers.interval_at(text, 0) is None


@pytest.mark.parametrize(
    ("text", "p"),
    [("; p<0.0001", "<0.0001"), ("; p=.02)", "0.02"), ("P value of 0.3", None), ("", None)],
)
def test_p_values(text, p):
    assert numbers.p_value(text) == p


def test_percentages_agree_within_rounding():
    assert numbers.agrees(65, 151, "43.0")
    assert not numbers.agrees(66, 151, "43.0")
    assert numbers.agrees(1, 151, "<1")
    assert not numbers.agrees(152, 151, "100")


def test_units_of_time():
    assert numbers.months(2, "years") == 24
    assert numbers.months(52, "weeks") == pytest.approx(11.96, abs=0.01)


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("NCT01234567", "NCT01234567"),
        ("UMIN-CTR, UMIN000012345", "UMIN000012345"),
        ("ACTRN12612000123456", "ACTRN12612000123456"),
        ("ChiCTR-TRC-12001234", "ChiCTR-TRC-12001234"),
        ("ChiCTR2000031234", "ChiCTR2000031234"),
        ("jRCTs031180123", "jRCTs031180123"),
        ("EudraCT number 2012-001234-56", "2012-001234-56"),
        ("EU CT number 2022-501234-12-00", "2022-501234-12-00"),
        ("ISRCTN 12345678", "ISRCTN12345678"),
        ("CTRI/2012/01/002345", "CTRI/2012/01/002345"),
        ("DRKS00012345", "DRKS00012345"),
        ("PACTR201201000012345", "PACTR201201000012345"),
        ("RBR-6abcde", "RBR-6abcde"),
    ],
)
def test_numbers_of_registries(printed, number):
    text = f"A randomised phase 3 trial\n\nMethods: This trial is registered, number {printed}.\n"
    found = [f for f in read_publication(text, "x").findings if f.about["field"] == "registration"]
    assert [f.values["value"] for f in found] == [number]
