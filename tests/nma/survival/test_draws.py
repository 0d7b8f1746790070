"""Several reconstructions: fitted apart, pooled, and never taken for more patients."""

import numpy as np
import pandas as pd
import pytest

from evinet.nma import Fit, Network
from evinet.nma.settings import Sampler

SAMPLER = Sampler(chains=2, warmup=300, draws=400, target_accept=0.8)


def reconstructions() -> pd.DataFrame:
    """A study known exactly, and one of two reconstructions that differ much, best first."""
    rng = np.random.default_rng(4)
    rows = []
    for study, draws in {"known": {0: 0.08}, "drawn": {0: 0.08, 1: 0.05, 2: 0.12}}.items():
        for draw, rate in draws.items():
            for treatment, hazard in {"a": 0.1, "b": rate}.items():
                time = rng.exponential(1 / hazard, 150)
                rows += [(study, treatment, min(t, 20), int(t < 20), draw) for t in time]
    return pd.DataFrame(rows, columns=["study", "treatment", "time", "event", "draw"])


def fitted(frame: pd.DataFrame, seed: int) -> Fit:
    return Network.from_patients(frame, "a").fit(
        effects="fixed", baseline="mspline", sampler=SAMPLER, seed=seed
    )


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fitted(reconstructions(), 1)


def apart(fit: Fit) -> list[np.ndarray]:
    return [draws.ravel() for draws in fit.parameters["d[b]"]]


def test_posteriors_are_pooled_with_equal_weight(fit: Fit) -> None:
    one, two = apart(fit)
    pooled = fit.samples["d"].sel(treatment="b").to_numpy()
    assert len(fit.traces) == 2  # draw 0 decides where knots are, and is not pooled
    assert fit.posterior.sizes["chain"] == 4
    assert np.sort(pooled) == pytest.approx(np.sort(np.concatenate([one, two])))
    assert pooled.std() > max(one.std(), two.std())


def test_the_share_of_the_reconstruction_is_the_variance_between_means(fit: Fit) -> None:
    one, two = apart(fit)
    between = np.var([one.mean(), two.mean()], ddof=1)
    within = (one.var(ddof=1) + two.var(ddof=1)) / 2
    share = fit.reconstruction_share()
    assert share["d[b]"] == pytest.approx(between / (between + within))
    assert share["d[b]"] > 0.2


def test_draws_are_not_more_patients(fit: Fit) -> None:
    patients = fit.summary()["patients"]
    assert {row["patients"] for row in patients} == {150}
    single = reconstructions().query("study == 'known' or draw == 1").assign(draw=0)
    alone = apart(fitted(single, 2))[0]
    assert apart(fit)[0].std() == pytest.approx(alone.std(), rel=0.12)
