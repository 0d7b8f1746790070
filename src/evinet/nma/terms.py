"""What shapes effects beside consistency: unrelated effects, a split pair, covariates, a class.

`rows` are those of `evinet.nma.network.Network`: study, treatment and against, the study's
baseline. A column holds what its coefficient adds to each row's effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import networkx as nx
import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evinet.errors import InputError, Problem
from evinet.nma.data import frames
from evinet.nma.priors import Prior

Interactions = Literal["shared", "class", "separate", "exchangeable"]
At = float | Mapping[str, float | str]


@dataclass(frozen=True)
class ClassEffect:
    """Members of a class are exchangeable around a class mean (Dias et al., NICE TSD 3, section 5).

    Attributes
    ----------
    members
        Treatments of the class; none: each class of the tables' column class has its own mean.
    sigma
        Standard deviation of the members around the mean: known, or its prior.
    """

    members: tuple[str, ...]
    sigma: float | Prior


@dataclass(frozen=True)
class Components:
    """Effects of combinations are sums of those of their components (Welton et al. 2009).

    Additive component network meta-analysis (Am J Epidemiol 169:1158; Rücker et al. 2020, Biom J
    62:808). It also joins islands that have components in common.

    Attributes
    ----------
    separator
        What stands between the components in a treatment's name, and in that of an interaction.
    inactive
        A component without an effect, such as placebo; None: every component has one.
    interactions
        Pairs of components, joined by the separator, that together do more or less than their sum.
    made_of
        Treatment -> its components, in place of the separator in its name; a treatment that is not
        there is one component, itself. None: names tell.

    Examples
    --------
    >>> matrix, names = Components(inactive="placebo", interactions=("A+B",)).composition(
    ...     ["placebo", "A", "A + B", "B+C"])
    >>> names
    ['A', 'B', 'C', 'A * B']
    >>> matrix.astype(int).tolist()
    [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1], [0, 1, 1, 0]]
    >>> Components(made_of={"both": ("A", "B")}).composition(["A", "both"])[0].tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """

    separator: str = "+"
    inactive: str | None = None
    interactions: tuple[str, ...] = ()
    made_of: Mapping[str, Sequence[str]] | None = None

    def of(self, treatment: str) -> list[str]:
        """The components of a treatment."""
        if self.made_of is None:
            return self.split(treatment)
        return list(self.made_of.get(treatment, [treatment]))

    def split(self, name: str) -> list[str]:
        """What the separator joins in a name."""
        return [part.strip() for part in name.split(self.separator)]

    def composition(self, treatments: list[str]) -> tuple[np.ndarray, list[str]]:
        """How often each component is in each treatment, and the components' names.

        Raises
        ------
        InputError
            The separator, the inactive component or a pair of an interaction is in no treatment, a
            component has no name or is written in two ways, or so is a combination.
        """
        if self.made_of is not None and not set(self.made_of) & set(treatments):
            raise InputError(
                Problem("(options)", "made_of", ", ".join(self.made_of), "are no treatments here, "
                        "so that none has components", f"Use some of {', '.join(treatments)}")
            )  # fmt: skip
        if self.made_of is None and not (
            self.separator and any(self.separator in name for name in treatments)
        ):
            raise InputError(
                Problem("(options)", "separator", self.separator or "(empty)", "is in no name of a "
                        "treatment, so that none has components",
                        f"Write what joins components in {', '.join(treatments)}")
            )  # fmt: skip
        parts = [self.of(name) for name in treatments]
        self._written_in_one_way(treatments, parts)
        every = list(dict.fromkeys(part for own in parts for part in own))
        if self.inactive is not None and self.inactive not in every:
            raise InputError(
                Problem("(options)", "inactive", self.inactive, "is no component here",
                        f"Use one of {', '.join(every)}")
            )  # fmt: skip
        names = [part for part in every if part != self.inactive]
        columns = [[own.count(part) for own in parts] for part in names]
        for pair in self.interactions:
            both = set(self.split(pair))
            column = [int(both <= set(own)) for own in parts]
            if len(both) != 2 or self.inactive in both or not any(column):
                raise InputError(
                    Problem("(options)", "component_interactions", pair, "is no pair of active "
                            "components of a treatment here", f"Write two of {', '.join(names)}, "
                            f"such as {names[0]}{self.separator}{names[-1]}")
                )  # fmt: skip
            names.append(" * ".join(self.split(pair)))
            columns.append(column)
        return np.array(columns, float).T.reshape(len(treatments), len(names)), names

    @staticmethod
    def _written_in_one_way(treatments: list[str], parts: list[list[str]]) -> None:
        """Refuse components without a name, and names of one thing in two ways."""
        orders: dict[tuple[str, ...], list[str]] = {}
        for name, own in zip(treatments, parts, strict=True):
            orders.setdefault(tuple(sorted(own)), []).append(name)
        every = sorted({part for own in parts for part in own})
        problems = [
            Problem("(options)", "separator", name, "has a component without a name",
                    "Correct the treatment's name")
            for name, own in zip(treatments, parts, strict=True) if "" in own
        ]  # fmt: skip
        problems += frames.two_spellings(every, "(options)", "separator", "components", "component")
        problems += [
            Problem("(options)", "separator", ", ".join(names), "are the same components in "
                    "another order", "Write each combination in one way")
            for names in orders.values() if len(names) > 1
        ]  # fmt: skip
        if problems:
            raise InputError(problems)


@dataclass(frozen=True)
class Terms:
    """What a model has beside consistent effects.

    Attributes
    ----------
    unrelated
        An effect of its own for every compared pair (NICE TSD 4, section 3).
    split
        A pair (A, B) whose direct and indirect effects are taken apart by a coefficient ``omega``.
    covariate, interactions, at
        A covariate of studies or arms, or several; one coefficient of each for all treatments, for
        each class of treatments (the column class) or for each treatment, these unrelated or
        exchangeable; and the value (several: by name) for which effects are reported; None: the
        mean, of a covariate in words its commonest one.
    slope_sigma
        Standard deviation of exchangeable coefficients around their mean: known, or its prior.
    baseline_risk
        Effects depend on the study's outcome on the reference.
    group
        A class of treatments.
    components
        Treatments are combinations whose components' effects add up.
    """

    unrelated: bool = False
    split: tuple[str, str] | None = None
    covariate: str | tuple[str, ...] | None = None
    interactions: Interactions = "shared"
    at: At | None = None
    baseline_risk: bool = False
    group: ClassEffect | None = None
    slope_sigma: float | Prior | None = None
    components: Components | None = None

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates, none or one or several."""
        if self.covariate is None:
            return ()
        return (self.covariate,) if isinstance(self.covariate, str) else tuple(self.covariate)


