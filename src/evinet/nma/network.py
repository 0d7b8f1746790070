"""Studies by arms, by contrasts and by patients, and the network that they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import arms as arm_data
from evinet.nma.data import causes as cause_data
from evinet.nma.data import contrasts as contrast_data
from evinet.nma.data import covariates, frames, layouts
from evinet.nma.data import patients as patient_data
from evinet.nma.data.categories import CategoryCounts
from evinet.nma.data.contrasts import EMPTY, Contrasts
from evinet.nma.data.layouts import Kind, Reading, Understood
from evinet.nma.data.patients import Patients
from evinet.nma.data.vocabulary import CLASSES
from evinet.nma.islands import check_islands, islands_of

if TYPE_CHECKING:
    from evinet.nma.population.regression import Regression
    from evinet.nma.posterior import Fit


@dataclass(frozen=True, eq=False)
class Network:
    """Studies and the treatments that they compare.

    Make one with `from_arms`, `from_contrasts` or `from_patients`, add studies known in another way
    with `add_contrasts`, and fit models with `fit`.

    Attributes
    ----------
    arms
        One row for each arm of the studies by arms: study, treatment, the columns of their
        outcomes, and whatever other columns were given.
    contrasts
        Studies by published contrasts.
    people
        One row for each patient of the studies by patients: study, treatment, time, event, entry,
        draw and latest.
    asked
        The references that were asked for; empty: the treatment in most studies.
    tables
        The tables as given, where covariates are looked up.
    measure
        What effects of contrasts are (see `evinet.nma.data.vocabulary.SCALES`); None: not told.
    readings
        How each table was understood: what fit.json keeps of it.
    regression
        The covariates of patients and of published arms (see `evinet.nma.population.regression`).
    categories
        Ordered categories of the arms' outcome, from the worst to the best.
    weights
        Study -> how much of its information counts, below 1; studies that are not there count in
        full (see `weighted`).
    cause, causes
        Of competing events of patients: the one whose effects these are, patients being censored at
        the others, and all that their tables tell; else None, and no matter.

    Examples
    --------
    >>> import pandas as pd
    >>> network = Network.from_arms(pd.DataFrame({
    ...     "study": ["S1", "S1", "S2", "S2"], "treatment": ["A", "B", "A", "C"],
    ...     "r": [3, 5, 2, 6], "n": [50, 52, 40, 41],
    ... }), reference="A")
    >>> network.treatments, network.studies
    (['A', 'B', 'C'], ['S1', 'S2'])
    """

    arms: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"study": [], "treatment": []}))
    contrasts: Contrasts = EMPTY
    people: pd.DataFrame | None = None
    asked: tuple[str, ...] = ()
    tables: tuple[pd.DataFrame, ...] = ()
    measure: str | None = None
    readings: tuple[dict[str, Any], ...] = ()
    regression: Regression | None = None
    categories: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    cause: str | None = None
    causes: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        *sources: pd.DataFrame | Path | str,
        reference: str | list[str] | None = None,
        columns: Mapping[str, str] | None = None,
        level: float = 95.0,
        measure: str | None = None,
        drop_incomplete: bool = False,
        kind: Kind | None = None,
        categories: Sequence[str] = (),
        category_counts: CategoryCounts | None = None,
        named: Sequence[str] | None = None,
        cause: str | None = None,
        causes: Sequence[str] = (),
    ) -> Network:
        """A network of whatever the tables hold: arms, effects, or both.

        Parameters
        ----------
        sources
            Files or data frames, in any layout of `docs/data.md`.
        reference
            The reference treatment, or one of each island; by default that in most studies.
        columns
            Columns of other names, and what they are: ``{"dead": "r", "randomised": "n"}``.
        level
            Of intervals in the tables, in percent.
        measure
            What effects are. Of counts: OR, RR or RD; of means: MD, SMD or ROM; of effects in the
            tables, where no column tells, also HR, IRR or ratio.
        drop_incomplete
            Leave out rows without an outcome; `readings` names them.
        kind
            arms or effects; by default as the columns tell.
        categories
            Columns of counts in ordered categories, from the worst to the best; a cell is empty
            where a study does not report one. Patients of none of them are those left of n.
        category_counts
            exclusive (counts of each category alone) or inclusive (of it or a better one); by
            default what the counts allow, if they allow one alone.
        named
            Columns that you use by their name later, such as weights of studies: `readings` then
            name the others that nothing reads.
        cause, causes
            Of counts of competing events, the column of this cause's, and those of all: its rate in
            the person-time, of patients who have had none of the events.

        Raises
        ------
        InputError
            Whatever is wrong with a table, or tables that do not go together.

        Examples
        --------
        >>> import pandas as pd
        >>> network = Network.read(pd.DataFrame({
        ...     "studlab": ["S1", "S2"], "treat1": ["B", "C"], "treat2": ["A", "A"],
        ...     "hr": [0.7, 0.9], "lower": [0.5, 0.7], "upper": [0.98, 1.16],
        ... }))
        >>> network.treatments, network.measure
        (['A', 'B', 'C'], 'HR')
        """
        every = tuple(dict.fromkeys([*causes, *([] if cause is None else [cause])]))
        reading = layouts.Reading(
            {**(columns or {}), **({} if cause is None else {cause: "r"})}, level, measure,
            drop_incomplete, kind, tuple(categories), category_counts,
            (*(named or ()), *every) if every or named is not None else None,
        )  # fmt: skip
        found = cls(asked=_listed(reference), cause=cause, causes=every)
        for source in sources:
            frame = source if isinstance(source, pd.DataFrame) else usertable.read(source)
            found = found._with(layouts.read(frame, reading), len(sources) > 1)
        if categories and not found.categories:
            raise InputError(
                Problem(found.file, "categories", ", ".join(categories), "are columns of no table",
                        "Leave them out: the tables hold effects, not arms")
            )  # fmt: skip
        return found._checked()

    @classmethod
    def from_arms(cls, frame: pd.DataFrame, reference: str | list[str] | None = None) -> Network:
        """A network of studies by their arms.

        Parameters
        ----------
        frame
            One row for each arm: study, treatment and r, n (events of patients), y, se (a mean or
            another estimate with its standard error) or r, e (events in an exposure). Studies
            without these but with diff, se enter by contrasts. Treatments may repeat in a study.
        reference
            The reference treatment, or one of each island; by default that in most studies.

        Raises
        ------
        InputError
            Whatever is wrong with the table.
        """
        return cls.read(frame, reference=reference, kind="arms")

    @classmethod
    def from_contrasts(
        cls, frame: pd.DataFrame, reference: str | list[str] | None = None
    ) -> Network:
        """A network of studies by their contrasts: relative effects and standard errors.

        The table has one row for each arm, or for each contrast: see
        `evinet.nma.data.contrasts.read`.

        Raises
        ------
        InputError
            Whatever is wrong with the table.

        Examples
        --------
        >>> import pandas as pd
        >>> Network.from_contrasts(pd.DataFrame({
        ...     "study": ["S1", "S2"], "treatment": ["B", "C"], "comparator": ["A", "A"],
        ...     "diff": [-0.4, -0.1], "se": [0.2, 0.2],
        ... })).treatments
        ['A', 'B', 'C']
        """
        return cls.read(frame, reference=reference, kind="effects")

    @classmethod
    def from_patients(
        cls,
        frame: pd.DataFrame,
        reference: str | list[str] | None = None,
        cause: str | None = None,
    ) -> Network:
        """A network of survival studies by their patients, real or reconstructed.

        Parameters
        ----------
        frame
            One row for each patient: study, treatment, time, event (1 or 0), or two times between
            which the event happened (see `evinet.nma.data.patients.read`); if patients came under
            observation after time 0, entry, when they did; and, if there are several
            reconstructions, draw.
        reference
            The reference treatment, or one of each island; by default that in most studies.
        cause
            Of several causes in the column event, the one whose cause-specific hazards these are:
            patients are censored at the others. See `evinet.nma.answers.incidence`.

        Raises
        ------
        InputError
            Whatever is wrong with the table.
        """
        return cls(asked=_listed(reference), cause=cause).add_patients(frame)

    def add_patients(self, frame: pd.DataFrame) -> Network:
        """This network with more studies, by their patients (see `from_patients`).

        Raises
        ------
        InputError
            Whatever is wrong with the table, or a study is in the network already.
        """
        causes = self.causes
        if self.cause is not None:
            causes = tuple(sorted({*causes, *cause_data.known(frame)}))
            cause_data.one_spelling(causes, str(frame.attrs.get("file", frames.FRAME)))
            frame = cause_data.alone(frame, self.cause)
        people = patient_data.read(frame)
        table = frames.prepared(frame, (), patient_data.OPTIONAL)
        self._only_once(str(table.attrs["file"]), set(people["study"]))
        known = () if self.people is None else (self.people,)
        both = pd.concat([*known, people], ignore_index=True)
        return replace(
            self, people=both, tables=(*self.tables, table), causes=causes,
            readings=(*self.readings, layouts.patients_record(table, people)),
        )._checked()  # fmt: skip

    def add_contrasts(self, frame: pd.DataFrame, reading: Reading | None = None) -> Network:
        """This network with more studies, by their contrasts.

        Raises
        ------
        InputError
            Whatever is wrong with the table, or a study is in the network already.
        """
        reading = reading or layouts.Reading(kind="effects")
        return self._with(layouts.read(frame, reading), True)._checked()

    def _with(self, found: Understood, several: bool) -> Network:
        """This network and the studies of a table."""
        arms, effects = self.arms.iloc[:0], found.table
        if found.kind == "arms":
            arms, effects = arm_data.read(found.table)
            if len(effects):
                effects = layouts.read(effects, layouts.Reading(kind="effects")).table
        more = contrast_data.read(effects) if len(effects) else EMPTY
        file = str(found.table.attrs["file"])
        self._only_once(file, {study for study, _, _ in more.rows} | set(arms["study"]))
        if self.measure and found.measure and self.measure != found.measure:
            raise InputError(
                Problem(file, "measure", found.measure,
                        f"is not the measure of the other table, {self.measure}",
                        "Give all effects on one scale")
            )  # fmt: skip
        both = Contrasts(
            [*self.contrasts.rows, *more.rows],
            np.concatenate([self.contrasts.y, more.y]),
            _blocks(self.contrasts.covariance, more.covariance),
        )
        if len(arms) and several:
            arms = arms.assign(**{frames.FILE: file})
        together = arms if not len(self.arms) else pd.concat([self.arms, arms])
        files = [str(table.attrs["file"]) for table in (*self.tables, found.table)]
        together.attrs = dict(arms.attrs) | {"file": ", ".join(files)}
        return replace(
            self, arms=together if len(arms) else self.arms, contrasts=both,
            tables=(*self.tables, found.table), measure=self.measure or found.measure,
            readings=(*self.readings, found.record),
            categories=self.categories or tuple(found.table.attrs.get("categories", ())),
        )  # fmt: skip

    def _only_once(self, file: str, studies: set[str]) -> None:
        """Refuse studies of a table that are in the network already."""
        twice = sorted(studies & set(self.studies))
        if twice:
            raise InputError(
                Problem(file, "study", ", ".join(twice),
                        "is already in the network: a study can enter only once",
                        "Leave out its contrasts, or its other rows")
            )  # fmt: skip

    def without(self, studies: Collection[str]) -> Network:
        """This network without some studies by arms or by patients."""
        arms, people = (
            None if frame is None else frame[~frame["study"].isin(studies)]
            for frame in (self.arms, self.people)
        )
        assert arms is not None
        arms.attrs = self.arms.attrs
        return replace(self, arms=arms, people=people)

    def weighted(self, weights: Mapping[str, float]) -> Network:
        """This network with studies that count less, such as those at a high risk of bias.

        The likelihood of a study is raised to the power of its weight: a power prior with a fixed
        weight (Ibrahim and Chen 2000, Stat Sci 15:46). Of normal effects that is to divide their
        variance by it, the design-adjusted synthesis of Efthimiou et al. 2017 (Stat Med 36:1210);
        counts are as if of fewer patients. Weights are a judgement; no data estimate them. They
        take the place of those that the network has.

        Raises
        ------
        InputError
            A study is unknown or enters by its patients, or a weight is not above 0 and at most 1.

        Examples
        --------
        >>> import pandas as pd
        >>> network = Network.from_contrasts(pd.DataFrame({
        ...     "study": ["S1", "S2"], "treatment": "B", "comparator": "A",
        ...     "diff": [0.0, 1.0], "se": 1.0,
        ... }), "A")
        >>> fit = network.weighted({"S2": 0.5}).fit(effects="fixed")
        >>> print(round(fit.difference("B", "A").centre, 2))
        0.33
        """
        people = set() if self.people is None else set(self.people["study"])
        problems = [
            Problem("(options)", "weights", f"{study}={weight:g}", message, remedy)
            for study, weight in weights.items()
            for wrong, message, remedy in (
                (study not in self.members, "is no study here",
                 f"Use some of {', '.join(self.studies)}"),
                (study in people, "enters by its patients, whose likelihood is not weighted",
                 "Give it by its published effect, or leave its weight out"),
                (not 0 < weight <= 1, "is no weight above 0 and at most 1",
                 "Write a share such as 0.5; leave a study out to give it none"),
            ) if wrong
        ]  # fmt: skip
        if problems:
            raise InputError(problems)
        less = {study: float(weight) for study, weight in weights.items() if weight < 1}
        root = np.sqrt([self.weights.get(study, 1.0) / less.get(study, 1.0)
                        for study, _, _ in self.contrasts.rows])  # fmt: skip
        covariance = self.contrasts.covariance * np.outer(root, root)
        return replace(self, weights=less, contrasts=replace(self.contrasts, covariance=covariance))

    def weights_in(
        self, column: str, levels: Mapping[str, float] | None = None
    ) -> dict[str, float]:
        """Study -> its weight, by a column of weights or of levels (such as of a risk of bias).

        Raises
        ------
        InputError
            The column is missing, or has several values for a study, or a level has no weight.
        """
        if not levels:
            return self.study_numbers(column)
        found: dict[str, float] = {}
        known = {name.casefold(): weight for name, weight in levels.items()}
        for (study, _), cell in covariates.told(
            self.tables, self.members, column, "arm", True
        ).items():
            weight = known.get(str(cell).casefold())
            if weight is None:
                raise InputError(
                    Problem(self.file, column, f"{study}: {cell}", "is a level without a weight",
                            f"Give it one; there are {', '.join(levels)}")
                )  # fmt: skip
            if found.setdefault(study, weight) != weight:
                raise InputError(
                    Problem(self.file, column, study, "has several levels",
                            "Write one in all rows of the study")
                )  # fmt: skip
        return found

    def fit(self, **options: Any) -> Fit:
        """Fit a model; the options are those of `evinet.nma.fit.fit`.

        Examples
        --------
        >>> import pandas as pd
        >>> network = Network.from_contrasts(pd.DataFrame({
        ...     "study": ["S1", "S2"], "treatment": ["B", "C"], "comparator": ["A", "A"],
        ...     "diff": [-0.4, -0.1], "se": [0.2, 0.2],
        ... }))
        >>> fit = network.fit(effects="fixed")
        >>> fit.league().loc[0, ["treatment", "comparator"]].tolist()
        ['A', 'B']
        >>> print(fit.league().loc[0, "mean"].round(2))
        0.4
        """
        from evinet.nma.fit import fit

        return fit(self, **options)

    def split_pairs(self, chosen: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        """Pairs (A, B) with direct and independent indirect evidence, in the order of treatments.

        All of them, or those that are `chosen`, in either order.

        Raises
        ------
        InputError
            There is no such pair, or a chosen one is none.
        """
        from evinet.nma import terms

        found = terms.splits(self.rows, self.treatments, self.file)
        if not chosen:
            return found
        asked = {frozenset(pair): " vs ".join(pair) for pair in chosen}
        lacking = [name for pair, name in asked.items() if pair not in set(map(frozenset, found))]
        if lacking:
            raise InputError(
                Problem("(options)", "splits", ", ".join(lacking), "is no pair with both direct "
                        "and independent indirect evidence",
                        f"Use some of {', '.join(' vs '.join(pair) for pair in found)}")
            )  # fmt: skip
        return [pair for pair in found if frozenset(pair) in asked]

    @property
    def file(self) -> str:
        """Where the first table came from, for messages."""
        return str(self.tables[0].attrs["file"]) if self.tables else frames.FRAME

    @cached_property
    def studies(self) -> list[str]:
        """Studies by arms, then by patients, then by contrasts."""
        people = [] if self.people is None else sorted(set(self.people["study"]))
        published = [study for study, _, _ in self.contrasts.rows]
        return list(dict.fromkeys([*self.arms["study"], *people, *published]))

    @cached_property
    def members(self) -> dict[str, set[str]]:
        """Study -> its treatments."""
        found: dict[str, set[str]] = {}
        for study, treatment in zip(self.arms["study"], self.arms["treatment"], strict=True):
            found.setdefault(study, set()).add(treatment)
        if self.people is not None:
            for study, treatment in set(
                zip(self.people["study"], self.people["treatment"], strict=True)
            ):
                found.setdefault(study, set()).add(treatment)
        for study, treatment, baseline in self.contrasts.rows:
            found.setdefault(study, set()).update((treatment, baseline))
        return found

    @cached_property
    def islands(self) -> dict[str, int]:
        """Treatment -> number of its island, in the order of the references.

        Raises
        ------
        InputError
            Nothing is compared, a reference is unknown, or an island has none, or several.
        """
        check_islands(self.members, self.references, self.asked, self.file)
        order = {name: number for number, name in enumerate(self.references, start=1)}
        return {
            name: next(order[member] for member in island if member in order)
            for island in islands_of(self.members)
            for name in island
        }

    @cached_property
    def references(self) -> list[str]:
        """The reference treatment of each island."""
        if self.asked:
            return list(self.asked)
        counts: dict[str, int] = {}
        for treatments in self.members.values():
            for name in treatments:
                counts[name] = counts.get(name, 0) + 1
        if not counts:
            return []
        return [min(counts, key=lambda name: (-counts[name], name))]

    @cached_property
    def treatments(self) -> list[str]:
        """Island by island, its reference first, the others by name."""
        return sorted(
            self.islands,
            key=lambda name: (self.islands[name], name not in self.references, name),
        )

    @cached_property
    def patients(self) -> Patients | None:
        """The patients with their arms in order, each study's baseline arm first."""
        if self.people is None:
            return None
        return patient_data.build(self.people, self.treatments)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Arms, arms of patients, contrasts: study, treatment, against (its baseline), kind, place.

        `place` numbers the row in `arms`, in the arms of `patients`, or in `contrasts`. A study's
        arms stand together, its baseline first; treatments are ordered as in `treatments`.
        """
        place = {name: number for number, name in enumerate(self.treatments)}
        first = {study: number for number, study in enumerate(dict.fromkeys(self.arms["study"]))}
        names = list(zip(self.arms["study"], self.arms["treatment"], strict=True))
        order = sorted(
            range(len(names)), key=lambda row: (first[names[row][0]], place[names[row][1]], row)
        )
        found = [(*names[row], "arm", row) for row in order]
        if self.patients is not None:
            found += [(*pair, "patients", row) for row, pair in enumerate(self.patients.arms)]
        frame = pd.DataFrame(found, columns=["study", "treatment", "kind", "place"])
        frame["against"] = frame.groupby("study", sort=False)["treatment"].transform("first")
        published = pd.DataFrame(
            [(*row, "contrast", number) for number, row in enumerate(self.contrasts.rows)],
            columns=["study", "treatment", "against", "kind", "place"],
        )
        parts = [part for part in (frame, published) if len(part)]
        columns = ["study", "treatment", "against", "kind", "place"]
        return pd.concat(parts, ignore_index=True)[columns]

    def covariate_columns(self, name: str) -> dict[str, dict[tuple[str, str], float]]:
        """A covariate in numbers, arm by arm (study and treatment).

        Itself, or where it is in words 0 and 1 for each word but the commonest.

        Raises
        ------
        InputError
            The column is missing, has a gap, tells several values of one arm, mixes numbers and
            words, or is the same everywhere.

        Examples
        --------
        >>> import pandas as pd
        >>> network = Network.read(pd.DataFrame({
        ...     "study": ["S", "S", "T", "T"], "treatment": ["A", "B"] * 2, "r": [1, 2, 3, 4],
        ...     "n": 20, "setting": ["ward", "ward", "home", "home"]}))
        >>> network.covariate_columns("setting")["setting=ward"]
        {('S', 'A'): 1.0, ('S', 'B'): 1.0, ('T', 'A'): 0.0, ('T', 'B'): 0.0}
        """
        words = covariates.in_words(self.tables, name)
        cells = self._told(name, "arm", words)
        compared = {study for study, own in self.members.items() if len(own) > 1}
        values = {cell for (study, _), cell in cells.items() if study in compared}
        if len(values) < 2:
            (value,) = values
            raise InputError(
                Problem(self.file, name, value if isinstance(value, str) else f"{value:g}",
                        "is the same in every study, so that nothing tells its coefficient",
                        "Use a covariate that differs between studies, or none")
            )  # fmt: skip
        if not words:
            return {name: {arm: float(cell) for arm, cell in cells.items()}}
        return {
            f"{name}={word}": {arm: float(own == word) for arm, own in cells.items()}
            for word in self.words(name)[1:]
        }

    def study_numbers(self, name: str) -> dict[str, float]:
        """A column that tells one number of each study, such as its year.

        Raises
        ------
        InputError
            The column is missing, or has no number, or several, for a study.
        """
        found: dict[str, float] = {}
        for (study, _), cell in covariates.told(
            self.tables, self.members, name, "arm", False
        ).items():
            if found.setdefault(study, float(cell)) != cell:
                raise InputError(
                    Problem(self.file, name, study, "has several values for this study",
                            "Write one value in all rows of the study")
                )  # fmt: skip
        return {study: found[study] for study in self.studies}

    def words(self, name: str) -> list[str]:
        """The values of a covariate in words, that of most studies first."""
        told = {
            (study, str(cell))
            for (study, _), cell in covariates.told(
                self.tables, self.members, name, "arm", True
            ).items()
        }
        counts = Counter(word for _, word in told)
        return sorted(counts, key=lambda word: (-counts[word], word))

    @cached_property
    def classes(self) -> dict[str, str]:
        """Treatment -> its class, by the column class (or trtclass, trt_class) of the tables.

        Raises
        ------
        InputError
            There is no such column, or a treatment has several classes.
        """
        names = {usertable.column(str(name)) for table in self.tables for name in table}
        known = next((each for each in CLASSES if each in names), CLASSES[0])
        told = self._told(known, "treatment", True)
        return {name: str(label) for (_, name), label in told.items()}

    def _told(
        self, name: str, owner: covariates.Owner, words: bool
    ) -> dict[tuple[str, str], float | str]:
        """See `covariates.told`."""
        return covariates.told(self.tables, self.members, name, owner, words)

    def _checked(self) -> Network:
        """The network, if every label is spelt in one way."""
        frames.spellings(self.tables)
        return self


def _listed(reference: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    if reference is None:
        return ()
    names = (reference,) if isinstance(reference, str) else reference
    return tuple(usertable.composed(name) for name in names)


def _blocks(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    size = len(first) + len(second)
    found = np.zeros((size, size))
    found[: len(first), : len(first)] = first
    found[len(first) :, len(first) :] = second
    return found
