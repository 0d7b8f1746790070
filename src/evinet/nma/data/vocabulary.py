"""What other programs call the columns of a network's tables, and what they are called here.

Ours: study, treatment, comparator; r events of n patients, or in an exposure e; a mean y with sd,
se or limits; an effect diff, or a ratio, with se, limits or a P value; o_e with its variance v.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from evinet import usertable
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

RATIOS = {
    "hr": "HR", "or": "OR", "rr": "RR", "irr": "IRR", "rom": "ROM", "ratio": "ratio",
}  # fmt: skip
DIFFERENCES = {"md": "MD", "smd": "SMD", "rd": "RD"}
LONG_RATIOS = {
    "hazardratio": "hr", "oddsratio": "or", "riskratio": "rr", "relativerisk": "rr",
    "rateratio": "irr", "ratioofmeans": "rom",
}  # fmt: skip
SCALES = {
    "HR": "ln HR", "OR": "ln OR", "RR": "ln RR", "IRR": "ln rate ratio",
    "ROM": "ln ratio of means", "ratio": "ln ratio", "MD": "mean difference",
    "SMD": "standardised mean difference", "RD": "risk difference",
}  # fmt: skip
"""Measures of effects, and the scale on which they are analysed."""
LINKS = {"OR": "logit", "RR": "log", "RD": "identity"}
"""Measures of counts of patients, and the link by which a model has them."""

LABELS = {
    "study": ("study", "studlab", "studylabel", "studyname", "studyc", "trial", "trialname",
              "studyid", "trialid", "id", "studyorsubgroup", "author", "studyn", "sid"),
    "treatment": ("treatment", "treat", "trt", "trtc", "treatmentname", "intervention", "t",
                  "trtn", "tid"),
    "comparator": ("comparator", "versus", "vs", "against"),
}  # fmt: skip
ARMS = {
    "r": ("r", "responders", "events", "event", "cases"),
    "n": ("n", "samplesize", "total", "totals", "ntotal"),
    "e": ("e", "exposure", "persontime", "personyears", "patientyears", "py"),
    "y": ("y", "mean"),
    "sd": ("sd", "stddev", "standarddeviation"),
}
EFFECTS = {
    "diff": ("diff", "te", "yi", "logestimate", "effect", "difference", "differences"),
    "se_diff": ("sediff", "sediffs", "sete"),
    "p": ("p", "pvalue", "pval"),
    "o_e": ("oe", "ominuse", "observedminusexpected"),
    "v": ("v", "variance", "var"),
    "shared_variance": ("sharedvariance", "vararm1"),
}
BOTH = {
    "se": ("se", "stderr", "standarderror", "sei"),
    "lower": ("lower", "low", "lo", "l", "ll", "lb", "lcl"),
    "upper": ("upper", "high", "up", "hi", "u", "ul", "ub", "ucl"),
}
METAFOR = (
    {"xi": "r", "ni": "n"}, {"xi": "r", "ti": "e"}, {"mi": "y", "sdi": "sd", "ni": "n"},
)  # fmt: skip
"""Outcomes of one arm in a row as metafor has them: all of a set, or none."""
CONTROL = ("control", "controlgroup", "controlarm", "controltreatment", "referencetreatment")
EXPERIMENTAL = ("experimental", "experimentalgroup", "experimentalarm", "experimentaltreatment")
"""Treatments of a table of pairs; with outcomes of arms these may be anything."""
LEVEL = ("level", "cilevel", "conflevel", "confidencelevel", "levelofconfidence")
CLASSES = ("class", "trtclass", "trt_class")
"""Columns of the classes of treatments."""
MEASURE = ("measure", "effectmeasure", "summarymeasure", "measureofeffect", "sm")
OURS = {"study", "treatment", "comparator", *ARMS, *EFFECTS, *BOTH, *RATIOS, *DIFFERENCES}
OURS -= {"se_diff"}
LIMIT_WORDS = re.compile(r"95|ci|limit|bound|pct")
NUMBERED = re.compile(r"(.*?)(\d{1,2})")
LOGS = ("log", "ln", "l")
MEASURED = "hr|or|rr|irr|rom"


def key(name: str) -> str:
    """What the spellings of a column's name have in common: its letters and digits.

    Examples
    --------
    >>> key("std.err"), key("T.1"), key("ln(HR)")
    ('stderr', 't1', 'lnhr')
    """
    return re.sub(r"[^0-9a-z]+", "", name.casefold())


def written(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose columns have the names of `usertable.column`; attrs tell file and spelling."""
    names = [usertable.column(str(name)) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            Problem(str(frame.attrs.get("file", "the data frame")), ", ".join(twice), "(columns)",
                    "appears twice when capitals and blanks are ignored",
                    "Give each column its own name")
        )  # fmt: skip
    found = frame.set_axis(names, axis=1).rename_axis(index=None)  # it may have a column's name
    spelt = dict(frame.attrs.get("written", {}))
    before = {new: spelt.get(str(old), str(old))
              for new, old in zip(names, frame.columns, strict=True)}  # fmt: skip
    found.attrs = dict(frame.attrs) | {"written": before}
    return found


