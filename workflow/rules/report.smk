# Report: the figures and tables that people publish, and the pages that they read.
# In:  all results, reports/*.qmd
# Out: results/figures/, results/tables/, results/report/
from evinet.report import project

REPORT_THEME = Path(workflow.basedir) / "src/evinet/report/theme"
STATUS = {trial: status(trial) for trial in TRIALS}
PAGES = project.page_names(Path("reports")) + [
    project.page_of(trial)
    for trial in project.trial_pages(
        [each for each in CONFIG.analyses.values() if each.supports is None], STATUS
    )
]


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
    output:
        figures=directory("results/figures"),
        tables=directory("results/tables"),
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
        " --figures {output.figures:q} --tables {output.tables:q} > {log:q} 2>&1"


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
        rules.exhibits.output,
        "results/manifest.json",
        sorted(str(path) for path in Path("releases").glob("*/release.json")),
        sorted(str(path) for path in Path("reports").rglob("*") if path.is_file()),
        theme=sorted(str(path) for path in Path(REPORT_THEME).iterdir()),
    output:
        collect("results/report/{page}.html", page=PAGES),
        collect(
            "results/report/{slug}.{kind}",
            slug=CONFIG.review.slug,
            kind=["html", "pdf"],
        ),
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
