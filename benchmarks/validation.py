"""`make validation`: our results beside published ones, as a Markdown table.

``python benchmarks/validation.py [FOLDER] [CASE ...]`` reads FOLDER/published.yaml (default
tests/validation), fits every case and prints what it finds. The exit status is 1 when anything is
further from its published value than Monte Carlo error and rounding explain.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path("tests/validation")
DRAWS = 4000
SHARE_OF_SD = 0.05


@dataclass(frozen=True)
class Row:
    """One published number and ours; `tolerance` is what Monte Carlo error and rounding allow."""

    case: str
    parameter: str
    published: float
    published_sd: float | None
    ours: float
    ours_sd: float | None
    tolerance: float
    decimals: int

    @property
    def agrees(self) -> bool:
        return abs(self.ours - self.published) <= self.tolerance


def cases(folder: Path = FOLDER) -> dict[str, Any]:
    """The published results."""
    from ruamel.yaml import YAML

    return dict(YAML(typ="safe").load(folder / "published.yaml"))


def compare(name: str, case: dict[str, Any], folder: Path = FOLDER) -> Iterator[Row]:
    """Fit one case; a row a published number.

    An effect may differ by 0.05 of its posterior standard deviation and half a unit of the last
    printed decimal; a measure of deviance by 0.05 of the deviance's own standard deviation, which
    is near sqrt(2 pD), and half a unit.
    """
    from evinet import usertable
    from evinet.nma import Network
    from evinet.nma.settings import Sampler

    options = dict(case["options"])
    reference = options.pop("reference", None)
    by_contrasts = options.get("likelihood") == "contrast"
    network = Network.read(
        usertable.read(folder / case["file"]), reference=reference,
        kind="effects" if by_contrasts else "arms", categories=options.pop("categories", ()),
    )  # fmt: skip
    if by_contrasts:
        del options["likelihood"]
    fit = network.fit(**options, sampler=Sampler(draws=DRAWS, target_accept=0.95))
    effects = fit.effects().set_index("parameter")
    decimals = int(case.get("decimals", 2))
    published = {f"d[{key}]": value for key, value in case.get("d", {}).items()}
    published |= case.get("coefficients", {})
    if "tau" in case:
        published["tau"] = case["tau"]
    for parameter, (mean, sd) in published.items():
        tolerance = SHARE_OF_SD * sd + 0.5 * 10**-decimals
        ours, ours_sd = effects.loc[parameter, ["mean", "sd"]].astype(float)
        yield Row(name, parameter, mean, sd, ours, ours_sd, tolerance, decimals)
    found = fit.measures()
    for measure, value in case.get("fit", {}).items():
        tolerance = SHARE_OF_SD * (2 * case["fit"]["pD"]) ** 0.5 + 0.05
        yield Row(name, measure, value, None, found[measure], None, tolerance, 1)


def table(rows: list[Row]) -> str:
    """Rows as a Markdown table."""
    lines = [
        "| model | parameter | published | ours | difference |  |",
        "|---|---|--:|--:|--:|---|",
    ]
    for row in rows:
        places = row.decimals + (row.published_sd is not None)
        published = f"{row.published:.{row.decimals}f}"
        ours = f"{row.ours:.{places}f}"
        if row.published_sd is not None:
            published += f" ({row.published_sd:.{row.decimals}f})"
            ours += f" ({row.ours_sd:.{places}f})"
        verdict = "agrees" if row.agrees else f"beyond ±{row.tolerance:.{places}f}"
        difference = f"{row.ours - row.published:+.{places}f}"
        lines.append(
            f"| {row.case} | {row.parameter} | {published} | {ours} | {difference} | {verdict} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Fit, print, and say by the exit status whether everything agrees."""
    from evinet.nma.fit import nuts

    nuts.prepare()
    folder = Path(arguments[0]) if arguments else FOLDER
    chosen = arguments[1:] or list(cases(folder))
    rows = [row for name in chosen for row in compare(name, cases(folder)[name], folder)]
    print(table(rows))
    agree = sum(row.agrees for row in rows)
    print(
        f"\n{agree} of {len(rows)} published numbers agree within Monte Carlo error and rounding."
    )
    return 0 if agree == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
