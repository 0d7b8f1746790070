"""No number of a result is left out without a word: what is not read is listed."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from evinet.extract.read.commands import read
from evinet.extract.read.draft import draft
from evinet.extract.read.evaluate import _agrees, fact
from evinet.extract.read.publication import read_publication

CORPUS = Path(__file__).parent / "corpus"
ARMS = "Results: 300 patients were randomly assigned to drugone (n=150) or placebo (n=150). "
READ = (
    "Median overall survival was 16.0 months (95% CI, 14.0 to 18.0) with drugone and 13.0 months "
    "(95% CI, 11.0 to 15.0) with placebo (hazard ratio, 0.75; 95% CI, 0.60 to 0.94; P=0.01). "
)


def unread(text: str) -> list[tuple[str, ...]]:
    return [each.printed for each in read_publication(ARMS + text).unread]


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("Serious adverse events were reported in 44% and 31%.", ("44%", "31%")),
        ("Nausea was seen in 6 of 150 v 2 of 150.", ("6 of 150", "2 of 150")),
        ("The odds ratio was 0.33 (95% CI, 0.10 to 1.08).", ("0.33",)),
        ("The mean difference was -96 mL (95% CI, -120 to -72).", ("-96",)),
        ("The rate was 0.88 per year with drugone.", ("0.88",)),
        ("In women, median PFS was 3.8 vs 1.9 months.", ("3.8", "1.9 months")),
        ("Median duration of response was 11.1 months v 4.0 months.",
         ("11.1 months", "4.0 months")),
        ("There were 88 deaths in all.", ("88",)),
        ("Ninety-one patients had events before that.", ("Ninety-one",)),
        ("Pain did not differ (P = .48).", ("p=.48",)),
        ("Diarrhea was reported by 27% and 30%.", ("27%", "30%")),
    ],
)  # fmt: skip
def test_a_number_of_a_result_that_is_not_read_is_listed(sentence, numbers):
    assert unread(READ + sentence) == [numbers]


@pytest.mark.parametrize(
    "sentence",
    [
        "The median age was 64.6 years, and 72 (24%) were women.",
        "After a median follow-up of 31.4 months (range, 2 to 60), the trial was closed.",
        "Patients received 240 mg every 3 weeks for 24 months.",
        "The data cutoff was May 10, 2021.",
        "The trial had 90% power to detect a hazard ratio of 0.70.",
        "Of these, 290 (97%) completed the trial.",
    ],
)
def test_what_is_no_result_is_not_listed(sentence):
    assert unread(READ + sentence) == []


def test_what_loses_against_the_main_reading_is_listed():
    subgroup = "Among smokers, the hazard ratio for death was 0.90 (95% CI, 0.60 to 1.35)."
    assert unread(READ + subgroup) == [("0.90",)]


@pytest.mark.parametrize("heading", ["Lay summary", "Discussion", "Synopsis of the work"])
def test_under_no_known_heading_the_whole_text_is_looked_at(heading):
    text = f"{heading}\nMedian survival was 24.2 vs 21.8 months."
    assert [u.printed for u in read_publication(text).unread] == [("24.2", "21.8 months")]


@pytest.mark.parametrize(
    "heading", ["Methods and results:", "METHODS AND RESULTS", "Methods/Results:"]
)
def test_methods_and_results_under_one_heading_are_read(heading):
    text = f"Aims: To compare them.\n{heading} {ARMS.removeprefix('Results: ')}{READ}"
    assert {f.values["median"] for f in read_publication(text).of("median")} == {16.0, 13.0}


def _facts():
    for path in sorted(CORPUS.glob("*.yaml")):
        for item in YAML(typ="safe").load(path):
            reading = read_publication(item["text"], item["name"])
            shown = " ".join(
                [f.unsure + f.printed for f in reading.findings]
                + [each.sentence for each in reading.unread]
            )
            for each in map(fact, item["facts"]):
                if not any(_agrees(finding, each) for finding in reading.findings):
                    yield item["name"], each, shown


def test_every_fact_of_the_corpus_is_read_or_shown():
    names = ("median", "estimate", "events", "n", "percent")
    silent = []
    for name, each, shown in _facts():
        value = next((each[k] for k in names if each.get(k) is not None), None)
        if each["kind"] == "arm" or value is None or "weeks" in name or "days" in name:
            continue
        digits = re.escape(f"{float(value):g}".removeprefix("0"))
        spelled = float(value) == 72 and "Seventy-two" in shown
        if not spelled and not re.search(rf"(?<![\d.])0?{digits}0*(?!\d)", shown):
            silent.append((name, each))
    assert silent == []


def test_the_draft_and_the_command_say_what_was_not_read(tmp_path):
    text = ARMS + READ + "Nausea was seen in 12% and 9%."
    written = draft(read_publication(text), "t", "t")
    assert "# - p 1, line 1: 12% | 9%\n#   in: Nausea was seen in 12% and 9%." in written
    paper = tmp_path / "paper.txt"
    paper.write_text(text)
    said = CliRunner().invoke(read, [str(paper), "--trial", "t", "--out", str(tmp_path)])
    assert "numbers of results that were not read, in 1 of the sentences" in said.output


def test_arms_that_are_not_recognised_are_said():
    reading = read_publication("Results: The hazard ratio for death was 0.9 (95% CI, 0.7 to 1.2).")
    assert any("--arms" in note for note in reading.notes)


def test_totals_before_the_counts_of_the_arms():
    text = "There were 180 deaths (82 [55%] with drugone and 98 [65%] with placebo)."
    found = read_publication(ARMS + READ + text).of("events")
    assert {f.about["arm"]: f.values["events"] for f in found} == {"drugone": 82, "placebo": 98}


def test_deaths_are_not_the_outcome_of_the_sentence_before():
    text = (
        "The primary outcome occurred less often with drugone (hazard ratio 0.77, 95% CI "
        "0.63-0.94). Seventy deaths occurred with drugone and 98 with placebo (hazard ratio 0.73, "
        "95% CI 0.54-0.99)."
    )
    found = read_publication(ARMS + text).of("hr")
    assert {f.about["outcome"]: f.values["estimate"] for f in found} == {
        "primary-outcome": 0.77, "os": 0.73,
    }  # fmt: skip


def test_a_ratio_of_another_comparison_is_of_no_arms():
    text = (
        "For drugtwo versus placebo, the primary outcome occurred in 7.9% and 8.3% (hazard ratio, "
        "0.95; 95% CI, 0.79 to 1.13)."
    )
    reading = read_publication(ARMS + text)
    assert reading.of("hr") == []
    assert [each.printed for each in reading.unread] == [("7.9%", "8.3%", "0.95")]
