"""The tables at which the stages meet: their columns, units and keys.

Times are in months, hazard ratios on the natural-log scale (`log_estimate`), `log_estimate < 0`
favours `arm` over `comparator`. An empty cell is a value that is not known. docs/tables.md is
generated from this module.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evinet import files
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "integer", "number", "flag"]
DTYPES = {"text": "string", "integer": "Int64", "number": "float64", "flag": "boolean"}


@dataclass(frozen=True)
class Column:
    """One column: its kind, what it holds, and whether every row must have it."""

    kind: Kind
    description: str
    required: bool = False


def _cell(value: Any, kind: Kind) -> object:
    """A value as it is written."""
    if value is None or value != value:
        return ""
    if kind == "number":
        return files.FLOAT_FORMAT % float(value)
    return int(value) if kind == "integer" else value


def _text(description: str, required: bool = False) -> Column:
    return Column("text", description, required)


def _integer(description: str, required: bool = False) -> Column:
    return Column("integer", description, required)


def _number(description: str, required: bool = False) -> Column:
    return Column("number", description, required)


def _flag(description: str, required: bool = False) -> Column:
    return Column("flag", description, required)


@dataclass(frozen=True)
class Table:
    """A table between stages; rows are sorted by `key` when written."""

    name: str
    description: str
    columns: dict[str, Column]
    key: tuple[str, ...]

    def frame(self, rows: list[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
        """Rows as a frame with this table's columns and kinds, sorted by its key."""
        import pandas as pd

        if isinstance(rows, pd.DataFrame):
            names, frame = set(map(str, rows)), rows.reindex(columns=list(self.columns))
        else:
            names = {name for row in rows for name in row}
            frame = pd.DataFrame(rows, columns=list(self.columns), dtype=object)
        unknown = names - set(self.columns)
        if unknown:
            raise KeyError(f"table {self.name} has no column {sorted(unknown)}")
        return self._typed(frame).sort_values(list(self.key), ignore_index=True, kind="stable")

    def write_rows(self, path: Path | str, rows: list[dict[str, object]]) -> None:
        """Write rows as `write` writes their frame, without pandas, which takes long to import."""
        unknown = {name for row in rows for name in row} - set(self.columns)
        if unknown:
            raise KeyError(f"table {self.name} has no column {sorted(unknown)}")
        order = sorted(rows, key=lambda row: [(row.get(n) is None, row.get(n)) for n in self.key])
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in order:
            writer.writerow(
                _cell(row.get(name), column.kind) for name, column in self.columns.items()
            )
        files.write_text(path, text.getvalue())

    def write(self, path: Path | str, frame: pd.DataFrame) -> None:
        """Write `frame` in this table's order of columns and rows."""
        typed = self._typed(frame[list(self.columns)])
        files.write_csv(path, typed.sort_values(list(self.key), ignore_index=True, kind="stable"))

    def read(self, path: Path | str) -> pd.DataFrame:
        """Read the table.

        Raises
        ------
        InputError
            A column is missing or unknown, a required cell is empty, or a cell is of another kind.
        """
        frame = self._cells(path)
        problems = [
            Problem(str(path), name, None, "the column is missing", f"Add the column {name!r}")
            for name in self.columns
            if name not in frame
        ]
        problems += [
            Problem(
                str(path), name, None, "unknown column", f"Use one of {', '.join(self.columns)}"
            )
            for name in map(str, frame.columns)
            if name not in self.columns
        ]
        problems += [
            problem
            for name, column in self.columns.items()
            if name in frame
            for problem in _cell_problems(str(path), frame[name], column)
        ]
        if problems:
            raise InputError(problems)
        return self._typed(frame[list(self.columns)])

    def _cells(self, path: Path | str) -> pd.DataFrame:
        """The cells of a file as text."""
        import pandas as pd

        text = files.read_text(path)
        found = files.CONTROL.search(text.replace("\r", ""))
        if found:
            line = text.count("\n", 0, found.start()) + 1
            message = f"has the control character {found.group()!a}"
            raise InputError(Problem(str(path), "row", "", message, "Remove it", line))
        try:
            frame = pd.read_csv(
                io.StringIO(text), dtype="string", keep_default_na=False, na_values=[""]
            )
            if not isinstance(frame.index, pd.RangeIndex):
                raise ValueError("rows have more cells than the header")
            return frame
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            message = f"is not a table: {str(error).strip()}"
            remedy = "Write a header, and as many cells in each row"
            raise InputError(Problem(str(path), "file", Path(path).name, message, remedy)) from None

    def _typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        typed = frame.copy()
        for name, column in self.columns.items():
            values = typed[name]
            if column.kind == "flag" and values.dtype == "string":
                values = values.map({"True": True, "False": False}, na_action="ignore")
            if column.kind in ("integer", "number"):
                values = pd.to_numeric(values)
            typed[name] = values.astype(pd.api.types.pandas_dtype(DTYPES[column.kind]))
        return typed


def _cell_problems(path: str, values: pd.Series, column: Column) -> list[Problem]:
    """What is wrong in the cells of one column, each with its line in the file."""
    import pandas as pd

    name = str(values.name)
    empty = values.isna()
    problems = [
        Problem(path, name, "", "the cell is empty", "Fill it in", line=int(row) + 2)
        for row in values.index[empty]
        if column.required
    ]
    if column.kind == "text":
        return problems
    if column.kind == "flag":
        wrong, wanted = ~empty & ~values.isin(["True", "False"]), "Write True or False"
    else:
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        wrong, wanted = ~empty & ~(numbers.abs() < math.inf), "Write a number"
        if column.kind == "integer":
            whole = (numbers % 1 == 0) & (numbers.abs() < 2**53)
            wrong, wanted = wrong | (~empty & ~whole), "Write a whole number"
    return problems + [
        Problem(path, name, values[row], f"is not {column.kind}", wanted, line=int(row) + 2)
        for row in values.index[wrong]
    ]


