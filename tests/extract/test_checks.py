"""Seeded faults: each plausibility check finds its own, and is quiet without it."""

from __future__ import annotations

import math

import pytest

from evinet.extract import checks, rules_counts

# rule: (trial, file, old text, new text, path has, verdict)
FAULTS = {
    "ci-symmetry": ("netter-2", "trial.yaml", "lower: 0.182", "lower: 0.082", "hr]", "fail"),
    "se-events": ("netter-2", "trial.yaml", "events: 55", "events: 5", "hr]", "fail"),
    "p-interval": ("promid", "trial.yaml", '"0.000072"', '"0.072"', "ttp", "fail"),
    "hr-medians": ("netter-2", "trial.yaml", "median: {value: 22.8,", "median: {value: 2.8,",
                   "pfs,primary,bicr", "fail"),
    "median-interval": ("netter-2", "trial.yaml", "median: {value: 22.8,", "median: {value: 12.8,",
                        "lu-dotatate.median", "fail"),
    "landmark-median": ("netter-1", "trial.yaml", "value: 0.108", "value: 0.508", "octreotide",
                        "fail"),
    "at-risk-monotone": ("netter-2", "at-risk/pfs.csv", "lu-dotatate,4,138", "lu-dotatate,4,148",
                         "lu-dotatate", "fail"),
    "at-risk-start": ("netter-2", "at-risk/pfs.csv", "lu-dotatate,0,151", "lu-dotatate,0,150",
                      "lu-dotatate", "warn"),
    "percent-count": ("netter-2", "trial.yaml", "136 (93%)", "126 (93%)", "any,any", "fail"),
    "as-printed": ("clarinet", "trial.yaml", "{value: 32, printed", "{value: 320, printed",
                   "events", "fail"),
    "events-patients": ("netter-2", "trial.yaml", "events: 55", "events: 155", "events", "fail"),
    "subgroup-sum": ("netter-2", "trial.yaml", "in_arm: 30/86", "in_arm: 30/87", "age", "fail"),
    "dates-order": ("netter-2", "trial.yaml", "start: 2020-01-22", "start: 2023-01-22",
                    "enrolment", "fail"),
}  # fmt: skip


@pytest.mark.parametrize("rule", FAULTS)
def test_a_seeded_fault_is_found(data, rule):
    trial, file, old, new, path, verdict = FAULTS[rule]
    before = [item for item in data.findings(trial, rule) if item.verdict == verdict]
    data.edit(data.file(trial, file), old, new)
    after = [item for item in data.findings(trial, rule) if item.verdict == verdict]
    found = [item for item in after if item not in before]
    assert any(path in item.path for item in found)


def test_landmarks_that_rise_are_found(data):
    old = "- {time: 24, value: 0.651"
    data.edit(data.file("clarinet"), old, f"- {{time: 12, value: 0.6}}\n          {old}")
    assert [item.verdict for item in data.findings("clarinet", "landmark-order")] == ["fail"]


def test_every_rule_has_a_seeded_fault():
    assert set(checks.RULES) == {*FAULTS, "landmark-order"}


@pytest.mark.parametrize("trial", ["netter-1", "netter-2", "clarinet", "promid", "e2211"])
def test_nothing_fails_in_the_evidence_as_published(data, trial):
    for rule in checks.RULES:
        assert not [item for item in data.findings(trial, rule) if item.verdict == "fail"]


@pytest.mark.parametrize(
    ("value", "printed", "off"),
    [
        (275, "n=275", 0), (2750, "n=275", 2), (27.5, "n=275", 2), (257, "n=275", 1),
        (1548, "1,548", 0), (1548, "1 548", 0), (0.62, "0·62", 0), (0.62, "0,62", 0),
        (0.503, "50.3%", 0), (17.4, "1.45 years", 0), (3.6797, "16 weeks", 0), (0.7, ".7", 0),
        (9.2, "2.9", 1),
    ],
)  # fmt: skip
def test_a_value_is_one_of_the_numbers_that_are_printed(value, printed, off):
    found = [rules_counts._times_off(value, n) for n in rules_counts._NUMBER.findall(printed)]
    assert found == [off]


def test_a_percentage_is_judged_by_its_own_rounding(data):
    data.edit(data.file("netter-2"), 'percent: "43.0"', 'percent: "43.1"')
    found = [item for item in data.findings("netter-2", "percent-count") if "orr" in item.path]
    assert [item.verdict for item in found] == ["warn", "pass"]


def test_one_sided_p_values_are_doubled(data):
    """A one-sided 0.000036 is the two-sided 0.000072 that agrees with the interval."""
    data.edit(data.file("promid"), '"0.000072"', '"0.000036 (one-sided)"')
    found = [item for item in data.findings("promid", "p-interval") if "ttp" in item.path]
    assert [item.verdict for item in found] == ["pass"]


@pytest.mark.parametrize("printed", ["0.000", "<0.000", "0.0000000000000000000001", "1e-300", ".0"])
def test_a_p_value_that_rounds_to_nothing_has_a_finite_distance(data, printed):
    data.edit(data.file("promid"), '"0.000072"', f'"{printed}"')
    assert all(math.isfinite(item.distance) for item in data.findings("promid", "p-interval"))
