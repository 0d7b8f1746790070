"""The network of an analysis: what each trial brings, who is connected, what is left out.

A trial brings a hazard ratio, or counts of patients with a response or an adverse event. Tables of
the workflow call a trial a study here, as the models do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from evinet import files, tables
from evinet.config import Analysis
from evinet.errors import InputError, Problem
from evinet.synthesise import counts


@dataclass(frozen=True)
class Chosen:
    """What an analysis is made of.

    Attributes
    ----------
    studies, nodes, excluded
        Tables NETWORK_STUDIES, NETWORK_NODES and NETWORK_EXCLUDED, with sources and labels.
    data
        Table NETWORK_DATA: what models are fitted to, and nothing else.
    """

    studies: pd.DataFrame
    nodes: pd.DataFrame
    excluded: pd.DataFrame
    data: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write the tables to a folder, all or none."""
        with files.together():
            tables.NETWORK_STUDIES.write(folder / "studies.csv", self.studies)
            tables.NETWORK_NODES.write(folder / "nodes.csv", self.nodes)
            tables.NETWORK_EXCLUDED.write(folder / "excluded.csv", self.excluded)
            tables.NETWORK_DATA.write(folder / "data.csv", self.data)


def build(name: str, analysis: Analysis, evidence: Path) -> Chosen:
    """The network of an analysis from the evidence tables of its trials.

    Of counts see `evinet.synthesise.counts`; of hazard ratios:

    A trial brings its selected hazard ratio for the outcome (or for an outcome that stands in for
    it), by the best assessor of `analysis.assessors` for whom one with an interval was published.
    A trial without one is listed as excluded, with the reason. A trial of three arms or more brings
    its contrasts with one comparator, correlated through it (see `_shared_variance`).

    Raises
    ------
    InputError
        A trial has no evidence tables, or several contrasts whose covariance cannot be known, or
        forms an island without a reference; or a reference is in no trial, or two in one island.
    """
    treatments = tables.TREATMENTS.read(evidence / "treatments.csv").set_index("treatment")
    chosen: list[dict[str, Any]] = []
    excluded: list[dict[str, object]] = []
    data: list[dict[str, Any]] = []
    for trial in analysis.trials:
        if not (evidence / "trials" / trial).is_dir():
            raise InputError(
                _problem(name, "trials", trial, "there is no evidence for this trial",
                         f"Add data/raw/trials/{trial}/trial.yaml, or correct the name")
            )  # fmt: skip
        if analysis.data == "hazard-ratios":
            rows, reason = _study(name, analysis, trial, evidence)
            data += [_contrast(row) for row in rows]
        else:
            rows, counted, reason = counts.study(analysis, trial, evidence)
            data += counted
        if not rows:
            excluded.append({"study": trial, "reason": reason})
            continue
        chosen += rows
    if not chosen:
        raise InputError(
            _problem(name, "trials", ", ".join(analysis.trials), "none has a usable contrast",
                     f"Add trials that report {analysis.outcome} with a confidence interval")
        )  # fmt: skip
    components = _components(name, analysis, chosen)
    for study in chosen:
        study["component"] = components[study["treatment"]]
    nodes = _nodes(components, treatments, _analysed(chosen, evidence))
    return Chosen(
        tables.NETWORK_STUDIES.frame(chosen),
        tables.NETWORK_NODES.frame(nodes),
        tables.NETWORK_EXCLUDED.frame(excluded),
        tables.NETWORK_DATA.frame(data),
    )


def _contrast(row: dict[str, Any]) -> dict[str, Any]:
    """What a model needs of a hazard ratio."""
    names = {"study": "study", "treatment": "treatment", "comparator": "comparator",
             "diff": "log_estimate", "se": "se", "shared_variance": "shared_variance"}  # fmt: skip
    return {name: row[column] for name, column in names.items()}


def _problem(name: str, field: str, value: object, message: str, remedy: str) -> Problem:
    return Problem("config/config.yaml", f"analyses.{name}.{field}", value, message, remedy)


def _arms(evidence: Path, trial: str) -> pd.DataFrame:
    return tables.ARMS.read(evidence / "trials" / trial / "arms.csv")


