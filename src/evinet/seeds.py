"""Random numbers: one seed for a review, spread over its jobs by their names."""

from __future__ import annotations

import zlib

import numpy as np


def seed_sequence(seed: int, job: str) -> np.random.SeedSequence:
    """The seed sequence of a job, the same in whatever order or on how many cores jobs run.

    `job` is the job's name, such as ``"fit/pfs/random"``.
    """
    return np.random.SeedSequence([seed, zlib.crc32(job.encode())])


def generator(seed: int, job: str) -> np.random.Generator:
    """A random generator for a job (see `seed_sequence`)."""
    return np.random.default_rng(seed_sequence(seed, job))


def integer_seed(seed: int, job: str) -> int:
    """A 32-bit seed for libraries that want an integer (see `seed_sequence`)."""
    return int(seed_sequence(seed, job).generate_state(1)[0])
