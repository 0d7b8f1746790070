"""Small networks for the models."""

from __future__ import annotations

import pytest

from evinet import tables
from evinet.config import Config, parse


@pytest.fixture
def write_data(tmp_path):
    """Write table NETWORK_DATA of (study, treatment, comparator, ln HR, se); its path."""

    def made(studies, shared=None):
        names = ("study", "treatment", "comparator", "diff", "se")
        rows = [dict(zip(names, row, strict=True)) for row in studies]
        for row in rows:
            row["shared_variance"] = (shared or {}).get(row["study"])
        tables.NETWORK_DATA.write(tmp_path / "data.csv", tables.NETWORK_DATA.frame(rows))
        return tmp_path / "data.csv"

    return made


@pytest.fixture
def make_config():
    """A configuration with one analysis `x`, given its models and references."""

    def make(models: dict, references: list[str], **other: object) -> Config:
        return parse(
            {
                "review": {"slug": "r", "title": "t", "question": "q", "data_cutoff": "2026-01-01"},
                "seed": 1,
                "sampler": {"chains": 2, "warmup": 500, "draws": 2000, "target_accept": 0.95},
                "heterogeneity": {"scale": 0.5, "source": "s"},
                "bridges": {
                    "class": {
                        "members": ["b", "c"],
                        "assumption": "alike",
                        "sigma_prior": {"scale": 0.2, "source": "s"},
                    }
                },
                "models": models,
                "analyses": {
                    "x": {
                        "title": "t",
                        "outcome": "pfs",
                        "trials": ["one"],
                        "references": references,
                        "models": list(models),
                    }
                },
                **other,
            }
        )

    return make
