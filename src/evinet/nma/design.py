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

SAME = 1e-8  # of sums of components
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

    @cached_property
    def classes(self) -> list[list[str]]:
        """Treatments of each class that has several here, whose effects share a mean."""
        asked = self.terms.group
        if asked is None:
            return []
        if asked.members:
            return [[name for name in self.network.treatments if name in asked.members]]
        found: dict[str, list[str]] = {}
        for name in self.network.treatments:
            if name in self.network.classes:
                found.setdefault(self.network.classes[name], []).append(name)
        return [own for own in found.values() if len(own) > 1]

    @property
    def group(self) -> list[str]:
        """Members of the classes that are in the network."""
        return [name for own in self.classes for name in own]

    @cached_property
    def exchangeable(self) -> list[list[int]]:
        """Numbers of the coefficients that share a mean: effects of a class, or interactions."""
        sets = [[f"d[{name}]" for name in own] for own in self.classes]
        if self.terms.interactions == "exchangeable":
            sets += [self.slopes_of(name) for name in self.covariates]
            sets += [[f"beta[{name}: {group}]" for group in self.groups.values()]
                     for name in self._patients_terms]  # fmt: skip
        return [[self.names.index(name) for name in own] for own in sets]

    @cached_property
    def islands(self) -> dict[str, int]:
        """Treatment -> island, after the bridge: the lowest number of the islands that it joins."""
        apart = self.network.islands
        lowest = {
            name: min(apart[each] for each in own)
            for own in nx.connected_components(self.graph()) for name in own
        }  # fmt: skip
        return {name: lowest[name] for name in apart}

    @cached_property
    def composition(self) -> tuple[np.ndarray, list[str]]:
        """How often each component is in each treatment, and their names; none without them."""
        of = self.terms.components
        if of is None:
            return np.zeros((len(self.network.treatments), 0)), []
        return of.composition(self.network.treatments)

    @cached_property
    def components(self) -> np.ndarray:
        """What components add to the effect of each treatment but the references, (basic, parts).

        Against the reference of its island; a component of all of them adds to none.
        """
        treatments = self.network.treatments
        first = {self.islands[name]: name for name in self.references}
        pairs = [(name, first[self.islands[name]]) for name in self.basic]
        return columns.differences(pairs, treatments) @ self.composition[0]

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

    @property
    def _patients_terms(self) -> list[str]:
        """Names of the columns of patients' covariates."""
        return [] if self.network.regression is None else self.network.regression.terms

    @cached_property
    def mixing(self) -> tuple[np.ndarray, np.ndarray]:
        """How coefficients follow from independent ones: b = B c + sigma S u.

        B, shape (coefficients, c), has a mean in place of the coefficients that share it, and
        components in place of the effects that they make up; S, shape (coefficients, members),
        places of what is exchangeable, of patients' covariates over their standard deviations.
        """
        size = len(self.names)
        mine = [number for own in self.exchangeable for number in own]
        unit = self.steps if self._patients_terms else {}
        spread, others = np.eye(size), list(mine)
        spread /= np.array([unit.get(name, 1.0) for name in self.names])
        spread = spread[:, mine]
        made = [np.eye(size)[:, own].sum(axis=1) for own in self.exchangeable]
        if self.terms.components is not None:
            effects = [self.names.index(f"d[{name}]") for name in self.basic]
            others += effects
            made += [np.eye(size)[:, effects] @ own for own in self.components.T if own.any()]
        return np.column_stack([np.delete(np.eye(size), others, axis=1), *made]), spread

    @cached_property
    def groups(self) -> dict[str, str]:
        """Treatment but the references -> whose interactions with patients' covariates it has."""
        regression = self.network.regression
        if regression is None:
            return {}
        return columns.groups(self.network.treatments, self.references, self.terms.interactions,
                              regression.classes, self.network.file)  # fmt: skip

    @cached_property
    def covariates(self) -> dict[str, dict[tuple[str, str], float]]:
        """Covariate -> arm -> its value; of one in words, one of 0 and 1 for each other value."""
        found: dict[str, dict[tuple[str, str], float]] = {}
        for name in self.terms.covariates:
            found |= self.network.covariate_columns(name)
        return found

    @cached_property
    def centres(self) -> dict[str, float]:
        """Means of the covariates over the studies that compare; 0 of those made of words."""
        compared = list(self.rows.iloc[self.free]["study"].unique())
        found = {}
        for name, values in self.covariates.items():
            of_study = pd.Series(values).groupby(level=0).mean()
            found[name] = float(of_study[compared].mean()) if name in self.terms.covariates else 0.0
        return found

    @cached_property
    def steps(self) -> dict[str, float]:
        """Coefficient of a covariate -> the covariate's standard deviation.

        Of patients' covariates over patients and published arms, else over the arms of the studies
        that compare; of a covariate in words that of each 0 and 1. 1 where it is 0.
        """
        regression = self.network.regression
        if regression is not None:
            every = ["", *(f": {group}" for group in dict.fromkeys(self.groups.values()))]
            return {f"beta[{name}{of}]": float(sd) or 1.0 for of in every
                    for name, sd in zip(regression.terms, regression.sd, strict=True)}  # fmt: skip
        compared = set(self.rows.iloc[self.free]["study"])
        found: dict[str, float] = {}
        for name, values in self.covariates.items():
            sd = float(np.std([x for (study, _), x in values.items() if study in compared])) or 1.0
            found |= dict.fromkeys([*self.slopes_of(name), f"beta[{name}]"], sd)
        return found

    @cached_property
    def sharing(self) -> tuple[np.ndarray, list[str]]:
        """Which treatments share a covariate's coefficient (see `evinet.nma.terms.sharing`)."""
        by_class = self.terms.interactions == "class"
        classes = self.network.classes if by_class else {}
        return columns.sharing(self.basic, self.terms.interactions, classes, self.references[0])

    def slopes_of(self, covariate: str) -> list[str]:
        """Names of a covariate's coefficients, in the order of `sharing`."""
        several = len(self.covariates) > 1 or covariate not in self.terms.covariates
        shown = covariate if several else ""
        return [columns.slope_name(label, shown) for label in self.sharing[1]]

    def interactions(self, rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """Columns of the centred covariates in any rows (NICE TSD 3), and their names.

        What a covariate adds to an arm's effect; where the arms of a study differ in it also what
        it does to the outcome on any treatment, beta[its name].
        """
        if not self.covariates:
            return np.zeros((len(rows), 0)), []
        found, names = [], []
        size = len(self.network.treatments)
        kept = [self.network.treatments.index(name) for name in self.basic]
        acting = np.zeros((size, self.sharing[0].shape[1]))
        acting[kept] = self.sharing[0]
        place = {name: number for number, name in enumerate(self.network.treatments)}
        ends = [(rows[end].map(place).to_numpy(int),
                 list(zip(rows["study"], rows[end], strict=True)))
                for end in ("treatment", "against")]  # fmt: skip
        for name, values in self.covariates.items():
            own, other = (
                (acting[numbers], np.array([_value(values, arm) for arm in arms]))
                for numbers, arms in ends
            )
            centre = self.centres[name]
            found.append(own[0] * (own[1] - centre)[:, None]
                         - other[0] * (other[1] - centre)[:, None])  # fmt: skip
            names += self.slopes_of(name)
            if self._of_arms(name):
                found.append((own[1] - other[1])[:, None])
                names.append(f"beta[{name}]")
        return np.hstack(found), names

    def _of_arms(self, covariate: str) -> bool:
        """Whether arms of a study differ in a covariate."""
        return bool((pd.Series(self.covariates[covariate]).groupby(level=0).nunique() > 1).any())

    def graph(self, rows: np.ndarray | None = None, bridge: bool = True) -> nx.Graph[str]:
        """The treatments, joined by rows (all, or those of these numbers) and by the bridge."""
        chosen = self.rows if rows is None else self.rows.iloc[rows]
        return self.joined(columns.pairs_of(chosen), bridge)

    def joined(self, pairs: list[tuple[str, str]], bridge: bool = True) -> nx.Graph[str]:
        """The treatments, joined where these pairs tell of their effects, or the bridge does.

        Components join two treatments if the difference of their components is a sum of those
        differences that the pairs tell.
        """
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.network.treatments)
        graph.add_edges_from(pairs)
        for own in self.classes if bridge else ():
            nx.add_path(graph, own)
        if bridge and self.terms.components is not None:
            parts = self.composition[0]
            told = columns.differences(pairs, self.network.treatments) @ parts
            left = parts - parts @ np.linalg.pinv(told) @ told
            for number, name in enumerate(self.network.treatments):
                same = np.abs(left - left[number]).max(axis=1, initial=0.0) < SAME
                nx.add_star(graph, [name, *np.array(self.network.treatments)[same].tolist()])
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
    if terms.components is not None and (terms.unrelated or terms.split is not None):
        raise _refused("(options)", "components", terms.components.separator,
                       "make effects consistent: neither unrelated nor split",
                       "Leave the one or the other out")  # fmt: skip
    if terms.unrelated:
        effects, names = columns.unrelated(rows, network.treatments)
    else:
        effects, names = _consistent(rows, network.treatments, empty.basic)
    if terms.split is not None:
        effects = np.column_stack([effects, columns.omega(rows, terms.split)])
        names.append(OMEGA)
    _check_interactions(empty)
    more, added = empty.interactions(rows)
    effects, names = np.hstack([effects, more]), names + added
    slopes = np.zeros((len(rows), 0, len(names)))
    if network.regression is not None:
        of = network.regression
        own, added = columns.slopes(list(rows["treatment"]), of.terms, empty.groups)
        slopes = np.concatenate([np.zeros((*own.shape[:2], len(names))), own], axis=2)
        effects, names = np.pad(effects, ((0, 0), (0, len(added)))), names + added
    return Design(network, terms, names, effects, columns.deviations(rows), slopes)


