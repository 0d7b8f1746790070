"""What is written from the code is as the code writes it now."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from evinet.reproduce.commands import schema

ROOT = Path(__file__).parents[2]
WRITTEN = (
    "config/config.schema.json", "config/simulation.schema.json", "data/raw/trial.schema.json",
    "docs/tables.md",
)  # fmt: skip


def test_schemas_and_tables_are_as_the_code_writes_them(tmp_path):
    folders = {"--config": "config", "--data": "data/raw", "--docs": "docs"}
    arguments = [word for name, value in folders.items() for word in (name, str(tmp_path / value))]
    assert CliRunner().invoke(schema, arguments).exit_code == 0
    for name in WRITTEN:
        assert (ROOT / name).read_text() == (tmp_path / name).read_text(), f"{name}: `make schema`"
