# Reproducibility: the configuration as it was run, and the hashes of what came of it.
# In:  all results
# Out: results/config.json, results/manifest.json


rule configuration:
    """Write the configuration as it was run, command-line overrides included.

    Stages read it with `ancient`, and take their own sections as parameters: changing a title
    must not refit a model.
    """
    output:
        "results/config.json",
    log:
        "logs/configuration.log",
    localrule: True
    params:
        config=SECTIONS,
    run:
        from evinet import files

        files.write_json(output[0], params.config)


rule manifest:
    """Hash every table, figure and posterior."""
    input:
        collect("results/evidence/{table}.csv", table=EVIDENCE + REVIEW),
        [f"results/ipd/{trial}/{outcome}/ipd.csv" for trial, outcome in RECONSTRUCTED],
        collect("results/networks/{analysis}/studies.csv", analysis=CONFIG.analyses),
        collect("results/fits/{analysis}", analysis=CONFIG.analyses),
        rules.exhibits.output,
        config="results/config.json",
    output:
        "results/manifest.json",
    log:
        "logs/manifest.log",
    conda:
        "../../environment.yml"
    params:
        code=code_digest("evinet.reproduce.commands"),
    shell:
        "evinet manifest --config {input.config:q} --results results --out {output:q}"
        " > {log:q} 2>&1"
