# Reconstruction: curves and numbers at risk -> individual patient data.
# In:  results/evidence/trials/<trial>/*.csv
# Out: results/ipd/<trial>/<outcome>/{ipd.csv, quality.json}


rule reconstruct:
    """Reconstruct the patients of one outcome of one trial."""
    input:
        expand("results/evidence/trials/{{trial}}/{table}.csv", table=EVIDENCE),
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
        code=code_digest("evinet.reconstruct.commands:reconstruct"),
    shell:
        "evinet reconstruct --evidence results/evidence/trials/{wildcards.trial}"
        " --outcome {wildcards.outcome} --draws {params.draws} --seed {params.seed}"
        " --out results/ipd/{wildcards.trial}/{wildcards.outcome} > {log:q} 2>&1"
