"""What several pages show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evinet import files
from evinet.config import HalfNormal
from evinet.errors import InputError, Problem
from evinet.report import words
from evinet.report.effects import interval, prediction
from evinet.report.exhibit import INDEX
from evinet.report.markdown import Field, attribute, escape, figure, table
from evinet.report.numbers import NBSP, chance, limits, ratio
from evinet.report.results import REMEDY, Fit, Results


def exhibit(results: Results, name: str) -> str:
    """A figure of results/figures, with its caption.

    Raises
    ------
    InputError
        It was not drawn.
    """
    text = optional_exhibit(results, name)
    if not text:
        path = results.root / "figures" / INDEX
        raise InputError(Problem(str(path), name, None, "this figure was not drawn", REMEDY))
    return text


def optional_exhibit(results: Results, name: str) -> str:
    """A figure that the data may not allow: nothing when it was not drawn."""
    path = results.root / "figures" / INDEX
    if not path.exists():
        raise InputError(Problem(str(path), "figures", None, "is not there", REMEDY))
    drawn = files.read_json(path).get(name)
    return figure(name, drawn["caption"], drawn["alt"]) if drawn else ""


def comparisons(results: Results, rows: list[dict[str, Any]], label: str) -> str:
    """A table of league rows on the hazard-ratio scale."""
    predicts = any(prediction(row) is not None for row in rows)
    fields = [
        Field("Treatment", "l", 22), Field("Against", "l", 22), Field("Hazard ratio", "r", 9),
        Field("95 % interval", "l", 13), Field("Probability of a lower hazard", "r", 12),
    ]  # fmt: skip
    if predicts:
        fields.append(Field("95 % prediction interval", "l", 13))
    fields.append(Field("Rests on", "l", 10))
    lines = []
    for row in rows:
        ratios, new = interval(row), prediction(row)
        cells = [
            escape(results.labels[row["treatment"]]), escape(results.labels[row["comparator"]]),
            ratio(ratios.estimate), limits(ratios), chance(row["p_better"]),
        ]  # fmt: skip
        if predicts:
            cells.append("" if new is None else limits(new))
        lines.append([*cells, "**a bridge**" if row["bridged"] else "trials"])
    return table(fields, lines, label)


def sentences(results: Results, rows: list[dict[str, Any]]) -> list[str]:
    """What league rows say, each in a sentence."""
    return [
        escape(
            words.comparison(
                results.labels[row["treatment"]], results.labels[row["comparator"]],
                interval(row), row["p_better"],
            )
        )
        for row in rows
    ]  # fmt: skip


def bridge_text(results: Results, fit: Fit) -> str:
    """The assumption that a fit rests on, in the words of the configuration."""
    assert fit.model.bridge is not None
    bridge = results.config.bridges[fit.model.bridge]
    scale = bridge.sigma_prior.scale if bridge.sigma_prior else None
    return escape(f"{bridge.assumption} {words.class_effect(fit.model.sigma, scale)}")


def unknown(value: object) -> str:
    """A value, or that it is not known."""
    return "[not known]{.no}" if value is None else escape(value)


def dash(value: object) -> str:
    """A value in a table, or a dash where there is none."""
    if value is None:
        return "[–]{.no}"
    return escape(f"{value:g}" if isinstance(value, float) else value)


def source_link(row: dict[str, Any]) -> str:
    """The source of a row, linked to the bibliography, and the place in it."""
    key = row["source"]
    return f"[{escape(key)}](provenance.qmd#source-{key}), {escape(row['locator'])}"


def sourced(text: str, row: dict[str, Any]) -> str:
    """A value that links to its source, which shows when pointed at and when focused."""
    if not row.get("source") or text in (dash(None), unknown(None)):
        return text
    where = ", ".join(part for part in (row["source"], row["locator"]) if part)
    return f'[{text}](provenance.qmd#source-{row["source"]} "{attribute(where)}"){{.sourced}}'


def slug_words(slug: str) -> str:
    """A slug as words."""
    return escape(slug.replace("-", " "))


def outcome_name(slug: str) -> str:
    """An outcome as people say it: short slugs are abbreviations."""
    return slug.upper() if len(slug) <= 4 else slug_words(slug)


def by_arm(
    rows: list[dict[str, Any]], names: tuple[str, ...], say: Callable[[dict[str, Any]], str]
) -> tuple[list[str], list[list[str]]]:
    """Rows of a table with a column an arm: the arms, and the cells of each row, with sources.

    `names` are the columns that make a row; `say` writes the cell of an arm. Where an arm has
    several values they all stand in its cell.
    """
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    for row in rows:
        said = found.setdefault(tuple(row[name] for name in names), {})
        before = f"{said[row['arm']]}; " if row["arm"] in said else ""
        said[row["arm"]] = before + sourced(say(row), row)
    cells = [
        [*("" if part is None else str(part) for part in key),
         *(said.get(arm, dash(None)) for arm in arms)]
        for key, said in found.items()
    ]  # fmt: skip
    return ["all" if arm is None else arm for arm in arms], cells


def patients(n: float | None, total: float | None, share: object) -> str:
    """Patients, of how many, and the percentage as printed."""
    said = dash(n) if total is None else f"{dash(n)} / {dash(total)}"
    if share is None:
        return said
    printed = share if isinstance(share, str) else f"{share:g}"
    printed = printed if printed.endswith("%") else f"{printed}{NBSP}%"
    return escape(printed) if n is None else f"{said} ({escape(printed)})"


def formula(prior: str) -> str:
    """The family and the numbers of a prior that the configuration gives or names."""
    from evinet.synthesise import priors

    return priors.parse(prior).formula


def named_prior(prior: str) -> str:
    """A prior that the configuration gives or names, with its publication."""
    from evinet.synthesise import priors

    found = priors.parse(prior)
    if found.source is None:
        return escape(found.formula)
    _, outcome, *comparison = prior.split(":")
    setting = ", ".join([outcome.replace("-", " "), *comparison])
    return escape(f"{found.formula} ({setting}, for a {found.effects}; {found.source})")


def prior_text(prior: HalfNormal) -> str:
    """A prior with its reason."""
    return escape(f"half-normal with scale {prior.scale:g} ({prior.source})")
