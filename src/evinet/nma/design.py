"""Which coefficient acts on which row: the matrices of a network's linear model.

A row's effect against its study's baseline arm is ``theta = X b + tau * deviation``, 0 in the
baseline arm. Deviations of one study have correlation 1/2, because they share the baseline arm
(Dias et al., NICE TSD 2, section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx
import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma import terms as columns
from evinet.nma.network import Network
from evinet.nma.terms import Terms

OMEGA, BASELINE_RISK = "omega", "beta[baseline risk]"


@dataclass(frozen=True, eq=False)
class Design:
    """The rows of a network and what acts on them.

    Attributes
    ----------
    network, terms
        What the design is of.
    names
        Names of the coefficients: d[...], then omega, then beta.
    effects
        What each coefficient adds to each row's effect, shape (rows, coefficients).
    deviations
        From independent standard normals to the rows' deviations, shape (rows, free).
    slopes
        What each coefficient adds to the slope of each covariate of patients in each row's arm,
        shape (rows, covariates, coefficients); no covariates without a regression.
    """

    network: Network
    terms: Terms
    names: list[str]
    effects: np.ndarray
    deviations: np.ndarray
    slopes: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @property
    def rows(self) -> pd.DataFrame:
        """The network's rows."""
        return self.network.rows

    def of(self, kind: str) -> np.ndarray:
        """Numbers of the rows of one kind: arm, patients or contrast."""
        return np.flatnonzero((self.rows["kind"] == kind).to_numpy())

    @cached_property
    def free(self) -> np.ndarray:
        """Rows with an effect: all but those of the baseline's treatment."""
        return np.flatnonzero((self.rows["treatment"] != self.rows["against"]).to_numpy())

    @property
    def group(self) -> list[str]:
        """Members of the class that are in the network."""
        if self.terms.group is None:
            return []
        return [name for name in self.network.treatments if name in self.terms.group.members]

    @cached_property
    def islands(self) -> dict[str, int]:
        """Treatment -> island, after the class: the lowest number of the islands that it joins."""
        apart = self.network.islands
        joined = {apart[name] for name in self.group}
        return {name: min(joined) if number in joined else number for name, number in apart.items()}

    @cached_property
    def references(self) -> list[str]:
        """The reference of each island, after the class: the first of those that it joins."""
        first: dict[int, str] = {}
        for name in self.network.references:
            first.setdefault(self.islands[name], name)
        return list(first.values())

    @property
    def basic(self) -> list[str]:
        """Treatments with an effect d of their own: all but the references."""
        return [name for name in self.network.treatments if name not in self.references]

    @cached_property
    def mixing(self) -> tuple[np.ndarray, np.ndarray]:
        """How coefficients follow from independent ones: b = B c + sigma S u.

        B, shape (coefficients, c), has the class mean in place of the members' effects; S, shape
        (coefficients, members), their places.
        """
        size = len(self.names)
        mine = [self.names.index(f"d[{name}]") for name in self.group]
        if not mine:
            return np.eye(size), np.zeros((size, 0))
        others = [number for number in range(size) if number not in mine]
        keep, spread = np.zeros((size, len(others) + 1)), np.zeros((size, len(mine)))
        keep[others, np.arange(len(others))] = 1.0
        keep[mine, -1] = 1.0
        spread[mine, np.arange(len(mine))] = 1.0
        return keep, spread

    @cached_property
    def groups(self) -> dict[str, str]:
        """Treatment but the references -> whose interactions with patients' covariates it has."""
        regression = self.network.regression
        if regression is None:
            return {}
        return columns.groups(self.network.treatments, self.references, self.terms.interactions,
                              regression.classes, self.network.file)  # fmt: skip

    @cached_property
    def covariate(self) -> dict[str, float]:
        """Study -> its covariate; empty without one."""
        name = self.terms.covariate
        return {} if name is None else self.network.covariate(name)

    @cached_property
    def centre(self) -> float:
        """Mean of the covariate over the studies that compare; 0 without one."""
        compared = self.rows.iloc[self.free]["study"].unique()
        return (
            float(np.mean([self.covariate[study] for study in compared])) if self.covariate else 0.0
        )

    def interactions(self, rows: pd.DataFrame, at: float) -> tuple[np.ndarray, list[str]]:
        """Columns of the covariate's interactions in any rows, with effects d at a value of it."""
        if not self.covariate:
            return np.zeros((len(rows), 0)), []
        main, names = _consistent(rows, self.network.treatments, self.basic)
        centred = rows["study"].map(self.covariate).to_numpy(float) - at
        return columns.regression(main, names, centred, self.terms.interactions)

    def graph(self, rows: np.ndarray | None = None, bridge: bool = True) -> nx.Graph[str]:
        """The treatments, joined by rows (all, or those of these numbers) and by the class."""
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.network.treatments)
        chosen = self.rows if rows is None else self.rows.iloc[rows]
        graph.add_edges_from(columns.pairs_of(chosen))
        if bridge:
            nx.add_path(graph, self.group)
        return graph


def build(network: Network, terms: Terms) -> Design:
    """The design of a consistency model, or of the models that doubt it.

    Raises
    ------
    InputError
        The class has fewer than two members here or contains a reference, or unrelated effects are
        asked for together with a class.
    """
    rows = network.rows
    empty = Design(network, terms, [], np.zeros((len(rows), 0)), np.zeros((len(rows), 0)))
    _check_class(empty)
    if terms.unrelated:
        effects, names = columns.unrelated(rows, network.treatments)
    else:
        effects, names = _consistent(rows, network.treatments, empty.basic)
    if terms.split is not None:
        effects = np.column_stack([effects, columns.omega(rows, terms.split)])
        names.append(OMEGA)
    more, added = empty.interactions(rows, empty.centre)
    effects, names = np.hstack([effects, more]), names + added
    slopes = np.zeros((len(rows), 0, len(names)))
    if network.regression is not None:
        of = network.regression
        own, added = columns.slopes(list(rows["treatment"]), of.terms, empty.groups)
        slopes = np.concatenate([np.zeros((*own.shape[:2], len(names))), own], axis=2)
        effects, names = np.pad(effects, ((0, 0), (0, len(added)))), names + added
    return Design(network, terms, names, effects, columns.deviations(rows), slopes)


def _check_class(design: Design) -> None:
    if design.terms.group is None:
        return
    inside = sorted(set(design.group) & set(design.references))
    if len(design.group) < 2:
        raise InputError(
            Problem(design.network.file, "class", ", ".join(design.terms.group.members),
                    "fewer than two members of the class are in the network",
                    "Leave the class out of this model")
        )  # fmt: skip
    if design.terms.unrelated:
        raise InputError(
            Problem(design.network.file, "class", ", ".join(design.group),
                    "unrelated effects have no class", "Ask for the one or the other")
        )  # fmt: skip
    if inside:
        raise InputError(
            Problem(design.network.file, "reference", ", ".join(inside),
                    "is a member of the class, which needs a reference outside it",
                    "Name a reference of the joined island that is not in the class first")
        )  # fmt: skip


def _consistent(
    rows: pd.DataFrame, treatments: list[str], basic: list[str]
) -> tuple[np.ndarray, list[str]]:
    effects = columns.differences(columns.pairs_of(rows), treatments)
    kept = [number for number, name in enumerate(treatments) if name in basic]
    return effects[:, kept], [f"d[{treatments[number]}]" for number in kept]
