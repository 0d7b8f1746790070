"""Priors of a heterogeneity tau, written as text, with those that were found empirically by name.

``half-normal(0.5)`` names a family and its parameters; ``turner-2015:all-cause-mortality:
pharmacological-placebo`` names a published predictive distribution by table, outcome and
comparison, ``turner-2015:any`` that of the general setting. The published tables are of tau^2
(`published_priors`); a `Prior` is always of the standard deviation tau.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.published_priors import TABLES, Cell


@dataclass(frozen=True)
class Family:
    """A family of distributions on the positive numbers, made from one on the line.

    `how` says how: tau = |x| ("half", x symmetric around 0), tau = exp(x) ("log") or tau = x.
    """

    parameters: tuple[str, ...]
    how: Literal["half", "log", "plain"]
    pymc: str
    keywords: tuple[str, ...]


FAMILIES = {
    "half-normal": Family(("scale",), "half", "HalfNormal", ("sigma",)),
    "half-cauchy": Family(("scale",), "half", "HalfCauchy", ("beta",)),
    "half-t": Family(("df", "scale"), "half", "HalfStudentT", ("nu", "sigma")),
    "exponential": Family(("rate",), "plain", "Exponential", ("lam",)),
    "uniform": Family(("lower", "upper"), "plain", "Uniform", ("lower", "upper")),
    "log-normal": Family(("location", "scale"), "log", "Normal", ("mu", "sigma")),
    "log-t": Family(("location", "scale", "df"), "log", "StudentT", ("mu", "sigma", "nu")),
}
SIGNED = ("location", "lower")
LOG_T_DF = 5.0
"""Degrees of freedom of the log-t distributions of Rhodes et al. 2015."""


@dataclass(frozen=True)
class Parent:
    """A distribution on the line: t with `df` degrees of freedom, normal where they are infinite.

    Written out because the import of `scipy.stats` takes longer than an exact fit.
    """

    location: float
    scale: float
    df: float = np.inf
    kind: Literal["t", "exponential", "uniform"] = "t"

    def logpdf(self, x: np.ndarray) -> np.ndarray:
        """Log density, -inf outside the support."""
        z = (x - self.location) / self.scale
        if self.kind == "exponential":
            found = np.where(z >= 0, -z, -np.inf)
        elif self.kind == "uniform":
            found = np.where((z >= 0) & (z <= 1), 0.0, -np.inf)
        elif np.isinf(self.df):
            found = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
        else:
            from scipy.special import gammaln

            half = (self.df + 1) / 2
            found = -half * np.log1p(z**2 / self.df) + (
                gammaln(half) - gammaln(self.df / 2) - 0.5 * np.log(self.df * np.pi)
            )
        return np.asarray(found - np.log(self.scale))

    def ppf(self, share: np.ndarray) -> np.ndarray:
        """The quantile below which `share` of the probability lies."""
        if self.kind == "exponential":
            z = -np.log1p(-share)
        elif self.kind == "uniform":
            z = share
        else:
            from scipy.special import ndtri, stdtrit  # half a second, which few commands need

            z = ndtri(share) if np.isinf(self.df) else stdtrit(self.df, share)
        return np.asarray(self.location + self.scale * z)


@dataclass(frozen=True)
class Prior:
    """A prior of a standard deviation.

    Attributes
    ----------
    text : as it was asked for. source : its reference, None when it was given by numbers.
    effects : the scale of effects that a published prior is for, None when given by numbers.
    """

    text: str
    family: str
    parameters: tuple[float, ...]
    source: str | None = None
    effects: str | None = None

    @property
    def formula(self) -> str:
        """The family with its numbers, such as ``log-normal(-1.975, 0.67)``."""
        return f"{self.family}({', '.join(f'{value:g}' for value in self.parameters)})"

    @property
    def scale(self) -> float:
        """The last parameter of a half-normal, half-Cauchy or half-t prior: its scale.

        Raises
        ------
        AttributeError
            The family has no scale in units of tau.
        """
        if FAMILIES[self.family].how != "half":
            raise AttributeError(f"{self.formula} has no scale in units of tau")
        return self.parameters[-1]

    def logpdf(self, tau: np.ndarray) -> np.ndarray:
        """Log density at tau > 0."""
        tau = np.asarray(tau, dtype=float)
        how = FAMILIES[self.family].how
        if how == "log":
            return self._parent().logpdf(np.log(tau)) - np.log(tau)
        return self._parent().logpdf(tau) + (np.log(2) if how == "half" else 0.0)

    def ppf(self, share: np.ndarray | float) -> np.ndarray:
        """The quantile of tau below which `share` of the prior lies."""
        share = np.asarray(share, dtype=float)
        how = FAMILIES[self.family].how
        if how == "half":
            return self._parent().ppf((1 + share) / 2)
        return np.exp(self._parent().ppf(share)) if how == "log" else self._parent().ppf(share)

    def draws(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Random draws of tau, shape (size,)."""
        return self.ppf(rng.random(size))

    def variable(self, name: str, **shape: Any) -> Any:
        """The prior as a variable `name` of the PyMC model in whose context this is called.

        `shape` is what PyMC takes of one that is no number: shape or dims.

        The log families add ``log_<name>``, which is what is sampled.
        """
        import pymc as pm

        family = FAMILIES[self.family]
        given = dict(zip(family.keywords, self.parameters, strict=True)) | shape
        if family.how == "log":
            return pm.Deterministic(
                name, pm.math.exp(getattr(pm, family.pymc)(f"log_{name}", **given))
            )
        return getattr(pm, family.pymc)(name, **given)

    def _parent(self) -> Parent:
        """The distribution of x (see `Family`)."""
        values = self.parameters
        match self.family:
            case "half-normal":
                return Parent(0.0, values[0])
            case "half-cauchy":
                return Parent(0.0, values[0], df=1.0)
            case "half-t":
                return Parent(0.0, values[1], df=values[0])
            case "exponential":
                return Parent(0.0, 1 / values[0], kind="exponential")
            case "uniform":
                return Parent(values[0], values[1] - values[0], kind="uniform")
            case "log-normal":
                return Parent(values[0], values[1])
            case _:
                return Parent(values[0], values[1], df=values[2])


