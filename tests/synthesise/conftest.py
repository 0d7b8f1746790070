"""Small networks for the models."""

from __future__ import annotations

import pytest

from evinet import tables
from evinet.config import Config, parse
from evinet.synthesise.network import Network


def network_of(
    studies: list[tuple[str, str, str, float, float]],
    islands: dict[str, int],
    shared: dict[str, float] | None = None,
) -> Network:
    """A network of (trial, treatment, comparator, ln HR, se); `shared` is for multi-arm trials."""
    rows = [
        {
            "trial": trial, "treatment": treatment, "comparator": comparator, "outcome": "pfs",
            "tier": "C", "arm": treatment, "comparator_arm": comparator,
            "log_estimate": y, "se": se, "shared_variance": (shared or {}).get(trial),
            "component": islands[treatment], "report": "primary", "source": "s", "locator": "l",
        }
        for trial, treatment, comparator, y, se in studies
    ]  # fmt: skip
    nodes = [
        {"treatment": name, "label": name, "component": island, "trials": 1}
        for name, island in islands.items()
    ]
    return Network(
        tables.NETWORK_STUDIES.frame(rows),
        tables.NETWORK_NODES.frame(nodes),
        tables.NETWORK_EXCLUDED.frame([]),
    )


@pytest.fixture
def make_network():
    return network_of


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