def _study(
    name: str, analysis: Analysis, trial: str, evidence: Path
) -> tuple[list[dict[str, Any]], str]:
    """The rows of one trial in the studies table, or why it has none."""
    folder = evidence / "trials" / trial
    contrasts = tables.CONTRASTS.read(folder / "contrasts.csv")
    ratios = contrasts[contrasts["selected"] & (contrasts["measure"] == "hr")]
    outcomes = [
        outcome
        for outcome in (analysis.outcome, *analysis.proxies)
        if (ratios["outcome"] == outcome).any()
    ]
    if not outcomes:
        return [], f"no hazard ratio for {analysis.outcome.upper()} in the sources that were read"
    outcome = outcomes[0]
    ratios = ratios[ratios["outcome"] == outcome]
    assessors = ratios["assessor"].fillna("unstated")
    usable = ratios[ratios["se"].notna() & assessors.isin(analysis.assessors)]
    if usable.empty:
        return (
            [],
            f"no {outcome.upper()} hazard ratio with a confidence interval in the sources read",
        )
    order = usable["assessor"].fillna("unstated").map(analysis.assessors.index)
    best = usable[order == order.min()]
    comparator, shared = None, None
    if len(best) > 1:
        best, comparator = _against_one(name, trial, best)
        survival = tables.SURVIVAL.read(folder / "survival.csv")
        shared = _shared_variance(name, trial, best, comparator, survival)
    if trial in analysis.instead:
        best = _instead(name, trial, analysis.instead[trial], best, folder)
    treatment = _arms(evidence, trial).set_index("arm")["treatment"]
    tier = tables.TRIALS.read(folder / "trials.csv").iloc[0]["tier"]
    fields = ("outcome", "log_estimate", "se", "report", "assessor", "source", "locator")
    return [
        {
            "study": trial,
            "treatment": treatment[row["arm"]],
            "comparator": treatment[row["comparator"]],
            "arm": row["arm"],
            "comparator_arm": row["comparator"],
            "tier": tier,
            "shared_variance": shared,
            **{field: row[field] for field in fields},
        }
        for row in best.to_dict("records")
    ], ""


