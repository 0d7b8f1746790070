"""The reader on invented publications, and on anything at all."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from evinet.extract.read.evaluate import evaluate
from evinet.extract.read.publication import read_publication

FOLDER = Path(__file__).parent / "publications"


def test_every_publication_has_facts():
    texts = {path.stem for path in FOLDER.glob("*.txt")}
    assert len(texts) >= 8
    assert texts == {path.name.removesuffix(".facts.yaml") for path in FOLDER.glob("*.facts.yaml")}


def test_other_trials_plans_and_other_endpoints_are_not_read():
    reading = read_publication((FOLDER / "traps.txt").read_text(encoding="utf-8"))
    results = [f for f in reading.findings if f.kind not in ("arm", "design")]
    assert {f.about["outcome"] for f in results} == {"time-to-deterioration"}
    assert all(f.unsure for f in results)


def test_readings_that_disagree_are_marked():
    text = (
        "Patients were randomly assigned to abc (n=50) or placebo (n=50). "
        "Median overall survival was 10.0 months with abc and 8.0 months with placebo. "
        "Median overall survival was 12.0 months with abc and 8.0 months with placebo."
    )
    medians = {f.about["arm"]: f for f in read_publication(text).of("median")}
    assert "12" in medians["abc"].unsure
    assert medians["placebo"].unsure == "read once, and nothing confirms it"


def test_a_ratio_against_its_medians_is_marked():
    text = (
        "We randomly assigned 100 patients to abc (n=50) or placebo (n=50). Median overall "
        "survival was 8.0 months with abc and 10.0 months with placebo (HR 0.70, 95% CI 0.50-0.98)."
    )
    (ratio,) = read_publication(text).of("hr")
    assert "against the medians" in ratio.unsure


def test_evaluation_counts_a_wrong_value_as_wrong_and_missing():
    text = "We randomly assigned 100 patients to abc (n=50) or placebo (n=50)."
    score = evaluate(
        read_publication(text),
        [{"kind": "arm", "arm": "abc", "n": 51}, {"kind": "arm", "arm": "placebo", "n": 50}],
    )["arm"]
    assert (score.right, len(score.wrong), len(score.missing)) == (1, 1, 1)
    assert score.precision == score.recall == 0.5


@settings(max_examples=150)
@given(st.text(max_size=400))
def test_any_text_is_survived(text):
    read_publication(text)


WORDS = st.sampled_from(
    [
        "median",
        "PFS",
        "overall",
        "survival",
        "months",
        "12.3",
        "(95%",
        "CI",
        "0.5–0.9)",
        "HR",
        "0·48",
        "p<0.01",
        "Number",
        "at",
        "risk",
        "placebo",
        "abc",
        "(n=50)",
        "(n=48)",
        "randomly",
        "assigned",
        "to",
        "and",
        "versus",
        "with",
        "in",
        "the",
        "group",
        "50",
        "12",
        "0",
        "6",
        "Table",
        "1:",
        "Figure",
        "2",
        "30/50",
        "(60%)",
        "Grade",
        "≥3",
        "\n",
        "\n",
        "\n",
        "\x0c",
        "NE",
        "not",
        "reached",
        "respectively",
        ".",
        ";",
        "Results",
        "Discussion",
        "44%",
        "at",
    ]
)


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=120))
def test_any_arrangement_of_a_publications_words_is_survived(words):
    read_publication(
        "We randomly assigned patients to abc (n=50) or placebo (n=48).\n" + " ".join(words)
    )


def test_same_text_same_findings():
    text = (FOLDER / "jco-rows.txt").read_text(encoding="utf-8")
    assert read_publication(text) == read_publication(text)
