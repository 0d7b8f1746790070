"""Tables of pairwise meta-analyses: two groups in a row, and no column that names treatments.

They are those of R's meta (event.e, n.e, event.c, n.c; mean.e, sd.e, ...), of metafor (ai, n1i, ci,
n2i; tpos, tneg, cpos, cneg; m1i, sd1i, n1i, ...; x1i, t1i, ...) and of RevMan's exports
(Experimental events, Experimental total, Control events, ...; Experimental cases, Experimental N).
Where both groups' outcomes are there the table is one row for each study of two arms, whose
treatments are called what the columns call them; an effect without its groups is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import frames, vocabulary
from evinet.nma.data.vocabulary import key

FIRST = ("experimental", "intervention", "treatment", "treated", "exp", "int", "e")
SECOND = ("control", "ctrl", "c")
CALLED = {
    "exp": "Experimental", "e": "Experimental", "int": "Intervention", "ctrl": "Control",
    "c": "Control",
}  # fmt: skip
STEMS = {
    **{spelling: ours for ours in ("r", "n", "y", "sd", "e") for spelling in vocabulary.ARMS[ours]},
    **dict.fromkeys(vocabulary.BOTH["se"], "se"), "time": "e",
}  # fmt: skip
METAFOR = (
    ("metafor", ("Treated", "Control"), {"tpos": "r1", "tneg": "+n1", "cpos": "r2", "cneg": "+n2"}),
    ("metafor", ("Group 1", "Group 2"), {"ai": "r1", "n1i": "n1", "ci": "r2", "n2i": "n2"}),
    ("metafor", ("Group 1", "Group 2"), {"ai": "r1", "bi": "+n1", "ci": "r2", "di": "+n2"}),
    ("metafor", ("Group 1", "Group 2"), {"x1i": "r1", "t1i": "e1", "x2i": "r2", "t2i": "e2"}),
    ("metafor", ("Group 1", "Group 2"), {"m1i": "mean1", "sd1i": "sd1", "n1i": "n1",
                                         "m2i": "mean2", "sd2i": "sd2", "n2i": "n2"}),
)  # fmt: skip
"""Names of metafor; +n1: with the events these are the patients."""
ALONE = {"yi": "metafor's escalc", "te": "R's meta"}
LABELS = (
    ("treat1", "treat2"), ("treatment1", "treatment2"), ("t1", "t2"), ("labele", "labelc"),
    ("labelexp", "labelcont"), ("grouplabel1", "grouplabel2"), ("treate", "treatc"),
    ("treatmente", "treatmentc"), ("trte", "trtc"),
)  # fmt: skip
"""Columns that name the treatments of the first and of the second group, as `key` has them."""
ANALYSES = ("analysisgroup", "analysisnumber", "analysisname", "comparisonnumber", "outcomenumber",
            "compno", "outcomeno", "complab", "outclab")  # fmt: skip
SUBGROUPS = ("subgroup", "subgroupnumber", "subgroupname", "groupno", "grplab")
RESULTS = {"weight", "weights", "cistart", "ciend", "weightcommon", "weightrandom", "wcommon",
           "wrandom", "yi", "vi", "sei"}  # fmt: skip
"""Columns of an export that tell what came out of it, which is not read."""
ADVICE = (
    "Say what each study compares: columns treat1 and treat2, with the same two names in every row "
    "if all studies compare the same"
)


def read(given: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A table of two groups with numbered columns (treat1, r1, n1, ...), and what to beware of.

    Any other table is given back as it is.

    Raises
    ------
    InputError
        The table holds several analyses, a study in several rows, events and means, or effects
        without what they compare.

    Examples
    --------
    >>> frame = pd.DataFrame({"study": ["S"], "event.e": [5], "n.e": [50], "event.c": [9],
    ...                       "n.c": [51]})
    >>> frame.attrs["file"] = "groups.csv"
    >>> found, cautions = read(vocabulary.written(frame))
    >>> found[["treat1", "r1", "n1", "treat2", "r2", "n2"]].to_numpy().tolist()
    [['Experimental', 5, 50, 'Control', 9, 51]]
    """
    numbers = {name for name, _ in vocabulary.numbered(given)}
    if _names_treatments(given) or ("treatment" in numbers and numbers - {"treatment", "n"}):
        return given, []
    known = _known(given)
    if known is None:
        if "treatment" not in numbers:
            _refuse_effects(given)
        return given, []
    called, places = known
    labels = _labels(given)
    named = {name: new.lstrip("+") for new, name in places.items()}
    dropped = [name for name in map(str, given.columns)
               if name not in named and (key(name) in RESULTS or _means_something(name))
               and key(name) not in vocabulary.LABELS["study"]
               and name not in given.attrs.get("named", ())]  # fmt: skip
    found = vocabulary.spelt_as(given, [named.get(str(name), str(name)) for name in given.columns])
    found = found.drop(columns=dropped)
    for new in places:
        if new.startswith("+"):
            number = new[-1]
            problems: list[Problem] = []
            both = [frames.numbers(found, each, problems) for each in (f"r{number}", f"n{number}")]
            frames.stop(problems)
            found[f"n{number}"] = both[0] + both[1]
            spelt = found.attrs["written"]
            spelt[f"n{number}"] = f"{spelt[f'r{number}']} + {spelt[f'n{number}']}"
    _one_analysis(found)
    found = _with_years(found)
    for place, name in enumerate(called):
        found[f"treat{place + 1}"] = given[labels[place]] if labels else name
    _each_once(found)
    cautions = [] if labels else [
        f"the file names no treatments, so they are called {called[0]} and {called[1]}: if studies "
        "compare different ones, give each row columns treat1 and treat2"
    ]  # fmt: skip
    if dropped:
        spelt = ", ".join(usertable.written(given, name) for name in dropped)
        cautions.append(f"not read, as results of a meta-analysis: {spelt}")
    return found, cautions


