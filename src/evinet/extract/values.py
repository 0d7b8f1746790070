"""The values of a trial file: what was printed, what it means, and where it was printed.

A value is written bare (``events: 55``) or with what belongs to it (``events: {value: 27, locator:
Table 2, rejected: [...]}``). Source and locator hold for everything below the block that has them,
until a block below says otherwise. ``null`` and absence mean: not known.
"""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    model_validator,
)
from pydantic.json_schema import GetJsonSchemaHandler, JsonSchemaValue
from pydantic_core import CoreSchema

from evinet.fields import LONGEST, Line, Prose, Slug, between_years

NOT_ESTIMABLE = ("NE", "NR")
"""As printed: a limit that is not estimable, a median that is not reached."""

MOST = 1_000_000_000
"""No trial has more patients."""

COUNT = re.compile(
    r"^(?P<n>\d{1,9})( \((?P<percent><?\d{1,3}(\.\d{1,6})?)%?\))?$"
    r"|^(?P<only><?\d{1,3}(\.\d{1,6})?)%$"
)
FRACTION = re.compile(r"^\d{1,9}/\d{1,9}$")

SMALLEST_RATIO, LARGEST_RATIO = 1e-6, 1e6
"""No ratio that was ever estimated lies outside."""


def _estimable(value: Any) -> Any:
    return None if value in NOT_ESTIMABLE else value


_PRINTED = BeforeValidator(
    _estimable,
    json_schema_input_type=float | None | Annotated[str, Field(pattern="^(NE|NR)$")],
)
Limit = Annotated[float | None, _PRINTED]
MonthsLimit = Annotated[Annotated[float, Field(ge=0, le=LONGEST)] | None, _PRINTED]
ShareLimit = Annotated[Annotated[float, Field(ge=0, le=1)] | None, _PRINTED]

DOI = r"^10\.\d{4,9}/\S+$"
KNOWN_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def _known_date(value: str) -> str:
    if not KNOWN_DATE.fullmatch(value):
        raise ValueError("is not a date such as 2020-01-22, 2020-01 or 2020")
    try:
        date = datetime.date.fromisoformat(value + "-01-01"[len(value) - 4 :])
    except ValueError:
        raise ValueError("is not a date that exists") from None
    between_years(date.year)
    return value


def _year(value: int) -> int:
    between_years(value)
    return value


def _day(value: datetime.date) -> datetime.date:
    between_years(value.year)
    return value


