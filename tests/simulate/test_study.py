"""A study is refused at the door where it contradicts itself, with the line that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from evinet.errors import InputError
from evinet.simulate import study as studies

ROOT = Path(__file__).parents[2]
WRITTEN = (ROOT / "config/simulation.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("effects: {a: -0.5, b: -0.2, c: 0.0}", "effects: {a: -0.5, b: -0.2}", "exactly one"),
        ("effects: {a: -0.5, b: -0.2, c: 0.0}", "effects: {a: 1, b: 1, c: 1, z: 1}", "no trial"),
        ("{arms: [placebo, c], trials: 2}", "{arms: [c, d], trials: 2}", "exactly one"),
        ("models: [fixed, random]", "models: [fixed, other]", "there is no such model"),
        ("patients: [80, 200]", "patients: [200, 80]", "is not a range"),
        ("risk: [0.05, 0.15]", "risk: [0.05, 1.5]", "is not a range"),
        ("median: [8, 16]", "median: [0, 16]", "is not a range"),
        ("{tau: half-normal(0.5)}", "{tau: half-normal(-1)}", "half-normal"),
        ("effects: fixed\n", "effects: fixed\n    priors: {tau: half-normal(1)}\n", "no tau"),
        ("kind: binomial", "kind: binomal", "kind"),
        ("replicates: 200", "replicates: 1", "greater than or equal to 2"),
    ],
)  # fmt: skip
def test_a_contradiction_is_told_with_its_line(tmp_path, old, new, told):
    assert old in WRITTEN
    file = tmp_path / "simulation.yaml"
    file.write_text(WRITTEN.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        studies.load(file)
    assert told in str(error.value)
    assert all(problem.line for problem in error.value.problems)


def test_treatments_that_no_chain_joins_are_refused(tmp_path):
    text = WRITTEN.replace("{arms: [placebo, c], trials: 2}", "{arms: [c, d], trials: 2}")
    text = text.replace(
        "effects: {a: -0.5, b: -0.2, c: 0.0}", "effects: {a: -0.5, b: 0, c: 0, d: 0}"
    )
    (tmp_path / "simulation.yaml").write_text(text)
    with pytest.raises(InputError, match="no chain of trials joins c, d to placebo"):
        studies.load(tmp_path / "simulation.yaml")


def test_batches_hold_every_replicate_once():
    study = studies.load(ROOT / "config/simulation.yaml")
    for batch in (1, 7, 200, 999):
        of = study.model_copy(update={"batch": batch})
        numbers = [n for first, last in of.batches() for n in range(first, last + 1)]
        assert numbers == list(range(1, 201))