def mapped(frame: pd.DataFrame, columns: Mapping[str, str], file: str) -> pd.DataFrame:
    """With the columns that the user renames, also those that a number follows.

    Raises
    ------
    InputError
        A column is not there, or two would have one name.
    """
    if not columns:
        return frame
    known = {usertable.column(theirs): usertable.column(ours) for theirs, ours in columns.items()}
    names, used = [], set()
    for name in map(str, frame.columns):
        cut = NUMBERED.fullmatch(name)
        stem = cut[1].rstrip("._") if cut else ""
        if name in known:
            names.append(known[name])
            used.add(name)
        elif cut and stem in known and stem not in frame.columns:
            names.append(known[stem] + cut[2])
            used.add(stem)
        else:
            names.append(name)
    lacking = [name for name in known if name not in used]
    there = ", ".join(map(str, frame.columns))
    if lacking:
        raise InputError([
            Problem(file, "--columns", name, "is not a column of the file", f"There are {there}")
            for name in lacking
        ])  # fmt: skip
    given = [new for old, new in zip(frame.columns, names, strict=True) if old != new]
    kept = [f"{new} (as written)" if old == new and new in given else new
            for old, new in zip(frame.columns, names, strict=True)]  # fmt: skip
    twice = sorted({name for name in kept if kept.count(name) > 1})
    if twice:
        raise InputError(
            Problem(file, "--columns", ", ".join(twice), "would be two columns",
                    "Give each column a name of its own")
        )  # fmt: skip
    return spelt_as(frame, kept)


def renamed(frame: pd.DataFrame, kinds: Iterable[dict[str, tuple[str, ...]]]) -> pd.DataFrame:
    """With our names for the columns of some kinds; where several fit, the first spelling.

    Columns that the caller reads by their own names (``attrs["named"]``) keep these.
    """
    names = list(map(str, frame.columns))
    kept = OURS | set(frame.attrs.get("named", ()))
    keys = [key(name) for name in names]
    for ours, spellings in (pair for kind in kinds for pair in kind.items()):
        if ours in names:
            continue
        limits = ours in ("lower", "upper")
        tried = [LIMIT_WORDS.sub("", each) or each for each in keys] if limits else keys
        fits = (tried.index(each) for each in spellings if each in tried)
        place = next((place for place in fits if names[place] not in kept), None)
        if place is not None:
            names[place] = ours
    return spelt_as(frame, names)


def of_metafor(frame: pd.DataFrame) -> pd.DataFrame:
    """With our names for a set of `METAFOR`, if there is just one."""
    keys = {key(str(name)): str(name) for name in frame.columns}
    sets = [names for names in METAFOR if set(names) <= set(keys)]
    if len(sets) != 1 or set(sets[0].values()) & set(frame.columns):
        return frame
    ours = {keys[theirs]: name for theirs, name in sets[0].items()}
    return spelt_as(frame, [ours.get(str(name), str(name)) for name in frame.columns])