_PROVENANCE = {
    "source": _text("key of the source in data/raw/sources.yaml", required=True),
    "locator": _text("where in the source: page, table, figure, section", required=True),
}
_STUDY = {"study": _text("study; in a review its trial slug", required=True)}
_TRIAL = {"trial": _text("trial slug", required=True)}
_REPORT = {
    **_TRIAL,
    "report": _text("slug of the report of the trial: primary, final, label, ...", required=True),
}
_INTERVAL = {
    "lower": _number("lower confidence limit"),
    "upper": _number("upper confidence limit; empty when not estimable"),
    "level": _number("confidence level, 0.95 unless printed otherwise"),
}

_NOTE = {"note": _text("what a reader of the value should know")}

TRIALS = Table(
    "trials",
    "One row for each trial.",
    {
        **_TRIAL,
        "name": _text("name as published", required=True),
        "status": _text("reported, ongoing or non-comparative", required=True),
        "registration": _text("registry number"),
        "doi": _text("DOI of the main publication"),
        "year": _integer("year of the main publication"),
        "phase": _text("phase"),
        "design": _text("design in a phrase"),
        "note": _text("what a reader of any of its results should know"),
        "tier": _text("evidence tier: A curve, B numbers at risk, C summary only", required=True),
    },
    key=("trial",),
)
REPORTS = Table(
    "reports",
    "One row for each report of a trial: which analysis it is, in words.",
    {
        **_REPORT,
        "title": _text("which analysis, in words", required=True),
        "data_cutoff": _text("date of the data cut-off"),
        "follow_up": _number("median follow-up in months"),
        **_NOTE,
    },
    key=("trial", "report"),
)
ARMS = Table(
    "arms",
    "One row for each arm, as randomised.",
    {
        **_TRIAL,
        "arm": _text("arm slug", required=True),
        "treatment": _text("treatment slug (data/raw/treatments.yaml)", required=True),
        "description": _text("treatment as published"),
        "dose": _text("dose as published"),
        "n_randomised": _integer("patients randomised (analysis set of the main report)"),
        "n_treated": _integer("patients treated (safety set)"),
    },
    key=("trial", "arm"),
)
TREATMENTS = Table(
    "treatments",
    "The nodes of the networks.",
    {
        "treatment": _text("treatment slug", required=True),
        "label": _text("name in plain words", required=True),
        "class": _text("class slug, for class effects"),
        "class_label": _text("class in plain words"),
    },
    key=("treatment",),
)
SURVIVAL = Table(
    "survival",
    "Time-to-event results of one arm: events and median.",
    {
        **_REPORT,
        "outcome": _text("outcome slug: pfs, os, ttp", required=True),
        "assessor": _text("bicr, investigator or unstated"),
        "arm": _text("arm slug", required=True),
        "n": _integer("patients analysed; empty when not stated, never those randomised instead"),
        "events": _integer("events"),
        "median": _number("median in months; empty when not reached or not known"),
        "not_reached": _flag("whether the median was printed as not reached"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm"),
)
LANDMARKS = Table(
    "landmarks",
    "Survival at a stated time.",
    {
        **_REPORT,
        "outcome": _text("outcome slug", required=True),
        "assessor": _text("bicr, investigator or unstated"),
        "arm": _text("arm slug", required=True),
        "time": _number("months", required=True),
        "survival": _number("proportion, 0 to 1", required=True),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm", "time"),
)
CONTRASTS = Table(
    "contrasts",
    "Published relative effects of two arms.",
    {
        **_REPORT,
        "outcome": _text("outcome slug", required=True),
        "assessor": _text("bicr, investigator or unstated"),
        "arm": _text("arm slug", required=True),
        "comparator": _text("arm slug", required=True),
        "measure": _text("hr or or", required=True),
        "estimate": _number("ratio as published", required=True),
        **_INTERVAL,
        "p": _text("P value as printed"),
        "stratified": _flag("whether the analysis was stratified"),
        "log_estimate": _number("natural log of the estimate", required=True),
        "se": _number("standard error of log_estimate, from the confidence limits"),
        "selected": _flag("whether the stated rule chose it for analyses", required=True),
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm", "comparator", "measure"),
)
REJECTED_CONTRASTS = Table(
    "rejected-contrasts",
    "Relative effects that other sources give and that were not used.",
    {
        **_REPORT,
        "outcome": _text("outcome slug", required=True),
        "assessor": _text("bicr, investigator or unstated"),
        "arm": _text("arm slug", required=True),
        "comparator": _text("arm slug", required=True),
        "measure": _text("hr or or", required=True),
        "estimate": _number("ratio as published", required=True),
        **_INTERVAL,
        "log_estimate": _number("natural log of the estimate", required=True),
        "se": _number("standard error of log_estimate, from the confidence limits"),
        "reason": _text("why it was not used", required=True),
        "source": _text("key of the source in data/raw/sources.yaml", required=True),
        "locator": _text("where in the source"),
    },
    key=("trial", "report", "outcome", "assessor", "arm", "comparator", "measure", "source"),
)
AT_RISK = Table(
    "at-risk",
    "Numbers at risk printed under a survival curve.",
    {
        **_REPORT,
        "outcome": _text("outcome slug", required=True),
        "arm": _text("arm slug", required=True),
        "time": _number("months", required=True),
        "n": _integer("patients at risk", required=True),
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "arm", "time"),
)
CURVES = Table(
    "curves",
    "Digitised coordinates of a survival curve.",
    {
        **_REPORT,
        "outcome": _text("outcome slug", required=True),
        "arm": _text("arm slug", required=True),
        "time": _number("months", required=True),
        "survival": _number("proportion, 0 to 1", required=True),
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "arm", "time"),
)
SUBGROUPS = Table(
    "subgroups",
    "Subgroup results of a contrast.",
    {
        **_REPORT,
        "outcome": _text("outcome slug", required=True),
        "arm": _text("arm slug", required=True),
        "comparator": _text("arm slug", required=True),
        "characteristic": _text("what splits the patients", required=True),
        "level_name": _text("the subgroup", required=True),
        "events_arm": _integer("events in the arm"),
        "n_arm": _integer("patients in the arm"),
        "events_comparator": _integer("events in the comparator"),
        "n_comparator": _integer("patients in the comparator"),
        "estimate": _number("hazard ratio"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "characteristic", "level_name"),
)
RESPONSES = Table(
    "responses",
    "Tumour response of one arm.",
    {
        **_REPORT,
        "outcome": _text("orr (objective response) or dcr (disease control), ...", required=True),
        "assessor": _text("bicr, investigator or unstated"),
        "arm": _text("arm slug", required=True),
        "n": _integer("patients with the outcome"),
        "total": _integer("patients analysed"),
        "percent": _number("percentage as printed"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm"),
)
ADVERSE_EVENTS = Table(
    "adverse-events",
    "Adverse events of one arm.",
    {
        **_REPORT,
        "arm": _text("arm slug", required=True),
        "event": _text("event as published", required=True),
        "grade": _text("any, >=3, serious, ... as published", required=True),
        "related": _flag("whether only treatment-related events count"),
        "n": _integer("patients with the event"),
        "total": _integer("patients at risk of it"),
        "percent": _text("percentage as printed"),
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "event", "grade", "arm"),
)
POPULATIONS = Table(
    "populations",
    "Who was in the trial: one row for each characteristic and arm (or the whole trial).",
    {
        **_TRIAL,
        "arm": _text("arm slug; empty for the whole trial"),
        "characteristic": _text(
            "characteristic slug: grade, primary-site, line, ...", required=True
        ),
        "category": _text("category, or statistic such as median"),
        "n": _integer("patients"),
        "percent": _number("percentage"),
        "value": _text("what was printed, when it is not a count"),
        **_PROVENANCE,
    },
    key=("trial", "characteristic", "category", "arm"),
)
_MAYBE_PROVENANCE = {
    "source": _text("key of the source in data/raw/sources.yaml; empty when nothing is known"),
    "locator": _text("where in the source"),
}
LATER_TREATMENT = Table(
    "later-treatment",
    "Patients of an arm who were treated on after the trial's own treatment, such as crossover.",
    {
        **_TRIAL,
        "arm": _text("arm slug", required=True),
        "therapy": _text("what they were given", required=True),
        "n": _integer("patients; empty when not known"),
        "total": _integer("patients of whom they are counted"),
        "percent": _text("percentage as printed"),
        **_NOTE,
        **_MAYBE_PROVENANCE,
    },
    key=("trial", "arm", "therapy"),
)
RISK_OF_BIAS = Table(
    "risk-of-bias",
    "Judgements of the risk of bias (RoB 2), each by a named person.",
    {
        **_TRIAL,
        "outcome": _text("outcome slug", required=True),
        "domain": _text("domain of RoB 2, or overall", required=True),
        "judgement": _text("low, some concerns or high", required=True),
        "reviewer": _text("who judged", required=True),
        "reason": _text("why", required=True),
    },
    key=("trial", "outcome", "domain"),
)
OTHER_EVIDENCE = Table(
    "other-evidence",
    "Evidence of another kind, in words: quality of life, approvals, design. Never pooled.",
    {
        **_TRIAL,
        "topic": _text("what it is about", required=True),
        "kind": _text("quality-of-life, exposure, regulatory, safety, ...", required=True),
        "value": _text("what was published"),
        **_NOTE,
        **_MAYBE_PROVENANCE,
    },
    key=("trial", "kind", "topic"),
)
FACTS = Table(
    "facts",
    "Provenance: every value of every trial file, chosen and rejected.",
    {
        **_TRIAL,
        "path": _text("where in the trial file", required=True),
        "line": _integer("line in the trial file"),
        "value": _text("what it means"),
        "printed": _text("as it was printed"),
        "use": _text("used, rejected or not-known", required=True),
        "reason": _text("why it was chosen or rejected, where sources disagree"),
        "source": _text("key of the source in data/raw/sources.yaml"),
        "locator": _text("where in the source"),
    },
    key=("trial", "path", "use", "value"),
)
SOURCES = Table(
    "sources",
    "The bibliography.",
    {
        "source": _text("key", required=True),
        "kind": _text("publication, label, registry, abstract, news, ...", required=True),
        "citation": _text("citation", required=True),
        "doi": _text("DOI"),
        "pmid": _text("PubMed number"),
        "url": _text("address"),
    },
    key=("source",),
)
CHECKS = Table(
    "checks",
    "Plausibility checks of the evidence.",
    {
        **_TRIAL,
        "path": _text("what was checked", required=True),
        "rule": _text("rule slug", required=True),
        "verdict": _text("pass, warn or fail", required=True),
        "found": _text("what was found", required=True),
        "expected": _text("what was expected", required=True),
        "distance": _number("how far off, in the units of the rule"),
    },
    key=("trial", "rule", "path"),
)
PUBLISHED_NMAS = Table(
    "published-nmas",
    "What published network meta-analyses found: shown beside ours, never pooled.",
    {
        "nma": _text("the network meta-analysis, in short", required=True),
        "outcome": _text("outcome slug", required=True),
        "measure": _text("hr or or", required=True),
        "treatment_published": _text("treatment as it is called there", required=True),
        "comparator_published": _text("comparator as it is called there", required=True),
        "treatment": _text("treatment slug that is nearest to it"),
        "comparator": _text("treatment slug that is nearest to its comparator"),
        "estimate": _number("ratio as published; empty when no number could be read"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("nma", "outcome", "treatment_published", "comparator_published"),
)
SAFETY_SIGNALS = Table(
    "safety-signals",
    "Signals of spontaneous reporting systems: shown, never pooled with trials.",
    {
        "drug": _text("drug as published", required=True),
        "event": _text("event as published", required=True),
        "measure": _text("reporting odds ratio or percent", required=True),
        "value": _number("value as published", required=True),
        **_INTERVAL,
        "printed": _text("as it was printed"),
        "note": _text("what a reader should know"),
        **_PROVENANCE,
    },
    key=("measure", "event", "drug"),
)
_RECORD = {
    "database": _text("ClinicalTrials.gov or PubMed", required=True),
    "id": _text("NCT number or PubMed number", required=True),
    "trials": _text("trials of the review that it belongs to, with commas"),
    "title": _text("title"),
}
WATCH_QUERIES = Table(
    "watch-queries",
    "What `evinet watch` asked.",
    {
        "database": _RECORD["database"],
        "query": _text("the question as it was asked", required=True),
        "first_asked": _text("date", required=True),
        "last_asked": _text("date", required=True),
        "found": _integer("how many trials or publications it found last", required=True),
    },
    key=("database", "query"),
)
WATCH_RECORDS = Table(
    "watch-records",
    "Trials and publications that `evinet watch` saw, as they were when last described.",
    {
        **_RECORD,
        "status": _text("of a trial: as the registry says it, or not found"),
        "results_posted": _text("of a trial: date on which its results were first posted"),
        "primary_completion": _text("of a trial: date, actual or expected"),
        "published": _text("of a publication: date as PubMed prints it"),
        "journal": _text("of a publication"),
        "doi": _text("of a publication"),
        "notice": _text("of a publication: retracted, corrected, expression of concern, not found"),
    },
    key=("database", "id"),
)
WATCH_NEWS = Table(
    "watch-news",
    "What `evinet watch` found to be new or changed.",
    {
        "noticed": _text("date", required=True),
        **_RECORD,
        "what": _text("new trial, new publication, status, results posted, notice", required=True),
        "before": _text("what was remembered"),
        "after": _text("what it is now"),
    },
    key=("noticed", "database", "id", "what"),
)
WATCH = (WATCH_QUERIES, WATCH_RECORDS, WATCH_NEWS)
"""The memory of `evinet watch`, in `data/raw/watch/` and, for the report, `results/evidence/`."""
IPD = Table(
    "ipd",
    "Individual patient data, reconstructed: draw 0 is the best, the others carry what is open.",
    {
        "study": _text("trial slug; by hand, what --study names", required=True),
        "draw": _integer("0 the best reconstruction, 1..M the draws", required=True),
        "arm": _text("arm slug", required=True),
        "treatment": _text("treatment slug; by hand, the name of the arm", required=True),
        "time": _number("months", required=True),
        "event": _integer("1 event, 0 censored", required=True),
    },
    key=("study", "draw", "arm", "time", "event"),
)
NETWORK_STUDIES = Table(
    "network-studies",
    "What each study brings to an analysis.",
    {
        **_STUDY,
        "treatment": _text("treatment slug", required=True),
        "comparator": _text("treatment slug", required=True),
        "outcome": _text("outcome slug as published (ttp may stand in for pfs)", required=True),
        "tier": _text("A, B or C", required=True),
        "arm": _text("arm slug of the treatment", required=True),
        "comparator_arm": _text("arm slug of the comparator", required=True),
        "log_estimate": _number("published ln HR, or ln OR of the counts", required=True),
        "se": _number("its standard error", required=True),
        "shared_variance": _number(
            "variance of the comparator arm, the covariance of the contrasts of a trial with "
            "three arms or more; empty with two"
        ),
        "component": _integer("island of the network, from 1", required=True),
        "report": _text("report chosen", required=True),
        "assessor": _text("assessor chosen"),
        **_PROVENANCE,
    },
    key=("component", "study", "treatment"),
)
NETWORK_NODES = Table(
    "network-nodes",
    "The treatments of an analysis.",
    {
        "treatment": _text("treatment slug", required=True),
        "label": _text("name in plain words", required=True),
        "class": _text("class slug"),
        "component": _integer("island of the network, from 1", required=True),
        "trials": _integer("trials with this treatment", required=True),
        "patients": _integer(
            "patients analysed in the contrasts of the analysis; empty when a trial does not say"
        ),
    },
    key=("component", "treatment"),
)
NETWORK_EXCLUDED = Table(
    "network-excluded",
    "Trials that an analysis names but cannot use.",
    {**_STUDY, "reason": _text("why", required=True)},
    key=("study",),
)
NETWORK_DATA = Table(
    "network-data",
    "What the models of an analysis are fitted to: contrasts, or arms with counts.",
    {
        **_STUDY,
        "treatment": _text("treatment slug", required=True),
        "comparator": _text("treatment slug; empty of an arm"),
        "diff": _number("ln HR of a contrast"),
        "se": _number("its standard error"),
        "shared_variance": _number("variance of the comparator's arm, of three arms or more"),
        "r": _integer("patients with the event; the likeliest count where only a share is printed"),
        "n": _integer("patients"),
        "fewest": _integer("fewest patients with the event that the printed share allows"),
        "most": _integer("most patients with the event that the printed share allows"),
    },
    key=("study", "treatment"),
)
ESTIMATES = Table(
    "estimates",
    "Posterior of each parameter: d[treatment] against the reference of its component, tau, ...",
    {
        "parameter": _text("d[treatment], tau, ...", required=True),
        "mean": _number("posterior mean", required=True),
        "sd": _number("posterior standard deviation", required=True),
        "q2.5": _number("2.5 % quantile", required=True),
        "q50": _number("median", required=True),
        "q97.5": _number("97.5 % quantile", required=True),
        "ess_bulk": _number("bulk effective sample size"),
        "ess_tail": _number("tail effective sample size"),
        "rhat": _number("R-hat"),
    },
    key=("parameter",),
)
LEAGUE = Table(
    "league",
    "Relative effect of every pair of treatments that the model connects.",
    {
        "treatment": _text("treatment", required=True),
        "comparator": _text("treatment", required=True),
        "component": _integer("island that holds both (after bridges)", required=True),
        "bridged": _flag(
            "whether the bridge moves the effect: without it, it would be another or none",
            required=True,
        ),
        "crosses": _flag("whether no trials connect the two, the bridge alone", required=True),
        "mean": _number("posterior mean of the effect (ln HR, log odds, ...)", required=True),
        "sd": _number("posterior standard deviation", required=True),
        "q2.5": _number("2.5 % quantile", required=True),
        "q50": _number("median", required=True),
        "q97.5": _number("97.5 % quantile", required=True),
        "p_better": _number("probability that treatment is better than comparator", required=True),
        "prior_only": _flag(
            "whether only the prior keeps the effect from being infinite: arms without events",
            required=True,
        ),
        "predict_q2.5": _number("2.5 % quantile for a new study (random effects)"),
        "predict_q97.5": _number("97.5 % quantile for a new study (random effects)"),
    },
    key=("treatment", "comparator"),
)
TIPPING = Table(
    "tipping",
    "How wrong a bridge must be before a conclusion turns, for every comparison that rests on it.",
    {
        "treatment": _text("treatment", required=True),
        "comparator": _text("treatment", required=True),
        "q2.5": _number("2.5 % quantile of the bridged effect (ln HR)", required=True),
        "q50": _number("median of the bridged effect", required=True),
        "q97.5": _number("97.5 % quantile of the bridged effect", required=True),
        "shift": _number(
            "ln HR by which the bridge must be wrong before the 95 % interval reaches no "
            "difference; 0 when it already does",
            required=True,
        ),
        "ratio": _number("the shift as a ratio of hazard ratios", required=True),
    },
    key=("treatment", "comparator"),
)
RANKS = Table(
    "ranks",
    "Rank probabilities, inside connected components only.",
    {
        "component": _integer("island (after bridges)", required=True),
        "treatment": _text("treatment", required=True),
        "rank": _integer("1 is best", required=True),
        "probability": _number("probability of the rank", required=True),
        "sucra": _number("surface under the cumulative ranking curve", required=True),
        "prior_only": _flag(
            "whether only the prior keeps an effect of it from being infinite", required=True
        ),
    },
    key=("component", "treatment", "rank"),
)

_DRAWN = {
    "mean": _number("posterior mean", required=True),
    "sd": _number("posterior standard deviation", required=True),
    "q2.5": _number("2.5 % quantile", required=True),
    "q50": _number("median", required=True),
    "q97.5": _number("97.5 % quantile", required=True),
}
ADJUSTED = Table(
    "adjusted",
    "Effects in populations, by a model with patients' covariates.",
    {
        "population": _text("a trial, or as the configuration calls it", required=True),
        "kind": _text(
            "conditional: between patients of the same covariates, averaged; marginal: between "
            "outcomes that were averaged first",
            required=True,
        ),
        "treatment": _text("treatment slug", required=True),
        "comparator": _text("treatment slug", required=True),
        **_DRAWN,
    },
    key=("population", "kind", "treatment", "comparator"),
)
STANDARDISED = Table(
    "standardised",
    "Outcomes averaged over populations, by a model with patients' covariates.",
    {
        "population": _text("a trial, or as the configuration calls it", required=True),
        "treatment": _text("treatment slug", required=True),
        "time": _number("months, of survival; empty: a probability"),
        **_DRAWN,
    },
    key=("population", "treatment", "time"),
)

_PAIR = {
    "treatment": _text("treatment slug", required=True),
    "comparator": _text("treatment slug", required=True),
}
_BRIDGED = {
    "component": _integer("island that holds both (after bridges)", required=True),
    "bridged": _flag("whether the comparison rests on a bridge", required=True),
}
MARGINS = Table(
    "margins",
    "How likely a hazard ratio below each margin is, for every pair that the model connects.",
    {
        **_PAIR,
        **_BRIDGED,
        "ratio": _number("the margin, a hazard ratio; 1 is any difference", required=True),
        "probability": _number("probability of a hazard ratio below it", required=True),
        "probability_new_study": _number("the same in a new study (random effects)"),
    },
    key=("treatment", "comparator", "ratio"),
)
CONTRIBUTION = Table(
    "contribution",
    "What each study contributes to the effect of every pair, by streams of evidence.",
    {
        **_PAIR,
        **_STUDY,
        "study_treatment": _text("treatment of the study's contrast", required=True),
        "study_comparator": _text("comparator of the study's contrast", required=True),
        "weight": _number(
            "change of the effect for a change of 1 in the study's effect", required=True
        ),
        "share": _number(
            "share of the effect's evidence; the shares of a pair add up to 1 less what the "
            "bridge, or a prior, carries alone",
            required=True,
        ),
    },
    key=("treatment", "comparator", "study", "study_treatment"),
)
THRESHOLD = Table(
    "threshold",
    "How far each study's effect must move before another treatment has the lowest mean effect.",
    {
        "component": _integer("island (after bridges)", required=True),
        **_STUDY,
        **_PAIR,
        "best": _text("treatment with the lowest mean effect in the island", required=True),
        "log_estimate": _number("the study's effect", required=True),
        "lower": _number("its ln HR below which another is best; empty when none ever is"),
        "lower_best": _text("the best treatment below that"),
        "upper": _number("its ln HR above which another is best; empty when none ever is"),
        "upper_best": _text("the best treatment above that"),
        "inside_interval": _flag(
            "whether a turning point lies inside the study's own 95 % interval", required=True
        ),
    },
    key=("component", "study", "treatment"),
)
INFLUENCE = Table(
    "influence",
    "The effect of every pair with each study left out.",
    {
        "study": _text("study left out", required=True),
        **_PAIR,
        "status": _text("estimated, or that nothing connects the pair any more", required=True),
        "mean": _number("mean of the effect without the study"),
        "sd": _number("its standard deviation"),
        "q2.5": _number("2.5 % quantile"),
        "q50": _number("median"),
        "q97.5": _number("97.5 % quantile"),
        "shift": _number("mean without the study less mean with it"),
    },
    key=("study", "treatment", "comparator"),
)
INCONSISTENCY = Table(
    "inconsistency",
    "Whether direct and indirect evidence agree: tests by island, or that there is no closed loop.",
    {
        "component": _integer("island, without bridges", required=True),
        "method": _text(
            "loops (nothing to test), design-by-treatment or node-split", required=True
        ),
        "treatment": _text("treatment of the comparison that is split"),
        "comparator": _text("its comparator"),
        "direct": _number("mean of the direct evidence (ln HR)"),
        "direct_sd": _number("its standard deviation"),
        "indirect": _number("mean of the indirect evidence (ln HR)"),
        "indirect_sd": _number("its standard deviation"),
        "difference": _number("mean of direct less indirect"),
        "q2.5": _number("2.5 % quantile of the difference"),
        "q97.5": _number("97.5 % quantile of the difference"),
        "chi2": _number("statistic of the global test"),
        "df": _integer("its degrees of freedom"),
        "p": _number("two-sided p"),
        "finding": _text("what was tested, or why nothing could be", required=True),
    },
    key=("component", "method", "treatment", "comparator"),
)
SPLITS = Table(
    "splits",
    "Direct and indirect effect of each pair that has both, by a model that takes them apart.",
    {
        **_PAIR,
        **{
            f"{kind}_{name}": _number(f"{words} of the {kind} effect", required=True)
            for kind in ("direct", "indirect", "difference")
            for name, words in (("mean", "mean"), ("sd", "standard deviation"),
                                ("q2.5", "2.5 % quantile"), ("q97.5", "97.5 % quantile"))
        },
        "p": _number("twice the smaller probability of the difference's sign", required=True),
        "DIC": _number("of the model that takes them apart", required=True),
        "tau_mean": _number("mean heterogeneity of that model (random effects)"),
    },
    key=("treatment", "comparator"),
)  # fmt: skip
PREDICTIVE = Table(
    "predictive",
    "Outcomes against what posterior, priors and the other studies predict for them.",
    {
        **_STUDY,
        "treatment": _text("treatment", required=True),
        "comparator": _text("comparator of a contrast; empty of an arm"),
        "category": _text("of ordered categories: who reached this one or a better one"),
        "start": _number("of a period of patients, months"),
        "end": _number("end of the period"),
        "observed": _number(
            "effect of a contrast, outcome of an arm, or events of a period", required=True
        ),
        "posterior_q2.5": _number("2.5 % quantile of the posterior's prediction", required=True),
        "posterior_q97.5": _number("97.5 % quantile", required=True),
        "posterior_p": _number("two-sided p of what was observed under it", required=True),
        "prior_q2.5": _number("2.5 % quantile of the prior's prediction; empty of patients"),
        "prior_q97.5": _number("97.5 % quantile"),
        "prior_p": _number("two-sided p of what was observed under it"),
        "others_q2.5": _number(
            "2.5 % quantile predicted by the other studies; empty where they do not connect the "
            "pair, and of arms and patients"
        ),
        "others_q97.5": _number("97.5 % quantile"),
        "others_p": _number("two-sided p of what was observed under it"),
    },
    key=("study", "treatment", "comparator", "category", "start"),
)
POWERSCALE = Table(
    "powerscale",
    "Sensitivity of each parameter to each prior and to the data, by power scaling.",
    {
        "parameter": _text("d[treatment], tau, sigma or a coefficient", required=True),
        "component": _text(
            "likelihood, or prior of effects, tau, sigma, coefficients or intercepts", required=True
        ),
        "sensitivity": _number(
            "cumulative Jensen-Shannon distance for a doubling of the power; 0.05 is notable",
            required=True,
        ),
        "finding": _text("what a prior's sensitivity means beside the likelihood's"),
    },
    key=("parameter", "component"),
)

EVIDENCE = (
    TRIALS, REPORTS, ARMS, SURVIVAL, LANDMARKS, CONTRASTS, REJECTED_CONTRASTS, AT_RISK, CURVES,
    SUBGROUPS, RESPONSES, ADVERSE_EVENTS, POPULATIONS, LATER_TREATMENT, RISK_OF_BIAS,
    OTHER_EVIDENCE,
    FACTS, CHECKS,
)  # fmt: skip
"""The tables of `results/evidence/`, one set a trial under `trials/<trial>/` and one for all."""

REVIEW = (SAFETY_SIGNALS, PUBLISHED_NMAS)
"""Tables that belong to a review, not to a trial: files of `data/raw/` that it may leave out."""

_PREDICTED = {
    "population": _text("population of the configuration", required=True),
    "model": _text("model of the configuration", required=True),
    "treatment": _text("treatment slug", required=True),
    "comparator": _text("treatment of the arm that gives the baseline", required=True),
    "bridged": _flag("whether its effect rests on a bridge", required=True),
}
_QUANTILES = {
    "q2.5": _number("2.5 % quantile; empty: not reached in follow-up"),
    "q50": _number("median; empty: not reached in follow-up"),
    "q97.5": _number("97.5 % quantile; empty: not reached in follow-up"),
}
PREDICTED_SURVIVAL = Table(
    "predicted-survival",
    "Survival in a population on every treatment that a model connects.",
    {**_PREDICTED, "time": _number("months", required=True), **_QUANTILES},
    key=("population", "model", "treatment", "time"),
)
PREDICTED_TIMES = Table(
    "predicted-times",
    "Restricted means and medians in a population on every treatment that a model connects.",
    {
        **_PREDICTED,
        "measure": _text("rmst, rmst-gain (against the comparator), median", required=True),
        "horizon": _number("end of restricted means, months", required=True),
        **_QUANTILES,
    },
    key=("population", "model", "treatment", "measure"),
)
PREDICTED_RATIOS = Table(
    "predicted-ratios",
    "Hazard ratios over time in a population, of models with hazards of its own patients.",
    {**_PREDICTED, "time": _number("months", required=True),
     "q2.5": _number("2.5 % quantile of ln HR"), "q50": _number("median"),
     "q97.5": _number("97.5 % quantile")},
    key=("population", "model", "treatment", "time"),
)  # fmt: skip
PREDICTED_OBSERVED = Table(
    "predicted-observed",
    "What models predict at the named times beside the Kaplan-Meier estimate of the population's "
    "own patients.",
    {
        **_PREDICTED,
        "time": _number("months", required=True),
        "observed": _number("the best reconstruction", required=True),
        "observed_lowest": _number("lowest of the reconstructions", required=True),
        "observed_highest": _number("highest of the reconstructions", required=True),
        **_QUANTILES,
        "held": _flag(
            "whether the predicted 95 % interval reaches what any reconstruction observed",
            required=True,
        ),
    },
    key=("population", "model", "treatment", "time"),
)
BASELINE_DRAWS = Table(
    "baseline-draws",
    "Draws of the survival of the arm that gives the baseline, at whole months: for economic "
    "models.",
    {
        "population": _text("population of the configuration", required=True),
        "treatment": _text("treatment of the arm that gives the baseline", required=True),
        "draw": _integer("from 1", required=True),
        "time": _number("months", required=True),
        "survival": _number("proportion without an event", required=True),
    },
    key=("population", "draw", "time"),
)
OBSERVED_TIMES = Table(
    "observed-times",
    "Restricted means of a population's own arms, by Kaplan-Meier: no proportional hazards.",
    {
        "population": _text("population of the configuration", required=True),
        "treatment": _text("treatment slug", required=True),
        "comparator": _text("treatment of the arm that gives the baseline", required=True),
        "measure": _text("rmst, rmst-gain (against the comparator)", required=True),
        "horizon": _number("end of restricted means, months", required=True),
        "q2.5": _number("lower limit of the 95 % interval", required=True),
        "q50": _number("estimate", required=True),
        "q97.5": _number("upper limit of the 95 % interval", required=True),
    },
    key=("population", "treatment", "measure"),
)

_INFORMATION = {
    "modifier": _text("modifier of the configuration", required=True),
    **_PAIR,
}
_POSTERIOR = {
    "mean": _number("posterior mean of ln HR; empty: no trial tells it"),
    "sd": _number("posterior standard deviation"),
    "q2.5": _number("2.5 % quantile"),
    "q50": _number("median"),
    "q97.5": _number("97.5 % quantile"),
}
MODIFIERS = Table(
    "modifiers",
    "How much the effect of each pair changes with a covariate, by what is known of it.",
    {
        **_INFORMATION,
        "information": _text(
            "within (subgroups of a trial), across (trials with other patients), difference "
            "(within less across) or both (one slope)", required=True,
        ),
        **_POSTERIOR,
        "p_lower": _number("probability of a slope below 0: more effect with the covariate"),
        "trials": _text("trials of the pair that tell it, separated by commas"),
    },
    key=("modifier", "treatment", "comparator", "information"),
)  # fmt: skip
MODIFIER_LEVELS = Table(
    "modifier-levels",
    "The effect of each pair in patients with each value of a covariate, under one slope.",
    {
        **_INFORMATION,
        "value": _number("of the covariate", required=True),
        "level_name": _text("what the value means", required=True),
        **_POSTERIOR,
        "extrapolated": _flag(
            "whether no trial of the pair has such patients, nor trials on both sides",
            required=True,
        ),
    },
    key=("modifier", "treatment", "comparator", "value"),
)
MODIFIER_TRIALS = Table(
    "modifier-trials",
    "What each trial publishes of a covariate.",
    {
        "modifier": _text("modifier of the configuration", required=True),
        **_STUDY,
        **_PAIR,
        "mean": _number("mean of the covariate in the trial's patients; empty: not published"),
        "of": _text("where the mean comes from: population or subgroups"),
        "used": _integer("subgroups with an interval, which are used", required=True),
        "unused": _integer("subgroups without an interval, which are not", required=True),
        "finding": _text("what the trial tells, in words", required=True),
        "source": _text("key in data/raw/sources.yaml"),
        "locator": _text("where in the source"),
    },
    key=("modifier", "study"),
)
PROPORTIONALITY = Table(
    "proportionality",
    "Grambsch and Therneau's test of proportional hazards of two arms, by reconstructed patients.",
    {
        "arm": _text("arm", required=True),
        "comparator": _text("arm that it is compared with", required=True),
        "draws": _integer("reconstructions that were tested", required=True),
        "p": _number("P value, median over reconstructions; empty: an arm without an event"),
        "p_lowest": _number("smallest P value of a reconstruction"),
        "p_highest": _number("largest P value of a reconstruction"),
    },
    key=("arm", "comparator"),
)
HAZARD_PERIODS = Table(
    "hazard-periods",
    "Ratio of the event rates of two arms in periods of follow-up, by reconstructed patients.",
    {
        "arm": _text("arm", required=True),
        "comparator": _text("arm that it is compared with", required=True),
        "start": _number("months", required=True),
        "end": _number("months", required=True),
        "events": _number("events of the arm, mean over reconstructions", required=True),
        "events_comparator": _number("events of the comparator, likewise", required=True),
        "q2.5": _number("2.5 % quantile of the ln ratio of rates", required=True),
        "q50": _number("median", required=True),
        "q97.5": _number("97.5 % quantile", required=True),
    },
    key=("arm", "comparator", "start"),
)

SIMULATED = Table(
    "simulated",
    "What a model said of a parameter in each replicate of a simulation study.",
    {
        "scenario": _text("scenario of config/simulation.yaml", required=True),
        "model": _text("model of config/simulation.yaml", required=True),
        "replicate": _integer("number of the data set, from 1", required=True),
        "parameter": _text("d[treatment] against the reference, or tau", required=True),
        "mean": _number("posterior mean; empty: no result"),
        "sd": _number("posterior standard deviation"),
        "q2.5": _number("2.5 % quantile"),
        "q97.5": _number("97.5 % quantile"),
        "failure": _text("why there is no result"),
    },
    key=("scenario", "model", "replicate", "parameter"),
)
PERFORMANCE = Table(
    "performance",
    "How well a model estimates a parameter, over the replicates of a simulation study. Each "
    "measure has its Monte Carlo standard error (mcse), by Morris et al. 2019, Stat Med "
    "38:2074-2102.",
    {
        "scenario": _text("scenario of config/simulation.yaml", required=True),
        "model": _text("model of config/simulation.yaml", required=True),
        "parameter": _text("d[treatment] against the reference, or tau", required=True),
        "truth": _number("its true value", required=True),
        "replicates": _integer("replicates with a result", required=True),
        "failed": _integer("replicates without one, which do not count below", required=True),
        "bias": _number("mean of the posterior means, less the truth"),
        "bias_mcse": _number("its Monte Carlo standard error"),
        "empirical_se": _number("standard deviation of the posterior means"),
        "empirical_se_mcse": _number("its Monte Carlo standard error"),
        "model_se": _number("root of the mean posterior variance"),
        "model_se_mcse": _number("its Monte Carlo standard error"),
        "coverage": _number("share of 95 % intervals that hold the truth; empty for a tau of 0"),
        "coverage_mcse": _number("its Monte Carlo standard error"),
    },
    key=("scenario", "model", "parameter"),
)

ALL = (
    *EVIDENCE, TREATMENTS, SOURCES, SAFETY_SIGNALS, PUBLISHED_NMAS, *WATCH, IPD,
    NETWORK_STUDIES, NETWORK_NODES, NETWORK_EXCLUDED, NETWORK_DATA,
    ESTIMATES, LEAGUE, TIPPING, RANKS, ADJUSTED, STANDARDISED,
    MARGINS, CONTRIBUTION, THRESHOLD, INFLUENCE, INCONSISTENCY, SPLITS, PREDICTIVE, POWERSCALE,
    PREDICTED_SURVIVAL, PREDICTED_TIMES, PREDICTED_RATIOS, PREDICTED_OBSERVED, OBSERVED_TIMES,
    BASELINE_DRAWS, PROPORTIONALITY, HAZARD_PERIODS, MODIFIERS, MODIFIER_LEVELS, MODIFIER_TRIALS,
    SIMULATED, PERFORMANCE,
)  # fmt: skip

FIT = (ESTIMATES, LEAGUE, RANKS, PREDICTIVE, POWERSCALE, ADJUSTED, STANDARDISED)
"""Tables that the job of a model writes, beside fit.json and posterior.nc."""
ANSWERS = (MARGINS, TIPPING, CONTRIBUTION, THRESHOLD, INFLUENCE, INCONSISTENCY, SPLITS)
"""Tables that follow from a fit."""
PREDICTED = (
    PREDICTED_SURVIVAL, PREDICTED_TIMES, PREDICTED_RATIOS, PREDICTED_OBSERVED, OBSERVED_TIMES,
    BASELINE_DRAWS,
)  # fmt: skip
"""Tables of the populations of an analysis."""
MODIFIED = (MODIFIERS, MODIFIER_LEVELS, MODIFIER_TRIALS)
"""Tables of the effect modifiers of an analysis."""
HAZARDS = (PROPORTIONALITY, HAZARD_PERIODS)
"""Whether hazards of a trial's arms are proportional."""
