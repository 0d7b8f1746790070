"""From a result back to the facts that it rests on, their sources and locators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evinet import tables
from evinet.document import SLUG
from evinet.errors import InputError, Problem
from evinet.extract import load

if TYPE_CHECKING:
    import pandas as pd

MODEL = re.compile(r"^(?P<analysis>[a-z0-9-]+)/(?P<model>[a-z0-9-]+)$")
NODE = re.compile(r"\[(?P<node>[a-z0-9-]+)\]")


def trace(
    results: Path, target: str, parameter: str | None, data: Path | None = None
) -> Iterator[str]:
    """Lines that lead from a target to its sources.

    Parameters
    ----------
    target
        A trial (``netter-2``), a trial in a table (``results/networks/pfs/studies.csv:netter-2``),
        or a model (``pfs/fixed``) with a parameter (``d[octreotide-60]``).
    data
        Folder of the evidence, where a trial is read that was not run yet.

    Raises
    ------
    InputError
        The target names nothing that is there, or results were not made yet.
    """
    model = MODEL.match(target)
    if model and parameter:
        yield from _of_parameter(results, model["analysis"], parameter)
    elif ":" in target:
        path, trial = target.rsplit(":", 1)
        yield from _of_table(results, Path(path), trial)
    elif data is not None and not _was_run(results, target) and _is_there(data, target):
        yield from _of_evidence(data, target)
    else:
        yield from _of_trial(results, target)


def _was_run(results: Path, trial: str) -> bool:
    path = results / "evidence" / "facts.csv"
    return path.is_file() and trial in set(tables.FACTS.read(path)["trial"])


def _is_there(data: Path, trial: str) -> bool:
    return SLUG.match(trial) is not None and (data / "trials" / trial / "trial.yaml").is_file()


def _of_evidence(data: Path, trial: str) -> Iterator[str]:
    """A trial as it is written, before any run."""
    evidence, _ = load.read(data, trial)
    citations = {row["source"]: row["citation"] for row in evidence.vocabulary.source_rows()}
    yield f"{trial}: every value (not run yet: read from {data / 'trials' / trial})"
    cited: list[object] = []
    for fact in evidence.facts:
        yield _fact(trial, {**vars(fact), "value": fact.shown()})
        if fact.source in citations and fact.source not in cited:
            cited.append(fact.source)
    for source in cited:
        yield f"  [{source}] {citations[source]}"


def _of_parameter(results: Path, analysis: str, parameter: str) -> Iterator[str]:
    folder = results / "networks" / analysis
    studies = _read(tables.NETWORK_STUDIES, folder / "studies.csv")
    nodes = _read(tables.NETWORK_NODES, folder / "nodes.csv")
    found = NODE.search(parameter)
    if found:
        component = nodes.loc[nodes["treatment"] == found["node"], "component"]
        if component.empty:
            known = ", ".join(nodes["treatment"])
            raise InputError(
                Problem(str(folder / "nodes.csv"), "parameter", parameter,
                        "there is no such treatment in the analysis", f"Use one of {known}")
            )  # fmt: skip
        studies = studies[studies["component"] == component.iloc[0]]
        yield f"{analysis} {parameter} rests on the trials of island {component.iloc[0]}"
        yield "(and, in a model with a bridge, on the islands that the bridge joins)"
    else:
        yield f"{analysis} {parameter} rests on every trial of the analysis"
    for study in _records(studies):
        yield from _study(results, study)


def _of_table(results: Path, path: Path, trial: str) -> Iterator[str]:
    if path.name == "studies.csv":
        studies = _read(tables.NETWORK_STUDIES, path)
        for study in _records(studies[studies["study"] == trial]):
            yield from _study(results, study)
            return
        raise _unknown(path, trial, studies["study"])
    yield from _of_trial(results, trial)


def _study(results: Path, study: dict[str, object]) -> Iterator[str]:
    trial = str(study["study"])
    yield ""
    yield (
        f"{trial}: {study['treatment']} against {study['comparator']}, {study['outcome']}, "
        f"ln HR {study['log_estimate']:.4g} (SE {study['se']:.4g})"
    )
    block = f"results[{study['outcome']},{study['report']}"
    yield from _facts(results, trial, lambda path: path.startswith(block))


def _of_trial(results: Path, trial: str) -> Iterator[str]:
    yield f"{trial}: every value"
    yield from _facts(results, trial, lambda path: True)


def _facts(results: Path, trial: str, wanted: Callable[[str], bool]) -> Iterator[str]:
    path = results / "evidence" / "facts.csv"
    facts = _read(tables.FACTS, path)
    sources = _read(tables.SOURCES, results / "evidence" / "sources.csv")
    citations: dict[object, object] = dict(zip(sources["source"], sources["citation"], strict=True))
    found = [fact for fact in _records(facts[facts["trial"] == trial]) if wanted(str(fact["path"]))]
    if not found:
        raise _unknown(path, trial, facts["trial"])
    cited: list[object] = []
    for fact in found:
        yield _fact(trial, fact)
        if fact["source"] in citations and fact["source"] not in cited:
            cited.append(fact["source"])
    for source in cited:
        yield f"  [{source}] {citations[source]}"


def _fact(trial: str, fact: dict[str, object]) -> str:
    words = {name: "" if value is None else str(value) for name, value in fact.items()}
    line = f"  {words['path']} = {words['value'] or 'not known'}"
    line += f" (printed {words['printed']})" if words["printed"] else ""
    line += f"; {words['use']}" if words["use"] == "rejected" else ""
    line += f": {words['reason']}" if words["reason"] else ""
    if words["source"]:
        line += f" <- {words['source']}, {words['locator']}"
    return f"{line} (trials/{trial}/trial.yaml:{words['line']})"


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as dictionaries; an empty cell is none."""
    import pandas as pd

    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _read(table: tables.Table, path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(
            Problem(str(path), "file", path.name, "there is no such result",
                    "Run snakemake first, or name another folder with --results")
        )  # fmt: skip
    return table.read(path)


def _unknown(path: Path, trial: str, known: pd.Series) -> InputError:
    names = ", ".join(dict.fromkeys(known))
    return InputError(
        Problem(str(path), "trial", trial, "there is no such trial", f"Use one of {names}")
    )
