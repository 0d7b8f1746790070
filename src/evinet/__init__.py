"""Evidence synthesis of survival outcomes: from published trials to a network meta-analysis."""

__version__ = "0.1.0"
