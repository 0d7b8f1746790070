"""Curves of figures that are pictures."""