def _names_treatments(given: pd.DataFrame) -> bool:
    names = {name for kind in ("treatment", "comparator") for name in vocabulary.LABELS[kind]}
    names |= {*vocabulary.CONTROL, *vocabulary.EXPERIMENTAL}
    return bool({key(str(name)) for name in given.columns} & names)


def _known(given: pd.DataFrame) -> tuple[tuple[str, str], dict[str, str]] | None:
    """What the groups are called, and the column of each numbered name of ours."""
    keys = {key(str(name)): str(name) for name in given.columns}
    if metafor := [each for each in METAFOR if set(each[2]) <= set(keys)]:
        _one_outcome(given, [names for _, _, names in metafor], keys)
        _, called, names = metafor[0]
        return called, {ours: keys[theirs] for theirs, ours in names.items()}
    found: dict[int, tuple[str, dict[str, str]]] = {}
    for number, words in ((1, FIRST), (2, SECOND)):
        for word in words:
            mine = _stems(given, word, keys)
            if {"r", "n"} <= set(mine) or {"r", "e"} <= set(mine) or "y" in mine:
                if number in found and not set(mine.values()) & set(found[number][1].values()):
                    _three_groups(given, [*found[number][1].values(), *mine.values()])
                found.setdefault(number, (word, mine))
    if len(found) < 2:
        return None
    (first, one), (second, two) = found[1], found[2]
    shared = _outcome(given, one, two)
    names = {"y": "mean"}
    places = {f"{names.get(stem, stem)}{number}": mine[stem]
              for number, mine in ((1, one), (2, two)) for stem in shared}  # fmt: skip
    called = CALLED.get(first, first.capitalize()), CALLED.get(second, second.capitalize())
    return called, places


def _one_outcome(
    given: pd.DataFrame, layouts: list[dict[str, str]], keys: Mapping[str, str]
) -> None:
    """Refuse columns of metafor that are of several outcomes, or do not add up."""
    file = str(given.attrs["file"])
    outcomes = [{ours.strip("+12") for ours in names.values()} - {"n"} for names in layouts]
    if any(outcome != outcomes[0] for outcome in outcomes):
        columns = sorted({keys[theirs] for names in layouts for theirs in names})
        raise InputError(
            Problem(file, "(columns)", ", ".join(columns), "are several outcomes of the same "
                    "studies, and it is not clear which to use", "Keep the columns of one outcome")
        )  # fmt: skip
    problems: list[Problem] = []
    for events, others, total in (("ai", "bi", "n1i"), ("ci", "di", "n2i")):
        if {events, others, total} <= set(keys):
            one, two, both = (frames.numbers(given, keys[name], problems)
                              for name in (events, others, total))  # fmt: skip
            problems += [
                frames.problem(given, int(row), keys[total], f"is not {keys[events]} and "
                               f"{keys[others]} together", "Correct one of the three")
                for row in np.flatnonzero(one + two != both)
            ]  # fmt: skip
    frames.stop(problems)


def _three_groups(given: pd.DataFrame, columns: list[str]) -> None:
    raise InputError(
        Problem(str(given.attrs["file"]), "(columns)",
                ", ".join(usertable.written(given, name) for name in columns),
                "are of two groups that are both the treated one, or both the control",
                "Name the columns of each group by its number: treat1, r1, n1, treat2, ...")
    )  # fmt: skip


def _stems(given: pd.DataFrame, word: str, keys: Mapping[str, str]) -> dict[str, str]:
    """Our name -> column of one group, the word before or after it; a letter only beside a dot."""
    found: dict[str, str] = {}
    for spelling, ours in STEMS.items():
        for tried in (word + spelling, spelling + word):
            name = keys.get(tried)
            if name is None:
                continue
            written = usertable.written(given, name)
            beside = written[1:2] if tried == word + spelling else written[-2:-1]
            if len(word) > 1 or beside in (".", "_", " "):
                found.setdefault(ours, name)
    return found


