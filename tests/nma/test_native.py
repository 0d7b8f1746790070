"""Compiled models are kept between processes, and give the same draws from the cache."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.caching import IndexDataCacheFile

SOURCE = Path(__file__).parents[2] / "src/evinet"
CACHES = shutil.ignore_patterns("__pycache__")
MODEL = """
import sys
from evinet.nma.fit import nuts as sampler
sampler.prepare()
import numpy as np
import pymc as pm
from evinet.nma.settings import Sampler
from evinet.nma.fit.data_vector import unpack

def compiled(outcomes, prior):
    values = {"y": np.array(outcomes), "sd": np.array(2.0)}
    names = {"study": list("abcdef")[:len(outcomes)]}
    with pm.Model(coords=names) as model:
        known = unpack(values, names)
        centre = pm.Normal("centre", 0.0, prior)
        each = pm.Normal("each", 0.0, 1.0, dims="study")
        theta = pm.Deterministic("theta", centre + each, dims="study")
        pm.Potential("likelihood", -0.5 * (((known["y"] - theta) / known["sd"]) ** 2).sum())
    return values, sampler.Compiled(model)

for word in sys.argv[1:]:
    studies, prior = word.split(":")
    values, model = compiled([1.0, 2.0, 6.0, 3.0, 3.0, 3.0][:int(studies)], float(prior))
    for shift in (0.0, 50.0):
        moved = values | {"y": values["y"] + shift}
        posterior = model.sample(moved, Sampler(chains=2, warmup=500, draws=500), 3).posterior
        assert posterior["theta"].dims == ("chain", "draw", "study"), posterior["theta"].dims
        print(float(posterior["centre"].mean()).hex(), float(posterior["theta"].mean()).hex())
"""


SAVE = """
import sys
from numba.core.caching import IndexDataCacheFile
from evinet.numba_cache import share

share()
for number in range(50):
    key = f"{sys.argv[2]}-{number}"
    IndexDataCacheFile(sys.argv[1], "add", 0).save(key, key)
"""


def run(cache: Path, *models: str) -> list[list[float]]:
    """Means of the centre and of theta, with the data as they are and moved by 50, model by model.

    In one process, of models that are given as ``number of studies:SD of a prior``.
    """
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MODEL, *models], check=True, text=True,
        capture_output=True, env={**os.environ, "EVINET_CACHE": str(cache)},
    )  # fmt: skip
    return [[float.fromhex(word) for word in line.split()] for line in told.stdout.splitlines()]


def test_other_processes_and_shapes_compile_nothing_and_draw_the_same(tmp_path: Path) -> None:
    """Nor are models that were compiled in two processes taken for each other in a third."""
    first, second = run(tmp_path, "3:10"), run(tmp_path, "3:2")
    compiled = {path: path.read_bytes() for path in tmp_path.rglob("*.nbc")}
    assert any("density" in path.name for path in compiled)
    assert run(tmp_path, "6:10", "3:10", "3:2")[2:] == [*first, *second]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.nbc")} == compiled
    # each outcome has a variance of 1 + 4 about the centre, and its theta a fifth of its distance
    for found, sd in ((first, 10), (second, 2)):
        for (centre, theta), mean in zip(found, (3.0, 53.0), strict=True):
            expected = 3 / 5 * mean / (3 / 5 + sd**-2)
            assert centre == pytest.approx(expected, abs=0.3)
            assert theta == pytest.approx(0.8 * expected + 0.2 * mean, abs=0.3)


STANDARDISED = """
from evinet.nma.fit import nuts
nuts.prepare()
import sys
from evinet.nma.fit import standardised
assert standardised.__file__.startswith(sys.argv[1])
standardised.psi(2.0)
"""


def test_another_copy_of_evinet_compiles_nothing(tmp_path: Path) -> None:
    """Numba on its own knows a function by the folder of its source."""
    kept = []
    for name in ("one", "another"):
        shutil.copytree(SOURCE, tmp_path / name / "evinet", ignore=CACHES)
        subprocess.run(
            [sys.executable, "-c", STANDARDISED, str(tmp_path / name)], check=True,
            env={**os.environ, "EVINET_CACHE": str(tmp_path / "cache"),
                 "PYTHONPATH": str(tmp_path / name)},
        )  # fmt: skip
        compiled = (tmp_path / "cache").rglob("evinet-nma-fit/*.nbc")
        kept.append({path.name: path.stat().st_mtime_ns for path in compiled})
    assert kept[0] == kept[1] != {}


def test_processes_that_save_at_once_do_not_take_each_others_files(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", SAVE, str(tmp_path), name]) for name in "abcd"
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    cache = IndexDataCacheFile(str(tmp_path), "add", 0)
    keys = [f"{name}-{number}" for name in "abcd" for number in range(50)]
    assert [cache.load(key) for key in keys] == keys
