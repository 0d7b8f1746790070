# Reproducibility: the hashes of all results.
# In:  all results
# Out: results/manifest.json


rule manifest:
    """Hash every table, figure and posterior."""
    input:
        collect("results/evidence/{table}.csv", table=EVIDENCE + REVIEW + WATCH),
        [f"results/ipd/{trial}/{outcome}/ipd.csv" for trial, outcome in RECONSTRUCTED],
        collect("results/networks/{analysis}/studies.csv", analysis=CONFIG.analyses),
        collect("results/fits/{analysis}", analysis=CONFIG.analyses),
        PREDICTED,
        rules.exhibits.output,
    output:
        "results/manifest.json",
    log:
        "logs/manifest.log",
    conda:
        "../../environment.yml"
    params:
        config=CONFIG_FILE,
        seed=CONFIG.seed,
        code=code_digest("evinet.reproduce.commands"),
    shell:
        "evinet manifest --config {params.config:q} --results results --out {output:q}"
        " > {log:q} 2>&1"
