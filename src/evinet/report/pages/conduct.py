"""How the review was done, as the reviewers wrote it down; and what PRISMA-NMA asks for."""

from __future__ import annotations

from collections.abc import Callable

from evinet.conduct import Conduct, Flow
from evinet.report.markdown import Markdown, bullets, escape, faint, link, md, table
from evinet.report.pages.beside import excluded_trials
from evinet.report.pages.common import unknown
from evinet.report.results import Results

NOT_REPORTED = faint("not reported")
FLOW = {
    "identified": "Records identified", "duplicates": "Duplicates removed",
    "screened": "Records screened", "excluded_on_title": "Excluded on title or abstract",
    "sought": "Reports sought", "not_retrieved": "Reports not retrieved",
    "assessed": "Reports assessed for eligibility",
    "excluded_on_full_text": "Reports excluded", "included": "Trials included",
}  # fmt: skip
ELIGIBILITY = ("population", "interventions", "comparators", "outcomes", "designs", "other")


def rationale(results: Results) -> Markdown:
    """Why the review was done."""
    return _said(results.config.conduct.rationale)


def discussion(results: Results) -> Markdown:
    """Limitations and conclusions, in the authors' words."""
    said = results.config.conduct.discussion
    return faint("The reviewers have not written a discussion.") if said is None else escape(said)


def authors(results: Results) -> Markdown:
    """Authors, funding and protocol."""
    return _authors(results.config.conduct)


def eligible(results: Results) -> Markdown:
    """Which trials are eligible."""
    return _eligible(results.config.conduct)


def searches(results: Results) -> Markdown:
    """Where and when trials were searched for."""
    return _searches(results.config.conduct)


def choices(results: Results) -> Markdown:
    """How trials and data were chosen."""
    done = results.config.conduct
    return bullets([
        md("**Selection**: {}", _said(done.selection)),
        md("**Extraction**: {}", _said(done.extraction)),
    ])  # fmt: skip


def flow(results: Results) -> Markdown:
    """How many records and trials were left at each step."""
    return _flow(results.config.conduct.flow)


def excluded(results: Results) -> Markdown:
    """Trials that the reviewers left out."""
    return excluded_trials(results)


def _said(text: str | None) -> Markdown:
    return NOT_REPORTED if text is None else escape(text)


def _authors(done: Conduct) -> Markdown:
    people = "; ".join(
        ", ".join(filter(None, [each.name, each.affiliation, each.role])) for each in done.authors
    )
    protocol = ", ".join(
        part for part in (done.protocol.registration, done.protocol.url, done.protocol.date) if part
    )
    deviations = "; ".join(done.protocol.deviations)
    rows = [
        ("Version", _said(done.version)), ("Authors", people or NOT_REPORTED),
        ("Funding", _said(done.funding)), ("Declared interests", _said(done.interests)),
        ("Protocol", protocol or NOT_REPORTED),
        ("Differences from the protocol", deviations or NOT_REPORTED),
    ]  # fmt: skip
    return bullets(md("**{}**: {}", what, said) for what, said in rows)


def _eligible(done: Conduct) -> Markdown:
    return bullets(
        md("**{}**: {}", name.capitalize(), _said(getattr(done.eligibility, name)))
        for name in ELIGIBILITY
    )


def _searches(done: Conduct) -> Markdown:
    if not done.searches:
        return md("Searches: {}.", NOT_REPORTED)
    rows = [
        [each.source, _said(each.date), _said(each.strategy), unknown(each.records)]
        for each in done.searches
    ]
    fields = ["Source", "Searched on", "Query", "Records"]
    return table(fields, rows, "Searches")


def _flow(flow: Flow) -> Markdown:
    rows = [
        [label, NOT_REPORTED if (n := getattr(flow, name)) is None else str(n)]
        for name, label in FLOW.items()
    ]
    return table(["Step (PRISMA 2020)", "Number"], rows, "Flow")


Status = Callable[[Results], str]


def _given(*names: str) -> Status:
    """Reported once all the fields of the conduct are given, partly with some."""

    def status(results: Results) -> str:
        done = results.config.conduct
        given = [_filled(getattr(done, name)) for name in names]
        return "reported" if all(given) else "partly" if any(given) else "not reported"

    return status


def _filled(value: object) -> bool:
    """Whether a field of the conduct says anything."""
    if value is None or value == []:
        return False
    dump = getattr(value, "model_dump", None)
    return any(_filled(part) for part in dump().values()) if dump else True


def _judged(results: Results) -> str:
    from evinet import tables

    return "not reported" if results.evidence(tables.RISK_OF_BIAS).empty else "reported"


