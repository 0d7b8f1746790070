"""The configuration as it is run."""

from typing import Any

from evinet import files

snakemake: Any = globals()["snakemake"]  # which Snakemake puts here

files.write_json(snakemake.output[0], snakemake.params.sections, sort_keys=False)
