"""What two readings of a fact must have in common for it to be sure."""

import pytest

from evinet.extract.read.marked import read_jats
from evinet.extract.read.publication import read_marked, read_publication

ARMS = "We randomly assigned 400 patients to amab (n=200) or placebo (n=200). "
LONGER = "Median overall survival was significantly longer with amab than with placebo "


def only(text, kind):
    (found,) = read_publication(ARMS + text).of(kind)
    return found


def medians(text):
    return {f.about["arm"]: f.unsure for f in read_publication(ARMS + text).of("median")}


def test_medians_without_intervals_are_sure_beside_a_ratio_of_their_size():
    text = (
        LONGER
        + "(12.0 vs. 8.0 months; hazard ratio for death, 0.68; 95% CI, 0.54 to 0.86; P=0.001)."
    )
    assert medians(text) == {"amab": "", "placebo": ""}


@pytest.mark.parametrize(
    "ratio",
    [
        "hazard ratio for death, 0.88; 95% CI, 0.78 to 0.99; P=0.03",  # not of their size
        "hazard ratio for death, 0.68; 95% CI, 0.54 to 0.86; P=0.6",  # its P value does not fit
        "hazard ratio for death, 0.68",  # no interval
    ],
)
def test_medians_without_intervals_are_marked_beside_any_other_ratio(ratio):
    assert all(medians(LONGER + f"(12.0 vs. 8.0 months; {ratio}).").values())


def test_a_ratio_far_from_its_medians_confirms_none_without_interval():
    text = (
        "Median overall survival was 12.0 months with amab and 8.0 months with placebo. At the "
        "cutoff, 120 patients had died, and the follow-up of all others was complete to that day. "
        + LONGER
        + "(hazard ratio for death, 0.68; 95% CI, 0.54 to 0.86; P=0.001)."
    )
    assert all(medians(text).values())


def test_a_range_of_follow_up_is_not_of_the_medians_behind_it():
    text = (
        "At a median follow-up of 45 months (IQR 35-58), median overall survival was 12.0 months "
        "(95% CI 10.0-14.1) with amab versus 8.0 months (7.0-9.4) with placebo (hazard ratio 0.68, "
        "95% CI 0.54-0.86; P=0.001)."
    )
    assert medians(text) == {"amab": "", "placebo": ""}
    text = text.replace("(95% CI 10.0-14.1)", "(range 1.0-44.1)")
    assert "mean or range" in medians(text)["amab"]


EVENTS = (
    "Death from any cause occurred in {} patients ({}%) in the amab group and in 80 patients "
    "(40.0%) in the placebo group (hazard ratio, 0.70; 95% CI, 0.50 to 0.98)."
)


def test_shares_with_an_event_give_the_direction_of_a_ratio_and_confirm_it():
    assert only(EVENTS.format(60, "30.0"), "hr").unsure == ""


@pytest.mark.parametrize(("n", "percent"), [(84, "42.0"), (30, "15.0"), (78, "39.0")])
def test_shares_that_go_another_way_or_farther_confirm_no_ratio(n, percent):
    assert only(EVENTS.format(n, percent), "hr").unsure


def test_shares_alive_give_no_direction():
    text = EVENTS.format(60, "30.0").replace(
        "Death from any cause occurred", "Overall survival: alive"
    )
    assert all(f.unsure for f in read_publication(ARMS + text).of("hr"))


PAPER = """Amab after radiotherapy

Abstract
Results: We randomly assigned 400 patients to amab (n=200) or placebo (n=200). Progression-free
survival: hazard ratio for progression or death in the placebo group {}.

Introduction
Little is known, and much was written. Nobody has compared the two before in a trial of any size.

Methods
We randomly assigned 400 patients to amab (n=200) or placebo (n=200).

Results
Progression-free survival was like that in both groups (hazard ratio {}).

Discussion
We found it.
"""


def test_the_same_ratio_with_and_without_its_direction_is_read_twice():
    said = "1.40 (95% CI 1.10-1.78; p=0.006)"
    (ratio,) = read_publication(PAPER.format(said, said)).of("hr")
    assert (ratio.about["arm"], ratio.values["estimate"], ratio.unsure) == ("placebo", 1.4, "")


def test_other_limits_are_another_ratio():
    said, other = "1.40 (95% CI 1.10-1.78; p=0.006)", "1.40 (95% CI 1.05-1.87; p=0.02)"
    (ratio,) = read_publication(PAPER.format(said, other)).of("hr")
    assert "also read as" in ratio.unsure


def test_an_outcome_without_a_known_name_is_called_by_its_words_and_marked():
    text = (
        "Hospitalization for heart failure occurred in 40 patients (20.0%) in the amab group and "
        "in 56 patients (28.0%) in the placebo group (hazard ratio, 0.69; 95% CI, 0.46 to 1.03)."
    )
    ratio = only(text, "hr")
    assert ratio.about["outcome"] == "hospitalization-for-heart-failure"
    assert "called by its words" in ratio.unsure


def test_a_time_to_an_event_is_an_outcome_of_its_own():
    text = "Median time to first fracture was 20.7 months with amab and 17.1 months with placebo."
    found = read_publication(ARMS + text).of("median")
    assert {f.about["outcome"] for f in found} == {"time-to-first-fracture"}
    assert all("called by its words" in f.unsure for f in found)
    assert [f.values["median"] for f in found] == [20.7, 17.1]


HEADINGS = (
    "Introduction",
    "Background",
    "Comment",
    "Discussion",
    "5. Discussion",
    "DISCUSSION",
    "Discussion and conclusions",
    "Interpretation",
    "Conclusions",
    "Conclusion and relevance",
    "Limitations",
    "Strengths and limitations",
    "Research in context",
    "Implications",
    "Patient summary",
    "References",
)


@pytest.mark.parametrize("heading", HEADINGS)
def test_nothing_below_these_headings_is_a_result(heading):
    said = "Median overall survival was 21.0 months with zelotinib and 15.0 months with placebo "
    said += "(HR 0.70, 95% CI 0.50-0.98; p=0.04)."
    arms = "410 patients were randomly assigned to zelotinib (n=207) or placebo (n=203)."
    title = "Zelotinib versus placebo in carcinoma: a randomised phase 3 trial"
    article = (
        "<article><front><article-meta><title-group><article-title>" + title + "</article-title>"
        "</title-group></article-meta></front><body><sec><title>Results</title><p>" + arms + "</p>"
        "</sec><sec><title>" + heading + "</title><p>" + said + "</p></sec></body></article>"
    )
    readings = [
        read_publication(f"{title}\n\nResults\n{arms}\n\n{heading}\n\n{said}\n", "alone"),
        read_publication(f"{title}\n\nResults\n{arms}\n\n{heading}: {said}\n", "in its line"),
        read_marked(read_jats(article.encode(), "x.xml"), "article"),
    ]
    for reading in readings:
        assert len(reading.of("arm")) == 2
        assert reading.of("median") + reading.of("hr") == [], reading.source
