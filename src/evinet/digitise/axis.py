"""axis.yaml: what was read off a figure, what a person typed instead, and what is still open.

Beside each value stands what was read (`read`). A value that differs from it, or has none, was
typed by a person. With this file the digitisation gives the same bytes for ever.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evinet import files
from evinet.digitise.axes import Axis, Panel, Tick, fit
from evinet.digitise.drawing import BLACK, Box, Colour
from evinet.digitise.table import Cell, Row
from evinet.digitise.trace import Look
from evinet.errors import InputError, Problem

HEAD = """\
What was read off the figure. Look at overlay.html (or correct this file in editor.html), mend what
is wrong here, and run `evinet digitise` again. Beside a value stands what was read;
a value that differs from it counts as typed by a person. Delete a doubt when you have settled it.
"""
NOWHERE = Box(0, 0, 0, 0)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TickEntry(_Part):
    """A tick: its position in the figure, its value, both as read, and how far off the line."""

    at: float
    value: float
    read: tuple[float, float] | None = None
    off: float | None = None


class ArmEntry(_Part):
    """An arm: its name, the arm of the trial file it stands for, and how it is drawn."""

    name: str
    arm: str | None = None
    colour: str = Field("#000000", pattern=r"^#[0-9a-fA-F]{6}$")
    width: float = Field(1.0, gt=0)
    dash: list[float] = []
    read: str | None = None

    @property
    def look(self) -> Look:
        return Look(colour_of(self.colour), self.width, tuple(self.dash))


class RowEntry(_Part):
    """Numbers at risk of an arm at the times of the table; null where there is none."""

    arm: str
    n: list[int | None]
    read: list[int | None] | None = None


class TableEntry(_Part):
    """The numbers at risk."""

    times: list[float] = []
    rows: list[RowEntry] = []

    @model_validator(mode="after")
    def _as_many(self) -> TableEntry:
        for row in self.rows:
            if len(row.n) != len(self.times):
                raise ValueError(
                    f"row {row.arm!r} has {len(row.n)} numbers for {len(self.times)} times"
                )
        return self


class DoubtEntry(_Part):
    """Something about the reading that a person should settle; `left` is the confidence left."""

    code: str
    about: str
    left: float = Field(1.0, ge=0, le=1)


class AxisFile(_Part):
    """The whole file."""

    figure: str
    sha256: str
    page: int = Field(1, ge=1)
    plot: int | None = Field(None, ge=1)
    kind: Literal["vector", "raster"]
    size: tuple[float, float]
    unit: Literal["days", "weeks", "months", "years"] | None = None
    unit_read: str | None = None
    incidence: bool = False
    frame: tuple[float, float, float, float] | None = None
    time: list[TickEntry] = []
    survival: list[TickEntry] = []
    arms: list[ArmEntry] = []
    at_risk: TableEntry = TableEntry()
    doubts: list[DoubtEntry] = []
    minutes: float | None = Field(None, ge=0)
    report: str | None = None
    source: str | None = None
    locator: str | None = None

    @model_validator(mode="after")
    def _names(self) -> AxisFile:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError("two arms have one name")
        unknown = [row.arm for row in self.at_risk.rows if row.arm not in names]
        if unknown and names:
            raise ValueError(f"the numbers at risk name {unknown[0]!r}, but there is no such arm")
        return self

    def panel(self) -> Panel | None:
        """The plot; None as long as an axis has fewer than two ticks."""
        axes = []
        for ticks in (self.time, self.survival):
            if len({tick.at for tick in ticks}) < 2 or len({tick.value for tick in ticks}) < 2:
                return None
            axes.append(fit([Tick(tick.at, tick.value) for tick in ticks]))
        box = Box(*self.frame) if self.frame is not None else _box(*axes)
        return Panel(axes[0], axes[1], box)

    def rows(self) -> list[Row]:
        """The rows of the table."""
        found = []
        for row in self.at_risk.rows:
            cells = [
                Cell(time, n, NOWHERE)
                for time, n in zip(self.at_risk.times, row.n, strict=True)
                if n is not None
            ]
            counts = [cell.n for cell in cells]
            rises = () if counts == sorted(counts, reverse=True) else ("the numbers at risk rise",)
            found.append(Row(row.arm, tuple(cells), BLACK, rises))
        return found

    def typed(self) -> list[str]:
        """What a person typed, in words."""
        said = []
        for name, ticks in (("time", self.time), ("survival", self.survival)):
            said += [
                f"{name} tick {tick.value:g}"
                for tick in ticks
                if tick.read is None or tuple(tick.read) != (tick.at, tick.value)
            ]
        if self.unit != self.unit_read:
            said.append(f"unit {self.unit}")
        said += [f"name {arm.name}" for arm in self.arms if arm.read != arm.name]
        said += [f"numbers at risk of {row.arm}" for row in self.at_risk.rows if row.read != row.n]
        return said


def _box(x: Axis, y: Axis) -> Box:
    """The plot's rectangle from its axes alone."""
    top = min(tick.at for tick in y.ticks)
    bottom = max(tick.at for tick in y.ticks)
    return Box(x.position(0.0), top, max(tick.at for tick in x.ticks), bottom)


