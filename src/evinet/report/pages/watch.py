"""What the registry and PubMed brought, ongoing trials, and trials that give no contrast."""

from __future__ import annotations

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, link, md
from evinet.report.pages.columns import Row, registration, table_of
from evinet.report.results import Results

ONGOING = "ongoing"


def news(results: Results) -> Markdown:
    """What `evinet watch` noticed from the day on to which the evidence was collected."""
    asked = [row["last_asked"] for row in results.rows(tables.WATCH_QUERIES)]
    if not asked:
        return md(
            "ClinicalTrials.gov and PubMed have not been asked, so nobody knows here what is new. "
            "The command `evinet watch` asks them."
        )
    cutoff = results.config.review.data_cutoff
    found = [row for row in reversed(results.rows(tables.WATCH_NEWS)) if row["noticed"] >= cutoff]
    last = f"ClinicalTrials.gov and PubMed were last asked on {max(asked)}."
    if not found:
        return escape(f"{last} Nothing was new.")
    note = f"{last} None of this is in the results: a person must read it and enter what matters."
    return blocks([note, table_of(results, found, "News", {
        "Noticed": "noticed", "What": "what", "Before": "before", "Now": "after",
        "Where": lambda row: (
            link(f"PubMed {row['id']}", f"https://pubmed.ncbi.nlm.nih.gov/{row['id']}/")
            if row["database"] == "PubMed" else registration(row["id"])),
        "Title": "title",
    })])  # fmt: skip


def ongoing(results: Results) -> list[Row]:
    """The trials that still run."""
    return [row for row in _told(results) if row["status"] == ONGOING]


def unused(results: Results) -> list[Row]:
    """Trials that have ended and are in no analysis of any kind."""
    return [row for row in _told(results)
            if row["status"] != ONGOING and not results.uses(row["trial"])]  # fmt: skip


def count(results: Results) -> str:
    """How many trials still run, in a sentence."""
    number = sum(row["status"] == ONGOING for row in results.rows(tables.TRIALS))
    return (
        f"{words.counted(number, 'ongoing trial').capitalize()} "
        f"{'is' if number == 1 else 'are'} entered in this review."
    )


def _told(results: Results) -> list[Row]:
    """Every trial, with its arms and what the registry said last about it."""
    registered = {row["id"]: row for row in results.rows(tables.WATCH_RECORDS)}

    def told(row: Row) -> str:
        found = registered.get(row["registration"])
        if found is None:
            return "not asked"
        dates = {"results posted": "results_posted", "primary completion": "primary_completion"}
        said = [f"{what} {found[column]}" for what, column in dates.items() if found[column]]
        return "; ".join([found["status"], *said])

    def arms(row: Row) -> str | None:
        treatments = (arm["treatment"] for arm in results.rows(tables.ARMS, row["trial"]))
        return "; ".join(results.labels[name] for name in dict.fromkeys(treatments)) or None

    return [{**row, "arms": arms(row), "in_the_registry": told(row)}
            for row in results.rows(tables.TRIALS)]  # fmt: skip
