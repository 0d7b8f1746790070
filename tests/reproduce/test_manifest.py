import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from evinet import config, files
from evinet.errors import InputError
from evinet.reproduce import archive, commands, manifest

ROOT = Path(__file__).parents[2]
REVIEW = config.load(ROOT / "config/config.yaml")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    for name in ("evidence/arms.csv", "fits/pfs/fixed/timings.json", "report/index.html"):
        files.write_text(folder / name, "a\n")
    xr.Dataset({"d": ("draw", np.arange(5.0))}).to_netcdf(
        folder / "fits/posterior.nc", engine="h5netcdf"
    )
    return folder


def made(results: Path, *inputs: Path) -> dict:
    named = [results / "evidence/arms.csv", results / "fits"]
    return manifest.make(results, named, {path: path for path in inputs}, REVIEW)


@pytest.fixture
def sealed(results: Path) -> Path:
    """Results with both of their manifests."""
    files.write_json(results / "manifest.json", made(results))
    files.write_json(
        results / "report-manifest.json",
        manifest.make_of_report(results, results / "report"),
    )
    return results


def verify(*arguments: Path):
    return CliRunner().invoke(commands.verify, [str(argument) for argument in arguments])


def test_what_is_named_is_hashed_and_nothing_else(results):
    files.write_text(results / "evidence/stale.csv", "of a trial that was removed")
    assert set(made(results)["files"]) == {"evidence/arms.csv", "fits/posterior.nc"}


def test_a_result_that_is_missing_or_broken_is_told(results):
    (results / "fits/posterior.nc").write_bytes(b"cut short")
    with pytest.raises(InputError, match=r"posterior\.nc.*cannot be read"):
        made(results)
    (results / "evidence/arms.csv").unlink()
    with pytest.raises(InputError, match=r"arms\.csv.*cannot be read: No such file"):
        made(results)


def test_what_made_the_results_is_in_the_manifest(results, tmp_path):
    (tmp_path / "trial.yaml").write_text("a")
    first = made(results, tmp_path / "trial.yaml")
    (tmp_path / "trial.yaml").write_text("b")
    assert made(results, tmp_path / "trial.yaml")["inputs"] != first["inputs"]
    other = REVIEW.model_copy(update={"effect_prior_sd": 5.0})
    assert manifest.make(results, [], {}, other)["config"] != first["config"]
    assert first["code"] == manifest.code_digest(*manifest.MODULES)


def test_a_posterior_is_hashed_by_its_values(results):
    path = results / "fits/posterior.nc"
    before = manifest.content_hash(path)
    same = xr.Dataset({"d": ("draw", np.arange(5.0))}, attrs={"created_at": "another day"})
    same.to_netcdf(path, engine="h5netcdf")
    assert manifest.content_hash(path) == before
    xr.Dataset({"d": ("draw", np.arange(5.0) + 1e-12)}).to_netcdf(path, engine="h5netcdf")
    assert manifest.content_hash(path) != before


def test_verify_names_what_differs_between_two_runs(sealed, tmp_path):
    second = tmp_path / "second.json"
    second.write_bytes((sealed / "manifest.json").read_bytes())
    same = verify(sealed, second)
    assert same.exit_code == 0
    assert "2 results are the same" in same.output

    (sealed / "evidence/arms.csv").write_text("b\n")
    changed = made(sealed)
    changed["files"]["evidence/new.csv"] = "c" * 64
    changed["versions"]["numpy"] = "0.0"
    changed["seed"], changed["code"] = 2, "another"
    second.write_text(json.dumps(changed))
    other = verify(sealed, second)
    assert other.exit_code == 1
    assert "result differs: evidence/arms.csv: " in other.output
    assert "result differs: evidence/new.csv: only in the second" in other.output
    assert f"result differs: seed: {REVIEW.seed} != 2" in other.output
    assert "environment differs: numpy: " in other.output
    assert "environment differs: code: " in other.output
    assert "posterior.nc" not in other.output


def test_verify_checks_a_folder_against_its_own_manifests(sealed):
    same = verify(sealed)
    assert (same.exit_code, same.output) == (0, "4 results are the same\n")
    (sealed / "report/index.html").write_text("edited")
    (sealed / "evidence/arms.csv").unlink()
    (sealed / "fits/posterior.nc").write_bytes(b"cut short")
    other = verify(sealed)
    assert other.exit_code == 1
    assert other.output.splitlines() == [
        "result differs: evidence/arms.csv is missing",
        "result differs: fits/posterior.nc was changed",
        "result differs: report/index.html was changed",
    ]


def test_verify_says_that_an_input_changed_since(results, tmp_path):
    path = tmp_path / "trial.yaml"
    path.write_text("a")
    files.write_json(results / "manifest.json", made(results, path))
    shutil.rmtree(results / "report")
    path.write_text("b")
    done = verify(results)
    assert done.exit_code == 0
    assert f"input changed since: {path}" in done.output


BROKEN = {
    "cut short": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "foreign": lambda text: '{"a": 1}',
    "a list": lambda text: "[]",
    "not of text": lambda text: text.replace('"files": {', '"files": {"x": 1, '),
    "of files elsewhere": lambda text: text.replace('"files": {', '"files": {"../x": "1", '),
    "of an earlier version": lambda text: text.replace('"code"', '"kode"'),
    "with NaN": lambda text: text.replace(f'"seed": {REVIEW.seed}', '"seed": NaN'),
    "of true": lambda text: text.replace(f'"seed": {REVIEW.seed}', '"seed": true'),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_manifest_is_one_line_and_not_a_difference(sealed, what):
    path = sealed / "manifest.json"
    path.write_text(BROKEN[what](path.read_text()))
    for arguments in ([sealed], [path, path]):
        with pytest.raises(InputError) as caught:
            CliRunner().invoke(
                commands.verify, [str(each) for each in arguments], catch_exceptions=False
            )
        assert len(str(caught.value).splitlines()) == 1
        assert str(path) in str(caught.value)


def test_a_byte_order_mark_is_read_over(sealed):
    path = sealed / "manifest.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (sealed / "report-manifest.json").unlink()
    shutil.rmtree(sealed / "report")
    done = verify(sealed)
    assert (done.exit_code, done.output) == (0, "2 results are the same; there is no report\n")


def test_a_report_without_a_manifest_is_told(sealed):
    (sealed / "report-manifest.json").unlink()
    done = verify(sealed)
    assert done.exit_code == 1
    assert done.output == "result differs: report-manifest.json is missing\n"


def test_without_a_manifest_the_remedy_is_a_run(sealed, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"manifest\.json.*no such manifest.*evinet run"):
        CliRunner().invoke(commands.verify, [str(tmp_path / "empty")], catch_exceptions=False)
    (sealed / "report-manifest.json").unlink()
    with pytest.raises(InputError, match=r"report-manifest\.json.*no such manifest.*evinet run"):
        archive.write(sealed.parent, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()
