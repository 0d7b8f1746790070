"""Component network meta-analysis: the effect of each component, and the test that they add up.

Welton et al. 2009 (Am J Epidemiol 169:1158); Rücker et al. 2020 (Biom J 62:808).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from evinet.nma.answers.decomposition import cochran
from evinet.nma.design import SAME
from evinet.nma.terms import differences

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

COLUMNS = ["component", "status", "mean", "sd", "q2.5", "q50", "q97.5"]


def components(fit: Fit) -> pd.DataFrame:
    """Component, status (estimated, or not identified) and its effect, where effects are reported.

    A component that is in all treatments of an island, or always together with another, has no
    effect that the data could tell.

    Examples
    --------
    >>> import pandas as pd
    >>> from evinet.nma import Network
    >>> from evinet.nma.terms import Components
    >>> network = Network.from_contrasts(pd.DataFrame({
    ...     "study": ["S1", "S2", "S3"], "treatment": ["A", "A+B", "A+C+D"],
    ...     "comparator": ["P", "P", "A"], "diff": [-0.5, -0.7, -1.0], "se": [0.2, 0.2, 0.2],
    ... }), "P")
    >>> fit = network.fit(effects="fixed", components=Components(inactive="P"))
    >>> table = components(fit).set_index("component")
    >>> table["status"].tolist(), round(float(table.at["B", "mean"]), 2)
    (['estimated', 'estimated', 'not identified', 'not identified'], -0.2)
    """
    design = fit.specification.design
    if design.terms.components is None:
        return pd.DataFrame(columns=COLUMNS)
    told = differences(fit.normal.pairs, fit.treatments) @ design.composition[0]
    known = np.linalg.pinv(told) @ told
    back = np.linalg.pinv(design.components)
    effects = [fit.specification.names.index(f"d[{name}]") for name in design.basic]
    to = fit.specification.to_reported()
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(design.composition[1]):
        own = np.eye(len(known))[number]
        if np.abs(known[number] - own).max() > SAME:
            rows.append({"component": name, "status": "not identified"})
            continue
        row = np.zeros(len(to))
        row[effects] = back[number]
        found = fit.linear(row @ to).summary()
        rows.append({"component": name, "status": "estimated", **found})
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def additivity(fit: Fit) -> dict[str, Any]:
    """Q of the additive model, of the one without components, and of their difference.

    Weighted least squares of the studies' contrasts with fixed effects: a test beside the posterior
    that has no prior. Degrees of freedom of the difference are those effects that the components
    do not leave free; with 0 the data cannot test additivity.
    """
    data = fit.normal
    alone = differences(data.pairs, fit.treatments)
    added = cochran(data, alone @ fit.specification.design.composition[0])
    standard = cochran(data, alone)
    difference = max(added[0] - standard[0], 0.0), added[1] - standard[1]
    found = {"additive": added, "standard": standard, "difference": difference}
    return {
        f"{what}_{name}": value
        for name, (q, df) in found.items()
        for what, value in (("Q", q), ("df", df), ("p", chdtrc(df, q).item() if df else None))
    }
