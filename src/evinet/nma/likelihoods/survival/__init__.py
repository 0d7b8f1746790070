"""Survival likelihoods: families of baseline hazards with their kind of effect."""
