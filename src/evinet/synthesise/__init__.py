"""Bayesian network meta-analysis."""
