"""Compiled models are kept between processes, and give the same draws from the cache."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = """
from evinet.synthesise import sampler
sampler.prepare()
import numpy as np
import pymc as pm
from evinet.config import Sampler
from evinet.synthesise.packing import unpack

values = {"y": np.array([1.0, 2.0, 6.0]), "sd": np.array(2.0)}
with pm.Model(coords={"study": ["a", "b", "c"]}) as model:
    known = unpack(values)
    centre = pm.Normal("centre", 0.0, 10.0)
    scale = pm.HalfNormal("scale", 1.0)
    each = pm.Normal("each", 0.0, 1.0, dims="study")
    theta = pm.Deterministic("theta", centre + scale * each, dims="study")
    pm.Potential("likelihood", -0.5 * (((known["y"] - theta) / known["sd"]) ** 2).sum())
compiled = sampler.Compiled(model)
for shift in (0.0, 50.0):
    moved = values | {"y": values["y"] + shift}
    posterior = compiled.sample(moved, Sampler(chains=2, warmup=500, draws=500), 3).posterior
    assert posterior["theta"].dims == ("chain", "draw", "study"), posterior["theta"].dims
    print(float(posterior["centre"].mean()).hex(), float(posterior["theta"].mean()).hex())
"""


def run(cache: Path) -> list[list[float]]:
    """Means of the centre and of theta, with the data as they are and moved by 50."""
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MODEL], check=True, capture_output=True, text=True,
        env={**os.environ, "EVINET_CACHE": str(cache)},
    )  # fmt: skip
    return [[float.fromhex(word) for word in line.split()] for line in told.stdout.splitlines()]


def test_a_second_process_compiles_nothing_and_draws_the_same(tmp_path: Path) -> None:
    first = run(tmp_path)
    compiled = {path: path.read_bytes() for path in tmp_path.rglob("*.nbc")}
    assert any("density" in path.name for path in compiled)
    assert run(tmp_path) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.nbc")} == compiled
    # by numerical integration over the scale
    assert first[0] == pytest.approx([2.95, 2.96], abs=0.3)
    assert first[1] == pytest.approx([52.11, 52.31], abs=0.3)