def named(frame: pd.DataFrame, spellings: Iterable[str]) -> str | None:
    """The column that has one of some spellings, as `key` has them."""
    keys = {key(str(name)): str(name) for name in frame.columns}
    return next((keys[each] for each in spellings if each in keys), None)


def measure_of(text: str) -> str | None:
    """The measure that a cell names, if it is one of `SCALES`.

    Examples
    --------
    >>> measure_of("Hazard ratio"), measure_of("or"), measure_of("mean difference")
    ('HR', 'OR', 'MD')
    >>> measure_of("LDL")
    """
    known = {key(name): name for name in SCALES}
    known |= {name: RATIOS[short] for name, short in LONG_RATIOS.items()}
    known |= {key(SCALES[name]): name for name in ("MD", "SMD", "RD")}
    return known.get(key(text))


def unused(frame: pd.DataFrame) -> list[str]:
    """Columns of a table, with our names, that neither its reading nor the caller reads.

    Arms have outcomes r, n and e, or means with what tells their standard errors; effects what
    tells them and their standard errors. Of several columns that hold an effect
    ``attrs["estimate"]`` is read.

    Examples
    --------
    >>> import pandas as pd
    >>> unused(pd.DataFrame(columns=["study", "treatment", "r", "n", "missing", "time", "p", "hr"]))
    ['missing', 'time', 'p', 'hr']
    """
    roles = {"study", "treatment", "comparator", "arm", "diff", "shared_variance"}
    told = set(map(key, CLASSES))
    estimate = frame.attrs.get("estimate")
    if estimate is None:
        roles |= {"r", "n", "e", "se_diff"} | ({"se"} if "diff" in frame else set())
        if "y" in frame:
            roles |= {"y", "sd", *BOTH}
            told |= set(LEVEL)
    else:
        roles |= {estimate, "p", "o_e", "v", *BOTH}
        roles |= {name for name, (_, scale) in effect_names(frame).items() if scale == "se"}
        told |= {*LEVEL, *MEASURE, "vi"}
    roles |= set(frame.attrs.get("named", ()))
    return [name for name in map(str, frame.columns)
            if name not in roles and key(name) not in told]  # fmt: skip


def effect_names(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Columns that hold an effect by its measure: column -> (measure, natural or log or se)."""
    found = {}
    for name in map(str, frame.columns):
        known = key(name)
        log = next((each for each in LOGS if known.startswith(each)), "")
        rest = known.removeprefix(log)
        rest = LONG_RATIOS.get(rest, rest)
        error = re.fullmatch(rf"se(?:log|ln)?({MEASURED})|(?:log|ln)({MEASURED})se",
                             known)  # fmt: skip
        if error:
            found[name] = (RATIOS[error[1] or error[2]], "se")
        elif rest in RATIOS:
            found[name] = (RATIOS[rest], "log" if log else "natural")
        elif known in DIFFERENCES or known in ("meandiff", "meandifference", "riskdifference"):
            found[name] = (DIFFERENCES.get(known, "RD" if known[0] == "r" else "MD"), "log")
        elif known in ("selog", "logse", "seln"):
            found[name] = ("", "se")
    return found


def numbered(frame: pd.DataFrame) -> dict[tuple[str, int], str]:
    """Columns of a table with several arms in a row: (our name, number of the arm) -> column."""
    spellings = {each: ours
                 for kind in ({"treatment": (*LABELS["treatment"], "treatments")}, ARMS, BOTH)
                 for ours, several in kind.items() for each in several}  # fmt: skip
    spellings["time"] = "time"
    found: dict[tuple[str, int], str] = {}
    for name in map(str, frame.columns):
        cut = NUMBERED.fullmatch(key(name))
        if cut and cut[1] in spellings:
            found.setdefault((spellings[cut[1]], int(cut[2])), name)
    return found


def spelt_as(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """With new names; attrs still tell how each was written."""
    before = frame.attrs.get("written", {})
    spelt = {new: before.get(old, old)
             for old, new in zip(map(str, frame.columns), names, strict=True)}  # fmt: skip
    found = frame.set_axis(names, axis=1)
    found.attrs = dict(frame.attrs) | {"written": spelt}
    return found