HERE = link("How the review was done", "conduct.qmd")
ANSWER, METHODS, TRIALS = (
    link("Summary", "index.qmd"), link("Methods", "methods.qmd"), link("Trials", "trials.qmd")
)  # fmt: skip
ASSUMPTIONS = link("Assumptions", "assumptions.qmd")
SENSITIVITY = link("Sensitivity", "sensitivity.qmd")
OUTCOMES, MODELS = link("Results by outcome", "outcomes.qmd"), link("Models", "models.qmd")
REVIEWERS = link("Judgements", "reviewers.qmd")
DISCUSSION = link("Discussion", "discussion.qmd")
ITEMS: tuple[tuple[str, str, str | Status, str], ...] = (
    ("1", "Title says that it is a network meta-analysis", "partly",
     md("The title names the treatments; {} names the method", METHODS)),
    ("2", "Structured summary", "partly",
     md("{}: question, results, limits; no registration, funding or dates of searches", ANSWER)),
    ("3", "Rationale", _given("rationale"), HERE),
    ("4", "Objectives, with population, interventions, comparators, outcomes and designs",
     _given("eligibility"), md("{} states the question; {}", ANSWER, HERE)),
    ("5", "Protocol and registration", _given("protocol"), HERE),
    ("6", "Eligibility criteria", _given("eligibility"), HERE),
    ("7", "Information sources", _given("searches"), HERE),
    ("8", "Search strategy", _given("searches"), HERE),
    ("9", "Selection of studies", _given("selection"), HERE),
    ("10", "Data collection", _given("extraction"),
     md('{}; each value with source and place: [Provenance](provenance.qmd)', HERE)),
    ("11", "Data items", "reported", md('{}, [Provenance](provenance.qmd)', TRIALS)),
    ("S1", "Geometry of the network: methods", "reported", METHODS),
    ("12", "Risk of bias of each study: methods", "partly", md("The tool: {}", REVIEWERS)),
    ("13", "Summary measures", "reported", md("{}, {}", METHODS, OUTCOMES)),
    ("14", "Planned methods of analysis", "partly",
     md("{}, {} say what was done; what was planned needs the protocol", METHODS, MODELS)),
    ("S2", "Assessment of inconsistency: methods", "partly",
     md("{}; inconsistency shows only where the network has closed loops", METHODS)),
    ("15", "Risk of bias across studies: methods", "not reported", ""),
    ("16", "Additional analyses: methods", "reported", md("{}, {}", ASSUMPTIONS, SENSITIVITY)),
    ("17", "Selection of studies: results", _given("flow"), HERE),
    ("S3", "Network structure", "reported", ANSWER),
    ("S4", "Network geometry in words", "reported", ANSWER),
    ("18", "Study characteristics", "reported", md("{} and the page of each trial", TRIALS)),
    ("19", "Risk of bias within studies", _judged, REVIEWERS),
    ("20", "Results of each study", "reported", md("{} and the page of each trial", TRIALS)),
    ("21", "Synthesis of results", "reported", OUTCOMES),
    ("S5", "Inconsistency: results", "partly", MODELS),
    ("22", "Risk of bias across studies: results", "not reported", ""),
    ("23", "Additional analyses: results", "reported", md("{}, {}", SENSITIVITY, ASSUMPTIONS)),
    ("24", "Summary of evidence, with its strength for each main outcome", "partly",
     md('{}; the strength awaits the reviewers ([Certainty](certainty.qmd))', ANSWER)),
    ("25", "Limitations of studies, of the review and of the network", _given("discussion"),
     md("[What must not be concluded](index.qmd#what-must-not-be-concluded) lists those of the "
        "network; {} those of the studies and of the review", DISCUSSION)),
    ("26", "Conclusions", _given("discussion"), md("{} gives answers; {}", ANSWER, DISCUSSION)),
    ("27", "Funding", _given("funding"), HERE),
)  # fmt: skip
"""Items of PRISMA-NMA: number, topic, status or how to find it, where it is answered."""
PARTLY = {"4", "10", "25", "26"}
"""Items that the program answers in part even where the reviewers have said nothing."""


def prisma(results: Results) -> Markdown:
    """The checklist, with what the configuration and the evidence hold."""
    rows = []
    for item, topic, status, where in ITEMS:
        found = status if isinstance(status, str) else status(results)
        if item in PARTLY and found == "not reported":
            found = "partly"
        rows.append([item, topic, found, where])
    fields = ["Item", "Topic", "Status", "Where"]
    return table(fields, rows, "PRISMA-NMA checklist")
