"""What it takes to get the same numbers again."""

from __future__ import annotations

from evinet.report.markdown import Field, callout, escape, folded, searchable, table
from evinet.report.results import Results


def reproducibility(results: Results) -> str:
    """The page."""
    config, manifest = results.config, results.manifest
    parts = [
        f"One seed, **{config.seed}**, is spread over all jobs by their names. Evidence was "
        f"collected to {escape(config.review.data_cutoff)}.\n"
    ]
    if manifest is None:
        return parts[0] + callout(
            "warning", "No manifest", "These results have no manifest yet: run `evinet manifest`."
        )
    versions = {"python": manifest["python"], **manifest["versions"]}
    parts += [
        "## Do it again\n",
        "```\nmake report\nevinet verify results/manifest.json <your manifest>\n```\n",
        f"The manifest was made on {escape(manifest['platform'])}.\n",
        "## Versions\n",
        table(
            [Field("Package", "l", 20), Field("Version", "l", 20)],
            [[escape(name), escape(version)] for name, version in versions.items()],
            "Versions of packages",
        ),
        "## Content hashes\n",
        f"SHA-256 of the content of {len(manifest['files'])} results.\n",
        folded("Every hash", searchable(_hashes(manifest["files"]), "Search files")),
    ]
    return "\n".join(parts)


def _hashes(digests: dict[str, str]) -> str:
    return table(
        [Field("File", "l", 40), Field("SHA-256, first 16 digits", "l", 20)],
        [[f"`{path}`", f"`{digest[:16]}`"] for path, digest in digests.items()],
        "Content hashes of results",
    )
