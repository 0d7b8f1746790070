"""A YAML file whose every value still knows its line and its name.

Files are read as the plain core of YAML 1.2: mappings, lists, text, numbers, true, false, null and
dates. Aliases, merge keys and tags are refused: they hide what a file says, and no review needs
them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evinet import files
from evinet.errors import InputError, Problem

Location = Sequence[str | int]
Model = TypeVar("Model", bound=BaseModel)

# The keys that tell the items of a list apart, in the order in which they name an item.
IDENTITY = (
    "outcome",
    "report",
    "assessor",
    "characteristic",
    "category",
    "level",
    "event",
    "grade",
    "arm",
    "comparator",
    "measure",
    "time",
    "table",
    "domain",
    "topic",
    "treatment",
    "therapy",
)

DEEPEST = 32
"""Nesting that no file of a review needs."""

DIGITS = 30
"""No number that was ever printed in a trial has more digits."""

NULL = ("", "~", "null", "Null", "NULL")
TRUTH = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
INTEGER = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
LONGEST_SLUG = 100
REMEDIES = {
    "missing": "Add the field; docs/evidence.md says what it wants",
    "extra_forbidden": "Correct the spelling, or remove the field",
    "string_pattern_mismatch": "Write a slug: lower-case letters, digits and single hyphens",
    "less_than_equal": "Compare with the source",
    "string_type": "Write text; put quotes around it if it looks like a number",
    "int_type": "Write a whole number without quotes, or null if it is not known",
    "float_type": "Write a number without quotes, or null if it is not known",
    "literal_error": "Use one of the words listed",
    "date_type": "Write the date as 2023-07-20",
    "finite_number": "Write the number that was printed",
    "bool_type": "Write true or false",
}


def is_slug(name: str) -> bool:
    """Whether a name is a slug: it names files, folders and rows."""
    return len(name) <= LONGEST_SLUG and SLUG.fullmatch(name) is not None


class _Loader(yaml.CSafeLoader):
    """Events only: which plain words are numbers is decided here, not by YAML 1.1."""


@dataclass(frozen=True)
class Document:
    """A YAML file as it was written: its values, and the line of each."""

    file: str
    tree: Any
    lines: dict[tuple[str | int, ...], int]

    def find(self, location: Location) -> tuple[Any, int | None, list[str]]:
        """Value, line and name of the deepest part of `location` that exists."""
        node, line = self.tree, None
        names: list[str] = []
        for depth, key in enumerate(location):
            if isinstance(node, dict) and key in node:
                names = [*names, str(key)]
            elif isinstance(node, list) and isinstance(key, int) and key < len(node):
                names = [*names[:-1], f"{names[-1] if names else ''}[{label(node[key], key)}]"]
            else:
                return node, line, [*names, str(key)] if isinstance(node, dict | list) else names
            line = self.lines.get(tuple(location[: depth + 1]))
            node = node[key]
        return node, line, names

    def depth(self, location: Location) -> int:
        """How many parts of `location` exist in the file."""
        return max(
            n for n in range(len(location) + 1) if tuple(location[:n]) in self.lines or not n
        )

    def problem(self, location: Location, message: str, remedy: str) -> Problem:
        """A problem with the value at `location`, by its name and line."""
        value, line, names = self.find(location)
        shown = _shown(value)
        return Problem(self.file, ".".join(names) or "(whole file)", shown, message, remedy, line)


def _shown(value: Any) -> Any:
    """A value as a message shows it: a section by its numbers, if it has any."""
    if not isinstance(value, dict | list):
        return value
    items = value.items() if isinstance(value, dict) else []
    numbers = [f"{name} {each}" for name, each in items if type(each) in (int, float)]
    if numbers:
        return ", ".join(numbers)
    return "(section)"


def label(item: Any, index: int) -> str:
    """The name of an item of a list: what tells it apart, or else its place."""
    if not isinstance(item, dict):
        return str(index)
    return ",".join(str(item[key]) for key in IDENTITY if item.get(key) is not None) or str(index)


def load(path: Path) -> Document:
    """Read a YAML file.

    Raises
    ------
    InputError
        The file is not there, not UTF-8, not YAML, or holds what a review's files may not:
        aliases, tags, merge keys, control characters, dates that do not exist, numbers of more
        than `DIGITS` digits, a key twice, more than `DEEPEST` levels.
    """
    return parse(path, files.read_text(path))


def parse(path: Path, text: str) -> Document:
    """Read YAML that is the text of a file, or a part of it with the lines before it left empty.

    Raises
    ------
    InputError
        As `load`.
    """
    reader = _Reader(str(path), text)
    try:
        tree = reader.read()
    except yaml.MarkedYAMLError as error:
        raise InputError(_syntax_problem(path, text, error)) from None
    except yaml.YAMLError as error:
        message = f"cannot be read: {str(error).splitlines()[0]}"
        raise InputError(
            Problem(str(path), "YAML", path.name, message, "Correct the file")
        ) from None
    if reader.problems:
        raise InputError(reader.problems)
    return Document(str(path), tree, reader.lines)


class _Reader:
    """Builds the values of a file from the events of its parser."""

    def __init__(self, file: str, text: str):
        self.file, self.text = file, text
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.problems: list[Problem] = []
        self.events: Iterator[Any] = iter(())

    def read(self) -> Any:
        self.events = iter(yaml.parse(self.text, Loader=_Loader))
        tree, documents = None, 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._wrong(event, "---", "a second document starts here", "Keep one")
            elif isinstance(event, yaml.NodeEvent):
                tree = self._node(event, ())
        return tree

    def _node(self, event: Any, where: tuple[str | int, ...]) -> Any:
        self.lines.setdefault(where, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            self._wrong(
                event,
                f"*{event.anchor}",
                "is a YAML alias, which is not allowed here",
                "Write the value itself",
            )
            return None
        if event.tag is not None:
            self._wrong(
                event,
                event.tag,
                "is a YAML tag, which is not allowed here",
                "Write the value without it",
            )
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(where) >= DEEPEST:
            self._wrong(event, "", f"is nested more than {DEEPEST} levels deep", "Write it flatter")
            raise InputError(self.problems)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(where)
        return self._mapping(where)

    def _list(self, where: tuple[str | int, ...]) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*where, len(items))))
        return items

    def _mapping(self, where: tuple[str | int, ...]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._wrong(
                    event, "", "is not the name of a field", "Write a word before the colon"
                )
                raise InputError(self.problems)
            key = event.value
            self._characters(event)
            if key == "<<" and event.implicit[0]:
                self._wrong(
                    event,
                    key,
                    "is a YAML merge key, which is not allowed here",
                    "Write the fields themselves",
                )
            if key in content:
                self._wrong(event, key, "is a duplicate key", "Keep one of the two")
            below = (*where, key)
            self.lines[below] = event.start_mark.line + 1
            content[key] = self._node(next(self.events), below)
        return content

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        self._characters(event)
        if not event.implicit[0]:
            return text
        if text in NULL:
            return None
        if text in TRUTH:
            return TRUTH[text]
        if NUMBER.fullmatch(text):
            if sum(map(str.isdigit, text)) > DIGITS:
                message = f"is a number of more than {DIGITS} digits"
                self._wrong(event, f"{text[:DIGITS]}...", message, "Write the number as printed")
                return None
            return int(text) if INTEGER.fullmatch(text) else float(text)
        if NO_NUMBER.fullmatch(text):
            return float(text.replace(".", ""))
        if DATE.fullmatch(text):
            try:
                return datetime.date.fromisoformat(text)
            except ValueError:
                self._wrong(event, text, "is not a date that exists", "Compare with the source")
        return text

    def _characters(self, event: Any) -> None:
        found = files.CONTROL.search(event.value)
        if found:
            message = f"has the control character {found.group()!a}"
            self._wrong(event, ascii(event.value[:60]), message, "Remove it")

    def _wrong(self, event: Any, value: str, message: str, remedy: str) -> None:
        line = event.start_mark.line + 1
        self.problems.append(Problem(self.file, "YAML", value, message, remedy, line))


def _syntax_problem(path: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    written = text.splitlines()
    shown = written[line - 1].strip() if line and line <= len(written) else ""
    return Problem(
        str(path),
        "YAML",
        shown,
        f"cannot be read: {error.problem or error.context}",
        "Look at the indentation, colons, brackets and quotes on this line and before it",
        line,
    )


def validate(document: Document, model: type[Model]) -> Model:
    """The content of a document as `model`.

    Raises
    ------
    InputError
        Every field that is unknown, missing or of the wrong kind.
    """
    try:
        return model.model_validate(document.tree)
    except ValidationError as error:
        raise InputError([document.problem(*item) for item in explained(error)]) from None


def explained(error: ValidationError) -> Iterator[tuple[Location, str, str]]:
    """What pydantic found wrong: where, the message and the remedy."""
    for item in error.errors():
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            message = "the field is missing"
        elif item["type"] == "extra_forbidden":
            message = "there is no such field"
        message = message[:1].lower() + message[1:]
        yield item["loc"], message, _remedy(item["type"], item.get("ctx", {}))


def _remedy(kind: str, context: dict[str, Any]) -> str:
    if kind == "string_pattern_mismatch" and context.get("pattern") != SLUG.pattern:
        return "Write it as the other trials do; docs/evidence.md says how"
    return REMEDIES.get(kind, "Correct it")
