"""Whether a configuration names trials and treatments that its evidence has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from evinet import config as configuration
from evinet.config import ComponentSums, Config
from evinet.document import Document, Location
from evinet.errors import InputError
from evinet.extract import load, vocabulary
from evinet.extract.vocabulary import suggestion


def check(config: Config, *written: Document) -> list[str]:
    """The names of all trials of a review, when its configuration names no others.

    Parameters
    ----------
    config
        The configuration.
    written
        The files that it was read from, the last on top: problems are told with their lines.

    Raises
    ------
    InputError
        A trial has no folder, a treatment is not in treatments.yaml, or the evidence has folders
        that cannot be trials.
    """
    data = Path(config.review.data)
    treatments = vocabulary.load(data).treatments.treatments
    trials = load.slugs(data)
    wrong = [
        configuration.located(written, where, f"there is no {kind} {name!r}", remedy)
        for where, kind, name, remedy in _unknown(config, trials, treatments)
    ]
    if wrong:
        raise InputError(wrong)
    return trials


def _unknown(
    config: Config, trials: Collection[str], treatments: Collection[str]
) -> Iterator[tuple[Location, str, str, str]]:
    for where, kind, name in _named(config):
        known = trials if kind == "trial" else treatments
        if name not in known:
            place = "data/raw/trials/" if kind == "trial" else "data/raw/treatments.yaml"
            place = place.replace("data/raw", config.review.data)
            yield where, kind, name, f"Add it to {place}, or use {suggestion(name, known)}"


def _named(config: Config) -> Iterator[tuple[Location, str, str]]:
    for name, analysis in config.analyses.items():
        for i, trial in enumerate(analysis.trials):
            yield ("analyses", name, "trials", i), "trial", trial
        for i, treatment in enumerate(analysis.references):
            yield ("analyses", name, "references", i), "treatment", treatment
    for name, model in config.models.items():
        for i, trial in enumerate(model.ipd):
            yield ("models", name, "ipd", i), "trial", trial
        for trial in model.weights.trials if model.weights else ():
            yield ("models", name, "weights", "trials", trial), "trial", trial
    for name, bridge in config.bridges.items():
        if isinstance(bridge, ComponentSums):
            for treatment in bridge.treatments:
                yield ("bridges", name, "treatments", treatment), "treatment", treatment
            components = {part for parts in bridge.treatments.values() for part in parts}
            if bridge.inactive is not None and bridge.inactive not in components:
                yield ("bridges", name, "inactive"), "treatment", bridge.inactive
            continue
        for i, treatment in enumerate(bridge.members):
            yield ("bridges", name, "members", i), "treatment", treatment
