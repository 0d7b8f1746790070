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
        "../../environment.yml"
    params:
        draws=CONFIG.reconstruction.draws,
        seed=CONFIG.seed,
        digitised=lambda wildcards: [
            f"--digitised={folder}"
            for folder in digitised(wildcards.trial, wildcards.outcome)
        ],
        code=code_digest("evinet.reconstruct.commands:reconstruct"),
    shell:
        "evinet reconstruct --evidence results/evidence/trials/{wildcards.trial}"
        " --outcome {wildcards.outcome} --draws {params.draws} --seed {params.seed}"
        " {params.digitised:q}"
        " --out results/ipd/{wildcards.trial}/{wildcards.outcome} > {log:q} 2>&1"
