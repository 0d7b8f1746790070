# Reproducibility: the configuration as it is run, the hashes of all results and of what made them.
# In:  all results, by name; data/raw/; the configuration
# Out: results/manifest.json, results/report-manifest.json


rule manifest:
    """Hash every table, figure and posterior, and what they were made from."""
    input:
        trials=BY_TRIAL,
        results=[*MADE, *WATCHED, *EXHIBITS],
        data=INPUTS,
    output:
        "results/manifest.json",
    log:
        "logs/manifest.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        sections=SECTIONS,
        data=lambda wildcards, input: folder_of(
            input.data, "treatments.yaml", "--data="
        ),
        results=subpath(output[0], parent=True),
        trials=lambda wildcards, input: folders(input.trials),
        code=code_digest(*MODULES),
    shell:
        "evinet manifest {input.results:q} {params.trials:q}"
        " {params.results:q}/figures {params.results:q}/tables --config results/config.json"
        " {params.data:q} --results {params.results:q} --out {output:q} > {log:q} 2>&1"


rule manifest_report:
    """Hash every file of the report."""
    input:
        REPORT,
        manifest="results/manifest.json",
    output:
        "results/report-manifest.json",
    log:
        "logs/manifest_report.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        results=subpath(input.manifest, parent=True),
        code=code_digest("evinet.reproduce.commands"),
    shell:
        "evinet manifest-report {params.results:q}/report --results {params.results:q}"
        " --out {output:q} > {log:q} 2>&1"
