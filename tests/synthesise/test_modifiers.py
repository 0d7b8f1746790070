"""The stage of effect modifiers, and its page, on an invented review."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evinet import config as configuration
from evinet import files, tables
from evinet.report.pages import for_whom
from evinet.report.results import load
from evinet.synthesise import modifiers

SOURCE = {"source": "invented-2020", "locator": "p. 1"}
REVIEW = {
    "review": {"slug": "r", "title": "R", "question": "Q?", "data_cutoff": "2020-02-02"},
    "seed": 1,
    "heterogeneity": {"scale": 0.5, "source": "invented"},
    "modifiers": {
        "old": {
            "label": "Age", "step": "the old against the young", "levels": [
                {"value": 0, "label": "young"}, {"value": 1, "label": "old"}],
            "subgroups": {"age": {">=65": 1, "<65": 0}}, "population": {"age": {">=65": 1}},
        }
    },
    "models": {"fixed": {"label": "Fixed", "effects": "fixed"}},
    "analyses": {
        "pfs": {"title": "PFS", "outcome": "pfs", "trials": ["alba", "birch", "cedar", "dune"],
                "references": ["placebo", "other"], "models": ["fixed"], "modifiers": ["old"],
                "questions": [{"treatment": "new", "comparator": "placebo"},
                              {"treatment": "new", "comparator": "other"},
                              {"treatment": "last", "comparator": "other"}]},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("review")
    files.write_json(root / "config.json", REVIEW)
    evidence = root / "results/evidence"
    studies = [
        ("alba", "new", "placebo", -0.5, 0.2, 1), ("birch", "new", "placebo", -0.9, 0.2, 1),
        ("cedar", "new", "placebo", -0.6, 0.2, 1), ("dune", "last", "other", -0.1, 0.3, 2),
    ]  # fmt: skip
    rows = [
        {"study": name, "treatment": a, "comparator": b, "outcome": "pfs", "tier": "A",
         "arm": "x", "comparator_arm": "y", "log_estimate": y, "se": se, "component": part,
         "report": "primary", "assessor": "bicr", **SOURCE}
        for name, a, b, y, se, part in studies
    ]  # fmt: skip
    table = tables.NETWORK_STUDIES
    table.write(root / "results/networks/pfs/studies.csv", table.frame(rows))
    groups = [
        ("alba", "x", "y", "<65", 0.4, 0.25, 0.64), ("alba", "x", "y", ">=65", 0.8, 0.5, 1.28),
        # printed the other way round: placebo against the new drug
        ("birch", "y", "x", "<65", 2.5, 1.5625, 4.0), ("birch", "y", "x", ">=65", 1.25, 0.78, 2.0),
        ("dune", "x", "y", "<65", 0.9, None, None), ("dune", "x", "y", ">=65", 0.8, None, None),
    ]  # fmt: skip
    tables.SUBGROUPS.write(evidence / "subgroups.csv", tables.SUBGROUPS.frame([
        {"trial": trial, "report": "primary", "outcome": "pfs", "arm": a, "comparator": b,
         "characteristic": "age", "level_name": level, "estimate": hr, "lower": low, "upper": high,
         "level": 0.95 if low else None, "n_arm": 50, "n_comparator": 50, **SOURCE}
        for trial, a, b, level, hr, low, high in groups
    ]))  # fmt: skip
    tables.POPULATIONS.write(evidence / "populations.csv", tables.POPULATIONS.frame([
        {"trial": "cedar", "characteristic": "age", "category": ">=65", "percent": 30, **SOURCE},
        {"trial": "dune", "characteristic": "age", "category": "eligible", "value": "adults",
         **SOURCE},
    ]))  # fmt: skip
    names = {"new": "New", "placebo": "Placebo", "last": "Last", "other": "Other"}
    tables.TREATMENTS.write(evidence / "treatments.csv", tables.TREATMENTS.frame([
        {"treatment": slug, "label": label, "class": "c"} for slug, label in names.items()
    ]))  # fmt: skip
    tables.TRIALS.write(evidence / "trials.csv", tables.TRIALS.frame([
        {"trial": name, "name": name.title(), "status": "reported", "tier": "C"}
        for name in ("alba", "birch", "cedar", "dune")
    ]))  # fmt: skip
    fit = root / "results/fits/pfs/fixed"
    files.write_json(fit / "fit.json", {"failures": []})
    tables.LEAGUE.write(fit / "league.csv", tables.LEAGUE.frame([
        {"treatment": a, "comparator": b, "component": part, "mean": mean, "sd": 0.2, "q2.5": mean,
         "q50": mean, "q97.5": mean, "p_better": 0.9,
         "bridged": False, "crosses": False, "prior_only": False}
        for a, b, mean, part in (("new", "placebo", -0.7, 1), ("last", "other", -0.1, 2))
    ]))  # fmt: skip
    return root


def test_the_stage_and_its_page(project):
    results = project / "results"
    said = modifiers.write(
        configuration.load(project / "config.json"), "pfs", results / "networks/pfs/studies.csv",
        results / "evidence", results / "modifiers/pfs",
    )  # fmt: skip
    assert said == ["pfs/old: subgroups of 2 trials, 5 rows"]
    slopes = tables.MODIFIERS.read(results / "modifiers/pfs/modifiers.csv")
    slopes = slopes.set_index(["treatment", "comparator", "information"])
    # both trials have a ratio of 2 between the old and the young, each with the same precision
    assert slopes.at[("new", "placebo", "within"), "mean"] == pytest.approx(np.log(2), abs=0.01)
    assert slopes.at[("new", "placebo", "within"), "trials"] == "alba, birch"
    assert "cedar" in slopes.at[("new", "placebo", "across"), "trials"]
    assert pd.isna(slopes.at[("last", "other", "both"), "mean"])
    trials = tables.MODIFIER_TRIALS.read(results / "modifiers/pfs/modifier-trials.csv")
    trials = trials.set_index("study")
    assert trials.at["cedar", "mean"] == pytest.approx(0.3)
    assert trials.at["dune", "unused"] == 2
    page = for_whom.every(load(project / "config.json", results)).replace("&#46;", ".")
    assert "Last vs Other&#58; not known." in page
    assert "New vs Other&#58; not known of any patients" in page
    assert "| 2.00 &#40;" in page


def test_a_modifier_that_is_not_there_is_told():
    wrong = {**REVIEW, "modifiers": {}}
    with pytest.raises(Exception, match="there is no such modifier"):
        configuration.parse(wrong)