def differences(pairs: list[tuple[str, str]], treatments: list[str]) -> np.ndarray:
    """The first treatment of each pair less the second, shape (pairs, treatments)."""
    found = np.zeros((len(pairs), len(treatments)))
    for row, (name, against) in enumerate(pairs):
        found[row, treatments.index(name)] += 1
        found[row, treatments.index(against)] -= 1
    return found


def deviations(rows: pd.DataFrame) -> np.ndarray:
    """From independent standard normals to the rows' deviations; none for a baseline arm.

    Those of one study, whose rows stand together, have correlation 1/2.
    """
    free = (rows["treatment"] != rows["against"]).to_numpy()
    sizes = rows[free].groupby("study", sort=False).size()
    mapped = np.zeros((len(rows), int(free.sum())))
    if free.any():
        roots = [np.linalg.cholesky((np.eye(size) + 1) / 2) for size in sizes]
        mapped[free] = block_diag(*roots)
    return mapped


def pairs_of(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Treatment of each row, and what it is against."""
    return list(zip(rows["treatment"], rows["against"], strict=True))


def unrelated(rows: pd.DataFrame, treatments: list[str]) -> tuple[np.ndarray, list[str]]:
    """A mean effect of its own for every compared pair: columns, and their names, d[B vs A].

    B comes after A in `treatments`, whichever of them a study has for its baseline.
    """
    place = {name: number for number, name in enumerate(treatments)}
    pairs = pairs_of(rows)
    known = dict.fromkeys(
        tuple(sorted(pair, key=place.__getitem__)) for pair in pairs if pair[0] != pair[1]
    )
    columns = np.zeros((len(rows), len(known)))
    for row, (treatment, against) in enumerate(pairs):
        for column, pair in enumerate(known):
            if {treatment, against} == set(pair):
                columns[row, column] = 1.0 if pair == (against, treatment) else -1.0
    return columns, [f"d[{second} vs {first}]" for first, second in known]


def omega(rows: pd.DataFrame, split: tuple[str, str]) -> np.ndarray:
    """Direct less indirect effect of B against A, in the studies that have both.

    Dias et al. 2010, Stat Med 29:932: 1 for B, -1 where B is the baseline.
    """
    first, second = split
    column = np.zeros(len(rows))
    for _, mine in rows.reset_index(drop=True).groupby("study", sort=False):
        treatments = set(mine["treatment"]) | set(mine["against"])
        if {first, second} <= treatments:
            is_second = (mine["treatment"] == second).to_numpy(float)
            column[mine.index] = is_second - (mine["against"] == second).to_numpy(float)
    return column


def splits(
    rows: pd.DataFrame, treatments: list[str], file: str, classes: Sequence[list[str]] = ()
) -> list[tuple[str, str]]:
    """Pairs with direct and indirect evidence; `file` is named where there is none.

    Indirect evidence is a path between the pair in the studies that do not compare it (van
    Valkenhoef et al. 2016, Res Synth Methods 7:80, leaves studies that do out of the path too), or
    by way of one of the `classes`.

    Raises
    ------
    InputError
        There is no such pair.
    """
    arms = {study: set(mine["treatment"]) | set(mine["against"])
            for study, mine in rows.groupby("study", sort=False)}  # fmt: skip
    found = []
    for first, second in combinations(treatments, 2):
        if not any({first, second} <= members for members in arms.values()):
            continue
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(treatments)
        for own in classes:
            nx.add_path(graph, own)
        for members in arms.values():
            if not {first, second} <= members:
                nx.add_star(graph, list(members))
        if nx.has_path(graph, first, second):
            found.append((first, second))
    if not found:
        raise InputError(
            Problem(file, "--model", "node-split", "no pair of treatments has both direct and "
                    "indirect evidence", "Use the consistency model")
        )  # fmt: skip
    return found


def groups(
    treatments: list[str], references: list[str], interactions: Interactions,
    classes: Mapping[str, str], file: str,
) -> dict[str, str]:  # fmt: skip
    """Treatment but the references -> whose interactions with patients' covariates it has.

    Raises
    ------
    InputError
        Interactions are those of classes, and a treatment has none.
    """
    others = [name for name in treatments if name not in references]
    if interactions in ("separate", "exchangeable"):
        return {name: name for name in others}
    if interactions != "class":
        return dict.fromkeys(others, "all")
    all_have_classes(others, classes, file)
    return {name: classes[name] for name in others}


def all_have_classes(treatments: list[str], classes: Mapping[str, str], file: str) -> None:
    """Refuse interactions of classes where a treatment has none.

    Raises
    ------
    InputError
        They are named.
    """
    lacking = [name for name in treatments if not classes.get(name)]
    if lacking:
        raise InputError(
            Problem(file, "class", ", ".join(lacking), "has no class, and interactions are those "
                    "of classes", "Write a column class, or name it by --columns theirs=class")
        )  # fmt: skip


def slopes(
    treatments: list[str], names: list[str], groups: Mapping[str, str]
) -> tuple[np.ndarray, list[str]]:
    """What coefficients add to the slope of each covariate in arms on these treatments.

    Returns
    -------
    slopes
        Shape (arms, covariates, coefficients).
    names
        Of the coefficients: beta[age] of the outcome on the reference, beta[age: group] of effects.
    """
    every = list(dict.fromkeys(groups.values()))
    size = len(names)
    found = np.zeros((len(treatments), size, size * (1 + len(every))))
    own = np.eye(size)
    for row, treatment in enumerate(treatments):
        found[row, :, :size] = own
        if treatment in groups:
            start = size * (1 + every.index(groups[treatment]))
            found[row, :, start : start + size] = own
    return found, [*(f"beta[{name}]" for name in names),
                   *(f"beta[{name}: {group}]" for group in every for name in names)]  # fmt: skip


def sharing(
    names: list[str], interactions: Interactions, classes: Mapping[str, str], reference: str
) -> tuple[np.ndarray, list[str]]:
    """Which treatments share a coefficient of a covariate: shape (treatments, labels), labels.

    `names` are those of the treatments but the references. By class, treatments of the reference's
    own class have none (Cooper et al. 2009, Stat Med 28:1861, model 4b).

    Examples
    --------
    >>> sharing(["B", "C", "D"], "class", {"A": "old", "B": "old", "C": "new", "D": "new"}, "A")
    (array([[0.],
           [1.],
           [1.]]), ['new'])
    """
    if interactions == "shared":
        return np.ones((len(names), 1)), ["all"]
    if interactions != "class":
        return np.eye(len(names)), names
    own = classes.get(reference)
    labels = list(dict.fromkeys(classes[name] for name in names if classes[name] != own))
    found = [[float(classes[name] == label) for label in labels] for name in names]
    return np.array(found).reshape(len(names), len(labels)), labels


def slope_name(label: str, covariate: str) -> str:
    """The name of a coefficient of effects: of whom, and of which of several covariates.

    Examples
    --------
    >>> slope_name("all", ""), slope_name("B", ""), slope_name("B", "age")
    ('beta', 'beta[B]', 'beta[age: B]')
    """
    if covariate:
        return f"beta[{covariate}: {label}]"
    return "beta" if label == "all" else f"beta[{label}]"
