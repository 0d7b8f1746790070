"""What a plausibility check says of a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evinet.document import Location
from evinet.extract.load import Evidence


@dataclass(frozen=True)
class Finding:
    """One row of `tables.CHECKS`, without the trial."""

    path: str
    rule: str
    verdict: str
    found: str
    expected: str
    distance: float | None = None


def name(evidence: Evidence, location: Location) -> str:
    """The name of a location, as in the table of facts."""
    return ".".join(evidence.written.find(location)[2])


def graded(distance: float, warn: float, fail: float) -> str:
    """`pass` up to `warn`, `warn` up to `fail`, else `fail`."""
    return "pass" if distance <= warn else "warn" if distance <= fail else "fail"


def decimals(*numbers: Any) -> int:
    """Decimals of the most precise of the numbers: 0.3 beside 0.59 was printed as 0.30."""
    texts = [re.sub(r"^<", "", str(number)) for number in numbers if number is not None]
    return max(len(text.partition(".")[2].rstrip() if "." in text else "") for text in texts)
