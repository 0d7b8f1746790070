# Reproducibility: the hashes of all results, and of what they were made from.
# In:  all results, by name; data/raw/; the configuration
# Out: results/manifest.json, results/report-manifest.json
RESULTS = [
    collect("results/evidence/{table}.csv", table=EVIDENCE + REVIEW + WATCH),
    [
        f"results/ipd/{trial}/{outcome}/{name}"
        for trial, outcome in RECONSTRUCTED
        for name in ("ipd.csv", "quality.json")
    ],
    collect(rules.network.output, analysis=CONFIG.analyses),
    FITTED,
    PREDICTED,
    MODIFIED,
    HAZARDS,
    EXHIBITS,
]
BY_TRIAL = collect(
    "results/evidence/trials/{trial}/{table}.csv", trial=TRIALS, table=EVIDENCE
)


rule manifest:
    """Hash every table, figure and posterior, and what they were made from."""
    input:
        BY_TRIAL,
        results=RESULTS,
        data=INPUTS,
    output:
        "results/manifest.json",
    log:
        "logs/manifest.log",
    conda:
        "../../environment.yml"
    params:
        config=CONFIG_FILE,
        sections=SECTIONS,
        folders=[
            *collect("results/evidence/trials/{trial}", trial=TRIALS),
            "results/figures",
            "results/tables",
        ],
        code=code_digest(*MODULES),
    shell:
        "evinet manifest {input.results:q} {params.folders:q} --config {params.config:q}"
        " --results results --out {output:q} > {log:q} 2>&1"


rule manifest_report:
    """Hash every file of the report."""
    input:
        "results/manifest.json",
        REPORT,
    output:
        "results/report-manifest.json",
    log:
        "logs/manifest_report.log",
    conda:
        "../../environment.yml"
    params:
        code=code_digest("evinet.reproduce.commands"),
    shell:
        "evinet manifest-report results/report --results results --out {output:q}"
        " > {log:q} 2>&1"
