# Evidence: trial files as published -> tidy, validated tables.
# In:  data/raw/trials/<trial>/, data/raw/treatments.yaml, data/raw/sources.yaml, data/raw/watch/
# Out: results/evidence/trials/<trial>/<table>.csv, results/evidence/<table>.csv


rule extract_trial:
    """Validate one trial and write its tables."""
    input:
        lambda wildcards: [str(path) for path in TRIAL_FILES[wildcards.trial]],
        f"{DATA}/sources.yaml",
        treatments=f"{DATA}/treatments.yaml",
        digitised=lambda wildcards: [
            f"{folder}/digitisation.json" for folder in digitised(wildcards.trial)
        ],
    output:
        expand("results/evidence/trials/{{trial}}/{table}.csv", table=EVIDENCE),
    log:
        "logs/extract_trial/{trial}.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        data=subpath(input.treatments, parent=True),
        unsure="--allow-unsure" if CONFIG.review.allow_unsure else "",
        digitised=lambda wildcards, input: folders(input.digitised, "--digitised="),
        out=subpath(output[0], parent=True),
        code=code_digest("evinet.extract.commands:extract"),
    shell:
        "evinet extract --trial {wildcards.trial} --data {params.data:q} {params.unsure}"
        " {params.digitised:q} --out {params.out:q} > {log:q} 2>&1"


rule vocabulary:
    """The treatments, the bibliography, safety signals and published network meta-analyses."""
    input:
        f"{DATA}/treatments.yaml",
        f"{DATA}/sources.yaml",
        branch(exists(f"{DATA}/safety-signals.csv"), f"{DATA}/safety-signals.csv"),
        branch(exists(f"{DATA}/published-nmas.csv"), f"{DATA}/published-nmas.csv"),
    output:
        expand("results/evidence/{table}.csv", table=REVIEW),
    log:
        "logs/vocabulary.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        data=subpath(input[0], parent=True),
        out=subpath(output[0], parent=True),
        code=code_digest("evinet.extract.commands:extract"),
    shell:
        "evinet extract --vocabulary --data {params.data:q} --out {params.out:q} > {log:q} 2>&1"


rule gather_evidence:
    """Put the tables of all trials together."""
    input:
        expand(
            "results/evidence/trials/{trial}/{table}.csv",
            trial=TRIALS,
            table=EVIDENCE,
        ),
    output:
        expand("results/evidence/{table}.csv", table=EVIDENCE),
    log:
        "logs/gather_evidence.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        trials=lambda wildcards, input: folders(input),
        out=subpath(output[0], parent=True),
        code=code_digest("evinet.extract.commands:gather"),
    shell:
        "evinet gather --out {params.out:q} {params.trials:q} > {log:q} 2>&1"


rule watched:
    """What `evinet watch` remembers of the registry and of PubMed; the workflow asks nobody."""
    input:
        sorted(str(path) for path in Path(DATA, "watch").glob("*.csv")),
    output:
        expand("results/evidence/{table}.csv", table=WATCH),
    log:
        "logs/watched.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        out=subpath(output[0], parent=True),
        code=code_digest("evinet.watch.memory"),
    shell:
        "evinet watch --config results/config.json --remembered {params.out:q} > {log:q} 2>&1"
