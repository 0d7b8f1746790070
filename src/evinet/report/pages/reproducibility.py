"""What it takes to get the same numbers again."""

from __future__ import annotations

from evinet.report.markdown import Markdown, blocks, code, folded, md, searchable
from evinet.report.pages.common import listed_pairs
from evinet.report.results import Results


def run(results: Results) -> Markdown:
    """Which run this is: the seed, the cut-off, the fingerprint of inputs and results."""
    return listed_pairs({
        "Evidence collected to": results.config.review.data_cutoff,
        "Seed of all random numbers": str(results.config.seed),
        "Fingerprint of this run": code(results.fingerprint or "not known"),
        "Made on": results.manifest["platform"] if results.manifest else "not known",
    }, "This run", "Item", "This run")  # fmt: skip


def versions(results: Results) -> Markdown:
    """Versions of the packages that made the results."""
    if results.manifest is None:
        return md("These results have no manifest yet. `evinet manifest` writes one.")
    found = {"python": results.manifest["python"], **results.manifest["versions"]}
    return listed_pairs(found, "Versions", "Package", "Version")


def hashes(results: Results) -> Markdown:
    """Content hashes of all results."""
    if results.manifest is None:
        return md("")
    rows = {code(path): code(digest[:16]) for path, digest in results.manifest["files"].items()}
    label, value = "Content hashes of results", "SHA-256, first 16 digits"
    listed = searchable(listed_pairs(rows, label, "File", value), "Search files")
    return blocks([folded(f"{len(rows)} files", listed)])
