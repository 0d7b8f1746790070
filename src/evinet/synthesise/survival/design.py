"""Which effect acts where: in the arms with patients, and in published contrasts.

An arm's effect is ``theta = d[its treatment] - d[its study's baseline] + tau * deviation``. Two
deviations of one study have correlation 1/2, because both share the baseline arm (Dias et al.,
NICE TSD 2, section 2.2); those of the baseline arm are 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evinet.errors import InputError, Problem
from evinet.synthesise import columns
from evinet.synthesise.survival.contrasts import Contrasts
from evinet.synthesise.survival.patients import Patients, Records
from evinet.synthesise.survival.statistics import log_rank

OMEGA, BETA = "omega", "beta"


@dataclass(frozen=True)
class Terms:
    """What a model has beside consistent effects: a split pair, a covariate of the studies.

    Or `unrelated` effects, one of each compared pair, in place of consistent ones. Effects are
    reported at the covariate's value `at`, or else at its mean.
    """

    unrelated: bool = False
    split: tuple[str, str] | None = None
    covariate: dict[str, float] | None = None
    interactions: columns.Interactions = "shared"
    at: float | None = None


@dataclass(frozen=True)
class Design:
    """Treatments and references of a network, and the rows of effects in it.

    `rows` are the `arms` with patients, then the published contrasts: columns study, treatment,
    against. `effects` has their treatments less what they are against, shape (rows, treatments);
    `deviations` maps independent standard normal numbers to the rows' deviations.
    """

    treatments: list[str]
    references: list[str]
    rows: pd.DataFrame
    effects: np.ndarray
    deviations: np.ndarray
    arms: int
    terms: Terms = Terms()

    @property
    def studies(self) -> list[str]:
        """Study of each row."""
        return list(self.rows["study"])

    @cached_property
    def columns(self) -> tuple[np.ndarray, list[str]]:
        """What each coefficient adds to the rows' effects, shape (rows, coefficients); names.

        The coefficients are d of all treatments but the references, or of all pairs, then omega,
        then beta.
        """
        if self.terms.unrelated:
            main, names = columns.unrelated(self.rows)
        else:
            main, names = self.consistent(self.effects)
        parts = [main]
        if self.terms.split is not None:
            parts.append(columns.omega(self.rows, self.terms.split)[:, None])
            names.append(OMEGA)
        interactions, added = self.interactions(self.rows, self.centre)
        return np.hstack([*parts, interactions]), names + added

    def consistent(self, effects: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Columns of the treatments but the references, and names of their effects."""
        basic = np.flatnonzero(self.basic)
        return effects[:, basic], [f"d[{self.treatments[number]}]" for number in basic]

    @property
    def pairs(self) -> list[str]:
        """Compared pairs, "B vs A"."""
        return [name[2:-1] for name in columns.unrelated(self.rows)[1]]

    def interactions(self, rows: pd.DataFrame, at: float) -> tuple[np.ndarray, list[str]]:
        """Columns of the interactions of any rows, with d at a value of the covariate; names."""
        covariate = self.terms.covariate
        if covariate is None:
            return np.zeros((len(rows), 0)), []
        effects = columns.differences(columns.pairs_of(rows), self.treatments)
        main, names = self.consistent(effects)
        centred = rows["study"].map(covariate).to_numpy(float) - at
        return columns.regression(main, names, centred, self.terms.interactions)

    @property
    def reported_at(self) -> float:
        """Where effects d are reported."""
        return self.centre if self.terms.at is None else self.terms.at

    @property
    def centre(self) -> float:
        """Mean of the covariate over the studies that compare, where effects d are sampled.

        Not a number without a covariate.
        """
        compared = self.rows[self.rows["treatment"] != self.rows["against"]]["study"].unique()
        known = self.terms.covariate or {}
        return float(np.mean([known.get(study, np.nan) for study in compared]))

    @property
    def free(self) -> np.ndarray:
        """Rows with a deviation: all but those of baseline arms."""
        return np.flatnonzero(self.deviations.any(axis=1))

    def approximation(
        self, records: Records, contrasts: Contrasts | None, accelerated: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rough effects of the rows with a deviation, and their covariance.

        A time ratio is taken for a hazard ratio to minus the spread of ln event times.
        """
        blocks, values = [], []
        for study in dict.fromkeys(self.studies):
            own = [n for n, name in enumerate(self.studies[: self.arms]) if name == study]
            if len(own) > 1:
                mine = np.isin(records.arm, own)
                estimate, covariance = log_rank(
                    records.arm[mine] - own[0], records.time[mine], records.event[mine]
                )
                died = mine & (records.event == 1)
                spread = float(np.log(records.time[died]).std()) if died.any() else 1.0
                factor = -max(spread, 0.05) if accelerated else 1.0
                values.append(factor * estimate)
                blocks.append(factor**2 * covariance)
        if contrasts is not None:
            values.append(contrasts.y)
            blocks.append(contrasts.root @ contrasts.root.T)
        return np.concatenate(values), block_diag(*blocks)

    @property
    def islands(self) -> dict[str, int]:
        """Treatment -> number of its island, from 1."""
        edges = [
            (self.treatments[int(row.argmax())], self.treatments[int(row.argmin())])
            for row in self.effects
            if row.any()
        ]
        found = islands_of(self.treatments, edges)
        return {name: number for number, island in enumerate(found, start=1) for name in island}

    @property
    def basic(self) -> np.ndarray:
        """1 for treatments with an effect of their own, 0 for references."""
        return np.array([float(name not in self.references) for name in self.treatments])


def build(
    patients: Patients,
    contrasts: Contrasts | None,
    references: list[str] | None = None,
    terms: Terms | None = None,
) -> Design:
    """The design of a network; without `references` it must be connected, and the reference is the
    treatment in most studies.

    Raises
    ------
    InputError
        A trial enters twice, nothing is compared, a reference is unknown, or an island has no
        reference or two.
    """
    arms = list(patients.arms)
    published = [] if contrasts is None else contrasts.rows
    twice = {study for study, _ in arms} & {study for study, _, _ in published}
    if twice:
        raise InputError(
            Problem("contrasts", "study", ", ".join(sorted(twice)), "enters by its patients too",
                    "A trial enters once: leave out its contrast or its patients")
        )  # fmt: skip
    baseline: dict[str, str] = {}
    for study, treatment in arms:
        baseline.setdefault(study, treatment)
    rows = [(study, name, baseline[study]) for study, name in arms] + published
    if all(name == against for _, name, against in rows):
        raise InputError(
            Problem("network", "study", ", ".join(baseline), "has one arm, so nothing is compared",
                    "Add studies of two arms, or published contrasts")
        )  # fmt: skip
    treatments = sorted({name for _, *pair in rows for name in pair})
    chosen = _references(treatments, rows, references)
    frame = pd.DataFrame(rows, columns=["study", "treatment", "against"])
    effects = columns.differences(columns.pairs_of(frame), treatments)
    deviations = columns.deviations(frame)
    return Design(treatments, chosen, frame, effects, deviations, len(arms), terms or Terms())


def _references(
    treatments: list[str], rows: list[tuple[str, str, str]], references: list[str] | None
) -> list[str]:
    chosen = references or [_most_studied(treatments, rows)]
    for island in islands_of(treatments, [(name, against) for _, name, against in rows]):
        count = len(set(island) & set(chosen))
        if count != 1:
            raise InputError(
                Problem("network", "reference", ", ".join(chosen),
                        f"the island of {', '.join(island)} has {count} references, not one",
                        "Name one reference an island; effects across islands are not defined")
            )  # fmt: skip
    unknown = set(chosen) - set(treatments)
    if unknown:
        raise InputError(
            Problem("network", "reference", ", ".join(sorted(unknown)), "is no treatment here",
                    f"Use one of {', '.join(treatments)}")
        )  # fmt: skip
    return chosen


def _most_studied(treatments: list[str], rows: list[tuple[str, str, str]]) -> str:
    """The treatment in most studies, the first in the alphabet of several."""
    studies = {name: {study for study, *pair in rows if name in pair} for name in treatments}
    return min(treatments, key=lambda name: (-len(studies[name]), name))


def islands_of(treatments: list[str], pairs: list[tuple[str, str]]) -> list[list[str]]:
    """The islands of a network: sorted lists of treatments that pairs connect."""
    graph: nx.Graph[str] = nx.Graph(pairs)
    graph.add_nodes_from(treatments)
    return sorted(sorted(island) for island in nx.connected_components(graph))
