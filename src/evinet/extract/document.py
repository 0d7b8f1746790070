"""A YAML file whose every value still knows its line and its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

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
)

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
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
}


@dataclass(frozen=True)
class Document:
    """A YAML file as it was written."""

    file: str
    tree: Any

    def find(self, location: Location) -> tuple[Any, int | None, list[str]]:
        """Value, line and name of the deepest part of `location` that exists."""
        node, line = self.tree, None
        names: list[str] = []
        for key in location:
            if isinstance(node, CommentedMap) and key in node:
                line, names = node.lc.key(key)[0] + 1, [*names, str(key)]
            elif isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node):
                line = node.lc.item(key)[0] + 1
                names = [*names[:-1], f"{names[-1] if names else ''}[{label(node[key], key)}]"]
            else:
                return node, line, [*names, str(key)] if isinstance(node, dict | list) else names
            node = node[key]
        return node, line, names

    def problem(self, location: Location, message: str, remedy: str) -> Problem:
        """A problem with the value at `location`, by its name and line."""
        value, line, names = self.find(location)
        shown = "(section)" if isinstance(value, dict | list) else plain(value)
        return Problem(self.file, ".".join(names) or "(whole file)", shown, message, remedy, line)


def label(item: Any, index: int) -> str:
    """The name of an item of a list: what tells it apart, or else its place."""
    if not isinstance(item, dict):
        return str(index)
    return ",".join(str(item[key]) for key in IDENTITY if item.get(key) is not None) or str(index)


def plain(node: Any) -> Any:
    """Ordinary Python values, without the lines."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def load(path: Path) -> Document:
    """Read a YAML file.

    Raises
    ------
    InputError
        The file is not there, not UTF-8, or not YAML.
    """
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise InputError(
            Problem(str(path), "file", path.name, message, "Create it, or correct its name")
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            Problem(str(path), "file", path.name, f"is not UTF-8: {error.reason}", "Save as UTF-8")
        ) from None
    except YAMLError as error:
        raise InputError(_syntax_problem(path, error)) from None
    return Document(str(path), tree)


def _syntax_problem(path: Path, error: YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = error.problem if isinstance(error, MarkedYAMLError) else str(error)
    line = mark.line + 1 if mark else None
    text = path.read_text(encoding="utf-8").splitlines()
    shown = text[line - 1].strip() if line and line <= len(text) else ""
    if "duplicate key" in str(what):
        remedy = "Keep one of the two"
    else:
        remedy = "Look at the indentation, colons, brackets and quotes on this line and before it"
    return Problem(
        str(path), "YAML", shown, f"cannot be read: {str(what).split(chr(10))[0]}", remedy, line
    )


def validate(document: Document, model: type[Model]) -> Model:
    """The content of a document as `model`.

    Raises
    ------
    InputError
        Every field that is unknown, missing or of the wrong kind.
    """
    try:
        return model.model_validate(plain(document.tree))
    except ValidationError as error:
        raise InputError(list(_problems(document, error))) from None


def _problems(document: Document, error: ValidationError) -> Iterator[Problem]:
    for item in error.errors():
        location: Location = item["loc"]
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            message = "the field is missing"
        elif item["type"] == "extra_forbidden":
            message = "there is no such field"
        message = message[:1].lower() + message[1:]
        yield document.problem(location, message, _remedy(item["type"], item.get("ctx", {})))


def _remedy(kind: str, context: dict[str, Any]) -> str:
    if kind == "string_pattern_mismatch" and context.get("pattern") != SLUG.pattern:
        return "Write it as the other trials do; docs/evidence.md says how"
    return REMEDIES.get(kind, "Correct it")
