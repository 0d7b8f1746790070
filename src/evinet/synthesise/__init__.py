"""Bayesian network meta-analysis."""

OF_COVARIATES = ("evinet.nma.population.answers", "evinet.nma.population.regression")
"""Modules that jobs of models run only where a model has a regression of patients' covariates."""