def _value(values: dict[tuple[str, str], float], arm: tuple[str, str]) -> float:
    """A covariate in an arm; of a treatment that the study has not, the study's mean."""
    if arm in values:
        return values[arm]
    return float(np.mean([value for known, value in values.items() if known[0] == arm[0]]))


def _check_interactions(design: Design) -> None:
    asked, file = design.terms, design.network.file
    patients = design.network.regression is not None
    if not asked.covariates and asked.interactions != "shared" and not patients:
        raise _refused("(options)", "interactions", asked.interactions, "needs a covariate",
                       "Name a covariate")  # fmt: skip
    if not asked.covariates and asked.slope_sigma is None and asked.interactions != "exchangeable":
        return
    if (asked.interactions == "exchangeable") != (asked.slope_sigma is not None):
        raise _refused("(options)", "interactions", asked.interactions, "and the spread of "
                       "exchangeable coefficients go together",
                       "Give interactions exchangeable and the spread")  # fmt: skip
    if asked.interactions == "exchangeable" and (
        len(design.covariates) > 1 or asked.group or len(design.basic) < 2
    ):
        of = "patients' covariates" if patients else "one covariate in numbers"
        raise _refused("(options)", "interactions", "exchangeable", f"is of {of} and two or more "
                       "treatments beside the reference, and not together with classes: one "
                       "spread is estimated", "Use separate or shared interactions")  # fmt: skip
    if not asked.covariates:
        return
    if asked.interactions == "class":
        if len(design.references) > 1:
            raise _refused(file, "reference", ", ".join(design.references), "are several "
                           "references, so that classes have no common one",
                           "Analyse islands apart")  # fmt: skip
        columns.all_have_classes(design.basic, design.network.classes, file)
    if design.network.people is not None and any(map(design._of_arms, design.covariates)):
        raise _refused(file, "covariate", ", ".join(asked.covariates), "differs between arms of a "
                       "study of patients", "Write one value in all rows of a study")  # fmt: skip


