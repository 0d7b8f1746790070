"""Survival networks: patients, real or reconstructed, with published effects of other trials."""

from evinet.synthesise.survival.fit import Fit, fit_network
from evinet.synthesise.survival.model import Priors

__all__ = ["Fit", "Priors", "fit_network"]