def parse(text: str, field: str = "tau_prior", file: str = "(command line)") -> Prior:
    """The prior that `text` names (see the module).

    Raises
    ------
    InputError
        Not of either form, an unknown family, table, outcome or comparison, a wrong number of
        parameters, or values that no distribution has; the remedy names what there is.
    """
    stripped = text.strip()
    try:
        if ":" in stripped:
            return _published(stripped)
        return _given(stripped)
    except ValueError as error:
        message, remedy = error.args
        raise InputError(Problem(file, field, text, message, remedy)) from None


def spread(
    given: float | str | Prior | None, field: str, file: str = "(options)"
) -> float | Prior | None:
    """A standard deviation that is known (0 or more), or its prior.

    Raises
    ------
    InputError
        It is neither.

    Examples
    --------
    >>> spread("0.2", "sigma"), spread("half-normal(0.2)", "sigma").formula
    (0.2, 'half-normal(0.2)')
    """
    if given is None or isinstance(given, Prior):
        return given
    number = usertable.number(str(given))
    if number >= 0 and math.isfinite(number):
        return number
    if number == number:
        raise InputError(
            Problem(file, field, given, "is below 0 or not finite",
                    "Write 0 or more, or a prior such as half-normal(0.2)")
        )  # fmt: skip
    return parse(str(given), field, file)


def names() -> list[str]:
    """Every published prior, by the name that `parse` takes."""
    every = []
    for name, table in TABLES.items():
        every.append(f"{name}:any")
        for outcome, cells in table.outcomes.items():
            every += [
                f"{name}:{outcome}:{comparison}"
                for comparison, cell in zip(table.comparisons, cells, strict=True)
                if cell is not None
            ]
    return every


def _given(text: str) -> Prior:
    found = re.fullmatch(r"([a-z-]+)\(([^()]*)\)", text)
    if found is None:
        raise ValueError("not a prior", "Write it as half-normal(0.5), or as turner-2015:any")
    name, inside = found.groups()
    if name not in FAMILIES:
        raise ValueError(f"there is no family {name!r}", f"Use one of {', '.join(FAMILIES)}")
    wanted = FAMILIES[name].parameters
    remedy = f"Write it as {name}({', '.join(wanted)})"
    try:
        values = tuple(float(part) for part in inside.split(","))
    except ValueError:
        raise ValueError("its parameters are not numbers", remedy) from None
    if len(values) != len(wanted) or not np.isfinite(values).all():
        raise ValueError(f"{name} has {len(wanted)} finite parameters", remedy)
    for parameter, value in zip(wanted, values, strict=True):
        if parameter not in SIGNED and value <= 0:
            raise ValueError(f"its {parameter} is not above 0", remedy)
    if name == "uniform" and not 0 <= values[0] < values[1]:
        raise ValueError("its limits are not 0 <= lower < upper", remedy)
    return Prior(text, name, values)


def _published(text: str) -> Prior:
    """A published prior of tau^2 as a prior of tau: log tau = log tau^2 / 2."""
    name, outcome, *rest = text.split(":")
    if name not in TABLES:
        raise ValueError(f"there is no table {name!r}", f"Use one of {', '.join(TABLES)}")
    table = TABLES[name]
    if outcome == "any" and not rest:
        cell: Cell = table.any
    else:
        if outcome not in table.outcomes:
            known = ", ".join(["any", *table.outcomes])
            raise ValueError(f"{name} has no outcome {outcome!r}", f"Use one of {known}")
        if len(rest) != 1 or rest[0] not in table.comparisons:
            remedy = f"Write {name}:{outcome}: and one of {', '.join(table.comparisons)}"
            raise ValueError("the comparison is missing or unknown", remedy)
        cell = table.outcomes[outcome][table.comparisons.index(rest[0])]
    if cell is None:
        raise ValueError("its printed value is doubtful", f"Use {name}:any or another comparison")
    location, scale = cell
    degrees = (LOG_T_DF,) if table.family == "log-t" else ()
    parameters = (location / 2, scale / 2, *degrees)
    return Prior(text, table.family, parameters, table.source, table.effects)


