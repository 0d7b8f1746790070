"""What was asked, seen and noticed: three tables in a folder of the review."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from evinet import tables
from evinet.watch.record import Record

Row = dict[str, Any]


@dataclass
class Memory:
    """What a review remembers of the services."""

    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    """By database and number."""
    queries: dict[tuple[str, str], Row] = field(default_factory=dict)
    """Rows of table `watch-queries`, by database and query."""
    news: list[Row] = field(default_factory=list)
    """Rows of table `watch-news`, the oldest first."""

    @classmethod
    def read(cls, folder: Path) -> Memory:
        """The memory in a folder; an empty one where nothing was asked yet.

        Raises
        ------
        InputError
            A table is not as it must be.
        """
        records = [_record(row) for row in _rows(folder, tables.WATCH_RECORDS)]
        queries = _rows(folder, tables.WATCH_QUERIES)
        return cls(
            {(record.database, record.id): record for record in records},
            {(row["database"], row["query"]): row for row in queries},
            _rows(folder, tables.WATCH_NEWS),
        )

    def write(self, folder: Path) -> None:
        """Write the tables; news first, so that a write that is cut short loses none."""
        records = [asdict(record) for record in self.records.values()]
        for row in records:
            row["trials"] = ", ".join(row["trials"]) or None
        for table, rows in (
            (tables.WATCH_NEWS, self.news),
            (tables.WATCH_RECORDS, records),
            (tables.WATCH_QUERIES, list(self.queries.values())),
        ):
            table.write(folder / f"{table.name}.csv", table.frame(rows))


def _rows(folder: Path, table: tables.Table) -> list[Row]:
    import pandas as pd

    path = folder / f"{table.name}.csv"
    if not path.exists():
        return []
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.read(path).to_dict("records")
    ]


def _record(row: Row) -> Record:
    values = {each.name: row[each.name] for each in fields(Record)}
    values["trials"] = tuple(values["trials"].split(", ")) if values["trials"] else ()
    return Record(**values)
