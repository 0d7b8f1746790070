# Report: the figures and tables that people publish, and the pages that they read.
# In:  all results, reports/*.qmd (the package's own where a review has none)
# Out: results/figures/, results/tables/, results/report/
from evinet.report import exhibit, project, single

PAGES = project.page_names(project.sections(DOCUMENTS)) + [
    project.page_of(trial)
    for trial in project.trial_pages(
        [each for each in CONFIG.analyses.values() if each.supports is None],
        {trial: status(trial) for trial in TRIALS},
    )
]

# Which figures the data allow is known when they are drawn: an index names them. What an index names
# and is gone is an output as well, which the rule `all` asks for, so that it is made again. Where a
# storage stands in for a shared file system, a folder travels as a whole.
DRAWN = [
    in_report(f"results/figures/{analysis}-{kind}.svg", kind, asked.title, kind)
    for analysis, asked in CONFIG.analyses.items()
    if asked.data == "hazard-ratios" and asked.supports is None
    for kind in ("network", "forest")
]
DRAWN += [
    in_report(
        f"results/figures/km-{trial}-{outcome}.svg",
        "patients",
        "Reconstructed patients",
        f"{trial}, {outcome}",
    )
    for trial, outcome in RECONSTRUCTED
]
if STORED:
    EXHIBITS = ["results/figures", "results/tables"]
    DRAWN = [directory(folder) for folder in EXHIBITS]
    REPORT = ["results/report"]
    RENDERED = [directory(folder) for folder in REPORT]
else:
    EXHIBITS = ["results/figures/index.json", "results/tables/index.json"]
    DRAWN += [*EXHIBITS, *exhibit.missing(EXHIBITS, besides=DRAWN)]
    DOWNLOADS = [
        "results/report/figures/index.json",
        "results/report/tables/index.json",
    ]
    REPORT = DOWNLOADS + collect(
        "results/report/{file}",
        file=[
            *[f"{page}.html" for page in PAGES],
            *single.names(CONFIG.review.slug)[1:],
        ],
    )
    WHOLE = report(
        f"results/report/{single.names(CONFIG.review.slug)[0]}",
        caption="../report/whole.rst",
        category="Report",
        labels={"report": "the whole report in one file"},
    )
    RENDERED = [*REPORT, WHOLE, *exhibit.missing(DOWNLOADS)]
    REPORT = [*REPORT, str(WHOLE)]


rule exhibits:
    """Draw the figures and write the tables of the report."""
    input:
        MADE,
    output:
        DRAWN,
    log:
        "logs/exhibits.log",
    benchmark:
        "logs/benchmarks/exhibits.tsv"
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        sections=SECTIONS,
        results=subpath(input[0], ancestor=2),
        code=code_digest("evinet.report.commands:exhibits"),
    shell:
        "evinet exhibits --config results/config.json --results {params.results:q}"
        " --figures {params.results:q}/figures --tables {params.results:q}/tables > {log:q} 2>&1"


rule report:
    """Render the site with Quarto where it is installed, with the built-in renderer elsewhere."""
    input:
        MADE,
        WATCHED,
        EXHIBITS,
        manifest="results/manifest.json",
        releases=sorted(str(path) for path in Path("releases").glob("*/release.json")),
        pages=OWN_DOCUMENTS,
    output:
        RENDERED,
    log:
        "logs/report.log",
    benchmark:
        "logs/benchmarks/report.tsv"
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        sections=SECTIONS,
        results=subpath(input.manifest, parent=True),
        pages=lambda wildcards, input: folder_of(input.pages, "_quarto.yml", "--pages="),
        releases=lambda wildcards, input: [
            f"--releases={Path(path).parents[1]}" for path in input.releases[:1]
        ],
        package=content_digest(project.THEME_FOLDER, DOCUMENTS),
        code=code_digest("evinet.report.commands:report", "evinet.report.notebook"),
    shell:
        "evinet report --config results/config.json --results {params.results:q}"
        " {params.pages:q} {params.releases:q} --out {params.results:q}/report > {log:q} 2>&1"
