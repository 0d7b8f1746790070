"""Published results that several tests reconstruct from."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.patients.data import Interval
from evinet.reconstruct.inputs import ArmInput, Contrast, TrialInput


@pytest.fixture(scope="session")
def netter_2() -> TrialInput:
    """NETTER-2, progression-free survival by blinded review.

    Singh S et al. 2024, Lancet 403:2807-2817, doi 10.1016/S0140-6736(24)00701-3, Figure 2A.
    """
    time = np.arange(0, 38, 2.0)
    lutetium = [151, 143, 138, 129, 125, 104, 92, 80, 68, 53, 41, 37, 23, 19, 13, 9, 4, 2, 0]
    octreotide = [75, 67, 49, 42, 37, 24, 21, 16, 16, 10, 5, 5, 4, 1, 1, 0, 0, 0, 0]
    return TrialInput(
        (
            ArmInput(
                "lu-dotatate", n=151, at_risk=(time, np.array(lutetium)), events=55,
                median=Interval(22.8, 19.4, None),
            ),
            ArmInput(
                "octreotide", n=75, at_risk=(time, np.array(octreotide)), events=46,
                median=Interval(8.5, 7.7, 13.8),
            ),
        ),
        (Contrast("lu-dotatate", "octreotide", 0.276, 0.182, 0.418, stratified=True),),
    )  # fmt: skip
