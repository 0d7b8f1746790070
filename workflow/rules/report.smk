# Report: the figures and tables that people publish, and the pages that they read.
# In:  all results, reports/*.qmd
# Out: results/figures/, results/tables/, results/report/
from evinet.report import exhibit, project, single

REPORT_THEME = Path(workflow.basedir) / "src/evinet/report/theme"
STATUS = {trial: status(trial) for trial in TRIALS}
PAGES = project.page_names(project.sections(Path("reports"))) + [
    project.page_of(trial)
    for trial in project.trial_pages(
        [each for each in CONFIG.analyses.values() if each.supports is None], STATUS
    )
]
# Which figures the data allow is known when they are drawn: an index names them. What an index names
# and is gone is an output as well, which the rule `all` asks for, so that it is made again.
EXHIBITS = ["results/figures/index.json", "results/tables/index.json"]
DOWNLOADS = ["results/report/figures/index.json", "results/report/tables/index.json"]
REPORT = DOWNLOADS + collect(
    "results/report/{file}",
    file=[
        *[f"{page}.html" for page in PAGES],
        *single.names(CONFIG.review.slug),
    ],
)


rule exhibits:
    """Draw the figures and write the tables of the report."""
    input:
        collect("results/evidence/{table}.csv", table=EVIDENCE + REVIEW),
        [f"results/ipd/{trial}/{outcome}/ipd.csv" for trial, outcome in RECONSTRUCTED],
        [
            f"results/digitised/{trial}/{outcome}/overlay.png"
            for trial, outcome in FIGURES
        ],
        collect(
            "results/networks/{analysis}/{table}.csv",
            analysis=CONFIG.analyses,
            table=["studies", "nodes", "excluded", "data"],
        ),
        FITTED,
        PREDICTED,
        MODIFIED,
        HAZARDS,
    output:
        EXHIBITS,
        exhibit.missing(EXHIBITS),
    log:
        "logs/exhibits.log",
    benchmark:
        "logs/benchmarks/exhibits.tsv"
    conda:
        "../../environment.yml"
    params:
        config=CONFIG_FILE,
        sections=SECTIONS,
        code=code_digest("evinet.report.commands:exhibits"),
    shell:
        "evinet exhibits --config {params.config:q} --results results"
        " --figures results/figures --tables results/tables > {log:q} 2>&1"


rule report:
    """Render the site with Quarto where it is installed, with the built-in renderer elsewhere."""
    input:
        collect("results/evidence/{table}.csv", table=EVIDENCE + REVIEW + WATCH),
        [f"results/ipd/{trial}/{outcome}/ipd.csv" for trial, outcome in RECONSTRUCTED],
        collect(
            "results/networks/{analysis}/{table}.csv",
            analysis=CONFIG.analyses,
            table=["studies", "nodes", "excluded", "data"],
        ),
        FITTED,
        PREDICTED,
        MODIFIED,
        HAZARDS,
        EXHIBITS,
        "results/manifest.json",
        sorted(str(path) for path in Path("releases").glob("*/release.json")),
        project.documents(Path("reports")),
        theme=sorted(str(path) for path in Path(REPORT_THEME).iterdir()),
    output:
        REPORT,
        exhibit.missing(DOWNLOADS),
    log:
        "logs/report.log",
    benchmark:
        "logs/benchmarks/report.tsv"
    conda:
        "../../environment.yml"
    params:
        config=CONFIG_FILE,
        sections=SECTIONS,
        code=code_digest("evinet.report.commands:report", "evinet.report.notebook"),
    shell:
        "evinet report --config {params.config:q} --results results --pages reports"
        " --out results/report > {log:q} 2>&1"