TAU = 5.0
DEFAULTS = {
    "effects": ("normal(0, 100)", "hardly limits an effect (NICE TSD 2)"),
    "intercepts": ("normal(0, 100)", "hardly limits an outcome of a study"),
    "coefficients": (
        "normal(0, 100) per SD",
        "hardly limits what a covariate's standard deviation does, whatever its units",
    ),
    "cuts": (
        "half-normal(10)",
        "of the distance between neighbouring cut-points of ordered categories; hardly limits it "
        "on the scale of probits or logits",
    ),
    "cuts_sigma": (
        "half-normal(0.5)",
        "of the spread between studies of the logarithms of these distances",
    ),
    "tau": (
        f"half-normal({TAU:g})",
        "vague; on that of log ratios half-normal(0.5) is weakly informative "
        "(Röver et al. 2021, Res Synth Methods 12:448) and published priors say more",
    ),
}
"""The priors of every model unless others are asked for, and why.

Those of effects, intercepts, coefficients and tau are for outcomes and effects up to 10, as
logarithms are. For larger ones they are multiplied by a power of ten (`Priors.scaled`).
"""


PER_SD = " per SD"
"""What a prior of coefficients ends with that is of a standard deviation of the covariate."""


@dataclass(frozen=True)
class Priors:
    """Priors of a model: standard deviations of normal ones around 0, and those of scales.

    That of `coefficients` is of a step of one standard deviation of the covariate where it is
    `per_sd`, so that the covariate's units do not matter, and else of a step of 1.

    Examples
    --------
    >>> priors({"tau": "half-normal(0.5)", "effects": "normal(0, 10)"}).printed["effects"]
    'normal(0, 10)'
    """

    effects: float = 100.0
    intercepts: float = 100.0
    coefficients: float = 100.0
    per_sd: bool = True
    cuts: Prior = field(default_factory=lambda: parse(DEFAULTS["cuts"][0]))
    cuts_sigma: Prior = field(default_factory=lambda: parse(DEFAULTS["cuts_sigma"][0]))
    tau: Prior = field(default_factory=lambda: parse(DEFAULTS["tau"][0]))
    asked: tuple[str, ...] = ()

    def scaled(self, levels: float, effects: float) -> Priors:
        """The priors for outcomes, and for effects, in units of that size.

        Means are on any scale, so that no number is wide for all of them. What was asked for stays.

        >>> Priors().scaled(100, 10).printed["intercepts"]
        'normal(0, 10000)'
        """
        sizes = {"effects": effects, "intercepts": levels, "coefficients": effects}
        found: dict[str, Any] = {
            name: getattr(self, name) * size
            for name, size in sizes.items() if name not in self.asked
        }  # fmt: skip
        if "tau" not in self.asked and effects != 1:
            found["tau"] = parse(f"half-normal({TAU * effects:g})")
        return replace(self, **found)

    @property
    def printed(self) -> dict[str, str]:
        """Each prior in the form in which it may be given."""
        found = {
            name: prior.formula if isinstance(prior, Prior) else f"normal(0, {prior:g})"
            for name, prior in vars(self).items() if name in DEFAULTS
        }  # fmt: skip
        return found | ({"coefficients": found["coefficients"] + PER_SD} if self.per_sd else {})


def priors(texts: dict[str, str], field: str = "--prior {}", file: str = "(options)") -> Priors:
    """Priors from texts such as {"tau": "half-normal(5)", "effects": "normal(0, 100)"}.

    `field` and `file` name the place of a text in messages.

    Raises
    ------
    InputError
        An unknown name, or a text that is no such prior.
    """
    found: dict[str, Any] = {}
    for name, text in texts.items():
        place = field.format(name)
        if name not in DEFAULTS:
            raise InputError(
                Problem(file, place, name, "there is no such prior",
                        f"Name {', '.join(DEFAULTS)}")
            )  # fmt: skip
        if name == "coefficients":
            found["per_sd"] = text.rstrip().endswith(PER_SD)
            text = text.rstrip().removesuffix(PER_SD)
        read = normal if DEFAULTS[name][0].startswith("normal") else parse
        found[name] = read(text, place, file)
    return Priors(**found, asked=tuple(sorted(found)))


def normal(text: str, field: str, file: str) -> float:
    """The standard deviation of a normal prior around 0: ``normal(0, 100)`` or ``normal(100)``.

    Raises
    ------
    InputError
        The text is no such prior.
    """
    number = re.fullmatch(r"normal\((?:\s*0(?:\.0*)?\s*,)?\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*\)",
                          text.strip())  # fmt: skip
    try:
        sd = float(number.group(1)) if number else 0.0
    except ValueError:
        sd = 0.0
    if not sd > 0:
        raise InputError(
            Problem(file, field, text, "is not a normal prior around 0",
                    "Write its standard deviation: normal(0, 100)")
        )  # fmt: skip
    return sd
