"""Manifest, verification and releases: that the same inputs give the same results."""
