"""Certainty of each comparison, after CINeMA: computed where it can be, judged by people elsewhere.

Nikolakopoulou et al. 2020, PLoS Med 17(4):e1003082. Within-study bias, reporting bias and
indirectness are judgements; imprecision and heterogeneity follow from the intervals and from the
smallest ratio that matters to patients, which is a judgement too. What was not judged stays so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from evinet import document
from evinet.fields import Slug, Strict
from evinet.report.numbers import Interval

Level = Literal["no concerns", "some concerns", "major concerns"]
LEVELS: tuple[Level, ...] = ("no concerns", "some concerns", "major concerns")
JUDGED = ("within-study bias", "reporting bias", "indirectness")


class Judgement(Strict):
    """One reviewer's judgement of one domain of one comparison."""

    analysis: Slug
    treatment: Slug
    comparator: Slug
    domain: Literal["within-study bias", "reporting bias", "indirectness", "incoherence"]
    level: Level
    reason: str = Field(min_length=1)


class Appraisal(Strict):
    """The judgements of a review."""

    judgements: list[Judgement] = Field(default=[])

    def judged(self, analysis: str, pair: tuple[str, str], domain: str) -> Judgement | None:
        """The judgement of a domain of a comparison, in either direction; None without one."""
        return next(
            (
                entry
                for entry in self.judgements
                if (entry.analysis, entry.domain) == (analysis, domain)
                and {entry.treatment, entry.comparator} == set(pair)
            ),
            None,
        )


def load(path: Path | str) -> Appraisal:
    """Read the judgements of a review.

    Raises
    ------
    InputError
        Every entry that is unknown, missing or of the wrong kind.
    """
    written = document.load(Path(path))
    return Appraisal() if written.tree is None else document.validate(written, Appraisal)


def zones(interval: Interval, smallest: float) -> set[int]:
    """Where an interval reaches: -1 an important benefit, 0 no difference that matters, 1 harm."""
    reached = {0} if interval.lower < 1 / smallest and interval.upper > smallest else set()
    if interval.lower <= smallest:
        reached.add(-1)
    if interval.upper >= 1 / smallest:
        reached.add(1)
    return reached


def imprecision(interval: Interval, smallest: float) -> Level:
    """No concerns when the interval allows one conclusion, some with two, major with all three."""
    return LEVELS[len(zones(interval, smallest)) - 1]


def heterogeneity(interval: Interval, prediction: Interval, smallest: float) -> Level:
    """How many conclusions the prediction interval adds to those of the credible interval."""
    return LEVELS[len(zones(prediction, smallest) - zones(interval, smallest))]
