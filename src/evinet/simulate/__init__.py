"""Simulation studies: how well models do on data whose truth is known."""
