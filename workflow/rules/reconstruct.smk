# Reconstruction: curves and numbers at risk -> individual patient data.
# In:  results/evidence/trials/<trial>/*.csv
# Out: results/ipd/<trial>/<outcome>/{ipd.csv, quality.json}


rule reconstruct:
    """Reconstruct the patients of one outcome of one trial."""
    input:
        expand("results/evidence/trials/{{trial}}/{table}.csv", table=EVIDENCE),
        digitised=lambda wildcards: [
            f"{folder}/digitisation.json"
            for folder in digitised(wildcards.trial, wildcards.outcome)
        ],
    output:
        ipd="results/ipd/{trial}/{outcome}/ipd.csv",
        quality="results/ipd/{trial}/{outcome}/quality.json",
    log:
        "logs/reconstruct/{trial}-{outcome}.log",
    benchmark:
        "logs/benchmarks/reconstruct/{trial}-{outcome}.tsv"
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        evidence=subpath(input[0], parent=True),
        draws=CONFIG.reconstruction.draws,
        seed=CONFIG.seed,
        digitised=lambda wildcards, input: folders(input.digitised, "--digitised="),
        out=subpath(output.ipd, parent=True),
        code=code_digest("evinet.reconstruct.commands:reconstruct"),
    shell:
        "evinet reconstruct --evidence {params.evidence:q}"
        " --outcome {wildcards.outcome} --draws {params.draws} --seed {params.seed}"
        " {params.digitised:q} --out {params.out:q} > {log:q} 2>&1"
