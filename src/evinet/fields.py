"""The kinds of field that configurations and trial files are made of."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from evinet import files
from evinet.document import LONGEST_SLUG, SLUG

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""No trial that a review may hold was published before or after."""

LONGEST = 1200.0
"""Months: no trial follows anybody for longer."""


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    found = files.CONTROL.search(value)
    if found:
        raise ValueError(f"has the control character {found.group()!a}")
    return value


def _line(value: str) -> str:
    value = _text(value).rstrip("\n")
    for character, name in (("\n", "a line break"), ("\t", "a tab"), ("\\", "a backslash")):
        if character in value:
            raise ValueError(f"has {name}; write it as plain text on one line")
    return value


def _unique(values: list[Any]) -> list[Any]:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} more than once; name each once")
    return values


def _date(value: Any) -> Any:
    """A date as text; YAML gives dates without quotes as dates."""
    text = value.isoformat() if type(value) is datetime.date else value
    if isinstance(text, str):
        try:
            date = datetime.date.fromisoformat(text)
        except ValueError:
            raise ValueError("is not a date; write it as 2026-11-20") from None
        between_years(date.year)
    return text


def between_years(year: int) -> None:
    """A year in which a trial may have been done or published.

    Raises
    ------
    ValueError
        It is before `FIRST_YEAR` or after `LAST_YEAR`.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year {year} is not between {FIRST_YEAR} and {LAST_YEAR}")


Slug = Annotated[str, Field(pattern=SLUG.pattern, max_length=LONGEST_SLUG)]
Prose = Annotated[str, AfterValidator(_text)]
"""Words that are printed: not blank, no control characters."""
Line = Annotated[str, AfterValidator(_line)]
"""A name, label or title: words on one line, without backslashes."""
Date = Annotated[str, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
"""A day, such as 2026-11-20."""
Unique = AfterValidator(_unique)
"""A list that names nothing twice."""
Months = Annotated[float, Field(ge=0, le=LONGEST)]


class Strict(BaseModel):
    """A section of the configuration: a misspelt key is an error, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