def _check_class(design: Design) -> None:
    asked = design.terms.group
    if asked is None:
        return
    file, shown = design.network.file, ", ".join(asked.members) or "(column class)"
    inside = sorted(set(design.group) & set(design.references))
    if design.terms.components is not None:
        raise _refused(file, "class", shown, "and components are two bridges",
                       "Ask for the one or the other")  # fmt: skip
    if not design.classes or min(map(len, design.classes)) < 2:
        raise _refused(file, "class", shown,
                       "fewer than two members of the class are in the network",
                       "Leave the class out of this model")  # fmt: skip
    if design.terms.unrelated:
        raise _refused(file, "class", shown, "unrelated effects have no class",
                       "Ask for one of the two")  # fmt: skip
    if inside:
        raise _refused(file, "reference", ", ".join(inside), "is a member of a class, which needs "
                       "a reference outside it", "Name a reference of the joined island that is "
                       "not in the class first")  # fmt: skip


def _refused(file: str, field: str, value: str, message: str, remedy: str) -> InputError:
    return InputError(Problem(file, field, value, message, remedy))


def _consistent(
    rows: pd.DataFrame, treatments: list[str], basic: list[str]
) -> tuple[np.ndarray, list[str]]:
    effects = columns.differences(columns.pairs_of(rows), treatments)
    kept = [number for number, name in enumerate(treatments) if name in basic]
    return effects[:, kept], [f"d[{treatments[number]}]" for number in kept]
