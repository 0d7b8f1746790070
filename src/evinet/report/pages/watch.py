"""What the registry and PubMed brought, ongoing trials, and trials that give no contrast."""

from __future__ import annotations

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, link, md, strong
from evinet.report.pages.common import Row, table_of, unknown
from evinet.report.results import REPORTED, Results

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
    return blocks([note, table_of(found, "News", {
        "Noticed": "noticed", "What": "what", "Before": "before", "Now": "after",
        "Where": lambda row: (
            link(f"PubMed {row['id']}", f"https://pubmed.ncbi.nlm.nih.gov/{row['id']}/")
            if row["database"] == "PubMed" else registration(row["id"])),
        "Title": "title",
    })])  # fmt: skip


def ongoing(results: Results) -> Markdown:
    """The trials that still run."""
    return _listed(results, True, "Ongoing trials", "No ongoing trial is entered.")


def unused(results: Results) -> Markdown:
    """Trials that have ended and are in no analysis."""
    none = "Every other trial of this review is in an analysis."
    return _listed(results, False, "Trials in no analysis", none)


def count(results: Results) -> str:
    """How many trials still run, in a sentence."""
    number = sum(row["status"] == ONGOING for row in results.rows(tables.TRIALS))
    return (
        f"{words.counted(number, 'ongoing trial').capitalize()} "
        f"{'is' if number == 1 else 'are'} entered in this review."
    )


def _listed(results: Results, running: bool, label: str, none: str) -> Markdown:
    """Trials that still run, or those that have ended and that no analysis names."""
    used = {trial for a in results.config.analyses.values() for trial in a.trials}
    registered = {row["id"]: row for row in results.rows(tables.WATCH_RECORDS)}

    def arms(row: Row) -> object:
        rows = results.rows(tables.ARMS, row["trial"])
        return "; ".join(results.labels[arm["treatment"]] for arm in rows) or unknown(None)

    def name(row: Row) -> Markdown:
        """A trial, linked to its page where it has one."""
        shown = strong(row["name"])
        return link(shown, f"trial-{row['trial']}.qmd") if row["status"] == REPORTED else shown

    def told(row: Row) -> str:
        """What the registry said last about a trial."""
        found = registered.get(row["registration"])
        if found is None:
            return "not asked"
        dates = {"results posted": "results_posted", "primary completion": "primary_completion"}
        said = [f"{what} {found[column]}" for what, column in dates.items() if found[column]]
        return "; ".join([found["status"], *said])

    rows = [row for row in results.rows(tables.TRIALS) if (row["status"] == ONGOING) == running
            and (running or row["trial"] not in used)]  # fmt: skip
    return table_of(rows, label, {
        "Trial": name, "Status": "status", "Arms": arms,
        "Design": lambda row: unknown(row["design"]),
        "Registration": lambda row: registration(row["registration"]), "In the registry": told,
    }, none)  # fmt: skip


def registration(value: str | None) -> Markdown:
    """A registry number, linked where the registry is known."""
    if value is not None and value.startswith("NCT"):
        return link(value, f"https://clinicaltrials.gov/study/{value}")
    return unknown(value)


def doi(value: str | None) -> Markdown:
    """A DOI as a link."""
    return unknown(value) if value is None else link(value, f"https://doi.org/{value}")
