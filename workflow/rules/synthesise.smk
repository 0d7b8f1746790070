# Synthesis: the network of an analysis, and every model fitted to it.
# In:  results/evidence/trials/<trial>/*.csv, results/evidence/treatments.csv, results/ipd/
# Out: results/networks/<analysis>/*.csv, results/fits/<analysis>/<model>/*,
#      results/populations/<analysis>/*.csv


rule network:
    """Choose what each trial brings to an analysis, and find the islands."""
    input:
        lambda wildcards: expand(
            "results/evidence/trials/{trial}/{table}.csv",
            trial=CONFIG.analyses[wildcards.analysis].trials,
            table=[
                "trials",
                "arms",
                "contrasts",
                "rejected-contrasts",
                "survival",
            ],
        ),
        "results/evidence/treatments.csv",
    output:
        studies="results/networks/{analysis}/studies.csv",
        nodes="results/networks/{analysis}/nodes.csv",
        excluded="results/networks/{analysis}/excluded.csv",
    log:
        "logs/network/{analysis}.log",
    conda:
        "../../environment.yml"
    params:
        config=CONFIG_FILE,
        analysis=lambda wildcards: that_matters(wildcards.analysis),
        code=code_digest("evinet.synthesise.network"),
    shell:
        "evinet network {wildcards.analysis} --config {params.config:q}"
        " --evidence results/evidence --out results/networks/{wildcards.analysis} > {log:q} 2>&1"


rule fit:
    """Fit every model of an analysis: exactly, or by NUTS where patients enter."""
    input:
        ipd=lambda wildcards: needed_ipd(wildcards.analysis),
        network=rules.network.output,
    output:
        directory("results/fits/{analysis}"),
    log:
        "logs/fit/{analysis}.log",
    benchmark:
        "benchmarks/fit/{analysis}.tsv"
    conda:
        "../../environment.yml"
    threads: CONFIG.sampler.chains
    params:
        config=CONFIG_FILE,
        models=lambda wildcards: models_of(wildcards.analysis),
        bridges=section("bridges"),
        sampler=section("sampler"),
        priors=[section("effect_prior_sd"), section("heterogeneity")],
        margins=section("margins"),
        seed=CONFIG.seed,
        code=code_digest("evinet.synthesise.commands"),
    shell:
        "evinet fit {wildcards.analysis} --config {params.config:q}"
        " --network results/networks/{wildcards.analysis} --ipd results/ipd"
        " --out {output:q} > {log:q} 2>&1"


rule predict:
    """Predict survival in the populations that an analysis names."""
    input:
        ipd=lambda wildcards: population_ipd(wildcards.analysis),
        network=rules.network.output,
        fits=rules.fit.output,
    output:
        directory("results/populations/{analysis}"),
    log:
        "logs/predict/{analysis}.log",
    benchmark:
        "benchmarks/predict/{analysis}.tsv"
    conda:
        "../../environment.yml"
    params:
        config=CONFIG_FILE,
        populations=lambda wildcards: section("analyses")[wildcards.analysis][
            "populations"
        ],
        seed=CONFIG.seed,
        code=code_digest("evinet.synthesise.absolute"),
    shell:
        "evinet predict {wildcards.analysis} --config {params.config:q}"
        " --network results/networks/{wildcards.analysis} --fits {input.fits:q}"
        " --ipd results/ipd --out {output:q} > {log:q} 2>&1"
