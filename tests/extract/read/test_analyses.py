"""A result that a paper gives twice, at two analyses: both are kept, the later one is preferred."""

import pytest
from ruamel.yaml import YAML

from evinet.extract.read.analyses import analyses
from evinet.extract.read.draft import draft
from evinet.extract.read.findings import Finding
from evinet.extract.read.publication import read_publication

ARMS = "Results: 300 patients were randomly assigned to drugone (n=150) or placebo (n=150). "
EARLY = (
    "median overall survival was 12.0 months with drugone and 15.0 months with placebo "
    "(hazard ratio for death, 1.20; 95% CI, 0.90 to 1.60)"
)
LATE = (
    "median overall survival was 16.0 months with drugone and 13.0 months with placebo "
    "(hazard ratio for death, 0.75; 95% CI, 0.60 to 0.94)"
)
NAMES = [
    ("At the interim analysis", "At the final analysis", "interim"),
    ("At the planned interim look", "At the final look", "interim"),
    ("At the first interim analysis", "At the second interim analysis", "first-interim"),
    ("At the primary analysis", "At the updated analysis", "primary-analysis"),
    ("At the first data cutoff", "At the second data cutoff", "first-cutoff"),
    ("At the first analysis", "At the final analysis", "first-analysis"),
    ("In the primary analysis", "With 60 months of follow-up", "primary-analysis"),
    ("As of 4 May 2020", "As of 11 May 2022", "cutoff-2020-05-04"),
    (
        "After a median follow-up of 12 months",
        "After a median follow-up of 60 months",
        "follow-up-12",
    ),
]


def results(text: str) -> dict[tuple[str, str, str], Finding]:
    """Findings of survival by kind, arm and report."""
    return {
        (f.kind, f.about["arm"], f.about.get("report", "primary")): f
        for f in read_publication(ARMS + text).findings
        if f.kind in ("median", "hr")
    }


@pytest.mark.parametrize(("early", "late", "report"), NAMES)
@pytest.mark.parametrize("turned", [False, True])
def test_both_analyses_are_kept_and_the_later_one_is_the_main_one(early, late, report, turned):
    told = [f"{early}, {EARLY}. ", f"{late}, {LATE}. "]
    found = results("".join(reversed(told) if turned else told))
    assert {key: f.values.get("median", f.values.get("estimate")) for key, f in found.items()} == {
        ("median", "drugone", report): 12.0,
        ("median", "placebo", report): 15.0,
        ("hr", "drugone", report): 1.2,
        ("median", "drugone", "primary"): 16.0,
        ("median", "placebo", "primary"): 13.0,
        ("hr", "drugone", "primary"): 0.75,
    }
    assert all(f.unsure for (_, _, of), f in found.items() if of != "primary")


def test_analyses_named_behind_their_values():
    found = results(
        "Median overall survival was 12.0 months with drugone and 15.0 months with placebo at the "
        "interim analysis (HR, 1.20; 95% CI, 0.90 to 1.60). Median overall survival was 16.0 "
        "months with drugone and 13.0 months with placebo at the final analysis (HR, 0.75; 95% "
        "CI, 0.60 to 0.94)."
    )
    assert found["hr", "drugone", "interim"].values["estimate"] == 1.2
    assert found["hr", "drugone", "primary"].values["estimate"] == 0.75


@pytest.mark.parametrize(
    "goes_on",
    [
        "Deaths were few. Median overall survival was 16.0 months with drugone and 13.0 months "
        "with placebo.",
        "the corresponding values were 16.0 months and 13.0 months.",
        "the corresponding medians were 16.0 and 13.0 months.",
    ],
)
def test_a_sentence_goes_on_with_the_analysis_and_the_outcome_of_the_one_before(goes_on):
    found = results(f"At the interim analysis, {EARLY}. At the final analysis, {goes_on}")
    assert found["median", "drugone", "primary"].values["median"] == 16.0
    assert found["median", "placebo", "primary"].values["median"] == 13.0


@pytest.mark.parametrize(
    "text",
    [
        f"{LATE.capitalize()}. The final analysis is planned after 250 deaths.",
        f"At the interim analysis, {LATE}.",
        f"At the final analysis, {LATE}.",
        f"After a median follow-up of 20 months, {LATE}.",
    ],
)
def test_one_analysis_makes_one_report(text):
    assert {report for _, _, report in results(text)} == {"primary"}


def test_values_of_no_named_analysis_stay_beside_an_update():
    found = results(f"{LATE.capitalize()}. In an updated analysis, {EARLY}.")
    assert found["hr", "drugone", "primary"].values["estimate"] == 0.75
    assert found["hr", "drugone", "update"].values["estimate"] == 1.2


def test_the_draft_names_both_reports_and_prefers_the_later_ratio():
    text = (
        f"At the interim analysis (data cutoff, May 2, 2019), {EARLY}. "
        f"At the final analysis (data cutoff, June 3, 2021), {LATE}."
    )
    trial = YAML(typ="safe").load(draft(read_publication(ARMS + text), "t", "t"))
    dates = {slug: str(r["data_cutoff"]["value"]) for slug, r in trial["reports"].items()}
    assert dates == {"primary": "2021-06-03", "interim": "2019-05-02"}
    ratios = {r["report"]: r["contrasts"][0] for r in trial["results"]}
    assert "preferred" in ratios["primary"]
    assert "preferred" not in ratios["interim"]


@pytest.mark.parametrize(
    ("ratio", "question"),
    [
        ("hazard ratio for drugone versus placebo, 0.75; 95% CI, 0.56 to 1.00", True),
        ("hazard ratio, 0.75; 95% CI, 0.56 to 1.00", True),
        ("hazard ratio for drugone versus placebo, 1.33; 95% CI, 1.00 to 1.78", False),
    ],
)
@pytest.mark.parametrize("when", ["", "At the interim analysis, "])
def test_a_ratio_against_its_medians_asks_for_its_direction_first(when, ratio, question):
    found = results(
        f"{when}median overall survival was 9.0 months with drugone and 12.0 months with placebo "
        f"({ratio})."
    )
    asked = [f.unsure.startswith("which arm is above the line?")
             for (kind, _, _), f in found.items() if kind == "hr"]  # fmt: skip
    assert asked == [question]


def test_the_direction_of_an_interim_ratio_is_not_turned_round_against_the_final_one():
    found = results(
        "At the interim analysis, median overall survival was 12.0 months with drugone and 15.0 "
        "months with placebo (hazard ratio, 0.79; 95% CI, 0.51 to 1.22). At the final analysis, "
        "median overall survival was 16.0 months with drugone and 13.0 months with placebo "
        "(hazard ratio, 0.75; 95% CI, 0.60 to 0.94)."
    )
    ratio = found["hr", "drugone", "interim"]
    assert ratio.about["comparator"] == "placebo"
    assert ratio.unsure.startswith("which arm is above the line?")


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("An interim analysis was planned after 100 events.", []),
        ("In the primary analysis population, OS was longer.", []),
        ("At the final OS analysis (cutoff, 3 June 2021), OS was longer.", ["final"]),
        ("OS was 9 months at the interim analysis and 8 at the final one.", ["interim"]),
        ("At the 5-year update, OS was longer.", ["update"]),
    ],
)
def test_what_names_an_analysis(text, slugs):
    assert [each.slug for each in analyses(text)] == slugs
