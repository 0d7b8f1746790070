"""Two runs with other random numbers agree within Monte Carlo error; a moved estimate is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet import config, files, tables
from evinet.errors import InputError
from evinet.reproduce import manifest, statistical
from evinet.reproduce.commands import verify

ROOT = Path(__file__).parents[2]
REVIEW = config.load(ROOT / "config/config.yaml")
DRAWS = 4000


def run_of(folder: Path, seed: int | None, shift: float = 0.0, evidence: str = "a\n") -> Path:
    """Results of ten parameters, normal and half-normal, by independent draws; exact without."""
    rows = []
    for i in range(10):
        name, truth, sd = f"d[{i}]", -0.5 * i, 0.2 + 0.05 * i
        if seed is None:
            row = {"mean": truth, "sd": sd, "ess_bulk": None, "ess_tail": None}
        else:
            draws = np.random.default_rng([seed, i]).normal(truth, sd, DRAWS)
            draws = np.abs(draws) if i == 9 else draws
            row = {"mean": draws.mean(), "sd": draws.std(ddof=1), "ess_bulk": float(DRAWS),
                   "ess_tail": float(DRAWS)}  # fmt: skip
        row["mean"] += shift * sd if i == 3 else 0
        quantiles = {"q2.5": truth - 2 * sd, "q50": truth, "q97.5": truth + 2 * sd, "rhat": None}
        rows.append({"parameter": name, **row, **quantiles})
    path = folder / "fits/pfs/fixed/estimates.csv"
    tables.ESTIMATES.write(path, pd.DataFrame(rows)[list(tables.ESTIMATES.columns)])
    files.write_text(folder / "evidence/arms.csv", evidence)
    files.write_text(folder / "fits/pfs/fixed/league.csv", f"{seed}\n")
    paths = [folder / "fits", folder / "evidence"]
    files.write_json(folder / "manifest.json", manifest.make(folder, paths, {}, REVIEW))
    return folder


def said(*folders: Path) -> tuple[int, str]:
    done = CliRunner().invoke(verify, ["--statistical", *map(str, folders)])
    return done.exit_code, done.output


def test_other_random_numbers_agree_within_their_error(tmp_path):
    first, second = run_of(tmp_path / "1", 1), run_of(tmp_path / "2", 2)
    code, output = said(first, second)
    assert code == 0, output
    assert "level: within Monte Carlo error. 20 estimates agree, 1 files are the same" in output
    assert "1 files that follow from the draws differ" in output
    assert said(first, first) == (0, "level: exact. 3 results are the same\n")


def test_false_alarms_are_as_rare_as_promised(tmp_path):
    folders = [run_of(tmp_path / str(seed), seed) for seed in range(41)]
    alarms = [bool(statistical.compare(folders[0], each).differences) for each in folders[1:]]
    assert sum(alarms) <= 3


@pytest.mark.parametrize("shift", [0.15, -0.15])
def test_an_estimate_that_moved_is_named(tmp_path, shift):
    code, output = said(run_of(tmp_path / "1", 1), run_of(tmp_path / "2", 2, shift))
    assert code == 1
    assert output.startswith("result differs: fits/pfs/fixed/estimates.csv: mean of d[3]: ")
    assert output.count("result differs") == 1


def test_what_no_random_number_enters_must_be_the_same(tmp_path):
    code, output = said(run_of(tmp_path / "1", 1), run_of(tmp_path / "2", 2, evidence="b\n"))
    assert (code, "evidence/arms.csv" in output) == (1, True)
    exact = run_of(tmp_path / "3", None), run_of(tmp_path / "4", None, 1e-9)
    assert said(*exact)[0] == 0
    assert said(exact[0], run_of(tmp_path / "5", None, 1e-3))[0] == 1


def test_runs_of_other_evidence_are_refused(tmp_path):
    first, second = run_of(tmp_path / "1", 1), run_of(tmp_path / "2", 2)
    content = files.read_json(second / "manifest.json")
    files.write_json(second / "manifest.json", content | {"inputs": {"data/raw/a.yaml": "0"}})
    with pytest.raises(InputError, match="another evidence"):
        statistical.compare(first, second)
