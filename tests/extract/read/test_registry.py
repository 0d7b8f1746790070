"""Records of an invented trial, in the structure of the ClinicalTrials.gov API, version 2."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from evinet.errors import InputError
from evinet.extract.read.draft import draft
from evinet.extract.read.registry import load_record, read_record
from evinet.extract.schema import Trial

GROUPS = [{"id": "OG000", "title": "Velotinib"}, {"id": "OG001", "title": "Placebo"}]
RECORD = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT90000001", "briefTitle": "Invented trial VELO-3"},
        "statusModule": {
            "overallStatus": "COMPLETED",
            "startDateStruct": {"date": "2012-04"},
            "primaryCompletionDateStruct": {"date": "2014-11-28", "type": "ACTUAL"},
        },
        "designModule": {
            "phases": ["PHASE3"],
            "designInfo": {
                "allocation": "RANDOMIZED",
                "interventionModel": "PARALLEL",
                "maskingInfo": {"masking": "QUADRUPLE"},
            },
            "enrollmentInfo": {"count": 302, "type": "ACTUAL"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {
                    "label": "Velotinib",
                    "type": "EXPERIMENTAL",
                    "interventionNames": ["Drug: Velotinib"],
                },
                {"label": "Placebo", "type": "PLACEBO_COMPARATOR"},
            ]
        },
    },
    "resultsSection": {
        "participantFlowModule": {
            "groups": [{"id": "FG000", "title": "Velotinib"}, {"id": "FG001", "title": "Placebo"}],
            "periods": [
                {
                    "title": "Overall Study",
                    "milestones": [
                        {
                            "type": "NOT COMPLETED",
                            "achievements": [
                                {"groupId": "FG000", "numSubjects": "107"},
                                {"groupId": "FG001", "numSubjects": "77"},
                            ],
                        }
                    ],
                }
            ],
        },
        "outcomeMeasuresModule": {
            "outcomeMeasures": [
                {
                    "type": "PRIMARY",
                    "title": "Progression-free Survival (PFS), Central Radiology Assessment",
                    "paramType": "MEDIAN",
                    "dispersionType": "95% Confidence Interval",
                    "unitOfMeasure": "months",
                    "timeFrame": "up to 3 years",
                    "groups": GROUPS,
                    "denoms": [
                        {
                            "units": "Participants",
                            "counts": [
                                {"groupId": "OG000", "value": "205"},
                                {"groupId": "OG001", "value": "97"},
                            ],
                        }
                    ],
                    "classes": [
                        {
                            "categories": [
                                {
                                    "measurements": [
                                        {
                                            "groupId": "OG000",
                                            "value": "11.0",
                                            "lowerLimit": "9.2",
                                            "upperLimit": "NA",
                                        },
                                        {
                                            "groupId": "OG001",
                                            "value": "3.9",
                                            "lowerLimit": "3.6",
                                            "upperLimit": "7.4",
                                        },
                                    ]
                                }
                            ]
                        }
                    ],
                    "analyses": [
                        {
                            "groupIds": ["OG000", "OG001"],
                            "statisticalMethod": "Log Rank",
                            "groupDescription": "stratified Cox model",
                            "pValue": "<0.001",
                            "paramType": "Hazard Ratio (HR)",
                            "paramValue": "0.48",
                            "ciPctValue": "95",
                            "ciNumSides": "TWO_SIDED",
                            "ciLowerLimit": "0.35",
                            "ciUpperLimit": "0.67",
                        }
                    ],
                },
                {
                    "type": "SECONDARY",
                    "title": "Kaplan-Meier Estimates of Overall Survival",
                    "paramType": "NUMBER",
                    "dispersionType": "95% Confidence Interval",
                    "unitOfMeasure": "percent chance of being alive",
                    "groups": GROUPS,
                    "classes": [
                        {
                            "title": "12 months",
                            "categories": [
                                {
                                    "measurements": [
                                        {
                                            "groupId": "OG000",
                                            "value": "84.0",
                                            "lowerLimit": "78",
                                            "upperLimit": "89",
                                        }
                                    ]
                                }
                            ],
                        },
                        {
                            "title": "Month 24",
                            "categories": [
                                {"measurements": [{"groupId": "OG001", "value": "61.5"}]}
                            ],
                        },
                        {
                            "title": "Number of deaths",
                            "categories": [{"measurements": [{"groupId": "OG001", "value": "40"}]}],
                        },
                    ],
                },
                {
                    "title": "Duration of follow-up",
                    "paramType": "MEDIAN",
                    "unitOfMeasure": "months",
                    "groups": GROUPS,
                    "classes": [
                        {"categories": [{"measurements": [{"groupId": "OG000", "value": "21"}]}]}
                    ],
                },
            ]
        },
        "adverseEventsModule": {
            "frequencyThreshold": "5",
            "eventGroups": [
                {
                    "id": "EG000",
                    "title": "Velotinib",
                    "seriousNumAffected": 85,
                    "seriousNumAtRisk": 202,
                }
            ],
            "seriousEvents": [
                {
                    "term": "Anaemia",
                    "stats": [{"groupId": "EG000", "numAffected": 4, "numAtRisk": 202}],
                }
            ],
            "otherEvents": [
                {
                    "term": "Stomatitis",
                    "stats": [{"groupId": "EG000", "numAffected": 127, "numAtRisk": 202}],
                }
            ],
        },
    },
}


@pytest.fixture(scope="module")
def reading():
    return read_record(RECORD)


def test_design(reading):
    design = {f.about["field"]: f.values["value"] for f in reading.of("design")}
    assert design["registration"] == "NCT90000001"
    assert design["enrolment"] == "302"
    assert design["status"] == "COMPLETED"
    assert design["terms"] == "RANDOMIZED, PARALLEL, QUADRUPLE"
    assert [f.about["arm"] for f in reading.of("arm")] == ["velotinib", "placebo"]


def test_medians_with_limits_that_are_not_estimable(reading):
    medians = {f.about["arm"]: f for f in reading.of("median")}
    assert set(medians) == {"velotinib", "placebo"}
    assert medians["velotinib"].about["assessor"] == "bicr"
    assert medians["velotinib"].values["median"] == 11
    assert medians["velotinib"].values["upper"] is None
    assert medians["placebo"].values["n"] == 97


def without_medians(record):
    """The record, with medians of its first measure that do not tell which group did better."""
    record = copy.deepcopy(record)
    for value in measures(record)[0]["classes"][0]["categories"][0]["measurements"]:
        value["value"] = "11.0"
    return record


def test_hazard_ratio_is_marked_because_its_direction_is_not_posted():
    (ratio,) = read_record(without_medians(RECORD)).of("hr")
    assert (ratio.values["estimate"], ratio.values["lower"], ratio.values["upper"]) == (
        0.48,
        0.35,
        0.67,
    )
    assert ratio.values["level"] == 0.95
    assert ratio.values["stratified"] is True
    assert "direction" in ratio.unsure


def test_kaplan_meier_estimates(reading):
    landmarks = {(f.about["arm"], f.about["time"]): f.values for f in reading.of("landmark")}
    assert landmarks == {
        ("velotinib", 12): {"survival": 0.84, "lower": 0.78, "upper": 0.89, "level": 0.95},
        ("placebo", 24): {"survival": 0.615, "lower": None, "upper": None, "level": 0.95},
    }


def test_participant_flow_is_not_events(reading):
    assert {f.values["n"] for f in reading.of("participant-flow")} == {107, 77}
    assert reading.of("events") == []


def test_adverse_events(reading):
    events = {
        (f.about["event"], f.about["grade"]): f.values["n"] for f in reading.of("adverse-event")
    }
    assert events == {
        ("Serious adverse events", "any"): 85,
        ("Anaemia", "serious"): 4,
        ("Stomatitis", "other"): 127,
    }


def test_medians_in_weeks_become_months():
    record = copy.deepcopy(RECORD)
    record["resultsSection"]["outcomeMeasuresModule"]["outcomeMeasures"][0]["unitOfMeasure"] = (
        "weeks"
    )
    medians = {f.about["arm"]: f.values for f in read_record(record).of("median")}
    assert medians["velotinib"]["median"] == pytest.approx(11 * 7 * 12 / 365.25, abs=1e-3)
    assert medians["velotinib"]["lower"] == pytest.approx(9.2 * 7 * 12 / 365.25, abs=1e-3)


def test_the_draft_of_a_record_is_a_trial_file(reading):
    text = draft(reading, "velo-3", "velo-3-registry")
    trial = Trial.model_validate(YAML(typ="safe").load(text))
    (pfs,) = [result for result in trial.results if result.outcome == "pfs"]
    assert pfs.arms["velotinib"].median.value == 11
    assert pfs.arms["velotinib"].median.upper is None
    assert pfs.contrasts[0].value == 0.48
    assert "participant flow, not events" in text
    assert "107" not in text.split("# participant flow")[0]


def test_the_draft_says_what_the_registry_says_of_the_course(reading):
    trial = Trial.model_validate(YAML(typ="safe").load(draft(reading, "velo-3", "registry")))
    assert trial.status == "reported"
    (status,) = [other for other in trial.other_evidence if other.topic == "registry status"]
    assert status.value.startswith("completed, 302 patients (actual)")


def test_a_trial_that_goes_on_without_results_is_drafted_as_ongoing():
    record = {name: part for name, part in RECORD.items() if name != "resultsSection"}
    status = {**record["protocolSection"]["statusModule"], "overallStatus": "RECRUITING"}
    record["protocolSection"] = {**record["protocolSection"], "statusModule": status}
    trial = Trial.model_validate(YAML(typ="safe").load(draft(read_record(record), "x", "registry")))
    assert trial.status == "ongoing"
    assert "recruiting" in trial.other_evidence[0].value


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", "\x00", '{"protocolSection": 1}'])
def test_a_file_that_is_no_record(tmp_path, content):
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(InputError, match="not a version 2 record"):
        load_record(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def _paths(value, path=()):
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from _paths(inner, (*path, key))


@given(st.sampled_from([path for path in _paths(RECORD) if path]), JSON)
def test_a_record_with_anything_anywhere_is_survived(path, anything):
    record = json.loads(json.dumps(RECORD))
    at = record
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = anything
    read_record(record)


def measures(record):
    return record["resultsSection"]["outcomeMeasuresModule"]["outcomeMeasures"]


def saved(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(json.dumps(content))
    return path


def test_the_answer_of_a_search_with_one_study_is_a_record(tmp_path):
    assert load_record(saved(tmp_path, {"studies": [RECORD], "totalCount": 1})) == RECORD


def test_the_answer_of_a_search_with_several_studies_is_refused(tmp_path):
    with pytest.raises(InputError, match="NCT90000001"):
        load_record(saved(tmp_path, {"studies": [RECORD, RECORD]}))


@pytest.mark.parametrize(
    ("comment", "arm", "sure"),
    [
        ("Hazard ratio of Velotinib versus Placebo", "velotinib", True),
        ("A hazard ratio < 1 favors Velotinib", "velotinib", True),
        ("A hazard ratio less than 1 indicates an advantage favouring Placebo", "placebo", True),
        ("Cox model", "velotinib", False),
    ],
)
def test_comments_say_the_direction_of_a_posted_ratio(comment, arm, sure):
    record = without_medians(RECORD)
    measures(record)[0]["analyses"][0]["estimateComment"] = comment
    (ratio,) = read_record(record).of("hr")
    assert ratio.about["arm"] == arm
    assert (ratio.unsure == "") is sure


@pytest.mark.parametrize(
    ("medians", "ratio", "above", "why"),
    [
        # osimertinib and its comparator, as NCT02296125 posts them, in both orders
        (("18.9", "10.2"), ("0.46", "0.37", "0.57", "<0.0001"), "velotinib", ""),
        (("10.2", "18.9"), ("0.46", "0.37", "0.57", "<0.0001"), "placebo", ""),
        # chemotherapy with placebo and with bevacizumab, as NCT00520975 posts them
        (("11.1", "13.8"), ("0.73", "0.43", "1.23", "0.24"), "placebo", "from the medians"),
        (("18.9", "2.0"), ("0.46", "0.37", "0.57", "<0.0001"), "velotinib", "not the direction"),
    ],
)
def test_medians_of_the_size_of_a_ratio_tell_its_direction(medians, ratio, above, why):
    record = copy.deepcopy(RECORD)
    values = measures(record)[0]["classes"][0]["categories"][0]["measurements"]
    for value, median in zip(values, medians, strict=True):
        value |= {"value": median, "lowerLimit": "1", "upperLimit": "NA"}
    names = ("paramValue", "ciLowerLimit", "ciUpperLimit", "pValue")
    measures(record)[0]["analyses"][0] |= dict(zip(names, ratio, strict=True))
    (found,) = read_record(record).of("hr")
    assert found.about["arm"] == above
    assert (found.unsure == "") == (why == "")
    assert why in found.unsure


def test_a_comment_against_the_medians_is_marked():
    record = copy.deepcopy(RECORD)
    measures(record)[0]["analyses"][0]["estimateComment"] = "Placebo versus Velotinib"
    (ratio,) = read_record(record).of("hr")
    assert "against the medians" in ratio.unsure


def test_a_one_sided_interval_is_marked():
    record = copy.deepcopy(RECORD)
    analysis = measures(record)[0]["analyses"][0]
    analysis |= {"ciNumSides": "ONE_SIDED", "estimateComment": "Velotinib versus Placebo"}
    (ratio,) = read_record(record).of("hr")
    assert "one-sided" in ratio.unsure


def test_an_equals_sign_before_a_p_value_is_no_part_of_it():
    record = copy.deepcopy(RECORD)
    measures(record)[0]["analyses"][0]["pValue"] = "= 0.2348"
    (ratio,) = read_record(record).of("hr")
    assert ratio.values["p"] == "0.2348"


def test_groups_of_the_results_are_joined_to_arms_of_the_protocol():
    record = copy.deepcopy(RECORD)
    for group in measures(record)[0]["groups"]:
        group["title"] = {"Velotinib": "Velotinib 300 mg Daily", "Placebo": "Matching Placebo"}[
            group["title"]
        ]
    assert {f.about["arm"] for f in read_record(record).of("median")} == {"velotinib", "placebo"}


@pytest.mark.parametrize(
    "title",
    [
        "Progression-free Survival in Participants With KRAS Mutation",
        "Progression-free Survival, Per Protocol Population",
        "Progression-free Survival, Interim Analysis",
        "Progression-free Survival on the Last Prior Therapy",
    ],
)
def test_measures_of_other_populations_and_analyses_are_marked(title):
    record = copy.deepcopy(RECORD)
    measures(record)[0]["title"] = title
    assert all(f.unsure for f in read_record(record).of("median"))


def test_second_progression_is_an_outcome_of_its_own():
    record = copy.deepcopy(RECORD)
    measures(record)[0]["title"] = "Progression-Free Survival 2 (PFS2)"
    assert {f.about["outcome"] for f in read_record(record).of("median")} == {"pfs2"}


def test_a_ratio_of_an_outcome_without_a_known_name_is_called_by_its_title_and_marked():
    record = copy.deepcopy(RECORD)
    measures(record)[0]["title"] = "First Hospitalization for Heart Failure"
    (ratio,) = read_record(record).of("hr")
    assert ratio.about["outcome"] == "first-hospitalization-for-heart-failure"
    assert "called by its words" in ratio.unsure
    assert not read_record(record).of("median")


def test_a_response_that_is_posted_for_a_day_is_marked():
    record = copy.deepcopy(RECORD)
    values = [{"groupId": "OG000", "value": "26.7"}]
    measure = {
        "type": "SECONDARY", "title": "Overall Response Rate", "paramType": "NUMBER",
        "unitOfMeasure": "percentage of participants", "groups": copy.deepcopy(GROUPS),
        "classes": [{"title": "Day 147", "categories": [{"measurements": values}]}],
    }  # fmt: skip
    measures(record).append(measure)
    marks = [f.unsure for f in read_record(record).of("response") if f.values["percent"] == 26.7]
    assert marks == ["it is posted for a time (Day 147)"]