class Block(BaseModel):
    """Anything in a trial file: a misspelt field is an error, and text is never a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    source: Slug | None = Field(None, description="key of the source in data/raw/sources.yaml")
    locator: Line | None = Field(None, description="where in the source: page, table, figure")
    note: Prose | None = Field(None, description="what a reader should know")


class Rejected(Block):
    """What another source says, and why it was not used."""

    value: int | float | Line | None = None
    lower: Limit = None
    upper: Limit = None
    level: float | None = Field(None, gt=0, lt=1)
    printed: Line | None = None
    source: Slug
    reason: Prose = Field(description="why the value was not used")


class Value(Block):
    """A value that may be written bare."""

    printed: Line | None = Field(None, description="as printed, where that differs from the value")
    rejected: list[Rejected] = Field([], description="what other sources say")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, data: Any) -> Any:
        return data if isinstance(data, dict | BaseModel) else cls.from_bare(data)

    @classmethod
    def from_bare(cls, data: Any) -> dict[str, Any]:
        """The fields of a value that was written bare."""
        return {"value": data}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bare = {"type": ["number", "string", "boolean", "null"]}
        return {"anyOf": [handler(core_schema), bare]}


class Text(Value):
    """A value in words."""

    value: Line | None

    @classmethod
    def from_bare(cls, data: Any) -> dict[str, Any]:
        return {"value": data.isoformat() if isinstance(data, datetime.date) else data}


class Doi(Text):
    """A digital object identifier."""

    value: Annotated[str, Field(pattern=DOI)] | None


class When(Text):
    """A date as far as it is known: 2020-01-22, 2020-01 or 2020."""

    value: Annotated[str, AfterValidator(_known_date)] | None


class Count(Value):
    """A number of patients."""

    value: int | None = Field(ge=0, le=MOST)


class Year(Value):
    """A year."""

    value: Annotated[int, AfterValidator(_year)] | None


class Day(Value):
    """A date."""

    value: Annotated[datetime.date, AfterValidator(_day)] | None


class Estimate(Value):
    """An estimate with its confidence interval."""

    value: Limit
    lower: Limit = None
    upper: Limit = None
    level: float = Field(0.95, gt=0, lt=1, description="confidence level")
    _not_reached: bool = False

    @property
    def not_reached(self) -> bool:
        """Whether the value was written as NR, and not just left out."""
        return self._not_reached

    @model_validator(mode="wrap")
    @classmethod
    def _as_written(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = handler(data)
        made._not_reached = "NR" in (data.get("value") if isinstance(data, dict) else data,)
        return made


class Duration(Estimate):
    """An estimate in months."""

    value: MonthsLimit
    lower: MonthsLimit = None
    upper: MonthsLimit = None


class Spread(Value):
    """A median in months with its interquartile range or confidence interval."""

    value: Annotated[float, Field(ge=0, le=LONGEST)] | None
    lower: MonthsLimit = None
    upper: MonthsLimit = None
    interval: str | None = Field(None, pattern="^(iqr|ci|range)$")


class Landmark(Estimate):
    """Survival at a stated time, as a proportion."""

    time: float = Field(ge=0, le=LONGEST, description="months")
    value: float = Field(ge=0, le=1)
    lower: ShareLimit = None
    upper: ShareLimit = None


class Patients(Value):
    """Patients as printed in a table: ``136``, ``136 (93%)``, ``1 (<1%)`` or ``18%``."""

    n: int | None = Field(None, ge=0, le=MOST)
    total: int | None = Field(
        None, ge=0, le=MOST, description="patients among whom they were counted"
    )
    percent: str | None = Field(
        None,
        pattern=r"^<?\d{1,3}(\.\d{1,6})?$",
        description="percentage as printed, without the sign",
    )
    value: Line | None = Field(None, description="what was printed, when it is not a count")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not {"n", "percent", "value"} & self.model_fields_set:
            raise ValueError("has neither n nor percent (write n: null if it is not known)")
        if self.percent is not None and float(self.percent.removeprefix("<")) > 100:
            raise ValueError(f"{self.percent}% is above 100%")
        if self.n is not None and self.total is not None and self.n > self.total:
            raise ValueError(f"{self.n} of {self.total}: more than all")
        return self

    @classmethod
    def from_bare(cls, data: Any) -> dict[str, Any]:
        if not isinstance(data, str):
            return {"n": data}
        found = COUNT.match(data)
        if not found:
            return {"value": data}
        n = found["n"]
        return {
            "n": None if n is None else int(n),
            "percent": found["percent"] or found["only"],
            "printed": data,
        }


class Cell(Patients):
    """Patients of a table in which nothing but counts is printed."""

    @model_validator(mode="after")
    def _is_count(self) -> Cell:
        if self.value is not None:
            raise ValueError("is not a count such as 136, 136 (93%), 1 (<1%) or 18%")
        return self


class EventsOf(Value):
    """Events and patients as printed: ``30/86``."""

    events: int | None = Field(None, ge=0, le=MOST)
    n: int | None = Field(None, ge=0, le=MOST)

    @classmethod
    def from_bare(cls, data: Any) -> dict[str, Any]:
        if not isinstance(data, str) or not FRACTION.match(data):
            raise ValueError("is not events/patients such as 30/86")
        events, n = data.split("/")
        return {"events": int(events), "n": int(n), "printed": data}


def number_of(percent: str | None) -> float | None:
    """A printed percentage as a number; empty for `<1`, which is not one number."""
    return None if percent is None or percent.startswith("<") else float(percent)


def ratio(value: float | None, lower: float | None, upper: float | None) -> None:
    """A ratio and its limits are such as can be estimated.

    Raises
    ------
    ValueError
        A limit is not above 0, one of them is outside `SMALLEST_RATIO` to `LARGEST_RATIO`, or the
        interval has no width.
    """
    if any(limit is not None and limit <= 0 for limit in (lower, upper)):
        raise ValueError("a limit of a ratio is not above 0")
    for number in (value, lower, upper):
        if number is not None and not SMALLEST_RATIO <= number <= LARGEST_RATIO:
            raise ValueError(
                f"{number:g} is not a ratio that a trial can estimate "
                f"({SMALLEST_RATIO:g} to {LARGEST_RATIO:g})"
            )
    if lower is not None and lower == upper:
        raise ValueError(f"the interval from {lower:g} to {upper:g} has no width")
