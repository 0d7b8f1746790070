"""Studies about the mean of their comparison, to see whether small ones favour one side.

The comparison-adjusted funnel plot of Chaimani and Salanti 2012 (Res Synth Methods 3:161) and
Chaimani et al. 2013 (PLoS One 8:e76654). The order of the treatments, such as from the oldest to
the newest, says which side small studies are suspected to favour; it must be the reviewers'.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.answers.decomposition import pooled
from evinet.nma.answers.inconsistency import median_tau

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

COLUMNS = ["study", "treatment", "comparator", "effect", "se", "mean", "adjusted"]


def funnel(fit: Fit, order: Sequence[str]) -> pd.DataFrame:
    """Every comparison in a study, of the comparisons that several studies make.

    Parameters
    ----------
    order
        All treatments, in the order in which each is compared with those before it.

    Returns
    -------
    pandas.DataFrame
        study, treatment, comparator, effect and se of the study, mean of its comparison by all
        studies that make it (weights 1 / (se^2 + tau^2), tau the posterior median, 0 with fixed
        effects), and adjusted, effect less mean. A study of several arms has a row for each pair.

    Raises
    ------
    InputError
        The order does not name each treatment once.

    Examples
    --------
    >>> import pandas as pd
    >>> from evinet.nma import Network
    >>> network = Network.from_contrasts(pd.DataFrame({
    ...     "study": ["1", "2", "3"], "treatment": ["B", "A", "C"], "comparator": ["A", "B", "A"],
    ...     "diff": [1.0, -2.0, 0.5], "se": [1.0, 1.0, 1.0],
    ... }), "A")
    >>> found = funnel(network.fit(effects="fixed"), ["A", "B", "C"])
    >>> found[["study", "treatment", "effect", "mean", "adjusted"]].to_numpy().tolist()
    [['1', 'B', 1.0, 1.5, -0.5], ['2', 'B', 2.0, 1.5, 0.5]]
    """
    check(order, fit.treatments)
    place = {name: number for number, name in enumerate(order)}
    data, rows = fit.normal, []
    for study in dict.fromkeys(data.studies):
        own = data.subset(np.array([name == study for name in data.studies]))
        names = sorted({name for pair in own.pairs for name in pair}, key=place.__getitem__)
        estimates, covariance = pooled(own, names)
        effects = np.append(0.0, estimates)
        spread = np.pad(covariance, ((1, 0), (1, 0)))
        for first, second in combinations(range(len(names)), 2):
            variance = spread[first, first] + spread[second, second] - 2 * spread[first, second]
            rows.append((study, names[second], names[first], effects[second] - effects[first],
                         np.sqrt(variance)))  # fmt: skip
    found = pd.DataFrame(rows, columns=COLUMNS[:5])
    pair = ["treatment", "comparator"]
    tau = median_tau(fit)
    share = 1 / (found["se"] ** 2 + tau**2)
    total = share.groupby([found[name] for name in pair]).transform("sum")
    each = (share * found["effect"]).groupby([found[name] for name in pair]).transform("sum")
    found["mean"] = each / total
    found["adjusted"] = found["effect"] - found["mean"]
    several = found.groupby(pair)["study"].transform("size") > 1
    return found[several].reset_index(drop=True)


def check(order: Sequence[str], treatments: Sequence[str]) -> None:
    """Refuse an order that does not name each treatment once.

    Raises
    ------
    InputError
        It does not.
    """
    lacking = [name for name in treatments if name not in order]
    unknown = [name for name in order if name not in treatments]
    twice = sorted({name for name in order if list(order).count(name) > 1})
    for names, message in (
        (unknown, "is no treatment here"), (twice, "stands there twice"),
        (lacking, "does not stand in the order of treatments"),
    ):  # fmt: skip
        if names:
            raise InputError(
                Problem("(options)", "funnel_order", ", ".join(names), message, "Name every "
                        f"treatment once, such as from the oldest to the newest: "
                        f"{', '.join(treatments)}")
            )  # fmt: skip
