"""docs/tables.md, written from the tables themselves."""

from __future__ import annotations

from evinet.tables import ALL, Table

HEAD = """# The tables between the stages

Written by `evinet schema` from `src/evinet/tables.py`; a test fails when the two differ.
Times are in months; hazard ratios are on the natural-log scale where the column says so; an empty
cell is a value that is not known. Rows are sorted by the key, whose columns are marked (key).
"""
KEY = " (key)"


def tables_page() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *(_section(table) for table in ALL)])


def _section(table: Table) -> str:
    rows = [
        f"| `{name}`{KEY if name in table.key else ''} | {column.kind}"
        f" | {'yes' if column.required else ''} | {column.description} |"
        for name, column in table.columns.items()
    ]
    head = ["| column | kind | always there | what it holds |", "|---|---|---|---|"]
    return "\n".join([f"## {table.name}", "", table.description, "", *head, *rows, ""])