def _instead(name: str, trial: str, source: str, best: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The chosen contrast with the value of another source, which extraction had rejected."""
    rejected = tables.REJECTED_CONTRASTS.read(folder / "rejected-contrasts.csv")
    shared = ["report", "outcome", "arm", "comparator", "measure"]
    mine = rejected[rejected["source"] == source].merge(best[shared], on=shared)
    usable = mine[mine["se"].notna()]
    if len(best) != 1 or len(usable) != 1:
        known = rejected.loc[rejected["se"].notna(), "source"]
        raise InputError(
            _problem(name, f"instead.{trial}", source,
                     "gives no other hazard ratio with an interval for the contrast in use",
                     f"Use one of {', '.join(sorted(set(known))) or '(none)'}, or remove it")
        )  # fmt: skip
    values = ["log_estimate", "se", "source", "locator"]
    return best.assign(**{column: usable[column].iloc[0] for column in values})


def _against_one(name: str, trial: str, best: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The contrasts of a trial with the comparator that all its other arms were compared with.

    A contrast of two other arms follows from theirs with the comparator, and is left out.
    """
    arms = set(best["arm"]) | set(best["comparator"])
    for comparator in sorted(set(best["comparator"])):
        mine = best[best["comparator"] == comparator]
        if len(mine) == len(arms) - 1 and set(mine["arm"]) == arms - {comparator}:
            return mine, comparator
    pairs = ", ".join(f"{row['arm']} v {row['comparator']}" for row in best.to_dict("records"))
    raise InputError(
        _problem(name, "trials", trial,
                 f"{len(best)} selected hazard ratios ({pairs}) that do not compare each arm once "
                 "with one common comparator",
                 "Select one hazard ratio a pair, all against the same arm")
    )  # fmt: skip


def _shared_variance(
    name: str, trial: str, best: pd.DataFrame, comparator: str, survival: pd.DataFrame
) -> float:
    """Variance of the comparator's log hazard: 1 / its events (Woods et al. 2010).

    It is the covariance of two contrasts of the trial (BMC Med Res Methodol 10:54).
    """
    first = best.iloc[0]
    mine = survival[(survival["arm"] == comparator) & (survival["outcome"] == first["outcome"])]
    assessor = mine["assessor"].fillna("unstated") == (
        "unstated" if pd.isna(first["assessor"]) else first["assessor"]
    )
    events = mine.loc[assessor & (mine["report"] == first["report"]), "events"].dropna()
    if len(events) != 1 or events.iloc[0] <= 0:
        raise InputError(
            _problem(name, "trials", trial,
                     f"{len(best)} contrasts with {comparator} are correlated through it, and the "
                     f"events of that arm in report {first['report']} are not known",
                     f"Add the events of {comparator} to survival, or keep one contrast")
        )  # fmt: skip
    shared = 1 / float(events.iloc[0])
    if shared >= float(best["se"].min()) ** 2:
        raise InputError(
            _problem(name, "trials", trial,
                     f"1 / {int(events.iloc[0])} events of {comparator} exceeds the variance of a "
                     "contrast with it: events and intervals contradict each other",
                     "Check the events and the confidence limits of this trial")
        )  # fmt: skip
    return shared


def _components(name: str, analysis: Analysis, studies: list[dict[str, Any]]) -> dict[str, int]:
    """Treatment -> number of its island, in the order of the analysis's references."""
    graph: nx.Graph[str] = nx.Graph()
    for study in studies:
        graph.add_edge(study["treatment"], study["comparator"], trial=study["study"])
    numbers: dict[str, int] = {}
    problems = []
    number = 0
    for reference in analysis.references:
        if reference not in graph:
            problems.append(
                _problem(name, "references", reference, "no trial of this analysis has it",
                         f"Use treatments of its trials: {', '.join(sorted(graph))}")
            )  # fmt: skip
        elif reference in numbers:
            problems.append(
                _problem(name, "references", reference, "its island already has a reference",
                         "Keep one reference for each island")
            )  # fmt: skip
        else:
            number += 1
            numbers |= dict.fromkeys(nx.node_connected_component(graph, reference), number)
    for island in nx.connected_components(graph):
        if not island & numbers.keys():
            trials = sorted({data["trial"] for _, _, data in graph.subgraph(island).edges.data()})
            problems.append(
                _problem(name, "trials", ", ".join(trials),
                         f"joins no reference: an island of {', '.join(sorted(island))}",
                         "Add one of these to references to declare the island, or leave it out")
            )  # fmt: skip
    if problems:
        raise InputError(problems)
    return numbers


def _analysed(studies: list[dict[str, Any]], evidence: Path) -> pd.DataFrame:
    """Of each arm of the chosen contrasts: trial, treatment, patients analysed if stated."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for study in studies:
        survival = tables.SURVIVAL.read(evidence / "trials" / study["study"] / "survival.csv")
        asked = (survival["outcome"] == study["outcome"]) & (survival["report"] == study["report"])
        assessor = "unstated" if pd.isna(study["assessor"]) else study["assessor"]
        mine = survival[asked & (survival["assessor"].fillna("unstated") == assessor)]
        for side, arm in (("treatment", "arm"), ("comparator", "comparator_arm")):
            stated = mine.loc[mine["arm"] == study[arm], "n"].dropna()
            rows[study["study"], study[arm]] = {
                "trial": study["study"],
                "treatment": study[side],
                "n": stated.iloc[0] if len(stated) else pd.NA,
            }
    return pd.DataFrame(list(rows.values()))


def _nodes(
    components: dict[str, int], treatments: pd.DataFrame, arms: pd.DataFrame
) -> list[dict[str, Any]]:
    rows = []
    for treatment, component in components.items():
        given = arms[arms["treatment"] == treatment]
        rows.append({
            "treatment": treatment,
            "label": treatments.at[treatment, "label"],
            "class": treatments.at[treatment, "class"],
            "component": component,
            "trials": given["trial"].nunique(),
            "patients": None if given["n"].isna().any() else int(given["n"].sum()),
        })  # fmt: skip
    return rows
