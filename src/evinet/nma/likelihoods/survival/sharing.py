"""Who shares the shape of a hazard: a study's arms, a treatment's effects, or nobody.

study       the hazards of a study are proportional
treatment   a treatment changes the shape of the hazard in the same way in every study
arm         every arm has a shape of its own, which says nothing of other studies
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from evinet.nma.data.patients import Patients
from evinet.nma.islands import islands_of
from evinet.nma.terms import differences

Sharing = Literal["study", "treatment", "arm"]


@dataclass(frozen=True)
class ShapeEffects:
    """Effects of treatments on the shape of hazards, in the network of patients alone.

    Published hazard ratios say nothing of shapes, so islands of the patients count here. In each
    the treatment that is most often a study's baseline arm is the reference.

    Attributes
    ----------
    treatments : all with patients. island : treatment -> number of its island.
    free : numbers of those with an effect, all but the references.
    contrasts : own treatment less that of the study's baseline arm, shape (arms, treatments).
    """

    treatments: list[str]
    island: dict[str, int]
    free: np.ndarray
    contrasts: np.ndarray

    def reached(self, treatment: str) -> list[str]:
        """Treatments that patients connect with this one."""
        return [name for name in self.treatments if self.island[name] == self.island[treatment]]

    @property
    def changed(self) -> list[str]:
        """Names of the treatments with an effect."""
        return [self.treatments[number] for number in self.free]

    def difference(self, effects: xr.DataArray, treatment: str, baseline: str) -> np.ndarray:
        """Effects of a treatment less those of another, shape (draws, ...).

        `effects` has the dimension `shaped`, along `changed`; a reference's are 0.
        """
        found = effects.transpose("shaped", "sample", ...).to_numpy()
        return self._one(found, treatment) - self._one(found, baseline)

    def _one(self, effects: np.ndarray, treatment: str) -> np.ndarray:
        if treatment not in self.changed:
            return np.zeros(effects.shape[1:])
        return np.asarray(effects[self.changed.index(treatment)])


def shape_effects(patients: Patients) -> ShapeEffects:
    """The effects on shape that a network of patients tells."""
    baselines = [patients.baseline(study) for study in patients.studies]
    treatments = sorted({treatment for _, treatment in patients.arms})
    pairs = [
        (treatment, baselines[study])
        for (_, treatment), study in zip(patients.arms, patients.study_of_arm, strict=True)
    ]
    members: dict[str, set[str]] = {}
    for study, treatment in patients.arms:
        members.setdefault(study, set()).add(treatment)
    island: dict[str, int] = {}
    references: list[str] = []
    for number, names in enumerate(islands_of(members), start=1):
        island |= dict.fromkeys(names, number)
        references.append(min(names, key=lambda name: (-baselines.count(name), name)))
    free = [number for number, name in enumerate(treatments) if name not in references]
    return ShapeEffects(treatments, island, np.array(free, int), differences(pairs, treatments))
