"""Whatever is typed into a trial file is told or taken, and never crashes."""

from __future__ import annotations

import copy
import math
import random
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evinet import tables
from evinet.errors import InputError
from evinet.extract import checks, load, vocabulary
from evinet.extract.rows import rows

RAW = Path(__file__).parents[2] / "data" / "raw"
JUNK = [
    None, True, "x", "", "NE", "<1%", "1 (2%)", -1, 0, -0.5, 1e308, 10**30, math.inf, math.nan,
    [], {}, [None], {"value": None}, {"value": [1]}, {"x": 1}, {1: 2}, {"value": 1, "lower": 2},
    {"percent": "abc"}, {"n": 1, "rejected": [{"reason": None}]},
]  # fmt: skip


def places(node, where=()):
    """The way to every node below `node`."""
    yield where
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield from places(node[key], (*where, key))


def spoilt(content, rng):
    """`content` with one node replaced by junk, or taken away."""
    where = rng.choice(list(places(content)))
    junk = copy.deepcopy(rng.choice(JUNK))
    if not where:
        return junk
    node = content
    for key in where[:-1]:
        node = node[key]
    if rng.random() < 0.2:
        del node[where[-1]]
    else:
        node[where[-1]] = junk
    return content


@pytest.mark.parametrize("trial", ["promid", "oclurandom", "cabinet-pnet"])
def test_junk_is_told_or_taken(tmp_path, trial):
    shutil.copytree(RAW, tmp_path / "raw")
    path = tmp_path / "raw" / "trials" / trial / "trial.yaml"
    yaml = YAML(typ="safe")
    written = path.read_text()
    words = vocabulary.load(tmp_path / "raw")
    rng = random.Random(trial)
    refused = 0
    for _ in range(60):
        with path.open("w") as handle:
            yaml.dump(spoilt(yaml.load(written), rng), handle)
        try:
            evidence = load.load(tmp_path / "raw", trial, words)
        except InputError:
            refused += 1
            continue
        checks.run(evidence)
        made = rows(evidence)
        for table in tables.EVIDENCE:
            table.frame(made.get(table.name, []))
    assert 20 < refused < 60
