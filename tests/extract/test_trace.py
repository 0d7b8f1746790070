"""From a result back to the line where it was printed."""

from __future__ import annotations

import math

import pytest

from evinet import tables
from evinet.errors import InputError
from evinet.extract import load, vocabulary
from evinet.extract.rows import rows
from evinet.extract.trace import trace


@pytest.fixture
def results(data, tmp_path):
    folder = tmp_path / "results"
    facts = [
        row
        for slug in ("netter-2", "promid")
        for row in rows(load.load(data.folder, slug))["facts"]
    ]
    words = vocabulary.load(data.folder)
    study = {"outcome": "pfs", "tier": "B", "arm": "a", "comparator_arm": "b", "report": "primary",
             "log_estimate": math.log(0.276), "se": 0.21, "assessor": "bicr",
             "source": "singh-2024", "locator": "Figure 2A"}  # fmt: skip
    studies = [
        {**study, "study": "netter-2", "treatment": "lu-dotatate-octreotide",
         "comparator": "octreotide-60", "component": 1},
        {**study, "study": "promid", "treatment": "octreotide-30", "outcome": "ttp",
         "comparator": "placebo", "component": 2},
    ]  # fmt: skip
    nodes = [
        {"treatment": slug, "label": slug, "component": component, "trials": 1}
        for slug, component in (("octreotide-60", 1), ("octreotide-30", 2), ("placebo", 2))
    ]
    for table, made, path in (
        (tables.FACTS, facts, "evidence/facts.csv"),
        (tables.SOURCES, words.source_rows(), "evidence/sources.csv"),
        (tables.NETWORK_STUDIES, studies, "networks/pfs/studies.csv"),
        (tables.NETWORK_NODES, nodes, "networks/pfs/nodes.csv"),
    ):
        table.write(folder / path, table.frame(made))
    return folder


def told(results, target, parameter=None):
    return "\n".join(trace(results, target, parameter))


def test_a_row_of_a_table_leads_to_the_printed_value(results):
    text = told(results, f"{results}/networks/pfs/studies.csv:netter-2")
    assert "0.276 (0.182 to 0.418)" in text
    assert "singh-2024, Figure 2A, p 2812" in text
    assert "Lancet 2024;403:2807-17" in text
    assert "trials/netter-2/trial.yaml:" in text


def test_a_parameter_leads_to_the_trials_of_its_island_only(results):
    text = told(results, "pfs/fixed", "d[octreotide-30]")
    assert "0.34 (0.2 to 0.59)" in text
    assert "netter-2" not in text


def test_tau_rests_on_every_trial(results):
    text = told(results, "pfs/fixed", "tau")
    assert "netter-2" in text
    assert "promid" in text


@pytest.mark.parametrize(
    ("target", "parameter"),
    [("netter-9", None), ("pfs/fixed", "d[aspirin]"), ("os/fixed", "tau"),
     ("results/networks/pfs/studies.csv:netter-9", None)],
)  # fmt: skip
def test_what_is_not_there_is_named(results, target, parameter):
    with pytest.raises(InputError):
        told(results, target.replace("results/", f"{results}/", 1), parameter)
