"""What may be set for a fit: the same in the library, its command and the configuration."""

from __future__ import annotations

from pydantic import Field

from evinet.fields import Prose, Strict

POWERS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)
"""Powers of time that fractional polynomials may have; 0 is the logarithm."""


class Gates(Strict):
    """What a fit must pass before it is reported."""

    rhat: float = Field(default=1.01, gt=1, le=2, description="largest R-hat")
    ess: int = Field(
        default=400, ge=1, le=1_000_000, description="smallest bulk and tail effective sample size"
    )
    bfmi: float = Field(default=0.3, ge=0, lt=1, description="smallest E-BFMI")
    divergences: float = Field(
        default=0.005, ge=0, lt=1, description="largest share of divergences"
    )


class Sampler(Strict):
    """How posteriors are sampled; the number of chains never depends on the cores."""

    chains: int = Field(default=4, ge=2, le=16)
    warmup: int = Field(default=1000, ge=100, le=100_000)
    draws: int = Field(default=1000, ge=100, le=100_000, description="kept draws of each chain")
    target_accept: float = Field(default=0.95, gt=0.5, lt=1)
    gates: Gates = Gates()


class Margin(Strict):
    """A difference that matters: how likely is it that a hazard ratio is below this one?"""

    ratio: float = Field(gt=0, le=100, description="hazard ratio; 1 is any difference")
    source: Prose = Field(description="who set it and why: a reference or the reviewers; printed")
    smallest_important: bool = Field(
        False, description="whether differences nearer to 1 do not matter to patients (one margin)"
    )