def _outcome(given: pd.DataFrame, one: dict[str, str], two: dict[str, str]) -> list[str]:
    """Which outcomes both groups have; of events and means that of which the other is empty."""
    shared = [stem for stem in one if stem in two]
    if {"r", "y"} <= set(shared):

        def empty(stem: str) -> bool:
            cells = [frames.numbers(given, each[stem], []) for each in (one, two)]
            return bool((np.nan_to_num(np.concatenate(cells)) == 0).all())

        means = "sd" in shared and not empty("sd")
        events = not empty("r")
        if means == events:
            raise InputError(
                Problem(str(given.attrs["file"]), "(columns)", f"{one['r']}, {one['y']}",
                        "are events and means of the same studies, and it is not clear which to "
                        "use", "Keep the columns of one outcome")
            )  # fmt: skip
        shared = [stem for stem in shared if stem not in (("r",) if means else ("y", "sd"))]
    return shared


def _means_something(name: str) -> bool:
    """Whether a column would be taken for an outcome or an effect, beside those of the groups."""
    spellings = {each for kind in (vocabulary.ARMS, vocabulary.EFFECTS, vocabulary.BOTH)
                 for several in kind.values() for each in several}  # fmt: skip
    return key(name) in spellings or bool(vocabulary.effect_names(pd.DataFrame(columns=[name])))


def _labels(given: pd.DataFrame) -> list[str]:
    """Columns that name the two groups: treat1 and treat2, or as read.rm5 and RevMan give them."""
    for pair in LABELS:
        names = [vocabulary.named(given, [each]) for each in pair]
        if all(names) and not given[names].isna().any(axis=None):
            return [str(name) for name in names]
        if any(names):
            spelt = ", ".join(usertable.written(given, name) for name in names if name)
            raise InputError(
                Problem(str(given.attrs["file"]), spelt, "(column)", "names the treatments of one "
                        "group only, or not those of every study", "Name both in every row, in "
                        "columns treat1 and treat2")
            )  # fmt: skip
    return []


def _one_analysis(table: pd.DataFrame) -> None:
    """Refuse several outcomes or comparisons in one file."""
    file = str(table.attrs["file"])
    for each in ANALYSES:
        name = vocabulary.named(table, [each])
        values = [] if name is None else list(dict.fromkeys(table[name].dropna().astype(str)))
        if name is not None and len(values) > 1:
            raise InputError(
                Problem(file, usertable.written(table, name), ", ".join(values[:6]),
                        f"are {len(values)} analyses in one file, whose studies would be mixed",
                        "Keep the rows of one")
            )  # fmt: skip


def _with_years(table: pd.DataFrame) -> pd.DataFrame:
    """Authors of several studies with their years."""
    study = vocabulary.named(table, vocabulary.LABELS["study"])
    year = vocabulary.named(table, ["year"])
    if study is None or year is None or not table[study].duplicated().any():
        return table
    found = table.copy()
    found[study] = [f"{name} {when:g}" if isinstance(when, float) else f"{name} {when}"
                    for name, when in zip(table[study], table[year], strict=True)]  # fmt: skip
    found.attrs = dict(table.attrs) | {"named": (*table.attrs.get("named", ()), year)}
    return found


def _each_once(table: pd.DataFrame) -> None:
    """Refuse a study in several rows, such as those of subgroups."""
    study = vocabulary.named(table, vocabulary.LABELS["study"])
    if study is None:
        return
    twice = list(dict.fromkeys(table[study][table[study].duplicated()].astype(str)))
    if not twice:
        return
    group = next((name for each in SUBGROUPS if (name := vocabulary.named(table, [each]))), None)
    rows = f"rows of {usertable.written(table, group)}" if group else "rows"
    raise InputError(
        Problem(str(table.attrs["file"]), usertable.written(table, study), ", ".join(twice),
                f"stands in several {rows}, whose groups may share patients",
                "Add up the rows of a study; if they are patients of their own, name each row a "
                "study of its own")
    )  # fmt: skip


def _refuse_effects(given: pd.DataFrame) -> None:
    """Refuse effects of pairwise meta-analyses, which do not say what they compare."""
    keys = {key(str(name)): str(name) for name in given.columns}
    layout = next((ALONE[each] for each in ALONE if each in keys), None)
    spread = "vi" in keys or "sei" in keys or "sete" in keys
    if layout is None or not spread:
        return
    name = next(keys[each] for each in ALONE if each in keys)
    raise InputError(
        Problem(str(given.attrs["file"]), usertable.written(given, name), "(column)",
                f"holds effects as {layout} has them, which do not say of what against what",
                ADVICE)
    )  # fmt: skip
