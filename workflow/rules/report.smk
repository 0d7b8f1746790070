# Report: the pages that people read.
# In:  all results, reports/*.qmd
# Out: results/report/


rule report:
    """Render the site with Quarto where it is installed, with the built-in renderer elsewhere."""
    input:
        collect("results/evidence/{table}.csv", table=EVIDENCE + REVIEW),
        [f"results/ipd/{trial}/{outcome}/ipd.csv" for trial, outcome in RECONSTRUCTED],
        collect("results/networks/{analysis}/studies.csv", analysis=CONFIG.analyses),
        collect("results/fits/{analysis}", analysis=CONFIG.analyses),
        "results/manifest.json",
        sorted(str(path) for path in Path("reports").rglob("*") if path.is_file()),
        config="results/config.json",
    output:
        directory("results/report"),
    log:
        "logs/report.log",
    benchmark:
        "benchmarks/report.tsv"
    params:
        code=code_digest("evinet.report.commands"),
    shell:
        "evinet report --config {input.config:q} --results results --pages reports"
        " --out {output:q} > {log:q} 2>&1"
