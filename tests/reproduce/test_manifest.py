import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from evinet import files
from evinet.reproduce import commands, manifest


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    for name in ("evidence/arms.csv", "fits/pfs/fixed/timings.json", "report/index.html"):
        files.write_text(folder / name, "a\n")
    xr.Dataset({"d": ("draw", np.arange(5.0))}).to_netcdf(
        folder / "fits/posterior.nc", engine="h5netcdf"
    )
    return folder


def test_tables_and_posteriors_are_hashed_pages_and_timings_are_not(results):
    hashed = manifest.make(results, seed=1)["files"]
    assert set(hashed) == {"evidence/arms.csv", "fits/posterior.nc"}


def test_a_posterior_is_hashed_by_its_values(results):
    path = results / "fits/posterior.nc"
    before = manifest.content_hash(path)
    same = xr.Dataset({"d": ("draw", np.arange(5.0))}, attrs={"created_at": "another day"})
    same.to_netcdf(path, engine="h5netcdf")
    assert manifest.content_hash(path) == before
    xr.Dataset({"d": ("draw", np.arange(5.0) + 1e-12)}).to_netcdf(path, engine="h5netcdf")
    assert manifest.content_hash(path) != before


def test_verify_names_what_differs(results, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    files.write_json(first, manifest.make(results, seed=1))
    files.write_json(second, manifest.make(results, seed=1))
    same = CliRunner().invoke(commands.verify, [str(first), str(second)])
    assert same.exit_code == 0
    assert "2 results are the same" in same.output

    (results / "evidence/arms.csv").write_text("b\n")
    (results / "evidence/new.csv").write_text("c\n")
    changed = manifest.make(results, seed=2)
    changed["versions"]["numpy"] = "0.0"
    second.write_text(json.dumps(changed))
    other = CliRunner().invoke(commands.verify, [str(first), str(second)])
    assert other.exit_code == 1
    assert "result differs: evidence/arms.csv: " in other.output
    assert "result differs: evidence/new.csv: only in the second" in other.output
    assert "result differs: seed: 1 != 2" in other.output
    assert "environment differs: numpy: " in other.output
    assert "posterior.nc" not in other.output
