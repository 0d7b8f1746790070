"""Figures of the report, one small module a figure: tables in, a matplotlib figure out."""
