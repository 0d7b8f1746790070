"""What it takes to get the same numbers again."""

from __future__ import annotations

from evinet.report.markdown import Markdown, blocks, code, folded, md, searchable, table
from evinet.report.results import Results


def run(results: Results) -> Markdown:
    """Which run this is: the seed, the cut-off, the fingerprint of inputs and results."""
    rows = [
        ["Evidence collected to", results.config.review.data_cutoff],
        ["Seed of all random numbers", str(results.config.seed)],
        ["Fingerprint of this run", code(results.fingerprint or "not known")],
        ["Made on", results.manifest["platform"] if results.manifest else "not known"],
    ]
    return table(["Item", "This run"], rows, "This run")


def versions(results: Results) -> Markdown:
    """Versions of the packages that made the results."""
    if results.manifest is None:
        return md("These results have no manifest yet. `evinet manifest` writes one.")
    found = {"python": results.manifest["python"], **results.manifest["versions"]}
    fields = ["Package", "Version"]
    return table(fields, [[name, version] for name, version in found.items()], "Versions")


def hashes(results: Results) -> Markdown:
    """Content hashes of all results."""
    if results.manifest is None:
        return md("")
    digests = results.manifest["files"]
    fields = ["File", "SHA-256, first 16 digits"]
    rows = [[code(path), code(digest[:16])] for path, digest in digests.items()]
    listed = table(fields, rows, "Content hashes of results")
    return blocks([folded(f"{len(rows)} files", searchable(listed, "Search files"))])