def rounded(panel: Panel) -> Panel:
    """The plot as its axis file will give it, so that what is worked out of it serves both."""
    axes = []
    for axis in (panel.x, panel.y):
        again = fit([Tick(each.at, each.value) for each in ticks(axis)])
        axes.append(
            replace(again, left_out=axis.left_out, broken=axis.broken, goes_on=axis.goes_on)
        )
    return Panel(axes[0], axes[1], Box(*frame(panel.box)))


def frame(box: Box) -> tuple[float, float, float, float]:
    """The entry of the plot's rectangle."""
    left, top, right, bottom = (
        round(float(v), 4) for v in (box.left, box.top, box.right, box.bottom)
    )
    return left, top, right, bottom


def ticks(axis: Axis, digits: int = 4) -> list[TickEntry]:
    """Entries of an axis as it was read."""
    entries = []
    for tick, off in sorted(
        zip(axis.ticks, axis.residuals, strict=True), key=lambda pair: pair[0].value
    ):
        at, value = round(float(tick.at), digits), float(f"{tick.value:.9g}")
        entries.append(
            TickEntry(at=at, value=value, read=(at, value), off=round(float(off), 3) + 0.0)
        )
    return entries


def table(rows: Sequence[tuple[str, Row]]) -> TableEntry:
    """The entry of the table from (arm, row)."""
    times = sorted({cell.time for _, row in rows for cell in row.cells})
    entries = []
    for arm, row in rows:
        known = {cell.time: cell.n for cell in row.cells}
        n = [known.get(time) for time in times]
        entries.append(RowEntry(arm=arm, n=n, read=list(n)))
    return TableEntry(times=times, rows=entries)


def hexadecimal(colour: Colour) -> str:
    """A colour as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def colour_of(text: str) -> Colour:
    """A colour from #rrggbb."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def read(path: Path) -> AxisFile:
    """Read and validate axis.yaml.

    Raises
    ------
    InputError
        It is no YAML, or a field is wrong: file, line, field, value and remedy are named.
    """
    from evinet import document

    written = document.load(path)
    if not isinstance(written.tree, dict):
        raise InputError(
            Problem(str(path), "(file)", path.name, "holds no axis file",
                    f"Delete {path}, and leave --axis out: the figure is then read anew")
        )  # fmt: skip
    return document.validate(written, AxisFile)


def write(path: Path, content: AxisFile) -> None:
    """Write axis.yaml."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    def flow(value: Any) -> Any:
        made: Any = CommentedSeq(value) if isinstance(value, list) else CommentedMap(value)
        made.fa.set_flow_style()
        return made

    plain = content.model_dump(mode="json")
    tree = CommentedMap(plain)
    for name in ("time", "survival", "arms", "doubts"):
        tree[name] = CommentedSeq([flow(item) for item in plain[name]])
    for name in ("size", "frame"):
        if plain[name] is not None:
            tree[name] = flow(plain[name])
    rows = []
    for row in plain["at_risk"]["rows"]:
        entry = CommentedMap(row)
        for key in ("n", "read"):
            if row[key] is not None:
                entry[key] = flow(row[key])
        rows.append(entry)
    tree["at_risk"] = CommentedMap(times=flow(plain["at_risk"]["times"]), rows=CommentedSeq(rows))
    tree.yaml_set_start_comment(HEAD)
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None),
        lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null"),
    )
    stream = io.StringIO()
    yaml.dump(tree, stream)
    files.write_text(path, stream.getvalue())
