"""Small networks for the models."""

from __future__ import annotations

import pandas as pd
import pytest

from evinet.nma import Network


@pytest.fixture
def contrasts():
    """A network of (study, treatment, comparator, effect, se); `shared` is of multi-arm studies."""

    def made(rows, references=None, shared=None):
        frame = pd.DataFrame(rows, columns=["study", "treatment", "comparator", "diff", "se"])
        frame["shared_variance"] = frame["study"].map(shared or {})
        return Network.from_contrasts(frame, references)

    return made
