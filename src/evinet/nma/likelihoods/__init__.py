"""Likelihoods of arms and of patients."""
